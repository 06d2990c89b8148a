/* The raw network of this machine: one device, packets past the kernel's own protocols (AF_PACKET),
 * out in batches and in through a ring. Needs CAP_NET_RAW. */
#ifndef WORMSIGN_SCAN_RAW_DEVICE_H
#define WORMSIGN_SCAN_RAW_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "scan/raw_network.h"
#include "scan/raw_plan.h"

struct raw_device;

struct raw_device_settings {
    const char *name;        /* of the device; NULL: by the way to the host */
    const uint32_t *towards; /* some of those that are to be asked: the first with a way counts */
    size_t towards_count;
    bool source_given; /* else as the kernel would choose */
    uint32_t source;
    uint64_t seed;
    int64_t (*now_us)(void *context); /* a clock that never goes back */
    void *clock;
};

/* NULL with *err where this machine, its user or the way does not allow it: then sockets do. */
struct raw_device *raw_device_new(const struct raw_device_settings *settings, struct error *err);
void raw_device_free(struct raw_device *d); /* NULL is fine */

const struct raw_network *raw_device_face(const struct raw_device *d);
const char *raw_device_name(const struct raw_device *d);

/* Fills in the plan what is ours: source address and ports. */
void raw_device_plan(const struct raw_device *d, struct raw_plan *plan);

#endif
