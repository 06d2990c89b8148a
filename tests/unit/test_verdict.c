/* evidence/verdict: every rule by which signs become a verdict, each with the case beside it that
 * the rule must leave alone. Signs are made up: only what the rules read of them is filled in. */
#include "testing.h"

#include <ctype.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "evidence/verdict.h"

static const struct circumstances home_host = {.home = true};
static const struct circumstances exempt_host = {.home = true, .exempt = true};

static struct sign points(enum sign_id id, int32_t day, double points)
{
    return (struct sign){.id = id,
                         .day = day,
                         .weight = WEIGHT_POINTS,
                         .points = points,
                         .says = "It weighs a few points."};
}

static void say(struct sign *s, const char *text)
{
    strncpy(s->says, text, sizeof s->says - 1);
}

/* A statistical sign whose chance is 10^-strength, the only test of its day. */
static struct sign chance(enum sign_id id, int32_t day, double strength)
{
    bool is_ports = id == SIGN_P2P_PORTS;
    struct sign s = {.id = id,
                     .day = day,
                     .tests = 1,
                     .weight = WEIGHT_STATISTICAL,
                     .false_alarm_log10 = -strength,
                     .variants = is_ports ? VARIANT_D | VARIANT_E : VARIANT_A};
    say(&s, is_ports ? "It met ports." : "It looked names up.");
    return s;
}

static struct sign proof(enum sign_id id, int32_t day)
{
    struct sign s = {
        .id = id, .day = day, .weight = WEIGHT_PROOF, .variants = VARIANT_D | VARIANT_E};
    say(&s, id == SIGN_P2P_ANSWER ? "It answered." : "It sent messages.");
    return s;
}

static struct sign bare(int32_t day)
{
    struct sign s = proof(SIGN_P2P_MESSAGE, day);
    s.bare_only = true;
    return s;
}

static struct sign marked(struct sign s, unsigned marks)
{
    s.marks = marks;
    return s;
}

static struct sign below_floor(struct sign s)
{
    s.below_floor = true;
    return s;
}

static struct sign of_tests(struct sign s, unsigned tests)
{
    s.tests = tests;
    return s;
}

#define SIGNS(...) ((struct sign[]){__VA_ARGS__})
#define COUNT(...) (sizeof SIGNS(__VA_ARGS__) / sizeof(struct sign))

/* The verdict on a host with these signs; what it borrows lives as long as the block around it. */
#define JUDGED(circumstances, ...) judged(circumstances, SIGNS(__VA_ARGS__), COUNT(__VA_ARGS__))
#define KIND(...) (JUDGED(&home_host, __VA_ARGS__).kind)

static struct verdict judged(const struct circumstances *c, struct sign *signs, size_t count)
{
    struct verdict v;
    verdict_of(c, signs, count, &v);
    assert_int_equal(v.sign_count, count);
    for (const char *at = v.says; *at != '\0'; at++)
        assert_true(isprint((unsigned char)*at));
    assert_int_equal(v.reason[0] != '\0', v.kind == VERDICT_UNKNOWN);
    return v;
}

static void test_no_sign_is_unknown_with_its_reason(void **state)
{
    (void)state;
    struct verdict v;
    verdict_of(&home_host, NULL, 0, &v);
    assert_int_equal(v.kind, VERDICT_UNKNOWN);
    assert_string_equal(v.reason, "no sign was seen, which proves nothing");
    assert_string_equal(v.says, "");
    assert_false(v.has_day);
    assert_true(v.first_us == TIME_NONE && v.last_us == TIME_NONE);
}

static void test_a_proof_convicts(void **state)
{
    (void)state;
    static const enum sign_id ids[] = {SIGN_P2P_ANSWER, SIGN_SMB_ANSWER, SIGN_P2P_MESSAGE,
                                       SIGN_EXPLOIT, SIGN_CALLBACK};
    for (unsigned i = 0; i < COUNT_OF(ids); i++) {
        struct verdict v = JUDGED(&home_host, proof(ids[i], 5));
        assert_int_equal(v.kind, VERDICT_INFECTED);
        assert_true(v.proof && v.has_day);
        assert_int_equal(v.day, 5);
    }
}

