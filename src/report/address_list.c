/* A growing array, sorted when all have come: no order of arrival is slow. */
#include "report/address_list.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_FIRST = 64 };

bool address_list_add(struct address_list *l, struct address a)
{
    if (l->count == l->size) {
        size_t larger = l->size != 0 ? l->size * 2 : SIZE_FIRST, bytes;
        if (__builtin_mul_overflow(larger, sizeof *l->items, &bytes))
            return false;
        struct address *moved = realloc(l->items, bytes);
        if (moved == NULL)
            return false;
        l->items = moved;
        l->size = larger;
    }
    l->items[l->count++] = a;
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct address *x = a, *y = b;
    return address_compare(*x, *y);
}

/* From here on they are in order. */
static size_t sorted_from(const struct address_list *l)
{
    size_t from = l->count;
    while (from > 0 && (from == l->count || compare(&l->items[from - 1], &l->items[from]) <= 0))
        from--;
    return from;
}

/* `first`, sorted, and what stands from its count on. Nothing is overwritten that is not read yet:
 * there are as many free places before the rest as of the first are left. */
static void merge(struct address_list *l, const struct address *first, size_t count)
{
    size_t to = 0, next = 0, rest = count;
    while (next < count)
        if (rest < l->count && compare(&l->items[rest], &first[next]) < 0)
            l->items[to++] = l->items[rest++];
        else
            l->items[to++] = first[next++];
}

/* Most come in their order, behind a few that do not: to sort all would take as much memory
 * again. */
void address_list_sort(struct address_list *l)
{
    size_t count = sorted_from(l);
    struct address *first = count > 0 ? malloc(count * sizeof *first) : NULL;
    if (first == NULL) {
        if (count > 0)
            qsort(l->items, l->count, sizeof *l->items, compare);
        return;
    }
    memcpy(first, l->items, count * sizeof *first);
    qsort(first, count, sizeof *first, compare);
    merge(l, first, count);
    free(first);
}

/* The same or the next one; ::fffe:ffff:ffff and 0.0.0.0 are neighbours to nobody. */
static bool goes_on(struct address a, struct address b)
{
    struct address next = {.high = a.high + (a.low == UINT64_MAX), .low = a.low + 1};
    return address_equal(a, b) || (address_equal(next, b) && address_is_v4(a) == address_is_v4(b));
}

size_t address_list_range(const struct address_list *l, size_t from)
{
    assert(from < l->count);
    size_t end = from + 1;
    while (end < l->count && goes_on(l->items[end - 1], l->items[end]))
        end++;
    return end;
}

void address_list_free(struct address_list *l)
{
    free(l->items);
    *l = (struct address_list){0};
}
