/* The worm's name lists by day, made when first asked for and kept for a while.
 *
 * Detectors ask "is this name one of the worm's around this day?"; the lists of the last days
 * asked for are kept, the longest unused goes first. Lists A and B (8 KiB a day) are asked for of a
 * month before and after, list D (1 MiB a day, and 3 ms to make) of a week: so they are kept apart,
 * or the one would push out the other. */
#ifndef WORMSIGN_DETECT_CALENDAR_H
#define WORMSIGN_DETECT_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>
#include "conficker/name_index.h"

enum { CALENDAR_DAYS_SMALL = 96, CALENDAR_DAYS_D = 24 };

struct calendar;

struct calendar *calendar_new(void); /* NULL: no memory */
void calendar_free(struct calendar *c);

/* True when the name with this hash stands in the list on the day. False too where no list is
 * made for the day (before 2008, after 2100) or no memory is left (counted). */
bool calendar_find(struct calendar *c, enum name_list list, int32_t day, uint64_t hash,
                   struct name_match *out);

uint64_t calendar_failures(const struct calendar *c);

#endif
