/* A P2P scan in packets: an asker asks a host on a port, the host answers, and a hunt over the
 * capture says what it found of the host.
 *
 *   struct talk t = talk_begun(reel, IP_TCP);      a connection to the predicted port, on a Tuesday
 *   asks(&t);                                      the asker sends its request
 *   says(&t, true, "220 FTP ready\r\n", 15);       the host sends this
 *   struct found f = found_in(reel); */
#ifndef WORMSIGN_TESTS_ASKING_H
#define WORMSIGN_TESTS_ASKING_H

#include "hunting.h"

#include "base/compiler.h"
#include "base/time.h"
#include "conficker/message.h"
#include "conficker/ports.h"
#include "observe/packet.h"
#include "wire/build.h"

#define ASKER address_of_v4(0x0a010909)
#define HOST_V4 UINT32_C(0x0a010207)
#define HOST address_of_v4(HOST_V4)
#define REQUEST_KEY UINT64_C(0x1122334455667788)
#define ANSWER_KEY UINT64_C(0x0102030405060708)

static const char asker[] = "10.1.9.9", host[] = "10.1.2.7";
static const char tuesday[] = "2009-04-21T12:00:00Z";
static const char monday[] = "2009-04-20T12:00:00Z";

enum { BYTES_MAX = 9000, FLAGS_FULL = MESSAGE_MODE | MESSAGE_ENCODED | MESSAGE_HAS_IP };

struct bytes {
    size_t size;
    uint8_t at[BYTES_MAX];
};

/* One flow between asker and host in the making. */
struct talk {
    struct reel *reel;
    int64_t now_us;
    uint16_t client_port, port, ip_id;
    uint8_t protocol;
    uint32_t sent[2]; /* stream bytes of asker and host */
};

static inline int64_t when(const char *text)
{
    int64_t us;
    assert_true(time_parse(text, &us, NULL));
    return us;
}

static inline uint16_t port_of_week(uint8_t protocol, uint32_t week)
{
    struct p2p_ports ports = ports_predicted_for(HOST_V4, week, READING_NMAP);
    return protocol == IP_TCP ? ports.tcp[1] : ports.udp[1];
}

static inline void put(struct talk *t, bool by_host, uint8_t flags, const uint8_t *bytes,
                       size_t size, size_t cut)
{
    static uint8_t frame[BYTES_MAX + 100];
    struct wire_packet p = {.from = by_host ? HOST : ASKER,
                            .to = by_host ? ASKER : HOST,
                            .port_from = by_host ? t->port : t->client_port,
                            .port_to = by_host ? t->client_port : t->port,
                            .protocol = t->protocol,
                            .tcp_flags = flags,
                            .ip_id = ++t->ip_id,
                            .sequence = 1000 + t->sent[by_host],
                            .payload = bytes,
                            .payload_length = size};
    struct writer w = writer_over(frame, sizeof frame);
    wire_build_frame(&w, &p);
    assert_false(w.failed);
    t->now_us += 10000;
    reel_add(t->reel, t->now_us, frame, w.used - cut, (uint32_t)w.used);
    t->sent[by_host] += (uint32_t)size + ((flags & (TCP_SYN | TCP_FIN)) != 0);
}

static inline struct talk talk_on(struct reel *reel, uint8_t protocol, uint16_t port,
                                  const char *time)
{
    struct talk t = {.reel = reel,
                     .now_us = when(time),
                     .client_port = (uint16_t)(40000 + reel->count),
                     .port = port,
                     .ip_id = (uint16_t)(reel->count * 64),
                     .protocol = protocol};
    if (protocol == IP_TCP) {
        put(&t, false, TCP_SYN, NULL, 0, 0);
        put(&t, true, TCP_SYN | TCP_ACK, NULL, 0, 0);
    }
    return t;
}

/* A flow to the host's port of the week, at noon of a Tuesday. */
static inline struct talk talk_begun(struct reel *reel, uint8_t protocol)
{
    return talk_on(reel, protocol, port_of_week(protocol, week_of(when(tuesday))), tuesday);
}

static inline void says(struct talk *t, bool by_host, const void *bytes, size_t size)
{
    put(t, by_host, t->protocol == IP_TCP ? TCP_PSH | TCP_ACK : 0, bytes, size, 0);
}

static inline void host_says(struct talk *t, const struct bytes *b)
{
    says(t, true, b->at, b->size);
}

static inline void host_types(struct talk *t, const struct bytes *b)
{
    for (size_t i = 0; i < b->size; i++)
        says(t, true, b->at + i, 1);
}

static inline struct bytes built(const struct talk *t, struct message fields, size_t noise,
                                 uint32_t wrong)
{
    static const uint8_t zeros[BYTES_MAX];
    bool is_tcp = t->protocol == IP_TCP;
    struct message_plan plan = {.fields = fields,
                                .noise = zeros,
                                .noise_length = noise,
                                .transport = is_tcp ? TRANSPORT_TCP : TRANSPORT_UDP,
                                .checksum_xor = wrong};
    plan.fields.flags |= is_tcp ? MESSAGE_IS_TCP : 0;
    struct bytes b;
    struct writer w = writer_over(b.at, sizeof b.at);
    message_build(&plan, &w);
    assert_false(w.failed);
    b.size = w.used;
    return b;
}

