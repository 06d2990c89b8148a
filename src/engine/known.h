/* Things that were met before, by their digest, each with a number. */
#ifndef WORMSIGN_ENGINE_KNOWN_H
#define WORMSIGN_ENGINE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/digest.h"

struct known_thing {
    struct digest key;
    size_t number;
    bool used;
};

/* All zero: none. */
struct known {
    struct known_thing *things; /* owned; size places, a power of two */
    size_t size, count;
};

/* True, and *before the number that it was added with, when the key was met before; else it is
 * added now (but not where there is no memory: then it will be new again). */
bool known_met(struct known *k, struct digest key, size_t number, size_t *before);
void known_free(struct known *k);

#endif
