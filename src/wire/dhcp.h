/* DHCP for IPv4 (RFC 2131, options of RFC 2132, the full name of RFC 4702), both directions: who
 * asks for an address under which name, and who got which. */
#ifndef WORMSIGN_WIRE_DHCP_H
#define WORMSIGN_WIRE_DHCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"
#include "base/writer.h"

enum {
    DHCP_SERVER_PORT = 67,
    DHCP_CLIENT_PORT = 68,
    DHCP_NAME_MAX = 255, /* bytes of a name: what an option holds */
    DHCP_OPTIONS_MAX = 256
};

enum dhcp_type {
    DHCP_DISCOVER = 1,
    DHCP_OFFER = 2,
    DHCP_REQUEST = 3,
    DHCP_DECLINE = 4,
    DHCP_ACK = 5,
    DHCP_NAK = 6,
    DHCP_RELEASE = 7,
    DHCP_INFORM = 8
};

struct dhcp_message {
    bool is_reply;
    uint8_t type;        /* enum dhcp_type, or another that is not known here */
    uint64_t mac;        /* 0: not Ethernet, or not told */
    uint32_t client;     /* ciaddr: the address that the client says it has; 0: none */
    uint32_t yours;      /* yiaddr: the address that it gets */
    uint32_t requested;  /* option 50 */
    struct reader name;  /* option 12, borrowed; as it came */
    uint8_t full_length; /* of option 81, dotted; 0: none */
    char full_name[DHCP_NAME_MAX + 1];
};

/* False, *out untouched, when it is not DHCP: no cookie or no message type. Options that are cut
 * are no damage: what came before them counts. */
bool dhcp_parse(struct reader bytes, struct dhcp_message *out);

/* Writes a message of this type, for tests and samples: is_reply, type, mac, addresses, name, and
 * full_name (as plain text) where they are set. w->failed tells. */
void dhcp_build(struct writer *w, const struct dhcp_message *m);

#endif
