/* The flow table: buckets of eight places, each bucket's tags and times in one cache line, so that
 * a packet costs one line to find its flow and two to read it. The two ends of a flow stand in the
 * order of their addresses and ports; which of them is the client is a bit of its state. */
#include "observe/flows.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/hash.h"
#include "base/time.h"
#include "observe/stream_heads.h"
#include "wire/dns.h"

enum {
    BUCKET_PLACES = 8,
    BUCKETS = FLOWS_MAX / BUCKET_PLACES,
    MIRROR_PLACES = 2048,
    LARGE_PAGE = 1 << 21,
    DNS_PORT = 53
};

/* Ports below this belong to servers: a first datagram from one of them is an answer whose question
 * was not captured. */
enum { PORT_SERVER_MAX = 1023 };

/* One direction of a flow. */
struct side {
    uint64_t start; /* the first 8 bytes of its latest payload, as they stand */
    struct head_ticket head;
    uint32_t base; /* TCP: sequence number of the stream's first byte */
    bool base_known, start_known, spoke;
};

struct flow {
    struct address address[2];
    uint16_t port[2];
    uint8_t protocol, client; /* client: 0 or 1 */
    bool client_known;
    struct side side[2];
};

/* What a bucket knows of a flow without looking at it. DONE: nothing more is wanted of what this
 * side sends. HEADS: it has, or had, stream heads. */
enum place_state { PLACE_DONE0 = 1, PLACE_DONE1 = 2, PLACE_CLOSED = 4, PLACE_HEADS = 8 };

struct bucket {
    _Alignas(64) uint32_t tags[BUCKET_PLACES]; /* 0: free */
    uint16_t last_s[BUCKET_PLACES];            /* seconds, modulo 65536 */
    uint8_t state[BUCKET_PLACES];              /* bits of enum place_state */
};

/* The first places of all buckets stand together, then the second ones, and so on: while there are
 * few flows, few pages are touched. */
struct table {
    struct bucket buckets[BUCKETS];
    struct flow flows[BUCKET_PLACES][BUCKETS];
};

/* A packet that passed: half a hash, and its time in microseconds, modulo 2^32. */
struct mirror {
    uint32_t print, when_us;
};

struct flows {
    struct table *table;
    void *mapped; /* the pages of the table */
    struct stream_heads *heads;
    struct flows_counts counts;
    struct mirror mirrors[MIRROR_PLACES];
    struct dns_message dns; /* scratch: too large for every call's stack */
};

/* Zero pages, the start in step with large pages; *mapped is what to unmap. Where much will be
 * read, the kernel is asked for large pages: most of the time of a long run is else spent on
 * finding small ones. */
