/* How many home hosts have a proof while a hunt still reads, for a person who waits. Only detectors
 * of which few hosts have a slot are asked, so that looking costs a small part of reading. */
#include "engine/hunt_inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "evidence/sign.h"

/* A host may have a proof on many days, and is one host. */
struct count {
    struct hunt *hunt;
    size_t proven;
    uint64_t hashes[HUNT_PROVEN_TOLD]; /* of their addresses */
};

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

static void count_each_once(struct count *c)
{
    size_t kept = 0;
    qsort(c->hashes, c->proven, sizeof *c->hashes, compare_hashes);
    for (size_t i = 0; i < c->proven; i++)
        if (i == 0 || c->hashes[i] != c->hashes[i - 1])
            c->hashes[kept++] = c->hashes[i];
    c->proven = kept;
}

static bool is_proof(struct hunt *h, const struct host_day *day, unsigned d)
{
    struct sign sign;
    memset(&sign, 0, sizeof sign);
    return detectors[d]->adds_up && host_day_tells(day, d) &&
           detectors[d]->report(&h->watchers[d], day->day, host_day_slot(day, d), &sign) &&
           sign.weight == WEIGHT_PROOF;
}

static void see(void *context, const struct host_day *day)
{
    struct count *c = context;
    bool found = false;
    for (unsigned d = 0; d < detector_count && !found; d++)
        found = is_proof(c->hunt, day, d);
    if (!found || !home_holds(&c->hunt->home, day->host))
        return;
    if (c->proven == HUNT_PROVEN_TOLD)
        count_each_once(c);
    if (c->proven < HUNT_PROVEN_TOLD) /* whoever has so many needs no count */
        c->hashes[c->proven++] = hash_address(day->host);
}

/* Records until the next look: in the beginning there are few hosts, so that looking is cheap. */
static uint64_t pause_at(const struct hunt *h)
{
    return h->looked_at < HUNT_LOOK_FIRST     ? HUNT_LOOK_FIRST
           : h->looked_at < HUNT_LOOK_RECORDS ? h->looked_at
                                              : HUNT_LOOK_RECORDS;
}

uint64_t hunt_proven_so_far(struct hunt *h, uint64_t records)
{
    struct count c;
    if (!h->settings->counts_proven || h->keeps_parts || records - h->looked_at < pause_at(h))
        return h->proven;
    h->looked_at = records;
    c.hunt = h;
    c.proven = 0;
    hosts_each(h->hosts, see, &c);
    count_each_once(&c);
    h->proven = c.proven;
    return h->proven;
}
