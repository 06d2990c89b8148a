/* observe/frame_about: what of a frame goes into a flow record, and that no truncation of a frame
 * is read beyond its end. */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "observe/frame_about.h"
#include "source/capture_file.h"
#include "wire/link.h"

static const uint8_t arp_reply[] = {2, 0, 0, 0, 0, 1, 2,  0, 0, 0, 0, 2, 8, 6, /* Ethernet */
                                    0, 1, 8, 0, 6, 4, 0,  2,                   /* a reply */
                                    2, 0, 0, 0, 0, 2, 10, 1, 1, 1, 2, 0, 0, 0, 0, 1, 10, 1, 1, 7};

/* From an exact-size heap copy, so that a sanitizer sees a read past the end. */
static enum frame_result about(uint32_t link, const uint8_t *bytes, size_t size, size_t wire,
                               struct frame_about *out)
{
    uint8_t *copy = malloc(size + (size == 0));
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    enum frame_result result = frame_about_read(link, 1, reader_over(copy, size), wire, out);
    if (result == FRAME_PACKET) {
        uint8_t sum = 0;
        for (struct reader r = out->data; r.left > 0;)
            sum ^= read_u8(&r);
        out->tos ^= sum & 0; /* read, and of no consequence */
        assert_true(out->bytes >= size && out->data.left <= size);
    }
    free(copy);
    return result;
}

static void test_an_arp_reply_tells_who_had_asked(void **state)
{
    struct frame_about a;
    (void)state;
    assert_int_equal(about(LINK_ETHERNET, arp_reply, sizeof arp_reply, 60, &a), FRAME_PACKET);
    assert_int_equal(a.kind, FLOW_ARP);
    assert_true(a.is_answer);
    assert_int_equal(address_v4(a.from), 0x0a010101);
    assert_int_equal(address_v4(a.to), 0x0a010107);
    assert_int_equal(a.bytes, 60);
}

static void test_arp_of_other_addresses_makes_no_flow(void **state)
{
    struct frame_about a;
    uint8_t other[sizeof arp_reply];
    (void)state;
    memcpy(other, arp_reply, sizeof other);
    other[19] = 16; /* the length of protocol addresses */
    assert_int_equal(about(LINK_ETHERNET, other, sizeof other, 60, &a), FRAME_OTHER);
}

static void test_a_frame_of_a_foreign_protocol_has_its_macs_and_type(void **state)
{
    static const uint8_t lldp[] = {1, 0x80, 0xc2, 0, 0, 0xe, 2, 0, 0, 0, 0, 9, 0x88, 0xcc, 1, 2, 3};
    struct frame_about a;
    (void)state;
    assert_int_equal(about(LINK_ETHERNET, lldp, sizeof lldp, 60, &a), FRAME_PACKET);
    assert_int_equal(a.kind, FLOW_ETHERNET);
    assert_int_equal(a.ethertype, 0x88cc);
    assert_int_equal(a.from.low, 0x020000000009);
    assert_int_equal(a.data.left, 3);
    assert_int_equal(a.data_length, 46);
}

static void test_the_outermost_tag_is_kept(void **state)
{
    static const uint8_t tagged[] = {2,    0, 0,  0,    0,  1,  2,  0, 0,  0,    0, 2,  0x88,
                                     0xa8, 0, 30, 0x81, 0,  0,  31, 8, 0,  0x45, 7, 0,  29,
                                     0,    0, 0,  0,    63, 17, 0,  0, 10, 1,    1, 7,  10,
                                     1,    1, 8,  0,    53, 0,  54, 0, 9,  0,    0, 'x'};
    struct frame_about a;
    (void)state;
    assert_int_equal(about(LINK_ETHERNET, tagged, sizeof tagged, 0, &a), FRAME_PACKET);
    assert_true(a.vlan_known);
    assert_int_equal(a.vlan, 30);
    assert_int_equal(a.ttl, 63);
    assert_int_equal(a.tos, 7);
    assert_int_equal(a.port_from, 53);
    assert_int_equal(a.data.left, 1);
}

static void test_every_truncation_of_every_sample_frame_is_read_within_it(void **state)
{
    static const char *const names[] = {"dns", "http_odd", "mixed", "retrans", "scan445"};
    unsigned frames = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[512];
        struct error err;
        struct capture_frame frame;
        (void)snprintf(path, sizeof path, SAMPLES "/argus/%s.pcap", names[i]);
        struct input *in = input_open(path, &err);
        assert_non_null(in);
        struct capture_file *file = capture_file_open(in, &err);
        assert_non_null(file);
        while (capture_file_next(file, &frame, &err) == CAPTURE_FRAME) {
            struct frame_about a;
            size_t most = frame.bytes.left < 200 ? frame.bytes.left : 200;
            const uint8_t *bytes = read_bytes(&frame.bytes, most);
            for (size_t n = 0; n <= most; n++)
                (void)about(frame.link_type, bytes, n, frame.wire_length, &a);
            frames++;
        }
        capture_file_close(file);
        input_close(in);
    }
    assert_true(frames > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_arp_reply_tells_who_had_asked),
        cmocka_unit_test(test_arp_of_other_addresses_makes_no_flow),
        cmocka_unit_test(test_a_frame_of_a_foreign_protocol_has_its_macs_and_type),
        cmocka_unit_test(test_the_outermost_tag_is_kept),
        cmocka_unit_test(test_every_truncation_of_every_sample_frame_is_read_within_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
