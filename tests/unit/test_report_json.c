/* report/json: the schema to the byte, absence, numbers, and names that mean harm. */
#include "asked_hosts.h"

#include <jansson.h>
#include <math.h>

#define TIMES "\"first\":\"2009-04-21T16:44:11.000123Z\",\"last\":\"2009-04-22T18:02:00.000000Z\","

/* The first line, parsed; it must be the whole of a line, and no other byte below a blank in it. */
static json_t *first_line(struct shown what)
{
    char *text = shown_as("json", what);
    size_t length = strcspn(text, "\n");
    json_error_t error;
    assert_true(text[length] == '\n');
    for (size_t i = 0; i < length; i++)
        assert_true((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
    json_t *line = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(line);
    free(text);
    return line;
}

static void assert_line(struct shown what, const char *expected)
{
    char *text = shown_as("json", what);
    text[strcspn(text, "\n")] = '\0';
    assert_string_equal(text, expected);
    free(text);
}

static const char *string_at(json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void test_host_line_is_the_schema_to_the_byte(void **state)
{
    (void)state;
    struct sign sign = ports_sign();
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_INFECTED);
    v.variants = VARIANT_D | VARIANT_E;
    v.name_count = 1;
    memcpy(v.names[0], "ward3-pc", 9);
    v.has_day = true;
    v.day = day_of(v.first_us);
    v.signs = &sign;
    v.sign_count = 1;
    assert_line(
        (struct shown){.verdict_count = 1, .verdicts = &v},
        "{\"type\":\"host\",\"schema\":1,\"host\":\"10.0.0.5\",\"home\":true,\"site\":null,"
        "\"names\":[\"ward3-pc\"],\"verdict\":\"infected\",\"variants\":[\"D\",\"E\"],\"marks\":[],"
        "\"weight\":9.3,\"day\":\"2009-04-21\"," TIMES
        "\"says\":\"It began to contact peers as the worm does.\",\"signs\":[{"
        "\"sign\":\"p2p-ports\",\"weight\":\"statistical\",\"false_alarm_log10\":-12.4,"
        "\"count\":41,\"of\":43,\"first\":\"2009-04-21T16:44:11.000123Z\","
        "\"last\":\"2009-04-21T18:02:00.000000Z\","
        "\"says\":\"41 of 43 peers were on the port predicted for their address.\","
        "\"facts\":{\"pairs\":43,\"share\":0.25,\"week\":\"2050\","
        "\"peers\":[\"192.0.2.1:40832\",\"192.0.2.2:1234\"]}}]}");
}

static void test_unknown_host_has_a_reason_and_absent_things_are_absent(void **state)
{
    (void)state;
    struct verdict v = {.host = address_at("2001:db8::1"),
                        .kind = VERDICT_UNKNOWN,
                        .marks = MARK_RELAY | MARK_SCANNER,
                        .weight = 6,
                        .site = "ward 3",
                        .first_us = TIME_NONE,
                        .last_us = TIME_NONE,
                        .says = "It did not answer.",
                        .reason = "filtered"};
    assert_line((struct shown){.verdict_count = 1, .verdicts = &v},
                "{\"type\":\"host\",\"schema\":1,\"host\":\"2001:db8::1\",\"home\":false,"
                "\"site\":\"ward 3\",\"names\":[],\"verdict\":\"unknown\",\"reason\":\"filtered\","
                "\"variants\":[],\"marks\":[\"relay\",\"scanner\"],\"weight\":6,"
                "\"says\":\"It did not answer.\",\"signs\":[]}");
}

static void test_infection_line_is_the_schema_to_the_byte(void **state)
{
    (void)state;
    struct infection i = {.from = address_at("10.0.0.5"),
                          .to = address_at("10.0.0.9"),
                          .when_us = at("2009-04-21T16:44:11Z"),
                          .cause = "exploit",
                          .variants = VARIANT_B,
                          .says = "It sent the bytes of B."};
    assert_line((struct shown){.edge_count = 1, .edges = &i},
                "{\"type\":\"infection\",\"schema\":1,\"from\":\"10.0.0.5\",\"to\":\"10.0.0.9\","
                "\"time\":\"2009-04-21T16:44:11.000000Z\",\"cause\":\"exploit\",\"variant\":\"B\","
                "\"says\":\"It sent the bytes of B.\"}");
}

static void test_summary_line_is_the_schema_to_the_byte(void **state)
{
    (void)state;
    static const char *const limits[] = {"The table of hosts was full 3 times."};
    struct input_totals input = {.name = "a.pcap",
                                 .format = "pcap",
                                 .records = 12,
                                 .bytes = UINT64_C(5000000000),
                                 .damage_count = 1,
                                 .damage = {{.offset = 24, .reason = "cut"}}};
    struct totals t = {.verb = "hunt",
                       .hosts = {2, 1, 0, 4},
                       .seen = 5120,
                       .input_count = 1,
                       .inputs = &input,
                       .limit_count = 1,
                       .limits_hit = limits,
                       .expected_false_hosts = 1e-6,
                       .seconds = 0.5};
    assert_line(
        (struct shown){.totals = &t},
        "{\"type\":\"summary\",\"schema\":1,\"verb\":\"hunt\",\"complete\":false,\"hosts\":{"
        "\"infected\":2,\"suspicious\":1,\"clean\":0,\"unknown\":4,\"outside_infected\":0,"
        "\"seen\":5120},\"inputs\":[{\"name\":\"a.pcap\",\"format\":\"pcap\",\"records\":12,"
        "\"bytes\":5000000000,\"damage\":[{\"offset\":24,\"reason\":\"cut\"}]}],"
        "\"limits_hit\":[\"The table of hosts was full 3 times.\"],"
        "\"expected_false_hosts\":1e-6,\"seconds\":0.5}");
}

static void test_checks_of_a_host_are_the_schema_to_the_byte(void **state)
{
    (void)state;
    struct check checks[] = {
        {.port = 40832, .cause = CAUSE_VALID, .when_us = at(ASKED_TIME)},
        {.port = 4348, .transport = TRANSPORT_UDP, .week = CHECK_WEEK_LAST, .cause = CAUSE_REFUSED},
        {.port = 2112, .cause = CAUSE_NO_ROUTE, .when_us = TIME_NONE}};
    struct verdict v = {.host = address_at("10.0.0.5"),
                        .home = true,
                        .first_us = TIME_NONE,
                        .last_us = TIME_NONE,
                        .checks = checks,
                        .check_count = COUNT_OF(checks)};
    assert_line((struct shown){.verdict_count = 1, .verdicts = &v},
                "{\"type\":\"host\",\"schema\":1,\"host\":\"10.0.0.5\",\"home\":true,"
                "\"site\":null,\"names\":[],\"verdict\":\"infected\",\"variants\":[],\"marks\":[],"
                "\"weight\":0,\"says\":\"\",\"signs\":[],\"checks\":["
                "{\"check\":\"p2p\",\"port\":40832,\"proto\":\"tcp\",\"week\":\"any\","
                "\"result\":\"infected\",\"reason\":\"Received valid data\","
                "\"time\":\"2026-11-22T05:10:11.000000Z\"},"
                "{\"check\":\"p2p\",\"port\":4348,\"proto\":\"udp\",\"week\":\"last\","
                "\"result\":\"refused\",\"reason\":\"Failed to receive data\","
                "\"detail\":\"nothing listens on this port\","
                "\"time\":\"1970-01-01T00:00:00.000000Z\"},"
                "{\"check\":\"p2p\",\"port\":2112,\"proto\":\"tcp\",\"week\":\"any\","
                "\"result\":\"error\",\"reason\":\"not asked: no route from here\"}]}");
}

static void test_summary_of_a_scan_has_its_counts_in_place_of_inputs(void **state)
{
    (void)state;
    struct scan_totals scan = {.targets = 254,
                               .asked = 250,
                               .sent = 1016,
                               .received = 812,
                               .refused = 200,
                               .lost_share = 0.01419,
                               .silent_share = 40.0 / 254};
    struct totals t = {
        .verb = "scan", .complete = true, .hosts = {4, 2, 0, 248}, .seen = 214, .scan = &scan};
    assert_line((struct shown){.totals = &t},
                "{\"type\":\"summary\",\"schema\":1,\"verb\":\"scan\",\"complete\":true,\"hosts\":{"
                "\"infected\":4,\"suspicious\":2,\"clean\":0,\"unknown\":248,"
                "\"outside_infected\":0,\"seen\":214},\"targets\":254,\"asked\":250,\"sent\":1016,"
                "\"received\":812,\"lost_share\":0.0142,\"silent_share\":0.1575,\"refused\":200,"
                "\"limits_hit\":[],\"expected_false_hosts\":0,\"seconds\":0}");
}

static void test_a_share_that_is_not_known_is_left_out(void **state)
{
    (void)state;
    struct scan_totals scan = {.lost_share = NAN, .silent_share = NAN};
    struct totals t = {.verb = "scan", .scan = &scan};
    json_t *line = first_line((struct shown){.totals = &t});
    assert_null(json_object_get(line, "lost_share"));
    assert_null(json_object_get(line, "silent_share"));
    assert_null(json_object_get(line, "inputs"));
    assert_non_null(json_object_get(line, "refused"));
    json_decref(line);
}

static void test_damage_beyond_the_list_and_an_estimate_are_told(void **state)
{
    (void)state;
    struct input_totals input = {.name = "a.pcap", .damage_count = INPUT_DAMAGES_MAX + 1};
    struct totals t = {
        .verb = "hunt", .seen_is_estimate = true, .input_count = 1, .inputs = &input};
    json_t *line = first_line((struct shown){.totals = &t});
    json_t *given = json_array_get(json_object_get(line, "inputs"), 0);
    assert_int_equal(json_array_size(json_object_get(line, "limits_hit")), 2);
    assert_int_equal(json_array_size(json_object_get(given, "damage")), INPUT_DAMAGES_MAX);
    assert_null(json_object_get(given, "format"));
    json_decref(line);
}

static void test_proof_is_said_of_host_and_sign(void **state)
{
    (void)state;
    struct sign s = {.id = SIGN_P2P_ANSWER, .weight = WEIGHT_PROOF, .false_alarm_log10 = -3};
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_INFECTED);
    v.proof = true;
    v.signs = &s;
    v.sign_count = 1;
    json_t *line = first_line((struct shown){.verdict_count = 1, .verdicts = &v});
    json_t *sign = json_array_get(json_object_get(line, "signs"), 0);
    assert_string_equal(string_at(line, "weight"), "proof");
    assert_string_equal(string_at(sign, "weight"), "proof");
    assert_null(json_object_get(sign, "false_alarm_log10"));
    assert_null(json_object_get(sign, "of"));
    json_decref(line);
}

static void test_points_are_a_number_and_not_statistical(void **state)
{
    (void)state;
    struct sign s = {.id = SIGN_SMB_SWEEP, .points = 3, .false_alarm_log10 = -3};
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_SUSPICIOUS);
    v.signs = &s;
    v.sign_count = 1;
    json_t *line = first_line((struct shown){.verdict_count = 1, .verdicts = &v});
    json_t *sign = json_array_get(json_object_get(line, "signs"), 0);
    assert_true(json_is_integer(json_object_get(sign, "weight")));
    assert_int_equal(json_integer_value(json_object_get(sign, "weight")), 3);
    assert_null(json_object_get(sign, "false_alarm_log10"));
    json_decref(line);
}

