/* observe/flows: which flows there are, who is their client, what mirrors and clocks do to them,
 * and what is counted when the table is full. The streams in them: test_flow_streams. */
#include "flow_bench.h"
#include "frames.h"

enum { WAVE_FLOWS = 20000, WAVES = 20, RANDOM_PACKETS = 20000 };

static void check_begun(const struct flow_bench *b, uint64_t count)
{
    assert_int_equal(b->kinds[OBSERVED_BEGIN], count);
}

static void check_ends(const struct flow_bench *b, uint16_t client_port, uint16_t server_port)
{
    const struct observation *o = &last_seen(b)->o;
    assert_true(o->client_known);
    assert_true(address_equal(o->client.address, CLIENT));
    assert_true(address_equal(o->server.address, SERVER));
    assert_int_equal(o->client.port, client_port);
    assert_int_equal(o->server.port, server_port);
}

/* TCP */

static void test_a_syn_begins_a_flow_and_names_its_client(void **state)
{
    struct flow_bench *b = *state;
    say(b, .flags = TCP_SYN);
    check_begun(b, 1);
    check_ends(b, CLIENT_PORT, SERVER_PORT);
    assert_true(last_seen(b)->o.by_client);
    assert_int_equal(last_seen(b)->o.protocol, IP_TCP);
    say(b, .by_server = true, .flags = TCP_SYN | TCP_ACK);
    assert_int_equal(b->count, 1);
}

static void test_a_syn_sent_again_begins_nothing(void **state)
{
    struct flow_bench *b = *state;
    say(b, .flags = TCP_SYN);
    say(b, .flags = TCP_SYN, .after_us = 3 * US_PER_SECOND);
    say(b, .by_server = true, .flags = TCP_RST | TCP_ACK);
    say(b, .flags = TCP_SYN, .after_us = US_PER_SECOND / 2);
    check_begun(b, 1);
    assert_int_equal(flows_counts(b->flows)->flows, 1);
}

static void test_a_syn_with_another_number_is_another_attempt(void **state)
{
    struct flow_bench *b = *state;
    say(b, .flags = TCP_SYN);
    say(b, .flags = TCP_SYN, .isn = 7);
    check_begun(b, 2);
}

static void test_both_ends_may_use_the_same_ports_in_turn(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .by_server = true, .flags = TCP_SYN, .isn = 7);
    check_begun(b, 1);
    assert_true(address_equal(last_seen(b)->o.client.address, SERVER));
    assert_int_equal(last_seen(b)->o.client.port, SERVER_PORT);
    assert_true(last_seen(b)->o.by_client);
}

static void test_an_answer_without_its_syn_names_the_client_too(void **state)
{
    struct flow_bench *b = *state;
    say(b, .by_server = true, .flags = TCP_SYN | TCP_ACK);
    check_begun(b, 1);
    check_ends(b, CLIENT_PORT, SERVER_PORT);
    assert_false(last_seen(b)->o.by_client);
}

static void test_a_syn_captured_after_its_answer_begins_nothing_more(void **state)
{
    struct flow_bench *b = *state;
    say(b, .by_server = true, .flags = TCP_SYN | TCP_ACK);
    say(b, .flags = TCP_SYN);
    check_begun(b, 1);
    say(b, .by_server = true, .text = "hello");
    assert_true(last_seen(b)->o.start_known);
    say(b, .text = "hello");
    assert_true(last_seen(b)->o.start_known && last_seen(b)->o.by_client);
}

static void test_a_syn_after_an_answer_and_its_end_is_another_attempt(void **state)
{
    struct flow_bench *b = *state;
    say(b, .by_server = true, .flags = TCP_SYN | TCP_ACK);
    say(b, .flags = TCP_RST);
    say(b, .flags = TCP_SYN, .isn = 7);
    check_begun(b, 2);
}

static void test_who_began_is_unknown_without_a_handshake(void **state)
{
    struct flow_bench *b = *state;
    say(b, .text = "hello");
    check_begun(b, 0);
    assert_false(last_seen(b)->o.client_known);
    say(b, .by_server = true, .flags = TCP_RST, .client_port = 7);
    check_begun(b, 0);
}

