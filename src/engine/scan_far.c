/* Sockets ask many hosts at once, so few that are done say nothing of the pace. Beside raw they end
 * after it only where many hosts have something to say: then those who wait for them, and those
 * that the rest of the first pass will find, take as long as others took. */
#include "engine/scan_far.h"

#include <math.h>

enum { SECONDS_LEAST = 2, DONE_LEAST = 8, WAITING_LEAST = 64 };

struct raw_left scan_far_sockets(uint64_t done, uint64_t targets, double seconds)
{
    struct raw_left left = {.share = 0, .seconds = (double)NAN};
    if (targets == 0 || done > targets)
        return left;
    left.share = (double)done / (double)targets;
    if (seconds >= SECONDS_LEAST && done >= DONE_LEAST)
        left.seconds = (double)(targets - done) * seconds / (double)done;
    return left;
}

struct raw_left scan_far_both(const struct raw_run *run, uint64_t done, uint64_t targets)
{
    const struct raw_progress *p = &run->now->progress;
    struct raw_left left = raw_left_of(run);
    double found = (double)run->now->found, waiting = found - (double)done;
    if (p->pass == 0 && p->place > 0)
        waiting += found * (double)(run->now->places - p->place) / (double)p->place;
    if (left.share >= 1 && waiting > 0) {
        left.share = 1 - fmin(1, waiting / (double)targets);
        left.seconds = (double)NAN;
    }
    if (waiting >= WAITING_LEAST && done >= DONE_LEAST && run->seconds >= SECONDS_LEAST)
        left.seconds = fmax(left.seconds, waiting * run->seconds / (double)done); /* of NAN: this */
    return left;
}
