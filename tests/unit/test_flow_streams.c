/* observe/flows: the heads of TCP streams, as the sink sees them, and DNS messages in them. */
#include "flow_bench.h"

enum { DNS_ROOM = 9000 };

static void test_a_stream_is_shown_from_its_first_byte_as_it_grows(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .text = "hello");
    check_text(b, "hello");
    assert_true(last_seen(b)->o.start_known && last_seen(b)->o.by_client);
    assert_int_equal(last_seen(b)->o.bytes_before, 0);
    say(b, .offset = 5, .text = " worm"); /* the sequence number wrapped */
    check_text(b, "hello worm");
    assert_int_equal(last_seen(b)->o.bytes_before, 5);
}

static void test_the_two_sides_are_two_streams(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .text = "question");
    assert_false(last_seen(b)->o.other_spoke);
    say(b, .by_server = true, .text = "answer");
    check_text(b, "answer");
    assert_false(last_seen(b)->o.by_client);
    assert_true(last_seen(b)->o.other_spoke);
    assert_memory_equal(&last_seen(b)->o.other_start, "question", 8);
}

static void test_a_start_in_small_segments_is_known_by_its_first_8_bytes(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .text = "as");
    say(b, .offset = 2, .text = "ked in pieces");
    say(b, .by_server = true, .text = "x");
    assert_memory_equal(&last_seen(b)->o.other_start, "asked in", 8);
    say(b, .offset = 15, .text = "and more");
    say(b, .by_server = true, .offset = 1, .text = "y");
    assert_memory_equal(&last_seen(b)->o.other_start, "asked in", 8);
}

static void test_data_on_the_syn_is_the_streams_start(void **state)
{
    struct flow_bench *b = *state;
    say(b, .flags = TCP_SYN, .text = "fast");
    check_text(b, "fast");
    assert_true(last_seen(b)->o.start_known);
    say(b, .flags = TCP_SYN);
    say(b, .by_server = true, .flags = TCP_SYN | TCP_ACK);
    say(b, .text = "fast"); /* the server had not taken it */
    say(b, .offset = 4, .text = "er");
    check_text(b, "faster");
    assert_int_equal(b->count, 3); /* the flow, and its stream twice */
}

static void test_segments_out_of_order_wait_for_the_gap(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .offset = 6, .text = "ghi");
    say(b, .offset = 3, .text = "def");
    assert_int_equal(b->count, 0);
    say(b, .text = "abc");
    check_text(b, "abcdefghi");
    assert_int_equal(b->count, 1);
}

static void test_what_came_first_stands_against_a_retransmission(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .text = "abc");
    say(b, .text = "XYZ");
    assert_int_equal(b->count, 1);
    say(b, .offset = 1, .text = "XXde");
    check_text(b, "abcde");
}

static void test_keep_alives_add_nothing(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .offset = UINT32_MAX, .text = "K");
    assert_int_equal(b->count, 0);
    say(b, .text = "abc");
    say(b, .offset = 2, .text = "K");
    say(b, .offset = UINT32_MAX, .text = "K");
    assert_int_equal(b->count, 1);
    say(b, .offset = 3, .text = "d");
    check_text(b, "abcd");
}

static void test_a_segment_from_before_the_start_gives_what_lies_behind_it(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .offset = UINT32_MAX - 1, .text = "KKabc");
    check_text(b, "abc");
    say(b, .offset = UINT32_MAX - 1, .text = "KKabcdef");
    check_text(b, "abcdef");
    say(b, .offset = UINT32_MAX / 2 + 2, .text = "long ago");
    assert_int_equal(b->count, 2);
}

static void test_a_stream_picked_up_midway_says_so(void **state)
{
    struct flow_bench *b = *state;
    say(b, .offset = 70000, .text = "midway");
    check_text(b, "midway");
    assert_int_equal(b->count, 1);
    assert_false(last_seen(b)->o.start_known);
    assert_false(last_seen(b)->o.client_known);
    say(b, .offset = 70006, .text = " on");
    check_text(b, "midway on");
}

