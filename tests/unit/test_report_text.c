/* report/text: what is shown to whom in which order, wrapped, and without a harmful byte. */
#include "reporting.h"

static bool holds(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static void assert_printable(const char *text)
{
    for (; *text != '\0'; text++)
        assert_true(*text == '\n' || (*text >= 0x20 && *text < 0x7f));
}

/* No line is wider, unless it is one word that cannot be broken. */
static void assert_width(const char *text, size_t width)
{
    while (*text != '\0') {
        size_t length = strcspn(text, "\n"), lead = strspn(text, " ");
        size_t first_word = strcspn(text + lead, " \n");
        assert_true(length <= width || lead + first_word == length);
        text += length + (text[length] == '\n');
    }
}

static char *one_host(const struct verdict *v, int verbosity)
{
    struct shown what = {.verdict_count = 1, .verdicts = v, .verbosity = verbosity, .width = 200};
    return shown_as("text", what);
}

static void test_infected_host_comes_with_its_evidence(void **state)
{
    (void)state;
    struct sign sign = ports_sign();
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_INFECTED);
    v.variants = VARIANT_D | VARIANT_E;
    v.marks = MARK_RELAY;
    v.name_count = 1;
    memcpy(v.names[0], "ward3-pc", 9);
    v.signs = &sign;
    v.sign_count = 1;
    memcpy(v.advice, "Ask it by scan.", 16);
    char *text = shown_as("text", (struct shown){.verdict_count = 1, .verdicts = &v, .width = 200});
    const char *expected =
        "INFECTED\n\n"
        "10.0.0.5 (ward3-pc): INFECTED, variant D (SRI: C) or E, marked relay, weight 9.3, "
        "2009-04-21 16:44:11 to 2009-04-22 18:02:00 UTC\n"
        "    - p2p-ports: 41 of 43 peers were on the port predicted for their address.\n"
        "    Ask it by scan.\n\n"
        "SUMMARY OF hunt\n\n";
    assert_int_equal(strncmp(text, expected, strlen(expected)), 0);
    free(text);
}

static void test_facts_are_shown_to_who_asks_for_them(void **state)
{
    (void)state;
    struct sign sign = ports_sign();
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_INFECTED);
    v.signs = &sign;
    v.sign_count = 1;
    char *brief = one_host(&v, 0), *full = one_host(&v, 1);
    assert_false(holds(brief, "192.0.2.1"));
    assert_true(holds(full, "        peers: 192.0.2.1:40832, 192.0.2.2:1234\n"));
    assert_true(holds(full, "        pairs: 43\n        share: 0.25\n        week: 2050\n"));
    assert_true(holds(full, "one day in 10^12.4, count 41 of 43, 2009-04-21 16:44:11 to 18:02:00"));
    free(brief);
    free(full);
}

static void test_many_infected_strangers_are_counted_not_listed(void **state)
{
    (void)state;
    struct verdict v[30];
    for (size_t i = 0; i < 30; i++)
        v[i] = verdict_made("192.0.2.1", false, VERDICT_INFECTED);
    char *brief = shown_as("text",
                           (struct shown){.verdict_count = 30, .verdicts = v, .width = 200});
    assert_true(holds(brief, "20 more infected hosts outside are not listed; -v lists them."));
    char *full = shown_as(
        "text", (struct shown){.verdict_count = 30, .verdicts = v, .width = 200, .verbosity = 1});
    assert_false(holds(full, "not listed"));
    free(brief);
    free(full);
}

static void test_groups_have_headings_and_outside_hosts_their_own(void **state)
{
    (void)state;
    struct verdict v[] = {verdict_made("10.0.0.5", true, VERDICT_INFECTED),
                          verdict_made("10.0.0.6", true, VERDICT_INFECTED),
                          verdict_made("10.0.0.7", true, VERDICT_SUSPICIOUS),
                          verdict_made("10.0.0.8", true, VERDICT_CLEAN),
                          verdict_made("192.0.2.1", false, VERDICT_INFECTED)};
    static const char *const order[] = {"INFECTED\n", "10.0.0.5",    "10.0.0.6", "\nSUSPICIOUS\n",
                                        "10.0.0.7",   "\nCLEAN: ",   "10.0.0.8", "\nOUTSIDE YOUR",
                                        "192.0.2.1",  "\nSUMMARY OF"};
    char *text = shown_as("text", (struct shown){.verdict_count = 5, .verdicts = v});
    const char *next = text;
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        next = strstr(next, order[i]);
        assert_non_null(next);
        next += strlen(order[i]);
    }
    assert_false(holds(text, "\nINFECTED\n"));
    free(text);
}

