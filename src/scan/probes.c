/* The table of probes: one row each. */
#include "scan/probe.h"

#include "base/compiler.h"

extern const struct probe probe_p2p;

const struct probe *const probes[] = {&probe_p2p};
const unsigned probe_count = COUNT_OF(probes);
