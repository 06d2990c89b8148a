/* Knocks, and the packets that carry them. Headers as RFC 9293, 768 and 791 have them, by
 * wire/build; the one option of a SYN is a segment size, without which middle boxes get odd. */
#include "scan/raw_plan.h"

#include <assert.h>

#include "base/address.h"
#include "wire/build.h"
#include "wire/ip.h"
#include "wire/transport.h"

/* RFC 9293, 3.7.1: kind 2, length 4, 1460 bytes. */
static const uint8_t segment_size[] = {2, 4, 0x05, 0xb4};

static size_t add_doors(const struct shot *shot, size_t count, struct knock *out)
{
    for (size_t i = 0; i < PROBE_DOORS_MAX && shot->probe->doors[i] != 0; i++) {
        if (count < KNOCKS_MAX) {
            out[count] = (struct knock){.shot = *shot};
            out[count].shot.transport = TRANSPORT_TCP;
            out[count].shot.port = shot->probe->doors[i];
        }
        count++;
    }
    return count;
}

size_t raw_knocks_at(const struct raw_plan *plan, const struct aim *aim, uint32_t host,
                     struct knock out[static KNOCKS_MAX])
{
    size_t count = 0;
    for (size_t p = 0; p < plan->probe_count; p++) {
        struct shot aimed[PROBE_SHOTS_MAX];
        size_t more = plan->probes[p]->aim(aim, host, aimed);
        for (size_t i = 0; i < more; i++) {
            aimed[i].probe = plan->probes[p];
            if (plan->probes[p]->dialogue != NULL) {
                count = add_doors(&aimed[i], count, out);
            } else {
                if (count < KNOCKS_MAX)
                    out[count] = (struct knock){.shot = aimed[i],
                                                .asks = aimed[i].probe->build != NULL};
                count++;
            }
        }
    }
    return count <= KNOCKS_MAX ? count : KNOCKS_MAX + 1;
}

size_t raw_knocks(const struct raw_plan *plan, uint32_t host, struct knock out[static KNOCKS_MAX])
{
    return raw_knocks_at(plan, &plan->aim, host, out);
}

bool raw_weeks_differ(const struct raw_plan *plan, int64_t a_us, int64_t b_us)
{
    return !plan->aim.week_given &&
           (week_of(a_us) != week_of(b_us) || week_neighbour(a_us) != week_neighbour(b_us));
}

static unsigned bytes_at(const struct raw_plan *plan, const uint32_t *sample, size_t count)
{
    struct knock knocks[KNOCKS_MAX];
    for (unsigned bytes = 1; bytes < KNOCKS_MAX / 4; bytes *= 2) {
        size_t fit = 0;
        for (size_t i = 0; i < count; i++)
            fit += raw_knocks(plan, sample[i], knocks) <= (size_t)bytes * 4;
        if (2 * fit > count)
            return bytes;
    }
    return KNOCKS_MAX / 4;
}

/* Where the weeks turn meanwhile, two are asked at some time: as on the Monday of any week. */
unsigned raw_state_bytes(const struct raw_plan *plan, int64_t until_us, const uint32_t *sample,
                         size_t count)
{
    struct raw_plan other = *plan;
    unsigned now = bytes_at(plan, sample, count);
    if (!raw_weeks_differ(plan, plan->aim.when_us, until_us))
        return now;
    other.aim.when_us = week_start_us(week_of(plan->aim.when_us) + 1);
    unsigned then = bytes_at(&other, sample, count);
    return then > now ? then : now;
}

struct shot raw_shot(const struct raw_plan *plan, const struct knock *k)
{
    struct shot shot = k->shot;
    uint64_t key = raw_cookie(&plan->key, RAW_COOKIE_MESSAGE, shot.host, shot.transport, shot.port,
                              0);
    shot.key = key != 0 ? key : 1;
    return shot;
}

static uint32_t sequence_of(const struct raw_plan *plan, const struct knock *k, uint16_t own_port)
{
    return (uint32_t)raw_cookie(&plan->key, RAW_COOKIE_SEQUENCE, k->shot.host, TRANSPORT_TCP,
                                k->shot.port, own_port);
}

static uint16_t udp_port_of(const struct raw_plan *plan, const struct knock *k)
{
    uint64_t cookie = raw_cookie(&plan->key, RAW_COOKIE_PORT, k->shot.host, TRANSPORT_UDP,
                                 k->shot.port, 0);
    return (uint16_t)(plan->udp_first + cookie % plan->udp_count);
}

/* Identifier and number of an ICMP echo: an error quotes no more of it than these. */
static uint32_t echo_of(const struct raw_plan *plan, const struct knock *k)
{
    return (uint32_t)raw_cookie(&plan->key, RAW_COOKIE_ECHO, k->shot.host, TRANSPORT_UDP, 0, 0);
}

bool raw_knock_is_echo(const struct knock *k)
{
    return k->shot.transport == TRANSPORT_UDP && k->shot.port == 0;
}

/* The bytes of the question itself; how many. */
static size_t write_question(const struct raw_plan *plan, const struct knock *k,
                             uint8_t bytes[static REQUEST_SIZE])
{
    struct shot shot = raw_shot(plan, k);
    struct writer w = writer_over(bytes, REQUEST_SIZE);
    shot.probe->build(&shot, &w);
    assert(!w.failed);
    return w.used;
}

