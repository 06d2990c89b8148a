/* source/capture_file, pcapng: every form, whole, cut, damaged and hostile. */
#include "made_capture.h"

#include "base/compiler.h"
#include "base/time.h"

static void block(struct made *m, uint32_t type, const struct made *body)
{
    uint32_t size = (uint32_t)(body->w.used + 12);
    put_32(m, type);
    put_32(m, size);
    write_bytes(&m->w, body->w.start, body->w.used);
    put_32(m, size);
    free(body->w.start);
}

static void section(struct made *m, uint16_t major, uint16_t minor)
{
    struct made body = make(m->big);
    put_32(&body, 0x1a2b3c4d);
    put_16(&body, major);
    put_16(&body, minor);
    put_32(&body, 0xffffffff);
    put_32(&body, 0xffffffff);
    block(m, 0x0a0d0d0a, &body);
}

struct interface {
    uint16_t link_type;
    uint32_t snap_length;
    uint8_t resolution; /* 0: none given */
    int64_t offset;     /* 0: none given */
};

static void interface(struct made *m, struct interface what)
{
    struct made body = make(m->big);
    put_16(&body, what.link_type);
    put_16(&body, 0);
    put_32(&body, what.snap_length);
    put_16(&body, 2); /* if_name, of a length that needs padding */
    put_16(&body, 3);
    write_bytes(&body.w, "em0", 4);
    if (what.resolution != 0) {
        put_16(&body, 9);
        put_16(&body, 1);
        write_u8(&body.w, what.resolution);
        write_zeros(&body.w, 3);
    }
    if (what.offset != 0) {
        put_16(&body, 14);
        put_16(&body, 8);
        (m->big ? write_be64 : write_le64)(&body.w, (uint64_t)what.offset);
    }
    put_32(&body, 0);
    block(m, 1, &body);
}

static void enhanced_saying(struct made *m, uint32_t number, uint64_t units, uint32_t size,
                            uint32_t said)
{
    struct made body = make(m->big);
    put_32(&body, number);
    put_32(&body, (uint32_t)(units >> 32));
    put_32(&body, (uint32_t)units);
    put_32(&body, said);
    put_32(&body, size + 1);
    put_frame(&body, size);
    write_zeros(&body.w, (4 - size % 4) % 4);
    block(m, 6, &body);
}

static void enhanced(struct made *m, uint32_t number, uint64_t units, uint32_t size)
{
    enhanced_saying(m, number, units, size, size);
}

static void obsolete(struct made *m, uint16_t number, uint32_t size)
{
    struct made body = make(m->big);
    put_16(&body, number);
    put_16(&body, 7);
    put_32(&body, 0);
    put_32(&body, 1000000);
    put_32(&body, size);
    put_32(&body, size + 1);
    put_frame(&body, size);
    write_zeros(&body.w, (4 - size % 4) % 4);
    block(m, 2, &body);
}

static void simple(struct made *m, uint32_t wire, uint32_t size)
{
    struct made body = make(m->big);
    put_32(&body, wire);
    put_frame(&body, size);
    write_zeros(&body.w, (4 - size % 4) % 4);
    block(m, 3, &body);
}

static void make_pcapng(struct made *m)
{
    section(m, 1, 0);
    interface(m, (struct interface){.link_type = 1, .resolution = 9});
    enhanced(m, 0, 1, 13);
    simple(m, 8, 8);
    obsolete(m, 0, 6);
}

static void test_pcapng_packets_of_all_three_kinds_and_both_orders(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct made m = make(big != 0);
        make_pcapng(&m);
        struct went went = read_made(&m);
        assert_int_equal(went.end, CAPTURE_END);
        assert_int_equal(went.frames, 3);
        assert_int_equal(went.skipped, 0);
        assert_int_equal(went.last.when_us, 1000);
        assert_int_equal(went.last.bytes.left, 6);
        assert_int_equal(went.last.wire_length, 7);
        assert_string_equal(went.format, "pcapng");
    }
}

