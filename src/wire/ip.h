/* IPv4 (RFC 791) and IPv6 (RFC 8200) headers, in one form.
 *
 * The IPv4 reader is inline, because nearly every packet of a capture goes through it. Checksums
 * are not verified: machines that let the network card compute them record wrong ones of their own.
 *  */
#ifndef WORMSIGN_WIRE_IP_H
#define WORMSIGN_WIRE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/reader.h"

enum ip_number {
    IP_NUMBER_ICMP = 1,
    IP_NUMBER_IP4 = 4,
    IP_NUMBER_TCP = 6,
    IP_NUMBER_UDP = 17,
    IP_NUMBER_IP6 = 41,
    IP_NUMBER_FRAGMENT = 44,
    IP_NUMBER_GRE = 47,
    IP_NUMBER_ICMP6 = 58
};

enum {
    IP4_HEADER_MIN = 20,
    IP6_HEADER_LENGTH = 40,
    IP6_EXTENSIONS_MAX = 8 /* extension headers of a packet; more is damage */
};

struct ip_header {
    struct address from, to;
    size_t payload_length;     /* on the wire */
    size_t fragment_offset;    /* in bytes */
    uint32_t fragment_id;      /* IPv4: the identification, fragment or not */
    uint8_t version, protocol; /* protocol: of the payload, IPv6 extensions stepped over */
    bool is_fragment, more_fragments;
};

/* Each steps over the header and narrows *r to the payload: what was captured of it, without the
 * padding of the link layer. wire_left: bytes on the wire from here on, which count where the
 * header gives no length (cards that cut long segments themselves leave 0). False: cut or
 * impossible, *out undefined. */
static ALWAYS_INLINE bool ip4_read(struct reader *r, size_t wire_left, struct ip_header *out);
bool ip6_read(struct reader *r, size_t wire_left, struct ip_header *out);

/* Steps over IPv6 extension headers, up to a transport protocol or a real fragment header;
 * ip->protocol is the first header's number and becomes the last's. For the payload of reassembled
 * packets. */
bool ip6_skip_extensions(struct reader *r, struct ip_header *ip);

static ALWAYS_INLINE bool ip4_read(struct reader *r, size_t wire_left, struct ip_header *out)
{
    struct reader header = read_part(r, IP4_HEADER_MIN);
    if (RARELY(header.left != IP4_HEADER_MIN))
        return false;
    /* Whole words, taken apart by shifts: fewer checks than field by field. The first holds version
     * and length 1, service 1, total 2, id 2, fragment 2. */
    uint64_t lengths = read_be64(&header);
    uint64_t source = read_be64(&header); /* time to live 1 | protocol 1 | checksum 2 | from 4 */
    uint32_t to = read_be32(&header);
    unsigned version_and_length = (unsigned)(lengths >> 56);
    size_t total_length = lengths >> 32 & 0xffff;
    unsigned fragment = lengths & 0xffff;
    size_t header_length = IP4_HEADER_MIN;
    if (RARELY(version_and_length != 0x45)) {
        header_length = (version_and_length & 15) * 4;
        if (version_and_length >> 4 != 4 || header_length < IP4_HEADER_MIN)
            return false;
        read_skip(r, header_length - IP4_HEADER_MIN);
    }
    if (RARELY(total_length == 0))
        total_length = wire_left;
    if (RARELY(r->failed || total_length < header_length))
        return false;
    size_t payload_length = total_length - header_length;
    *r = read_part(r, r->left < payload_length ? r->left : payload_length);
    *out = (struct ip_header){.from = address_of_v4((uint32_t)source),
                              .to = address_of_v4(to),
                              .payload_length = payload_length,
                              .fragment_offset = (fragment & 0x1fffU) * 8U,
                              .fragment_id = lengths >> 16 & 0xffff,
                              .version = 4,
                              .protocol = (uint8_t)(source >> 48),
                              .is_fragment = (fragment & 0x3fff) != 0,
                              .more_fragments = (fragment & 0x2000) != 0};
    return true;
}

#endif
