/* engine/flows_merged and engine/flows_sorted: what is put together, what is kept, and what is said
 * where there is no room. */
#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "engine/flows_merged.h"
#include "engine/flows_sorted.h"

static struct flow_record flow(uint32_t source, uint32_t destination, uint16_t port)
{
    struct flow_record r = {.kind = FLOW_IPV4,
                            .protocol = 6,
                            .counts_known = true,
                            .times_known = true,
                            .merged = 1,
                            .first_us = 1000 + port,
                            .last_us = 2000 + port};
    r.side[0].end = (struct endpoint){address_of_v4(source), 4000};
    r.side[1].end = (struct endpoint){address_of_v4(destination), port};
    r.side[0].mask = r.side[1].mask = 32;
    r.side[0].packets = 1, r.side[0].bytes = 100;
    r.side[1].packets = 2, r.side[1].bytes = 10;
    return r;
}

static struct flows_merged *merged_by(const char *keys, size_t groups_max)
{
    struct merge_keys k = {0};
    struct error err;
    assert_true(merge_keys_add(&k, keys, &err));
    struct flows_merged *m = flows_merged_new(&k, groups_max);
    assert_non_null(m);
    return m;
}

static void test_sums_times_and_what_is_common_stay(void **state)
{
    (void)state;
    struct flows_merged *m = merged_by("saddr", 10);
    struct flow_record a = flow(0x0a000001, 0x0a090001, 445), b = flow(0x0a000001, 0x0a090102, 80),
                       out;
    b.tcp_status = FLOW_SYN;
    assert_true(flows_merged_add(m, &a) && flows_merged_add(m, &b));
    assert_int_equal(flows_merged_count(m), 1);
    flows_merged_at(m, 0, &out);
    assert_int_equal(out.merged, 2);
    assert_int_equal(out.side[0].bytes, 200);
    assert_int_equal(out.side[1].packets, 4);
    assert_int_equal(out.first_us, 1080);
    assert_int_equal(out.last_us, 2445);
    assert_int_equal(out.side[0].end.port, 4000);
    assert_int_equal(out.side[1].end.port, 0);
    assert_int_equal(address_v4(out.side[1].end.address), 0x0a090000);
    assert_int_equal(out.side[1].mask, 23);
    assert_int_equal(out.tcp_status, FLOW_SYN);
    flows_merged_free(m);
}

static void test_keys_tell_groups_apart(void **state)
{
    (void)state;
    struct flows_merged *m = merged_by("daddr/24 dport", 10);
    struct flow_record a = flow(1, 0x0a090001, 445), b = flow(2, 0x0a0900ff, 445),
                       c = flow(3, 0x0a090001, 80), d = flow(4, 0x0a090101, 445), out;
    assert_true(flows_merged_add(m, &a) && flows_merged_add(m, &b) && flows_merged_add(m, &c) &&
                flows_merged_add(m, &d));
    assert_int_equal(flows_merged_count(m), 3);
    flows_merged_at(m, 0, &out);
    assert_int_equal(out.merged, 2);
    assert_int_equal(out.side[1].mask, 24);
    assert_int_equal(address_v4(out.side[1].end.address), 0x0a090000);
    flows_merged_free(m);
}

static void test_prefixes_of_ipv6_count_from_its_first_bit(void **state)
{
    (void)state;
    struct flows_merged *m = merged_by("saddr/32", 10);
    struct flow_record a = flow(1, 2, 3), b, out;
    a.kind = FLOW_IPV6;
    a.side[0].end.address = (struct address){UINT64_C(0x20010db800000000), 1};
    a.side[0].mask = a.side[1].mask = 128;
    b = a;
    b.side[0].end.address = (struct address){UINT64_C(0x20010db8ffff0000), 2};
    assert_true(flows_merged_add(m, &a) && flows_merged_add(m, &b));
    assert_int_equal(flows_merged_count(m), 1);
    flows_merged_at(m, 0, &out);
    assert_true(out.side[0].end.address.high == UINT64_C(0x20010db800000000));
    assert_true(out.side[0].end.address.low == 0);
    flows_merged_free(m);
}

static void test_a_full_store_counts_what_it_refuses_and_keeps_its_sums(void **state)
{
    (void)state;
    struct flows_merged *m = merged_by("saddr", 2);
    struct flow_record out;
    for (uint32_t i = 0; i < 9; i++) {
        struct flow_record r = flow(i % 3, 7, 445);
        assert_int_equal(flows_merged_add(m, &r), i % 3 != 2);
    }
    assert_int_equal(flows_merged_count(m), 2);
    assert_int_equal(flows_merged_refused(m), 3);
    flows_merged_at(m, 1, &out);
    assert_int_equal(out.merged, 3);
    flows_merged_free(m);
}

static void test_many_groups_are_all_found_again(void **state)
{
    (void)state;
    enum { GROUPS = 20000 };
    struct flows_merged *m = merged_by("saddr,proto", GROUPS);
    struct flow_record out;
    for (uint32_t i = 0; i < 2 * GROUPS; i++) {
        struct flow_record r = flow(i % GROUPS * 7919, 7, 445);
        assert_true(flows_merged_add(m, &r));
    }
    assert_int_equal(flows_merged_count(m), GROUPS);
    for (size_t i = 0; i < GROUPS; i++) {
        flows_merged_at(m, i, &out);
        assert_int_equal(out.merged, 2);
        assert_int_equal(address_v4(out.side[0].end.address), (uint32_t)i * 7919);
    }
    flows_merged_free(m);
}

