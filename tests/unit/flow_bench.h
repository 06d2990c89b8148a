/* A flow table with a sink that writes down what is poured, and packets in one line.
 *
 *   say(b, .text = "hello");                                the client's next bytes
 *   say(b, .by_server = true, .offset = 5, .text = "b");    where they stand in the stream
 *   say(b, .flags = TCP_SYN);
 *
 * Every packet's payload is a heap copy of its exact size, given back as soon as the table has
 * taken it, so that a sanitizer sees a byte kept or read beyond the end. Each has an identification
 * of its own, so that none passes for a mirror's copy unless a test says so. */
#ifndef WORMSIGN_TESTS_FLOW_BENCH_H
#define WORMSIGN_TESTS_FLOW_BENCH_H

#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"
#include "observe/flows.h"
#include "wire/dns.h"

enum { SEEN_MAX = 1024, CLIENT_PORT = 49152, SERVER_PORT = 4445 };

#define CLIENT address_of_v4(0x0a000005)
#define SERVER address_of_v4(0xc6336407)
/* Initial sequence numbers: the first wraps within a stream. */
#define CLIENT_ISN UINT32_C(0xfffffffd)
#define SERVER_ISN UINT32_C(0x30405060)

/* One observation, with copies of what it borrowed. */
struct seen {
    struct observation o;
    uint8_t *bytes;
    char name[DNS_NAME_MAX + 1];
    bool cut;
};

struct flow_bench {
    struct sink sink; /* first: the sink's self is this bench */
    struct flows *flows;
    size_t wanted; /* what the sink answers for streams */
    bool wants_datagrams;
    bool awaits; /* what it says of the client's payloads */
    bool counts_only;
    bool all_kinds; /* also ANSWER and HTTP, which most tests do not look at */
    uint64_t kinds[OBSERVATION_KINDS];
    uint64_t digest; /* of all that was poured, in its order */
    int64_t now_us;
    uint16_t last_ip_id;
    size_t count;
    struct seen seen[SEEN_MAX];
};

static inline void bench_digest(struct flow_bench *b, const struct observation *o)
{
    uint64_t parts[] = {
        o->kind,
        o->protocol,
        (uint64_t)o->client_known << 4 | (uint64_t)o->by_client << 3 | (uint64_t)o->is_stream << 2 |
            (uint64_t)o->start_known << 1 | o->other_spoke | (uint64_t)o->awaited << 5 |
            (uint64_t)o->cut << 6 | (uint64_t)o->other_start_size << 8,
        (uint64_t)o->when_us,
        hash_address(o->client.address) + o->client.port,
        hash_address(o->server.address) + o->server.port,
        hash_bytes(o->bytes.next, o->bytes.left),
        o->bytes_before,
        o->other_start,
    };
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        b->digest = hash_pair(b->digest, parts[i]);
}

static inline void bench_take(struct sink *self, const struct observation *o)
{
    struct flow_bench *b = (struct flow_bench *)self;
    b->kinds[o->kind]++;
    bench_digest(b, o);
    if (o->kind == OBSERVED_PAYLOAD && o->is_stream)
        assert_true(o->bytes_before < o->bytes.left && o->bytes.left <= STREAM_HEAD_BYTES);
    if (b->counts_only ||
        (!b->all_kinds && (o->kind == OBSERVED_ANSWER || o->kind == OBSERVED_HTTP)))
        return;
    assert_true(b->count < SEEN_MAX);
    struct seen *s = &b->seen[b->count++];
    s->o = *o;
    s->bytes = NULL;
    if (o->bytes.left > 0) {
        s->bytes = malloc(o->bytes.left);
        assert_non_null(s->bytes);
        memcpy(s->bytes, o->bytes.next, o->bytes.left);
    }
    s->o.bytes.next = s->bytes;
    if (o->kind == OBSERVED_DNS) {
        memcpy(s->name, o->dns->names[0].text, sizeof s->name);
        s->cut = o->dns->cut;
    }
}

static inline bool bench_wants_datagram(struct sink *self, struct reader bytes)
{
    (void)bytes;
    return ((struct flow_bench *)self)->wants_datagrams;
}

static inline size_t bench_wants(struct sink *self, const struct observation *head)
{
    assert_true(head->is_stream && head->kind == OBSERVED_PAYLOAD);
    assert_true(head->bytes_before < head->bytes.left);
    return ((struct flow_bench *)self)->wanted;
}

static inline bool bench_awaits(struct sink *self, const struct observation *seen)
{
    assert_true(seen->kind == OBSERVED_PAYLOAD);
    return ((struct flow_bench *)self)->awaits && seen->by_client;
}

