/* A binary heap that knows where each thing stands in it. */
#include "scan/timers.h"

#include <assert.h>
#include <stdlib.h>

struct entry {
    int64_t when_us;
    uint32_t thing;
};

struct timers {
    struct entry *heap;
    uint32_t *place; /* of each thing in the heap, from 1; 0: it does not run */
    uint32_t running, count;
};

struct timers *timers_new(uint32_t count)
{
    struct timers *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->count = count;
    t->heap = calloc((size_t)count + 1, sizeof *t->heap);
    t->place = calloc((size_t)count + 1, sizeof *t->place);
    if (t->heap != NULL && t->place != NULL)
        return t;
    timers_free(t);
    return NULL;
}

void timers_free(struct timers *t)
{
    if (t == NULL)
        return;
    free(t->heap);
    free(t->place);
    free(t);
}

static void put(struct timers *t, uint32_t at, struct entry e)
{
    t->heap[at] = e;
    t->place[e.thing] = at;
}

/* Moves the entry from this place to where it belongs. */
static void settle(struct timers *t, uint32_t at, struct entry e)
{
    for (; at > 1 && t->heap[at / 2].when_us > e.when_us; at /= 2)
        put(t, at, t->heap[at / 2]);
    for (;;) {
        uint32_t child = at * 2;
        if (child < t->running && t->heap[child + 1].when_us < t->heap[child].when_us)
            child++;
        if (child > t->running || t->heap[child].when_us >= e.when_us)
            break;
        put(t, at, t->heap[child]);
        at = child;
    }
    put(t, at, e);
}

void timers_set(struct timers *t, uint32_t thing, int64_t when_us)
{
    assert(thing < t->count);
    uint32_t at = t->place[thing] != 0 ? t->place[thing] : ++t->running;
    settle(t, at, (struct entry){when_us, thing});
}

void timers_stop(struct timers *t, uint32_t thing)
{
    assert(thing < t->count);
    uint32_t at = t->place[thing];
    if (at == 0)
        return;
    t->place[thing] = 0;
    struct entry last = t->heap[t->running--];
    if (last.thing != thing)
        settle(t, at, last);
}

bool timers_due(struct timers *t, int64_t now_us, uint32_t *thing)
{
    if (t->running == 0 || t->heap[1].when_us > now_us)
        return false;
    *thing = t->heap[1].thing;
    timers_stop(t, *thing);
    return true;
}

int64_t timers_next_us(const struct timers *t)
{
    return t->running > 0 ? t->heap[1].when_us : INT64_MAX;
}