static void test_nine_convicts_and_less_does_not(void **state)
{
    (void)state;
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 0, 9)), VERDICT_INFECTED);
    assert_int_equal(KIND(chance(SIGN_RENDEZVOUS_DNS, 0, 9)), VERDICT_INFECTED);
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 0, 8.9)), VERDICT_SUSPICIOUS);
    struct verdict v = JUDGED(&home_host, chance(SIGN_P2P_PORTS, 0, 9.5));
    assert_false(v.proof);
    assert_float_equal(v.weight, 9.5, 1e-9);
}

static void test_points_do_not_help_to_convict(void **state)
{
    (void)state;
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 0, 8.9), points(SIGN_RENDEZVOUS_HTTP, 0, 6)),
                     VERDICT_SUSPICIOUS);
    assert_int_equal(KIND(points(SIGN_RENDEZVOUS_HTTP, 0, 100)), VERDICT_SUSPICIOUS);
}

static void test_two_tests_are_not_added_and_the_best_counts(void **state)
{
    (void)state;
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 0, 8), chance(SIGN_RENDEZVOUS_DNS, 0, 8)),
                     VERDICT_SUSPICIOUS);
    struct verdict v = JUDGED(&home_host, chance(SIGN_P2P_PORTS, 0, 4),
                              chance(SIGN_RENDEZVOUS_DNS, 0, 8));
    assert_float_equal(v.weight, 8, 1e-9);
}

static void test_a_chance_is_multiplied_by_the_number_of_tests(void **state)
{
    (void)state;
    assert_int_equal(KIND(of_tests(chance(SIGN_P2P_PORTS, 0, 9.29), 2)), VERDICT_SUSPICIOUS);
    assert_int_equal(KIND(of_tests(chance(SIGN_P2P_PORTS, 0, 9.31), 2)), VERDICT_INFECTED);
    assert_int_equal(KIND(of_tests(chance(SIGN_P2P_PORTS, 0, 9.31), 3)), VERDICT_SUSPICIOUS);
    assert_int_equal(KIND(of_tests(chance(SIGN_P2P_PORTS, 0, 9), 0)), VERDICT_INFECTED);
    assert_float_equal(JUDGED(&home_host, of_tests(chance(SIGN_P2P_PORTS, 0, 0.1), 4)).weight, 0,
                       0);
}

static void test_below_its_floor_no_chance_convicts(void **state)
{
    (void)state;
    assert_int_equal(KIND(below_floor(chance(SIGN_P2P_PORTS, 0, 50))), VERDICT_SUSPICIOUS);
    assert_int_equal(KIND(below_floor(chance(SIGN_P2P_PORTS, 0, 2.5))), VERDICT_UNKNOWN);
    assert_int_equal(
        KIND(below_floor(chance(SIGN_P2P_PORTS, 0, 50)), chance(SIGN_RENDEZVOUS_DNS, 0, 9)),
        VERDICT_INFECTED);
}

static void test_three_of_either_is_suspicious(void **state)
{
    (void)state;
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 0, 3)), VERDICT_SUSPICIOUS);
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 0, 2.9)), VERDICT_UNKNOWN);
    assert_int_equal(KIND(points(SIGN_P2P_ODD_ANSWER, 0, 3)), VERDICT_SUSPICIOUS);
    assert_int_equal(KIND(points(SIGN_P2P_ODD_ANSWER, 0, 2.9)), VERDICT_UNKNOWN);
}

static void test_four_of_both_is_suspicious(void **state)
{
    (void)state;
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 0, 2), points(SIGN_ODD_HTTP, 0, 1),
                          points(SIGN_KNOWN_SITE, 0, 1)),
                     VERDICT_SUSPICIOUS);
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 0, 1.9), points(SIGN_ODD_HTTP, 0, 1),
                          points(SIGN_KNOWN_SITE, 0, 1)),
                     VERDICT_UNKNOWN);
}

static void test_weak_signs_are_unknown_and_say_so(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&home_host, points(SIGN_ODD_HTTP, 0, 1));
    assert_int_equal(v.kind, VERDICT_UNKNOWN);
    assert_string_equal(v.reason, "the signs are too weak to say");
    assert_string_equal(v.says, "It weighs a few points.");
}

static void test_ones_together_weigh_two(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&home_host, points(SIGN_ODD_HTTP, 0, 1), points(SIGN_CALLBACK, 0, 1),
                              points(SIGN_KNOWN_SITE, 0, 1), points(SIGN_EXPLOIT, 0, 1));
    assert_float_equal(v.weight, 2, 0);
    assert_int_equal(v.kind, VERDICT_UNKNOWN);
}

