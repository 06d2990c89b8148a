/* The ranks of a downward field are turned over, so that one comparison serves both ways. */
#include "engine/flows_sorted.h"

#include <stdlib.h>
#include <string.h>

#include "base/fast_text.h"

enum { ENTRIES_FIRST = 1024, PRUNE_LEAST = 4096 };

struct entry {
    struct flow_rank ranks[FLOWS_ORDER_MAX];
    uint64_t number; /* of the line, as they came */
    size_t at, size; /* of its text */
};

struct flows_sorted {
    struct flows_order order;
    struct entry *entries;
    size_t count, room, bytes_max;
    struct fast_text text;
    uint64_t added, most, refused;
};

struct flows_sorted *flows_sorted_new(const struct flows_order *order, uint64_t most,
                                      size_t bytes_max)
{
    struct flows_sorted *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->order = *order;
    s->most = most;
    s->bytes_max = bytes_max;
    return s;
}

void flows_sorted_free(struct flows_sorted *s)
{
    if (s == NULL)
        return;
    fast_text_free(&s->text);
    free(s->entries);
    free(s);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left, *b = right;
    for (size_t i = 0; i < FLOWS_ORDER_MAX; i++) {
        int high = compare_numbers(a->ranks[i].high, b->ranks[i].high);
        int low = compare_numbers(a->ranks[i].low, b->ranks[i].low);
        if (high != 0 || low != 0)
            return high != 0 ? high : low;
    }
    return compare_numbers(a->number, b->number);
}

static void sort(struct flows_sorted *s)
{
    if (s->count > 1)
        qsort(s->entries, s->count, sizeof *s->entries, compare_entries);
}

/* Lets go of what is behind the last line that is wanted. */
static void prune(struct flows_sorted *s)
{
    struct fast_text kept = {0};
    sort(s);
    for (size_t i = 0; i < s->most && i < s->count; i++) {
        struct entry *e = &s->entries[i];
        size_t at = kept.used;
        fast_text_add(&kept, s->text.start + e->at, e->size);
        e->at = at;
    }
    if (kept.failed) { /* the old text is still whole, but the places are not: start again */
        fast_text_free(&kept);
        s->refused += s->count;
        s->count = 0;
        s->text.used = 0;
        return;
    }
    fast_text_free(&s->text);
    s->text = kept;
    if (s->count > s->most)
        s->count = (size_t)s->most;
}

static bool has_room(struct flows_sorted *s, size_t size)
{
    if (s->most > 0 && s->count >= PRUNE_LEAST && s->count / 2 >= s->most)
        prune(s);
    if (s->text.used + size + (s->count + 1) * sizeof *s->entries > s->bytes_max)
        return false;
    if (s->count < s->room)
        return true;
    size_t room = s->room != 0 ? s->room * 2 : ENTRIES_FIRST;
    struct entry *entries = realloc(s->entries, room * sizeof *entries);
    if (entries == NULL)
        return false;
    s->entries = entries;
    s->room = room;
    return true;
}

bool flows_sorted_add(struct flows_sorted *s, const struct flow_record *r, const char *line,
                      size_t size)
{
    if (!has_room(s, size)) {
        s->refused++;
        return false;
    }
    size_t at = s->text.used; /* making room may have moved it */
    fast_text_add(&s->text, line, size);
    if (s->text.failed) {
        s->refused++;
        s->text.failed = false;
        s->text.used = at;
        return false;
    }
    struct entry *e = &s->entries[s->count++];
    *e = (struct entry){.number = s->added++, .at = at, .size = size};
    for (size_t i = 0; i < s->order.count; i++) {
        const struct flow_field *field = s->order.fields[i];
        struct flow_value v;
        v.kind = FLOW_VALUE_NONE;
        field->get(r, field->side, &v);
        struct flow_rank rank = flow_value_rank(&v);
        e->ranks[i] = s->order.downwards[i] ? (struct flow_rank){~rank.high, ~rank.low} : rank;
    }
    return true;
}

uint64_t flows_sorted_refused(const struct flows_sorted *s)
{
    return s->refused;
}

bool flows_sorted_write(struct flows_sorted *s,
                        bool (*write)(void *context, const char *line, size_t size), void *context)
{
    sort(s);
    for (size_t i = 0; i < s->count && (s->most == 0 || i < s->most); i++)
        if (!write(context, s->text.start + s->entries[i].at, s->entries[i].size))
            return false;
    return true;
}
