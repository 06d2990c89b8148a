/* detect/names_tried: whether they are few or many cannot be seen from outside. Everything is held
 * against plain sets, one a list and length. */
#include "testing.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "detect/names_tried.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"

enum { SAVED_MOST = 1 << 16, TOO_MANY = 2 * NAMES_FEW + 8 };

struct told {
    struct domain_shape shape;
    uint64_t hash;
};

/* The same name on every run; every eighth one is told again. */
static struct told name_of(uint64_t seed, unsigned number)
{
    uint64_t draw = hash_pair(seed, number % 8 == 7 ? number - 3 : number);
    return (struct told){
        .shape = {.label_length = DOMAIN_LABEL_MIN + (unsigned)(draw >> 8) % NAME_LENGTHS,
                  .lists = 1 + (unsigned)(draw >> 16) % 7},
        .hash = hash_number(draw)};
}

static struct hosts *store(size_t slot_bytes, size_t set_bytes)
{
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    static const size_t slot_sizes[] = {8};
    limits.slot_bytes = slot_bytes;
    limits.set_bytes = set_bytes;
    struct hosts *h = hosts_new(&limits, slot_sizes, 1);
    assert_non_null(h);
    return h;
}

static struct hosts *store_with_room(void)
{
    return store(1 << 24, 1 << 24);
}

static void tell_both(struct hosts *h, struct names_tried *t, struct name_sets *plain,
                      struct told name)
{
    names_tried_add(h, t, name.shape, name.hash);
    for (unsigned list = 0; list < NAME_LISTS; list++)
        if ((name.shape.lists & 1u << list) != 0)
            (void)set_add(hosts_sets(h),
                          &plain->of[list][name.shape.label_length - DOMAIN_LABEL_MIN], name.hash);
}

static size_t saved_sets(const struct name_sets *plain, uint8_t bytes[static SAVED_MOST])
{
    struct writer w = writer_over(bytes, SAVED_MOST);
    for (unsigned list = 0; list < NAME_LISTS; list++)
        for (unsigned i = 0; i < NAME_LENGTHS; i++)
            save_set(&w, &plain->of[list][i]);
    assert_false(w.failed);
    return w.used;
}

static size_t saved(const struct names_tried *t, uint8_t bytes[static SAVED_MOST])
{
    struct writer w = writer_over(bytes, SAVED_MOST);
    names_tried_save(&w, t);
    assert_false(w.failed);
    return w.used;
}

/* What is saved of a set is all of it: items, registers and what it missed. */
static void assert_same(const struct names_tried *t, const struct name_sets *plain)
{
    static uint8_t wanted[SAVED_MOST], had[SAVED_MOST];
    size_t size = saved_sets(plain, wanted);
    assert_int_equal(saved(t, had), size);
    assert_memory_equal(had, wanted, size);
}

static void test_however_many_they_are_they_are_the_same_sets(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++) {
        struct hosts *h = store_with_room();
        struct names_tried t = {0};
        struct name_sets plain = {0};
        assert_same(&t, &plain);
        for (unsigned i = 0; i < (seed == 0 ? 3000 : TOO_MANY); i++) {
            tell_both(h, &t, &plain, name_of(seed, i));
            assert_true(t.is_many || t.count <= i + 1);
            if (i < TOO_MANY || i % 500 == 0)
                assert_same(&t, &plain);
        }
        assert_true(t.is_many);
        assert_int_equal(hosts_refused(h), 0);
        hosts_free(h);
    }
}

static void test_up_to_the_last_of_the_few_no_set_is_made(void **state)
{
    (void)state;
    struct hosts *h = store_with_room();
    struct names_tried t = {0};
    struct domain_shape shape = {.label_length = 7, .lists = 7};
    for (uint64_t i = 0; i <= NAMES_FEW; i++) {
        assert_false(t.is_many);
        assert_int_equal(t.count, i);
        names_tried_add(h, &t, shape, i);
        names_tried_add(h, &t, shape, i);
    }
    assert_true(t.is_many);
    hosts_free(h);
}

