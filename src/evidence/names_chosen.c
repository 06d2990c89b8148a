/* Which machine an address was at a time, and what it is called.
 *
 * The machine is the one with the latest word of its lease before that time; one that renewed only
 * afterwards had the address already. Names of the address that were told while another machine had
 * it are not its own. Of each kind of name those of the nearest day count. */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/time.h"
#include "evidence/names_inside.h"
#include "evidence/verdict.h"

_Static_assert((int)TOLD_NAME_SIZE <= (int)HOST_NAME_SIZE, "a name fits into the verdict");

struct days {
    struct name_day *const *first;
    size_t count;
};

/* What was told of a subject, by day. */
static struct days days_of(const struct names *n, struct name_subject of)
{
    size_t low = 0, high = n->day_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (name_subject_compare(n->days[middle]->of, of) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    size_t end = low;
    while (end < n->day_count && name_subject_compare(n->days[end]->of, of) == 0)
        end++;
    return (struct days){n->days + low, end - low};
}

/* The last word of a lease before a time; INT64_MIN: there is none that says anything of it. */
static int64_t word_before(const struct lease_kept *l, int64_t when_us)
{
    int64_t trust_us = NAMES_LEASE_TRUST_DAYS * US_PER_DAY;
    int64_t word = l->span.last_us < when_us ? l->span.last_us : when_us;
    return l->span.first_us <= when_us && word >= when_us - trust_us ? word : INT64_MIN;
}

/* True when this machine renewed after the time what it must have had for a while. */
static bool had_it_before(const struct lease_kept *l, int64_t when_us)
{
    return l->span.first_us > when_us && l->span.first_us < l->given_us &&
           l->span.first_us - when_us <= NAMES_LEASE_TRUST_DAYS * US_PER_DAY;
}

/* True when a says more of who had the address at the time. */
static bool says_more(const struct lease_kept *a, const struct lease_kept *b, int64_t when_us)
{
    int64_t x = word_before(a, when_us), y = word_before(b, when_us);
    if (x != y)
        return x > y;
    if (a->span.first_us != b->span.first_us) /* the later before the time, the earlier behind */
        return (a->span.first_us > b->span.first_us) == (x != INT64_MIN);
    return a->mac < b->mac;
}

/* The MAC of the machine that had the address then; 0: not known. */
static uint64_t holder_at(const struct names *n, struct address host, int64_t when_us)
{
    struct days days = days_of(n, (struct name_subject){.address = host});
    const struct lease_kept *best = NULL;
    for (size_t i = 0; i < days.count; i++) {
        const struct name_day *d = days.first[i];
        for (unsigned k = 0; k < d->lease_count && !d->leases_overflowed; k++) {
            const struct lease_kept *l = &d->leases[k];
            if (word_before(l, when_us) == INT64_MIN && !had_it_before(l, when_us))
                continue;
            if (best == NULL || says_more(l, best, when_us))
                best = l;
        }
    }
    return best != NULL ? best->mac : 0;
}

/* While names are chosen. */
struct choosing {
    const struct names *names;
    struct verdict *v;
    int32_t nearest[TOLD_KINDS]; /* days between a name of this kind and the evidence */
    const struct name_kept *best;
};

static int32_t distance_of(const struct verdict *v, int32_t day)
{
    int32_t first = day_of(v->first_us), last = day_of(v->last_us);
    return day < first ? first - day : day > last ? day - last : 0;
}

/* False for names that are not of this machine, and for those of an address with so many of them
 * that it must be a sinkhole or a server of many sites. */
static bool is_its_own(const struct choosing *c, const struct name_day *d,
                       const struct name_kept *k)
{
    const struct verdict *v = c->v;
    if (k->kind >= TOLD_NETBIOS_BY_OTHERS && (d->overflowed & 1U << k->kind) != 0)
        return false;
    if (v->mac == 0 || d->of.mac != 0)
        return true;
    if (k->mac != 0)
        return k->mac == v->mac;
    uint64_t first = holder_at(c->names, v->host, k->span.first_us);
    uint64_t last = holder_at(c->names, v->host, k->span.last_us);
    return first == 0 || last == 0 || first == v->mac || last == v->mac;
}

static bool goes_before(const struct name_kept *a, const struct name_kept *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind;
    if (a->span.last_us != b->span.last_us)
        return a->span.last_us > b->span.last_us;
    return strcmp(a->text, b->text) < 0;
}

static bool is_chosen(const struct verdict *v, const char *text)
{
    for (unsigned i = 0; i < v->name_count; i++)
        if (strcasecmp(v->names[i], text) == 0)
            return true;
    return false;
}

static void note_nearest(struct choosing *c, const struct name_day *d, const struct name_kept *k)
{
    int32_t distance = distance_of(c->v, d->day);
    if (distance < c->nearest[k->kind])
        c->nearest[k->kind] = distance;
}

static void consider(struct choosing *c, const struct name_day *d, const struct name_kept *k)
{
    if (distance_of(c->v, d->day) == c->nearest[k->kind] && !is_chosen(c->v, k->text) &&
        (c->best == NULL || goes_before(k, c->best)))
        c->best = k;
}

/* Calls `each` for every name of the machine: those told of its address, and of its MAC. */
static void walk_names(struct choosing *c,
                       void (*each)(struct choosing *c, const struct name_day *d,
                                    const struct name_kept *k))
{
    const struct name_subject subjects[] = {{.address = c->v->host}, {.mac = c->v->mac}};
    for (unsigned s = 0; s < (c->v->mac != 0 ? 2 : 1); s++) {
        struct days days = days_of(c->names, subjects[s]);
        for (size_t i = 0; i < days.count; i++)
            for (const struct name_kept *k = days.first[i]->names; k != NULL; k = k->next)
                if (is_its_own(c, days.first[i], k))
                    each(c, days.first[i], k);
    }
}

static void choose_names(const struct names *n, struct verdict *v)
{
    struct choosing c = {.names = n, .v = v};
    for (unsigned kind = 0; kind < TOLD_KINDS; kind++)
        c.nearest[kind] = INT32_MAX;
    walk_names(&c, note_nearest);
    uint64_t told_mac = 0;
    while (v->name_count < VERDICT_NAMES_MAX) {
        c.best = NULL;
        walk_names(&c, consider);
        if (c.best == NULL)
            break;
        memcpy(v->names[v->name_count++], c.best->text, sizeof c.best->text);
        if (told_mac == 0 && c.best->kind == TOLD_NETBIOS)
            told_mac = c.best->mac;
    }
    if (v->mac == 0 && told_mac != 0) {
        v->mac = told_mac;
        v->mac_source = MAC_BY_NETBIOS;
    }
}

/* The next address of the machine; the oldest gives way when there are too many. */
static void add_stay(struct verdict *v, struct address address, struct span span)
{
    struct host_stay *last = v->stay_count > 0 ? &v->stays[v->stay_count - 1] : NULL;
    if (last != NULL && address_equal(last->address, address)) {
        if (span.last_us > last->last_us)
            last->last_us = span.last_us;
        return;
    }
    if (v->stay_count == VERDICT_STAYS_MAX) {
        memmove(v->stays, v->stays + 1, (VERDICT_STAYS_MAX - 1) * sizeof v->stays[0]);
        v->stay_count--;
    }
    v->stays[v->stay_count++] = (struct host_stay){address, span.first_us, span.last_us};
}

static void tell_stays(const struct names *n, struct verdict *v)
{
    size_t low = 0, high = n->lease_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (n->leases[middle].lease->mac < v->mac)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i < n->lease_count && n->leases[i].lease->mac == v->mac; i++)
        add_stay(v, n->leases[i].address, n->leases[i].lease->span);
}

void names_fill(const struct names *n, struct verdict *v)
{
    if (v->first_us == TIME_NONE || v->last_us == TIME_NONE)
        return;
    uint64_t first = holder_at(n, v->host, v->first_us);
    v->mac = holder_at(n, v->host, v->last_us);
    v->mac_source = MAC_BY_DHCP;
    v->mac_changed = v->mac != 0 && first != 0 && first != v->mac;
    choose_names(n, v);
    if (v->mac != 0)
        tell_stays(n, v);
}
