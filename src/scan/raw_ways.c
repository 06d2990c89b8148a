/* One byte a /24 says what is known of it; where routes differ within a /24, each host is asked of
 * the kernel. Neighbours stand in an open table that doubles. */
#include "scan/raw_ways.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"

enum {
    NETS = 1 << 24,
    NET_UNKNOWN = 0,
    NET_GATEWAY = 1, /* and up to RAW_GATEWAYS_MAX more */
    NET_ON_LINK = 252,
    NET_MIXED,
    NET_SOCKETS,
    ROOM_FIRST = 1024
};

/* One router is not asked more often where he is, whatever the number of hosts behind him. */
#define ASK_AGAIN_US (US_PER_SECOND / 2)

struct neighbour {
    uint32_t host;
    bool taken, known;
    uint8_t mac[MAC_LENGTH];
};

struct gateway {
    uint32_t address;
    int64_t asked_us;
    bool known;
    uint8_t mac[MAC_LENGTH];
};

struct raw_ways {
    struct raw_netlink *netlink;
    int link;
    bool bare;
    uint8_t *nets;
    struct gateway gateways[RAW_GATEWAYS_MAX];
    unsigned gateway_count;
    struct neighbour *neighbours;
    uint32_t count, room;
    uint32_t last_host; /* of a mixed /24, and what it is */
    uint8_t last;
};

static void mark_mixed(void *context, uint32_t host)
{
    struct raw_ways *w = context;
    w->nets[host >> 8] = NET_MIXED;
}

struct raw_ways *raw_ways_new(struct raw_netlink *netlink, int link, bool bare, struct error *err)
{
    struct raw_ways *w = calloc(1, sizeof *w);
    if (w != NULL) {
        *w = (struct raw_ways){.netlink = netlink, .link = link, .bare = bare, .room = ROOM_FIRST};
        w->nets = calloc(NETS, sizeof *w->nets);
        w->neighbours = calloc(ROOM_FIRST, sizeof *w->neighbours);
    }
    if (w == NULL || w->nets == NULL || w->neighbours == NULL)
        (void)fail(err, ERROR_SYSTEM, "no memory for the ways to hosts");
    else if (!raw_netlink_narrow(netlink, mark_mixed, w))
        (void)fail(err, ERROR_SYSTEM, "the kernel does not tell its routes");
    else
        return w;
    raw_ways_free(w);
    return NULL;
}

void raw_ways_free(struct raw_ways *w)
{
    if (w == NULL)
        return;
    free(w->nets);
    free(w->neighbours);
    free(w);
}

/* Its place in the table, or the free one where it would stand. */
static struct neighbour *neighbour_of(struct raw_ways *w, uint32_t host)
{
    uint32_t i = (uint32_t)hash_number(host) & (w->room - 1);
    while (w->neighbours[i].taken && w->neighbours[i].host != host)
        i = (i + 1) & (w->room - 1);
    return &w->neighbours[i];
}

static bool grow(struct raw_ways *w)
{
    struct neighbour *old = w->neighbours;
    uint32_t old_room = w->room;
    struct neighbour *room = calloc((size_t)old_room * 2, sizeof *room);
    if (room == NULL)
        return false;
    w->neighbours = room;
    w->room = old_room * 2;
    for (uint32_t i = 0; i < old_room; i++)
        if (old[i].taken)
            *neighbour_of(w, old[i].host) = old[i];
    free(old);
    return true;
}

/* NULL where there is no room for one more. The kernel may know where he is already. */
static struct neighbour *add_neighbour(struct raw_ways *w, uint32_t host)
{
    struct neighbour *n = neighbour_of(w, host);
    if (n->taken)
        return n;
    if (w->count == RAW_NEIGHBOURS_MAX || (2 * w->count >= w->room && !grow(w)))
        return NULL;
    n = neighbour_of(w, host);
    *n = (struct neighbour){.host = host, .taken = true};
    n->known = raw_netlink_neighbour(w->netlink, w->link, host, n->mac);
    w->count++;
    return n;
}

