/* engine/store_report and what it stands on: what becomes of a host between two runs, how signs of
 * scans and hunts come together, and how several sites are one report. */
#include "testing.h"

#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "engine/hunt_asked.h"
#include "engine/joined_report.h"
#include "engine/store_report.h"
#include "evidence/smb_check.h"
#include "report/report.h"
#include "store/store.h"

/* What two runs said: of a host whose last sign was at noon of day 10. */
static struct store_change between(const char *before, const char *after)
{
    return (struct store_change){.before = before,
                                 .after = after,
                                 .hearing = "",
                                 .says = "It says.",
                                 .bad_until_us = 10 * US_PER_DAY + US_PER_DAY / 2,
                                 .asked_us = TIME_NONE};
}

static enum change_kind seen(const char *before, const char *after, int32_t day)
{
    struct store_change c = between(before, after);
    c.was_seen = true;
    c.seen_day = day;
    c.later_days = day > 10;
    return change_between(&c);
}

static enum change_kind asked(const char *before, const char *after, const char *hearing,
                              int64_t later_us)
{
    struct store_change c = between(before, after);
    c.hearing = hearing;
    c.asked_us = c.bad_until_us + later_us;
    return change_between(&c);
}

static void test_who_is_bad_now_is_new_or_still_so(void **state)
{
    (void)state;
    assert_int_equal(seen("", "infected", 11), CHANGE_NEW);
    assert_int_equal(asked("clean", "suspicious", "some", 1), CHANGE_NEW);
    assert_int_equal(seen("unknown", "infected", 9), CHANGE_NEW);
    assert_int_equal(seen("suspicious", "infected", 11), CHANGE_STILL);
    assert_int_equal(asked("infected", "suspicious", "some", 1), CHANGE_STILL);
}

static void test_cured_needs_an_answer_or_a_sight(void **state)
{
    (void)state;
    assert_int_equal(asked("infected", "clean", "some", 1), CHANGE_CURED);
    assert_int_equal(seen("infected", "clean", 11), CHANGE_CURED);
    assert_int_equal(asked("infected", "unknown", "refused", 1), CHANGE_CURED);
    assert_int_equal(seen("suspicious", "", 11), CHANGE_CURED);
}

static void test_what_is_no_younger_than_the_last_sign_cures_nobody(void **state)
{
    (void)state;
    assert_int_equal(seen("suspicious", "", 9), CHANGE_GONE);
    assert_int_equal(seen("suspicious", "clean", 10), CHANGE_GONE);
    assert_int_equal(asked("infected", "clean", "some", 0), CHANGE_GONE);
    assert_int_equal(asked("infected", "unknown", "refused", -1), CHANGE_GONE);
}

static void test_a_change_says_when_a_host_was_seen(void **state)
{
    (void)state;
    char said[CHANGE_SAYS_SIZE];
    struct store_change c = between("infected", "");
    c.was_seen = true;
    c.seen_day = 9;
    struct text says = text_over(said, sizeof said);
    change_say(&c, &says);
    assert_string_equal(said, "it was infected; not seen since its last sign at "
                              "1970-01-11T12:00:00.000000Z: what the later run saw of it is of "
                              "1970-01-10.");
    c.seen_day = 14;
    c.later_days = 3;
    says = text_over(said, sizeof said);
    change_say(&c, &says);
    assert_string_equal(said, "it was infected; seen again on 3 days after its last sign, up to "
                              "1970-01-15, it showed no sign.");
    c = between("infected", "unknown");
    c.hearing = "some";
    c.asked_us = c.bad_until_us - US_PER_DAY;
    says = text_over(said, sizeof said);
    change_say(&c, &says);
    assert_string_equal(said, "it was infected; not asked since its last sign at "
                              "1970-01-11T12:00:00.000000Z: the later run asked it at "
                              "1970-01-10T12:00:00.000000Z. It says.");
}

static void test_silence_cures_nobody(void **state)
{
    (void)state;
    struct store_change nothing = between("infected", ""), unknown = between("infected", "unknown");
    assert_int_equal(asked("infected", "unknown", "silent", 1), CHANGE_GONE);
    assert_int_equal(asked("infected", "unknown", "local", 1), CHANGE_GONE);
    assert_int_equal(change_between(&nothing), CHANGE_GONE);
    assert_int_equal(change_between(&unknown), CHANGE_GONE);
}

static void test_who_was_never_bad_has_not_changed(void **state)
{
    (void)state;
    assert_int_equal(seen("", "", 11), CHANGE_KINDS);
    assert_int_equal(asked("clean", "unknown", "some", 1), CHANGE_KINDS);
}

static struct sign points(enum sign_id id, int32_t day, double weight, int64_t first_us)
{
    return (struct sign){.id = id,
                         .day = day,
                         .weight = WEIGHT_POINTS,
                         .points = weight,
                         .first_us = first_us,
                         .last_us = first_us + 10};
}

