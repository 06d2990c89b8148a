/* base/fast_text: what it writes is what printf would. */
#include "testing.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/fast_text.h"

static void is(struct fast_text *t, const char *expected)
{
    assert_false(t->failed);
    assert_int_equal(t->used, strlen(expected));
    assert_memory_equal(t->start, expected, t->used);
    t->used = 0;
}

static void test_numbers_of_every_length_are_as_printf_writes_them(void **state)
{
    (void)state;
    struct fast_text t = {0};
    uint64_t value = 1;
    char expected[64];
    for (unsigned i = 0; i < 64; i++, value = value * 2 + i) {
        (void)snprintf(expected, sizeof expected, "%" PRIu64, value);
        fast_text_count(&t, value);
        is(&t, expected);
        (void)snprintf(expected, sizeof expected, "%" PRIx64, value);
        fast_text_hex(&t, value, 1);
        is(&t, expected);
    }
    fast_text_count(&t, UINT64_MAX);
    is(&t, "18446744073709551615");
    fast_text_count(&t, 0);
    is(&t, "0");
    fast_text_padded(&t, 7, 3);
    is(&t, "007");
    fast_text_free(&t);
}

static void test_seconds_have_as_many_decimals_as_asked_for(void **state)
{
    (void)state;
    struct fast_text t = {0};
    fast_text_seconds(&t, INT64_C(1238630400000042), 6);
    is(&t, "1238630400.000042");
    fast_text_seconds(&t, 1999999, 0);
    is(&t, "1");
    fast_text_seconds(&t, 1999999, 2);
    is(&t, "1.99");
    fast_text_seconds(&t, 5, 9);
    is(&t, "0.000005000");
    fast_text_seconds(&t, -1500000, 1);
    is(&t, "-1.5");
    fast_text_seconds(&t, INT64_MIN, 0);
    is(&t, "-9223372036854");
    fast_text_free(&t);
}

static void test_addresses_and_macs_have_their_usual_form(void **state)
{
    (void)state;
    struct fast_text t = {0};
    fast_text_address(&t, address_of_v4(0xc0000201));
    is(&t, "192.0.2.1");
    fast_text_address(&t, (struct address){UINT64_C(0x20010db800000000), 7});
    is(&t, "2001:db8::7");
    fast_text_mac(&t, UINT64_C(0x02000000ff01));
    is(&t, "02:00:00:00:ff:01");
    fast_text_free(&t);
}

static void test_foreign_bytes_are_escaped_and_so_is_the_separator(void **state)
{
    (void)state;
    struct fast_text t = {0};
    static const uint8_t bytes[] = {'a', '|', '\\', 0, 0x1b, 0xff, '~'};
    fast_text_escaped(&t, reader_over(bytes, sizeof bytes), '|');
    is(&t, "a\\x7c\\\\\\x00\\x1b\\xff~");
    fast_text_hex_bytes(&t, reader_over(bytes, sizeof bytes));
    is(&t, "617C5C001BFF7E");
    fast_text_free(&t);
}

static void test_what_cannot_be_held_sticks(void **state)
{
    (void)state;
    struct fast_text t = {0};
    assert_null(fast_text_room(&t, SIZE_MAX / 2));
    assert_true(t.failed);
    fast_text_char(&t, 'a');
    fast_text_blanks(&t, 10000);
    assert_true(t.failed);
    fast_text_free(&t);
    assert_false(t.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_of_every_length_are_as_printf_writes_them),
        cmocka_unit_test(test_seconds_have_as_many_decimals_as_asked_for),
        cmocka_unit_test(test_addresses_and_macs_have_their_usual_form),
        cmocka_unit_test(test_foreign_bytes_are_escaped_and_so_is_the_separator),
        cmocka_unit_test(test_what_cannot_be_held_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
