/* Time as pcapng counts it: 64-bit units of 10^-n or 2^-n seconds from an offset in seconds, made
 * into microseconds without overflow for every n that can be told. Rounds down to the microsecond.
 * */
#ifndef WORMSIGN_SOURCE_CAPTURE_TIME_H
#define WORMSIGN_SOURCE_CAPTURE_TIME_H

#include <stdbool.h>
#include <stdint.h>
#include "source/capture_format.h"

/* Exponents beyond these make units that 64 bits cannot tell from zero seconds. */
enum { CAPTURE_TIME_DECIMAL_MAX = 19, CAPTURE_TIME_BINARY_MAX = 63 };

/* True when the interface's resolution is one that we can turn into time. */
bool capture_time_is_known(const struct pcapng_interface *interface);

/* The time of so many units; TIME_NONE where the interface's time is not known. Outside the years 0
 * to 9999 the nearest end, counted in notes->clipped_times. */
int64_t capture_time(const struct pcapng_interface *interface, uint64_t units,
                     struct capture_notes *notes);

/* The nanoseconds of so many units beyond their microsecond: 0 to 999. */
uint16_t capture_time_rest_ns(const struct pcapng_interface *interface, uint64_t units);

/* True when the interface tells time more finely than microseconds. */
bool capture_time_is_fine(const struct pcapng_interface *interface);

#endif