static void test_sweeps_together_weigh_five(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&home_host, points(SIGN_SMB_SWEEP, 0, 3),
                              points(SIGN_SWEEP_PATTERN, 0, 5));
    assert_float_equal(v.weight, 5, 0);
    v = JUDGED(&home_host, points(SIGN_SMB_SWEEP, 0, 1), points(SIGN_ODD_HTTP, 0, 1),
               points(SIGN_KNOWN_SITE, 0, 1));
    assert_float_equal(v.weight, 3, 0); /* a sweep is none of the ones */
}

static void test_all_points_together_weigh_eight(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&home_host, points(SIGN_SMB_SWEEP, 0, 3), points(SIGN_CALLBACK, 0, 6),
                              points(SIGN_ODD_HTTP, 0, 1), points(SIGN_P2P_ODD_ANSWER, 0, 3));
    assert_float_equal(v.weight, 8, 0);
    assert_int_equal(v.kind, VERDICT_SUSPICIOUS);
}

static void test_days_are_judged_apart(void **state)
{
    (void)state;
    assert_int_equal(KIND(points(SIGN_ODD_HTTP, 0, 1), points(SIGN_KNOWN_SITE, 0, 1),
                          chance(SIGN_P2P_PORTS, 1, 2.5)),
                     VERDICT_UNKNOWN);
    assert_int_equal(KIND(chance(SIGN_P2P_PORTS, 0, 8), chance(SIGN_P2P_PORTS, 1, 8)),
                     VERDICT_SUSPICIOUS);
}

static void test_the_heaviest_day_is_the_verdicts(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&home_host, chance(SIGN_P2P_PORTS, 12, 3),
                              chance(SIGN_P2P_PORTS, 10, 4), chance(SIGN_P2P_PORTS, 11, 5));
    assert_int_equal(v.day, 11);
    assert_float_equal(v.weight, 5, 1e-9);
    v = JUDGED(&home_host, chance(SIGN_P2P_PORTS, 12, 400), proof(SIGN_P2P_MESSAGE, 13));
    assert_int_equal(v.day, 13);
    assert_true(v.proof);
}

static void test_a_convicting_day_outweighs_one_that_only_weighs_more(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&home_host, below_floor(chance(SIGN_P2P_PORTS, 1, 30)),
                              chance(SIGN_RENDEZVOUS_DNS, 2, 9.5));
    assert_int_equal(v.kind, VERDICT_INFECTED);
    assert_int_equal(v.day, 2);
}

static void test_a_weak_day_does_not_hide_a_suspicious_one(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&home_host, chance(SIGN_P2P_PORTS, 1, 3.1),
                              chance(SIGN_P2P_PORTS, 2, 2.5), points(SIGN_ODD_HTTP, 2, 1));
    assert_int_equal(v.kind, VERDICT_SUSPICIOUS);
    assert_int_equal(v.day, 1);
}

static void test_what_is_passed_on_does_not_convict(void **state)
{
    (void)state;
    assert_int_equal(KIND(marked(chance(SIGN_RENDEZVOUS_DNS, 0, 900), MARK_RELAY)),
                     VERDICT_SUSPICIOUS);
    struct verdict v = JUDGED(&home_host, marked(proof(SIGN_P2P_MESSAGE, 0), MARK_RELAY));
    assert_int_equal(v.kind, VERDICT_SUSPICIOUS);
    assert_int_equal(v.marks, MARK_RELAY);
    assert_false(v.proof);
    assert_non_null(strstr(v.says,
                           "this address or a host behind it. Ask it by 'wormsign scan', and look "
                           "at the machines themselves."));
    assert_int_equal(KIND(marked(chance(SIGN_RENDEZVOUS_DNS, 0, 2), MARK_RELAY)), VERDICT_UNKNOWN);
}

static void test_a_relay_is_convicted_by_a_sign_of_its_own(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&home_host, marked(chance(SIGN_RENDEZVOUS_DNS, 0, 900), MARK_RELAY),
                              chance(SIGN_P2P_PORTS, 0, 12));
    assert_int_equal(v.kind, VERDICT_INFECTED);
    assert_int_equal(v.marks, MARK_RELAY);
    assert_int_equal(
        KIND(marked(chance(SIGN_RENDEZVOUS_DNS, 0, 900), MARK_RELAY), proof(SIGN_P2P_MESSAGE, 1)),
        VERDICT_INFECTED);
    assert_int_equal(KIND(marked(proof(SIGN_P2P_ANSWER, 0), MARK_RELAY)), VERDICT_INFECTED);
}

