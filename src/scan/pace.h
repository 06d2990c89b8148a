/* The pace of sending: at most so many a second, evenly, never making up for lost time by more than
 * PACE_SLACK_US. */
#ifndef WORMSIGN_SCAN_PACE_H
#define WORMSIGN_SCAN_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Waiting is no finer than a millisecond, so what a late waking missed of it may follow at once. */
enum { PACE_SLACK_US = 2000 };

struct pace {
    uint64_t interval_ns; /* 0: no limit */
    int64_t next_ns;
};

/* rate: a second; 0: no limit. */
struct pace pace_of(uint64_t rate);

/* Takes one turn if there is one at this time. */
bool pace_take(struct pace *p, int64_t now_us);

/* When the next turn is, not before now; now itself where there is no limit. */
int64_t pace_next_us(const struct pace *p, int64_t now_us);

#endif
