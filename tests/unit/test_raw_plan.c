/* scan/raw_plan, raw_answer, raw_cookie, raw_pieces and raw_ring: packets out, and what proves that
 * it answers them. Packets are made by wire/build, as the host would make them. */
#include "testing.h"

#include <linux/if_packet.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/time.h"
#include "scan/gate.h"
#include "scan/raw_filter.h"
#include "scan/raw_pieces.h"
#include "scan/raw_plan.h"
#include "scan/raw_ring.h"
#include "wire/build.h"
#include "wire/ip.h"

enum { US = 0x0a090101, HOST = 0x0a090207, ROUTER = 0x0a090102 };
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

static struct raw_plan plan;
static struct knock knocks[KNOCKS_MAX];
static uint8_t bytes[2048];

/* Week 2050: knocks 0 and 1 are TCP, 2 and 3 UDP. */
static int begin(void **state)
{
    (void)state;
    plan = (struct raw_plan){.probes = {probe_named("p2p")},
                             .probe_count = 1,
                             .aim = {.week_given = true, .week = 2050},
                             .key = raw_cookie_key_of(7),
                             .source = US,
                             .tcp_ports = {30000, 30001, 30002},
                             .udp_first = 40000,
                             .udp_count = 1024};
    assert_int_equal(raw_knocks(&plan, HOST, knocks), 4);
    return 0;
}

/* The reference's own vector: key 0..15, input 0..9 (vectors_sip64[10]). */
static void test_the_hash_is_siphash(void **state)
{
    struct raw_cookie_key key;
    (void)state;
    for (uint8_t i = 0; i < RAW_COOKIE_KEY_BYTES; i++)
        key.bytes[i] = i;
    uint64_t hash = raw_cookie(&key, (enum raw_cookie_use)0, 0x05040302, TRANSPORT_UDP, 0x0706,
                               0x0908);
    assert_int_equal(hash, UINT64_C(0x7a5dbbc594ddb9f3));
}

static uint64_t cookie(unsigned use, uint32_t host, uint16_t port, uint16_t own, uint64_t secret)
{
    struct raw_cookie_key key = raw_cookie_key_of(secret);
    return raw_cookie(&key, (enum raw_cookie_use)use, host, TRANSPORT_TCP, port, own);
}

static void test_each_use_host_and_port_has_a_cookie_of_its_own(void **state)
{
    uint64_t one = cookie(1, HOST, 5000, 30000, 7);
    (void)state;
    assert_int_equal(one, cookie(1, HOST, 5000, 30000, 7));
    assert_true(one != cookie(2, HOST, 5000, 30000, 7));
    assert_true(one != cookie(1, HOST + 1, 5000, 30000, 7));
    assert_true(one != cookie(1, HOST, 5001, 30000, 7));
    assert_true(one != cookie(1, HOST, 5000, 30001, 7));
    assert_true(one != cookie(1, HOST, 5000, 30000, 8));
}

/* What a knock says of itself when it is read as the host would read it. */
static struct wire_packet sent(const struct knock *k, unsigned pass)
{
    struct writer w = writer_over(bytes, sizeof bytes);
    raw_build_knock(&plan, k, pass, &w);
    assert_false(w.failed);
    assert_true(w.used <= RAW_PACKET_SIZE);
    struct reader r = reader_over(bytes, w.used);
    read_skip(&r, 9);
    struct wire_packet p = {.protocol = read_u8(&r)};
    read_skip(&r, 2);
    p.from = address_of_v4(read_be32(&r));
    p.to = address_of_v4(read_be32(&r));
    p.port_from = read_be16(&r);
    p.port_to = read_be16(&r);
    p.sequence = read_be32(&r);
    return p;
}

/* The host's own answer to a knock. */
static struct wire_packet answer_to(const struct knock *k, uint8_t flags)
{
    struct wire_packet p = sent(k, 0);
    return (struct wire_packet){.from = p.to,
                                .to = p.from,
                                .port_from = p.port_to,
                                .port_to = p.port_from,
                                .protocol = p.protocol,
                                .tcp_flags = flags,
                                .sequence = 1000,
                                .acknowledgement = p.sequence + 1};
}

