/* cli/options and cli/suggest: what an argument list makes of a settings struct, and what it says
 * when it cannot. The rows have the shapes of nmap's and argus' options, which verbs will need. */
#include "testing.h"

#include <string.h>

#include "base/arena.h"
#include "base/time.h"
#include "cli/options.h"
#include "cli/suggest.h"

struct sample_settings {
    struct common_settings common;
    bool no_ping;
    struct option_number rate, colour;
    const char *normal, *json, *list;
    struct option_texts read;
    struct option_address source;
    struct option_prefixes home;
    struct option_day date;
    struct option_time since;
};

#define INTO(member) .into = offsetof(struct sample_settings, member)

static const struct option rows[] = {
    {.short_name = "Pn", .kind = OPTION_FLAG, INTO(no_ping)},
    {.name = "max-rate", .value = "N", .kind = OPTION_NUMBER, INTO(rate), .least = 0, .most = 1000},
    {.name = "color", .value = "WHEN", .kind = OPTION_CHOICE, INTO(colour), .choices = "auto|no"},
    {.short_name = "oN", .value = "FILE", .kind = OPTION_TEXT, INTO(normal)},
    {.short_name = "oJ", .value = "FILE", .kind = OPTION_TEXT, INTO(json)},
    {.short_name = "iL", .value = "FILE", .kind = OPTION_TEXT, INTO(list)},
    {.name = "read", .short_name = "r", .value = "FILE", .kind = OPTION_TEXTS, INTO(read)},
    {.short_name = "S", .value = "ADDRESS", .kind = OPTION_ADDRESS, INTO(source)},
    {.name = "home", .value = "NETS", .kind = OPTION_PREFIXES, INTO(home)},
    {.name = "date", .value = "DATE", .kind = OPTION_DAY, INTO(date)},
    {.name = "since", .value = "TIME", .kind = OPTION_TIME, INTO(since)},
};

static const struct option_set without_filter = {rows, COUNT_OF(rows), false};
static const struct option_set with_filter = {rows, COUNT_OF(rows), true};

/* What one argument list gave. */
struct outcome {
    bool good;
    struct sample_settings settings;
    struct option_words words;
    struct error err;
    struct arena memory;
};

static struct outcome parsed; /* one at a time; cleared by the fixture */

static int clear(void **state)
{
    (void)state;
    arena_free(&parsed.memory);
    memset(&parsed, 0, sizeof parsed);
    parsed.memory = arena_of(1 << 20);
    return 0;
}

static void parse_with(const struct option_set *set, size_t count, const char *const *arguments)
{
    parsed.good = options_parse(set, count, arguments, &parsed.memory, &parsed.settings,
                                &parsed.words, &parsed.err);
}

#define PARSE(...)                                                                                 \
    parse_with(&without_filter, COUNT_OF(((const char *[]){__VA_ARGS__})),                         \
               (const char *const[]){__VA_ARGS__})
#define PARSE_FILTERED(...)                                                                        \
    parse_with(&with_filter, COUNT_OF(((const char *[]){__VA_ARGS__})),                            \
               (const char *const[]){__VA_ARGS__})
#define ASSERT_SAYS(words) assert_non_null(strstr(parsed.err.text, words))

static void test_several_letters_behind_one_dash_are_one_option(void **state)
{
    (void)state;
    PARSE("-Pn", "-oN", "a.txt", "-oJ=b.json", "-iL", "-", "10.0.0.1");
    assert_true(parsed.good);
    assert_true(parsed.settings.no_ping);
    assert_string_equal(parsed.settings.normal, "a.txt");
    assert_string_equal(parsed.settings.json, "b.json");
    assert_string_equal(parsed.settings.list, "-");
    assert_int_equal(parsed.words.operand_count, 1);
}

static void test_value_follows_attached_or_behind_an_equals_sign(void **state)
{
    (void)state;
    PARSE("--max-rate", "7", "-ra.pcap", "-r", "b.pcap", "--read=c.pcap", "--read", "d=e");
    assert_true(parsed.good);
    assert_int_equal(parsed.settings.rate.value, 7);
    assert_int_equal(parsed.settings.read.count, 4);
    assert_string_equal(parsed.settings.read.items[0], "a.pcap");
    assert_string_equal(parsed.settings.read.items[3], "d=e");
}

