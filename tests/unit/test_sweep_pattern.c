/* detect/sweep_pattern: whose targets on 445 avoid what the worm's generator never draws. */
#include "split.h"
#include "saved_slot.h"

#include <math.h>

#include "base/hash.h"

static const char noon[] = "2009-04-21T12:00:00Z";
static const char host[] = "11.22.33.44";

static struct observation attempt(const char *client, uint32_t target)
{
    return flow_seen(at(client), address_of_v4(target), 445, IP_TCP, when(noon));
}

static void tries(struct stage *s, const char *target)
{
    struct observation seen = attempt(host, address_v4(at(target)));
    feed(s, &seen, 0, 1);
}

/* The i-th target of a generator that spares both bits: all in networks of their own. */
static uint32_t worms_target(uint32_t i)
{
    return (20 + i / 128) << 24 | (i % 128) << 16 | (uint32_t)(hash_number(i) & 0xff7f);
}

static void tries_as_worm(struct stage *s, const char *client, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        struct observation seen = attempt(client, worms_target(i));
        feed(s, &seen, 0, 1);
    }
}

static void test_fifteen_networks_are_met_by_a_scanner_once_in_a_billion(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SWEEP_PATTERN);
    struct sign sign;
    tries_as_worm(&s, host, 0, 15);
    assert_true(sign_of(&s, host, noon, &sign));
    assert_int_equal(sign.weight, WEIGHT_STATISTICAL);
    assert_int_equal(sign.count, 15);
    assert_float_equal(sign.false_alarm_log10, log10(9.313e-10), 1e-3);
    assert_true(sign.below_floor);
    assert_int_equal(sign.variants, 0);
    assert_string_equal(
        sign.says,
        "Its targets on port 445 outside the networks near it lie in 15 networks of size /16, and "
        "none has a second or fourth octet of 128 or more; a scanner that draws evenly does so "
        "once in 4^15 times. This counts only beside smb-sweep.");
    stage_clear(&s);
}

static void test_one_target_with_a_high_octet_ends_it(void **state)
{
    (void)state;
    static const char *const ends[] = {"20.128.1.1", "20.1.1.128", "20.255.1.255"};
    static const char *const goes_on[] = {"20.127.255.127", "255.0.0.1", "223.127.128.127"};
    struct sign sign;
    for (unsigned i = 0; i < 3; i++) {
        struct stage s = stage_of(SIGN_SWEEP_PATTERN);
        tries_as_worm(&s, host, 0, 40);
        tries(&s, goes_on[i]);
        assert_true(sign_of(&s, host, noon, &sign));
        tries(&s, ends[i]);
        assert_false(sign_of(&s, host, noon, &sign));
        tries_as_worm(&s, host, 40, 80);
        assert_false(sign_of(&s, host, noon, &sign));
        stage_clear(&s);
    }
}

static void test_an_even_scanner_breaks_the_pattern_at_once(void **state)
{
    (void)state;
    unsigned left = 0;
    for (uint32_t scanner = 0; scanner < 1000; scanner++) {
        struct stage s = stage_of(SIGN_SWEEP_PATTERN);
        struct sign sign;
        for (uint32_t i = 0; i < 5; i++) {
            struct observation seen = attempt(
                host, 0x14000000 + (uint32_t)(hash_number(scanner * 5 + i) & 0x3fffffff));
            feed(&s, &seen, 0, 1);
        }
        left += sign_of(&s, host, noon, &sign);
        stage_clear(&s);
    }
    assert_in_range(left, 0, 5); /* 4^-5 of 1000 is 1 */
}

static void test_a_scan_of_one_block_is_one_network(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SWEEP_PATTERN);
    struct sign sign;
    for (uint32_t i = 1; i <= 100; i++) {
        struct observation seen = attempt(host, 0xcb007100 + i); /* 203.0.113.1-100 */
        feed(&s, &seen, 0, 1);
    }
    assert_true(sign_of(&s, host, noon, &sign));
    assert_int_equal(sign.count, 1);
    assert_true(sign.false_alarm_log10 > -0.61);
    stage_clear(&s);
}

static void test_its_own_network_and_the_ten_before_are_not_off_net(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SWEEP_PATTERN);
    struct sign sign;
    tries_as_worm(&s, host, 0, 20);
    tries(&s, "11.22.33.200");
    tries(&s, "11.22.32.255");
    tries(&s, "11.22.23.128");
    assert_true(sign_of(&s, host, noon, &sign));
    assert_int_equal(sign.count, 20);
    tries(&s, "11.22.22.1"); /* the eleventh: off-net */
    assert_true(sign_of(&s, host, noon, &sign));
    assert_int_equal(sign.count, 21);
    tries(&s, "11.22.34.1"); /* the next one: off-net, in the same /16 */
    assert_true(sign_of(&s, host, noon, &sign));
    assert_int_equal(sign.count, 21);
    tries(&s, "11.22.34.128");
    assert_false(sign_of(&s, host, noon, &sign));
    stage_clear(&s);
}

