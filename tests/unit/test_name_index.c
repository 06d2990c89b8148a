/* conficker/name_index: members are found at their first place, strangers are not. */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/time.h"
#include "conficker/domains.h"
#include "conficker/name_index.h"
#include "conficker/suffixes.h"

enum { ALL_LISTS = 1 << NAME_LIST_A | 1 << NAME_LIST_B | 1 << NAME_LIST_D };

static int make_index(void **state)
{
    struct name_index *index = calloc(1, sizeof *index);
    *state = index;
    return index == NULL;
}

static int free_index(void **state)
{
    free(*state);
    return 0;
}

struct member {
    char name[DOMAIN_NAME_SIZE];
    unsigned position;
};

/* By name, then by position. */
static int compare_members(const void *left, const void *right)
{
    const struct member *a = left, *b = right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : (a->position > b->position) - (a->position < b->position);
}

/* A day's list, sorted by name, so that the first of equals is the first place. */
static struct member *sorted_list(enum name_list list, int32_t day)
{
    size_t count = domains_count(list);
    struct member *members = calloc(count, sizeof *members);
    struct domain_generator generator;
    assert_non_null(members);
    domains_begin(&generator, list, day);
    for (size_t i = 0; i < count; i++) {
        (void)domains_next(&generator, members[i].name);
        members[i].position = (unsigned)i;
    }
    qsort(members, count, sizeof *members, compare_members);
    return members;
}

/* Every name of the list is found at its first place; returns how many stand there again. */
static unsigned check_members(const struct name_index *index, enum name_list list, int32_t day)
{
    struct member *members = sorted_list(list, day);
    unsigned again = 0, first = 0;
    for (unsigned i = 0; i < domains_count(list); i++) {
        struct name_match match;
        if (strcmp(members[i].name, members[first].name) != 0)
            first = i;
        again += first != i;
        uint64_t hash = name_hash(members[i].name, strlen(members[i].name));
        assert_true(name_index_find(index, list, hash, &match));
        assert_int_equal(match.list, list);
        assert_int_equal(match.position, members[first].position);
    }
    free(members);
    return again;
}

static void test_every_name_is_found_at_its_first_place(void **state)
{
    struct name_index *index = *state;
    unsigned again = 0;
    for (int32_t day = day_of_date(2009, 4, 1); day < day_of_date(2009, 4, 11); day++) {
        name_index_reset(index, day);
        name_index_fill(index, ALL_LISTS);
        for (unsigned list = 0; list < NAME_LISTS; list++)
            again += check_members(index, (enum name_list)list, day);
    }
    assert_true(again >= 2); /* 2009-04-01 alone has two: the rule was put to the test */
}

static void test_names_of_other_days_are_not_found(void **state)
{
    struct name_index *index = *state;
    int32_t day = day_of_date(2026, 7, 1);
    name_index_reset(index, day);
    name_index_fill(index, ALL_LISTS);
    for (unsigned list = 0; list < NAME_LISTS; list++) {
        struct member *today = sorted_list((enum name_list)list, day);
        struct member *tomorrow = sorted_list((enum name_list)list, day + 1);
        size_t count = domains_count((enum name_list)list);
        for (size_t i = 0, k = 0; i < count; i++) {
            struct name_match match;
            while (k < count && strcmp(today[k].name, tomorrow[i].name) < 0)
                k++;
            bool member = k < count && strcmp(today[k].name, tomorrow[i].name) == 0;
            uint64_t hash = name_hash(tomorrow[i].name, strlen(tomorrow[i].name));
            assert_int_equal(name_index_find(index, (enum name_list)list, hash, &match), member);
        }
        free(today);
        free(tomorrow);
    }
}

/* A name of D's shape, at random: 4 to 9 letters, one of its suffixes. */
static void random_name(uint64_t seed, char name[static DOMAIN_NAME_SIZE])
{
    char label[DOMAIN_LABEL_MAX + 1] = "";
    uint64_t length = 4 + hash_number(seed) % 6;
    for (uint64_t i = 0; i < length; i++)
        label[i] = (char)('a' + hash_pair(seed, i) % 26);
    unsigned suffix = (unsigned)(hash_pair(seed, 99) % suffixes_count(NAME_LIST_D));
    (void)snprintf(name, DOMAIN_NAME_SIZE, "%s.%s", label, suffix_at(NAME_LIST_D, suffix)->text);
}

static int compare_to_member(const void *name, const void *member)
{
    return strcmp(name, ((const struct member *)member)->name);
}

static void test_a_million_random_names_are_found_only_when_members(void **state)
{
    struct name_index *index = *state;
    int32_t day = day_of_date(2009, 4, 1);
    name_index_reset(index, day);
    name_index_fill(index, 1u << NAME_LIST_D);
    struct member *members = sorted_list(NAME_LIST_D, day);
    unsigned found = 0;
    for (uint64_t seed = 0; seed < 1000000; seed++) {
        char name[DOMAIN_NAME_SIZE];
        struct name_match match;
        random_name(seed, name);
        bool member = bsearch(name, members, NAMES_A_DAY_MAX, sizeof *members, compare_to_member) !=
                      NULL;
        uint64_t hash = name_hash(name, strlen(name));
        assert_int_equal(name_index_find(index, NAME_LIST_D, hash, &match), member);
        found += member;
    }
    free(members);
    /* A sixth has four letters and is a member with chance 1.6e-4: 26 and a few, and never none. */
    assert_in_range(found, 5, 60);
}

