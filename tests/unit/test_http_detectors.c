/* detect/odd_http, detect/rendezvous_http, detect/known_site, detect/sites. */
#include "http_stage.h"
#include "hostile_slot.h"
#include "saved_slot.h"

#include "conficker/web_ports.h"
#include "conficker/worm_sites.h"
#include "detect/sites.h"

#define CLIENT "10.0.0.9"

static struct spoken to(const char *server, uint16_t port)
{
    return (struct spoken){.client = CLIENT, .server = server, .port = port, .time = AT_NOON};
}

/* odd-http */

static void test_http_on_an_odd_port_is_the_clients_sign(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_ODD_HTTP);
    struct sign sign;
    asked(&s, to("10.0.0.5", 4321), "/abcdef", "10.0.0.5:4321");
    asked(&s, to("10.0.0.5", 4321), "/abcdef", "10.0.0.5:4321");
    asked(&s, to("10.0.0.6", 5000), "/abcdef", "10.0.0.6:5000");
    assert_true(sign_of(&s, CLIENT, AT_NOON, &sign));
    assert_true(sign.weight == WEIGHT_POINTS && sign.points == 1);
    assert_int_equal(sign.count, 2);
    assert_true(fact_of(&sign, "servers")->number == 2 && fact_of(&sign, "ports")->number == 2);
    assert_non_null(strstr(fact_of(&sign, "asked")->text, "/abcdef"));
    assert_false(sign_of(&s, "10.0.0.5", AT_NOON, &sign));
    stage_clear(&s);
}

static void test_http_on_a_web_port_is_no_odd_http(void **state)
{
    (void)state;
    static const uint16_t web[] = {80,   443,  591,  3128, 5985, 8000, 8008,
                                   8080, 8081, 8443, 8530, 8531, 8888};
    struct stage s = stage_of(SIGN_ODD_HTTP);
    struct sign sign;
    unsigned count = 0;
    for (uint32_t port = 0; port <= 65535; port++)
        count += port_is_web((uint16_t)port);
    assert_int_equal(count, COUNT_OF(web));
    for (unsigned i = 0; i < COUNT_OF(web); i++)
        asked(&s, to("10.0.0.5", web[i]), "/abcdef", NULL);
    assert_false(sign_of(&s, CLIENT, AT_NOON, &sign));
    stage_clear(&s);
}

static void test_an_answer_on_an_odd_port_is_no_request(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_ODD_HTTP);
    struct sign sign;
    served(&s, to("10.0.0.5", 4321), "image/png", "MZ");
    assert_false(sign_of(&s, CLIENT, AT_NOON, &sign));
    assert_false(sign_of(&s, "10.0.0.5", AT_NOON, &sign));
    stage_clear(&s);
}

static void test_who_began_must_be_known(void **state)
{
    (void)state;
    static const char text[] = "GET /search?q=1 HTTP/1.0\r\nHost: 192.0.2.1\r\n\r\n";
    static const enum sign_id signs[] = {SIGN_ODD_HTTP, SIGN_RENDEZVOUS_HTTP, SIGN_KNOWN_SITE};
    for (unsigned i = 0; i < COUNT_OF(signs); i++) {
        struct stage s = stage_of(signs[i]);
        struct http_message message;
        size_t need;
        struct sign sign;
        struct spoken spoken = to("192.0.2.1", 4321);
        assert_true(http_parse(reader_over(text, sizeof text - 1), &message, &need));
        struct observation seen = spoken_seen(&spoken, OBSERVED_HTTP);
        seen.http = &message;
        seen.client_known = false;
        s.detector->observe(&s.watcher, &seen);
        assert_false(sign_of(&s, CLIENT, AT_NOON, &sign));
        stage_clear(&s);
    }
}

/* rendezvous-http */

static bool asks_as_worm(const char *target, const char *host, struct sign *sign)
{
    struct stage s = stage_of(SIGN_RENDEZVOUS_HTTP);
    asked(&s, to("192.0.2.80", 80), target, host);
    bool found = sign_of(&s, CLIENT, AT_NOON, sign);
    stage_clear(&s);
    return found;
}

