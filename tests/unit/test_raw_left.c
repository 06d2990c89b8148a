/* scan/raw_left: the time that a scan still takes, held against scans whose end is known. */
#include "testing.h"

#include <math.h>

#include "base/time.h"
#include "scan/raw_left.h"

static struct raw_counts now;
static struct raw_run of_run;

/* A thousand hosts with four ports each, at 100 packets a second: the first pass takes 40 s. */
static int begin(void **state)
{
    (void)state;
    now = (struct raw_counts){.places = 1000, .groups = 1};
    of_run = (struct raw_run){.now = &now, .passes = RAW_PASSES};
    return 0;
}

/* So many places of the first pass in, of which such a share answered. */
static struct raw_left in_first_pass(uint64_t place, double answering)
{
    now.progress = (struct raw_progress){
        .place = place,
        .sent = 4 * place,
        .asked = 4 * place,
        .answered = (uint64_t)(answering * 4 * (double)place),
    };
    of_run.seconds = (double)(now.progress.sent - of_run.before.sent) / 100;
    return raw_left_of(&of_run);
}

static void assert_about(double found, double wanted)
{
    if (!(fabs(found - wanted) < 0.01))
        print_error("%f is not %f\n", found, wanted);
    assert_true(fabs(found - wanted) < 0.01);
}

static void test_who_answers_is_not_counted_three_times(void **state)
{
    (void)state;
    assert_about(in_first_pass(950, 1).seconds, 2);
    assert_about(in_first_pass(950, 1).share, 0.95);
}

static void test_answers_under_way_are_not_silence(void **state)
{
    (void)state;
    assert_about(in_first_pass(950, 0.95).seconds, 2);
}

static void test_silence_is_asked_three_times_and_waited_for(void **state)
{
    (void)state;
    assert_about(in_first_pass(500, 0).seconds, 20 + 40 + 40 + 1 + 3 + 8);
    assert_about(in_first_pass(500, 0).share, 1.0 / 6);
    assert_about(in_first_pass(500, 0.5).seconds, 20 + 20 + 20 + 12);
}

static void test_it_is_known_long_before_a_hundredth_is_done(void **state)
{
    (void)state;
    now.places = 65536;
    assert_about(in_first_pass(100, 0).seconds, 65536 * 12 / 100.0 - 4 + 12);
    assert_true(isnan(in_first_pass(40, 0).seconds)); /* in 1.6 s */
}

/* Three quarters were asked before, in an hour or a minute: what counts is the pace of now. */
static void test_a_run_that_goes_on_counts_its_own_packets(void **state)
{
    (void)state;
    of_run.before = (struct raw_progress){.place = 750, .sent = 3000, .asked = 3000};
    assert_about(in_first_pass(850, 1).seconds, 6);
    assert_about(in_first_pass(850, 1).share, 0.85);
}

static void test_later_passes_and_pauses_count_down(void **state)
{
    (void)state;
    now.progress = (struct raw_progress){
        .pass = 1, .place = 500, .sent = 4000 + 500, .asked = 4000, .answered = 3000};
    of_run.seconds = 45 + 1;
    assert_about(raw_left_of(&of_run).seconds, 5 + 3 + 10 + 8);
    now.progress.place = 1000;
    now.progress.sent = 5000;
    now.pause_left_us = US_PER_SECOND;
    of_run.seconds = 50 + 1 + 2;
    assert_about(raw_left_of(&of_run).seconds, 1 + 10 + 8);
}

static void test_one_pass_has_one_pause(void **state)
{
    (void)state;
    of_run.passes = 1;
    assert_about(in_first_pass(500, 0).seconds, 20 + 8);
}

static void test_the_end_and_the_beginning_are_no_division(void **state)
{
    (void)state;
    of_run.seconds = 10;
    assert_true(isnan(raw_left_of(&of_run).seconds));
    assert_true(raw_left_of(&of_run).share == 0);
    now.progress.pass = RAW_PASSES;
    assert_true(raw_left_of(&of_run).share == 1);
    assert_true(raw_left_of(&of_run).seconds == 0);
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_who_answers_is_not_counted_three_times),
        TEST(test_answers_under_way_are_not_silence),
        TEST(test_silence_is_asked_three_times_and_waited_for),
        TEST(test_it_is_known_long_before_a_hundredth_is_done),
        TEST(test_a_run_that_goes_on_counts_its_own_packets),
        TEST(test_later_passes_and_pauses_count_down),
        TEST(test_one_pass_has_one_pause),
        TEST(test_the_end_and_the_beginning_are_no_division),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
