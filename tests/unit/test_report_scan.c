/* report/text of a scan: the block of a host that was asked, with the lines of 2009 as they were,
 * and hosts that stay unknown. */
#include "asked_hosts.h"

static char *one_host(const struct verdict *v, struct shown how)
{
    how.verdicts = v;
    how.verdict_count = 1;
    return shown_as("text", how);
}

/* One host that stays unknown, shown all the same. */
static char *unknown_shown(enum check_cause a, enum check_cause b, enum check_cause c,
                           enum check_cause d, int verbosity)
{
    struct check checks[ASKED_PORTS];
    checks_of(checks, a, b, c, d);
    struct verdict v = asked(address_at("10.0.0.5"), checks, NULL);
    return one_host(&v, (struct shown){.each_host = true, .verbosity = verbosity, .width = 200});
}

static struct verdict infected_host(struct check checks[ASKED_PORTS], struct sign *sign)
{
    checks_of(checks, CAUSE_VALID, CAUSE_REFUSED, CAUSE_VALID, CAUSE_REFUSED);
    *sign = answer_sign();
    return asked(address_at("127.10.0.1"), checks, sign);
}

static void assert_begins(const char *text, const char *expected)
{
    assert_true(strlen(text) >= strlen(expected));
    if (strncmp(text, expected, strlen(expected)) != 0)
        assert_string_equal(text, expected);
}

static void test_infected_host_is_a_block_with_the_lines_of_2009(void **state)
{
    (void)state;
    struct check checks[ASKED_PORTS];
    struct sign sign;
    struct verdict v = infected_host(checks, &sign);
    char *text = one_host(&v, (struct shown){.width = 80});
    assert_begins(text, "127.10.0.1\n"
                        "    Checking for Conficker.C or higher...\n"
                        "    Check 1 (port 49055/tcp): INFECTED (Received valid data)\n"
                        "    Check 2 (port 43657/tcp): CLEAN (Couldn't connect)\n"
                        "    Check 3 (port 4348/udp): INFECTED (Received valid data)\n"
                        "    Check 4 (port 59614/udp): CLEAN (Failed to receive data)\n"
                        "    2/4 checks: Host is likely INFECTED\n"
                        "  INFECTED, variant D (SRI: C) or E, by proof, 2026-11-22 05:10:11 UTC\n"
                        "    - p2p-answer: It answered on 2 of its ports.\n\n"
                        "SUMMARY OF hunt\n");
    free(text);
}

static void test_suspicious_host_is_a_block_though_2009_called_it_clean(void **state)
{
    (void)state;
    struct check checks[ASKED_PORTS];
    struct sign sign = odd_sign();
    checks_of(checks, CAUSE_CHECKSUM, CAUSE_REFUSED, CAUSE_SILENT, CAUSE_SILENT);
    struct verdict v = asked(address_at("10.0.0.5"), checks, &sign);
    char *text = one_host(&v, (struct shown){.width = 80});
    assert_true(holds(text, "(port 49055/tcp): CLEAN (Data received, but checksum was invalid "
                            "(possibly INFECTED))\n"));
    assert_true(holds(text, "    0/4 checks: Host is CLEAN or ports are blocked\n"
                            "  SUSPICIOUS, weight 3.0, 2026-11-22 05:10:11 UTC\n"
                            "    - p2p-odd-answer: It sent data that does not hold.\n\n"));
    free(text);
}

static void test_names_site_and_marks_stand_as_in_a_hunt(void **state)
{
    (void)state;
    struct check checks[ASKED_PORTS];
    struct sign sign;
    struct verdict v = infected_host(checks, &sign);
    v.site = "ward 3";
    v.name_count = 2;
    v.marks = MARK_RELAY;
    memcpy(v.names[0], "pc1", 4);
    memcpy(v.names[1], "pc2", 4);
    memcpy(v.advice, "Mind it.", 9);
    char *text = one_host(&v, (struct shown){.width = 200});
    assert_begins(text, "127.10.0.1 (pc1, pc2) at ward 3\n    Checking");
    assert_true(holds(text, "or E, marked relay, by proof"));
    assert_true(holds(text, "ports.\n    Mind it.\n\nSUMMARY"));
    free(text);
}

static bool is_line_of_2009(const char *line)
{
    return strncmp(line, "    Check", 9) == 0 || strncmp(line, "    0/3 checks: ", 16) == 0;
}

static void test_lines_of_2009_are_never_broken_and_others_are(void **state)
{
    (void)state;
    static const char line[] = "    Check 1 (port 49055/tcp): CLEAN (Data received, but wasn't "
                               "Conficker data: Packet was too short [4])\n";
    struct check checks[ASKED_PORTS];
    checks_of(checks, CAUSE_CUT_UNKNOWN1, CAUSE_REFUSED, CAUSE_REFUSED, CAUSE_NO_ROUTE);
    struct verdict v = asked(address_at("10.0.0.5"), checks, NULL);
    for (int width = 40; width <= 130; width++) {
        char *text = one_host(&v, (struct shown){.verbosity = 1, .width = width});
        assert_true(holds(text, line));
        assert_true(holds(text, "    0/3 checks: Host is CLEAN or ports are blocked\n"));
        for (const char *at = text; *at != '\0'; at += strcspn(at, "\n") + 1)
            assert_true(strcspn(at, "\n") <= (size_t)width || is_line_of_2009(at));
        free(text);
    }
}

