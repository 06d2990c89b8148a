/* scan/pace, scan/turns and scan/timers: who may send when, and whose time is up. */
#include "testing.h"

#include <stdlib.h>

#include "scan/pace.h"
#include "scan/timers.h"
#include "scan/turns.h"

enum { THINGS = 500 };

static unsigned taken_between(struct pace *p, int64_t from_us, int64_t to_us)
{
    unsigned taken = 0;
    for (int64_t now_us = from_us; now_us < to_us; now_us += 50)
        while (pace_take(p, now_us))
            taken++;
    return taken;
}

static void test_pace_without_a_rate_never_holds_back(void **state)
{
    (void)state;
    struct pace p = pace_of(0);
    for (int i = 0; i < 1000; i++)
        assert_true(pace_take(&p, 5));
    assert_int_equal(pace_next_us(&p, 5), 5);
}

static void test_pace_begins_with_one(void **state)
{
    (void)state;
    struct pace p = pace_of(1000);
    assert_true(pace_take(&p, 0));
    assert_false(pace_take(&p, 0));
    assert_int_equal(pace_next_us(&p, 0), 1000);
    assert_false(pace_take(&p, 999));
    assert_true(pace_take(&p, 1000));
}

static void test_pace_gives_its_rate_and_no_more(void **state)
{
    (void)state;
    static const unsigned rates[] = {1, 7, 200, 2000, 99999};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct pace p = pace_of(rates[i]);
        unsigned taken = taken_between(&p, 0, 3000000);
        assert_in_range(taken, rates[i] * 3 - rates[i] / 1000 - 1, rates[i] * 3 + 1);
    }
}

static void test_pace_makes_up_for_no_more_than_its_slack(void **state)
{
    (void)state;
    struct pace p = pace_of(10000);
    assert_true(pace_take(&p, 0));
    assert_in_range(taken_between(&p, 60000000, 60000050), 1, PACE_SLACK_US / 100 + 1);
}

static void test_repeats_go_before_fresh_ones(void **state)
{
    (void)state;
    struct turns t;
    uint32_t thing;
    assert_true(turns_init(&t, 4, 0));
    turns_add_fresh(&t, 1);
    turns_add_fresh(&t, 2);
    turns_add_again(&t, 3);
    assert_true(turns_take(&t, 0, true, &thing));
    assert_int_equal(thing, 3);
    assert_false(turns_take(&t, 0, false, &thing));
    assert_int_equal(turns_next_us(&t, 0, false), INT64_MAX);
    assert_int_equal(turns_next_us(&t, 9, true), 9);
    assert_true(turns_take(&t, 0, true, &thing));
    assert_int_equal(thing, 1);
    assert_true(turns_take(&t, 0, true, &thing));
    assert_int_equal(thing, 2);
    assert_false(turns_take(&t, 0, true, &thing));
    turns_clear(&t);
}

static void test_nobody_without_a_turn_costs_the_pace_nothing(void **state)
{
    (void)state;
    struct turns t;
    uint32_t thing;
    assert_true(turns_init(&t, 1, 1));
    assert_false(turns_take(&t, 0, true, &thing));
    turns_add_fresh(&t, 0);
    assert_true(turns_take(&t, 0, true, &thing));
    turns_clear(&t);
}

static void test_timers_come_in_their_order(void **state)
{
    (void)state;
    struct timers *t = timers_new(4);
    uint32_t thing;
    assert_int_equal(timers_next_us(t), INT64_MAX);
    timers_set(t, 0, 30);
    timers_set(t, 1, 10);
    timers_set(t, 2, 20);
    timers_set(t, 3, 5);
    timers_set(t, 3, 40); /* moved */
    timers_stop(t, 2);
    timers_stop(t, 2);
    assert_int_equal(timers_next_us(t), 10);
    assert_false(timers_due(t, 9, &thing));
    assert_true(timers_due(t, 100, &thing));
    assert_int_equal(thing, 1);
    assert_true(timers_due(t, 100, &thing));
    assert_int_equal(thing, 0);
    assert_true(timers_due(t, 100, &thing));
    assert_int_equal(thing, 3);
    assert_false(timers_due(t, 100, &thing));
    timers_free(t);
}

/* Against a plain array, over many random settings and stops. */
static void test_timers_agree_with_a_plain_list(void **state)
{
    (void)state;
    struct timers *t = timers_new(THINGS);
    int64_t list[THINGS];
    uint32_t random = 1, thing;
    for (size_t i = 0; i < THINGS; i++)
        list[i] = INT64_MAX;
    for (unsigned step = 0; step < 20000; step++) {
        random = random * 1664525 + 1013904223;
        uint32_t which = (random >> 8) % THINGS;
        int64_t when = (random >> 20) % 64;
        if (random % 3 == 0) {
            timers_stop(t, which);
            list[which] = INT64_MAX;
        } else {
            timers_set(t, which, when);
            list[which] = when;
        }
        int64_t least = INT64_MAX;
        for (size_t i = 0; i < THINGS; i++)
            least = list[i] < least ? list[i] : least;
        assert_int_equal(timers_next_us(t), least);
        if (random % 7 == 0 && timers_due(t, 64, &thing)) {
            assert_int_equal(list[thing], least);
            list[thing] = INT64_MAX;
        }
    }
    timers_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pace_without_a_rate_never_holds_back),
        cmocka_unit_test(test_pace_begins_with_one),
        cmocka_unit_test(test_pace_gives_its_rate_and_no_more),
        cmocka_unit_test(test_pace_makes_up_for_no_more_than_its_slack),
        cmocka_unit_test(test_repeats_go_before_fresh_ones),
        cmocka_unit_test(test_nobody_without_a_turn_costs_the_pace_nothing),
        cmocka_unit_test(test_timers_come_in_their_order),
        cmocka_unit_test(test_timers_agree_with_a_plain_list),
    };
    return cmocka_run_group_tests_name("turns", tests, NULL, NULL);
}
