/* Which addresses are ours: the networks given by --home, or the private ones.
 *
 * Where most traffic is of one other network, somebody looks at a public network without naming it:
 * the busiest is remembered, so that the summary can name the option. */
#ifndef WORMSIGN_ENGINE_HOME_H
#define WORMSIGN_ENGINE_HOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"

enum {
    HOME_CANDIDATES = 16,
    HOME_SUMS_MAX = 256,
    HOME_ALL_LOOKED_AT = 4096, /* the first flows are all looked at, */
    HOME_LOOKED_AT = 8         /* of the others one in so many: a share needs no more */
};

struct home_candidate {
    struct prefix net; /* /16 of IPv4, /48 of IPv6 */
    uint64_t count;
};

/* Of one input. */
struct home_counts {
    uint64_t begun, looked_at;
    struct home_candidate candidates[HOME_CANDIDATES]; /* heavy hitters (Misra and Gries 1982) */
};

struct home {
    const struct prefix *nets; /* borrowed */
    size_t net_count;
    struct home_counts now; /* of the input that is read */
    /* The sums over those before: the same whatever their order, unless the sums are more. */
    uint64_t looked_at;
    size_t sum_count;
    struct home_candidate sums[HOME_SUMS_MAX];
};

/* nets NULL: RFC 1918, RFC 6598, link-local (v4, v6) and ULA. */
void home_init(struct home *h, const struct prefix *nets, size_t net_count);

bool home_holds(const struct home *h, struct address a);

/* True for addresses of the private networks, whatever is home. */
bool home_is_private(struct address a);

/* Notes that this address began a flow. */
void home_note(struct home *h, struct address client);

/* Adds what an input came to, here or in another run. */
void home_add(struct home *h, const struct home_counts *of);

/* The input ends: *out is what it came to, and is not added yet. */
void home_end_input(struct home *h, struct home_counts *out);

/* True, and *net the busiest other network, when it began more than half of all flows. */
bool home_is_elsewhere(const struct home *h, struct prefix *net);

#endif