static void test_lists_are_filled_as_asked_and_once(void **state)
{
    struct name_index *index = *state;
    name_index_reset(index, day_of_date(2009, 4, 1));
    assert_int_equal(index->lists, 0);
    name_index_fill(index, 1u << NAME_LIST_B);
    assert_int_equal(index->lists, 1u << NAME_LIST_B);
    name_index_fill(index, ALL_LISTS | 1u << 9);
    assert_int_equal(index->lists, ALL_LISTS);
    struct name_index *before = malloc(sizeof *before);
    assert_non_null(before);
    memcpy(before, index, sizeof *before);
    name_index_fill(index, ALL_LISTS);
    assert_memory_equal(before, index, sizeof *before);
    free(before);
}

static void test_the_order_of_filling_changes_no_answer(void **state)
{
    struct name_index *index = *state;
    int32_t day = day_of_date(2009, 4, 1);
    name_index_reset(index, day);
    name_index_fill(index, 1u << NAME_LIST_D);
    name_index_fill(index, 1u << NAME_LIST_B);
    name_index_fill(index, 1u << NAME_LIST_A);
    for (unsigned list = 0; list < NAME_LISTS; list++)
        (void)check_members(index, (enum name_list)list, day);
}

static void test_reset_forgets_the_day_before(void **state)
{
    struct name_index *index = *state;
    struct name_match match;
    name_index_reset(index, day_of_date(2009, 4, 1));
    name_index_fill(index, ALL_LISTS);
    uint64_t hash = name_hash("oubezepg.com.mx", 15);
    assert_true(name_index_find(index, NAME_LIST_D, hash, &match));
    assert_int_equal(match.position, 0);
    name_index_reset(index, day_of_date(2009, 4, 2));
    assert_int_equal(index->lists, 0);
    name_index_fill(index, ALL_LISTS);
    assert_false(name_index_find(index, NAME_LIST_D, hash, &match));
}

static void test_a_list_answers_for_itself_only(void **state)
{
    struct name_index *index = *state;
    struct name_match match;
    name_index_reset(index, day_of_date(2008, 11, 25));
    name_index_fill(index, ALL_LISTS);
    uint64_t of_a = name_hash("clviiocw.org", 12), of_b = name_hash("vklyezb.cn", 10);
    assert_true(name_index_find(index, NAME_LIST_A, of_a, &match));
    assert_false(name_index_find(index, NAME_LIST_B, of_a, &match));
    assert_true(name_index_find(index, NAME_LIST_B, of_b, &match));
    assert_false(name_index_find(index, NAME_LIST_A, of_b, &match));
    assert_false(name_index_find(index, NAME_LIST_D, of_b, &match));
}

static void test_no_match_leaves_out_untouched(void **state)
{
    struct name_index *index = *state;
    struct name_match match = {.list = NAME_LIST_B, .position = 7};
    name_index_reset(index, day_of_date(2009, 4, 1));
    name_index_fill(index, 1u << NAME_LIST_D);
    assert_false(name_index_find(index, NAME_LIST_D, name_hash("example.com", 11), &match));
    assert_int_equal(match.list, NAME_LIST_B);
    assert_int_equal(match.position, 7);
}

static void test_hash_knows_no_case_and_no_final_dot(void **state)
{
    (void)state;
    uint64_t hash = name_hash("gzyh.nl", 7);
    assert_true(name_hash("GzYH.Nl.", 8) == hash);
    assert_true(hash_bytes("gzyh.nl", 7) == hash);
    assert_true(name_hash("gzyh.nl..", 9) != hash);
    assert_true(name_hash("[a", 2) != name_hash("{a", 2));
    assert_true(name_hash("@a", 2) != name_hash("`a", 2));
    assert_true(name_hash(".", 1) == name_hash("", 0));
}

static void test_hash_reads_long_names_whole_and_not_beyond(void **state)
{
    (void)state;
    enum { LONGEST = 1100 };
    uint64_t last = 0;
    for (size_t length = 0; length < LONGEST; length++) {
        char *exact = malloc(length > 0 ? length : 1);
        assert_non_null(exact);
        memset(exact, 'a', length);
        uint64_t hash = name_hash(exact, length);
        assert_true(hash != last);
        if (length > 0) {
            exact[length - 1] = 'b';
            assert_true(name_hash(exact, length) != hash);
            exact[length - 1] = 'A';
            assert_true(name_hash(exact, length) == hash);
        }
        last = hash;
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_name_is_found_at_its_first_place),
        cmocka_unit_test(test_names_of_other_days_are_not_found),
        cmocka_unit_test(test_a_million_random_names_are_found_only_when_members),
        cmocka_unit_test(test_lists_are_filled_as_asked_and_once),
        cmocka_unit_test(test_the_order_of_filling_changes_no_answer),
        cmocka_unit_test(test_reset_forgets_the_day_before),
        cmocka_unit_test(test_a_list_answers_for_itself_only),
        cmocka_unit_test(test_no_match_leaves_out_untouched),
        cmocka_unit_test(test_hash_knows_no_case_and_no_final_dot),
        cmocka_unit_test(test_hash_reads_long_names_whole_and_not_beyond),
    };
    return cmocka_run_group_tests(tests, make_index, free_index);
}
