/* source/windows: what is held stays, whatever is read; what is let go is used again. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "source/windows.h"

enum { SIZE = 4096 };

static void begin(struct windows *w)
{
    uint8_t *first = malloc(SIZE);
    assert_non_null(first);
    memset(first, 1, SIZE);
    windows_init(w);
    assert_true(windows_begin(w, first, SIZE));
}

static struct window *go_on(struct windows *w, size_t size, int with)
{
    struct window *next = windows_next(w, size);
    assert_non_null(next);
    memset(next->bytes, with, size);
    windows_move(w, next);
    return next;
}

static void test_a_window_that_nobody_holds_is_written_over(void **state)
{
    (void)state;
    struct windows w;
    begin(&w);
    struct window *first = w.now;
    assert_ptr_equal(go_on(&w, SIZE, 2), first);
    windows_clear(&w);
}

static void test_a_window_that_is_held_stays_as_it_is(void **state)
{
    (void)state;
    struct windows w;
    begin(&w);
    struct window *held = windows_hold(&w);
    assert_ptr_not_equal(go_on(&w, SIZE, 2), held);
    (void)go_on(&w, SIZE, 3);
    for (size_t i = 0; i < SIZE; i++)
        assert_int_equal(held->bytes[i], 1);
    windows_let_go(&w, held);
    windows_clear(&w);
}

static void test_a_window_that_was_let_go_is_used_again(void **state)
{
    (void)state;
    struct windows w;
    begin(&w);
    struct window *first = windows_hold(&w);
    struct window *second = go_on(&w, SIZE, 2);
    assert_ptr_equal(windows_hold(&w), second);
    windows_let_go(&w, first);
    assert_ptr_equal(go_on(&w, SIZE, 3), first);
    windows_let_go(&w, second);
    windows_clear(&w);
}

static void test_who_holds_twice_lets_go_twice(void **state)
{
    (void)state;
    struct windows w;
    begin(&w);
    struct window *held = windows_hold(&w);
    assert_ptr_equal(windows_hold(&w), held);
    windows_let_go(&w, held);
    assert_ptr_not_equal(go_on(&w, SIZE, 2), held);
    assert_int_equal(held->bytes[0], 1);
    windows_let_go(&w, held);
    windows_clear(&w);
}

static void test_a_larger_one_is_made_where_it_is_too_small(void **state)
{
    (void)state;
    struct windows w;
    begin(&w);
    struct window *first = w.now;
    struct window *large = go_on(&w, 4 * SIZE, 2);
    assert_ptr_not_equal(large, first);
    assert_true(large->size >= 4 * SIZE);
    assert_ptr_equal(go_on(&w, SIZE, 3), large);
    windows_clear(&w);
}

static void test_letting_go_of_none_is_fine(void **state)
{
    (void)state;
    struct windows w;
    windows_init(&w);
    assert_null(windows_hold(&w));
    windows_let_go(&w, NULL);
    windows_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_window_that_nobody_holds_is_written_over),
        cmocka_unit_test(test_a_window_that_is_held_stays_as_it_is),
        cmocka_unit_test(test_a_window_that_was_let_go_is_used_again),
        cmocka_unit_test(test_who_holds_twice_lets_go_twice),
        cmocka_unit_test(test_a_larger_one_is_made_where_it_is_too_small),
        cmocka_unit_test(test_letting_go_of_none_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