static void test_a_search_of_a_bare_address_weighs_six(void **state)
{
    (void)state;
    static const char *const targets[] = {"/search?q=", "/search?q=0", "/search?q=12",
                                          "/search?q=999", "http://192.0.2.80/search?q=7"};
    struct sign sign;
    for (unsigned i = 0; i < COUNT_OF(targets); i++) {
        assert_true(asks_as_worm(targets[i], "192.0.2.80", &sign));
        assert_true(sign.weight == WEIGHT_POINTS && sign.points == 6);
        assert_int_equal(sign.variants, VARIANT_A | VARIANT_B | VARIANT_C);
    }
}

static void test_aq_7_is_of_variant_a(void **state)
{
    (void)state;
    struct sign sign;
    assert_true(asks_as_worm("/search?q=3&aq=7", "192.0.2.80", &sign));
    assert_int_equal(sign.variants, VARIANT_A);
    assert_true(asks_as_worm("/search?q=3&aq=7?0123abcd", "192.0.2.80", &sign));
    assert_int_equal(sign.variants, VARIANT_A);
}

static void test_other_searches_are_no_rendezvous(void **state)
{
    (void)state;
    static const char *const targets[] = {"/search?q=1234",
                                          "/search?q=1&aq=8",
                                          "/search?q=1&aq=7?0123abc",
                                          "/search?q=1&aq=7?0123abcde",
                                          "/search?q=1&aq=7?0123ABCD",
                                          "/search?q=1a",
                                          "/search?q=1&",
                                          "/search?q=-1",
                                          "/search",
                                          "/Search?q=1",
                                          "/x/search?q=1",
                                          "/search?q=cats"};
    struct sign sign;
    for (unsigned i = 0; i < COUNT_OF(targets); i++)
        assert_false(asks_as_worm(targets[i], "192.0.2.80", &sign));
    assert_false(asks_as_worm("/search?q=1", "www.example.com", &sign));
    assert_false(asks_as_worm("/search?q=1", NULL, &sign));
}

static void test_only_get_is_a_rendezvous(void **state)
{
    (void)state;
    static const char text[] = "POST /search?q=1 HTTP/1.0\r\nHost: 192.0.2.80\r\n\r\n";
    struct stage s = stage_of(SIGN_RENDEZVOUS_HTTP);
    struct sign sign;
    said(&s, to("192.0.2.80", 80), text, sizeof text - 1, true);
    assert_false(sign_of(&s, CLIENT, AT_NOON, &sign));
    stage_clear(&s);
}

/* A checker of many web servers: six points, not six a server. */
static void test_a_scanner_of_many_servers_weighs_six_too(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_RENDEZVOUS_HTTP);
    struct sign sign;
    for (unsigned i = 1; i <= 50; i++) {
        char server[32];
        (void)snprintf(server, sizeof server, "192.0.2.%u", i);
        asked(&s, to(server, 80), "/search?q=1", server);
    }
    assert_true(sign_of(&s, CLIENT, AT_NOON, &sign));
    assert_true(sign.weight == WEIGHT_POINTS && sign.points == 6);
    assert_true(fact_of(&sign, "servers")->number == 50);
    assert_non_null(strstr(sign.says, "50 web servers"));
    stage_clear(&s);
}

/* known-site */

static bool looks_up(const char *name, const struct sites *sites, struct sign *sign)
{
    struct stage s = stage_of(SIGN_KNOWN_SITE);
    s.watcher.sites = sites;
    looked_up(&s, CLIENT, "192.0.2.53", name, AT_NOON, -1);
    bool found = sign_of(&s, CLIENT, AT_NOON, sign);
    stage_clear(&s);
    return found;
}

static void test_a_service_for_ones_own_address_weighs_one(void **state)
{
    (void)state;
    struct sign sign;
    for (unsigned i = 0; i < WORM_SITES; i++)
        assert_int_equal(looks_up(worm_sites[i].name, NULL, &sign),
                         worm_sites[i].kind != WORM_SITE_CLOCK);
    assert_true(looks_up("WWW.GetMyIP.org", NULL, &sign));
    assert_true(sign.weight == WEIGHT_POINTS && sign.points == 1);
    assert_string_equal(fact_of(&sign, "sites")->text, "www.getmyip.org");
    assert_false(looks_up("notgetmyip.org", NULL, &sign));
    assert_false(looks_up("getmyip.org.example", NULL, &sign));
}

