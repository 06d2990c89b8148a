/* A handful of days at a time, each an index of the worm's names (conficker/name_index). */
#include "detect/calendar.h"

#include <stdlib.h>

struct calendar {
    struct name_index *days[CALENDAR_DAYS];
    uint64_t used_at[CALENDAR_DAYS]; /* by the counter below: the smallest goes first */
    uint64_t uses, failures;
    unsigned last; /* the place found last: look-ups come in runs of one day */
};

struct calendar *calendar_new(void)
{
    return calloc(1, sizeof(struct calendar));
}

void calendar_free(struct calendar *c)
{
    if (c == NULL)
        return;
    for (unsigned i = 0; i < CALENDAR_DAYS; i++)
        free(c->days[i]);
    free(c);
}

uint64_t calendar_failures(const struct calendar *c)
{
    return c->failures;
}

/* The place that holds the day, or the one to give to it: free or unused for longest. */
static unsigned place_for(const struct calendar *c, int32_t day)
{
    unsigned oldest = 0;
    for (unsigned i = 0; i < CALENDAR_DAYS; i++) {
        if (c->days[i] != NULL && c->days[i]->day == day)
            return i;
        if (c->used_at[i] < c->used_at[oldest])
            oldest = i;
    }
    return oldest;
}

static struct name_index *index_of(struct calendar *c, int32_t day)
{
    struct name_index *last = c->days[c->last];
    if (last != NULL && last->day == day)
        return last;
    unsigned at = place_for(c, day);
    if (c->days[at] == NULL) {
        c->days[at] = calloc(1, sizeof *c->days[at]);
        if (c->days[at] == NULL) {
            c->failures++;
            return NULL;
        }
        name_index_reset(c->days[at], day);
    } else if (c->days[at]->day != day) {
        name_index_reset(c->days[at], day);
    }
    c->used_at[at] = ++c->uses;
    c->last = at;
    return c->days[at];
}

bool calendar_find(struct calendar *c, enum name_list list, int32_t day, uint64_t hash,
                   struct name_match *out)
{
    if (!domains_day_is_covered(day))
        return false;
    struct name_index *index = index_of(c, day);
    if (index == NULL)
        return false;
    if ((index->lists & 1u << list) == 0)
        name_index_fill(index, 1u << list);
    return name_index_find(index, list, hash, out);
}
