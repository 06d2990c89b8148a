/* What a message tells of who a host is: a name, a MAC, an address, as far as it tells them. DHCP
 * and NetBIOS messages become this, and so do DNS answers. */
#ifndef WORMSIGN_WIRE_TOLD_NAME_H
#define WORMSIGN_WIRE_TOLD_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/reader.h"

enum { TOLD_NAME_SIZE = 64 }; /* with NUL; a longer name ends in "..." */

/* Who tells, the best first: the host itself, then who serves it, then what others call it. */
enum told_kind {
    TOLD_NETBIOS,           /* it said its own name */
    TOLD_DHCP,              /* it said its name to who leased it the address */
    TOLD_DHCP_ASKED,        /* the same, to ask for the address: no answer was seen */
    TOLD_NETBIOS_BY_OTHERS, /* a name server, or a host about another address of its own */
    TOLD_DNS_POINTER,       /* the reverse zone */
    TOLD_DNS,               /* a name that leads to the address */
    TOLD_KINDS
};

enum told_lease {
    LEASE_NONE,
    LEASE_GIVEN, /* from now on */
    LEASE_HELD   /* it had the address already */
};

struct told_name {
    enum told_kind kind;
    enum told_lease lease;
    bool has_address;
    struct address address;
    uint64_t mac;              /* 0: not told */
    char text[TOLD_NAME_SIZE]; /* foreign bytes but NUL; empty: not told */
};

/* The name as it came, without the blanks and dots at its end; a zero within ends it. */
void told_name_set(struct told_name *t, struct reader name);

/* True when a host can have this address: it is not zero, loopback, multicast or broadcast. */
bool told_address_can_be(struct address a);

#endif
