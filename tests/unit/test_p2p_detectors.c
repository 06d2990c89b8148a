/* detect/p2p_ports, detect/p2p_message: predicted ports, valid messages, echoes, bare requests. */
#include "stage.h"

#include "base/hash.h"
#include "base/writer.h"
#include "conficker/message.h"
#include "conficker/ports.h"
#include "evidence/chance.h"

static const char tuesday[] = "2009-04-21T12:00:00Z";
static const char monday[] = "2009-04-20T12:00:00Z";

static void began(struct stage *s, const char *client, uint32_t server, uint16_t port,
                  uint8_t protocol, const char *time)
{
    struct observation seen = flow_seen(at(client), address_of_v4(server), port, protocol,
                                        when(time));
    s->detector->observe(&s->watcher, &seen);
}

/* Contacts `count` addresses on the UDP port of the week predicted for each. */
static void contact_predicted(struct stage *s, const char *client, unsigned count, const char *time)
{
    for (unsigned i = 0; i < count; i++) {
        uint32_t peer = (uint32_t)hash_number(i);
        struct p2p_ports ports = ports_predicted_for(peer, week_of(when(time)), READING_NMAP);
        began(s, client, peer, i % 2 != 0 ? ports.udp[1] : ports.tcp[0],
              i % 2 != 0 ? IP_UDP : IP_TCP, time);
    }
}

static void contact_random(struct stage *s, const char *client, unsigned count, const char *time)
{
    for (unsigned i = 0; i < count; i++)
        began(s, client, (uint32_t)hash_number(i + 1000000),
              (uint16_t)(PORT_LOWEST + hash_number(i) % 60000), IP_UDP, time);
}

static void test_predicted_ports_convict(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    struct sign sign;
    contact_predicted(&s, "10.0.0.5", 40, tuesday);
    contact_random(&s, "10.0.0.5", 3, tuesday);
    assert_true(sign_of(&s, "10.0.0.5", tuesday, &sign));
    assert_int_equal(sign.count, 40);
    assert_int_equal(sign.of, 43);
    assert_true(sign.false_alarm_log10 < -100);
    assert_false(sign.below_floor);
    assert_int_equal(sign.variants, VARIANT_D | VARIANT_E);
    stage_clear(&s);
}

static void test_four_peers_do_not_convict(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    struct sign sign;
    contact_predicted(&s, "10.0.0.5", 4, tuesday);
    assert_true(sign_of(&s, "10.0.0.5", tuesday, &sign));
    assert_true(sign.below_floor);
    contact_predicted(&s, "10.0.0.5", 5, tuesday);
    assert_true(sign_of(&s, "10.0.0.5", tuesday, &sign));
    assert_false(sign.below_floor);
    stage_clear(&s);
}

static void test_one_peer_met_often_counts_once(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    struct sign sign;
    for (int i = 0; i < 100; i++)
        contact_predicted(&s, "10.0.0.5", 1, tuesday);
    assert_true(sign_of(&s, "10.0.0.5", tuesday, &sign));
    assert_int_equal(sign.count, 1);
    assert_int_equal(sign.of, 1);
    stage_clear(&s);
}

static void test_file_sharing_is_no_sign_worth_a_verdict(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    struct sign sign;
    contact_random(&s, "10.0.0.5", 200000, tuesday);
    if (sign_of(&s, "10.0.0.5", tuesday, &sign))
        assert_true(sign.false_alarm_log10 > -3);
    stage_clear(&s);
}

static void test_a_vertical_scan_is_no_sign_worth_a_verdict(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    struct sign sign;
    for (unsigned port = 1; port <= 65535; port++)
        for (uint32_t host = 1; host <= 3; host++)
            began(&s, "10.0.0.5", 0x0a000100 + host, (uint16_t)port, IP_TCP, tuesday);
    assert_true(sign_of(&s, "10.0.0.5", tuesday, &sign));
    assert_int_equal(sign.count, 3);
    assert_true(sign.below_floor && sign.false_alarm_log10 > -3);
    stage_clear(&s);
}

