/* The P2P ports of variants D and E, as pure functions of address and week.
 *
 * An infected host listens on four ports, two TCP and two UDP. The first of each depends on its
 * IPv4 address alone, the second also on the week, which changes on Monday 00:00 UTC. A black list
 * keeps 9,152 well-known ports out, among them every port below 2112.
 *
 * Two readings exist of how the second pair is drawn again: nmap and SiLK redraw it by the rules of
 * the first pair; SRI's source redraws it also while any port of it equals any port of the first
 * pair (1 address-week in about 14,300 differs). Judges accept both.
 *
 * Source: nmap's p2p-conficker.nse, SRI's Conficker_C_P2P_Scanner.c, SiLK's conficker-c.c, as
 * facts; vectors in tests/vectors/ports.tsv, ports-two-readings.tsv, blacklisted_ports.txt. */
#ifndef WORMSIGN_CONFICKER_PORTS_H
#define WORMSIGN_CONFICKER_PORTS_H

#include <stdbool.h>
#include <stdint.h>

enum transport { TRANSPORT_TCP, TRANSPORT_UDP };

enum ports_reading { READING_NMAP, READING_SRI };

struct p2p_ports {
    uint16_t tcp[2]; /* [0] fixed for the address, [1] of the week */
    uint16_t udp[2];
};

enum { PORT_LOWEST = 2112, PORTS_USABLE = 56384 };

/* A pair is drawn in at most so many rounds; then its two ports are 0, which is no port of anybody.
 * No first pair needs more than 18, nor does any second pair of week 2967: all 2^32 addresses were
 * tried. */
enum { PORT_ROUNDS_MAX = 1000 };

/* The week number of a time: floor((seconds since 1970 - 345600) / 604800). Week 2050 began on
 * Monday 2009-04-20 00:00 UTC. Times before 1970-01-05 are week 0. */
uint32_t week_of(int64_t when_us);

/* The Monday 00:00 UTC on which a week begins; INT64_MAX for the weeks that begin after it. */
int64_t week_start_us(uint32_t week);

/* The other week whose ports may be met at this time: within 24 hours of Monday 00:00 UTC the week
 * before or after, else the week itself. Clocks are wrong by less. */
uint32_t week_neighbour(int64_t when_us);

/* True for ports that no address can own: those of the black list. One table look-up. */
bool port_is_blacklisted(uint16_t port);

/* The four ports of an address (numeric, first octet highest) in a week. */
struct p2p_ports ports_predicted_for(uint32_t ipv4, uint32_t week, enum ports_reading reading);

/* By either reading, each at its number: they differ for one address of 14,000, so that both cost
 * hardly more than one. */
void ports_predicted_by_both(uint32_t ipv4, uint32_t week, struct p2p_ports out[static 2]);

/* The first pair alone, which no week changes: at half the cost. */
void ports_fixed_for(uint32_t ipv4, uint16_t *tcp, uint16_t *udp);

/* True when an infected host at this address would listen on the port at this time, by either
 * reading, in the week of the time or its neighbour. The cheap black-list test comes first. Without
 * a time (TIME_NONE) only the first pair counts. */
bool port_is_predicted(uint32_t ipv4, enum transport transport, uint16_t port, int64_t when_us);

#endif
