/* An open-addressing table of the hashes themselves. */
#include "evidence/gone.h"

#include <stdlib.h>

enum { PLACES_FIRST = 256 };

struct gone gone_of(size_t most)
{
    return (struct gone){.most = most};
}

void gone_free(struct gone *g)
{
    free(g->places);
    *g = gone_of(g->most);
}

/* No hash is 0, which is a free place. */
static uint64_t mark_of(uint64_t hash)
{
    return hash != 0 ? hash : 1;
}

static size_t place_of(const uint64_t *places, size_t size, uint64_t mark)
{
    size_t at = mark & (size - 1);
    while (places[at] != 0 && places[at] != mark)
        at = (at + 1) & (size - 1);
    return at;
}

static bool grow(struct gone *g)
{
    size_t size = g->size != 0 ? g->size * 2 : PLACES_FIRST;
    uint64_t *places = calloc(size, sizeof *places);
    if (places == NULL)
        return false;
    for (size_t i = 0; i < g->size; i++)
        if (g->places[i] != 0)
            places[place_of(places, size, g->places[i])] = g->places[i];
    free(g->places);
    g->places = places;
    g->size = size;
    return true;
}

bool gone_add(struct gone *g, uint64_t hash, bool *is_new)
{
    *is_new = !gone_has(g, hash);
    if (!*is_new)
        return true;
    if (g->count == g->most || (g->count * 4 >= g->size * 3 && !grow(g)))
        return false;
    g->places[place_of(g->places, g->size, mark_of(hash))] = mark_of(hash);
    g->count++;
    return true;
}

bool gone_has(const struct gone *g, uint64_t hash)
{
    return g->count > 0 && g->places[place_of(g->places, g->size, mark_of(hash))] != 0;
}