static void test_a_relay_has_the_variants_and_the_sentence_of_its_own_sign(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&home_host, marked(chance(SIGN_RENDEZVOUS_DNS, 0, 900), MARK_RELAY),
                              chance(SIGN_P2P_PORTS, 0, 12));
    assert_int_equal(v.variants, VARIANT_D | VARIANT_E);
    assert_string_equal(v.says, "Infected with Conficker D (SRI: C) or E: It met ports.");
    v = JUDGED(&home_host, below_floor(chance(SIGN_P2P_PORTS, 0, 12)),
               chance(SIGN_RENDEZVOUS_DNS, 0, 10));
    assert_int_equal(v.variants, VARIANT_A);
    assert_non_null(strstr(v.says, "Conficker A: It looked names up."));
}

static void test_of_a_scanner_only_answers_convict(void **state)
{
    (void)state;
    struct sign list_checks = marked(chance(SIGN_RENDEZVOUS_DNS, 0, 900), MARK_SCANNER);
    struct verdict v = JUDGED(&home_host, list_checks, proof(SIGN_P2P_MESSAGE, 0));
    assert_int_equal(v.kind, VERDICT_SUSPICIOUS);
    assert_non_null(strstr(v.says, "find out who runs it"));
    v = JUDGED(&home_host, list_checks, proof(SIGN_P2P_ANSWER, 0));
    assert_int_equal(v.kind, VERDICT_INFECTED);
    assert_int_equal(v.variants, VARIANT_D | VARIANT_E);
    assert_int_equal(KIND(list_checks, proof(SIGN_SMB_ANSWER, 3)), VERDICT_INFECTED);
}

static void test_of_an_exempt_host_only_answers_convict(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&exempt_host, proof(SIGN_P2P_MESSAGE, 0),
                              chance(SIGN_P2P_PORTS, 0, 90), points(SIGN_ODD_HTTP, 0, 1));
    assert_int_equal(v.kind, VERDICT_UNKNOWN);
    assert_string_equal(v.reason, "exempt: only answers of its own would count");
    v = JUDGED(&exempt_host, proof(SIGN_P2P_ANSWER, 0));
    assert_int_equal(v.kind, VERDICT_INFECTED);
    v = JUDGED(&exempt_host, proof(SIGN_SMB_ANSWER, 0));
    assert_int_equal(v.kind, VERDICT_INFECTED);
}

static void test_bare_requests_alone_are_a_scanners(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&home_host, bare(0));
    assert_int_equal(v.kind, VERDICT_SUSPICIOUS);
    assert_int_equal(v.marks, MARK_SCANNER);
    assert_float_equal(v.weight, 3, 0);
    assert_int_equal(v.signs[0].weight, WEIGHT_POINTS);
    assert_float_equal(v.signs[0].points, 3, 0);
}

static void test_bare_requests_take_the_ports_with_them(void **state)
{
    (void)state;
    struct sign signs[] = {chance(SIGN_P2P_PORTS, 0, 300), bare(0), points(SIGN_SMB_SWEEP, 0, 3),
                           chance(SIGN_P2P_LISTENER, 0, 6)};
    struct verdict v = judged(&home_host, signs, COUNT_OF(signs));
    assert_int_equal(v.kind, VERDICT_SUSPICIOUS);
    assert_int_equal(v.marks, MARK_SCANNER);
    assert_float_equal(v.weight, 6 + 3 + 3, 1e-9);
    assert_int_equal(v.signs[3].id, SIGN_P2P_PORTS); /* it counts for nothing now, so it is last */
    assert_int_equal(v.signs[3].weight, WEIGHT_POINTS);
    assert_float_equal(v.signs[3].points, 0, 0);
}

static void test_bare_requests_beside_a_strong_sign_of_another_kind_are_proof(void **state)
{
    (void)state;
    struct sign others[] = {chance(SIGN_RENDEZVOUS_DNS, 1, 9.5), proof(SIGN_P2P_ANSWER, 0),
                            proof(SIGN_EXPLOIT, 0), proof(SIGN_SMB_ANSWER, 1)};
    for (unsigned i = 0; i < COUNT_OF(others); i++) {
        struct verdict v = JUDGED(&home_host, bare(0), chance(SIGN_P2P_PORTS, 0, 90), others[i]);
        assert_int_equal(v.kind, VERDICT_INFECTED);
        assert_int_equal(v.marks, 0);
        assert_true(v.proof);
    }
}

