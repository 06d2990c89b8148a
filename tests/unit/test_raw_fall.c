/* scan/raw_fall: answers that fall away are told from networks that answer evenly, or hardly. */
#include "testing.h"

#include "made_raw_network.h"
#include "scan/raw_fall.h"

static struct raw_stretch stretches[RAW_STRETCHES];
static struct raw_fall fall;

/* So many a stretch, of whom so many answer, up to this stretch, and so many from there on. */
static bool falls(uint64_t asked, uint64_t answered, unsigned from, uint64_t then)
{
    for (unsigned i = 0; i < RAW_STRETCHES; i++)
        stretches[i] = (struct raw_stretch){asked, i < from ? answered : then};
    return raw_fall_between(stretches, &fall);
}

static void test_nothing_from_the_middle_on_is_a_fall(void **state)
{
    (void)state;
    assert_true(falls(128, 120, 13, 0));
    assert_int_equal(fall.before.answered, 13 * 120);
    assert_int_equal(fall.within.asked, 19 * 128);
    assert_int_equal(fall.within.answered, 0);
}

static void test_few_who_answer_show_it_where_many_are_asked(void **state)
{
    (void)state;
    assert_true(falls(2048, 20, 16, 0)); /* one in a hundred of a /16 */
    assert_true(falls(2048, 20, 30, 0)); /* and in the last two stretches alone */
    assert_true(falls(128, 40, 20, 3));
}

static void test_even_networks_are_none(void **state)
{
    (void)state;
    assert_false(falls(1 << 20, 0, 0, 0));
    assert_false(falls(1 << 20, 1 << 20, RAW_STRETCHES, 0));
    assert_false(falls(1 << 20, 300000, RAW_STRETCHES, 0));
    assert_false(falls(0, 0, 0, 0));
}

static void test_few_hosts_show_nothing(void **state)
{
    (void)state;
    assert_false(falls(1, 1, 20, 0));    /* thirty-two hosts, twenty of which answer */
    assert_false(falls(2048, 1, 12, 0)); /* twelve of a /16 */
}

static void test_hosts_that_are_switched_off_over_the_day_are_none(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RAW_STRETCHES; i++)
        stretches[i] = (struct raw_stretch){4096, 2000 - 40 * i};
    assert_false(raw_fall_between(stretches, &fall));
}

static void test_what_answers_more_later_is_none(void **state)
{
    (void)state;
    assert_false(falls(1024, 0, 16, 900));
}

/* What is left over of an outage that ended: some stretches in the middle. */
static void test_a_gap_in_the_middle_is_one(void **state)
{
    (void)state;
    (void)falls(1024, 500, RAW_STRETCHES, 0);
    stretches[9].answered = stretches[10].answered = 0;
    assert_true(raw_fall_between(stretches, &fall));
    assert_int_equal(fall.before.asked, 9 * 1024);
    assert_int_equal(fall.within.asked, 2 * 1024);
}

/* Random answers, each with a chance of its own: none of a thousand scans is called fallen. */
static void test_chance_is_not_called_a_fall(void **state)
{
    uint64_t random = 1;
    (void)state;
    for (unsigned scan = 0; scan < 1000; scan++) {
        for (unsigned i = 0; i < RAW_STRETCHES; i++)
            stretches[i] = (struct raw_stretch){64, 0};
        for (unsigned i = 0; i < RAW_STRETCHES * 64; i++) {
            random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            stretches[i / 64].answered += (random >> 33) % 1000 < scan;
        }
        assert_false(raw_fall_between(stretches, &fall));
    }
}

/* The engine says so at the end, and what is kept of the scan asks the silent ones again. */
static void test_an_outage_is_seen_and_asked_again(void **state)
{
    (void)state;
    settings.rate = 100;
    play.dead_from_us = 4 * SECOND;
    assert_true(run());
    assert_true(outcome.fall.found);
    assert_true(outcome.fall.before.answered > 30);
    assert_true(outcome.fall.within.answered * 4 < outcome.fall.within.asked);
    assert_int_equal(raw_state_progress(settings.state).pass, 1);
    play.dead_from_us = 0;
    assert_true(run());
    assert_false(outcome.fall.found);
    assert_int_equal(outcome.counts.progress.answered, outcome.counts.progress.asked);
    assert_int_equal(raw_state_progress(settings.state).pass, RAW_PASSES);
    raw_outcome_clear(&outcome);
}

/* Where the first pass was to be the only one, going on is one more. */
static void test_a_scan_of_one_pass_asks_again_once(void **state)
{
    (void)state;
    settings.rate = 100;
    settings.passes = 1;
    play.special[7] = SILENT;
    play.dead_from_us = 4 * SECOND;
    assert_true(run());
    assert_true(outcome.fall.found);
    assert_int_equal(play.knocks[7], 4);
    play.dead_from_us = 0;
    assert_true(run());
    assert_int_equal(play.knocks[7], 8);
    assert_int_equal(raw_state_progress(settings.state).pass, RAW_PASSES);
    raw_outcome_clear(&outcome);
}

static void test_an_outage_that_ends_in_time_is_none(void **state)
{
    (void)state;
    settings.rate = 100;
    play.dead_from_us = 4 * SECOND;
    play.dead_until_us = 14 * SECOND;
    assert_true(run());
    assert_false(outcome.fall.found);
    assert_int_equal(outcome.counts.progress.answered, outcome.counts.progress.asked);
    raw_outcome_clear(&outcome);
}

static void test_silence_from_the_beginning_is_none(void **state)
{
    (void)state;
    play.all = SILENT;
    play.special[7] = play.special[70] = REFUSES;
    assert_true(run());
    assert_false(outcome.fall.found);
    assert_int_equal(raw_state_progress(settings.state).pass, RAW_PASSES);
    raw_outcome_clear(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_from_the_middle_on_is_a_fall),
        cmocka_unit_test(test_few_who_answer_show_it_where_many_are_asked),
        cmocka_unit_test(test_even_networks_are_none),
        cmocka_unit_test(test_few_hosts_show_nothing),
        cmocka_unit_test(test_hosts_that_are_switched_off_over_the_day_are_none),
        cmocka_unit_test(test_what_answers_more_later_is_none),
        cmocka_unit_test(test_a_gap_in_the_middle_is_one),
        cmocka_unit_test(test_chance_is_not_called_a_fall),
        TEST(test_an_outage_is_seen_and_asked_again),
        TEST(test_a_scan_of_one_pass_asks_again_once),
        TEST(test_an_outage_that_ends_in_time_is_none),
        TEST(test_silence_from_the_beginning_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
