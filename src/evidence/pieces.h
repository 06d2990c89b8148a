/* Memory in pieces that can be given back: what was given back is taken again by whoever wants a
 * piece of that size, in whole words. The sizes that a program uses are few: slots, and rooms of
 * lists. */
#ifndef WORMSIGN_EVIDENCE_PIECES_H
#define WORMSIGN_EVIDENCE_PIECES_H

#include <stddef.h>
#include "base/arena.h"

/* Sizes in words below the first number have a list each. Of larger ones no more than the second
 * are told apart: pieces of others that are given back lie idle. */
enum { PIECES_WORDS_SMALL = 128, PIECES_SIZES_LARGE = 64, PIECES_WORD = 8 };

struct piece;

struct pieces {
    struct arena arena;
    size_t spare_bytes; /* given back, and not taken again */
    struct piece *small[PIECES_WORDS_SMALL];
    unsigned large_count;
    struct {
        size_t bytes;
        struct piece *first;
    } large[PIECES_SIZES_LARGE];
};

struct pieces pieces_of(size_t limit_bytes);

/* Zeroed; NULL at the limit, or when the machine has no more. */
void *pieces_take(struct pieces *p, size_t bytes);

/* The piece was taken with this size. NULL is fine. */
void pieces_give(struct pieces *p, void *piece, size_t bytes);

/* Frees them all. */
void pieces_free(struct pieces *p);

/* What is taken now. */
static inline size_t pieces_used(const struct pieces *p)
{
    return p->arena.used_bytes - p->spare_bytes;
}

#endif
