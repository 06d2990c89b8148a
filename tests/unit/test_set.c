/* evidence/set: exactness to 64, the error of the estimate, merging in any order, the pool's
 * limit. */
#include "testing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "evidence/set.h"

enum { ROOM = 64 * 1024 * 1024 };

static struct set_pool pool;

static int pool_begin(void **state)
{
    (void)state;
    pool = set_pool_of(ROOM);
    return 0;
}

static int pool_end(void **state)
{
    (void)state;
    set_pool_free(&pool);
    return 0;
}

/* The numbers first, first + 1, ... as items: as weak a hash as a caller can give. */
static struct set set_of_range(uint64_t first, uint64_t count)
{
    struct set set = {0};
    for (uint64_t i = 0; i < count; i++)
        (void)set_add(&pool, &set, first + i);
    return set;
}

static struct set merged(struct set a, struct set b)
{
    struct set whole = {0};
    set_merge(&pool, &whole, &a);
    set_merge(&pool, &whole, &b);
    return whole;
}

static void assert_same(const struct set *a, const struct set *b)
{
    const uint64_t *left, *right;
    size_t count = set_sample(a, &left);
    assert_int_equal(count, set_sample(b, &right));
    assert_memory_equal(left, right, count * sizeof *left);
    assert_int_equal(set_registers(a) == NULL, set_registers(b) == NULL);
    if (set_registers(a) != NULL)
        assert_memory_equal(set_registers(a), set_registers(b), SET_REGISTERS);
    assert_int_equal(a->missed, b->missed);
}

static void test_set_of_zero_bytes_is_empty(void **state)
{
    (void)state;
    struct set set = {0};
    const uint64_t *sample;
    assert_true(set_is_exact(&set));
    assert_true(set_count(&set) == 0 && set_count_low(&set) == 0 && set_count_high(&set) == 0);
    assert_int_equal(set_sample(&set, &sample), 0);
}

static void test_only_new_items_are_new_up_to_64(void **state)
{
    (void)state;
    struct set set = {0};
    for (uint64_t i = 0; i < SET_EXACT_MAX; i++) {
        assert_true(set_add(&pool, &set, i * 977));
        for (uint64_t again = 0; again <= i; again++)
            assert_false(set_add(&pool, &set, again * 977));
        assert_true(set_is_exact(&set) && set_count(&set) == (double)(i + 1));
        assert_true(set_count_low(&set) == set_count_high(&set));
    }
}

static void test_hash_zero_is_an_item(void **state)
{
    (void)state;
    struct set set = {0};
    assert_true(set_add(&pool, &set, 0));
    assert_false(set_add(&pool, &set, 0));
    assert_true(set_count(&set) == 1);
}

static void test_one_item_takes_no_memory_of_the_pool(void **state)
{
    (void)state;
    struct set_pool none = set_pool_of(0);
    struct set set = {0};
    assert_true(set_add(&none, &set, 7));
    assert_true(set_is_exact(&set) && set_count(&set) == 1);
    assert_int_equal(none.refused, 0);
}

static void test_sample_of_an_exact_set_is_every_item_in_order(void **state)
{
    (void)state;
    struct set set = set_of_range(0, SET_EXACT_MAX);
    const uint64_t *sample;
    assert_int_equal(set_sample(&set, &sample), SET_EXACT_MAX);
    for (size_t i = 1; i < SET_EXACT_MAX; i++)
        assert_true(sample[i - 1] < sample[i]);
    for (uint64_t i = 0; i < SET_EXACT_MAX; i++) {
        bool found = false;
        for (size_t k = 0; k < SET_EXACT_MAX; k++)
            found = found || sample[k] == hash_number(i);
        assert_true(found);
    }
}

static void test_item_65_turns_it_into_an_estimate(void **state)
{
    (void)state;
    struct set set = set_of_range(0, SET_EXACT_MAX + 1);
    assert_false(set_is_exact(&set));
    assert_non_null(set_registers(&set));
    assert_true(fabs(set_count(&set) - 65) < 65 * 4 * SET_SIGMA);
    assert_true(set_count_low(&set) >= 65);
    assert_true(set_count_high(&set) > set_count(&set));
}

