/* report/address_list: whatever the order in which addresses come, they are told in their own. */
#include "testing.h"

#include "base/compiler.h"
#include "base/hash.h"
#include "report/address_list.h"

static struct address_list list;

static int finish(void **state)
{
    (void)state;
    address_list_free(&list);
    list = (struct address_list){0};
    return 0;
}

static void add(uint32_t ipv4)
{
    assert_true(address_list_add(&list, address_of_v4(ipv4)));
}

/* They are 0, 1, 2 and so on, each once. */
static void assert_counts_up(uint32_t count)
{
    address_list_sort(&list);
    assert_int_equal(list.count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(address_v4(list.items[i]), i);
}

static void test_none_and_one_are_in_order(void **state)
{
    (void)state;
    address_list_sort(&list);
    assert_int_equal(list.count, 0);
    add(0);
    assert_counts_up(1);
}

static void test_what_came_in_order_stays(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 1000; i++)
        add(i);
    assert_counts_up(1000);
}

static void test_what_came_backwards_is_turned(void **state)
{
    (void)state;
    for (uint32_t i = 1000; i > 0; i--)
        add(i - 1);
    assert_counts_up(1000);
}

/* As a scan hands them over: those that sockets asked, then all that were settled. */
static void test_a_few_come_before_many_in_order(void **state)
{
    (void)state;
    for (uint32_t i = 7; i > 0; i--)
        add((i - 1) * 150);
    for (uint32_t i = 0; i < 1000; i++)
        if (i % 150 != 0)
            add(i);
    assert_counts_up(1000);
}

static void test_the_last_may_be_the_first(void **state)
{
    (void)state;
    for (uint32_t i = 1; i < 1000; i++)
        add(i);
    add(0);
    assert_counts_up(1000);
}

static void test_no_order_is_too_odd(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 200; round++) {
        uint32_t count = (uint32_t)(hash_number(round) % 40) + 1, step = 41; /* a prime: all come */
        for (uint32_t i = 0; i < step; i++)
            if ((i + 1) * (round + 1) % step < count)
                add((uint32_t)((i + 1) * (round + 1) % step));
        if ((round + 1) % step != 0)
            assert_counts_up(count);
        (void)finish(state);
    }
}

static void test_the_same_address_may_come_often(void **state)
{
    (void)state;
    static const uint32_t came[] = {5, 3, 5, 3, 3, 4, 5, 5};
    static const uint32_t wanted[] = {3, 3, 3, 4, 5, 5, 5, 5};
    for (size_t i = 0; i < COUNT_OF(came); i++)
        add(came[i]);
    address_list_sort(&list);
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        assert_int_equal(address_v4(list.items[i]), wanted[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_none_and_one_are_in_order, finish),
        cmocka_unit_test_teardown(test_what_came_in_order_stays, finish),
        cmocka_unit_test_teardown(test_what_came_backwards_is_turned, finish),
        cmocka_unit_test_teardown(test_a_few_come_before_many_in_order, finish),
        cmocka_unit_test_teardown(test_the_last_may_be_the_first, finish),
        cmocka_unit_test_teardown(test_no_order_is_too_odd, finish),
        cmocka_unit_test_teardown(test_the_same_address_may_come_often, finish),
    };
    return cmocka_run_group_tests_name("addresses_sorted", tests, NULL, NULL);
}
