/* A bounded list of timed facts: those with the smallest ranks, so that the list of a whole is the
 * merge of the lists of its parts, in any order. What is to be kept first gets a smaller rank.
 *
 * An item is any struct whose first member is a struct ranked, and whose every other member follows
 * from its rank (two items of one rank are one item, seen at both times). */
#ifndef WORMSIGN_EVIDENCE_SMALLEST_H
#define WORMSIGN_EVIDENCE_SMALLEST_H

#include <stddef.h>
#include <stdint.h>
#include "evidence/span.h"

struct hosts;

struct ranked {
    uint64_t rank;
    struct span span; /* when it was seen */
};

/* All zero: empty. */
struct smallest {
    uint32_t count, room;
    unsigned char *items; /* ascending by rank; in the evidence store's memory */
};

/* What a list holds. */
struct smallest_of {
    size_t size;   /* of an item */
    uint32_t most; /* items kept */
};

/* Keeps the item if its rank is among the smallest. Where the store has no memory left (which it
 * counts), the list keeps fewer. */
void smallest_add(struct hosts *h, struct smallest *list, struct smallest_of of, const void *item);

/* Gives its memory back; it is empty then. */
void smallest_free(struct hosts *h, struct smallest *list, struct smallest_of of);

void smallest_merge(struct hosts *h, struct smallest *into, const struct smallest *from,
                    struct smallest_of of);

/* The item at this place, below count. */
const void *smallest_at(const struct smallest *list, struct smallest_of of, uint32_t at);

/* The item of this rank; NULL: not kept. */
const void *smallest_find(const struct smallest *list, struct smallest_of of, uint64_t rank);

#endif
