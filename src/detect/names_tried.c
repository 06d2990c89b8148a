/* The byte beside each of the few holds the lists it fits as bits, and its length above them. A
 * name is known by hash and length together: only evidence of strangers brings one hash with
 * two. */
#include "detect/names_tried.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"

enum { ROOM_FIRST = 2, LISTS_BITS = 3, LISTS_ALL = (1 << LISTS_BITS) - 1 };

_Static_assert((int)NAME_LISTS <= LISTS_BITS && (int)NAME_LENGTHS <= 1 << (8 - LISTS_BITS),
               "lists and length fit in a byte");
_Static_assert((int)NAMES_FEW <= (int)SET_EXACT_MAX, "whatever the few hold is an exact set");

static size_t few_bytes(unsigned room)
{
    return room * (sizeof(uint64_t) + sizeof(uint8_t));
}

/* What stands beside the items. */
static uint8_t *beside(uint64_t *items, unsigned room)
{
    return (uint8_t *)(items + room);
}

static void miss(struct names_tried *t, double how_many)
{
    uint32_t room = UINT32_MAX - t->missed;
    t->missed += how_many < room ? (uint32_t)ceil(how_many) : room;
}

struct set names_tried_of(const struct names_tried *t, enum name_list list, unsigned length,
                          uint64_t items[static NAMES_FEW])
{
    unsigned place = length - DOMAIN_LABEL_MIN;
    if (t->is_many)
        return t->held.many->of[list][place];
    size_t count = 0;
    for (unsigned i = 0; i < t->count; i++) {
        unsigned shape = beside(t->held.few, t->room)[i];
        if (shape >> LISTS_BITS == place && (shape & 1u << list) != 0)
            items[count++] = t->held.few[i];
    }
    return set_lent(items, count, t->missed);
}

/* False without room, which leaves it as it was. */
static bool become_many(struct hosts *h, struct names_tried *t)
{
    if (t->is_many)
        return true;
    struct name_sets *many = hosts_extra(h, sizeof *many);
    if (many == NULL)
        return false;
    for (enum name_list list = NAME_LIST_A; list < NAME_LISTS; list++) {
        for (unsigned i = 0; i < NAME_LENGTHS; i++) {
            uint64_t items[NAMES_FEW];
            struct set few = names_tried_of(t, list, i + DOMAIN_LABEL_MIN, items);
            set_merge(hosts_sets(h), &many->of[list][i], &few);
        }
    }
    names_tried_free(h, t);
    t->held.many = many;
    t->is_many = true;
    return true;
}

/* Room for one more of the few; false where there is none. */
static bool make_room(struct hosts *h, struct names_tried *t)
{
    if (t->count < t->room)
        return true;
    unsigned room = t->room == 0 ? ROOM_FIRST : t->room * 2u;
    uint64_t *items = room <= NAMES_FEW ? hosts_extra(h, few_bytes(room)) : NULL;
    if (items == NULL)
        return false;
    if (t->count > 0) {
        memcpy(items, t->held.few, t->count * sizeof *items);
        memcpy(beside(items, room), beside(t->held.few, t->room), t->count);
        hosts_give_extra(h, t->held.few, few_bytes(t->room));
    }
    t->held.few = items;
    t->room = (uint8_t)room;
    return true;
}

/* False without room. */
static bool add_few(struct hosts *h, struct names_tried *t, unsigned lists, unsigned place,
                    uint64_t mixed)
{
    unsigned at = 0;
    const uint8_t *shapes = t->room > 0 ? beside(t->held.few, t->room) : NULL;
    while (at < t->count && (t->held.few[at] < mixed ||
                             (t->held.few[at] == mixed && shapes[at] >> LISTS_BITS < place)))
        at++;
    bool is_known = at < t->count && t->held.few[at] == mixed && shapes[at] >> LISTS_BITS == place;
    if (!is_known && !make_room(h, t))
        return false;
    uint64_t *item = &t->held.few[at];
    uint8_t *shape = &beside(t->held.few, t->room)[at];
    if (!is_known) {
        memmove(item + 1, item, (t->count - at) * sizeof *item);
        memmove(shape + 1, shape, t->count - at);
        *item = mixed;
        *shape = (uint8_t)(place << LISTS_BITS);
        t->count++;
    }
    *shape |= (uint8_t)(lists & LISTS_ALL);
    return true;
}

void names_tried_add(struct hosts *h, struct names_tried *t, struct domain_shape shape,
                     uint64_t hash)
{
    unsigned place = shape.label_length - DOMAIN_LABEL_MIN;
    if (!t->is_many && add_few(h, t, shape.lists, place, hash_number(hash)))
        return;
    if (!become_many(h, t)) {
        miss(t, 1);
        return;
    }
    for (enum name_list list = NAME_LIST_A; list < NAME_LISTS; list++)
        if ((shape.lists & 1u << list) != 0)
            (void)set_add(hosts_sets(h), &t->held.many->of[list][place], hash);
}

static void add_set(struct hosts *h, struct names_tried *t, enum name_list list, unsigned length,
                    const struct set *from)
{
    const uint64_t *items;
    size_t count = set_sample(from, &items);
    if (!set_is_exact(from) && !become_many(h, t)) {
        miss(t, set_count_high(from));
    } else if (t->is_many) {
        set_merge(hosts_sets(h), &t->held.many->of[list][length - DOMAIN_LABEL_MIN], from);
    } else {
        for (size_t i = 0; i < count; i++)
            names_tried_add(h, t, (struct domain_shape){length, 1u << list},
                            hash_number_undo(items[i]));
    }
}

void names_tried_merge(struct hosts *h, struct names_tried *into, const struct names_tried *from)
{
    for (enum name_list list = NAME_LIST_A; list < NAME_LISTS; list++) {
        for (unsigned length = DOMAIN_LABEL_MIN; length <= DOMAIN_LABEL_MAX; length++) {
            uint64_t items[NAMES_FEW];
            struct set one = names_tried_of(from, list, length, items);
            add_set(h, into, list, length, &one);
        }
    }
}

void names_tried_free(struct hosts *h, struct names_tried *t)
{
    for (enum name_list list = NAME_LIST_A; t->is_many && list < NAME_LISTS; list++)
        for (unsigned i = 0; i < NAME_LENGTHS; i++)
            set_free(hosts_sets(h), &t->held.many->of[list][i]);
    if (t->is_many)
        hosts_give_extra(h, t->held.many, sizeof *t->held.many);
    else
        hosts_give_extra(h, t->held.few, few_bytes(t->room));
    *t = (struct names_tried){0};
}

void names_tried_save(struct writer *out, const struct names_tried *t)
{
    for (enum name_list list = NAME_LIST_A; list < NAME_LISTS; list++) {
        for (unsigned length = DOMAIN_LABEL_MIN; length <= DOMAIN_LABEL_MAX; length++) {
            uint64_t items[NAMES_FEW];
            struct set one = names_tried_of(t, list, length, items);
            save_set(out, &one);
        }
    }
}

void names_tried_load(struct hosts *h, struct names_tried *t, struct reader *in)
{
    for (enum name_list list = NAME_LIST_A; list < NAME_LISTS; list++) {
        for (unsigned length = DOMAIN_LABEL_MIN; length <= DOMAIN_LABEL_MAX; length++) {
            struct set one = {0};
            load_set(hosts_sets(h), &one, in);
            add_set(h, t, list, length, &one);
            set_free(hosts_sets(h), &one);
        }
    }
}