static uint8_t gateway_number(struct raw_ways *w, uint32_t address)
{
    unsigned i = 0;
    while (i < w->gateway_count && w->gateways[i].address != address)
        i++;
    if (i == RAW_GATEWAYS_MAX)
        return NET_SOCKETS;
    if (i == w->gateway_count) {
        struct gateway *g = &w->gateways[w->gateway_count++];
        *g = (struct gateway){.address = address, .asked_us = TIME_NONE};
        g->known = raw_netlink_neighbour(w->netlink, w->link, address, g->mac);
    }
    return (uint8_t)(NET_GATEWAY + i);
}

static uint8_t ask_kernel(struct raw_ways *w, uint32_t host)
{
    struct raw_way way = raw_netlink_way(w->netlink, host, 0);
    if (way.link != w->link || (way.kind != RAW_WAY_GATEWAY && way.kind != RAW_WAY_ON_LINK))
        return NET_SOCKETS;
    return way.kind == RAW_WAY_ON_LINK ? NET_ON_LINK : gateway_number(w, way.gateway);
}

static uint8_t what_is(struct raw_ways *w, uint32_t host)
{
    uint8_t *net = &w->nets[host >> 8];
    if (*net == NET_UNKNOWN)
        *net = ask_kernel(w, host);
    if (*net != NET_MIXED)
        return *net;
    if (w->last == NET_UNKNOWN || w->last_host != host) {
        w->last = ask_kernel(w, host);
        w->last_host = host;
    }
    return w->last;
}

static enum raw_reach reach_by(bool known, const uint8_t from[static MAC_LENGTH], uint8_t *mac)
{
    if (!known)
        return RAW_REACH_UNKNOWN;
    if (mac != NULL)
        memcpy(mac, from, MAC_LENGTH);
    return RAW_REACH_NOW;
}

enum raw_reach raw_ways_reach(struct raw_ways *w, uint32_t host, uint8_t *mac)
{
    uint8_t what = what_is(w, host);
    if (what == NET_SOCKETS)
        return RAW_REACH_SOCKETS;
    if (w->bare)
        return RAW_REACH_NOW;
    if (what == NET_ON_LINK) {
        const struct neighbour *n = add_neighbour(w, host);
        return n == NULL ? RAW_REACH_SOCKETS : reach_by(n->known, n->mac, mac);
    }
    const struct gateway *g = &w->gateways[what - NET_GATEWAY];
    return reach_by(g->known, g->mac, mac);
}

bool raw_ways_reach_net(struct raw_ways *w, uint32_t host)
{
    uint8_t what = what_is(w, host);
    return w->nets[host >> 8] != NET_MIXED && what != NET_ON_LINK &&
           (w->bare || what == NET_SOCKETS || w->gateways[what - NET_GATEWAY].known);
}

bool raw_ways_whom(struct raw_ways *w, uint32_t host, int64_t now_us, uint32_t *whom)
{
    uint8_t what = what_is(w, host);
    *whom = host;
    if (what == NET_ON_LINK)
        return true;
    if (what == NET_SOCKETS)
        return false;
    struct gateway *g = &w->gateways[what - NET_GATEWAY];
    if (g->asked_us != TIME_NONE && now_us - g->asked_us < ASK_AGAIN_US)
        return false;
    g->asked_us = now_us;
    *whom = g->address;
    return true;
}

void raw_ways_learn(struct raw_ways *w, uint32_t host, const uint8_t mac[static MAC_LENGTH])
{
    struct neighbour *n = neighbour_of(w, host);
    if (n->taken) {
        memcpy(n->mac, mac, MAC_LENGTH);
        n->known = true;
    }
    for (unsigned i = 0; i < w->gateway_count; i++) {
        if (w->gateways[i].address != host)
            continue;
        memcpy(w->gateways[i].mac, mac, MAC_LENGTH);
        w->gateways[i].known = true;
    }
}