static inline int flow_bench_setup(void **state)
{
    struct flow_bench *b = calloc(1, sizeof *b);
    if (b == NULL)
        return -1;
    b->sink = (struct sink){.take = bench_take,
                            .wants_datagram = bench_wants_datagram,
                            .wants = bench_wants,
                            .awaits_answer = bench_awaits};
    b->wanted = STREAM_HEAD_BYTES;
    b->wants_datagrams = true;
    b->now_us = INT64_C(1240329600) * US_PER_SECOND;
    b->flows = flows_new(false);
    *state = b;
    return b->flows == NULL ? -1 : 0;
}

static inline void bench_forget(struct flow_bench *b)
{
    for (size_t i = 0; i < b->count; i++)
        free(b->seen[i].bytes);
    b->count = 0;
    memset(b->kinds, 0, sizeof b->kinds);
}

static inline int flow_bench_teardown(void **state)
{
    struct flow_bench *b = *state;
    bench_forget(b);
    flows_free(b->flows);
    free(b);
    return 0;
}

/* Hands one packet in, its payload from an exact copy that is gone afterwards. */
static inline void hand_in(struct flow_bench *b, struct packet p)
{
    uint8_t *copy = malloc(p.payload.left != 0 ? p.payload.left : 1);
    assert_non_null(copy);
    if (p.payload.left != 0)
        memcpy(copy, p.payload.next, p.payload.left);
    p.payload = reader_over(copy, p.payload.left);
    flows_take(b->flows, &p, 1, &b->sink);
    free(copy);
}

/* What a test says of a packet; what is left zero takes its usual value. */
struct saying {
    struct flow_bench *bench;
    bool by_server;
    uint8_t protocol; /* 0: TCP */
    uint8_t flags;    /* 0: ACK */
    uint32_t offset;  /* from the stream's first byte; SYN stands before it by itself */
    uint32_t isn;     /* 0: the side's usual one */
    uint16_t client_port, server_port;
    const char *text;
    const void *bytes; /* instead of text */
    size_t size;       /* of bytes */
    size_t cut;        /* of the payload's end, not captured */
    int64_t after_us;  /* since the packet before */
};

static inline struct packet packet_of(const struct saying *s)
{
    uint16_t client_port = s->client_port != 0 ? s->client_port : CLIENT_PORT;
    uint16_t server_port = s->server_port != 0 ? s->server_port : SERVER_PORT;
    uint32_t usual = s->by_server ? SERVER_ISN : CLIENT_ISN;
    uint32_t base = (s->isn != 0 ? s->isn : usual) + 1;
    size_t size = s->text != NULL ? strlen(s->text) : s->size;
    const void *bytes = s->text != NULL ? s->text : s->bytes;
    return (struct packet){
        .when_us = s->bench->now_us,
        .from = s->by_server ? SERVER : CLIENT,
        .to = s->by_server ? CLIENT : SERVER,
        .port_from = s->by_server ? server_port : client_port,
        .port_to = s->by_server ? client_port : server_port,
        .protocol = s->protocol != 0 ? s->protocol : IP_TCP,
        .tcp_flags = s->flags != 0 ? s->flags : TCP_ACK,
        .ip_id = s->bench->last_ip_id,
        .checksum = 0x1234,
        .sequence = base + s->offset - ((s->flags & TCP_SYN) != 0),
        .payload = reader_over(bytes, size - s->cut),
        .payload_length = size,
    };
}

static inline void say_it(struct saying s)
{
    struct flow_bench *b = s.bench;
    b->now_us += s.after_us;
    b->last_ip_id = (uint16_t)(b->last_ip_id % 0xffff + 1); /* never 0 */
    hand_in(b, packet_of(&s));
}

#define say(b, ...) say_it((struct saying){.bench = (b), __VA_ARGS__})

static inline void shake_hands(struct flow_bench *b, uint16_t server_port)
{
    say(b, .flags = TCP_SYN, .server_port = server_port);
    say(b, .by_server = true, .flags = TCP_SYN | TCP_ACK, .server_port = server_port);
    bench_forget(b);
}

static inline const struct seen *last_seen(const struct flow_bench *b)
{
    assert_true(b->count > 0);
    return &b->seen[b->count - 1];
}

/* The latest observation is a payload with these bytes. */
static inline void check_bytes(const struct flow_bench *b, const void *bytes, size_t size)
{
    const struct seen *s = last_seen(b);
    assert_int_equal(s->o.kind, OBSERVED_PAYLOAD);
    assert_int_equal(s->o.bytes.left, size);
    assert_memory_equal(s->bytes, bytes, size);
}

static inline void check_text(const struct flow_bench *b, const char *text)
{
    check_bytes(b, text, strlen(text));
}

#define bench_test(function)                                                                       \
    cmocka_unit_test_setup_teardown(function, flow_bench_setup, flow_bench_teardown)

#endif
