/* Answers that come in several segments, put together: the one thing that is remembered of
 * connections that have no other state, so there is little room for it.
 *
 * A table of fixed size; who comes when it is full takes the place of whoever came first. Segments
 * count in their order alone: what comes too early, the other side sends again. */
#ifndef WORMSIGN_SCAN_RAW_PIECES_H
#define WORMSIGN_SCAN_RAW_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"
#include "scan/raw_plan.h"

enum {
    RAW_PIECES = 256,      /* answers at a time */
    RAW_PIECES_ROOM = 2048 /* bytes of each; a message of the worm is far shorter */
};

struct raw_pieces;

struct raw_pieces *raw_pieces_new(void);    /* NULL without memory */
void raw_pieces_free(struct raw_pieces *p); /* NULL is fine */

/* Adds a segment with bytes (RAW_SPEAKS); *all is what came of this answer so far, in order, until
 * the next call. False when there is no room for more of it, so that *all is a part of it. */
bool raw_pieces_add(struct raw_pieces *p, const struct raw_answer *a, struct reader *all);

/* Nothing more is wanted of it. */
void raw_pieces_end(struct raw_pieces *p, const struct raw_answer *a);

/* Answers that lost their place to others. */
uint64_t raw_pieces_let_go(const struct raw_pieces *p);

#endif
