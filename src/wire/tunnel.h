/* Packets inside packets: GRE (RFC 2784, 2890; PPTP's version 1, RFC 2637) and VXLAN (RFC 7348).
 *
 * Each steps over the tunnel's header and everything in front of the inner IP header. IP in IP (RFC
 * 2003, 4213) needs nothing: the inner header stands at once. */
#ifndef WORMSIGN_WIRE_TUNNEL_H
#define WORMSIGN_WIRE_TUNNEL_H

#include "wire/link.h"

enum { VXLAN_PORT = 4789 };

enum network gre_open(struct reader *r);
enum network vxlan_open(struct reader *r);

#endif
