/* The names that a host tried on a day, by the list they could stand in and the length of their
 * label: a set of each.
 *
 * Most hosts try few names that could stand in lists, and most of these in several lists at once.
 * Up to NAMES_FEW of them stand in one sorted array, 9 bytes each, with the lists and the length
 * beside the hash; more become sets. Which of the two it is cannot be seen from outside: what it
 * tells and what is saved are the same. */
#ifndef WORMSIGN_DETECT_NAMES_TRIED_H
#define WORMSIGN_DETECT_NAMES_TRIED_H

#include <stdbool.h>
#include <stdint.h>
#include "base/reader.h"
#include "base/writer.h"
#include "conficker/domains.h"
#include "evidence/set.h"

struct hosts;

enum { NAME_LENGTHS = DOMAIN_LABEL_MAX - DOMAIN_LABEL_MIN + 1, NAMES_FEW = 32 };

struct name_sets {
    struct set of[NAME_LISTS][NAME_LENGTHS];
};

/* All zero: none. */
struct names_tried {
    union {
        uint64_t *few; /* `room` items as in a set, ascending, and behind them a byte each */
        struct name_sets *many;
    } held;          /* in the evidence store's memory */
    uint32_t missed; /* adds to the few that found no room, repeats included */
    uint8_t count, room;
    bool is_many;
};

/* Adds a name by its hash to the sets of all lists that its shape fits. */
void names_tried_add(struct hosts *h, struct names_tried *t, struct domain_shape shape,
                     uint64_t hash);

/* The set of a list and length, in `items` where it needs them; borrowed until something is
 * added. */
struct set names_tried_of(const struct names_tried *t, enum name_list list, unsigned length,
                          uint64_t items[static NAMES_FEW]);

void names_tried_merge(struct hosts *h, struct names_tried *into, const struct names_tried *from);

/* Gives its memory back; it is empty then. */
void names_tried_free(struct hosts *h, struct names_tried *t);

void names_tried_save(struct writer *out, const struct names_tried *t);
/* Into an empty one; as in evidence/saving.h. */
void names_tried_load(struct hosts *h, struct names_tried *t, struct reader *in);

#endif