static void test_what_was_not_asked_is_unknown_and_not_counted(void **state)
{
    (void)state;
    char *text = unknown_shown(CAUSE_REFUSED, CAUSE_REFUSED, CAUSE_REFUSED, CAUSE_NO_ROUTE, 0);
    assert_true(holds(text, "    Check 4 (port 59614/udp): UNKNOWN (not asked: no route from "
                            "here)\n    0/3 checks: Host is CLEAN or ports are blocked\n"));
    free(text);
}

static void test_where_nothing_was_asked_nothing_is_called_clean(void **state)
{
    (void)state;
    char *text = unknown_shown(CAUSE_NO_ROUTE, CAUSE_NO_ROUTE, CAUSE_NO_ROUTE, CAUSE_NO_ROUTE, 0);
    assert_int_equal(count_of(text, "UNKNOWN (not asked: no route from here)\n"), ASKED_PORTS);
    assert_false(holds(text, "checks:"));
    assert_false(holds(text, "CLEAN"));
    assert_true(holds(text, "  UNKNOWN: 4 of 4 ports: not asked: no route from here\n\n"));
    free(text);
}

static void test_unknown_host_says_its_reason_once(void **state)
{
    (void)state;
    char *text = unknown_shown(CAUSE_REFUSED, CAUSE_REFUSED, CAUSE_REFUSED, CAUSE_REFUSED, 0);
    assert_true(holds(text, "blocked\n  UNKNOWN: all ports refuse: no variant D or E listens; A to "
                            "C cannot be seen so\n\nSUMMARY"));
    assert_int_equal(count_of(text, "all ports refuse"), 1);
    free(text);
}

static void test_details_are_shown_to_who_asks_for_them(void **state)
{
    (void)state;
    char *brief = unknown_shown(CAUSE_REFUSED, CAUSE_CLOSED, CAUSE_SILENT, CAUSE_NO_ROUTE, 0);
    char *full = unknown_shown(CAUSE_REFUSED, CAUSE_CLOSED, CAUSE_SILENT, CAUSE_NO_ROUTE, 1);
    assert_false(holds(brief, "nothing listens"));
    assert_true(holds(full, "    port 49055/tcp: nothing listens on this port\n"
                            "    port 43657/tcp: the connection was closed before a byte came\n"
                            "    port 4348/udp: nothing came back\n\nSUMMARY"));
    free(brief);
    free(full);
}

static void test_facts_and_details_stand_below_the_verdict(void **state)
{
    (void)state;
    struct check checks[ASKED_PORTS];
    struct sign sign;
    struct verdict v = infected_host(checks, &sign);
    checks[1].week = CHECK_WEEK_LAST;
    checks[3].week = CHECK_WEEK_NEXT;
    char *text = one_host(&v, (struct shown){.verbosity = 1, .width = 200});
    assert_true(holds(text, "ports.\n        proof, count 2, 2026-11-22 05:10:11 UTC\n"
                            "        first_peer: 192.0.2.1:40832\n"
                            "    port 43657/tcp of last week: nothing listens on this port\n"
                            "    port 59614/udp of next week: nothing listens on this port\n\n"));
    free(text);
}

static void test_a_block_is_out_before_the_scan_has_ended(void **state)
{
    (void)state;
    static const struct totals totals = {.verb = "scan"};
    struct check checks[ASKED_PORTS];
    struct sign sign;
    struct verdict v = infected_host(checks, &sign);
    char *text = NULL;
    size_t size = 0;
    struct report r = {.format = report_format_named("text"), .out = open_memstream(&text, &size)};
    assert_non_null(r.out);
    assert_true(r.format->begin(&r));
    assert_true(r.format->host(&r, &v));
    assert_true(size > 0 && holds(text, "likely INFECTED") && !holds(text, "SUMMARY"));
    assert_true(r.format->end(&r, &totals));
    assert_int_equal(fclose(r.out), 0);
    assert_int_equal(count_of(text, "likely INFECTED"), 1);
    free(text);
}

static void test_an_exempt_host_is_shown_though_it_is_unknown(void **state)
{
    (void)state;
    struct check checks[ASKED_PORTS];
    checks_of(checks, CAUSE_REFUSED, CAUSE_REFUSED, CAUSE_REFUSED, CAUSE_REFUSED);
    struct circumstances c = {
        .exempt = true, .checks = checks, .check_count = ASKED_PORTS, .hearing = HEARING_REFUSED};
    struct verdict v;
    verdict_of(&c, NULL, 0, &v);
    char *text = one_host(&v, (struct shown){.width = 200});
    assert_true(holds(text, "  UNKNOWN: exempt: only answers of its own would count\n"));
    free(text);
}

