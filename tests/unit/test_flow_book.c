/* source/flow_book: which frames are one flow, when it is given, who began it, what its user data
 * are, and what happens when there is no room. That whole captures are told as a real sensor tells
 * them: tests/records. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "source/flow_book.h"

enum { GIVEN_MAX = 64, CLIENT_PORT = 49152, SERVER_PORT = 445 };

#define CLIENT address_of_v4(0x0a000005)
#define SERVER address_of_v4(0xc6336407)

struct given {
    struct flow_record record;
    uint8_t data[2][FLOW_DATA_BYTES];
};

struct book_bench {
    struct sink sink; /* first: the sink's self is this bench */
    struct flow_book *book;
    int64_t now_us;
    uint64_t count, packets;
    struct given given[GIVEN_MAX];
};

static bool takes_record(struct sink *self, const struct flow_record *record)
{
    struct book_bench *b = (struct book_bench *)(void *)self;
    b->packets += record->side[0].packets + record->side[1].packets;
    if (b->count < GIVEN_MAX) {
        struct given *g = &b->given[b->count];
        g->record = *record;
        for (unsigned i = 0; i < 2; i++) {
            assert_true(record->side[i].data.left <= FLOW_DATA_BYTES);
            if (record->side[i].data.left > 0)
                memcpy(g->data[i], record->side[i].data.next, record->side[i].data.left);
        }
    }
    b->count++;
    return false;
}

static int bench_setup(void **state)
{
    struct book_bench *b = calloc(1, sizeof *b);
    *state = b;
    if (b == NULL)
        return -1;
    b->sink.takes_record = takes_record;
    b->book = flow_book_new(false);
    b->now_us = INT64_C(1240243200) * US_PER_SECOND;
    return b->book == NULL ? -1 : 0;
}

static int bench_teardown(void **state)
{
    struct book_bench *b = *state;
    flow_book_free(b->book);
    free(b);
    return 0;
}

/* One frame in a line: of TCP from the client, unless it says otherwise. */
struct said {
    bool by_server, is_fragment, more_fragments;
    uint8_t protocol, flags, icmp_type;
    uint16_t port; /* the client's; 0: CLIENT_PORT */
    uint16_t server_port;
    uint32_t sequence, id, ip_id;
    const char *text;
    int64_t after_us;
    struct packet_quote quote;
};

static void take(struct book_bench *b, struct said s)
{
    size_t length = s.text != NULL ? strlen(s.text) : 0;
    uint8_t *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy, s.text != NULL ? s.text : "", length);
    uint16_t client = s.port != 0 ? s.port : CLIENT_PORT;
    uint16_t server = s.server_port != 0 ? s.server_port : SERVER_PORT;
    bool has_ports = s.protocol != IP_ICMP && !s.is_fragment;
    b->now_us += s.after_us;
    struct frame_about frame = {.kind = FLOW_IPV4,
                                .protocol = s.protocol != 0 ? s.protocol : IP_TCP,
                                .tcp_flags = s.flags,
                                .ttl = s.by_server ? 50 : 128,
                                .is_fragment = s.is_fragment,
                                .more_fragments = s.more_fragments,
                                .when_us = b->now_us,
                                .bytes = 54 + length,
                                .from = s.by_server ? SERVER : CLIENT,
                                .to = s.by_server ? CLIENT : SERVER,
                                .port_from = !has_ports    ? 0
                                             : s.by_server ? server
                                                           : client,
                                .port_to = !has_ports    ? 0
                                           : s.by_server ? client
                                                         : server,
                                .ip_id = s.ip_id,
                                .sequence = s.sequence,
                                .window = 1,
                                .icmp_type = s.icmp_type,
                                .id = s.id,
                                .data = reader_over(copy, length),
                                .data_length = length,
                                .quote = s.quote};
    flow_book_take(b->book, &frame, &b->sink);
    free(copy); /* nothing of the frame may be looked at from here on */
}

#define TAKE(b, ...) take(b, (struct said){__VA_ARGS__})

