/* scan/raw_engine on a made-up clock and network: who is asked how often, who is found, what is
 * remembered. No packet leaves, and no test waits. */
#include "testing.h"

#include <math.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/time.h"
#include "conficker/message.h"
#include "scan/gate.h"
#include "scan/raw_engine.h"
#include "scan/target_set.h"
#include "wire/build.h"
#include "wire/ip.h"

#define SECOND US_PER_SECOND

enum { US = 0x0a090101, FIRST = 0x0a090200, HOSTS = 256, QUEUE = 4096, ROOM = 400 };
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
    LATE, /* found behind the first pass, and refuses */
    SECOND_TIME,
    FORGES,
    ECHOES /* and is silent else */
};

/* All that a test says, and what came of it. */
static struct play {
    enum role all, special[HOSTS]; /* special: 0, as all */
    unsigned knocks[HOSTS];        /* packets that asked a host, and what it was sent beside */
    unsigned others[HOSTS];
    int64_t now_us, first_us[HOSTS], last_us[HOSTS];
    int64_t stop_us;
    unsigned breaks_at; /* packets after which the device is gone; 0: never */
    unsigned sent;
    uint8_t queue[QUEUE][ROOM];
    size_t sizes[QUEUE], head, count;
    uint32_t found[HOSTS];
    enum raw_found how[HOSTS];
    size_t found_count;
    unsigned asked_where[HOSTS];
} play;

static struct raw_settings settings;
static struct host_table *table;

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
    (void)host;
    return false;
}

static bool look_for(void *context, uint32_t host, struct error *err)
{
    (void)context;
    (void)err;
    play.asked_where[host - FIRST]++;
    return true;
}

static void reply(const struct wire_packet *p)
{
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
    back.acknowledgement = sequence + (flags == SYN) + (uint32_t)length;
    back.sequence = 500;
    if (flags == SYN && (role == REFUSES || role == SECOND_TIME)) {
        back.tcp_flags = RST | ACK;
        reply(&back);
    } else if (flags == SYN) {
        back.tcp_flags = SYN | ACK;
        reply(&back);
    } else if (length > 0 && role != ACCEPTS) {
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
    else if (role == REFUSES || role == SECOND_TIME)
        refuse_datagram(&back, packet);
    else
        udp_came(back);
}

static bool send(void *context, uint32_t host, const uint8_t *packet, size_t size,
                 struct error *err)
{
    (void)context;
    assert_true(host >= FIRST && host < FIRST + HOSTS);
    if (++play.sent == play.breaks_at)
        return fail(err, ERROR_SYSTEM, "the device is gone");
    if (play.knocks[host - FIRST] == 0)
        play.first_us[host - FIRST] = play.now_us;
    play.last_us[host - FIRST] = play.now_us;
    answer(packet, size, host);
    return true;
}

static bool flush(void *context, struct error *err)
{
    (void)context;
    (void)err;
    return true;
}

static bool receive(void *context, struct reader *packet)
{
    (void)context;
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
    (void)seen;
    return play.stop_us > 0 && play.now_us >= play.stop_us;
}

static const struct raw_network network = {&play, now,   reach,   reaches_net, look_for,
                                           send,  flush, receive, wait_until,  counts};

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
    return 0;
}

static struct raw_outcome outcome;

static bool run(void)
{
    const struct raw_face face = {&play, found, watch};
    raw_outcome_clear(&outcome);
    return raw_engine_run(&settings, &network, &face, &outcome, NULL);
}

static void assert_state(uint32_t host, enum knock_state wanted)
{
    for (unsigned k = 0; k < 4; k++)
        assert_int_equal(raw_state_of(settings.state, host, k), wanted);
}

/* Hosts with fewer than four ports are few, and asked on those. */
static void assert_asked(unsigned passes)
{
    unsigned few = 0;
    for (unsigned i = 0; i < HOSTS; i++) {
        assert_true(play.knocks[i] == 4 * passes || play.knocks[i] == 3 * passes);
        few += play.knocks[i] == 3 * passes;
    }
    assert_true(few < 3);
}

static void test_who_refuses_is_asked_once_and_not_waited_for(void **state)
{
    (void)state;
    assert_true(run());
    assert_asked(1);
    assert_state(17, KNOCK_REFUSED);
    assert_int_equal(play.found_count, 0);
    assert_true(play.now_us < SECOND);
    assert_true(fabs(raw_lost_share(&outcome.counts.progress)) < 1e-9);
    raw_outcome_clear(&outcome);
}

static void test_fewer_passes_repeat_less(void **state)
{
    play.all = SILENT;
    settings.passes = 1;
    (void)state;
    assert_true(run());
    assert_asked(1);
    assert_int_equal(outcome.counts.progress.pass, RAW_PASSES); /* there is nothing to go on with */
    assert_true(play.now_us >= 8 * SECOND);                     /* who answers late is heard */
    raw_outcome_clear(&outcome);
}

/* Begun ten minutes before the Sunday from which on two weeks are asked; a scan that is stopped and
 * goes on asks who is left on the weeks of then. */