static void test_sample_of_a_large_set_is_its_64_smallest(void **state)
{
    (void)state;
    struct set set = set_of_range(0, 5000);
    const uint64_t *sample;
    size_t below = 0;
    assert_int_equal(set_sample(&set, &sample), SET_EXACT_MAX);
    for (uint64_t i = 0; i < 5000; i++)
        below += hash_number(i) <= sample[SET_EXACT_MAX - 1];
    assert_int_equal(below, SET_EXACT_MAX);
}

/* 200 seeds at each of 8 counts from just above the switch to a million. */
static void test_estimate_is_within_4_sigma_for_every_seed(void **state)
{
    (void)state;
    static const uint64_t counts[] = {65, 200, 1000, 2560, 5000, 20000, 100000, 1000000};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        double sum = 0, squares = 0, worst = 0;
        uint64_t seeds = counts[c] > 50000 ? 20 : 200;
        for (uint64_t seed = 0; seed < seeds; seed++) {
            struct set set = set_of_range(seed << 40, counts[c]);
            double error = set_count(&set) / (double)counts[c] - 1;
            assert_true(set_count_low(&set) <= (double)counts[c]);
            assert_true(set_count_high(&set) >= (double)counts[c]);
            assert_true(fabs(error) < 4 * SET_SIGMA);
            sum += error;
            squares += error * error;
            worst = fmax(worst, fabs(error));
            set_free(&pool, &set);
        }
        print_message("n %llu: mean %+.4f rms %.4f worst %.4f\n", (unsigned long long)counts[c],
                      sum / (double)seeds, sqrt(squares / (double)seeds), worst);
        assert_true(sqrt(squares / (double)seeds) < 1.5 * SET_SIGMA);
        assert_true(fabs(sum) / (double)seeds < 4 * SET_SIGMA / sqrt((double)seeds));
    }
}

static void test_order_and_repetition_do_not_matter(void **state)
{
    (void)state;
    static const uint64_t counts[] = {1, 5, 63, 64, 65, 300};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct set forward = set_of_range(0, counts[c]), backward = {0};
        for (int twice = 0; twice < 2; twice++)
            for (uint64_t i = counts[c]; i > 0; i--)
                (void)set_add(&pool, &backward, i - 1);
        assert_same(&forward, &backward);
    }
}

static void test_merge_of_any_split_equals_the_whole(void **state)
{
    (void)state;
    static const uint64_t counts[] = {0, 1, 2, 40, 64, 65, 100, 700};
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        struct set whole = set_of_range(0, counts[c]);
        for (uint64_t cut = 0; cut <= counts[c]; cut++) {
            struct set a = set_of_range(0, cut), b = set_of_range(cut, counts[c] - cut);
            struct set ab = merged(a, b), ba = merged(b, a);
            assert_same(&ab, &whole);
            assert_same(&ba, &whole);
            set_free(&pool, &a);
            set_free(&pool, &b);
            set_free(&pool, &ab);
            set_free(&pool, &ba);
        }
    }
}

/* Sizes on both sides of the switch, overlapping by half, in every grouping. */
static void test_merge_is_associative_in_mixed_modes(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 1, 30, 64, 90, 1000};
    for (size_t x = 0; x < 6 * 6 * 6; x++) {
        struct set a = set_of_range(0, sizes[x % 6]);
        struct set b = set_of_range(sizes[x % 6] / 2, sizes[x / 6 % 6]);
        struct set c = set_of_range(20, sizes[x / 36]);
        struct set ab = merged(a, b), bc = merged(b, c), ca = merged(c, a);
        struct set left = merged(ab, c), right = merged(a, bc), around = merged(ca, b);
        assert_same(&left, &right);
        assert_same(&left, &around);
    }
}

static void test_merge_with_itself_changes_nothing(void **state)
{
    (void)state;
    struct set set = set_of_range(0, 500), same = set_of_range(0, 500);
    set_merge(&pool, &set, &set);
    set_merge(&pool, &set, &same);
    assert_same(&set, &same);
}

static void test_freed_memory_is_used_again(void **state)
{
    (void)state;
    struct set_pool small = set_pool_of((size_t)256 * 1024);
    for (uint64_t round = 0; round < 1000; round++) {
        struct set set = {0};
        for (uint64_t i = 0; i < 100; i++)
            (void)set_add(&small, &set, i + round);
        assert_int_equal(set.missed, 0);
        set_free(&small, &set);
        assert_true(set_is_exact(&set) && set_count(&set) == 0);
    }
    assert_int_equal(small.refused, 0);
    set_pool_free(&small);
}

