/* detect/smb_sweep: who tries many addresses on 445 or 139 where nobody lives, and who only works
 * with hosts that are there. */
#include "split.h"
#include "saved_slot.h"

#include "base/hash.h"
#include "detect/sampled.h"
#include "evidence/set.h"
#include "evidence/sign.h"

static const char noon[] = "2009-04-21T12:00:00Z";
static const char host[] = "10.0.0.5";

static struct observation attempt(uint32_t target, uint16_t port, const char *time)
{
    return flow_seen(at(host), address_of_v4(target), port, IP_TCP, when(time));
}

static struct observation answer(uint32_t target, uint16_t port, const char *time)
{
    struct observation seen = attempt(target, port, time);
    seen.kind = OBSERVED_ANSWER;
    seen.by_client = false;
    return seen;
}

static void see(struct stage *s, struct observation seen)
{
    feed(s, &seen, 0, 1);
}

/* Tries this many addresses, the first of which answer. */
static void sweep(struct stage *s, uint32_t first, unsigned tried, unsigned answered)
{
    for (uint32_t i = 0; i < tried; i++) {
        see(s, attempt(first + i, 445, noon));
        if (i < answered)
            see(s, answer(first + i, 445, noon));
    }
}

/* The points of a sweep; 0: no sign. */
static double points_of(unsigned tried, unsigned answered)
{
    struct stage s = stage_of(SIGN_SMB_SWEEP);
    struct sign sign;
    sweep(&s, 0x0a000100, tried, answered);
    bool given = sign_of(&s, host, noon, &sign);
    stage_clear(&s);
    return given ? sign.points : 0;
}

static void test_twenty_addresses_weigh_one_and_fifty_three(void **state)
{
    (void)state;
    assert_float_equal(points_of(19, 0), 0, 0);
    assert_float_equal(points_of(20, 0), 1, 0);
    assert_float_equal(points_of(49, 0), 1, 0);
    assert_float_equal(points_of(50, 0), 3, 0);
    assert_float_equal(points_of(1000, 0), 3, 0);
}

static void test_half_must_fail(void **state)
{
    (void)state;
    assert_float_equal(points_of(20, 10), 1, 0);
    assert_float_equal(points_of(20, 11), 0, 0);
    assert_float_equal(points_of(21, 10), 1, 0);
    assert_float_equal(points_of(21, 11), 0, 0);
    assert_float_equal(points_of(50, 25), 3, 0);
    assert_float_equal(points_of(50, 26), 0, 0);
}

static void test_estimates_err_towards_innocence(void **state)
{
    (void)state;
    for (unsigned tried = 65; tried < 2000; tried += 97) {
        assert_float_equal(points_of(tried, tried), 0, 0);
        assert_float_equal(points_of(tried, tried / 2 + 1), 0, 0);
        assert_float_equal(points_of(tried, tried / 10), 3, 0);
    }
}

static void test_a_host_that_manages_two_hundred_living_ones_is_none(void **state)
{
    (void)state;
    assert_float_equal(points_of(200, 200), 0, 0);
    assert_float_equal(points_of(200, 150), 0, 0);
}

static void test_a_file_server_that_many_reach_is_none(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SMB_SWEEP);
    struct sign sign;
    for (uint32_t i = 0; i < 500; i++)
        see(&s, flow_seen(address_of_v4(0x0a000100 + i), at(host), 445, IP_TCP, when(noon)));
    assert_false(sign_of(&s, host, noon, &sign));
    assert_false(sign_of(&s, "10.0.1.7", noon, &sign));
    stage_clear(&s);
}

static void test_one_address_tried_often_counts_once(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SMB_SWEEP);
    struct sign sign;
    for (unsigned i = 0; i < 1000; i++)
        see(&s, attempt(0x0a000100 + i % 19, i % 2 != 0 ? 445 : 139, noon));
    assert_false(sign_of(&s, host, noon, &sign));
    see(&s, attempt(0x0a000200, 139, noon));
    assert_true(sign_of(&s, host, noon, &sign));
    assert_int_equal(sign.of, 20);
    stage_clear(&s);
}

