/* scan/target_set: which hosts a scan has, whatever is written and in whatever order. */
#include "testing.h"

#include <string.h>

#include "base/compiler.h"
#include "scan/target_set.h"

static struct target_set *set;
static struct targets_left_out left_out;

static int begin(void **state)
{
    (void)state;
    set = target_set_new();
    return set == NULL;
}

static int finish(void **state)
{
    (void)state;
    target_set_free(set);
    return 0;
}

static struct target target_of(const char *text)
{
    struct target t;
    assert_true(target_parse(text, &t, NULL));
    return t;
}

static void add(const char *text)
{
    struct target t = target_of(text);
    target_set_add(set, &t);
}

static void exclude(const char *text)
{
    struct target t = target_of(text);
    target_set_exclude(set, &t);
}

static uint64_t hosts(void)
{
    return target_set_close(set, &left_out);
}

static void test_hosts_come_once_and_in_order(void **state)
{
    (void)state;
    static const uint32_t wanted[] = {0x0a000001, 0x0a000002, 0x0a000003, 0x0a000104};
    uint32_t host;
    add("10.0.0.2-3");
    add("10.0.1.4");
    add("10.0.0.1-2");
    assert_int_equal(hosts(), COUNT_OF(wanted));
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        assert_true(target_set_next(set, &host));
        assert_int_equal(host, wanted[i]);
    }
    assert_false(target_set_next(set, &host));
    target_set_rewind(set);
    assert_true(target_set_next(set, &host));
    assert_int_equal(host, wanted[0]);
}

/* Every form of octet ranges has the hosts that target_at counts. */
static void test_octet_ranges_have_all_their_hosts(void **state)
{
    static const char *const forms[] = {"10.0-3.1,5.*",   "10.1.2,4.0-9,20", "1-3.255.*.*",
                                        "9.9.250-255.-5", "9.8,9.*.255",     "10.0.0.0/22"};
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct target t = target_of(forms[i]);
        uint32_t host;
        if (i > 0)
            (void)begin(state);
        add(forms[i]);
        assert_int_equal(hosts(), t.size);
        for (uint64_t at = 0; at < t.size; at++) {
            assert_true(target_set_next(set, &host));
            assert_int_equal(host, target_at(&t, at));
        }
        if (i + 1 < COUNT_OF(forms))
            (void)finish(state);
    }
}

static void test_exclusions_hold_whatever_the_order(void **state)
{
    (void)state;
    exclude("10.0.0.128-255");
    add("10.0.0.0/24");
    exclude("10.0.0.0");
    exclude("10.9.9.9");
    assert_int_equal(hosts(), 127);
    assert_int_equal(left_out.excluded, 129);
}

static void test_all_may_be_excluded(void **state)
{
    (void)state;
    uint32_t host;
    add("10.0.0.7");
    exclude("10.0.0.0/8");
    assert_int_equal(hosts(), 0);
    assert_false(target_set_next(set, &host));
}

static void test_reserved_ranges_are_left_out_of_wider_targets(void **state)
{
    (void)state;
    add("126.0.0.0/7");
    assert_int_equal(hosts(), 1 << 24);
    assert_int_equal(left_out.reserved, 1 << 24);
}

static void test_reserved_range_that_is_named_is_asked(void **state)
{
    (void)state;
    add("127.0.0.0/8");
    add("192.0.2.0/24");
    add("169.254.3.4");
    add("198.18.5.0-9");
    assert_int_equal(hosts(), (1 << 24) + 256 + 1 + 10);
    assert_int_equal(left_out.reserved, 0);
}

static void test_reserved_range_named_beside_a_wider_target_is_asked(void **state)
{
    (void)state;
    add("127.0.0.1");
    add("126.255.255.0-255");
    add("126-128.0.0.1");
    assert_int_equal(hosts(), 1 + 256 + 2);
    assert_int_equal(left_out.reserved, 1);
}

