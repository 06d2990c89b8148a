/* An open-addressing table from (address, day) to a host-day, which is never moved; its slots and
 * itself are pieces of one memory. Sets of all hosts share a pool of their own. */
#include "evidence/hosts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/hosts_inside.h"

/* How many host-days may be gone for each that is kept: with the usual limit they are remembered in
 * 128 MiB. */
enum { TABLE_FIRST = 1 << 12, GONE_PER_HOST_DAY = 6 };

#define KINDS ((1u << HOSTS_KINDS_MAX) - 1)

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
    h->pieces = pieces_of(limits->slot_bytes);
    h->sets = set_pool_of(limits->set_bytes);
    h->gone = gone_of(limits->host_days < SIZE_MAX / GONE_PER_HOST_DAY
                          ? limits->host_days * GONE_PER_HOST_DAY
                          : SIZE_MAX);
    h->first_day = INT32_MIN;
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
    pieces_free(&h->pieces);
    set_pool_free(&h->sets);
    free(h->table);
    gone_free(&h->gone);
    free(h->sorted);
    free(h);
}

size_t hosts_place_of(struct host_day *const *table, size_t size, struct address host, int32_t day)
{
    size_t at = host_day_hash(host, day) & (size - 1);
    while (table[at] != NULL && (table[at]->day != day || !address_equal(table[at]->host, host)))
        at = (at + 1) & (size - 1);
    return at;
}

uint64_t hosts_fetch(const struct hosts *h, struct address host, int32_t day)
{
    uint64_t hash = host_day_hash(host, day);
    __builtin_prefetch(&h->table[hash & (h->table_size - 1)]);
    return hash;
}

void hosts_fetch_on(const struct hosts *h, uint64_t ticket, unsigned step)
{
    const struct host_day *day = h->table[ticket & (h->table_size - 1)];
    if (day != NULL)
        __builtin_prefetch(step == 0 ? (const void *)day : day->first);
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
            table[hosts_place_of(table, size, h->table[i]->host, h->table[i]->day)] = h->table[i];
    free(h->table);
    h->table = table;
    h->table_size = size;
    return true;
}

static struct host_day *make(struct hosts *h, struct address host, int32_t day)
{
    if (h->count == h->limits.host_days)
        return NULL;
    if (h->count * 4 >= h->table_size * 3 && !grow(h))
        return NULL;
    struct host_day *made = pieces_take(&h->pieces, sizeof *made);
    if (made == NULL)
        return NULL;
    made->host = host;
    made->day = day;
    h->table[hosts_place_of(h->table, h->table_size, host, day)] = made;
    h->count++;
    return made;
}

/* What asks for a slot. */
struct asking {
    unsigned kind;
    bool of_part; /* a part of the day will do */
};

/* NULL: there is none and none is made, which is counted unless it was before. */
static struct host_day *host_day_of(struct hosts *h, struct asking a, struct address host,
                                    int32_t day)
{
    size_t at = hosts_place_of(h->table, h->table_size, host, day);
    if (h->table[at] != NULL)
        return h->table[at];
    if (day < h->first_day)
        return NULL;
    bool is_gone = gone_has(&h->gone, host_day_hash(host, day));
    bool is_open = h->shut ? false : !is_gone || a.of_part;
    if (!is_open && (h->keeper.again & 1u << a.kind) == 0) {
        h->refused += !is_gone;
        return NULL;
    }
    struct host_day *made = make(h, host, day);
    if (made == NULL) {
        h->refused++;
        (void)hosts_bury(h, host, day);
    } else if (is_gone || h->shut) {
        made->is_part = true;
        made->less = ~h->keeper.again & KINDS;
    }
    return made;
}

/* NULL without room. */
static void *add_slot(struct hosts *h, struct host_day *of, unsigned kind)
{
    struct host_slot *made = pieces_take(&h->pieces, host_slot_size(h, kind)), **place = &of->first;
    if (made == NULL)
        return NULL;
    for (int before = __builtin_popcount(of->kinds & ((1u << kind) - 1)); before > 0; before--)
        place = &(*place)->next;
    made->next = *place;
    *place = made;
    of->kinds = (of->kinds | 1u << kind) & KINDS;
    return made->state;
}

static void *slot_of(struct hosts *h, struct asking a, struct address host, int32_t day)
{
    assert(a.kind < h->kind_count);
    struct host_day *of = h->last;
    if (of == NULL || of->day != day || !address_equal(of->host, host))
        of = host_day_of(h, a, host, day);
    if (of == NULL)
        return NULL;
    h->last = of;
    void *slot = host_day_slot(of, a.kind);
    unsigned bit = 1u << a.kind;
    if (slot != NULL || ((of->less & bit) != 0 && !(a.of_part && of->is_part)))
        return slot;
    slot = add_slot(h, of, a.kind);
    if (slot == NULL) {
        of->less = (of->less | bit) & KINDS;
        h->refused++;
    }
    return slot;
}

void *hosts_slot(struct hosts *h, unsigned kind, struct address host, int32_t day)
{
    return slot_of(h, (struct asking){kind, false}, host, day);
}

void *hosts_slot_of_part(struct hosts *h, unsigned kind, struct address host, int32_t day)
{
    return slot_of(h, (struct asking){kind, true}, host, day);
}

void *hosts_extra(struct hosts *h, size_t size)
{
    void *extra = pieces_take(&h->pieces, size);
    h->refused += extra == NULL;
    return extra;
}

void hosts_give_extra(struct hosts *h, void *extra, size_t size)
{
    pieces_give(&h->pieces, extra, size);
}

bool hosts_latest_day(const struct hosts *h, int32_t most, int32_t *day)
{
    bool any = false;
    for (size_t i = 0; i < h->table_size; i++) {
        const struct host_day *d = h->table[i];
        if (d == NULL || d->day > most || (any && d->day <= *day))
            continue;
        *day = d->day;
        any = true;
    }
    return any;
}

bool hosts_is_fresh(const struct hosts *h)
{
    return h->count == 0 && h->let_go == 0 && hosts_refused(h) == 0 && set_count(&h->met) == 0 &&
           h->first_day == INT32_MIN && !h->shut;
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

void hosts_each(const struct hosts *h, void (*see)(void *context, const struct host_day *day),
                void *context)
{
    for (size_t i = 0; i < h->table_size; i++)
        if (h->table[i] != NULL)
            see(context, h->table[i]);
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
