/* source/argus_stream: framing, damage and the record behind it; and every truncation of every
 * sample, read from exactly as much memory as it has. */
#include "testing.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fuzz/argus_walk.h"

enum { BYTES_MAX = 1 << 16, MAR_SIZE = 128 };

struct bytes {
    uint8_t at[BYTES_MAX];
    size_t size;
};

static void add(struct bytes *b, const void *more, size_t size)
{
    assert_in_range(b->size + size, 0, sizeof b->at);
    memcpy(b->at + b->size, more, size);
    b->size += size;
}

static void add_start(struct bytes *b)
{
    static const uint8_t head[] = {0x83, 0x10, 0, 32, 0, 0, 0, 0, 0xe5, 0x71, 0x2d, 0xcb};
    uint8_t mar[MAR_SIZE] = {0};
    memcpy(mar, head, sizeof head);
    memset(mar + MAR_SIZE - 4, 0xff, 4);
    add(b, mar, sizeof mar);
}

/* A TCP flow of two addresses with nothing but key, time and packets. */
static void add_flow(struct bytes *b)
{
    static const uint8_t flow[] = {0x13, 0x10, 0,    12, 0x02, 0x01, 0x01, 5,    10,   0,    0, 1,
                                   10,   0,    0,    2,  6,    0,    0x0b, 0xb9, 1,    0xbd, 0, 0,
                                   0x03, 0x01, 0x18, 3,  0x49, 0xd4, 0,    0,    0,    0,    0, 5,
                                   0x10, 0x01, 0x05, 2,  1,    60,   0,    0,    0x00, 0,    0, 1};
    add(b, flow, sizeof flow);
}

static struct bytes *whole(void)
{
    struct bytes *b = calloc(1, sizeof *b);
    assert_non_null(b);
    add_start(b);
    for (int i = 0; i < 3; i++)
        add_flow(b);
    return b;
}

static void free_bytes(struct bytes *b)
{
    free(b);
}

static void test_records_follow_one_another_to_the_end(void **state)
{
    (void)state;
    struct bytes *b = whole();
    struct argus_walked walked = argus_walk(b->at, b->size);
    assert_int_equal(walked.flows, 3);
    assert_int_equal(walked.skipped + walked.damaged, 0);
    free_bytes(b);
}

static void test_zero_words_between_records_are_padding(void **state)
{
    (void)state;
    struct bytes *b = whole();
    static const uint8_t zeros[12];
    add(b, zeros, sizeof zeros);
    add_flow(b);
    struct argus_walked walked = argus_walk(b->at, b->size);
    assert_int_equal(walked.flows, 4);
    assert_int_equal(walked.skipped + walked.damaged, 0);
    free_bytes(b);
}

/* Whatever is wrong with the second record's header, the third is found, and the error says from
 * where to where. */
static void test_behind_a_damaged_header_the_next_record_is_found(void **state)
{
    (void)state;
    static const uint8_t heads[][4] = {
        {0x13, 0x10, 0, 0},    /* length 0 */
        {0x13, 0x10, 0xff, 0}, /* beyond the end */
        {0x14, 0x10, 0, 12},   /* version 4 */
        {0x93, 0x10, 0, 12},   /* type 9 */
        {0x13, 0x10, 0, 7},    /* too short for a flow */
        {0, 0, 0, 12},
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct bytes *b = whole();
        struct error err;
        struct argus_record r;
        memcpy(b->at + MAR_SIZE + 48, heads[i], 4);
        struct argus_walked walked = argus_walk(b->at, b->size);
        assert_int_equal(walked.flows, 2);
        assert_int_equal(walked.skipped, 1);
        struct input *in = input_open_memory("x", b->at, b->size, &err);
        struct argus_stream s = argus_stream_over(in, false);
        assert_int_equal(argus_stream_next(&s, &r, &err), ARGUS_RECORD);
        assert_int_equal(argus_stream_next(&s, &r, &err), ARGUS_RECORD);
        assert_int_equal(argus_stream_next(&s, &r, &err), ARGUS_SKIPPED);
        assert_non_null(strstr(err.text, "offset 176: "));
        assert_non_null(strstr(err.text, "; goes on at 224"));
        input_close(in);
        free_bytes(b);
    }
}

static void test_what_was_lost_need_not_be_whole_words(void **state)
{
    (void)state;
    struct bytes *b = whole();
    add(b, "\x13\x10\xff\xff\x01", 5);
    add_flow(b);
    struct argus_walked walked = argus_walk(b->at, b->size);
    assert_int_equal(walked.flows, 4);
    assert_int_equal(walked.skipped, 1);
    free_bytes(b);
}

