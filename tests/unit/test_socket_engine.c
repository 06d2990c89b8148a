/* scan/socket_engine on a made-up clock and network: what is sent when, what is waited for, and
 * what each host is handed over with. No test waits. */
#include "testing.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "made_network.h"
#include "scan/pace.h"
#include "scan/socket_engine.h"

#define SECOND US_PER_SECOND

enum { HOSTS_MAX = 3000, FIRST_HOST = 0x0a000001, STREAM = 65535 };

static struct made_network network;

/* What a test says, and what came of it. */
struct play {
    struct made_port tcp, udp; /* what all ports do */
    size_t hosts, given;
    int64_t stop_us;  /* 0: never */
    int64_t later_us; /* before that there are no hosts; 0: there are */
    size_t done_count;
    struct asked done[HOSTS_MAX];
    int64_t done_us[HOSTS_MAX];
    struct engine_counts counts;
};

static struct play play;
static uint8_t flood[STREAM];

static struct made_port port_of(void *context, const struct shot *shot)
{
    const struct play *p = context;
    return shot->transport == TRANSPORT_TCP ? p->tcp : p->udp;
}

static bool next(void *context, uint32_t *host)
{
    struct play *p = context;
    if (p->given == p->hosts || network.now_us < p->later_us)
        return false;
    *host = FIRST_HOST + (uint32_t)p->given++;
    return true;
}

static bool later(void *context)
{
    const struct play *p = context;
    return network.now_us < p->later_us;
}

static void done(void *context, const struct asked *host)
{
    struct play *p = context;
    assert_true(p->done_count < HOSTS_MAX);
    p->done[p->done_count] = *host;
    p->done_us[p->done_count++] = network.now_us;
}

static bool watch(void *context, const struct engine_counts *now)
{
    const struct play *p = context;
    (void)now;
    return p->stop_us > 0 && network.now_us >= p->stop_us;
}

/* Week 2050, a Wednesday: four ports a host. */
static struct engine_settings usual(void)
{
    return (struct engine_settings){.probes = {probes[0]},
                                    .probe_count = 1,
                                    .aim = {.week_given = true, .week = 2050},
                                    .began_us = 1240358400 * SECOND,
                                    .times = {.repeats = 2,
                                              .repeat_us = SECOND,
                                              .connect_us = 5 * SECOND,
                                              .answer_us = 5 * SECOND,
                                              .last_wait_us = 3 * SECOND},
                                    .handles_max = 1000,
                                    .seed = 7};
}

static void run_with(const struct engine_settings *settings, size_t hosts)
{
    const struct engine_face face = {
        &play, next, NULL, done, watch, play.later_us > 0 ? later : NULL, NULL};
    play.hosts = hosts;
    assert_true(socket_engine_run(settings, &network.face, &face, &play.counts, NULL));
    assert_int_equal(network.open_count, 0);
    assert_int_equal(play.counts.sent, network.send_count);
    assert_int_equal(play.counts.done, play.done_count);
}

static void run(size_t hosts)
{
    struct engine_settings settings = usual();
    run_with(&settings, hosts);
}

/* All ports do the same, but for what differs between the protocols. */
static void all_ports(struct made_port port)
{
    play.tcp = play.udp = port;
}

static void assert_all(enum check_cause tcp, enum check_cause udp)
{
    for (size_t i = 0; i < play.done_count; i++) {
        assert_true(play.done[i].count >= 3);
        for (size_t j = 0; j < play.done[i].count; j++)
            assert_int_equal(play.done[i].answers[j].cause,
                             play.done[i].shots[j].transport == TRANSPORT_TCP ? tcp : udp);
    }
}

static int begin(void **state)
{
    (void)state;
    memset(&play, 0, sizeof play);
    made_begin(&network, port_of, &play);
    memset(flood, 0xff, sizeof flood);
    return 0;
}

static void test_hosts_that_come_later_are_waited_for(void **state)
{
    (void)state;
    all_ports((struct made_port){.kind = MADE_REFUSES, .delay_us = 300});
    play.later_us = network.now_us + 3 * SECOND;
    run(5);
    assert_int_equal(play.done_count, 5);
    assert_true(play.done_us[0] >= play.later_us);
    assert_true(play.done_us[4] < play.later_us + SECOND / 10);
}

