/* scan/probe_p2p: which ports are asked, with what, and what each answer is taken for. */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "conficker/message.h"
#include "scan/probe.h"
#include "scan/real_addresses.h"

#define HOST UINT32_C(0xc0a80141) /* 192.168.1.65 */
enum { KEY = 77 };

static const struct probe *p2p(void)
{
    return probes[0];
}

static int64_t at(const char *time)
{
    int64_t when_us;
    assert_true(time_parse(time, &when_us, NULL));
    return when_us;
}

static size_t aimed(struct aim aim, struct shot *shots)
{
    return p2p()->aim(&aim, HOST, shots);
}

static void assert_shot(const struct shot *s, enum transport transport, unsigned port,
                        enum check_week week)
{
    assert_int_equal(s->transport, transport);
    assert_int_equal(s->port, port);
    assert_int_equal(s->week, week);
    assert_int_equal(s->host, HOST);
}

static void test_four_ports_in_the_order_in_which_they_are_shown(void **state)
{
    (void)state;
    struct shot shots[SHOTS_MAX];
    assert_int_equal(aimed((struct aim){.when_us = at("2009-04-22")}, shots), 4);
    assert_shot(&shots[0], TRANSPORT_TCP, 59436, CHECK_WEEK_ANY);
    assert_shot(&shots[1], TRANSPORT_TCP, 39014, CHECK_WEEK_THIS);
    assert_shot(&shots[2], TRANSPORT_UDP, 43492, CHECK_WEEK_ANY);
    assert_shot(&shots[3], TRANSPORT_UDP, 27859, CHECK_WEEK_THIS);
}

static void test_near_monday_the_other_week_is_asked_too(void **state)
{
    (void)state;
    struct shot shots[SHOTS_MAX];
    assert_int_equal(aimed((struct aim){.when_us = at("2009-04-20T23:59:59Z")}, shots), 6);
    assert_int_equal(shots[2].week, CHECK_WEEK_LAST);
    assert_int_equal(aimed((struct aim){.when_us = at("2009-04-26T00:00:01Z")}, shots), 6);
    assert_int_equal(shots[1].port, 39014);
    assert_int_equal(shots[2].week, CHECK_WEEK_NEXT);
    assert_int_equal(aimed((struct aim){.when_us = at("2009-04-21T00:00:01Z")}, shots), 4);
    assert_int_equal(aimed((struct aim){.when_us = at("2009-04-25T23:59:58Z")}, shots), 4);
}

static void test_week_that_is_given_is_asked_alone(void **state)
{
    (void)state;
    struct shot shots[SHOTS_MAX];
    struct aim aim = {.when_us = at("2009-04-20"), .week_given = true, .week = 2967};
    assert_int_equal(aimed(aim, shots), 4);
    assert_shot(&shots[1], TRANSPORT_TCP, 31967, CHECK_WEEK_THIS);
    assert_shot(&shots[3], TRANSPORT_UDP, 41052, CHECK_WEEK_THIS);
}

static void test_slack_asks_three_weeks(void **state)
{
    (void)state;
    struct shot shots[SHOTS_MAX];
    struct aim aim = {.week_given = true, .week = 2050, .slack = true};
    assert_int_equal(aimed(aim, shots), 8);
    assert_int_equal(shots[2].week, CHECK_WEEK_LAST);
    assert_int_equal(shots[3].week, CHECK_WEEK_NEXT);
    aim.week = 0; /* there is no week before it */
    assert_int_equal(aimed(aim, shots), 6);
    aim.week = UINT32_MAX;
    assert_int_equal(aimed(aim, shots), 6);
}

static void test_real_address_makes_the_ports(void **state)
{
    (void)state;
    struct shot shots[SHOTS_MAX];
    struct aim aim = {.week_given = true, .week = 2967, .real_given = true, .real = 0x0a000001};
    assert_int_equal(aimed(aim, shots), 4);
    assert_shot(&shots[0], TRANSPORT_TCP, 13562, CHECK_WEEK_ANY);
    assert_shot(&shots[3], TRANSPORT_UDP, 7167, CHECK_WEEK_THIS);
}

