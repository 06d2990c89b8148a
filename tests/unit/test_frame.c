/* observe/frame: from each kind of link, tag, tunnel to the packet, and what cannot be. */
#include "frames.h"

static void check_hello(const struct packet *p, uint8_t protocol, uint16_t port_to)
{
    assert_int_equal(p->protocol, protocol);
    assert_int_equal(p->port_from, 1025);
    assert_int_equal(p->port_to, port_to);
    assert_int_equal(p->payload_length, 5);
    assert_int_equal(p->payload.left, 5);
    assert_memory_equal(p->payload.next, "hello", 5);
}

/* A frame that holds the UDP "hello", whole and cut everywhere. */
static void check_udp_frame(struct bench *b, uint32_t link_type, const struct built *frame)
{
    assert_int_equal(decode(b, link_type, frame), FRAME_PACKET);
    check_hello(&b->packet, IP_UDP, 40832);
    decode_every_cut(b, link_type, frame);
}

static void check_link(struct bench *b, uint32_t link_type, const void *header, size_t size)
{
    struct built frame;
    struct writer *w = built_begin(&frame);
    write_bytes(w, header, size);
    wire_build_packet(w, &UDP4);
    check_udp_frame(b, link_type, &frame);
}

#define CHECK_LINK(state, link_type, header)                                                       \
    check_link(*(state), link_type, header, sizeof header - 1)

static const char macs[] = "\2\0\0\0\0\2\2\0\0\0\0\1";

static void test_udp_is_read_whole(void **state)
{
    struct bench *b = *state;
    struct built frame;
    wire_build_frame(built_begin(&frame), &UDP4);
    assert_int_equal(decode_cut(b, LINK_ETHERNET, 77, &frame, frame.w.used), FRAME_PACKET);
    check_hello(&b->packet, IP_UDP, 40832);
    assert_int_equal(b->packet.when_us, 77);
    assert_true(address_equal(b->packet.from, FROM4) && address_equal(b->packet.to, TO4));
    assert_int_equal(b->packet.ip_id, 0x1234);
    assert_int_equal(b->packet.quote.protocol, 0);
    assert_int_equal(b->packet.tcp_flags, 0);
    decode_every_cut(b, LINK_ETHERNET, &frame);
}

static void test_tcp_is_read_whole(void **state)
{
    struct bench *b = *state;
    struct built frame;
    wire_build_frame(built_begin(&frame), &TCP4);
    assert_int_equal(decode(b, LINK_ETHERNET, &frame), FRAME_PACKET);
    check_hello(&b->packet, IP_TCP, 445);
    assert_int_equal(b->packet.tcp_flags, TCP_PSH | TCP_ACK);
    assert_int_equal(b->packet.sequence, 0x01020304);
    assert_int_equal(b->packet.acknowledgement, 0xfefdfcfb);
    assert_int_equal(b->packet.ip_id, 0x1234);
    decode_every_cut(b, LINK_ETHERNET, &frame);
}

static void test_tcp_options_are_stepped_over(void **state)
{
    struct bench *b = *state;
    struct built frame;
    struct wire_packet p = TCP4;
    p.options = "\2\4\5\xb4\1\1\4\2";
    p.options_length = 8;
    wire_build_frame(built_begin(&frame), &p);
    assert_int_equal(decode(b, LINK_ETHERNET, &frame), FRAME_PACKET);
    check_hello(&b->packet, IP_TCP, 445);
    assert_int_equal(decode_cut(b, LINK_ETHERNET, 0, &frame, 14 + 20 + 20 + 3), FRAME_PACKET);
    assert_int_equal(b->packet.payload.left, 0);
    assert_int_equal(b->packet.payload_length, 5);
    decode_every_cut(b, LINK_ETHERNET, &frame);
}

static void test_checksums_of_built_packets_hold(void **state)
{
    (void)state;
    struct built ip;
    wire_build_packet(built_begin(&ip), &TCP4);
    assert_int_equal(wire_checksum(0, ip.bytes, 20), 0);
    assert_int_equal(wire_checksum(wire_pseudo_sum(FROM4, TO4, IP_TCP, 25), ip.bytes + 20, 25), 0);
    wire_build_packet(built_begin(&ip), &UDP4);
    assert_int_equal(wire_checksum(wire_pseudo_sum(FROM4, TO4, IP_UDP, 13), ip.bytes + 20, 13), 0);
    /* RFC 1071 §3: these words add up to ddf2. */
    assert_int_equal(wire_checksum(0, "\x00\x01\xf2\x03\xf4\xf5\xf6\xf7", 8), 0xffff ^ 0xddf2);
}

