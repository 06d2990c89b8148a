/* Held look-ups stand in places of a fixed table; a heap of (time, turn) says which goes next, a
 * hash table by ends, number, name and type which one a message belongs to. */
#include "engine/dns_lookups.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/pages.h"
#include "base/time.h"
#include "conficker/name_index.h"
#include "detect/calendar.h"

enum { BUCKETS = LOOKUPS_HELD, NOBODY = 0 };

struct held {
    uint64_t hash;
    uint32_t next; /* in its bucket, or the next free place */
    struct lookup lookup;
};

struct turn {
    int64_t when_us;
    uint64_t number; /* what came first goes first where times are the same */
    uint32_t at;
};

struct table {
    uint32_t buckets[BUCKETS];
    struct turn heap[LOOKUPS_HELD];
    struct held held[LOOKUPS_HELD + 1]; /* 0 is nobody's place */
};

struct dns_lookups {
    struct table *table;
    struct pages pages;
    struct calendar *calendar;
    void (*give)(void *context, const struct lookup *lookup);
    void *context;
    uint32_t count, used, free;
    uint64_t turns;
    int64_t given_us; /* of the latest that was given */
    struct dns_lookups_counts counts;
};

struct dns_lookups *dns_lookups_new(void (*give)(void *context, const struct lookup *lookup),
                                    void *context)
{
    struct dns_lookups *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->give = give;
    l->context = context;
    l->given_us = INT64_MIN;
    l->calendar = calendar_new();
    if (l->calendar == NULL || !pages_take(sizeof *l->table, false, &l->pages)) {
        dns_lookups_free(l);
        return NULL;
    }
    l->table = l->pages.start;
    return l;
}

void dns_lookups_free(struct dns_lookups *l)
{
    if (l == NULL)
        return;
    calendar_free(l->calendar);
    pages_give_back(&l->pages);
    free(l);
}

const struct dns_lookups_counts *dns_lookups_counts(const struct dns_lookups *l)
{
    return &l->counts;
}

static bool goes_before(const struct turn *a, const struct turn *b)
{
    return a->when_us != b->when_us ? a->when_us < b->when_us : a->number < b->number;
}