static void test_weights_have_one_decimal_and_seconds_three(void **state)
{
    (void)state;
    struct sign s = {.id = SIGN_P2P_PORTS, .weight = WEIGHT_STATISTICAL};
    s.false_alarm_log10 = -12.4449;
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_INFECTED);
    v.weight = 12.1438;
    v.signs = &s;
    v.sign_count = 1;
    struct totals t = {.verb = "hunt", .seconds = 0.123456};
    struct shown shown = {.verdict_count = 1, .verdicts = &v, .totals = &t};
    char *text = shown_as("json", shown);
    assert_non_null(strstr(text, "\"weight\":12.1,"));
    assert_non_null(strstr(text, "\"false_alarm_log10\":-12.4,"));
    assert_non_null(strstr(text, "\"seconds\":0.123}"));
    free(text);
}

static void test_numbers_that_are_not_finite_are_left_out(void **state)
{
    (void)state;
    struct sign s = {.id = SIGN_P2P_PORTS, .weight = WEIGHT_STATISTICAL};
    s.false_alarm_log10 = -INFINITY;
    sign_add_number(&s, "never", NAN);
    sign_add_number(&s, "large", 1e300);
    sign_add_number(&s, "zero", -0.0);
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_SUSPICIOUS);
    v.weight = NAN;
    v.signs = &s;
    v.sign_count = 1;
    json_t *line = first_line((struct shown){.verdict_count = 1, .verdicts = &v});
    json_t *sign = json_array_get(json_object_get(line, "signs"), 0);
    assert_null(json_object_get(line, "weight"));
    assert_null(json_object_get(sign, "false_alarm_log10"));
    assert_int_equal(json_object_size(json_object_get(sign, "facts")), 2);
    assert_true(json_is_integer(json_object_get(json_object_get(sign, "facts"), "zero")));
    json_decref(line);
}