static void test_addresses_of_special_use_are_not_off_net(void **state)
{
    (void)state;
    static const char *const special[] = {
        "0.200.0.1",       "10.0.0.200",     "10.200.0.1",     "100.64.0.200",   "100.127.255.255",
        "127.0.0.200",     "169.254.1.1",    "172.16.0.200",   "172.31.255.255", "192.168.0.1",
        "192.168.255.255", "198.18.0.200",   "198.19.255.255", "224.0.0.251",    "239.255.255.250",
        "240.0.0.200",     "255.255.255.255"};
    struct stage s = stage_of(SIGN_SWEEP_PATTERN);
    struct sign sign;
    for (unsigned i = 0; i < sizeof special / sizeof special[0]; i++)
        tries(&s, special[i]);
    assert_false(sign_of(&s, host, noon, &sign));
    static const char *const ordinary[] = {"1.0.0.1",    "9.127.0.1",  "11.0.0.1",  "100.63.0.1",
                                           "172.15.0.1", "172.32.0.1", "192.1.0.1", "198.17.0.1",
                                           "198.20.0.1", "126.0.0.1",  "128.0.0.1", "223.0.0.1"};
    for (unsigned i = 0; i < 12; i++)
        tries(&s, ordinary[i]);
    assert_true(sign_of(&s, host, noon, &sign));
    assert_int_equal(sign.count, 12);
    stage_clear(&s);
}

static void test_only_tcp_445_between_ipv4_hosts_counts(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SWEEP_PATTERN);
    struct sign sign;
    for (uint32_t i = 0; i < 30; i++) {
        struct observation seen = attempt(host, worms_target(i));
        seen.server.port = 139;
        feed(&s, &seen, 0, 1);
        seen = attempt(host, worms_target(i));
        seen.protocol = IP_UDP;
        feed(&s, &seen, 0, 1);
        seen = attempt(host, worms_target(i));
        seen.client_known = false;
        feed(&s, &seen, 0, 1);
        seen = attempt("2001:db8::5", worms_target(i));
        feed(&s, &seen, 0, 1);
        seen = attempt(host, 0);
        seen.server.address = at("2001:db8::128");
        feed(&s, &seen, 0, 1);
    }
    assert_false(sign_of(&s, host, noon, &sign));
    assert_false(sign_of(&s, "2001:db8::5", noon, &sign));
    stage_clear(&s);
}

static void test_days_are_weighed_apart(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SWEEP_PATTERN);
    struct sign sign;
    struct observation seen = attempt(host, 0x14800001);
    seen.when_us = when("2009-04-22T00:00:00Z");
    tries_as_worm(&s, host, 0, 7);
    feed(&s, &seen, 0, 1);
    assert_true(sign_of(&s, host, noon, &sign));
    assert_int_equal(sign.count, 7);
    assert_false(sign_of(&s, host, "2009-04-22T12:00:00Z", &sign));
    stage_clear(&s);
}

static void test_many_networks_are_estimated_from_below(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SWEEP_PATTERN);
    struct sign sign;
    tries_as_worm(&s, host, 0, 1000);
    assert_true(sign_of(&s, host, noon, &sign));
    assert_true(sign.false_alarm_log10 > -1000 * log10(4));
    assert_true(sign.false_alarm_log10 < -700 * log10(4));
    assert_non_null(strstr(sign.says, "in about "));
    assert_int_equal(sign.says[strlen(sign.says) - 1], '.');
    stage_clear(&s);
}

static void test_some_of_the_networks_are_named(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SWEEP_PATTERN);
    struct sign sign;
    tries(&s, "20.1.2.3");
    tries(&s, "20.1.77.3");
    assert_true(sign_of(&s, host, noon, &sign));
    assert_int_equal(sign.fact_count, 1);
    assert_string_equal(sign.facts[0].name, "networks");
    assert_string_equal(sign.facts[0].text, "20.1.0.0/16");
    stage_clear(&s);
}

static void test_merging_parts_gives_the_whole(void **state)
{
    (void)state;
    enum { SEEN = 200 };
    struct observation seen[SEEN];
    for (uint32_t i = 0; i < SEEN; i++) {
        seen[i] = attempt(host, worms_target(i));
        seen[i].when_us += (int64_t)(hash_number(i) % 1000);
    }
    check_splits(SIGN_SWEEP_PATTERN, seen, 20, 1, host, noon);
    check_splits(SIGN_SWEEP_PATTERN, seen, SEEN, 40, host, noon);
    seen[9] = attempt(host, 0x14800001);
    check_splits(SIGN_SWEEP_PATTERN, seen, 20, 1, host, noon);
}

static void test_what_was_saved_says_the_same_and_no_stranger_harms(void **state)
{
    (void)state;
    static const uint32_t tried[] = {1, 15, 64, 300};
    for (unsigned i = 0; i < sizeof tried / sizeof tried[0]; i++) {
        struct stage s = stage_of(SIGN_SWEEP_PATTERN);
        tries_as_worm(&s, host, 0, tried[i]);
        check_saved(&s, host, noon);
        stage_clear(&s);
    }
}

