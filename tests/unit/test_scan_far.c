/* engine/scan_far: how far a scan is, by one engine or both. */
#include "testing.h"

#include <math.h>

#include "base/time.h"
#include "engine/scan_far.h"

static void test_hosts_that_are_done_tell_the_pace_of_sockets(void **state)
{
    (void)state;
    struct raw_left left = scan_far_sockets(50, 200, 10);
    assert_true(fabs(left.share - 0.25) < 1e-9 && fabs(left.seconds - 30) < 1e-9);
    assert_true(isnan(scan_far_sockets(2, 65536, 30).seconds));
    assert_true(scan_far_sockets(20, 65536, 30).seconds > 3600); /* far below a hundredth */
}

/* All are found and asked through sockets, ten a second. */
static void test_sockets_that_lag_behind_tell_the_time(void **state)
{
    const struct raw_counts now = {
        .progress = {.place = 500, .sent = 2000, .asked = 2000, .answered = 2000},
        .places = 1000,
        .groups = 1,
        .found = 500};
    const struct raw_run run = {.now = &now, .passes = RAW_PASSES, .seconds = 10};
    (void)state;
    assert_true(fabs(scan_far_both(&run, 100, 1000).seconds - 90) < 1e-6);
    assert_true(fabs(scan_far_both(&run, 500, 1000).seconds - 10) < 1e-6);
}

static void test_raw_alone_is_not_all(void **state)
{
    const struct raw_counts now = {.progress = {.pass = RAW_PASSES}, .places = 1000, .found = 500};
    const struct raw_run run = {.now = &now, .passes = RAW_PASSES, .seconds = 10};
    (void)state;
    assert_true(fabs(scan_far_both(&run, 300, 1000).share - 0.8) < 1e-9);
    assert_true(scan_far_both(&run, 500, 1000).share >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hosts_that_are_done_tell_the_pace_of_sockets),
        cmocka_unit_test(test_sockets_that_lag_behind_tell_the_time),
        cmocka_unit_test(test_raw_alone_is_not_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
