/* A saved slot in the hands of strangers: cut anywhere it is refused; with any bytes changed it is
 * refused, or it is a slot like any other, of which the detector speaks, merges and saves. */
#ifndef WORMSIGN_TESTS_HOSTILE_SLOT_H
#define WORMSIGN_TESTS_HOSTILE_SLOT_H

#include "stage.h"

#include "base/hash.h"
#include "evidence/edge.h"

enum { HOSTILE_TRIES = 2000, HOSTILE_CHANGES = 4, HOSTILE_EDGES = 300 };

/* Into the slot of a host that has none yet, from an exact copy. */
static inline bool hostile_load(struct stage *s, struct address host, const uint8_t *bytes,
                                size_t size, bool *whole)
{
    uint8_t *copy = malloc(size != 0 ? size : 1);
    void *slot = watcher_slot(&s->watcher, host, 0);
    assert_true(copy != NULL && slot != NULL);
    memcpy(copy, bytes, size);
    struct reader r = reader_over(copy, size);
    bool taken = s->detector->load(&s->watcher, slot, &r);
    *whole = r.left == 0;
    free(copy);
    return taken;
}

static inline void hostile_check_text(const char *text, size_t size)
{
    assert_true(memchr(text, '\0', size) != NULL);
    for (; *text != '\0'; text++)
        assert_in_range(*text, ' ', '~');
}

/* Everything that is done with a slot that was taken. */
static inline void hostile_use(struct stage *s, struct address host, struct address other)
{
    static struct edge edges[HOSTILE_EDGES];
    static uint8_t bytes[1 << 20];
    struct sign sign = {0};
    struct writer w = writer_over(bytes, sizeof bytes);
    void *slot = watcher_slot(&s->watcher, host, 0), *into = watcher_slot(&s->watcher, other, 0);
    assert_true(slot != NULL && into != NULL);
    s->detector->merge(&s->watcher, into, slot);
    (void)s->detector->report(&s->watcher, 0, into, &sign);
    memset(&sign, 0, sizeof sign);
    if (s->detector->report(&s->watcher, 0, slot, &sign))
        hostile_check_text(sign.says, sizeof sign.says);
    size_t count = s->detector->edges == NULL
                       ? 0
                       : s->detector->edges(&s->watcher, host, 0, slot, edges, HOSTILE_EDGES);
    for (size_t i = 0; i < count; i++)
        hostile_check_text(edges[i].says, sizeof edges[i].says);
    s->detector->save(slot, &w);
    assert_false(w.failed);
}

static inline void hostile_check_cuts(struct stage *s, const uint8_t *bytes, size_t size)
{
    bool whole;
    for (size_t cut = 0; cut < size; cut++)
        assert_false(hostile_load(s, (struct address){1, cut}, bytes, cut, &whole));
    assert_true(hostile_load(s, (struct address){1, size}, bytes, size, &whole) && whole);
}

/* How many of the tries were taken. */
static inline unsigned hostile_check_changes(struct stage *s, uint8_t *bytes, size_t size)
{
    unsigned taken = 0;
    const struct address all = {3, 0};
    for (uint64_t i = 0; i < HOSTILE_TRIES; i++) {
        size_t places[HOSTILE_CHANGES], changes = 1 + i % HOSTILE_CHANGES;
        uint8_t before[HOSTILE_CHANGES];
        bool whole;
        for (size_t k = 0; k < changes; k++) {
            uint64_t random = hash_pair(i, k);
            places[k] = (size_t)(random >> 8) % size;
            before[k] = bytes[places[k]];
            bytes[places[k]] = i % 2 == 0 ? (uint8_t)random
                                          : before[k] ^ (uint8_t)(1 << random % 8);
        }
        const struct address host = {2, i};
        if (hostile_load(s, host, bytes, size, &whole) && whole) {
            hostile_use(s, host, all);
            taken++;
        }
        for (size_t k = changes; k-- > 0;)
            bytes[places[k]] = before[k];
    }
    return taken;
}

/* Of this host's slot on this stage. */
static inline void hostile_check(struct stage *from, const char *host, const char *time)
{
    static uint8_t bytes[1 << 20];
    struct writer w = writer_over(bytes, sizeof bytes);
    from->detector->save(slot_of(from, host, time), &w);
    assert_false(w.failed);
    struct stage s = stage_of(from->detector->sign);
    hostile_check_cuts(&s, bytes, w.used);
    assert_in_range(hostile_check_changes(&s, bytes, w.used), 1, HOSTILE_TRIES - 1);
    stage_clear(&s);
}

#endif