/* A vulnerability scanner asks for more than ports, and chance meets everybody. */
static void test_points_and_chances_do_not_turn_bare_requests_into_proof(void **state)
{
    (void)state;
    struct sign others[] = {points(SIGN_P2P_ODD_ANSWER, 0, 3),
                            points(SIGN_EXPLOIT, 0, 3),
                            points(SIGN_CALLBACK, 0, 6),
                            points(SIGN_RENDEZVOUS_HTTP, 0, 6),
                            chance(SIGN_RENDEZVOUS_DNS, 0, 8.9),
                            chance(SIGN_SWEEP_PATTERN, 0, 90),
                            below_floor(chance(SIGN_RENDEZVOUS_DNS, 0, 20))};
    for (unsigned i = 0; i < COUNT_OF(others); i++) {
        struct verdict v = JUDGED(&home_host, bare(0), chance(SIGN_P2P_PORTS, 0, 90), others[i]);
        assert_int_equal(v.kind, VERDICT_SUSPICIOUS);
        assert_int_equal(v.marks, MARK_SCANNER);
    }
}

static void test_bare_requests_beside_weak_or_relayed_signs_stay_a_scanners(void **state)
{
    (void)state;
    struct sign others[] = {points(SIGN_ODD_HTTP, 0, 1), points(SIGN_KNOWN_SITE, 0, 1),
                            chance(SIGN_RENDEZVOUS_DNS, 0, 2.2),
                            marked(chance(SIGN_RENDEZVOUS_DNS, 0, 900), MARK_RELAY)};
    for (unsigned i = 0; i < COUNT_OF(others); i++) {
        struct verdict v = JUDGED(&home_host, bare(0), chance(SIGN_P2P_PORTS, 0, 90), others[i]);
        assert_int_equal(v.kind, VERDICT_SUSPICIOUS);
        assert_true((v.marks & MARK_SCANNER) != 0);
    }
}

static void test_a_full_message_on_another_day_makes_bare_ones_proof(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&home_host, bare(0), proof(SIGN_P2P_MESSAGE, 1));
    assert_int_equal(v.kind, VERDICT_INFECTED);
    assert_int_equal(v.marks, 0);
    v = JUDGED(&home_host, bare(0), bare(1));
    assert_int_equal(v.kind, VERDICT_SUSPICIOUS);
}

static void test_ports_without_messages_are_no_scanners(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&home_host, chance(SIGN_P2P_PORTS, 0, 12),
                              points(SIGN_SMB_SWEEP, 0, 3));
    assert_int_equal(v.kind, VERDICT_INFECTED);
    assert_int_equal(v.marks, 0);
}

static void test_variants_are_those_of_the_signs_that_carry(void **state)
{
    (void)state;
    struct verdict v = JUDGED(&home_host, proof(SIGN_P2P_MESSAGE, 0),
                              chance(SIGN_RENDEZVOUS_DNS, 0, 2.2));
    assert_int_equal(v.variants, VARIANT_D | VARIANT_E);
    v = JUDGED(&home_host, proof(SIGN_P2P_MESSAGE, 0), chance(SIGN_RENDEZVOUS_DNS, 0, 20));
    assert_int_equal(v.variants, VARIANT_A | VARIANT_D | VARIANT_E);
    v = JUDGED(&home_host, chance(SIGN_RENDEZVOUS_DNS, 0, 4), chance(SIGN_P2P_PORTS, 0, 0.5));
    assert_int_equal(v.variants, VARIANT_A);
}

static void test_sris_letters_stand_where_they_differ(void **state)
{
    (void)state;
    static const struct {
        unsigned variants;
        const char *says;
    } cases[] = {
        {VARIANT_A, "Infected with Conficker A: It answered."},
        {VARIANT_A | VARIANT_B, "Infected with Conficker A or B: It answered."},
        {VARIANT_B | VARIANT_C, "Infected with Conficker B or C (SRI: B++): It answered."},
        {VARIANT_D, "Infected with Conficker D (SRI: C): It answered."},
        {VARIANT_D | VARIANT_E, "Infected with Conficker D (SRI: C) or E: It answered."},
        {VARIANT_E, "Infected with Conficker E: It answered."},
        {0, "Infected with Conficker: It answered."},
    };
    for (unsigned i = 0; i < COUNT_OF(cases); i++) {
        struct sign s = proof(SIGN_P2P_ANSWER, 0);
        s.variants = cases[i].variants;
        assert_string_equal(judged(&home_host, &s, 1).says, cases[i].says);
    }
}