/* Zero would say "no checksum": the payload is chosen so that the sum comes to it. */
static void test_udp_checksum_is_never_written_as_zero(void **state)
{
    (void)state;
    struct built udp;
    uint8_t payload[2] = {0, 0};
    struct wire_packet p = UDP4;
    p.payload = payload;
    p.payload_length = sizeof payload;
    wire_build_transport(built_begin(&udp), &p);
    memcpy(payload, udp.bytes + 6, 2);
    wire_build_transport(built_begin(&udp), &p);
    assert_memory_equal(udp.bytes + 6, "\xff\xff", 2);
}

static void test_packets_that_cannot_be_are_not_built(void **state)
{
    (void)state;
    struct built ip;
    struct wire_packet p = TCP4;
    p.options_length = 3;
    wire_build_packet(built_begin(&ip), &p);
    assert_true(ip.w.failed);
    p = TCP4;
    p.to = TO6;
    wire_build_packet(built_begin(&ip), &p);
    assert_true(ip.w.failed);
    p = UDP4;
    p.payload_length = 65535;
    wire_build_packet(built_begin(&ip), &p);
    assert_true(ip.w.failed);
}

static void test_link_layers_without_ethernet(void **state)
{
    CHECK_LINK(state, LINK_RAW, "");
    CHECK_LINK(state, LINK_RAW_BSD, "");
    CHECK_LINK(state, LINK_RAW_OPENBSD, "");
    CHECK_LINK(state, LINK_IPV4, "");
    CHECK_LINK(state, LINK_NULL, "\2\0\0\0");
    CHECK_LINK(state, LINK_NULL, "\0\0\0\2");
    CHECK_LINK(state, LINK_LOOP, "\0\0\0\2");
    CHECK_LINK(state, LINK_PPP, "\xff\x03\x00\x21");
    CHECK_LINK(state, LINK_PPP, "\x00\x21");
    CHECK_LINK(state, LINK_PPP, "\x21");
    CHECK_LINK(state, LINK_PPP_HDLC, "\xff\x03\x00\x21");
    CHECK_LINK(state, LINK_PPP_HDLC, "\x0f\x00\x08\x00");
    CHECK_LINK(state, LINK_C_HDLC, "\x8f\x00\x08\x00");
    CHECK_LINK(state, LINK_PPP_ETHER, "\x11\0\0\7\0\x23\0\x21");
    CHECK_LINK(state, LINK_FRAME_RELAY, "\x18\x41\x03\xcc");
    CHECK_LINK(state, LINK_FRAME_RELAY, "\x18\x41\x03\x00\x80\0\0\0\x08\0");
    CHECK_LINK(state, LINK_FRAME_RELAY, "\x18\x41\x08\x00");
}

static void test_linux_cooked_captures(void **state)
{
    CHECK_LINK(state, LINK_LINUX_COOKED, "\0\4\0\1\0\6\2\0\0\0\0\1\0\0\x08\0");
    CHECK_LINK(state, LINK_LINUX_COOKED, "\0\4\0\1\0\6\2\0\0\0\0\1\0\0\x81\0\0\5\x08\0");
    CHECK_LINK(state, LINK_LINUX_COOKED_2, "\x08\0\0\0\0\0\0\3\0\1\4\6\2\0\0\0\0\1\0\0");
}

