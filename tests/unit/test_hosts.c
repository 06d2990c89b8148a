/* evidence/hosts: a zeroed slot per host, day and kind; limits are counted; sorted by address, then
 * day. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "evidence/hosts.h"

enum { KINDS = 3, MANY = 20000 };

static const size_t slot_sizes[KINDS] = {8, 24, 1};

static struct hosts *store(struct hosts_limits limits)
{
    struct hosts *h = hosts_new(&limits, slot_sizes, KINDS);
    assert_non_null(h);
    return h;
}

static struct address number(uint32_t n)
{
    return address_of_v4(n);
}

static void test_a_slot_is_zeroed_when_new_and_the_same_when_known(void **state)
{
    (void)state;
    struct hosts *h = store(HOSTS_LIMITS_DEFAULT);
    static const uint8_t zeros[24];
    uint8_t *slot = hosts_slot(h, 1, number(1), 10);
    assert_memory_equal(slot, zeros, sizeof zeros);
    slot[23] = 77;
    assert_non_null(hosts_slot(h, 1, number(2), 10));
    assert_ptr_equal(hosts_slot(h, 1, number(1), 10), slot);
    assert_int_equal(slot[23], 77);
    hosts_free(h);
}

static void test_hosts_days_and_kinds_have_slots_of_their_own(void **state)
{
    (void)state;
    struct hosts *h = store(HOSTS_LIMITS_DEFAULT);
    void *slot = hosts_slot(h, 0, number(1), 10);
    assert_ptr_not_equal(hosts_slot(h, 1, number(1), 10), slot);
    assert_ptr_not_equal(hosts_slot(h, 0, number(1), 11), slot);
    assert_ptr_not_equal(hosts_slot(h, 0, number(2), 10), slot);
    assert_ptr_not_equal(hosts_slot(h, 0, (struct address){1, number(1).low}, 10), slot);
    assert_ptr_equal(hosts_slot(h, 0, number(1), 10), slot);
    hosts_free(h);
}

static void test_slots_outlive_the_growth_of_the_table(void **state)
{
    (void)state;
    struct hosts *h = store(HOSTS_LIMITS_DEFAULT);
    for (uint32_t i = 0; i < MANY; i++)
        memcpy(hosts_slot(h, 0, number((uint32_t)hash_number(i)), -3), &i, sizeof i);
    for (uint32_t i = 0; i < MANY; i++)
        assert_memory_equal(hosts_slot(h, 0, number((uint32_t)hash_number(i)), -3), &i, sizeof i);
    size_t count;
    assert_non_null(hosts_sorted(h, &count));
    assert_int_equal(count, MANY);
    assert_int_equal(hosts_refused(h), 0);
    hosts_free(h);
}

static void test_host_days_come_sorted_with_what_they_hold(void **state)
{
    (void)state;
    struct hosts *h = store(HOSTS_LIMITS_DEFAULT);
    struct address six = {UINT64_C(0xfd09) << 48, 1};
    (void)hosts_slot(h, 0, six, 1);
    (void)hosts_slot(h, 0, number(9), 2);
    (void)hosts_slot(h, 2, number(9), -1);
    (void)hosts_slot(h, 0, number(3), 5);
    size_t count;
    struct host_day *const *days = hosts_sorted(h, &count);
    assert_int_equal(count, 4);
    assert_true(address_equal(days[0]->host, number(3)));
    assert_true(address_equal(days[1]->host, number(9)) && days[1]->day == -1);
    assert_true(address_equal(days[2]->host, number(9)) && days[2]->day == 2);
    assert_true(address_equal(days[3]->host, six));
    assert_null(host_day_slot(days[1], 0));
    assert_non_null(host_day_slot(days[1], 2));
    hosts_free(h);
}

/* Every set of kinds, begun in several orders: multiplying by an odd number below 8 mixes them. */
static void test_slots_are_found_whichever_were_made_first(void **state)
{
    (void)state;
    enum { KINDS_TRIED = 8 };
    static const size_t sizes[KINDS_TRIED] = {1, 2, 4, 8, 16, 24, 32, 40};
    struct hosts *h = hosts_new(&HOSTS_LIMITS_DEFAULT, sizes, KINDS_TRIED);
    assert_non_null(h);
    for (uint32_t n = 0; n < 4 << KINDS_TRIED; n++)
        for (unsigned i = 0; i < KINDS_TRIED; i++) {
            unsigned kind = (i * (2 * (n >> KINDS_TRIED) + 1) + n) % KINDS_TRIED;
            if ((n & 1u << kind) == 0)
                continue;
            uint8_t *slot = hosts_slot(h, kind, number(n), 1);
            assert_true(slot != NULL && *slot == 0);
            *slot = (uint8_t)(hash_pair(n, kind) | 1);
        }
    size_t count;
    struct host_day *const *days = hosts_sorted(h, &count);
    for (size_t at = 0; at < count; at++)
        for (unsigned kind = 0; kind < KINDS_TRIED; kind++) {
            uint32_t n = address_v4(days[at]->host);
            const uint8_t *slot = host_day_slot(days[at], kind);
            assert_int_equal(slot != NULL, n >> kind & 1);
            assert_true(slot == NULL || *slot == (uint8_t)(hash_pair(n, kind) | 1));
            assert_true(slot == NULL || hosts_slot(h, kind, number(n), 1) == slot);
        }
    assert_int_equal(count, (4 << KINDS_TRIED) - 4);
    hosts_free(h);
}

