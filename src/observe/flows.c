/* The flow table: buckets of eight places, each one cache line (observe/flow_bucket.h), so that a
 * packet costs one line to find its flow and two to read it. The two ends of a flow stand in the
 * order of their addresses and ports; which of them is the client is a bit of its state. */
#include "observe/flows.h"

#include <assert.h>
#include <stdlib.h>

#include "base/pages.h"
#include "base/time.h"
#include "observe/flow_bucket.h"
#include "observe/http_head.h"
#include "observe/mirrors.h"
#include "observe/names_told.h"
#include "observe/stream_heads.h"
#include "wire/dns.h"

enum { BUCKETS = FLOWS_MAX / BUCKET_PLACES, DNS_PORT = 53 };

/* Ports below this belong to servers: a first datagram from one of them is an answer whose question
 * was not captured. */
enum { PORT_SERVER_MAX = 1023 };

/* One direction of a flow. */
struct side {
    uint64_t start; /* the first 8 bytes of its stream or latest datagram, as they stand */
    struct head_ticket head;
    uint32_t base; /* TCP: sequence number of the stream's first byte */
    bool base_known : 1, start_known : 1, spoke : 1;
    bool awaited : 1;   /* the other side asked: what this one sends is poured whatever it holds */
    uint8_t answers;    /* awaited datagrams that were poured, AWAITED_DATAGRAMS at most */
    uint8_t start_size; /* how many bytes of the start came */
};

_Static_assert(sizeof(struct side) == 24, "flows are kept by the hundred thousand");

struct flow {
    struct address address[2];
    uint16_t port[2];
    uint8_t protocol, client; /* client: 0 or 1 */
    bool client_known, answered;
    struct side side[2];
};

/* The first places of all buckets stand together, then the second ones, and so on: while there are
 * few flows, few pages are touched. */
struct table {
    struct bucket buckets[BUCKETS];
    struct flow flows[BUCKET_PLACES][BUCKETS];
};

struct flows {
    struct table *table;
    struct pages pages; /* of the table */
    struct stream_heads *heads;
    struct flows_counts counts;
    struct mirrors mirrors;
    struct dns_message dns; /* scratch: too large for every call's stack */
};

struct flows *flows_new(bool large)
{
    struct flows *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    bool paged = pages_take(sizeof *f->table, large, &f->pages);
    f->table = f->pages.start;
    f->heads = stream_heads_new();
    if (!paged || f->heads == NULL) {
        flows_free(f);
        return NULL;
    }
    return f;
}

void flows_free(struct flows *f)
{
    if (f == NULL)
        return;
    pages_give_back(&f->pages);
    stream_heads_free(f->heads);
    free(f);
}

const struct flows_counts *flows_counts(const struct flows *f)
{
    return &f->counts;
}

static void drop_heads(struct flows *f, struct flow *flow)
{
    for (unsigned i = 0; i < 2; i++) {
        stream_heads_drop(f->heads, flow->side[i].head);
        flow->side[i].head = (struct head_ticket){0, 0};
    }
}

static ALWAYS_INLINE size_t bucket_of(struct flow_key key)
{
    return key.hash % BUCKETS;
}

static ALWAYS_INLINE bool flow_is(const struct flow *flow, const struct packet *p, unsigned from)
{
    return address_equal(flow->address[from], p->from) &&
           address_equal(flow->address[1 - from], p->to) && flow->port[from] == p->port_from &&
           flow->port[1 - from] == p->port_to && flow->protocol == p->protocol;
}

/* The flow in this place ends here. */
static void let_go(struct flows *f, const struct bucket *b, unsigned at, struct flow *old,
                   uint16_t now_s)
{
    if (b->tags[at] == 0)
        return;
    f->counts.flows_let_go += (b->state[at] & PLACE_CLOSED) == 0 &&
                              silent_s(b, at, now_s) <= FLOW_IDLE_S;
    if ((b->state[at] & PLACE_HEADS) != 0)
        drop_heads(f, old);
}

static void flow_reset(struct flow *flow, const struct packet *p, unsigned from)
{
    *flow = (struct flow){.protocol = p->protocol};
    flow->address[from] = p->from;
    flow->address[1 - from] = p->to;
    flow->port[from] = p->port_from;
    flow->port[1 - from] = p->port_to;
}

/* Where a packet's flow is in the table. */
struct place {
    struct bucket *bucket;
    struct flow *flow;
    unsigned at; /* in the bucket */
    bool is_new;
};

