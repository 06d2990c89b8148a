/* report: what somebody knows of already, and what only may have happened, is told less loudly than
 * what is sure and new, in every format; and what a summary names. */
#include "reporting.h"

#include "base/compiler.h"
#include "evidence/sign.h"

static bool holds(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

static struct verdict known(void)
{
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_INFECTED);
    v.owner = "ward 3";
    v.acknowledged = true;
    v.acknowledged_until = day_of(at("2026-12-24T00:00:00Z"));
    v.note = "rebuilt on Monday";
    return v;
}

static char *shown(const char *format, const struct verdict *v)
{
    return shown_as(format, (struct shown){.verdict_count = 1, .verdicts = v, .width = 400});
}

static char *edge_shown(const char *format, const char *cause)
{
    struct infection i = {.from = address_at("10.0.0.5"),
                          .to = address_at("10.0.0.9"),
                          .when_us = at("2009-04-21T16:44:11Z"),
                          .cause = cause,
                          .says = "It did."};
    return shown_as(format, (struct shown){.edge_count = 1, .edges = &i, .width = 400});
}

/* What a format says of a host that is acknowledged, and does not of the same one otherwise. */
static void test_every_format_says_who_is_acknowledged(void **state)
{
    (void)state;
    static const struct {
        const char *format, *says;
    } cases[] = {
        {"text", "ACKNOWLEDGED: SOMEBODY KNOWS OF THESE HOSTS"},
        {"json", "\"acknowledged\":{\"until\":\"2026-12-24\",\"note\":\"rebuilt on Monday\"}"},
        {"eve", "\"acknowledged\":{\"until\":\"2026-12-24\",\"note\":\"rebuilt on Monday\"}"},
        {"eve", "\"signature\":\"wormsign acknowledged infected: Conficker\""},
        {"eve", "\"severity\":3"},
        {"ecs", "\"acknowledged\":{\"until\":\"2026-12-24\",\"note\":\"rebuilt on Monday\"}"},
        {"ecs", "\"tags\":[\"acknowledged\"]"},
        {"ecs", "\"risk_score\":20"},
        {"xml", "output=\"Acknowledged until 2026-12-24. It began to contact"},
        {"xml", "<elem key=\"acknowledged\">2026-12-24</elem>"},
        {"csv", ",2026-12-24,\"rebuilt on Monday\""},
        {"stix", "\"wormsign:acknowledged=2026-12-24\""},
        {"misp", "{\"name\":\"wormsign:acknowledged=\\\"2026-12-24\\\"\"}"},
        {"misp", "\"threat_level_id\":\"3\""},
        {"cef", "<133>1 "},
        {"cef", "|Host is infected with Conficker (acknowledged)|3|"},
        {"cef", "cs6Label=acknowledged cs6=until 2026-12-24"},
        {"cef", "flexString2Label=note flexString2=rebuilt on Monday"},
        {"html", "<span class=\"mark\">acknowledged</span>"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct verdict v = known();
        char *text = shown(cases[i].format, &v);
        v.acknowledged = false;
        char *without = shown(cases[i].format, &v);
        bool good = holds(text, cases[i].says) && !holds(without, cases[i].says);
        if (!good)
            print_error("%s, %s: %s", cases[i].format, cases[i].says, text);
        assert_true(good);
        free(text);
        free(without);
    }
}

static void test_headline_counts_the_acknowledged_beside_the_infected(void **state)
{
    (void)state;
    struct verdict v = known();
    struct totals t = {.verb = "report", .complete = true, .acknowledged = 1};
    struct shown what = {.verdict_count = 1, .verdicts = &v, .totals = &t};
    t.hosts[VERDICT_INFECTED] = 3;
    char *page = shown_as("html", what);
    assert_true(holds(page, ">3 of your hosts are infected with Conficker, 1 more is "
                            "acknowledged</h1>"));
    free(page);
    t.hosts[VERDICT_INFECTED] = 0;
    page = shown_as("html", what);
    assert_true(holds(page, ">No infected host of yours was found but 1 that is "
                            "acknowledged</h1>"));
    free(page);
    v.kind = VERDICT_SUSPICIOUS;
    page = shown_as("html", what);
    assert_true(holds(page, ">No infected host of yours was found</h1>"));
    free(page);
}

static void test_an_exploit_is_an_attack_and_a_callback_an_infection(void **state)
{
    (void)state;
    static const struct {
        const char *format, *exploit, *callback;
    } cases[] = {
        {"text", "10.0.0.5 attacked 10.0.0.9", "10.0.0.5 infected 10.0.0.9"},
        {"misp", "10.0.0.5 attacked 10.0.0.9 (exploit)", "10.0.0.5 infected 10.0.0.9 (callback)"},
        {"cef", "|attack|Host was attacked|5|cat=attack ",
         "|infection|Host was infected|10|cat=infection "},
        {"eve", "wormsign attack: Conficker", "wormsign infection: Conficker"},
        {"eve", "\"severity\":2", "\"severity\":1"},
        {"ecs", "\"action\":\"attacked\"", "\"action\":\"infected\""},
        {"xml", "<elem key=\"what\">attacked</elem>", "<elem key=\"what\">infected</elem>"},
        {"html", "</a> attacked <a", "</a> infected <a"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *exploit = edge_shown(cases[i].format, "exploit");
        char *callback = edge_shown(cases[i].format, "callback");
        bool good = holds(exploit, cases[i].exploit) && !holds(exploit, cases[i].callback) &&
                    holds(callback, cases[i].callback) && !holds(callback, cases[i].exploit);
        if (!good)
            print_error("%s: %s%s", cases[i].format, exploit, callback);
        assert_true(good);
        free(exploit);
        free(callback);
    }
}

static void test_who_fetched_is_named_and_counted_once(void **state)
{
    (void)state;
    struct verdict v = verdict_made("10.0.0.9", true, VERDICT_UNKNOWN);
    struct totals t = {.verb = "hunt", .complete = true, .hosts[VERDICT_UNKNOWN] = 1};
    v.marks = MARK_FETCHED;
    struct shown what = {.verdict_count = 1, .verdicts = &v, .totals = &t, .width = 200};
    char *page = shown_as("html", what), *text = shown_as("text", what);
    assert_true(holds(page, "(marked fetched): <a href=\"#host-10.0.0.9\">10.0.0.9</a>.</li>"));
    assert_false(holds(page, "Settle the unknown"));
    assert_true(holds(text, "  1 more host fetched a file that may be the worm; treat as infected: "
                            "10.0.0.9.\n"));
    free(page);
    free(text);
    t.hosts[VERDICT_UNKNOWN] = 3;
    page = shown_as("html", what);
    assert_true(holds(page, "<b>Settle the unknown.</b> 2 hosts"));
    free(page);
}

static void test_who_fetched_and_is_known_of_is_not_named_again(void **state)
{
    (void)state;
    struct verdict v = known();
    v.kind = VERDICT_SUSPICIOUS;
    v.marks = MARK_FETCHED;
    char *page = shown("html", &v), *text = shown("text", &v);
    assert_false(holds(page, "Treat as infected"));
    assert_false(holds(text, "treat as infected"));
    free(page);
    free(text);
}

static void test_a_page_says_when_and_by_what_it_was_made(void **state)
{
    (void)state;
    char *page = shown_as("html", (struct shown){.width = 0});
    assert_true(holds(page, "<footer><p class=\"small\">Made by wormsign 1.2.3 report on "
                            "<time>2026-11-22 05:10</time> UTC."));
    free(page);
}

static void test_xml_says_the_call_and_the_time_as_nmap_does(void **state)
{
    (void)state;
    char *text = shown_as("xml", (struct shown){.width = 0});
    assert_true(holds(text, "args=\"wormsign report\""));
    assert_true(holds(text, "startstr=\"Sun Nov 22 05:10:11 2026\""));
    free(text);
}

static void test_where_days_are_all_that_is_known_no_clock_is_shown(void **state)
{
    (void)state;
    struct sign sign[2] = {ports_sign(), ports_sign()};
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_INFECTED);
    v.signs = sign;
    v.sign_count = COUNT_OF(sign);
    struct shown what = {
        .verdict_count = 1, .verdicts = &v, .verbosity = 2, .width = 200, .days_only = true};
    char *page = shown_as("html", what), *text = shown_as("text", what);
    assert_true(holds(text, "weight 9.3, 2009-04-21 to 2009-04-22\n"));
    assert_true(holds(page, "<time>2009-04-21</time> to <time>2009-04-22</time>"));
    assert_false(holds(text, "16:44") || holds(text, " UTC"));
    assert_false(holds(page, "16:44") || holds(page, "How it spread"));
    assert_false(holds(page, "When each sign showed"));
    free(page);
    free(text);
    what.days_only = false;
    page = shown_as("html", what);
    assert_true(holds(page, "How it spread") && holds(page, "When each sign showed"));
    free(page);
}

static struct verdict asker(const char *host, unsigned marks, struct sign *sign)
{
    struct verdict v = verdict_made(host, true, VERDICT_SUSPICIOUS);
    *sign = (struct sign){.id = SIGN_RENDEZVOUS_DNS, .day = 14355, .count = 500};
    v.marks = marks;
    v.signs = sign;
    v.sign_count = 1;
    return v;
}

/* The tallest number of the axis is no less than the names of the day. */
static void test_names_of_a_relay_count_where_nobody_else_asked(void **state)
{
    (void)state;
    struct sign signs[2];
    struct verdict v[] = {asker("10.0.0.53", MARK_RELAY, &signs[0]),
                          asker("10.0.0.5", 0, &signs[1])};
    static const char left_out[] = "Hosts that pass on the questions of others are left out.";
    char *both = shown_as("html", (struct shown){.verdict_count = 2, .verdicts = v});
    char *relay = shown_as("html", (struct shown){.verdict_count = 1, .verdicts = v});
    assert_true(holds(both, left_out) && holds(both, ">500</text>"));
    assert_false(holds(both, ">1,000</text>")); /* both together */
    assert_true(!holds(relay, left_out) && holds(relay, ">500</text>"));
    free(both);
    free(relay);
}

static void test_dark_addresses_that_nobody_touched_are_told(void **state)
{
    (void)state;
    struct totals t = {.verb = "hunt", .complete = true, .asked_dark = true};
    char *text = shown_as("text", (struct shown){.totals = &t});
    char *page = shown_as("html", (struct shown){.totals = &t});
    assert_true(holds(text, "  Dark addresses: nobody touched them.\n"));
    assert_true(holds(page, "<p>Nobody touched addresses that never spoke.</p>"));
    free(text);
    free(page);
    t.asked_dark = false;
    text = shown_as("text", (struct shown){.totals = &t});
    assert_false(holds(text, "Dark addresses"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_format_says_who_is_acknowledged),
        cmocka_unit_test(test_headline_counts_the_acknowledged_beside_the_infected),
        cmocka_unit_test(test_an_exploit_is_an_attack_and_a_callback_an_infection),
        cmocka_unit_test(test_who_fetched_is_named_and_counted_once),
        cmocka_unit_test(test_who_fetched_and_is_known_of_is_not_named_again),
        cmocka_unit_test(test_a_page_says_when_and_by_what_it_was_made),
        cmocka_unit_test(test_xml_says_the_call_and_the_time_as_nmap_does),
        cmocka_unit_test(test_where_days_are_all_that_is_known_no_clock_is_shown),
        cmocka_unit_test(test_names_of_a_relay_count_where_nobody_else_asked),
        cmocka_unit_test(test_dark_addresses_that_nobody_touched_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
