/* Networks are sorted by their length, the longest first, and the first that holds the host is the
 * one: lists are short, hosts with a verdict few. */
#include "engine/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/room.h"
#include "store/store.h"

enum { LEDGER_BYTES = 256 << 20 };

struct ledger {
    struct arena memory;
    struct store_place *places;
    size_t place_count, place_room;
    struct store_acknowledgement *known; /* by address */
    size_t known_count, known_room;
    int32_t today;
    const char *asked_site; /* NULL: any */
    bool full;
};

/* Room for one more, below the limit; NULL without. */
static void *grown(void *items, size_t count, size_t *room, size_t size)
{
    return count < LEDGER_ROWS_MAX ? room_for_one(items, count, room, size) : NULL;
}

static bool take_place(void *context, const struct store_place *p)
{
    struct ledger *l = context;
    struct store_place *places = grown(l->places, l->place_count, &l->place_room, sizeof *places);
    l->places = places != NULL ? places : l->places;
    struct store_place kept = {p->net, arena_text(&l->memory, p->site),
                               arena_text(&l->memory, p->owner)};
    l->full = places == NULL || kept.site == NULL || kept.owner == NULL;
    if (!l->full)
        places[l->place_count++] = kept;
    return !l->full;
}

static bool take_acknowledgement(void *context, const struct store_acknowledgement *a)
{
    struct ledger *l = context;
    if (a->until_day < l->today)
        return true;
    struct store_acknowledgement *known = grown(l->known, l->known_count, &l->known_room,
                                                sizeof *known);
    l->known = known != NULL ? known : l->known;
    struct store_acknowledgement kept = *a;
    kept.site = NULL; /* it is of this ledger's */
    kept.note = arena_text(&l->memory, a->note);
    l->full = known == NULL || kept.note == NULL;
    if (!l->full)
        known[l->known_count++] = kept;
    return !l->full;
}

static int compare_places(const void *a, const void *b)
{
    const struct store_place *x = a, *y = b;
    if (x->net.bits != y->net.bits)
        return x->net.bits > y->net.bits ? -1 : 1;
    int order = address_compare(x->net.base, y->net.base);
    return order != 0 ? order : strcmp(x->site, y->site);
}

static int compare_known(const void *a, const void *b)
{
    const struct store_acknowledgement *x = a, *y = b;
    return address_compare(x->host, y->host);
}

struct ledger *ledger_read(struct store *store, const char *site, int32_t today, struct error *err)
{
    struct ledger *l = calloc(1, sizeof *l);
    if (l == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    l->memory = arena_of(LEDGER_BYTES);
    l->today = today;
    bool good = store_places_each(store, take_place, l, err) &&
                store_acknowledgements_each(store, site, take_acknowledgement, l, err);
    if (good && l->full)
        good = fail(err, ERROR_LIMIT, "more than %d networks or acknowledgements, or no memory",
                    LEDGER_ROWS_MAX);
    if (!good) {
        ledger_free(l);
        return NULL;
    }
    if (l->place_count > 0)
        qsort(l->places, l->place_count, sizeof l->places[0], compare_places);
    if (l->known_count > 0)
        qsort(l->known, l->known_count, sizeof l->known[0], compare_known);
    return l;
}

void ledger_free(struct ledger *l)
{
    if (l == NULL)
        return;
    arena_free(&l->memory);
    free(l->places);
    free(l->known);
    free(l);
}

const char *ledger_owner(const struct ledger *l, struct address host, const char **site)
{
    for (size_t i = 0; i < l->place_count; i++) {
        const struct store_place *p = &l->places[i];
        if (!prefix_holds(p->net, host) || (*site != NULL && strcmp(*site, p->site) != 0))
            continue;
        if (*site == NULL && p->site[0] != '\0')
            *site = p->site;
        return p->owner[0] != '\0' ? p->owner : NULL;
    }
    return NULL;
}

void ledger_ask_for(struct ledger *l, const char *site)
{
    l->asked_site = site;
}

bool ledger_is_asked_for(void *ledger, struct address host)
{
    const struct ledger *l = ledger;
    const char *site = NULL;
    if (l->asked_site == NULL)
        return true;
    (void)ledger_owner(l, host, &site);
    return site != NULL && strcmp(site, l->asked_site) == 0;
}

void ledger_annotate(void *ledger, struct verdict *v)
{
    const struct ledger *l = ledger;
    const struct store_acknowledgement key = {.host = v->host}, *found = NULL;
    v->owner = ledger_owner(l, v->host, &v->site);
    if (l->known_count > 0)
        found = bsearch(&key, l->known, l->known_count, sizeof key, compare_known);
    if (found == NULL)
        return;
    v->acknowledged = true;
    v->acknowledged_until = found->until_day;
    v->note = found->note;
}
