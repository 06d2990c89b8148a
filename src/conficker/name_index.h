/* Is this name one of the worm's on that day? An index of the three lists of one UTC day.
 *
 * The index is plain memory of a fixed size that the caller owns (about 1 MiB with list D), filled
 * once per day in a few milliseconds; a look-up is one hash and one probe or two. A name is known
 * by its place and by 46 other bits of its hash, so a look-up of a foreign name is wrong less than
 * once in 10^13 (small beside the chances that the detectors weigh). Hashes are not keyed: who
 * chooses names to collide with a member can, and gains nothing by it that looking up the member
 * would not give. */
#ifndef WORMSIGN_CONFICKER_NAME_INDEX_H
#define WORMSIGN_CONFICKER_NAME_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "conficker/domains.h"

enum { NAME_INDEX_SLOTS_SMALL = 1024, NAME_INDEX_SLOTS_D = 131072 };

struct name_index {
    int32_t day;
    unsigned lists;                         /* which lists are filled in: bit (1 << NAME_LIST_x) */
    uint64_t small[NAME_INDEX_SLOTS_SMALL]; /* A and B together */
    uint64_t large[NAME_INDEX_SLOTS_D];     /* D */
};

struct name_match {
    enum name_list list;
    unsigned
        position; /* 0-based place in the day's list, the first one where a name stands twice */
};

/* The 64-bit hash by which names are known everywhere (lower-cased, no final dot). */
uint64_t name_hash(const char *name, size_t length);

/* Empties the index and binds it to a day. A new index is all zero (calloc); what was not filled is
 * not touched, so an index without list D costs a few pages. */
void name_index_reset(struct name_index *index, int32_t day);

/* Generates the given lists (bits) of the index's day into it, those that are not there yet. */
void name_index_fill(struct name_index *index, unsigned lists);

/* True when the name with this hash stands in the list, which must have been filled. */
bool name_index_find(const struct name_index *index, enum name_list list, uint64_t hash,
                     struct name_match *out);

#endif
