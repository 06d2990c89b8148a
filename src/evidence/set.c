/* Sorted arrays, then a HyperLogLog sketch with the 64 smallest hashes beside it.
 *
 *   size   holds                     bytes
 *   0      nothing, or one item      0 (in struct set itself)
 *   1..5   4, 8, 16, 32, 64 items    32 to 512
 *   6      sample and registers      1536
 *
 * Every hash goes once more through hash_number, a bijection, so that a caller's weak hash (an
 * address, a counter) neither crowds the registers nor bends the sample. The upper 10 bits of the
 * result name the register, the run of zeros at the head of the other 54 is its value. */
#include "evidence/set.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/hash.h"

enum {
    SIZE_SKETCH = SET_SIZE_CLASSES,
    INDEX_BITS = 10,
    RANK_BITS = 64 - INDEX_BITS,
    RANK_MAX = RANK_BITS + 1, /* all 54 bits are zero */
    /* Of a sketch that is put back: one set in a million with 10^7 items has a larger one, and
     * those that somebody made up could count more than there are numbers. */
    RANK_BELIEVED = 44
};

_Static_assert(1 << INDEX_BITS == SET_REGISTERS, "the index names a register");

struct set_piece {
    struct set_piece *next;
};

struct set_sketch {
    uint64_t sample[SET_EXACT_MAX]; /* the smallest, ascending; always full */
    uint8_t registers[SET_REGISTERS];
};

struct set_pool set_pool_of(size_t limit_bytes)
{
    return (struct set_pool){.arena = arena_of(limit_bytes)};
}

void set_pool_free(struct set_pool *pool)
{
    arena_free(&pool->arena);
    *pool = set_pool_of(pool->arena.limit_bytes);
}

/* How many items a size has room for; of a sketch, how many its sample has. */
static size_t size_items(unsigned size)
{
    return size == 0 ? 1 : size == SIZE_SKETCH ? SET_EXACT_MAX : (size_t)2 << size;
}

static size_t size_bytes(unsigned size)
{
    return size == SIZE_SKETCH ? sizeof(struct set_sketch) : size_items(size) * sizeof(uint64_t);
}

static void *piece_take(struct set_pool *pool, unsigned size)
{
    struct set_piece **spare = &pool->spare[size - 1];
    struct set_piece *piece = *spare;
    if (piece != NULL) {
        *spare = piece->next;
        pool->spare_bytes -= size_bytes(size);
    } else {
        piece = arena_take(&pool->arena, 1, size_bytes(size));
    }
    if (piece == NULL)
        pool->refused++;
    else
        memset(piece, 0, size_bytes(size));
    return piece;
}

static void piece_give(struct set_pool *pool, unsigned size, void *held)
{
    struct set_piece *piece = held;
    piece->next = pool->spare[size - 1];
    pool->spare[size - 1] = piece;
    pool->spare_bytes += size_bytes(size);
}

void set_free(struct set_pool *pool, struct set *set)
{
    if (set->size == SIZE_SKETCH)
        piece_give(pool, set->size, set->held.sketch);
    else if (set->size != 0)
        piece_give(pool, set->size, set->held.items);
    *set = (struct set){0};
}

static uint64_t *items_of(struct set *set)
{
    if (set->size == 0)
        return &set->held.only;
    return set->size == SIZE_SKETCH ? set->held.sketch->sample : set->held.items;
}

