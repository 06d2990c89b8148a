/* How far a raw scan is, and how long it still takes: from what was sent, what answered, and the
 * pace of this run. Who has answered is not asked again, so silence so far tells how much the later
 * passes will be. */
#ifndef WORMSIGN_SCAN_RAW_LEFT_H
#define WORMSIGN_SCAN_RAW_LEFT_H

#include <stdint.h>
#include "scan/raw_engine.h"

/* How many there are unless all have answered before. */
unsigned raw_passes(const struct raw_settings *settings);

/* After each pass. A host that was asked last in a pass has at least so long to answer; the last
 * pause is the longest, however many there are. */
int64_t raw_pause_us(unsigned pass, unsigned passes);

/* A run, which may go on with a scan of others. */
struct raw_run {
    const struct raw_counts *now;
    struct raw_progress before; /* when this run began */
    unsigned passes;            /* 1..RAW_PASSES */
    double seconds;             /* since then */
};

struct raw_left {
    double share;   /* of all packets of the scan those that were sent, 0..1 */
    double seconds; /* NAN: not known yet */
};

struct raw_left raw_left_of(const struct raw_run *run);

#endif