static void test_an_answer_on_either_port_is_one(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SMB_SWEEP);
    struct sign sign;
    for (uint32_t i = 0; i < 60; i++) { /* as Windows does: both at once, and the faster counts */
        see(&s, attempt(0x0a000100 + i, 445, noon));
        see(&s, attempt(0x0a000100 + i, 139, noon));
        see(&s, answer(0x0a000100 + i, 139, noon));
    }
    assert_false(sign_of(&s, host, noon, &sign));
    stage_clear(&s);
}

static void test_other_ports_and_protocols_and_unknown_clients_do_not_count(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SMB_SWEEP);
    struct sign sign;
    for (uint32_t i = 0; i < 60; i++) {
        see(&s, attempt(0x0a000100 + i, 80, noon));
        see(&s, attempt(0x0a000100 + i, 446, noon));
        struct observation seen = attempt(0x0a000100 + i, 445, noon);
        seen.protocol = IP_UDP;
        see(&s, seen);
        seen = attempt(0x0a000100 + i, 445, noon);
        seen.client_known = false;
        see(&s, seen);
        seen = attempt(0, 445, noon);
        seen.server.address = (struct address){UINT64_C(0x20010db800000000), i};
        see(&s, seen);
    }
    assert_false(sign_of(&s, host, noon, &sign));
    stage_clear(&s);
}

static void test_where_only_the_clients_packets_are_seen_its_data_is_an_answer(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SMB_SWEEP);
    struct sign sign;
    for (uint32_t i = 0; i < 60; i++) {
        see(&s, attempt(0x0a000100 + i, 445, noon));
        struct observation seen = attempt(0x0a000100 + i, 445, noon);
        seen.kind = OBSERVED_PAYLOAD;
        seen.is_stream = seen.start_known = true;
        seen.bytes = reader_over("\0\0\0\x85\xffSMBr", 9);
        assert_true(s.detector->wants(&seen) > 0);
        see(&s, seen);
        seen.server.port = 80;
        assert_true(s.detector->wants(&seen) == 0);
    }
    assert_false(sign_of(&s, host, noon, &sign));
    stage_clear(&s);
}

static void test_sampling_leaves_one_point_at_most(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SMB_SWEEP);
    struct sign sign;
    s.watcher.sampling = 100;
    sweep(&s, 0x0a000100, 500, 0);
    assert_true(sign_of(&s, host, noon, &sign));
    assert_float_equal(sign.points, 1, 0);
    assert_non_null(strstr(sign.says, "sampling"));
    s.watcher.sampling = 1;
    assert_true(sign_of(&s, host, noon, &sign));
    assert_float_equal(sign.points, 3, 0);
    stage_clear(&s);
}

static void test_days_are_weighed_apart(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SMB_SWEEP);
    struct sign sign;
    for (uint32_t i = 0; i < 38; i++)
        see(&s, attempt(0x0a000100 + i, 445,
                        i < 19 ? "2009-04-21T23:59:59.999999Z" : "2009-04-22T00:00:00Z"));
    assert_false(sign_of(&s, host, noon, &sign));
    assert_false(sign_of(&s, host, "2009-04-22T12:00:00Z", &sign));
    stage_clear(&s);
}

static void test_an_answer_soon_after_midnight_is_to_the_day_before_too(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SMB_SWEEP);
    struct sign sign;
    for (uint32_t i = 0; i < 60; i++)
        see(&s, attempt(0x0a000100 + i, 445, "2009-04-21T23:59:59Z"));
    assert_true(sign_of(&s, host, noon, &sign));
    for (uint32_t i = 0; i < 60; i++)
        see(&s,
            answer(0x0a000100 + i, 445, i < 30 ? "2009-04-22T00:00:20Z" : "2009-04-22T00:01:00Z"));
    assert_true(sign_of(&s, host, noon, &sign)); /* those of a minute later answer another try */
    assert_int_equal(sign.count, 30);
    see(&s, answer(0x0a00013b, 445, "2009-04-22T00:00:59.999999Z"));
    assert_false(sign_of(&s, host, noon, &sign));
    assert_false(sign_of(&s, host, "2009-04-22T12:00:00Z", &sign));
    stage_clear(&s);
}