static const struct flow_record *only_record(struct book_bench *b)
{
    flow_book_end(b->book, &b->sink);
    assert_int_equal(b->count, 1);
    return &b->given[0].record;
}

static void check_data(const struct book_bench *b, unsigned side, const char *text)
{
    assert_int_equal(b->given[0].record.side[side].data.left, strlen(text));
    assert_memory_equal(b->given[0].data[side], text, strlen(text));
}

static void shake_hands(struct book_bench *b)
{
    TAKE(b, .flags = TCP_SYN, .sequence = 99);
    TAKE(b, .by_server = true, .flags = TCP_SYN | TCP_ACK, .sequence = 499);
    TAKE(b, .flags = TCP_ACK, .sequence = 100);
}

static void test_both_directions_are_one_flow_with_counts_of_each(void **state)
{
    struct book_bench *b = *state;
    shake_hands(b);
    TAKE(b, .flags = TCP_ACK, .sequence = 100, .text = "hello", .after_us = 7);
    const struct flow_record *r = only_record(b);
    assert_true(r->client_known && !r->was_turned && r->counts_known && r->times_known);
    assert_true(address_equal(r->side[0].end.address, CLIENT));
    assert_int_equal(r->side[0].end.port, CLIENT_PORT);
    assert_int_equal(r->side[0].packets, 3);
    assert_int_equal(r->side[1].packets, 1);
    assert_int_equal(r->side[0].bytes, 3 * 54 + 5);
    assert_int_equal(r->side[0].app_bytes, 5);
    assert_int_equal(r->side[0].ttl, 128);
    assert_int_equal(r->side[1].ttl, 50);
    assert_int_equal(r->last_us - r->first_us, 7);
    assert_int_equal(r->tcp_status, FLOW_SYN | FLOW_SYN_ACK | FLOW_ESTABLISHED);
}

static void test_a_connection_that_closed_has_both_fins(void **state)
{
    struct book_bench *b = *state;
    shake_hands(b);
    TAKE(b, .flags = TCP_FIN | TCP_ACK, .sequence = 100);
    TAKE(b, .by_server = true, .flags = TCP_FIN | TCP_ACK, .sequence = 500);
    TAKE(b, .flags = TCP_ACK, .sequence = 101);
    const struct flow_record *r = only_record(b);
    const uint32_t wanted = FLOW_FIN | FLOW_FIN_ACK | FLOW_CLOSED_WELL;
    assert_int_equal(r->tcp_status & wanted, wanted);
}

static void test_a_reset_is_noted_with_who_sent_it(void **state)
{
    struct book_bench *b = *state;
    TAKE(b, .flags = TCP_SYN);
    TAKE(b, .by_server = true, .flags = TCP_RST | TCP_ACK);
    const struct flow_record *r = only_record(b);
    assert_int_equal(r->tcp_status, FLOW_SYN | FLOW_DESTINATION_RESET);
}

static void test_who_is_seen_first_to_accept_is_the_server(void **state)
{
    struct book_bench *b = *state;
    TAKE(b, .by_server = true, .flags = TCP_SYN | TCP_ACK);
    TAKE(b, .by_server = true, .flags = TCP_RST);
    const struct flow_record *r = only_record(b);
    assert_true(r->was_turned && r->client_known);
    assert_true(address_equal(r->side[0].end.address, CLIENT));
    assert_int_equal(r->side[1].packets, 2);
    assert_true((r->tcp_status & FLOW_DESTINATION_RESET) != 0);
}

static void test_of_the_middle_of_a_connection_the_service_is_the_server(void **state)
{
    struct book_bench *b = *state;
    TAKE(b, .by_server = true, .flags = TCP_ACK, .text = "middle");
    const struct flow_record *r = only_record(b);
    assert_false(r->client_known);
    assert_true(address_equal(r->side[0].end.address, CLIENT));
    check_data(b, 1, "middle");
}

