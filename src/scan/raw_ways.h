/* By which way each host is reached from one device: through which router, or directly, and at
 * which MAC; asked of the kernel's routes, and kept by /24.
 *
 * What leads elsewhere (another device, this machine, a broadcast, a forbidden route) is left to
 * sockets: the kernel knows what to do, and what to say. */
#ifndef WORMSIGN_SCAN_RAW_WAYS_H
#define WORMSIGN_SCAN_RAW_WAYS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "scan/raw_netlink.h"
#include "scan/raw_network.h"

enum {
    RAW_GATEWAYS_MAX = 64,       /* hosts behind more go through sockets */
    RAW_NEIGHBOURS_MAX = 1 << 20 /* on-link; more go through sockets */
};

struct raw_ways;

/* bare: a device without MACs. netlink is borrowed. NULL with *err. */
struct raw_ways *raw_ways_new(struct raw_netlink *netlink, int link, bool bare, struct error *err);
void raw_ways_free(struct raw_ways *w); /* NULL is fine */

/* mac: NULL, or where it is written for RAW_REACH_NOW (but for bare devices). */
enum raw_reach raw_ways_reach(struct raw_ways *w, uint32_t host, uint8_t *mac);

/* Whether all of its /24 goes through one router whose place is known. */
bool raw_ways_reach_net(struct raw_ways *w, uint32_t host);

/* Whose MAC is to be asked for to reach the host: its own address, or a router's. False when nobody
 * is to be asked again so soon. */
bool raw_ways_whom(struct raw_ways *w, uint32_t host, int64_t now_us, uint32_t *whom);

/* Somebody said where he is; who was not asked for is passed over. */
void raw_ways_learn(struct raw_ways *w, uint32_t host, const uint8_t mac[static MAC_LENGTH]);

#endif
