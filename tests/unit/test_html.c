/* report/html: what is escaped, where things stand in pictures, pieces that come back, and the page
 * as a whole: order, limits, what a telling replaces. */
#include "asked_hosts.h"

#include <math.h>

#include "evidence/mend.h"
#include "report/html_host.h"
#include "report/html_inside.h"
#include "report/html_scale.h"
#include "report/html_signs.h"

static void assert_text_becomes(const char *text, const char *expected)
{
    struct markup m = {0};
    markup_text(&m, SAFE_UTF8, text);
    assert_false(m.failed);
    assert_string_equal(m.text != NULL ? m.text : "", expected);
    markup_free(&m);
}

static void test_markup_in_a_text_is_shown_as_text(void **state)
{
    (void)state;
    assert_text_becomes("<b title='x' id=\"y\">&amp;</b>",
                        "&lt;b title=&#39;x&#39; id=&quot;y&quot;&gt;&amp;amp;&lt;/b&gt;");
    assert_text_becomes("", "");
    assert_text_becomes("plain", "plain");
}

static void test_bytes_that_harm_are_shown_as_their_numbers(void **state)
{
    (void)state;
    assert_text_becomes("a\nb\tc\fd", "a\\x0ab\\x09c\\x0cd");
    assert_text_becomes("\xe2\x80\xae<\xff", "\\xe2\\x80\\xae&lt;\\xff");
    assert_text_becomes("\xc3\xa9\\", "\xc3\xa9\\\\");
}

static void test_says_grows_over_any_length(void **state)
{
    (void)state;
    struct markup m = {0};
    size_t length = 0;
    for (int i = 0; i < 3000; i++)
        markup_say(&m, "<%d>", i);
    for (const char *next = m.text; *next != '\0'; next++)
        length += *next == '<';
    assert_int_equal(length, 3000);
    assert_int_equal(m.used, strlen(m.text));
    markup_clear(&m);
    markup_say(&m, "%01500d", 7);
    assert_int_equal(m.used, 1500);
    markup_free(&m);
}

static void test_counts_are_written_in_threes(void **state)
{
    (void)state;
    char text[COUNT_TEXT_SIZE];
    assert_string_equal(count_text(0, text), "0");
    assert_string_equal(count_text(999, text), "999");
    assert_string_equal(count_text(1000, text), "1,000");
    assert_string_equal(count_text(UINT64_MAX, text), "18,446,744,073,709,551,615");
}

static void test_bytes_are_shown_sixteen_a_line(void **state)
{
    (void)state;
    struct markup m = {0};
    assert_true(hex_dump(&m, "e8ffffffffc25f8d4f108031c44166813c"));
    assert_non_null(strstr(m.text, "0000  e8 ff ff ff ff c2 5f 8d 4f 10 80 31 c4 41 66 81  "));
    assert_non_null(strstr(m.text, "\n0010  3c "));
    assert_non_null(strstr(m.text, "&lt;</pre>"));
    assert_false(hex_dump(&m, "e8f"));
    assert_false(hex_dump(&m, "e8fx"));
    assert_false(hex_dump(&m, ""));
    markup_free(&m);
}

static void test_axis_begins_and_ends_with_ticks_around_its_span(void **state)
{
    (void)state;
    int64_t ticks[TICKS];
    struct time_axis a = time_axis_over(at("2009-04-21T17:59:59Z"), at("2009-04-21T16:03:00Z"), 100,
                                        200);
    time_axis_ticks(&a, ticks);
    assert_int_equal(a.step_us, 30 * 60 * US_PER_SECOND);
    assert_int_equal(ticks[0], at("2009-04-21T16:00:00Z"));
    assert_int_equal(ticks[TICKS - 1], at("2009-04-21T18:00:00Z"));
    assert_true(fabs(time_axis_at(&a, at("2009-04-21T17:00:00Z")) - 150) < 1e-9);
}