/* Whoever it is: never twice the same port, no more than there is room for. */
static void test_listed_host_has_the_ports_of_its_own_real_address(void **state)
{
    struct shot listed[PROBE_SHOTS_MAX], own[PROBE_SHOTS_MAX], other[PROBE_SHOTS_MAX];
    struct real_addresses *reals = real_addresses_new();
    struct aim aim = {.week_given = true, .week = 2050, .real_given = true, .real = 5};
    (void)state;
    size_t others = p2p()->aim(&aim, HOST, other);
    assert_true(real_addresses_add(reals, (struct real_address){HOST, 0x0a000001}, NULL));
    assert_true(real_addresses_close(reals, NULL));
    aim.reals = reals;
    size_t count = p2p()->aim(&aim, HOST, listed);
    assert_int_equal(p2p()->aim(&aim, HOST + 1, own), others); /* not listed: --real-ip holds */
    for (size_t i = 0; i < others; i++)
        assert_int_equal(own[i].port, other[i].port);
    aim = (struct aim){.week_given = true, .week = 2050};
    assert_int_equal(p2p()->aim(&aim, 0x0a000001, own), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(listed[i].port, own[i].port);
    real_addresses_free(reals);
}

static void test_host_with_two_real_addresses_is_wrong(void **state)
{
    struct real_addresses *reals = real_addresses_new();
    struct error err;
    (void)state;
    for (uint32_t i = 0; i < 100; i++) /* twice the same is once */
        assert_true(real_addresses_add(reals, (struct real_address){99 - i % 50, i % 50}, NULL));
    assert_true(real_addresses_close(reals, NULL));
    assert_int_equal(real_addresses_count(reals), 50);
    assert_true(real_addresses_add(reals, (struct real_address){99, 7}, NULL));
    assert_false(real_addresses_close(reals, &err));
    real_addresses_free(reals);
}

static void test_ports_are_distinct_for_everybody(void **state)
{
    (void)state;
    size_t least = SHOTS_MAX, most = 0;
    for (uint32_t host = 0; host < 200000; host++) {
        struct shot shots[SHOTS_MAX];
        struct aim aim = {.week_given = true, .week = 2050, .slack = true};
        size_t count = p2p()->aim(&aim, host * 21473 + 5, shots);
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < i; j++)
                assert_false(shots[i].transport == shots[j].transport &&
                             shots[i].port == shots[j].port);
        least = count < least ? count : least;
        most = count > most ? count : most;
    }
    assert_true(least < 8 && most > 8 && most <= SHOTS_MAX);
}

/* The address-weeks where the two readings of the generator differ have ports of both. */
static void test_both_readings_are_asked_where_they_differ(void **state)
{
    (void)state;
    char line[256];
    unsigned rows = 0;
    FILE *f = fopen(VECTORS "/ports-two-readings.tsv", "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL) {
        unsigned o[4], week, port[8];
        if (sscanf(line, "%u.%u.%u.%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u", &o[0], &o[1], &o[2],
                   &o[3], &week, &port[0], &port[1], &port[2], &port[3], &port[4], &port[5],
                   &port[6], &port[7]) != 13)
            continue;
        struct shot shots[SHOTS_MAX];
        struct aim aim = {.week_given = true, .week = week};
        uint32_t host = o[0] << 24 | o[1] << 16 | o[2] << 8 | o[3];
        size_t count = p2p()->aim(&aim, host, shots);
        for (unsigned i = 0; i < 8; i++) {
            bool found = false;
            for (size_t j = 0; j < count; j++)
                found |= shots[j].port == port[i] &&
                         (shots[j].transport == TRANSPORT_TCP) == (i % 2 == 0);
            assert_true(found);
        }
        rows++;
    }
    (void)fclose(f);
    assert_int_equal(rows, 20);
}