static void test_clock_sites_are_context_only(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_KNOWN_SITE);
    struct sign sign;
    looked_up(&s, CLIENT, "192.0.2.53", "www.google.com", AT_NOON, -1);
    looked_up(&s, CLIENT, "192.0.2.53", "baidu.com", AT_NOON, -1);
    assert_false(sign_of(&s, CLIENT, AT_NOON, &sign));
    looked_up(&s, CLIENT, "192.0.2.53", "checkip.dyndns.org", AT_NOON, -1);
    assert_true(sign_of(&s, CLIENT, AT_NOON, &sign));
    assert_int_equal(sign.count, 1);
    assert_true(fact_of(&sign, "clock_sites")->number == 2);
    stage_clear(&s);
}

static void test_a_site_is_known_by_its_host_header(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_KNOWN_SITE);
    struct sign sign;
    asked(&s, to("192.0.2.80", 80), "/", "WhatIsMyIP.org.:80");
    assert_true(sign_of(&s, CLIENT, AT_NOON, &sign));
    assert_int_equal(sign.count, 1);
    stage_clear(&s);
}

static struct sites *sites_with(const char *name)
{
    struct error err;
    struct sites *sites = sites_new();
    assert_non_null(sites);
    assert_true(sites_add(sites, name, &err));
    return sites;
}

static void test_names_of_the_users_list_count(void **state)
{
    (void)state;
    struct sites *sites = sites_with("Evil.Example.");
    struct sign sign;
    assert_true(looks_up("evil.example", sites, &sign));
    assert_true(looks_up("a.b.evil.example", sites, &sign));
    assert_non_null(strstr(sign.says, "1 site of your list"));
    assert_false(looks_up("notevil.example", sites, &sign));
    assert_false(looks_up("example", sites, &sign));
    assert_false(looks_up("evil.example.org", sites, &sign));
    sites_free(sites);
}

static void test_a_site_of_both_lists_counts_once(void **state)
{
    (void)state;
    struct sites *sites = sites_with("getmyip.org");
    struct sign sign;
    assert_true(looks_up("getmyip.org", sites, &sign));
    assert_int_equal(sign.count, 1);
    sites_free(sites);
}

static void test_a_clock_site_of_the_users_list_is_a_sign(void **state)
{
    (void)state;
    struct sites *sites = sites_with("rapidshare.com");
    struct sign sign;
    assert_true(looks_up("www.rapidshare.com", sites, &sign));
    assert_int_equal(sign.count, 1);
    sites_free(sites);
}

static void test_a_list_takes_names_of_sites_only(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "com",
        "a..b",
        ".example.org",
        "example.org..",
        "*.example.org",
        "exa mple.org",
        "",
        ".",
        "10.0.0.1",
        "\xc3\xbcx.example",
        "http://example.org/",
        "example.org:80",
        "0123456789012345678901234567890123456789012345678901234567890123.org"};
    char longest[300];
    struct error err;
    struct sites *sites = sites_new();
    assert_non_null(sites);
    for (unsigned i = 0; i < COUNT_OF(wrong); i++)
        assert_false(sites_add(sites, wrong[i], &err));
    for (size_t i = 0; i < sizeof longest - 1; i++)
        longest[i] = i % 2 == 0 ? 'a' : '.';
    longest[SITE_NAME_MAX] = '\0';
    assert_true(sites_add(sites, longest, &err));
    longest[SITE_NAME_MAX] = '.';
    longest[SITE_NAME_MAX + 1] = 'a';
    longest[SITE_NAME_MAX + 2] = '\0';
    assert_false(sites_add(sites, longest, &err));
    assert_true(sites_add(sites, "x_1.example", &err) && sites_add(sites, "X_1.Example", &err));
    assert_int_equal(sites_count(sites), 2);
    sites_free(sites);
}