static void test_wifi_data_frames(void **state)
{
    static const char plain[] = "\x08\x01\0\0" /* to the access point */
                                "\2\0\0\0\0\2\2\0\0\0\0\1\2\0\0\0\0\3\x10\0"
                                "\xaa\xaa\3\0\0\0\x08\0";
    static const char quality[] = "\x88\x03\0\0" /* four addresses, QoS */
                                  "\2\0\0\0\0\2\2\0\0\0\0\1\2\0\0\0\0\3\x10\0"
                                  "\2\0\0\0\0\4\0\0\xaa\xaa\3\0\0\0\x08\0";
    static const char tap[] =
        "\0\0\x11\0\x03\0\0\0\1\2\3\4\5\6\7\x08\x20" /* time and flags: padded */
        "\x88\x01\0\0\2\0\0\0\0\2\2\0\0\0\0\1\2\0\0\0\0\3\x10\0\0\0\0\0"
        "\xaa\xaa\3\0\0\0\x08\0";
    static const char tap2[] = "\0\0\x19\0\x03\0\0\x80\0\0\0\0" /* two words: time moves up */
                               "\0\0\0\0\1\2\3\4\5\6\7\x08\x20"
                               "\x88\x01\0\0\2\0\0\0\0\2\2\0\0\0\0\1\2\0\0\0\0\3\x10\0\0\0\0\0"
                               "\xaa\xaa\3\0\0\0\x08\0";
    static const char avs[] = "\x80\x21\x10\x01\0\0\0\x0c\0\0\0\0"
                              "\x08\x01\0\0\2\0\0\0\0\2\2\0\0\0\0\1\2\0\0\0\0\3\x10\0"
                              "\xaa\xaa\3\0\0\0\x08\0";
    CHECK_LINK(state, LINK_WIFI, plain);
    CHECK_LINK(state, LINK_WIFI, quality);
    CHECK_LINK(state, LINK_WIFI_RADIOTAP, tap);
    CHECK_LINK(state, LINK_WIFI_RADIOTAP, tap2);
    CHECK_LINK(state, LINK_WIFI_AVS, avs);
    CHECK_LINK(state, LINK_WIFI_PRISM, avs);
}

static void check_no_packet(struct bench *b, uint32_t link_type, const void *bytes, size_t size,
                            enum frame_result wanted)
{
    struct built frame;
    struct writer *w = built_begin(&frame);
    write_bytes(w, bytes, size);
    wire_build_packet(w, &UDP4);
    b->packet.port_to = 99;
    assert_int_equal(decode(b, link_type, &frame), wanted);
    assert_int_equal(b->packet.port_to, 99);
    decode_every_cut(b, link_type, &frame);
}

#define CHECK_NO_PACKET(state, link_type, header, wanted)                                          \
    check_no_packet(*(state), link_type, header, sizeof header - 1, wanted)

static void test_encrypted_and_managing_wifi_frames_are_other(void **state)
{
    CHECK_NO_PACKET(state, LINK_WIFI,
                    "\x08\x41\0\0\2\0\0\0\0\2\2\0\0\0\0\1\2\0\0\0\0\3\x10\0"
                    "\xaa\xaa\3\0\0\0\x08\0",
                    FRAME_OTHER);
    CHECK_NO_PACKET(state, LINK_WIFI, "\x80\0\0\0\2\0\0\0\0\2\2\0\0\0\0\1\2\0\0\0\0\3\x10\0",
                    FRAME_OTHER);
    CHECK_NO_PACKET(state, LINK_WIFI_RADIOTAP, "\0\0\x09\0\x02\0\0\0\x40\x08\x01\0\0",
                    FRAME_DAMAGED);
}

static void check_ethernet(struct bench *b, const void *tags, size_t size)
{
    struct built frame;
    struct writer *w = built_begin(&frame);
    write_bytes(w, macs, 12);
    write_bytes(w, tags, size);
    wire_build_packet(w, &UDP4);
    check_udp_frame(b, LINK_ETHERNET, &frame);
}

#define CHECK_ETHERNET(state, tags) check_ethernet(*(state), tags, sizeof tags - 1)

static void test_tags_and_labels_are_stepped_over(void **state)
{
    CHECK_ETHERNET(state, "\x81\0\0\5\x08\0");
    CHECK_ETHERNET(state, "\x88\xa8\0\5\x81\0\0\6\x08\0");
    CHECK_ETHERNET(state, "\x91\0\0\5\x81\0\0\6\x81\0\0\7\x08\0");
    CHECK_ETHERNET(state, "\x88\x47\0\1\0\x40\0\2\1\x40");
    CHECK_ETHERNET(state, "\x88\x48\0\1\1\x40");
    CHECK_ETHERNET(state, "\x88\x47\0\1\1\x40\0\0\0\0\2\0\0\0\0\2\2\0\0\0\0\1\x08\0");
    CHECK_ETHERNET(state, "\x88\x64\x11\0\0\7\0\x23\0\x21");
    CHECK_ETHERNET(state, "\0\x29\xaa\xaa\3\0\0\0\x08\0");
    CHECK_ETHERNET(state, "\0\x24\6\6\3");
}

