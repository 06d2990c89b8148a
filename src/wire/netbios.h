/* NetBIOS over UDP (RFC 1001, 1002), both directions: the name service (port 137), which says who
 * has which name, and the head of its datagrams (port 138), which says who speaks. */
#ifndef WORMSIGN_WIRE_NETBIOS_H
#define WORMSIGN_WIRE_NETBIOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"
#include "base/writer.h"

enum {
    NETBIOS_NAME_PORT = 137,
    NETBIOS_DATAGRAM_PORT = 138,
    NETBIOS_NAME_LENGTH = 15,   /* the 16th byte says what it is the name of */
    NETBIOS_ADDRESSES_MAX = 16, /* kept of one message */
    NETBIOS_OWN_NAMES_MAX = 32  /* kept of one status */
};

enum netbios_suffix {
    NETBIOS_WORKSTATION = 0x00, /* of a group: the domain or workgroup */
    NETBIOS_USER = 0x03,        /* or the computer once more: the messenger service */
    NETBIOS_SERVER = 0x20
};

enum netbios_opcode {
    NETBIOS_QUERY = 0,
    NETBIOS_REGISTER = 5,
    NETBIOS_RELEASE = 6,
    NETBIOS_WAIT = 7,
    NETBIOS_REFRESH = 8,
    NETBIOS_REFRESH_ALSO = 9, /* what some systems send */
    NETBIOS_REGISTER_MORE = 15
};

struct netbios_name {
    uint8_t bytes[NETBIOS_NAME_LENGTH]; /* as they came, blanks at the end too */
    uint8_t suffix;
    bool is_group; /* of many hosts; false where the message does not tell */
};

struct netbios_message {
    uint16_t id; /* of a question, and of its answer */
    bool is_response;
    uint8_t opcode, rcode;
    struct netbios_name name; /* that the record is of */
    unsigned address_count;   /* its owner's, of an address record */
    uint32_t addresses[NETBIOS_ADDRESSES_MAX];
    unsigned own_count; /* of a node status: the names of whoever sent it */
    struct netbios_name own[NETBIOS_OWN_NAMES_MAX];
    uint64_t mac; /* of a node status; 0: not told */
};

/* A message of the name service that has a record. False, *out untouched, where it has none (a
 * question) or none that can be believed. */
bool netbios_parse(struct reader bytes, struct netbios_message *out);

/* Writes the question for a node status: under which names does whoever gets this go? */
void netbios_status_ask(struct writer *w, uint16_t id);

/* The first of its own names that is of this kind; NULL: none. */
const struct netbios_name *netbios_own(const struct netbios_message *m, uint8_t suffix,
                                       bool is_group);

struct netbios_datagram {
    uint32_t source; /* the address that it gives as its own */
    struct netbios_name name;
};

/* The head of a datagram with a sender's name. False, *out untouched: none. */
bool netbios_datagram_parse(struct reader bytes, struct netbios_datagram *out);

/* True for the name of a computer, which a person knows: the one that it works or serves under. */
bool netbios_names_a_host(const struct netbios_name *name);

/* For tests and samples: a name of at most 15 letters, padded by blanks. */
struct netbios_name netbios_name_of(const char *text, uint8_t suffix, bool is_group);

/* Writes a name as it stands in messages, in letters and without a scope. */
void netbios_name_write(struct writer *w, const struct netbios_name *name);

/* Writes a request with a record (registration, refresh), or a response: with own_count a node
 * status, else addresses. w->failed tells. */
void netbios_build(struct writer *w, const struct netbios_message *m);

/* Writes a datagram from this name to the group WORKGROUP, without user data. */
void netbios_datagram_build(struct writer *w, const struct netbios_datagram *d);

#endif
