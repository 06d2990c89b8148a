/* Where the threads meet that read one input together. Reading a large input is two kinds of work:
 * reading on, which one thread at a time can do, and judging what was read, which goes by shares of
 * flows. Whoever finds that little is left to judge reads on for all: a slot of packets or records,
 * sorted by share. Each thread then judges its own share of every slot, in the order in which they
 * were read; so what comes out is what one thread would find.
 *
 * Slots are used again when all have judged them, so nobody gets far ahead of the slowest. */
#ifndef WORMSIGN_SOURCE_MEETING_H
#define WORMSIGN_SOURCE_MEETING_H

#include <stdbool.h>
#include <stddef.h>
#include "base/compiler.h"
#include "base/error.h"

enum { MEETING_SHARES_MAX = 16, MEETING_SLOTS = 8 };

/* What is read together: begun by who comes first, over when the last has left. */
struct meeting_work {
    size_t slot_size; /* of a slot, zeroed before its first use */
    /* What all read from; NULL and *err: it cannot be read. */
    void *(*open)(void *with, struct error *err);
    /* Fills a slot with what comes next, maybe with nothing; what it had is let go first. True: it
     * was the last one. By one thread at a time. */
    bool (*fill)(void *from, void *slot);
    void (*clear)(void *from, void *slot); /* lets go of what it has; of one that is zero too */
    void (*close)(void *from);
};

struct meeting;

/* For so many shares, 1 to MEETING_SHARES_MAX. NULL without memory. */
struct meeting *meeting_new(unsigned shares);
void meeting_free(struct meeting *m); /* when all have left; NULL is fine */

unsigned meeting_shares(const struct meeting *m);

/* A thread comes in for one share, each share once. Returns what all read from; NULL and *err where
 * that could not be opened: then there is nothing to leave. `with` is for work->open. */
void *meeting_join(struct meeting *m, unsigned share, const struct meeting_work *work, void *with,
                   struct error *err);

/* The next slot of this share, which has done with the one before; reads on where that is due, or
 * waits. NULL: the meeting was stopped, or all was read. */
const void *meeting_next(struct meeting *m, unsigned share) MUST_CHECK;

/* This share wants no more. */
void meeting_leave(struct meeting *m, unsigned share);

/* Nobody is to wait any more, for shares that are never going to come. */
void meeting_stop(struct meeting *m);

#endif
