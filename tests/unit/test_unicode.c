/* base/unicode: characters there and back, what is none, and texts that do not fit. */
#include "testing.h"

#include <string.h>

#include "base/unicode.h"

static const char *text_of(const void *utf16, size_t size, char *room, size_t room_size)
{
    struct text t = text_over(room, room_size);
    text_add_utf16(&t, reader_over(utf16, size));
    return room;
}

static void test_texts_go_to_utf16_and_back(void **state)
{
    (void)state;
    static const char text[] =
        "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"; /* of 1, 2, 3 and 4 bytes */
    uint8_t wide[64];
    char room[64];
    struct writer w = writer_over(wide, sizeof wide);
    write_utf16(&w, text);
    assert_int_equal(w.used, 2 * 6);
    assert_memory_equal(wide, "A\0\xe9\0\xac\x20\x3d\xd8\x00\xdez\0", 12);
    assert_string_equal(text_of(wide, w.used, room, sizeof room), text);
}

static void test_halves_of_pairs_become_the_replacement(void **state)
{
    (void)state;
    char room[64];
    assert_string_equal(text_of("\x00\xd8z\0", 4, room, sizeof room), "\xef\xbf\xbdz");
    assert_string_equal(text_of("\x00\xdcz\0", 4, room, sizeof room), "\xef\xbf\xbdz");
    assert_string_equal(text_of("z\0\x00\xd8", 4, room, sizeof room), "z\xef\xbf\xbd");
    assert_string_equal(text_of("\x00\xd8\x00\xd8\x00\xdc", 6, room, sizeof room),
                        "\xef\xbf\xbd\xf0\x90\x80\x80");
}

static void test_a_zero_and_an_odd_byte_end_a_text(void **state)
{
    (void)state;
    char room[64];
    assert_string_equal(text_of("a\0\0\0b", 6, room, sizeof room), "a");
    assert_string_equal(text_of("a\0b", 3, room, sizeof room), "a");
    struct text t = text_over(room, sizeof room);
    text_add_bytes(&t, reader_over("a\xff\0b", 4));
    assert_string_equal(room, "a\xff");
}

static void test_no_character_is_cut_in_two(void **state)
{
    (void)state;
    static const uint8_t wide[] = {'a', 0, 0xac, 0x20, 'b', 0};
    for (size_t size = 1; size < 6; size++) {
        char room[8];
        struct text t = text_over(room, size);
        text_add_utf16(&t, reader_over(wide, sizeof wide));
        assert_true(t.cut);
        assert_string_equal(room, size == 1 ? "" : size < 5 ? "a" : "a\xe2\x82\xac");
    }
}

static void test_bytes_that_are_no_utf8_become_the_replacement(void **state)
{
    (void)state;
    uint8_t wide[16];
    struct writer w = writer_over(wide, sizeof wide);
    write_utf16(&w, "a\xff\xe2\x82");
    assert_int_equal(w.used, 8);
    assert_memory_equal(wide, "a\0\xfd\xff\xfd\xff\xfd\xff", 8);
}

static void test_numbers_are_filled_in_afterwards(void **state)
{
    (void)state;
    uint8_t bytes[4];
    struct writer w = writer_over(bytes, sizeof bytes);
    write_zeros(&w, 4);
    write_le16_at(&w, 0, 0x1234);
    write_be16_at(&w, 2, 0x1234);
    write_le16_at(&w, 3, 0xffff); /* not there */
    assert_memory_equal(bytes, "\x34\x12\x12\x34", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_go_to_utf16_and_back),
        cmocka_unit_test(test_halves_of_pairs_become_the_replacement),
        cmocka_unit_test(test_a_zero_and_an_odd_byte_end_a_text),
        cmocka_unit_test(test_no_character_is_cut_in_two),
        cmocka_unit_test(test_bytes_that_are_no_utf8_become_the_replacement),
        cmocka_unit_test(test_numbers_are_filled_in_afterwards),
    };
    return cmocka_run_group_tests_name("unicode", tests, NULL, NULL);
}