static void test_bare_acknowledgements_make_no_flow(void **state)
{
    struct flow_bench *b = *state;
    say(b, .offset = 5);
    say(b, .text = "cut away", .cut = 8);
    assert_int_equal(flows_counts(b->flows)->flows, 0);
    say(b, .protocol = IP_ICMP, .text = "ping");
    assert_int_equal(flows_counts(b->flows)->flows, 0);
}

/* UDP */

static void test_a_datagram_begins_a_flow_and_is_poured(void **state)
{
    struct flow_bench *b = *state;
    say(b, .protocol = IP_UDP, .text = "question");
    check_begun(b, 1);
    check_text(b, "question");
    check_ends(b, CLIENT_PORT, SERVER_PORT);
    say(b, .protocol = IP_UDP, .by_server = true, .text = "answer");
    check_text(b, "answer");
    check_ends(b, CLIENT_PORT, SERVER_PORT);
    const struct observation *o = &last_seen(b)->o;
    assert_true(!o->by_client && o->other_spoke && !o->is_stream);
    assert_memory_equal(&o->other_start, "question", 8);
    check_begun(b, 1);
}

static void test_datagrams_that_nobody_wants_begin_flows_all_the_same(void **state)
{
    struct flow_bench *b = *state;
    b->wants_datagrams = false;
    say(b, .protocol = IP_UDP, .text = "x");
    say(b, .protocol = IP_UDP, .client_port = 5000);
    check_begun(b, 2);
    assert_int_equal(b->count, 2);
}

static void test_an_empty_datagram_begins_a_flow_and_is_not_poured(void **state)
{
    struct flow_bench *b = *state;
    say(b, .protocol = IP_UDP);
    check_begun(b, 1);
    assert_int_equal(b->count, 1);
}

static void test_an_answer_whose_question_is_missing_begins_nothing(void **state)
{
    struct flow_bench *b = *state;
    uint8_t bytes[512];
    struct writer w = writer_over(bytes, sizeof bytes);
    dns_build(&w, 7, "one.example", DNS_TYPE_A, true, DNS_NXDOMAIN, NULL);
    say(b, .protocol = IP_UDP, .by_server = true, .server_port = 53, .bytes = bytes,
        .size = w.used);
    check_begun(b, 0);
    assert_int_equal(last_seen(b)->o.kind, OBSERVED_DNS);
    assert_string_equal(last_seen(b)->name, "one.example");
    assert_false(last_seen(b)->o.by_client);
    check_ends(b, CLIENT_PORT, 53);
}

static void test_dns_between_two_ports_53_has_the_first_speaker_as_client(void **state)
{
    struct flow_bench *b = *state;
    uint8_t bytes[512];
    struct writer w = writer_over(bytes, sizeof bytes);
    dns_build(&w, 7, "one.example", DNS_TYPE_A, false, 0, NULL);
    say(b, .protocol = IP_UDP, .client_port = 53, .server_port = 53, .bytes = bytes,
        .size = w.used);
    check_begun(b, 1);
    check_ends(b, 53, 53);
    say(b, .protocol = IP_UDP, .client_port = 53, .server_port = 53, .text = "no DNS at all");
    assert_int_equal(flows_counts(b->flows)->dns_messages, 1);
    assert_int_equal(flows_counts(b->flows)->dns_damaged, 1);
    assert_int_equal(b->count, 2);
}

static void test_udp_and_tcp_between_the_same_ports_are_two_flows(void **state)
{
    struct flow_bench *b = *state;
    say(b, .flags = TCP_SYN);
    say(b, .protocol = IP_UDP, .text = "x");
    assert_int_equal(flows_counts(b->flows)->flows, 2);
    check_begun(b, 2);
}

/* Addresses */

static struct packet datagram(struct flow_bench *b, const char *from, const char *to)
{
    struct packet p = packet_of(&(struct saying){.bench = b, .protocol = IP_UDP, .text = "hi"});
    p.from = address_from(from);
    p.to = address_from(to);
    return p;
}