/* Growing a set of 4 to 8 is refused: true count 10, of which 4 are held. */
static void test_full_pool_is_told_by_both_bounds(void **state)
{
    (void)state;
    struct set_pool tiny = set_pool_of(4 * sizeof(uint64_t));
    struct set set = {0};
    for (uint64_t i = 0; i < 10; i++)
        assert_true(set_add(&tiny, &set, i));
    assert_false(set_is_exact(&set));
    assert_true(set_count_low(&set) == 4 && set_count_high(&set) == 10);
    assert_int_equal(tiny.refused, 6);
    for (uint64_t i = 0; i < 10; i++)
        (void)set_add(&tiny, &set, i);
    assert_true(set_count_low(&set) == 4 && set_count_high(&set) >= 10);
    set_pool_free(&tiny);
}

static void test_full_pool_keeps_the_smallest_in_any_order(void **state)
{
    (void)state;
    struct set_pool none = set_pool_of(0);
    struct set up = {0}, down = {0};
    for (uint64_t i = 0; i < 10; i++) {
        (void)set_add(&none, &up, i);
        (void)set_add(&none, &down, 9 - i);
    }
    assert_same(&up, &down);
}

static void test_merge_into_a_full_pool_misses_at_most_too_much(void **state)
{
    (void)state;
    struct set_pool none = set_pool_of(0);
    struct set small = {0}, large = set_of_range(0, 5000);
    (void)set_add(&none, &small, 1);
    set_merge(&none, &small, &large);
    assert_true(set_count_low(&small) == 1);
    assert_true(set_count_high(&small) >= 5000);
    assert_true(none.refused > 0);
}

static void test_missed_is_added_up_and_stays_at_its_largest(void **state)
{
    (void)state;
    struct set a = {.missed = UINT32_MAX - 1}, b = {.missed = 5};
    set_merge(&pool, &a, &b);
    assert_int_equal(a.missed, UINT32_MAX);
    set_merge(&pool, &b, &a);
    assert_int_equal(b.missed, UINT32_MAX);
}

/* Four times 1.04 / sqrt(1024) to either side. */
static void test_bounds_of_an_estimate_lie_thirteen_percent_away(void **state)
{
    (void)state;
    struct set set = set_of_range(0, 5000);
    double count = set_count(&set);
    assert_true(fabs(set_count_high(&set) / count - 1.13) < 1e-9);
    assert_true(fabs(set_count_low(&set) / count - 0.87) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set_of_zero_bytes_is_empty),
        cmocka_unit_test(test_only_new_items_are_new_up_to_64),
        cmocka_unit_test(test_hash_zero_is_an_item),
        cmocka_unit_test(test_one_item_takes_no_memory_of_the_pool),
        cmocka_unit_test(test_sample_of_an_exact_set_is_every_item_in_order),
        cmocka_unit_test(test_item_65_turns_it_into_an_estimate),
        cmocka_unit_test(test_sample_of_a_large_set_is_its_64_smallest),
        cmocka_unit_test(test_estimate_is_within_4_sigma_for_every_seed),
        cmocka_unit_test(test_order_and_repetition_do_not_matter),
        cmocka_unit_test(test_merge_of_any_split_equals_the_whole),
        cmocka_unit_test(test_merge_is_associative_in_mixed_modes),
        cmocka_unit_test(test_merge_with_itself_changes_nothing),
        cmocka_unit_test(test_freed_memory_is_used_again),
        cmocka_unit_test(test_full_pool_is_told_by_both_bounds),
        cmocka_unit_test(test_full_pool_keeps_the_smallest_in_any_order),
        cmocka_unit_test(test_merge_into_a_full_pool_misses_at_most_too_much),
        cmocka_unit_test(test_missed_is_added_up_and_stays_at_its_largest),
        cmocka_unit_test(test_bounds_of_an_estimate_lie_thirteen_percent_away),
    };
    return cmocka_run_group_tests(tests, pool_begin, pool_end);
}