static void test_a_simple_packet_has_no_time_and_obeys_the_snap_length(void **state)
{
    (void)state;
    struct made m = make(true);
    section(&m, 1, 2);
    interface(&m, (struct interface){.link_type = 101, .snap_length = 10});
    simple(&m, 1400, 10);
    struct went went = read_made(&m);
    assert_int_equal(went.last.when_us, TIME_NONE);
    assert_int_equal(went.last.bytes.left, 10);
    assert_int_equal(went.last.wire_length, 1400);
    assert_int_equal(went.last.link_type, 101);
}

static void test_a_new_section_has_its_own_byte_order_and_interfaces(void **state)
{
    (void)state;
    struct made m = make(false);
    make_pcapng(&m);
    interface(&m, (struct interface){.link_type = 5});
    m.big = true;
    section(&m, 1, 0);
    interface(&m, (struct interface){.link_type = 113});
    enhanced(&m, 0, 5, 1);
    enhanced(&m, 1, 5, 1);
    struct went went = read_made(&m);
    assert_int_equal(went.end, CAPTURE_END);
    assert_int_equal(went.frames, 4);
    assert_int_equal(went.last.link_type, 113);
    assert_int_equal(went.skipped, 1);
    assert_non_null(strstr(went.first_skip.text, "packet of interface 1, but the section has 1"));
}

static void test_a_section_without_interfaces_has_its_packets_skipped(void **state)
{
    (void)state;
    struct made m = make(false);
    section(&m, 1, 0);
    enhanced(&m, 0, 0, 4);
    simple(&m, 4, 4);
    obsolete(&m, 0, 4);
    struct went went = read_made(&m);
    assert_int_equal(went.end, CAPTURE_END);
    assert_int_equal(went.frames, 0);
    assert_int_equal(went.skipped, 3);
}

static void test_other_pcapng_versions_are_an_error(void **state)
{
    (void)state;
    static const uint16_t versions[][2] = {{1, 1}, {0, 1}, {2, 0}, {1, 3}};
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        struct made m = make(false);
        section(&m, versions[i][0], versions[i][1]);
        struct went went = read_made(&m);
        assert_int_equal(went.error.kind, ERROR_FORMAT);
        assert_non_null(strstr(went.error.text, "only 1.0 and 1.2 are known"));
    }
}

static void test_unknown_blocks_are_stepped_over_in_silence(void **state)
{
    (void)state;
    struct made m = make(false);
    section(&m, 1, 0);
    struct made body = make(false);
    write_zeros(&body.w, 400 * 1024);
    block(&m, 0x12345678, &body);
    interface(&m, (struct interface){.link_type = 1});
    enhanced(&m, 0, 0, 4);
    struct went went = read_made(&m);
    assert_int_equal(went.frames, 1);
    assert_int_equal(went.skipped, 0);
}

struct time_case {
    uint8_t resolution;
    int64_t offset;
    uint64_t units;
    int64_t when_us;
    unsigned clipped;
    uint16_t rest_ns;
};

