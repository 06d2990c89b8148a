/* Whether answers fell away in the middle of a scan: the way there failed, or somebody shut us out,
 * and nothing came back from then on. Silence alone does not show it, as most networks are silent;
 * but units are asked in a random order, so each stretch of the order should answer alike.
 *
 * What is judged are the states at the end, whatever runs and passes they are of: who was missed in
 * an outage and answered later is not missed. Not seen: an outage from the very first unit on, one
 * shorter than a stretch, one before which hardly anybody answered, and a network of less than some
 * thirty hosts. */
#ifndef WORMSIGN_SCAN_RAW_FALL_H
#define WORMSIGN_SCAN_RAW_FALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "scan/raw_units.h"

enum { RAW_STRETCHES = 32 };

/* Units, and those of them of which anything answered. */
struct raw_stretch {
    uint64_t asked, answered;
};

struct raw_fall {
    bool found;
    struct raw_stretch before, within; /* up to where it begins, and from there on */
};

/* Judges stretches in their order; pure. False: they answer alike, or too few do to tell. */
bool raw_fall_between(const struct raw_stretch stretches[static RAW_STRETCHES],
                      struct raw_fall *out);

/* The same of a scan whose last pass is over. Where answers fell, the state is set back behind the
 * first pass: when the scan goes on, who was silent is asked again. */
void raw_fall_find(const struct raw_settings *settings, const struct raw_orders *orders,
                   struct raw_fall *out);

#endif
