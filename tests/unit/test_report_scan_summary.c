/* report/text at the end of a scan: hosts that stay unknown, as ranges by reason, and the summary.
 */
#include "asked_hosts.h"

#include <math.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "report/gathered.h"
#include "report/text_scan.h"

#define REFUSING "all ports refuse: no variant D or E listens; A to C cannot be seen so\n"
#define SILENT "no answer on any port: filtered, switched off, or nobody there\n"

enum { HOSTS_MOST = 120 };

/* Hosts of one scan, in the order in which they finish. */
struct finished {
    struct check checks[HOSTS_MOST][ASKED_PORTS];
    struct sign signs[HOSTS_MOST];
    struct verdict verdicts[HOSTS_MOST];
    size_t count;
};

static struct verdict *finish_with(struct finished *f, struct address host, enum check_cause cause,
                                   const struct sign *sign)
{
    size_t i = f->count++;
    assert_true(i < HOSTS_MOST);
    checks_of(f->checks[i], cause, cause, cause, cause);
    if (sign != NULL)
        f->signs[i] = *sign;
    f->verdicts[i] = asked(host, f->checks[i], sign != NULL ? &f->signs[i] : NULL);
    return &f->verdicts[i];
}

static struct verdict *finish(struct finished *f, const char *host, enum check_cause cause)
{
    return finish_with(f, address_at(host), cause, NULL);
}

/* So many infected hosts, or suspicious ones, from 10.0.0.1 on, the last first. */
static void finish_many(struct finished *f, uint32_t count, struct sign sign)
{
    for (uint32_t i = count; i > 0; i--)
        (void)finish_with(f, address_of_v4(UINT32_C(0x0a000000) + i), CAUSE_VALID, &sign);
}

static struct scan_totals scan_made(void)
{
    return (struct scan_totals){.targets = 254,
                                .asked = 254,
                                .sent = 1016,
                                .received = 812,
                                .refused = 200,
                                .lost_share = NAN,
                                .silent_share = 40.0 / 254};
}

static char *text_of(const struct finished *f, struct totals t, struct shown how)
{
    struct scan_totals scan = scan_made();
    t.verb = "scan";
    if (t.scan == NULL)
        t.scan = &scan;
    how.verdicts = f->verdicts;
    how.verdict_count = f->count;
    how.totals = &t;
    how.width = how.width != 0 ? how.width : 200;
    return shown_as("text", how);
}

static char *end_of(const struct finished *f)
{
    return text_of(f, (struct totals){.complete = true}, (struct shown){.width = 200});
}

static void test_unknown_hosts_are_ranges_by_reason_the_largest_first(void **state)
{
    (void)state;
    struct finished f = {0};
    static const char *const refusing[] = {"127.3.0.9",  "127.3.0.2", "127.3.0.5", "127.3.0.1",
                                           "127.3.0.10", "127.3.0.0", "127.3.0.3"};
    (void)finish(&f, "127.3.0.4", CAUSE_SILENT);
    for (size_t i = 0; i < COUNT_OF(refusing); i++)
        (void)finish(&f, refusing[i], CAUSE_REFUSED);
    (void)finish(&f, "10.0.0.1", CAUSE_SILENT);
    char *text = end_of(&f);
    static const char expected[] = "UNKNOWN: ASKED, BUT NO ANSWER SAYS ANYTHING\n"
                                   "  7 hosts: " REFUSING
                                   "    127.3.0.0-127.3.0.3, 127.3.0.5, 127.3.0.9-127.3.0.10\n"
                                   "  2 hosts: " SILENT "    10.0.0.1, 127.3.0.4\n\n"
                                   "SUMMARY OF scan\n\n";
    assert_int_equal(strncmp(text, expected, strlen(expected)), 0);
    free(text);
}

static void test_groups_of_one_size_stand_in_the_same_order_whoever_finished_first(void **state)
{
    (void)state;
    struct finished a = {0}, b = {0};
    (void)finish(&a, "10.0.0.1", CAUSE_SILENT);
    (void)finish(&a, "10.0.0.2", CAUSE_REFUSED);
    (void)finish(&b, "10.0.0.2", CAUSE_REFUSED);
    (void)finish(&b, "10.0.0.1", CAUSE_SILENT);
    char *first = end_of(&a), *second = end_of(&b);
    assert_string_equal(first, second);
    assert_true(holds(first, "  1 host: "));
    free(first);
    free(second);
}