static struct packet turned(struct packet p)
{
    struct packet other = p;
    other.from = p.to;
    other.to = p.from;
    other.port_from = p.port_to;
    other.port_to = p.port_from;
    return other;
}

static void test_ipv6_ends_that_differ_in_their_first_half_are_told_apart(void **state)
{
    struct flow_bench *b = *state;
    hand_in(b, datagram(b, "fe80::1", "2001:db8::1"));
    hand_in(b, turned(datagram(b, "fe80::1", "2001:db8::1")));
    check_begun(b, 1);
    assert_false(last_seen(b)->o.by_client);
    hand_in(b, datagram(b, "fe80::1", "2001:db8:1::1"));
    check_begun(b, 2);
    assert_int_equal(flows_counts(b->flows)->mirrored, 0);
}

static void test_an_echo_of_one_address_is_no_mirrors_copy(void **state)
{
    struct flow_bench *b = *state;
    hand_in(b, datagram(b, "::1", "::1"));
    hand_in(b, turned(datagram(b, "::1", "::1"))); /* the same checksum */
    assert_int_equal(flows_counts(b->flows)->mirrored, 0);
    assert_int_equal(b->count, 3);
    assert_false(last_seen(b)->o.by_client);
}

static void test_a_flow_whose_ends_are_the_same_does_no_harm(void **state)
{
    struct flow_bench *b = *state;
    struct packet p = packet_of(&(struct saying){.bench = b, .flags = TCP_SYN, .text = "land"});
    p.to = p.from;
    p.port_to = p.port_from;
    hand_in(b, p);
    p.tcp_flags = TCP_SYN | TCP_ACK;
    p.sequence = 9;
    hand_in(b, p);
    p.tcp_flags = TCP_FIN;
    hand_in(b, p);
    assert_int_equal(flows_counts(b->flows)->flows, 1);
    check_begun(b, 1);
}

/* Begins 150,000 flows, fewer than the table holds, and checks that each is one. */
static void check_told_apart(struct flow_bench *b, struct packet p, bool by_ports)
{
    b->counts_only = true;
    b->wants_datagrams = false;
    for (uint16_t i = 0; i < 300; i++)
        for (uint16_t k = 0; k < 500; k++) {
            p.ip_id++;
            if (by_ports) {
                p.port_from = (uint16_t)(40000 + i);
                p.port_to = (uint16_t)(2000 + k);
            } else {
                p.from.low = (uint64_t)i + 1;
                p.from.high = UINT64_C(0x20010db800000000) + k;
            }
            flows_take(b->flows, &p, 1, &b->sink);
        }
    check_begun(b, 150000);
    assert_int_equal(flows_counts(b->flows)->flows, 150000);
}

static void test_many_ports_of_two_hosts_are_many_flows(void **state)
{
    struct flow_bench *b = *state;
    check_told_apart(b, datagram(b, "10.0.0.5", "10.0.0.6"), true);
}

static void test_the_same_hosts_of_many_ipv6_networks_are_many_flows(void **state)
{
    struct flow_bench *b = *state;
    check_told_apart(b, datagram(b, "2001:db8::1", "2001:db8:ffff::1"), false);
}

/* Mirrors */

static void mirror_datagram(struct flow_bench *b, struct packet p, int64_t after_us)
{
    hand_in(b, p);
    p.when_us += after_us;
    hand_in(b, p);
}

static void test_a_mirrors_copy_counts_once(void **state)
{
    struct flow_bench *b = *state;
    struct packet p = datagram(b, "10.0.0.5", "192.0.2.1");
    p.ip_id = 77;
    mirror_datagram(b, p, 20000);
    assert_int_equal(flows_counts(b->flows)->mirrored, 1);
    assert_int_equal(b->count, 2);
    p.ip_id = 78;
    mirror_datagram(b, p, -20000); /* not quite in order */
    assert_int_equal(flows_counts(b->flows)->mirrored, 2);
    assert_int_equal(b->count, 3);
}

