/* DNS messages (RFC 1035), both directions: a bounded parser and what the tests need to build one.
 *
 * Names come out lower-cased, dotted, without the final dot; bytes that are no letters, digits,
 * hyphens or underscores stay as they are and must be escaped on output. A dot inside a label is
 * written as the byte 0xFF, so that it cannot pass for a separator. Compression is followed
 * backwards only, and at most DNS_POINTERS_MAX times a name. */
#ifndef WORMSIGN_WIRE_DNS_H
#define WORMSIGN_WIRE_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/reader.h"
#include "base/writer.h"

enum {
    DNS_NAME_MAX = 255,     /* bytes of a name in text, without NUL */
    DNS_NAMES_MAX = 8,      /* names kept of one message */
    DNS_ADDRESSES_MAX = 16, /* addresses kept of one message */
    DNS_RECORDS_MAX = 512,  /* records walked in one message */
    DNS_POINTERS_MAX = 32
};

enum dns_type {
    DNS_TYPE_A = 1,
    DNS_TYPE_NS = 2,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_PTR = 12,
    DNS_TYPE_AAAA = 28
};
enum dns_rcode { DNS_NOERROR = 0, DNS_SERVFAIL = 2, DNS_NXDOMAIN = 3, DNS_REFUSED = 5 };

struct dns_name {
    uint16_t type;  /* what was asked */
    uint8_t length; /* of text */
    char text[DNS_NAME_MAX + 1];
};

struct dns_message {
    uint16_t id;
    bool is_response;
    uint8_t opcode, rcode;
    /* What was asked; in a response without a question section, the distinct owner names of the
     * answers. */
    unsigned name_count;
    struct dns_name names[DNS_NAMES_MAX];
    bool names_from_answers;
    unsigned address_count; /* A and AAAA data of the answers */
    struct address addresses[DNS_ADDRESSES_MAX];
    bool has_pointer; /* an answer is a PTR record, and the first of them leads to: */
    struct dns_name pointer;
    bool cut; /* the message ended early, or had more than is kept; what is here is sound */
};

/* Parses a message. False, *out untouched, when not even the header and one name can be believed. A
 * message that is cut later is kept as far as it goes. */
bool dns_parse(struct reader bytes, struct dns_message *out);

/* On TCP each message follows its length. Takes the next whole message off *stream; false when
 * there is no whole one (a cut one at the end is given too, when `take_cut`). */
bool dns_stream_next(struct reader *stream, bool take_cut, struct reader *message);

/* Of datagrams that stand one behind the other with nothing between: takes the first message off
 * *messages, as far as its own counts say; false when there is no whole one. */
bool dns_next(struct reader *messages, struct reader *message);

/* Cheap gate in front of dns_parse: a header whose counts and opcode can be. */
bool dns_may_be(struct reader bytes);

/* Writes a question for name ("www.example.com", any case), or the response to it: rcode, and one A
 * record where address is not NULL (IPv4, numeric). For tests, samples and probes. w->failed
 * tells. */
void dns_build(struct writer *w, uint16_t id, const char *name, uint16_t type, bool is_response,
               uint8_t rcode, const uint32_t *address);

#endif