static void test_the_longest_sentence_fits(void **state)
{
    (void)state;
    struct sign s[3];
    for (unsigned i = 0; i < COUNT_OF(s); i++) {
        s[i] = marked(chance(SIGN_RENDEZVOUS_DNS, 0, 5), MARK_RELAY);
        memset(s[i].says, 'x', sizeof s[i].says - 1);
    }
    struct verdict v = judged(&home_host, s, COUNT_OF(s));
    const char *end = "look at the machines themselves.";
    assert_string_equal(v.says + strlen(v.says) - strlen(end), end);
    s[0] = proof(SIGN_P2P_ANSWER, 0);
    memset(s[0].says, 'x', sizeof s[0].says - 1);
    s[0].variants = VARIANT_A | VARIANT_B | VARIANT_C | VARIANT_D | VARIANT_E;
    v = judged(&home_host, s, COUNT_OF(s));
    assert_int_equal(strlen(strchr(v.says, 'x')), sizeof s[0].says - 1);
}

static void test_signs_stand_in_order_of_gravity(void **state)
{
    (void)state;
    struct sign signs[] = {points(SIGN_KNOWN_SITE, 0, 1), chance(SIGN_P2P_PORTS, 0, 5),
                           proof(SIGN_P2P_MESSAGE, 1),    points(SIGN_ODD_HTTP, 1, 1),
                           chance(SIGN_P2P_PORTS, 1, 40), points(SIGN_CALLBACK, 0, 6),
                           proof(SIGN_P2P_ANSWER, 1),     points(SIGN_ODD_HTTP, 0, 1)};
    static const struct {
        enum sign_id id;
        int32_t day;
    } order[] = {{SIGN_P2P_ANSWER, 1}, {SIGN_P2P_MESSAGE, 1}, {SIGN_P2P_PORTS, 1},
                 {SIGN_CALLBACK, 0},   {SIGN_P2P_PORTS, 0},   {SIGN_ODD_HTTP, 0},
                 {SIGN_KNOWN_SITE, 0}, {SIGN_ODD_HTTP, 1}};
    struct verdict v = judged(&home_host, signs, COUNT_OF(signs));
    for (unsigned i = 0; i < COUNT_OF(order); i++) {
        assert_int_equal(v.signs[i].id, order[i].id);
        assert_int_equal(v.signs[i].day, order[i].day);
    }
}

/* Moves the last sign to the front. */
static void turn(struct sign *signs, size_t count)
{
    struct sign last = signs[count - 1];
    memmove(signs + 1, signs, (count - 1) * sizeof *signs);
    signs[0] = last;
}

static void test_the_order_of_signs_does_not_matter(void **state)
{
    (void)state;
    const struct sign given[] = {chance(SIGN_P2P_PORTS, 0, 7), points(SIGN_ODD_HTTP, 1, 1),
                                 marked(proof(SIGN_P2P_MESSAGE, 2), MARK_RELAY),
                                 chance(SIGN_RENDEZVOUS_DNS, 1, 7)};
    struct sign turned[COUNT_OF(given)], signs[COUNT_OF(given)];
    memcpy(turned, given, sizeof given);
    memcpy(signs, given, sizeof given);
    struct verdict first = judged(&home_host, signs, COUNT_OF(signs));
    for (unsigned i = 0; i < COUNT_OF(given); i++) {
        turn(turned, COUNT_OF(turned));
        memcpy(signs, turned, sizeof signs);
        struct verdict v = judged(&home_host, signs, COUNT_OF(signs));
        assert_string_equal(v.says, first.says);
        assert_int_equal(v.kind, first.kind);
        assert_int_equal(v.day, first.day);
        assert_int_equal(v.variants, first.variants);
        assert_float_equal(v.weight, first.weight, 0);
    }
}

