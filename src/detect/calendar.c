/* A handful of days at a time, each an index of the worm's names (conficker/name_index). */
#include "detect/calendar.h"

#include <stdlib.h>

enum { DAYS_HINTED = 256 };

_Static_assert(CALENDAR_DAYS_SMALL <= UINT8_MAX, "a hint tells each place");

/* Lists that are kept alike. */
struct shelf {
    struct name_index *days[CALENDAR_DAYS_SMALL];
    uint64_t used_at[CALENDAR_DAYS_SMALL]; /* by the counter below: the smallest goes first */
    uint64_t uses;
    unsigned places;
    uint8_t hints[DAYS_HINTED]; /* by the day's lowest bits: where it stood last */
};

struct calendar {
    struct shelf small, large;
    uint64_t failures;
};

_Static_assert(CALENDAR_DAYS_D <= CALENDAR_DAYS_SMALL, "a shelf has room for both");

struct calendar *calendar_new(void)
{
    struct calendar *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->small.places = CALENDAR_DAYS_SMALL;
    c->large.places = CALENDAR_DAYS_D;
    return c;
}

static void empty(struct shelf *s)
{
    for (unsigned i = 0; i < s->places; i++)
        free(s->days[i]);
}

void calendar_free(struct calendar *c)
{
    if (c == NULL)
        return;
    empty(&c->small);
    empty(&c->large);
    free(c);
}

uint64_t calendar_failures(const struct calendar *c)
{
    return c->failures;
}

/* The place that holds the day, or the one to give to it: free or unused for longest. */
static unsigned place_for(const struct shelf *s, int32_t day)
{
    unsigned oldest = 0;
    for (unsigned i = 0; i < s->places; i++) {
        if (s->days[i] != NULL && s->days[i]->day == day)
            return i;
        if (s->used_at[i] < s->used_at[oldest])
            oldest = i;
    }
    return oldest;
}

/* NULL without memory. */
static struct name_index *index_of(struct shelf *s, int32_t day)
{
    uint8_t *hint = &s->hints[(uint32_t)day % DAYS_HINTED];
    unsigned at = *hint;
    if (s->days[at] == NULL || s->days[at]->day != day)
        at = place_for(s, day);
    if (s->days[at] == NULL) {
        s->days[at] = calloc(1, sizeof *s->days[at]);
        if (s->days[at] == NULL)
            return NULL;
    }
    if (s->days[at]->day != day) /* an empty one is of day 0 */
        name_index_reset(s->days[at], day);
    s->used_at[at] = ++s->uses;
    *hint = (uint8_t)at;
    return s->days[at];
}

bool calendar_find(struct calendar *c, enum name_list list, int32_t day, uint64_t hash,
                   struct name_match *out)
{
    if (!domains_day_is_covered(day))
        return false;
    struct name_index *index = index_of(list == NAME_LIST_D ? &c->large : &c->small, day);
    if (index == NULL) {
        c->failures++;
        return false;
    }
    if ((index->lists & 1u << list) == 0)
        name_index_fill(index, 1u << list);
    return name_index_find(index, list, hash, out);
}