static void test_a_stream_is_put_in_order_and_stands_once(void **state)
{
    struct book_bench *b = *state;
    shake_hands(b);
    TAKE(b, .flags = TCP_ACK, .sequence = 103, .text = "def");
    TAKE(b, .flags = TCP_ACK, .sequence = 100, .text = "abc");
    TAKE(b, .flags = TCP_ACK, .sequence = 100, .text = "abc");
    const struct flow_record *r = only_record(b);
    check_data(b, 0, "abcdef");
    assert_true((r->tcp_status & FLOW_SOURCE_OUT_OF_ORDER) != 0);
    assert_true((r->tcp_status & FLOW_SOURCE_RETRANSMITTED) != 0);
}

static void test_a_hole_in_a_stream_closes_up(void **state)
{
    struct book_bench *b = *state;
    shake_hands(b);
    TAKE(b, .flags = TCP_ACK, .sequence = 100, .text = "abc");
    TAKE(b, .flags = TCP_ACK, .sequence = 106, .text = "ghi");
    (void)only_record(b);
    check_data(b, 0, "abcghi");
}

static void test_the_sequence_may_wrap_within_a_stream(void **state)
{
    struct book_bench *b = *state;
    TAKE(b, .flags = TCP_SYN, .sequence = UINT32_C(0xfffffffd));
    TAKE(b, .flags = TCP_ACK, .sequence = UINT32_C(0xfffffffe), .text = "abcd");
    TAKE(b, .flags = TCP_ACK, .sequence = 2, .text = "efgh");
    (void)only_record(b);
    check_data(b, 0, "abcdefgh");
}

static void test_user_data_end_at_their_limit(void **state)
{
    struct book_bench *b = *state;
    char text[101];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (unsigned i = 0; i < 9; i++)
        TAKE(b, .protocol = IP_UDP, .text = text);
    const struct flow_record *r = only_record(b);
    assert_int_equal(r->side[0].data.left, FLOW_DATA_BYTES);
    assert_int_equal(r->side[0].data_limit, FLOW_DATA_BYTES);
    assert_int_equal(r->side[0].app_bytes, 900);
    assert_false(r->side[1].data_present);
}

static void test_a_keep_alive_is_not_sent_again(void **state)
{
    struct book_bench *b = *state;
    shake_hands(b);
    TAKE(b, .flags = TCP_ACK, .sequence = 100, .text = "a");
    TAKE(b, .flags = TCP_ACK, .sequence = 100, .text = "a");
    TAKE(b, .flags = TCP_ACK, .sequence = 101, .text = "bc");
    TAKE(b, .flags = TCP_ACK, .sequence = 101, .text = "bc");
    const struct flow_record *r = only_record(b);
    assert_int_equal(r->side[0].lost, 1);
}

static void test_a_connection_begun_anew_on_the_same_ports_is_another(void **state)
{
    struct book_bench *b = *state;
    shake_hands(b);
    TAKE(b, .flags = TCP_SYN, .sequence = 7777);
    assert_int_equal(b->count, 1);
    assert_int_equal(b->given[0].record.side[0].packets, 2);
    flow_book_end(b->book, &b->sink);
    assert_int_equal(b->count, 2);
    assert_int_equal(b->given[1].record.tcp_status, FLOW_SYN);
}

static void test_a_syn_that_nobody_answered_is_tried_again_in_one_flow(void **state)
{
    struct book_bench *b = *state;
    TAKE(b, .flags = TCP_SYN, .sequence = 1);
    TAKE(b, .flags = TCP_SYN, .sequence = 2, .after_us = 3 * US_PER_SECOND);
    const struct flow_record *r = only_record(b);
    assert_int_equal(r->side[0].packets, 2);
    assert_int_equal(r->side[0].lost, 1);
}

/* What silence is, by protocol. */
static void check_silence(struct book_bench *b, struct said said, int64_t seconds)
{
    uint64_t before = b->count;
    said.after_us = 0;
    take(b, said);
    said.after_us = seconds * US_PER_SECOND;
    take(b, said);
    assert_int_equal(b->count, before);
    said.after_us = seconds * US_PER_SECOND + 1;
    take(b, said);
    assert_int_equal(b->count, before + 1);
    flow_book_end(b->book, &b->sink);
}