static void test_unknown_hosts_one_by_one_are_not_gathered_too(void **state)
{
    (void)state;
    struct finished f = {0};
    (void)finish(&f, "10.0.0.1", CAUSE_SILENT);
    (void)finish(&f, "10.0.0.2", CAUSE_SILENT);
    static const struct shown hows[] = {{.each_host = true}, {.verbosity = 1}};
    for (size_t i = 0; i < COUNT_OF(hows); i++) {
        char *text = text_of(&f, (struct totals){0}, hows[i]);
        assert_int_equal(count_of(text, "10.0.0.1\n"), 1);
        assert_int_equal(count_of(text, "0/4 checks: Host is CLEAN or ports are blocked\n"), 2);
        assert_false(holds(text, "UNKNOWN: ASKED"));
        free(text);
    }
}

static void test_infected_hosts_are_never_gathered(void **state)
{
    (void)state;
    struct finished f = {0};
    finish_many(&f, 2, answer_sign());
    char *text = end_of(&f);
    assert_int_equal(count_of(text, "likely INFECTED\n"), 2);
    assert_false(holds(text, "UNKNOWN"));
    free(text);
}

static void test_twenty_ranges_are_shown_and_the_rest_is_counted(void **state)
{
    (void)state;
    struct finished f = {0};
    for (uint32_t i = 0; i < 44; i += 2)
        (void)finish_with(&f, address_of_v4(UINT32_C(0x0a000000) + i), CAUSE_SILENT, NULL);
    char *text = end_of(&f);
    assert_true(holds(text, "10.0.0.36, 10.0.0.38 and 2 more hosts\n"));
    assert_false(holds(text, "10.0.0.40"));
    free(text);
}

static void test_ranges_keep_to_the_width(void **state)
{
    (void)state;
    struct finished f = {0};
    for (uint32_t i = 0; i < 60; i += 2)
        (void)finish_with(&f, address_of_v4(UINT32_C(0x0a000000) + i), CAUSE_SILENT, NULL);
    char *text = text_of(&f, (struct totals){0}, (struct shown){.width = 40});
    for (const char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1)
        assert_true(strcspn(at, "\n") <= 40);
    free(text);
}

static void test_ranges_go_over_octets_and_never_between_families(void **state)
{
    (void)state;
    static const char *const hosts[] = {"2001:db8::ffff:ffff:ffff:ffff",
                                        "10.0.1.0",
                                        "2001:db8:0:1::",
                                        "255.255.255.255",
                                        "::fffe:ffff:ffff",
                                        "0.0.0.0",
                                        "10.0.0.255",
                                        "::1:0:0:0"};
    struct finished f = {0};
    for (size_t i = 0; i < COUNT_OF(hosts); i++)
        (void)finish(&f, hosts[i], CAUSE_SILENT);
    char *text = end_of(&f);
    assert_true(holds(text, "\n    ::fffe:ffff:ffff, 0.0.0.0, 10.0.0.255-10.0.1.0, "
                            "255.255.255.255, ::1:0:0:0, "
                            "2001:db8::ffff:ffff:ffff:ffff-2001:db8:0:1::\n"));
    free(text);
}

static void test_an_address_that_finished_twice_is_in_its_range_once(void **state)
{
    (void)state;
    struct finished f = {0};
    (void)finish(&f, "10.0.0.2", CAUSE_SILENT);
    (void)finish(&f, "10.0.0.1", CAUSE_SILENT);
    (void)finish(&f, "10.0.0.2", CAUSE_SILENT);
    char *text = end_of(&f);
    assert_true(holds(text, "  3 hosts: " SILENT "    10.0.0.1-10.0.0.2\n"));
    free(text);
}

static void test_further_reasons_are_told_together_and_last(void **state)
{
    (void)state;
    struct finished f = {0};
    for (size_t i = 0; i < GATHERED_REASONS_MAX + 3; i++) {
        struct verdict *v = finish(&f, "10.0.0.1", CAUSE_SILENT);
        struct text text = text_over(v->reason, sizeof v->reason);
        text_add(&text, "reason %zu", i);
    }
    char *text = end_of(&f);
    assert_true(holds(text, "  1 host: reason 63\n"));
    assert_false(holds(text, "reason 64"));
    assert_true(holds(text, "  3 hosts: other reasons\n    10.0.0.1\n\nSUMMARY"));
    free(text);
}

