/* Keys stand in ascending order of their hashes, so merging and comparing are one walk over
 * both. */
#include "evidence/trail.h"

#include <assert.h>
#include <string.h>

#include "evidence/hosts.h"

/* The place of the first key that is not smaller. */
static uint32_t place_of(const struct trail *t, uint64_t hash)
{
    uint32_t low = 0, high = t->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (t->keys[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Room doubles from 4 keys to TRAIL_KEYS, since most trails stay short. */
static void make_room(struct hosts *h, struct trail *t)
{
    uint32_t room = t->room == 0 ? 4 : t->room * 2;
    if (t->count < t->room || t->room == TRAIL_KEYS)
        return;
    struct trail_key *keys = hosts_extra(h, room * sizeof *keys);
    if (keys == NULL)
        return;
    if (t->count > 0)
        memcpy(keys, t->keys, t->count * sizeof *keys);
    hosts_give_extra(h, t->keys, t->room * sizeof *keys);
    t->keys = keys;
    t->room = room;
}

void trail_add_key(struct hosts *h, struct trail *t, struct trail_key key)
{
    assert(t->count <= t->room);
    uint32_t at = place_of(t, key.hash);
    if (at < t->count && t->keys[at].hash == key.hash) {
        struct trail_key *known = &t->keys[at];
        known->first_us = key.first_us < known->first_us ? key.first_us : known->first_us;
        known->last_us = key.last_us > known->last_us ? key.last_us : known->last_us;
        return;
    }
    make_room(h, t);
    if (at == t->room)
        return;
    uint32_t moved = (t->count < t->room ? t->count : t->room - 1) - at;
    memmove(&t->keys[at + 1], &t->keys[at], moved * sizeof t->keys[0]);
    t->keys[at] = key;
    t->count += t->count < t->room;
}

void trail_add(struct hosts *h, struct trail *t, uint64_t hash, int64_t when_us)
{
    trail_add_key(h, t, (struct trail_key){hash, when_us, when_us});
}

void trail_free(struct hosts *h, struct trail *t)
{
    hosts_give_extra(h, t->keys, t->room * sizeof t->keys[0]);
    *t = (struct trail){0};
}

void trail_merge(struct hosts *h, struct trail *into, const struct trail *from)
{
    for (uint32_t i = 0; i < from->count; i++)
        trail_add_key(h, into, from->keys[i]);
}

_Static_assert(TRAIL_KEYS == 4 << 7, "room grows to exactly TRAIL_KEYS");

unsigned trail_shared(const struct trail *a, const struct trail *b)
{
    unsigned shared = 0;
    for (uint32_t i = 0, j = 0; i < a->count && j < b->count;) {
        const struct trail_key *x = &a->keys[i], *y = &b->keys[j];
        if (x->hash == y->hash)
            shared += x->first_us - y->last_us <= TRAIL_PASSES_WITHIN_US &&
                      y->first_us - x->last_us <= TRAIL_PASSES_WITHIN_US;
        i += x->hash <= y->hash;
        j += y->hash <= x->hash;
    }
    return shared;
}