/* A live server's next record may be a minute away: nothing is looked for there. */
static void test_damage_is_the_end_of_a_live_stream(void **state)
{
    (void)state;
    struct bytes *b = whole();
    struct error err;
    struct argus_record r;
    b->at[MAR_SIZE] = 0x93;
    struct input *in = input_open_memory("x", b->at, b->size, &err);
    struct argus_stream s = argus_stream_over(in, true);
    assert_int_equal(argus_stream_next(&s, &r, &err), ARGUS_RECORD);
    assert_int_equal(argus_stream_next(&s, &r, &err), ARGUS_DAMAGED);
    assert_string_equal(err.text, "offset 128: no record begins here");
    assert_int_equal(argus_stream_next(&s, &r, &err), ARGUS_END);
    input_close(in);
    free_bytes(b);
}

static void test_pushed_bytes_say_how_many_are_missing(void **state)
{
    (void)state;
    struct bytes *b = whole();
    size_t size;
    struct argus_record r;
    struct error err;
    assert_int_equal(argus_frame(reader_over(b->at, 3), &size, &r, &err), ARGUS_FRAME_SHORT);
    assert_int_equal(size, 4);
    assert_int_equal(argus_frame(reader_over(b->at, 127), &size, &r, &err), ARGUS_FRAME_SHORT);
    assert_int_equal(size, 128);
    assert_int_equal(argus_frame(reader_over(b->at, 128), &size, &r, &err), ARGUS_FRAME_RECORD);
    struct argus_mar mar;
    argus_mar_read(&r, &mar);
    assert_int_equal(mar.cookie, ARGUS_COOKIE_3);
    assert_false(mar.wants_sasl);
    assert_int_equal(argus_frame(reader_over("\0\0\0\0", 4), &size, &r, &err), ARGUS_FRAME_PADDING);
    assert_int_equal(argus_frame(reader_over("\x13\x10\0\0", 4), &size, &r, &err), ARGUS_FRAME_BAD);
    free_bytes(b);
}

static void test_only_archives_are_recognised(void **state)
{
    (void)state;
    struct bytes *b = whole();
    assert_true(argus_recognises(b->at, 64));
    assert_true(argus_recognises(b->at, 10));
    assert_true(argus_recognises(b->at + MAR_SIZE, 48));
    assert_false(argus_recognises(b->at, 3));
    assert_false(argus_recognises(b->at + 16, 64));
    b->at[11] = 0xca; /* another cookie */
    assert_false(argus_recognises(b->at, 64));
    assert_false(argus_is_version_2(b->at, 64));
    memcpy(b->at + 8, "\xe5\x61\x7a\xcb", 4);
    assert_true(argus_recognises(b->at, 64) && argus_is_version_2(b->at, 64));
    assert_false(argus_recognises((const uint8_t *)"\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0", 12));
    free_bytes(b);
}

/* From an exact copy on the heap, so that a byte too many is found. */
static void read_exactly(const uint8_t *bytes, size_t size, size_t records_most)
{
    uint8_t *copy = malloc(size + (size == 0));
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    struct argus_walked walked = argus_walk(copy, size);
    assert_in_range(walked.flows, 0, records_most);
    if (size % 61 == 0)
        (void)argus_pour_all(copy, size);
    free(copy);
}

static void test_every_truncation_of_every_sample_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    static uint8_t bytes[BYTES_MAX];
    glob_t found;
    assert_int_equal(glob(SAMPLES "/argus/v[35]/*.argus", 0, NULL, &found), 0);
    assert_int_equal(glob(SAMPLES "/argus/bad/*", GLOB_APPEND, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 34);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        FILE *file = fopen(found.gl_pathv[i], "rb");
        assert_non_null(file);
        size_t size = fread(bytes, 1, sizeof bytes, file);
        (void)fclose(file);
        assert_in_range(size, 0, sizeof bytes - 1);
        uint64_t all = argus_walk(bytes, size).flows;
        for (size_t cut = 0; cut < size; cut++)
            read_exactly(bytes, cut, all + 1);
    }
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records_follow_one_another_to_the_end),
        cmocka_unit_test(test_zero_words_between_records_are_padding),
        cmocka_unit_test(test_behind_a_damaged_header_the_next_record_is_found),
        cmocka_unit_test(test_what_was_lost_need_not_be_whole_words),
        cmocka_unit_test(test_damage_is_the_end_of_a_live_stream),
        cmocka_unit_test(test_pushed_bytes_say_how_many_are_missing),
        cmocka_unit_test(test_only_archives_are_recognised),
        cmocka_unit_test(test_every_truncation_of_every_sample_is_read_as_far_as_it_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
