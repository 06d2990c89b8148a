/* Headers out. Layouts as in wire/ip.h and wire/transport.h (RFC 791, 8200, 9293, 768, 792, 4443).
 *
 * A header that holds its own checksum is written twice into a small buffer: with zero, to add it
 * up, and with the sum; so nothing is ever patched behind the writer's back. */
#include "wire/build.h"

#include "base/reader.h"
#include "wire/ip.h"
#include "wire/link.h"
#include "wire/transport.h"

static uint32_t sum_add(uint32_t sum, const void *bytes, size_t count)
{
    struct reader r = reader_over(bytes, count);
    uint64_t total = sum;
    while (r.left >= 2)
        total += read_be16(&r);
    if (r.left == 1)
        total += (uint64_t)read_u8(&r) << 8;
    while (total >> 16 != 0)
        total = (total & 0xffff) + (total >> 16);
    return (uint32_t)total;
}

uint16_t wire_checksum(uint32_t sum, const void *bytes, size_t count)
{
    return (uint16_t)~sum_add(sum, bytes, count);
}

void wire_write_address(struct writer *w, struct address a)
{
    if (address_is_v4(a)) {
        write_be32(w, address_v4(a));
        return;
    }
    write_be64(w, a.high);
    write_be64(w, a.low);
}

uint32_t wire_pseudo_sum(struct address from, struct address to, uint8_t protocol, size_t length)
{
    uint8_t bytes[40];
    struct writer w = writer_over(bytes, sizeof bytes);
    wire_write_address(&w, from);
    wire_write_address(&w, to);
    write_be32(&w, (uint32_t)length);
    write_be32(&w, protocol);
    return sum_add(0, bytes, w.used);
}

void wire_build_ethernet(struct writer *w, const uint8_t to[static MAC_LENGTH],
                         const uint8_t from[static MAC_LENGTH], uint16_t type)
{
    write_bytes(w, to, MAC_LENGTH);
    write_bytes(w, from, MAC_LENGTH);
    write_be16(w, type);
}

static void ip4_put(struct writer *w, const struct wire_packet *p, size_t payload_length,
                    uint16_t checksum)
{
    write_be16(w, 0x4500);
    write_be16(w, (uint16_t)(IP4_HEADER_MIN + payload_length));
    write_be16(w, p->ip_id);
    write_be16(w, p->fragment_field);
    write_u8(w, p->time_to_live != 0 ? p->time_to_live : BUILD_TIME_TO_LIVE);
    write_u8(w, p->protocol);
    write_be16(w, checksum);
    wire_write_address(w, p->from);
    wire_write_address(w, p->to);
}

static void ip6_put(struct writer *w, const struct wire_packet *p, size_t payload_length)
{
    write_be32(w, UINT32_C(6) << 28);
    write_be16(w, (uint16_t)payload_length);
    write_u8(w, p->protocol);
    write_u8(w, p->time_to_live != 0 ? p->time_to_live : BUILD_TIME_TO_LIVE);
    wire_write_address(w, p->from);
    wire_write_address(w, p->to);
}

void wire_build_ip(struct writer *w, const struct wire_packet *p, size_t payload_length)
{
    bool is_v4 = address_is_v4(p->from);
    if (payload_length > (is_v4 ? UINT16_MAX - IP4_HEADER_MIN : UINT16_MAX) ||
        is_v4 != address_is_v4(p->to)) {
        w->failed = true;
        return;
    }
    if (!is_v4) {
        ip6_put(w, p, payload_length);
        return;
    }
    uint8_t bytes[IP4_HEADER_MIN];
    struct writer header = writer_over(bytes, sizeof bytes);
    ip4_put(&header, p, payload_length, 0);
    ip4_put(w, p, payload_length, wire_checksum(0, bytes, sizeof bytes));
}

static void header_put(struct writer *w, const struct wire_packet *p, uint16_t checksum)
{
    if (p->protocol == IP_NUMBER_TCP) {
        write_be16(w, p->port_from);
        write_be16(w, p->port_to);
        write_be32(w, p->sequence);
        write_be32(w, p->acknowledgement);
        write_u8(w, (uint8_t)((TCP_HEADER_MIN + p->options_length) / 4 << 4));
        write_u8(w, p->tcp_flags);
        write_be16(w, p->window != 0 ? p->window : BUILD_WINDOW);
        write_be16(w, checksum);
        write_be16(w, 0);
        write_bytes(w, p->options, p->options_length);
    } else if (p->protocol == IP_NUMBER_UDP) {
        write_be16(w, p->port_from);
        write_be16(w, p->port_to);
        write_be16(w, (uint16_t)(UDP_HEADER_LENGTH + p->payload_length));
        write_be16(w, checksum);
    } else {
        write_u8(w, p->icmp_type);
        write_u8(w, p->icmp_code);
        write_be16(w, checksum);
    }
}

static bool has_header(const struct wire_packet *p)
{
    return p->protocol == IP_NUMBER_TCP || p->protocol == IP_NUMBER_UDP ||
           p->protocol == IP_NUMBER_ICMP || p->protocol == IP_NUMBER_ICMP6;
}

static size_t transport_length(const struct wire_packet *p)
{
    switch (p->protocol) {
    case IP_NUMBER_TCP:
        return TCP_HEADER_MIN + p->options_length + p->payload_length;
    case IP_NUMBER_UDP:
        return UDP_HEADER_LENGTH + p->payload_length;
    case IP_NUMBER_ICMP:
    case IP_NUMBER_ICMP6:
        return 4 + p->payload_length;
    default:
        return p->payload_length;
    }
}

void wire_build_transport(struct writer *w, const struct wire_packet *p)
{
    if (p->options_length > TCP_OPTIONS_MAX || p->options_length % 4 != 0 ||
        p->payload_length > UINT16_MAX - TCP_HEADER_MIN - TCP_OPTIONS_MAX) {
        w->failed = true;
        return;
    }
    if (has_header(p)) {
        uint8_t bytes[TCP_HEADER_MIN + TCP_OPTIONS_MAX];
        struct writer header = writer_over(bytes, sizeof bytes);
        header_put(&header, p, 0);
        uint32_t sum = 0;
        if (p->protocol != IP_NUMBER_ICMP)
            sum = wire_pseudo_sum(p->from, p->to, p->protocol, transport_length(p));
        sum = sum_add(sum, bytes, header.used);
        uint16_t checksum = wire_checksum(sum, p->payload, p->payload_length);
        /* In UDP zero says "no checksum", and all ones is the same sum (RFC 768). */
        if (p->protocol == IP_NUMBER_UDP && checksum == 0)
            checksum = 0xffff;
        header_put(w, p, checksum);
    }
    write_bytes(w, p->payload, p->payload_length);
}

void wire_build_packet(struct writer *w, const struct wire_packet *p)
{
    wire_build_ip(w, p, transport_length(p));
    wire_build_transport(w, p);
}

void wire_build_frame(struct writer *w, const struct wire_packet *p)
{
    static const uint8_t to[MAC_LENGTH] = {2, 0, 0, 0, 0, 2};
    static const uint8_t from[MAC_LENGTH] = {2, 0, 0, 0, 0, 1};
    wire_build_ethernet(w, to, from, address_is_v4(p->from) ? ETHERTYPE_IP4 : ETHERTYPE_IP6);
    wire_build_packet(w, p);
}
