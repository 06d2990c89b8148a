/* How many home hosts have a proof while a hunt still reads, for a person who waits. Only detectors
 * of which few hosts have a slot are asked, so that looking costs a small part of reading. */
#include "engine/hunt_inside.h"

#include <string.h>

#include "evidence/sign.h"

struct count {
    struct hunt *hunt;
    uint64_t proven;
};

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
    c->proven += found && home_holds(&c->hunt->home, day->host);
}

uint64_t hunt_proven_so_far(struct hunt *h, uint64_t records)
{
    struct count c = {.hunt = h};
    if (records < h->looked_at)
        h->looked_at = 0; /* of another input */
    if (!h->settings->counts_proven || h->keeps_parts || records - h->looked_at < HUNT_LOOK_RECORDS)
        return h->proven;
    h->looked_at = records;
    hosts_each(h->hosts, see, &c);
    h->proven = c.proven;
    return h->proven;
}
