/* A flow record as `ra` prints it (spec of Argus, 13), so that what is read can be compared with
 * what ra read: stime ltime proto saddr sport daddr dport spkts dpkts sbytes dbytes state suser
 * duser, with | between. */
#ifndef WORMSIGN_TESTS_ARGUS_LINES_H
#define WORMSIGN_TESTS_ARGUS_LINES_H

#include "testing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/writer.h"
#include "observe/packet.h"
#include "source/argus_record.h"

enum { ARGUS_LINE_SIZE = 4096, ARGUS_COLUMNS = 13 };

static inline const char *argus_ip_name(const struct argus_flow *f)
{
    switch (f->protocol) {
    case IP_ICMP:
        return "icmp";
    case 2:
        return "igmp";
    case IP_TCP:
        return "tcp";
    case IP_UDP:
        if (f->net == ARGUS_NET_RTP && (f->side[0].packets >= 5 || f->side[1].packets >= 5))
            return "rtp";
        return "udp";
    case 50:
        return "esp";
    case IP_ICMPV6:
        return "ipv6-icmp";
    case 89:
        return "ospf";
    case 132:
        return "sctp";
    default:
        return "?";
    }
}

static inline void argus_put_protocol(struct text *t, const struct argus_flow *f)
{
    if (f->key == ARGUS_KEY_IPV4 || f->key == ARGUS_KEY_IPV6)
        text_add(t, "%s", argus_ip_name(f));
    else if (f->key == ARGUS_KEY_ARP)
        text_add(t, "arp");
    else if (f->key == ARGUS_KEY_RARP)
        text_add(t, "rarp");
    else if (f->ethertype == 0)
        text_add(t, "llc");
    else if (f->ethertype == 0x88cc)
        text_add(t, "lldp");
    else
        text_add(t, "%u", f->ethertype);
}

static inline void argus_put_mac(struct text *t, uint64_t mac)
{
    for (unsigned i = 0; i < 6; i++)
        text_add(t, "%s%02x", i > 0 ? ":" : "", (unsigned)(mac >> 8 * (5 - i)) & 0xff);
}

static inline bool argus_has_macs(const struct argus_flow *f)
{
    return f->key == ARGUS_KEY_ETHERNET || f->key == ARGUS_KEY_RARP;
}

static inline void argus_put_address(struct text *t, const struct argus_flow *f, unsigned side)
{
    char address[ADDRESS_TEXT_SIZE];
    if (argus_has_macs(f))
        argus_put_mac(t, f->mac[side]);
    else
        text_add(t, "%s", address_text(f->side[side].end.address, address));
}

/* As ra 5 prints it, which says type and code; of ra 3 only the type can be compared. */
static inline void argus_put_port(struct text *t, const struct argus_flow *f, unsigned side)
{
    bool is_ip = f->key == ARGUS_KEY_IPV4 || f->key == ARGUS_KEY_IPV6;
    unsigned told = side == 0 ? f->icmp_type : f->icmp_code;
    bool has_ports = is_ip && (f->protocol == IP_TCP || f->protocol == IP_UDP);
    if (is_ip && f->protocol == IP_ICMP) {
        if (told != 0)
            text_add(t, "0x%04x", told);
    } else if (is_ip && f->protocol == IP_ICMPV6) {
        if (told != 0 || f->version == 3)
            text_add(t, "%u", told);
    } else if (is_ip && f->protocol == 50 && side == 1) {
        text_add(t, "0x%08x", f->id);
    } else if (has_ports || f->key == ARGUS_KEY_ETHERNET) {
        if (f->side[side].end.port != 0 || f->version == 3)
            text_add(t, "%u", f->side[side].end.port);
    }
}

static inline const char *argus_tcp_state(const struct argus_flow *f)
{
    uint32_t s = f->tcp_status;
    bool both = f->side[0].packets > 0 && f->side[1].packets > 0;
    if ((s & (ARGUS_RESET_BY_SOURCE | ARGUS_RESET_BY_DESTINATION)) != 0)
        return "RST";
    if ((s & (ARGUS_SAW_FIN | ARGUS_SAW_FIN_ACK)) != 0)
        return "FIN";
    if ((s & ARGUS_NORMAL_CLOSE) != 0)
        return "CLO";
    if ((f->cause & ARGUS_TIMEOUT) != 0)
        return "TIM";
    if ((s & ARGUS_ESTABLISHED) != 0)
        return "CON";
    if ((s & ARGUS_SAW_SYN_ACK) != 0)
        return "ACC";
    if ((s & ARGUS_SAW_SYN) != 0)
        return "REQ";
    return s != 0 || both ? "CON" : "INT";
}

static inline const char *argus_icmp_state(const struct argus_flow *f)
{
    static const char *const of_code[] = {"URN", "URH", "URO", "URP"};
    if (f->protocol == IP_ICMPV6)
        return f->icmp_type == 128 ? "ECO" : f->icmp_type == 135 ? "NNS" : "?";
    switch (f->icmp_type) {
    case 3:
        return f->icmp_code < 4 ? of_code[f->icmp_code] : "?";
    case 5:
        return "RED";
    case 8:
        return "ECO";
    case 11:
        return "TXD";
    default:
        return "?";
    }
}

static inline const char *argus_state(const struct argus_flow *f)
{
    bool is_ip = f->key == ARGUS_KEY_IPV4 || f->key == ARGUS_KEY_IPV6;
    if (is_ip && f->protocol == IP_TCP)
        return argus_tcp_state(f);
    if (is_ip && (f->protocol == IP_ICMP || f->protocol == IP_ICMPV6))
        return argus_icmp_state(f);
    if (f->side[0].packets > 0 && f->side[1].packets > 0)
        return "CON";
    if (f->side[0].packets > 0)
        return (f->cause & ARGUS_START) != 0 ? "INT" : "REQ";
    return "RSP";
}

static inline void argus_put_data(struct text *t, const struct argus_data *data, char letter)
{
    struct reader r = data->bytes;
    if (r.left == 0)
        return;
    text_add(t, "%c[%zu]=", letter, 2 * (r.left + r.left % 2));
    while (r.left > 0)
        text_add(t, "%02X", read_u8(&r));
}

static inline void argus_put_time(struct text *t, int64_t us)
{
    text_add(t, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000);
}

static inline void argus_line(const struct argus_flow *f, char line[static ARGUS_LINE_SIZE])
{
    struct text t = text_over(line, ARGUS_LINE_SIZE);
    argus_put_time(&t, f->first_us);
    text_add(&t, "|");
    argus_put_time(&t, f->last_us);
    text_add(&t, "|");
    argus_put_protocol(&t, f);
    for (unsigned i = 0; i < 2; i++) {
        text_add(&t, "|");
        argus_put_address(&t, f, i);
        text_add(&t, "|");
        argus_put_port(&t, f, i);
    }
    text_add(&t, "|%" PRIu64 "|%" PRIu64, f->side[0].packets, f->side[1].packets);
    text_add(&t, "|%" PRIu64 "|%" PRIu64, f->side[0].bytes, f->side[1].bytes);
    text_add(&t, "|%s|", argus_state(f));
    argus_put_data(&t, &f->side[0].data, 's');
    text_add(&t, "|");
    argus_put_data(&t, &f->side[1].data, 'd');
}

#endif
