/* What is let go when the store is nearly full: a quarter at a time, so that ranking all of them
 * costs a few steps for each host-day that finds room by it.
 *
 * Hosts go whole, those first whose gravest day is the least grave: what speaks against a host on
 * one day may be explained by another, and chance convicts no host of which a day is gone. Those of
 * one gravity go by their hash, so that no order of arrival is preferred. When next to nothing is
 * left that may go, or there is no room to remember what is gone, the store is shut: what room
 * there is then belongs to kinds that may begin anew. */
#include "evidence/hosts_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    NEARLY = 16,      /* full but for one in so many: observations until the next look need room */
    SHARE_GOING = 4,  /* one in so many goes at a time, */
    SHARE_LEAST = 64, /* and where it would be fewer than this, none */
    DAYS_LOOKED_AT = 1000 /* a run over more days is taken to have let go of every host */
};

/* A host that may go. */
struct candidate {
    double gravity; /* of its gravest day */
    uint64_t hash;
    struct host_day *const *days;
    size_t day_count;
};

void hosts_keep_by(struct hosts *h, const struct hosts_keeper *keeper)
{
    h->keeper = *keeper;
}

uint64_t hosts_let_go(const struct hosts *h)
{
    return h->let_go;
}

bool hosts_is_cut(const struct hosts *h, struct address host)
{
    if (h->refused > 0)
        return true;
    if (h->gone.count > 0 && h->gone_last - h->gone_first >= DAYS_LOOKED_AT)
        return true;
    for (int32_t day = h->gone_first; h->gone.count > 0 && day <= h->gone_last; day++)
        if (gone_has(&h->gone, host_day_hash(host, day)))
            return true;
    return false;
}

bool hosts_bury(struct hosts *h, struct address host, int32_t day)
{
    bool is_first = h->gone.count == 0, is_new;
    if (!gone_add(&h->gone, host_day_hash(host, day), &is_new)) {
        h->shut = true;
        return false;
    }
    h->gone_first = is_first || day < h->gone_first ? day : h->gone_first;
    h->gone_last = is_first || day > h->gone_last ? day : h->gone_last;
    return true;
}

static bool is_nearly(size_t used, size_t limit)
{
    return used >= limit - limit / NEARLY;
}

bool hosts_is_crowded(const struct hosts *h)
{
    return is_nearly(h->count, h->limits.host_days) ||
           is_nearly(pieces_used(&h->pieces), h->limits.slot_bytes) ||
           is_nearly(h->sets.arena.used_bytes - h->sets.spare_bytes, h->limits.set_bytes);
}

static double gravity_of(const struct hosts *h, const struct candidate *c)
{
    double gravest = 0;
    for (size_t i = 0; i < c->day_count && !isinf(gravest); i++)
        gravest = fmax(gravest, h->keeper.gravity(h->keeper.context, c->days[i]));
    return gravest;
}

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->gravity < y->gravity || x->gravity > y->gravity)
        return x->gravity < y->gravity ? -1 : 1;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

/* All hosts that may go, the least grave first. */
static size_t rank(const struct hosts *h, struct host_day *const *days, size_t day_count,
                   struct candidate *out)
{
    size_t count = 0;
    for (size_t from = 0, to; from < day_count; from = to) {
        for (to = from; to < day_count && address_equal(days[to]->host, days[from]->host); to++)
            continue;
        struct candidate c = {
            .hash = hash_address(days[from]->host), .days = days + from, .day_count = to - from};
        c.gravity = gravity_of(h, &c);
        if (!isinf(c.gravity)) /* beyond price */
            out[count++] = c;
    }
    if (count > 0)
        qsort(out, count, sizeof *out, compare_candidates);
    return count;
}

static void release(struct hosts *h, struct host_day *day)
{
    struct host_slot *slot = day->first, *next;
    for (unsigned kind = 0; slot != NULL; kind++) {
        if ((day->kinds & 1u << kind) == 0)
            continue;
        next = slot->next;
        h->keeper.release(h->keeper.context, kind, slot->state);
        pieces_give(&h->pieces, slot, host_slot_size(h, kind));
        slot = next;
    }
    pieces_give(&h->pieces, day, sizeof *day);
}

/* The table without those that go, which are then released. `days` are all of them. */
static void take_out(struct hosts *h, struct host_day *const *days, size_t day_count)
{
    memset(h->table, 0, h->table_size * sizeof(struct host_day *));
    h->count = 0;
    h->last = NULL;
    for (size_t i = 0; i < day_count; i++) {
        if (days[i]->going) {
            release(h, days[i]);
            continue;
        }
        h->table[hosts_place_of(h->table, h->table_size, days[i]->host, days[i]->day)] = days[i];
        h->count++;
    }
}

/* Marks the days of a host; returns how many: those of which it can be kept in mind. */
static size_t mark(struct hosts *h, const struct candidate *c)
{
    size_t marked = 0;
    for (; marked < c->day_count; marked++) {
        struct host_day *day = c->days[marked];
        bool went_before = gone_has(&h->gone, host_day_hash(day->host, day->day));
        if (!hosts_bury(h, day->host, day->day))
            break;
        h->let_go += !went_before;
        day->going = true;
    }
    return marked;
}

/* Marks what goes; false where it is too little to be worth it. */
static bool choose(struct hosts *h, const struct candidate *ranked, size_t count)
{
    size_t most = h->count / SHARE_GOING > 0 ? h->count / SHARE_GOING : 1, days = 0, chosen = 0;
    for (size_t i = 0; i < count; i++)
        days += ranked[i].day_count;
    if (days == 0 || days < h->count / SHARE_LEAST)
        return false;
    bool all = true;
    for (size_t i = 0; i < count && chosen < most && all; i++) {
        size_t marked = mark(h, &ranked[i]);
        all = marked == ranked[i].day_count;
        chosen += marked;
    }
    return chosen > 0;
}

static COLD void make_room(struct hosts *h)
{
    size_t count;
    struct host_day *const *days = hosts_sorted(h, &count);
    struct candidate *ranked = calloc(count + 1, sizeof *ranked);
    if (days != NULL && ranked != NULL && choose(h, ranked, rank(h, days, count, ranked)))
        take_out(h, days, count);
    else
        h->shut = true;
    free(ranked);
    free(h->sorted); /* it names what is gone */
    h->sorted = NULL;
}

void hosts_make_room(struct hosts *h)
{
    if (RARELY(hosts_is_crowded(h)) && h->keeper.gravity != NULL && !h->shut)
        make_room(h);
}

/* What was let go for want of room need not be kept in mind when its day is over. */
static void forget_gone_before(struct hosts *h, int32_t day)
{
    size_t most = h->gone.most;
    if (h->gone.count == 0)
        return;
    h->gone_first = h->gone_first > day ? h->gone_first : day;
    if (h->gone_last >= day)
        return;
    gone_free(&h->gone);
    h->gone = gone_of(most);
}

/* Where room came by it, a store that was shut is open again: that something of hosts is missing
 * stays known by what was refused, if anything was. */
bool hosts_let_go_before(struct hosts *h, int32_t day)
{
    size_t count, going = 0;
    struct host_day *const *days = hosts_sorted(h, &count);
    if (days == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        days[i]->going = days[i]->day < day;
        going += days[i]->going;
    }
    if (going > 0)
        take_out(h, days, count);
    free(h->sorted); /* it names what is gone */
    h->sorted = NULL;
    h->first_day = day;
    forget_gone_before(h, day);
    h->shut = h->shut && hosts_is_crowded(h);
    return true;
}