static void test_axis_takes_any_time(void **state)
{
    (void)state;
    static const int64_t times[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
    for (size_t i = 0; i < COUNT_OF(times); i++)
        for (size_t k = 0; k < COUNT_OF(times); k++) {
            char text[TICK_TEXT_SIZE];
            int64_t ticks[TICKS];
            struct time_axis a = time_axis_over(times[i], times[k], 0, 1);
            time_axis_ticks(&a, ticks);
            assert_true(a.last_us > a.first_us);
            assert_true(time_axis_at(&a, times[i]) >= 0 && time_axis_at(&a, times[i]) <= 1);
            assert_non_null(time_axis_text(&a, ticks[0], text));
        }
}

static void test_what_is_outside_an_axis_stands_at_its_edge(void **state)
{
    (void)state;
    struct time_axis a = time_axis_over(0, US_PER_DAY, 10, 20);
    assert_true(time_axis_at(&a, -US_PER_DAY * 9) <= 10);
    assert_true(time_axis_at(&a, US_PER_DAY * 9) >= 20);
    assert_true(count_axis_at(-1, 10, 0, 5) <= 0);
    assert_true(count_axis_at(11, 10, 0, 5) >= 5);
    assert_true(count_axis_at(NAN, 10, 0, 5) <= 0);
}

static void test_midnight_is_named_by_its_date(void **state)
{
    (void)state;
    char text[TICK_TEXT_SIZE];
    struct time_axis a = time_axis_over(at("2009-04-21T20:00:00Z"), at("2009-04-22T04:00:00Z"), 0,
                                        1);
    assert_string_equal(time_axis_text(&a, at("2009-04-22T00:00:00Z"), text), "2009-04-22");
    assert_string_equal(time_axis_text(&a, at("2009-04-22T02:00:00Z"), text), "02:00");
}

static void test_top_of_a_count_is_round_and_no_less(void **state)
{
    (void)state;
    assert_true(fabs(count_axis_top(0) - 1) < 1e-9);
    assert_true(fabs(count_axis_top(251) - 500) < 1e-9);
    assert_true(fabs(count_axis_top(500) - 500) < 1e-9);
    assert_true(fabs(count_axis_top(1001) - 2000) < 1e-9);
    assert_true(count_axis_top(1e19) >= 1e19);
}

static void test_pieces_come_back_by_their_numbers(void **state)
{
    (void)state;
    struct pack p = {.pieces_a_chunk = 4};
    struct markup m = {0};
    for (int i = 0; i < 10; i++) {
        markup_clear(&m);
        if (i != 5) /* an empty piece is one, too */
            markup_say(&m, "<p>%d</p>", i);
        pack_add(&p, &m);
    }
    pack_close(&p);
    assert_int_equal(p.chunk_count, 3);
    for (size_t i = 0; i < 10; i++) {
        char expected[16];
        (void)snprintf(expected, sizeof expected, "<p>%zu</p>", i);
        markup_clear(&m);
        pack_get(&p, i, &m);
        assert_false(m.failed);
        assert_string_equal(m.text, i != 5 ? expected : "");
    }
    markup_free(&m);
    pack_free(&p);
}

static void test_days_of_names_are_added_in_order_and_bounded(void **state)
{
    (void)state;
    struct name_days *n = calloc(1, sizeof *n);
    assert_non_null(n);
    for (int32_t day = NAME_DAYS_MAX + 3; day > 0; day--)
        name_days_add(n, &(struct sign){.day = day, .count = 2, .has_of = true, .of = 3});
    name_days_add(n, &(struct sign){.day = 100, .count = 5});
    assert_int_equal(n->count, NAME_DAYS_MAX);
    assert_int_equal(n->not_kept, 3);
    for (size_t i = 1; i < n->count; i++)
        assert_true(n->days[i - 1].day < n->days[i].day);
    assert_int_equal(n->days[100 - 4].names, 7);
    assert_int_equal(n->days[100 - 4].of, 8);
    free(n);
}

/* A copy: gcc takes the stream's own memory for a variable's. */
static char *page_of(struct shown what)
{
    char *text = shown_as("html", what), *copy = strdup(text);
    assert_non_null(copy);
    free(text);
    return copy;
}

static size_t times_in(const char *page, const char *text)
{
    size_t count = 0;
    for (const char *next = strstr(page, text); next != NULL; next = strstr(next + 1, text))
        count++;
    return count;
}

static void test_gravest_host_of_ours_stands_first(void **state)
{
    (void)state;
    struct verdict all[] = {verdict_made("10.0.0.1", false, VERDICT_INFECTED),
                            verdict_made("10.0.0.2", true, VERDICT_UNKNOWN),
                            verdict_made("10.0.0.3", true, VERDICT_INFECTED),
                            verdict_made("10.0.0.4", true, VERDICT_INFECTED)};
    all[3].proof = true;
    char *page = page_of((struct shown){.verdict_count = COUNT_OF(all), .verdicts = all});
    const char *body = strstr(page, "<tbody id=\"body\">");
    static const char *const order[] = {"#host-10.0.0.4\"", "#host-10.0.0.3\"", "#host-10.0.0.2\"",
                                        "#host-10.0.0.1\""};
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        assert_non_null(body);
        body = strstr(body, order[i]);
    }
    assert_non_null(body);
    free(page);
}