static void test_hosts_that_are_not_listed_are_counted(void **state)
{
    (void)state;
    struct verdict v[] = {verdict_made("10.0.0.5", true, VERDICT_UNKNOWN),
                          verdict_made("10.0.0.6", true, VERDICT_UNKNOWN),
                          verdict_made("192.0.2.1", false, VERDICT_SUSPICIOUS)};
    char *brief = shown_as("text", (struct shown){.verdict_count = 3, .verdicts = v});
    char *full = shown_as("text",
                          (struct shown){.verdict_count = 3, .verdicts = v, .verbosity = 1});
    assert_false(holds(brief, "10.0.0.5") || holds(brief, "192.0.2.1"));
    assert_true(holds(brief, "2 unknown hosts") && holds(brief, "1 host outside"));
    assert_true(holds(full, "10.0.0.5") && holds(full, "10.0.0.6") && holds(full, "192.0.2.1"));
    assert_false(holds(full, "not listed"));
    free(brief);
    free(full);
}

static void test_reason_stands_beside_unknown(void **state)
{
    (void)state;
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_UNKNOWN);
    memcpy(v.reason, "SMB1 is off", 12);
    char *text = one_host(&v, 1);
    assert_true(holds(text, "UTC: SMB1 is off\n"));
    free(text);
}

static void test_proof_is_said_in_place_of_a_weight(void **state)
{
    (void)state;
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_INFECTED);
    v.proof = true;
    v.variants = VARIANT_C;
    char *text = one_host(&v, 0);
    assert_true(holds(text, "variant C (SRI: B++), by proof, 2009-04-21"));
    assert_false(holds(text, "weight"));
    free(text);
}

static void test_summary_tells_inputs_damage_limits_and_notes(void **state)
{
    (void)state;
    static const char *const limits[] = {"the table of hosts was full 3 times."};
    static const char *const notes[] = {"name your networks with --home."};
    struct input_totals inputs[] = {
        {.name = "a.pcap", .format = "pcap", .records = 12, .bytes = 900, .damage_count = 17},
        {.name = "b.doc"}};
    inputs[0].damage[0].offset = 24;
    memcpy(inputs[0].damage[0].reason, "block shorter than its header", 30);
    struct totals t = {.verb = "hunt",
                       .hosts = {2, 1, 0, 0},
                       .outside_infected = 4,
                       .seen = 5120,
                       .seen_is_estimate = true,
                       .input_count = 2,
                       .inputs = inputs,
                       .limit_count = 1,
                       .limits_hit = limits,
                       .note_count = 1,
                       .notes = notes,
                       .expected_false_hosts = 5e-6,
                       .seconds = 1.25};
    char *text = shown_as("text", (struct shown){.totals = &t});
    assert_true(holds(text, "2 infected and 1 suspicious, of about 5120 addresses seen."));
    assert_true(holds(text, "Outside your networks 4 infected."));
    assert_true(holds(text, "INCOMPLETE"));
    assert_true(holds(text, "a.pcap (pcap): 12 records, 900 bytes, DAMAGED in 17 places:\n"
                            "    at byte 24: block shorter than its header\n"));
    assert_true(holds(text, "    and 1 more place\n"));
    assert_true(holds(text, "b.doc (no known format): 0 records, 0 bytes, undamaged\n"));
    assert_true(holds(text, "Limit reached: the table of hosts was full 3 times.\n"));
    assert_true(holds(text, "Note: name your networks with --home.\n"));
    assert_true(holds(text, "by chance alone: 5e-06. Time taken: 1.2 s.\n"));
    free(text);
}

static void test_an_input_that_was_not_read_has_a_reason_and_no_place(void **state)
{
    (void)state;
    struct input_totals inputs[] = {{.name = "a", .damage_count = 1},
                                    {.name = "-", .damage_count = 1}};
    memcpy(inputs[0].damage[0].reason, "cannot open: No such file", 26);
    memcpy(inputs[1].damage[0].reason, "this is no format", 18);
    struct totals t = {.verb = "hunt", .input_count = 2, .inputs = inputs};
    char *text = shown_as("text", (struct shown){.totals = &t});
    assert_true(holds(text, "  a: could not be opened: No such file\n"));
    assert_true(holds(text, "  stdin: could not be read: this is no format\n"));
    assert_false(holds(text, "at byte"));
    free(text);
}

