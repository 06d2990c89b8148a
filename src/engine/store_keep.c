/* Infected is who a report calls so, so two reports are made and nobody sees them: of all that is
 * kept, and of what will be left. Who is in the first alone would be let go of.
 *
 * An input keeps the set of all addresses that it met, without days. Where some of its days go,
 * that set is made anew of whoever is left, so that no later report counts who is gone. */
#include "engine/store_keep.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/room.h"
#include "base/writer.h"
#include "detect/detector.h"
#include "engine/partial.h"
#include "evidence/hosts.h"
#include "report/report.h"
#include "store/store.h"

struct infected_host {
    uint64_t site; /* hash of its name */
    struct address host;
};

struct infected_list {
    struct infected_host *items;
    size_t count, room;
    bool full; /* no memory */
};

static bool list_begin(struct report *r)
{
    (void)r;
    return true;
}

static bool list_host(struct report *r, const struct verdict *v)
{
    struct infected_list *list = r->state;
    if (v->kind != VERDICT_INFECTED || !v->home)
        return true;
    struct infected_host *items = room_for_one(list->items, list->count, &list->room,
                                               sizeof *items);
    list->full |= items == NULL;
    if (items == NULL)
        return false;
    list->items = items;
    const char *site = v->site != NULL ? v->site : "";
    list->items[list->count++] = (struct infected_host){hash_bytes(site, strlen(site)), v->host};
    return true;
}

static bool list_edge(struct report *r, const struct infection *i)
{
    (void)r;
    (void)i;
    return true;
}

static bool list_end(struct report *r, const struct totals *t)
{
    (void)r;
    (void)t;
    return true;
}

static const struct report_format format = {
    .id = "infected",
    .claim = "Who is infected, for comparison.",
    .begin = list_begin,
    .host = list_host,
    .edge = list_edge,
    .end = list_end,
};

static bool list_infected(struct store *store, const struct store_report_settings *settings,
                          struct infected_list *out, struct error *err)
{
    struct report report = {.format = &format, .state = out};
    struct hunt_outcome outcome;
    struct store_report *s = store_report_read(store, settings, err);
    if (s == NULL)
        return false;
    store_report_tell(s, &report, 1, &outcome);
    store_report_free(s);
    return (!out->full && !outcome.write_failed) || fail(err, ERROR_SYSTEM, "no memory");
}

static int compare_infected(const void *a, const void *b)
{
    const struct infected_host *x = a, *y = b;
    if (x->site != y->site)
        return x->site < y->site ? -1 : 1;
    return address_compare(x->host, y->host);
}

static void say_lost(const struct infected_list *all, const struct infected_list *left,
                     struct store_loss *out)
{
    char host[ADDRESS_TEXT_SIZE];
    struct text names = text_over(out->names, sizeof out->names);
    for (size_t i = 0; i < all->count; i++) {
        if (left->count > 0 && bsearch(&all->items[i], left->items, left->count,
                                       sizeof left->items[0], compare_infected) != NULL)
            continue;
        if (out->infected++ < STORE_LOSS_SHOWN)
            text_add(&names, "%s%s", names.used > 0 ? ", " : "",
                     address_text(all->items[i].host, host));
    }
    if (out->infected > STORE_LOSS_SHOWN)
        text_add(&names, " and others");
}

bool store_loss_before(struct store *store, const struct store_report_settings *settings,
                       int32_t day, struct store_loss *out, struct error *err)
{
    struct infected_list all = {0}, left = {0};
    struct store_report_settings wishes = *settings;
    *out = (struct store_loss){0};
    wishes.since_day = INT32_MIN;
    bool good = store_count_before(store, day, &out->hosts, &out->days, err);
    if (good && out->hosts > 0) {
        good = list_infected(store, &wishes, &all, err);
        wishes.since_day = day;
        good = good && list_infected(store, &wishes, &left, err);
        if (left.count > 0)
            qsort(left.items, left.count, sizeof left.items[0], compare_infected);
        if (good)
            say_lost(&all, &left, out);
    }
    free(all.items);
    free(left.items);
    return good;
}

/* Letting go */

/* An input of which days go, with the head that it will have. */
struct new_head {
    int64_t number;
    uint8_t *bytes;
    size_t size;
};

struct keeping {
    struct store *store;
    int32_t day;
    struct new_head *heads;
    size_t count, room;
    struct error err;
};

static bool meet(void *context, const struct store_evidence *e)
{
    hosts_met(context, e->host);
    return true;
}

static bool add_head(struct keeping *k, int64_t number, const struct hunt_part *part)
{
    struct new_head *heads = room_for_one(k->heads, k->count, &k->room, sizeof *heads);
    uint8_t *bytes = malloc(PARTIAL_HEAD_MAX);
    k->heads = heads != NULL ? heads : k->heads;
    if (heads == NULL || bytes == NULL) {
        free(bytes);
        return fail(&k->err, ERROR_SYSTEM, "no memory");
    }
    struct writer w = writer_over(bytes, PARTIAL_HEAD_MAX);
    partial_save_head(&w, part);
    uint8_t *less = realloc(bytes, w.used);
    k->heads[k->count++] = (struct new_head){number, less != NULL ? less : bytes, w.used};
    return true;
}

static bool make_head(struct keeping *k, const struct store_input *input)
{
    struct partial_in head;
    struct hunt_part part;
    const struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    if (!partial_load_head(&head, input->head, &limits, &part, &k->err))
        return false;
    set_free(hosts_sets(part.hosts), hosts_met_set(part.hosts));
    bool good = store_evidence_each(k->store, input->number, k->day, meet, part.hosts, &k->err) &&
                add_head(k, input->number, &part);
    hosts_free(part.hosts);
    return good;
}

static bool take_input(void *context, const struct store_input *input)
{
    struct keeping *k = context;
    bool older, younger;
    return store_input_span(k->store, input->number, k->day, &older, &younger, &k->err) &&
           (!older || make_head(k, input));
}

static bool take_site(void *context, const char *site)
{
    struct keeping *k = context;
    struct error err;
    if (!store_inputs_each(k->store, site, take_input, k, &err) && k->err.kind == ERROR_NONE)
        k->err = err;
    return k->err.kind == ERROR_NONE;
}

bool store_keep_from(struct store *store, int32_t day, struct error *err)
{
    struct keeping k = {.store = store, .day = day};
    bool good = store_sites_each(store, take_site, &k, err);
    if (k.err.kind != ERROR_NONE) {
        *err = k.err;
        good = false;
    }
    for (size_t i = 0; good && i < k.count; i++)
        good = store_input_set_head(store, k.heads[i].number,
                                    reader_over(k.heads[i].bytes, k.heads[i].size), err);
    for (size_t i = 0; i < k.count; i++)
        free(k.heads[i].bytes);
    free(k.heads);
    return good && store_let_go_before(store, day, err);
}
