/* A table with open addressing, at most half full. The empty slot is ::, which is kept apart. */
#include "report/address_set.h"

#include <stdlib.h>

#include "base/hash.h"

enum { FIRST_SIZE = 64 };

static const struct address none;

/* Where the address is, or would be. */
static size_t slot_of(const struct address *slots, size_t size, struct address a)
{
    size_t at = hash_address(a) & (size - 1);
    while (!address_equal(slots[at], none) && !address_equal(slots[at], a))
        at = (at + 1) & (size - 1);
    return at;
}

static bool grow(struct address_set *s)
{
    size_t size = s->size == 0 ? FIRST_SIZE : 2 * s->size;
    struct address *slots = calloc(size, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < s->size; i++)
        if (!address_equal(s->slots[i], none))
            slots[slot_of(slots, size, s->slots[i])] = s->slots[i];
    free(s->slots);
    s->slots = slots;
    s->size = size;
    return true;
}

bool address_set_is_new(struct address_set *s, struct address a)
{
    if (address_equal(a, none)) {
        bool met = s->has_none;
        s->has_none = true;
        return !met;
    }
    if (2 * s->count >= s->size && s->count < ADDRESS_SET_MAX && !grow(s))
        return true;
    size_t at = slot_of(s->slots, s->size, a);
    if (!address_equal(s->slots[at], none))
        return false;
    if (s->count == ADDRESS_SET_MAX)
        return true;
    s->slots[at] = a;
    s->count++;
    return true;
}

void address_set_free(struct address_set *s)
{
    free(s->slots);
    *s = (struct address_set){0};
}
