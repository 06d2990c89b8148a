/* wire/dns, wire/dns_reverse: where PTR answers lead, and which address their question is of. */
#include "testing.h"

#include <string.h>

#include "base/compiler.h"
#include "wire/dns_reverse.h"

static bool reverse(const char *text, struct address *out)
{
    struct dns_name name = {.length = (uint8_t)strlen(text)};
    memcpy(name.text, text, name.length + 1U);
    return dns_reverse_address(&name, out);
}

static void assert_address(const char *name, const char *expected)
{
    struct address a;
    char text[ADDRESS_TEXT_SIZE];
    assert_true(reverse(name, &a));
    assert_string_equal(address_text(a, text), expected);
}

static void test_names_of_the_reverse_zones_are_addresses(void **state)
{
    (void)state;
    assert_address("5.0.0.10.in-addr.arpa", "10.0.0.5");
    assert_address("255.1.168.192.in-addr.arpa", "192.168.1.255");
    assert_address("3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.f.1.d.f.ip6.arpa",
                   "fd1f::3");
}

static void test_other_names_are_none(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",
        "in-addr.arpa",
        "0.0.10.in-addr.arpa",
        "9.5.0.0.10.in-addr.arpa",
        "256.0.0.10.in-addr.arpa",
        "0005.0.0.10.in-addr.arpa",
        ".0.0.10.in-addr.arpa",
        "x.0.0.10.in-addr.arpa",
        "5.0.0.10.example.com",
        "5.0.0.10in-addr.arpa",
        "3.0.f.ip6.arpa",
        "g.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.f.1.d.f.ip6.arpa",
        "9.3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.f.1.d.f.ip6.arpa"};
    struct address a = {1, 2};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_false(reverse(names[i], &a));
    assert_true(a.high == 1 && a.low == 2);
}

#define POINTER_HEADER "\0\1\x81\x80\0\1\0\1\0\0\0\0"
#define POINTER_QUESTION                                                                           \
    "\1"                                                                                           \
    "5\1"                                                                                          \
    "0\1"                                                                                          \
    "0\2"                                                                                          \
    "10\7in-addr\4arpa\0\0\14\0\1"
#define POINTER_RECORD "\xc0\14\0\14\0\1\0\0\0\74"

static bool parse(const char *bytes, size_t size, struct dns_message *out)
{
    return dns_parse(reader_over(bytes, size), out);
}

static void test_pointer_answer_is_kept(void **state)
{
    (void)state;
    static const char plain[] = POINTER_HEADER POINTER_QUESTION POINTER_RECORD
        "\0\16\5WARD3\6clinic\0";
    static const char compressed[] = POINTER_HEADER POINTER_QUESTION POINTER_RECORD
        "\0\10\5ward3\xc0\35"; /* on to "arpa" of the question */
    static struct dns_message m;
    assert_true(parse(plain, sizeof plain - 1, &m) && !m.cut && m.has_pointer);
    assert_string_equal(m.pointer.text, "ward3.clinic");
    assert_true(parse(compressed, sizeof compressed - 1, &m) && !m.cut && m.has_pointer);
    assert_string_equal(m.pointer.text, "ward3.arpa");
}

static void test_pointer_that_is_no_name_is_none(void **state)
{
    (void)state;
    static const char loop[] = POINTER_HEADER POINTER_QUESTION POINTER_RECORD "\0\2\xc0\63";
    static const char too_long[] = POINTER_HEADER POINTER_QUESTION POINTER_RECORD "\0\10\5ward3\0x";
    static const char beyond[] = POINTER_HEADER POINTER_QUESTION POINTER_RECORD "\0\4\5ward3\0";
    static struct dns_message m;
    assert_true(parse(loop, sizeof loop - 1, &m) && !m.has_pointer);
    assert_true(parse(too_long, sizeof too_long - 1, &m) && !m.has_pointer);
    assert_true(parse(beyond, sizeof beyond - 1, &m) && !m.has_pointer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_the_reverse_zones_are_addresses),
        cmocka_unit_test(test_other_names_are_none),
        cmocka_unit_test(test_pointer_answer_is_kept),
        cmocka_unit_test(test_pointer_that_is_no_name_is_none),
    };
    return cmocka_run_group_tests_name("dns_reverse", tests, NULL, NULL);
}
