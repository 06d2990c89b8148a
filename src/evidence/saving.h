/* Evidence as bytes, for files that outlive a run: what detectors write their slots with, and read
 * those of strangers.
 *
 * Numbers are little-endian and of fixed size. Whatever is loaded is checked to be what saving
 * could have written: sorted, within its limits, with times that a capture can have. Where it is
 * not, the reader fails and stays so; what was loaded by then is sound but not whole, and is to be
 * thrown away. A detector asks the reader once, at the end. */
#ifndef WORMSIGN_EVIDENCE_SAVING_H
#define WORMSIGN_EVIDENCE_SAVING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/reader.h"
#include "base/writer.h"
#include "evidence/examples.h"
#include "evidence/set.h"
#include "evidence/smallest.h"
#include "evidence/span.h"
#include "evidence/trail.h"

struct hosts;

/* A count above this is nobody's; sums of those below stay far from 2^64. */
#define LOAD_COUNT_MAX (UINT64_C(1) << 48)

/* Fails the reader unless it is so. */
void load_demand(struct reader *r, bool is_so);

/* Writers of base/writer.h serve as they are for counts; reading them back has a limit. */
uint64_t load_count(struct reader *r);

void save_bool(struct writer *w, bool value);
bool load_bool(struct reader *r);

/* Microseconds of the years 0 to 9999. */
void save_time(struct writer *w, int64_t when_us);
int64_t load_time(struct reader *r);

void save_address(struct writer *w, struct address a);
struct address load_address(struct reader *r);

/* At most 65535 bytes of text, without NUL. What is loaded must fit with its NUL. */
void save_text(struct writer *w, const char *text);
void load_text(struct reader *r, char *out, size_t size);
/* The same, of printable ASCII alone: text that goes into sentences. */
void load_printable(struct reader *r, char *out, size_t size);

/* The empty span too. */
void save_span(struct writer *w, struct span s);
struct span load_span(struct reader *r);

void save_set(struct writer *w, const struct set *s);
/* Into an empty set; where the pool has no room it misses items, as always. */
void load_set(struct set_pool *pool, struct set *out, struct reader *r);

void save_trail(struct writer *w, const struct trail *t);
/* Into an empty trail. */
void load_trail(struct hosts *h, struct trail *out, struct reader *r);

void save_examples(struct writer *w, const struct examples *e);
void load_examples(struct examples *out, struct reader *r);

enum { SMALLEST_ITEM_MAX = 128 }; /* bytes of an item that can be loaded */

/* How many items (2 bytes); of each its span, and what `put` writes. */
void save_smallest(struct writer *w, const struct smallest *list, struct smallest_of of,
                   void (*put)(struct writer *w, const void *item));
/* Into an empty list. `get` is given an item with its span, the rest of it zero, and fills in its
 * rank and all else. */
void load_smallest(struct hosts *h, struct smallest *out, struct smallest_of of, struct reader *r,
                   void (*get)(struct reader *r, void *item));

#endif
