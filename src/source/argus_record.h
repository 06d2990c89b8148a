/* One Argus flow record, read: who spoke with whom, when, how much, and the first bytes of both.
 *
 * A record is a header (source/argus_stream.h) and parts, each with type, subtype and length
 * ("DSR"). What a record does not tell is absent here. Direction is made right in one place
 * (source/argus_direction.c), and what was done is said. Source: spec of Argus, 3 to 7. */
#ifndef WORMSIGN_SOURCE_ARGUS_RECORD_H
#define WORMSIGN_SOURCE_ARGUS_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include "base/reader.h"
#include "observe/observation.h"
#include "source/argus_stream.h"

/* What stands in the flow key. */
enum argus_key {
    ARGUS_KEY_NONE,
    ARGUS_KEY_IPV4,
    ARGUS_KEY_IPV6,
    ARGUS_KEY_ETHERNET,
    ARGUS_KEY_ARP,
    ARGUS_KEY_RARP,
    ARGUS_KEY_OTHER /* of a kind or family that is not read */
};

/* The status word of TCP. */
enum argus_tcp {
    ARGUS_SAW_SYN = 0x1,
    ARGUS_SAW_SYN_ACK = 0x2,
    ARGUS_ESTABLISHED = 0x4,
    ARGUS_SAW_FIN = 0x8,
    ARGUS_SAW_FIN_ACK = 0x10,
    ARGUS_NORMAL_CLOSE = 0x20,
    ARGUS_CLOSE_WAIT = 0x40,
    ARGUS_PORT_REUSED = 0x80,
    ARGUS_RETRANSMITTED_0 = 0x100,
    ARGUS_RETRANSMITTED_1 = 0x200,
    ARGUS_RESET_BY_SOURCE = 0x1000,
    ARGUS_RESET_BY_DESTINATION = 0x2000
};

/* What the network DSR tells of. */
enum argus_net {
    ARGUS_NET_NONE,
    ARGUS_NET_TCP_BEGUN, /* nothing but a SYN so far */
    ARGUS_NET_TCP,
    ARGUS_NET_RTP,
    ARGUS_NET_OTHER
};

/* What was done about the direction that stood in the record. */
enum argus_turn {
    ARGUS_AS_RECORDED,
    ARGUS_TURNED_BY_ANSWER,  /* only the server's SYN-ACK was seen: its sender is no client */
    ARGUS_TURNED_BY_PORTS,   /* the source's port is a service's, the destination's none */
    ARGUS_TURNED_ARP,        /* counters and user data stood the other way round */
    ARGUS_KEY_AGAINST_COUNTS /* a client wrote the key turned and the rest not (spec 6) */
};

struct argus_data {
    struct reader bytes; /* what is there */
    uint16_t limit, count;
    bool present, clamped; /* clamped: the record tells of more than is there */
};

/* One side of a flow: 0 the source, 1 the destination. */
struct argus_side {
    struct endpoint end; /* port: 0 where the protocol has none */
    uint64_t packets, bytes, app_bytes;
    struct argus_data data;
    uint8_t mask;       /* prefix length of a merged address */
    uint8_t tcp_flags;  /* all that were seen */
    uint32_t tcp_bytes; /* payload on TCP, where the record has it */
};

struct argus_flow {
    uint8_t version, type, cause;
    enum argus_key key;
    uint8_t protocol; /* IP protocol number */
    enum argus_net net;
    enum argus_turn turn;
    bool source_id_known, sequence_known, app_bytes_known, times_known, masks_known;
    bool client_turned; /* a client had corrected the direction before it was written */
    bool is_fragment;
    bool damaged;       /* a DSR crosses the end of the record, or has no length */
    uint32_t source_id; /* the last four bytes of longer ones, mixed with the others */
    uint32_t sequence;
    int64_t first_us, last_us;
    uint32_t tcp_status;
    uint32_t syn_ack_us;  /* from the SYN to its answer; 0: not seen */
    uint8_t first_sender; /* UDP: the side that sent first, as the sensor saw it */
    uint32_t merged;      /* records that a client put together in this one; 1 */
    struct argus_side side[2];
    /* ICMP (of IPv4 and IPv6), IGMP: type and code. ESP: its SPI in id. */
    uint8_t icmp_type, icmp_code;
    uint32_t id;
    /* Ethernet and RARP: the two MACs and the type of what they carry. */
    uint64_t mac[2];
    uint16_t ethertype;
};

/* Reads a flow record; borrows from it. False: there is no flow key in it, or no time, so nothing
 * can be said of it (*out is filled as far as it goes, damaged says whether damage is why). */
bool argus_flow_read(const struct argus_record *r, struct argus_flow *out);

/* Whether its flow is of TCP or UDP and has this port at either end; reads no more than it must. */
bool argus_has_port(const struct argus_record *r, uint16_t port);

#endif
