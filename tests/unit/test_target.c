/* scan/target: which addresses a text means, in order, without ever listing them. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "scan/target.h"

static struct target parse(const char *text)
{
    struct target t = {0};
    struct error err = {ERROR_NONE, ""};
    if (!target_parse(text, &t, &err))
        print_error("%s: %s\n", text, err.text);
    assert_int_equal(err.kind, ERROR_NONE);
    return t;
}

static void test_one_address_is_a_target_of_one(void **state)
{
    (void)state;
    struct target t = parse("192.0.2.1");
    assert_int_equal(t.size, 1);
    assert_int_equal(target_at(&t, 0), 0xc0000201);
}

static void test_prefix_runs_from_its_first_to_its_last_address(void **state)
{
    (void)state;
    struct target t = parse("192.0.2.128/25");
    assert_int_equal(t.size, 128);
    assert_int_equal(target_at(&t, 0), 0xc0000280);
    assert_int_equal(target_at(&t, 127), 0xc00002ff);
}

static void test_all_of_ipv4_is_a_target_too(void **state)
{
    (void)state;
    struct target t = parse("0.0.0.0/0"), same = parse("*.-.0-.-255");
    assert_true(t.size == UINT64_C(1) << 32 && same.size == t.size);
    assert_int_equal(target_at(&t, t.size - 1), UINT32_MAX);
    assert_int_equal(target_at(&same, t.size - 1), UINT32_MAX);
}

static void test_octet_ranges_count_up_with_the_last_octet_first(void **state)
{
    (void)state;
    struct target t = parse("10.0-3.1,5.7-8");
    assert_int_equal(t.size, 4 * 2 * 2);
    assert_int_equal(target_at(&t, 0), 0x0a000107);
    assert_int_equal(target_at(&t, 1), 0x0a000108);
    assert_int_equal(target_at(&t, 2), 0x0a000507);
    assert_int_equal(target_at(&t, 4), 0x0a010107);
    assert_int_equal(target_at(&t, 15), 0x0a030508);
}

static void test_parts_that_overlap_count_once_and_ascend(void **state)
{
    (void)state;
    struct target t = parse("1.1.1.9,3-5,4-6,3");
    assert_int_equal(t.size, 5);
    assert_int_equal(target_at(&t, 0) & 255, 3);
    assert_int_equal(target_at(&t, 4) & 255, 9);
}

static void test_open_ranges_end_where_octets_end(void **state)
{
    (void)state;
    assert_int_equal(parse("1.1.1.250-").size, 6);
    assert_int_equal(parse("1.1.1.-9").size, 10);
    assert_int_equal(parse("1.1.1.-").size, 256);
}

static void test_range_of_addresses_runs_from_one_to_the_other(void **state)
{
    struct target unused;
    (void)state;
    struct target t = parse("10.2.0.250-10.2.1.9"), all = parse("0.0.0.0-255.255.255.255");
    assert_int_equal(t.size, 16);
    assert_int_equal(target_at(&t, 0), 0x0a0200fa);
    assert_int_equal(target_at(&t, 15), 0x0a020109);
    assert_true(all.size == UINT64_C(1) << 32);
    assert_int_equal(parse("10.2.0.1-10.2.0.1").size, 1);
    struct error err;
    assert_false(target_parse("10.2.0.9-10.2.0.1", &unused, &err));
    assert_non_null(strstr(err.text, "ends before it begins"));
    assert_false(target_parse("10.2.0.9-10.2.0.1", &unused, NULL));
}

static void test_octal_numbers_and_commas_behind_a_target_are_refused_as_such(void **state)
{
    static const char *const octal[] = {"010.2.0.1",    "10.2.0.01",           "10.2.0.1-010",
                                        "10.02.0.0/24", "10.2.0.1-10.2.0.010", "00.1.1.1"};
    static const char *const commas[] = {"10.2.0.0/30,", "10.2.0.1,", "10.2.0.0/30,10.3.0.0/30"};
    struct target unused;
    struct error err;
    (void)state;
    for (size_t i = 0; i < sizeof octal / sizeof octal[0]; i++) {
        assert_false(target_parse(octal[i], &unused, &err));
        assert_non_null(strstr(err.text, "a leading 0"));
    }
    for (size_t i = 0; i < sizeof commas / sizeof commas[0]; i++) {
        assert_false(target_parse(commas[i], &unused, &err));
        assert_non_null(strstr(err.text, "blanks between targets, no commas"));
    }
    assert_int_equal(parse("10.0.0.100").size, 1);
}

static void test_nonsense_is_refused_and_leaves_the_target_alone(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "1",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.",
        "1.2.3.256",
        "1.2.3.9-1",
        "1.2.3.,4",
        "1.2.3.4,",
        "1.2.3.0--5",
        "1.2.3.**",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1.2.3.4/33",
        "1.2.3.1/24",
        "a.b.c.d",
        "1.2.3.4/",
        "1.2.3.0x1",
        "99999.1.1.1",
        "-1.2.3",
        "1.2.3.4\n",
        "4294967297.1.1.1",
        "::1",
    };
    struct target untouched = {.size = 77};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct error err = {ERROR_NONE, ""};
        assert_false(target_parse(wrong[i], &untouched, &err));
        assert_int_equal(err.kind, ERROR_USAGE);
        assert_int_equal(untouched.size, 77);
    }
}

static void test_every_truncation_is_read_within_its_bounds(void **state)
{
    (void)state;
    static const char whole[] = "10.0-3,7.1,5-.*";
    for (size_t length = 0; length < sizeof whole; length++) {
        char *exact = malloc(length + 1);
        assert_non_null(exact);
        memcpy(exact, whole, length);
        exact[length] = '\0';
        struct target t;
        bool good = target_parse(exact, &t, NULL);
        assert_int_equal(good, length == sizeof whole - 1);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_address_is_a_target_of_one),
        cmocka_unit_test(test_prefix_runs_from_its_first_to_its_last_address),
        cmocka_unit_test(test_all_of_ipv4_is_a_target_too),
        cmocka_unit_test(test_octet_ranges_count_up_with_the_last_octet_first),
        cmocka_unit_test(test_parts_that_overlap_count_once_and_ascend),
        cmocka_unit_test(test_open_ranges_end_where_octets_end),
        cmocka_unit_test(test_range_of_addresses_runs_from_one_to_the_other),
        cmocka_unit_test(test_octal_numbers_and_commas_behind_a_target_are_refused_as_such),
        cmocka_unit_test(test_nonsense_is_refused_and_leaves_the_target_alone),
        cmocka_unit_test(test_every_truncation_is_read_within_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