static void test_a_list_ends_at_its_limit(void **state)
{
    (void)state;
    struct error err;
    struct sites *sites = sites_new();
    assert_non_null(sites);
    for (unsigned i = 0; i < SITES_MAX; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "n%u.example", i);
        assert_true(sites_add(sites, name, &err));
    }
    assert_true(sites_add(sites, "n0.example", &err)); /* is there already */
    assert_false(sites_add(sites, "one.more.example", &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_string_equal(sites_find(sites, "www.n99999.example", 18), "n99999.example");
    sites_free(sites);
}

/* All of them */

enum { STEPS = 24 };

/* One of many observations that all three detectors read something in. */
static void step(struct stage *s, const char *client, unsigned number)
{
    char server[32], target[64];
    struct spoken spoken = {.client = client,
                            .server = server,
                            .port = (uint16_t)(4000 + number % 5),
                            .time = number % 3 != 0 ? AT_NOON : "2009-04-21T13:00:00Z"};
    (void)snprintf(server, sizeof server, "192.0.2.%u", number % 7 + 1);
    (void)snprintf(target, sizeof target, "/search?q=%u%s", number, number % 4 == 0 ? "&aq=7" : "");
    asked(s, spoken, target, number % 6 == 0 ? "getmyip.org" : server);
    if (s->detector->sign == SIGN_KNOWN_SITE)
        looked_up(s, client, "192.0.2.53", number % 2 != 0 ? "www.cnn.com" : "a.evil.example",
                  AT_NOON, -1);
}

static void check_split(enum sign_id id, const struct sites *sites, unsigned at_step)
{
    struct stage whole = stage_of(id), parts = stage_of(id);
    struct sign a, b;
    whole.watcher.sites = parts.watcher.sites = sites;
    for (unsigned i = 0; i < STEPS; i++) {
        step(&whole, CLIENT, i);
        step(&parts, i < at_step ? CLIENT : "10.0.0.10", i);
    }
    step(&parts, "10.0.0.10", 0); /* what both have must not count twice */
    parts.detector->merge(&parts.watcher, slot_of(&parts, CLIENT, AT_NOON),
                          slot_of(&parts, "10.0.0.10", AT_NOON));
    parts.detector->merge(&parts.watcher, slot_of(&parts, CLIENT, AT_NOON),
                          slot_of(&parts, "10.0.0.10", AT_NOON));
    assert_true(sign_of(&whole, CLIENT, AT_NOON, &a));
    assert_true(sign_of(&parts, CLIENT, AT_NOON, &b));
    assert_memory_equal(&a, &b, sizeof a);
    stage_clear(&whole);
    stage_clear(&parts);
}

static void test_merging_at_every_point_gives_the_whole(void **state)
{
    (void)state;
    static const enum sign_id signs[] = {SIGN_ODD_HTTP, SIGN_RENDEZVOUS_HTTP, SIGN_KNOWN_SITE};
    struct sites *sites = sites_with("evil.example");
    for (unsigned i = 0; i < COUNT_OF(signs); i++)
        for (unsigned at_step = 0; at_step <= STEPS; at_step++)
            check_split(signs[i], sites, at_step);
    sites_free(sites);
}

static void test_no_byte_from_the_network_steers_what_is_said(void **state)
{
    (void)state;
    static const enum sign_id signs[] = {SIGN_ODD_HTTP, SIGN_RENDEZVOUS_HTTP, SIGN_KNOWN_SITE};
    for (unsigned i = 0; i < COUNT_OF(signs); i++) {
        struct stage s = stage_of(signs[i]);
        struct sign sign;
        asked(&s, to("192.0.2.80", 4321), "/\x1b[2J\x07\x80", "\x1b[2J.getmyip.org");
        asked(&s, to("192.0.2.80", 4321), "/search?q=1", "192.0.2.80");
        assert_true(sign_of(&s, CLIENT, AT_NOON, &sign));
        for (const char *c = sign.says; *c != '\0'; c++)
            assert_in_range(*c, ' ', '~');
        stage_clear(&s);
    }
}

/* Saved and loaded */

static void test_what_was_saved_says_the_same_and_no_stranger_harms(void **state)
{
    (void)state;
    static const enum sign_id signs[] = {SIGN_ODD_HTTP, SIGN_RENDEZVOUS_HTTP};
    static const unsigned steps[] = {2, STEPS, 200};
    for (unsigned i = 0; i < COUNT_OF(signs) * COUNT_OF(steps); i++) {
        struct stage s = stage_of(signs[i % COUNT_OF(signs)]);
        for (unsigned number = 1; number < steps[i / COUNT_OF(signs)]; number++)
            step(&s, CLIENT, number);
        asked(&s, to("192.0.2.80", 4321), "/\x1b[2J\x80", "192.0.2.80");
        check_saved(&s, CLIENT, AT_NOON);
        stage_clear(&s);
    }
}

/* A slot whose sets have this many items each, with one example if so said. */
static bool requests_are_taken(enum sign_id id, uint8_t items, bool has_span, bool has_example)
{
    struct stage s = stage_of(id);
    uint8_t bytes[128];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct examples examples = {0};
    save_bool(&w, true);
    for (unsigned set = 0; set < (id == SIGN_ODD_HTTP ? 3 : 2); set++) {
        write_u8(&w, items);
        for (uint8_t i = 0; i < items; i++)
            write_le64(&w, i);
    }
    if (id == SIGN_RENDEZVOUS_HTTP)
        write_u8(&w, 1);
    save_span(&w, has_span ? (struct span){5, 7} : span_empty());
    if (has_example)
        examples_add(&examples, 7, "192.0.2.1:80 /");
    save_examples(&w, &examples);
    bool taken = saved_loads(&s, slot_of(&s, CLIENT, AT_NOON), bytes, w.used);
    stage_clear(&s);
    return taken;
}

static void test_requests_that_nobody_sent_are_refused(void **state)
{
    (void)state;
    static const enum sign_id signs[] = {SIGN_ODD_HTTP, SIGN_RENDEZVOUS_HTTP};
    for (unsigned i = 0; i < COUNT_OF(signs); i++) {
        assert_true(requests_are_taken(signs[i], 1, true, true));
        assert_true(requests_are_taken(signs[i], 3, true, true));
        assert_false(requests_are_taken(signs[i], 0, true, true));
        assert_false(requests_are_taken(signs[i], 1, false, true));
        assert_false(requests_are_taken(signs[i], 1, true, false));
    }
}

/* Whether a slot of variant A is taken when the byte of its shapes is another. */
static bool shapes_are_taken(uint8_t shapes, unsigned *variants)
{
    struct stage s = stage_of(SIGN_RENDEZVOUS_HTTP), other = stage_of(SIGN_RENDEZVOUS_HTTP);
    enum { SHAPES_AT = 1 + 9 + 9 }; /* behind a bool and two sets of one item */
    static uint8_t bytes[SAVED_MAX];
    struct sign sign = {0};
    asked(&s, to("192.0.2.80", 80), "/search?q=3&aq=7", "192.0.2.80");
    size_t size = saved_bytes(&s, slot_of(&s, CLIENT, AT_NOON), bytes);
    assert_int_equal(bytes[SHAPES_AT], 2);
    bytes[SHAPES_AT] = shapes;
    bool taken = saved_loads(&other, slot_of(&other, CLIENT, AT_NOON), bytes, size);
    *variants = taken && sign_of(&other, CLIENT, AT_NOON, &sign) ? sign.variants : 0;
    stage_clear(&s);
    stage_clear(&other);
    return taken;
}

static void test_only_shapes_that_there_are_are_taken(void **state)
{
    (void)state;
    unsigned variants;
    for (unsigned shapes = 0; shapes < 256; shapes++) {
        assert_int_equal(shapes_are_taken((uint8_t)shapes, &variants), shapes >= 1 && shapes <= 3);
        if (shapes >= 1 && shapes <= 3)
            assert_int_equal(variants, shapes == 2 ? VARIANT_A : VARIANT_A | VARIANT_B | VARIANT_C);
    }
}

static void test_a_saved_known_site_says_the_same(void **state)
{
    (void)state;
    struct sites *sites = sites_with("evil.example");
    for (unsigned steps = 0; steps <= STEPS; steps++) {
        struct stage whole = stage_of(SIGN_KNOWN_SITE), other = stage_of(SIGN_KNOWN_SITE);
        struct sign a, b;
        whole.watcher.sites = sites;
        if (steps > 2)
            asked(&whole, to("192.0.2.80", 80), "/", "\x1b[2J.getmyip.org");
        for (unsigned i = 0; i < steps; i++)
            step(&whole, CLIENT, i);
        stage_reload(&whole, &other, CLIENT, AT_NOON);
        assert_int_equal(sign_of(&whole, CLIENT, AT_NOON, &a), steps > 0);
        assert_int_equal(sign_of(&other, CLIENT, AT_NOON, &b), steps > 0);
        assert_memory_equal(&a, &b, sizeof a);
        stage_clear(&whole);
        stage_clear(&other);
    }
    sites_free(sites);
}

static void test_a_saved_known_site_of_strangers_harms_nothing(void **state)
{
    (void)state;
    struct sites *sites = sites_with("evil.example");
    struct stage s = stage_of(SIGN_KNOWN_SITE);
    s.watcher.sites = sites;
    for (unsigned i = 0; i < STEPS; i++)
        step(&s, CLIENT, i);
    hostile_check(&s, CLIENT, AT_NOON);
    stage_clear(&s);
    sites_free(sites);
}

/* Bits of sites, a bool, a set of nothing, a span of an instant, no examples. */
static bool site_is_taken(uint32_t of_worm)
{
    struct stage s = stage_of(SIGN_KNOWN_SITE);
    uint8_t bytes[64] = {0};
    struct writer w = writer_over(bytes, sizeof bytes);
    bool whole;
    write_le32(&w, of_worm);
    write_u8(&w, true);
    write_u8(&w, 0);
    write_u8(&w, true);
    write_zeros(&w, 16 + 1);
    bool taken = hostile_load(&s, at(CLIENT), bytes, w.used, &whole);
    stage_clear(&s);
    return taken;
}

static void test_a_known_site_that_is_none_is_refused(void **state)
{
    (void)state;
    assert_false(site_is_taken(0));
    assert_false(site_is_taken(UINT32_MAX));
    assert_true(site_is_taken((UINT32_C(1) << WORM_SITES) - 1));
    for (unsigned i = 0; i < WORM_SITES; i++)
        assert_int_equal(site_is_taken(UINT32_C(1) << i), worm_sites[i].kind != WORM_SITE_CLOCK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_http_on_an_odd_port_is_the_clients_sign),
        cmocka_unit_test(test_http_on_a_web_port_is_no_odd_http),
        cmocka_unit_test(test_an_answer_on_an_odd_port_is_no_request),
        cmocka_unit_test(test_who_began_must_be_known),
        cmocka_unit_test(test_a_search_of_a_bare_address_weighs_six),
        cmocka_unit_test(test_aq_7_is_of_variant_a),
        cmocka_unit_test(test_other_searches_are_no_rendezvous),
        cmocka_unit_test(test_only_get_is_a_rendezvous),
        cmocka_unit_test(test_a_scanner_of_many_servers_weighs_six_too),
        cmocka_unit_test(test_a_service_for_ones_own_address_weighs_one),
        cmocka_unit_test(test_clock_sites_are_context_only),
        cmocka_unit_test(test_a_site_is_known_by_its_host_header),
        cmocka_unit_test(test_names_of_the_users_list_count),
        cmocka_unit_test(test_a_site_of_both_lists_counts_once),
        cmocka_unit_test(test_a_clock_site_of_the_users_list_is_a_sign),
        cmocka_unit_test(test_a_list_takes_names_of_sites_only),
        cmocka_unit_test(test_a_list_ends_at_its_limit),
        cmocka_unit_test(test_merging_at_every_point_gives_the_whole),
        cmocka_unit_test(test_no_byte_from_the_network_steers_what_is_said),
        cmocka_unit_test(test_what_was_saved_says_the_same_and_no_stranger_harms),
        cmocka_unit_test(test_requests_that_nobody_sent_are_refused),
        cmocka_unit_test(test_only_shapes_that_there_are_are_taken),
        cmocka_unit_test(test_a_saved_known_site_says_the_same),
        cmocka_unit_test(test_a_saved_known_site_of_strangers_harms_nothing),
        cmocka_unit_test(test_a_known_site_that_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