static void test_the_same_packet_much_later_is_no_copy(void **state)
{
    struct flow_bench *b = *state;
    struct packet p = datagram(b, "10.0.0.5", "192.0.2.1");
    p.ip_id = 77;
    mirror_datagram(b, p, 20001);
    assert_int_equal(flows_counts(b->flows)->mirrored, 0);
    assert_int_equal(b->count, 3);
}

static void test_without_an_identification_a_checksum_over_a_payload_tells_copies(void **state)
{
    struct flow_bench *b = *state;
    struct packet p = datagram(b, "2001:db8::5", "2001:db8::6");
    p.ip_id = 0;
    mirror_datagram(b, p, 10);
    assert_int_equal(flows_counts(b->flows)->mirrored, 1);
    p.checksum = 0;
    mirror_datagram(b, p, 10);
    p.checksum = 9;
    p.payload.left = p.payload_length = 0;
    mirror_datagram(b, p, 10);
    assert_int_equal(flows_counts(b->flows)->mirrored, 1);
}

/* One frame as it stands on a wire; vlan 0: no tag. */
static void hand_in_frame(struct flow_bench *b, struct frame_decoder *d, uint8_t time_to_live,
                          uint16_t vlan)
{
    struct built plain, tagged;
    struct wire_packet p = UDP4;
    struct packet packet;
    p.time_to_live = time_to_live;
    wire_build_frame(built_begin(&plain), &p);
    struct writer *w = built_begin(&tagged);
    write_bytes(w, plain.bytes, 2 * MAC_LENGTH);
    if (vlan != 0)
        write_be32(w, UINT32_C(0x81000000) | vlan);
    write_bytes(w, plain.bytes + 2 * MAC_LENGTH, plain.w.used - 2 * MAC_LENGTH);
    struct reader bytes = reader_over(tagged.bytes, w->used);
    assert_int_equal(frame_decode(d, LINK_ETHERNET, b->now_us, bytes, w->used, &packet),
                     FRAME_PACKET);
    hand_in(b, packet);
}

static void test_a_copy_from_behind_a_router_or_in_another_vlan_counts_once(void **state)
{
    struct flow_bench *b = *state;
    struct frame_decoder *d = frame_decoder_new();
    assert_non_null(d);
    hand_in_frame(b, d, 64, 0);
    hand_in_frame(b, d, 64, 100);
    hand_in_frame(b, d, 63, 0);
    hand_in_frame(b, d, 63, 200);
    frame_decoder_free(d);
    assert_int_equal(flows_counts(b->flows)->mirrored, 3);
    assert_int_equal(b->count, 2);
}

/* The clock and the table's limits */

/* SYNs of WAVE_FLOWS clients, numbered from `first` on, and their resets if they are to close. */
static void wave(struct flow_bench *b, uint32_t first, bool closing)
{
    b->counts_only = true;
    for (uint32_t i = 0; i < WAVE_FLOWS; i++) {
        b->last_ip_id = (uint16_t)(b->last_ip_id % 0xffff + 1);
        struct packet p = packet_of(&(struct saying){.bench = b, .flags = TCP_SYN});
        p.from = address_of_v4(0x0a000000 + first + i);
        flows_take(b->flows, &p, 1, &b->sink);
        p.tcp_flags = TCP_RST;
        if (closing)
            flows_take(b->flows, &p, 1, &b->sink);
    }
}

static void waves(struct flow_bench *b, int64_t apart_us, bool closing)
{
    for (uint32_t i = 0; i < WAVES; i++) {
        wave(b, i * WAVE_FLOWS, closing);
        b->now_us += apart_us;
    }
    assert_int_equal(flows_counts(b->flows)->flows, WAVES * WAVE_FLOWS);
}

static void test_flows_let_go_while_they_live_are_counted(void **state)
{
    struct flow_bench *b = *state;
    waves(b, US_PER_SECOND, false);
    const struct flows_counts *c = flows_counts(b->flows);
    assert_true(c->flows_let_go >= c->flows - FLOWS_MAX && c->flows_let_go < c->flows / 2);
}

static void test_letting_go_of_idle_flows_is_no_loss(void **state)
{
    struct flow_bench *b = *state;
    waves(b, (FLOW_IDLE_S + 1) * US_PER_SECOND, false);
    assert_int_equal(flows_counts(b->flows)->flows_let_go, 0);
}