static void test_too_many_tags_are_damage(void **state)
{
    struct built frame;
    struct writer *w = built_begin(&frame);
    write_bytes(w, macs, 12);
    for (unsigned i = 0; i <= LINK_HEADERS_MAX; i++)
        write_be32(w, 0x81000005);
    write_be16(w, ETHERTYPE_IP4);
    wire_build_packet(w, &UDP4);
    assert_int_equal(decode(*state, LINK_ETHERNET, &frame), FRAME_DAMAGED);
}

static void test_what_holds_no_ip_is_other(void **state)
{
    CHECK_NO_PACKET(state, LINK_ETHERNET, "\2\0\0\0\0\2\2\0\0\0\0\1\x08\6", FRAME_OTHER);
    CHECK_NO_PACKET(state, LINK_ETHERNET, "\2\0\0\0\0\2\2\0\0\0\0\1\0\x26\x42\x42\3", FRAME_OTHER);
    CHECK_NO_PACKET(state, LINK_ETHERNET, "\2\0\0\0\0\2\2\0\0\0\0\1\x88\x63\x11\x09", FRAME_OTHER);
    CHECK_NO_PACKET(state, LINK_NULL, "\7\0\0\0", FRAME_OTHER);
    CHECK_NO_PACKET(state, LINK_PPP, "\xff\x03\xc0\x21", FRAME_OTHER);
    CHECK_NO_PACKET(state, LINK_LINUX_COOKED, "\0\4\x03\x38\0\0\0\0\0\0\0\0\0\0\x08\0",
                    FRAME_OTHER);
    CHECK_NO_PACKET(state, LINK_RAW, "\0", FRAME_DAMAGED);
    CHECK_NO_PACKET(state, 147, "", FRAME_UNKNOWN_LINK);
    assert_null(frame_link_name(147));
    assert_string_equal(frame_link_name(LINK_ETHERNET), "Ethernet");
}

static void check_padded(struct bench *b, const struct wire_packet *p)
{
    struct built frame;
    struct writer *w = built_begin(&frame);
    wire_build_frame(w, p);
    write_zeros(w, 6);
    assert_int_equal(decode(b, LINK_ETHERNET, &frame), FRAME_PACKET);
    check_hello(&b->packet, p->protocol, p->port_to);
}

static void test_padding_is_no_payload(void **state)
{
    check_padded(*state, &UDP4);
    check_padded(*state, &TCP4);
    struct wire_packet v6 = TCP4;
    v6.from = FROM6;
    v6.to = TO6;
    check_padded(*state, &v6);
}

static void test_cut_packet_keeps_its_length(void **state)
{
    struct bench *b = *state;
    struct built frame;
    wire_build_frame(built_begin(&frame), &TCP4);
    assert_int_equal(decode_cut(b, LINK_ETHERNET, 0, &frame, frame.w.used - 3), FRAME_PACKET);
    assert_int_equal(b->packet.payload.left, 2);
    assert_int_equal(b->packet.payload_length, 5);
}

static void test_length_zero_of_offloaded_segments_takes_the_wire_length(void **state)
{
    struct bench *b = *state;
    struct built frame;
    wire_build_frame(built_begin(&frame), &TCP4);
    memset(frame.bytes + 16, 0, 2);
    assert_int_equal(decode_cut(b, LINK_ETHERNET, 0, &frame, frame.w.used - 1), FRAME_PACKET);
    assert_int_equal(b->packet.payload_length, 5);
    assert_int_equal(b->packet.payload.left, 4);
}

static void test_ip_options_are_stepped_over(void **state)
{
    struct built frame;
    struct writer *w = built_begin(&frame);
    wire_build_packet(w, &UDP4);
    memmove(frame.bytes + 24, frame.bytes + 20, 13);
    memcpy(frame.bytes + 20, "\1\1\1\0", 4);
    frame.bytes[0] = 0x46;
    frame.bytes[3] = 37;
    w->used += 4;
    check_udp_frame(*state, LINK_RAW, &frame);
    frame.bytes[0] = 0x44;
    assert_int_equal(decode(*state, LINK_RAW, &frame), FRAME_DAMAGED);
}