static void test_a_segment_that_the_capture_cut_leaves_a_gap(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .text = "abcdef", .cut = 4);
    check_text(b, "ab");
    say(b, .offset = 6, .text = "ghi");
    assert_int_equal(b->count, 1);
    say(b, .offset = 2, .text = "cdef");
    check_text(b, "abcdefghi");
}

static void test_a_segment_of_which_nothing_was_captured_is_no_payload(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .text = "abcdef", .cut = 6);
    assert_int_equal(b->count, 0);
    say(b, .by_server = true, .text = "x");
    assert_false(last_seen(b)->o.other_spoke);
}

static void test_no_more_than_is_wanted_is_put_together(void **state)
{
    struct flow_bench *b = *state;
    b->wanted = 6;
    shake_hands(b, 0);
    say(b, .text = "abcd");
    say(b, .offset = 4, .text = "efgh");
    check_text(b, "abcdefgh");
    say(b, .offset = 8, .text = "ijkl");
    assert_int_equal(b->count, 2);
    say(b, .by_server = true, .text = "answer");
    check_text(b, "answer");
}

static void test_a_stream_that_nobody_wants_is_not_poured(void **state)
{
    struct flow_bench *b = *state;
    b->wanted = 0;
    shake_hands(b, 0);
    say(b, .text = "abcd");
    assert_int_equal(b->count, 0);
    b->wanted = STREAM_HEAD_BYTES;
    say(b, .offset = 4, .text = "efgh");
    assert_int_equal(b->count, 0);
    assert_int_equal(flows_counts(b->flows)->heads, 0);
    say(b, .by_server = true, .text = "x"); /* it spoke all the same */
    assert_true(last_seen(b)->o.other_spoke);
}

static void test_one_long_segment_shows_no_more_than_a_head(void **state)
{
    struct flow_bench *b = *state;
    static uint8_t bytes[60000];
    memset(bytes, 'a', sizeof bytes);
    shake_hands(b, 0);
    say(b, .bytes = bytes, .size = sizeof bytes);
    check_bytes(b, bytes, STREAM_HEAD_BYTES);
    say(b, .by_server = true, .text = "abc");
    say(b, .by_server = true, .offset = 3, .bytes = bytes, .size = sizeof bytes);
    assert_int_equal(last_seen(b)->o.bytes.left, STREAM_HEAD_BYTES);
    say(b, .by_server = true, .offset = STREAM_HEAD_BYTES, .text = "beyond");
    assert_int_equal(b->count, 3);
}

static void test_a_stream_whose_head_was_not_captured_is_left_alone(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .offset = STREAM_HEAD_BYTES, .text = "beyond");
    say(b, .text = "too late");
    assert_int_equal(b->count, 0);
    say(b, .by_server = true, .offset = STREAM_HEAD_BYTES - 1, .text = "in it");
    say(b, .by_server = true, .offset = STREAM_HEAD_BYTES + 4, .text = "beyond");
    say(b, .by_server = true, .text = "start");
    check_text(b, "start");
}

static void test_data_with_the_end_counts_and_so_does_data_after_it(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .offset = 3, .flags = TCP_FIN | TCP_ACK, .text = "def");
    say(b, .text = "abc");
    check_text(b, "abcdef");
    say(b, .by_server = true, .text = "still here");
    check_text(b, "still here");
}

static void test_the_words_on_a_reset_are_no_data(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .flags = TCP_RST | TCP_ACK, .text = "no such service");
    assert_int_equal(b->count, 0);
}

static void test_a_refused_attempt_may_succeed_with_the_same_number(void **state)
{
    struct flow_bench *b = *state;
    say(b, .flags = TCP_SYN);
    say(b, .by_server = true, .flags = TCP_RST | TCP_ACK);
    shake_hands(b, 0);
    say(b, .text = "question");
    check_text(b, "question");
    say(b, .by_server = true, .text = "answer");
    check_text(b, "answer");
}

