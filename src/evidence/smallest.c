/* A sorted array that doubles: most lists stay short, and what it leaves is taken again by the next
 * that grows to that size. */
#include "evidence/smallest.h"

#include <assert.h>
#include <string.h>

#include "evidence/hosts.h"

enum { ROOM_FIRST = 1, ROOM_STEP = 2 };

static void *place(const struct smallest *list, struct smallest_of of, uint32_t at)
{
    return list->items + at * of.size;
}

static uint64_t rank_at(const struct smallest *list, struct smallest_of of, uint32_t at)
{
    const struct ranked *item = place(list, of, at);
    return item->rank;
}

/* The place of the first item whose rank is not smaller. */
static uint32_t place_of(const struct smallest *list, struct smallest_of of, uint64_t rank)
{
    uint32_t low = 0, high = list->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (rank_at(list, of, middle) < rank)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void make_room(struct hosts *h, struct smallest *list, struct smallest_of of)
{
    if (list->count < list->room || list->room >= of.most)
        return;
    uint32_t room = list->room == 0 ? ROOM_FIRST : list->room * ROOM_STEP;
    room = room < of.most ? room : of.most;
    unsigned char *items = hosts_extra(h, room * of.size);
    if (items == NULL)
        return;
    if (list->count > 0)
        memcpy(items, list->items, list->count * of.size);
    hosts_give_extra(h, list->items, list->room * of.size);
    list->items = items;
    list->room = room;
}

void smallest_add(struct hosts *h, struct smallest *list, struct smallest_of of, const void *item)
{
    const struct ranked *added = item;
    assert(list->count <= list->room && list->room <= of.most);
    uint32_t at = place_of(list, of, added->rank);
    if (at < list->count && rank_at(list, of, at) == added->rank) {
        struct ranked *known = place(list, of, at);
        span_merge(&known->span, added->span);
        return;
    }
    if (at == of.most)
        return;
    make_room(h, list, of);
    if (at == list->room)
        return;
    uint32_t moved = (list->count < list->room ? list->count : list->room - 1) - at;
    if (moved > 0)
        memmove(place(list, of, at + 1), place(list, of, at), moved * of.size);
    memcpy(place(list, of, at), item, of.size);
    list->count += list->count < list->room;
}

void smallest_free(struct hosts *h, struct smallest *list, struct smallest_of of)
{
    hosts_give_extra(h, list->items, list->room * of.size);
    *list = (struct smallest){0};
}

void smallest_merge(struct hosts *h, struct smallest *into, const struct smallest *from,
                    struct smallest_of of)
{
    for (uint32_t i = 0; i < from->count; i++)
        smallest_add(h, into, of, place(from, of, i));
}

const void *smallest_at(const struct smallest *list, struct smallest_of of, uint32_t at)
{
    assert(at < list->count);
    return place(list, of, at);
}

const void *smallest_find(const struct smallest *list, struct smallest_of of, uint64_t rank)
{
    uint32_t at = place_of(list, of, rank);
    return at < list->count && rank_at(list, of, at) == rank ? place(list, of, at) : NULL;
}