static void test_an_empty_store_is_sorted_too(void **state)
{
    (void)state;
    struct hosts *h = store(HOSTS_LIMITS_DEFAULT);
    size_t count = 9;
    assert_non_null(hosts_sorted(h, &count));
    assert_int_equal(count, 0);
    hosts_free(h);
    hosts_free(NULL);
}

static void test_host_days_beyond_the_limit_are_refused_and_counted(void **state)
{
    (void)state;
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    limits.host_days = 3;
    struct hosts *h = store(limits);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(hosts_slot(h, 0, number(i), 1) != NULL, i < 3);
    assert_int_equal(hosts_refused(h), 2);
    assert_non_null(hosts_slot(h, 1, number(0), 1)); /* a known host-day still takes slots */
    assert_null(hosts_slot(h, 0, number(0), 2));
    assert_int_equal(hosts_refused(h), 3);
    hosts_free(h);
}

static void test_slots_beyond_the_limit_in_bytes_are_refused_and_counted(void **state)
{
    (void)state;
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    limits.slot_bytes = (size_t)256 << 10;
    struct hosts *h = store(limits);
    uint32_t made = 0;
    while (made < MANY && hosts_slot(h, 1, number(made), 1) != NULL)
        made++;
    assert_in_range(made, 100, MANY - 1);
    assert_int_equal(hosts_refused(h), 1);
    assert_null(hosts_extra(h, (size_t)1 << 20));
    assert_int_equal(hosts_refused(h), 2);
    assert_non_null(hosts_slot(h, 1, number(0), 1));
    hosts_free(h);
}

static void test_sets_beyond_their_limit_are_counted(void **state)
{
    (void)state;
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    limits.set_bytes = 0;
    struct hosts *h = store(limits);
    struct set set = {0};
    (void)set_add(hosts_sets(h), &set, 1);
    (void)set_add(hosts_sets(h), &set, 2);
    assert_true(hosts_refused(h) > 0);
    hosts_free(h);
}

static void test_extra_memory_is_zeroed(void **state)
{
    (void)state;
    struct hosts *h = store(HOSTS_LIMITS_DEFAULT);
    static const uint8_t zeros[1000];
    assert_memory_equal(hosts_extra(h, sizeof zeros), zeros, sizeof zeros);
    hosts_free(h);
}

static void test_addresses_met_are_counted_once(void **state)
{
    (void)state;
    struct hosts *h = store(HOSTS_LIMITS_DEFAULT);
    bool is_estimate;
    for (uint32_t i = 0; i < 100; i++)
        hosts_met(h, number(i % 50));
    assert_float_equal(hosts_met_count(h, &is_estimate), 50, 0);
    assert_false(is_estimate);
    for (uint32_t i = 0; i < MANY; i++)
        hosts_met(h, number(i));
    double met = hosts_met_count(h, &is_estimate);
    assert_true(is_estimate && met > MANY * 0.87 && met < MANY * 1.13);
    size_t count;
    (void)hosts_sorted(h, &count);
    assert_int_equal(count, 0); /* to be met is not to have evidence */
    hosts_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_slot_is_zeroed_when_new_and_the_same_when_known),
        cmocka_unit_test(test_hosts_days_and_kinds_have_slots_of_their_own),
        cmocka_unit_test(test_slots_outlive_the_growth_of_the_table),
        cmocka_unit_test(test_host_days_come_sorted_with_what_they_hold),
        cmocka_unit_test(test_slots_are_found_whichever_were_made_first),
        cmocka_unit_test(test_an_empty_store_is_sorted_too),
        cmocka_unit_test(test_host_days_beyond_the_limit_are_refused_and_counted),
        cmocka_unit_test(test_slots_beyond_the_limit_in_bytes_are_refused_and_counted),
        cmocka_unit_test(test_sets_beyond_their_limit_are_counted),
        cmocka_unit_test(test_extra_memory_is_zeroed),
        cmocka_unit_test(test_addresses_met_are_counted_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
