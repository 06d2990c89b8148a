/* Timers: one a thing, by the thing's number; the next one due is found at once.
 *
 * Things are numbered 0..count-1. Setting a timer that runs moves it. */
#ifndef WORMSIGN_SCAN_TIMERS_H
#define WORMSIGN_SCAN_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timers;

/* NULL without memory. */
struct timers *timers_new(uint32_t count);
void timers_free(struct timers *t); /* NULL is fine */

void timers_set(struct timers *t, uint32_t thing, int64_t when_us);
void timers_stop(struct timers *t, uint32_t thing); /* one that does not run is fine */

/* Stops the next timer that is due at this time and tells whose it was; false where none is. */
bool timers_due(struct timers *t, int64_t now_us, uint32_t *thing);

/* When the next one is due; INT64_MAX where none runs. */
int64_t timers_next_us(const struct timers *t);

#endif