static void test_a_flow_ends_by_silence_that_depends_on_its_protocol(void **state)
{
    struct book_bench *b = *state;
    check_silence(b, (struct said){.flags = TCP_ACK}, FLOW_TCP_S);
    check_silence(b, (struct said){.flags = TCP_RST}, FLOW_TCP_CLOSED_S);
    check_silence(b, (struct said){.protocol = IP_UDP}, FLOW_IP_S);
    check_silence(b, (struct said){.protocol = IP_ICMP, .icmp_type = 13}, FLOW_ICMP_S);
    check_silence(b, (struct said){.protocol = IP_UDP, .is_fragment = true}, FLOW_ICMP_S);
}

static void test_a_clock_that_goes_back_ends_nothing_and_loses_nothing(void **state)
{
    struct book_bench *b = *state;
    shake_hands(b);
    TAKE(b, .flags = TCP_ACK, .after_us = -3600 * US_PER_SECOND);
    TAKE(b, .flags = TCP_ACK, .after_us = US_PER_SECOND);
    const struct flow_record *r = only_record(b);
    assert_int_equal(r->side[0].packets, 4);
    assert_int_equal(r->last_us - r->first_us, 3600 * US_PER_SECOND);
}

static void test_an_answered_ping_is_a_flow(void **state)
{
    struct book_bench *b = *state;
    TAKE(b, .protocol = IP_ICMP, .icmp_type = 8, .id = 5);
    TAKE(b, .protocol = IP_ICMP, .icmp_type = 0, .id = 6, .by_server = true);
    assert_int_equal(b->count, 0);
    TAKE(b, .protocol = IP_ICMP, .icmp_type = 0, .id = 5, .by_server = true);
    assert_int_equal(b->count, 1);
    assert_int_equal(b->given[0].record.side[1].packets, 1);
    assert_int_equal(b->given[0].record.icmp_type, 8);
}

static void test_an_answered_look_up_is_a_flow(void **state)
{
    struct book_bench *b = *state;
    TAKE(b, .protocol = IP_UDP, .server_port = 53, .text = "?");
    TAKE(b, .protocol = IP_UDP, .server_port = 53, .text = "?");
    TAKE(b, .protocol = IP_UDP, .server_port = 53, .text = "!", .by_server = true);
    assert_int_equal(b->count, 0);
    TAKE(b, .protocol = IP_UDP, .server_port = 53, .text = "!", .by_server = true);
    assert_int_equal(b->count, 1);
    check_data(b, 0, "??");
    check_data(b, 1, "!!");
}

static void test_an_icmp_error_is_noted_at_the_flow_that_it_is_about(void **state)
{
    struct book_bench *b = *state;
    TAKE(b, .protocol = IP_UDP, .text = "lost");
    TAKE(b, .by_server = true, .protocol = IP_ICMP, .icmp_type = 3, .after_us = 5,
         .quote = {CLIENT, SERVER, CLIENT_PORT, SERVER_PORT, IP_UDP});
    flow_book_end(b->book, &b->sink);
    assert_int_equal(b->count, 2);
    const struct flow_record *r = &b->given[0].record;
    assert_int_equal(r->protocol, IP_UDP);
    assert_int_equal(r->mapped, FLOW_ICMP_UNREACHABLE);
    assert_int_equal(r->mapped_type, 3);
    assert_true(address_equal(r->mapped_by, SERVER));
    assert_int_equal(r->last_us - r->first_us, 5);
}

static void test_later_fragments_belong_to_the_flow_of_their_first(void **state)
{
    struct book_bench *b = *state;
    TAKE(b, .protocol = IP_UDP, .more_fragments = true, .ip_id = 9, .text = "one");
    TAKE(b, .protocol = IP_UDP, .is_fragment = true, .ip_id = 9, .text = "two");
    const struct flow_record *r = only_record(b);
    assert_int_equal(r->side[0].packets, 2);
    assert_false(r->is_fragment);
    check_data(b, 0, "onetwo");
}

