/* A network as the raw engine sees it: IPv4 packets out and in, without connections.
 *
 * The real one is raw_device.c; tests play one on a made-up clock. */
#ifndef WORMSIGN_SCAN_RAW_NETWORK_H
#define WORMSIGN_SCAN_RAW_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/reader.h"

enum raw_reach {
    RAW_REACH_NOW,
    RAW_REACH_UNKNOWN, /* a neighbour of whom it is not known where he is: look_for */
    RAW_REACH_SOCKETS  /* not by this way: through the kernel */
};

struct raw_network_counts {
    uint64_t dropped; /* packets that came faster than they were read */
    uint64_t full;    /* times that there was no room to send, and it was waited for */
};

struct raw_network {
    void *context;
    /* A clock that never goes back. */
    int64_t (*now_us)(void *context);
    enum raw_reach (*reach)(void *context, uint32_t host);
    /* Whether all hosts of its /24 are reached now, by the same way. */
    bool (*reaches_net)(void *context, uint32_t host);
    /* Asks where the neighbour is; the answer is taken in by receive. */
    bool (*look_for)(void *context, uint32_t host, struct error *err);
    /* Puts a packet among those that are sent next; to a host that is reached now. All three are
     * false with *err when nothing can be sent; what was put there is kept, and nothing more may be
     * put there until flush is true. */
    bool (*send)(void *context, uint32_t host, const uint8_t *packet, size_t size,
                 struct error *err);
    bool (*flush)(void *context, struct error *err);
    /* The next IPv4 packet that came, borrowed until the next call; false when there is none. */
    bool (*receive)(void *context, struct reader *packet);
    /* Waits until packets came or this time. */
    void (*wait)(void *context, int64_t until_us);
    void (*counts)(void *context, struct raw_network_counts *out);
    /* The last call of a scan: nothing more is sent, received or asked of it. */
    void (*done)(void *context);
};

#endif