static void test_another_connection_of_the_same_ends_starts_its_streams_anew(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .text = "old");
    say(b, .by_server = true, .text = "old answer");
    say(b, .flags = TCP_SYN, .isn = 77);
    assert_int_equal(last_seen(b)->o.kind, OBSERVED_BEGIN);
    say(b, .isn = 77, .text = "new");
    check_text(b, "new");
    assert_false(last_seen(b)->o.other_spoke);
    say(b, .by_server = true, .flags = TCP_SYN | TCP_ACK, .isn = 99);
    say(b, .by_server = true, .isn = 99, .text = "new answer");
    check_text(b, "new answer");
}

static void test_an_answer_with_another_number_starts_that_stream_anew(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .text = "question");
    say(b, .by_server = true, .text = "old");
    say(b, .by_server = true, .flags = TCP_SYN | TCP_ACK, .isn = 99);
    say(b, .by_server = true, .isn = 99, .text = "other");
    check_text(b, "other");
    assert_true(last_seen(b)->o.start_known && last_seen(b)->o.other_spoke);
}

static void test_data_captured_before_its_syn_stays(void **state)
{
    struct flow_bench *b = *state;
    say(b, .text = "early");
    say(b, .flags = TCP_SYN);
    assert_int_equal(last_seen(b)->o.kind, OBSERVED_BEGIN);
    say(b, .offset = 5, .text = " bird");
    check_text(b, "early bird");
    assert_true(last_seen(b)->o.start_known && last_seen(b)->o.client_known);
}

/* Heads */

static void begin_many(struct flow_bench *b, unsigned count, uint16_t first_port)
{
    b->counts_only = true;
    for (unsigned i = 0; i < count; i++) {
        uint16_t port = (uint16_t)(first_port + i);
        say(b, .flags = TCP_SYN, .client_port = port);
        say(b, .text = "a", .client_port = port);
    }
    b->counts_only = false;
}

static void test_heads_that_had_to_go_unfinished_are_counted(void **state)
{
    struct flow_bench *b = *state;
    begin_many(b, STREAM_HEADS_MAX, 10000);
    assert_int_equal(flows_counts(b->flows)->heads_let_go, 0);
    begin_many(b, 10, 20000);
    assert_int_equal(flows_counts(b->flows)->heads_let_go, 10);
    assert_int_equal(flows_counts(b->flows)->heads, STREAM_HEADS_MAX + 10);
    say(b, .offset = 1, .text = "b", .client_port = 10000); /* this one lost its head */
    assert_int_equal(b->count, 0);
    say(b, .offset = 1, .text = "b", .client_port = 10010);
    check_text(b, "ab");
}

static void test_heads_of_streams_that_ended_are_no_loss(void **state)
{
    struct flow_bench *b = *state;
    begin_many(b, STREAM_HEADS_MAX, 10000);
    for (unsigned i = 0; i < 10; i++)
        say(b, .flags = i < 5 ? TCP_FIN : TCP_RST, .offset = 1,
            .client_port = (uint16_t)(11000 + i), .by_server = i == 9);
    begin_many(b, 10, 20000);
    assert_int_equal(flows_counts(b->flows)->heads_let_go, 0);
    begin_many(b, 1, 30000);
    assert_int_equal(flows_counts(b->flows)->heads_let_go, 1);
}

static void test_an_end_that_leaves_a_gap_is_a_loss_when_its_head_goes(void **state)
{
    struct flow_bench *b = *state;
    begin_many(b, STREAM_HEADS_MAX, 10000);
    say(b, .flags = TCP_FIN, .offset = 2, .client_port = 10000);
    say(b, .flags = TCP_FIN, .offset = 1, .text = "bc", .cut = 1, .client_port = 10001);
    begin_many(b, STREAM_HEADS_MAX, 20000);
    assert_int_equal(flows_counts(b->flows)->heads_let_go, STREAM_HEADS_MAX);
}

