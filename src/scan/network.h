/* The network as an engine sees it: connections that are opened, written, read and closed, and a
 * wait until something happens or a time has come.
 *
 * The real one is network_sockets.c; tests play one on a made-up clock. Nothing here blocks but
 * `wait`. What a local trouble is (no descriptor, no route) never looks like an answer of the host:
 * it comes as NET_FULL or NET_LOCAL with its cause. */
#ifndef WORMSIGN_SCAN_NETWORK_H
#define WORMSIGN_SCAN_NETWORK_H

#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "evidence/check.h"
#include "scan/probe.h"

enum net_result {
    NET_DONE,
    NET_WAIT, /* not yet: there will be an event */
    NET_REFUSED,
    NET_RESET,
    NET_CLOSED,      /* the other side has said all it will say */
    NET_TIMEOUT,     /* the kernel gave up */
    NET_UNREACHABLE, /* the network says so */
    NET_FULL,        /* something local has run out, and will come back: cause */
    NET_LOCAL        /* it cannot be done from here: cause */
};

struct net_reply {
    enum net_result result;
    enum check_cause cause; /* NET_FULL, NET_LOCAL */
    size_t size;            /* NET_DONE of receive: bytes, at least one */
};

struct network {
    void *context;
    /* A clock that never goes back. */
    int64_t (*now_us)(void *context);
    /* Opens towards the shot's host and port (a datagram to port 0: for ICMP echoes); events come
     * with this id. NET_DONE: can be written;
     * NET_WAIT: not yet. *handle is set in these two cases only. */
    struct net_reply (*open)(void *context, const struct shot *to, uint32_t id, int *handle);
    /* All of it or nothing. NET_WAIT: not connected yet. */
    struct net_reply (*send)(void *context, int handle, const uint8_t *bytes, size_t size);
    struct net_reply (*receive)(void *context, int handle, uint8_t *bytes, size_t room);
    void (*close)(void *context, int handle);
    /* Waits until there are events, a signal came, or this time (INT64_MAX: without end); returns
     * how many ids it wrote. Each event may be the last that is told of what has come so far: read
     * until NET_WAIT. */
    size_t (*wait)(void *context, int64_t until_us, uint32_t *ids, size_t room);
};

/* The network of this machine. The clock must never go back; it is handed in, as no library code
 * reads one. */
struct socket_network;
struct socket_network *socket_network_new(int64_t (*now_us)(void *context), void *context,
                                          struct error *err);
const struct network *socket_network_face(const struct socket_network *n);
void socket_network_free(struct socket_network *n); /* NULL is fine */

#endif
