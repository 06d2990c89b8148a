/* Who only passes on: the same key sent by one host and, within a minute and later, by another.
 *
 * A NAT or proxy that a capture sees on both sides repeats its clients' flows and messages.
 * Detectors that keep a trail of the keys a host sent are asked for it; where at least half of a
 * host's keys, and at least RELAYED_MIN, were another's before, what it shows is another's. */
#ifndef WORMSIGN_ENGINE_RELAYS_H
#define WORMSIGN_ENGINE_RELAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "evidence/hosts.h"

enum { RELAYED_MIN = 2 };

/* Sets bit d of relayed[i] where host-day i passes on what detector d saw. The array is the
 * caller's, zeroed. False when there is no memory. */
bool relays_find(struct host_day *const *days, size_t count, uint16_t *relayed);

#endif
