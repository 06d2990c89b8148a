/* Headers out. Layouts as in wire/ip.h and wire/transport.h (RFC 791, 8200, 9293, 768, 792, 4443).
 *
 * A header that holds its own checksum is written with zero there, added up where it stands, and
 * given the sum by the writer's way back to a number: scans write millions of them a second. */
#include "wire/build.h"

#include "base/reader.h"
#include "wire/ip.h"
#include "wire/link.h"
#include "wire/transport.h"

/* Where a header has its checksum. */
enum { IP4_CHECKSUM_AT = 10, TCP_CHECKSUM_AT = 16, UDP_CHECKSUM_AT = 6, ICMP_CHECKSUM_AT = 2 };

static uint32_t sum_fold(uint64_t total)
{
    while (total >> 16 != 0)
        total = (total & 0xffff) + (total >> 16);
    return (uint32_t)total;
}

static uint32_t sum_add(uint32_t sum, const void *bytes, size_t count)
{
    struct reader r = reader_over(bytes, count);
    uint64_t total = sum;
    /* Of a sum of ones' complements wide numbers have the same as their halves (RFC 1071, 2 B). */
    while (r.left >= 4)
        total += read_be32(&r);
    if (r.left >= 2)
        total += read_be16(&r);
    if (r.left == 1)
        total += (uint64_t)read_u8(&r) << 8;
    return sum_fold(total);
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
    if (address_is_v4(from) && address_is_v4(to))
        return sum_fold((uint64_t)address_v4(from) + address_v4(to) + protocol + length);
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

/* What stands in the packet from this place on; nothing where it did not fit. */
static uint32_t sum_from(const struct writer *w, uint32_t sum, size_t start)
{
    struct reader r = reader_over(w->start, w->failed ? 0 : w->used);
    read_skip(&r, start);
    return sum_add(sum, r.next, r.left);
}

static void ip4_put(struct writer *w, const struct wire_packet *p, size_t payload_length)
{
    size_t start = w->used;
    write_be16(w, 0x4500);
    write_be16(w, (uint16_t)(IP4_HEADER_MIN + payload_length));
    write_be16(w, p->ip_id);
    write_be16(w, p->fragment_field);
    write_u8(w, p->time_to_live != 0 ? p->time_to_live : BUILD_TIME_TO_LIVE);
    write_u8(w, p->protocol);
    write_be16(w, 0);
    write_be32(w, address_v4(p->from));
    write_be32(w, address_v4(p->to));
    write_be16_at(w, start + IP4_CHECKSUM_AT, (uint16_t)~sum_from(w, 0, start));
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
    if (is_v4)
        ip4_put(w, p, payload_length);
    else
        ip6_put(w, p, payload_length);
}

/* With no checksum yet; returns where in the header it belongs. */
static size_t header_put(struct writer *w, const struct wire_packet *p)
{
    if (p->protocol == IP_NUMBER_TCP) {
        write_be16(w, p->port_from);
        write_be16(w, p->port_to);
        write_be32(w, p->sequence);
        write_be32(w, p->acknowledgement);
        write_u8(w, (uint8_t)((TCP_HEADER_MIN + p->options_length) / 4 << 4));
        write_u8(w, p->tcp_flags);
        write_be16(w, p->window != 0 ? p->window : BUILD_WINDOW);
        write_be32(w, 0); /* and the urgent pointer */
        write_bytes(w, p->options, p->options_length);
        return TCP_CHECKSUM_AT;
    }
    if (p->protocol == IP_NUMBER_UDP) {
        write_be16(w, p->port_from);
        write_be16(w, p->port_to);
        write_be16(w, (uint16_t)(UDP_HEADER_LENGTH + p->payload_length));
        write_be16(w, 0);
        return UDP_CHECKSUM_AT;
    }
    write_u8(w, p->icmp_type);
    write_u8(w, p->icmp_code);
    write_be16(w, 0);
    return ICMP_CHECKSUM_AT;
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
    if (!has_header(p)) {
        write_bytes(w, p->payload, p->payload_length);
        return;
    }
    size_t start = w->used, at = start + header_put(w, p);
    write_bytes(w, p->payload, p->payload_length);
    uint32_t sum = 0;
    if (p->protocol != IP_NUMBER_ICMP)
        sum = wire_pseudo_sum(p->from, p->to, p->protocol, transport_length(p));
    uint16_t checksum = (uint16_t)~sum_from(w, sum, start);
    /* In UDP zero says "no checksum", and all ones is the same sum (RFC 768). */
    if (p->protocol == IP_NUMBER_UDP && checksum == 0)
        checksum = 0xffff;
    write_be16_at(w, at, checksum);
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
