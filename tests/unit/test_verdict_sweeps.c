/* evidence/verdict: how a sweep, its pattern and a listener are weighed. */
#include "testing.h"

#include <string.h>

#include "evidence/verdict.h"

static const struct circumstances home_host = {.home = true};

static struct sign sweep(int32_t day, double points)
{
    return (struct sign){
        .id = SIGN_SMB_SWEEP, .day = day, .weight = WEIGHT_POINTS, .points = points};
}

static struct sign chance(enum sign_id id, int32_t day, double strength)
{
    return (struct sign){.id = id,
                         .day = day,
                         .tests = 1,
                         .weight = WEIGHT_STATISTICAL,
                         .false_alarm_log10 = -strength};
}

static struct sign pattern(int32_t day, double strength)
{
    struct sign s = chance(SIGN_SWEEP_PATTERN, day, strength);
    s.below_floor = true;
    return s;
}

#define SIGNS(...) ((struct sign[]){__VA_ARGS__})
#define JUDGED(...) judged(SIGNS(__VA_ARGS__), sizeof SIGNS(__VA_ARGS__) / sizeof(struct sign))

static struct verdict judged(struct sign *signs, size_t count)
{
    struct verdict v;
    verdict_of(&home_host, signs, count, &v);
    return v;
}

static void check(struct verdict v, enum verdict_kind kind, double weight)
{
    assert_int_equal(v.kind, kind);
    assert_float_equal(v.weight, weight, 1e-9);
}

static void test_a_pattern_without_a_sweep_weighs_nothing(void **state)
{
    (void)state;
    check(JUDGED(pattern(0, 1000)), VERDICT_UNKNOWN, 0);
    struct verdict v = JUDGED(pattern(0, 1000), chance(SIGN_P2P_PORTS, 0, 2.9));
    check(v, VERDICT_UNKNOWN, 2.9);
    assert_int_equal(v.signs[0].id, SIGN_P2P_PORTS);
    assert_true(v.signs[1].weight == WEIGHT_POINTS && v.signs[1].points <= 0);
}

static void test_a_sweep_of_another_day_does_not_help_a_pattern(void **state)
{
    (void)state;
    check(JUDGED(sweep(0, 1), pattern(1, 1000)), VERDICT_UNKNOWN, 1);
    check(JUDGED(sweep(1, 1), pattern(1, 1000)), VERDICT_SUSPICIOUS, 5);
}

static void test_sweep_and_pattern_weigh_five_at_most(void **state)
{
    (void)state;
    check(JUDGED(sweep(0, 3)), VERDICT_SUSPICIOUS, 3);
    check(JUDGED(sweep(0, 3), pattern(0, 1.2)), VERDICT_SUSPICIOUS, 4.2);
    check(JUDGED(sweep(0, 3), pattern(0, 2)), VERDICT_SUSPICIOUS, 5);
    check(JUDGED(sweep(0, 3), pattern(0, 1000)), VERDICT_SUSPICIOUS, 5);
    check(JUDGED(sweep(0, 1), pattern(0, 1.9)), VERDICT_UNKNOWN, 2.9);
    check(JUDGED(sweep(0, 1), pattern(0, 2)), VERDICT_SUSPICIOUS, 3);
}

static void test_a_pattern_is_none_of_the_statistical_signs(void **state)
{
    (void)state;
    check(JUDGED(sweep(0, 3), pattern(0, 1000), chance(SIGN_P2P_PORTS, 0, 8.9)), VERDICT_SUSPICIOUS,
          13.9);
    check(JUDGED(sweep(0, 3), pattern(0, 1000), chance(SIGN_P2P_PORTS, 0, 9)), VERDICT_INFECTED,
          14);
}

static void test_no_sweep_convicts(void **state)
{
    (void)state;
    struct sign strong = pattern(0, 1000);
    strong.below_floor = false;
    check(JUDGED(sweep(0, 3), strong), VERDICT_SUSPICIOUS, 5);
    check(JUDGED(sweep(0, 3), strong, chance(SIGN_P2P_LISTENER, 0, 1000)), VERDICT_SUSPICIOUS, 11);
}

