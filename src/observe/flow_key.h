/* What a flow is known by: a hash that is the same for both directions, and which end sent.
 *
 * Each end is one number; their product, folded, does not ask for their order, and unlike a sum it
 * is not the same again when one end's port goes up and the other's down, as in a port scan. */
#ifndef WORMSIGN_OBSERVE_FLOW_KEY_H
#define WORMSIGN_OBSERVE_FLOW_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/compiler.h"
#include "observe/packet.h"

__extension__ typedef unsigned __int128 flow_key_product;

struct flow_key {
    uint64_t hash;
    unsigned from; /* 0 or 1: which end sent this packet; the lower address, then port, is 0 */
    unsigned at;   /* for the flow table: where its tag stood in its bucket when looked for */
};

/* Host, network and port go to different bits, so that they cannot make up for each other. */
static ALWAYS_INLINE uint64_t flow_end_number(struct address a, uint16_t port)
{
    return ((a.low ^ (uint64_t)port << 48) + a.high * UINT64_C(0x9e3779b97f4a7c15)) ^
           UINT64_C(0xa0761d6478bd642f);
}

static ALWAYS_INLINE unsigned flow_from_of(const struct packet *p)
{
    if (MOSTLY(p->from.low != p->to.low))
        return p->from.low > p->to.low;
    if (p->from.high != p->to.high)
        return p->from.high > p->to.high;
    return p->port_from > p->port_to;
}

static ALWAYS_INLINE struct flow_key flow_key_of(const struct packet *p)
{
    flow_key_product product = (flow_key_product)flow_end_number(p->from, p->port_from) *
                               flow_end_number(p->to, p->port_to);
    uint64_t folded = (uint64_t)(product >> 64) ^ (uint64_t)product;
    uint64_t hash = (folded + p->protocol) * UINT64_C(0xbf58476d1ce4e5b9);
    return (struct flow_key){hash ^ hash >> 31, flow_from_of(p), 0};
}

/* Flows of one class meet in the same bucket of a flow table, so a table that is shown but a part
 * of the classes treats these as if it were shown all. */
enum { FLOW_CLASSES = 256 };

static ALWAYS_INLINE unsigned flow_share_of(uint64_t hash, unsigned shares)
{
    return (unsigned)(hash % FLOW_CLASSES) % shares;
}

/* Only TCP and UDP have flows, and a bare acknowledgement says nothing that counts. */
static ALWAYS_INLINE bool packet_has_flow(const struct packet *p)
{
    bool says = (p->payload.left > 0) | ((p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) != 0);
    return ((p->protocol == IP_TCP) & says) | (p->protocol == IP_UDP);
}

#endif