static void test_hosts_are_asked_on_the_ports_of_the_week_in_which_they_are_asked(void **state)
{
    const int64_t sunday_us = week_start_us(2051) - 86400 * SECOND;
    (void)state;
    raw_state_free(settings.state);
    settings.state = raw_state_new(HOSTS, 2, NULL);
    settings.plan.aim = (struct aim){.when_us = sunday_us - 600 * SECOND};
    settings.rate = 1;
    settings.began_us = settings.plan.aim.when_us;
    play.stop_us = 700 * SECOND;
    assert_true(run());
    assert_true(outcome.stopped);
    assert_int_equal(raw_state_turns(settings.state), 1);
    settings.began_us = week_start_us(2051) + 3 * 86400 * SECOND; /* and goes on on Thursday */
    play.stop_us = 0;
    settings.rate = 0;
    assert_true(run());
    assert_int_equal(raw_state_turns(settings.state), 2);
    assert_int_equal(outcome.counts.progress.answered, outcome.counts.progress.asked);
    assert_int_equal(outcome.counts.forged, 0);
    struct order order = order_of(HOSTS, settings.seed);
    unsigned of_weeks[2] = {0};
    for (uint64_t place = 0; place < HOSTS; place++) {
        struct knock knocks[KNOCKS_MAX];
        struct raw_plan plan = settings.plan;
        uint32_t host = host_table_at(table, order_at(&order, place));
        plan.aim.when_us = raw_state_when(settings.state, place, plan.aim.when_us);
        size_t count = raw_knocks(&plan, host, knocks);
        assert_in_range(play.knocks[host - FIRST], count, count + 6); /* a batch can come twice */
        of_weeks[count > 4]++;
        for (unsigned k = 0; k < count; k++)
            assert_int_equal(raw_state_of(settings.state, order_at(&order, place), k),
                             KNOCK_REFUSED);
    }
    assert_true(of_weeks[0] > 100 && of_weeks[1] > 10 && of_weeks[0] < HOSTS);
    raw_outcome_clear(&outcome);
}

static void test_who_is_silent_is_asked_three_times(void **state)
{
    play.all = SILENT;
    (void)state;
    assert_true(run());
    assert_asked(3);
    assert_true(play.now_us >= 12 * SECOND);
    assert_true(play.last_us[9] - play.first_us[9] >= 4 * SECOND);
    assert_true(isnan(raw_lost_share(&outcome.counts.progress)));
    raw_outcome_clear(&outcome);
}

static void test_who_is_infected_is_found_at_once_and_once(void **state)
{
    play.special[40] = INFECTED;
    (void)state;
    assert_true(run());
    assert_int_equal(play.found_count, 1);
    assert_int_equal(play.found[0], FIRST + 40);
    assert_true(host_set_has(outcome.valid, FIRST + 40));
    assert_int_equal(host_set_count(outcome.valid), 1);
    assert_true(play.others[40] >= 4); /* two questions, two resets */
    raw_outcome_clear(&outcome);
}

static void test_an_answer_in_pieces_is_put_together(void **state)
{
    play.special[41] = IN_PIECES;
    (void)state;
    assert_true(run());
    assert_int_equal(play.found_count, 1);
    assert_true(host_set_has(outcome.valid, FIRST + 41));
    raw_outcome_clear(&outcome);
}

static void test_who_accepts_and_says_nothing_stays_open(void **state)
{
    play.special[42] = ACCEPTS;
    (void)state;
    assert_true(run());
    assert_int_equal(play.found_count, 0);
    assert_int_equal(raw_state_of(settings.state, 42, 0), KNOCK_OPEN);
    assert_int_equal(raw_state_of(settings.state, 42, 1), KNOCK_OPEN);
    assert_int_equal(raw_state_of(settings.state, 42, 2), KNOCK_SILENT);
    raw_outcome_clear(&outcome);
}

static void test_forged_answers_change_nothing(void **state)
{
    play.all = FORGES;
    (void)state;
    assert_true(run());
    assert_asked(3);
    assert_state(5, KNOCK_SILENT);
    assert_true(outcome.counts.forged > 1000);
    raw_outcome_clear(&outcome);
}

static void test_what_another_way_leads_to_is_for_sockets(void **state)
{
    play.special[43] = ELSEWHERE;
    (void)state;
    assert_true(run());
    assert_int_equal(play.found_count, 1);
    assert_int_equal(play.knocks[43], 0);
    raw_outcome_clear(&outcome);
}

static void test_a_neighbour_that_is_not_there_is_looked_for(void **state)
{
    play.special[44] = ABSENT;
    (void)state;
    assert_true(run());
    assert_int_equal(play.asked_where[44], 3);
    assert_int_equal(play.knocks[44], 0);
    assert_true(host_set_has(outcome.absent, FIRST + 44));
    raw_outcome_clear(&outcome);
}

static void test_a_neighbour_who_comes_late_cuts_nobodys_tries_short(void **state)
{
    play.special[44] = LATE;
    play.special[45] = SILENT;
    (void)state;
    assert_true(run());
    assert_state(44, KNOCK_REFUSED);
    assert_int_equal(play.knocks[45], 4 * RAW_PASSES);
    assert_int_equal(host_set_count(outcome.absent), 0);
    raw_outcome_clear(&outcome);
}

