/* The same buckets as the flow table of captures has: eight flows by their tags in one cache line.
 * Nothing else is kept, so a stranger passes for a known flow once in 2^28 records. */
#include "source/argus_flows.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/pages.h"
#include "observe/flow_bucket.h"

enum { BUCKETS = ARGUS_FLOWS_MAX / BUCKET_PLACES };

_Static_assert((int)ARGUS_KNOWN_OVER <= UINT8_MAX, "what is known is one byte");

struct argus_flows {
    struct bucket *buckets; /* BUCKETS */
    struct pages pages;
    uint64_t begun, let_go;
};

struct argus_flows *argus_flows_new(bool large)
{
    struct argus_flows *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    if (!pages_take(BUCKETS * sizeof *t->buckets, large, &t->pages)) {
        free(t);
        return NULL;
    }
    t->buckets = t->pages.start;
    return t;
}

void argus_flows_free(struct argus_flows *t)
{
    if (t == NULL)
        return;
    pages_give_back(&t->pages);
    free(t);
}

uint64_t argus_flow_hash(const struct argus_flow *f)
{
    struct packet ends = {.from = f->side[0].end.address,
                          .to = f->side[1].end.address,
                          .port_from = f->side[0].end.port,
                          .port_to = f->side[1].end.port,
                          .protocol = f->protocol};
    uint64_t sensor = (uint64_t)f->source_id << 32 | f->sequence;
    return hash_number(flow_key_of(&ends).hash ^ hash_number(sensor));
}

static struct bucket *bucket_of(const struct argus_flows *t, uint64_t hash)
{
    return &t->buckets[hash % BUCKETS];
}

void argus_flows_fetch(const struct argus_flows *t, uint64_t hash)
{
    __builtin_prefetch(bucket_of(t, hash), 1);
}

/* One that is over goes first. */
static unsigned place_for_new(const struct bucket *b, uint16_t now_s)
{
    for (unsigned i = 0; i < BUCKET_PLACES; i++)
        if (b->tags[i] == 0 || (b->state[i] & ARGUS_KNOWN_OVER) != 0)
            return i;
    return place_to_give(b, now_s);
}

uint8_t *argus_flows_at(struct argus_flows *t, uint64_t hash, int64_t when_us, bool *is_new)
{
    struct bucket *b = bucket_of(t, hash);
    uint32_t tag = tag_of((struct flow_key){.hash = hash});
    uint16_t now_s = (uint16_t)(when_us / US_PER_SECOND);
    unsigned at = tag_place(b, tag);
    *is_new = at == BUCKET_PLACES;
    if (*is_new) {
        at = place_for_new(b, now_s);
        t->let_go += b->tags[at] != 0 && (b->state[at] & ARGUS_KNOWN_OVER) == 0 &&
                     silent_s(b, at, now_s) <= FLOW_IDLE_S;
        t->begun++;
        b->tags[at] = tag;
        b->state[at] = 0;
    }
    b->last_s[at] = now_s;
    return &b->state[at];
}

uint64_t argus_flows_begun(const struct argus_flows *t)
{
    return t->begun;
}

uint64_t argus_flows_let_go(const struct argus_flows *t)
{
    return t->let_go;
}