static void *pages_new(size_t size, bool large, void **mapped)
{
    void *start = mmap(NULL, size + LARGE_PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    *mapped = start;
    uintptr_t aligned = ((uintptr_t)start + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    void *pages = (void *)aligned;
    if (large)
        (void)madvise(pages, size, MADV_HUGEPAGE); /* only speed depends on it */
    return pages;
}

struct flows *flows_new(bool large)
{
    struct flows *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->table = pages_new(sizeof *f->table, large, &f->mapped);
    f->heads = stream_heads_new();
    if (f->table == NULL || f->heads == NULL) {
        flows_free(f);
        return NULL;
    }
    return f;
}

void flows_free(struct flows *f)
{
    if (f == NULL)
        return;
    if (f->mapped != NULL)
        (void)munmap(f->mapped, sizeof *f->table + LARGE_PAGE);
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

/* The same for both directions. */
struct flow_key {
    uint64_t hash;
    unsigned from; /* 0 or 1: which end sent this packet */
    unsigned at;   /* place in its bucket where its tag stood when it was looked for; BUCKET_PLACES:
             * nowhere */
};

static ALWAYS_INLINE uint64_t end_hash(struct address a, uint16_t port)
{
    uint64_t x = (a.low ^ a.high ^ (uint64_t)port << 48) * UINT64_C(0x9e3779b97f4a7c15);
    return x ^ x >> 32;
}

/* Which end comes first is the order of addresses, then ports. */
static ALWAYS_INLINE unsigned from_of(const struct packet *p)
{
    if (MOSTLY(p->from.low != p->to.low))
        return p->from.low > p->to.low;
    if (p->from.high != p->to.high)
        return p->from.high > p->to.high;
    return p->port_from > p->port_to;
}

static ALWAYS_INLINE struct flow_key key_of(const struct packet *p)
{
    uint64_t sum = end_hash(p->from, p->port_from) + end_hash(p->to, p->port_to) + p->protocol;
    uint64_t hash = sum * UINT64_C(0xbf58476d1ce4e5b9);
    return (struct flow_key){hash ^ hash >> 31, from_of(p), BUCKET_PLACES};
}

static ALWAYS_INLINE size_t bucket_of(struct flow_key key)
{
    return key.hash % BUCKETS;
}

/* What a bucket knows a flow by; never 0. */
static ALWAYS_INLINE uint32_t tag_of(struct flow_key key)
{
    return (uint32_t)(key.hash >> 32) | 1;
}

static ALWAYS_INLINE bool flow_is(const struct flow *flow, const struct packet *p, unsigned from)
{
    return address_equal(flow->address[from], p->from) &&
           address_equal(flow->address[1 - from], p->to) && flow->port[from] == p->port_from &&
           flow->port[1 - from] == p->port_to && flow->protocol == p->protocol;
}

/* True when the same packet passed a moment ago: a mirror port saw it twice. A packet without
 * an identification is told from its like by a checksum over a payload, or not at all. */
static ALWAYS_INLINE bool is_mirrored(struct flows *f, const struct packet *p, uint64_t hash)
{
    if (p->ip_id == 0 && (p->checksum == 0 || p->payload_length == 0))
        return false;
    uint64_t order = (uint64_t)p->sequence << 32 | p->acknowledgement;
    uint64_t rest = (uint64_t)p->ip_id << 48 | (uint64_t)p->checksum << 32 |
                    (uint64_t)p->tcp_flags << 24 | (p->payload_length & 0xffffff);
    uint64_t print = (hash ^ rest) * UINT64_C(0x94d049bb133111eb) + order;
    print = (print ^ print >> 29) * UINT64_C(0x9e3779b97f4a7c15);
    print ^= p->from.low ^ print >> 32;
    struct mirror *kept = &f->mirrors[print % MIRROR_PLACES];
    uint32_t now_us = (uint32_t)p->when_us, apart = now_us - kept->when_us;
    if (kept->print == (uint32_t)(print >> 32) &&
        (apart <= MIRROR_WINDOW_US || apart >= UINT32_MAX - MIRROR_WINDOW_US))
        return true;
    kept->print = (uint32_t)(print >> 32);
    kept->when_us = now_us;
    return false;
}

/* Where the tag stands in the bucket, or BUCKET_PLACES. Without a branch: where it stands cannot be
 * predicted. */
static ALWAYS_INLINE unsigned tag_place(const struct bucket *b, uint32_t tag)
{
    unsigned at = BUCKET_PLACES;
    for (unsigned i = 0; i < BUCKET_PLACES; i++)
        at = b->tags[i] == tag ? i : at;
    return at;
}

static uint16_t seconds_of(const struct packet *p)
{
    return (uint16_t)(p->when_us / US_PER_SECOND);
}

/* The place that is given up for a new flow: the first that is free or idle, or the one silent for
 * longest. */
static ALWAYS_INLINE unsigned place_to_give(const struct bucket *b, uint16_t now_s)
{
    unsigned chosen = 0;
    uint16_t longest = 0;
    for (unsigned i = 0; i < BUCKET_PLACES; i++) {
        uint16_t silent = (uint16_t)(now_s - b->last_s[i]);
        if (b->tags[i] == 0 || silent > FLOW_IDLE_S)
            return i;
        if (silent > longest) {
            longest = silent;
            chosen = i;
        }
    }
    return chosen;
}

/* The flow in this place ends here. */
static void let_go(struct flows *f, const struct bucket *b, unsigned at, struct flow *old,
                   uint16_t now_s)
{
    if (b->tags[at] == 0)
        return;
    uint16_t silent = (uint16_t)(now_s - b->last_s[at]);
    f->counts.flows_let_go += (b->state[at] & PLACE_CLOSED) == 0 && silent <= FLOW_IDLE_S;
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

static uint8_t done_bit(unsigned side)
{
    return side == 0 ? PLACE_DONE0 : PLACE_DONE1;
}

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
        .other_spoke = other->spoke,
        .other_start = other->start,
    };
}

static void begin(struct flow *flow, const struct packet *p, unsigned from, struct sink *to)
{
    struct observation seen = observation_of(flow, p, from, OBSERVED_BEGIN);
    to->take(to, &seen);
}

static void note_start(struct side *side, struct reader payload)
{
    side->start = read_le64(&payload);
    side->spoke = true;
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

static void take_datagram(struct flows *f, struct place *place, const struct packet *p,
                          unsigned from, struct sink *to)
{
    struct flow *flow = place->flow;
    if (place->is_new) {
        bool is_answer = p->port_from <= PORT_SERVER_MAX && p->port_to > PORT_SERVER_MAX;
        flow->client = (uint8_t)(is_answer ? 1 - from : from);
        flow->client_known = true;
        if (!is_answer)
            begin(flow, p, from, to);
    }
    if (p->payload.left == 0)
        return;
    struct observation seen = observation_of(flow, p, from, OBSERVED_PAYLOAD);
    seen.bytes = p->payload;
    seen.start_known = true;
    if (is_dns(p)) {
        take_dns(f, &seen, p->payload, to);
    } else if (to->wants_datagram(to, p->payload)) {
        to->take(to, &seen);
        note_start(&flow->side[from], p->payload);
    }
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
    if (wanted > before)
        to->take(to, &seen);
    if (is_dns(p)) {
        struct reader stream = bytes, message;
        while (dns_stream_next(&stream, false, &message))
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
    if (before == 0)
        note_start(side, bytes);
    if (stream_grew(f, place->flow, p, from, bytes, before, to) <= bytes.left)
        side_done(f, place, from);
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
    if (offset >= STREAM_HEAD_BYTES) {
        /* Beyond the head; or, far back, a repetition of what came before the capture began. */
        if (offset < UINT32_MAX / 2 && side->head.place == 0)
            side_done(f, place, from);
        return;
    }
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

static void take_syn(struct flows *f, struct place *place, const struct packet *p, unsigned from,
                     struct sink *to)
{
    struct flow *flow = place->flow;
    struct side *side = &flow->side[from];
    if (side->base_known && side->base == p->sequence + 1 && side->start_known)
        return; /* sent again */
    bool answers = (p->tcp_flags & TCP_ACK) != 0;
    bool begins = place->is_new || !flow->client_known;
    if (!place->is_new && !answers) {
        drop_heads(f, flow);
        flow_reset(flow, p, from);
        place->bucket->state[place->at] = 0;
        begins = true;
    }
    side->base = p->sequence + 1;
    side->base_known = side->start_known = true;
    if (begins) {
        flow->client = (uint8_t)(answers ? 1 - from : from);
        flow->client_known = true;
        begin(flow, p, from, to);
    }
}

static void take_tcp(struct flows *f, struct place *place, const struct packet *p, unsigned from,
                     struct sink *to)
{
    bool is_syn = (p->tcp_flags & TCP_SYN) != 0;
    if (is_syn)
        take_syn(f, place, p, from, to);
    if (p->payload.left > 0 && (place->bucket->state[place->at] & done_bit(from)) == 0)
        take_segment(f, place, p, from, p->sequence + is_syn, to);
    if ((p->tcp_flags & (TCP_FIN | TCP_RST)) != 0)
        place->bucket->state[place->at] |= PLACE_CLOSED;
}

static void take_packet(struct flows *f, const struct packet *p, struct flow_key key,
                        struct sink *to)
{
    if (is_mirrored(f, p, key.hash)) {
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
 * nothing new. A flow is known here by its tag: a stranger passes for it once in 2^28 packets. */
static ALWAYS_INLINE bool is_no_news(struct flows *f, const struct packet *p, struct flow_key key,
                                     struct sink *to)
{
    struct bucket *b = &f->table->buckets[bucket_of(key)];
    unsigned at = key.at;
    if (at == BUCKET_PLACES) /* the end of a connection whose beginning was not captured */
        return p->protocol == IP_TCP && p->payload.left == 0 && (p->tcp_flags & TCP_SYN) == 0;
    if (b->tags[at] != tag_of(key))
        return false;
    if (p->protocol == IP_UDP) {
        if (is_dns(p) || to->wants_datagram(to, p->payload))
            return false;
    } else {
        if ((p->tcp_flags & TCP_SYN) != 0 ||
            (p->payload.left > 0 && (b->state[at] & done_bit(key.from)) == 0))
            return false;
        if ((p->tcp_flags & (TCP_FIN | TCP_RST)) != 0)
            b->state[at] |= PLACE_CLOSED;
    }
    b->last_s[at] = seconds_of(p);
    return true;
}

/* Only TCP and UDP have flows, and a bare acknowledgement says nothing that counts. */
static ALWAYS_INLINE bool has_flow(const struct packet *p)
{
    if (MOSTLY(p->protocol == IP_TCP))
        return p->payload.left > 0 || (p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) != 0;
    return p->protocol == IP_UDP;
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
    else if (p->protocol == IP_UDP || (b->state[at] & done_bit(key->from)) != 0)
        return;
    fetch(&f->table->flows[at][bucket]);
}

static void take_batch(struct flows *f, const struct packet *packets, size_t count, struct sink *to)
{
    struct flow_key keys[FLOWS_BATCH];
    const struct packet *with_flow[FLOWS_BATCH];
    size_t wanted = 0;
    assert(count <= FLOWS_BATCH);
    for (size_t i = 0; i < count; i++) {
        if (!has_flow(&packets[i]))
            continue;
        keys[wanted] = key_of(&packets[i]);
        __builtin_prefetch(&f->table->buckets[bucket_of(keys[wanted])], 1);
        with_flow[wanted++] = &packets[i];
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
