/* The ports that we knock from, held so that nobody else on this machine gets them, and so that the
 * kernel says nothing about them.
 *
 * The kernel knows nothing of connections that are opened by hand, and would reset each of them at
 * the first answer. It does not where somebody listens on the port whose filter drops all that
 * comes: what a socket's filter drops is not answered. So no firewall has to be changed, no other
 * privilege is needed, and nothing can be left behind: it ends with the process, however that
 * ends. Datagrams are taken by sockets that nobody reads: no "port unreachable" is sent to who
 * answers. */
#ifndef WORMSIGN_SCAN_RAW_PORTS_H
#define WORMSIGN_SCAN_RAW_PORTS_H

#include <stdint.h>
#include "base/error.h"
#include "scan/raw_plan.h"

enum { RAW_UDP_PORTS = 1024 }; /* so many cookies of a datagram there are */

struct raw_ports;

/* seed: where to look first. NULL with *err where too few are free. */
struct raw_ports *raw_ports_new(uint64_t seed, struct error *err);
void raw_ports_free(struct raw_ports *p); /* NULL is fine */

/* Each of the first's followers is one more. */
uint16_t raw_ports_tcp(const struct raw_ports *p);
uint16_t raw_ports_udp(const struct raw_ports *p);

#endif
