/* Packets that may answer us, read through the bounded reader; nothing in them is believed here but
 * their form. A reset has no acknowledgement that counts unless it says so (RFC 9293, 3.5.2): such
 * a one has the number 0, which raw_answer_is_true then takes for what it is.
 *
 * An ICMP error quotes the IP header and at least eight bytes of what we sent (RFC 792): the ports,
 * and of TCP the sequence number; of an echo its identifier and number. Of an echo any error says
 * no more than that nobody can be reached: it has no port that could be closed. */
#include "scan/raw_plan.h"

#include "wire/ip.h"
#include "wire/transport.h"

enum { CODE_PORT = 3, CODE_TOO_LONG = 4, QUOTED_BYTES = 8 };

static bool read_tcp(struct reader r, const struct ip_header *ip, struct raw_answer *out)
{
    struct tcp_header tcp;
    if (!tcp_read(&r, ip->payload_length, &tcp))
        return false;
    bool has_bytes = tcp.payload_length > 0 && r.left > 0;
    bool syn = (tcp.flags & TCP_SYN) != 0, ack = (tcp.flags & TCP_ACK) != 0;
    size_t size = r.left < tcp.payload_length ? r.left : tcp.payload_length;
    if ((tcp.flags & TCP_RST) != 0)
        out->kind = RAW_RESETS;
    else if (!ack)
        return false;
    else if (syn)
        out->kind = RAW_OPENS;
    else if (has_bytes)
        out->kind = RAW_SPEAKS;
    else if ((tcp.flags & TCP_FIN) != 0)
        out->kind = RAW_ENDS;
    else
        return false; /* it has our question, and says so; what it thinks of it comes later */
    out->transport = TRANSPORT_TCP;
    out->port = tcp.port_from;
    out->own_port = tcp.port_to;
    out->sequence = tcp.sequence;
    out->acknowledgement = ack ? tcp.acknowledgement : 0;
    out->payload = read_part(&r, size);
    return true;
}

static bool read_udp(struct reader r, const struct ip_header *ip, struct raw_answer *out)
{
    struct udp_header udp;
    if (!udp_read(&r, ip->payload_length, &udp))
        return false;
    out->kind = RAW_DATAGRAM;
    out->transport = TRANSPORT_UDP;
    out->port = udp.port_from;
    out->own_port = udp.port_to;
    out->payload = r;
    return true;
}

/* Type, code, checksum; then identifier and number as one. */
static bool read_echo(struct reader r, uint8_t type, struct raw_answer *out)
{
    bool is_of_type = read_u8(&r) == type && read_u8(&r) == 0;
    (void)read_be16(&r);
    out->sequence = read_be32(&r);
    out->transport = TRANSPORT_UDP;
    out->of_echo = true;
    return is_of_type && !r.failed;
}

static bool read_icmp(struct reader r, uint32_t source, struct raw_answer *out)
{
    struct icmp_header icmp;
    struct ip_header quoted;
    struct reader whole = r;
    out->kind = RAW_ECHOES;
    if (read_echo(whole, ICMP_ECHO_REPLY, out))
        return true;
    out->kind = RAW_NOBODY;
    out->of_echo = false;
    if (!icmp_read(&r, &icmp) || icmp.type != ICMP_UNREACHABLE || icmp.code == CODE_TOO_LONG)
        return false;
    if (!ip4_read(&r, r.left, &quoted) || address_v4(quoted.from) != source ||
        quoted.fragment_offset != 0)
        return false;
    out->host = address_v4(quoted.to);
    struct reader head = read_part(&r, QUOTED_BYTES);
    if (quoted.protocol == IP_NUMBER_ICMP)
        return read_echo(head, ICMP_ECHO, out);
    bool is_tcp = quoted.protocol == IP_NUMBER_TCP;
    out->own_port = read_be16(&head);
    out->port = read_be16(&head);
    out->sequence = read_be32(&head);
    if (head.failed || (!is_tcp && quoted.protocol != IP_NUMBER_UDP))
        return false;
    out->kind = icmp.code == CODE_PORT ? RAW_PORT_CLOSED : RAW_NOBODY;
    out->transport = is_tcp ? TRANSPORT_TCP : TRANSPORT_UDP;
    return true;
}

bool raw_answer_read(struct reader packet, uint32_t source, struct raw_answer *out)
{
    struct ip_header ip;
    struct raw_answer a = {0};
    if (!ip4_read(&packet, packet.left, &ip) || address_v4(ip.to) != source)
        return false;
    a.host = address_v4(ip.from);
    /* The first piece of a long answer says who speaks; sockets hear the rest of it. */
    bool good = ip.fragment_offset == 0 &&
                (ip.protocol == IP_NUMBER_TCP    ? read_tcp(packet, &ip, &a)
                 : ip.protocol == IP_NUMBER_UDP  ? read_udp(packet, &ip, &a)
                 : ip.protocol == IP_NUMBER_ICMP ? read_icmp(packet, source, &a)
                                                 : false);
    if (good)
        *out = a;
    return good;
}
