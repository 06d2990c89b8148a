/* engine/dark: who touched addresses that never spoke, whatever the order in which that is seen;
 * and what of it the reports say. */
#include "scene.h"

#include "base/compiler.h"
#include "engine/dark.h"
#include "wire/ip.h"

static const struct prefix *nets(void)
{
    static struct prefix ours[2];
    assert_true(prefix_parse("10.9.0.0/16", &ours[0], NULL));
    assert_true(prefix_parse("fd00::/8", &ours[1], NULL));
    return ours;
}

static struct dark *dark_begun(void)
{
    struct dark *d = dark_new(nets(), 2);
    assert_non_null(d);
    return d;
}

static struct observation seen(enum observation_kind kind, const char *client, const char *server,
                               uint16_t port, int64_t when_us)
{
    struct observation o = {.kind = kind,
                            .protocol = IP_TCP,
                            .client_known = true,
                            .by_client = true,
                            .when_us = when_us};
    assert_true(address_parse(client, &o.client.address, NULL));
    assert_true(address_parse(server, &o.server.address, NULL));
    o.server.port = port;
    return o;
}

static void note(struct dark *d, struct observation o)
{
    dark_note(d, &o);
}

static void test_who_touches_silent_addresses_is_listed_the_widest_first(void **state)
{
    (void)state;
    struct dark *d = dark_begun();
    size_t shown, count;
    note(d, seen(OBSERVED_BEGIN, "192.0.2.1", "10.9.0.1", 445, 50));
    note(d, seen(OBSERVED_BEGIN, "192.0.2.2", "10.9.0.1", 445, 10));
    note(d, seen(OBSERVED_BEGIN, "192.0.2.2", "10.9.0.2", 445, 30));
    note(d, seen(OBSERVED_BEGIN, "192.0.2.2", "10.9.0.2", 139, 20));
    note(d, seen(OBSERVED_BEGIN, "192.0.2.3", "198.51.100.1", 445, 20)); /* not ours */
    const struct dark_visitor *all = dark_visitors(d, &shown, &count);
    assert_true(shown == 2 && count == 2);
    assert_int_equal(address_v4(all[0].host), 0xc0000202);
    assert_true(all[0].dark == 2 && all[0].touched == 2 && all[0].flows == 3);
    assert_true(all[0].first_us == 10 && all[0].last_us == 30);
    assert_true(all[0].port_count == 2 && all[0].ports[0].port == 445);
    assert_true(all[0].ports[0].flows == 2 && all[0].ports[1].port == 139);
    assert_true(all[1].dark == 1 && all[1].answered == 0);
    dark_free(d);
}

/* Each way of speaking, before and after the touch. */
static void test_an_address_that_ever_spoke_is_not_dark(void **state)
{
    (void)state;
    struct observation ways[] = {
        seen(OBSERVED_BEGIN, "10.9.0.1", "198.51.100.1", 80, 9),
        seen(OBSERVED_ANSWER, "198.51.100.1", "10.9.0.1", 80, 9),
        seen(OBSERVED_PAYLOAD, "10.9.0.1", "198.51.100.1", 80, 9),
        seen(OBSERVED_DNS, "198.51.100.1", "10.9.0.1", 53, 9),
        seen(OBSERVED_HTTP, "198.51.100.1", "10.9.0.1", 80, 9),
        seen(OBSERVED_REFUSED, "198.51.100.1", "10.9.0.1", 80, 9),
    };
    size_t shown, count;
    ways[3].by_client = ways[4].by_client = false;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        for (unsigned before = 0; before < 2; before++) {
            struct dark *d = dark_begun();
            if (before)
                dark_note(d, &ways[i]);
            note(d, seen(OBSERVED_BEGIN, "192.0.2.1", "10.9.0.1", 445, 5));
            note(d, seen(OBSERVED_BEGIN, "192.0.2.1", "10.9.0.2", 445, 6));
            if (!before)
                dark_note(d, &ways[i]);
            const struct dark_visitor *all = dark_visitors(d, &shown, &count);
            assert_int_equal(count, 1);
            assert_true(all[0].dark == 1 && all[0].touched == 2);
            dark_free(d);
        }
    }
}

static void test_who_is_answered_everywhere_is_not_listed(void **state)
{
    (void)state;
    struct dark *d = dark_begun();
    size_t shown, count;
    note(d, seen(OBSERVED_BEGIN, "192.0.2.1", "10.9.0.1", 445, 5));
    note(d, seen(OBSERVED_ANSWER, "192.0.2.1", "10.9.0.1", 445, 6));
    (void)dark_visitors(d, &shown, &count);
    assert_int_equal(count, 0);
    note(d, seen(OBSERVED_BEGIN, "192.0.2.1", "10.9.0.7", 445, 7));
    note(d, seen(OBSERVED_REFUSED, "192.0.2.1", "10.9.0.8", 445, 8));
    const struct dark_visitor *all = dark_visitors(d, &shown, &count);
    assert_true(count == 1 && all[0].answered == 1 && all[0].refused == 1 && all[0].dark == 1);
    dark_free(d);
}

