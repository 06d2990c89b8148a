/* What the evidence store asks before it lets go of a host-day: how grave it is, and what memory
 * its slots hold. */
#include "engine/hunt_inside.h"

#include <math.h>

#include "evidence/edge.h"
#include "evidence/names.h"
#include "evidence/trail.h"
#include "evidence/verdict.h"

/* Any sign is kept before none, though it weighs nothing yet; and a host at home before one of the
 * many strangers. Neither outweighs a point. */
#define GRAVITY_SIGN 0.1
#define GRAVITY_HOME 0.01
/* What a victim shows of who infected it is kept as what that one may be weighed by. */
#define GRAVITY_EDGE 6.0

/* By the trail of one host another is known to be a relay. */
#define GRAVITY_TRAIL 2.0

bool hunt_has_trail(unsigned d, const void *slot)
{
    const struct trail *t = detectors[d]->trail != NULL ? detectors[d]->trail(slot) : NULL;
    return t != NULL && t->count > 0;
}

static bool has_edge(struct hunt *h, const struct host_day *day, unsigned d)
{
    struct edge first;
    return detectors[d]->edges != NULL && detectors[d]->edges(&h->watchers[d], day->host, day->day,
                                                              host_day_slot(day, d), &first, 1) > 0;
}

/* A trail beside a proof, or what may be one, is beyond price: without it the relay would be called
 * infected. Of a detector that only knows chances the loss is remembered instead, and its chances
 * then convict nobody: many innocent hosts have a key or two. */
static double gravity_of_trail(unsigned d, const void *slot)
{
    if (!hunt_has_trail(d, slot))
        return 0;
    return detectors[d]->statistical ? GRAVITY_TRAIL : HUGE_VAL;
}

/* Proof is beyond price; and so is what speaks for a host, on this day or another: a relay's or a
 * scanner's mark, without which other signs would weigh more. */
static bool is_beyond_price(const struct sign *s)
{
    return s->weight == WEIGHT_PROOF || (s->marks & (MARK_RELAY | MARK_SCANNER)) != 0;
}

static double gravity(void *context, const struct host_day *day)
{
    struct hunt *h = context;
    double sum = home_holds(&h->home, day->host) ? GRAVITY_HOME : 0;
    for (unsigned d = 0; d < detector_count; d++) {
        struct sign sign = {0};
        if (host_day_slot(day, d) != NULL)
            sum += gravity_of_trail(d, host_day_slot(day, d));
        if (!host_day_tells(day, d) ||
            !detectors[d]->report(&h->watchers[d], day->day, host_day_slot(day, d), &sign))
            continue;
        sign.id = detectors[d]->sign;
        if (is_beyond_price(&sign))
            return HUGE_VAL;
        sum += GRAVITY_SIGN + sign_gravity(&sign) + (has_edge(h, day, d) ? GRAVITY_EDGE : 0);
    }
    return sum;
}

static void release(void *context, unsigned kind, void *slot)
{
    struct hunt *h = context;
    h->trails_lost |= hunt_has_trail(kind, slot);
    if (detectors[kind]->release != NULL)
        detectors[kind]->release(&h->watchers[kind], slot);
}

void hunt_keep_gravest(struct hunt *h)
{
    struct hosts_keeper keeper = {.context = h, .gravity = gravity, .release = release};
    for (unsigned d = 0; d < detector_count; d++)
        keeper.again |= detectors[d]->adds_up ? 1u << d : 0;
    hosts_keep_by(h->hosts, &keeper);
}

void hunt_keep_no_gravest(struct hunt *h)
{
    const struct hosts_keeper nobody = {0};
    hosts_keep_by(h->hosts, &nobody);
}

/* All trails of a day go at once: none of the others loses what explains it. */
bool hunt_let_go_before(struct hunt *h, int32_t day)
{
    bool trails_lost = h->trails_lost;
    bool good = hosts_let_go_before(h->hosts, day) && names_let_go_before(h->names, day);
    h->trails_lost = trails_lost;
    return good;
}
