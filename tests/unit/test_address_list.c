/* filter/address_list: what a list may look like, and what is in it. */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/address_list.h"
#include "folder.h"

static struct address address_of(const char *text)
{
    struct address a = {0, 0};
    assert_true(address_parse(text, &a, NULL));
    return a;
}

static struct listed *list_of(const char *text)
{
    struct error err;
    struct listed *l = listed_new();
    assert_non_null(l);
    if (!listed_add_bytes(l, "list", reader_over(text, strlen(text)), &err))
        fails("%s", err.text);
    listed_close(l);
    return l;
}

static bool is_in(const char *list, const char *address)
{
    struct listed *l = list_of(list);
    bool answer = listed_holds(l, address_of(address));
    listed_free(l);
    return answer;
}

static const char *refusal(const char *text, size_t size)
{
    static struct error err;
    struct listed *l = listed_new();
    assert_false(listed_add_bytes(l, "list", reader_over(text, size), &err));
    listed_free(l);
    return err.text;
}

static void test_addresses_and_networks_of_both_versions(void **state)
{
    (void)state;
    const char *list = "10.1.1.7\n10.9.0.0/16\n2001:db8::/32\nfe80::1";
    assert_true(is_in(list, "10.1.1.7"));
    assert_false(is_in(list, "10.1.1.8"));
    assert_true(is_in(list, "10.9.0.0"));
    assert_true(is_in(list, "10.9.255.255"));
    assert_false(is_in(list, "10.10.0.0"));
    assert_true(is_in(list, "2001:db8:ffff::1"));
    assert_true(is_in(list, "fe80::1"));
    assert_false(is_in(list, "fe80::2"));
}

static void test_all_of_one_version_is_none_of_the_other(void **state)
{
    (void)state;
    assert_true(is_in("0.0.0.0/0", "255.255.255.255"));
    assert_false(is_in("0.0.0.0/0", "::1"));
    assert_true(is_in("::/0", "::1"));
    assert_true(is_in("::/0", "ffff::"));
    assert_false(is_in("::/0", "10.0.0.1"));
    assert_true(is_in("::ffff:10.0.0.1", "10.0.0.1"));
}

static void test_comments_blanks_and_what_follows_are_passed_over(void **state)
{
    (void)state;
    struct listed *l = list_of("# who\n\n  10.0.0.1  # one\r\n10.0.0.2|1024|tcp\n\t10.0.0.3,x\n"
                               "10.0.0.4;y\n10.0.0.5\t7\n   \n");
    assert_int_equal(listed_entries(l), 5);
    for (uint32_t i = 1; i <= 5; i++)
        assert_true(listed_holds(l, address_of_v4(0x0a000000 + i)));
    listed_free(l);
}

static void test_what_flows_prints_is_a_list(void **state)
{
    (void)state;
    struct listed *l = list_of("           SrcAddr\n\n          10.1.1.7\n 02:00:00:00:00:05\n"
                               "     2001:db8::7\n10.9.0.0/16\n");
    assert_int_equal(listed_entries(l), 3);
    assert_int_equal(listed_passed_over(l), 2);
    assert_true(listed_holds(l, address_of("2001:db8::7")));
    listed_free(l);
}

static void test_an_empty_list_holds_nothing(void **state)
{
    (void)state;
    struct listed *l = list_of("# nobody\n");
    assert_int_equal(listed_entries(l), 0);
    assert_false(listed_holds(l, address_of("10.0.0.1")));
    assert_false(listed_holds(l, address_of("::1")));
    listed_free(l);
}

static void test_what_overlaps_is_joined(void **state)
{
    (void)state;
    const char *list = "10.0.0.0/8\n10.1.0.0/16\n11.0.0.0/8\n9.255.255.255\n10.255.255.255\n"
                       "255.255.255.255\n255.255.255.254\nfd00::/8\nfd00::1\n";
    assert_true(is_in(list, "9.255.255.255"));
    assert_true(is_in(list, "10.200.0.1"));
    assert_true(is_in(list, "11.255.255.255"));
    assert_false(is_in(list, "12.0.0.0"));
    assert_false(is_in(list, "9.255.255.254"));
    assert_true(is_in(list, "255.255.255.255"));
    assert_true(is_in(list, "fdff::1"));
    assert_false(is_in(list, "fe00::"));
}

/* Ranges with gaps, of which some go over the borders of /16s, against a look at each. */
static void test_many_ranges_agree_with_a_look_at_each(void **state)
{
    (void)state;
    enum { RANGES = 3000 };
    char *text = malloc(RANGES * 24);
    assert_non_null(text);
    uint32_t base[RANGES];
    unsigned bits[RANGES];
    size_t used = 0;
    uint64_t seed = 7;
    for (size_t i = 0; i < RANGES; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        bits[i] = 12 + (unsigned)(seed >> 40) % 21;
        base[i] = (uint32_t)(seed >> 32) & (UINT32_MAX << (32 - bits[i]));
        used += (size_t)snprintf(text + used, 24, "%u.%u.%u.%u/%u\n", base[i] >> 24,
                                 base[i] >> 16 & 255, base[i] >> 8 & 255, base[i] & 255, bits[i]);
    }
    struct listed *l = list_of(text);
    for (uint32_t i = 0; i < 20000; i++) {
        uint32_t asked = i % 3 == 0 ? i * 2654435761u : base[i % RANGES] - 1 + i % 5;
        bool wanted = false;
        for (size_t n = 0; n < RANGES && !wanted; n++)
            wanted = (asked & (UINT32_MAX << (32 - bits[n]))) == base[n];
        assert_int_equal(listed_holds(l, address_of_v4(asked)), wanted);
    }
    listed_free(l);
    free(text);
}