static const struct time_case time_cases[] = {
    {0, 0, 1240329600123456, 1240329600123456, 0, 0},
    {6, 0, 1, 1, 0, 0},
    {9, 0, 1240329600123456789, 1240329600123456, 0, 789},
    {9, -3600, 1240329600000000999, 1240326000000000, 0, 999},
    {3, 86400, 1500, 86401500000, 0, 0},
    {12, 0, UINT64_MAX, 18446744073709, 0, 551},
    {19, 0, UINT64_MAX, 1844674, 0, 407},
    {1, 0, 15, 1500000, 0, 0},
    {0x80, 0, 77, 77000000, 0, 0},
    {0x8a, 0, 1024 * 5 + 512, 5500000, 0, 0},
    {0xa0, 0, 1240329600ULL << 32 | 0x40000000, 1240329600250000, 0, 0},
    {0xbf, 0, UINT64_MAX, 1999999, 0, 999},
    {7, 0, 12345678, 1234567, 0, 800},
    {8, 0, 123456789, 1234567, 0, 890},
    {0x9e, 0, 1, 0, 0, 0},
    {0x9e, 0, 2, 0, 0, 1},
    {0x9e, 0, 1073742, 1000, 0, 0},
    {6, INT64_MAX, 0, 253402300799000000, 1, 0},
    {6, INT64_MIN, 0, -62167219200000000, 1, 0},
    {0x80, INT64_MAX, UINT64_MAX, 253402300799000000, 1, 0},
    {0x80, INT64_MIN, UINT64_MAX, 253402300799000000, 1, 0},
    {0x80, 0, UINT64_MAX, 253402300799000000, 1, 0},
    {0x80, -2, 1, -1000000, 0, 0},
    {3, 0, UINT64_MAX, 253402300799000000, 1, 0},
};

static void test_times_of_any_resolution_and_offset_do_not_overflow(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(time_cases); i++) {
        const struct time_case *wanted = &time_cases[i];
        struct made m = make(i % 2 != 0);
        section(&m, 1, 0);
        interface(&m,
                  (struct interface){.resolution = wanted->resolution, .offset = wanted->offset});
        enhanced(&m, 0, wanted->units, 4);
        struct went went = read_made(&m);
        assert_int_equal(went.frames, 1);
        assert_int_equal(went.last.when_us, wanted->when_us);
        assert_int_equal(went.notes.clipped_times, wanted->clipped);
        assert_int_equal(went.last.rest_ns, wanted->rest_ns);
    }
}

static void test_an_impossible_resolution_leaves_frames_without_time(void **state)
{
    (void)state;
    static const uint8_t resolutions[] = {20, 0x7f, 0xc0, 0xff};
    for (size_t i = 0; i < COUNT_OF(resolutions); i++) {
        struct made m = make(false);
        section(&m, 1, 0);
        interface(&m, (struct interface){.link_type = 1, .resolution = resolutions[i]});
        enhanced(&m, 0, 99, 4);
        struct went went = read_made(&m);
        assert_int_equal(went.skipped, 1);
        assert_non_null(strstr(went.first_skip.text, "its frames have no time"));
        assert_int_equal(went.frames, 1);
        assert_int_equal(went.last.when_us, TIME_NONE);
    }
}

static void test_an_interface_cut_short_keeps_its_number(void **state)
{
    (void)state;
    struct made m = make(false);
    section(&m, 1, 0);
    struct made body = make(false);
    put_32(&body, 1);
    block(&m, 1, &body);
    interface(&m, (struct interface){.link_type = 113});
    enhanced(&m, 0, 0, 4);
    enhanced(&m, 1, 0, 4);
    struct went went = read_made(&m);
    assert_int_equal(went.skipped, 2);
    assert_int_equal(went.frames, 1);
    assert_int_equal(went.last.link_type, 113);
}

static void test_more_interfaces_than_the_limit_are_reported(void **state)
{
    (void)state;
    struct made m = make(false);
    section(&m, 1, 0);
    for (int i = 0; i <= CAPTURE_INTERFACES_MAX; i++)
        interface(&m, (struct interface){.link_type = 1});
    enhanced(&m, CAPTURE_INTERFACES_MAX - 1, 0, 4);
    enhanced(&m, CAPTURE_INTERFACES_MAX, 0, 4);
    struct went went = read_made(&m);
    assert_int_equal(went.skipped, 2);
    assert_int_equal(went.first_skip.kind, ERROR_LIMIT);
    assert_int_equal(went.frames, 1);
}

