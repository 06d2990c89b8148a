/* The hosts of a scan: a set of IPv4 addresses made of targets, less what is excluded.
 *
 * Ranges that hold no hosts of anybody's network (loopback, link-local, documentation and the like,
 * RFC 6890) are left out of a target that is wider than them, and kept of one that lies wholly
 * inside: who writes 127.0.0.0/16 means it, who writes 0.0.0.0/0 does not. Multicast, broadcast and
 * 0.0.0.0/8 are never asked: no single host answers there. A host that several targets hold is one
 * host. */
#ifndef WORMSIGN_SCAN_TARGET_SET_H
#define WORMSIGN_SCAN_TARGET_SET_H

#include <stdbool.h>
#include <stdint.h>
#include "scan/target.h"

struct target_set;

/* What was left out of the targets. */
struct targets_left_out {
    uint64_t excluded, reserved, never;
};

/* NULL without memory. */
struct target_set *target_set_new(void);
void target_set_free(struct target_set *s); /* NULL is fine */

void target_set_add(struct target_set *s, const struct target *t);

/* May come before or after the targets that it takes away from. */
void target_set_exclude(struct target_set *s, const struct target *t);

/* After the last target: takes the exclusions away, and returns how many hosts are left. */
uint64_t target_set_close(struct target_set *s, struct targets_left_out *out);

/* The closed set's hosts in ascending order, one a call; false after the last. */
bool target_set_next(struct target_set *s, uint32_t *ipv4);

/* The closed set's first range of hosts without a gap that begins at `from` or later; false when
 * there is none. */
bool target_set_range(const struct target_set *s, uint32_t from, uint32_t *first, uint32_t *last);

/* Leaves no host in it: a set of millions takes room that its user may want back. */
void target_set_empty(struct target_set *s);

/* Begins with the first host again. */
void target_set_rewind(struct target_set *s);

#endif