static const struct shot udp_shot = {.host = HOST, .transport = TRANSPORT_UDP, .key = KEY};
static const struct shot tcp_shot = {.host = HOST, .transport = TRANSPORT_TCP, .key = KEY};

static void test_question_is_a_bare_message(void **state)
{
    (void)state;
    const struct shot *shots[] = {&udp_shot, &tcp_shot};
    for (size_t i = 0; i < COUNT_OF(shots); i++) {
        uint8_t bytes[REQUEST_SIZE], scratch[REQUEST_SIZE];
        struct writer w = writer_over(bytes, sizeof bytes);
        struct message m;
        p2p()->build(shots[i], &w);
        assert_int_equal(w.used, i == 0 ? 14 : 16);
        assert_int_equal(message_parse(reader_over(bytes, w.used), shots[i]->transport, scratch,
                                       sizeof scratch, &m),
                         MESSAGE_OK);
        assert_int_equal(m.key, KEY);
        assert_int_equal(m.flags, i == 0 ? 0x8001 : 0x8005);
        assert_true(message_checksum_holds(&m) && message_is_bare(&m));
    }
}

static struct answer judged(const struct shot *shot, const void *bytes, size_t size)
{
    struct answer a = {0};
    uint8_t *copy = malloc(size); /* exact, so that a read behind its end is found */
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    p2p()->judge(shot, reader_over(copy, size), &a);
    free(copy);
    return a;
}

struct made {
    uint8_t bytes[256];
    size_t size;
};

static struct made message_with(const struct shot *shot, struct message fields, uint32_t xor)
{
    struct made made;
    struct writer w = writer_over(made.bytes, sizeof made.bytes);
    struct message_plan plan = {
        .fields = fields, .transport = shot->transport, .checksum_xor = xor};
    message_build(&plan, &w);
    made.size = w.used;
    return made;
}

static uint16_t sane_flags(const struct shot *shot)
{
    return MESSAGE_ENCODED | (shot->transport == TRANSPORT_TCP ? MESSAGE_IS_TCP : 0);
}

static void test_valid_answer_is_infected(void **state)
{
    (void)state;
    const struct shot *shots[] = {&udp_shot, &tcp_shot};
    for (size_t i = 0; i < COUNT_OF(shots); i++) {
        struct message m = {.key = 5, .flags = sane_flags(shots[i])};
        struct made made = message_with(shots[i], m, 0);
        struct answer a = judged(shots[i], made.bytes, made.size);
        assert_int_equal(a.cause, CAUSE_VALID);
        assert_int_equal(a.size, made.size);
        assert_memory_equal(a.head, made.bytes, a.head_size);
    }
}

static void test_system_is_told_where_the_answer_has_it(void **state)
{
    (void)state;
    struct message m = {.key = 5, .flags = sane_flags(&udp_shot) | MESSAGE_HAS_SYSINFO};
    m.sysinfo = (struct message_sysinfo){
        .os_major = 5, .os_minor = 1, .os_build = 2600, .sp_major = 3};
    struct made made = message_with(&udp_shot, m, 0);
    assert_string_equal(judged(&udp_shot, made.bytes, made.size).system,
                        "Windows 5.1 build 2600 SP 3.0");
}

static void test_wrong_checksum_and_insane_flags_are_odd(void **state)
{
    (void)state;
    struct message m = {.key = 5, .flags = sane_flags(&udp_shot)};
    struct made made = message_with(&udp_shot, m, 1);
    assert_int_equal(judged(&udp_shot, made.bytes, made.size).cause, CAUSE_CHECKSUM);
    static const uint16_t insane[] = {0, MESSAGE_ENCODED | MESSAGE_IS_TCP, MESSAGE_ENCODED | 0x100,
                                      MESSAGE_ENCODED | 0x4000};
    for (size_t i = 0; i < COUNT_OF(insane); i++) {
        m.flags = insane[i];
        made = message_with(&udp_shot, m, 0);
        assert_int_equal(judged(&udp_shot, made.bytes, made.size).cause, CAUSE_FLAGS);
    }
}

