/* source/capture_file, pcap: every form, whole, cut, damaged and hostile. */
#include "made_capture.h"

#include <zlib.h>

#include "base/time.h"

enum { EPOCH = 1240329600 };
static const uint32_t micro = 0xa1b2c3d4, nano = 0xa1b23c4d, modified = 0xa1b2cd34;

static void pcap_header(struct made *m, uint32_t magic, uint16_t minor, uint32_t link_type)
{
    put_32(m, magic);
    put_16(m, 2);
    put_16(m, minor);
    put_32(m, 0);
    put_32(m, 0);
    put_32(m, 65535);
    put_32(m, link_type);
}

static void pcap_lengths(struct made *m, uint32_t second, uint32_t fraction, uint32_t first_length,
                         uint32_t second_length)
{
    put_32(m, EPOCH + second);
    put_32(m, fraction);
    put_32(m, first_length);
    put_32(m, second_length);
}

static void pcap_record(struct made *m, uint32_t second, uint32_t size)
{
    pcap_lengths(m, second, 5, size, size + 1);
    put_frame(m, size);
}

static void test_pcap_of_both_byte_orders_and_all_magics(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        uint32_t magic = (const uint32_t[]){micro, nano, modified}[i / 2];
        struct made m = make(i % 2 != 0);
        pcap_header(&m, magic, 4, 113);
        pcap_lengths(&m, 7, 123456, 3, 60);
        if (magic == modified)
            write_zeros(&m.w, 8);
        put_frame(&m, 3);
        struct went went = read_made(&m);
        assert_int_equal(went.end, CAPTURE_END);
        assert_int_equal(went.frames, 1);
        assert_int_equal(went.last.link_type, 113);
        assert_int_equal(went.last.wire_length, 60);
        assert_int_equal(went.last.bytes.left, 3);
        assert_int_equal(went.last.offset, 24);
        assert_int_equal(went.last.when_us,
                         (EPOCH + 7) * US_PER_SECOND + (magic == nano ? 123 : 123456));
        assert_string_equal(went.format, "pcap");
    }
}

static void test_upper_bits_of_the_pcap_link_type_are_not_the_link_type(void **state)
{
    (void)state;
    struct made m = make(false);
    pcap_header(&m, micro, 4,
                0x44000001); /* a frame check sequence of 4 bytes follows each frame */
    pcap_record(&m, 0, 4);
    assert_int_equal(read_made(&m).last.link_type, 1);
}

static void test_old_pcap_versions_swap_their_lengths(void **state)
{
    (void)state;
    for (uint16_t minor = 0; minor <= 4; minor++) {
        struct made m = make(false);
        pcap_header(&m, micro, minor, 1);
        bool swapped = minor < 4;
        pcap_lengths(&m, 0, 0, swapped ? 60 : 4, swapped ? 4 : 60);
        put_frame(&m, 4);
        struct went went = read_made(&m);
        assert_int_equal(went.end, CAPTURE_END);
        assert_int_equal(went.last.bytes.left, 4);
        assert_int_equal(went.last.wire_length, 60);
    }
    struct made m = make(false); /* 2.3 had both orders */
    pcap_header(&m, micro, 3, 1);
    pcap_lengths(&m, 0, 0, 4, 60);
    put_frame(&m, 4);
    assert_int_equal(read_made(&m).last.wire_length, 60);
}

static void test_unknown_pcap_versions_are_refused(void **state)
{
    (void)state;
    struct made m = make(true);
    pcap_header(&m, micro, 5, 1);
    struct went went = read_made(&m);
    assert_int_equal(went.error.kind, ERROR_FORMAT);
    assert_string_equal(went.error.text, "offset 4: pcap version 2.5; only 2.0 to 2.4 are known");
}

static void test_a_fraction_of_a_second_or_more_is_added_and_counted(void **state)
{
    (void)state;
    struct made m = make(false);
    pcap_header(&m, micro, 4, 1);
    pcap_lengths(&m, 0, 1500000, 0, 0);
    struct went went = read_made(&m);
    assert_int_equal(went.last.when_us, EPOCH * US_PER_SECOND + 1500000);
    assert_int_equal(went.notes.odd_fractions, 1);
}

static void test_empty_frames_and_the_largest_frame_are_fine(void **state)
{
    (void)state;
    struct made m = make(false);
    pcap_header(&m, micro, 4, 1);
    pcap_record(&m, 0, 0);
    pcap_record(&m, 0, CAPTURE_FRAME_MAX);
    pcap_record(&m, 0, 1);
    struct went went = read_made(&m);
    assert_int_equal(went.end, CAPTURE_END);
    assert_int_equal(went.frames, 3);
}

static void test_an_impossible_pcap_length_is_damage_with_offset_and_reason(void **state)
{
    (void)state;
    struct made m = make(false);
    pcap_header(&m, micro, 4, 1);
    pcap_lengths(&m, 0, 0, 70000000, 70000000);
    put_frame(&m, 100);
    struct went went = read_made(&m);
    assert_int_equal(went.end, CAPTURE_DAMAGED);
    assert_int_equal(went.error.kind, ERROR_FORMAT);
    assert_string_equal(went.error.text, "offset 24: record says 70000000 bytes, more than the "
                                         "262144 that a frame may have");
}

