/* A raw network that is played on a made-up clock: for the tests of the raw engine. A /24 of hosts,
 * each of which has a role; what is sent to them is counted, and answered at once. No packet
 * leaves, and no test waits. */
#ifndef WORMSIGN_TESTS_MADE_RAW_NETWORK_H
#define WORMSIGN_TESTS_MADE_RAW_NETWORK_H

#include "testing.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "base/time.h"
#include "conficker/message.h"
#include "scan/gate.h"
#include "scan/raw_engine.h"
#include "scan/raw_named.h"
#include "scan/target_set.h"
#include "wire/build.h"
#include "wire/ip.h"

#define SECOND US_PER_SECOND

enum { US = 0x0a090101, FIRST = 0x0a090200, HOSTS = 256, QUEUE = 4096, ROOM = 400 };
enum { ODD = 40050, NAMED_FIRST = 40040, NAMED_EACH = 48 };
enum { SYN = 2, RST = 4, PSH = 8, ACK = 16 };

/* What a host does. */
enum role {
    REFUSES,
    SILENT,
    INFECTED,
    ACCEPTS,
    IN_PIECES,
    ELSEWHERE,
    ABSENT,
    OPENS, /* takes connections and says nothing; refuses datagrams */
    LATE,  /* found behind the first pass, and refuses */
    SECOND_TIME,
    FORGES,
    ECHOES,  /* and is silent else */
    ODD_PORT /* refuses, but for a message on TCP port ODD */
};

/* All that a test says, and what came of it. */
static struct play {
    enum role all, special[HOSTS]; /* special: 0, as all */
    unsigned knocks[HOSTS];        /* packets that asked a host, and what it was sent beside */
    unsigned others[HOSTS];
    int64_t now_us, first_us[HOSTS], last_us[HOSTS];
    int64_t stop_us;
    int64_t dead_from_us, dead_until_us; /* nothing comes back; 0: never, for ever */
    unsigned breaks_at;                  /* packets after which the device is gone; 0: never */
    int64_t back_us;                     /* when it is back; 0: never */
    struct {
        uint32_t host;
        uint8_t packet[ROOM];
        size_t size; /* 0: nothing waits for the device */
    } kept;
    bool was_stuck; /* and was told so */
    unsigned sent, done;
    uint8_t queue[QUEUE][ROOM];
    size_t sizes[QUEUE], head, count;
    uint32_t found[HOSTS];
    enum raw_found how[HOSTS];
    size_t found_count;
    unsigned asked_where[HOSTS];
    bool net_is_reached; /* without asking for single hosts */
    uint32_t last_host;  /* that a packet was for, and how many in a row were */
    unsigned in_a_row, most_in_a_row;
} play;

static struct raw_settings settings;
static struct host_table *table;
static struct raw_named *named;

static enum role role_of(uint32_t host)
{
    enum role special = play.special[host - FIRST];
    if (special == LATE)
        return play.now_us < 4 * SECOND ? ABSENT : REFUSES;
    return special != 0 ? special : play.all;
}

static int64_t now(void *context)
{
    (void)context;
    return play.now_us;
}

static enum raw_reach reach(void *context, uint32_t host)
{
    (void)context;
    return role_of(host) == ELSEWHERE ? RAW_REACH_SOCKETS
           : role_of(host) == ABSENT  ? RAW_REACH_UNKNOWN
                                      : RAW_REACH_NOW;
}

static bool reaches_net(void *context, uint32_t host)
{
    (void)context;
    assert_int_equal(host & 0xff, 0);
    return play.net_is_reached;
}

static bool look_for(void *context, uint32_t host, struct error *err)
{
    (void)context;
    (void)err;
    play.asked_where[host - FIRST]++;
    return true;
}

static bool is_dead(void)
{
    return play.dead_from_us > 0 && play.now_us >= play.dead_from_us &&
           (play.dead_until_us == 0 || play.now_us < play.dead_until_us);
}

static void reply(const struct wire_packet *p)
{
    if (is_dead())
        return;
    assert_true(play.count < QUEUE);
    size_t place = (play.head + play.count++) % QUEUE;
    struct writer w = writer_over(play.queue[place], ROOM);
    wire_build_packet(&w, p);
    assert_false(w.failed);
    play.sizes[place] = w.used;
}

