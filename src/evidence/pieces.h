/* Memory in pieces that can be given back: what was given back is taken again by whoever wants a
 * piece of exactly that size. The sizes that a program uses are few: slots, and rooms of lists. */
#ifndef WORMSIGN_EVIDENCE_PIECES_H
#define WORMSIGN_EVIDENCE_PIECES_H

#include <stddef.h>
#include "base/arena.h"

/* More sizes than this are not told apart: pieces of others that are given back lie idle. */
enum { PIECES_SIZES = 64 };

struct piece;

struct pieces {
    struct arena arena;
    size_t spare_bytes; /* given back, and not taken again */
    unsigned size_count;
    struct {
        size_t bytes;
        struct piece *first;
    } sizes[PIECES_SIZES];
};

struct pieces pieces_of(size_t limit_bytes);

/* Zeroed; NULL at the limit, or when the machine has no more. */
void *pieces_take(struct pieces *p, size_t bytes);

/* The piece was taken with this size. NULL is fine. */
void pieces_give(struct pieces *p, void *piece, size_t bytes);

/* Frees them all. */
void pieces_free(struct pieces *p);

/* What is taken now. */
size_t pieces_used(const struct pieces *p);

#endif
