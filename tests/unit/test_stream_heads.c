/* observe/stream_heads: bytes in order whatever order they come in, first bytes stand, a pool that
 * gives up the head untouched for longest. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "observe/stream_heads.h"

static int setup(void **state)
{
    *state = stream_heads_new();
    return *state == NULL ? -1 : 0;
}

static int teardown(void **state)
{
    stream_heads_free(*state);
    return 0;
}

static struct head_ticket take(struct stream_heads *h)
{
    bool let_go;
    struct head_ticket t = stream_heads_take(h, &let_go);
    assert_false(let_go);
    assert_true(stream_heads_holds(h, t));
    return t;
}

/* Adds text from an exact-size copy; returns how many bytes stand from the start. */
static size_t add(struct stream_heads *h, struct head_ticket t, uint32_t offset, const char *text)
{
    size_t size = strlen(text);
    uint8_t *copy = malloc(size != 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    struct reader bytes = stream_heads_add(h, t, offset, reader_over(copy, size));
    free(copy);
    return bytes.left;
}

static void check(struct stream_heads *h, struct head_ticket t, const char *text)
{
    struct reader bytes = stream_heads_add(h, t, 0, reader_over(NULL, 0));
    assert_int_equal(bytes.left, strlen(text));
    assert_memory_equal(bytes.next, text, bytes.left);
}

static void test_nothing_added_is_nothing_there(void **state)
{
    struct head_ticket t = take(*state);
    assert_int_equal(add(*state, t, 0, ""), 0);
    assert_int_equal(add(*state, t, 100, ""), 0);
}

static void test_segments_in_order_grow_the_head(void **state)
{
    struct head_ticket t = take(*state);
    assert_int_equal(add(*state, t, 0, "abc"), 3);
    assert_int_equal(add(*state, t, 3, "def"), 6);
    check(*state, t, "abcdef");
}

static void test_a_gap_ends_what_is_shown_until_it_is_filled(void **state)
{
    struct head_ticket t = take(*state);
    assert_int_equal(add(*state, t, 4, "ef"), 0);
    assert_int_equal(add(*state, t, 0, "ab"), 2);
    assert_int_equal(add(*state, t, 2, "cd"), 6);
    check(*state, t, "abcdef");
}

static void test_every_order_of_four_overlapping_pieces_gives_the_same_bytes(void **state)
{
    static const char text[] = "abcdefghijklmnop";
    static const uint32_t from[] = {0, 3, 8, 10}, to[] = {4, 9, 12, 16};
    for (unsigned order = 0; order < 256; order++) {
        unsigned step[] = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6};
        struct head_ticket t = take(*state);
        unsigned present = 0;
        for (unsigned i = 0; i < 4; i++) {
            char piece[sizeof text] = "";
            memcpy(piece, text + from[step[i]], to[step[i]] - from[step[i]]);
            (void)add(*state, t, from[step[i]], piece);
            present |= 1U << step[i];
        }
        if (present == 15)
            check(*state, t, text);
        stream_heads_drop(*state, t);
    }
}

static void test_first_bytes_stand_when_others_come_for_the_same_place(void **state)
{
    struct head_ticket t = take(*state);
    (void)add(*state, t, 2, "cd");
    (void)add(*state, t, 6, "gh");
    assert_int_equal(add(*state, t, 0, "abXXefXXij"), 10);
    check(*state, t, "abcdefghij");
    assert_int_equal(add(*state, t, 0, "ZZZZZZZZZZ"), 10);
    check(*state, t, "abcdefghij");
}

static void test_the_head_ends_at_its_limit(void **state)
{
    struct head_ticket t = take(*state);
    assert_int_equal(add(*state, t, STREAM_HEAD_BYTES, "beyond"), 0);
    assert_int_equal(add(*state, t, UINT32_MAX, "far"), 0);
    assert_int_equal(add(*state, t, STREAM_HEAD_BYTES - 2, "ends"), 0);
    static const uint8_t zeros[STREAM_HEAD_BYTES + 100];
    struct reader all = stream_heads_add(*state, t, 0, reader_over(zeros, sizeof zeros));
    assert_int_equal(all.left, STREAM_HEAD_BYTES);
    assert_memory_equal(all.next + STREAM_HEAD_BYTES - 2, "en", 2);
}

