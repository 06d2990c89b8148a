/* The inverse of the port generator: which addresses would open these ports?
 *
 * The pair (TCP 1, UDP 1) leaves on average 1.35 of all IPv4 addresses, and 99.44 % of the private
 * ones are alone with theirs; with the second pair and its week the answer is one address. So four
 * ports seen outside give away who is behind a NAT, and four published ports give away an
 * address. */
#ifndef WORMSIGN_CONFICKER_UNMASK_H
#define WORMSIGN_CONFICKER_UNMASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "conficker/ports.h"

/* Ports that are known; 0 is "not known". The second pair counts only with has_week. tcp[0] and
 * udp[0] are the fixed ones. */
struct unmask_query {
    struct p2p_ports ports;
    uint32_t week;
    bool has_week;
};

/* True when an infected host at this address would open all the ports that the query knows, by
 * either reading. */
bool unmask_fits(const struct unmask_query *query, uint32_t ipv4);

/* Calls found(context, ipv4) for every address from first to last (both included) that fits,
 * ascending. A caller that wants progress asks for a range at a time. Pure: no state outlives the
 * call. */
void unmask_range(const struct unmask_query *query, uint32_t first, uint32_t last,
                  void (*found)(void *context, uint32_t ipv4), void *context);

enum { UNMASK_PORTS_LEAST = 2, UNMASK_PORT_BYTES = (1 << 16) / 8 };

/* Ports that were seen, perhaps of several hosts, of which it is not known which are fixed. All
 * zero: none. */
struct unmask_seen {
    uint8_t bits[2][UNMASK_PORT_BYTES]; /* by enum transport */
    const uint32_t *weeks;              /* in which they were; borrowed */
    size_t week_count;
};

void unmask_seen_add(struct unmask_seen *seen, enum transport transport, uint16_t port);

/* Calls found(context, ipv4) for every address from first to last, ascending, whose host would open
 * at least UNMASK_PORTS_LEAST of these ports in these weeks together, and for a few others: one in
 * 14,000 a week. All of RFC 1918 takes about 0.15 s, and as much again for each week. */
void unmask_near(const struct unmask_seen *seen, uint32_t first, uint32_t last,
                 void (*found)(void *context, uint32_t ipv4), void *context);

#endif