static void test_refused_ports_are_done_when_they_refuse(void **state)
{
    (void)state;
    all_ports((struct made_port){.kind = MADE_REFUSES, .delay_us = 300});
    run(1);
    assert_int_equal(play.done_count, 1);
    assert_int_equal(play.done_us[0], 300);
    assert_all(CAUSE_REFUSED, CAUSE_REFUSED);
    assert_int_equal(play.counts.sent, 4);
    assert_int_equal(play.counts.received, 4);
}

static void test_all_ports_of_a_host_are_asked_at_once(void **state)
{
    (void)state;
    run(1);
    assert_true(network.send_count >= 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(network.sends[i].when_us, 0);
}

static void test_silent_host_is_repeated_to_and_given_up(void **state)
{
    (void)state;
    run(1);
    assert_all(CAUSE_SILENT, CAUSE_SILENT);
    assert_int_equal(play.done_us[0], 5 * SECOND);
    assert_int_equal(play.counts.received, 0);
    assert_int_equal(network.send_count, 2 + 2 * 3);
    for (size_t i = 4; i < 8; i++) {
        assert_int_equal(network.sends[i].shot.transport, TRANSPORT_UDP);
        assert_int_equal(network.sends[i].when_us, (int64_t)(i < 6 ? 1 : 2) * SECOND);
    }
}

static void test_repeats_ask_with_the_same_key(void **state)
{
    (void)state;
    run(1);
    for (size_t i = 4; i < 8; i++) {
        size_t found = 0;
        for (size_t j = 0; j < 4; j++)
            found += network.sends[j].shot.port == network.sends[i].shot.port &&
                     network.sends[j].shot.key == network.sends[i].shot.key;
        assert_int_equal(found, 1);
    }
}

static void test_without_repeats_a_datagram_is_sent_once(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    settings.times.repeats = 0;
    run_with(&settings, 1);
    assert_int_equal(network.send_count, 4);
}

static void test_last_datagram_has_time_to_be_answered(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    settings.times.repeats = 6;
    play.udp = (struct made_port){
        .kind = MADE_OPEN, .lost = 6, .answer = MADE_VALID, .answer_us = 2900000};
    run_with(&settings, 1);
    assert_all(CAUSE_SILENT, CAUSE_VALID);
}

static void test_lost_datagram_is_answered_when_repeated(void **state)
{
    (void)state;
    play.udp = (struct made_port){.kind = MADE_OPEN, .lost = 1, .answer = MADE_VALID};
    run(1);
    assert_all(CAUSE_SILENT, CAUSE_VALID);
    assert_int_equal(play.counts.late, 2);
    assert_int_equal(play.counts.prompt, 0);
}

static void test_slow_answer_is_heard(void **state)
{
    (void)state;
    all_ports((struct made_port){.kind = MADE_OPEN, .answer = MADE_VALID, .answer_us = 3 * SECOND});
    run(1);
    assert_all(CAUSE_VALID, CAUSE_VALID);
    assert_int_equal(play.done_us[0], 3 * SECOND);
}

static void test_answer_after_the_deadline_is_not_waited_for(void **state)
{
    (void)state;
    all_ports(
        (struct made_port){.kind = MADE_OPEN, .answer = MADE_VALID, .answer_us = 5 * SECOND + 1});
    run(1);
    assert_all(CAUSE_MUTE, CAUSE_SILENT);
    assert_int_equal(play.done_us[0], 5 * SECOND);
}

static void test_late_connection_has_its_whole_time_to_answer(void **state)
{
    (void)state;
    play.tcp = (struct made_port){
        .kind = MADE_OPEN, .delay_us = 4 * SECOND, .answer = MADE_VALID, .answer_us = 4 * SECOND};
    play.udp.kind = MADE_REFUSES;
    run(1);
    assert_all(CAUSE_VALID, CAUSE_REFUSED);
    assert_int_equal(play.done_us[0], 8 * SECOND);
}

static void test_answer_in_pieces_is_put_together(void **state)
{
    (void)state;
    play.tcp = (struct made_port){
        .kind = MADE_OPEN, .answer = MADE_VALID, .piece = 1, .piece_us = 5000};
    play.udp.kind = MADE_REFUSES;
    run(1);
    assert_all(CAUSE_VALID, CAUSE_REFUSED);
}

static void test_message_that_never_ends_is_cut_at_the_deadline(void **state)
{
    (void)state;
    play.tcp = (struct made_port){.kind = MADE_OPEN,
                                  .answer = MADE_THESE,
                                  .bytes = flood,
                                  .size = 100,
                                  .piece = 1,
                                  .piece_us = 200000};
    play.udp.kind = MADE_REFUSES;
    run(1);
    assert_all(CAUSE_CUT_STREAM, CAUSE_REFUSED);
    assert_int_equal(play.done[0].answers[0].wanted, 65535);
    assert_int_equal(play.done[0].answers[0].came, 26 - 2); /* one each 200 ms, from 0 to 5 s */
    assert_int_equal(play.done_us[0], 5 * SECOND);
}

static void test_half_an_answer_is_judged_when_the_connection_ends(void **state)
{
    (void)state;
    play.tcp = (struct made_port){
        .kind = MADE_OPEN, .answer = MADE_THESE, .bytes = flood, .size = 30, .end = MADE_RESETS};
    play.udp.kind = MADE_REFUSES;
    run(1);
    assert_all(CAUSE_CUT_STREAM, CAUSE_REFUSED);
    assert_int_equal(play.done_us[0], 0);
}

static void test_connection_that_ends_without_a_byte_is_no_refusal(void **state)
{
    (void)state;
    play.tcp = (struct made_port){.kind = MADE_OPEN, .end = MADE_CLOSES};
    play.udp.kind = MADE_REFUSES;
    run(1);
    assert_all(CAUSE_CLOSED, CAUSE_REFUSED);
    begin(NULL);
    play.tcp = (struct made_port){.kind = MADE_OPEN, .end = MADE_RESETS};
    play.udp.kind = MADE_REFUSES;
    run(1);
    assert_all(CAUSE_RESET, CAUSE_REFUSED);
}

static void test_echo_is_known(void **state)
{
    (void)state;
    all_ports((struct made_port){.kind = MADE_OPEN, .answer = MADE_ECHO});
    run(1);
    assert_all(CAUSE_ECHO, CAUSE_ECHO);
}

static void test_keys_are_random_and_differ(void **state)
{
    (void)state;
    all_ports((struct made_port){.kind = MADE_REFUSES});
    run(50);
    for (size_t i = 0; i < network.send_count; i++) {
        assert_true(network.sends[i].shot.key != 0);
        for (size_t j = 0; j < i; j++)
            assert_true(network.sends[i].shot.key != network.sends[j].shot.key);
    }
}

static void test_host_timeout_ends_a_host(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    settings.host_us = 1500000;
    run_with(&settings, 1);
    assert_all(CAUSE_SILENT, CAUSE_SILENT);
    assert_int_equal(play.done_us[0], 1500000);
    assert_int_equal(network.send_count, 2 + 2 * 2);
}

static void test_host_timeout_keeps_what_came_before(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    settings.host_us = 100000;
    play.udp = (struct made_port){.kind = MADE_OPEN, .answer = MADE_VALID};
    run_with(&settings, 1);
    assert_all(CAUSE_SILENT, CAUSE_VALID);
}

static void test_rate_is_kept_evenly(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    settings.rate = 100;
    run_with(&settings, 30); /* silent: 2 x 1 + 2 x 3 sends a host */
    assert_int_equal(network.send_count, 30 * 8);
    for (size_t i = 1; i < network.send_count; i++) {
        int64_t pause_us = network.sends[i].when_us - network.sends[i - 1].when_us;
        assert_true(pause_us >= 10000 - PACE_SLACK_US);
    }
    int64_t all_us = network.sends[network.send_count - 1].when_us - network.sends[0].when_us;
    assert_true(all_us >= (int64_t)(network.send_count - 2) * 10000);
}

static void test_descriptor_limit_is_kept_and_all_hosts_are_asked(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    settings.handles_max = 10;
    settings.times.repeats = 0;
    run_with(&settings, 20);
    assert_int_equal(network.open_most, 10);
    assert_int_equal(play.done_count, 20);
    assert_all(CAUSE_SILENT, CAUSE_SILENT);
    assert_int_equal(play.counts.shortages, 0);
}

static void test_thousands_of_hosts_are_in_flight_at_once(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    settings.times.repeats = 0;
    settings.handles_max = 4000;
    run_with(&settings, 1000);
    assert_int_equal(play.done_count, 1000);
    assert_int_equal(network.open_most, network.send_count);
    assert_true(network.open_most > 3900);
    assert_true(network.now_us < 6 * SECOND);
}

static void test_each_host_is_handed_over_once(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    static bool met[HOSTS_MAX];
    settings.handles_max = 50;
    memset(met, 0, sizeof met);
    all_ports((struct made_port){.kind = MADE_REFUSES, .delay_us = 700});
    run_with(&settings, HOSTS_MAX);
    assert_int_equal(play.done_count, HOSTS_MAX);
    for (size_t i = 0; i < HOSTS_MAX; i++) {
        uint32_t place = play.done[i].host - FIRST_HOST;
        assert_false(met[place]);
        met[place] = true;
    }
    assert_all(CAUSE_REFUSED, CAUSE_REFUSED);
}

static void test_lack_of_descriptors_is_waited_for(void **state)
{
    (void)state;
    network.handles_max = 6; /* the system has fewer than the engine was told */
    run(5);
    assert_int_equal(play.done_count, 5);
    assert_all(CAUSE_SILENT, CAUSE_SILENT);
    assert_true(play.counts.shortages > 0);
}

static void test_short_lack_of_descriptors_is_no_answer(void **state)
{
    (void)state;
    network.full_until_us = SECOND;
    all_ports((struct made_port){.kind = MADE_OPEN, .answer = MADE_VALID});
    run(3);
    assert_all(CAUSE_VALID, CAUSE_VALID);
}

static void test_lasting_lack_of_descriptors_is_told(void **state)
{
    (void)state;
    network.full_until_us = INT64_MAX;
    run(1000);
    assert_int_equal(play.done_count, 1000);
    assert_all(CAUSE_NO_DESCRIPTOR, CAUSE_NO_DESCRIPTOR);
    assert_true(network.now_us < 4 * SECOND);
    assert_int_equal(play.counts.sent, 0);
    assert_int_equal(play.counts.received, 0);
}

static void test_full_buffer_is_waited_for(void **state)
{
    (void)state;
    network.blocked_until_us = SECOND / 2;
    all_ports((struct made_port){.kind = MADE_OPEN, .answer = MADE_VALID});
    run(3);
    assert_all(CAUSE_VALID, CAUSE_VALID);
}

static void test_lasting_full_buffer_is_told(void **state)
{
    (void)state;
    network.blocked_until_us = INT64_MAX;
    play.tcp.kind = MADE_REFUSES;
    run(3);
    assert_all(CAUSE_REFUSED, CAUSE_NO_MEMORY);
}

static void test_local_failure_is_told_and_nothing_waits(void **state)
{
    (void)state;
    all_ports((struct made_port){.fails = NET_LOCAL, .cause = CAUSE_NO_ROUTE});
    run(10);
    assert_all(CAUSE_NO_ROUTE, CAUSE_NO_ROUTE);
    assert_int_equal(network.now_us, 0);
    assert_int_equal(play.counts.sent, 0);
}

static void test_stopped_engine_hands_over_what_it_knows(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    settings.handles_max = 40;
    play.stop_us = 2 * SECOND;
    play.udp = (struct made_port){.kind = MADE_OPEN, .answer = MADE_VALID};
    run_with(&settings, 1000);
    assert_in_range(play.done_count, 11, 40);
    assert_true(network.now_us < 3 * SECOND);
    size_t heard = 0;
    for (size_t i = 0; i < play.done_count; i++)
        for (size_t j = 0; j < play.done[i].count; j++) {
            enum check_cause cause = play.done[i].answers[j].cause;
            assert_true(cause == CAUSE_VALID || cause == CAUSE_STOPPED);
            heard += cause == CAUSE_VALID;
        }
    assert_true(heard > 0);
}

static void test_flood_is_bounded_by_what_a_message_can_be(void **state)
{
    (void)state;
    static uint8_t more[66000];
    memset(more, 0xff, sizeof more);
    play.tcp = (struct made_port){
        .kind = MADE_OPEN, .answer = MADE_THESE, .bytes = more, .size = sizeof more, .piece = 1000};
    play.udp.kind = MADE_REFUSES;
    run(1);
    assert_int_equal(play.done_us[0], 0);
    assert_true(play.done[0].answers[0].size <= ANSWER_SIZE);
    assert_int_equal(check_result_of(&(struct check){.cause = play.done[0].answers[0].cause}),
                     CHECK_ODD);
}

static void test_many_floods_keep_to_the_memory_limit(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    settings.handles_max = 4000;
    play.tcp = (struct made_port){.kind = MADE_OPEN,
                                  .answer = MADE_THESE,
                                  .bytes = flood,
                                  .size = 65000,
                                  .piece = 32500,
                                  .piece_us = 1000};
    play.udp.kind = MADE_REFUSES;
    run_with(&settings, 1500);
    assert_int_equal(play.done_count, 1500);
    assert_true(play.counts.answers_cut > 0);
    assert_all(CAUSE_CUT_STREAM, CAUSE_REFUSED);
}

static void test_week_is_that_of_the_asking(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    settings.aim.week_given = false;
    settings.began_us = week_start_us(2051) - 25 * 3600 * SECOND; /* Saturday 23:00 */
    settings.rate = 1;
    settings.times.repeats = 0;
    all_ports((struct made_port){.kind = MADE_REFUSES});
    run_with(&settings, 1100);
    assert_int_equal(play.done[0].count, 4);
    assert_int_equal(play.done[1099].count, 6); /* within a day of Monday: both weeks */
}

static void test_address_without_ports_is_handed_over_too(void **state)
{
    (void)state;
    run(0);
    assert_int_equal(play.done_count, 0);
    assert_int_equal(network.now_us, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_hosts_that_come_later_are_waited_for),
        TEST(test_refused_ports_are_done_when_they_refuse),
        TEST(test_all_ports_of_a_host_are_asked_at_once),
        TEST(test_silent_host_is_repeated_to_and_given_up),
        TEST(test_repeats_ask_with_the_same_key),
        TEST(test_without_repeats_a_datagram_is_sent_once),
        TEST(test_last_datagram_has_time_to_be_answered),
        TEST(test_lost_datagram_is_answered_when_repeated),
        TEST(test_slow_answer_is_heard),
        TEST(test_answer_after_the_deadline_is_not_waited_for),
        TEST(test_late_connection_has_its_whole_time_to_answer),
        TEST(test_answer_in_pieces_is_put_together),
        TEST(test_message_that_never_ends_is_cut_at_the_deadline),
        TEST(test_half_an_answer_is_judged_when_the_connection_ends),
        TEST(test_connection_that_ends_without_a_byte_is_no_refusal),
        TEST(test_echo_is_known),
        TEST(test_keys_are_random_and_differ),
        TEST(test_host_timeout_ends_a_host),
        TEST(test_host_timeout_keeps_what_came_before),
        TEST(test_rate_is_kept_evenly),
        TEST(test_descriptor_limit_is_kept_and_all_hosts_are_asked),
        TEST(test_thousands_of_hosts_are_in_flight_at_once),
        TEST(test_each_host_is_handed_over_once),
        TEST(test_lack_of_descriptors_is_waited_for),
        TEST(test_short_lack_of_descriptors_is_no_answer),
        TEST(test_lasting_lack_of_descriptors_is_told),
        TEST(test_full_buffer_is_waited_for),
        TEST(test_lasting_full_buffer_is_told),
        TEST(test_local_failure_is_told_and_nothing_waits),
        TEST(test_stopped_engine_hands_over_what_it_knows),
        TEST(test_flood_is_bounded_by_what_a_message_can_be),
        TEST(test_many_floods_keep_to_the_memory_limit),
        TEST(test_week_is_that_of_the_asking),
        TEST(test_address_without_ports_is_handed_over_too),
    };
    return cmocka_run_group_tests_name("socket_engine", tests, NULL, NULL);
}