/* One good record, damage of so many bytes, and so many records behind it. */
static struct went read_damaged(uint32_t damage, unsigned records_behind, uint32_t seconds_later)
{
    struct made m = make(false);
    pcap_header(&m, micro, 4, 1);
    pcap_record(&m, 0, 30);
    for (uint32_t i = 0; i < damage; i++)
        write_u8(&m.w, 0xee);
    for (unsigned i = 0; i < records_behind; i++)
        pcap_record(&m, seconds_later + i, 40);
    return read_made(&m);
}

static void test_damage_is_stepped_over_to_three_records_that_prove_themselves(void **state)
{
    (void)state;
    struct went went = read_damaged(101, 3, 5);
    assert_int_equal(went.end, CAPTURE_END);
    assert_int_equal(went.frames, 4);
    assert_int_equal(went.skipped, 1);
    assert_non_null(strstr(went.first_skip.text, "offset 70: record says 4008636142 bytes"));
    assert_non_null(strstr(went.first_skip.text, "101 bytes skipped"));
    assert_int_equal(read_damaged(CAPTURE_RESYNC_MAX, 4, 5).frames, 5);
}

static void test_damage_is_not_stepped_over_without_proof(void **state)
{
    (void)state;
    assert_int_equal(read_damaged(101, 2, 5).end, CAPTURE_DAMAGED);
    assert_int_equal(read_damaged(101, 9, 86400 * 2).end, CAPTURE_DAMAGED);
    assert_int_equal(read_damaged(CAPTURE_RESYNC_MAX + 1, 4, 5).end, CAPTURE_DAMAGED);
}

static void test_every_truncation_of_a_pcap(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct made m = make(big != 0);
        pcap_header(&m, micro, 4, 1);
        for (uint32_t i = 0; i < 3; i++)
            pcap_record(&m, i, 20 + i);
        check_all_cuts(&m);
    }
}

static void test_a_cut_compressed_capture_gives_its_frames_then_the_cut(void **state)
{
    (void)state;
    struct made m = make(false);
    pcap_header(&m, micro, 4, 1);
    for (uint32_t i = 0; i < 100; i++)
        pcap_record(&m, i, i);
    uint8_t packed[16 * 1024];
    z_stream s = {.next_in = m.w.start, .avail_in = (uInt)m.w.used};
    s.next_out = packed;
    s.avail_out = sizeof packed;
    assert_int_equal(deflateInit2(&s, 0, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&s, Z_FINISH), Z_STREAM_END);
    (void)deflateEnd(&s);
    struct went went = read_bytes_whole(packed, s.total_out);
    assert_int_equal(went.frames, 100);
    assert_int_equal(went.end, CAPTURE_END);
    went = read_bytes_whole(packed, s.total_out / 2);
    assert_in_range(went.frames, 60, 90);
    assert_int_equal(went.end, CAPTURE_DAMAGED);
    assert_int_equal(went.error.kind, ERROR_CUT);
    assert_non_null(strstr(went.error.text, "the gzip data is cut"));
    free(m.w.start);
}

static void test_only_captures_are_recognised(void **state)
{
    (void)state;
    struct made m = make(true);
    pcap_header(&m, nano, 4, 1);
    assert_true(capture_file_recognises(m.w.start, 24));
    assert_true(capture_file_recognises(m.w.start, 4));
    assert_false(capture_file_recognises(m.w.start, 3));
    assert_false(capture_file_recognises(NULL, 0));
    m.w.start[0] = 0;
    assert_false(capture_file_recognises(m.w.start, 24));
    struct went went = read_made(&m);
    assert_string_equal(went.error.text, "offset 0: not a pcap or pcapng file");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pcap_of_both_byte_orders_and_all_magics),
        cmocka_unit_test(test_upper_bits_of_the_pcap_link_type_are_not_the_link_type),
        cmocka_unit_test(test_old_pcap_versions_swap_their_lengths),
        cmocka_unit_test(test_unknown_pcap_versions_are_refused),
        cmocka_unit_test(test_a_fraction_of_a_second_or_more_is_added_and_counted),
        cmocka_unit_test(test_empty_frames_and_the_largest_frame_are_fine),
        cmocka_unit_test(test_an_impossible_pcap_length_is_damage_with_offset_and_reason),
        cmocka_unit_test(test_damage_is_stepped_over_to_three_records_that_prove_themselves),
        cmocka_unit_test(test_damage_is_not_stepped_over_without_proof),
        cmocka_unit_test(test_every_truncation_of_a_pcap),
        cmocka_unit_test(test_a_cut_compressed_capture_gives_its_frames_then_the_cut),
        cmocka_unit_test(test_only_captures_are_recognised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
