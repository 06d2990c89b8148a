/* scan/order and scan/host_table: each host has one number and one place, whatever the count. */
#include "testing.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "scan/host_table.h"
#include "scan/order.h"
#include "scan/target_set.h"

static void every_place_once(uint64_t count, uint64_t seed)
{
    struct order o = order_of(count, seed);
    uint8_t *seen = calloc(count, 1);
    assert_non_null(seen);
    for (uint64_t place = 0; place < count; place++) {
        uint64_t number = order_at(&o, place);
        assert_true(number < count);
        assert_int_equal(seen[number]++, 0);
        assert_int_equal(order_place(&o, number), place);
    }
    free(seen);
}

static void test_each_number_has_one_place(void **state)
{
    static const uint64_t odd[] = {1023, 1024, 1025, 4095, 4097, 65535, 65536, 65537, 100003};
    (void)state;
    for (uint64_t count = 1; count <= 300; count++)
        every_place_once(count, count * 7);
    for (size_t i = 0; i < COUNT_OF(odd); i++)
        every_place_once(odd[i], 5);
}

static void test_all_addresses_have_places(void **state)
{
    struct order o = order_of(ORDER_COUNT_MAX, 9);
    (void)state;
    assert_true(order_at(&o, ORDER_COUNT_MAX - 1) < ORDER_COUNT_MAX);
    assert_true(order_at(&o, 0) != order_at(&o, 1));
}

static void test_another_seed_is_another_order(void **state)
{
    struct order a = order_of(1000, 1), b = order_of(1000, 2);
    unsigned same = 0;
    (void)state;
    for (uint64_t i = 0; i < 1000; i++)
        same += order_at(&a, i) == order_at(&b, i);
    assert_true(same < 20);
}

/* Of 256 hosts that follow one another, a /24 of a /16 gets about one: 8 would be a burst. */
static void test_no_network_is_asked_in_a_burst(void **state)
{
    struct order o = order_of(65536, 77);
    (void)state;
    for (uint64_t place = 0; place < 65536; place += 256) {
        uint8_t nets[256] = {0};
        for (uint64_t i = 0; i < 256; i++)
            assert_true(++nets[order_at(&o, place + i) >> 8] < 12);
    }
}

static struct host_table *table_of(const char *const *targets, size_t count, const char *without)
{
    struct target_set *set = target_set_new();
    struct targets_left_out left_out;
    struct target target;
    for (size_t i = 0; i < count; i++) {
        assert_true(target_parse(targets[i], &target, NULL));
        target_set_add(set, &target);
    }
    if (without != NULL) {
        assert_true(target_parse(without, &target, NULL));
        target_set_exclude(set, &target);
    }
    (void)target_set_close(set, &left_out);
    struct host_table *table = host_table_new(set);
    target_set_free(set);
    assert_non_null(table);
    return table;
}

static const char *const some[] = {"10.0.0.0/24", "10.0.3.7", "10.0.1.0", "172.16.5.3-9"};

static void test_hosts_have_numbers_in_their_order(void **state)
{
    struct host_table *t = table_of(some, COUNT_OF(some), "10.0.0.16/28");
    uint64_t number = 0;
    uint32_t before = 0;
    (void)state;
    assert_int_equal(host_table_count(t), 256 - 16 + 1 + 1 + 7);
    for (uint64_t i = 0; i < host_table_count(t); i++) {
        uint32_t host = host_table_at(t, i);
        assert_true(host > before);
        assert_true(host_table_find(t, host, &number));
        assert_int_equal(number, i);
        before = host;
    }
    host_table_free(t);
}

static void test_whoever_is_excluded_has_no_number(void **state)
{
    struct host_table *t = table_of(some, COUNT_OF(some), "10.0.0.16/28");
    uint64_t number = 0;
    (void)state;
    assert_false(host_table_find(t, 0x0a000010, &number));
    assert_false(host_table_find(t, 0x0a00001f, &number));
    assert_true(host_table_find(t, 0x0a000020, &number));
    assert_false(host_table_find(t, 0, &number));
    assert_false(host_table_find(t, UINT32_MAX, &number));
    host_table_free(t);
}

static void test_the_fullest_network_is_found(void **state)
{
    static const char *const wide[] = {"10.0.0.200-255", "10.0.1.0-99"};
    static const char *const split[] = {"10.0.0.1-20", "10.0.0.30-39"};
    struct host_table *a = table_of(wide, 2, NULL), *b = table_of(split, 2, NULL);
    struct host_table *c = table_of(some, 1, NULL);
    (void)state;
    assert_int_equal(host_table_fullest_net(a), 100);
    assert_int_equal(host_table_fullest_net(b), 30);
    assert_int_equal(host_table_fullest_net(c), 256);
    host_table_free(a);
    host_table_free(b);
    host_table_free(c);
}

static void test_a_table_that_was_written_is_the_same(void **state)
{
    struct host_table *t = table_of(some, COUNT_OF(some), NULL);
    uint8_t bytes[200];
    struct writer w = writer_over(bytes, sizeof bytes);
    (void)state;
    host_table_write(t, &w);
    struct reader r = reader_over(bytes, w.used);
    struct host_table *again = host_table_read(&r, host_table_runs(t), NULL);
    assert_non_null(again);
    assert_int_equal(host_table_hash(again), host_table_hash(t));
    assert_int_equal(host_table_count(again), host_table_count(t));
    host_table_free(t);
    host_table_free(again);
}

static void test_runs_that_do_not_ascend_are_no_table(void **state)
{
    static const uint32_t bad[][4] = {{5, 4, 9, 9}, {5, 9, 9, 12}, {9, 9, 1, 2}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        uint8_t bytes[16];
        struct writer w = writer_over(bytes, sizeof bytes);
        for (int j = 0; j < 4; j++)
            write_le32(&w, bad[i][j]);
        struct reader r = reader_over(bytes, sizeof bytes);
        assert_null(host_table_read(&r, 2, NULL));
    }
    struct reader cut = reader_over("\1\0\0\0\2\0\0", 7);
    assert_null(host_table_read(&cut, 1, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_number_has_one_place),
        cmocka_unit_test(test_all_addresses_have_places),
        cmocka_unit_test(test_another_seed_is_another_order),
        cmocka_unit_test(test_no_network_is_asked_in_a_burst),
        cmocka_unit_test(test_hosts_have_numbers_in_their_order),
        cmocka_unit_test(test_whoever_is_excluded_has_no_number),
        cmocka_unit_test(test_the_fullest_network_is_found),
        cmocka_unit_test(test_a_table_that_was_written_is_the_same),
        cmocka_unit_test(test_runs_that_do_not_ascend_are_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
