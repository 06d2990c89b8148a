/* A Feistel network over the smallest square of a power of two that holds the count, walked until
 * it comes back into range: at most four steps on average, as the square is at most four times as
 * large. A permutation whatever its round function is (Black and Rogaway, "Ciphers with arbitrary
 * finite domains", 2002); ours only has to spread, not to keep a secret. */
#include "scan/order.h"

#include <assert.h>

#include "base/hash.h"

struct order order_of(uint64_t count, uint64_t seed)
{
    struct order o = {.count = count, .half_bits = 1};
    assert(count >= 1 && count <= ORDER_COUNT_MAX);
    while (UINT64_C(1) << 2 * o.half_bits < count)
        o.half_bits++;
    for (unsigned i = 0; i < ORDER_ROUNDS; i++)
        o.keys[i] = hash_pair(seed, i);
    return o;
}

static uint64_t step(const struct order *o, uint64_t number)
{
    uint64_t mask = (UINT64_C(1) << o->half_bits) - 1;
    uint64_t left = number >> o->half_bits, right = number & mask;
    for (unsigned i = 0; i < ORDER_ROUNDS; i++) {
        uint64_t mixed = left ^ (hash_number(right ^ o->keys[i]) & mask);
        left = right;
        right = mixed;
    }
    return left << o->half_bits | right;
}

uint64_t order_at(const struct order *o, uint64_t place)
{
    assert(place < o->count);
    do
        place = step(o, place);
    while (place >= o->count);
    return place;
}

static uint64_t step_back(const struct order *o, uint64_t number)
{
    uint64_t mask = (UINT64_C(1) << o->half_bits) - 1;
    uint64_t left = number >> o->half_bits, right = number & mask;
    for (unsigned i = ORDER_ROUNDS; i-- > 0;) {
        uint64_t before = right ^ (hash_number(left ^ o->keys[i]) & mask);
        right = left;
        left = before;
    }
    return left << o->half_bits | right;
}

uint64_t order_place(const struct order *o, uint64_t number)
{
    assert(number < o->count);
    do
        number = step_back(o, number);
    while (number >= o->count);
    return number;
}
