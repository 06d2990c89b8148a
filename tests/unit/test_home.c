/* engine/home: the private networks or those that were named, and the busiest of the others. */
#include "testing.h"

#include "base/compiler.h"
#include "engine/home.h"

static struct address at(const char *text)
{
    struct address a;
    assert_true(address_parse(text, &a, NULL));
    return a;
}

static void note(struct home *h, const char *client, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        home_note(h, at(client));
}

static void check_busiest(const struct home *h, const char *wanted)
{
    struct prefix net;
    char text[PREFIX_TEXT_SIZE];
    assert_true(home_is_elsewhere(h, &net));
    assert_string_equal(prefix_text(net, text), wanted);
}

static void test_private_networks_are_home_by_default(void **state)
{
    (void)state;
    static const char *const inside[] = {"10.0.0.0",    "10.255.255.255",
                                         "172.16.0.0",  "172.31.255.255",
                                         "192.168.0.0", "192.168.255.255",
                                         "100.64.0.0",  "100.127.255.255",
                                         "169.254.0.0", "169.254.255.255",
                                         "fe80::",      "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                                         "fc00::",      "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
    struct home h;
    home_init(&h, NULL, 0);
    for (size_t i = 0; i < COUNT_OF(inside); i++)
        assert_true(home_holds(&h, at(inside[i])));
}

static void test_their_neighbours_are_not(void **state)
{
    (void)state;
    static const char *const outside[] = {
        "9.255.255.255", "11.0.0.0",        "172.15.255.255", "172.32.0.0",    "192.167.255.255",
        "192.169.0.0",   "100.63.255.255",  "100.128.0.0",    "169.253.255.0", "169.255.0.0",
        "fec0::",        "fbff:ffff::ffff", "fe00::",         "::10.0.0.1",    "8.8.8.8"};
    struct home h;
    home_init(&h, NULL, 0);
    for (size_t i = 0; i < COUNT_OF(outside); i++)
        assert_false(home_holds(&h, at(outside[i])));
}

static void test_named_networks_take_the_place_of_the_private_ones(void **state)
{
    (void)state;
    struct prefix nets[2];
    assert_true(prefix_parse("198.51.100.0/24", &nets[0], NULL));
    assert_true(prefix_parse("2001:db8::/32", &nets[1], NULL));
    struct home h;
    home_init(&h, nets, 2);
    assert_true(home_holds(&h, at("198.51.100.255")) && home_holds(&h, at("2001:db8::1")));
    assert_false(home_holds(&h, at("10.0.0.1")) || home_holds(&h, at("198.51.101.0")));
    home_init(&h, nets, 0);
    assert_false(home_holds(&h, at("198.51.100.1")));
}

static void test_the_busiest_other_network_is_named(void **state)
{
    (void)state;
    struct home h;
    home_init(&h, NULL, 0);
    note(&h, "198.51.100.1", 3);
    note(&h, "198.51.7.7", 3);
    note(&h, "192.0.2.1", 2);
    note(&h, "10.0.0.1", 3);
    check_busiest(&h, "198.51.0.0/16");
}

static void test_half_of_the_traffic_is_not_most_of_it(void **state)
{
    (void)state;
    struct home h;
    struct prefix net;
    home_init(&h, NULL, 0);
    assert_false(home_is_elsewhere(&h, &net));
    note(&h, "198.51.100.1", 5);
    note(&h, "10.0.0.1", 5);
    assert_false(home_is_elsewhere(&h, &net));
    note(&h, "198.51.100.1", 1);
    assert_true(home_is_elsewhere(&h, &net));
}

static void test_a_home_that_is_busy_is_not_elsewhere(void **state)
{
    (void)state;
    struct home h;
    struct prefix net;
    home_init(&h, NULL, 0);
    note(&h, "10.0.0.1", 100);
    note(&h, "198.51.100.1", 20);
    assert_false(home_is_elsewhere(&h, &net));
    assert_int_equal(h.now.begun, 120);
}

static void test_ipv6_networks_are_of_48_bits(void **state)
{
    (void)state;
    struct home h;
    home_init(&h, NULL, 0);
    note(&h, "2001:db8:1:2::3", 2);
    note(&h, "2001:db8:1:ffff::3", 2);
    note(&h, "2001:db8:2::", 2);
    check_busiest(&h, "2001:db8:1::/48");
}

static void test_the_busiest_is_found_among_more_networks_than_are_kept(void **state)
{
    (void)state;
    struct home h;
    home_init(&h, NULL, 0);
    for (uint32_t i = 0; i < 2000; i++) {
        home_note(&h, address_of_v4((11 + i % 150) << 24 | i << 8));
        note(&h, "198.51.100.1", 2);
    }
    check_busiest(&h, "198.51.0.0/16");
}

static void test_a_network_that_becomes_busy_late_is_found(void **state)
{
    (void)state;
    struct home h;
    home_init(&h, NULL, 0);
    for (uint32_t i = 0; i < 3 * HOME_CANDIDATES; i++)
        home_note(&h, address_of_v4((11 + i) << 24));
    note(&h, "198.51.100.1", 4 * HOME_CANDIDATES);
    check_busiest(&h, "198.51.0.0/16");
}

static void test_many_small_networks_are_no_busiest(void **state)
{
    (void)state;
    struct home h;
    struct prefix net;
    home_init(&h, NULL, 0);
    for (uint32_t i = 0; i < 5000; i++)
        home_note(&h, address_of_v4((11 + i % 150) << 24 | i << 8));
    assert_false(home_is_elsewhere(&h, &net));
}

static void test_a_little_more_than_half_is_most_and_of_one_network(void **state)
{
    (void)state;
    struct home h;
    struct prefix net;
    home_init(&h, NULL, 0);
    note(&h, "198.51.0.1", 250);
    note(&h, "198.51.255.1", 250);
    note(&h, "10.0.0.1", 500);
    assert_false(home_is_elsewhere(&h, &net));
    note(&h, "198.51.0.1", 1);
    check_busiest(&h, "198.51.0.0/16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private_networks_are_home_by_default),
        cmocka_unit_test(test_their_neighbours_are_not),
        cmocka_unit_test(test_named_networks_take_the_place_of_the_private_ones),
        cmocka_unit_test(test_the_busiest_other_network_is_named),
        cmocka_unit_test(test_half_of_the_traffic_is_not_most_of_it),
        cmocka_unit_test(test_a_home_that_is_busy_is_not_elsewhere),
        cmocka_unit_test(test_ipv6_networks_are_of_48_bits),
        cmocka_unit_test(test_the_busiest_is_found_among_more_networks_than_are_kept),
        cmocka_unit_test(test_a_network_that_becomes_busy_late_is_found),
        cmocka_unit_test(test_many_small_networks_are_no_busiest),
        cmocka_unit_test(test_a_little_more_than_half_is_most_and_of_one_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
