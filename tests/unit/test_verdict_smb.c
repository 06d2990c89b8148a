/* evidence/verdict of a host that was asked over SMB and on its P2P ports: what each answer does to
 * the other. */
#include "testing.h"

#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "evidence/smb_check.h"
#include "evidence/verdict.h"

#define ASKED_US (1240317851 * US_PER_SECOND)

enum p2p { P2P_REFUSES, P2P_SILENT, P2P_ODD, P2P_ANSWERS, P2PS };

/* The signs of these answers, as the probes make them. */
static size_t signs_of(enum p2p p2p, const struct smb_check *smb, struct sign signs[static 2])
{
    size_t count = 0;
    int32_t day = day_of(ASKED_US);
    if (p2p == P2P_ANSWERS)
        signs[count++] = (struct sign){.id = SIGN_P2P_ANSWER,
                                       .weight = WEIGHT_PROOF,
                                       .day = day,
                                       .variants = VARIANT_D | VARIANT_E};
    else if (p2p == P2P_ODD)
        signs[count++] = (struct sign){.id = SIGN_P2P_ODD_ANSWER,
                                       .weight = WEIGHT_POINTS,
                                       .points = VERDICT_ODD_ANSWER_POINTS,
                                       .day = day};
    if (smb != NULL && smb_result_of(smb) == SMB_INFECTED) {
        bool empty = smb->cause == SMB_CAUSE_WORM_DE_EMPTY;
        signs[count++] = (struct sign){.id = SIGN_SMB_ANSWER,
                                       .weight = empty ? WEIGHT_POINTS : WEIGHT_PROOF,
                                       .points = VERDICT_SMB_EMPTY_POINTS,
                                       .day = day,
                                       .variants = smb_check_variants(smb)};
    }
    return count;
}

static struct verdict judged(enum p2p p2p, const struct smb_check *smb, bool exempt)
{
    static struct sign signs[2];
    static struct check check;
    struct verdict v;
    memset(signs, 0, sizeof signs);
    check = (struct check){.port = 4348,
                           .cause = p2p == P2P_REFUSES   ? CAUSE_REFUSED
                                    : p2p == P2P_SILENT  ? CAUSE_SILENT
                                    : p2p == P2P_ANSWERS ? CAUSE_VALID
                                                         : CAUSE_CHECKSUM,
                           .when_us = ASKED_US};
    enum check_cause causes[] = {check.cause, smb == NULL               ? check.cause
                                              : smb_check_is_heard(smb) ? CAUSE_SPOKE
                                                                        : smb->network};
    struct circumstances c = {.home = true,
                              .exempt = exempt,
                              .checks = &check,
                              .check_count = 1,
                              .smb = smb,
                              .hearing = hearing_of(causes, COUNT_OF(causes))};
    verdict_of(&c, signs, signs_of(p2p, smb, signs), &v);
    return v;
}

static struct smb_check ended(enum smb_cause cause)
{
    return (struct smb_check){
        .port = 445, .cause = cause, .stage = SMB_STAGE_SECOND, .when_us = ASKED_US + 5};
}

static struct smb_check not_heard(enum check_cause network)
{
    return (struct smb_check){.cause = SMB_CAUSE_NETWORK,
                              .network = network,
                              .network_139 = network,
                              .when_us = ASKED_US + 5};
}

