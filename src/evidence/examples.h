/* A few examples of what a sign counted, for the person who checks it: those with the smallest
 * hashes, so that parts merge to the examples of the whole, in any order. */
#ifndef WORMSIGN_EVIDENCE_EXAMPLES_H
#define WORMSIGN_EVIDENCE_EXAMPLES_H

#include <stdbool.h>
#include <stdint.h>
#include "evidence/sign.h"

enum { EXAMPLES_KEPT = 4, EXAMPLE_TEXT_SIZE = 72 };

struct example {
    uint64_t hash;
    char text[EXAMPLE_TEXT_SIZE]; /* may hold foreign text: it goes into a fact as it is */
};

/* All zero: none. */
struct examples {
    uint32_t count;
    struct example kept[EXAMPLES_KEPT]; /* ascending by hash */
};

/* True when an example with this hash would be kept and is not there yet: ask before making its
 * text. */
bool examples_want(const struct examples *e, uint64_t hash);

/* Keeps it if examples_want says so. */
void examples_add(struct examples *e, uint64_t hash, const char *text);

void examples_merge(struct examples *into, const struct examples *from);

/* Adds them to the sign as the items of one fact. */
void examples_show(const struct examples *e, const char *fact, struct sign *out);

#endif