static void side_done(struct flows *f, struct place *place, unsigned side)
{
    struct side *s = &place->flow->side[side];
    stream_heads_drop(f->heads, s->head);
    s->head = (struct head_ticket){0, 0};
    place->bucket->state[place->at] |= done_bit(side);
}

static struct place place_of(struct flows *f, const struct packet *p, struct flow_key key)
{
    size_t bucket = bucket_of(key);
    uint32_t tag = tag_of(key);
    struct bucket *b = &f->table->buckets[bucket];
    for (unsigned i = 0; i < BUCKET_PLACES; i++) {
        struct flow *flow = &f->table->flows[i][bucket];
        if (b->tags[i] == tag && flow_is(flow, p, key.from)) {
            b->last_s[i] = seconds_of(p);
            return (struct place){b, flow, i, false};
        }
    }
    unsigned at = place_to_give(b, seconds_of(p));
    struct place place = {b, &f->table->flows[at][bucket], at, true};
    let_go(f, b, at, place.flow, seconds_of(p));
    b->tags[at] = tag;
    b->last_s[at] = seconds_of(p);
    b->state[at] = 0;
    flow_reset(place.flow, p, key.from);
    f->counts.flows++;
    return place;
}

static struct observation observation_of(const struct flow *flow, const struct packet *p,
                                         unsigned from, enum observation_kind kind)
{
    unsigned client = flow->client;
    const struct side *other = &flow->side[1 - from];
    return (struct observation){
        .kind = kind,
        .protocol = flow->protocol,
        .client_known = flow->client_known,
        .by_client = from == client,
        .when_us = p->when_us,
        .client = {flow->address[client], flow->port[client]},
        .server = {flow->address[1 - client], flow->port[1 - client]},
        .cut = p->payload.left < p->payload_length,
        .awaited = flow->side[from].awaited,
        .other_spoke = other->spoke,
        .other_start_size = other->start_size,
        .other_start = other->start,
    };
}

static void begin(struct flow *flow, const struct packet *p, unsigned from, struct sink *to)
{
    struct observation seen = observation_of(flow, p, from, OBSERVED_BEGIN);
    to->take(to, &seen);
}

/* The server's first word: of its streams and datagrams, or that a connection stands. */
static void answer(struct flow *flow, const struct packet *p, unsigned from, struct sink *to)
{
    if (flow->answered || !flow->client_known || from == flow->client)
        return;
    flow->answered = true;
    struct observation seen = observation_of(flow, p, from, OBSERVED_ANSWER);
    to->take(to, &seen);
}

static void refuse(const struct flow *flow, const struct packet *p, unsigned from, struct sink *to)
{
    if (!to->wants_refusals || flow->answered || !flow->client_known || from == flow->client)
        return;
    struct observation seen = observation_of(flow, p, from, OBSERVED_REFUSED);
    to->take(to, &seen);
}

static void note_start(struct side *side, struct reader payload)
{
    side->spoke = true;
    side->start = start_of(payload, &side->start_size);
}

static bool is_dns(const struct packet *p)
{
    return p->port_from == DNS_PORT || p->port_to == DNS_PORT;
}

static void take_dns(struct flows *f, struct observation *seen, struct reader message,
                     struct sink *to)
{
    if (!dns_may_be(message) || !dns_parse(message, &f->dns)) {
        f->counts.dns_damaged++;
        return;
    }
    f->counts.dns_messages++;
    seen->kind = OBSERVED_DNS;
    seen->dns = &f->dns;
    to->take(to, seen);
}

/* UDP */

/* What this side sends next was asked for. */
static void await_datagrams(struct place *place, unsigned side)
{
    struct side *s = &place->flow->side[side];
    if (s->answers == AWAITED_DATAGRAMS)
        return;
    s->awaited = true;
    place->bucket->state[place->at] |= PLACE_AWAITED;
}

static void count_awaited(struct place *place, unsigned side)
{
    struct side *s = &place->flow->side[side];
    if (!s->awaited || ++s->answers < AWAITED_DATAGRAMS)
        return;
    s->awaited = false;
    if (!place->flow->side[1 - side].awaited)
        place->bucket->state[place->at] &= (uint8_t)~PLACE_AWAITED;
}