static void check_damage(struct bench *b, const struct wire_packet *p, size_t at, uint8_t value)
{
    struct built frame;
    wire_build_frame(built_begin(&frame), p);
    frame.bytes[14 + at] = value;
    b->packet.port_to = 99;
    assert_int_equal(decode(b, LINK_ETHERNET, &frame), FRAME_DAMAGED);
    assert_int_equal(b->packet.port_to, 99);
}

static void test_lengths_that_cannot_be_are_damage(void **state)
{
    struct bench *b = *state;
    check_damage(b, &TCP4, 3, 19);        /* total length below the header's */
    check_damage(b, &TCP4, 0, 0x55);      /* version 5 */
    check_damage(b, &TCP4, 20 + 12, 64);  /* data offset 16 */
    check_damage(b, &TCP4, 20 + 12, 112); /* data offset 28 of 25 bytes */
    check_damage(b, &UDP4, 20 + 5, 7);    /* UDP length 7 */
    check_damage(b, &UDP4, 3, 27);        /* room for seven bytes of UDP */
    assert_int_equal(frame_decoder_counts(b->decoder)->damaged, 6);
}

static void test_udp_length_is_bounded_by_ip(void **state)
{
    struct bench *b = *state;
    struct built frame;
    static const struct {
        uint8_t length;
        size_t payload;
    } rows[] = {{200, 5}, {11, 3}, {8, 0}, {0, 5}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        wire_build_frame(built_begin(&frame), &UDP4);
        frame.bytes[14 + 20 + 5] = rows[i].length;
        assert_int_equal(decode(b, LINK_ETHERNET, &frame), FRAME_PACKET);
        assert_int_equal(b->packet.payload_length, rows[i].payload);
        assert_int_equal(b->packet.payload.left, rows[i].payload);
    }
}

