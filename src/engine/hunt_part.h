/* What one input came to: counts and evidence, as they are joined with those of other inputs, and
 * as an evidence file keeps them. */
#ifndef WORMSIGN_ENGINE_HUNT_PART_H
#define WORMSIGN_ENGINE_HUNT_PART_H

#include <stdbool.h>
#include <stdint.h>
#include "base/digest.h"
#include "engine/home.h"
#include "report/report.h"
#include "source/source.h"

struct hosts;

struct hunt_part {
    struct input_totals *totals; /* borrowed */
    /* What it is known by: the same input with the same settings counts once. */
    bool digest_known;
    struct digest digest; /* of its bytes as they were read, compressed or not */
    uint64_t size;        /* how many these are */
    int64_t since_us, until_us;
    unsigned sampling;
    uint64_t sites; /* which names were looked for: sites_fingerprint */

    bool opened, recognised, unrecognised;
    struct source_counts counts;
    struct home_counts home;
    uint64_t refused;       /* evidence for which the run that read it had no room */
    uint64_t lost_look_ups; /* for which that run had no memory */
    struct hosts *hosts;    /* its evidence; NULL: it was poured to that of all inputs already */
};

#endif
