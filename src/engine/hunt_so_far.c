/* How many home hosts have a proof while a hunt still reads, for a person who waits. Only detectors
 * of which few hosts have a slot are asked, so that looking costs a small part of reading. */
#include "engine/hunt_inside.h"

#include <string.h>

#include "base/hash.h"
#include "evidence/sign.h"

/* A host may have a proof on many days, and is one host. An open-addressing table, half empty. */
enum { PLACES = 2 * HUNT_PROVEN_TOLD };

struct count {
    struct hunt *hunt;
    size_t proven;
    uint64_t hashes[PLACES]; /* of their addresses; 0: none */
};

static void count_once(struct count *c, struct address host)
{
    uint64_t hash = hash_address(host) | 1;
    size_t at = (size_t)(hash >> 1) % PLACES;
    while (c->hashes[at] != 0 && c->hashes[at] != hash)
        at = (at + 1) % PLACES;
    c->proven += c->hashes[at] == 0;
    c->hashes[at] = hash;
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
    if (c->proven == HUNT_PROVEN_TOLD) /* whoever has so many needs no count */
        return;
    for (unsigned d = 0; d < detector_count && !found; d++)
        found = is_proof(c->hunt, day, d);
    if (found && home_holds(&c->hunt->home, day->host))
        count_once(c, day->host);
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
    if (!h->settings->counts_proven || h->keeps_parts || records - h->looked_at < pause_at(h))
        return h->proven;
    h->looked_at = records;
    struct count c = {.hunt = h};
    hosts_each(h->hosts, see, &c);
    h->proven = c.proven;
    return h->proven;
}
