/* p2p-odd-answer: asked by a valid P2P message on a port predicted for its address, it answered
 * with data that is no valid answer: it does not parse or is cut, its checksum is wrong, its flags
 * are none of the worm's, it is the request sent back, or it came before it was asked for.
 *
 * A port is predicted for a host by chance once in 14,000, so a service found there says nothing by
 * itself; file sharing alone would bring such hosts every day. Only in a flow in which the client
 * spoke the worm's protocol (a valid message: by chance once in 2^41 payloads) does the answer
 * count: a scan asked, or another infected host did. That is what a scan judges, too.
 *
 * A stream that may still become a message stands open in the slot; it is taken back when it does,
 * and is odd if it never does. A flow ends with its file: of a stream that goes on in the next file
 * the first part is judged alone, and so is, of one that goes on over midnight, that of the first
 * day. Both err towards suspicion, as does a segment that the capture missed; a host that answered
 * validly is infected all the same. What the capture cut is not held against anybody.
 * Source: spec of asking, section b. */
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/writer.h"
#include "conficker/ports.h"
#include "detect/detector.h"
#include "detect/p2p_seen.h"
#include "evidence/saving.h"
#include "evidence/span.h"
#include "evidence/verdict.h"
#include "observe/packet.h"

enum {
    BYTES_KEPT = 32, /* of an answer, for the person who checks */
    OPEN_MAX = 4,    /* streams of a host-day that stand open at a time */
    PORTS_MAX = 10   /* that can be predicted for a host on a day: 2, and 2 by each reading of the
                        week and of its neighbour */
};

struct answer {
    uint64_t stream; /* what its flow is known by, among those of the host */
    int64_t when_us;
    struct endpoint peer;
    uint16_t port;
    uint8_t protocol, size;
    uint8_t bytes[BYTES_KEPT];
    char wrong[P2P_WRONG_SIZE];
};

struct slot {
    uint64_t answers; /* that are odd; below is what they were */
    struct span span;
    struct answer first;
    uint32_t ports[PORTS_MAX]; /* and protocols */
    uint8_t port_count, open_count;
    struct answer open[OPEN_MAX]; /* the longest untouched first */
};

/* The client completes a valid message to a port that is predicted for the server. */
static bool is_question(const struct observation *seen)
{
    struct message m;
    return seen->by_client && seen->client_known && address_is_v4(seen->server.address) &&
           port_is_predicted(address_v4(seen->server.address), p2p_transport(seen),
                             seen->server.port, seen->when_us) &&
           p2p_message_of(seen, &m);
}

/* A stream that had begun before it was asked is no answer, whatever it goes on with. */
static bool was_early(const struct observation *question)
{
    return question->is_stream && question->other_spoke;
}

static bool awaits_answer(const struct observation *seen)
{
    return !was_early(seen) && is_question(seen);
}

static struct answer answer_of(const struct observation *seen, const char *wrong)
{
    uint64_t ports = (uint64_t)seen->client.port << 16 | seen->server.port;
    struct answer a = {.stream = hash_pair(hash_address(seen->client.address), ports),
                       .when_us = seen->when_us,
                       .peer = seen->client,
                       .port = seen->server.port,
                       .protocol = seen->protocol};
    (void)snprintf(a.wrong, sizeof a.wrong, "%s", wrong);
    return a;
}

static void keep_bytes(struct answer *a, struct reader bytes)
{
    a->size = (uint8_t)(bytes.left < BYTES_KEPT ? bytes.left : BYTES_KEPT);
    for (unsigned i = 0; i < a->size; i++)
        a->bytes[i] = read_u8(&bytes);
}

static bool is_before(const struct answer *a, const struct answer *b)
{
    if (a->when_us != b->when_us)
        return a->when_us < b->when_us;
    if (a->stream != b->stream)
        return a->stream < b->stream;
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) < 0;
}

static void add_port(struct slot *s, uint32_t port)
{
    for (unsigned i = 0; i < s->port_count; i++)
        if (s->ports[i] == port)
            return;
    if (s->port_count < PORTS_MAX)
        s->ports[s->port_count++] = port;
}

static void count(struct slot *s, const struct answer *a)
{
    if (s->answers == 0)
        s->span = span_empty();
    if (s->answers == 0 || is_before(a, &s->first))
        s->first = *a;
    s->answers++;
    span_add(&s->span, a->when_us);
    add_port(s, (uint32_t)a->protocol << 16 | a->port);
}

