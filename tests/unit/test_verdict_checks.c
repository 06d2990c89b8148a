/* evidence/verdict of a host that was asked: checks give the reason and the times, signs alone the
 * verdict. */
#include "testing.h"

#include "base/compiler.h"
#include "base/time.h"
#include "evidence/verdict.h"

static struct check check_of(enum check_cause cause, int64_t when_us)
{
    return (struct check){.port = 4348, .cause = cause, .when_us = when_us};
}

#define JUDGED(signs, sign_count, ...)                                                             \
    judged((struct check[]){__VA_ARGS__},                                                          \
           sizeof((struct check[]){__VA_ARGS__}) / sizeof(struct check), signs, sign_count)

static struct verdict judged(const struct check *checks, size_t check_count, struct sign *signs,
                             size_t sign_count)
{
    struct circumstances c = {.home = true, .checks = checks, .check_count = check_count};
    struct verdict v;
    verdict_of(&c, signs, sign_count, &v);
    assert_int_equal(v.check_count, check_count);
    assert_ptr_equal(v.checks, checks);
    return v;
}

static void test_a_host_that_refuses_says_so_and_is_not_clean(void **state)
{
    (void)state;
    struct verdict v = JUDGED(NULL, 0, check_of(CAUSE_REFUSED, 7), check_of(CAUSE_REFUSED, 8));
    assert_int_equal(v.kind, VERDICT_UNKNOWN);
    assert_string_equal(v.reason,
                        "all ports refuse: no variant D or E listens; A to C cannot be seen so");
    assert_string_equal(v.says, "Unknown: all ports refuse: no variant D or E listens; A to C "
                                "cannot be seen so.");
    assert_string_equal(v.advice, "");
    assert_false(v.proof || v.has_day);
}

static void test_a_silent_host_is_unknown_for_another_reason(void **state)
{
    (void)state;
    struct verdict v = JUDGED(NULL, 0, check_of(CAUSE_SILENT, 7), check_of(CAUSE_SILENT, 8));
    assert_int_equal(v.kind, VERDICT_UNKNOWN);
    assert_string_equal(v.reason, "no answer on any port: filtered, switched off, or nobody there");
    assert_string_equal(v.says, "Unknown: no answer on any port: filtered, switched off, or nobody "
                                "there.");
}

static void test_times_cover_the_checks_and_none_is_passed_over(void **state)
{
    (void)state;
    struct verdict v = JUDGED(NULL, 0, check_of(CAUSE_SILENT, 300), check_of(CAUSE_SILENT, 100),
                              check_of(CAUSE_STOPPED, TIME_NONE), check_of(CAUSE_SILENT, 200));
    assert_int_equal(v.first_us, 100);
    assert_int_equal(v.last_us, 300);
    v = JUDGED(NULL, 0, check_of(CAUSE_STOPPED, TIME_NONE));
    assert_true(v.first_us == TIME_NONE && v.last_us == TIME_NONE);
}

static struct sign answer(int64_t when_us)
{
    return (struct sign){.id = SIGN_P2P_ANSWER,
                         .weight = WEIGHT_PROOF,
                         .variants = VARIANT_D | VARIANT_E,
                         .first_us = when_us,
                         .last_us = when_us,
                         .says = "It answered."};
}

static void test_one_proof_outweighs_every_refusal(void **state)
{
    (void)state;
    struct sign sign = answer(5000);
    struct verdict v = JUDGED(&sign, 1, check_of(CAUSE_VALID, 5000), check_of(CAUSE_REFUSED, 9000));
    assert_int_equal(v.kind, VERDICT_INFECTED);
    assert_true(v.proof);
    assert_string_equal(v.reason, "");
    assert_string_equal(v.says, "Infected with Conficker D (SRI: C) or E: It answered.");
    assert_int_equal(v.first_us, 5000);
    assert_int_equal(v.last_us, 9000);
}

static void test_checks_without_a_sign_convict_nobody(void **state)
{
    (void)state;
    struct verdict v = JUDGED(NULL, 0, check_of(CAUSE_VALID, 1));
    assert_int_equal(v.kind, VERDICT_UNKNOWN);
    assert_int_equal(v.variants, 0);
}

static void test_an_exempt_host_says_that_before_its_checks(void **state)
{
    (void)state;
    struct check check = check_of(CAUSE_REFUSED, 7);
    struct circumstances c = {.exempt = true, .checks = &check, .check_count = 1};
    struct verdict v;
    verdict_of(&c, NULL, 0, &v);
    assert_string_equal(v.reason, "exempt: only answers of its own would count");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_host_that_refuses_says_so_and_is_not_clean),
        cmocka_unit_test(test_a_silent_host_is_unknown_for_another_reason),
        cmocka_unit_test(test_times_cover_the_checks_and_none_is_passed_over),
        cmocka_unit_test(test_one_proof_outweighs_every_refusal),
        cmocka_unit_test(test_checks_without_a_sign_convict_nobody),
        cmocka_unit_test(test_an_exempt_host_says_that_before_its_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