static void check_fact(const struct sign *sign, unsigned i, const char *name, const char *text)
{
    assert_string_equal(sign->facts[i].name, name);
    assert_string_equal(sign->facts[i].text, text);
}

static void test_it_says_how_many_and_names_some_that_failed(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SMB_SWEEP);
    struct sign sign;
    see(&s, attempt(0x0a000100, 139, "2009-04-21T11:00:00Z"));
    sweep(&s, 0xc0000200, 21, 19);
    sweep(&s, 0x0a000200, 39, 0);
    assert_true(sign_of(&s, host, noon, &sign));
    assert_string_equal(sign.says, "It tried port 445 or 139 of 61 addresses, and on 42 of them "
                                   "(68 of 100) no connection came about.");
    assert_true(sign.first_us == when("2009-04-21T11:00:00Z") && sign.last_us == when(noon));
    assert_int_equal(sign.fact_count, 8);
    assert_true(sign.facts[0].number == 61 && sign.facts[1].number == 42);
    check_fact(&sign, 2, "tried_ports", "445/tcp");
    check_fact(&sign, 3, "tried_ports", "139/tcp");
    for (unsigned i = 4; i < 8; i++) {
        struct address failed = at(sign.facts[i].text);
        assert_string_equal(sign.facts[i].name, "failed_addresses");
        assert_true(address_v4(failed) >> 16 == 0x0a00 || address_v4(failed) >= 0xc0000213);
    }
    stage_clear(&s);
}

static void test_of_many_no_one_that_answered_is_named_as_failed(void **state)
{
    (void)state;
    for (unsigned tried = 200; tried < 2000; tried += 100) {
        struct stage s = stage_of(SIGN_SMB_SWEEP);
        struct sign sign;
        sweep(&s, 0x0a000100, tried, tried / 5);
        assert_true(sign_of(&s, host, noon, &sign));
        for (unsigned i = 3; i < sign.fact_count; i++)
            assert_in_range(address_v4(at(sign.facts[i].text)), 0x0a000100 + tried / 5,
                            0x0a000100 + tried - 1);
        assert_int_equal(sign.fact_count, 7);
        stage_clear(&s);
    }
}

static void test_what_an_estimate_does_not_tell_is_not_shown(void **state)
{
    (void)state;
    struct set_pool pool = set_pool_of((size_t)1 << 20);
    struct set of = {0}, without = {0};
    struct sign sign = {0};
    for (uint32_t i = 0; i < 6000; i++) {
        if (i < 100)
            (void)set_add(&pool, &of, hash_address(address_of_v4(i)));
        (void)set_add(&pool, &without, hash_address(address_of_v4(i)));
    }
    sampled_show(&of, &without, "outside", &sign);
    assert_int_equal(sign.fact_count, 0);
    sampled_show(&of, NULL, "all", &sign);
    assert_int_equal(sign.fact_count, SAMPLED_SHOWN);
    set_pool_free(&pool);
}

static void test_merging_parts_gives_the_whole(void **state)
{
    (void)state;
    enum { SEEN = 300 };
    struct observation seen[SEEN];
    for (uint32_t i = 0; i < SEEN; i++)
        seen[i] = i % 3 == 2 && i % 2 == 0 ? answer(0x0a000100 + i - 1, 445, noon)
                                           : attempt(0x0a000100 + i, i == 7 ? 139 : 445,
                                                     i % 2 != 0 ? noon : "2009-04-21T13:00:00Z");
    check_splits(SIGN_SMB_SWEEP, seen, 90, 1, host, noon);
    check_splits(SIGN_SMB_SWEEP, seen, SEEN, 50, host, noon);
}

static void test_what_was_saved_says_the_same_and_no_stranger_harms(void **state)
{
    (void)state;
    static const unsigned tried[] = {1, 20, 64, 200};
    for (unsigned i = 0; i < sizeof tried / sizeof tried[0]; i++) {
        struct stage s = stage_of(SIGN_SMB_SWEEP);
        sweep(&s, 0x0a000100, tried[i], tried[i] / 3);
        see(&s, attempt(0x0a000101, 139, "2009-04-21T13:00:00Z"));
        check_saved(&s, host, noon);
        stage_clear(&s);
    }
}