static void take_payload(struct place *place, unsigned from, const struct observation *seen,
                         struct sink *to)
{
    bool wanted = to->wants_datagram(to, seen->bytes);
    if (!wanted && !seen->awaited)
        return;
    to->take(to, seen);
    count_awaited(place, from);
    if (!wanted)
        return;
    note_start(&place->flow->side[from], seen->bytes);
    if (to->awaits_answer(to, seen))
        await_datagrams(place, 1 - from);
}

static void take_datagram(struct flows *f, struct place *place, const struct packet *p,
                          unsigned from, struct sink *to)
{
    struct flow *flow = place->flow;
    if (place->is_new) {
        bool is_answer = p->port_from <= PORT_SERVER_MAX && p->port_to > PORT_SERVER_MAX;
        flow->client = (uint8_t)(is_answer ? 1 - from : from);
        flow->client_known = true;
        if (!is_answer) {
            begin(flow, p, from, to);
            place->bucket->state[place->at] |= silent_bit(1 - from);
        }
    }
    if ((place->bucket->state[place->at] & silent_bit(from)) != 0) {
        place->bucket->state[place->at] &= (uint8_t)~silent_bit(from);
        answer(flow, p, from, to);
    }
    if (p->payload.left == 0)
        return;
    struct observation seen = observation_of(flow, p, from, OBSERVED_PAYLOAD);
    seen.bytes = p->payload;
    seen.start_known = true;
    if (tells_names(p))
        names_told_pour(p, &seen, to);
    if (is_dns(p))
        take_dns(f, &seen, p->payload, to);
    else
        take_payload(place, from, &seen, to);
}

/* TCP */

/* The stream of this side has grown to `bytes`; they are poured out, and what is still wanted is
 * said. */
static size_t stream_grew(struct flows *f, struct flow *flow, const struct packet *p, unsigned from,
                          struct reader bytes, size_t before, struct sink *to)
{
    struct observation seen = observation_of(flow, p, from, OBSERVED_PAYLOAD);
    seen.is_stream = true;
    seen.start_known = flow->side[from].start_known;
    seen.bytes = bytes;
    seen.bytes_before = before;
    size_t wanted = to->wants(to, &seen);
    if (wanted > before) {
        to->take(to, &seen);
        if (to->awaits_answer(to, &seen))
            flow->side[1 - from].awaited = true;
    }
    size_t http = http_head_pour(&seen, to);
    wanted = wanted > http ? wanted : http;
    if (is_dns(p)) {
        struct reader stream = bytes, message;
        bool full = bytes.left == STREAM_HEAD_BYTES; /* the rest of the last one will not come */
        while (dns_stream_next(&stream, full, &message))
            if (bytes.left - stream.left > before)
                take_dns(f, &seen, message, to);
        wanted = STREAM_HEAD_BYTES;
    }
    return wanted < STREAM_HEAD_BYTES ? wanted : STREAM_HEAD_BYTES;
}

static struct head_ticket take_head(struct flows *f, struct place *place)
{
    bool taken_away;
    struct head_ticket head = stream_heads_take(f->heads, &taken_away);
    f->counts.heads++;
    f->counts.heads_let_go += taken_away;
    place->bucket->state[place->at] |= PLACE_HEADS;
    return head;
}

/* A segment goes into the head that its side has. */
static void add_to_head(struct flows *f, struct place *place, const struct packet *p, unsigned from,
                        uint32_t offset, struct sink *to)
{
    struct side *side = &place->flow->side[from];
    if (!stream_heads_holds(f->heads, side->head)) {
        side_done(f, place, from);
        return;
    }
    struct reader none = reader_over(NULL, 0);
    size_t before = stream_heads_add(f->heads, side->head, 0, none).left;
    struct reader bytes = stream_heads_add(f->heads, side->head, offset, p->payload);
    if (bytes.left == before)
        return;
    if (before < sizeof side->start)
        note_start(side, bytes);
    if (stream_grew(f, place->flow, p, from, bytes, before, to) <= bytes.left)
        side_done(f, place, from);
}

/* A segment that lies within the head. */
static void take_in_head(struct flows *f, struct place *place, const struct packet *p,
                         unsigned from, uint32_t offset, struct sink *to)
{
    struct side *side = &place->flow->side[from];
    if (side->head.place == 0 && offset == 0) {
        note_start(side, p->payload);
        if (stream_grew(f, place->flow, p, from, p->payload, 0, to) <= p->payload.left) {
            side_done(f, place, from);
            return;
        }
        side->head = take_head(f, place);
        (void)stream_heads_add(f->heads, side->head, 0, p->payload);
        return;
    }
    if (side->head.place == 0)
        side->head = take_head(f, place);
    add_to_head(f, place, p, from, offset, to);
}

