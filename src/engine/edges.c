/* Sorted arrays: the edges of one pair of hosts stand beside each other, exploits first. */
#include "engine/edges.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "base/room.h"
#include "base/time.h"
#include "base/writer.h"
#include "detect/detector.h"
#include "evidence/hosts.h"
#include "evidence/span.h"

enum { VICTIMS_SHOWN = 4 };

bool edges_add(struct edges *e, const struct edge *one)
{
    if (e->count == EDGES_MAX) {
        e->cut = true;
        return true;
    }
    struct edge *items = room_for_one(e->items, e->count, &e->room, sizeof *items);
    if (items == NULL)
        return false;
    e->items = items;
    e->items[e->count++] = *one;
    return true;
}

static bool collect_day(struct edges *e, struct watcher *watchers, const struct host_day *day,
                        struct edge *scratch)
{
    for (unsigned d = 0; d < detector_count; d++) {
        if (detectors[d]->edges == NULL || host_day_slot(day, d) == NULL)
            continue;
        size_t found = detectors[d]->edges(&watchers[d], day->host, day->day, host_day_slot(day, d),
                                           scratch, EDGES_A_DAY);
        assert(found <= EDGES_A_DAY);
        e->cut |= found == EDGES_A_DAY;
        for (size_t i = 0; i < found; i++)
            if (!edges_add(e, &scratch[i]))
                return false;
    }
    return true;
}

bool edges_collect(struct edges *e, struct watcher *watchers, struct host_day *const *days,
                   size_t count)
{
    struct edge *scratch = calloc(EDGES_A_DAY, sizeof *scratch);
    bool good = scratch != NULL;
    for (size_t i = 0; good && i < count; i++)
        good = collect_day(e, watchers, days[i], scratch);
    free(scratch);
    return good;
}

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Everything that tells edges apart, so that equal ones alone may change places. */
static int compare_edges(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    int order = address_compare(x->from, y->from);
    order = order != 0 ? order : address_compare(x->to, y->to);
    order = order != 0 ? order : (x->cause > y->cause) - (x->cause < y->cause);
    order = order != 0 ? order : compare_numbers(x->when_us, y->when_us);
    order = order != 0 ? order : (x->proof < y->proof) - (x->proof > y->proof);
    order = order != 0 ? order : x->url_port - y->url_port;
    order = order != 0 ? order : (x->url_path > y->url_path) - (x->url_path < y->url_path);
    order = order != 0 ? order : (x->variants > y->variants) - (x->variants < y->variants);
    return order != 0 ? order : strcmp(x->says, y->says);
}

static bool is_same_pair(const struct edge *a, const struct edge *b)
{
    return address_equal(a->from, b->from) && address_equal(a->to, b->to);
}

/* The exploit told just this URL, before. Behind translation the address in it may be another than
 * the one that is seen. */
static bool agrees(const struct edge *exploit, const struct edge *callback)
{
    bool same_host = address_equal(exploit->url_host, callback->from) ||
                     address_equal(exploit->url_host, callback->url_host);
    return same_host && exploit->url_port != 0 && exploit->url_port == callback->url_port &&
           exploit->url_path == callback->url_path && exploit->when_us <= callback->when_us;
}

/* All edges of one pair: what an exploit told makes its call-back a proof. */
static void join_pair(struct edge *items, size_t count)
{
    for (size_t c = 0; c < count; c++) {
        if (items[c].cause != EDGE_CALLBACK)
            continue;
        items[c].proof = false;
        for (size_t x = 0; x < count && items[x].cause == EDGE_EXPLOIT; x++) {
            if (!agrees(&items[x], &items[c]))
                continue;
            items[c].proof = true;
            items[c].variants |= items[x].variants;
        }
    }
}

static void join_pairs(struct edges *e)
{
    for (size_t from = 0, to; from < e->count; from = to) {
        for (to = from + 1; to < e->count && is_same_pair(&e->items[from], &e->items[to]); to++)
            continue;
        join_pair(&e->items[from], to - from);
    }
}

/* The server's sign */

static bool is_graver(const struct edge *a, const struct edge *b)
{
    if (a->proof != b->proof)
        return a->proof;
    if (a->points < b->points || a->points > b->points)
        return a->points > b->points;
    return a->when_us < b->when_us;
}

