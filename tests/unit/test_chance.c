/* evidence/chance: the Poisson tail against values summed with 80 decimal digits. */
#include "testing.h"

#include <math.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "evidence/chance.h"

static void test_tails_are_right_to_nine_digits(void **state)
{
    (void)state;
    static const struct {
        double mean, k, log10_tail;
    } cases[] = {
        {0.001, 1, -3.00021712914534836},   {0.0355, 5, -9.34088191871472229},
        {0.5, 1, -0.405089102854536981},    {0.5, 2, -1.04477415348514647},
        {3, 10, -2.95762607764524725},      {100, 101, -0.324737068936702553},
        {100, 150, -5.72487058820231758},   {355, 500, -12.6161737792241569},
        {1000, 1100, -3.01654042471609705}, {0.02, 564, -2266.78187346976699},
        {1e-9, 3, -27.7781512507093645},
    };
    for (unsigned i = 0; i < COUNT_OF(cases); i++) {
        double tail = chance_poisson_tail(cases[i].mean, cases[i].k);
        assert_true(fabs(tail / cases[i].log10_tail - 1) < 1e-9);
    }
}

static void test_what_is_expected_is_no_surprise(void **state)
{
    (void)state;
    assert_true(chance_poisson_tail(5, 5) >= 0 && chance_poisson_tail(5, 5) <= 0);
    assert_true(chance_poisson_tail(5, 2) >= 0);
    assert_true(chance_poisson_tail(0, 0) >= 0);
    assert_true(chance_poisson_tail(1e-300, 0) >= 0);
}

static void test_the_impossible_has_a_floor(void **state)
{
    (void)state;
    assert_float_equal(chance_poisson_tail(0, 1), -9999, 0);
    assert_float_equal(chance_poisson_tail(1e-300, 100), -9999, 0);
    assert_float_equal(chance_poisson_tail(1, 1e9), -9999, 0);
}

static void test_half_a_case_is_none(void **state)
{
    (void)state;
    assert_float_equal(chance_poisson_tail(0.5, 2.9), chance_poisson_tail(0.5, 2), 0);
    assert_true(chance_poisson_tail(0.001, 0.9) >= 0);
}

static void test_more_cases_are_less_likely_and_more_tries_more_likely(void **state)
{
    (void)state;
    for (double mean = 0.001; mean < 2000; mean *= 3) {
        double before = 0;
        for (double k = floor(mean) + 1; k < mean + 60; k++) {
            double tail = chance_poisson_tail(mean, k);
            assert_true(tail < before && tail <= chance_poisson_tail(mean * 1.01, k));
            before = tail;
        }
    }
}

static void check_words(double log10_chance, const char *expected)
{
    char words[120];
    struct text out = text_over(words, sizeof words);
    chance_say(&out, log10_chance);
    assert_string_equal(words, expected);
}

static void test_chances_are_said_in_days_to_a_million_and_not_beyond_10_to_the_30(void **state)
{
    (void)state;
    check_words(-2, "by chance a host does so on one day in 100");
    check_words(-5.5, "by chance a host does so on one day in 310000");
    check_words(-6, "by chance a host does so on one day in 1000000");
    check_words(-6.5, "by chance a host does so on one day in 10^6");
    check_words(-29.5, "by chance a host does so on one day in 10^29");
    check_words(-30, "by chance a host does so on one day in 10^30");
    check_words(-30.5, "chance does not do this (less than one day in 10^30)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tails_are_right_to_nine_digits),
        cmocka_unit_test(test_what_is_expected_is_no_surprise),
        cmocka_unit_test(test_the_impossible_has_a_floor),
        cmocka_unit_test(test_half_a_case_is_none),
        cmocka_unit_test(test_more_cases_are_less_likely_and_more_tries_more_likely),
        cmocka_unit_test(test_chances_are_said_in_days_to_a_million_and_not_beyond_10_to_the_30),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
