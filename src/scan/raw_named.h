/* Ports that are asked of every host besides the usual ones (-p, --all-ports), numbered: the
 * controls first, then those that were named, TCP before UDP. So any of them can be computed from
 * its number, and its number from an answer, and nothing is kept of a host but its state.
 *
 * They are asked in groups of KNOCKS_MAX; a host's group 0 are its usual ports. */
#ifndef WORMSIGN_SCAN_RAW_NAMED_H
#define WORMSIGN_SCAN_RAW_NAMED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "scan/port_list.h"
#include "scan/raw_plan.h"

/* seed: of the controls. NULL without memory. */
struct raw_named *raw_named_new(const struct port_list *ports, uint64_t seed);
void raw_named_free(struct raw_named *n); /* NULL is fine */

/* Ports of a host, with the controls. */
unsigned raw_named_count(const struct raw_named *n);

/* Groups of a host: 1 where no ports were named. */
unsigned raw_groups(const struct raw_plan *plan);

/* The knock at this port of the host, by its number. A TCP control is asked nothing. */
struct knock raw_named_knock(const struct raw_plan *plan, uint32_t host, unsigned number);

/* The number of a port; false when it is none of these. */
bool raw_named_find(const struct raw_plan *plan, uint32_t host, enum transport transport,
                    uint16_t port, unsigned *number);

/* Whether one of the host's usual knocks is at this port, which then is asked by that one alone. */
bool raw_is_usual(const struct knock *usual, size_t count, const struct shot *shot);

/* The knocks of a group but 0, in their places; those that are usual ones have no probe. Returns
 * how many places there are. */
size_t raw_named_group(const struct raw_plan *plan, uint32_t host, unsigned group,
                       const struct knock *usual, size_t usual_count,
                       struct knock out[static KNOCKS_MAX]);

/* How many of the usual knocks are at ports that were named. */
unsigned raw_named_usual(const struct raw_named *n, const struct knock *usual, size_t count);

#endif