static void test_same_address_at_two_sites_is_two_hosts(void **state)
{
    (void)state;
    struct verdict all[] = {verdict_made("10.0.0.1", true, VERDICT_INFECTED),
                            verdict_made("10.0.0.1", true, VERDICT_INFECTED)};
    all[0].site = "north";
    all[1].site = "south";
    char *page = page_of((struct shown){.verdict_count = 2, .verdicts = all});
    assert_int_equal(times_in(page, "<section class=\"host\""), 2);
    free(page);
}

static void test_page_names_what_is_missing(void **state)
{
    (void)state;
    static const char *const limits[] = {"The table of hosts was <full>."};
    struct totals t = {.verb = "hunt", .limit_count = 1, .limits_hit = limits, .complete = false};
    char *page = page_of((struct shown){.totals = &t});
    assert_non_null(strstr(page, "<b>Incomplete.</b>"));
    assert_non_null(strstr(page, "The table of hosts was &lt;full&gt;."));
    assert_non_null(strstr(page, "No infected host of yours was found"));
    free(page);
}

static void test_every_verdict_has_steps_that_mend(void **state)
{
    (void)state;
    for (enum verdict_kind kind = VERDICT_INFECTED; kind < VERDICT_KINDS; kind++) {
        const struct mend *mend = mend_of(kind);
        assert_in_range(mend->step_count, 1, MEND_STEPS_MAX);
        assert_true(strlen(mend->title) > 0 && strlen(mend->summary) > 0);
        for (size_t i = 0; i < mend->step_count; i++)
            assert_true(strlen(mend->steps[i].title) > 0 && strlen(mend->steps[i].text) > 0);
    }
}

static void test_policy_lets_nothing_be_fetched(void **state)
{
    (void)state;
    char *page = page_of((struct shown){0});
    assert_non_null(strstr(page, "content=\"default-src 'none'; script-src 'sha256-"));
    assert_null(strstr(page, "unsafe"));
    assert_null(strstr(page, "style=\""));
    assert_null(strstr(page, "http:"));
    assert_null(strstr(page, "https:"));
    free(page);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_markup_in_a_text_is_shown_as_text),
        cmocka_unit_test(test_bytes_that_harm_are_shown_as_their_numbers),
        cmocka_unit_test(test_says_grows_over_any_length),
        cmocka_unit_test(test_counts_are_written_in_threes),
        cmocka_unit_test(test_bytes_are_shown_sixteen_a_line),
        cmocka_unit_test(test_axis_begins_and_ends_with_ticks_around_its_span),
        cmocka_unit_test(test_axis_takes_any_time),
        cmocka_unit_test(test_what_is_outside_an_axis_stands_at_its_edge),
        cmocka_unit_test(test_midnight_is_named_by_its_date),
        cmocka_unit_test(test_top_of_a_count_is_round_and_no_less),
        cmocka_unit_test(test_pieces_come_back_by_their_numbers),
        cmocka_unit_test(test_days_of_names_are_added_in_order_and_bounded),
        cmocka_unit_test(test_gravest_host_of_ours_stands_first),
        cmocka_unit_test(test_same_address_at_two_sites_is_two_hosts),
        cmocka_unit_test(test_page_names_what_is_missing),
        cmocka_unit_test(test_every_verdict_has_steps_that_mend),
        cmocka_unit_test(test_policy_lets_nothing_be_fetched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