static void test_sums_stop_at_the_largest_number(void **state)
{
    (void)state;
    struct flows_merged *m = merged_by("saddr", 2);
    struct flow_record r = flow(1, 2, 3), out;
    r.side[0].bytes = UINT64_MAX - 5;
    r.merged = UINT32_MAX;
    assert_true(flows_merged_add(m, &r) && flows_merged_add(m, &r));
    flows_merged_at(m, 0, &out);
    assert_true(out.side[0].bytes == UINT64_MAX);
    assert_int_equal(out.merged, UINT32_MAX);
    flows_merged_free(m);
}

static void test_wrong_keys_are_named(void **state)
{
    (void)state;
    static const char *const wrong[] = {"port", "saddr/", "saddr/129", "saddr/x", "proto/8", ","};
    struct error err;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct merge_keys k = {0};
        assert_false(merge_keys_add(&k, wrong[i], &err));
        assert_int_equal(err.kind, ERROR_USAGE);
    }
}

struct collected {
    char text[256];
    size_t used;
};

static bool collect(void *context, const char *line, size_t size)
{
    struct collected *c = context;
    assert_in_range(c->used + size, 0, sizeof c->text - 1);
    memcpy(c->text + c->used, line, size);
    c->used += size;
    return true;
}

static struct flows_order by_bytes(bool downwards)
{
    struct flows_order order = {.count = 1};
    order.fields[0] = flow_field_named("sbytes", 6);
    order.downwards[0] = downwards;
    return order;
}

static void add_line(struct flows_sorted *s, uint64_t bytes, const char *line, bool expected)
{
    struct flow_record r = flow(1, 2, 3);
    r.side[0].bytes = bytes;
    assert_int_equal(flows_sorted_add(s, &r, line, strlen(line)), expected);
}

static void test_equal_lines_keep_their_order_both_ways(void **state)
{
    (void)state;
    for (unsigned downwards = 0; downwards < 2; downwards++) {
        struct flows_order order = by_bytes(downwards == 1);
        struct flows_sorted *s = flows_sorted_new(&order, 0, 1 << 20);
        struct collected c = {.used = 0};
        add_line(s, 5, "a", true);
        add_line(s, 9, "b", true);
        add_line(s, 5, "c", true);
        assert_true(flows_sorted_write(s, collect, &c));
        assert_memory_equal(c.text, downwards == 1 ? "bac" : "acb", 3);
        flows_sorted_free(s);
    }
}

static void test_the_first_of_many_need_no_more_room_than_they_are(void **state)
{
    (void)state;
    struct flows_order order = by_bytes(true);
    struct flows_sorted *s = flows_sorted_new(&order, 2, 1 << 20);
    struct collected c = {.used = 0};
    for (unsigned i = 0; i < 100000; i++) {
        char line[16];
        (void)snprintf(line, sizeof line, "%u.", i);
        add_line(s, (i * 7919) % 100003, line, true);
    }
    assert_int_equal(flows_sorted_refused(s), 0);
    assert_true(flows_sorted_write(s, collect, &c));
    c.text[c.used] = '\0';
    assert_non_null(strchr(c.text, '.'));
    unsigned first = 0, best = 0;
    for (unsigned i = 0; i < 100000; i++)
        if ((i * 7919) % 100003 > best)
            best = (i * 7919) % 100003, first = i;
    char expected[16];
    (void)snprintf(expected, sizeof expected, "%u.", first);
    assert_memory_equal(c.text, expected, strlen(expected));
    flows_sorted_free(s);
}

static void test_lines_without_room_are_counted(void **state)
{
    (void)state;
    struct flows_order order = by_bytes(false);
    struct flows_sorted *s = flows_sorted_new(&order, 0, 250);
    struct collected c = {.used = 0};
    add_line(s, 3, "x", true);
    add_line(s, 2, "y", true);
    add_line(s, 1, "z", false);
    assert_int_equal(flows_sorted_refused(s), 1);
    assert_true(flows_sorted_write(s, collect, &c));
    assert_memory_equal(c.text, "yx", 2);
    flows_sorted_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_times_and_what_is_common_stay),
        cmocka_unit_test(test_keys_tell_groups_apart),
        cmocka_unit_test(test_prefixes_of_ipv6_count_from_its_first_bit),
        cmocka_unit_test(test_a_full_store_counts_what_it_refuses_and_keeps_its_sums),
        cmocka_unit_test(test_many_groups_are_all_found_again),
        cmocka_unit_test(test_sums_stop_at_the_largest_number),
        cmocka_unit_test(test_wrong_keys_are_named),
        cmocka_unit_test(test_equal_lines_keep_their_order_both_ways),
        cmocka_unit_test(test_the_first_of_many_need_no_more_room_than_they_are),
        cmocka_unit_test(test_lines_without_room_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