static void heap_push(struct dns_lookups *l, struct turn turn)
{
    struct turn *heap = l->table->heap;
    uint32_t at = l->count++;
    while (at > 0 && goes_before(&turn, &heap[(at - 1) / 2])) {
        heap[at] = heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap[at] = turn;
}

static struct turn heap_pop(struct dns_lookups *l)
{
    struct turn *heap = l->table->heap;
    struct turn first = heap[0], last = heap[--l->count];
    uint32_t at = 0, child;
    while ((child = 2 * at + 1) < l->count) {
        if (child + 1 < l->count && goes_before(&heap[child + 1], &heap[child]))
            child++;
        if (!goes_before(&heap[child], &last))
            break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

/* By the lists of the day and its neighbours; a name that stands in several has several marks. */
static void mark(struct dns_lookups *l, struct lookup *k)
{
    static const int order[] = {0, -LOOKUP_DAYS_GRACE, LOOKUP_DAYS_GRACE};
    struct domain_shape shape;
    if (!domain_shape_of(k->name, k->name_length, &shape))
        return;
    uint64_t hash = name_hash(k->name, k->name_length);
    int32_t day = day_of(k->when_us);
    for (enum name_list list = NAME_LIST_A; list < NAME_LISTS; list++) {
        struct name_match match;
        unsigned i = 0;
        if ((shape.lists & 1u << list) == 0)
            continue;
        while (i < COUNT_OF(order) &&
               !calendar_find(l->calendar, list, day + order[i], hash, &match))
            i++;
        if (i < COUNT_OF(order))
            k->marks[k->mark_count++] = (struct lookup_mark){list, order[i], match.position};
    }
}

static void count_given(struct dns_lookups *l, const struct lookup *k)
{
    struct dns_lookups_counts *c = &l->counts;
    c->lookups++;
    c->unanswered += k->answer_us == TIME_NONE;
    c->unasked += !k->asked;
    c->marked += k->mark_count > 0;
    c->cut += k->cut;
    c->out_of_order += k->when_us < l->given_us;
    c->without_list = calendar_failures(l->calendar);
    if (k->when_us > l->given_us)
        l->given_us = k->when_us;
}

/* The earliest goes out, and its place is free. */
static void give_first(struct dns_lookups *l)
{
    uint32_t at = heap_pop(l).at;
    struct held *h = &l->table->held[at];
    uint32_t *link = &l->table->buckets[h->hash % BUCKETS];
    while (*link != at)
        link = &l->table->held[*link].next;
    *link = h->next;
    mark(l, &h->lookup);
    count_given(l, &h->lookup);
    l->give(l->context, &h->lookup);
    h->next = l->free;
    l->free = at;
}

void dns_lookups_end(struct dns_lookups *l)
{
    while (l->count > 0)
        give_first(l);
    l->given_us = INT64_MIN; /* the next input has its own times */
}

static uint64_t hash_of(const struct observation *seen, const struct dns_name *name)
{
    uint64_t ends = hash_pair(hash_address(seen->client.address) + seen->client.port,
                              hash_address(seen->server.address) + seen->server.port);
    uint64_t question = (uint64_t)seen->protocol << 32 | (uint64_t)seen->dns->id << 16 | name->type;
    return hash_pair(hash_pair(ends, question), hash_bytes(name->text, name->length));
}

static bool endpoint_equal(struct endpoint a, struct endpoint b)
{
    return a.port == b.port && address_equal(a.address, b.address);
}

/* Whether the message is of this look-up. Of an archive the times of messages are those of their
 * record, which may be long: so an answer to what waits for one is never too late. */
static bool is_of(const struct lookup *k, const struct observation *seen,
                  const struct dns_name *name)
{
    int64_t apart = seen->when_us - k->when_us;
    bool is_near = apart <= LOOKUP_ANSWER_S * US_PER_SECOND &&
                   apart >= -LOOKUP_ANSWER_S * US_PER_SECOND;
    bool is_awaited = seen->dns->is_response && k->answer_us == TIME_NONE;
    return k->id == seen->dns->id && k->type == name->type && k->protocol == seen->protocol &&
           k->name_length == name->length && memcmp(k->name, name->text, name->length) == 0 &&
           endpoint_equal(k->client, seen->client) && endpoint_equal(k->server, seen->server) &&
           (is_near || is_awaited);
}

static struct lookup *find(struct dns_lookups *l, uint64_t hash, const struct observation *seen,
                           const struct dns_name *name)
{
    uint32_t at = l->table->buckets[hash % BUCKETS];
    for (; at != NOBODY; at = l->table->held[at].next) {
        struct held *h = &l->table->held[at];
        if (h->hash == hash && is_of(&h->lookup, seen, name))
            return &h->lookup;
    }
    return NULL;
}

static struct lookup *begin(struct dns_lookups *l, uint64_t hash, const struct observation *seen,
                            const struct dns_name *name)
{
    if (l->count == LOOKUPS_HELD)
        give_first(l);
    uint32_t at = l->free;
    if (at != NOBODY)
        l->free = l->table->held[at].next;
    else
        at = ++l->used;
    struct held *h = &l->table->held[at];
    uint32_t *bucket = &l->table->buckets[hash % BUCKETS];
    struct lookup *k = &h->lookup;
    h->hash = hash;
    h->next = *bucket;
    *bucket = at;
    k->when_us = seen->when_us;
    k->answer_us = TIME_NONE;
    k->client = seen->client;
    k->server = seen->server;
    k->protocol = seen->protocol;
    k->id = seen->dns->id;
    k->type = name->type;
    k->asked = k->cut = false;
    k->rcode = 0;
    k->tries = 0;
    k->address_count = k->mark_count = 0;
    k->name_length = name->length;
    memcpy(k->name, name->text, name->length);
    k->name[name->length] = '\0';
    heap_push(l, (struct turn){k->when_us, l->turns++, at});
    return k;
}

static void take_name(struct dns_lookups *l, const struct observation *seen,
                      const struct dns_name *name)
{
    const struct dns_message *message = seen->dns;
    uint64_t hash = hash_of(seen, name);
    struct lookup *k = find(l, hash, seen, name);
    if (k == NULL)
        k = begin(l, hash, seen, name);
    k->cut |= message->cut;
    if (!message->is_response) {
        k->asked = true;
        k->tries++;
    } else if (k->answer_us == TIME_NONE) {
        k->answer_us = seen->when_us;
        k->rcode = message->rcode;
        k->address_count = message->address_count;
        memcpy(k->addresses, message->addresses, message->address_count * sizeof k->addresses[0]);
    }
}

void dns_lookups_take(struct dns_lookups *l, const struct observation *seen)
{
    if (seen->kind != OBSERVED_DNS)
        return;
    for (unsigned i = 0; i < seen->dns->name_count; i++)
        take_name(l, seen, &seen->dns->names[i]);
    /* By this question's own time: one that is far ahead must not hurry all that come after it. An
     * answer's may be the end of a long record, which has more answers. */
    while (!seen->dns->is_response && l->count > 0 &&
           seen->when_us - l->table->heap[0].when_us > LOOKUP_ANSWER_S * US_PER_SECOND)
        give_first(l);
}
