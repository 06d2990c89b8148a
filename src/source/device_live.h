/* An interface of this machine: its packets as they pass, by libpcap, as a capture that does not
 * end.
 *
 * An interface that cannot be opened at the start is given up at once, with what is lacking; one
 * that went away later is waited for, and opened again. What the kernel let go of, because it came
 * faster than it was read, is counted (pcap_stats). */
#ifndef WORMSIGN_SOURCE_DEVICE_LIVE_H
#define WORMSIGN_SOURCE_DEVICE_LIVE_H

#include <stdbool.h>
#include "source/live.h"

struct device {
    const char *name;   /* of the interface, or "any"; borrowed */
    const char *filter; /* in the words of pcap-filter(7), borrowed; NULL: none */
    unsigned attempts;  /* in a row to open it again, after which it is given up; 0: never */
};

/* Of struct device. */
extern const struct live_kind live_device;

/* Whether libpcap knows this filter, by the links of Ethernet. */
bool device_filter_check(const char *filter, struct error *err) MUST_CHECK;

#endif