static void test_flags_of_one_letter_join(void **state)
{
    (void)state;
    PARSE("-vvq", "-v", "-vrx");
    assert_true(parsed.good);
    assert_int_equal(parsed.settings.common.verbose, 4);
    assert_true(parsed.settings.common.quiet);
    assert_string_equal(parsed.settings.read.items[0], "x");
}

static void test_typed_values_are_read(void **state)
{
    (void)state;
    PARSE("-S", "192.0.2.1", "--home", "10.0.0.0/8,fd00::/8", "--home=192.0.2.0/24", "--date",
          "2009-04-21", "--since", "2009-04-21T00:00:01Z", "--color", "NO");
    assert_true(parsed.good);
    assert_int_equal(address_v4(parsed.settings.source.value), 0xc0000201);
    assert_int_equal(parsed.settings.home.count, 3);
    assert_int_equal(parsed.settings.date.value, day_of_date(2009, 4, 21));
    assert_int_equal(parsed.settings.since.value_us % US_PER_DAY, US_PER_SECOND);
    assert_int_equal(parsed.settings.colour.value, 1);
}

static void test_what_is_not_given_stays_absent(void **state)
{
    (void)state;
    PARSE("x");
    assert_true(parsed.good);
    assert_false(parsed.settings.rate.given || parsed.settings.date.given);
    assert_null(parsed.settings.normal);
    assert_false(parsed.words.has_filter);
}

static void test_lone_dash_begins_the_filter(void **state)
{
    (void)state;
    PARSE_FILTERED("-r", "-", "a.pcap", "-", "tcp", "and", "--max-rate");
    assert_true(parsed.good);
    assert_string_equal(parsed.settings.read.items[0], "-");
    assert_int_equal(parsed.words.operand_count, 1);
    assert_true(parsed.words.has_filter);
    assert_int_equal(parsed.words.filter_count, 3);
    assert_string_equal(parsed.words.filter[2], "--max-rate");
}

static void test_two_dashes_begin_the_filter_too_even_an_empty_one(void **state)
{
    (void)state;
    PARSE_FILTERED("a.pcap", "--");
    assert_true(parsed.good && parsed.words.has_filter);
    assert_int_equal(parsed.words.filter_count, 0);
}

static void test_without_a_filter_two_dashes_end_the_options(void **state)
{
    (void)state;
    PARSE("-", "--", "-v", "--");
    assert_true(parsed.good);
    assert_int_equal(parsed.words.operand_count, 3);
    assert_string_equal(parsed.words.operands[0], "-");
    assert_string_equal(parsed.words.operands[1], "-v");
    assert_int_equal(parsed.settings.common.verbose, 0);
}

static void test_unknown_option_names_the_nearest(void **state)
{
    (void)state;
    PARSE("--max-rat=3");
    assert_false(parsed.good);
    ASSERT_SAYS("no option '--max-rat'; did you mean --max-rate?");
    PARSE("-on", "x");
    ASSERT_SAYS("did you mean -oN?");
    PARSE("--quite-another-thing");
    ASSERT_SAYS("--help");
}

static void test_option_names_are_not_abbreviated(void **state)
{
    (void)state;
    PARSE("--max", "3");
    assert_false(parsed.good);
}

static void test_missing_value_is_said_to_miss(void **state)
{
    (void)state;
    PARSE("--max-rate");
    ASSERT_SAYS("--max-rate needs a value: --max-rate N");
    PARSE("-oN", "-oJ", "x");
    ASSERT_SAYS("-oN needs a value: -oN FILE; what follows, '-oJ', is itself an option");
    PARSE("-oN=");
    ASSERT_SAYS("needs a value");
}

static void test_value_that_only_looks_like_an_option_is_taken(void **state)
{
    (void)state;
    PARSE("-oN", "-strange-name", "-oJ=-oN");
    assert_true(parsed.good);
    assert_string_equal(parsed.settings.normal, "-strange-name");
    assert_string_equal(parsed.settings.json, "-oN");
}

