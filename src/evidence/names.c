/* An open-addressing table from (subject, day) to what was told; all of it in one arena. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"
#include "evidence/names_inside.h"

enum { TABLE_FIRST = 1 << 8, DAYS_MAX = 1 << 19 };

struct names *names_new(size_t limit_bytes)
{
    struct names *n = calloc(1, sizeof *n);
    if (n == NULL)
        return NULL;
    n->arena = arena_of(limit_bytes);
    n->table_size = TABLE_FIRST;
    n->table = calloc(n->table_size, sizeof(struct name_day *));
    if (n->table == NULL) {
        names_free(n);
        return NULL;
    }
    return n;
}

void names_free(struct names *n)
{
    if (n == NULL)
        return;
    arena_free(&n->arena);
    free(n->table);
    free(n->days);
    free(n->leases);
    free(n);
}

uint64_t names_count(const struct names *n)
{
    return n->count;
}

uint64_t names_refused(const struct names *n)
{
    return n->refused;
}

void names_note_refused(struct names *n, uint64_t count)
{
    n->refused += count;
}

int name_subject_compare(struct name_subject a, struct name_subject b)
{
    if (a.mac != b.mac)
        return a.mac < b.mac ? -1 : 1;
    return address_compare(a.address, b.address);
}

static size_t place_of(struct name_day *const *table, size_t size, struct name_subject of,
                       int32_t day)
{
    uint64_t whose = hash_pair(hash_address(of.address), of.mac);
    size_t at = hash_pair(whose, (uint32_t)day) & (size - 1);
    while (table[at] != NULL &&
           (table[at]->day != day || name_subject_compare(table[at]->of, of) != 0))
        at = (at + 1) & (size - 1);
    return at;
}

/* Doubles the table; false when there is no memory, which leaves it as it was. */
static bool grow(struct names *n)
{
    size_t size = n->table_size * 2;
    struct name_day **table = calloc(size, sizeof(struct name_day *));
    if (table == NULL)
        return false;
    for (size_t i = 0; i < n->table_size; i++)
        if (n->table[i] != NULL)
            table[place_of(table, size, n->table[i]->of, n->table[i]->day)] = n->table[i];
    free(n->table);
    n->table = table;
    n->table_size = size;
    return true;
}

/* NULL at a limit. */
static struct name_day *day_for(struct names *n, struct name_subject of, int32_t day)
{
    size_t at = place_of(n->table, n->table_size, of, day);
    if (n->table[at] != NULL)
        return n->table[at];
    if (n->count == DAYS_MAX || (n->count * 4 >= n->table_size * 3 && !grow(n)))
        return NULL;
    struct name_day *made = arena_take(&n->arena, 1, sizeof *made);
    if (made == NULL)
        return NULL;
    made->of = of;
    made->day = day;
    n->table[place_of(n->table, n->table_size, of, day)] = made;
    n->count++;
    return made;
}

static uint64_t hash_of(const struct told_name *told)
{
    return hash_pair(hash_bytes(told->text, strlen(told->text)), told->mac);
}

/* Two names with one hash are told apart by nothing but their text. */
static bool goes_before(uint64_t hash, const char *text, const struct name_kept *than)
{
    return hash != than->hash ? hash < than->hash : strcmp(text, than->text) < 0;
}

static bool is_same(const struct name_kept *k, const struct name_kept *name)
{
    return k->kind == name->kind && k->hash == name->hash && k->mac == name->mac &&
           strcmp(k->text, name->text) == 0;
}

/* The place for a name: that of the same name, a new one, or that of the last of its kind, which
 * gives way. NULL: there is none. */
static struct name_kept *name_place(struct names *n, struct name_day *d,
                                    const struct name_kept *name)
{
    struct name_kept *last = NULL;
    unsigned of_kind = 0;
    for (struct name_kept *k = d->names; k != NULL; k = k->next) {
        if (is_same(k, name))
            return k;
        if (k->kind != name->kind)
            continue;
        of_kind++;
        if (last == NULL || !goes_before(k->hash, k->text, last))
            last = k;
    }
    if (of_kind == NAMES_A_KIND) {
        d->overflowed |= 1U << name->kind;
        return goes_before(name->hash, name->text, last) ? last : NULL;
    }
    struct name_kept *made = arena_take(&n->arena, 1, sizeof *made);
    if (made == NULL) {
        n->refused++;
        return NULL;
    }
    made->next = d->names;
    d->names = made;
    return made;
}

static void name_add(struct names *n, struct name_day *d, const struct name_kept *name)
{
    struct name_kept *place = name_place(n, d, name);
    if (place == NULL)
        return;
    if (is_same(place, name)) {
        span_merge(&place->span, name->span);
        return;
    }
    struct name_kept *next = place->next;
    *place = *name;
    place->next = next;
}

/* One place more; nearly all addresses have one machine a day. NULL: there is no room. */
static struct lease_kept *lease_more(struct names *n, struct name_day *d)
{
    if (d->lease_count == d->lease_room) {
        uint8_t room = d->lease_room == 0 ? 1 : NAMES_LEASES;
        struct lease_kept *leases = arena_take(&n->arena, room, sizeof *leases);
        if (leases == NULL) {
            n->refused++;
            return NULL;
        }
        if (d->lease_count > 0)
            memcpy(leases, d->leases, d->lease_count * sizeof *leases);
        d->leases = leases;
        d->lease_room = room;
    }
    return &d->leases[d->lease_count++];
}

