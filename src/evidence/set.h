/* A bounded set of 64-bit hashes: exact to 64 items, then an estimate that never grows.
 *
 * Detectors count distinct things (peers, targets, names) for more hosts than memory could list. Up
 * to SET_EXACT_MAX items the set is a sorted array. With the next one it turns into a HyperLogLog
 * sketch of 2^10 registers (relative error sigma = 1.04/sqrt(1024), Flajolet et al. 2007), read by
 * the estimator of Ertl 2017 (arXiv:1702.01284), which has neither the bias of the original between
 * linear counting and the raw estimate nor tables to mend it. The 64 smallest hashes are kept for
 * ever beside it: they are a uniform sample of all that was added.
 *
 * The state is a function of the items alone, not of their order, repetition or splitting: exact
 * sets merge to equal arrays, larger ones to equal registers and samples. One thing breaks that,
 * and it is counted: a pool without room. What could not be stored is `missed`; then the true count
 * lies between set_count_low and set_count_high. Whoever tests takes the innocent side: n (tries)
 * from set_count_high, k (hits) from set_count_low. */
#ifndef WORMSIGN_EVIDENCE_SET_H
#define WORMSIGN_EVIDENCE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/compiler.h"

enum {
    SET_EXACT_MAX = 64,
    SET_REGISTERS = 1024,
    SET_SIZE_CLASSES = 6 /* 4, 8, 16, 32, 64 items; the sketch */
};

#define SET_SIGMA 0.0325 /* 1.04 / sqrt(SET_REGISTERS) */

struct set_piece;

/* The memory of many sets, recycled by size. */
struct set_pool {
    struct arena arena; /* arena.limit_bytes is the limit, arena.used_bytes what is taken */
    struct set_piece *spare[SET_SIZE_CLASSES];
    size_t spare_bytes; /* of those: given back, and not taken again */
    uint64_t refused;   /* requests refused for want of room: report it as a limit hit */
};

struct set_pool set_pool_of(size_t limit_bytes);

/* Frees the memory of every set of the pool at once; the sets must not be used again. */
void set_pool_free(struct set_pool *pool);

struct set_sketch;

/* All zero is the empty set. A copy of the struct is the same set, not a second one. */
struct set {
    union {
        uint64_t only;             /* size 0: the one item */
        uint64_t *items;           /* sizes 1 to 5: sorted */
        struct set_sketch *sketch; /* size 6 */
    } held;
    uint32_t missed; /* adds that found no room, repeats included; stays at its largest value */
    uint8_t count;   /* items held; in a sketch the size of the sample, always 64 */
    uint8_t size;    /* class of the memory held; 0: none */
};

_Static_assert(sizeof(struct set) == 16, "sets are kept by the million");

/* Adds a hash. True if it was new; of a sketch: if it changed it (a false says nothing then). True
 * also if there was no room to store it: it may have been new. */
bool set_add(struct set_pool *pool, struct set *set, uint64_t hash);

/* Adds all of `from`, which stays as it is. */
void set_merge(struct set_pool *pool, struct set *into, const struct set *from);

/* Gives the memory back; the set is empty then. */
void set_free(struct set_pool *pool, struct set *set);

/* A set over these items, at most SET_EXACT_MAX, as set_sample gives them; it borrows them, and
 * must not change. */
struct set set_lent(uint64_t *items, size_t count, uint32_t missed);

/* Every item is held and nothing was missed. */
bool set_is_exact(const struct set *set);

/* The items held, or the estimate of the sketch; what was missed is not in it. */
double set_count(const struct set *set);

/* set_count as a whole number. */
uint64_t set_number(const struct set *set);

/* At most this many (4 sigma above an estimate, and all that was missed counted as new). */
double set_count_high(const struct set *set);

/* At least this many (4 sigma below an estimate but more than 64, and nothing that was missed). */
double set_count_low(const struct set *set);

/* The smallest items held, ascending, at most 64: each is hash_number() of a hash that was added.
 * Borrowed until the set changes. All items while the set is exact; a uniform sample of them
 * later. */
size_t set_sample(const struct set *set, const uint64_t **sample);

/* Puts back, into an empty set, what set_sample and set_registers gave (NULL of a set that is no
 * sketch), and what it missed. False, and the set stays empty, where no set can be so: the items
 * are not ascending or not in the registers, or a register is none. */
bool set_restore(struct set_pool *pool, struct set *set, const uint64_t *items, size_t count,
                 const uint8_t *registers, uint32_t missed) MUST_CHECK;

/* The SET_REGISTERS registers of a sketch; NULL of any smaller set. Borrowed likewise. */
const uint8_t *set_registers(const struct set *set);

#endif