static void test_of_many_inputs_those_that_went_wrong_are_listed(void **state)
{
    (void)state;
    struct input_totals inputs[11];
    for (unsigned i = 0; i < 11; i++)
        inputs[i] = (struct input_totals){.name = "good", .format = "pcap", .records = i};
    inputs[4] = (struct input_totals){.name = "cut", .format = "pcap", .damage_count = 1};
    inputs[7] = (struct input_totals){.name = "odd"};
    struct totals t = {.verb = "hunt", .input_count = 11, .inputs = inputs};
    char *text = shown_as("text", (struct shown){.totals = &t});
    assert_true(holds(text, "  cut (pcap): 0 records, 0 bytes, DAMAGED in 1 place:\n"));
    assert_true(holds(text, "  odd (no known format)"));
    assert_true(holds(text, "  9 others undamaged: 44 records; -v lists them.\n"));
    assert_false(holds(text, "good"));
    free(text);
    text = shown_as("text", (struct shown){.totals = &t, .verbosity = 1});
    assert_true(holds(text, "  good (pcap): 1 record, 0 bytes, undamaged\n"));
    assert_false(holds(text, "others undamaged"));
    free(text);
    t.input_count = 10;
    text = shown_as("text", (struct shown){.totals = &t});
    assert_true(holds(text, "good (pcap): 9 records"));
    free(text);
}

static void test_no_sign_is_never_called_clean(void **state)
{
    (void)state;
    char *text = shown_as("text", (struct shown){.totals = NULL});
    assert_true(holds(text, "No infected host was found; 0 suspicious, of 0 addresses seen."));
    assert_true(holds(text, "A host without a sign is not a clean host"));
    assert_false(holds(text, "INCOMPLETE"));
    free(text);
}

static void test_edges_have_their_own_heading(void **state)
{
    (void)state;
    struct infection i[2] = {{.from = address_at("10.0.0.5"),
                              .to = address_at("10.0.0.9"),
                              .when_us = at("2009-04-21T16:44:11Z"),
                              .cause = "exploit",
                              .variants = VARIANT_B,
                              .says = "It sent the bytes of B."}};
    i[1] = i[0];
    char *text = shown_as("text", (struct shown){.edge_count = 2, .edges = i, .width = 150});
    const char *line =
        "10.0.0.5 attacked 10.0.0.9 at 2009-04-21 16:44:11 UTC by exploit, variant B: "
        "It sent the bytes of B.\n";
    assert_int_equal(strncmp(text, "WHO INFECTED OR ATTACKED WHOM\n\n", 31), 0);
    assert_int_equal(strncmp(text + 31, line, strlen(line)), 0);
    assert_int_equal(strncmp(text + 31 + strlen(line), line, strlen(line)), 0);
    assert_true(holds(text, "of B.\n\nSUMMARY OF"));
    free(text);
}

/* A host, a sign, an edge and a summary all of whose strings are hostile. */
static char *hostile_report(int width, bool colour)
{
    static const char *const sentences[] = {HOSTILE HOSTILE};
    struct sign sign = ports_sign();
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_SUSPICIOUS);
    struct infection i = {.cause = HOSTILE, .says = HOSTILE};
    struct input_totals input = {.name = HOSTILE, .format = "pcap", .damage_count = 1};
    v.site = HOSTILE;
    v.name_count = VERDICT_NAMES_MAX;
    for (size_t k = 0; k < VERDICT_NAMES_MAX; k++)
        memcpy(v.names[k], HOSTILE, sizeof HOSTILE);
    memcpy(v.says, HOSTILE, sizeof HOSTILE);
    memcpy(sign.says, HOSTILE, sizeof HOSTILE);
    sign_add_text(&sign, FACT_TEXT, "asked", HOSTILE);
    v.signs = &sign;
    v.sign_count = 1;
    memcpy(input.damage[0].reason, HOSTILE, sizeof HOSTILE);
    struct totals t = {.verb = "hunt",
                       .input_count = 1,
                       .inputs = &input,
                       .limit_count = 1,
                       .limits_hit = sentences,
                       .note_count = 1,
                       .notes = sentences};
    return shown_as("text", (struct shown){.verdict_count = 1,
                                           .verdicts = &v,
                                           .edge_count = 1,
                                           .edges = &i,
                                           .totals = &t,
                                           .verbosity = 2,
                                           .width = width,
                                           .colour = colour});
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