static void take_out(struct slot *s, unsigned at)
{
    s->open_count--;
    memmove(&s->open[at], &s->open[at + 1], (s->open_count - at) * sizeof s->open[0]);
}

/* The stream that stands open under this name does so no more; it counts if it is over. False: none
 * did. */
static bool close_open(struct slot *s, uint64_t stream, bool is_over)
{
    for (unsigned i = 0; i < s->open_count; i++) {
        if (s->open[i].stream != stream)
            continue;
        if (is_over)
            count(s, &s->open[i]);
        take_out(s, i);
        return true;
    }
    return false;
}

static void keep_open(struct slot *s, const struct answer *a)
{
    if (s->open_count == OPEN_MAX) {
        count(s, &s->open[0]);
        take_out(s, 0);
    }
    s->open[s->open_count++] = *a;
}

static void note(struct watcher *w, const struct observation *seen, const struct p2p_judgement *j)
{
    struct slot *s = watcher_slot(w, seen->server.address, seen->when_us);
    if (s == NULL)
        return;
    struct answer a = answer_of(seen, j->wrong);
    keep_bytes(&a, seen->bytes);
    bool goes_on = seen->bytes_before > 0;
    /* One that begins between the same ports ends the one before; one that goes on and is not open
     * is judged already, or has lost a piece to the capture. */
    if (seen->is_stream && !close_open(s, a.stream, !goes_on) && goes_on)
        return;
    if (j->standing == P2P_ODD)
        count(s, &a);
    else if (j->standing == P2P_OPEN && !seen->cut)
        keep_open(s, &a);
}

static void observe_answer(struct watcher *w, const struct observation *seen)
{
    struct p2p_judgement j = p2p_judge_answer(seen, seen->bytes);
    bool is_good = j.standing == P2P_HOLDS || j.standing == P2P_UNTOLD;
    if (!is_good || seen->bytes_before > 0)
        note(w, seen, &j);
}

/* What came before the question is known by its first bytes alone. */
static void observe_question(struct watcher *w, const struct observation *seen)
{
    if (!was_early(seen) || !is_question(seen))
        return;
    struct slot *s = watcher_slot(w, seen->server.address, seen->when_us);
    if (s == NULL)
        return;
    struct answer a = answer_of(seen, "it came before the message that it would answer");
    for (a.size = 0; a.size < seen->other_start_size; a.size++)
        a.bytes[a.size] = (uint8_t)(seen->other_start >> 8 * a.size);
    count(s, &a);
}

static void observe(struct watcher *w, const struct observation *seen)
{
    if (seen->by_client)
        observe_question(w, seen);
    else if (seen->awaited)
        observe_answer(w, seen);
}

/* No stream goes on in another part: those that stand open there are over. */
static void merge(struct watcher *w, void *into_slot, const void *from_slot)
{
    (void)w;
    struct slot *into = into_slot;
    const struct slot *from = from_slot;
    for (unsigned i = 0; i < from->open_count; i++)
        count(into, &from->open[i]);
    if (from->answers == 0)
        return;
    if (into->answers == 0)
        into->span = span_empty();
    if (into->answers == 0 || is_before(&from->first, &into->first))
        into->first = from->first;
    into->answers += from->answers;
    span_merge(&into->span, from->span);
    for (unsigned i = 0; i < from->port_count; i++)
        add_port(into, from->ports[i]);
}

/* The slot when all its streams are over. */
static struct slot closed(const struct slot *s)
{
    struct slot whole = *s;
    for (unsigned i = 0; i < whole.open_count; i++)
        count(&whole, &whole.open[i]);
    whole.open_count = 0;
    return whole;
}

static void save(const void *slot, struct writer *out)
{
    const struct slot s = closed(slot);
    write_le64(out, s.answers);
    if (s.answers == 0)
        return;
    save_span(out, s.span);
    write_u8(out, s.port_count);
    for (unsigned i = 0; i < s.port_count; i++)
        write_le32(out, s.ports[i]);
    write_le64(out, s.first.stream);
    save_time(out, s.first.when_us);
    save_address(out, s.first.peer.address);
    write_le16(out, s.first.peer.port);
    write_le16(out, s.first.port);
    write_u8(out, s.first.protocol);
    write_u8(out, s.first.size);
    write_bytes(out, s.first.bytes, s.first.size);
    save_text(out, s.first.wrong);
}