static void test_beyond_the_limit_hosts_are_counted_and_it_is_said(void **state)
{
    (void)state;
    static const struct totals totals = {.verb = "scan", .complete = true};
    char *text = NULL;
    size_t size = 0;
    struct report r = {.format = report_format_named("text"), .out = open_memstream(&text, &size)};
    assert_true(r.out != NULL && r.format->begin(&r));
    struct check checks[ASKED_PORTS];
    checks_of(checks, CAUSE_SILENT, CAUSE_SILENT, CAUSE_SILENT, CAUSE_SILENT);
    struct verdict v = asked(address_of_v4(0), checks, NULL);
    for (uint32_t i = 0; i < GATHERED_HOSTS_MAX + 5; i++) {
        v.host = address_of_v4(i);
        assert_true(r.format->host(&r, &v));
    }
    assert_true(r.format->end(&r, &totals));
    assert_int_equal(fclose(r.out), 0);
    assert_true(holds(text, "  1048581 hosts: no answer"));
    assert_true(holds(text, "    0.0.0.0-0.15.255.255 and 5 more hosts\n"));
    assert_true(holds(text, "  Limit reached: 1048576 hosts are kept here by address; 5 more hosts "
                            "are only counted.\n"));
    free(text);
}

static void test_the_result_tells_who_was_found_of_how_many(void **state)
{
    (void)state;
    struct finished f = {0};
    struct totals t = {.complete = true, .hosts = {4, 2, 0, 248}};
    char *text = text_of(&f, t, (struct shown){0});
    assert_true(holds(text, "\n  4 infected and 2 suspicious of 254 hosts asked.\n"));
    assert_true(holds(text, "\n  1016 probes sent, 812 answered.\n"));
    assert_true(holds(text, "\n  A host that did not answer is not a clean host: "));
    assert_false(holds(text, "INCOMPLETE") || holds(text, "nan") || holds(text, "addresses seen"));
    free(text);
    t = (struct totals){.complete = true, .hosts = {0, 0, 0, 254}};
    text = text_of(&f, t, (struct shown){0});
    assert_true(holds(text, "\n  No infected host was found; 0 suspicious of 254 hosts asked.\n"));
    free(text);
}

static void test_a_lost_share_is_told_where_it_is_known(void **state)
{
    (void)state;
    struct finished f = {0};
    struct scan_totals scan = {.targets = 1, .asked = 1, .sent = 1, .lost_share = 0.0142};
    char *text = text_of(&f, (struct totals){.scan = &scan}, (struct shown){0});
    assert_true(holds(text, " 0 suspicious of 1 host asked.\n"));
    assert_true(holds(text, "  1 probe sent, 0 answered; about 1.4% lost on the way.\n"));
    free(text);
    scan.lost_share = 0;
    text = text_of(&f, (struct totals){.scan = &scan}, (struct shown){0});
    assert_true(holds(text, "  1 probe sent, 0 answered; none lost on the way.\n"));
    free(text);
}

static void test_unknown_hosts_are_split_by_what_kept_them_so(void **state)
{
    (void)state;
    struct finished f = {0};
    struct check *mixed = f.checks[6];
    for (size_t i = 0; i < 3; i++)
        (void)finish(&f, "10.0.0.1", CAUSE_REFUSED);
    (void)finish(&f, "10.0.0.2", CAUSE_SILENT);
    (void)finish(&f, "10.0.0.3", CAUSE_SILENT)->check_count--;
    (void)finish(&f, "10.0.0.4", CAUSE_NO_ROUTE);
    (void)finish(&f, "10.0.0.5", CAUSE_SILENT);
    mixed[0].cause = CAUSE_NO_PORT; /* the others were silent */
    (void)finish(&f, "10.0.0.6", CAUSE_MUTE);
    char *text = text_of(&f, (struct totals){.hosts = {0, 0, 0, 8}}, (struct shown){0});
    assert_true(holds(text, "\n  8 stay unknown: 3 refused on every port, 3 silent, 1 could not be "
                            "asked or heard, 1 for other reasons.\n"));
    free(text);
}

static void test_an_infected_host_is_among_the_asked_whatever_failed_beside(void **state)
{
    (void)state;
    struct finished f = {0};
    struct scan_totals scan = {.targets = 2, .asked = 0};
    struct sign sign = answer_sign();
    (void)finish_with(&f, address_at("10.0.0.1"), CAUSE_VALID, &sign);
    f.checks[0][3].cause = CAUSE_NO_PORT;
    (void)finish(&f, "10.0.0.2", CAUSE_NO_ROUTE);
    struct totals t = {.hosts = {1, 0, 0, 1}, .scan = &scan};
    char *text = text_of(&f, t, (struct shown){0});
    assert_true(holds(text, "  1 infected and 0 suspicious of 1 host asked.\n"));
    assert_true(holds(text, "  1 stays unknown: 1 could not be asked or heard.\n"));
    free(text);
}