static void test_errors_name_the_list_and_the_line(void **state)
{
    (void)state;
    static const char nul[] = "10.0.0.1\n10.0.0.2\0x\n";
    assert_string_equal(refusal("10.0.0.1\nfoo\n", 13),
                        "list: line 2: 'foo' is not a network; write it as 192.0.2.0/24 or "
                        "fd00::/8");
    assert_string_equal(refusal("10.0.0.1/8", 10),
                        "list: line 1: '10.0.0.1/8' has bits set behind its prefix length; did "
                        "you mean 10.0.0.0/8?");
    assert_string_equal(refusal(nul, sizeof nul - 1),
                        "list: line 2: begins with no address or network");
    assert_string_equal(refusal("|x\n", 3), "list: line 1: begins with no address or network");
}

/* From an exact-size copy, so that a sanitizer sees what is read beyond it. */
static void test_every_start_of_a_list_is_a_list_or_refused(void **state)
{
    (void)state;
    static const char list[] = "# x\n10.1.1.7|445\r\n10.9.0.0/16\n02:00:00:00:00:05\nfd00::/8 y";
    for (size_t length = 0; length < sizeof list; length++) {
        struct error err = {0};
        struct listed *l = listed_new();
        char *start = malloc(length != 0 ? length : 1);
        assert_non_null(start);
        memcpy(start, list, length);
        bool good = listed_add_bytes(l, "list", reader_over(start, length), &err);
        assert_int_equal(good, err.kind == ERROR_NONE);
        listed_close(l);
        (void)listed_holds(l, address_of("10.9.1.1"));
        listed_free(l);
        free(start);
    }
}

static void test_a_line_has_a_limit(void **state)
{
    (void)state;
    char *line = malloc(LISTED_LINE_MAX + 2);
    assert_non_null(line);
    memset(line, ' ', LISTED_LINE_MAX + 1);
    memcpy(line, "10.0.0.1", 8);
    assert_string_equal(refusal(line, LISTED_LINE_MAX + 1), "list: line 1: longer than 4096 bytes");
    line[LISTED_LINE_MAX] = '\0';
    struct listed *l = list_of(line);
    assert_int_equal(listed_entries(l), 1);
    listed_free(l);
    free(line);
}

static void test_lines_may_be_of_several_blocks_of_a_file(void **state)
{
    (void)state;
    enum { LINES = 20000, LINE = 16 };
    struct folder f = folder_made();
    char path[PATH_SIZE], *text = malloc((size_t)LINES * LINE);
    assert_non_null(text);
    size_t used = 0;
    for (unsigned i = 0; i < LINES; i++)
        used += (size_t)snprintf(text + used, LINE, "10.7.%u.%u\n", i >> 8, i & 255);
    put_file(&f, "list", text, used - 1);
    struct listed *l = listed_new();
    struct error err;
    assert_true(listed_add_file(l, path_in(&f, "list", path), &err));
    assert_false(listed_add_file(l, path_in(&f, "none", path), &err));
    assert_non_null(strstr(err.text, "none: No such file"));
    listed_close(l);
    assert_int_equal(listed_entries(l), LINES);
    assert_true(listed_holds(l, address_of("10.7.78.31")));
    assert_false(listed_holds(l, address_of("10.7.78.32")));
    listed_free(l);
    free(text);
    folder_remove(&f);
}

static void test_records_are_asked_by_side(void **state)
{
    (void)state;
    struct listed *l = list_of("10.0.0.1");
    struct flow_record r = {.kind = FLOW_IPV4}, man = {.kind = FLOW_MANAGEMENT};
    r.side[0].end.address = man.side[0].end.address = address_of("10.0.0.1");
    r.side[1].end.address = address_of("10.0.0.2");
    assert_true(listed_holds_record(l, LISTED_ANY, &r));
    assert_true(listed_holds_record(l, LISTED_SOURCE, &r));
    assert_false(listed_holds_record(l, LISTED_DESTINATION, &r));
    assert_false(listed_holds_record(l, LISTED_ANY, &man));
    r.kind = FLOW_RARP; /* who asks has no address yet */
    assert_false(listed_holds_record(l, LISTED_ANY, &r));
    listed_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_and_networks_of_both_versions),
        cmocka_unit_test(test_all_of_one_version_is_none_of_the_other),
        cmocka_unit_test(test_comments_blanks_and_what_follows_are_passed_over),
        cmocka_unit_test(test_what_flows_prints_is_a_list),
        cmocka_unit_test(test_an_empty_list_holds_nothing),
        cmocka_unit_test(test_what_overlaps_is_joined),
        cmocka_unit_test(test_many_ranges_agree_with_a_look_at_each),
        cmocka_unit_test(test_errors_name_the_list_and_the_line),
        cmocka_unit_test(test_every_start_of_a_list_is_a_list_or_refused),
        cmocka_unit_test(test_a_line_has_a_limit),
        cmocka_unit_test(test_lines_may_be_of_several_blocks_of_a_file),
        cmocka_unit_test(test_records_are_asked_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
