/* The names of ports and of IP protocols, from a list of our own: no result depends on the tables
 * of the machine, and nothing is asked of it. */
#ifndef WORMSIGN_WIRE_ASSIGNED_NAMES_H
#define WORMSIGN_WIRE_ASSIGNED_NAMES_H

#include <stdbool.h>
#include <stdint.h>

/* The port of a service ("domain", "netbios-ns"), as protocol (6: TCP, 17: UDP; 0: either) has
 * it. */
bool service_port(const char *name, uint8_t protocol, uint16_t *port);

/* NULL: it has none. */
const char *service_name(uint16_t port, uint8_t protocol);

/* "tcp", "ipv6-icmp" (also "icmp6"), "gre". */
bool protocol_number(const char *name, uint8_t *number);
const char *protocol_name(uint8_t number);

#endif