static void test_echo_is_no_proof_however_it_goes_on(void **state)
{
    (void)state;
    const struct shot *shots[] = {&udp_shot, &tcp_shot};
    for (size_t i = 0; i < COUNT_OF(shots); i++) {
        uint8_t bytes[REQUEST_SIZE + 9] = {0};
        struct writer w = writer_over(bytes, sizeof bytes);
        p2p()->build(shots[i], &w);
        for (size_t size = 8; size <= w.used + 9; size++)
            assert_int_equal(judged(shots[i], bytes, size).cause, CAUSE_ECHO);
    }
}

static void test_each_way_not_to_parse_has_its_number(void **state)
{
    (void)state;
    struct message m = {.key = 5,
                        .flags = sane_flags(&udp_shot) | 0xf8,
                        .data_length = 3,
                        .data = (const uint8_t *)"abc"};
    struct made made = message_with(&udp_shot, m, 0);
    /* Key, flags, address, unknown0, unknown1, data, system, checksum. */
    static const struct {
        size_t from;
        enum check_cause cause;
    } steps[] = {{2, CAUSE_CUT_KEY},       {8, CAUSE_CUT_FLAGS},        {10, CAUSE_CUT_IP},
                 {20, CAUSE_CUT_UNKNOWN1}, {24, CAUSE_CUT_DATA_HEADER}, {27, CAUSE_CUT_DATA},
                 {30, CAUSE_CUT_SYSINFO},  {56, CAUSE_CUT_CHECKSUM},    {60, CAUSE_VALID}};
    assert_int_equal(made.size, 60);
    assert_int_equal(judged(&udp_shot, made.bytes, 1).cause, CAUSE_ONE_BYTE);
    for (size_t i = 0; i + 1 < COUNT_OF(steps); i++)
        for (size_t size = steps[i].from; size < steps[i + 1].from; size++)
            assert_int_equal(judged(&udp_shot, made.bytes, size).cause, steps[i].cause);
    assert_int_equal(judged(&udp_shot, made.bytes, made.size).cause, CAUSE_VALID);
}

static void test_stream_is_whole_when_its_prefix_says_so(void **state)
{
    (void)state;
    struct message m = {.key = 5, .flags = sane_flags(&tcp_shot)};
    struct made made = message_with(&tcp_shot, m, 0);
    for (size_t size = 0; size < made.size; size++) {
        assert_false(p2p()->is_whole(reader_over(made.bytes, size)));
        if (size >= 2)
            assert_int_equal(judged(&tcp_shot, made.bytes, size).cause, CAUSE_CUT_STREAM);
    }
    assert_true(p2p()->is_whole(reader_over(made.bytes, made.size)));
    made.bytes[0] = 13; /* no message is that short: nothing is worth waiting for */
    assert_true(p2p()->is_whole(reader_over(made.bytes, 2)));
    assert_int_equal(judged(&tcp_shot, made.bytes, made.size).cause, CAUSE_PREFIX_SMALL);
}

static void test_bytes_behind_a_stream_s_message_do_not_matter(void **state)
{
    (void)state;
    struct message m = {.key = 5, .flags = sane_flags(&tcp_shot)};
    struct made made = message_with(&tcp_shot, m, 0);
    assert_int_equal(judged(&tcp_shot, made.bytes, made.size + 40).cause, CAUSE_VALID);
}

static struct asked host_with(enum check_cause first, enum check_cause others)
{
    struct asked host = {.host = HOST, .count = 4};
    for (size_t i = 0; i < host.count; i++) {
        host.shots[i] = i < 2 ? tcp_shot : udp_shot;
        host.shots[i].port = (uint16_t)(4000 + i);
        host.answers[i] = (struct answer){.cause = i == 0 ? first : others,
                                          .size = 3,
                                          .head_size = 3,
                                          .head = {0xab, 0xcd, 0xef}};
        host.when_us[i] = at("2009-04-22") + (int64_t)i;
    }
    return host;
}