static void test_finished_heads_are_used_again(void **state)
{
    struct flow_bench *b = *state;
    b->wanted = 2;
    begin_many(b, STREAM_HEADS_MAX, 10000);
    b->counts_only = true;
    for (unsigned i = 0; i < STREAM_HEADS_MAX; i++)
        say(b, .offset = 1, .text = "b", .client_port = (uint16_t)(10000 + i));
    begin_many(b, STREAM_HEADS_MAX, 20000);
    b->counts_only = true; /* these begin again before they are finished */
    for (unsigned i = 0; i < STREAM_HEADS_MAX; i++)
        say(b, .flags = TCP_SYN, .isn = 7, .client_port = (uint16_t)(20000 + i));
    begin_many(b, STREAM_HEADS_MAX, 30000);
    assert_int_equal(flows_counts(b->flows)->heads_let_go, 0);
}

/* DNS */

static void add_question(struct writer *stream, const char *name)
{
    uint8_t bytes[512];
    struct writer w = writer_over(bytes, sizeof bytes);
    dns_build(&w, 7, name, DNS_TYPE_A, false, 0, NULL);
    write_be16(stream, (uint16_t)w.used);
    write_bytes(stream, bytes, w.used);
    assert_false(w.failed || stream->failed);
}

static void check_names(const struct flow_bench *b, const char *first, const char *second)
{
    const char *names[2] = {NULL, NULL};
    unsigned count = 0;
    for (size_t i = 0; i < b->count; i++)
        if (b->seen[i].o.kind == OBSERVED_DNS) {
            assert_true(count < 2);
            names[count++] = b->seen[i].name;
        }
    assert_int_equal(count, 2);
    assert_string_equal(names[0], first);
    assert_string_equal(names[1], second);
}

