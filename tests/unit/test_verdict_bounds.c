/* evidence/verdict: each number of the rules from both sides, so near that a slightly other number
 * would be found (tests/mutants tries). The rules themselves are in test_verdict.c. */
#include "testing.h"

#include <string.h>

#include "evidence/verdict.h"

static const struct circumstances home_host = {.home = true};

static struct sign points(enum sign_id id, double points)
{
    return (struct sign){
        .id = id, .weight = WEIGHT_POINTS, .points = points, .variants = VARIANT_A};
}

static struct sign chance(enum sign_id id, double strength)
{
    return (struct sign){.id = id,
                         .tests = 1,
                         .weight = WEIGHT_STATISTICAL,
                         .false_alarm_log10 = -strength,
                         .variants = VARIANT_D | VARIANT_E};
}

static struct sign of_tests(struct sign s, unsigned tests)
{
    s.tests = tests;
    return s;
}

#define SIGNS(...) ((struct sign[]){__VA_ARGS__})
#define JUDGED(...) judged(SIGNS(__VA_ARGS__), sizeof SIGNS(__VA_ARGS__) / sizeof(struct sign))
#define KIND(...) (JUDGED(__VA_ARGS__).kind)

static struct verdict judged(struct sign *signs, size_t count)
{
    struct verdict v;
    verdict_of(&home_host, signs, count, &v);
    return v;
}

static void test_a_chance_of_10_to_the_minus_9_convicts_and_a_greater_one_does_not(void **state)
{
    (void)state;
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 9)), VERDICT_INFECTED);
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 8.999)), VERDICT_SUSPICIOUS);
}

static void test_three_of_one_kind_and_four_of_both_are_suspicious_and_less_is_not(void **state)
{
    (void)state;
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 3)), VERDICT_SUSPICIOUS);
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 2.999)), VERDICT_UNKNOWN);
    assert_int_equal(KIND(points(SIGN_P2P_ODD_ANSWER, 3)), VERDICT_SUSPICIOUS);
    assert_int_equal(KIND(points(SIGN_P2P_ODD_ANSWER, 2.999)), VERDICT_UNKNOWN);
    struct sign two = points(SIGN_RENDEZVOUS_HTTP, 2);
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 2), two), VERDICT_SUSPICIOUS);
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 1.999), two), VERDICT_UNKNOWN);
}

static void test_bare_requests_weigh_three(void **state)
{
    (void)state;
    struct sign bare = {.id = SIGN_P2P_MESSAGE, .weight = WEIGHT_PROOF, .bare_only = true};
    struct verdict v = JUDGED(bare);
    assert_int_equal(v.kind, VERDICT_SUSPICIOUS);
    assert_float_equal(v.weight, 3, 0);
}

static void test_what_is_likelier_than_not_weighs_nothing_and_takes_nothing_away(void **state)
{
    (void)state;
    struct sign likely = of_tests(chance(SIGN_P2P_PORTS, 0.1), 4);
    struct verdict v = JUDGED(points(SIGN_EXPLOIT, 0), likely);
    assert_int_equal(v.signs[0].id, SIGN_P2P_PORTS); /* both weigh nothing: by their order */
    v = JUDGED(points(SIGN_SMB_SWEEP, 3), of_tests(chance(SIGN_SWEEP_PATTERN, 0.1), 4));
    assert_float_equal(v.weight, 3, 0);
    assert_int_equal(v.kind, VERDICT_SUSPICIOUS);
    assert_float_equal(JUDGED(chance(SIGN_P2P_PORTS, 0.5)).weight, 0.5, 1e-9);
}

static void test_a_proof_stands_before_any_chance(void **state)
{
    (void)state;
    struct sign proof = {.id = SIGN_EXPLOIT, .weight = WEIGHT_PROOF};
    assert_int_equal(JUDGED(chance(SIGN_P2P_PORTS, 9), proof).signs[0].id, SIGN_EXPLOIT);
    assert_int_equal(JUDGED(chance(SIGN_P2P_PORTS, 9999), proof).signs[0].id, SIGN_EXPLOIT);
}

static void test_signs_of_one_point_are_the_ones_and_no_others(void **state)
{
    (void)state;
    assert_float_equal(
        JUDGED(points(SIGN_ODD_HTTP, 1), points(SIGN_KNOWN_SITE, 1), points(SIGN_CALLBACK, 1))
            .weight,
        2, 0);
    assert_float_equal(JUDGED(points(SIGN_ODD_HTTP, 1.005), points(SIGN_KNOWN_SITE, 1.005),
                              points(SIGN_CALLBACK, 1.005))
                           .weight,
                       3.015, 1e-9);
}

static struct sign attacked(void)
{
    struct sign s = points(SIGN_EXPLOIT, 0);
    s.marks = MARK_ATTACKED;
    return s;
}

static void test_of_an_attacked_host_its_own_signs_go_before_the_attack(void **state)
{
    (void)state;
    static const char attack[] = "it was attacked, which does not say that the attack worked";
    static const char weak[] = "the signs are too weak to say";
    assert_string_equal(JUDGED(attacked()).reason, attack);
    assert_string_equal(JUDGED(attacked(), points(SIGN_ODD_HTTP, 1)).reason, weak);
    assert_string_equal(JUDGED(attacked(), chance(SIGN_P2P_PORTS, 0.5)).reason, weak);
}

static void test_signs_that_weigh_one_name_their_variants_and_lesser_ones_do_not(void **state)
{
    (void)state;
    assert_int_equal(JUDGED(points(SIGN_P2P_ODD_ANSWER, 3), chance(SIGN_P2P_PORTS, 1)).variants,
                     VARIANT_A | VARIANT_D | VARIANT_E);
    assert_int_equal(JUDGED(points(SIGN_P2P_ODD_ANSWER, 3), chance(SIGN_P2P_PORTS, 0.995)).variants,
                     VARIANT_A);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_chance_of_10_to_the_minus_9_convicts_and_a_greater_one_does_not),
        cmocka_unit_test(test_three_of_one_kind_and_four_of_both_are_suspicious_and_less_is_not),
        cmocka_unit_test(test_bare_requests_weigh_three),
        cmocka_unit_test(test_what_is_likelier_than_not_weighs_nothing_and_takes_nothing_away),
        cmocka_unit_test(test_a_proof_stands_before_any_chance),
        cmocka_unit_test(test_signs_of_one_point_are_the_ones_and_no_others),
        cmocka_unit_test(test_of_an_attacked_host_its_own_signs_go_before_the_attack),
        cmocka_unit_test(test_signs_that_weigh_one_name_their_variants_and_lesser_ones_do_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