static void test_what_no_host_has_is_never_asked(void **state)
{
    (void)state;
    add("224.0.0.1");
    add("255.255.255.255");
    add("0.0.0.0/8");
    assert_int_equal(hosts(), 0);
    assert_int_equal(left_out.never, 2 + (1 << 24));
}

static void test_all_of_ipv4_costs_no_time(void **state)
{
    (void)state;
    uint32_t host;
    add("0.0.0.0/0");
    uint64_t count = hosts();
    assert_true(count > UINT64_C(3700000000) && count < UINT64_C(1) << 32);
    assert_true(target_set_next(set, &host));
    assert_int_equal(host, 0x01000000);
}

static void assert_range(uint32_t from, uint32_t first, uint32_t last)
{
    uint32_t found_first, found_last;
    assert_true(target_set_range(set, from, &found_first, &found_last));
    assert_int_equal(found_first, first);
    assert_int_equal(found_last, last);
}

static void test_ranges_end_where_a_gap_begins(void **state)
{
    (void)state;
    uint32_t first, last;
    add("10.0.0.0/15");
    add("10.2.0.1-254");
    add("250-255.*.*.*");
    exclude("10.0.3.7");
    (void)hosts();
    assert_range(0, 0x0a000000, 0x0a000306);
    assert_range(0x0a000307, 0x0a000308, 0x0a01ffff);
    assert_range(0x0a020000, 0x0a020001, 0x0a0200fe);
    assert_range(0x0a0200fe, 0x0a0200fe, 0x0a0200fe);
    exclude("250-255.*.*.*");
    (void)hosts();
    assert_false(target_set_range(set, 0x0a0200ff, &first, &last));
}

static void test_range_may_end_with_the_last_address_there_is(void **state)
{
    (void)state;
    add("240.0.0.0/5");
    add("255.255.255.250-254");
    (void)hosts();
    assert_range(0, 0xf0000000, 0xf7ffffff);
    assert_range(0xff000000, 0xfffffffa, 0xfffffffe);
}

/* More than wait at a time, in no order, and some of them twice. */
static void test_millions_of_single_hosts_come_once_and_in_order(void **state)
{
    (void)state;
    enum { HOSTS = 3 << 19, TWICE = 1000, FIRST = 0x0b000000, EXCLUDED = 3 };
    struct target one = target_of("10.0.0.1");
    uint32_t host = 0;
    for (uint32_t i = 0; i < HOSTS + TWICE; i++) {
        one.first = FIRST + (uint32_t)(i % HOSTS * UINT64_C(7919) % HOSTS) * 2;
        target_set_add(set, &one);
    }
    for (uint32_t i = EXCLUDED; i > 0; i--) {
        one.first = FIRST + i * 2;
        target_set_exclude(set, &one);
    }
    assert_int_equal(hosts(), HOSTS - EXCLUDED);
    assert_int_equal(left_out.excluded, EXCLUDED);
    for (uint32_t i = 0; i < HOSTS; i++) {
        if (i >= 1 && i <= EXCLUDED)
            continue;
        assert_true(target_set_next(set, &host));
        assert_int_equal(host, FIRST + i * 2);
    }
    assert_false(target_set_next(set, &host));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_hosts_come_once_and_in_order),
        TEST(test_octet_ranges_have_all_their_hosts),
        TEST(test_exclusions_hold_whatever_the_order),
        TEST(test_all_may_be_excluded),
        TEST(test_millions_of_single_hosts_come_once_and_in_order),
        TEST(test_reserved_ranges_are_left_out_of_wider_targets),
        TEST(test_reserved_range_that_is_named_is_asked),
        TEST(test_reserved_range_named_beside_a_wider_target_is_asked),
        TEST(test_what_no_host_has_is_never_asked),
        TEST(test_all_of_ipv4_costs_no_time),
        TEST(test_ranges_end_where_a_gap_begins),
        TEST(test_range_may_end_with_the_last_address_there_is),
    };
    return cmocka_run_group_tests_name("target_set", tests, NULL, NULL);
}
