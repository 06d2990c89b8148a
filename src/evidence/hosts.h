/* Evidence of all hosts: per host and UTC day, one slot a detector.
 *
 * Slots are zeroed memory whose size the detector names; they live until the store is freed. The
 * number of host-days and the bytes of all slots are limited by name; what could not be kept for
 * want of room is counted, and the summary says so. */
#ifndef WORMSIGN_EVIDENCE_HOSTS_H
#define WORMSIGN_EVIDENCE_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "evidence/set.h"

enum { HOSTS_KINDS_MAX = 16 };

struct hosts_limits {
    size_t host_days;  /* how many host-days may be kept */
    size_t slot_bytes; /* of all slots together */
    size_t set_bytes;  /* of all sets together */
};

#define HOSTS_LIMITS_DEFAULT                                                                       \
    ((struct hosts_limits){                                                                        \
        .host_days = 1 << 20, .slot_bytes = (size_t)256 << 20, .set_bytes = (size_t)256 << 20})

struct host_day {
    struct address host;
    int32_t day;
    void *slots[]; /* one a kind; NULL: this detector has nothing to say */
};

struct hosts;

/* slot_sizes[kind] for kind_count kinds of slot. NULL: no memory. */
struct hosts *hosts_new(const struct hosts_limits *limits, const size_t *slot_sizes,
                        unsigned kind_count);
void hosts_free(struct hosts *h); /* NULL is fine */

/* The slot, made and zeroed when it is new; NULL at a limit (counted). */
void *hosts_slot(struct hosts *h, unsigned kind, struct address host, int32_t day);

/* Zeroed memory that lives as long as the slots, for a part of a slot that few hosts need; NULL at
 * the limit. */
void *hosts_extra(struct hosts *h, size_t size);

struct set_pool *hosts_sets(struct hosts *h);

/* Notes that the address was met at all, for the summary's "seen". */
void hosts_met(struct hosts *h, struct address host);
double hosts_met_count(const struct hosts *h, bool *is_estimate);

/* All that `from` has met. */
void hosts_met_merge(struct hosts *into, const struct hosts *from);
struct set *hosts_met_set(struct hosts *h);

/* How many slots could not be made for want of room. */
uint64_t hosts_refused(const struct hosts *h);

/* All host-days, sorted by address, then day; *count of them; NULL without memory. The array is the
 * store's own and stays valid until a slot is made. */
struct host_day *const *hosts_sorted(struct hosts *h, size_t *count);

#endif