static void test_letting_go_of_closed_flows_is_no_loss(void **state)
{
    struct flow_bench *b = *state;
    waves(b, US_PER_SECOND, true);
    assert_int_equal(flows_counts(b->flows)->flows_let_go, 0);
}

static void test_files_joined_in_the_wrong_order_do_not_fill_the_table(void **state)
{
    struct flow_bench *b = *state;
    waves(b, -2 * FLOW_IDLE_S * US_PER_SECOND, false);
    assert_int_equal(flows_counts(b->flows)->flows_let_go, 0);
}

static void test_a_little_back_in_time_costs_no_flow(void **state)
{
    struct flow_bench *b = *state;
    wave(b, 0, false);
    b->now_us -= US_PER_SECOND;
    wave(b, WAVE_FLOWS, false);
    b->now_us += US_PER_SECOND;
    check_begun(b, 2 * WAVE_FLOWS);
    wave(b, 0, false);
    check_begun(b, 2 * WAVE_FLOWS);
}

/* Batches */

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed += UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(hash_number(*seed) >> 32) % below;
}

/* One of few ends talks with one of few others: flows begin, talk, close and begin again, some of
 * their packets twice, the clock not always forward. */
static struct packet random_packet(uint64_t *seed, const struct packet *before, uint32_t ends)
{
    static const char words[] = "some words that streams are made of";
    static const uint8_t flags[] = {TCP_SYN, TCP_SYN | TCP_ACK, TCP_FIN, TCP_RST,
                                    TCP_ACK, TCP_ACK,           TCP_ACK, TCP_ACK};
    static const uint16_t ports[] = {53, 80, 445, 4445};
    if (before != NULL && draw(seed, 6) == 0)
        return *before;
    size_t size = draw(seed, sizeof words);
    struct packet p = {
        .when_us = (before != NULL ? before->when_us : 0) + draw(seed, 50000) - 10000,
        .from = address_of_v4(0x0a000000 + draw(seed, ends)),
        .to = address_of_v4(0xc0000200 + draw(seed, 4)),
        .port_from = (uint16_t)(40000 + draw(seed, 2)),
        .port_to = ports[draw(seed, COUNT_OF(ports))],
        .protocol = draw(seed, 4) == 0 ? IP_UDP : IP_TCP,
        .tcp_flags = flags[draw(seed, COUNT_OF(flags))],
        .ip_id = (uint16_t)draw(seed, 0x10000),
        .sequence = draw(seed, 60),
        .payload = reader_over(words, size),
        .payload_length = size,
    };
    return draw(seed, 2) == 0 ? p : turned(p);
}

/* All packets at so many a time, through a table of their own. */
static void take_in_batches(struct flow_bench *b, const struct packet *packets, size_t batch)
{
    flows_free(b->flows);
    b->flows = flows_new(false);
    assert_non_null(b->flows);
    b->counts_only = true;
    b->digest = 0;
    for (size_t at = 0; at < RANDOM_PACKETS; at += batch) {
        size_t left = RANDOM_PACKETS - at;
        flows_take(b->flows, packets + at, left < batch ? left : batch, &b->sink);
    }
}

static void check_batches(struct flow_bench *b, uint32_t ends, size_t wanted)
{
    static const size_t batches[] = {2, 3, 7, 16, 40};
    static struct packet packets[RANDOM_PACKETS];
    uint64_t seed = ends;
    for (size_t i = 0; i < RANDOM_PACKETS; i++)
        packets[i] = random_packet(&seed, i > 0 ? &packets[i - 1] : NULL, ends);
    b->wanted = wanted;
    b->awaits = ends > 2;
    take_in_batches(b, packets, 1);
    struct flows_counts counts = *flows_counts(b->flows);
    uint64_t digest = b->digest;
    assert_true(counts.mirrored > 0 && counts.dns_damaged > 0 && b->kinds[OBSERVED_BEGIN] > 0);
    for (size_t i = 0; i < COUNT_OF(batches); i++) {
        take_in_batches(b, packets, batches[i]);
        assert_memory_equal(flows_counts(b->flows), &counts, sizeof counts);
        assert_true(b->digest == digest);
    }
}