static void test_last_weeks_ports_count_near_monday_only(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    struct sign sign;
    uint32_t week = week_of(when(tuesday)) - 1;
    for (uint32_t i = 0; i < 20; i++) {
        uint32_t peer = (uint32_t)hash_number(i);
        uint16_t port = ports_predicted_for(peer, week, READING_NMAP).udp[1];
        began(&s, "10.0.0.5", peer, port, IP_UDP, tuesday);
        began(&s, "10.0.0.6", peer, port, IP_UDP, monday);
    }
    assert_false(sign_of(&s, "10.0.0.5", tuesday, &sign));
    assert_true(sign_of(&s, "10.0.0.6", monday, &sign));
    assert_int_equal(sign.count, 20);
    stage_clear(&s);
}

static void test_the_order_of_protocols_does_not_matter(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    struct sign first, second;
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t peer = (uint32_t)hash_number(i);
        uint16_t port = ports_predicted_for(peer, week_of(when(tuesday)), READING_NMAP).udp[1];
        began(&s, "10.0.0.5", peer, port, IP_TCP, tuesday);
        began(&s, "10.0.0.5", peer, port, IP_UDP, tuesday);
        began(&s, "10.0.0.6", peer, port, IP_UDP, tuesday);
        began(&s, "10.0.0.6", peer, port, IP_TCP, tuesday);
    }
    assert_true(sign_of(&s, "10.0.0.5", tuesday, &first));
    assert_true(sign_of(&s, "10.0.0.6", tuesday, &second));
    assert_int_equal(first.count, 8);
    assert_true(first.count == second.count && first.of == second.of);
    stage_clear(&s);
}

static void test_days_are_judged_apart(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    struct sign sign;
    contact_predicted(&s, "10.0.0.5", 20, tuesday);
    assert_false(sign_of(&s, "10.0.0.5", "2009-04-22T12:00:00Z", &sign));
    stage_clear(&s);
}

static void test_merging_ports_gives_the_whole(void **state)
{
    (void)state;
    struct stage whole = stage_of(SIGN_P2P_PORTS), parts = stage_of(SIGN_P2P_PORTS);
    struct sign a, b;
    contact_predicted(&whole, "10.0.0.5", 30, tuesday);
    contact_random(&whole, "10.0.0.5", 500, tuesday);
    contact_predicted(&parts, "10.0.0.5", 30, tuesday);
    contact_predicted(&parts, "10.0.0.6", 10,
                      tuesday); /* these twice: the merge must not count them again */
    contact_random(&parts, "10.0.0.6", 500, tuesday);
    parts.detector->merge(&parts.watcher, slot_of(&parts, "10.0.0.5", tuesday),
                          slot_of(&parts, "10.0.0.6", tuesday));
    assert_true(sign_of(&whole, "10.0.0.5", tuesday, &a));
    assert_true(sign_of(&parts, "10.0.0.5", tuesday, &b));
    assert_memory_equal(&a, &b, sizeof a);
    stage_clear(&whole);
    stage_clear(&parts);
}

/* A message of the given flags (and noise) in a buffer. */
static size_t build(uint64_t key, uint16_t flags, size_t noise, enum transport transport,
                    uint8_t out[static 256])
{
    static const uint8_t noise_bytes[64];
    struct message_plan plan = {
        .fields = {.key = key, .flags = flags, .ip = 0x0a000001, .port = 4000},
        .noise = noise_bytes,
        .noise_length = noise,
        .transport = transport};
    struct writer w = writer_over(out, 256);
    message_build(&plan, &w);
    assert_false(w.failed);
    return w.used;
}