static void test_dns_messages_of_one_segment_come_one_by_one(void **state)
{
    struct flow_bench *b = *state;
    uint8_t bytes[DNS_ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    add_question(&w, "one.example");
    add_question(&w, "two.example");
    shake_hands(b, 53);
    b->wanted = 0;
    say(b, .server_port = 53, .bytes = bytes, .size = w.used);
    check_names(b, "one.example", "two.example");
    assert_true(last_seen(b)->o.by_client && last_seen(b)->o.client_known);
    assert_int_equal(b->count, 2);
}

static void test_dns_messages_split_anywhere_come_once_each(void **state)
{
    struct flow_bench *b = *state;
    uint8_t bytes[DNS_ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    add_question(&w, "one.example");
    add_question(&w, "two.example");
    for (size_t cut = 1; cut < w.used; cut++) {
        uint16_t port = (uint16_t)(20000 + cut);
        say(b, .flags = TCP_SYN, .client_port = port, .server_port = 53);
        bench_forget(b);
        say(b, .client_port = port, .server_port = 53, .bytes = bytes, .size = cut);
        say(b, .client_port = port, .server_port = 53, .bytes = bytes + cut, .size = w.used - cut,
            .offset = (uint32_t)cut);
        check_names(b, "one.example", "two.example");
    }
    assert_int_equal(flows_counts(b->flows)->dns_damaged, 0);
}

static void test_dns_messages_byte_by_byte_backwards_come_once_each(void **state)
{
    struct flow_bench *b = *state;
    uint8_t bytes[DNS_ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    add_question(&w, "one.example");
    add_question(&w, "two.example");
    shake_hands(b, 53);
    for (size_t i = w.used; i-- > 0;)
        say(b, .server_port = 53, .bytes = bytes + i, .size = 1, .offset = (uint32_t)i);
    check_names(b, "one.example", "two.example");
}

/* A response of `size` bytes behind its length, most of them in one long record. */
static size_t long_response(uint8_t bytes[static DNS_ROOM], size_t size)
{
    static const uint8_t record[] = {0, 0, 16, 0, 1, 0, 0, 0, 0}; /* no name, TXT, IN, 0 s */
    struct writer w = writer_over(bytes, DNS_ROOM);
    uint32_t address = 0xc0000201;
    write_be16(&w, (uint16_t)size);
    dns_build(&w, 7, "long.example", DNS_TYPE_A, true, DNS_NOERROR, &address);
    bytes[2 + 7] = 2; /* answers */
    write_bytes(&w, record, sizeof record);
    write_be16(&w, (uint16_t)(size - w.used));
    write_zeros(&w, size + 2 - w.used);
    assert_false(w.failed);
    return w.used;
}

static void test_a_dns_message_longer_than_the_head_is_read_as_far_as_it_goes(void **state)
{
    struct flow_bench *b = *state;
    uint8_t bytes[DNS_ROOM];
    size_t size = long_response(bytes, 8500);
    shake_hands(b, 53);
    for (uint32_t at = 0; at < size; at += 500)
        say(b, .by_server = true, .server_port = 53, .bytes = bytes + at, .offset = at,
            .size = size - at < 500 ? size - at : 500);
    assert_int_equal(b->kinds[OBSERVED_DNS], 1);
    assert_int_equal(flows_counts(b->flows)->dns_messages, 1);
    say(b, .client_port = 9, .server_port = 53, .bytes = bytes, .size = size);
    assert_int_equal(b->kinds[OBSERVED_DNS], 2);
    assert_string_equal(last_seen(b)->name, "long.example");
    assert_true(last_seen(b)->cut);
}

static void test_what_is_no_dns_in_a_stream_is_counted_and_what_follows_is_read(void **state)
{
    struct flow_bench *b = *state;
    uint8_t bytes[DNS_ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    write_be16(&w, 0);
    write_be16(&w, 3);
    write_bytes(&w, "???", 3);
    add_question(&w, "one.example");
    shake_hands(b, 53);
    say(b, .server_port = 53, .bytes = bytes, .size = w.used);
    assert_string_equal(last_seen(b)->name, "one.example");
    assert_int_equal(flows_counts(b->flows)->dns_damaged, 2);
    assert_int_equal(flows_counts(b->flows)->dns_messages, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(test_a_stream_is_shown_from_its_first_byte_as_it_grows),
        bench_test(test_the_two_sides_are_two_streams),
        bench_test(test_a_start_in_small_segments_is_known_by_its_first_8_bytes),
        bench_test(test_data_on_the_syn_is_the_streams_start),
        bench_test(test_segments_out_of_order_wait_for_the_gap),
        bench_test(test_what_came_first_stands_against_a_retransmission),
        bench_test(test_keep_alives_add_nothing),
        bench_test(test_a_segment_from_before_the_start_gives_what_lies_behind_it),
        bench_test(test_a_stream_picked_up_midway_says_so),
        bench_test(test_a_segment_that_the_capture_cut_leaves_a_gap),
        bench_test(test_a_segment_of_which_nothing_was_captured_is_no_payload),
        bench_test(test_no_more_than_is_wanted_is_put_together),
        bench_test(test_a_stream_that_nobody_wants_is_not_poured),
        bench_test(test_one_long_segment_shows_no_more_than_a_head),
        bench_test(test_a_stream_whose_head_was_not_captured_is_left_alone),
        bench_test(test_data_with_the_end_counts_and_so_does_data_after_it),
        bench_test(test_the_words_on_a_reset_are_no_data),
        bench_test(test_a_refused_attempt_may_succeed_with_the_same_number),
        bench_test(test_another_connection_of_the_same_ends_starts_its_streams_anew),
        bench_test(test_an_answer_with_another_number_starts_that_stream_anew),
        bench_test(test_data_captured_before_its_syn_stays),
        bench_test(test_heads_that_had_to_go_unfinished_are_counted),
        bench_test(test_heads_of_streams_that_ended_are_no_loss),
        bench_test(test_an_end_that_leaves_a_gap_is_a_loss_when_its_head_goes),
        bench_test(test_finished_heads_are_used_again),
        bench_test(test_dns_messages_of_one_segment_come_one_by_one),
        bench_test(test_dns_messages_split_anywhere_come_once_each),
        bench_test(test_dns_messages_byte_by_byte_backwards_come_once_each),
        bench_test(test_a_dns_message_longer_than_the_head_is_read_as_far_as_it_goes),
        bench_test(test_what_is_no_dns_in_a_stream_is_counted_and_what_follows_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
