/* TCP (RFC 9293), UDP (RFC 768) and the first words of ICMP (RFC 792, 4443).
 *
 * Each reader takes a reader over the captured part of the IP payload and that payload's length on
 * the wire, and leaves the reader at the captured part of its own payload. Inline: the hot path. */
#ifndef WORMSIGN_WIRE_TRANSPORT_H
#define WORMSIGN_WIRE_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"

enum tcp_flag { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_PSH = 0x08, TCP_ACK = 0x10 };

enum { TCP_HEADER_MIN = 20, UDP_HEADER_LENGTH = 8, ICMP_HEADER_LENGTH = 8 };

enum { ICMP_ECHO_REPLY = 0, ICMP_UNREACHABLE = 3, ICMP_ECHO = 8, ICMP6_UNREACHABLE = 1 };

struct tcp_header {
    uint32_t sequence, acknowledgement;
    uint16_t port_from, port_to;
    uint16_t checksum;
    uint8_t flags;
    size_t payload_length; /* on the wire */
};

struct udp_header {
    uint16_t port_from, port_to;
    uint16_t checksum;
    size_t payload_length; /* on the wire, never more than the IP payload has */
};

struct icmp_header {
    uint8_t type, code;
    uint16_t checksum;
};

/* False: cut before its fixed part ends, or a data offset that cannot be. Options that the capture
 * cut are no damage: the payload is then empty. */
static ALWAYS_INLINE bool tcp_read(struct reader *r, size_t length, struct tcp_header *out)
{
    struct reader header = read_part(r, TCP_HEADER_MIN);
    if (RARELY(header.left != TCP_HEADER_MIN))
        return false;
    /* Whole words, taken apart by shifts, as in ip4_read. */
    uint64_t start = read_be64(&header);  /* ports 2, 2 | sequence 4 */
    uint64_t middle = read_be64(&header); /* acknowledgement 4 | offset 1 | flags 1 | window 2 */
    uint16_t checksum = read_be16(&header);
    size_t header_length = (middle >> 28 & 15) * 4;
    if (RARELY(header_length < TCP_HEADER_MIN || header_length > length))
        return false;
    size_t options = header_length - TCP_HEADER_MIN;
    read_skip(r, options < r->left ? options : r->left);
    *out = (struct tcp_header){.sequence = (uint32_t)start,
                               .acknowledgement = (uint32_t)(middle >> 32),
                               .port_from = (uint16_t)(start >> 48),
                               .port_to = (uint16_t)(start >> 32),
                               .checksum = checksum,
                               .flags = (uint8_t)(middle >> 16),
                               .payload_length = length - header_length};
    return true;
}

/* The length field may be smaller than the IP payload (the rest is not UDP's), or larger (then what
 * IP has counts), or 0 for segments that the network card cuts itself. 1 to 7 cannot be. */
static ALWAYS_INLINE bool udp_read(struct reader *r, size_t length, struct udp_header *out)
{
    struct reader header = read_part(r, UDP_HEADER_LENGTH);
    if (RARELY(header.left != UDP_HEADER_LENGTH))
        return false;
    uint64_t start = read_be64(&header); /* ports 2, 2 | length 2 | checksum 2 */
    size_t own_length = start >> 16 & 0xffff;
    if (RARELY(own_length == 0 || own_length > length))
        own_length = length;
    if (RARELY(own_length < UDP_HEADER_LENGTH))
        return false;
    size_t payload_length = own_length - UDP_HEADER_LENGTH;
    *r = read_part(r, r->left < payload_length ? r->left : payload_length);
    *out = (struct udp_header){.port_from = (uint16_t)(start >> 48),
                               .port_to = (uint16_t)(start >> 32),
                               .checksum = (uint16_t)start,
                               .payload_length = payload_length};
    return true;
}

/* Leaves the reader behind the eight bytes of the header: at the quote of an error. */
static inline bool icmp_read(struct reader *r, struct icmp_header *out)
{
    struct reader header = read_part(r, ICMP_HEADER_LENGTH);
    if (r->failed)
        return false;
    out->type = read_u8(&header);
    out->code = read_u8(&header);
    out->checksum = read_be16(&header);
    return true;
}

#endif