static void test_answers_alone_are_saved_too(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SMB_SWEEP), other = stage_of(SIGN_SMB_SWEEP);
    struct sign sign;
    see(&s, answer(0x0a000100, 445, noon));
    stage_reload(&s, &other, host, noon);
    sweep(&other, 0x0a000100, 20, 0); /* before it was loaded, in another part: 19 failed */
    assert_true(sign_of(&other, host, noon, &sign));
    assert_int_equal(sign.count, 19);
    stage_clear(&s);
    stage_clear(&other);
}

/* A slot of one address tried, by bytes of our own. */
static bool is_taken(uint64_t first, uint8_t ports, bool has_span)
{
    struct stage s = stage_of(SIGN_SMB_SWEEP);
    uint8_t bytes[64];
    struct writer w = writer_over(bytes, sizeof bytes);
    write_u8(&w, 1);
    write_le64(&w, first);
    write_u8(&w, 0);
    save_span(&w, has_span ? (struct span){5, 7} : span_empty());
    write_u8(&w, ports);
    struct reader r = reader_over(bytes, w.used);
    bool taken = s.detector->load(&s.watcher, slot_of(&s, host, noon), &r);
    stage_clear(&s);
    return taken;
}

static void test_a_sweep_that_no_run_can_have_seen_is_refused(void **state)
{
    (void)state;
    uint64_t target = hash_number(hash_address(address_of_v4(0x0a000100)));
    assert_true(is_taken(target, 1, true) && is_taken(target, 3, true));
    assert_false(is_taken(target, 0, true));
    assert_false(is_taken(target, 4, true));
    assert_false(is_taken(target, 1, false));
    assert_false(is_taken(target + 1, 1, true));
}

static void test_one_byte_tells_that_it_stands_and_one_packet_in_two_hides_it(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SMB_SWEEP);
    struct sign sign;
    struct observation seen = attempt(0x0a000100, 445, noon);
    seen.kind = OBSERVED_PAYLOAD;
    assert_int_equal(s.detector->wants(&seen), 1);
    sweep(&s, 0x0a000100, 60, 0);
    s.watcher.sampling = 2;
    assert_true(sign_of(&s, host, noon, &sign));
    assert_float_equal(sign.points, 1, 0);
    stage_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twenty_addresses_weigh_one_and_fifty_three),
        cmocka_unit_test(test_half_must_fail),
        cmocka_unit_test(test_estimates_err_towards_innocence),
        cmocka_unit_test(test_a_host_that_manages_two_hundred_living_ones_is_none),
        cmocka_unit_test(test_a_file_server_that_many_reach_is_none),
        cmocka_unit_test(test_one_address_tried_often_counts_once),
        cmocka_unit_test(test_an_answer_on_either_port_is_one),
        cmocka_unit_test(test_other_ports_and_protocols_and_unknown_clients_do_not_count),
        cmocka_unit_test(test_where_only_the_clients_packets_are_seen_its_data_is_an_answer),
        cmocka_unit_test(test_sampling_leaves_one_point_at_most),
        cmocka_unit_test(test_days_are_weighed_apart),
        cmocka_unit_test(test_an_answer_soon_after_midnight_is_to_the_day_before_too),
        cmocka_unit_test(test_it_says_how_many_and_names_some_that_failed),
        cmocka_unit_test(test_of_many_no_one_that_answered_is_named_as_failed),
        cmocka_unit_test(test_what_an_estimate_does_not_tell_is_not_shown),
        cmocka_unit_test(test_merging_parts_gives_the_whole),
        cmocka_unit_test(test_what_was_saved_says_the_same_and_no_stranger_harms),
        cmocka_unit_test(test_answers_alone_are_saved_too),
        cmocka_unit_test(test_a_sweep_that_no_run_can_have_seen_is_refused),
        cmocka_unit_test(test_one_byte_tells_that_it_stands_and_one_packet_in_two_hides_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
