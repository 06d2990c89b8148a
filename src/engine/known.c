/* An open-addressing table; a digest is its own hash. */
#include "engine/known.h"

#include <stdint.h>
#include <stdlib.h>

enum { KNOWN_FIRST = 64 };

static struct known_thing *place_of(struct known_thing *things, size_t size, struct digest key)
{
    size_t at = (size_t)key.low & (size - 1);
    while (things[at].used && !digest_equal(things[at].key, key))
        at = (at + 1) & (size - 1);
    return &things[at];
}

static bool grow(struct known *k)
{
    size_t size = k->size != 0 ? k->size * 2 : KNOWN_FIRST;
    struct known_thing *things = calloc(size, sizeof *things);
    if (things == NULL)
        return false;
    for (size_t i = 0; i < k->size; i++)
        if (k->things[i].used)
            *place_of(things, size, k->things[i].key) = k->things[i];
    free(k->things);
    k->things = things;
    k->size = size;
    return true;
}

bool known_met(struct known *k, struct digest key, size_t number, size_t *before)
{
    if (k->count * 2 >= k->size && !grow(k))
        return false;
    struct known_thing *thing = place_of(k->things, k->size, key);
    if (thing->used) {
        *before = thing->number;
        return true;
    }
    *thing = (struct known_thing){.key = key, .number = number, .used = true};
    k->count++;
    return false;
}

void known_free(struct known *k)
{
    free(k->things);
    *k = (struct known){0};
}