/* A message of the worm, as an infected host sends it. */
static size_t message(enum transport transport, uint8_t out[static 64])
{
    bool tcp = transport == TRANSPORT_TCP;
    struct message_plan plan = {.transport = transport};
    struct writer w = writer_over(out, 64);
    plan.fields.key = 12345;
    plan.fields.flags = (uint16_t)(MESSAGE_ENCODED | (tcp ? MESSAGE_IS_TCP : 0));
    message_build(&plan, &w);
    return w.used;
}

static void speak(struct wire_packet back, enum role role)
{
    uint8_t bytes[64];
    size_t size = message(TRANSPORT_TCP, bytes);
    size_t step = role == IN_PIECES ? 3 : size;
    back.tcp_flags = ACK | PSH;
    for (size_t at = 0; at < size; at += step) {
        back.sequence = 501 + (uint32_t)at;
        back.payload = bytes + at;
        back.payload_length = size - at < step ? size - at : step;
        reply(&back);
    }
}

static void tcp_came(struct wire_packet back, uint8_t flags, uint32_t sequence, size_t length)
{
    enum role role = role_of(address_v4(back.from));
    /* Where the worm never listens, only doors of a dialogue are sent anything. */
    assert_true(length == 0 || !port_is_blacklisted(back.port_from) || back.port_from < 1024);
    back.acknowledgement = sequence + (flags == SYN) + (uint32_t)length;
    back.sequence = 500;
    bool refuses = role == REFUSES || role == SECOND_TIME ||
                   (role == ODD_PORT && back.port_from != ODD);
    if (flags == SYN && refuses) {
        back.tcp_flags = RST | ACK;
        reply(&back);
    } else if (flags == SYN) {
        back.tcp_flags = SYN | ACK;
        reply(&back);
    } else if (length > 0 && role != ACCEPTS && role != OPENS) {
        speak(back, role);
    }
}

static void udp_came(struct wire_packet back)
{
    uint8_t bytes[64];
    back.payload = bytes;
    back.payload_length = message(TRANSPORT_UDP, bytes);
    if (role_of(address_v4(back.from)) == INFECTED)
        reply(&back);
}

static void refuse_datagram(const struct wire_packet *back, const uint8_t *packet)
{
    uint8_t quoted[32] = {0};
    memcpy(quoted + 4, packet, 28);
    const struct wire_packet error = {.from = back->from,
                                      .to = back->to,
                                      .protocol = IP_NUMBER_ICMP,
                                      .icmp_type = 3,
                                      .icmp_code = 3,
                                      .payload = quoted,
                                      .payload_length = sizeof quoted};
    reply(&error);
}

/* A packet that proves nothing, whatever it was sent. */
static void forge(struct wire_packet back)
{
    back.tcp_flags = SYN | ACK;
    back.acknowledgement = 1;
    back.port_to ^= back.protocol == IP_NUMBER_UDP;
    reply(&back);
}

/* The four bytes behind the checksum come back. */
static void echo(struct wire_packet back, const uint8_t *packet)
{
    back.payload = packet + IP4_HEADER_MIN + 4;
    back.payload_length = 4;
    reply(&back);
}

static void answer(const uint8_t *packet, size_t size, uint32_t host)
{
    struct reader r = reader_over(packet, size);
    read_skip(&r, 9);
    struct wire_packet back = {.protocol = read_u8(&r)};
    read_skip(&r, 2);
    back.to = address_of_v4(read_be32(&r));
    back.from = address_of_v4(read_be32(&r));
    back.port_to = read_be16(&r);
    back.port_from = read_be16(&r);
    uint32_t sequence = read_be32(&r);
    (void)read_be32(&r);
    size_t offset = (size_t)(read_u8(&r) >> 4) * 4;
    uint8_t flags = read_u8(&r);
    bool is_tcp = back.protocol == IP_NUMBER_TCP, asks = !is_tcp || flags == SYN;
    enum role role = role_of(host);
    play.knocks[host - FIRST] += asks;
    play.others[host - FIRST] += !asks;
    if (role == SILENT || (role == SECOND_TIME && play.knocks[host - FIRST] <= 4) ||
        (is_tcp && (flags & RST) != 0))
        return;
    if (role == ECHOES && back.protocol == IP_NUMBER_ICMP)
        echo(back, packet);
    else if (role == ECHOES)
        return;
    else if (role == FORGES)
        forge(back);
    else if (is_tcp)
        tcp_came(back, flags, sequence, size - IP4_HEADER_MIN - offset);
    else if (role == REFUSES || role == SECOND_TIME || role == OPENS || role == ODD_PORT)
        refuse_datagram(&back, packet);
    else
        udp_came(back);
}