static inline struct bytes request_of(const struct talk *t)
{
    struct message bare = {.key = REQUEST_KEY, .flags = MESSAGE_MODE | MESSAGE_ENCODED};
    return built(t, bare, 0, 0);
}

static inline struct bytes answer_of(const struct talk *t)
{
    return built(t, (struct message){.key = ANSWER_KEY, .flags = FLAGS_FULL}, 20, 0);
}

static inline void asks(struct talk *t)
{
    struct bytes b = request_of(t);
    says(t, false, b.at, b.size);
}

/* What a hunt over the reel, cut in two files, found of the host. */
struct found {
    enum verdict_kind kind;
    bool odd, answer, complete;
    uint64_t count;
    double ports;
    char wrong[FACT_TEXT_SIZE], bytes[FACT_TEXT_SIZE], port[FACT_TEXT_SIZE];
};

static inline void take_fact(struct found *f, const struct fact *fact)
{
    char *into = strcmp(fact->name, "first_fault") == 0   ? f->wrong
                 : strcmp(fact->name, "first_bytes") == 0 ? f->bytes
                 : strcmp(fact->name, "first_port") == 0  ? f->port
                                                          : NULL;
    if (into != NULL)
        memcpy(into, fact->text, FACT_TEXT_SIZE);
    if (strcmp(fact->name, "ports") == 0)
        f->ports = fact->number;
}

/* A report that takes down the signs of the host, which are only lent. */
static inline bool found_host(struct report *r, const struct verdict *v)
{
    struct found *f = r->state;
    if (!address_equal(v->host, HOST))
        return true;
    f->kind = v->kind;
    for (size_t i = 0; i < v->sign_count; i++) {
        const struct sign *s = &v->signs[i];
        f->answer |= s->id == SIGN_P2P_ANSWER;
        if (s->id != SIGN_P2P_ODD_ANSWER)
            continue;
        f->odd = true;
        f->count += s->count;
        assert_true(s->weight == WEIGHT_POINTS && s->points >= 3 && s->points <= 3);
        for (unsigned k = 0; k < s->fact_count; k++)
            take_fact(f, &s->facts[k]);
    }
    return true;
}

static inline bool found_begin(struct report *r)
{
    return r->state != NULL;
}

static inline bool found_edge(struct report *r, const struct infection *i)
{
    return r->state != NULL && i != NULL;
}

static inline bool found_end(struct report *r, const struct totals *t)
{
    struct found *f = r->state;
    f->complete = t->complete;
    return true;
}

static inline struct found hunted(const struct reel *reel, size_t cut_at)
{
    static const struct report_format finding = {.id = "finding",
                                                 .claim = "for tests",
                                                 .begin = found_begin,
                                                 .host = found_host,
                                                 .edge = found_edge,
                                                 .end = found_end};
    struct prefix exempt;
    assert_true(prefix_parse(asker, &exempt, NULL));
    struct hunt_settings settings = settings_usual();
    settings.exempt = &exempt;
    settings.exempt_count = 1;
    struct found f = {.kind = VERDICT_UNKNOWN};
    struct report report = {.format = &finding, .state = &f};
    struct hunt_outcome outcome;
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_part(h, reel, 0, cut_at) && hunt_part(h, reel, cut_at, reel->count));
    hunt_finish(h, &report, 1, 1, &outcome);
    hunt_free(h);
    return f;
}

/* Hunts the reel, and gives it back. */
static inline struct found found_in(struct reel *reel)
{
    struct found f = hunted(reel, reel->count);
    assert_true(f.complete);
    reel_free(reel);
    return f;
}

static inline void check_odd(const struct found *f, const char *wrong)
{
    assert_int_equal(f->kind, VERDICT_SUSPICIOUS);
    assert_true(f->odd && !f->answer);
    assert_int_equal(f->count, 1);
    assert_string_equal(f->wrong, wrong);
}

static inline void check_nothing(const struct found *f)
{
    assert_int_equal(f->kind, VERDICT_UNKNOWN);
    assert_false(f->odd || f->answer);
}

static inline void check_answer(const struct found *f)
{
    assert_int_equal(f->kind, VERDICT_INFECTED);
    assert_true(f->answer && !f->odd);
}

/* Asks, and is answered with these bytes, on a predicted port. */
static inline struct found answered(uint8_t protocol, const void *bytes, size_t size)
{
    struct reel *reel = reel_new();
    struct talk t = talk_begun(reel, protocol);
    asks(&t);
    says(&t, true, bytes, size);
    return found_in(reel);
}

static const uint8_t protocols[] = {IP_UDP, IP_TCP};

#endif
