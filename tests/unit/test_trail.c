/* evidence/trail, evidence/examples: the smallest hashes are kept, so parts merge to the whole in
 * any order; and two trails share what passed both within a minute. */
#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "evidence/examples.h"
#include "evidence/hosts.h"
#include "evidence/trail.h"

enum { SECOND = 1000000, KEYS = 700 };

/* What the trails keep their keys in; made in main. */
static struct hosts *store;

static void check_ascending(const struct trail *t)
{
    for (uint32_t i = 1; i < t->count; i++)
        assert_true(t->keys[i - 1].hash < t->keys[i].hash);
}

static void check_equal(const struct trail *a, const struct trail *b)
{
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->keys, b->keys, b->count * sizeof b->keys[0]);
}

static struct trail trail_of_keys(unsigned from, unsigned to)
{
    struct trail t = {0};
    for (unsigned i = from; i < to; i++)
        trail_add(store, &t, hash_number(i), i * (int64_t)SECOND);
    check_ascending(&t);
    return t;
}

static void test_a_key_keeps_its_first_and_last_time(void **state)
{
    (void)state;
    struct trail t = {0};
    trail_add(store, &t, 7, 20);
    trail_add(store, &t, 7, 10);
    trail_add(store, &t, 7, 15);
    trail_add(store, &t, 7, 30);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.keys[0].first_us, 10);
    assert_int_equal(t.keys[0].last_us, 30);
}

static void test_the_smallest_keys_are_kept(void **state)
{
    (void)state;
    struct trail t = trail_of_keys(0, KEYS);
    assert_int_equal(t.count, TRAIL_KEYS);
    unsigned smaller = 0;
    for (unsigned i = 0; i < KEYS; i++)
        smaller += hash_number(i) <= t.keys[TRAIL_KEYS - 1].hash;
    assert_int_equal(smaller, TRAIL_KEYS);
}

static void test_trails_of_parts_merge_to_the_whole(void **state)
{
    (void)state;
    struct trail whole = trail_of_keys(0, KEYS);
    for (unsigned cut = 0; cut <= KEYS; cut += 35) {
        struct trail first = trail_of_keys(0, cut), second = trail_of_keys(cut / 2, KEYS);
        struct trail other = trail_of_keys(cut / 2, KEYS);
        trail_merge(store, &other, &first);
        trail_merge(store, &first, &second);
        check_equal(&first, &whole);
        check_equal(&other, &whole);
        trail_merge(store, &first, &whole);
        check_equal(&first, &whole);
    }
}

static void test_keys_within_a_minute_are_shared(void **state)
{
    (void)state;
    struct trail a = {0}, b = {0};
    trail_add(store, &a, 1, 0);
    trail_add(store, &b, 1, 60 * (int64_t)SECOND);
    trail_add(store, &a, 2, 100 * (int64_t)SECOND);
    trail_add(store, &b, 2, 40 * (int64_t)SECOND);
    trail_add(store, &a, 3, 5);
    trail_add(store, &b, 4, 5);
    assert_int_equal(trail_shared(&a, &b), 2);
    assert_int_equal(trail_shared(&b, &a), 2);
}

static void test_keys_more_than_a_minute_apart_are_not_shared(void **state)
{
    (void)state;
    struct trail a = {0}, b = {0}, empty = {0};
    trail_add(store, &a, 1, 0);
    trail_add(store, &b, 1, 60 * (int64_t)SECOND + 1);
    assert_int_equal(trail_shared(&a, &b), 0);
    assert_int_equal(trail_shared(&b, &a), 0);
    assert_int_equal(trail_shared(&a, &empty), 0);
    trail_add(store, &a, 1, 30 * (int64_t)SECOND);
    assert_int_equal(trail_shared(&a, &b), 1);
}

static void test_full_trails_of_the_same_keys_share_all_they_keep(void **state)
{
    (void)state;
    struct trail a = trail_of_keys(0, KEYS), b = {0};
    for (unsigned i = KEYS; i-- > 0;)
        trail_add(store, &b, hash_number(i), i * (int64_t)SECOND + 100000);
    assert_int_equal(trail_shared(&a, &b), TRAIL_KEYS);
}