static bool read_back(const struct wire_packet *p, struct raw_answer *out)
{
    struct writer w = writer_over(bytes, sizeof bytes);
    wire_build_packet(&w, p);
    assert_false(w.failed);
    return raw_answer_read(reader_over(bytes, w.used), US, out);
}

static bool is_true(const struct wire_packet *p, const struct knock *k, enum raw_kind *kind)
{
    struct raw_answer a;
    if (!read_back(p, &a))
        return false;
    *kind = a.kind;
    return raw_answer_is_true(&plan, k, &a);
}

static void test_an_open_and_a_closed_port_prove_themselves(void **state)
{
    enum raw_kind kind;
    (void)state;
    struct wire_packet opens = answer_to(&knocks[0], SYN | ACK);
    assert_true(is_true(&opens, &knocks[0], &kind));
    assert_int_equal(kind, RAW_OPENS);
    struct wire_packet resets = answer_to(&knocks[1], RST | ACK);
    assert_true(is_true(&resets, &knocks[1], &kind));
    assert_int_equal(kind, RAW_RESETS);
    assert_false(is_true(&resets, &knocks[0], &kind));
}

static void test_another_sequence_number_proves_nothing(void **state)
{
    enum raw_kind kind;
    (void)state;
    for (uint32_t off = 1; off != 0; off = off << 1) {
        struct wire_packet p = answer_to(&knocks[0], SYN | ACK);
        p.acknowledgement += off;
        assert_false(is_true(&p, &knocks[0], &kind));
    }
    struct wire_packet blind = answer_to(&knocks[0], RST);
    assert_false(is_true(&blind, &knocks[0], &kind));
}

static bool proves(const struct knock *k, uint8_t flags, const char *text, uint32_t behind)
{
    enum raw_kind kind;
    struct wire_packet p = answer_to(k, flags);
    p.acknowledgement += behind - 1; /* answer_to stands one behind our SYN */
    p.payload = text;
    p.payload_length = strlen(text);
    return is_true(&p, k, &kind);
}

/* Our SYN is one number, our question at most REQUEST_SIZE more; who was asked nothing can
 * acknowledge the SYN alone. */
static void test_what_is_acknowledged_lies_behind_the_syn_and_within_the_question(void **state)
{
    static const uint8_t all_flags[] = {RST | ACK, ACK | PSH, FIN | ACK};
    (void)state;
    plan.probes[1] = probe_named("smb");
    plan.probe_count = 2;
    assert_int_equal(raw_knocks(&plan, HOST, knocks), 6);
    assert_true(knocks[0].asks && !knocks[4].asks);
    for (size_t i = 0; i < COUNT_OF(all_flags); i++) {
        const char *text = i == 1 ? "x" : "";
        assert_false(proves(&knocks[0], all_flags[i], text, 0));
        assert_true(proves(&knocks[0], all_flags[i], text, 1));
        assert_true(proves(&knocks[0], all_flags[i], text, 1 + REQUEST_SIZE));
        assert_false(proves(&knocks[0], all_flags[i], text, 2 + REQUEST_SIZE));
        assert_false(proves(&knocks[4], all_flags[i], text, 0));
        assert_true(proves(&knocks[4], all_flags[i], text, 1));
        assert_false(proves(&knocks[4], all_flags[i], text, 2));
    }
}

static void test_the_question_acknowledges_what_the_host_sent(void **state)
{
    struct raw_answer opened;
    struct wire_packet opens = answer_to(&knocks[0], SYN | ACK);
    (void)state;
    assert_true(read_back(&opens, &opened));
    struct writer w = writer_over(bytes, sizeof bytes);
    raw_build_question(&plan, &knocks[0], &opened, &w);
    struct reader r = reader_over(bytes, w.used);
    read_skip(&r, 24); /* to the sequence number */
    assert_int_equal(read_be32(&r), opens.acknowledgement);
    assert_int_equal(read_be32(&r), opens.sequence + 1);
}