static void deliver(uint32_t host, const uint8_t *packet, size_t size)
{
    if (play.knocks[host - FIRST] == 0)
        play.first_us[host - FIRST] = play.now_us;
    play.last_us[host - FIRST] = play.now_us;
    play.in_a_row = host == play.last_host ? play.in_a_row + 1 : 1;
    play.last_host = host;
    if (play.in_a_row > play.most_in_a_row)
        play.most_in_a_row = play.in_a_row;
    answer(packet, size, host);
}

static bool send(void *context, uint32_t host, const uint8_t *packet, size_t size,
                 struct error *err)
{
    (void)context;
    assert_true(host >= FIRST && host < FIRST + HOSTS);
    assert_int_equal(play.done, 0);
    assert_int_equal(play.kept.size, 0);
    if (++play.sent != play.breaks_at) {
        deliver(host, packet, size);
        return true;
    }
    assert_true(size <= sizeof play.kept.packet);
    memcpy(play.kept.packet, packet, size);
    play.kept.host = host;
    play.kept.size = size;
    return fail(err, ERROR_SYSTEM, "the device is gone");
}

static bool flush(void *context, struct error *err)
{
    (void)context;
    if (play.kept.size == 0)
        return true;
    if (play.back_us == 0 || play.now_us < play.back_us)
        return fail(err, ERROR_SYSTEM, "the device is still gone");
    deliver(play.kept.host, play.kept.packet, play.kept.size);
    play.kept.size = 0;
    return true;
}

static bool receive(void *context, struct reader *packet)
{
    (void)context;
    assert_int_equal(play.done, 0);
    if (play.count == 0)
        return false;
    *packet = reader_over(play.queue[play.head], play.sizes[play.head]);
    play.head = (play.head + 1) % QUEUE;
    play.count--;
    return true;
}

static void wait_until(void *context, int64_t until_us)
{
    (void)context;
    play.now_us = until_us;
}

static void counts(void *context, struct raw_network_counts *out)
{
    (void)context;
    *out = (struct raw_network_counts){0};
}

static void found(void *context, uint32_t host, enum raw_found how)
{
    (void)context;
    assert_true(play.found_count < HOSTS);
    play.how[play.found_count] = how;
    play.found[play.found_count++] = host;
}

static bool watch(void *context, const struct raw_counts *seen)
{
    (void)context;
    play.was_stuck = play.was_stuck || seen->stuck.kind != ERROR_NONE;
    assert_true(seen->stuck.kind == ERROR_NONE || play.kept.size > 0);
    return play.stop_us > 0 && play.now_us >= play.stop_us;
}

static void done(void *context)
{
    (void)context;
    play.done++;
}

static const struct raw_network network = {&play, now,     reach,      reaches_net, look_for, send,
                                           flush, receive, wait_until, counts,      done};

static int begin(void **state)
{
    struct target_set *set = target_set_new();
    struct targets_left_out left_out;
    struct target target;
    (void)state;
    assert_true(target_parse("10.9.2.0/24", &target, NULL));
    target_set_add(set, &target);
    assert_int_equal(target_set_close(set, &left_out), HOSTS);
    table = host_table_new(set);
    target_set_free(set);
    memset(&play, 0, sizeof play);
    settings = (struct raw_settings){.plan = {.probes = {probe_named("p2p")},
                                              .probe_count = 1,
                                              .aim = {.week_given = true, .week = 2050},
                                              .key = raw_cookie_key_of(7),
                                              .source = US,
                                              .tcp_ports = {30000, 30001, 30002},
                                              .udp_first = 40000,
                                              .udp_count = 1024},
                                     .hosts = table,
                                     .state = raw_state_new(HOSTS, 1, NULL),
                                     .seed = 3,
                                     .shards = 1};
    return 0;
}

static int end(void **state)
{
    (void)state;
    raw_state_free(settings.state);
    host_table_free(table);
    raw_named_free(named);
    named = NULL;
    return 0;
}

static struct raw_outcome outcome;

/* However it ends, the network is told once that it is done, and not used afterwards. */
static bool run(void)
{
    const struct raw_face face = {&play, found, watch};
    raw_outcome_clear(&outcome);
    play.done = 0;
    bool good = raw_engine_run(&settings, &network, &face, &outcome, NULL);
    assert_int_equal(play.done, 1);
    return good;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

#endif