/* The é of HOSTILE may stand in sentences; site, names, facts, files and reasons are ASCII. */
static void test_no_control_byte_leaves_for_hostile_input(void **state)
{
    (void)state;
    char *text = hostile_report(80, false);
    for (const char *next = text; *next != '\0'; next++) {
        unsigned char byte = (unsigned char)*next;
        assert_true(byte == '\n' || (byte >= 0x20 && byte < 0x7f) || byte == 0xc3 || byte == 0xa9);
    }
    assert_int_equal(count_of(text, "\\xc3\\xa9"), 1 + VERDICT_NAMES_MAX + 3);
    assert_true(holds(text, "asked:\n          \\x1b]0;t\\x07\\x1b[2J\"q\\\\u\\x0a"));
    free(text);
}

static void test_colours_are_the_only_escapes_and_change_no_line(void **state)
{
    (void)state;
    char *plain = hostile_report(60, false), *coloured = hostile_report(60, true);
    char *kept = coloured;
    bool in_colour = false, seen = false;
    for (const char *next = coloured; *next != '\0'; next++) {
        in_colour = in_colour || *next == '\033';
        seen = seen || in_colour;
        if (!in_colour)
            *kept++ = *next;
        in_colour = in_colour && *next != 'm';
    }
    *kept = '\0';
    assert_true(seen);
    assert_string_equal(plain, coloured);
    free(plain);
    free(coloured);
}

static void test_lines_keep_to_every_width(void **state)
{
    (void)state;
    struct sign sign = ports_sign();
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_INFECTED);
    struct input_totals input = {.name = "a.pcap", .format = "pcap"};
    struct totals t = {.verb = "hunt", .input_count = 1, .inputs = &input};
    v.variants = 31;
    v.marks = 31;
    v.signs = &sign;
    v.sign_count = 1;
    for (int width = 40; width <= 130; width++) {
        char *text = shown_as(
            "text",
            (struct shown){
                .verdict_count = 1, .verdicts = &v, .verbosity = 1, .width = width, .totals = &t});
        assert_width(text, (size_t)width);
        assert_printable(text);
        free(text);
    }
}

static void test_wrapped_lines_are_indented_below_their_first(void **state)
{
    (void)state;
    struct sign sign = ports_sign();
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_INFECTED);
    v.signs = &sign;
    v.sign_count = 1;
    char *text = shown_as("text", (struct shown){.verdict_count = 1, .verdicts = &v, .width = 40});
    assert_true(holds(text, "    - p2p-ports: 41 of 43 peers were on\n      the port predicted"));
    free(text);
}

static void test_width_zero_is_a_hundred_columns(void **state)
{
    (void)state;
    char *unknown = hostile_report(0, false), *hundred = hostile_report(100, false);
    assert_string_equal(unknown, hundred);
    free(unknown);
    free(hundred);
}

static void test_full_disk_is_told(void **state)
{
    (void)state;
    static const struct totals t = {.verb = "hunt"};
    struct report r = {.format = report_format_named("text"), .out = fopen("/dev/full", "w")};
    if (r.out == NULL)
        skip();
    assert_true(r.format->begin(&r));
    assert_false(r.format->end(&r, &t));
    (void)fclose(r.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_infected_host_comes_with_its_evidence),
        cmocka_unit_test(test_facts_are_shown_to_who_asks_for_them),
        cmocka_unit_test(test_many_infected_strangers_are_counted_not_listed),
        cmocka_unit_test(test_groups_have_headings_and_outside_hosts_their_own),
        cmocka_unit_test(test_hosts_that_are_not_listed_are_counted),
        cmocka_unit_test(test_reason_stands_beside_unknown),
        cmocka_unit_test(test_proof_is_said_in_place_of_a_weight),
        cmocka_unit_test(test_summary_tells_inputs_damage_limits_and_notes),
        cmocka_unit_test(test_an_input_that_was_not_read_has_a_reason_and_no_place),
        cmocka_unit_test(test_of_many_inputs_those_that_went_wrong_are_listed),
        cmocka_unit_test(test_no_sign_is_never_called_clean),
        cmocka_unit_test(test_edges_have_their_own_heading),
        cmocka_unit_test(test_no_control_byte_leaves_for_hostile_input),
        cmocka_unit_test(test_colours_are_the_only_escapes_and_change_no_line),
        cmocka_unit_test(test_lines_keep_to_every_width),
        cmocka_unit_test(test_wrapped_lines_are_indented_below_their_first),
        cmocka_unit_test(test_width_zero_is_a_hundred_columns),
        cmocka_unit_test(test_full_disk_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
