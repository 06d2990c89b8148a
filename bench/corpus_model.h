/* What ordinary hosts do, as real captures show it: the addresses and ports that were contacted in
 * them, and a model of the names that were looked up (which letter follows which, and the
 * suffixes). The simulations draw from it. */
#ifndef WORMSIGN_BENCH_CORPUS_MODEL_H
#define WORMSIGN_BENCH_CORPUS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "conficker/domains.h"

enum {
    MODEL_PAIRS_MAX = 1 << 20,
    MODEL_SUFFIXES_MAX = 1 << 12,
    MODEL_LETTERS = 27 /* a to z, and the end of the label (or its beginning) */
};

struct model_pair {
    uint32_t address;
    uint16_t port;
};

struct model {
    struct model_pair pairs[MODEL_PAIRS_MAX]; /* distinct; port 2112 or higher */
    size_t pair_count;
    uint32_t follows[MODEL_LETTERS][MODEL_LETTERS]; /* cumulative counts */
    char suffixes[MODEL_SUFFIXES_MAX][8];           /* as often as they were met */
    size_t suffix_count;
    uint64_t files, names;
};

/* Reads every capture below a folder. NULL, and said on stderr, when that gives nothing. */
struct model *model_of(const char *folder);

/* Pseudo-random numbers: the same on every run. */
static inline uint64_t drawn(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline uint32_t drawn_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)((drawn(state) >> 32) * limit >> 32);
}

/* From low to high, each power of two as likely as any other. */
uint32_t drawn_evenly_in_log(uint64_t *state, uint32_t low, uint32_t high);

/* A pair of the captures; in three of four cases another address of the same /16 or /8. */
struct model_pair model_draw_pair(const struct model *m, uint64_t *state);

/* A name that could stand in a list by its shape; returns its length. */
size_t model_draw_name(const struct model *m, uint64_t *state, char name[static DOMAIN_NAME_SIZE]);

#endif
