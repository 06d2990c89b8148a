/* Ports as nmap's -p writes them: "80,1000-2000", "T:4444,U:5000-", "-" for all; without T: or U:
 * of both protocols. Ports of the worm's black list can be nobody's P2P port: they are left out,
 * and counted. */
#ifndef WORMSIGN_SCAN_PORT_LIST_H
#define WORMSIGN_SCAN_PORT_LIST_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "conficker/ports.h"

enum { PORT_VALUES = 65536 };

struct port_list {
    uint64_t bits[2][PORT_VALUES / 64]; /* by transport */
    unsigned count;                     /* of both together */
    unsigned black_listed;              /* that were named and are left out */
};

/* Ports that nobody can have a reason to open, and on which nothing else is asked: who takes
 * connections or answers there does so anywhere. Others for each seed and host, as ports can be
 * opened to look innocent. TCP first; a TCP control is only connected to.
 *
 * They are drawn from the black-listed ports that IANA assigns to nobody, of which there are 96:
 * 51200-51231, 63584-63615 and 65504-65535. Most of the black list are ports of services, and what
 * listens there may be harmed by what it did not expect: printers print it, controllers stop. */
enum { CONTROLS_TCP = 2, CONTROLS = 3 };
#define CONTROL_RANGES "51200-51231, 63584-63615, 65504-65535"
void port_controls(uint64_t seed, uint32_t host, uint16_t out[static CONTROLS]);

/* False with *err where the text is no list. */
bool port_list_parse(const char *text, struct port_list *out, struct error *err) MUST_CHECK;

void port_list_all(struct port_list *out);

/* A port that is in it already, or is black-listed, changes nothing. */
void port_list_add(struct port_list *l, enum transport transport, uint16_t port);

bool port_list_has(const struct port_list *l, enum transport transport, uint16_t port);

/* How many ports of one protocol. */
unsigned port_list_count(const struct port_list *l, enum transport transport);

/* The first of its ports at or behind *place, TCP before UDP, which moves behind it; *place begins
 * as 0. False when there is none. */
bool port_list_next(const struct port_list *l, uint32_t *place, enum transport *transport,
                    uint16_t *port);

#endif
