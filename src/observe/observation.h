/* An observation: something seen on a network at a time. The one noun that every source makes and
 * every detector reads.
 *
 * Its two ends are client (who began) and server. What a source cannot know is marked absent, never
 * guessed: where client_known is false the two ends stand in no order, and a detector that must
 * know who began looks away. Everything borrowed lives until the sink returns. */
#ifndef WORMSIGN_OBSERVE_OBSERVATION_H
#define WORMSIGN_OBSERVE_OBSERVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/reader.h"

struct dns_message;
struct flow_record;
struct http_message;
struct told_name;

enum observation_kind {
    OBSERVED_BEGIN,   /* a flow began: client tried to reach server */
    OBSERVED_PAYLOAD, /* a datagram, or the head of a stream as far as it has come */
    OBSERVED_ANSWER,  /* the server answered a flow for the first time: it is there, and open */
    OBSERVED_DNS,     /* one DNS message between the two */
    OBSERVED_HTTP,    /* the head of an HTTP request or response, the first of its stream */
    OBSERVED_REFUSED, /* the server reset the connection instead of answering, where it is wanted */
    OBSERVED_NAME,    /* a DHCP or NetBIOS message tells who a host is */
    OBSERVATION_KINDS
};

struct endpoint {
    struct address address;
    uint16_t port;
};

struct observation {
    enum observation_kind kind;
    uint8_t protocol; /* IP protocol number: enum ip_protocol */
    bool client_known;
    bool by_client; /* PAYLOAD, DNS, HTTP: the client sent it */
    int64_t when_us;
    struct endpoint client, server;

    /* OBSERVED_PAYLOAD. bytes: the datagram, or the stream from its first byte to the first gap. */
    bool is_stream;
    bool start_known; /* stream: its first byte was seen to be the first */
    struct reader bytes;
    size_t bytes_before; /* stream: how many of them the last observation of this stream had */
    bool cut;            /* the capture left out the end of the latest packet of them */
    bool awaited;        /* the other side asked: this is poured whatever it holds */
    /* The other side has sent payload (of datagrams: one that was wanted); other_start holds the
     * first 8 bytes of its stream or of its latest datagram, other_start_size how many came. */
    bool other_spoke;
    uint8_t other_start_size;
    uint64_t other_start;

    const struct dns_message *dns;   /* OBSERVED_DNS */
    const struct http_message *http; /* OBSERVED_HTTP; over bytes */
    const struct told_name *told;    /* OBSERVED_NAME */
};

/* The first 8 bytes as they stand, or what there is of them: *size bytes. */
static ALWAYS_INLINE uint64_t start_of(struct reader payload, uint8_t *size)
{
    uint64_t start = 0;
    *size = sizeof start;
    if (MOSTLY(payload.left >= sizeof start))
        return read_le64(&payload);
    for (*size = 0; payload.left > 0; ++*size)
        start |= (uint64_t)read_u8(&payload) << 8 * *size;
    return start;
}

enum { EXPECTING_STEPS = 2 }; /* of sink.still_expects */

/* Where observations go. A source calls take for each; wants_datagram for each datagram that is no
 * DNS, which it pours only where the answer is yes; and wants for the first payload of a stream and
 * each time it has grown: the answer is how many bytes of the stream's head are worth having in
 * all; no more than that is put together, and nothing when it is no more than what has come.
 * awaits_answer is called for each payload that was taken and wanted: where the answer is yes, the
 * next datagrams of the other side (AWAITED_DATAGRAMS in a flow) are poured unasked, and its stream
 * is marked when wants is asked about it. */
struct sink {
    void (*take)(struct sink *self, const struct observation *seen);
    bool (*wants_datagram)(struct sink *self, struct reader bytes);
    size_t (*wants)(struct sink *self, const struct observation *head);
    bool (*awaits_answer)(struct sink *self, const struct observation *seen);
    bool wants_refusals; /* else none is looked for, nor poured */
    /* Is told beforehand of a host that observations are to come of, so that what is known of it
     * can be on its way from memory: gives a ticket, which is shown again EXPECTING_STEPS times
     * with other work between. NULL both: no need. */
    uint64_t (*expects)(struct sink *self, struct address host, int64_t when_us);
    void (*still_expects)(struct sink *self, uint64_t ticket, unsigned step);
    /* Is shown each flow record before it is poured; false: what it means is not poured. NULL:
     * nobody asks. Archives have such records; of a capture they are put together where
     * source_settings wants them, at the end of each flow, and nothing else is poured then. */
    bool (*takes_record)(struct sink *self, const struct flow_record *record);
};

/* One that takes nothing and asks for nothing: for who wants little, to change what he wants. */
extern const struct sink sink_of_nothing;

#endif