static void test_unknown_hosts_without_a_common_reason_are_not_split(void **state)
{
    (void)state;
    struct finished f = {0};
    (void)finish(&f, "10.0.0.1", CAUSE_MUTE);
    char *text = text_of(&f, (struct totals){.hosts = {0, 0, 0, 1}}, (struct shown){0});
    assert_true(holds(text, "  1 stays unknown.\n"));
    free(text);
}

static void test_an_incomplete_scan_says_how_many_were_not_asked(void **state)
{
    (void)state;
    struct finished f = {0};
    struct scan_totals scan = {.targets = 254, .asked = 250};
    char *text = text_of(&f, (struct totals){.scan = &scan}, (struct shown){0});
    assert_true(holds(text, "  INCOMPLETE: not all could be asked, 4 of 254 hosts were not, or not "
                            "on every port, so an infected host may be missing here.\n"));
    free(text);
    scan.asked = 254;
    text = text_of(&f, (struct totals){.scan = &scan}, (struct shown){0});
    assert_true(holds(text, "  INCOMPLETE: something could not be asked or was left out, so an "));
    free(text);
}

static void test_three_infected_are_in_sight_and_four_are_named_again(void **state)
{
    (void)state;
    struct finished three = {0}, four = {0};
    finish_many(&three, SCAN_BLOCKS_IN_SIGHT, answer_sign());
    finish_many(&four, SCAN_BLOCKS_IN_SIGHT + 1, answer_sign());
    char *brief = end_of(&three), *full = end_of(&four);
    assert_false(holds(brief, "  Infected:"));
    assert_true(holds(full, "\n  Infected: 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4\n"));
    free(brief);
    free(full);
}

static void test_suspicious_hosts_are_named_apart(void **state)
{
    (void)state;
    struct finished f = {0};
    finish_many(&f, 4, odd_sign());
    char *text = end_of(&f);
    assert_true(holds(text, "\n  Suspicious: 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4\n"));
    assert_false(holds(text, "  Infected:"));
    free(text);
}

static void test_of_very_many_infected_a_hundred_are_named(void **state)
{
    (void)state;
    struct finished f = {0};
    finish_many(&f, SCAN_NAMED_MAX + 7, answer_sign());
    char *text = text_of(&f, (struct totals){.complete = true}, (struct shown){.width = 5000});
    assert_true(holds(text, "\n  Infected: 10.0.0.1, 10.0.0.2,"));
    assert_true(holds(text, ", 10.0.0.99, 10.0.0.100 and 7 more\n"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_hosts_are_ranges_by_reason_the_largest_first),
        cmocka_unit_test(test_groups_of_one_size_stand_in_the_same_order_whoever_finished_first),
        cmocka_unit_test(test_unknown_hosts_one_by_one_are_not_gathered_too),
        cmocka_unit_test(test_infected_hosts_are_never_gathered),
        cmocka_unit_test(test_twenty_ranges_are_shown_and_the_rest_is_counted),
        cmocka_unit_test(test_ranges_keep_to_the_width),
        cmocka_unit_test(test_ranges_go_over_octets_and_never_between_families),
        cmocka_unit_test(test_an_address_that_finished_twice_is_in_its_range_once),
        cmocka_unit_test(test_further_reasons_are_told_together_and_last),
        cmocka_unit_test(test_beyond_the_limit_hosts_are_counted_and_it_is_said),
        cmocka_unit_test(test_the_result_tells_who_was_found_of_how_many),
        cmocka_unit_test(test_a_lost_share_is_told_where_it_is_known),
        cmocka_unit_test(test_unknown_hosts_are_split_by_what_kept_them_so),
        cmocka_unit_test(test_an_infected_host_is_among_the_asked_whatever_failed_beside),
        cmocka_unit_test(test_unknown_hosts_without_a_common_reason_are_not_split),
        cmocka_unit_test(test_an_incomplete_scan_says_how_many_were_not_asked),
        cmocka_unit_test(test_three_infected_are_in_sight_and_four_are_named_again),
        cmocka_unit_test(test_suspicious_hosts_are_named_apart),
        cmocka_unit_test(test_of_very_many_infected_a_hundred_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
