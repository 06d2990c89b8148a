/* Saved slots, put to the test: what comes back says the same, every cut is refused, and what
 * strangers made of the bytes harms nobody who loads it. */
#ifndef WORMSIGN_TESTS_SAVED_SLOT_H
#define WORMSIGN_TESTS_SAVED_SLOT_H

#include "stage.h"

#include "base/hash.h"
#include "evidence/edge.h"
#include "evidence/saving.h"

enum { SAVED_MAX = 1 << 14, SAVED_TRIES = 2000, SAVED_EDGES = 8 };

/* What all is done with a slot that was loaded, short of joining it with another. */
static inline bool saved_judged(struct stage *s, const char *host, const char *time,
                                const void *slot, struct sign *out)
{
    struct edge edges[SAVED_EDGES];
    int32_t day = day_of(when(time));
    memset(out, 0, sizeof *out);
    bool given = s->detector->report(&s->watcher, day, slot, out);
    assert_non_null(memchr(out->says, '\0', sizeof out->says));
    for (const char *c = out->says; *c != '\0'; c++)
        assert_in_range(*c, ' ', '~');
    assert_true(!given ||
                (out->first_us <= out->last_us && (!out->has_of || out->count <= out->of)));
    if (s->detector->edges != NULL)
        assert_in_range(s->detector->edges(&s->watcher, at(host), day, slot, edges, SAVED_EDGES), 0,
                        SAVED_EDGES);
    return given;
}

static inline size_t saved_bytes(const struct stage *s, const void *slot, uint8_t bytes[SAVED_MAX])
{
    struct writer w = writer_over(bytes, SAVED_MAX);
    s->detector->save(slot, &w);
    assert_false(w.failed);
    return w.used;
}

/* Loads so many bytes, from a copy of just that size: a look beyond them is seen by ASan. */
static inline bool saved_loads(struct stage *s, void *slot, const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size + (size == 0));
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    struct reader r = reader_over(copy, size);
    memset(slot, 0, s->detector->slot_size);
    bool loaded = s->detector->load(&s->watcher, slot, &r);
    assert_int_equal(loaded, !r.failed);
    loaded = loaded && r.left == 0;
    free(copy);
    return loaded;
}

/* A slot that a stranger's bytes made is judged, saved, loaded and joined with another. */
static inline void saved_use(struct stage *s, const char *host, const char *time, void *slot,
                             const uint8_t *whole, size_t size)
{
    static uint8_t again[SAVED_MAX];
    struct sign sign, same;
    void *other = calloc(1, s->detector->slot_size);
    assert_non_null(other);
    bool given = saved_judged(s, host, time, slot, &sign);
    size_t used = saved_bytes(s, slot, again);
    assert_true(saved_loads(s, other, again, used));
    assert_int_equal(saved_judged(s, host, time, other, &same), given);
    assert_memory_equal(&sign, &same, sizeof sign);
    for (unsigned into = 0; into < 2; into++) {
        assert_true(saved_loads(s, other, whole, size));
        s->detector->merge(&s->watcher, into == 0 ? other : slot, into == 0 ? slot : other);
        (void)saved_judged(s, host, time, into == 0 ? other : slot, &sign);
    }
    free(other);
}

/* Changes one to four bytes of a copy: a bit, or the whole byte. */
static inline void saved_spoil(uint8_t *bytes, size_t size, uint64_t seed)
{
    for (unsigned i = 0; i <= seed % 4; i++) {
        uint64_t random = hash_pair(seed, i);
        uint8_t *byte = &bytes[(random >> 16) % size];
        *byte = (random & 1) != 0 ? (uint8_t)(*byte ^ 1u << (random >> 1) % 8)
                                  : (uint8_t)(random >> 8);
    }
}

/* Of every second copy the last bytes or the first are spoiled, where the small numbers are. */
static inline void check_saved_strangers(struct stage *s, const char *host, const char *time,
                                         const uint8_t *bytes, size_t size, void *slot)
{
    static uint8_t spoiled[SAVED_MAX];
    unsigned taken = 0;
    for (uint64_t i = 0; i < SAVED_TRIES; i++) {
        size_t part = i % 2 == 0 || size < 32 ? size : 32;
        memcpy(spoiled, bytes, size);
        saved_spoil(i % 4 == 1 ? spoiled : spoiled + size - part, part, hash_number(i));
        if (!saved_loads(s, slot, spoiled, size))
            continue;
        taken++;
        saved_use(s, host, time, slot, bytes, size);
    }
    assert_in_range(taken, 1, SAVED_TRIES - 1);
}

/* All of it, of the slot of a host on the day of the time. */
static inline void check_saved(struct stage *from, const char *host, const char *time)
{
    static uint8_t bytes[SAVED_MAX];
    struct stage into = stage_of(from->detector->sign);
    struct sign before, after;
    void *slot = calloc(1, from->detector->slot_size);
    assert_non_null(slot);
    stage_reload(from, &into, host, time);
    bool given = saved_judged(from, host, time, slot_of(from, host, time), &before);
    assert_int_equal(saved_judged(&into, host, time, slot_of(&into, host, time), &after), given);
    assert_memory_equal(&before, &after, sizeof before);
    size_t size = saved_bytes(from, slot_of(from, host, time), bytes);
    for (size_t cut = 0; cut < size; cut++)
        assert_false(saved_loads(&into, slot, bytes, cut));
    check_saved_strangers(&into, host, time, bytes, size, slot);
    free(slot);
    stage_clear(&into);
}

#endif
