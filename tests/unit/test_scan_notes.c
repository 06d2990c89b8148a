/* engine/scan_notes: sentences of a summary say one thing of one, and another of many. */
#include "testing.h"

#include "engine/scan_notes.h"

static struct sentences said;

static void assert_says(size_t place, const char *sentence)
{
    assert_true(place < said.count);
    assert_string_equal(said.text[place], sentence);
}

static int begin(void **state)
{
    (void)state;
    said.count = 0;
    return 0;
}

static void say(uint64_t count)
{
    const struct raw_counts raw = {.network = {.dropped = count, .full = count}, .let_go = count};
    const struct engine_counts sockets = {.shortages = count};
    const struct targets_left_out left = {.excluded = count, .reserved = count};
    uint64_t of_cause[CHECK_CAUSES] = {[CAUSE_STOPPED] = count};
    const char *reason = check_reason(&(const struct check){.cause = CAUSE_STOPPED});
    scan_say_raw_limits(&raw, &said);
    scan_say_limits(&sockets, count, &said);
    scan_say_left_out(&left, 0, &said);
    scan_say_local_failures(of_cause, &said);
    assert_int_equal(said.count, 8);
    assert_non_null(strstr(said.text[7], reason));
}

static void test_of_one_all_is_said_in_the_singular(void **state)
{
    (void)state;
    say(1);
    assert_says(0, "1 packet was lost, as more came than were read; a lower --max-rate loses none");
    assert_says(1, "the device had no room for packets 1 time, and was waited for");
    assert_says(2, "1 answer was not put together from pieces, for there were too many");
    assert_says(3, "1 host was not asked, for want of memory");
    assert_says(4, "descriptors, local ports or buffers were short 1 time, and were waited for");
    assert_says(5, "1 host was left out, as asked for by --exclude or --excludefile");
    assert_non_null(strstr(said.text[6], "1 address was left out: reserved"));
    assert_non_null(strstr(said.text[7], "1 port: "));
}

static void test_of_many_all_is_said_in_the_plural(void **state)
{
    (void)state;
    say(2);
    assert_says(0,
                "2 packets were lost, as more came than were read; a lower --max-rate loses none");
    assert_says(1, "the device had no room for packets 2 times, and was waited for");
    assert_says(2, "2 answers were not put together from pieces, for there were too many");
    assert_says(3, "2 hosts were not asked, for want of memory");
    assert_says(4, "descriptors, local ports or buffers were short 2 times, and were waited for");
    assert_says(5, "2 hosts were left out, as asked for by --exclude or --excludefile");
    assert_non_null(strstr(said.text[6], "2 addresses were left out: reserved"));
    assert_non_null(strstr(said.text[7], "2 ports: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_of_one_all_is_said_in_the_singular, begin),
        cmocka_unit_test_setup(test_of_many_all_is_said_in_the_plural, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
