/* The first bytes of streams, put in order: a bounded pool of heads for the flow table.
 *
 * A head holds at most STREAM_HEAD_BYTES of one direction. Segments may come in any order and
 * overlap; the bytes that came first stand. When the pool is empty the head untouched for longest
 * is taken, and its owner is told by its ticket no longer fitting. */
#ifndef WORMSIGN_OBSERVE_STREAM_HEADS_H
#define WORMSIGN_OBSERVE_STREAM_HEADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"
#include "observe/flows.h"

struct stream_heads;

/* Names a head while it is the owner's; {0} is none. */
struct head_ticket {
    uint32_t place; /* 1-based */
    uint32_t serial;
};

struct stream_heads *stream_heads_new(void);    /* NULL: no memory */
void stream_heads_free(struct stream_heads *h); /* NULL is fine */

/* Takes a head; *let_go tells whether another owner lost it. */
struct head_ticket stream_heads_take(struct stream_heads *h, bool *let_go);

/* True while the ticket's head is still its owner's. */
bool stream_heads_holds(const struct stream_heads *h, struct head_ticket t);

/* Gives the head back; a ticket that no longer fits is fine. */
void stream_heads_drop(struct stream_heads *h, struct head_ticket t);

/* Narrows a segment to what of it belongs to a head: nothing from before the stream's first byte (a
 * keep-alive, a repetition of what came before the capture began), nothing beyond the end. Returns
 * its offset then. */
uint32_t stream_heads_narrow(uint32_t offset, struct reader *segment);

/* Adds a segment at its offset from the stream's start. What lies beyond STREAM_HEAD_BYTES, or
 * needs more than STREAM_HEAD_PIECES pieces, is not kept. Returns the bytes from the start to the
 * first gap. */
struct reader stream_heads_add(struct stream_heads *h, struct head_ticket t, uint32_t offset,
                               struct reader segment);

#endif
