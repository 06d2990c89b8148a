/* wire/assigned_names: names to numbers and back. */
#include "testing.h"

#include <string.h>

#include "wire/assigned_names.h"

enum { TCP = 6, UDP = 17, NAMES_MIN = 300 };

static void test_ports_and_their_names(void **state)
{
    (void)state;
    uint16_t port = 0;
    assert_string_equal(service_name(445, TCP), "microsoft-ds");
    assert_string_equal(service_name(53, UDP), "domain");
    assert_null(service_name(49152, TCP));
    assert_true(service_port("www", TCP, &port));
    assert_int_equal(port, 80);
    assert_true(service_port("netbios-ns", 0, &port));
    assert_int_equal(port, 137);
    assert_false(service_port("no-such-thing", 0, &port));
}

static void test_a_port_may_have_another_name_in_each_protocol(void **state)
{
    (void)state;
    uint16_t port = 0;
    assert_string_equal(service_name(514, UDP), "syslog");
    assert_string_equal(service_name(514, TCP), "shell");
    assert_false(service_port("tftp", TCP, &port));
    assert_null(service_name(514, 132));
}

/* Which the search by halving needs: a row out of order would not be found. */
static void test_every_name_that_is_printed_is_read_again(void **state)
{
    (void)state;
    unsigned names = 0;
    for (unsigned number = 0; number <= UINT16_MAX; number++)
        for (unsigned i = 0; i < 2; i++) {
            uint8_t protocol = i == 0 ? TCP : UDP;
            const char *name = service_name((uint16_t)number, protocol);
            uint16_t port = 0;
            if (name == NULL)
                continue;
            names++;
            assert_true(service_port(name, protocol, &port));
            assert_int_equal(port, number);
        }
    assert_true(names >= NAMES_MIN);
}

static void test_protocols_and_their_names(void **state)
{
    (void)state;
    uint8_t number = 0;
    assert_string_equal(protocol_name(58), "ipv6-icmp");
    assert_true(protocol_number("icmp6", &number));
    assert_int_equal(number, 58);
    assert_null(protocol_name(255));
    assert_false(protocol_number("ip", &number)); /* which is both versions, to people */
    for (unsigned i = 0; i <= UINT8_MAX; i++)
        if (protocol_name((uint8_t)i) != NULL) {
            assert_true(protocol_number(protocol_name((uint8_t)i), &number));
            assert_int_equal(number, i);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ports_and_their_names),
        cmocka_unit_test(test_a_port_may_have_another_name_in_each_protocol),
        cmocka_unit_test(test_every_name_that_is_printed_is_read_again),
        cmocka_unit_test(test_protocols_and_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
