/* conficker/canonicalize: every row of what two answers mean. */
#include "testing.h"

#include "base/compiler.h"
#include "conficker/canonicalize.h"

enum { TOO_SMALL = 0x84b, INVALID = 87, BAD_NAME = 123, DENIED = 5 };

struct row {
    struct canonicalize_answer first, second;
    enum canonicalize_finding says;
};

static void assert_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(canonicalize_finding_of(&rows[i].first, &rows[i].second), rows[i].says);
}

static void test_mark_in_the_first_answer_is_d_or_e_whatever_follows(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {{0x5c45005c, 0}, {0, INVALID}, CANONICALIZE_INFECTED_D_E},
        {{0x5c45005c, 0}, {0, BAD_NAME}, CANONICALIZE_INFECTED_D_E},
        {{0x5c45005c, 0}, {0, 0}, CANONICALIZE_INFECTED_D_E},
        {{0x5c45005c, TOO_SMALL}, {0, BAD_NAME}, CANONICALIZE_PATCHED}, /* not done: no mark */
    };
    assert_rows(rows, COUNT_OF(rows));
    struct canonicalize_answer first = {0x5c45005c, 0};
    assert_int_equal(canonicalize_finding_of(&first, NULL), CANONICALIZE_INFECTED_D_E);
}

static void test_87_to_the_second_is_a_to_c_with_any_path(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {{0, TOO_SMALL}, {0x5c450000, INVALID}, CANONICALIZE_INFECTED_A_C},
        {{0, TOO_SMALL}, {0, INVALID}, CANONICALIZE_INFECTED_A_C},
        {{0, TOO_SMALL}, {0x12345678, INVALID}, CANONICALIZE_INFECTED_A_C},
        {{0, 0}, {0, INVALID}, CANONICALIZE_INFECTED_A_C}, /* the proof before the hint */
        {{0, TOO_SMALL}, {0x5c450000, BAD_NAME}, CANONICALIZE_PATCHED},
    };
    assert_rows(rows, COUNT_OF(rows));
}

static void test_done_without_the_mark_is_a_hint_or_unknown_never_clean(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {{0, 0}, {0, BAD_NAME}, CANONICALIZE_LIKE_D_E},
        {{0, 0}, {0, 0}, CANONICALIZE_LIKE_D_E},
        {{0x0000005c, 0}, {0, BAD_NAME}, CANONICALIZE_UNKNOWN},
        {{0x0000005c, 0}, {0, 0}, CANONICALIZE_UNKNOWN},
    };
    assert_rows(rows, COUNT_OF(rows));
    struct canonicalize_answer first = {0, 0};
    assert_int_equal(canonicalize_finding_of(&first, NULL), CANONICALIZE_LIKE_D_E);
}

static void test_windows_is_patched_or_not(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {{0, TOO_SMALL}, {0, BAD_NAME}, CANONICALIZE_PATCHED},
        {{0, BAD_NAME}, {0, BAD_NAME}, CANONICALIZE_PATCHED},
        {{0, TOO_SMALL}, {0x0000005c, 0}, CANONICALIZE_UNPATCHED},
    };
    assert_rows(rows, COUNT_OF(rows));
}

static void test_anything_else_is_unknown(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {{0, TOO_SMALL}, {0, DENIED}, CANONICALIZE_UNKNOWN},
        {{0, TOO_SMALL}, {0, 0x32}, CANONICALIZE_UNKNOWN},
        {{0, TOO_SMALL}, {0, TOO_SMALL}, CANONICALIZE_UNKNOWN},
    };
    assert_rows(rows, COUNT_OF(rows));
    struct canonicalize_answer first = {0, TOO_SMALL};
    assert_int_equal(canonicalize_finding_of(&first, NULL), CANONICALIZE_UNKNOWN);
}

static void test_the_paths_are_the_two_harmless_ones(void **state)
{
    (void)state;
    assert_string_equal(canonicalize_paths[0], "\\");
    assert_string_equal(canonicalize_paths[1], "\\..\\");
}

static void test_who_was_asked_the_second_alone_is_never_clean(void **state)
{
    (void)state;
    static const struct canonicalize_answer worm = {0, INVALID}, patched = {0, BAD_NAME},
                                            done = {0, 0};
    assert_int_equal(canonicalize_finding_of(NULL, &worm), CANONICALIZE_INFECTED_A_C);
    assert_int_equal(canonicalize_finding_of(NULL, &patched), CANONICALIZE_UNKNOWN);
    assert_int_equal(canonicalize_finding_of(NULL, &done), CANONICALIZE_UNKNOWN);
    assert_int_equal(canonicalize_finding_of(NULL, NULL), CANONICALIZE_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mark_in_the_first_answer_is_d_or_e_whatever_follows),
        cmocka_unit_test(test_87_to_the_second_is_a_to_c_with_any_path),
        cmocka_unit_test(test_done_without_the_mark_is_a_hint_or_unknown_never_clean),
        cmocka_unit_test(test_windows_is_patched_or_not),
        cmocka_unit_test(test_anything_else_is_unknown),
        cmocka_unit_test(test_the_paths_are_the_two_harmless_ones),
        cmocka_unit_test(test_who_was_asked_the_second_alone_is_never_clean),
    };
    return cmocka_run_group_tests_name("canonicalize", tests, NULL, NULL);
}