static void test_parts_merge_to_the_whole_wherever_they_are_cut(void **state)
{
    (void)state;
    for (unsigned cut = 0; cut <= TOO_MANY; cut++) {
        struct hosts *h = store_with_room();
        struct names_tried parts[2] = {0}, either = {0};
        struct name_sets plain = {0};
        for (unsigned i = 0; i < TOO_MANY; i++)
            tell_both(h, &parts[i >= cut], &plain, name_of(5, i));
        names_tried_merge(h, &either, &parts[1]);
        names_tried_merge(h, &either, &parts[0]);
        names_tried_merge(h, &parts[0], &parts[1]);
        assert_same(&either, &plain);
        assert_same(&parts[0], &plain);
        names_tried_merge(h, &either, &parts[0]);
        assert_same(&either, &plain);
        hosts_free(h);
    }
}

static void test_what_is_saved_comes_back(void **state)
{
    (void)state;
    static uint8_t bytes[SAVED_MOST];
    for (unsigned count = 0; count < TOO_MANY; count += 3) {
        struct hosts *h = store_with_room();
        struct names_tried t = {0}, again = {0};
        struct name_sets plain = {0};
        for (unsigned i = 0; i < count; i++)
            tell_both(h, &t, &plain, name_of(9, i));
        struct reader r = reader_over(bytes, saved(&t, bytes));
        names_tried_load(h, &again, &r);
        assert_true(!r.failed && r.left == 0);
        assert_int_equal(again.is_many, t.is_many);
        assert_same(&again, &plain);
        hosts_free(h);
    }
}

/* Only a stranger's file has one hash with two lengths: both are kept. */
static void test_one_hash_of_two_lengths_is_two_names(void **state)
{
    (void)state;
    struct hosts *h = store_with_room();
    struct names_tried t = {0};
    struct name_sets plain = {0};
    for (unsigned length = DOMAIN_LABEL_MAX; length >= DOMAIN_LABEL_MIN; length -= 2)
        for (unsigned lists = 1; lists < 8; lists++)
            tell_both(h, &t, &plain, (struct told){{length, lists}, 77});
    assert_same(&t, &plain);
    assert_int_equal(t.count, NAME_LENGTHS / 2);
    hosts_free(h);
}

/* Names are tries: the innocent side is to count too many of them. */
static void test_without_room_none_is_counted_too_few(void **state)
{
    (void)state;
    for (size_t slot_bytes = 0; slot_bytes < 1200; slot_bytes += 40) {
        struct hosts *h = store(slot_bytes, slot_bytes % 3 * 256);
        struct names_tried t = {0}, merged = {0};
        struct name_sets plain = {0}, *room = &plain;
        struct hosts *roomy = store_with_room();
        for (unsigned i = 0; i < TOO_MANY; i++) {
            struct told name = name_of(3, i);
            names_tried_add(h, &t, name.shape, name.hash);
            struct names_tried unused = {0};
            tell_both(roomy, &unused, room, name);
        }
        names_tried_merge(h, &merged, &t);
        for (unsigned list = 0; list < NAME_LISTS; list++)
            for (unsigned length = DOMAIN_LABEL_MIN; length <= DOMAIN_LABEL_MAX; length++) {
                uint64_t items[NAMES_FEW];
                double least = set_count(&plain.of[list][length - DOMAIN_LABEL_MIN]);
                struct set one = names_tried_of(&t, list, length, items);
                assert_true(set_count_high(&one) >= least);
                one = names_tried_of(&merged, list, length, items);
                assert_true(set_count_high(&one) >= least);
            }
        assert_true(hosts_refused(h) > 0);
        hosts_free(roomy);
        hosts_free(h);
    }
}

static void test_freed_memory_is_taken_again(void **state)
{
    (void)state;
    struct hosts *h = store(1 << 15, 1 << 15);
    for (unsigned round = 0; round < 1000; round++) {
        struct names_tried t = {0};
        for (unsigned i = 0; i < round % TOO_MANY; i++) {
            struct told name = name_of(round, i);
            names_tried_add(h, &t, name.shape, name.hash);
        }
        names_tried_free(h, &t);
        assert_int_equal(t.count, 0);
    }
    assert_int_equal(hosts_refused(h), 0);
    hosts_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_however_many_they_are_they_are_the_same_sets),
        cmocka_unit_test(test_up_to_the_last_of_the_few_no_set_is_made),
        cmocka_unit_test(test_parts_merge_to_the_whole_wherever_they_are_cut),
        cmocka_unit_test(test_what_is_saved_comes_back),
        cmocka_unit_test(test_one_hash_of_two_lengths_is_two_names),
        cmocka_unit_test(test_without_room_none_is_counted_too_few),
        cmocka_unit_test(test_freed_memory_is_taken_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
