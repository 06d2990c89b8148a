/* Stream heads against a model. Input: how the stream begins (10 bytes), then a program of steps
 * (8 bytes each): segments of one stream in any order, connections begun again, packets of other
 * flows in between, and where a batch ends.
 *
 *   how 1 (SYN seen, DNS port) | wanted 2 | - 3 | initial sequence number 4
 *   kind 1 (enum kind_bit, low 3 bits: which other flow) | offset 2 | length 2 | cut 1 | flags 1 |
 *   first byte 1 (the others follow from it)
 *
 * The model is an array of bytes in which the first to come stand. The sink must be shown exactly
 * its prefix, each time it grows, and never more than is in it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "observe/flows.h"

#define HOUR_US (INT64_C(3600) * US_PER_SECOND)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    STEPS_MAX = 256,
    SEGMENT_MAX = 20000,
    OFFSET_BEFORE = 64, /* offsets begin so far before the stream's first byte */
    STEP_US = 1000
};

enum kind_bit { KIND_OTHER = 0x08, KIND_AGAIN = 0x10, KIND_BATCH_ENDS = 0x20 };

/* What the sink is to be shown next. */
struct growth {
    size_t before, left;
};

struct model {
    uint8_t bytes[STREAM_HEAD_BYTES];
    bool present[STREAM_HEAD_BYTES];
    uint32_t base;
    bool base_known, start_known, any, done;
    size_t prefix;
};

struct bench {
    struct sink sink;    /* first: the sink's self is this bench */
    struct flows *flows; /* one table for all runs, for it is slow to make */
    uint64_t run;        /* so each run has ends of its own, */
    int64_t when_us;     /* an hour after the last */
    struct model model;
    bool is_dns;
    size_t wanted;
    uint32_t isn;
    struct packet batch[STEPS_MAX];
    uint8_t *payloads[STEPS_MAX];
    size_t batch_count;
    struct growth expected[STEPS_MAX];
    size_t expected_count, shown;
    uint16_t last_ip_id;
};

enum end { END_CLIENT = 1, END_SERVER, END_OTHER };

static bool is_ours(const struct observation *o)
{
    return o->server.address.low == END_SERVER || o->client.address.low == END_SERVER;
}

static void take(struct sink *self, const struct observation *o)
{
    struct bench *b = (struct bench *)self;
    assert(o->bytes_before <= o->bytes.left);
    assert(!o->is_stream || o->bytes.left <= STREAM_HEAD_BYTES);
    if (o->kind != OBSERVED_PAYLOAD)
        return;
    struct reader bytes = o->bytes;
    size_t sum = 0;
    while (bytes.left > 0)
        sum += read_u8(&bytes);
    assert(sum <= o->bytes.left * 255); /* so every byte is read */
    if (!is_ours(o))
        return;
    assert(b->shown < b->expected_count);
    const struct growth *g = &b->expected[b->shown++];
    assert(o->bytes.left == g->left && o->bytes_before == g->before);
    assert(memcmp(o->bytes.next, b->model.bytes, g->left) == 0);
    assert(o->start_known == b->model.start_known && o->client_known == b->model.start_known);
}

static bool wants_datagram(struct sink *self, struct reader bytes)
{
    (void)self;
    return bytes.left % 2 == 0;
}

static size_t wants(struct sink *self, const struct observation *head)
{
    return is_ours(head) ? ((struct bench *)self)->wanted : STREAM_HEAD_BYTES;
}

/* Of the others' payloads too, so that flows end and begin in every state. */
static bool awaits_answer(struct sink *self, const struct observation *seen)
{
    (void)self;
    return seen->kind == OBSERVED_PAYLOAD && seen->bytes.left % 3 == 0;
}

static unsigned pieces(const struct model *m)
{
    unsigned count = 0;
    for (size_t i = 0; i < STREAM_HEAD_BYTES; i++)
        count += m->present[i] && (i == 0 || !m->present[i - 1]);
    return count;
}

static bool touches(const struct model *m, size_t from, size_t to)
{
    for (size_t i = from > 0 ? from - 1 : 0; i <= to && i < STREAM_HEAD_BYTES; i++)
        if (m->present[i])
            return true;
    return false;
}

static void model_grow(struct bench *b)
{
    struct model *m = &b->model;
    size_t before = m->prefix;
    while (m->prefix < STREAM_HEAD_BYTES && m->present[m->prefix])
        m->prefix++;
    if (m->prefix == before)
        return;
    if (b->wanted > before)
        b->expected[b->expected_count++] = (struct growth){before, m->prefix};
    m->done = (!b->is_dns && b->wanted <= m->prefix) || m->prefix == STREAM_HEAD_BYTES;
}

static void model_add(struct bench *b, uint32_t sequence, struct reader payload)
{
    struct model *m = &b->model;
    if (m->done || payload.left == 0)
        return;
    if (!m->base_known)
        m->base = sequence;
    m->base_known = true;
    int64_t from = (int32_t)(sequence - m->base);
    int64_t to = from + (int64_t)payload.left;
    if (from >= STREAM_HEAD_BYTES && !m->any)
        m->done = true;
    if (from >= STREAM_HEAD_BYTES || to <= 0)
        return;
    size_t first = from > 0 ? (size_t)from : 0;
    size_t end = to < STREAM_HEAD_BYTES ? (size_t)to : STREAM_HEAD_BYTES;
    m->any = true;
    if (pieces(m) == STREAM_HEAD_PIECES && !touches(m, first, end))
        return;
    read_skip(&payload, (size_t)((int64_t)first - from));
    for (size_t i = first; i < end; i++) {
        uint8_t byte = read_u8(&payload);
        m->bytes[i] = m->present[i] ? m->bytes[i] : byte;
        m->present[i] = true;
    }
    model_grow(b);
}

