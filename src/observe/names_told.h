/* Datagrams that tell who a host is: DHCP and NetBIOS, by the ports they come from. */
#ifndef WORMSIGN_OBSERVE_NAMES_TOLD_H
#define WORMSIGN_OBSERVE_NAMES_TOLD_H

#include "base/compiler.h"
#include "observe/observation.h"
#include "observe/packet.h"
#include "wire/dhcp.h"
#include "wire/netbios.h"

/* Both sides of both protocols send from their own ports: so a look at one port is enough. */
static ALWAYS_INLINE bool tells_names(const struct packet *p)
{
    return p->port_from <= NETBIOS_DATAGRAM_PORT &&
           (p->port_from >= NETBIOS_NAME_PORT || p->port_from == DHCP_SERVER_PORT ||
            p->port_from == DHCP_CLIENT_PORT);
}

/* Pours what this datagram, for which tells_names holds, tells of names: an observation each.
 * `datagram` is the observation of the datagram itself. */
void names_told_pour(const struct packet *p, const struct observation *datagram, struct sink *to);

#endif
