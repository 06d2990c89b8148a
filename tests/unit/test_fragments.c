/* observe/fragments: datagrams put together in any order, within limits, first bytes first. */
#include "frames.h"

enum { DATA = 4000 };

/* A UDP datagram of DATA bytes of payload, and its IP payload as bytes to be cut into fragments. */
struct whole {
    uint8_t payload[DATA];
    struct built transport;
    struct wire_packet packet;
};

static void whole_make(struct whole *o, struct address from, struct address to)
{
    for (size_t i = 0; i < DATA; i++)
        o->payload[i] = (uint8_t)(i * 7 >> 3);
    o->packet = UDP4;
    o->packet.from = from;
    o->packet.to = to;
    o->packet.payload = o->payload;
    o->packet.payload_length = DATA;
    wire_build_transport(built_begin(&o->transport), &o->packet);
    assert_false(o->transport.w.failed);
}

struct piece {
    size_t offset, length;
    bool more;
};

static void build_v4(struct built *frame, const struct whole *o, uint16_t id, struct piece piece)
{
    struct wire_packet p = o->packet;
    p.ip_id = id;
    p.fragment_field = (uint16_t)(piece.offset / 8 | (piece.more ? IP4_MORE_FRAGMENTS : 0));
    struct writer *w = built_begin(frame);
    wire_build_ip(w, &p, piece.length);
    write_bytes(w, o->transport.bytes + piece.offset, piece.length);
}

static enum frame_result send_v4(struct bench *b, const struct whole *o, uint16_t id,
                                 int64_t when_us, struct piece piece)
{
    struct built frame;
    build_v4(&frame, o, id, piece);
    return decode_cut(b, LINK_RAW, when_us, &frame, frame.w.used);
}

static enum frame_result send_v6(struct bench *b, const struct whole *o, struct piece piece)
{
    struct built frame;
    struct wire_packet p = o->packet;
    p.protocol = 44;
    struct writer *w = built_begin(&frame);
    wire_build_ip(w, &p, piece.length + 8);
    write_be16(w, IP_UDP << 8);
    write_be16(w, (uint16_t)(piece.offset | (piece.more ? 1 : 0)));
    write_be32(w, 0xabcdef01);
    write_bytes(w, o->transport.bytes + piece.offset, piece.length);
    return decode(b, LINK_RAW, &frame);
}

static void check_whole(const struct bench *b, const struct whole *o)
{
    assert_int_equal(b->packet.protocol, IP_UDP);
    assert_int_equal(b->packet.port_to, 40832);
    assert_int_equal(b->packet.payload_length, DATA);
    assert_int_equal(b->packet.payload.left, DATA);
    assert_memory_equal(b->packet.payload.next, o->payload, DATA);
}

static const struct piece three[] = {
    {0, 1480, true}, {1480, 1480, true}, {2960, DATA + 8 - 2960, false}};

static void test_fragments_come_together_in_any_order(void **state)
{
    struct bench *b = *state;
    struct whole o;
    whole_make(&o, FROM4, TO4);
    static const int orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (uint16_t i = 0; i < COUNT_OF(orders); i++) {
        assert_int_equal(send_v4(b, &o, i, 0, three[orders[i][0]]), FRAME_KEPT);
        assert_int_equal(send_v4(b, &o, i, 0, three[orders[i][1]]), FRAME_KEPT);
        assert_int_equal(send_v4(b, &o, i, 0, three[orders[i][2]]), FRAME_PACKET);
        check_whole(b, &o);
        assert_int_equal(b->packet.ip_id, i);
    }
    const struct frame_counts *c = frame_decoder_counts(b->decoder);
    assert_true(c->fragments_kept == 12 && c->fragments_let_go == 0 && c->packets == 6);
}

static void test_ipv6_fragments_come_together(void **state)
{
    struct whole o;
    whole_make(&o, FROM6, TO6);
    assert_int_equal(send_v6(*state, &o, three[2]), FRAME_KEPT);
    assert_int_equal(send_v6(*state, &o, three[0]), FRAME_KEPT);
    assert_int_equal(send_v6(*state, &o, three[1]), FRAME_PACKET);
    check_whole(*state, &o);
}

