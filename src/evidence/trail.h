/* A trail: keys that passed a host (names asked, messages sent), each with the span of time in
 * which it did; kept for the TRAIL_KEYS keys with the smallest hashes.
 *
 * A relay (resolver, proxy, NAT) is known by the same key entering and leaving within a minute. All
 * trails keep the same share of all keys, the smallest hashes, so two of them can be compared
 * however short they are; and a trail of a whole is the merge of the trails of its parts, in any
 * order. */
#ifndef WORMSIGN_EVIDENCE_TRAIL_H
#define WORMSIGN_EVIDENCE_TRAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hosts;

enum { TRAIL_KEYS = 512 };
#define TRAIL_PASSES_WITHIN_US (INT64_C(60) * 1000000)

struct trail_key {
    uint64_t hash;
    int64_t first_us, last_us;
};

/* All zero: empty. */
struct trail {
    uint32_t count, room;
    struct trail_key *keys; /* ascending by hash; in the evidence store's memory */
};

/* Notes that the key passed at this time. Memory comes from the store; where it has none left
 * (which it counts), the trail keeps fewer keys. */
void trail_add(struct hosts *h, struct trail *t, uint64_t hash, int64_t when_us);

/* The same of a key that passed more than once. */
void trail_add_key(struct hosts *h, struct trail *t, struct trail_key key);

/* Gives its memory back; it is empty then. */
void trail_free(struct hosts *h, struct trail *t);

void trail_merge(struct hosts *h, struct trail *into, const struct trail *from);

/* How many keys of both trails passed within a minute of each other, either first. */
unsigned trail_shared(const struct trail *a, const struct trail *b);

#endif
