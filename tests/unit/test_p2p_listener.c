/* detect/p2p_listener: who answers where the worm would listen, and who only has many ports
 * open. */
#include "split.h"
#include "saved_slot.h"

#include <math.h>

#include "base/hash.h"
#include "conficker/ports.h"

static const char tuesday[] = "2009-04-21T12:00:00Z";
static const char sunday[] = "2009-04-26T12:00:00Z";
static const char monday[] = "2009-04-27T12:00:00Z";
static const char host[] = "192.168.1.65"; /* in week 2050: 59436 43492 39014 27859 */
static const char client[] = "10.0.0.9";

static struct observation answer_at(uint16_t port, uint8_t protocol, const char *time)
{
    struct observation seen = flow_seen(at(client), at(host), port, protocol, when(time));
    seen.kind = OBSERVED_ANSWER;
    seen.by_client = false;
    return seen;
}

static void answers(struct stage *s, uint16_t port, uint8_t protocol, const char *time)
{
    struct observation seen = answer_at(port, protocol, time);
    feed(s, &seen, 0, 1);
}

static struct p2p_ports ports_in_week_of(const char *time)
{
    return ports_predicted_for(address_v4(at(host)), week_of(when(time)), READING_NMAP);
}

static void test_both_ports_of_a_protocol_are_a_sign(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_LISTENER);
    struct sign sign;
    answers(&s, 59436, IP_TCP, tuesday);
    answers(&s, 39014, IP_TCP, tuesday);
    assert_true(sign_of(&s, host, tuesday, &sign));
    assert_int_equal(sign.weight, WEIGHT_STATISTICAL);
    assert_int_equal(sign.variants, VARIANT_D | VARIANT_E);
    assert_true(sign.count == 2 && sign.of == 2);
    assert_float_equal(sign.false_alarm_log10, log10(2.0 * 2 * (2.0 / 56384) * (2.0 / 56384)),
                       1e-9);
    assert_string_equal(
        sign.says, "It answered others on both TCP ports (59436 and 39014) that the worm would "
                   "open there, and on 2 ports in all; by chance a host does so on one day in "
                   "10^8.");
    assert_string_equal(sign.facts[0].text, "59436/tcp");
    assert_string_equal(sign.facts[1].text, "39014/tcp");
    assert_string_equal(sign.facts[2].name, "clients");
    assert_true(sign.facts[2].number == 1);
    assert_string_equal(sign.facts[3].text, client);
    stage_clear(&s);
}

static void test_one_predicted_port_is_none(void **state)
{
    (void)state;
    static const struct {
        uint16_t port;
        uint8_t protocol;
    } one[] = {{59436, IP_TCP}, {39014, IP_TCP}, {43492, IP_UDP}, {27859, IP_UDP}};
    for (unsigned i = 0; i < 4; i++) {
        struct stage s = stage_of(SIGN_P2P_LISTENER);
        struct sign sign;
        for (unsigned times = 0; times < 100; times++)
            answers(&s, one[i].port, one[i].protocol, tuesday);
        assert_false(sign_of(&s, host, tuesday, &sign));
        stage_clear(&s);
    }
}

static void test_one_port_of_each_protocol_is_none(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_LISTENER);
    struct sign sign;
    answers(&s, 59436, IP_TCP, tuesday);
    answers(&s, 27859, IP_UDP, tuesday);
    answers(&s, 39014, IP_UDP, tuesday); /* its TCP port, on UDP */
    assert_false(sign_of(&s, host, tuesday, &sign));
    answers(&s, 43492, IP_UDP, tuesday);
    assert_true(sign_of(&s, host, tuesday, &sign));
    assert_int_equal(sign.count, 3);
    assert_int_equal(sign.of, 4);
    assert_non_null(strstr(sign.says, "both UDP ports (43492 and 27859) that"));
    stage_clear(&s);
}

static void test_who_answers_on_many_ports_is_not_suspicious_by_it(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_LISTENER);
    struct sign sign;
    answers(&s, 59436, IP_TCP, tuesday);
    answers(&s, 39014, IP_TCP, tuesday);
    for (uint16_t i = 0; i < 3000; i++)
        answers(&s, (uint16_t)(20000 + i), IP_TCP, tuesday);
    assert_true(sign_of(&s, host, tuesday, &sign));
    assert_true(sign.false_alarm_log10 > -3);
    for (uint32_t port = 1; port < 65536; port++)
        answers(&s, (uint16_t)port, IP_TCP, tuesday);
    assert_true(sign_of(&s, host, tuesday, &sign));
    assert_float_equal(sign.false_alarm_log10, 0, 0);
    stage_clear(&s);
}

static void test_ports_that_the_worm_cannot_draw_are_passed_over(void **state)
{
    (void)state;
    static const uint16_t ports[] = {22, 80, 443, 2111, 3389, 8080, 10000};
    struct stage s = stage_of(SIGN_P2P_LISTENER);
    struct sign sign;
    for (unsigned i = 0; i < sizeof ports / sizeof ports[0]; i++)
        answers(&s, ports[i], IP_TCP, tuesday);
    answers(&s, 59436, IP_TCP, tuesday);
    answers(&s, 39014, IP_TCP, tuesday);
    assert_true(sign_of(&s, host, tuesday, &sign));
    assert_int_equal(sign.of, 2);
    stage_clear(&s);
}