static void test_datagrams_are_kept_apart(void **state)
{
    struct bench *b = *state;
    static struct whole one, two;
    whole_make(&one, FROM4, TO4);
    whole_make(&two, TO4, FROM4);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(send_v4(b, &one, 5, 0, three[i]), FRAME_KEPT);
        assert_int_equal(send_v4(b, &one, 6, 0, three[i]), FRAME_KEPT);
        assert_int_equal(send_v4(b, &two, 5, 0, three[i]), FRAME_KEPT);
    }
    assert_int_equal(send_v4(b, &one, 6, 0, three[2]), FRAME_PACKET);
    assert_int_equal(b->packet.ip_id, 6);
    assert_int_equal(send_v4(b, &two, 5, 0, three[2]), FRAME_PACKET);
    assert_true(address_equal(b->packet.from, TO4));
    assert_int_equal(send_v4(b, &one, 5, 0, three[2]), FRAME_PACKET);
    check_whole(b, &one);
}

static void test_first_bytes_win_where_fragments_overlap(void **state)
{
    struct bench *b = *state;
    static struct whole true_one, false_one;
    whole_make(&true_one, FROM4, TO4);
    false_one = true_one;
    memset(false_one.transport.bytes, 0xee, DATA + 8);
    assert_int_equal(send_v4(b, &true_one, 1, 0, (struct piece){0, 1480, true}), FRAME_KEPT);
    assert_int_equal(send_v4(b, &false_one, 1, 0, (struct piece){0, 800, true}), FRAME_KEPT);
    assert_int_equal(send_v4(b, &true_one, 1, 0, three[2]), FRAME_KEPT);
    assert_int_equal(send_v4(b, &false_one, 1, 0, (struct piece){2960, 40, true}), FRAME_KEPT);
    assert_int_equal(send_v4(b, &true_one, 1, 0, (struct piece){1480, 1480, true}), FRAME_PACKET);
    check_whole(b, &true_one);
}

static void test_lengths_that_contradict_are_refused(void **state)
{
    struct bench *b = *state;
    struct whole o;
    whole_make(&o, FROM4, TO4);
    assert_int_equal(send_v4(b, &o, 1, 0, (struct piece){0, 100, true}), FRAME_DAMAGED);
    assert_int_equal(send_v4(b, &o, 1, 0, (struct piece){8, 0, false}), FRAME_DAMAGED);
    assert_int_equal(send_v4(b, &o, 1, 0, three[1]), FRAME_KEPT);
    assert_int_equal(send_v4(b, &o, 1, 0, (struct piece){800, 80, false}), FRAME_DAMAGED);
    assert_int_equal(send_v4(b, &o, 1, 0, three[2]), FRAME_KEPT);
    assert_int_equal(send_v4(b, &o, 1, 0, (struct piece){2960, 8, false}), FRAME_DAMAGED);
    assert_int_equal(send_v4(b, &o, 1, 0, (struct piece){3600, 408 + 8, true}), FRAME_DAMAGED);
    assert_int_equal(send_v4(b, &o, 1, 0, three[0]), FRAME_PACKET);
    check_whole(b, &o);
}

static void test_datagram_over_64_kilobytes_is_refused(void **state)
{
    struct bench *b = *state;
    struct whole o;
    whole_make(&o, FROM4, TO4);
    struct built frame;
    build_v4(&frame, &o, 1, (struct piece){0, 1480, false});
    frame.bytes[6] = 0x1f;
    frame.bytes[7] = 0xff;
    assert_int_equal(decode(b, LINK_RAW, &frame), FRAME_DAMAGED);
    assert_int_equal(send_v4(b, &o, 1, 0, three[0]), FRAME_KEPT);
}

static void test_unfinished_datagrams_are_let_go_by_age(void **state)
{
    struct bench *b = *state;
    struct whole o;
    whole_make(&o, FROM4, TO4);
    int64_t limit_us = (int64_t)FRAGMENT_AGE_MAX_S * 1000000;
    assert_int_equal(send_v4(b, &o, 1, 0, three[0]), FRAME_KEPT);
    assert_int_equal(send_v4(b, &o, 1, limit_us, three[1]), FRAME_KEPT);
    assert_int_equal(frame_decoder_counts(b->decoder)->fragments_let_go, 0);
    assert_int_equal(send_v4(b, &o, 1, limit_us + 1, three[2]), FRAME_KEPT);
    assert_int_equal(frame_decoder_counts(b->decoder)->fragments_let_go, 1);
    assert_int_equal(send_v4(b, &o, 1, 0, three[0]), FRAME_KEPT);
    assert_int_equal(frame_decoder_counts(b->decoder)->fragments_let_go, 2);
    assert_int_equal(send_v4(b, &o, 1, INT64_MIN, three[0]), FRAME_KEPT);
    assert_int_equal(frame_decoder_counts(b->decoder)->fragments_let_go, 3);
}