static struct lease_kept *lease_place(struct names *n, struct name_day *d, uint64_t mac)
{
    struct lease_kept *last = NULL;
    for (unsigned i = 0; i < d->lease_count; i++) {
        struct lease_kept *l = &d->leases[i];
        if (l->mac == mac)
            return l;
        if (last == NULL || hash_number(l->mac) > hash_number(last->mac))
            last = l;
    }
    if (d->lease_count < NAMES_LEASES)
        return lease_more(n, d);
    d->leases_overflowed = true;
    return hash_number(mac) < hash_number(last->mac) ? last : NULL;
}

static void lease_add(struct names *n, struct name_day *d, const struct lease_kept *lease)
{
    struct lease_kept *place = lease_place(n, d, lease->mac);
    if (place == NULL)
        return;
    if (place->mac != lease->mac) {
        *place = *lease;
        return;
    }
    span_merge(&place->span, lease->span);
    place->given_us = lease->given_us < place->given_us ? lease->given_us : place->given_us;
}

static void tell_of(struct names *n, struct name_subject of, const struct told_name *told,
                    int64_t when_us)
{
    struct name_day *d = day_for(n, of, day_of(when_us));
    struct span span = {when_us, when_us};
    if (d == NULL) {
        n->refused++;
        return;
    }
    if (told->text[0] != '\0') {
        struct name_kept name = {
            .hash = hash_of(told), .mac = told->mac, .span = span, .kind = told->kind};
        memcpy(name.text, told->text, sizeof name.text);
        name_add(n, d, &name);
    }
    if (told->lease != LEASE_NONE && told->has_address && told->mac != 0) {
        struct lease_kept lease = {told->mac, told->lease == LEASE_GIVEN ? when_us : INT64_MAX,
                                   span};
        lease_add(n, d, &lease);
    }
}

void names_tell(struct names *n, const struct told_name *told, int64_t when_us)
{
    struct name_subject of = {.mac = told->has_address ? 0 : told->mac};
    if (told->has_address)
        of.address = told->address;
    if (told->has_address || told->mac != 0)
        tell_of(n, of, told, when_us);
}

void names_note_overflow(struct names *n, struct address address, uint64_t mac, int32_t day,
                         unsigned kinds, bool leases)
{
    struct name_subject of = {address, mac};
    struct name_day *d = n->table[place_of(n->table, n->table_size, of, day)];
    if (d == NULL)
        return;
    d->overflowed |= kinds;
    d->leases_overflowed |= leases;
}

static void merge_day(struct names *into, const struct name_day *from)
{
    struct name_day *d = day_for(into, from->of, from->day);
    if (d == NULL) {
        into->refused++;
        return;
    }
    for (const struct name_kept *k = from->names; k != NULL; k = k->next)
        name_add(into, d, k);
    for (unsigned i = 0; i < from->lease_count; i++)
        lease_add(into, d, &from->leases[i]);
    d->overflowed |= from->overflowed;
    d->leases_overflowed |= from->leases_overflowed;
}

void names_merge(struct names *into, const struct names *from)
{
    assert(into != from);
    for (size_t i = 0; i < from->table_size; i++)
        if (from->table[i] != NULL)
            merge_day(into, from->table[i]);
    into->refused += from->refused;
}

static int compare_days(const void *a, const void *b)
{
    const struct name_day *const *x = a, *const *y = b;
    int order = name_subject_compare((*x)->of, (*y)->of);
    return order != 0 ? order : ((*x)->day > (*y)->day) - ((*x)->day < (*y)->day);
}

static int compare_leases(const void *a, const void *b)
{
    const struct lease_row *x = a, *y = b;
    const struct lease_kept *l = x->lease, *m = y->lease;
    if (l->mac != m->mac)
        return l->mac < m->mac ? -1 : 1;
    if (l->span.first_us != m->span.first_us)
        return l->span.first_us < m->span.first_us ? -1 : 1;
    return address_compare(x->address, y->address);
}

/* All leases of the sorted days, by MAC and time. */
static bool settle_leases(struct names *n)
{
    size_t count = 0;
    for (size_t i = 0; i < n->day_count; i++)
        count += n->days[i]->lease_count;
    n->leases = malloc((count + 1) * sizeof n->leases[0]);
    if (n->leases == NULL)
        return false;
    for (size_t i = 0; i < n->day_count; i++)
        for (unsigned k = 0; k < n->days[i]->lease_count; k++)
            n->leases[n->lease_count++] = (struct lease_row){n->days[i]->of.address,
                                                             &n->days[i]->leases[k]};
    qsort(n->leases, n->lease_count, sizeof n->leases[0], compare_leases);
    return true;
}

bool names_settle(struct names *n)
{
    free(n->days);
    free(n->leases);
    n->leases = NULL;
    n->day_count = n->lease_count = 0;
    n->days = malloc((n->count + 1) * sizeof n->days[0]);
    if (n->days == NULL)
        return false;
    for (size_t i = 0; i < n->table_size; i++)
        if (n->table[i] != NULL)
            n->days[n->day_count++] = n->table[i];
    qsort(n->days, n->day_count, sizeof n->days[0], compare_days);
    return settle_leases(n);
}
