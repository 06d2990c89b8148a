/* How far a scan is and how long it still takes, by one engine or both. Pure. */
#ifndef WORMSIGN_ENGINE_SCAN_FAR_H
#define WORMSIGN_ENGINE_SCAN_FAR_H

#include <stdint.h>
#include "scan/raw_left.h"

/* All through sockets: hosts of which so many are done. */
struct raw_left scan_far_sockets(uint64_t done, uint64_t targets, double seconds);

/* By raw, while sockets ask whom it found and have done so many of them. */
struct raw_left scan_far_both(const struct raw_run *run, uint64_t done, uint64_t targets);

#endif