static void test_facts_of_one_name_are_a_list_and_one_item_is_one_too(void **state)
{
    (void)state;
    struct sign s = {.id = SIGN_RENDEZVOUS_DNS};
    sign_add_text(&s, FACT_ITEM, "names", "one.example");
    sign_add_text(&s, FACT_TEXT, "twice", "a");
    sign_add_number(&s, "twice", 2);
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_SUSPICIOUS);
    v.signs = &s;
    v.sign_count = 1;
    json_t *line = first_line((struct shown){.verdict_count = 1, .verdicts = &v});
    json_t *sign = json_array_get(json_object_get(line, "signs"), 0);
    json_t *facts = json_object_get(sign, "facts");
    assert_int_equal(json_array_size(json_object_get(facts, "names")), 1);
    assert_int_equal(json_array_size(json_object_get(facts, "twice")), 2);
    json_decref(line);
}

static void test_hostile_names_come_out_escaped_and_lossless(void **state)
{
    (void)state;
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_UNKNOWN);
    v.name_count = 1;
    memcpy(v.names[0], HOSTILE, sizeof HOSTILE);
    json_t *line = first_line((struct shown){.verdict_count = 1, .verdicts = &v});
    const char *name = json_string_value(json_array_get(json_object_get(line, "names"), 0));
    assert_string_equal(
        name, "\\x1b]0;t\\x07\\x1b[2J\"q\\\\u\\x0a\\x0d\\x09\\x80\\xff\\xc0\\xaf\\xed\\xa0\\x80"
              "\\xf4\\x90\\x80\\x80\\x7f\\xe2\\x80\\xae\\xc2\\x9b\xc3\xa9");
    json_decref(line);
}