/* What is gathered of one server's day. */
struct serving {
    const struct edge *gravest;
    uint64_t victims;
    unsigned variants;
    struct span span;
};

static void say_served(const struct serving *s, struct sign *out)
{
    char victim[ADDRESS_TEXT_SIZE];
    struct text says = text_over(out->says, sizeof out->says);
    text_add(&says,
             "%llu host%s that it had reached on port 445 or 139 soon fetched a file from it by "
             "HTTP; ",
             (unsigned long long)s->victims, plural(s->victims));
    if (s->gravest->proof)
        text_add(&says, "its own exploit had told just this address to %s: ",
                 address_text(s->gravest->to, victim));
    else
        text_add(&says, "to %s ", address_text(s->gravest->to, victim));
    text_add(&says, "%s.", s->gravest->says);
}

static void fill_sign(const struct serving *s, int32_t day, struct sign *out)
{
    out->id = SIGN_CALLBACK;
    out->day = day;
    out->weight = s->gravest->proof ? WEIGHT_PROOF : WEIGHT_POINTS;
    out->points = s->gravest->proof ? 0 : s->gravest->points;
    out->variants = s->variants;
    out->count = s->victims;
    out->first_us = s->span.first_us;
    out->last_us = s->span.last_us;
    say_served(s, out);
}

static void show_victim(const struct edge *edge, struct sign *out)
{
    char victim[ADDRESS_TEXT_SIZE], line[FACT_TEXT_SIZE];
    struct text text = text_over(line, sizeof line);
    text_add(&text, "%s: %s", address_text(edge->to, victim), edge->says);
    sign_add_text(out, FACT_ITEM, "served", line);
}

/* The call-backs from one host on one day among [0, count), which are all of that host. */
static void sign_of_day(const struct edge *items, size_t count, int32_t day, struct sign *out)
{
    struct serving s = {.span = span_empty()};
    const struct edge *last = NULL;
    unsigned shown = 0;
    for (size_t i = 0; i < count; i++) {
        if (items[i].cause != EDGE_CALLBACK || day_of(items[i].when_us) != day)
            continue;
        bool is_new = last == NULL || !address_equal(last->to, items[i].to);
        last = &items[i];
        s.victims += is_new;
        s.variants |= last->variants;
        span_add(&s.span, last->when_us);
        if (s.gravest == NULL || is_graver(last, s.gravest))
            s.gravest = last;
        if (is_new && shown < VICTIMS_SHOWN) {
            show_victim(last, out);
            shown++;
        }
    }
    assert(s.gravest != NULL);
    fill_sign(&s, day, out);
}