static void test_oldest_datagram_makes_room(void **state)
{
    struct bench *b = *state;
    struct whole o;
    whole_make(&o, FROM4, TO4);
    for (uint16_t i = 0; i <= FRAGMENT_DATAGRAMS_MAX; i++)
        assert_int_equal(send_v4(b, &o, i, i, (struct piece){0, 1480, true}), FRAME_KEPT);
    assert_int_equal(frame_decoder_counts(b->decoder)->fragments_let_go, 1);
    struct piece rest = {1480, DATA + 8 - 1480, false};
    assert_int_equal(send_v4(b, &o, 0, 300, rest), FRAME_KEPT);
    assert_int_equal(frame_decoder_counts(b->decoder)->fragments_let_go, 2);
    assert_int_equal(send_v4(b, &o, FRAGMENT_DATAGRAMS_MAX, 301, rest), FRAME_PACKET);
    check_whole(b, &o);
}

/* Large datagrams take more pieces than the pool has: some are let go, the newest works. */
static void test_pool_of_pieces_is_bounded(void **state)
{
    struct bench *b = *state;
    static struct built big;
    static uint8_t zeros[60000];
    struct wire_packet p = UDP4;
    p.fragment_field = IP4_MORE_FRAGMENTS;
    p.payload = zeros;
    p.payload_length = sizeof zeros;
    for (uint16_t i = 0; i < 100; i++) {
        p.ip_id = i;
        wire_build_packet(built_begin(&big), &p);
        assert_int_equal(decode_cut(b, LINK_RAW, i, &big, big.w.used), FRAME_KEPT);
    }
    uint64_t let_go = frame_decoder_counts(b->decoder)->fragments_let_go;
    assert_in_range(let_go, 60, 70);
    memset(big.bytes + 20, 0, 8);
    big.bytes[6] = 60008 / 8 >> 8;
    big.bytes[7] = 60008 / 8 & 255;
    big.bytes[2] = 0;
    big.bytes[3] = 28;
    big.w.used = 28;
    assert_int_equal(decode_cut(b, LINK_RAW, 100, &big, big.w.used), FRAME_PACKET);
    assert_int_equal(b->packet.payload_length, sizeof zeros);
}

static void test_largest_datagram_fits(void **state)
{
    struct bench *b = *state;
    static struct built frame;
    static uint8_t zeros[65472];
    struct wire_packet p = UDP4;
    p.protocol = IP_TCP;
    p.fragment_field = IP4_MORE_FRAGMENTS;
    struct writer *w = built_begin(&frame);
    wire_build_ip(w, &p, sizeof zeros);
    write_be64(w, 0x0401003500000000);
    write_be64(w, 0x0000000050100000);
    write_zeros(w, sizeof zeros - 16);
    assert_int_equal(decode(b, LINK_RAW, &frame), FRAME_KEPT);
    p.fragment_field = sizeof zeros / 8;
    w = built_begin(&frame);
    wire_build_ip(w, &p, 64);
    write_zeros(w, 64);
    assert_int_equal(decode(b, LINK_RAW, &frame), FRAME_DAMAGED);
    w = built_begin(&frame);
    wire_build_ip(w, &p, 63);
    write_zeros(w, 63);
    assert_int_equal(decode(b, LINK_RAW, &frame), FRAME_PACKET);
    assert_int_equal(b->packet.payload.left, 65535 - 20);
}

static void test_cut_first_fragment_passes_as_a_cut_packet(void **state)
{
    struct bench *b = *state;
    struct whole o;
    struct built frame;
    whole_make(&o, FROM4, TO4);
    build_v4(&frame, &o, 1, three[0]);
    assert_int_equal(decode_cut(b, LINK_RAW, 0, &frame, 100), FRAME_PACKET);
    assert_int_equal(b->packet.port_to, 40832);
    assert_int_equal(b->packet.payload.left, 100 - 28);
    assert_int_equal(b->packet.payload_length, 1480 - 8);
    build_v4(&frame, &o, 1, three[1]);
    assert_int_equal(decode_cut(b, LINK_RAW, 0, &frame, 100), FRAME_OTHER);
    decode_every_cut(b, LINK_RAW, &frame);
}