static void load_first(struct answer *a, struct reader *in)
{
    a->stream = read_le64(in);
    a->when_us = load_time(in);
    a->peer.address = load_address(in);
    a->peer.port = read_le16(in);
    a->port = read_le16(in);
    a->protocol = read_u8(in);
    uint8_t size = read_u8(in);
    load_demand(in, size <= BYTES_KEPT);
    keep_bytes(a, read_part(in, in->failed ? 0 : size));
    load_printable(in, a->wrong, sizeof a->wrong);
}

static bool load(struct watcher *w, void *slot, struct reader *in)
{
    (void)w;
    struct slot *s = slot;
    s->answers = load_count(in);
    if (s->answers == 0)
        return !in->failed;
    s->span = load_span(in);
    s->port_count = read_u8(in);
    load_demand(in, s->port_count > 0 && s->port_count <= PORTS_MAX);
    for (unsigned i = 0; i < s->port_count && !in->failed; i++)
        s->ports[i] = read_le32(in);
    load_first(&s->first, in);
    load_demand(in, s->span.first_us <= s->span.last_us);
    return !in->failed;
}

static const char *protocol_text(uint8_t protocol)
{
    return protocol == IP_TCP ? "tcp" : "udp";
}

static void add_facts(const struct slot *s, struct sign *out)
{
    const struct answer *a = &s->first;
    char address[ADDRESS_TEXT_SIZE], line[FACT_TEXT_SIZE];
    (void)snprintf(line, sizeof line, "%s port %u/%s", address_text(a->peer.address, address),
                   a->peer.port, protocol_text(a->protocol));
    sign_add_text(out, FACT_TEXT, "first_peer", line);
    (void)snprintf(line, sizeof line, "%u/%s", a->port, protocol_text(a->protocol));
    sign_add_text(out, FACT_TEXT, "first_port", line);
    out->flow = (struct sign_flow){.protocol = a->protocol,
                                   .peer = a->peer.address,
                                   .port = a->port,
                                   .peer_port = a->peer.port};
    sign_add_text(out, FACT_TEXT, "first_fault", a->wrong);
    struct text hex = text_over(line, sizeof line);
    for (unsigned i = 0; i < a->size; i++)
        text_add(&hex, "%02x", a->bytes[i]);
    sign_add_text(out, FACT_TEXT, "first_bytes", line);
    sign_add_number(out, "ports", s->port_count);
}

static void say(const struct slot *s, struct sign *out)
{
    struct text says = text_over(out->says, sizeof out->says);
    text_add(&says, "It answered %s on ", s->answers == 1 ? "a P2P message" : "P2P messages");
    if (s->port_count == 1)
        text_add(&says, "port %u/%s, which is", s->first.port, protocol_text(s->first.protocol));
    else
        text_add(&says, "%u ports", s->port_count);
    text_add(&says, " predicted for its address, with data that is no valid answer");
    if (s->answers > 1)
        text_add(&says, ", %llu times; the first time", (unsigned long long)s->answers);
    text_add(&says, ": %s.", s->first.wrong);
}

static bool report(struct watcher *w, int32_t day, const void *slot, struct sign *out)
{
    (void)w, (void)day;
    const struct slot whole = closed(slot);
    if (whole.answers == 0)
        return false;
    out->weight = WEIGHT_POINTS;
    out->points = VERDICT_ODD_ANSWER_POINTS;
    out->variants = VARIANT_D | VARIANT_E;
    out->count = whole.answers;
    out->first_us = whole.span.first_us;
    out->last_us = whole.span.last_us;
    add_facts(&whole, out);
    say(&whole, out);
    return true;
}

const struct detector detector_p2p_odd_answer = {
    .sign = SIGN_P2P_ODD_ANSWER,
    .slot_size = sizeof(struct slot),
    .interests = 1u << OBSERVED_PAYLOAD,
    .observe = observe,
    .wants_datagram = p2p_wants_datagram,
    .wants = p2p_wants,
    .awaits_answer = awaits_answer,
    .merge = merge,
    .report = report,
    .save = save,
    .load = load,
};