static void test_times_span_all_signs_and_absent_ones_are_passed_over(void **state)
{
    (void)state;
    struct sign signs[] = {points(SIGN_ODD_HTTP, 0, 1), points(SIGN_CALLBACK, 0, 1),
                           points(SIGN_KNOWN_SITE, 0, 1)};
    signs[0].first_us = 50, signs[0].last_us = 60;
    signs[1].first_us = 20, signs[1].last_us = 30;
    signs[2].first_us = signs[2].last_us = TIME_NONE;
    struct verdict v = judged(&home_host, signs, COUNT_OF(signs));
    assert_int_equal(v.first_us, 20);
    assert_int_equal(v.last_us, 60);
}

static void test_the_host_is_passed_through(void **state)
{
    (void)state;
    struct circumstances c = {.host = address_of_v4(0x0a000001), .home = false, .site = "north"};
    struct verdict v = JUDGED(&c, proof(SIGN_P2P_MESSAGE, 0));
    assert_true(address_equal(v.host, c.host));
    assert_false(v.home);
    assert_string_equal(v.site, "north");
    assert_int_equal(v.name_count, 0);
}

static void test_kinds_have_their_words(void **state)
{
    (void)state;
    assert_string_equal(verdict_kind_text(VERDICT_INFECTED), "infected");
    assert_string_equal(verdict_kind_text(VERDICT_SUSPICIOUS), "suspicious");
    assert_string_equal(verdict_kind_text(VERDICT_CLEAN), "clean");
    assert_string_equal(verdict_kind_text(VERDICT_UNKNOWN), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_sign_is_unknown_with_its_reason),
        cmocka_unit_test(test_a_proof_convicts),
        cmocka_unit_test(test_nine_convicts_and_less_does_not),
        cmocka_unit_test(test_points_do_not_help_to_convict),
        cmocka_unit_test(test_two_tests_are_not_added_and_the_best_counts),
        cmocka_unit_test(test_a_chance_is_multiplied_by_the_number_of_tests),
        cmocka_unit_test(test_below_its_floor_no_chance_convicts),
        cmocka_unit_test(test_three_of_either_is_suspicious),
        cmocka_unit_test(test_four_of_both_is_suspicious),
        cmocka_unit_test(test_weak_signs_are_unknown_and_say_so),
        cmocka_unit_test(test_ones_together_weigh_two),
        cmocka_unit_test(test_sweeps_together_weigh_five),
        cmocka_unit_test(test_all_points_together_weigh_eight),
        cmocka_unit_test(test_days_are_judged_apart),
        cmocka_unit_test(test_the_heaviest_day_is_the_verdicts),
        cmocka_unit_test(test_a_convicting_day_outweighs_one_that_only_weighs_more),
        cmocka_unit_test(test_a_weak_day_does_not_hide_a_suspicious_one),
        cmocka_unit_test(test_what_is_passed_on_does_not_convict),
        cmocka_unit_test(test_a_relay_is_convicted_by_a_sign_of_its_own),
        cmocka_unit_test(test_a_relay_has_the_variants_and_the_sentence_of_its_own_sign),
        cmocka_unit_test(test_of_a_scanner_only_answers_convict),
        cmocka_unit_test(test_of_an_exempt_host_only_answers_convict),
        cmocka_unit_test(test_bare_requests_alone_are_a_scanners),
        cmocka_unit_test(test_bare_requests_take_the_ports_with_them),
        cmocka_unit_test(test_bare_requests_beside_a_strong_sign_of_another_kind_are_proof),
        cmocka_unit_test(test_points_and_chances_do_not_turn_bare_requests_into_proof),
        cmocka_unit_test(test_bare_requests_beside_weak_or_relayed_signs_stay_a_scanners),
        cmocka_unit_test(test_a_full_message_on_another_day_makes_bare_ones_proof),
        cmocka_unit_test(test_ports_without_messages_are_no_scanners),
        cmocka_unit_test(test_variants_are_those_of_the_signs_that_carry),
        cmocka_unit_test(test_sris_letters_stand_where_they_differ),
        cmocka_unit_test(test_the_longest_sentence_fits),
        cmocka_unit_test(test_signs_stand_in_order_of_gravity),
        cmocka_unit_test(test_the_order_of_signs_does_not_matter),
        cmocka_unit_test(test_times_span_all_signs_and_absent_ones_are_passed_over),
        cmocka_unit_test(test_the_host_is_passed_through),
        cmocka_unit_test(test_kinds_have_their_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