static void test_a_broken_pattern_stays_broken_when_it_was_saved(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_SWEEP_PATTERN), other = stage_of(SIGN_SWEEP_PATTERN);
    struct sign sign;
    tries_as_worm(&s, host, 0, 20);
    tries(&s, "20.128.1.1");
    check_saved(&s, host, noon);
    stage_reload(&s, &other, host, noon);
    tries_as_worm(&other, host, 0, 20);
    assert_false(sign_of(&other, host, noon, &sign));
    stage_clear(&s);
    stage_clear(&other);
}

/* A slot of one network, not broken. */
static bool is_taken(uint64_t network, bool has_span)
{
    struct stage s = stage_of(SIGN_SWEEP_PATTERN);
    uint8_t bytes[64];
    struct writer w = writer_over(bytes, sizeof bytes);
    save_span(&w, has_span ? (struct span){5, 7} : span_empty());
    save_bool(&w, false);
    write_u8(&w, 1);
    write_le64(&w, hash_number(network));
    struct reader r = reader_over(bytes, w.used);
    bool taken = s.detector->load(&s.watcher, slot_of(&s, host, noon), &r);
    stage_clear(&s);
    return taken;
}

static void test_networks_that_would_break_the_pattern_are_refused(void **state)
{
    (void)state;
    assert_true(is_taken(0x147f, true));
    assert_false(is_taken(0x1480, true));
    assert_false(is_taken(0x10000, true));
    assert_false(is_taken(0x147f, false));
}

/* How many networks it has after one target more; 0: that one ended it. */
static uint64_t networks_with(const char *target)
{
    struct stage s = stage_of(SIGN_SWEEP_PATTERN);
    struct sign sign;
    tries_as_worm(&s, host, 0, 20);
    tries(&s, target);
    bool given = sign_of(&s, host, noon, &sign);
    stage_clear(&s);
    return given ? sign.count : 0;
}

static void test_networks_of_special_use_end_where_the_standard_says(void **state)
{
    (void)state;
    static const char *const inside[] = {"0.0.0.0",         "0.255.255.255",   "10.0.0.0",
                                         "10.255.255.255",  "100.64.0.0",      "100.127.255.255",
                                         "127.0.0.0",       "127.255.255.255", "169.254.0.0",
                                         "169.254.255.255", "172.16.0.0",      "172.31.255.255",
                                         "192.168.0.0",     "192.168.255.255", "198.18.0.0",
                                         "198.19.255.255",  "224.0.0.0",       "255.255.255.255"};
    static const char *const beyond[] = {"9.255.255.255",   "100.128.0.0",     "126.255.255.255",
                                         "169.253.255.255", "169.255.0.0",     "192.167.255.255",
                                         "192.169.0.0",     "223.255.255.255", "99.255.255.255"};
    static const char *const spared[] = {"1.0.0.0",    "11.0.0.0",     "100.63.255.127",
                                         "128.0.0.0",  "172.15.0.127", "172.32.0.0",
                                         "198.17.0.1", "198.20.0.0",   "223.127.0.1"};
    for (unsigned i = 0; i < sizeof inside / sizeof inside[0]; i++)
        assert_int_equal(networks_with(inside[i]), 20);
    for (unsigned i = 0; i < sizeof beyond / sizeof beyond[0]; i++)
        assert_int_equal(networks_with(beyond[i]), 0);
    for (unsigned i = 0; i < sizeof spared / sizeof spared[0]; i++)
        assert_int_equal(networks_with(spared[i]), 21);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fifteen_networks_are_met_by_a_scanner_once_in_a_billion),
        cmocka_unit_test(test_one_target_with_a_high_octet_ends_it),
        cmocka_unit_test(test_an_even_scanner_breaks_the_pattern_at_once),
        cmocka_unit_test(test_a_scan_of_one_block_is_one_network),
        cmocka_unit_test(test_its_own_network_and_the_ten_before_are_not_off_net),
        cmocka_unit_test(test_addresses_of_special_use_are_not_off_net),
        cmocka_unit_test(test_only_tcp_445_between_ipv4_hosts_counts),
        cmocka_unit_test(test_days_are_weighed_apart),
        cmocka_unit_test(test_many_networks_are_estimated_from_below),
        cmocka_unit_test(test_some_of_the_networks_are_named),
        cmocka_unit_test(test_merging_parts_gives_the_whole),
        cmocka_unit_test(test_what_was_saved_says_the_same_and_no_stranger_harms),
        cmocka_unit_test(test_a_broken_pattern_stays_broken_when_it_was_saved),
        cmocka_unit_test(test_networks_that_would_break_the_pattern_are_refused),
        cmocka_unit_test(test_networks_of_special_use_end_where_the_standard_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