static void test_a_span_within_one_second_is_said_as_one_time(void **state)
{
    (void)state;
    struct check checks[ASKED_PORTS];
    struct sign sign;
    struct verdict v = infected_host(checks, &sign);
    v.first_us = INT64_C(1240317851000000);
    v.last_us = v.first_us + 999999;
    char *text = one_host(&v, (struct shown){.width = 200});
    assert_true(holds(text, ", 2009-04-21 12:44:11 UTC\n"));
    free(text);
    v.last_us++;
    text = one_host(&v, (struct shown){.width = 200});
    assert_true(holds(text, ", 2009-04-21 12:44:11 to 12:44:12 UTC\n"));
    free(text);
}

static char *hostile_block(bool colour)
{
    struct check checks[ASKED_PORTS];
    struct sign sign;
    struct verdict v = infected_host(checks, &sign);
    v.site = HOSTILE;
    v.name_count = VERDICT_NAMES_MAX;
    for (size_t i = 0; i < VERDICT_NAMES_MAX; i++)
        memcpy(v.names[i], HOSTILE, sizeof HOSTILE);
    memcpy(sign.says, HOSTILE, sizeof HOSTILE);
    memcpy(v.advice, HOSTILE, sizeof HOSTILE);
    sign_add_text(&sign, FACT_TEXT, "asked", HOSTILE);
    return one_host(&v, (struct shown){.verbosity = 1, .width = 80, .colour = colour});
}

/* The é of HOSTILE may stand in sentences; names and facts are ASCII. */
static void test_no_control_byte_leaves_for_hostile_names(void **state)
{
    (void)state;
    char *text = hostile_block(false);
    for (const char *next = text; *next != '\0'; next++) {
        unsigned char byte = (unsigned char)*next;
        assert_true(byte == '\n' || (byte >= 0x20 && byte < 0x7f) || byte == 0xc3 || byte == 0xa9);
    }
    assert_int_equal(count_of(text, "\\xc3\\xa9"), 1 + VERDICT_NAMES_MAX + 1);
    free(text);
}

static void test_colours_mark_the_verdict_and_leave_the_lines_of_2009_alone(void **state)
{
    (void)state;
    char *plain = hostile_block(false), *coloured = hostile_block(true), *kept = coloured;
    assert_true(holds(coloured, "\033[1;31m127.10.0.1\033[0m"));
    assert_true(holds(coloured, "  \033[1;31mINFECTED\033[0m, variant"));
    assert_true(holds(coloured, "\n    2/4 checks: Host is likely INFECTED\n"));
    bool in_colour = false;
    for (const char *next = coloured; *next != '\0'; next++) {
        in_colour = in_colour || *next == '\033';
        if (!in_colour)
            *kept++ = *next;
        in_colour = in_colour && *next != 'm';
    }
    *kept = '\0';
    assert_string_equal(plain, coloured);
    free(plain);
    free(coloured);
}

static void test_full_disk_is_told_at_the_first_block(void **state)
{
    (void)state;
    static const struct totals totals = {.verb = "scan"};
    struct check checks[ASKED_PORTS];
    struct sign sign;
    struct verdict v = infected_host(checks, &sign);
    struct report r = {.format = report_format_named("text"), .out = fopen("/dev/full", "w")};
    if (r.out == NULL)
        skip();
    assert_true(r.format->begin(&r));
    assert_false(r.format->host(&r, &v));
    assert_false(r.format->end(&r, &totals));
    (void)fclose(r.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_infected_host_is_a_block_with_the_lines_of_2009),
        cmocka_unit_test(test_suspicious_host_is_a_block_though_2009_called_it_clean),
        cmocka_unit_test(test_names_site_and_marks_stand_as_in_a_hunt),
        cmocka_unit_test(test_lines_of_2009_are_never_broken_and_others_are),
        cmocka_unit_test(test_what_was_not_asked_is_unknown_and_not_counted),
        cmocka_unit_test(test_where_nothing_was_asked_nothing_is_called_clean),
        cmocka_unit_test(test_unknown_host_says_its_reason_once),
        cmocka_unit_test(test_details_are_shown_to_who_asks_for_them),
        cmocka_unit_test(test_facts_and_details_stand_below_the_verdict),
        cmocka_unit_test(test_a_block_is_out_before_the_scan_has_ended),
        cmocka_unit_test(test_an_exempt_host_is_shown_though_it_is_unknown),
        cmocka_unit_test(test_a_span_within_one_second_is_said_as_one_time),
        cmocka_unit_test(test_no_control_byte_leaves_for_hostile_names),
        cmocka_unit_test(test_colours_mark_the_verdict_and_leave_the_lines_of_2009_alone),
        cmocka_unit_test(test_full_disk_is_told_at_the_first_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