static void sent(struct stage *s, const uint8_t *bytes, size_t size, bool by_client,
                 bool other_spoke, uint64_t other_start)
{
    struct observation seen = flow_seen(at("10.0.0.5"), at("198.51.100.7"), 40000, IP_UDP,
                                        when(tuesday));
    seen.kind = OBSERVED_PAYLOAD;
    seen.by_client = by_client;
    seen.bytes = reader_over(bytes, size);
    seen.other_spoke = other_spoke;
    seen.other_start = other_start;
    s->detector->observe(&s->watcher, &seen);
}

enum {
    FLAGS_FULL = MESSAGE_MODE | MESSAGE_ENCODED | MESSAGE_HAS_IP,
    FLAGS_BARE = MESSAGE_MODE | MESSAGE_ENCODED
};

static void test_a_valid_message_is_proof(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_MESSAGE);
    struct sign sign;
    uint8_t bytes[256];
    size_t size = build(0x1122334455667788, FLAGS_FULL, 5, TRANSPORT_UDP, bytes);
    sent(&s, bytes, size, true, false, 0);
    assert_true(sign_of(&s, "10.0.0.5", tuesday, &sign));
    assert_int_equal(sign.weight, WEIGHT_PROOF);
    assert_false(sign.bare_only);
    bytes[size - 6] ^= 1; /* the checksum */
    struct sign after;
    sent(&s, bytes, size, true, false, 0);
    assert_true(sign_of(&s, "10.0.0.5", tuesday, &after));
    assert_int_equal(after.count, 1);
    stage_clear(&s);
}

static void test_insane_flags_are_no_message(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_MESSAGE);
    struct sign sign;
    uint8_t bytes[256];
    static const uint16_t flags[] = {MESSAGE_MODE, FLAGS_FULL | MESSAGE_IS_TCP,
                                     FLAGS_FULL | 0x0100};
    for (unsigned i = 0; i < COUNT_OF(flags); i++)
        sent(&s, bytes, build(77, flags[i], 0, TRANSPORT_UDP, bytes), true, false, 0);
    assert_false(sign_of(&s, "10.0.0.5", tuesday, &sign));
    stage_clear(&s);
}

static void test_bare_requests_alone_are_told_apart(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_MESSAGE);
    struct sign sign;
    uint8_t bytes[256];
    for (uint64_t key = 1; key < 10; key++)
        sent(&s, bytes, build(key, FLAGS_BARE, 0, TRANSPORT_UDP, bytes), true, false, 0);
    assert_true(sign_of(&s, "10.0.0.5", tuesday, &sign));
    assert_true(sign.bare_only);
    sent(&s, bytes, build(99, FLAGS_BARE, 3, TRANSPORT_UDP, bytes), true, false, 0);
    assert_true(sign_of(&s, "10.0.0.5", tuesday, &sign));
    assert_false(sign.bare_only);
    stage_clear(&s);
}

static void test_an_answer_is_proof_and_an_echo_is_none(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_ANSWER);
    struct sign sign;
    uint8_t bytes[256];
    size_t size = build(0x0102030405060708, FLAGS_FULL, 0, TRANSPORT_UDP, bytes);
    sent(&s, bytes, size, false, true, 0x0102030405060708);
    assert_false(sign_of(&s, "198.51.100.7", tuesday, &sign));
    sent(&s, bytes, size, false, true, 0x0807060504030201);
    assert_true(sign_of(&s, "198.51.100.7", tuesday, &sign));
    assert_int_equal(sign.weight, WEIGHT_PROOF);
    assert_false(sign_of(&s, "10.0.0.5", tuesday, &sign));
    stage_clear(&s);
}

