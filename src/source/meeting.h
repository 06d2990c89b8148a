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
#include "source/input.h"

enum { MEETING_SHARES_MAX = 16, MEETING_SLOTS = 8 };

/* What is read together: begun by who comes first, over when the last has left. */
struct meeting_work {
    size_t slot_size; /* of a slot, zeroed before its first use */
    /* What all read from, over the input that all share; NULL and *err: it cannot be read. */
    void *(*open)(struct input *in, const void *with, struct error *err);
    /* Fills a slot with what comes next, maybe with nothing; what it had is let go first. True: it
     * was the last one. By one thread at a time. */
    bool (*fill)(void *from, void *slot);
    void (*clear)(void *from, void *slot); /* lets go of what it has; of one that is zero too */
    void (*close)(void *from);
};

struct meeting;

/* Over the file of this path (borrowed), for so many shares, 1 to MEETING_SHARES_MAX. NULL without
 * memory. */
struct meeting *meeting_new(const char *path, unsigned shares);
void meeting_free(struct meeting *m); /* when no thread is in it any more; NULL is fine */

/* A thread comes in for one share, each share once. Returns what all read from; NULL and *err where
 * that could not be opened. `with` is for work->open. */
void *meeting_join(struct meeting *m, unsigned share, const struct meeting_work *work,
                   const void *with, struct error *err);

/* The input that is read for all; after a join that was good, until the share is left. */
const struct input *meeting_input(const struct meeting *m);

/* The next slot of this share, which has done with the one before; reads on where that is due, or
 * waits. NULL: the meeting was stopped, or all was read. */
const void *meeting_next(struct meeting *m, unsigned share) MUST_CHECK;

/* This share wants no more, or never came: every share that somebody has taken on must be left, or
 * the others would wait for it. */
void meeting_leave(struct meeting *m, unsigned share);

/* Nobody is to wait any more, for shares that are never going to come. */
void meeting_stop(struct meeting *m);

#endif