static void test_each_pass_has_a_port_and_a_number_of_its_own(void **state)
{
    struct wire_packet first = sent(&knocks[0], 0), second = sent(&knocks[0], 1);
    enum raw_kind kind;
    (void)state;
    assert_int_equal(first.port_from, 30000);
    assert_int_equal(second.port_from, 30001);
    assert_true(first.sequence != second.sequence);
    struct wire_packet p = answer_to(&knocks[0], SYN | ACK);
    p.port_to = 30001;
    assert_false(is_true(&p, &knocks[0], &kind));
    p.acknowledgement = second.sequence + 1;
    assert_true(is_true(&p, &knocks[0], &kind));
    p.port_to = 30003;
    assert_false(is_true(&p, &knocks[0], &kind));
}

static void test_a_datagram_comes_to_the_port_that_asked(void **state)
{
    enum raw_kind kind;
    struct wire_packet p = answer_to(&knocks[2], 0);
    (void)state;
    p.payload = "x";
    p.payload_length = 1;
    assert_true(p.port_to >= 40000 && p.port_to < 41024);
    assert_true(is_true(&p, &knocks[2], &kind));
    assert_int_equal(kind, RAW_DATAGRAM);
    p.port_to ^= 1;
    assert_false(is_true(&p, &knocks[2], &kind));
    p = answer_to(&knocks[2], 0);
    p.from = address_of_v4(HOST + 1);
    assert_false(is_true(&p, &knocks[2], &kind));
}

/* An error of ICMP that quotes what is in `quoted`. */
static struct wire_packet error_of(uint32_t from, uint8_t code, const uint8_t *quoted, size_t size)
{
    return (struct wire_packet){.from = address_of_v4(from),
                                .to = address_of_v4(US),
                                .protocol = IP_NUMBER_ICMP,
                                .icmp_type = 3,
                                .icmp_code = code,
                                .payload = quoted,
                                .payload_length = size};
}

/* Four unused bytes, then the beginning of the packet. */
static size_t quote(const struct knock *k, uint8_t out[static 64])
{
    struct writer w = writer_over(bytes, sizeof bytes);
    raw_build_knock(&plan, k, 0, &w);
    memset(out, 0, 4);
    memcpy(out + 4, bytes, 28);
    return 32;
}

static void test_a_quote_of_our_own_packet_is_believed(void **state)
{
    uint8_t quoted[64];
    enum raw_kind kind;
    (void)state;
    for (unsigned k = 0; k < 4; k++) {
        size_t size = quote(&knocks[k], quoted);
        struct wire_packet p = error_of(HOST, 3, quoted, size);
        assert_true(is_true(&p, &knocks[k], &kind));
        assert_int_equal(kind, RAW_PORT_CLOSED);
        p = error_of(ROUTER, 1, quoted, size);
        assert_true(is_true(&p, &knocks[k], &kind));
        assert_int_equal(kind, RAW_NOBODY);
        p = error_of(ROUTER, 4, quoted, size);
        assert_false(is_true(&p, &knocks[k], &kind));
    }
}

/* Of the SYN, or of the question behind it. */
static void test_a_quote_has_one_of_our_two_numbers(void **state)
{
    uint8_t quoted[64];
    enum raw_kind kind;
    size_t size = quote(&knocks[0], quoted);
    struct reader r = reader_over(quoted + 4 + 24, 4);
    uint32_t number = read_be32(&r);
    (void)state;
    for (uint32_t more = 0; more < 4; more++) {
        struct writer w = writer_over(quoted + 4 + 24, 4);
        write_be32(&w, number - 1 + more);
        struct wire_packet p = error_of(HOST, 3, quoted, size);
        assert_int_equal(is_true(&p, &knocks[0], &kind), more == 1 || more == 2);
    }
}

static void test_no_other_quote_is_believed(void **state)
{
    uint8_t quoted[64];
    enum raw_kind kind;
    size_t size = quote(&knocks[0], quoted);
    (void)state;
    for (size_t at = 0; at < size; at++) {
        bool counts = at >= 4 + 12; /* addresses, ports, sequence number */
        struct wire_packet p = error_of(HOST, 3, quoted, size);
        quoted[at] ^= 0x40;
        if (counts)
            assert_false(is_true(&p, &knocks[0], &kind));
        else
            (void)is_true(&p, &knocks[0], &kind);
        quoted[at] ^= 0x40;
    }
    for (size_t cut = 0; cut < size; cut++) {
        struct wire_packet p = error_of(HOST, 3, quoted, cut);
        assert_false(is_true(&p, &knocks[0], &kind));
    }
}