static void test_one_piece_more_than_may_wait_is_not_kept(void **state)
{
    struct head_ticket t = take(*state);
    for (uint32_t i = 1; i <= STREAM_HEAD_PIECES; i++)
        assert_int_equal(add(*state, t, 10 * i, "0123"), 0);
    assert_int_equal(add(*state, t, 5, "567"), 0);
    assert_int_equal(add(*state, t, 4, "45678"), 0);
    assert_int_equal(add(*state, t, 0, "01234567"), 0);
    assert_int_equal(add(*state, t, 0, "0123456789"), 14); /* it touches a piece that waits */
}

static void test_a_piece_that_joins_all_that_wait_makes_room_again(void **state)
{
    struct head_ticket t = take(*state);
    for (uint32_t i = 0; i < STREAM_HEAD_PIECES; i++)
        (void)add(*state, t, 2 * i, "a");
    assert_int_equal(add(*state, t, 0, "bbbbbbbbbbbbbbb"), 15);
    check(*state, t, "abababababababa");
    assert_int_equal(add(*state, t, 20, "later"), 15);
    assert_int_equal(add(*state, t, 15, "ccccc"), 25);
}

static void test_heads_do_not_share_bytes(void **state)
{
    struct head_ticket a = take(*state), b = take(*state);
    (void)add(*state, a, 0, "first");
    (void)add(*state, b, 0, "second");
    check(*state, a, "first");
    check(*state, b, "second");
}

static void test_a_head_given_back_is_held_by_nobody(void **state)
{
    struct head_ticket t = take(*state);
    stream_heads_drop(*state, t);
    assert_false(stream_heads_holds(*state, t));
    stream_heads_drop(*state, t);
    stream_heads_drop(*state, (struct head_ticket){0, 0});
    assert_false(stream_heads_holds(*state, (struct head_ticket){0, 0}));
}

static void test_a_stale_ticket_cannot_drop_its_successor(void **state)
{
    struct head_ticket old = take(*state);
    (void)add(*state, old, 0, "old");
    stream_heads_drop(*state, old);
    struct head_ticket new = take(*state);
    assert_int_equal(new.place, old.place);
    check(*state, new, "");
    stream_heads_drop(*state, old);
    assert_true(stream_heads_holds(*state, new));
}

static void fill(struct stream_heads *h, struct head_ticket *tickets)
{
    for (unsigned i = 0; i < STREAM_HEADS_MAX; i++)
        tickets[i] = take(h);
}

static void test_a_full_pool_lets_the_head_untouched_for_longest_go(void **state)
{
    struct head_ticket tickets[STREAM_HEADS_MAX];
    bool let_go;
    fill(*state, tickets);
    (void)add(*state, tickets[0], 0, "touched");
    struct head_ticket more = stream_heads_take(*state, &let_go);
    assert_true(let_go && stream_heads_holds(*state, more));
    assert_false(stream_heads_holds(*state, tickets[1]));
    for (unsigned i = 0; i < STREAM_HEADS_MAX; i++)
        assert_true(i == 1 || stream_heads_holds(*state, tickets[i]));
    check(*state, tickets[0], "touched");
}

static void test_a_head_given_back_goes_before_one_in_use(void **state)
{
    struct head_ticket tickets[STREAM_HEADS_MAX];
    bool let_go;
    fill(*state, tickets);
    stream_heads_drop(*state, tickets[1000]);
    struct head_ticket more = stream_heads_take(*state, &let_go);
    assert_false(let_go);
    assert_int_equal(more.place, tickets[1000].place);
    (void)stream_heads_take(*state, &let_go);
    assert_true(let_go);
}

#define head_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        head_test(test_nothing_added_is_nothing_there),
        head_test(test_segments_in_order_grow_the_head),
        head_test(test_a_gap_ends_what_is_shown_until_it_is_filled),
        head_test(test_every_order_of_four_overlapping_pieces_gives_the_same_bytes),
        head_test(test_first_bytes_stand_when_others_come_for_the_same_place),
        head_test(test_the_head_ends_at_its_limit),
        head_test(test_one_piece_more_than_may_wait_is_not_kept),
        head_test(test_a_piece_that_joins_all_that_wait_makes_room_again),
        head_test(test_heads_do_not_share_bytes),
        head_test(test_a_head_given_back_is_held_by_nobody),
        head_test(test_a_stale_ticket_cannot_drop_its_successor),
        head_test(test_a_full_pool_lets_the_head_untouched_for_longest_go),
        head_test(test_a_head_given_back_goes_before_one_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
