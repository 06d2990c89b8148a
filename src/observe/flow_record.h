/* A flow record: who spoke with whom, when, how much, and the first bytes of both. The noun of the
 * filter, of `flows` and of `dns`, whatever the source: an archive has such records, of a capture
 * they are put together.
 *
 * Side 0 is the source (who began, as far as that is known), side 1 the destination; the direction
 * is right already. What a source cannot know is marked absent, never guessed. Everything borrowed
 * lives until the sink returns. The words are those of Argus's `ra`. Source: spec of Argus, 3, 6,
 * 13; of its filter. */
#ifndef WORMSIGN_OBSERVE_FLOW_RECORD_H
#define WORMSIGN_OBSERVE_FLOW_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include "base/reader.h"
#include "observe/observation.h"

enum flow_kind {
    FLOW_IPV4,
    FLOW_IPV6,
    FLOW_ETHERNET,   /* neither IP nor ARP: side.mac, ethertype */
    FLOW_ARP,        /* side.end.address: who asks, who is asked for */
    FLOW_RARP,       /* side.mac, and the address in side[1] */
    FLOW_MANAGEMENT, /* no flow: the sensor tells of itself; only the times are set */
    FLOW_OTHER       /* a key that is not read */
};

/* Why the record was written; the numbers are Argus's, so that they can be compared. */
enum flow_cause {
    FLOW_START = 1,
    FLOW_STATUS = 2, /* a part of a long flow */
    FLOW_STOP = 3,
    FLOW_TIMEOUT = 4,
    FLOW_FLUSH = 5,
    FLOW_SHUTDOWN = 6,
    FLOW_CLOSED = 7,
    FLOW_ERROR = 8
};

/* What was seen of a TCP connection: bits of tcp_status. */
enum flow_tcp {
    FLOW_SYN = 0x1,
    FLOW_SYN_ACK = 0x2,
    FLOW_ESTABLISHED = 0x4,
    FLOW_FIN = 0x8,
    FLOW_FIN_ACK = 0x10,
    FLOW_CLOSED_WELL = 0x20,
    FLOW_CLOSE_WAIT = 0x40,
    FLOW_PORT_REUSED = 0x80,
    FLOW_SOURCE_RETRANSMITTED = 0x100,
    FLOW_DESTINATION_RETRANSMITTED = 0x200,
    FLOW_SOURCE_WINDOW_SHUT = 0x400,
    FLOW_DESTINATION_WINDOW_SHUT = 0x800,
    FLOW_SOURCE_RESET = 0x1000,
    FLOW_DESTINATION_RESET = 0x2000,
    FLOW_SOURCE_OUT_OF_ORDER = 0x10000,
    FLOW_DESTINATION_OUT_OF_ORDER = 0x20000
};

/* In what its frames were wrapped: bits of encapsulation; the numbers are Argus's. */
enum flow_inside {
    FLOW_INSIDE_MPLS = 0x1,
    FLOW_INSIDE_ETHERNET = 0x2,
    FLOW_INSIDE_VLAN = 0x4,
    FLOW_INSIDE_LLC = 0x8,
    FLOW_INSIDE_GRE = 0x40
};

/* What an ICMP message said of this flow. */
enum flow_icmp_mapped {
    FLOW_ICMP_NONE,
    FLOW_ICMP_UNREACHABLE,
    FLOW_ICMP_REDIRECT,
    FLOW_ICMP_TIME_EXCEEDED
};

struct flow_side {
    struct endpoint end; /* port: 0 where the protocol has none */
    uint64_t packets, bytes, app_bytes;
    uint64_t lost; /* retransmitted packets, where loss_known */
    struct reader data;
    bool data_present; /* else the source had no user data of this side */
    uint16_t data_limit,
        data_count;    /* captured at most; as the record tells, maybe more than is there */
    uint8_t mask;      /* prefix length of an address that was merged; else all its bits */
    uint8_t tcp_flags; /* all that were seen */
    bool ip_known, vlan_known, mpls_known, mac_known;
    uint8_t ttl, tos;
    uint16_t vlan; /* tag control information; the id are its low 12 bits */
    uint32_t mpls;
    uint64_t mac;
};

struct flow_record {
    enum flow_kind kind;
    uint8_t protocol;     /* IP protocol number */
    uint8_t cause;        /* enum flow_cause; 0: unknown */
    uint8_t form;         /* 3, 5: of an Argus record of this version; 0: of a capture */
    bool counts_known;    /* packets, bytes; false: a packet of a flow, in a hunt of a capture */
    bool app_bytes_known; /* else only user data tell of payload */
    bool loss_known;
    bool times_known, source_id_known, sequence_known;
    bool is_fragment;
    bool is_rtp;       /* as the sensor guesses: see flow_is_rtp */
    bool was_turned;   /* by the rule that only the server's answer was seen */
    bool client_known; /* who began was seen, not guessed from ports */
    int64_t first_us, last_us;
    uint32_t tcp_status; /* bits of enum flow_tcp; protocol TCP only */
    uint32_t merged;     /* records in this one (`trans`); 1 */
    uint32_t source_id, sequence;
    uint8_t icmp_type, icmp_code; /* of ICMP and ICMPv6; IGMP: type and code */
    uint32_t id;                  /* ICMP: id; ESP: SPI */
    uint16_t ethertype;           /* FLOW_ETHERNET */
    enum flow_icmp_mapped mapped;
    uint8_t mapped_type, mapped_code;
    struct address mapped_by; /* the router that complained (`inode`) */
    uint32_t encapsulation;   /* bits of enum flow_inside */
    struct flow_side side[2];
};

static inline bool flow_is_ip(const struct flow_record *r)
{
    return r->kind == FLOW_IPV4 || r->kind == FLOW_IPV6;
}

static inline bool flow_has_macs(const struct flow_record *r)
{
    return r->kind == FLOW_ETHERNET || r->kind == FLOW_RARP;
}

/* Whether the side's end is an address. RARP asks by hardware address: only what it asks for is
 * one. */
static inline bool flow_has_address(const struct flow_record *r, unsigned side)
{
    return flow_is_ip(r) || r->kind == FLOW_ARP || (r->kind == FLOW_RARP && side == 1);
}

/* The sensor guesses from one byte of payload, so few packets are not believed. */
static inline bool flow_is_rtp(const struct flow_record *r)
{
    enum { PACKETS_MIN = 5 };
    return r->is_rtp && (r->side[0].packets >= PACKETS_MIN || r->side[1].packets >= PACKETS_MIN);
}

/* What an observation of a packet tells of its flow: who, with whom, by which protocol. Counters
 * are not known. */
struct flow_record flow_record_of(const struct observation *seen);

#endif