static void take_segment(struct flows *f, struct place *place, const struct packet *p,
                         unsigned from, uint32_t sequence, struct sink *to)
{
    struct side *side = &place->flow->side[from];
    if (!side->base_known) {
        side->base = sequence;
        side->base_known = true;
    }
    uint32_t offset = sequence - side->base;
    if (MOSTLY(offset < STREAM_HEAD_BYTES && p->payload.left <= STREAM_HEAD_BYTES - offset)) {
        take_in_head(f, place, p, from, offset, to);
        return;
    }
    struct packet narrowed = *p;
    offset = stream_heads_narrow(offset, &narrowed.payload);
    narrowed.payload_length = narrowed.payload.left + p->payload_length - p->payload.left;
    if (narrowed.payload.left > 0)
        take_in_head(f, place, &narrowed, from, offset, to);
    else if (offset >= STREAM_HEAD_BYTES && side->head.place == 0)
        side_done(f, place, from); /* nothing of its head was captured */
}

/* What this side sends from here on is another stream. */
static void side_anew(struct flows *f, struct place *place, unsigned from)
{
    struct side *side = &place->flow->side[from];
    stream_heads_drop(f->heads, side->head);
    *side = (struct side){0};
    place->bucket->state[place->at] &= (uint8_t) ~(done_bit(from) | PLACE_CLOSED);
}

/* True when this SYN, which is no answer, belongs to the connection that is known: it was captured
 * after the first data, or after its answer. */
static bool is_late_syn(const struct place *place, unsigned from, uint32_t base)
{
    const struct flow *flow = place->flow;
    const struct side *side = &flow->side[from];
    bool closed = (place->bucket->state[place->at] & PLACE_CLOSED) != 0;
    if (side->base_known)
        return side->base == base;
    return flow->client_known && flow->client == from && !closed;
}

static void take_syn(struct flows *f, struct place *place, const struct packet *p, unsigned from,
                     struct sink *to)
{
    struct flow *flow = place->flow;
    struct side *side = &flow->side[from];
    uint32_t base = p->sequence + 1;
    bool answers = (p->tcp_flags & TCP_ACK) != 0;
    if (side->base_known && side->base == base && side->start_known)
        return; /* sent again */
    if (!place->is_new && !answers && !is_late_syn(place, from, base)) {
        drop_heads(f, flow);
        flow_reset(flow, p, from);
        place->bucket->state[place->at] = 0;
    } else if (side->base_known && side->base != base) {
        side_anew(f, place, from);
    }
    side->base = base;
    side->base_known = side->start_known = true;
    if (!flow->client_known) {
        flow->client = (uint8_t)(answers ? 1 - from : from);
        flow->client_known = true;
        begin(flow, p, from, to);
    }
    if (answers)
        answer(flow, p, from, to);
}

/* True when everything before this FIN is in the side's head. */
static bool has_all_come(struct flows *f, const struct side *side, const struct packet *p)
{
    struct reader none = reader_over(NULL, 0);
    uint32_t end = p->sequence + ((p->tcp_flags & TCP_SYN) != 0) + (uint32_t)p->payload_length;
    return stream_heads_add(f->heads, side->head, 0, none).left == end - side->base;
}

/* A FIN or RST: heads to which nothing more can come are given back. What lacks a piece stays, for
 * the end may have been captured before it. */
static void take_end(struct flows *f, struct place *place, const struct packet *p, unsigned from)
{
    place->bucket->state[place->at] |= PLACE_CLOSED;
    for (unsigned i = 0; i < 2; i++) {
        const struct side *side = &place->flow->side[i];
        if (!stream_heads_holds(f->heads, side->head))
            continue;
        if ((p->tcp_flags & TCP_RST) != 0 || (i == from && has_all_come(f, side, p)))
            side_done(f, place, i);
    }
}

static void take_tcp(struct flows *f, struct place *place, const struct packet *p, unsigned from,
                     struct sink *to)
{
    bool is_syn = (p->tcp_flags & TCP_SYN) != 0;
    bool is_reset = (p->tcp_flags & TCP_RST) != 0; /* its payload, if any, is a reason in words */
    if (is_syn)
        take_syn(f, place, p, from, to);
    if (p->payload.left > 0 && !is_reset && (place->bucket->state[place->at] & done_bit(from)) == 0)
        take_segment(f, place, p, from, p->sequence + is_syn, to);
    if (is_reset)
        refuse(place->flow, p, from, to);
    if ((p->tcp_flags & (TCP_FIN | TCP_RST)) != 0)
        take_end(f, place, p, from);
}