static void test_what_comes_out_does_not_depend_on_batches(void **state)
{
    struct flow_bench *b = *state;
    check_batches(b, 2, 10);
    check_batches(b, 20, STREAM_HEAD_BYTES);
    check_batches(b, 1000, 0);
}

/* Hundreds of thousands of flows, through batches in which flows push each other out. */
static void test_batches_do_not_matter_when_the_table_is_full_either(void **state)
{
    static const size_t batches[] = {1, 40};
    static struct packet packets[40];
    struct flow_bench *b = *state;
    struct flows_counts counts[2];
    uint64_t digests[2];
    for (size_t n = 0; n < 2; n++) {
        uint64_t seed = 1;
        flows_free(b->flows);
        b->flows = flows_new(false);
        assert_non_null(b->flows);
        b->counts_only = true;
        b->digest = 0;
        for (size_t i = 0; i < 15000; i++) {
            for (size_t k = 0; k < 40; k++)
                packets[k] = random_packet(&seed, k > 0 ? &packets[k - 1] : NULL, 1 << 16);
            for (size_t k = 0; k < 40; k += batches[n])
                flows_take(b->flows, packets + k, batches[n], &b->sink);
        }
        counts[n] = *flows_counts(b->flows);
        digests[n] = b->digest;
    }
    assert_true(counts[0].flows_let_go > 0);
    assert_memory_equal(&counts[0], &counts[1], sizeof counts[0]);
    assert_true(digests[0] == digests[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(test_a_syn_begins_a_flow_and_names_its_client),
        bench_test(test_a_syn_sent_again_begins_nothing),
        bench_test(test_a_syn_with_another_number_is_another_attempt),
        bench_test(test_both_ends_may_use_the_same_ports_in_turn),
        bench_test(test_an_answer_without_its_syn_names_the_client_too),
        bench_test(test_a_syn_captured_after_its_answer_begins_nothing_more),
        bench_test(test_a_syn_after_an_answer_and_its_end_is_another_attempt),
        bench_test(test_who_began_is_unknown_without_a_handshake),
        bench_test(test_bare_acknowledgements_make_no_flow),
        bench_test(test_a_datagram_begins_a_flow_and_is_poured),
        bench_test(test_datagrams_that_nobody_wants_begin_flows_all_the_same),
        bench_test(test_an_empty_datagram_begins_a_flow_and_is_not_poured),
        bench_test(test_an_answer_whose_question_is_missing_begins_nothing),
        bench_test(test_dns_between_two_ports_53_has_the_first_speaker_as_client),
        bench_test(test_udp_and_tcp_between_the_same_ports_are_two_flows),
        bench_test(test_ipv6_ends_that_differ_in_their_first_half_are_told_apart),
        bench_test(test_an_echo_of_one_address_is_no_mirrors_copy),
        bench_test(test_a_flow_whose_ends_are_the_same_does_no_harm),
        bench_test(test_many_ports_of_two_hosts_are_many_flows),
        bench_test(test_the_same_hosts_of_many_ipv6_networks_are_many_flows),
        bench_test(test_a_mirrors_copy_counts_once),
        bench_test(test_the_same_packet_much_later_is_no_copy),
        bench_test(test_without_an_identification_a_checksum_over_a_payload_tells_copies),
        bench_test(test_a_copy_from_behind_a_router_or_in_another_vlan_counts_once),
        bench_test(test_flows_let_go_while_they_live_are_counted),
        bench_test(test_letting_go_of_idle_flows_is_no_loss),
        bench_test(test_letting_go_of_closed_flows_is_no_loss),
        bench_test(test_files_joined_in_the_wrong_order_do_not_fill_the_table),
        bench_test(test_a_little_back_in_time_costs_no_flow),
        bench_test(test_what_comes_out_does_not_depend_on_batches),
        bench_test(test_batches_do_not_matter_when_the_table_is_full_either),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
