/* Telling a mirror port's copy of a packet from the packet: the same print within a moment.
 *
 * Time to live, link-layer headers and tags are not in the print, so a copy taken on the other side
 * of a router or in another VLAN is one too. A retransmission is none: it has an identification of
 * its own. The prints of the latest packets stand in a table of fixed size; where one has pushed
 * another out, the copy counts as a packet. */
#ifndef WORMSIGN_OBSERVE_MIRRORS_H
#define WORMSIGN_OBSERVE_MIRRORS_H

#include <stdbool.h>
#include <stdint.h>
#include "observe/packet.h"

enum {
    MIRROR_WINDOW_US = 20 * 1000, /* the same packet again within this time is a mirror's copy */
    MIRROR_PLACES = 4096
};

struct mirrors {
    struct {
        uint64_t print;
        int64_t when_us;
    } kept[MIRROR_PLACES];
};

/* True when the same packet passed a moment ago; else it is remembered. flow_hash: of its two ends,
 * in no order; from: which of them sent it, 0 or 1. A packet without an identification is told from
 * its like by a checksum over a payload, or not at all. */
bool mirrors_hold(struct mirrors *m, const struct packet *p, uint64_t flow_hash, unsigned from);

#endif