/* The knock of --ping that is no door's, and what comes back of it. */
static struct knock echo_knock(void)
{
    plan.probe_count = gate_probes(GATE_PING, plan.probes);
    assert_int_equal(raw_knocks(&plan, HOST, knocks), GATE_SHOTS);
    assert_true(raw_knock_is_echo(&knocks[2]) && !raw_knock_is_echo(&knocks[0]));
    return knocks[2];
}

static struct wire_packet echo_reply(const struct knock *k, uint8_t proof[static 4])
{
    struct writer w = writer_over(bytes, sizeof bytes);
    raw_build_knock(&plan, k, 0, &w);
    assert_int_equal(w.used, IP4_HEADER_MIN + 8);
    assert_int_equal(bytes[IP4_HEADER_MIN], 8);
    memcpy(proof, bytes + IP4_HEADER_MIN + 4, 4);
    return (struct wire_packet){.from = address_of_v4(HOST),
                                .to = address_of_v4(US),
                                .protocol = IP_NUMBER_ICMP,
                                .payload = proof,
                                .payload_length = 4};
}

static void test_an_echo_proves_itself_by_identifier_and_number(void **state)
{
    uint8_t proof[4];
    enum raw_kind kind;
    struct knock k = echo_knock();
    struct wire_packet p = echo_reply(&k, proof);
    (void)state;
    assert_true(is_true(&p, &k, &kind));
    assert_int_equal(kind, RAW_ECHOES);
    for (size_t i = 0; i < 32; i++) {
        proof[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_false(is_true(&p, &k, &kind));
        proof[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    p.from = address_of_v4(HOST + 1);
    assert_false(is_true(&p, &k, &kind));
    p.from = address_of_v4(HOST);
    p.icmp_type = 8; /* asked by it, not answered */
    assert_false(is_true(&p, &k, &kind));
}

static void test_a_quote_of_our_echo_says_that_nobody_is_there(void **state)
{
    uint8_t quoted[64];
    enum raw_kind kind;
    struct knock k = echo_knock();
    size_t size = quote(&k, quoted);
    (void)state;
    for (uint8_t code = 0; code < 4; code++) { /* code 3 too: an echo has no port */
        struct wire_packet p = error_of(ROUTER, code, quoted, size);
        assert_true(is_true(&p, &k, &kind));
        assert_int_equal(kind, RAW_NOBODY);
    }
    for (size_t at = 4 + 12; at < size; at++) {
        if (at == 4 + 22 || at == 4 + 23) /* the checksum of ICMP proves nothing */
            continue;
        struct wire_packet p = error_of(ROUTER, 1, quoted, size);
        quoted[at] ^= 0x40;
        assert_false(is_true(&p, &k, &kind));
        quoted[at] ^= 0x40;
    }
}

static void test_a_datagram_from_port_0_is_no_echo(void **state)
{
    enum raw_kind kind;
    struct knock k = echo_knock();
    (void)state;
    for (unsigned port = 40000; port < 41024; port++) {
        const struct wire_packet p = {.from = address_of_v4(HOST),
                                      .to = address_of_v4(US),
                                      .port_to = (uint16_t)port,
                                      .protocol = IP_NUMBER_UDP};
        assert_false(is_true(&p, &k, &kind));
    }
}

static void test_every_cut_of_every_answer_is_read(void **state)
{
    uint8_t quoted[64];
    size_t size = quote(&knocks[0], quoted);
    const struct wire_packet echo = {.from = address_of_v4(HOST),
                                     .to = address_of_v4(US),
                                     .protocol = IP_NUMBER_ICMP,
                                     .payload = "echo",
                                     .payload_length = 4};
    struct wire_packet all[] = {answer_to(&knocks[0], SYN | ACK), answer_to(&knocks[2], 0),
                                error_of(HOST, 3, quoted, size), echo};
    struct raw_answer a;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct writer w = writer_over(bytes, sizeof bytes);
        wire_build_packet(&w, &all[i]);
        for (size_t cut = 0; cut <= w.used; cut++) {
            uint8_t *copy = malloc(cut > 0 ? cut : 1);
            memcpy(copy, bytes, cut);
            (void)raw_answer_read(reader_over(copy, cut), US, &a);
            free(copy);
        }
    }
}

static void test_who_sends_to_somebody_else_is_not_heard(void **state)
{
    struct wire_packet p = answer_to(&knocks[0], SYN | ACK);
    struct raw_answer a;
    (void)state;
    p.to = address_of_v4(US + 1);
    assert_false(read_back(&p, &a));
}

static void test_a_host_with_smb_is_knocked_at_its_doors(void **state)
{
    (void)state;
    plan.probes[0] = probe_named("smb");
    assert_int_equal(raw_knocks(&plan, HOST, knocks), 2);
    assert_int_equal(knocks[0].shot.port, 445);
    assert_int_equal(knocks[1].shot.port, 139);
    assert_false(knocks[0].asks);
}

static void test_state_has_room_for_nearly_all(void **state)
{
    uint32_t sample[16];
    (void)state;
    for (uint32_t i = 0; i < 16; i++)
        sample[i] = HOST + i;
    assert_int_equal(raw_state_bytes(&plan, 0, sample, 16), 1);
    plan.aim.slack = true;
    assert_int_equal(raw_state_bytes(&plan, 0, sample, 16), 2);
    plan.probes[1] = probe_named("smb");
    plan.probe_count = 2;
    assert_int_equal(raw_state_bytes(&plan, 0, sample, 16), 4);
}

static void test_state_has_room_for_the_weeks_to_come(void **state)
{
    uint32_t sample[16];
    (void)state;
    for (uint32_t i = 0; i < 16; i++)
        sample[i] = HOST + i;
    plan.aim = (struct aim){.when_us = week_start_us(2050) + 3 * US_PER_DAY}; /* a Thursday */
    assert_int_equal(raw_state_bytes(&plan, plan.aim.when_us + 2 * US_PER_DAY, sample, 16), 1);
    assert_int_equal(raw_state_bytes(&plan, plan.aim.when_us + 4 * US_PER_DAY, sample, 16), 2);
    plan.aim.week_given = true;
    assert_int_equal(raw_state_bytes(&plan, plan.aim.when_us + 4 * US_PER_DAY, sample, 16), 1);
}

/* Hosts of which SRI's reading gives other ports have more than four knocks. */
static uint32_t next_with(uint32_t host, bool more)
{
    while ((raw_knocks(&plan, host, knocks) > 4) != more)
        host++;
    return host;
}

static void test_state_has_room_for_more_than_half_of_the_sample(void **state)
{
    uint32_t sample[3];
    (void)state;
    sample[0] = next_with(HOST, false);
    sample[1] = next_with(HOST, true);
    sample[2] = next_with(sample[1] + 1, true);
    assert_int_equal(raw_state_bytes(&plan, 0, sample, 3), 2);
    assert_int_equal(raw_state_bytes(&plan, 0, sample, 1), 1);
    sample[2] = next_with(sample[0] + 1, false);
    assert_int_equal(raw_state_bytes(&plan, 0, sample, 3), 1);
    assert_int_equal(raw_state_bytes(&plan, 0, sample, 2), 2); /* half is not more than half */
}

static void test_a_week_that_is_given_does_not_turn(void **state)
{
    int64_t thursday_us = week_start_us(2050) + 3 * US_PER_DAY;
    (void)state;
    assert_false(raw_weeks_differ(&plan, thursday_us, thursday_us + 7 * US_PER_DAY));
    plan.aim.week_given = false;
    assert_true(raw_weeks_differ(&plan, thursday_us, thursday_us + 7 * US_PER_DAY));
    assert_false(raw_weeks_differ(&plan, thursday_us, thursday_us + US_PER_DAY));
    /* On a Sunday next week's ports are asked as well. */
    assert_true(raw_weeks_differ(&plan, thursday_us, thursday_us + 7 * US_PER_DAY / 2));
}

/* Whoever has more knocks than there is room for is said to have one more, not fewer. */
static void test_too_many_knocks_are_said_to_be_too_many(void **state)
{
    (void)state;
    plan.aim = (struct aim){.when_us = week_start_us(2050), .slack = true};
    for (plan.probe_count = 0; plan.probe_count < PROBES_MAX; plan.probe_count++)
        plan.probes[plan.probe_count] = probe_named("p2p");
    assert_int_equal(raw_knocks(&plan, HOST, knocks), KNOCKS_MAX + 1);
}

static struct raw_answer piece(uint32_t host, uint32_t sequence, const char *text)
{
    return (struct raw_answer){.kind = RAW_SPEAKS,
                               .host = host,
                               .port = 9,
                               .own_port = 30000,
                               .sequence = sequence,
                               .payload = reader_over(text, strlen(text))};
}

static void test_pieces_are_put_together_in_their_order(void **state)
{
    struct raw_pieces *p = raw_pieces_new();
    struct reader all;
    struct raw_answer a = piece(1, 0xfffffffe, "abc"), b = piece(1, 1, "de"),
                      early = piece(1, 9, "z"), again = piece(1, 0, "cde");
    (void)state;
    assert_true(raw_pieces_add(p, &a, &all));
    assert_true(raw_pieces_add(p, &early, &all));
    assert_int_equal(all.left, 3);
    assert_true(raw_pieces_add(p, &again, &all));
    assert_true(raw_pieces_add(p, &b, &all));
    assert_int_equal(all.left, 5);
    assert_memory_equal(all.next, "abcde", 5);
    raw_pieces_end(p, &a);
    raw_pieces_free(p);
}

static void test_there_is_little_room_for_pieces(void **state)
{
    static char big[RAW_PIECES_ROOM + 2];
    struct raw_pieces *p = raw_pieces_new();
    struct reader all;
    memset(big, 'x', RAW_PIECES_ROOM + 1);
    struct raw_answer a = piece(1, 0, big);
    (void)state;
    assert_false(raw_pieces_add(p, &a, &all));
    assert_int_equal(all.left, RAW_PIECES_ROOM);
    for (uint32_t host = 2; host < RAW_PIECES + 5; host++) {
        a = piece(host, 0, "x");
        assert_true(raw_pieces_add(p, &a, &all));
    }
    assert_int_equal(raw_pieces_let_go(p), 4);
    raw_pieces_free(p);
}

/* One block with one frame of two bytes. */
static struct raw_block block_of(uint8_t *memory, size_t size, uint32_t count, uint32_t first,
                                 uint32_t next, uint32_t length, uint16_t mac)
{
    memset(memory, 0, size);
    memcpy(memory + offsetof(struct tpacket_block_desc, hdr.bh1.num_pkts), &count, 4);
    memcpy(memory + offsetof(struct tpacket_block_desc, hdr.bh1.offset_to_first_pkt), &first, 4);
    if (first < size - sizeof(struct tpacket3_hdr)) {
        memcpy(memory + first + offsetof(struct tpacket3_hdr, tp_next_offset), &next, 4);
        memcpy(memory + first + offsetof(struct tpacket3_hdr, tp_snaplen), &length, 4);
        memcpy(memory + first + offsetof(struct tpacket3_hdr, tp_mac), &mac, 2);
    }
    return raw_block_over(memory, size);
}

static void test_a_block_of_the_ring_is_not_believed_either(void **state)
{
    uint8_t *memory = malloc(512);
    struct raw_frame f;
    (void)state;
    struct raw_block b = block_of(memory, 512, 1, 48, 0, 2, 80);
    assert_true(raw_block_next(&b, &f));
    assert_int_equal(f.bytes.left, 2);
    assert_false(raw_block_next(&b, &f));
    static const uint32_t firsts[] = {48, 500, 511, 512, 0xffffffff};
    static const uint32_t nexts[] = {0, 1, 64, 0xffffffff}, lengths[] = {2, 400, 0xffffffff};
    for (size_t i = 0; i < COUNT_OF(firsts) * COUNT_OF(nexts) * COUNT_OF(lengths); i++) {
        b = block_of(memory, 512, 1000, firsts[i % 5], nexts[i / 5 % 4], lengths[i / 20], 80);
        unsigned count = 0;
        while (raw_block_next(&b, &f))
            assert_true(count++ < 1000);
    }
    free(memory);
}

static void test_frames_of_another_vlan_are_none_of_ours(void **state)
{
    static const uint8_t ethernet[] = {1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 8, 0, 0x45};
    struct raw_frame f = {.bytes = reader_over(ethernet, sizeof ethernet)};
    struct reader packet, arp;
    (void)state;
    assert_true(raw_frame_packet(&f, false, &packet, &arp));
    assert_int_equal(packet.left, 1);
    f.tagged = true;
    f.tag = 0x6000; /* a priority, and no VLAN */
    assert_true(raw_frame_packet(&f, false, &packet, &arp));
    f.tag = 5;
    assert_false(raw_frame_packet(&f, false, &packet, &arp));
    f.tagged = false;
    for (size_t cut = 0; cut < 14; cut++) {
        f.bytes = reader_over(ethernet, cut);
        assert_false(raw_frame_packet(&f, false, &packet, &arp));
    }
}

static void test_who_has_is_answered(void **state)
{
    static const uint8_t mac[6] = {2, 0, 0, 0, 0, 9};
    uint8_t arp[28];
    struct writer w = writer_over(arp, sizeof arp);
    uint32_t host;
    const uint8_t *there;
    (void)state;
    raw_arp_write(&w, mac, HOST, US);
    assert_false(w.failed);
    assert_int_equal(w.used, 28);
    assert_false(raw_arp_read(reader_over(arp, 28), &host, &there));
    arp[7] = 2; /* the answer of whoever is asked */
    assert_true(raw_arp_read(reader_over(arp, 28), &host, &there));
    assert_int_equal(host, HOST);
    assert_memory_equal(there, mac, 6);
    for (size_t cut = 0; cut < 18; cut++)
        assert_false(raw_arp_read(reader_over(arp, cut), &host, &there));
}

static void test_the_filter_ends_within_itself(void **state)
{
    struct sock_filter rows[RAW_FILTER_ROWS];
    (void)state;
    for (int bare = 0; bare < 2; bare++) {
        const struct raw_filter f = {bare != 0, US, 30000, 3, 40000, 1024};
        unsigned count = raw_filter_write(&f, rows);
        assert_int_equal(rows[count - 1].k, 0);
        assert_true(rows[count - 2].k > 0);
        for (unsigned i = 0; i < count; i++) {
            assert_true(i + 1 + rows[i].jt < count || i + 1 == count);
            assert_true(i + 1 + rows[i].jf < count || i + 1 == count);
        }
    }
}

#define TEST(function) cmocka_unit_test_setup(function, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_hash_is_siphash),
        TEST(test_each_use_host_and_port_has_a_cookie_of_its_own),
        TEST(test_an_open_and_a_closed_port_prove_themselves),
        TEST(test_another_sequence_number_proves_nothing),
        TEST(test_what_is_acknowledged_lies_behind_the_syn_and_within_the_question),
        TEST(test_the_question_acknowledges_what_the_host_sent),
        TEST(test_each_pass_has_a_port_and_a_number_of_its_own),
        TEST(test_a_datagram_comes_to_the_port_that_asked),
        TEST(test_a_quote_of_our_own_packet_is_believed),
        TEST(test_a_quote_has_one_of_our_two_numbers),
        TEST(test_no_other_quote_is_believed),
        TEST(test_an_echo_proves_itself_by_identifier_and_number),
        TEST(test_a_quote_of_our_echo_says_that_nobody_is_there),
        TEST(test_a_datagram_from_port_0_is_no_echo),
        TEST(test_every_cut_of_every_answer_is_read),
        TEST(test_who_sends_to_somebody_else_is_not_heard),
        TEST(test_a_host_with_smb_is_knocked_at_its_doors),
        TEST(test_state_has_room_for_nearly_all),
        TEST(test_state_has_room_for_the_weeks_to_come),
        TEST(test_state_has_room_for_more_than_half_of_the_sample),
        TEST(test_a_week_that_is_given_does_not_turn),
        TEST(test_too_many_knocks_are_said_to_be_too_many),
        TEST(test_pieces_are_put_together_in_their_order),
        TEST(test_there_is_little_room_for_pieces),
        TEST(test_a_block_of_the_ring_is_not_believed_either),
        TEST(test_frames_of_another_vlan_are_none_of_ours),
        TEST(test_who_has_is_answered),
        TEST(test_the_filter_ends_within_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