static void test_one_valid_answer_is_a_proof(void **state)
{
    (void)state;
    struct sign signs[PROBE_SIGNS_MAX];
    struct asked host = host_with(CAUSE_VALID, CAUSE_REFUSED);
    assert_int_equal(p2p()->report(&host, signs), 1);
    assert_int_equal(signs[0].id, SIGN_P2P_ANSWER);
    assert_int_equal(signs[0].weight, WEIGHT_PROOF);
    assert_int_equal(signs[0].count, 1);
    assert_int_equal(signs[0].of, 4);
    assert_int_equal(signs[0].day, day_of(at("2009-04-22")));
    assert_string_equal(signs[0].facts[0].text, "4000/tcp abcdef");
}

static void test_odd_answers_weigh_three_together(void **state)
{
    (void)state;
    struct sign signs[PROBE_SIGNS_MAX];
    struct asked host = host_with(CAUSE_CHECKSUM, CAUSE_ECHO);
    assert_int_equal(p2p()->report(&host, signs), 1);
    assert_int_equal(signs[0].id, SIGN_P2P_ODD_ANSWER);
    assert_int_equal(signs[0].count, 4);
    assert_true(signs[0].points > 2.9 && signs[0].points < 3.1);
}

static void test_host_can_have_both_signs(void **state)
{
    (void)state;
    struct sign signs[PROBE_SIGNS_MAX];
    struct asked host = host_with(CAUSE_VALID, CAUSE_FLAGS);
    assert_int_equal(p2p()->report(&host, signs), 2);
}

static void test_silence_and_refusal_are_no_sign(void **state)
{
    (void)state;
    struct sign signs[PROBE_SIGNS_MAX];
    static const enum check_cause none[] = {CAUSE_REFUSED, CAUSE_SILENT,       CAUSE_MUTE,
                                            CAUSE_CLOSED,  CAUSE_RESET,        CAUSE_UNREACHABLE,
                                            CAUSE_STOPPED, CAUSE_NO_DESCRIPTOR};
    for (size_t i = 0; i < COUNT_OF(none); i++) {
        struct asked host = host_with(none[i], none[i]);
        assert_int_equal(p2p()->report(&host, signs), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_four_ports_in_the_order_in_which_they_are_shown),
        cmocka_unit_test(test_near_monday_the_other_week_is_asked_too),
        cmocka_unit_test(test_week_that_is_given_is_asked_alone),
        cmocka_unit_test(test_slack_asks_three_weeks),
        cmocka_unit_test(test_real_address_makes_the_ports),
        cmocka_unit_test(test_listed_host_has_the_ports_of_its_own_real_address),
        cmocka_unit_test(test_host_with_two_real_addresses_is_wrong),
        cmocka_unit_test(test_ports_are_distinct_for_everybody),
        cmocka_unit_test(test_both_readings_are_asked_where_they_differ),
        cmocka_unit_test(test_question_is_a_bare_message),
        cmocka_unit_test(test_valid_answer_is_infected),
        cmocka_unit_test(test_system_is_told_where_the_answer_has_it),
        cmocka_unit_test(test_wrong_checksum_and_insane_flags_are_odd),
        cmocka_unit_test(test_echo_is_no_proof_however_it_goes_on),
        cmocka_unit_test(test_each_way_not_to_parse_has_its_number),
        cmocka_unit_test(test_stream_is_whole_when_its_prefix_says_so),
        cmocka_unit_test(test_bytes_behind_a_stream_s_message_do_not_matter),
        cmocka_unit_test(test_one_valid_answer_is_a_proof),
        cmocka_unit_test(test_odd_answers_weigh_three_together),
        cmocka_unit_test(test_host_can_have_both_signs),
        cmocka_unit_test(test_silence_and_refusal_are_no_sign),
    };
    return cmocka_run_group_tests_name("probe_p2p", tests, NULL, NULL);
}
