/* An open-addressing table from (address, day) to a host-day, which is never moved; its slots and
 * itself live in one arena. Sets of all hosts share a pool of their own. */
#include "evidence/hosts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"

enum { TABLE_FIRST = 1 << 12 };

struct hosts {
    struct hosts_limits limits;
    size_t slot_sizes[HOSTS_KINDS_MAX];
    unsigned kind_count;
    struct arena arena;
    struct set_pool sets;
    struct set met;
    struct host_day **table; /* table_size places, a power of two; NULL: free */
    size_t table_size, count;
    struct host_day **sorted; /* made by hosts_sorted */
    struct host_day *last;    /* found last: observations come in runs of one host */
    uint64_t refused;
};

struct hosts *hosts_new(const struct hosts_limits *limits, const size_t *slot_sizes,
                        unsigned kind_count)
{
    assert(kind_count <= HOSTS_KINDS_MAX);
    struct hosts *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->limits = *limits;
    h->kind_count = kind_count;
    memcpy(h->slot_sizes, slot_sizes, kind_count * sizeof slot_sizes[0]);
    h->arena = arena_of(limits->slot_bytes);
    h->sets = set_pool_of(limits->set_bytes);
    h->table_size = TABLE_FIRST;
    h->table = calloc(h->table_size, sizeof(struct host_day *));
    if (h->table == NULL) {
        hosts_free(h);
        return NULL;
    }
    return h;
}

void hosts_free(struct hosts *h)
{
    if (h == NULL)
        return;
    arena_free(&h->arena);
    set_pool_free(&h->sets);
    free(h->table);
    free(h->sorted);
    free(h);
}

static uint64_t hash_of(struct address host, int32_t day)
{
    return hash_pair(hash_address(host), (uint32_t)day);
}

static size_t place_of(struct host_day *const *table, size_t size, struct address host, int32_t day)
{
    size_t at = hash_of(host, day) & (size - 1);
    while (table[at] != NULL && (table[at]->day != day || !address_equal(table[at]->host, host)))
        at = (at + 1) & (size - 1);
    return at;
}

/* Doubles the table; false when there is no memory, which leaves it as it was. */
static bool grow(struct hosts *h)
{
    size_t size = h->table_size * 2;
    struct host_day **table = calloc(size, sizeof(struct host_day *));
    if (table == NULL)
        return false;
    for (size_t i = 0; i < h->table_size; i++)
        if (h->table[i] != NULL)
            table[place_of(table, size, h->table[i]->host, h->table[i]->day)] = h->table[i];
    free(h->table);
    h->table = table;
    h->table_size = size;
    return true;
}

static struct host_day *host_day_of(struct hosts *h, struct address host, int32_t day)
{
    size_t at = place_of(h->table, h->table_size, host, day);
    if (h->table[at] != NULL)
        return h->table[at];
    if (h->count == h->limits.host_days)
        return NULL;
    if (h->count * 4 >= h->table_size * 3) {
        if (!grow(h))
            return NULL;
        at = place_of(h->table, h->table_size, host, day);
    }
    struct host_day *made = arena_take(&h->arena, 1, sizeof *made + h->kind_count * sizeof(void *));
    if (made == NULL)
        return NULL;
    made->host = host;
    made->day = day;
    h->table[at] = made;
    h->count++;
    return made;
}

void *hosts_slot(struct hosts *h, unsigned kind, struct address host, int32_t day)
{
    assert(kind < h->kind_count);
    struct host_day *of = h->last;
    if (of == NULL || of->day != day || !address_equal(of->host, host))
        of = host_day_of(h, host, day);
    if (of != NULL && of->slots[kind] == NULL)
        of->slots[kind] = arena_take(&h->arena, 1, h->slot_sizes[kind]);
    if (of == NULL || of->slots[kind] == NULL) {
        h->refused++;
        return NULL;
    }
    h->last = of;
    return of->slots[kind];
}

void *hosts_extra(struct hosts *h, size_t size)
{
    void *extra = arena_take(&h->arena, 1, size);
    h->refused += extra == NULL;
    return extra;
}

struct set_pool *hosts_sets(struct hosts *h)
{
    return &h->sets;
}

void hosts_met(struct hosts *h, struct address host)
{
    (void)set_add(&h->sets, &h->met, hash_address(host));
}

void hosts_met_merge(struct hosts *into, const struct hosts *from)
{
    set_merge(&into->sets, &into->met, &from->met);
}

struct set *hosts_met_set(struct hosts *h)
{
    return &h->met;
}

double hosts_met_count(const struct hosts *h, bool *is_estimate)
{
    *is_estimate = !set_is_exact(&h->met);
    return set_count(&h->met);
}

uint64_t hosts_refused(const struct hosts *h)
{
    return h->refused + h->sets.refused;
}

static int compare_host_days(const void *a, const void *b)
{
    const struct host_day *const *x = a, *const *y = b;
    int order = address_compare((*x)->host, (*y)->host);
    return order != 0 ? order : ((*x)->day > (*y)->day) - ((*x)->day < (*y)->day);
}

struct host_day *const *hosts_sorted(struct hosts *h, size_t *count)
{
    *count = 0;
    free(h->sorted);
    h->sorted = malloc((h->count + 1) * sizeof(struct host_day *));
    if (h->sorted == NULL)
        return NULL;
    for (size_t i = 0; i < h->table_size; i++)
        if (h->table[i] != NULL)
            h->sorted[(*count)++] = h->table[i];
    qsort(h->sorted, *count, sizeof(struct host_day *), compare_host_days);
    return h->sorted;
}
