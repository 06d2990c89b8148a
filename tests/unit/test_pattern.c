/* filter/pattern: what is looked for in user data, and that no search goes on for ever. */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/pattern.h"

struct data {
    const char *source, *destination;
    size_t source_size, destination_size;
};

#define DATA(s, d) ((struct data){s, d, sizeof(s) - 1, sizeof(d) - 1})

static struct flow_record with(struct data d)
{
    struct flow_record r = {.kind = FLOW_IPV4, .protocol = 6};
    r.side[0].data = reader_over(d.source, d.source_size);
    r.side[1].data = reader_over(d.destination, d.destination_size);
    r.side[0].data_present = r.side[1].data_present = true;
    return r;
}

static enum patterns_result found_of(const char *const *texts, size_t count, bool ignore_case,
                                     struct data d)
{
    struct error err;
    struct flow_record r = with(d);
    struct patterns *p = patterns_compile(texts, count, ignore_case, &err);
    if (p == NULL)
        fails("%s", err.text);
    enum patterns_result result = patterns_match(p, &r);
    patterns_free(p);
    return result;
}

static bool finds(const char *text, struct data d)
{
    return found_of(&text, 1, false, d) == PATTERNS_MATCHED;
}

static void test_either_side_is_looked_at_unless_one_is_named(void **state)
{
    (void)state;
    struct data d = DATA("GET /x", "MZ..");
    assert_true(finds("GET", d));
    assert_true(finds("MZ", d));
    assert_true(finds("s:GET", d));
    assert_false(finds("d:GET", d));
    assert_true(finds("d:^MZ", d));
    assert_false(finds("s:MZ", d));
}

static void test_data_are_bytes_and_go_on_behind_nul(void **state)
{
    (void)state;
    struct data d = DATA("\0\x90\x90\xff\n\0end", "");
    assert_true(finds("\\x90{2}\\xff", d));
    assert_true(finds("^\\x00.*end$", d));
    assert_true(finds("\\n\\0end", d));
    assert_false(finds("^end", d));
}

static void test_bounds_are_those_of_the_data_unless_lines_are_asked_for(void **state)
{
    (void)state;
    struct data d = DATA("a\r\nHost: b\n", "");
    assert_false(finds("^Host", d));
    assert_true(finds("(?m)^Host", d));
    assert_false(finds("b$", d));
    assert_true(finds("a.*b", d));
    assert_false(finds("(?-s)a.*b", d));
}

static void test_all_of_several_must_be_found(void **state)
{
    (void)state;
    const char *const both[] = {"s:^PUT", "d:EHLO"}, *const none[] = {"s:^PUT", "d:HELO"};
    struct data d = DATA("PUT /", "250 EHLO");
    assert_int_equal(found_of(both, 2, false, d), PATTERNS_MATCHED);
    assert_int_equal(found_of(none, 2, false, d), PATTERNS_MISSED);
    assert_int_equal(found_of(NULL, 0, false, d), PATTERNS_MATCHED);
}

static void test_case_is_ignored_when_it_is_to_be(void **state)
{
    (void)state;
    const char *get = "get";
    assert_int_equal(found_of(&get, 1, true, DATA("GET", "")), PATTERNS_MATCHED);
    assert_int_equal(found_of(&get, 1, false, DATA("GET", "")), PATTERNS_MISSED);
}

static void test_without_data_nothing_is_found(void **state)
{
    (void)state;
    struct error err;
    const char *anything = "^";
    struct flow_record none = {.kind = FLOW_IPV4}, empty = with(DATA("", ""));
    struct patterns *p = patterns_compile(&anything, 1, false, &err);
    assert_non_null(p);
    assert_int_equal(patterns_match(p, &none), PATTERNS_MISSED);
    assert_int_equal(patterns_match(p, &empty), PATTERNS_MATCHED);
    patterns_free(p);
}

static void test_a_hostile_pattern_is_stopped_and_named(void **state)
{
    (void)state;
    static const char many[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
    const char *const hostile[] = {"(a+)+$", "(a|aa)+$", "^(a?){40}a{60}b", "(.*)*x(.*)*y"};
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        struct error err;
        struct flow_record r = with(DATA(many, ""));
        struct patterns *p = patterns_compile(&hostile[i], 1, false, &err);
        assert_non_null(p);
        enum patterns_result result = patterns_match(p, &r);
        assert_int_not_equal(result, PATTERNS_MATCHED);
        if (i < 2) { /* for others PCRE2 knows at once that it is not there */
            assert_int_equal(result, PATTERNS_LIMIT);
            assert_string_equal(patterns_limited_by(p), hostile[i]);
        }
        patterns_free(p);
    }
}

static void test_one_pattern_that_is_missed_answers_for_one_that_was_given_up(void **state)
{
    (void)state;
    static const char many[] =
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
    const char *const texts[] = {"(a+)+$", "zero"};
    assert_int_equal(found_of(texts, 2, false, DATA(many, "")), PATTERNS_MISSED);
    assert_int_equal(found_of(texts, 1, false, DATA(many, "aa")), PATTERNS_MATCHED);
}

static void test_deep_nesting_of_what_is_found_has_a_limit(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    char *many = malloc(SIZE);
    assert_non_null(many);
    memset(many, 'a', SIZE);
    const char *deep = "^(?:a(?=(.)))*+b|^((a)|b)*c";
    struct data d = {many, "", SIZE, 0};
    assert_int_not_equal(found_of(&deep, 1, false, d), PATTERNS_MATCHED);
    free(many);
}

static const char *refusal(const char *text)
{
    static struct error err;
    assert_null(patterns_compile(&text, 1, false, &err));
    return err.text;
}

static void test_errors_name_the_pattern_and_the_column(void **state)
{
    (void)state;
    assert_string_equal(refusal("s:a(b"), "pattern 's:a(b': column 6: missing closing parenthesis");
    assert_non_null(strstr(refusal("d:"), "empty"));
    assert_non_null(strstr(refusal("(*UTF)a"), "column"));
    assert_non_null(strstr(refusal("[z-a]"), "range out of order"));
}

static void test_limits_of_length_and_number_are_named(void **state)
{
    (void)state;
    static char long_one[PATTERN_LENGTH_MAX + 2];
    const char *texts[PATTERNS_MAX + 1];
    struct error err;
    memset(long_one, 'a', PATTERN_LENGTH_MAX + 1);
    assert_non_null(strstr(refusal(long_one), "longer than 8192 bytes"));
    for (size_t i = 0; i <= PATTERNS_MAX; i++)
        texts[i] = "a";
    assert_null(patterns_compile(texts, PATTERNS_MAX + 1, false, &err));
    assert_string_equal(err.text, "more than 64 patterns");
    assert_int_equal(err.kind, ERROR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_either_side_is_looked_at_unless_one_is_named),
        cmocka_unit_test(test_data_are_bytes_and_go_on_behind_nul),
        cmocka_unit_test(test_bounds_are_those_of_the_data_unless_lines_are_asked_for),
        cmocka_unit_test(test_all_of_several_must_be_found),
        cmocka_unit_test(test_case_is_ignored_when_it_is_to_be),
        cmocka_unit_test(test_without_data_nothing_is_found),
        cmocka_unit_test(test_a_hostile_pattern_is_stopped_and_named),
        cmocka_unit_test(test_one_pattern_that_is_missed_answers_for_one_that_was_given_up),
        cmocka_unit_test(test_deep_nesting_of_what_is_found_has_a_limit),
        cmocka_unit_test(test_errors_name_the_pattern_and_the_column),
        cmocka_unit_test(test_limits_of_length_and_number_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