/* The number-th of the answers that the host gives, a second apart: on two ports, whole or not. */
static void answer_oddly(struct stage *s, unsigned number)
{
    static const char words[] = "220 FTP ready and waiting";
    struct p2p_ports ports = ports_predicted_for(0x0a000005, week_of(when(tuesday)), READING_NMAP);
    bool is_tcp = number % 3 != 0;
    struct observation seen = flow_seen(
        at("198.51.100.7"), at("10.0.0.5"), is_tcp ? ports.tcp[0] : ports.udp[0],
        is_tcp ? IP_TCP : IP_UDP, when(tuesday) + (number * 7 % 10) * US_PER_SECOND);
    seen.kind = OBSERVED_PAYLOAD;
    seen.by_client = false;
    seen.client.port = (uint16_t)(5000 + number);
    seen.is_stream = is_tcp;
    seen.awaited = true;
    seen.bytes = reader_over(words, number % 2 != 0 ? sizeof words : 1);
    s->detector->observe(&s->watcher, &seen);
}

static void test_merging_odd_answers_gives_the_whole(void **state)
{
    (void)state;
    enum { ANSWERS = 10 };
    struct stage whole = stage_of(SIGN_P2P_ODD_ANSWER);
    struct sign a, b;
    for (unsigned i = 0; i < ANSWERS; i++)
        answer_oddly(&whole, i);
    assert_true(sign_of(&whole, "10.0.0.5", tuesday, &a));
    assert_int_equal(a.count, ANSWERS);
    for (unsigned split = 0; split <= ANSWERS; split++) {
        struct stage parts[] = {stage_of(SIGN_P2P_ODD_ANSWER), stage_of(SIGN_P2P_ODD_ANSWER)};
        for (unsigned i = 0; i < ANSWERS; i++)
            answer_oddly(&parts[i >= split], i);
        struct stage *into = &parts[split % 2];
        into->detector->merge(&into->watcher, slot_of(into, "10.0.0.5", tuesday),
                              slot_of(&parts[1 - split % 2], "10.0.0.5", tuesday));
        assert_true(sign_of(into, "10.0.0.5", tuesday, &b));
        assert_memory_equal(&a, &b, sizeof a);
        stage_clear(&parts[0]);
        stage_clear(&parts[1]);
    }
    stage_clear(&whole);
}

static void test_odd_answers_say_the_same_when_they_were_saved(void **state)
{
    (void)state;
    for (unsigned answers = 1; answers <= 10; answers++) {
        struct stage whole = stage_of(SIGN_P2P_ODD_ANSWER), other = stage_of(SIGN_P2P_ODD_ANSWER);
        struct sign a, b;
        for (unsigned i = 0; i < answers; i++)
            answer_oddly(&whole, i);
        stage_reload(&whole, &other, "10.0.0.5", tuesday);
        assert_true(sign_of(&whole, "10.0.0.5", tuesday, &a));
        assert_true(sign_of(&other, "10.0.0.5", tuesday, &b));
        assert_memory_equal(&a, &b, sizeof a);
        stage_clear(&whole);
        stage_clear(&other);
    }
}

static void test_a_stream_is_judged_once_when_its_message_is_whole(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_MESSAGE);
    struct sign sign;
    uint8_t bytes[256];
    size_t size = build(0x55aa55aa, FLAGS_FULL | MESSAGE_IS_TCP, 9, TRANSPORT_TCP, bytes);
    for (size_t have = 1; have <= size; have++) {
        struct observation seen = flow_seen(at("10.0.0.5"), at("198.51.100.7"), 40000, IP_TCP,
                                            when(tuesday));
        seen.kind = OBSERVED_PAYLOAD;
        seen.is_stream = seen.start_known = true;
        seen.bytes = reader_over(bytes, have);
        seen.bytes_before = have - 1;
        assert_true(have >= size || s.detector->wants(&seen) > have);
        s.detector->observe(&s.watcher, &seen);
        assert_int_equal(sign_of(&s, "10.0.0.5", tuesday, &sign), have == size);
    }
    assert_int_equal(sign.count, 1);
    stage_clear(&s);
}

