/* Names as bytes, for what outlives a run: what was told of one address or MAC on one day at a
 * time, so that it can be kept and let go of by the day. What is loaded is checked, and merged with
 * what is there as if it had been told now. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "evidence/names_inside.h"
#include "evidence/saving.h"

bool names_each(const struct names *n, bool (*each)(void *context, const struct name_day *day),
                void *context)
{
    for (size_t i = 0; i < n->table_size; i++)
        if (n->table[i] != NULL && !each(context, n->table[i]))
            return false;
    return true;
}

bool names_each_in_order(struct names *n, bool (*each)(void *context, const struct name_day *day),
                         void *context)
{
    bool good = names_settle(n);
    for (size_t i = 0; good && i < n->day_count; i++)
        good = each(context, n->days[i]);
    return good;
}

bool name_when_goes_before(struct name_when a, struct name_when b)
{
    int order = name_subject_compare((struct name_subject){a.address, a.mac},
                                     (struct name_subject){b.address, b.mac});
    return order < 0 || (order == 0 && a.day < b.day);
}

struct address name_day_address(const struct name_day *day)
{
    return day->of.address;
}

uint64_t name_day_mac(const struct name_day *day)
{
    return day->of.mac;
}

int32_t name_day_day(const struct name_day *day)
{
    return day->day;
}

static void save_name(struct writer *w, const struct name_kept *k)
{
    write_u8(w, (uint8_t)k->kind);
    write_le64(w, k->mac);
    save_span(w, k->span);
    save_text(w, k->text);
}

static void save_lease(struct writer *w, const struct lease_kept *l)
{
    write_le64(w, l->mac);
    save_bool(w, l->given_us != INT64_MAX);
    if (l->given_us != INT64_MAX)
        save_time(w, l->given_us);
    save_span(w, l->span);
}

static int compare_names(const void *a, const void *b)
{
    const struct name_kept *const *x = a, *const *y = b;
    if ((*x)->kind != (*y)->kind)
        return (*x)->kind < (*y)->kind ? -1 : 1;
    if ((*x)->mac != (*y)->mac)
        return (*x)->mac < (*y)->mac ? -1 : 1;
    return strcmp((*x)->text, (*y)->text);
}

static int compare_leases(const void *a, const void *b)
{
    const struct lease_kept *x = a, *y = b;
    return (x->mac > y->mac) - (x->mac < y->mac);
}

void name_day_save(struct writer *w, const struct name_day *d)
{
    const struct name_kept *names[TOLD_KINDS * NAMES_A_KIND];
    struct lease_kept leases[NAMES_LEASES];
    unsigned count = 0;
    for (const struct name_kept *k = d->names; k != NULL; k = k->next)
        names[count++] = k;
    qsort(names, count, sizeof names[0], compare_names);
    for (unsigned i = 0; i < d->lease_count; i++)
        leases[i] = d->leases[i];
    qsort(leases, d->lease_count, sizeof leases[0], compare_leases);
    save_address(w, d->of.address);
    write_le64(w, d->of.mac);
    write_le32(w, (uint32_t)d->day);
    write_u8(w, (uint8_t)d->overflowed);
    save_bool(w, d->leases_overflowed);
    write_u8(w, (uint8_t)count);
    for (unsigned i = 0; i < count; i++)
        save_name(w, names[i]);
    write_u8(w, d->lease_count);
    for (unsigned i = 0; i < d->lease_count; i++)
        save_lease(w, &leases[i]);
}

static struct span load_full_span(struct reader *r, int32_t day)
{
    struct span span = load_span(r);
    load_demand(r, span.first_us <= span.last_us && day_of(span.first_us) == day &&
                       day_of(span.last_us) == day);
    return span;
}

static void load_name(struct reader *r, struct names *into, struct told_name *told, int32_t day)
{
    unsigned kind = read_u8(r);
    uint64_t mac = read_le64(r);
    struct span span = load_full_span(r, day);
    load_demand(r, kind < TOLD_KINDS);
    load_text(r, told->text, sizeof told->text);
    load_demand(r, told->text[0] != '\0');
    if (r->failed)
        return;
    told->kind = (enum told_kind)kind;
    told->mac = told->has_address ? mac : told->mac;
    names_tell(into, told, span.first_us);
    names_tell(into, told, span.last_us);
}

static void load_lease(struct reader *r, struct names *into, struct address address, int32_t day)
{
    struct told_name told = {.has_address = true, .address = address, .lease = LEASE_HELD};
    told.mac = read_le64(r);
    int64_t given_us = load_bool(r) ? load_time(r) : INT64_MAX;
    struct span span = load_full_span(r, day);
    load_demand(r, told.mac != 0 && (given_us == INT64_MAX ||
                                     (given_us >= span.first_us && given_us <= span.last_us)));
    if (r->failed)
        return;
    names_tell(into, &told, span.first_us);
    names_tell(into, &told, span.last_us);
    told.lease = LEASE_GIVEN;
    if (given_us != INT64_MAX)
        names_tell(into, &told, given_us);
}

bool names_load_day(struct names *into, struct reader *r)
{
    struct told_name told = {.address = load_address(r)};
    told.mac = read_le64(r);
    int32_t day = (int32_t)read_le32(r);
    unsigned overflowed = read_u8(r);
    bool leases_overflowed = load_bool(r);
    bool zero = told.address.high == 0 && told.address.low == 0;
    told.has_address = told.mac == 0;
    load_demand(r, told.has_address != zero && overflowed < 1U << TOLD_KINDS);
    struct address address = told.address;
    unsigned count = read_u8(r);
    load_demand(r, count <= TOLD_KINDS * NAMES_A_KIND);
    for (unsigned i = 0; i < count && !r->failed; i++)
        load_name(r, into, &told, day);
    unsigned leases = read_u8(r);
    load_demand(r, leases <= (told.has_address ? NAMES_LEASES : 0));
    for (unsigned i = 0; i < leases && !r->failed; i++)
        load_lease(r, into, address, day);
    load_demand(r, r->left == 0);
    if (!r->failed)
        names_note_overflow(into, address, told.has_address ? 0 : told.mac, day, overflowed,
                            leases_overflowed);
    return !r->failed;
}
