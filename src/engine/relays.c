/* All keys of all trails in one sorted list: a key's senders stand beside each other, the first one
 * first. */
#include "engine/relays.h"

#include <stdlib.h>

#include "detect/detector.h"
#include "evidence/trail.h"

struct passage {
    uint64_t hash;
    int64_t first_us, last_us;
    size_t host_day;
};

static int compare_passages(const void *a, const void *b)
{
    const struct passage *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    if (x->first_us != y->first_us)
        return x->first_us < y->first_us ? -1 : 1;
    return (x->host_day > y->host_day) - (x->host_day < y->host_day);
}

static const struct trail *trail_of(const struct host_day *day, unsigned d)
{
    return host_day_slot(day, d) != NULL ? detectors[d]->trail(host_day_slot(day, d)) : NULL;
}

static size_t count_keys(struct host_day *const *days, size_t count, unsigned d)
{
    size_t keys = 0;
    for (size_t i = 0; i < count; i++) {
        const struct trail *t = trail_of(days[i], d);
        keys += t != NULL ? t->count : 0;
    }
    return keys;
}

static void collect(struct host_day *const *days, size_t count, unsigned d, struct passage *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct trail *t = trail_of(days[i], d);
        for (uint32_t k = 0; t != NULL && k < t->count; k++)
            *out++ = (struct passage){t->keys[k].hash, t->keys[k].first_us, t->keys[k].last_us, i};
    }
}

/* True when somebody else sent this key before, at most a minute earlier. */
static bool was_anothers(struct host_day *const *days, const struct passage *all, size_t at)
{
    for (size_t before = at; before-- > 0 && all[before].hash == all[at].hash;)
        if (all[at].first_us - all[before].last_us <= TRAIL_PASSES_WITHIN_US &&
            !address_equal(days[all[before].host_day]->host, days[all[at].host_day]->host))
            return true;
    return false;
}

static bool find_for(struct host_day *const *days, size_t count, unsigned d, uint16_t *relayed)
{
    size_t keys = count_keys(days, count, d);
    struct passage *all = malloc((keys + 1) * sizeof *all);
    uint16_t *passed_on = calloc(count + 1, sizeof *passed_on); /* at most TRAIL_KEYS each */
    if (all == NULL || passed_on == NULL) {
        free(all);
        free(passed_on);
        return false;
    }
    collect(days, count, d, all);
    qsort(all, keys, sizeof *all, compare_passages);
    for (size_t i = 0; i < keys; i++)
        passed_on[all[i].host_day] += was_anothers(days, all, i);
    for (size_t i = 0; i < count; i++) {
        const struct trail *t = trail_of(days[i], d);
        if (t != NULL && passed_on[i] >= RELAYED_MIN && passed_on[i] * 2u >= t->count)
            relayed[i] |= (uint16_t)(1u << d);
    }
    free(all);
    free(passed_on);
    return true;
}

bool relays_find(struct host_day *const *days, size_t count, uint16_t *relayed)
{
    for (unsigned d = 0; d < detector_count; d++)
        if (detectors[d]->trail != NULL && !find_for(days, count, d, relayed))
            return false;
    return true;
}