static void test_replies_to_what_it_asked_itself_are_none(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_LISTENER);
    struct sign sign;
    static const uint16_t ports[] = {59436, 39014, 43492, 27859};
    for (unsigned i = 0; i < 4; i++) { /* others answer it, as behind a NAT, at these ports */
        struct observation seen = flow_seen(at(host), at(client), 40000, IP_UDP, when(tuesday));
        seen.kind = OBSERVED_ANSWER;
        seen.client.port = ports[i];
        feed(&s, &seen, 0, 1);
        seen = answer_at(ports[i], i < 2 ? IP_TCP : IP_UDP, tuesday);
        seen.client_known = false;
        feed(&s, &seen, 0, 1);
        seen = answer_at(ports[i], i < 2 ? IP_TCP : IP_UDP, tuesday);
        seen.client.address = at(host); /* it talks to itself */
        feed(&s, &seen, 0, 1);
    }
    assert_false(sign_of(&s, host, tuesday, &sign));
    stage_clear(&s);
}

static void test_who_was_only_tried_did_not_answer(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_LISTENER);
    struct sign sign;
    struct observation seen = flow_seen(at(client), at(host), 59436, IP_TCP, when(tuesday));
    feed(&s, &seen, 0, 1);
    seen.server.port = 39014;
    feed(&s, &seen, 0, 1);
    assert_false(sign_of(&s, host, tuesday, &sign));
    stage_clear(&s);
}

static void test_the_neighbour_weeks_port_counts_near_monday_alone(void **state)
{
    (void)state;
    struct sign near, far;
    struct stage s = stage_of(SIGN_P2P_LISTENER);
    uint16_t next = ports_in_week_of(monday).tcp[1], last = ports_in_week_of(sunday).tcp[1];
    assert_int_not_equal(next, last);
    answers(&s, 59436, IP_TCP, sunday);
    answers(&s, next, IP_TCP, sunday);
    assert_true(sign_of(&s, host, sunday, &near));
    answers(&s, 59436, IP_TCP, monday);
    answers(&s, last, IP_TCP, monday);
    assert_true(sign_of(&s, host, monday, &near));
    answers(&s, 59436, IP_TCP, tuesday);
    answers(&s, next, IP_TCP, tuesday);
    assert_false(sign_of(&s, host, tuesday, &far));
    answers(&s, 39014, IP_TCP, tuesday);
    assert_true(sign_of(&s, host, tuesday, &far));
    /* Two weeks are tried near Monday, but here are two ports against three. */
    double apart = near.false_alarm_log10 - far.false_alarm_log10;
    assert_true(fabs(apart - (log10(2) - 2 * log10(3.0 / 2))) < 1e-9);
    stage_clear(&s);
}

/* Who asks just the predicted ports of a host that accepts everything finds both open. */
static void test_our_own_scanner_makes_nobody_a_listener(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_LISTENER);
    const struct prefix scanner = {at(client), 128};
    struct sign sign;
    s.watcher.exempt = &scanner;
    s.watcher.exempt_count = 1;
    answers(&s, 59436, IP_TCP, tuesday);
    answers(&s, 39014, IP_TCP, tuesday);
    assert_false(sign_of(&s, host, tuesday, &sign));
    stage_clear(&s);
}

static void test_days_are_weighed_apart(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_LISTENER);
    struct sign sign;
    answers(&s, 59436, IP_TCP, "2009-04-21T23:59:59.999999Z");
    answers(&s, 39014, IP_TCP, "2009-04-22T00:00:00Z");
    assert_false(sign_of(&s, host, tuesday, &sign));
    assert_false(sign_of(&s, host, "2009-04-22T12:00:00Z", &sign));
    stage_clear(&s);
}

/* 209.208.49.111 in week 2446: nmap's reading draws 23901 for both TCP ports, SRI's 29587 for the
 * second (tests/vectors/ports-two-readings.tsv). */
static void test_one_port_that_is_both_is_one_port(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_LISTENER);
    struct sign sign;
    int64_t when_us = week_start_us(2446) + 3 * US_PER_DAY;
    char time[TIME_TEXT_SIZE];
    time_text(when_us, time);
    struct observation seen = answer_at(23901, IP_TCP, time);
    seen.server.address = at("209.208.49.111");
    feed(&s, &seen, 0, 1);
    assert_false(sign_of(&s, "209.208.49.111", time, &sign));
    seen.server.port = 29587;
    feed(&s, &seen, 0, 1);
    assert_true(sign_of(&s, "209.208.49.111", time, &sign));
    assert_int_equal(sign.count, 2);
    stage_clear(&s);
}

