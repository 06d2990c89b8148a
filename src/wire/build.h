/* Packets written: Ethernet, IPv4, IPv6, TCP, UDP and ICMP headers with right lengths and
 * checksums.
 *
 * The other direction of wire/: scanner, sample maker and tests build what the decoder reads.
 * Everything goes through a writer, whose `failed` tells at the end whether all of it fitted. */
#ifndef WORMSIGN_WIRE_BUILD_H
#define WORMSIGN_WIRE_BUILD_H

#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/writer.h"

enum {
    MAC_LENGTH = 6,
    TCP_OPTIONS_MAX = 40,
    BUILD_TIME_TO_LIVE = 64,     /* where wire_packet says 0 */
    BUILD_WINDOW = 65535,        /* where wire_packet says 0 */
    IP4_MORE_FRAGMENTS = 0x2000, /* of fragment_field */
    IP4_DO_NOT_FRAGMENT = 0x4000
};

/* One packet. What is left zero takes its usual value, or is zero. */
struct wire_packet {
    struct address from, to; /* both IPv4 or both IPv6 */
    uint16_t port_from, port_to;
    uint8_t protocol; /* IP protocol number */
    uint8_t tcp_flags;
    uint8_t time_to_live;
    uint8_t icmp_type, icmp_code;
    uint16_t ip_id, fragment_field; /* IPv4 alone; fragment_field: flags and offset in eights */
    uint16_t window;
    uint32_t sequence, acknowledgement;
    const void *options; /* of TCP; a multiple of four bytes, at most TCP_OPTIONS_MAX */
    size_t options_length;
    const void *payload; /* ICMP: behind its first four bytes; other protocols: all of it */
    size_t payload_length;
};

/* The bytes of an address as headers have them: 4 of IPv4, 16 of IPv6. */
void wire_write_address(struct writer *w, struct address a);

/* The Internet checksum (RFC 1071) of bytes; sum: what was added up before, or 0. */
uint16_t wire_checksum(uint32_t sum, const void *bytes, size_t count);

/* The sum of the pseudo header of TCP, UDP and ICMPv6, to begin wire_checksum with. */
uint32_t wire_pseudo_sum(struct address from, struct address to, uint8_t protocol, size_t length);

void wire_build_ethernet(struct writer *w, const uint8_t to[static MAC_LENGTH],
                         const uint8_t from[static MAC_LENGTH], uint16_t type);

/* The IP header alone, for a payload of payload_length bytes that the caller writes next. */
void wire_build_ip(struct writer *w, const struct wire_packet *p, size_t payload_length);

/* The transport header and the payload, without IP; an IP protocol that is not TCP, UDP or ICMP
 * gets the bare payload. */
void wire_build_transport(struct writer *w, const struct wire_packet *p);

/* The IP header and all behind it. */
void wire_build_packet(struct writer *w, const struct wire_packet *p);

/* The same with an Ethernet header in front, between two locally administered MACs. */
void wire_build_frame(struct writer *w, const struct wire_packet *p);

#endif