static void test_ipv6_with_extension_headers(void **state)
{
    struct bench *b = *state;
    struct built frame, udp;
    struct wire_packet p = UDP4;
    p.from = FROM6;
    p.to = TO6;
    wire_build_frame(built_begin(&frame), &p);
    check_udp_frame(b, LINK_ETHERNET, &frame);
    assert_true(address_equal(b->packet.from, FROM6) && address_equal(b->packet.to, TO6));
    struct writer *w = built_begin(&udp);
    write_bytes(w, "\x2b\0\1\4\0\0\0\0", 8);                                  /* hop-by-hop */
    write_bytes(w, "\x33\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);                 /* routing */
    write_bytes(w, "\x2c\4\0\0\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\0", 24); /* AH */
    write_bytes(w, "\x11\0\0\0\0\0\0\7", 8); /* a fragment that is none */
    wire_build_transport(w, &p);
    p.protocol = 0;
    p.payload = udp.bytes;
    p.payload_length = w->used;
    wire_build_frame(built_begin(&frame), &p);
    check_udp_frame(b, LINK_ETHERNET, &frame);
    assert_int_equal(b->packet.ip_id, 0);
}

static void test_endless_extension_headers_are_damage(void **state)
{
    struct built frame;
    uint8_t headers[8 * (IP6_EXTENSIONS_MAX + 1)] = {0};
    for (size_t i = 0; i < IP6_EXTENSIONS_MAX; i++)
        headers[8 * i] = 60;
    struct wire_packet p = {.from = FROM6,
                            .to = TO6,
                            .protocol = 60,
                            .payload = headers,
                            .payload_length = sizeof headers};
    wire_build_frame(built_begin(&frame), &p);
    assert_int_equal(decode(*state, LINK_ETHERNET, &frame), FRAME_DAMAGED);
}

static void check_quote(struct bench *b, struct wire_packet error, const struct wire_packet *inner)
{
    struct built frame, quote;
    struct writer *w = built_begin(&quote);
    write_be32(w, 0);
    wire_build_packet(w, inner);
    error.payload = quote.bytes;
    error.payload_length = w->used;
    wire_build_frame(built_begin(&frame), &error);
    decode_every_cut(b, LINK_ETHERNET, &frame);
    assert_int_equal(decode(b, LINK_ETHERNET, &frame), FRAME_PACKET);
    assert_int_equal(b->packet.protocol, error.protocol);
    assert_int_equal(b->packet.payload.left, 0);
    assert_int_equal(b->packet.quote.protocol, inner->protocol);
    assert_int_equal(b->packet.quote.port_to, inner->port_to);
    assert_int_equal(b->packet.quote.port_from, inner->port_from);
    assert_true(address_equal(b->packet.quote.from, inner->from));
    assert_true(address_equal(b->packet.quote.to, inner->to));
}

static void test_unreachable_quotes_what_did_not_arrive(void **state)
{
    struct wire_packet error = {
        .from = TO4, .to = FROM4, .protocol = IP_ICMP, .icmp_type = 3, .icmp_code = 3};
    check_quote(*state, error, &UDP4);
    check_quote(*state, error, &TCP4);
    struct wire_packet error6 = {.from = TO6, .to = FROM6, .protocol = IP_ICMPV6, .icmp_type = 1};
    struct wire_packet inner6 = TCP4;
    inner6.from = FROM6;
    inner6.to = TO6;
    check_quote(*state, error6, &inner6);
}

static void test_other_icmp_quotes_nothing(void **state)
{
    struct bench *b = *state;
    struct built frame, quote;
    struct writer *w = built_begin(&quote);
    write_be32(w, 0);
    wire_build_packet(w, &UDP4);
    struct wire_packet p = {.from = TO4,
                            .to = FROM4,
                            .protocol = IP_ICMP,
                            .icmp_type = 11,
                            .payload = quote.bytes,
                            .payload_length = w->used};
    wire_build_frame(built_begin(&frame), &p);
    assert_int_equal(decode(b, LINK_ETHERNET, &frame), FRAME_PACKET);
    assert_int_equal(b->packet.quote.protocol, 0);
    frame.bytes[14 + 20] = 3;
    frame.bytes[14 + 20 + 8 + 7] = 9; /* the quoted packet is a later fragment: no ports in it */
    assert_int_equal(decode(b, LINK_ETHERNET, &frame), FRAME_PACKET);
    assert_int_equal(b->packet.quote.protocol, 0);
}

/* An outer IPv4 packet around the tunnel header and the frame or packet inside. */
static void tunnel_build(struct built *out, struct wire_packet outer, const void *header,
                         size_t size, bool with_ethernet)
{
    struct built inside;
    struct writer *w = built_begin(&inside);
    write_bytes(w, header, size);
    if (with_ethernet)
        wire_build_frame(w, &UDP4);
    else
        wire_build_packet(w, &UDP4);
    outer.from = address_of_v4(0x0a000001);
    outer.to = address_of_v4(0x0a000002);
    outer.payload = inside.bytes;
    outer.payload_length = w->used;
    wire_build_frame(built_begin(out), &outer);
}

static void check_tunnel(struct bench *b, struct wire_packet outer, const void *header, size_t size,
                         bool with_ethernet)
{
    struct built frame;
    tunnel_build(&frame, outer, header, size, with_ethernet);
    check_udp_frame(b, LINK_ETHERNET, &frame);
    assert_int_equal(decode(b, LINK_ETHERNET, &frame), FRAME_PACKET);
    assert_true(address_equal(b->packet.from, FROM4) && address_equal(b->packet.to, TO4));
}

#define CHECK_GRE(state, header, with_ethernet)                                                    \
    check_tunnel(*(state), (struct wire_packet){.protocol = 47}, header, sizeof header - 1,        \
                 with_ethernet)

static void test_tunnels_are_opened(void **state)
{
    struct wire_packet vxlan = {.protocol = IP_UDP, .port_from = 5, .port_to = 4789};
    check_tunnel(*state, vxlan, "\x08\0\0\0\0\0\1\0", 8, true);
    check_tunnel(*state, (struct wire_packet){.protocol = 4}, "", 0, false);
    CHECK_GRE(state, "\0\0\x08\0", false);
    CHECK_GRE(state, "\xb0\0\x08\0\0\0\0\0\0\0\0\7\0\0\0\1", false);
    CHECK_GRE(state, "\x20\0\x65\x58\0\0\1\0", true);
    CHECK_GRE(state, "\x10\0\x88\xbe\0\0\0\1\0\0\0\0\0\0\0\0", true);
    CHECK_GRE(state, "\x30\x81\x88\x0b\0\4\0\1\0\0\0\1\0\0\0\1\xff\3\0\x21", false);
}

static void test_tunnel_that_cannot_be_opened_gives_the_outer_packet(void **state)
{
    struct bench *b = *state;
    struct built frame;
    tunnel_build(&frame, (struct wire_packet){.protocol = 47}, "\0\0\x08\x06", 4, false);
    assert_int_equal(decode(b, LINK_ETHERNET, &frame), FRAME_PACKET);
    assert_int_equal(b->packet.protocol, 47);
    assert_true(address_equal(b->packet.from, address_of_v4(0x0a000001)));
    struct wire_packet vxlan = {.protocol = IP_UDP, .port_from = 5, .port_to = 4789};
    tunnel_build(&frame, vxlan, "\0\0\0\0\0\0\1\0", 8, true);
    assert_int_equal(decode(b, LINK_ETHERNET, &frame), FRAME_PACKET);
    assert_int_equal(b->packet.port_to, 4789);
    assert_int_equal(b->packet.payload.left, 8 + 14 + 33);
}

static void test_tunnel_in_a_tunnel_stays_closed(void **state)
{
    struct bench *b = *state;
    struct built frame, middle;
    tunnel_build(&middle, (struct wire_packet){.protocol = 47}, "\0\0\x08\0", 4, false);
    struct wire_packet outer = {.from = TO4,
                                .to = FROM4,
                                .protocol = 4,
                                .payload = middle.bytes + 14,
                                .payload_length = middle.w.used - 14};
    wire_build_frame(built_begin(&frame), &outer);
    assert_int_equal(decode(b, LINK_ETHERNET, &frame), FRAME_PACKET);
    assert_int_equal(b->packet.protocol, 47);
    assert_true(address_equal(b->packet.from, address_of_v4(0x0a000001)));
}

static void test_counts_add_up(void **state)
{
    struct bench *b = *state;
    struct built frame;
    wire_build_frame(built_begin(&frame), &UDP4);
    (void)decode(b, LINK_ETHERNET, &frame);
    (void)decode(b, 147, &frame);
    (void)decode_cut(b, LINK_ETHERNET, 0, &frame, 20);
    frame.bytes[13] = 6;
    (void)decode(b, LINK_ETHERNET, &frame);
    const struct frame_counts *c = frame_decoder_counts(b->decoder);
    assert_true(c->packets == 1 && c->unknown_link == 1 && c->damaged == 1 && c->other == 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_udp_is_read_whole),
        TEST(test_tcp_is_read_whole),
        TEST(test_tcp_options_are_stepped_over),
        TEST(test_checksums_of_built_packets_hold),
        TEST(test_udp_checksum_is_never_written_as_zero),
        TEST(test_packets_that_cannot_be_are_not_built),
        TEST(test_link_layers_without_ethernet),
        TEST(test_linux_cooked_captures),
        TEST(test_wifi_data_frames),
        TEST(test_encrypted_and_managing_wifi_frames_are_other),
        TEST(test_tags_and_labels_are_stepped_over),
        TEST(test_too_many_tags_are_damage),
        TEST(test_what_holds_no_ip_is_other),
        TEST(test_padding_is_no_payload),
        TEST(test_cut_packet_keeps_its_length),
        TEST(test_length_zero_of_offloaded_segments_takes_the_wire_length),
        TEST(test_ip_options_are_stepped_over),
        TEST(test_lengths_that_cannot_be_are_damage),
        TEST(test_udp_length_is_bounded_by_ip),
        TEST(test_ipv6_with_extension_headers),
        TEST(test_endless_extension_headers_are_damage),
        TEST(test_unreachable_quotes_what_did_not_arrive),
        TEST(test_other_icmp_quotes_nothing),
        TEST(test_tunnels_are_opened),
        TEST(test_tunnel_that_cannot_be_opened_gives_the_outer_packet),
        TEST(test_tunnel_in_a_tunnel_stays_closed),
        TEST(test_counts_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