static void test_ipv6_servers_are_passed_over(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_LISTENER);
    struct sign sign;
    for (uint32_t port = 2112; port < 65536; port++) {
        struct observation seen = answer_at((uint16_t)port, IP_TCP, tuesday);
        seen.server.address = at("2001:db8::c0a8:141");
        feed(&s, &seen, 0, 1);
    }
    assert_false(sign_of(&s, "2001:db8::c0a8:141", tuesday, &sign));
    stage_clear(&s);
}

static void test_merging_parts_gives_the_whole(void **state)
{
    (void)state;
    enum { SEEN = 120 };
    struct observation seen[SEEN];
    static const uint16_t ports[] = {59436, 39014, 43492, 27859};
    for (uint32_t i = 0; i < SEEN; i++) {
        seen[i] = answer_at((uint16_t)(20000 + hash_number(i) % 20000), IP_TCP, tuesday);
        seen[i].when_us += (int64_t)(hash_number(i) % 1000);
        seen[i].client.address.low += i;
    }
    for (unsigned i = 0; i < 4; i++) {
        seen[3 + 4 * i].server.port = ports[i];
        seen[3 + 4 * i].protocol = i < 2 ? IP_TCP : IP_UDP;
    }
    check_splits(SIGN_P2P_LISTENER, seen, 20, 1, host, tuesday);
    check_splits(SIGN_P2P_LISTENER, seen, 7, 1, host, tuesday);
    check_splits(SIGN_P2P_LISTENER, seen, SEEN, 30, host, tuesday);
}

static void test_what_was_saved_says_the_same_and_no_stranger_harms(void **state)
{
    (void)state;
    static const uint16_t ports[] = {59436, 39014, 43492, 27859};
    for (unsigned predicted = 0; predicted <= 4; predicted++) {
        struct stage s = stage_of(SIGN_P2P_LISTENER);
        for (uint16_t i = 0; i < 30 * predicted * predicted + 1; i++)
            answers(&s, (uint16_t)(21000 + i), IP_TCP, tuesday);
        for (unsigned i = 0; i < predicted; i++)
            answers(&s, ports[i], i < 2 ? IP_TCP : IP_UDP, tuesday);
        check_saved(&s, host, tuesday);
        stage_clear(&s);
    }
}

enum { NONE_EMPTY = 2 };

/* One answer, on these TCP ports; `empty`: 0 if it answered on no port, 1 if to nobody. */
static bool is_taken_with(uint16_t fixed, uint16_t of_week, unsigned empty)
{
    struct stage s = stage_of(SIGN_P2P_LISTENER);
    uint8_t bytes[64];
    struct writer w = writer_over(bytes, sizeof bytes);
    for (unsigned i = 0; i < 2; i++) { /* what it answered on, and whom */
        write_u8(&w, i != empty);
        if (i != empty)
            write_le64(&w, 7);
        if (i == 0)
            save_bool(&w, true);
    }
    save_span(&w, (struct span){5, 7});
    write_le16(&w, fixed);
    write_le16(&w, of_week);
    write_le32(&w, 0);
    struct reader r = reader_over(bytes, w.used);
    bool taken = s.detector->load(&s.watcher, slot_of(&s, host, tuesday), &r);
    stage_clear(&s);
    return taken;
}

static bool is_taken(uint16_t fixed, uint16_t of_week)
{
    return is_taken_with(fixed, of_week, NONE_EMPTY);
}

static void test_ports_that_nobody_can_have_met_are_refused(void **state)
{
    (void)state;
    assert_true(is_taken(59436, 39014) && is_taken(59436, 0) && is_taken(0, 39014));
    assert_false(is_taken(0, 0));
    assert_false(is_taken(59436, 59436));
    assert_false(is_taken(2111, 39014));
    assert_false(is_taken(59436, 8080));
    assert_false(is_taken_with(59436, 39014, 0) || is_taken_with(59436, 39014, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ports_of_a_protocol_are_a_sign),
        cmocka_unit_test(test_one_predicted_port_is_none),
        cmocka_unit_test(test_one_port_of_each_protocol_is_none),
        cmocka_unit_test(test_who_answers_on_many_ports_is_not_suspicious_by_it),
        cmocka_unit_test(test_ports_that_the_worm_cannot_draw_are_passed_over),
        cmocka_unit_test(test_replies_to_what_it_asked_itself_are_none),
        cmocka_unit_test(test_who_was_only_tried_did_not_answer),
        cmocka_unit_test(test_the_neighbour_weeks_port_counts_near_monday_alone),
        cmocka_unit_test(test_our_own_scanner_makes_nobody_a_listener),
        cmocka_unit_test(test_days_are_weighed_apart),
        cmocka_unit_test(test_one_port_that_is_both_is_one_port),
        cmocka_unit_test(test_ipv6_servers_are_passed_over),
        cmocka_unit_test(test_merging_parts_gives_the_whole),
        cmocka_unit_test(test_what_was_saved_says_the_same_and_no_stranger_harms),
        cmocka_unit_test(test_ports_that_nobody_can_have_met_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