static void test_a_packet_longer_than_its_block_is_skipped(void **state)
{
    (void)state;
    static const uint32_t said[] = {5, 0x7fffffff, 0xffffffff};
    for (size_t i = 0; i < COUNT_OF(said); i++) {
        struct made m = make(false);
        section(&m, 1, 0);
        interface(&m, (struct interface){.link_type = 1});
        enhanced_saying(&m, 0, 0, 4, said[i]);
        enhanced(&m, 0, 0, 4);
        struct went went = read_made(&m);
        assert_int_equal(went.skipped, 1);
        assert_int_equal(went.frames, 1);
        assert_int_equal(went.end, CAPTURE_END);
    }
}

/* A packet whose trailing length is wrong, with what follows. */
static struct went read_wrong_trailer(uint32_t leading, bool another_follows)
{
    struct made m = make(false);
    section(&m, 1, 0);
    interface(&m, (struct interface){.link_type = 1});
    size_t start = m.w.used;
    enhanced(&m, 0, 0, 4);
    m.w.start[m.w.used - 1] = 9;
    struct made patch = {.w = writer_over(m.w.start + start + 4, 4)};
    put_32(&patch, leading);
    if (another_follows)
        enhanced(&m, 0, 0, 8);
    return read_made(&m);
}

static void test_a_wrong_trailer_is_skipped_where_another_block_follows(void **state)
{
    (void)state;
    struct went went = read_wrong_trailer(36, true);
    assert_int_equal(went.end, CAPTURE_END);
    assert_int_equal(went.skipped, 1);
    assert_int_equal(went.frames, 1);
    assert_int_equal(read_wrong_trailer(36, false).end, CAPTURE_END);
}

static void test_an_unbelievable_block_length_is_damage(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {0, 11, 32, 40, CAPTURE_BLOCK_MAX + 1, 0xffffffff};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct went went = read_wrong_trailer(lengths[i], true);
        assert_int_equal(went.end, CAPTURE_DAMAGED);
        assert_int_equal(went.error.kind, ERROR_FORMAT);
        assert_int_equal(went.frames, 0);
    }
}

static void test_every_truncation_of_a_pcapng(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        struct made m = make(big != 0);
        make_pcapng(&m);
        check_all_cuts(&m);
    }
}

static void test_a_section_header_is_recognised_by_its_byte_order(void **state)
{
    (void)state;
    struct made m = make(false);
    make_pcapng(&m);
    assert_true(capture_file_recognises(m.w.start, 32));
    assert_true(capture_file_recognises(m.w.start, 8));
    assert_false(capture_file_recognises(m.w.start, 3));
    m.w.start[8] = 0;
    assert_false(capture_file_recognises(m.w.start, 32));
    free(m.w.start);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pcapng_packets_of_all_three_kinds_and_both_orders),
        cmocka_unit_test(test_a_simple_packet_has_no_time_and_obeys_the_snap_length),
        cmocka_unit_test(test_a_new_section_has_its_own_byte_order_and_interfaces),
        cmocka_unit_test(test_a_section_without_interfaces_has_its_packets_skipped),
        cmocka_unit_test(test_other_pcapng_versions_are_an_error),
        cmocka_unit_test(test_unknown_blocks_are_stepped_over_in_silence),
        cmocka_unit_test(test_times_of_any_resolution_and_offset_do_not_overflow),
        cmocka_unit_test(test_an_impossible_resolution_leaves_frames_without_time),
        cmocka_unit_test(test_an_interface_cut_short_keeps_its_number),
        cmocka_unit_test(test_more_interfaces_than_the_limit_are_reported),
        cmocka_unit_test(test_a_packet_longer_than_its_block_is_skipped),
        cmocka_unit_test(test_a_wrong_trailer_is_skipped_where_another_block_follows),
        cmocka_unit_test(test_an_unbelievable_block_length_is_damage),
        cmocka_unit_test(test_every_truncation_of_a_pcapng),
        cmocka_unit_test(test_a_section_header_is_recognised_by_its_byte_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