static void test_a_listener_weighs_six_at_most_and_never_convicts(void **state)
{
    (void)state;
    check(JUDGED(chance(SIGN_P2P_LISTENER, 0, 2.9)), VERDICT_UNKNOWN, 2.9);
    check(JUDGED(chance(SIGN_P2P_LISTENER, 0, 5.5)), VERDICT_SUSPICIOUS, 5.5);
    check(JUDGED(chance(SIGN_P2P_LISTENER, 0, 8)), VERDICT_SUSPICIOUS, 6);
    check(JUDGED(chance(SIGN_P2P_LISTENER, 0, 1000)), VERDICT_SUSPICIOUS, 6);
    struct sign four_tests = chance(SIGN_P2P_LISTENER, 0, 6.5);
    four_tests.tests = 10;
    check(JUDGED(four_tests), VERDICT_SUSPICIOUS, 5.5);
}

static void test_a_listener_beside_ports_adds_nothing_to_them(void **state)
{
    (void)state;
    check(JUDGED(chance(SIGN_P2P_LISTENER, 0, 1000), chance(SIGN_P2P_PORTS, 0, 4)),
          VERDICT_SUSPICIOUS, 6);
    check(JUDGED(chance(SIGN_P2P_LISTENER, 0, 1000), chance(SIGN_P2P_PORTS, 0, 9)),
          VERDICT_INFECTED, 9);
}

static struct sign messages(unsigned variants)
{
    return (struct sign){.id = SIGN_P2P_MESSAGE, .weight = WEIGHT_PROOF, .variants = variants};
}

static void test_of_d_and_e_the_one_that_sweeps_is_e(void **state)
{
    (void)state;
    enum variant all[VARIANTS_MAX];
    const unsigned either = VARIANT_D | VARIANT_E;
    assert_int_equal(variants_in_order(JUDGED(messages(either), sweep(0, 1)).variants, all), 2);
    assert_int_equal(all[0], VARIANT_E);
    assert_int_equal(all[1], VARIANT_D);
    assert_int_equal(variants_in_order(JUDGED(messages(either)).variants, all), 2);
    assert_int_equal(all[0], VARIANT_D);
    assert_int_equal(JUDGED(messages(VARIANT_A), sweep(0, 3)).variants, VARIANT_A);
    assert_int_equal(JUDGED(sweep(0, 3)).variants, 0);
}

static void test_bare_requests_beside_a_sweep_stay_a_scanners(void **state)
{
    (void)state;
    struct sign bare = {.id = SIGN_P2P_MESSAGE, .weight = WEIGHT_PROOF, .bare_only = true};
    assert_int_equal(JUDGED(bare, sweep(0, 3)).kind, VERDICT_SUSPICIOUS);
    assert_int_equal(JUDGED(bare, pattern(0, 1000)).kind, VERDICT_SUSPICIOUS);
    assert_int_equal(JUDGED(bare, chance(SIGN_P2P_LISTENER, 0, 8)).kind, VERDICT_SUSPICIOUS);
    assert_int_equal(JUDGED(bare, sweep(0, 3), pattern(0, 1000)).kind, VERDICT_SUSPICIOUS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pattern_without_a_sweep_weighs_nothing),
        cmocka_unit_test(test_a_sweep_of_another_day_does_not_help_a_pattern),
        cmocka_unit_test(test_sweep_and_pattern_weigh_five_at_most),
        cmocka_unit_test(test_a_pattern_is_none_of_the_statistical_signs),
        cmocka_unit_test(test_no_sweep_convicts),
        cmocka_unit_test(test_a_listener_weighs_six_at_most_and_never_convicts),
        cmocka_unit_test(test_a_listener_beside_ports_adds_nothing_to_them),
        cmocka_unit_test(test_of_d_and_e_the_one_that_sweeps_is_e),
        cmocka_unit_test(test_bare_requests_beside_a_sweep_stay_a_scanners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
