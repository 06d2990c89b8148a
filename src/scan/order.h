/* The order in which hosts are asked: a keyed permutation of 0..count-1.
 *
 * It needs no memory, and any place of it can be computed alone: so a scan goes on where it was
 * stopped, a second pass is the same way again, and several machines share one scan without talking
 * (each takes every n-th place). Neighbours in a network are far apart in time. */
#ifndef WORMSIGN_SCAN_ORDER_H
#define WORMSIGN_SCAN_ORDER_H

#include <stdint.h>

enum { ORDER_ROUNDS = 4 };

#define ORDER_COUNT_MAX (UINT64_C(1) << 32)

struct order {
    uint64_t count;     /* 1..ORDER_COUNT_MAX */
    unsigned half_bits; /* of the square that holds count */
    uint64_t keys[ORDER_ROUNDS];
};

struct order order_of(uint64_t count, uint64_t seed);

/* The number at this place; both are below count. */
uint64_t order_at(const struct order *o, uint64_t place);

/* The place of a number. */
uint64_t order_place(const struct order *o, uint64_t number);

#endif
