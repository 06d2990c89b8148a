/* observe/flows: what is poured because the other side asked for it, and how it is marked. */
#include "flow_bench.h"

enum { LARGEST = 9000 };

static void ask(struct flow_bench *b)
{
    b->wants_datagrams = b->awaits = true;
    say(b, .protocol = IP_UDP, .text = "question");
    b->wants_datagrams = false;
    bench_forget(b);
}

static void answer(struct flow_bench *b, const char *text)
{
    say(b, .protocol = IP_UDP, .by_server = true, .text = text);
}

static void test_an_awaited_datagram_is_poured_though_nobody_wants_it(void **state)
{
    struct flow_bench *b = *state;
    ask(b);
    answer(b, "answer");
    check_text(b, "answer");
    const struct observation *o = &last_seen(b)->o;
    assert_true(o->awaited && !o->by_client && o->other_spoke);
    assert_memory_equal(&o->other_start, "question", 8);
}

static void test_what_the_asker_says_next_is_not_awaited(void **state)
{
    struct flow_bench *b = *state;
    ask(b);
    say(b, .protocol = IP_UDP, .text = "and");
    assert_int_equal(b->count, 0);
    b->wants_datagrams = true;
    say(b, .protocol = IP_UDP, .text = "question");
    assert_false(last_seen(b)->o.awaited);
}

static void test_an_answer_to_nobodys_question_is_not_poured(void **state)
{
    struct flow_bench *b = *state;
    b->wants_datagrams = true;
    say(b, .protocol = IP_UDP, .text = "hello");
    b->wants_datagrams = false;
    bench_forget(b);
    answer(b, "who?");
    assert_int_equal(b->count, 0);
}

static void test_no_more_than_a_few_datagrams_of_a_flow_are_poured(void **state)
{
    struct flow_bench *b = *state;
    for (unsigned round = 0; round < 3; round++) {
        ask(b);
        for (unsigned i = 0; i < 3; i++)
            answer(b, "answer");
        assert_int_equal(b->count, round == 0 ? 3 : round == 1 ? AWAITED_DATAGRAMS - 3 : 0);
    }
    say(b, .protocol = IP_UDP, .client_port = 5000);
    b->wants_datagrams = true;
    answer(b, "wanted");
    assert_false(last_seen(b)->o.awaited);
}

static void test_another_flow_is_not_awaited(void **state)
{
    struct flow_bench *b = *state;
    ask(b);
    say(b, .protocol = IP_UDP, .client_port = 5000);
    bench_forget(b);
    say(b, .protocol = IP_UDP, .by_server = true, .client_port = 5000, .text = "answer");
    assert_int_equal(b->count, 0);
}

static void test_an_awaited_stream_says_so_as_it_grows(void **state)
{
    struct flow_bench *b = *state;
    b->awaits = true;
    shake_hands(b, 0);
    say(b, .text = "question");
    assert_false(last_seen(b)->o.awaited);
    say(b, .by_server = true, .text = "an");
    assert_true(last_seen(b)->o.awaited);
    say(b, .by_server = true, .offset = 2, .text = "swer");
    assert_true(last_seen(b)->o.awaited);
    check_text(b, "answer");
    say(b, .offset = 8, .text = "?");
    assert_false(last_seen(b)->o.awaited);
}

static void test_another_connection_is_not_awaited(void **state)
{
    struct flow_bench *b = *state;
    b->awaits = true;
    shake_hands(b, 0);
    say(b, .text = "question");
    b->awaits = false;
    say(b, .flags = TCP_SYN, .isn = 99);
    say(b, .by_server = true, .flags = TCP_SYN | TCP_ACK, .isn = 98);
    say(b, .by_server = true, .isn = 98, .text = "answer");
    check_text(b, "answer");
    assert_false(last_seen(b)->o.awaited);
}

static void test_a_payload_that_the_capture_cut_says_so(void **state)
{
    struct flow_bench *b = *state;
    static const uint8_t zeros[LARGEST];
    say(b, .protocol = IP_UDP, .text = "whole");
    assert_false(last_seen(b)->o.cut);
    say(b, .protocol = IP_UDP, .text = "half a one", .cut = 6);
    assert_true(last_seen(b)->o.cut);
    shake_hands(b, 0);
    say(b, .text = "half a one", .cut = 6);
    assert_true(last_seen(b)->o.cut);
    say(b, .offset = 4, .text = " a one");
    assert_false(last_seen(b)->o.cut);
    say(b, .by_server = true, .bytes = zeros, .size = sizeof zeros);
    assert_int_equal(last_seen(b)->o.bytes.left, STREAM_HEAD_BYTES);
    assert_false(last_seen(b)->o.cut); /* what no head holds is not missed */
}

static void test_how_much_of_a_start_came_is_known(void **state)
{
    struct flow_bench *b = *state;
    shake_hands(b, 0);
    say(b, .text = "abc");
    say(b, .by_server = true, .text = "x");
    const struct observation *o = &last_seen(b)->o;
    assert_int_equal(o->other_start_size, 3);
    assert_memory_equal(&o->other_start, "abc\0\0\0\0\0", 8);
    say(b, .offset = 3, .text = "defghijk");
    o = &last_seen(b)->o;
    assert_int_equal(o->other_start_size, 1);
    say(b, .by_server = true, .offset = 1, .text = "y");
    o = &last_seen(b)->o;
    assert_int_equal(o->other_start_size, 8);
    assert_memory_equal(&o->other_start, "abcdefgh", 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(test_an_awaited_datagram_is_poured_though_nobody_wants_it),
        bench_test(test_what_the_asker_says_next_is_not_awaited),
        bench_test(test_an_answer_to_nobodys_question_is_not_poured),
        bench_test(test_no_more_than_a_few_datagrams_of_a_flow_are_poured),
        bench_test(test_another_flow_is_not_awaited),
        bench_test(test_an_awaited_stream_says_so_as_it_grows),
        bench_test(test_another_connection_is_not_awaited),
        bench_test(test_a_payload_that_the_capture_cut_says_so),
        bench_test(test_how_much_of_a_start_came_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
