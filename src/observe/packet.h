/* One packet, decoded down to its transport payload: what the frame decoder hands to the flow
 * table.
 *
 * Everything borrowed lives as long as the frame it came from (or, for a packet put together from
 * fragments, until the next call of the decoder). */
#ifndef WORMSIGN_OBSERVE_PACKET_H
#define WORMSIGN_OBSERVE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/reader.h"
#include "wire/transport.h"

enum ip_protocol { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17, IP_ICMPV6 = 58 };

/* The packet that an ICMP error quotes: sent by `from`, and it did not arrive. */
struct packet_quote {
    struct address from, to;
    uint16_t port_from, port_to;
    uint8_t protocol; /* IP_TCP or IP_UDP; 0: no quote, and nothing else of it is set */
};

struct packet {
    int64_t when_us;
    struct address from, to;
    uint16_t port_from, port_to; /* 0 where the protocol has none */
    uint8_t protocol;            /* IP protocol number of the innermost header */
    uint8_t tcp_flags;
    bool reassembled;  /* from fragments: its payload lives until the next frame is decoded */
    uint16_t ip_id;    /* IPv4 identification; 0 for IPv6 */
    uint16_t checksum; /* of the transport header, as it stands there */
    uint32_t sequence, acknowledgement;
    struct reader payload; /* of TCP and UDP: the captured part; link-layer padding is not in it */
    size_t payload_length; /* on the wire; more than payload.left where the capture cut it */
    struct packet_quote quote; /* only for ICMP destination unreachable (type 3, ICMPv6 type 1) */
};

#endif
