/* The domain names that the worm looks up: lists A, B and D, exactly, for 2008 to 2100.
 *
 * Variant A makes 250 names a day, B and C share 250 others, D and E share 50,000. Each name comes
 * from rand(): d = (double)key; p = (double)(uint64)(key * mult); x = (p + sin(d)) * d * d;
 * key = bits(x); result = (int32)low32(key). The sine is the x87's FSIN with its 66-bit pi,
 * emulated in integers; each step rounds to 53 bits.
 * Source: published analyses as facts; tests/vectors/domains-{a,b,d}.tsv, suffixes-d.txt. */
#ifndef WORMSIGN_CONFICKER_DOMAINS_H
#define WORMSIGN_CONFICKER_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum name_list { NAME_LIST_A, NAME_LIST_B, NAME_LIST_D, NAME_LISTS };

enum {
    DOMAIN_NAME_SIZE = 24, /* label of at most 11, dot, suffix of at most 6 ("com.mx"), NUL */
    DOMAIN_LABEL_MIN = 4,
    DOMAIN_LABEL_MAX = 11,
    NAMES_A_DAY_MAX = 50000
};

/* The state of a list on a day. */
struct domain_generator {
    enum name_list list;
    uint64_t key;
};

/* Names on a day: 250, 250, 50,000. */
size_t domains_count(enum name_list list);

/* The first and the last day for which names are made here: 2008-01-01 and 2100-12-31. */
bool domains_day_is_covered(int32_t day);

/* Begins the list of a UTC day (days since 1970-01-01). Any day may be given; what is made for one
 * that is not covered is what the worm's arithmetic would make, and vouched for by nothing. */
void domains_begin(struct domain_generator *g, enum name_list list, int32_t day);

/* Writes the next name, NUL-terminated, and returns its length. */
size_t domains_next(struct domain_generator *g, char name[static DOMAIN_NAME_SIZE]);

/* What a name looks like, before any list is asked: one label of letters and a suffix of some
 * list. */
struct domain_shape {
    unsigned label_length; /* DOMAIN_LABEL_MIN .. DOMAIN_LABEL_MAX */
    unsigned lists; /* bit (1 << NAME_LIST_x): the suffix and length are possible in list x */
};

/* True, and *out filled, when a name (any case, a final dot allowed) could stand in some list: its
 * first label is 4..9 (D) or 5..11 (A, B) ASCII letters and all the rest is a suffix of that list.
 * The cheap gate in front of name_index_find. */
bool domain_shape_of(const char *name, size_t length, struct domain_shape *out);

/* The chance that one given benign name with a suffix of the list and a label of this many letters
 * stands in the list of one given day: names a day that have this length, over
 * suffixes * 26^length. From the generator's own length distribution (r%4+8 signed, abs(r)%6+4). */
double domain_chance(enum name_list list, unsigned label_length);

#endif
