/* Two rings with room for everything that can wait in them. */
#include "scan/turns.h"

#include <assert.h>
#include <stdlib.h>

bool turns_init(struct turns *t, uint32_t count, uint64_t rate)
{
    *t = (struct turns){.pace = pace_of(rate)};
    t->fresh.items = calloc(count, sizeof *t->fresh.items);
    t->again.items = calloc(count, sizeof *t->again.items);
    t->fresh.room = t->again.room = count;
    return t->fresh.items != NULL && t->again.items != NULL;
}

void turns_clear(struct turns *t)
{
    free(t->fresh.items);
    free(t->again.items);
    *t = (struct turns){0};
}

void turns_queue_add(struct turns_queue *q, uint32_t thing)
{
    assert(q->count < q->room);
    q->items[(q->first + q->count++) % q->room] = thing;
}

uint32_t turns_queue_take(struct turns_queue *q)
{
    assert(q->count > 0);
    uint32_t thing = q->items[q->first];
    q->first = (q->first + 1) % q->room;
    q->count--;
    return thing;
}

void turns_add_fresh(struct turns *t, uint32_t thing)
{
    turns_queue_add(&t->fresh, thing);
}

void turns_add_again(struct turns *t, uint32_t thing)
{
    turns_queue_add(&t->again, thing);
}

bool turns_take(struct turns *t, int64_t now_us, bool fresh_too, uint32_t *thing)
{
    struct turns_queue *q = t->again.count > 0 ? &t->again : &t->fresh;
    if (q->count == 0 || (q == &t->fresh && !fresh_too) || !pace_take(&t->pace, now_us))
        return false;
    *thing = turns_queue_take(q);
    return true;
}

int64_t turns_next_us(const struct turns *t, int64_t now_us, bool fresh_too)
{
    bool somebody = t->again.count > 0 || (fresh_too && t->fresh.count > 0);
    return somebody ? pace_next_us(&t->pace, now_us) : INT64_MAX;
}
