/* From packets to observations: the flow table, and stream heads for the flows that a detector
 * asked for.
 *
 * The table has a fixed number of places; a new flow takes one that is free or idle, or else, when
 * its bucket is full, that of the one silent for longest. Letting go of one that was not yet idle
 * is counted. A frame that a mirror port delivered twice counts once. Flow state ends with the
 * input file, always, so that files can be read in any order. */
#ifndef WORMSIGN_OBSERVE_FLOWS_H
#define WORMSIGN_OBSERVE_FLOWS_H

#include "observe/observation.h"
#include "observe/packet.h"

enum {
    FLOWS_BATCH = 16,         /* packets that flows_take looks ahead */
    FLOWS_MAX = 1 << 18,      /* flows remembered at a time: 24 MiB */
    FLOW_IDLE_S = 120,        /* silent for longer: letting go of it is no loss */
    AWAITED_DATAGRAMS = 4,    /* of one side of a flow, poured because the other side asked */
    STREAM_HEAD_BYTES = 8192, /* of one direction of a stream */
    STREAM_HEADS_MAX = 2048,  /* heads being put together at a time: 16 MiB */
    STREAM_HEAD_PIECES = 8    /* pieces that may wait out of order in one head */
};

struct flows_counts {
    uint64_t flows;               /* begun */
    uint64_t flows_let_go;        /* pushed out before they were idle */
    uint64_t heads, heads_let_go; /* let go: unfinished, of a stream that went on */
    uint64_t mirrored;            /* copies, of packets that could tell something */
    uint64_t dns_messages, dns_damaged;
};

struct flows;

/* A table for much traffic (large) or for a small file: only speed depends on it. NULL: no
 * memory. */
struct flows *flows_new(bool large);
void flows_free(struct flows *f); /* NULL is fine */

/* Takes packets in, in their order, and pours what they mean into the sink. Several at a time are
 * faster: the table is far larger than the processor's caches, and what a packet needs of it is
 * fetched while those before it are worked on. */
void flows_take(struct flows *f, const struct packet *packets, size_t count, struct sink *to);

const struct flows_counts *flows_counts(const struct flows *f);

#endif