static int compare_days(const void *a, const void *b)
{
    const int32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The distinct days of the call-backs among these edges, ascending. */
static size_t days_of(const struct edge *items, size_t count, int32_t *days)
{
    size_t all = 0, distinct = 0;
    for (size_t i = 0; i < count; i++)
        if (items[i].cause == EDGE_CALLBACK)
            days[all++] = day_of(items[i].when_us);
    if (all > 0)
        qsort(days, all, sizeof *days, compare_days);
    for (size_t i = 0; i < all; i++)
        if (distinct == 0 || days[distinct - 1] != days[i])
            days[distinct++] = days[i];
    return distinct;
}

static bool sign_servers(struct edges *e)
{
    int32_t *days = calloc(e->count + 1, sizeof *days);
    e->served = calloc(1, sizeof *e->served);
    bool good = days != NULL && e->served != NULL;
    for (size_t from = 0, to; good && from < e->count; from = to) {
        for (to = from; to < e->count && address_equal(e->items[to].from, e->items[from].from);)
            to++;
        size_t count = days_of(&e->items[from], to - from, days);
        struct served *served = realloc(e->served, (e->served_count + count + 1) * sizeof *served);
        good = served != NULL;
        e->served = good ? served : e->served;
        for (size_t i = 0; good && i < count; i++) {
            struct served *one = &e->served[e->served_count++];
            *one = (struct served){.host = e->items[from].from};
            sign_of_day(&e->items[from], to - from, days[i], &one->sign);
        }
    }
    free(days);
    return good;
}

/* Infections */

static void say_infection(const struct edge *edge, char *buffer, size_t size)
{
    struct text says = text_over(buffer, size);
    if (edge->cause == EDGE_EXPLOIT)
        text_add(&says, "%s; whether it worked, this alone does not say", edge->says);
    else
        text_add(&says, "%s; its exploit had told the other to fetch the worm just there",
                 edge->says);
}

/* The first of a pair and cause; a call-back without proof is no infection, nor are an exploit's
 * bytes where something else may stand. */
static bool is_first_infection(const struct edges *e, size_t at)
{
    const struct edge *edge = &e->items[at];
    for (size_t before = at; edge->proof && before-- > 0;) {
        const struct edge *other = &e->items[before];
        if (!is_same_pair(other, edge) || other->cause != edge->cause)
            break;
        if (other->proof)
            return false;
    }
    return edge->proof;
}

static int compare_infections(const void *a, const void *b)
{
    const struct infection_line *first = a, *second = b;
    const struct infection *x = &first->infection, *y = &second->infection;
    int order = compare_numbers(x->when_us, y->when_us);
    order = order != 0 ? order : address_compare(x->from, y->from);
    order = order != 0 ? order : address_compare(x->to, y->to);
    return order != 0 ? order : strcmp(y->cause, x->cause);
}

static bool list_infections(struct edges *e)
{
    size_t count = 0;
    for (size_t i = 0; i < e->count; i++)
        count += is_first_infection(e, i);
    e->infections = calloc(count + 1, sizeof *e->infections);
    if (e->infections == NULL)
        return false;
    for (size_t i = 0; i < e->count; i++) {
        const struct edge *edge = &e->items[i];
        if (!is_first_infection(e, i))
            continue;
        struct infection_line *line = &e->infections[e->infection_count++];
        line->infection = (struct infection){.from = edge->from,
                                             .to = edge->to,
                                             .when_us = edge->when_us,
                                             .cause = edge->cause == EDGE_EXPLOIT ? "exploit"
                                                                                  : "callback",
                                             .variants = edge->variants};
        say_infection(edge, line->says, sizeof line->says);
    }
    if (count > 0)
        qsort(e->infections, count, sizeof *e->infections, compare_infections);
    for (size_t i = 0; i < count; i++)
        e->infections[i].infection.says = e->infections[i].says;
    return true;
}

static bool is_callback(const struct infection *i)
{
    return strcmp(i->cause, "callback") == 0;
}

static int compare_by_victim(const void *a, const void *b)
{
    const struct infection *const *x = a, *const *y = b;
    int order = address_compare((*x)->to, (*y)->to);
    order = order != 0 ? order : is_callback(*y) - is_callback(*x);
    order = order != 0 ? order : compare_numbers((*x)->when_us, (*y)->when_us);
    return order != 0 ? order : address_compare((*x)->from, (*y)->from);
}

static bool index_victims(struct edges *e)
{
    e->by_victim = calloc(e->infection_count + 1, sizeof(struct infection *));
    if (e->by_victim == NULL)
        return false;
    for (size_t i = 0; i < e->infection_count; i++)
        e->by_victim[i] = &e->infections[i].infection;
    if (e->infection_count > 0)
        qsort(e->by_victim, e->infection_count, sizeof(struct infection *), compare_by_victim);
    return true;
}

bool edges_join(struct edges *e)
{
    if (e->count > 0)
        qsort(e->items, e->count, sizeof *e->items, compare_edges);
    join_pairs(e);
    return sign_servers(e) && list_infections(e) && index_victims(e);
}

/* The place of the first infection whose victim does not sort before this host. */
static size_t first_of_victim(const struct edges *e, struct address host)
{
    size_t low = 0, high = e->infection_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (address_compare(e->by_victim[middle]->to, host) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct infection *edges_into(const struct edges *e, struct address host, int64_t until_us)
{
    for (size_t i = first_of_victim(e, host); i < e->infection_count; i++) {
        const struct infection *one = e->by_victim[i];
        if (!address_equal(one->to, host))
            break;
        if (one->when_us <= until_us)
            return one;
    }
    return NULL;
}

void edges_free(struct edges *e)
{
    free(e->items);
    free(e->served);
    free(e->infections);
    free(e->by_victim);
    *e = (struct edges){0};
}