static void test_every_pair_of_answers_has_its_verdict(void **state)
{
    (void)state;
    static const struct {
        enum smb_cause smb;
        enum verdict_kind of[P2PS]; /* refuses, silent, odd, answers */
    } rows[] = {
        {SMB_CAUSE_WORM_DE,
         {VERDICT_INFECTED, VERDICT_INFECTED, VERDICT_INFECTED, VERDICT_INFECTED}},
        {SMB_CAUSE_WORM_ABC,
         {VERDICT_INFECTED, VERDICT_INFECTED, VERDICT_INFECTED, VERDICT_INFECTED}},
        {SMB_CAUSE_WORM_DE_EMPTY,
         {VERDICT_SUSPICIOUS, VERDICT_SUSPICIOUS, VERDICT_SUSPICIOUS, VERDICT_INFECTED}},
        {SMB_CAUSE_PATCHED, {VERDICT_CLEAN, VERDICT_CLEAN, VERDICT_SUSPICIOUS, VERDICT_INFECTED}},
        {SMB_CAUSE_NOT_PATCHED,
         {VERDICT_CLEAN, VERDICT_CLEAN, VERDICT_SUSPICIOUS, VERDICT_INFECTED}},
        {SMB_CAUSE_DENIED,
         {VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_SUSPICIOUS, VERDICT_INFECTED}},
        {SMB_CAUSE_SMB1_OFF,
         {VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_SUSPICIOUS, VERDICT_INFECTED}},
        {SMB_CAUSE_GARBAGE,
         {VERDICT_UNKNOWN, VERDICT_UNKNOWN, VERDICT_SUSPICIOUS, VERDICT_INFECTED}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct smb_check smb = ended(rows[i].smb);
        for (enum p2p p2p = 0; p2p < P2PS; p2p++)
            assert_int_equal(judged(p2p, &smb, false).kind, rows[i].of[p2p]);
    }
}

static void test_variants_of_both_answers_stand_together(void **state)
{
    (void)state;
    struct smb_check smb = ended(SMB_CAUSE_WORM_ABC);
    assert_int_equal(judged(P2P_REFUSES, &smb, false).variants, VARIANT_A | VARIANT_B | VARIANT_C);
    smb = ended(SMB_CAUSE_WORM_DE);
    assert_int_equal(judged(P2P_ANSWERS, &smb, false).variants, VARIANT_D | VARIANT_E);
}

static void test_clean_says_when_and_why(void **state)
{
    (void)state;
    struct smb_check smb = ended(SMB_CAUSE_PATCHED);
    struct verdict v = judged(P2P_REFUSES, &smb, false);
    assert_string_equal(v.says, "Clean when it was asked at 2009-04-21T12:44:11.000005Z: its "
                                "NetpwPathCanonicalize answers as Microsoft's, with MS08-067.");
    assert_int_equal(v.marks, 0);
    assert_string_equal(v.advice, "");
    assert_int_equal(v.last_us, ASKED_US + 5);
}

static void test_unpatched_host_is_marked_whatever_its_verdict(void **state)
{
    (void)state;
    struct smb_check smb = ended(SMB_CAUSE_NOT_PATCHED);
    struct verdict v = judged(P2P_REFUSES, &smb, false);
    assert_int_equal(v.kind, VERDICT_CLEAN);
    assert_int_equal(v.marks, MARK_UNPATCHED);
    assert_non_null(strstr(v.says, "Install the update MS08-067"));
    assert_non_null(strstr(v.advice, "Install the update MS08-067"));
    assert_int_equal(judged(P2P_ANSWERS, &smb, false).marks, MARK_UNPATCHED);
}

static void test_reason_of_an_unknown_host_joins_both(void **state)
{
    (void)state;
    struct smb_check smb = ended(SMB_CAUSE_DENIED);
    assert_string_equal(judged(P2P_REFUSES, &smb, false).reason,
                        "access was denied to who is not logged in");
    smb = not_heard(CAUSE_REFUSED);
    assert_string_equal(judged(P2P_REFUSES, &smb, false).reason,
                        "all ports refuse: no variant D or E listens; A to C cannot be seen so; "
                        "ports 445 and 139 refuse");
    smb = not_heard(CAUSE_SILENT);
    assert_string_equal(judged(P2P_SILENT, &smb, false).reason,
                        "no answer on any port: filtered, switched off, or nobody there");
    assert_string_equal(judged(P2P_REFUSES, &smb, false).reason,
                        "all ports refuse: no variant D or E listens; A to C cannot be seen so; "
                        "ports 445 and 139 do not answer");
}

static void test_host_that_was_asked_over_smb_alone_has_its_reason(void **state)
{
    (void)state;
    struct smb_check smb = not_heard(CAUSE_SILENT);
    struct circumstances c = {.home = true, .smb = &smb, .hearing = HEARING_SILENT};
    struct verdict v;
    verdict_of(&c, NULL, 0, &v);
    assert_string_equal(v.reason, "ports 445 and 139 do not answer");
    assert_string_equal(v.says, "Unknown: ports 445 and 139 do not answer.");
}

static void test_hearing_is_of_all_that_was_asked(void **state)
{
    (void)state;
    static const struct {
        enum check_cause of[2];
        enum hearing hearing;
    } rows[] = {
        {{CAUSE_SILENT, CAUSE_SILENT}, HEARING_SILENT},
        {{CAUSE_SILENT, CAUSE_NO_ROUTE}, HEARING_SILENT},
        {{CAUSE_NO_ROUTE, CAUSE_STOPPED}, HEARING_LOCAL},
        {{CAUSE_REFUSED, CAUSE_REFUSED}, HEARING_REFUSED},
        {{CAUSE_REFUSED, CAUSE_SILENT}, HEARING_SOME},
        {{CAUSE_REFUSED, CAUSE_SPOKE}, HEARING_SOME},
        {{CAUSE_VALID, CAUSE_NO_ROUTE}, HEARING_SOME},
    };
    assert_int_equal(hearing_of(NULL, 0), HEARING_UNASKED);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(hearing_of(rows[i].of, 2), rows[i].hearing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pair_of_answers_has_its_verdict),
        cmocka_unit_test(test_variants_of_both_answers_stand_together),
        cmocka_unit_test(test_clean_says_when_and_why),
        cmocka_unit_test(test_unpatched_host_is_marked_whatever_its_verdict),
        cmocka_unit_test(test_reason_of_an_unknown_host_joins_both),
        cmocka_unit_test(test_host_that_was_asked_over_smb_alone_has_its_reason),
        cmocka_unit_test(test_hearing_is_of_all_that_was_asked),
    };
    return cmocka_run_group_tests_name("verdict_smb", tests, NULL, NULL);
}
