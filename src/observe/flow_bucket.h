/* One bucket of the flow table: what is known of eight flows without looking at them, in one cache
 * line. A flow is known here by a tag of 31 bits; the rest of its key stands in the flow itself. */
#ifndef WORMSIGN_OBSERVE_FLOW_BUCKET_H
#define WORMSIGN_OBSERVE_FLOW_BUCKET_H

#include <stdint.h>
#include "base/compiler.h"
#include "base/time.h"
#include "observe/flow_key.h"
#include "observe/flows.h"
#include "observe/packet.h"

enum { BUCKET_PLACES = 8 };

/* What a bucket knows of a flow without looking at it. DONE: nothing more is wanted of what this
 * side sends. HEADS: it has, or had, stream heads. AWAITED: any datagram of one side is wanted.
 * SILENT: this side is the server of a UDP flow, and has not answered yet. */
enum place_state {
    PLACE_DONE0 = 1,
    PLACE_DONE1 = 2,
    PLACE_CLOSED = 4,
    PLACE_HEADS = 8,
    PLACE_AWAITED = 16,
    PLACE_SILENT0 = 32,
    PLACE_SILENT1 = 64
};

struct bucket {
    _Alignas(64) uint32_t tags[BUCKET_PLACES]; /* 0: free */
    uint16_t last_s[BUCKET_PLACES];            /* seconds, modulo 65536 */
    uint8_t state[BUCKET_PLACES];              /* bits of enum place_state */
};

static inline uint8_t done_bit(unsigned side)
{
    return side == 0 ? PLACE_DONE0 : PLACE_DONE1;
}

static inline uint8_t silent_bit(unsigned side)
{
    return side == 0 ? PLACE_SILENT0 : PLACE_SILENT1;
}

/* What a bucket knows a flow by; never 0. */
static ALWAYS_INLINE uint32_t tag_of(struct flow_key key)
{
    return (uint32_t)(key.hash >> 32) | 1;
}

/* Where the tag stands in the bucket, or BUCKET_PLACES. Without a branch: where it stands cannot be
 * predicted. */
static ALWAYS_INLINE unsigned tag_place(const struct bucket *b, uint32_t tag)
{
    unsigned at = BUCKET_PLACES;
    for (unsigned i = 0; i < BUCKET_PLACES; i++)
        at = b->tags[i] == tag ? i : at;
    return at;
}

static inline uint16_t seconds_of(const struct packet *p)
{
    return (uint16_t)(p->when_us / US_PER_SECOND);
}

/* Since its latest packet. Captures of several queues are not quite in order: a little back in time
 * is no time, and not 18 hours. */
static ALWAYS_INLINE uint16_t silent_s(const struct bucket *b, unsigned at, uint16_t now_s)
{
    uint16_t silent = (uint16_t)(now_s - b->last_s[at]);
    return silent < UINT16_MAX - FLOW_IDLE_S ? silent : 0;
}

/* The place that is given up for a new flow: the first that is free or idle, or the one silent for
 * longest. */
static ALWAYS_INLINE unsigned place_to_give(const struct bucket *b, uint16_t now_s)
{
    unsigned chosen = 0;
    uint16_t longest = 0;
    for (unsigned i = 0; i < BUCKET_PLACES; i++) {
        uint16_t silent = silent_s(b, i, now_s);
        if (b->tags[i] == 0 || silent > FLOW_IDLE_S)
            return i;
        if (silent > longest) {
            longest = silent;
            chosen = i;
        }
    }
    return chosen;
}

#endif
