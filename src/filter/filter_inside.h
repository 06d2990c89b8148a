/* What a compiled filter is made of: terms, each one question about a record, joined by jumps.
 *
 *   tcp and (port 25 or port 80)     0 tcp: yes 1, no NO   1 port 25: yes YES, no 2   2 port 80 ...
 *
 * Jumps only go forward, so a filter ends, and no question is asked whose answer does not matter.
 * For filter/ alone. */
#ifndef WORMSIGN_FILTER_FILTER_INSIDE_H
#define WORMSIGN_FILTER_FILTER_INSIDE_H

#include <stdbool.h>
#include <stdint.h>
#include "filter/filter.h"

enum filter_ask {
    ASK_KIND,     /* range.first: bits of 1 << enum flow_kind */
    ASK_PROTOCOL, /* of IP; range */
    ASK_ADDRESS,
    ASK_PORT,   /* range */
    ASK_MAC,    /* range.first */
    ASK_NUMBER, /* field, range */
    ASK_REAL,   /* field, real */
    ASK_MULTICAST,
    ASK_BROADCAST,
    ASK_ETHER_MULTICAST,
    ASK_ETHER_BROADCAST,
    ASK_TCP, /* range.first: bits of tcp_status */
    ASK_ESTABLISHED,
    ASK_ICMP, /* range.first: made by ICMP_SAYS */
    ASK_ECHO,
    ASK_CAUSE, /* range.first */
    ASK_FRAGMENT,
    ASK_RTP,
    ASK_VLAN,
    ASK_MPLS,
    ASK_COMPLAINER,   /* inode; net */
    ASK_ENCAPSULATION /* range.first: bits */
};

enum filter_sides {
    SIDE_NONE = 0,
    SIDE_SOURCE = 1,
    SIDE_DESTINATION = 2,
    SIDE_EITHER = 3,
    SIDE_BOTH = 4
};

enum filter_field {
    /* of a side */
    FIELD_PACKETS,
    FIELD_BYTES,
    FIELD_APP_BYTES,
    FIELD_LOST,
    FIELD_TTL,
    FIELD_TOS,
    FIELD_VLAN_ID,
    FIELD_VLAN_PRIORITY,
    FIELD_MPLS_LABEL,
    /* of the record */
    FIELD_DURATION,
    FIELD_TRANSACTIONS,
    FIELD_SEQUENCE,
    FIELD_SENSOR,
    FIELD_ETHERTYPE,
    /* no whole numbers; of a side */
    FIELD_RATE,
    FIELD_LOAD,
    FIELD_LOST_PERCENT
};

enum filter_compare { COMPARE_EQ, COMPARE_NE, COMPARE_GT, COMPARE_GTE, COMPARE_LT, COMPARE_LTE };

/* What an ICMP message says, or what was said of the flow: enum flow_icmp_mapped, then type and
 * code of ICMP and of ICMPv6. */
enum { ICMP_ANY_CODE = 0xff };
#define ICMP_SAYS(mapped, type_4, code_4, type_6, code_6)                                          \
    ((uint64_t)(mapped) | (uint64_t)(type_4) << 8 | (uint64_t)(code_4) << 16 |                     \
     (uint64_t)(type_6) << 24 | (uint64_t)(code_6) << 32)

struct filter_term {
    uint8_t ask;       /* enum filter_ask */
    uint8_t sides;     /* enum filter_sides */
    uint8_t field;     /* enum filter_field */
    uint8_t compare;   /* ASK_REAL */
    bool outside;      /* the range is what must not be */
    uint16_t go_on[2]; /* where to go on: [0] where it does not hold, [1] where it does */
    union {
        struct {
            uint64_t first, last; /* first > last: nothing */
        } range;
        double real;
        struct {
            struct address base, mask;
            bool only_v6; /* ::/0 is no network of IPv4 */
        } net;
    };
};

/* Ends of a run, behind every term. */
enum { FILTER_NO = 0xfffe, FILTER_YES = 0xffff, FILTER_WORD_SIZE = 128 };

struct filter {
    struct filter_term *terms; /* owned */
    size_t count, size;
    uint16_t entry;
    unsigned needs;
    char needs_word[FILTER_WORD_SIZE]; /* the first that needs more; empty: none */
};

#endif