static void take_packet(struct flows *f, const struct packet *p, struct flow_key key,
                        struct sink *to)
{
    if (mirrors_hold(&f->mirrors, p, key.hash, key.from)) {
        f->counts.mirrored++;
        return;
    }
    struct place place = place_of(f, p, key);
    if (p->protocol == IP_UDP)
        take_datagram(f, &place, p, key.from, to);
    else
        take_tcp(f, &place, p, key.from, to);
}

/* The fast way out, by the bucket alone: true when this packet of a flow that is known can tell
 * nothing new. Its place is looked for again where the packets before it in the batch have moved
 * things: what comes out must not depend on how packets are batched. A flow is known here by its
 * tag: a stranger passes for it once in 2^28 packets. */
static ALWAYS_INLINE bool is_no_news(struct flows *f, const struct packet *p, struct flow_key key,
                                     struct sink *to)
{
    struct bucket *b = &f->table->buckets[bucket_of(key)];
    unsigned at = key.at;
    if (at == BUCKET_PLACES || b->tags[at] != tag_of(key))
        at = tag_place(b, tag_of(key));
    if (at == BUCKET_PLACES) /* the end of a connection whose beginning was not captured is none */
        return p->protocol == IP_TCP && p->payload.left == 0 && (p->tcp_flags & TCP_SYN) == 0;
    if (p->protocol == IP_UDP) {
        if (is_dns(p) || tells_names(p) ||
            (b->state[at] & (PLACE_AWAITED | silent_bit(key.from))) != 0 ||
            to->wants_datagram(to, p->payload))
            return false;
    } else {
        if ((p->tcp_flags & TCP_SYN) != 0 ||
            (p->payload.left > 0 && (b->state[at] & done_bit(key.from)) == 0))
            return false;
        if ((p->tcp_flags & (TCP_FIN | TCP_RST)) != 0) {
            if ((b->state[at] & PLACE_HEADS) != 0 || to->wants_refusals)
                return false;
            b->state[at] |= PLACE_CLOSED;
        }
    }
    b->last_s[at] = seconds_of(p);
    return true;
}

static ALWAYS_INLINE void fetch(const struct flow *flow)
{
    __builtin_prefetch(flow, 1);
    __builtin_prefetch((const char *)flow + 64, 1);
}

/* Finds the packet's place, and fetches its flow if it will be needed: the bucket has been fetched
 * by now. */
static ALWAYS_INLINE void find_place(const struct flows *f, const struct packet *p,
                                     struct flow_key *key)
{
    size_t bucket = bucket_of(*key);
    const struct bucket *b = &f->table->buckets[bucket];
    unsigned at = key->at = tag_place(b, tag_of(*key));
    if (at == BUCKET_PLACES)
        at = place_to_give(b, seconds_of(p));
    fetch(&f->table->flows[at][bucket]);
}

static void take_batch(struct flows *f, const struct packet *packets, size_t count, struct sink *to)
{
    struct flow_key keys[FLOWS_BATCH];
    const struct packet *with_flow[FLOWS_BATCH];
    size_t wanted = 0;
    assert(count <= FLOWS_BATCH);
    for (size_t i = 0; i < count; i++) {
        keys[wanted] = flow_key_of(&packets[i]);
        __builtin_prefetch(&f->table->buckets[bucket_of(keys[wanted])], 1);
        with_flow[wanted] = &packets[i];
        wanted += packet_has_flow(
            &packets[i]); /* no branch: nobody can guess which packets these are */
    }
    for (size_t i = 0; i < wanted; i++)
        find_place(f, with_flow[i], &keys[i]);
    for (size_t i = 0; i < wanted; i++)
        if (!is_no_news(f, with_flow[i], keys[i], to))
            take_packet(f, with_flow[i], keys[i], to);
}

void flows_take(struct flows *f, const struct packet *packets, size_t count, struct sink *to)
{
    for (size_t from = 0; from < count; from += FLOWS_BATCH) {
        size_t left = count - from;
        take_batch(f, packets + from, left < FLOWS_BATCH ? left : FLOWS_BATCH, to);
    }
}