/* Both the outer packet and the one inside come in fragments: the inner is whole last. */
static void test_fragments_inside_a_fragmented_tunnel(void **state)
{
    struct bench *b = *state;
    static struct whole inner, outer;
    static struct built frame;
    whole_make(&inner, FROM4, TO4);
    struct piece halves[] = {{0, 2000, true}, {2000, DATA + 8 - 2000, false}};
    enum frame_result results[4];
    for (uint16_t i = 0; i < 2; i++) {
        build_v4(&frame, &inner, 9, halves[i]);
        outer.packet = (struct wire_packet){.from = TO4, .to = FROM4, .protocol = 4};
        memcpy(outer.transport.bytes, frame.bytes, frame.w.used);
        results[2 * i] = send_v4(b, &outer, i, 0, (struct piece){0, 1000, true});
        results[2 * i + 1] = send_v4(b, &outer, i, 0,
                                     (struct piece){1000, frame.w.used - 1000, false});
    }
    assert_true(results[0] == FRAME_KEPT && results[1] == FRAME_KEPT && results[2] == FRAME_KEPT);
    assert_int_equal(results[3], FRAME_PACKET);
    check_whole(b, &inner);
}

static void send_vxlan_around(struct bench *b, const struct built *inner, uint16_t id,
                              enum frame_result wanted)
{
    static struct whole outer;
    static uint8_t payload[DATA];
    struct writer w = writer_over(payload, sizeof payload);
    write_be64(&w, 0x0800000000000100);
    wire_build_ethernet(&w, payload, payload, ETHERTYPE_IP4);
    write_bytes(&w, inner->bytes, inner->w.used);
    outer.packet = UDP4;
    outer.packet.port_to = 4789;
    outer.packet.payload = payload;
    outer.packet.payload_length = w.used;
    wire_build_transport(built_begin(&outer.transport), &outer.packet);
    size_t rest = outer.transport.w.used - 800;
    assert_int_equal(send_v4(b, &outer, id, 0, (struct piece){0, 800, true}), FRAME_KEPT);
    assert_int_equal(send_v4(b, &outer, id, 0, (struct piece){800, rest, false}), wanted);
    if (wanted == FRAME_PACKET) {
        assert_int_equal(b->packet.payload.left, w.used);
        assert_memory_equal(b->packet.payload.next, payload, w.used);
    }
}

/* The inside comes together and is damaged: the outer packet, in fragments too, is intact. */
static void test_outer_packet_survives_a_damaged_inside(void **state)
{
    static struct whole inner;
    static struct built frame;
    whole_make(&inner, FROM4, TO4);
    inner.packet.protocol = IP_TCP;
    memset(inner.transport.bytes, 0, DATA); /* data offset 0 */
    build_v4(&frame, &inner, 9, (struct piece){0, 2000, true});
    send_vxlan_around(*state, &frame, 1, FRAME_KEPT);
    build_v4(&frame, &inner, 9, (struct piece){2000, 1000, false});
    send_vxlan_around(*state, &frame, 2, FRAME_PACKET);
    assert_int_equal(((struct bench *)*state)->packet.port_to, 4789);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_fragments_come_together_in_any_order),
        TEST(test_ipv6_fragments_come_together),
        TEST(test_datagrams_are_kept_apart),
        TEST(test_first_bytes_win_where_fragments_overlap),
        TEST(test_lengths_that_contradict_are_refused),
        TEST(test_datagram_over_64_kilobytes_is_refused),
        TEST(test_unfinished_datagrams_are_let_go_by_age),
        TEST(test_oldest_datagram_makes_room),
        TEST(test_pool_of_pieces_is_bounded),
        TEST(test_largest_datagram_fits),
        TEST(test_cut_first_fragment_passes_as_a_cut_packet),
        TEST(test_fragments_inside_a_fragmented_tunnel),
        TEST(test_outer_packet_survives_a_damaged_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
