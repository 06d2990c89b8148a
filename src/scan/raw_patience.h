/* Waits for a network by which nothing can be sent: a cable that was pulled, a link that goes down
 * and comes back, are no end of a scan of hours. */
#ifndef WORMSIGN_SCAN_RAW_PATIENCE_H
#define WORMSIGN_SCAN_RAW_PATIENCE_H

#include <stdbool.h>
#include "base/error.h"
#include "scan/raw_engine.h"

/* *reason is why nothing can be sent, and stands in counts->stuck while it lasts. True once what
 * was queued has been sent. False when RAW_PATIENCE_S are over, or the face stops it; *reason then
 * is the latest one. Nothing is received meanwhile: this is called in the middle of taking answers
 * in. */
bool raw_patience(const struct raw_network *network, const struct raw_face *face,
                  struct raw_counts *counts, struct error *reason) MUST_CHECK;

#endif