static void test_what_the_second_pass_hears_was_lost_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HOSTS / 8; i++)
        play.special[i * 8] = SECOND_TIME;
    assert_true(run());
    /* An eighth needs two tries, of nine eighths of tries. */
    assert_true(fabs(raw_lost_share(&outcome.counts.progress) - 1.0 / 9) < 0.003);
    raw_outcome_clear(&outcome);
}

static void test_the_pace_is_kept(void **state)
{
    settings.rate = 100;
    (void)state;
    assert_true(run());
    assert_true(play.now_us >= (HOSTS * 4 - 20) * SECOND / 100);
    assert_true(play.now_us <= (HOSTS * 4 + 20) * SECOND / 100);
    raw_outcome_clear(&outcome);
}

/* Stopped again and again, it asks no less than in one go, and no more than a batch again. */
static void test_a_scan_that_is_stopped_goes_on(void **state)
{
    unsigned runs = 0;
    (void)state;
    play.all = SILENT;
    settings.rate = 60;
    do { /* longer than any pause, which begins anew */
        play.stop_us = play.now_us + 10 * SECOND;
        assert_true(run());
        assert_true(++runs < 100);
    } while (outcome.stopped);
    assert_true(runs > 3);
    unsigned again = 0;
    for (unsigned i = 0; i < HOSTS; i++) {
        assert_true(play.knocks[i] >= 9);
        again += play.knocks[i] > 12;
    }
    assert_true(again <= runs * 64);
    assert_int_equal(raw_state_progress(settings.state).pass, RAW_PASSES);
    raw_outcome_clear(&outcome);
}

static void test_who_was_found_is_found_again(void **state)
{
    (void)state;
    play.special[45] = INFECTED;
    settings.rate = 500;
    play.stop_us = SECOND * 2;
    assert_true(run());
    size_t before = play.found_count;
    assert_true(outcome.stopped);
    play.stop_us = 0;
    play.found_count = 0;
    assert_true(run());
    assert_true(before <= 1);
    assert_int_equal(play.found_count, 1);
    raw_outcome_clear(&outcome);
}

static void test_ping_finds_who_only_echoes(void **state)
{
    (void)state;
    settings.plan.probe_count = gate_probes(GATE_PING, settings.plan.probes);
    settings.plan.finds_refusing = true;
    play.all = SILENT;
    play.special[50] = ECHOES;
    play.special[51] = FORGES;
    assert_true(run());
    assert_int_equal(play.found_count, 1);
    assert_int_equal(play.found[0], FIRST + 50);
    assert_int_equal(play.how[0], RAW_FOUND_THERE);
    assert_int_equal(play.knocks[50], 2 + 1); /* both doors and the echo, in the first pass */
    raw_state_note(settings.state, &(struct raw_progress){.pass = 1});
    assert_true(run()); /* goes on: it is found again, and as it was */
    assert_int_equal(play.found_count, 2);
    assert_int_equal(play.how[1], RAW_FOUND_THERE);
    raw_outcome_clear(&outcome);
}

static void test_parts_are_all_of_it(void **state)
{
    (void)state;
    settings.shards = 3;
    for (settings.shard = 0; settings.shard < 3; settings.shard++) {
        raw_state_free(settings.state);
        settings.state = raw_state_new(HOSTS, 1, NULL);
        assert_true(run());
    }
    assert_asked(1);
    settings.shard = 0;
    raw_outcome_clear(&outcome);
}

static void test_a_device_that_is_gone_ends_the_run(void **state)
{
    (void)state;
    play.breaks_at = 100;
    assert_false(run());
    assert_int_equal(play.sent, 100);
    assert_true(raw_state_progress(settings.state).place < 64);
    raw_outcome_clear(&outcome);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_who_refuses_is_asked_once_and_not_waited_for),
        TEST(test_who_is_silent_is_asked_three_times),
        TEST(test_fewer_passes_repeat_less),
        TEST(test_hosts_are_asked_on_the_ports_of_the_week_in_which_they_are_asked),
        TEST(test_who_is_infected_is_found_at_once_and_once),
        TEST(test_an_answer_in_pieces_is_put_together),
        TEST(test_who_accepts_and_says_nothing_stays_open),
        TEST(test_forged_answers_change_nothing),
        TEST(test_what_another_way_leads_to_is_for_sockets),
        TEST(test_a_neighbour_that_is_not_there_is_looked_for),
        TEST(test_a_neighbour_who_comes_late_cuts_nobodys_tries_short),
        TEST(test_what_the_second_pass_hears_was_lost_once),
        TEST(test_the_pace_is_kept),
        TEST(test_a_scan_that_is_stopped_goes_on),
        TEST(test_who_was_found_is_found_again),
        TEST(test_ping_finds_who_only_echoes),
        TEST(test_parts_are_all_of_it),
        TEST(test_a_device_that_is_gone_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
