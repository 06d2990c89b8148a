/* Between the files of the flow book: flow_book.c (places, queues), flow_book_name.c (which frames
 * are one flow), flow_book_add.c (what a frame adds), flow_book_record.c (what is given). */
#ifndef WORMSIGN_SOURCE_FLOW_BOOK_INSIDE_H
#define WORMSIGN_SOURCE_FLOW_BOOK_INSIDE_H

#include "base/pages.h"
#include "source/flow_book.h"

enum { FLOW_BUCKETS = FLOW_BOOK_MAX };

enum flow_queue_kind {
    FLOW_QUEUE_TCP,
    FLOW_QUEUE_TCP_CLOSED,
    FLOW_QUEUE_IP,
    FLOW_QUEUE_ICMP,
    FLOW_QUEUES
};

/* What frames of one flow have in common, whoever sent them. */
struct flow_name {
    struct endpoint end[2]; /* the lower one first */
    uint8_t kind, protocol;
    uint16_t number; /* ICMP: type and code; without IP: the EtherType */
    uint32_t id;     /* ICMP: id; ESP: SPI; fragments: their identification */
};

/* One sender. */
struct book_side {
    uint64_t packets, bytes, app_bytes, lost;
    uint64_t mac;
    struct flow_data *data; /* NULL: no payload, or no memory */
    uint32_t mpls;
    uint32_t base, expected; /* TCP: sequence of the stream's first byte, and behind its last */
    uint16_t vlan;
    uint8_t tcp_flags, ttl, tos;
    bool ip_known : 1, vlan_known : 1, mpls_known : 1, mac_known : 1, base_known : 1;
    bool sent_syn : 1, sent_syn_ack : 1; /* a SYN without ACK, with */
    bool sent_fin : 1, sent_reset : 1, fin_acknowledged : 1;
    bool sent_again : 1, out_of_order : 1, window_shut : 1;
    bool may_be_rtp : 1; /* every payload so far began with the bits 10 */
};

struct book_flow {
    struct flow_name name;
    uint32_t next; /* in its bucket, or the next free place; 0: none */
    uint32_t older, newer;
    uint8_t queue;
    uint8_t first_sender; /* which end of the name is side 0 */
    bool in_use, is_fragment, established;
    uint8_t mapped, mapped_type, mapped_code; /* mapped: enum flow_icmp_mapped */
    uint8_t icmp_type, icmp_code;             /* of the first */
    uint16_t ethertype;
    uint32_t encapsulation, id;
    struct address mapped_by;
    int64_t first_us, last_us;
    int64_t heard_us; /* of the latest frame, even where time went backwards */
    struct book_side side[2];
};

/* The first fragment of a datagram, for those behind it. */
struct book_fragments {
    struct address from, to;
    uint32_t ip_id, flow; /* flow 0: none */
    uint8_t protocol;
};

struct book_table {
    uint32_t buckets[FLOW_BUCKETS];
    struct book_flow flows[FLOW_BOOK_MAX + 1]; /* 0 is nobody's place */
};

struct flow_queue {
    uint32_t oldest, newest;
};

struct flow_book {
    struct book_table *table;
    struct pages pages;
    struct flow_queue queues[FLOW_QUEUES];
    uint32_t used, free;
    uint64_t begun, let_go;
    struct book_fragments fragments[FLOW_BOOK_FRAGMENTS];
};

/* flow_book_name.c */

/* The frame's flow; returns which end of it sent. */
unsigned flow_name_of(const struct frame_about *frame, struct flow_name *out);
/* The place of a later fragment's flow, and which end sent; 0: its first was not seen. */
uint32_t flow_book_fragment(struct flow_book *b, const struct frame_about *frame, unsigned *from);
void flow_book_note_fragments(struct flow_book *b, uint32_t at, const struct frame_about *frame);
/* An ICMP error: what it is about, where that is known. */
void flow_book_map(struct flow_book *b, const struct frame_about *frame);

/* flow_book.c: 0: none. */
uint32_t flow_book_find(struct flow_book *b, const struct flow_name *name);

/* flow_book_add.c */
void flow_book_add(struct flow_book *b, struct book_flow *f, unsigned side,
                   const struct frame_about *frame);
/* Whether this frame is the first of another flow with the same name. */
bool flow_book_begins_anew(const struct book_flow *f, unsigned from,
                           const struct frame_about *frame);
enum flow_queue_kind flow_book_queue_of(const struct book_flow *f);
/* What was asked is answered: a ping, a look-up. What comes next is another flow, as for Argus. */
bool flow_book_is_over(const struct book_flow *f);

/* flow_book_record.c: borrows from *f, whose data are closed by it. */
void flow_book_record(struct book_flow *f, struct flow_record *out);

#endif