/* Where the value is in the sorted items, or would be. */
static size_t place_of(const uint64_t *items, size_t count, uint64_t value)
{
    size_t first = 0;
    while (count > 0) {
        size_t half = count / 2;
        if (items[first + half] < value) {
            first += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return first;
}

static void miss(struct set *set, double how_many)
{
    uint32_t room = UINT32_MAX - set->missed;
    set->missed += how_many < room ? (uint32_t)ceil(how_many) : room;
}

static uint8_t rank_of(uint64_t mixed)
{
    uint64_t rest = mixed << INDEX_BITS;
    return rest == 0 ? RANK_MAX : (uint8_t)(__builtin_clzll(rest) + 1);
}

static bool sketch_add(struct set_sketch *sketch, uint64_t mixed)
{
    uint8_t *record = &sketch->registers[mixed >> RANK_BITS];
    uint8_t rank = rank_of(mixed);
    bool changed = rank > *record;
    if (changed)
        *record = rank;
    if (mixed >= sketch->sample[SET_EXACT_MAX - 1])
        return changed; /* nearly all: the sample is full of smaller ones */
    size_t at = place_of(sketch->sample, SET_EXACT_MAX, mixed);
    if (sketch->sample[at] == mixed)
        return changed;
    uint64_t *place = sketch->sample + at;
    memmove(place + 1, place, (SET_EXACT_MAX - 1 - at) * sizeof *place);
    *place = mixed;
    return true;
}

/* Puts the items into the registers of a sketch whose sample is still empty (all ones). */
static void sketch_fill(struct set_sketch *sketch, const uint64_t *items, size_t count)
{
    memset(sketch->sample, 0xff, sizeof sketch->sample);
    for (size_t i = 0; i < count; i++)
        (void)sketch_add(sketch, items[i]);
}

/* The next larger memory for the items; false when there is no room. */
static bool grow(struct set_pool *pool, struct set *set)
{
    unsigned size = set->size + 1U;
    void *taken = piece_take(pool, size);
    if (taken == NULL)
        return false;
    struct set larger = {.missed = set->missed, .count = set->count, .size = (uint8_t)size};
    if (size == SIZE_SKETCH) {
        larger.held.sketch = taken;
        sketch_fill(taken, items_of(set), set->count);
    } else {
        larger.held.items = taken;
        memcpy(taken, items_of(set), set->count * sizeof(uint64_t));
    }
    set_free(pool, set);
    *set = larger;
    return true;
}

/* No room: the smallest items stay, as in the sample of a sketch, and one is missed. */
static void keep_smallest(struct set *set, size_t at, uint64_t mixed)
{
    uint64_t *items = items_of(set);
    miss(set, 1);
    if (at == set->count)
        return;
    memmove(items + at + 1, items + at, (set->count - 1U - at) * sizeof *items);
    items[at] = mixed;
}

static bool add_mixed(struct set_pool *pool, struct set *set, uint64_t mixed)
{
    if (set->size == SIZE_SKETCH)
        return sketch_add(set->held.sketch, mixed);
    const uint64_t *held = items_of(set);
    size_t at = place_of(held, set->count, mixed);
    if (at < set->count && held[at] == mixed)
        return false;
    if (set->count == size_items(set->size) && !grow(pool, set)) {
        keep_smallest(set, at, mixed);
        return true;
    }
    if (set->size == SIZE_SKETCH)
        return sketch_add(set->held.sketch, mixed);
    uint64_t *items = items_of(set);
    memmove(items + at + 1, items + at, (set->count - at) * sizeof *items);
    items[at] = mixed;
    set->count++;
    return true;
}

bool set_add(struct set_pool *pool, struct set *set, uint64_t hash)
{
    return add_mixed(pool, set, hash_number(hash));
}

/* Makes a sketch of the set, however small it is; false when there is no room. */
static bool become_sketch(struct set_pool *pool, struct set *set)
{
    if (set->size == SIZE_SKETCH)
        return true;
    struct set_sketch *sketch = piece_take(pool, SIZE_SKETCH);
    if (sketch == NULL)
        return false;
    sketch_fill(sketch, items_of(set), set->count);
    struct set whole = {
        .held.sketch = sketch, .missed = set->missed, .count = SET_EXACT_MAX, .size = SIZE_SKETCH};
    set_free(pool, set);
    *set = whole;
    return true;
}

void set_merge(struct set_pool *pool, struct set *into, const struct set *from)
{
    const uint64_t *sample;
    if (into == from)
        return;
    miss(into, from->missed);
    if (from->size == SIZE_SKETCH) {
        if (become_sketch(pool, into)) {
            for (size_t i = 0; i < SET_REGISTERS; i++)
                if (from->held.sketch->registers[i] > into->held.sketch->registers[i])
                    into->held.sketch->registers[i] = from->held.sketch->registers[i];
        } else {
            miss(into, set_count_high(from) - from->missed);
        }
    }
    size_t count = set_sample(from, &sample);
    for (size_t i = 0; i < count; i++)
        (void)add_mixed(pool, into, sample[i]);
}

static bool can_be(const uint64_t *items, size_t count, const uint8_t *registers)
{
    for (size_t i = 1; i < count; i++)
        if (items[i - 1] >= items[i])
            return false;
    if (registers == NULL)
        return count <= SET_EXACT_MAX;
    for (size_t i = 0; i < SET_REGISTERS; i++)
        if (registers[i] > RANK_MAX)
            return false;
    for (size_t i = 0; i < count; i++)
        if (registers[items[i] >> RANK_BITS] < rank_of(items[i]))
            return false;
    return count == SET_EXACT_MAX;
}

bool set_restore(struct set_pool *pool, struct set *set, const uint64_t *items, size_t count,
                 const uint8_t *registers, uint32_t missed)
{
    assert(set->count == 0 && set->missed == 0);
    if (!can_be(items, count, registers))
        return false;
    struct set_sketch whole;
    struct set from = {.count = (uint8_t)count, .missed = missed};
    if (registers == NULL) {
        for (size_t i = 0; i < count; i++)
            (void)add_mixed(pool, set, items[i]);
        miss(set, missed);
        return true;
    }
    memcpy(whole.sample, items, sizeof whole.sample);
    for (size_t i = 0; i < SET_REGISTERS; i++)
        whole.registers[i] = registers[i] < RANK_BELIEVED ? registers[i] : RANK_BELIEVED;
    from.size = SIZE_SKETCH;
    from.held.sketch = &whole;
    set_merge(pool, set, &from);
    return true;
}

struct set set_lent(uint64_t *items, size_t count, uint32_t missed)
{
    assert(count <= SET_EXACT_MAX);
    return (struct set){
        .held.items = items, .missed = missed, .count = (uint8_t)count, .size = SIZE_SKETCH - 1};
}

bool set_is_exact(const struct set *set)
{
    return set->size != SIZE_SKETCH && set->missed == 0;
}

/* Ertl's sigma and tau: what the registers that are still zero, and those that are full, add. Both
 * series end when the next term no longer changes the sum; `fraction` is theirs of all
 * registers. */
static double of_empty(double fraction)
{
    double sum = fraction, before, scale = 1;
    do {
        before = sum;
        fraction *= fraction;
        sum += fraction * scale;
        scale *= 2;
    } while (sum > before);
    return sum;
}

static double of_full(double fraction)
{
    double rest = 1 - fraction;
    if (rest <= 0 || rest >= 1)
        return 0;
    double sum = fraction, before, scale = 1;
    do {
        before = sum;
        rest = sqrt(rest);
        scale /= 2;
        sum -= (1 - rest) * (1 - rest) * scale;
    } while (sum < before);
    return sum / 3;
}

static double sketch_count(const struct set_sketch *sketch)
{
    unsigned having[RANK_MAX + 1] = {0};
    for (size_t i = 0; i < SET_REGISTERS; i++)
        having[sketch->registers[i]]++;
    assert(having[0] < SET_REGISTERS);
    double sum = SET_REGISTERS * of_full((double)having[RANK_MAX] / SET_REGISTERS);
    for (unsigned rank = RANK_BITS; rank > 0; rank--)
        sum = (sum + having[rank]) / 2;
    sum += SET_REGISTERS * of_empty((double)having[0] / SET_REGISTERS);
    const double ln_2 = 0.69314718055994530942;
    return (double)SET_REGISTERS * SET_REGISTERS / (2 * ln_2 * sum);
}

double set_count(const struct set *set)
{
    return set->size == SIZE_SKETCH ? sketch_count(set->held.sketch) : set->count;
}

uint64_t set_number(const struct set *set)
{
    return (uint64_t)(set_count(set) + 0.5);
}

double set_count_high(const struct set *set)
{
    double count = set_count(set);
    return (set->size == SIZE_SKETCH ? count * (1 + 4 * SET_SIGMA) : count) + set->missed;
}

double set_count_low(const struct set *set)
{
    /* There is no sketch of fewer items than this, and a sample of the size of the whole is no
     * news. */
    const double least = SET_EXACT_MAX + 1;
    if (set->size != SIZE_SKETCH)
        return set->count;
    return fmax(least, set_count(set) * (1 - 4 * SET_SIGMA));
}

size_t set_sample(const struct set *set, const uint64_t **sample)
{
    if (set->size == 0)
        *sample = &set->held.only;
    else
        *sample = set->size == SIZE_SKETCH ? set->held.sketch->sample : set->held.items;
    return set->count;
}

const uint8_t *set_registers(const struct set *set)
{
    return set->size == SIZE_SKETCH ? set->held.sketch->registers : NULL;
}
