/* Evidence of all hosts: per host and UTC day, one slot a detector.
 *
 * Slots are zeroed memory whose size the detector names; they live until the store is freed, or
 * lets go of them. The number of host-days and the bytes of all slots are limited by name. A
 * store that has a keeper lets go of the least grave hosts before it is full
 * (hosts_make_room); what was let go, and what could not be kept for want of room, is counted,
 * and the summary says so.
 *
 * Above the limits no verdict may become more severe. A host-day that was let go or refused
 * could do harm where it began anew: of a part of a day a chance can be smaller, and a share
 * larger, than of the whole (all hits late in the day, most tries before). So it is remembered
 * that it is gone, and only kinds of slot whose evidence can but add up (`again`) begin anew
 * there: of these a part is never more than the whole. They are the kinds that bring proof, so a
 * host that was let go as innocent is found all the same when it attacks. */
#ifndef WORMSIGN_EVIDENCE_HOSTS_H
#define WORMSIGN_EVIDENCE_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/compiler.h"
#include "evidence/set.h"

enum { HOSTS_KINDS_MAX = 15 };

struct hosts_limits {
    size_t host_days;  /* how many host-days may be kept */
    size_t slot_bytes; /* of all slots together */
    size_t set_bytes;  /* of all sets together */
};

#define HOSTS_LIMITS_DEFAULT                                                                       \
    ((struct hosts_limits){                                                                        \
        .host_days = 1 << 21, .slot_bytes = (size_t)256 << 20, .set_bytes = (size_t)256 << 20})

struct host_slot {
    struct host_slot *next;
    uint64_t state[]; /* the detector's own */
};

/* Kept by the million, most with a single slot: so these are chained. */
struct host_day {
    struct address host;
    struct host_slot *first; /* by kind */
    int32_t day;
    unsigned kinds : HOSTS_KINDS_MAX; /* bits: of which kinds there is a slot */
    unsigned going : 1;               /* being let go */
    /* Kinds that know less than the whole day. They must not be reported; those without a slot are
     * not begun later in the day. */
    unsigned less : HOSTS_KINDS_MAX;
    unsigned is_part : 1; /* the host-day itself began where something of it was gone */
};

_Static_assert(sizeof(struct host_day) == 32, "host-days are kept by the million");

struct hosts;

/* What a store asks before it lets go of something. */
struct hosts_keeper {
    void *context;
    /* How grave the host-day is; HUGE_VAL: its host is never let go. */
    double (*gravity)(void *context, const struct host_day *day);
    /* Gives back the sets and extras that the slot owns. */
    void (*release)(void *context, unsigned kind, void *slot);
    unsigned again; /* kinds (bits) that may begin anew where a host-day is gone */
};

/* slot_sizes[kind] for kind_count kinds of slot. NULL: no memory. */
struct hosts *hosts_new(const struct hosts_limits *limits, const size_t *slot_sizes,
                        unsigned kind_count);
void hosts_free(struct hosts *h); /* NULL is fine */

/* The slot, made and zeroed when it is new; NULL at a limit (counted), and where the host-day is
 * gone. */
void *hosts_slot(struct hosts *h, unsigned kind, struct address host, int32_t day);

/* The same, where the host-day is gone too: what it then tells is of a part of the day. */
void *hosts_slot_of_part(struct hosts *h, unsigned kind, struct address host, int32_t day);

/* NULL: this detector has nothing to say. */
static inline void *host_day_slot(const struct host_day *day, unsigned kind)
{
    if ((day->kinds & 1u << kind) == 0)
        return NULL;
    struct host_slot *slot = day->first;
    for (int before = __builtin_popcount(day->kinds & ((1u << kind) - 1)); before > 0; before--)
        slot = slot->next;
    return slot->state;
}

/* There is a slot of this kind, and it knows the whole day. */
static inline bool host_day_tells(const struct host_day *day, unsigned kind)
{
    return (day->kinds & ~day->less & 1u << kind) != 0;
}

/* There is none for want of room. */
static inline bool host_day_refused(const struct host_day *day, unsigned kind)
{
    return !day->is_part && (day->less & ~day->kinds & 1u << kind) != 0;
}

/* A host-day will be asked for soon. Fetches its place, and gives a ticket; with that, later,
 * fetches the host-day (step 0), then its first slot (1), each found by the one before. */
uint64_t hosts_fetch(const struct hosts *h, struct address host, int32_t day);
void hosts_fetch_on(const struct hosts *h, uint64_t ticket, unsigned step);

/* Zeroed memory that lives as long as the slots, for a part of a slot that few hosts need; NULL at
 * the limit. */
void *hosts_extra(struct hosts *h, size_t size);

/* Gives an extra of this size back. NULL is fine. */
void hosts_give_extra(struct hosts *h, void *extra, size_t size);

/* Without a keeper nothing is let go. The context is borrowed. */
void hosts_keep_by(struct hosts *h, const struct hosts_keeper *keeper);

/* Where the store is nearly full, lets go of a quarter of the host-days: all those of the hosts
 * whose gravest day is the least grave. To be called between observations, when nobody holds a
 * slot; costs next to nothing where there is room. */
void hosts_make_room(struct hosts *h);

/* Nothing was ever kept or refused. */
bool hosts_is_fresh(const struct hosts *h);

/* It is nearly full. */
bool hosts_is_crowded(const struct hosts *h);

/* Lets go of all host-days before this day, and from now on keeps none of before it: age is no
 * loss, so none of them counts as let go or refused. For a store with a keeper, between
 * observations. False without memory: nothing is let go. */
bool hosts_let_go_before(struct hosts *h, int32_t day) MUST_CHECK;

/* The latest day of any evidence that is no later than `most`; false: there is none. */
bool hosts_latest_day(const struct hosts *h, int32_t most, int32_t *day);

/* How many host-days were let go for want of room. */
uint64_t hosts_let_go(const struct hosts *h);

/* Whether something of this host is gone, or may be. */
bool hosts_is_cut(const struct hosts *h, struct address host);

struct set_pool *hosts_sets(struct hosts *h);

/* Notes that the address was met at all, for the summary's "seen". */
void hosts_met(struct hosts *h, struct address host);
double hosts_met_count(const struct hosts *h, bool *is_estimate);

/* All that `from` has met. */
void hosts_met_merge(struct hosts *into, const struct hosts *from);
struct set *hosts_met_set(struct hosts *h);

/* How many slots could not be made for want of room. */
uint64_t hosts_refused(const struct hosts *h);

/* Calls see for every host-day, in no order. */
void hosts_each(const struct hosts *h, void (*see)(void *context, const struct host_day *day),
                void *context);

/* All host-days, sorted by address, then day; *count of them; NULL without memory. The array is the
 * store's own and stays valid until a slot is made. */
struct host_day *const *hosts_sorted(struct hosts *h, size_t *count);

#endif