static void test_streams_that_cannot_be_messages_are_not_wanted(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_MESSAGE);
    struct observation seen = flow_seen(at("10.0.0.5"), at("198.51.100.7"), 80, IP_TCP,
                                        when(tuesday));
    seen.kind = OBSERVED_PAYLOAD;
    seen.is_stream = true;
    seen.bytes = reader_over("GET / HTTP/1.0\r\nHost: x\r\n\r\n", 27);
    assert_int_equal(s.detector->wants(&seen), 0);
    stage_clear(&s);
}

/* Three ports count on Sunday and Monday, two on the other days. */
static void test_the_chance_is_of_two_ports_or_near_monday_of_three(void **state)
{
    (void)state;
    static const char *const days[] = {"2009-04-19T12:00:00Z", "2009-04-20T12:00:00Z",
                                       "2009-04-21T12:00:00Z", "2009-04-22T12:00:00Z",
                                       "2009-04-23T12:00:00Z", "2009-04-24T12:00:00Z",
                                       "2009-04-25T12:00:00Z", "2009-04-26T12:00:00Z"};
    for (unsigned i = 0; i < sizeof days / sizeof days[0]; i++) {
        struct stage s = stage_of(SIGN_P2P_PORTS);
        struct sign sign;
        bool is_near = i == 0 || i == 1 || i == 7;
        contact_predicted(&s, "10.0.0.5", 3, days[i]);
        contact_random(&s, "10.0.0.5", 40, days[i]);
        assert_true(sign_of(&s, "10.0.0.5", days[i], &sign));
        assert_true(sign.count == 3 && sign.of == 43);
        assert_float_equal(sign.false_alarm_log10,
                           chance_poisson_tail(43 * (is_near ? 3 : 2) / 56384.0, 3), 1e-9);
        stage_clear(&s);
    }
}

/* No byte more than the shortest message is waited for. */
static void test_a_stream_is_wanted_to_the_end_of_the_shortest_message(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_MESSAGE);
    uint8_t bytes[256];
    size_t size = build(0x55aa55aa, MESSAGE_MODE | MESSAGE_ENCODED | MESSAGE_IS_TCP, 0,
                        TRANSPORT_TCP, bytes);
    struct observation seen = flow_seen(at("10.0.0.5"), at("198.51.100.7"), 40000, IP_TCP,
                                        when(tuesday));
    assert_int_equal(size, 16);
    seen.kind = OBSERVED_PAYLOAD;
    seen.is_stream = seen.start_known = true;
    for (size_t have = 1; have <= size; have++) {
        seen.bytes = reader_over(bytes, have);
        assert_int_equal(s.detector->wants(&seen), 16);
    }
    stage_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predicted_ports_convict),
        cmocka_unit_test(test_four_peers_do_not_convict),
        cmocka_unit_test(test_one_peer_met_often_counts_once),
        cmocka_unit_test(test_file_sharing_is_no_sign_worth_a_verdict),
        cmocka_unit_test(test_a_vertical_scan_is_no_sign_worth_a_verdict),
        cmocka_unit_test(test_last_weeks_ports_count_near_monday_only),
        cmocka_unit_test(test_the_order_of_protocols_does_not_matter),
        cmocka_unit_test(test_days_are_judged_apart),
        cmocka_unit_test(test_merging_ports_gives_the_whole),
        cmocka_unit_test(test_a_valid_message_is_proof),
        cmocka_unit_test(test_insane_flags_are_no_message),
        cmocka_unit_test(test_bare_requests_alone_are_told_apart),
        cmocka_unit_test(test_an_answer_is_proof_and_an_echo_is_none),
        cmocka_unit_test(test_merging_odd_answers_gives_the_whole),
        cmocka_unit_test(test_odd_answers_say_the_same_when_they_were_saved),
        cmocka_unit_test(test_a_stream_is_judged_once_when_its_message_is_whole),
        cmocka_unit_test(test_streams_that_cannot_be_messages_are_not_wanted),
        cmocka_unit_test(test_the_chance_is_of_two_ports_or_near_monday_of_three),
        cmocka_unit_test(test_a_stream_is_wanted_to_the_end_of_the_shortest_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