/* A head to which nothing more can come is given back. */
static void model_end(struct bench *b, const struct packet *p)
{
    struct model *m = &b->model;
    uint32_t end = p->sequence + (uint32_t)p->payload_length - m->base;
    bool resets = (p->tcp_flags & TCP_RST) != 0;
    if (m->any && (resets || ((p->tcp_flags & TCP_FIN) != 0 && end == m->prefix)))
        m->done = true;
}

static void pour(struct bench *b)
{
    flows_take(b->flows, b->batch, b->batch_count, &b->sink);
    assert(b->shown == b->expected_count);
    for (size_t i = 0; i < b->batch_count; i++)
        free(b->payloads[i]);
    b->batch_count = 0;
    b->shown = b->expected_count = 0;
}

static struct packet *packet_add(struct bench *b, uint32_t sequence, uint8_t flags)
{
    if (b->batch_count == STEPS_MAX)
        pour(b);
    b->when_us += STEP_US;
    b->last_ip_id++;
    struct packet *p = &b->batch[b->batch_count];
    *p = (struct packet){.when_us = b->when_us,
                         .from = {b->run, END_CLIENT},
                         .to = {b->run, END_SERVER},
                         .port_from = 40000,
                         .port_to = b->is_dns ? 53 : 4445,
                         .protocol = IP_TCP,
                         .tcp_flags = flags,
                         .ip_id = b->last_ip_id,
                         .sequence = sequence};
    b->payloads[b->batch_count++] = NULL;
    return p;
}

/* Gives the packet added last its payload: an exact copy. */
static void payload_add(struct bench *b, struct packet *p, size_t length, size_t cut, uint8_t first)
{
    size_t kept = cut < length ? length - cut : 0;
    uint8_t *bytes = malloc(kept != 0 ? kept : 1);
    if (bytes == NULL)
        abort();
    for (size_t i = 0; i < kept; i++)
        bytes[i] = (uint8_t)(first + i * (first | 1));
    b->payloads[b->batch_count - 1] = bytes;
    p->payload = reader_over(bytes, kept);
    p->payload_length = length;
}

/* The connection begins: the model too. What it was before is poured first. */
static void begin(struct bench *b, uint32_t isn)
{
    pour(b);
    b->isn = isn;
    memset(&b->model, 0, sizeof b->model);
    b->model.base = isn + 1;
    b->model.base_known = b->model.start_known = true;
    (void)packet_add(b, isn, TCP_SYN);
}

static void step(struct bench *b, struct reader s)
{
    uint8_t kind = read_u8(&s);
    uint16_t offset = read_be16(&s);
    size_t length = read_be16(&s) % (SEGMENT_MAX + 1U);
    size_t cut = read_u8(&s);
    uint8_t flags = read_u8(&s);
    if ((kind & KIND_AGAIN) != 0)
        begin(b, b->isn + 0x10000 + offset);
    bool ours = (kind & KIND_OTHER) == 0;
    if (ours)
        flags &= (uint8_t)~TCP_SYN;
    struct packet *p = packet_add(b, b->isn + 1 + offset - OFFSET_BEFORE, flags);
    payload_add(b, p, length, cut, read_u8(&s));
    if (ours) {
        if ((flags & TCP_RST) == 0)
            model_add(b, p->sequence, p->payload);
        model_end(b, p);
    } else { /* at most 7 others: a bucket holds 8, so none can push ours out */
        static const uint16_t ports[] = {53, 80, 445, 4445, 53, 4444, 4443};
        unsigned which = (kind & 7U) % COUNT_OF(ports);
        p->to = (struct address){b->run, END_OTHER};
        p->port_to = ports[which];
        p->protocol = which >= 4 ? IP_UDP : IP_TCP;
        p->ip_id = cut % 2 == 0 ? p->ip_id : 0;
    }
    if ((kind & KIND_BATCH_ENDS) != 0)
        pour(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bench b;
    struct reader r = reader_over(data, size);
    uint8_t how = read_u8(&r);
    b = (struct bench){.sink = {.take = take,
                                .wants_datagram = wants_datagram,
                                .wants = wants,
                                .awaits_answer = awaits_answer},
                       .flows = b.flows != NULL ? b.flows : flows_new(false),
                       .run = b.run + 1,
                       .when_us = b.when_us + HOUR_US};
    if (b.flows == NULL)
        return 0;
    b.is_dns = (how & 2) != 0;
    b.wanted = read_be16(&r);
    read_skip(&r, 3);
    b.isn = read_be32(&r);
    if ((how & 1) != 0)
        begin(&b, b.isn);
    for (unsigned steps = 0; r.left > 0 && steps < STEPS_MAX; steps++)
        step(&b, read_part(&r, r.left < 8 ? r.left : 8));
    pour(&b);
    return 0;
}