static void test_flag_refuses_a_value(void **state)
{
    (void)state;
    PARSE("--quiet=yes");
    assert_false(parsed.good);
    ASSERT_SAYS("--quiet takes no value");
}

static void test_numbers_keep_their_bounds(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "1001", "-1", "x", "1x", " 1", "+1", "0x1", "1e3", "99999999999999999999"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        PARSE("--max-rate", wrong[i]);
        assert_false(parsed.good);
        ASSERT_SAYS("is not a number from 0 to 1000");
    }
    PARSE("--max-rate", "1000");
    assert_true(parsed.good);
}

static void test_wrong_typed_values_say_what_is_right(void **state)
{
    (void)state;
    PARSE("--color", "yes");
    ASSERT_SAYS("--color: 'yes' is none of auto|no");
    PARSE("--home", "10.0.0.0/8,");
    ASSERT_SAYS("--home: '' is not a network");
    PARSE("-S", "10.0.0");
    ASSERT_SAYS("-S: '10.0.0' is not an address");
    PARSE("--date", "21.4.2009");
    ASSERT_SAYS("write it as 2009-04-21");
    PARSE("--since", "2009-04-21T25:00:00Z");
    ASSERT_SAYS("--since");
}

static void test_too_many_networks_are_refused(void **state)
{
    (void)state;
    char many[(OPTION_PREFIXES_MAX + 1) * 8 + 1] = "";
    for (size_t i = 0; i <= OPTION_PREFIXES_MAX; i++)
        memcpy(many + 8 * i, i == OPTION_PREFIXES_MAX ? "1.0.0.0" : "1.0.0.0,", 8);
    PARSE("--home", many);
    assert_false(parsed.good);
    ASSERT_SAYS("more than 256 networks");
}

static void test_help_is_found_before_the_filter_only(void **state)
{
    (void)state;
    assert_true(options_ask_help(2, (const char *const[]){"--nonsense", "-h"}));
    assert_false(options_ask_help(2, (const char *const[]){"-", "--help"}));
    assert_false(options_ask_help(1, (const char *const[]){"-help"}));
}

static void test_edit_distance_counts_edits(void **state)
{
    (void)state;
    assert_int_equal(edit_distance("", "abc"), 3);
    assert_int_equal(edit_distance("kitten", "sitting"), 3);
    assert_int_equal(edit_distance("prots", "ports"), 1);
    assert_int_equal(edit_distance("same", "same"), 0);
    char longest[SUGGEST_WORD_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[SUGGEST_WORD_MAX + 1] = '\0';
    assert_true(edit_distance(longest, "x") == SIZE_MAX);
    longest[SUGGEST_WORD_MAX] = '\0';
    assert_int_equal(edit_distance(longest, "x"), SUGGEST_WORD_MAX - 1);
}

static void test_nothing_is_suggested_for_what_is_far(void **state)
{
    (void)state;
    struct suggestion s = suggest_for("list");
    suggest_offer(&s, "domains");
    assert_null(s.nearest);
    suggest_offer(&s, "lists");
    assert_string_equal(s.nearest, "lists");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, clear, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_several_letters_behind_one_dash_are_one_option),
        TEST(test_value_follows_attached_or_behind_an_equals_sign),
        TEST(test_flags_of_one_letter_join),
        TEST(test_typed_values_are_read),
        TEST(test_what_is_not_given_stays_absent),
        TEST(test_lone_dash_begins_the_filter),
        TEST(test_two_dashes_begin_the_filter_too_even_an_empty_one),
        TEST(test_without_a_filter_two_dashes_end_the_options),
        TEST(test_unknown_option_names_the_nearest),
        TEST(test_option_names_are_not_abbreviated),
        TEST(test_missing_value_is_said_to_miss),
        TEST(test_value_that_only_looks_like_an_option_is_taken),
        TEST(test_flag_refuses_a_value),
        TEST(test_numbers_keep_their_bounds),
        TEST(test_wrong_typed_values_say_what_is_right),
        TEST(test_too_many_networks_are_refused),
        TEST(test_help_is_found_before_the_filter_only),
        TEST(test_edit_distance_counts_edits),
        TEST(test_nothing_is_suggested_for_what_is_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
