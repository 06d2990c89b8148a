/* What the kernel knows of the way to a host: device, gateway, source address, and who is whose
 * neighbour (rtnetlink). */
#ifndef WORMSIGN_SCAN_RAW_NETLINK_H
#define WORMSIGN_SCAN_RAW_NETLINK_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "wire/build.h"

enum raw_way_kind {
    RAW_WAY_NONE,    /* there is none, or it is forbidden, or leads to nobody */
    RAW_WAY_LOCAL,   /* it is this machine */
    RAW_WAY_OTHER,   /* broadcast and the like */
    RAW_WAY_GATEWAY, /* through a router */
    RAW_WAY_ON_LINK
};

struct raw_way {
    enum raw_way_kind kind;
    int link;         /* number of the device */
    uint32_t gateway; /* RAW_WAY_GATEWAY */
    uint32_t source;  /* the address that the kernel would send from; 0: none told */
};

struct raw_netlink;

struct raw_netlink *raw_netlink_new(struct error *err);
void raw_netlink_free(struct raw_netlink *n); /* NULL is fine */

/* link: only through this device; 0: any. */
struct raw_way raw_netlink_way(struct raw_netlink *n, uint32_t host, int link);

/* The MAC that the kernel has for this neighbour; false where it has none. */
bool raw_netlink_neighbour(struct raw_netlink *n, int link, uint32_t host,
                           uint8_t mac[static MAC_LENGTH]);

/* Tells of each route that is narrower than a /24 by its address. False when they could not all be
 * read. */
bool raw_netlink_narrow(struct raw_netlink *n, void (*tell)(void *context, uint32_t host),
                        void *context);

#endif
