/* base/: the reader's single bounds check, addresses, time, text, arena, errors. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/reader.h"
#include "base/room.h"
#include "base/time.h"
#include "base/writer.h"

static void test_reader_reads_both_byte_orders(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4};
    struct reader r = reader_over(bytes, sizeof bytes);
    assert_int_equal(read_be64(&r), 0x0102030405060708);
    struct reader copy = r;
    assert_int_equal(read_be32(&r), 0x01020304);
    assert_int_equal(read_le32(&copy), 0x04030201);
    assert_false(r.failed);
}

static void test_short_read_yields_zero_and_sticks(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {9, 9, 9};
    struct reader r = reader_over(bytes, sizeof bytes);
    assert_int_equal(read_be32(&r), 0);
    assert_true(r.failed);
    assert_int_equal(read_u8(&r), 0);
    assert_null(read_bytes(&r, 1));
}

static void test_part_is_a_wall(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {1, 2, 3, 4};
    struct reader r = reader_over(bytes, sizeof bytes);
    struct reader part = read_part(&r, 2);
    assert_int_equal(read_be16(&part), 0x0102);
    assert_int_equal(read_u8(&part), 0);
    assert_true(part.failed);
    assert_false(r.failed);
    assert_int_equal(read_u8(&r), 3);
    part = read_part(&r, 2);
    assert_true(part.failed && r.failed && part.left == 0);
}

static void test_writer_sticks_on_overflow(void **state)
{
    (void)state;
    uint8_t bytes[4];
    struct writer w = writer_over(bytes, sizeof bytes);
    write_be16(&w, 0x0102);
    write_le16(&w, 0x0102);
    assert_false(w.failed);
    assert_memory_equal(bytes, "\1\2\2\1", 4);
    write_u8(&w, 1);
    assert_true(w.failed);
    assert_int_equal(w.used, 4);
}

static void test_text_escapes_what_could_harm_a_terminal(void **state)
{
    (void)state;
    char buffer[64];
    struct text t = text_over(buffer, sizeof buffer);
    text_add_escaped(&t, "a\x1b[2J\\\n\xff", 8);
    assert_string_equal(buffer, "a\\x1b[2J\\\\\\x0a\\xff");
    for (int i = 0; i < 50; i++)
        text_add_escaped(&t, "\x01", 1);
    assert_true(t.cut);
    assert_int_equal(strlen(buffer), sizeof buffer - 1);
}

static void test_a_run_of_plain_text_is_cut_where_the_room_ends(void **state)
{
    (void)state;
    char buffer[8];
    struct text t = text_over(buffer, sizeof buffer);
    text_add_escaped(&t, "abc\\", 4);
    assert_string_equal(buffer, "abc\\\\");
    assert_false(t.cut);
    text_add_escaped(&t, "defg", 4);
    assert_string_equal(buffer, "abc\\\\de");
    assert_true(t.cut);
    text_add_plain(&t, "h", 1);
    assert_string_equal(buffer, "abc\\\\de");
    t = text_over(buffer, sizeof buffer);
    text_add_escaped(&t, "1234567", 7);
    assert_string_equal(buffer, "1234567");
    assert_false(t.cut);
    assert_int_equal(text_harmless("ab c~\x7f", 6), 5);
    assert_int_equal(text_harmless("a\\", 2), 1);
    assert_int_equal(text_harmless("", 0), 0);
}

static void check_address(const char *text, const char *wanted)
{
    struct address a;
    char buffer[ADDRESS_TEXT_SIZE];
    assert_true(address_parse(text, &a, NULL));
    assert_string_equal(address_text(a, buffer), wanted);
}

static void test_addresses_are_read_and_written(void **state)
{
    (void)state;
    check_address("192.0.2.1", "192.0.2.1");
    check_address("2001:DB8:0:0::1", "2001:db8::1");
    check_address("::ffff:10.0.0.1", "10.0.0.1");
    struct error err;
    struct address a;
    assert_false(address_parse("10.0.0.256", &a, &err));
    assert_string_equal(err.text,
                        "'10.0.0.256' is not an address; write it as 192.0.2.1 or 2001:db8::1");
    assert_false(address_parse("", &a, NULL) || address_parse("10.1", &a, NULL));
}

static bool holds(const char *prefix, const char *address)
{
    struct prefix p;
    struct address a;
    assert_true(prefix_parse(prefix, &p, NULL));
    assert_true(address_parse(address, &a, NULL));
    return prefix_holds(p, a);
}

static void test_prefixes_hold_their_addresses(void **state)
{
    (void)state;
    assert_true(holds("10.0.0.0/8", "10.255.0.1"));
    assert_false(holds("10.0.0.0/8", "11.0.0.1"));
    assert_true(holds("0.0.0.0/0", "203.0.113.9"));
    assert_false(holds("0.0.0.0/0", "2001:db8::1"));
    assert_true(holds("fe80::/10", "febf::1"));
    assert_false(holds("fe80::/10", "fec0::1"));
    assert_true(holds("192.0.2.7", "192.0.2.7"));
    assert_true(holds("::/0", "192.0.2.7"));
}

static void test_wrong_prefixes_say_what_would_be_right(void **state)
{
    (void)state;
    struct prefix p;
    struct error err;
    assert_false(prefix_parse("10.1.0.0/8", &p, &err));
    assert_string_equal(
        err.text, "'10.1.0.0/8' has bits set behind its prefix length; did you mean 10.0.0.0/8?");
    assert_false(prefix_parse("10.0.0.0/33", &p, &err));
    assert_non_null(strstr(err.text, "0 to 32"));
    assert_false(prefix_parse("10.0.0.0/", &p, NULL) || prefix_parse("10.0.0.0/8x", &p, NULL));
    assert_false(prefix_parse("/8", &p, NULL) || prefix_parse("10.0.0.0/-1", &p, NULL));
}

static void check_time(const char *text, const char *wanted)
{
    int64_t when_us;
    char buffer[TIME_TEXT_SIZE];
    assert_true(time_parse(text, &when_us, NULL));
    assert_string_equal(time_text(when_us, buffer), wanted);
}

static void test_times_are_read_and_written(void **state)
{
    (void)state;
    check_time("2009-04-21", "2009-04-21T00:00:00.000000Z");
    check_time("2009-04-21T16:44:11Z", "2009-04-21T16:44:11.000000Z");
    check_time("2009-04-21 16:44:11.25", "2009-04-21T16:44:11.250000Z");
    check_time("2009-04-21T16:44", "2009-04-21T16:44:00.000000Z");
    check_time("2009-04-21 16:44Z", "2009-04-21T16:44:00.000000Z");
    check_time("2009-04-21T01:30:11+02:00", "2009-04-20T23:30:11.000000Z");
    check_time("2009-04-21T20:00-05:30", "2009-04-22T01:30:00.000000Z");
    check_time("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z");
    check_time("2000-02-29", "2000-02-29T00:00:00.000000Z");
    int64_t when_us;
    assert_false(time_parse("2009-02-29", &when_us, NULL) ||
                 time_parse("2009-4-21", &when_us, NULL));
    assert_false(time_parse("2009-04-21T", &when_us, NULL) ||
                 time_parse("2009-04-21T24:00:00Z", &when_us, NULL));
    assert_false(time_parse("2009-04-21T16:44+2", &when_us, NULL) ||
                 time_parse("2009-04-21T16:44+02:00Z", &when_us, NULL));
    assert_false(time_parse("2009-04-21T16:44:", &when_us, NULL) ||
                 time_parse("2009-04-21T16:44.5", &when_us, NULL) ||
                 time_parse("2009-04-21T16", &when_us, NULL));
    assert_false(time_parse("21.04.2009", &when_us, NULL) ||
                 time_parse("2009-04-21x", &when_us, NULL));
    assert_true(time_parse("1970-01-02", &when_us, NULL) && when_us == US_PER_DAY);
}

static void test_every_day_of_two_centuries_comes_back(void **state)
{
    (void)state;
    for (int32_t day = day_of_date(1900, 1, 1); day < day_of_date(2101, 1, 1); day++) {
        char text[DATE_TEXT_SIZE];
        int32_t again;
        assert_true(date_parse(date_text(day, text), &again, NULL));
        assert_int_equal(day, again);
    }
    assert_int_equal(day_of_date(1970, 1, 1), 0);
    assert_int_equal(day_of(-1), -1);
}

static void test_room_grows_and_keeps_what_is_there(void **state)
{
    (void)state;
    int *items = NULL;
    size_t room = 0;
    for (int i = 0; i < 1000; i++) {
        items = room_for_one(items, (size_t)i, &room, sizeof *items);
        assert_non_null(items);
        items[i] = i;
    }
    assert_true(room >= 1000 && items[0] == 0 && items[63] == 63 && items[999] == 999);
    size_t full = SIZE_MAX / 2 + 1;
    assert_null(room_for_one(items, full, &full, sizeof *items));
    assert_true(full == SIZE_MAX / 2 + 1);
    free(items);
}

static void test_arena_keeps_its_limit_and_its_pieces_apart(void **state)
{
    (void)state;
    struct arena a = arena_of(1 << 20);
    unsigned char *before = NULL;
    for (int i = 0; i < 1000; i++) {
        unsigned char *piece = arena_take(&a, 1, 100);
        assert_non_null(piece);
        assert_true(piece[0] == 0 && piece[99] == 0);
        memset(piece, 0xee, 100);
        assert_true(before == NULL || before[99] == 0xee);
        before = piece;
    }
    assert_non_null(arena_take(&a, 2, 200000));
    assert_null(arena_take(&a, 1, 1 << 20));
    assert_null(arena_take(&a, SIZE_MAX / 2, 3));
    char *copy = arena_text(&a, "ward3");
    assert_string_equal(copy, "ward3");
    arena_free(&a);
    assert_int_equal(a.used_bytes, 0);
}

static void test_errors_read_outside_in(void **state)
{
    (void)state;
    struct error err;
    assert_false(fail(&err, ERROR_FORMAT, "block shorter than %d bytes", 12));
    assert_false(fail_in(&err, "record %d", 17));
    assert_false(fail_in(&err, "x.pcap"));
    assert_string_equal(err.text, "x.pcap: record 17: block shorter than 12 bytes");
    assert_int_equal(err.kind, ERROR_FORMAT);
    for (int i = 0; i < 100; i++)
        (void)fail_in(&err, "a long word");
    assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
}

static void test_filetimes_are_times(void **state)
{
    (void)state;
    assert_int_equal(time_of_filetime(UINT64_C(0x019db1ded53e8000)), 0);
    assert_int_equal(time_of_filetime(UINT64_C(0x019db1ded53e8000) + 15), 1);
    assert_true(filetime_of_time(0) == UINT64_C(0x019db1ded53e8000));
    assert_int_equal(time_of_filetime(filetime_of_time(1240317851000007)), 1240317851000007);
    assert_int_equal(time_of_filetime(10), INT64_C(-11644473600) * US_PER_SECOND + 1);
    assert_true(time_of_filetime(0) == TIME_NONE);
    assert_true(time_of_filetime(UINT64_MAX) == TIME_NONE);
}

static void test_hash_of_a_number_can_be_undone(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t x = i * UINT64_C(0x9e3779b97f4a7c15);
        assert_true(hash_number_undo(hash_number(x)) == x);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reader_reads_both_byte_orders),
        cmocka_unit_test(test_short_read_yields_zero_and_sticks),
        cmocka_unit_test(test_part_is_a_wall),
        cmocka_unit_test(test_writer_sticks_on_overflow),
        cmocka_unit_test(test_text_escapes_what_could_harm_a_terminal),
        cmocka_unit_test(test_a_run_of_plain_text_is_cut_where_the_room_ends),
        cmocka_unit_test(test_addresses_are_read_and_written),
        cmocka_unit_test(test_prefixes_hold_their_addresses),
        cmocka_unit_test(test_wrong_prefixes_say_what_would_be_right),
        cmocka_unit_test(test_times_are_read_and_written),
        cmocka_unit_test(test_every_day_of_two_centuries_comes_back),
        cmocka_unit_test(test_room_grows_and_keeps_what_is_there),
        cmocka_unit_test(test_arena_keeps_its_limit_and_its_pieces_apart),
        cmocka_unit_test(test_errors_read_outside_in),
        cmocka_unit_test(test_filetimes_are_times),
        cmocka_unit_test(test_hash_of_a_number_can_be_undone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