static struct wire_packet packet_to(const struct raw_plan *plan, uint32_t host, uint16_t port)
{
    return (struct wire_packet){.from = address_of_v4(plan->source),
                                .to = address_of_v4(host),
                                .port_to = port,
                                .fragment_field = IP4_DO_NOT_FRAGMENT};
}

static void build_echo(const struct raw_plan *plan, const struct knock *k, struct writer *w)
{
    uint8_t proof[4];
    struct wire_packet p = packet_to(plan, k->shot.host, 0);
    struct writer proof_writer = writer_over(proof, sizeof proof);
    write_be32(&proof_writer, echo_of(plan, k));
    p.protocol = IP_NUMBER_ICMP;
    p.icmp_type = ICMP_ECHO;
    p.payload = proof;
    p.payload_length = sizeof proof;
    wire_build_packet(w, &p);
}

void raw_build_knock(const struct raw_plan *plan, const struct knock *k, unsigned pass,
                     struct writer *w)
{
    uint8_t question[REQUEST_SIZE];
    struct wire_packet p = packet_to(plan, k->shot.host, k->shot.port);
    assert(pass < RAW_PASSES);
    if (raw_knock_is_echo(k)) {
        build_echo(plan, k, w);
        return;
    }
    if (k->shot.transport == TRANSPORT_TCP) {
        p.protocol = IP_NUMBER_TCP;
        p.port_from = plan->tcp_ports[pass];
        p.tcp_flags = TCP_SYN;
        p.sequence = sequence_of(plan, k, p.port_from);
        p.options = segment_size;
        p.options_length = sizeof segment_size;
    } else {
        p.protocol = IP_NUMBER_UDP;
        p.port_from = udp_port_of(plan, k);
        p.payload = question;
        p.payload_length = write_question(plan, k, question);
    }
    wire_build_packet(w, &p);
}

void raw_build_question(const struct raw_plan *plan, const struct knock *k,
                        const struct raw_answer *opened, struct writer *w)
{
    uint8_t question[REQUEST_SIZE];
    struct wire_packet p = packet_to(plan, opened->host, opened->port);
    p.protocol = IP_NUMBER_TCP;
    p.port_from = opened->own_port;
    p.tcp_flags = TCP_ACK | TCP_PSH;
    p.sequence = opened->acknowledgement;
    p.acknowledgement = opened->sequence + 1;
    p.payload = question;
    p.payload_length = write_question(plan, k, question);
    wire_build_packet(w, &p);
}

void raw_build_receipt(const struct raw_plan *plan, const struct raw_answer *a, struct writer *w)
{
    struct wire_packet p = packet_to(plan, a->host, a->port);
    p.protocol = IP_NUMBER_TCP;
    p.port_from = a->own_port;
    p.tcp_flags = TCP_ACK;
    p.sequence = a->acknowledgement;
    p.acknowledgement = a->sequence + (uint32_t)a->payload.left;
    wire_build_packet(w, &p);
}

void raw_build_reset(const struct raw_plan *plan, const struct raw_answer *a, struct writer *w)
{
    struct wire_packet p = packet_to(plan, a->host, a->port);
    p.protocol = IP_NUMBER_TCP;
    p.port_from = a->own_port;
    p.tcp_flags = TCP_RST;
    p.sequence = a->acknowledgement;
    wire_build_packet(w, &p);
}

static bool own_tcp_port(const struct raw_plan *plan, uint16_t port)
{
    for (unsigned i = 0; i < RAW_PASSES; i++)
        if (plan->tcp_ports[i] == port)
            return true;
    return false;
}

/* What a host acknowledges lies behind our SYN, and not behind the end of our question. A quote has
 * our own sequence number, of the SYN or of the question. */
static bool tcp_is_true(const struct raw_plan *plan, const struct knock *k,
                        const struct raw_answer *a)
{
    if (!own_tcp_port(plan, a->own_port))
        return false;
    uint32_t sequence = sequence_of(plan, k, a->own_port);
    uint32_t most = k->asks ? 1 + REQUEST_SIZE : 1;
    switch (a->kind) {
    case RAW_OPENS:
        return a->acknowledgement == sequence + 1;
    case RAW_RESETS:
    case RAW_SPEAKS:
    case RAW_ENDS:
        return a->acknowledgement - sequence >= 1 && a->acknowledgement - sequence <= most;
    case RAW_PORT_CLOSED:
    case RAW_NOBODY:
        return a->sequence - sequence <= 1;
    case RAW_DATAGRAM:
    case RAW_ECHOES:
        break;
    }
    return false;
}

bool raw_answer_is_true(const struct raw_plan *plan, const struct knock *k,
                        const struct raw_answer *a)
{
    if (k->shot.host != a->host || k->shot.transport != a->transport || k->shot.port != a->port)
        return false;
    if (raw_knock_is_echo(k))
        return a->of_echo && a->sequence == echo_of(plan, k);
    return a->transport == TRANSPORT_TCP ? tcp_is_true(plan, k, a)
                                         : a->own_port == udp_port_of(plan, k);
}