static void test_what_has_no_beginner_or_is_ipv6_says_nothing(void **state)
{
    (void)state;
    struct dark *d = dark_begun();
    size_t shown, count;
    struct observation o = seen(OBSERVED_BEGIN, "192.0.2.1", "10.9.0.1", 445, 5);
    o.client_known = false;
    dark_note(d, &o);
    note(d, seen(OBSERVED_BEGIN, "2001:db8::1", "fd00::1", 445, 5));
    (void)dark_visitors(d, &shown, &count);
    assert_int_equal(count, 0);
    dark_free(d);
}

static void test_more_ports_than_are_kept_are_said(void **state)
{
    (void)state;
    struct dark *d = dark_begun();
    size_t shown, count;
    for (uint16_t port = 1; port <= DARK_PORTS_MAX; port++)
        note(d, seen(OBSERVED_BEGIN, "192.0.2.1", "10.9.0.1", port, port));
    assert_false(dark_visitors(d, &shown, &count)[0].more_ports);
    note(d, seen(OBSERVED_BEGIN, "192.0.2.1", "10.9.0.1", 999, 99));
    const struct dark_visitor *all = dark_visitors(d, &shown, &count);
    assert_true(all[0].more_ports && all[0].port_count == DARK_PORTS_MAX);
    dark_free(d);
}

static void test_visitors_beyond_the_limit_are_counted(void **state)
{
    (void)state;
    struct dark *d = dark_begun();
    size_t shown, count;
    struct observation o = seen(OBSERVED_BEGIN, "11.0.0.0", "10.9.0.1", 445, 5);
    for (uint32_t i = 0; i < DARK_VISITORS_MAX + 3; i++) {
        o.client.address = address_of_v4(0x0b000000 + i);
        dark_note(d, &o);
    }
    assert_int_equal(dark_refused(d), 3);
    (void)dark_visitors(d, &shown, &count);
    assert_int_equal(count, DARK_VISITORS_MAX);
    assert_int_equal(shown, DARK_SHOWN_MAX);
    dark_free(d);
}

static void refused_tcp(struct scene *s, struct address from, struct address to, uint16_t port)
{
    struct side client = {from, scene_port(s), 1000}, server = {to, port, 0};
    send_tcp(s, &client, &server, TCP_SYN, reader_over("", 0));
    send_tcp(s, &server, &client, TCP_RST | TCP_ACK, reader_over("", 0));
}

/* A capture with a sweep of dark addresses, told in this format. */
static char *told(const char *format)
{
    struct scene s = scene_at("2009-04-21T12:00:00Z");
    char to[ADDRESS_TEXT_SIZE];
    for (unsigned i = 1; i <= 60; i++) {
        (void)snprintf(to, sizeof to, "10.9.0.%u", i);
        if (i == 1)
            talk(&s, "10.0.0.5", to, 445, words_of("hello"), words_of("hello"));
        else if (i == 2)
            refused_tcp(&s, host_of("10.0.0.5"), host_of(to), 445);
        else
            try_tcp(&s, host_of("10.0.0.5"), host_of(to), 445);
    }
    struct hunt_settings settings = settings_usual();
    settings.dark = dark_new(nets(), 1);
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_part(h, s.reel, 0, s.reel->count));
    reel_free(s.reel);
    struct hunt_outcome outcome;
    char *text;
    size_t size;
    struct report r = {
        .format = report_format_named(format), .out = open_memstream(&text, &size), .width = 400};
    hunt_finish(h, &r, 1, 0, &outcome);
    assert_int_equal(fclose(r.out), 0);
    hunt_free(h);
    dark_free(settings.dark);
    return text;
}

static void test_reports_tell_who_and_what_else_is_known_of_him(void **state)
{
    (void)state;
    char *text = told("text");
    assert_non_null(strstr(text, "WHO TOUCHED ADDRESSES THAT NEVER SPOKE\n\n"
                                 "10.0.0.5 touched 58 dark addresses (of 60 in these networks) in "
                                 "60 flows, "));
    assert_non_null(
        strstr(text, "; 1 answered it, 1 refused; ports 445/tcp; suspicious: smb-sweep"));
    free(text);
    text = told("json");
    assert_non_null(strstr(text,
                           "{\"type\":\"dark\",\"schema\":1,\"host\":\"10.0.0.5\",\"dark\":58,"
                           "\"touched\":60,\"answered\":1,\"refused\":1,\"flows\":60,"));
    assert_non_null(strstr(text, "\"ports\":[{\"port\":445,\"proto\":\"tcp\",\"flows\":60}],"
                                 "\"more_ports\":false,\"verdict\":\"suspicious\"}"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_touches_silent_addresses_is_listed_the_widest_first),
        cmocka_unit_test(test_an_address_that_ever_spoke_is_not_dark),
        cmocka_unit_test(test_who_is_answered_everywhere_is_not_listed),
        cmocka_unit_test(test_what_has_no_beginner_or_is_ipv6_says_nothing),
        cmocka_unit_test(test_more_ports_than_are_kept_are_said),
        cmocka_unit_test(test_visitors_beyond_the_limit_are_counted),
        cmocka_unit_test(test_reports_tell_who_and_what_else_is_known_of_him),
    };
    return cmocka_run_group_tests_name("dark", tests, NULL, NULL);
}
