/* From flow records to observations: the same traffic as a capture and as an archive is to end in
 * the same verdicts, as far as the archive's data go. observe/flows.c pours from packets; here is
 * what a record tells of what it pours.
 *
 *   BEGIN     once a flow; of TCP where a SYN or its answer was seen, as in captures
 *   ANSWER    once a flow: a SYN-ACK, a connection that stood, or any datagram the other way. A
 *             reset is a refusal
 *   PAYLOAD   user data: the head of a stream, if no earlier record of the flow had any; datagrams
 *             where it can be told where they end
 *   DNS, HTTP, NAME   as found in these
 *
 * Times are a record's first for what the client did, its last for what the server said. */
#ifndef WORMSIGN_SOURCE_ARGUS_POUR_H
#define WORMSIGN_SOURCE_ARGUS_POUR_H

#include "observe/observation.h"
#include "source/argus_flows.h"
#include "source/argus_record.h"
#include "wire/dns.h"

struct argus_pour {
    struct argus_flows *flows;
    struct dns_message dns; /* scratch: too large for every call's stack */
    uint64_t dns_damaged, smb_cut;
};

/* A record in the making: what was found out about it before anything is poured. */
struct argus_scene {
    const struct argus_flow *flow;
    uint8_t *known;          /* bits of enum argus_known */
    unsigned client;         /* which side */
    struct observation seen; /* what all its observations have alike; of a beginning, all */
};

/* True when the record is of two hosts and of TCP or UDP, so that it can be poured. */
bool argus_pour_can(const struct argus_flow *f);

/* Pours what the record means; hash: argus_flow_hash of it. */
void argus_pour(struct argus_pour *p, const struct argus_flow *f, uint64_t hash, struct sink *to);

/* What the two sides said: of a TCP flow (source/argus_streams.c) and of a UDP one
 * (source/argus_datagrams.c). */
void argus_pour_streams(struct argus_pour *p, const struct argus_scene *s, struct sink *to);
void argus_pour_datagrams(struct argus_pour *p, const struct argus_scene *s, struct sink *to);

/* For these two: an observation of what this side says, and a DNS message of it. */
static inline struct observation argus_observation(const struct argus_scene *s, unsigned side,
                                                   enum observation_kind kind)
{
    struct observation seen = s->seen;
    seen.kind = kind;
    seen.by_client = side == s->client;
    seen.when_us = seen.by_client ? s->flow->first_us : s->flow->last_us;
    return seen;
}

void argus_pour_dns(struct argus_pour *p, struct observation *seen, struct reader message,
                    struct sink *to);
bool argus_is_dns(const struct argus_flow *f);

/* The other side began so. */
void argus_note_start(struct observation *seen, struct reader other);

/* More was said than is here. */
static inline bool argus_data_is_cut(const struct argus_data *d)
{
    return d->clamped || d->count >= d->limit;
}

static inline uint8_t argus_spoke_bit(unsigned side)
{
    return side == 0 ? ARGUS_KNOWN_SPOKE_0 : ARGUS_KNOWN_SPOKE_1;
}

#endif