static void test_fragments_without_their_first_are_a_flow_of_their_own(void **state)
{
    struct book_bench *b = *state;
    TAKE(b, .protocol = IP_UDP, .is_fragment = true, .ip_id = 9, .text = "two");
    TAKE(b, .protocol = IP_UDP, .text = "other", .after_us = 1);
    flow_book_end(b->book, &b->sink);
    assert_int_equal(b->count, 2);
    assert_true(b->given[0].record.is_fragment);
    assert_int_equal(b->given[0].record.side[0].end.port, 0);
}

static void test_a_fragment_finds_no_flow_that_was_given(void **state)
{
    struct book_bench *b = *state;
    TAKE(b, .protocol = IP_UDP, .more_fragments = true, .ip_id = 9, .text = "one");
    TAKE(b, .protocol = IP_UDP, .is_fragment = true, .ip_id = 9, .after_us = 61 * US_PER_SECOND);
    assert_int_equal(b->count, 1);
    flow_book_end(b->book, &b->sink);
    assert_int_equal(b->count, 2);
    assert_true(b->given[1].record.is_fragment);
}

static void test_a_flood_of_flows_gives_the_oldest_early_and_loses_no_packet(void **state)
{
    enum { MORE = 1000 };
    struct book_bench *b = *state;
    for (uint32_t i = 0; i < FLOW_BOOK_MAX + MORE; i++)
        TAKE(b, .flags = TCP_SYN, .port = (uint16_t)(1 + i % 60000),
             .server_port = (uint16_t)(1 + i / 60000), .after_us = 1);
    assert_int_equal(flow_book_let_go(b->book), MORE);
    assert_int_equal(b->count, MORE);
    assert_int_equal(b->given[1].record.side[0].end.port, 2);
    flow_book_end(b->book, &b->sink);
    assert_int_equal(b->packets, FLOW_BOOK_MAX + MORE);
    assert_int_equal(flow_book_flows(b->book), FLOW_BOOK_MAX + MORE);
}

int main(void)
{
#define BOOK_TEST(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        BOOK_TEST(test_both_directions_are_one_flow_with_counts_of_each),
        BOOK_TEST(test_a_connection_that_closed_has_both_fins),
        BOOK_TEST(test_a_reset_is_noted_with_who_sent_it),
        BOOK_TEST(test_who_is_seen_first_to_accept_is_the_server),
        BOOK_TEST(test_of_the_middle_of_a_connection_the_service_is_the_server),
        BOOK_TEST(test_a_stream_is_put_in_order_and_stands_once),
        BOOK_TEST(test_a_hole_in_a_stream_closes_up),
        BOOK_TEST(test_the_sequence_may_wrap_within_a_stream),
        BOOK_TEST(test_user_data_end_at_their_limit),
        BOOK_TEST(test_a_keep_alive_is_not_sent_again),
        BOOK_TEST(test_a_connection_begun_anew_on_the_same_ports_is_another),
        BOOK_TEST(test_a_syn_that_nobody_answered_is_tried_again_in_one_flow),
        BOOK_TEST(test_a_flow_ends_by_silence_that_depends_on_its_protocol),
        BOOK_TEST(test_a_clock_that_goes_back_ends_nothing_and_loses_nothing),
        BOOK_TEST(test_an_answered_ping_is_a_flow),
        BOOK_TEST(test_an_answered_look_up_is_a_flow),
        BOOK_TEST(test_an_icmp_error_is_noted_at_the_flow_that_it_is_about),
        BOOK_TEST(test_later_fragments_belong_to_the_flow_of_their_first),
        BOOK_TEST(test_fragments_without_their_first_are_a_flow_of_their_own),
        BOOK_TEST(test_a_fragment_finds_no_flow_that_was_given),
        BOOK_TEST(test_a_flood_of_flows_gives_the_oldest_early_and_loses_no_packet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