static void test_every_two_bytes_as_a_fact_make_a_line_that_parses(void **state)
{
    (void)state;
    for (unsigned pair = 1; pair < 0x10000; pair += 7) {
        char text[3] = {(char)(pair >> 8), (char)(pair & 0xff), '\0'};
        struct sign s = {.id = SIGN_ODD_HTTP, .first_us = TIME_NONE, .last_us = TIME_NONE};
        sign_add_text(&s, FACT_TEXT, "asked", text);
        struct verdict v = {.host = address_of_v4(1), .signs = &s, .sign_count = 1};
        json_decref(first_line((struct shown){.verdict_count = 1, .verdicts = &v}));
    }
}

static void test_file_names_and_reasons_are_foreign_too(void **state)
{
    (void)state;
    struct input_totals input = {.name = HOSTILE, .damage_count = 1};
    memcpy(input.damage[0].reason, HOSTILE, sizeof HOSTILE);
    struct totals t = {.verb = "hunt", .input_count = 1, .inputs = &input};
    json_decref(first_line((struct shown){.totals = &t}));
}

static void test_backslash_in_our_sentence_stays_one(void **state)
{
    (void)state;
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_UNKNOWN);
    memcpy(v.says, "it asked \\x41\x1b", 15);
    json_t *line = first_line((struct shown){.verdict_count = 1, .verdicts = &v});
    assert_string_equal(string_at(line, "says"), "it asked \\x41\\x1b");
    json_decref(line);
}

static void test_full_disk_is_told(void **state)
{
    (void)state;
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_UNKNOWN);
    struct report r = {.format = report_format_named("json"), .out = fopen("/dev/full", "w")};
    if (r.out == NULL)
        skip();
    assert_true(r.format->begin(&r));
    assert_false(r.format->host(&r, &v));
    (void)fclose(r.out);
}

static void test_formats_are_found_by_name_only(void **state)
{
    (void)state;
    static const char *const names[] = {"text", "json", "html"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_non_null(report_formats[i]);
        assert_ptr_equal(report_format_named(names[i]), report_formats[i]);
    }
    assert_null(report_formats[COUNT_OF(names)]);
    assert_null(report_format_named("JSON"));
    assert_null(report_format_named(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_line_is_the_schema_to_the_byte),
        cmocka_unit_test(test_unknown_host_has_a_reason_and_absent_things_are_absent),
        cmocka_unit_test(test_infection_line_is_the_schema_to_the_byte),
        cmocka_unit_test(test_summary_line_is_the_schema_to_the_byte),
        cmocka_unit_test(test_checks_of_a_host_are_the_schema_to_the_byte),
        cmocka_unit_test(test_summary_of_a_scan_has_its_counts_in_place_of_inputs),
        cmocka_unit_test(test_a_share_that_is_not_known_is_left_out),
        cmocka_unit_test(test_damage_beyond_the_list_and_an_estimate_are_told),
        cmocka_unit_test(test_proof_is_said_of_host_and_sign),
        cmocka_unit_test(test_points_are_a_number_and_not_statistical),
        cmocka_unit_test(test_weights_have_one_decimal_and_seconds_three),
        cmocka_unit_test(test_numbers_that_are_not_finite_are_left_out),
        cmocka_unit_test(test_facts_of_one_name_are_a_list_and_one_item_is_one_too),
        cmocka_unit_test(test_hostile_names_come_out_escaped_and_lossless),
        cmocka_unit_test(test_every_two_bytes_as_a_fact_make_a_line_that_parses),
        cmocka_unit_test(test_file_names_and_reasons_are_foreign_too),
        cmocka_unit_test(test_backslash_in_our_sentence_stays_one),
        cmocka_unit_test(test_full_disk_is_told),
        cmocka_unit_test(test_formats_are_found_by_name_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
