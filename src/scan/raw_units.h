/* In which order the raw engine asks: unit by unit, which is a host, or one group of the ports of a
 * host where ports are named.
 *
 * Units come in a keyed order of their own, so that no host is sent all its packets at once while
 * there are others, and all of them are asked evenly. Which hosts are a shard's, the order of hosts
 * says, for units of one host asked by two machines would be two halves of a verdict. */
#ifndef WORMSIGN_SCAN_RAW_UNITS_H
#define WORMSIGN_SCAN_RAW_UNITS_H

#include <stdbool.h>
#include <stdint.h>
#include "scan/order.h"
#include "scan/raw_plan.h"

struct raw_settings;

struct raw_orders {
    struct order hosts, units;
    unsigned groups; /* of a host */
};

struct raw_unit {
    uint32_t host;
    unsigned group;
    uint64_t number; /* of the host */
    uint64_t place;  /* in the order of units */
    uint64_t state;  /* where its knocks stand in the state */
};

struct raw_orders raw_orders_of(const struct raw_settings *settings);

/* Hosts that this shard asks. */
uint64_t raw_places(const struct raw_settings *settings);

/* The host at this place of the shard, and its number. */
uint32_t raw_host_at(const struct raw_settings *settings, const struct order *order, uint64_t place,
                     uint64_t *number);

/* Units that this shard asks. */
uint64_t raw_units(const struct raw_settings *settings);

/* The unit at this place, below the count. */
struct raw_unit raw_unit_at(const struct raw_settings *settings, const struct raw_orders *orders,
                            uint64_t place);

/* The place of a group of the host with this number, which is one of this shard. */
uint64_t raw_unit_place(const struct raw_settings *settings, const struct raw_orders *orders,
                        uint64_t number, unsigned group);

/* The time as at which the host with this number is asked: that of its group 0, in all passes that
 * of the first. */
int64_t raw_when(const struct raw_settings *settings, const struct raw_orders *orders,
                 uint64_t number);

/* The usual knocks of the host with this number as of its time; KNOCKS_MAX + 1 where there are
 * more. */
size_t raw_usual_knocks(const struct raw_settings *settings, const struct raw_orders *orders,
                        uint32_t host, uint64_t number, struct knock out[static KNOCKS_MAX]);

/* The knocks of a unit, in their places; those without a probe are asked in group 0. KNOCKS_MAX + 1
 * where the host has more usual ones. */
size_t raw_unit_knocks(const struct raw_settings *settings, const struct raw_orders *orders,
                       const struct raw_unit *unit, struct knock out[static KNOCKS_MAX]);

/* How many of them there are. */
size_t raw_count_knocks(const struct knock *knocks, size_t count);

/* Which knock of a host's group 0 is KNOCK_ANSWERED to say that the host is for sockets whatever
 * its knocks came to, as it is reached otherwise or has more than there is room for. Where ports
 * are named it is one that hardly any host has; who has it all the same is asked through sockets,
 * on all ports. */
unsigned raw_sockets_mark(const struct raw_settings *settings);
bool raw_is_for_sockets(const struct raw_settings *settings, uint64_t number);

/* Whether the host sent an echo back, where that is asked of it. */
bool raw_host_echoed(const struct raw_settings *settings, const struct raw_orders *orders,
                     uint32_t host, uint64_t number);

/* Where ports are named: whether the host has said something, and is to be handed over. Before the
 * end that is only when it has answered on all of them. */
bool raw_host_is_ripe(const struct raw_settings *settings, const struct raw_orders *orders,
                      uint32_t host, uint64_t number, bool at_end);

#endif
