/* The suffixes ("top-level domains", some of two labels) under which the lists A, B and D make
 * names.
 *
 * A has 5, B has 8, D has 116; the order is part of the generator.
 * Source: published analyses as facts; tests/vectors/suffixes-d.txt. */
#ifndef WORMSIGN_CONFICKER_SUFFIXES_H
#define WORMSIGN_CONFICKER_SUFFIXES_H

#include <stdint.h>
#include "base/reader.h"
#include "conficker/domains.h"

enum { SUFFIX_LENGTH_MIN = 2, SUFFIX_LENGTH_MAX = 6 };

struct suffix {
    char text[SUFFIX_LENGTH_MAX + 1]; /* lower case, without the dot in front; padded with NULs */
    uint8_t length;
};

/* How many suffixes a list has, and one of them (index < suffixes_count). */
unsigned suffixes_count(enum name_list list);
const struct suffix *suffix_at(enum name_list list, unsigned index);

/* The lists, as bits (1 << NAME_LIST_x), of which these bytes, any case, are a suffix. Does not
 * search. */
unsigned suffix_lists(struct reader bytes);

#endif