static struct examples examples_of(const unsigned *numbers, size_t count)
{
    struct examples e = {0};
    for (size_t i = 0; i < count; i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "item %u", numbers[i]);
        examples_add(&e, numbers[i], text);
    }
    return e;
}

static void test_the_examples_with_the_smallest_hashes_are_kept(void **state)
{
    (void)state;
    struct examples e = examples_of((const unsigned[]){50, 20, 60, 10, 40, 20, 30, 70}, 8);
    assert_int_equal(e.count, EXAMPLES_KEPT);
    static const char *const kept[EXAMPLES_KEPT] = {"item 10", "item 20", "item 30", "item 40"};
    for (unsigned i = 0; i < EXAMPLES_KEPT; i++)
        assert_string_equal(e.kept[i].text, kept[i]);
}

static void test_only_new_and_small_examples_are_wanted(void **state)
{
    (void)state;
    struct examples e = examples_of((const unsigned[]){1, 3, 5}, 3);
    assert_true(examples_want(&e, 100));
    assert_false(examples_want(&e, 3));
    examples_add(&e, 7, "item 7");
    assert_false(examples_want(&e, 100));
    assert_false(examples_want(&e, 7));
    assert_true(examples_want(&e, 6));
    examples_add(&e, 3, "another text");
    assert_string_equal(e.kept[1].text, "item 3");
}

static void test_examples_of_parts_merge_to_the_whole(void **state)
{
    (void)state;
    static const unsigned numbers[] = {80, 20, 60, 10, 40, 30, 70, 50};
    enum { NUMBERS = sizeof numbers / sizeof numbers[0] };
    struct examples whole = examples_of(numbers, NUMBERS);
    for (size_t cut = 0; cut <= NUMBERS; cut++) {
        struct examples first = examples_of(numbers, cut);
        struct examples second = examples_of(numbers + cut, NUMBERS - cut), other = second;
        examples_merge(&other, &first);
        examples_merge(&first, &second);
        assert_memory_equal(&first, &whole, sizeof whole);
        assert_memory_equal(&other, &whole, sizeof whole);
    }
}

static void test_a_long_example_is_cut_and_closed(void **state)
{
    (void)state;
    struct examples e = {0};
    char text[2 * EXAMPLE_TEXT_SIZE];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    examples_add(&e, 1, text);
    assert_int_equal(strlen(e.kept[0].text), EXAMPLE_TEXT_SIZE - 1);
}

static void test_examples_become_the_items_of_one_fact(void **state)
{
    (void)state;
    struct examples e = examples_of((const unsigned[]){2, 1}, 2);
    struct sign s = {0};
    examples_show(&e, "met", &s);
    assert_int_equal(s.fact_count, 2);
    assert_string_equal(s.facts[0].name, "met");
    assert_int_equal(s.facts[1].kind, FACT_ITEM);
    assert_string_equal(s.facts[0].text, "item 1");
    assert_string_equal(s.facts[1].text, "item 2");
}

int main(void)
{
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    size_t slot_size = 1;
    store = hosts_new(&limits, &slot_size, 1);
    if (store == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key_keeps_its_first_and_last_time),
        cmocka_unit_test(test_the_smallest_keys_are_kept),
        cmocka_unit_test(test_trails_of_parts_merge_to_the_whole),
        cmocka_unit_test(test_keys_within_a_minute_are_shared),
        cmocka_unit_test(test_keys_more_than_a_minute_apart_are_not_shared),
        cmocka_unit_test(test_full_trails_of_the_same_keys_share_all_they_keep),
        cmocka_unit_test(test_the_examples_with_the_smallest_hashes_are_kept),
        cmocka_unit_test(test_only_new_and_small_examples_are_wanted),
        cmocka_unit_test(test_examples_of_parts_merge_to_the_whole),
        cmocka_unit_test(test_a_long_example_is_cut_and_closed),
        cmocka_unit_test(test_examples_become_the_items_of_one_fact),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    hosts_free(store);
    return failed;
}