static void test_a_sign_of_a_day_counts_once_and_the_graver_stays(void **state)
{
    (void)state;
    struct sign signs[4] = {points(SIGN_P2P_ODD_ANSWER, 5, 3, 100)};
    const struct sign again = points(SIGN_P2P_ODD_ANSWER, 5, 3, 50),
                      graver = points(SIGN_P2P_ODD_ANSWER, 5, 6, 200),
                      next_day = points(SIGN_P2P_ODD_ANSWER, 6, 3, 300),
                      another = points(SIGN_SMB_ANSWER, 5, 6, 100);
    assert_int_equal(signs_add(signs, 1, &again), 1);
    assert_true(signs[0].first_us == 50 && signs[0].last_us == 110);
    assert_int_equal(signs_add(signs, 1, &graver), 1);
    assert_true(signs[0].points > 5 && signs[0].first_us == 50 && signs[0].last_us == 210);
    assert_int_equal(signs_add(signs, 1, &next_day), 2);
    assert_int_equal(signs_add(signs, 2, &another), 3);
}

/* A report that counts what it is told. */
struct counted {
    unsigned begun, hosts, ended;
    struct totals totals;
};

static bool count_begin(struct report *r)
{
    struct counted *c = r->state;
    c->begun++;
    return true;
}

static bool count_host(struct report *r, const struct verdict *v)
{
    struct counted *c = r->state;
    (void)v;
    c->hosts++;
    return true;
}

static bool count_end(struct report *r, const struct totals *t)
{
    struct counted *c = r->state;
    c->ended++;
    c->totals = *t;
    assert_int_equal(t->input_count, 2);
    assert_string_equal(t->inputs[0].name, "a.pcap");
    assert_string_equal(t->inputs[1].name, "b.pcap");
    assert_int_equal(t->note_count, 2);
    assert_string_equal(t->notes[1], "another");
    return true;
}

static void test_several_sites_are_one_report(void **state)
{
    (void)state;
    static const struct report_format format = {
        .id = "count", .begin = count_begin, .host = count_host, .end = count_end};
    struct counted c = {0};
    struct report to = {.format = &format, .state = &c};
    struct joined j;
    struct input_totals a = {.name = "a.pcap"}, b = {.name = "b.pcap"};
    const char *const notes[] = {"a note", "another"};
    struct totals one = {.complete = true,
                         .hosts = {2, 1, 0, 0},
                         .seen = 5,
                         .input_count = 1,
                         .inputs = &a,
                         .note_count = 1,
                         .notes = notes,
                         .acknowledged = 1};
    joined_begin(&j, &to, "report");
    struct report proxy = joined_report(&j);
    assert_true(proxy.format->begin(&proxy) && proxy.format->host(&proxy, NULL));
    assert_true(proxy.format->end(&proxy, &one));
    one = (struct totals){.hosts = {1, 0, 0, 0},
                          .seen = 7,
                          .input_count = 1,
                          .inputs = &b,
                          .note_count = 2,
                          .notes = notes};
    assert_true(proxy.format->end(&proxy, &one));
    assert_true(joined_end(&j, 1));
    assert_true(c.begun == 1 && c.hosts == 1 && c.ended == 1);
    assert_int_equal(c.totals.hosts[VERDICT_INFECTED], 3);
    assert_int_equal(c.totals.seen, 12);
    assert_int_equal(c.totals.acknowledged, 1);
    assert_false(c.totals.complete);
}

/* What a later answer over SMB adds to the verdict of an infected host. */
static const char *says_with(int64_t asked_us, enum smb_cause cause, struct verdict *v)
{
    static struct sign sign;
    static struct smb_check smb;
    sign = (struct sign){.id = SIGN_P2P_MESSAGE,
                         .weight = WEIGHT_PROOF,
                         .first_us = 1000,
                         .last_us = 2000,
                         .says = "It sent."};
    smb = (struct smb_check){.port = 445, .cause = cause, .when_us = asked_us};
    const struct circumstances c = {.home = true, .smb = &smb};
    verdict_of(&c, &sign, 1, v);
    assert_int_equal(v->kind, VERDICT_INFECTED);
    return v->says;
}

static void test_a_clean_answer_after_the_last_sign_is_said(void **state)
{
    (void)state;
    struct verdict v;
    static const char words[] = "after its last sign";
    assert_non_null(strstr(says_with(2001, SMB_CAUSE_PATCHED, &v), words));
    assert_non_null(strstr(v.advice, words));
    assert_non_null(strstr(says_with(2001, SMB_CAUSE_NOT_PATCHED, &v), words));
    assert_null(strstr(says_with(2000, SMB_CAUSE_PATCHED, &v), words));
    assert_null(strstr(says_with(2001, SMB_CAUSE_DENIED, &v), words));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_is_bad_now_is_new_or_still_so),
        cmocka_unit_test(test_cured_needs_an_answer_or_a_sight),
        cmocka_unit_test(test_what_is_no_younger_than_the_last_sign_cures_nobody),
        cmocka_unit_test(test_a_change_says_when_a_host_was_seen),
        cmocka_unit_test(test_silence_cures_nobody),
        cmocka_unit_test(test_who_was_never_bad_has_not_changed),
        cmocka_unit_test(test_a_sign_of_a_day_counts_once_and_the_graver_stays),
        cmocka_unit_test(test_several_sites_are_one_report),
        cmocka_unit_test(test_a_clean_answer_after_the_last_sign_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
