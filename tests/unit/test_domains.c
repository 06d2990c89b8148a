/* conficker/domains: the lists equal the vectors name by name and by SHA-256 of the whole list, the
 * emulated FSIN equals the instruction, the shape gate and the chances. */
#include "testing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <nettle/sha2.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/time.h"
#include "conficker/domains.h"
#include "conficker/suffixes.h"
#include "conficker/x87_sine.h"

enum {
    IN_A = 1 << NAME_LIST_A,
    IN_B = 1 << NAME_LIST_B,
    IN_D = 1 << NAME_LIST_D,
    DIGEST_TEXT_SIZE = 2 * SHA256_DIGEST_SIZE + 1
};

/* A whole day's list. */
struct list {
    enum name_list which;
    int32_t day;
    size_t count;
    char names[NAMES_A_DAY_MAX][DOMAIN_NAME_SIZE];
};

static void list_make(struct list *list, enum name_list which, int32_t day)
{
    struct domain_generator generator;
    domains_begin(&generator, which, day);
    list->which = which;
    list->day = day;
    list->count = domains_count(which);
    for (size_t i = 0; i < list->count; i++) {
        size_t length = domains_next(&generator, list->names[i]);
        assert_int_equal(length, strlen(list->names[i]));
    }
}

static void list_digest(const struct list *list, char text[static DIGEST_TEXT_SIZE])
{
    struct sha256_ctx hash;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&hash);
    for (size_t i = 0; i < list->count; i++) {
        sha256_update(&hash, strlen(list->names[i]), (const uint8_t *)list->names[i]);
        sha256_update(&hash, 1, (const uint8_t *)"\n");
    }
    sha256_digest(&hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", digest[i]);
}

static int compare_names(const void *left, const void *right)
{
    return memcmp(left, right, DOMAIN_NAME_SIZE);
}

static size_t list_unique(const struct list *list)
{
    char(*sorted)[DOMAIN_NAME_SIZE] = calloc(list->count, sizeof *sorted);
    assert_non_null(sorted);
    for (size_t i = 0; i < list->count; i++)
        (void)snprintf(sorted[i], DOMAIN_NAME_SIZE, "%s", list->names[i]);
    qsort(sorted, list->count, sizeof *sorted, compare_names);
    size_t unique = 1;
    for (size_t i = 1; i < list->count; i++)
        unique += memcmp(sorted[i - 1], sorted[i], DOMAIN_NAME_SIZE) != 0;
    free(sorted);
    return unique;
}

/* The first name of a day's list that another sine, asked for every number, would make otherwise;
 * -1 when there is none. Tells it by the keys, whose every difference shows in the low bits. */
static long diverges_at(enum name_list which, int32_t day, double (*sine)(double))
{
    static const uint64_t steps[NAME_LISTS] = {0x64236735, 0x53125624, 0x4F3D859E};
    struct domain_generator generator;
    char name[DOMAIN_NAME_SIZE];
    domains_begin(&generator, which, day);
    uint64_t key = generator.key;
    for (size_t i = 0; i < domains_count(which); i++) {
        (void)domains_next(&generator, name);
        for (size_t numbers = strcspn(name, ".") + 2; numbers > 0; numbers--) {
            double d = (double)key, p = (double)(key * steps[which]);
            double x = (p + sine(d)) * d * d;
            memcpy(&key, &x, sizeof key);
        }
        if (key != generator.key)
            return (long)i;
    }
    return -1;
}

/* One row of the vectors: what is said of the list of this day. */
static void check_row(const struct list *list, const char *what, const char *value)
{
    char digest[DIGEST_TEXT_SIZE];
    if (strcmp(what, "sha256") == 0) {
        list_digest(list, digest);
        assert_string_equal(digest, value);
    } else if (strcmp(what, "n_unique") == 0) {
        assert_int_equal(list_unique(list), strtoul(value, NULL, 10));
    } else if (strcmp(what, "libm_sin_diverges_at") == 0) {
        assert_int_equal(diverges_at(list->which, list->day, sin), strtol(value, NULL, 10));
    } else {
        size_t index = strtoul(what, NULL, 10);
        assert_true(index < list->count);
        assert_string_equal(list->names[index], value);
    }
}

/* Checks every row of a file of vectors; returns how many there were. */
static unsigned check_vectors(const char *path, enum name_list which)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    struct list *list = malloc(sizeof *list);
    assert_non_null(list);
    char line[256], date[32] = "", last_date[32] = "", what[32], value[128];
    unsigned rows = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#')
            continue;
        assert_int_equal(sscanf(line, "%31s %31s %127s", date, what, value), 3);
        if (strcmp(date, last_date) != 0) {
            int32_t day;
            assert_true(date_parse(date, &day, NULL));
            list_make(list, which, day);
            (void)snprintf(last_date, sizeof last_date, "%s", date);
        }
        check_row(list, what, value);
        rows++;
    }
    free(list);
    (void)fclose(file);
    return rows;
}

static void test_lists_of_a_equal_the_vectors(void **state)
{
    (void)state;
    assert_int_equal(check_vectors(VECTORS "/domains-a.tsv", NAME_LIST_A), 1512);
}

static void test_lists_of_b_equal_the_vectors(void **state)
{
    (void)state;
    assert_int_equal(check_vectors(VECTORS "/domains-b.tsv", NAME_LIST_B), 1512);
}

static void test_lists_of_d_equal_the_vectors(void **state)
{
    (void)state;
    assert_int_equal(check_vectors(VECTORS "/domains-d.tsv", NAME_LIST_D), 2012);
}

static void test_names_seen_on_infected_machines_are_made(void **state)
{
    (void)state;
    struct list *list = malloc(sizeof *list);
    assert_non_null(list);
    list_make(list, NAME_LIST_B, day_of_date(2009, 1, 8));
    assert_string_equal(list->names[24], "mphtfrxs.net");
    assert_string_equal(list->names[26], "imctaef.cc");
    assert_string_equal(list->names[27], "hcweu.org");
    list_make(list, NAME_LIST_B, day_of_date(2009, 9, 2));
    assert_string_equal(list->names[51], "wllntjmv.org");
    assert_string_equal(list->names[183], "mtntdjlfkcv.org");
    free(list);
}

static void test_suffixes_of_d_equal_the_file(void **state)
{
    (void)state;
    FILE *file = fopen(VECTORS "/suffixes-d.txt", "r");
    assert_non_null(file);
    char word[16];
    unsigned count = 0;
    for (; fscanf(file, "%15s", word) == 1; count++) {
        assert_string_equal(suffix_at(NAME_LIST_D, count)->text, word);
        assert_int_equal(suffix_at(NAME_LIST_D, count)->length, strlen(word));
    }
    assert_int_equal(count, suffixes_count(NAME_LIST_D));
    (void)fclose(file);
}

/* The lists that hold a suffix, by searching the tables. */
static unsigned lists_by_search(const char *text)
{
    unsigned lists = 0;
    for (unsigned list = 0; list < NAME_LISTS; list++)
        for (unsigned i = 0; i < suffixes_count((enum name_list)list); i++)
            if (strcmp(suffix_at((enum name_list)list, i)->text, text) == 0)
                lists |= 1u << list;
    return lists;
}

static void test_suffix_gate_equals_a_search(void **state)
{
    (void)state;
    static const char *const before[] = {"",     "co.", "com.", "con.", "co",     "com",
                                         ".co.", "c.",  "net.", "o",    "co\x0e", "com\x0e",
                                         "inf",  "in",  ".",    "..",   "comm.",  "bi"};
    unsigned found = 0;
    for (size_t i = 0; i < COUNT_OF(before); i++)
        for (unsigned pair = 0; pair < 127 * 127; pair++) {
            char text[16];
            /* Every pair of ASCII bytes but NUL; upper case is the next test's. */
            char first = (char)(pair / 127 + 1), second = (char)(pair % 127 + 1);
            if ((first >= 'A' && first <= 'Z') || (second >= 'A' && second <= 'Z'))
                continue;
            (void)snprintf(text, sizeof text, "%s%c%c", before[i], first, second);
            unsigned lists = suffix_lists(reader_over(text, strlen(text)));
            assert_int_equal(lists, lists_by_search(text));
            found += lists != 0;
        }
    assert_true(found >= 116 + 3);
}

static void test_suffix_gate_knows_every_suffix_in_any_case(void **state)
{
    (void)state;
    for (unsigned list = 0; list < NAME_LISTS; list++)
        for (unsigned i = 0; i < suffixes_count((enum name_list)list); i++) {
            struct suffix suffix = *suffix_at((enum name_list)list, i);
            for (size_t k = 0; k < suffix.length; k++)
                if (suffix.text[k] != '.')
                    suffix.text[k] ^= 0x20;
            assert_true(suffix_lists(reader_over(suffix.text, suffix.length)) >> list & 1);
        }
}

static void test_suffix_gate_is_not_fooled_by_nul_bytes(void **state)
{
    (void)state;
    assert_int_equal(suffix_lists(reader_over("\0com", 4)), 0);
    assert_int_equal(suffix_lists(reader_over("\0ac", 3)), 0);
    assert_int_equal(suffix_lists(reader_over("ac\0", 3)), 0);
    assert_int_equal(suffix_lists(reader_over("", 0)), 0);
}

/* What the instruction fsin of an Intel Xeon (model 167) gave, stored as a double. */
static const struct {
    double number, sine;
} instruction[] = {
    {0x0p+0, 0x0p+0},
    {0x1p+0, 0x1.aed548f090ceep-1},
    {0x1p+1, 0x1.d18f6ead1b446p-1},
    {0x1.8p+1, 0x1.210386db6d55bp-3},
    {0x1p+2, -0x1.837b9dddc1eaep-1},
    {0x1.6p+4, -0x1.220a29f6eb9f4p-7},
    {0x1.63p+8, -0x1.f9bd0307d1e6ap-16},
    {0x1.63p+9, 0x1.f9bd0303f7036p-15},
    {0x1.9639p+16, -0x1.40efdf1eaf38bp-16},
    {0x1p+32, -0x1.d9130288e542ap-2},
    {0x1.69fb466cp+31, -0x1.d595139f4a6e2p-2},
    {0x1p+53, -0x1.b2a73a3330317p-1},
    {0x1p+54, 0x1.cb6e1e7c6c8c1p-1},
    {0x1p+60, -0x1.a9b70ee528bbp-1},
    {0x1p+61, 0x1.d905cf89c97bp-1},
    {0x1p+62, -0x1.6a0d53baab39ep-1},
    {0x1.8p+62, -0x1.87d0bb7b1c2e8p-2},
    {0x1.fffffffffffffp+62, 0x1.f984e05a54f44p-1},
    {0x1.158e460913dp+62, -0x1.a6a979b933c78p-1},
    {0x1.100130279da8p+62, 0x1.fc883702dcef3p-1},
    {0x1.12210f47de981p+60, -0x1.bb5a7e06a7fddp-1},
    {0x1.05447dd95c41p+62, 0x1.78c8e266b2fcap-2},
    {0x1.0e7eda65dae3bp+62, 0x1.0e53e503d6e91p-1},
    {0x1.053f122c6f10ep+62, -0x1.b81daeb9c075ep-1},
    {0x1.0237d7867f545p+62, -0x1.7fca59c6298ccp-1},
    {0x1.0a556f33a4c6p+62, 0x1.3c2469efb35d4p-5},
    {0x1.05f56ffa4793ap+62, -0x1.6f0af589eafbfp-1},
    {0x1.02e7356b7df5ep+62, 0x1.fe667e1ced4aap-1},
    {0x1.0f592a0fafaabp+62, 0x1.85a253c137023p-1},
    {0x1.ff262e4c7fe84p+61, -0x1.bbf023dc8c916p-1},
    {0x1.016c892f77496p+62, 0x1.35b77d753b5b5p-2},
    {0x1.10b82831b3ab2p+62, 0x1.f883900aba6abp-1},
    {0x1.1322f1d821019p+62, -0x1.5541b48cf0c93p-1},
};

static void test_sine_equals_the_instruction(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(instruction); i++) {
        double sine = x87_sine(instruction[i].number);
        assert_true(fabs(sine - instruction[i].sine) <= 0x1p-53);
    }
}

static void test_sine_of_a_large_number_is_not_the_true_one(void **state)
{
    (void)state;
    assert_true(fabs(x87_sine(0x1p62) - sin(0x1p62)) > 0.001);
    assert_true(fabs(x87_sine(12345) - sin(12345)) < 1e-12);
}

static void test_sine_is_never_beyond_one(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000000; i++)
        assert_true(fabs(x87_sine((double)(hash_number(i) >> i % 64))) <= 1);
    assert_true(fabs(x87_sine(0x1p64)) <= 1);
    assert_true(x87_sine(0) == 0);
}

/* Why the generator may leave the sine out for products of 2^54 and more. */
static void test_sine_beside_two_to_the_54_changes_nothing(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000000; i++) {
        double p = (double)((UINT64_C(1) << 54) + (hash_number(i) >> (i % 54 + 10)));
        double sine = x87_sine((double)(hash_number(~i) >> 1));
        assert_true(p + sine == p);
        assert_true(p + 1 == p && p - 1 == p);
    }
    assert_true(0x1.fffffffffffffp53 - 1 != 0x1.fffffffffffffp53); /* so below it may */
}

static void test_leaving_the_sine_out_changes_no_name(void **state)
{
    (void)state;
    for (int32_t day = day_of_date(2009, 4, 1); day < day_of_date(2009, 4, 6); day++)
        for (unsigned list = 0; list < NAME_LISTS; list++)
            assert_int_equal(diverges_at((enum name_list)list, day, x87_sine), -1);
}

static void check_name(enum name_list list, const char *name, size_t length)
{
    struct domain_shape shape;
    assert_true(length < DOMAIN_NAME_SIZE && strlen(name) == length);
    assert_true(domain_shape_of(name, length, &shape));
    assert_true(shape.lists >> list & 1);
    assert_true(name[shape.label_length] == '.');
}

static void test_names_across_the_covered_days_have_their_shape(void **state)
{
    (void)state;
    char name[DOMAIN_NAME_SIZE];
    struct domain_generator generator;
    for (int32_t day = day_of_date(2008, 1, 1); day <= day_of_date(2100, 12, 31); day++) {
        assert_true(domains_day_is_covered(day));
        for (unsigned list = 0; list < NAME_LISTS; list++) {
            /* A and B every 8th day, D every 512th: the whole takes minutes. */
            if (day % (list == NAME_LIST_D ? 512 : 8) != 0)
                continue;
            domains_begin(&generator, (enum name_list)list, day);
            for (size_t i = domains_count((enum name_list)list); i > 0; i--)
                check_name((enum name_list)list, name, domains_next(&generator, name));
        }
    }
    assert_false(domains_day_is_covered(day_of_date(2007, 12, 31)));
    assert_false(domains_day_is_covered(day_of_date(2101, 1, 1)));
}

static void test_any_day_and_any_key_give_names_without_fault(void **state)
{
    (void)state;
    static const int32_t days[] = {INT32_MIN, -134775, -134774, 0, INT32_MAX};
    static const uint64_t keys[] = {0, 1, UINT64_MAX, UINT64_C(1) << 63, UINT64_C(1) << 62};
    char name[DOMAIN_NAME_SIZE];
    struct domain_generator generator;
    for (unsigned list = 0; list < NAME_LISTS; list++)
        for (size_t i = 0; i < COUNT_OF(days) + COUNT_OF(keys); i++) {
            domains_begin(&generator, (enum name_list)list, days[i % COUNT_OF(days)]);
            if (i >= COUNT_OF(days))
                generator.key = keys[i - COUNT_OF(days)];
            for (int k = 0; k < 1000; k++)
                check_name((enum name_list)list, name, domains_next(&generator, name));
        }
}

/* The lists of a name's shape; 0 when it has none. From an exact-size heap copy. */
static unsigned shape_lists(const char *name, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, name, length);
    struct domain_shape shape = {0};
    bool shaped = domain_shape_of(copy, length, &shape);
    assert_true(shaped == (shape.lists != 0));
    free(copy);
    return shape.lists;
}

static void test_shapes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned lists;
    } rows[] = {
        {"abcd.com", 0},
        {"abcde.com", IN_A | IN_B},
        {"ABCDE.Com.", IN_A | IN_B},
        {"abcdefghijk.info", 3},
        {"abcdefghijkl.info", 0},
        {"abcde.ws", IN_B},
        {"abcde.cn", IN_B | IN_D},
        {"abcd.cn", IN_D},
        {"abcdefghij.cn", IN_B},
        {"abcd.com.mx", IN_D},
        {"abcd.mx", 0},
        {"abcd.com.mx.", IN_D},
        {"www.abcd.ac", 0},
        {"abcdefghi.ac", IN_D},
        {"abcdefghij.ac", 0},
        {"abc.ac", 0},
        {"abc1d.ac", 0},
        {"abcd-e.com", 0},
        {"abcd.ac..", 0},
        {"abcd", 0},
        {"abcd.", 0},
        {".ac", 0},
        {"", 0},
        {".", 0},
        {"com.mx", 0},
        {"abcd..ac", 0},
        {"abcd .ac", 0},
        {"google.com", 3},
        {"bbc.co.uk", 0},
        {"abcd.co.uk", IN_D},
        {"abcd\x0e"
         "ac",
         0},
        {"abcd.com\x0emx", 0},
        {"ab\xe4"
         "cd.ac",
         0},
        {"abcd.co.uk.ac", 0},
        {"[bcde.com", 0},
        {"abcd{.com", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(shape_lists(rows[i].name, strlen(rows[i].name)), rows[i].lists);
}

static void test_every_truncation_is_judged_within_its_bytes(void **state)
{
    (void)state;
    static const char name[] = "ABCDEFGHI.com.mx.";
    for (size_t length = 0; length < sizeof name; length++) {
        bool shaped = length == 13 || length == 14 || length == 16 || length == 17;
        assert_int_equal(shape_lists(name, length) != 0, shaped);
    }
}

static void test_no_shape_leaves_out_untouched(void **state)
{
    (void)state;
    struct domain_shape shape = {.label_length = 77, .lists = 55};
    assert_false(domain_shape_of("www.example.com", 15, &shape));
    assert_int_equal(shape.label_length, 77);
    assert_int_equal(shape.lists, 55);
    assert_true(domain_shape_of("abcdef.com", 10, &shape));
    assert_int_equal(shape.label_length, 6);
}

static void check_chance(enum name_list list, unsigned letters, double said, double tolerance)
{
    double chance = domain_chance(list, letters);
    assert_true(fabs(chance - said) <= tolerance * said);
}

static void test_chances_are_the_published_ones(void **state)
{
    (void)state;
    static const double of_d[] = {1.6e-4, 6.0e-6, 2.3e-7, 8.9e-9, 3.4e-10, 1.3e-11};
    for (unsigned i = 0; i < COUNT_OF(of_d); i++)
        check_chance(NAME_LIST_D, 4 + i, of_d[i], 0.03);
    /* These are published with one digit. */
    static const double of_a[] = {5e-7, 2e-8, 8e-10, 6e-11}, of_b[] = {3e-7, 1e-8, 5e-10, 4e-11};
    for (unsigned i = 0; i < COUNT_OF(of_a); i++) {
        check_chance(NAME_LIST_A, 5 + i, of_a[i], 0.3);
        check_chance(NAME_LIST_B, 5 + i, of_b[i], 0.3);
    }
    for (unsigned letters = 9; letters <= 11; letters++)
        assert_true(domain_chance(NAME_LIST_A, letters) < 6e-11);
}

static void test_no_chance_where_there_is_no_such_name(void **state)
{
    (void)state;
    assert_true(domain_chance(NAME_LIST_D, 3) == 0 && domain_chance(NAME_LIST_D, 10) == 0);
    assert_true(domain_chance(NAME_LIST_A, 4) == 0 && domain_chance(NAME_LIST_A, 12) == 0);
    assert_true(domain_chance(NAME_LIST_B, 4) == 0 && domain_chance(NAME_LIST_B, 12) == 0);
    assert_true(domain_chance(NAME_LIST_B, 0) == 0 && domain_chance(NAME_LIST_B, 4000000000u) == 0);
}

/* The chances are a length's share over the number of names of that length; the shares are counted
 * here, in `days` days, and must lie within five standard deviations. So must those of each
 * suffix. */
static void check_counts(enum name_list list, int days)
{
    static unsigned lengths[DOMAIN_LABEL_MAX + 1];
    static unsigned suffixes[128];
    struct domain_generator generator;
    char name[DOMAIN_NAME_SIZE];
    memset(lengths, 0, sizeof lengths);
    memset(suffixes, 0, sizeof suffixes);
    for (int day = 0; day < days; day++) {
        domains_begin(&generator, list, day_of_date(2009, 1, 1) + day);
        for (size_t i = domains_count(list); i > 0; i--) {
            (void)domains_next(&generator, name);
            size_t letters = strcspn(name, ".");
            lengths[letters]++;
            for (unsigned k = 0; k < suffixes_count(list); k++)
                suffixes[k] += strcmp(suffix_at(list, k)->text, name + letters + 1) == 0;
        }
    }
    double names = (double)domains_count(list) * days;
    for (unsigned letters = 0; letters <= DOMAIN_LABEL_MAX; letters++) {
        double want = domain_chance(list, letters) * suffixes_count(list) * pow(26, letters) * days;
        assert_true(fabs(lengths[letters] - want) <= 5 * sqrt(want * (1 - want / names)));
    }
    for (unsigned k = 0; k < suffixes_count(list); k++) {
        double want = names / suffixes_count(list);
        assert_true(fabs(suffixes[k] - want) <= 5 * sqrt(want));
    }
}

static void test_chances_agree_with_counted_names(void **state)
{
    (void)state;
    check_counts(NAME_LIST_A, 1000);
    check_counts(NAME_LIST_B, 1000);
    check_counts(NAME_LIST_D, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_of_a_equal_the_vectors),
        cmocka_unit_test(test_lists_of_b_equal_the_vectors),
        cmocka_unit_test(test_lists_of_d_equal_the_vectors),
        cmocka_unit_test(test_names_seen_on_infected_machines_are_made),
        cmocka_unit_test(test_suffixes_of_d_equal_the_file),
        cmocka_unit_test(test_suffix_gate_equals_a_search),
        cmocka_unit_test(test_suffix_gate_knows_every_suffix_in_any_case),
        cmocka_unit_test(test_suffix_gate_is_not_fooled_by_nul_bytes),
        cmocka_unit_test(test_sine_equals_the_instruction),
        cmocka_unit_test(test_sine_of_a_large_number_is_not_the_true_one),
        cmocka_unit_test(test_sine_is_never_beyond_one),
        cmocka_unit_test(test_sine_beside_two_to_the_54_changes_nothing),
        cmocka_unit_test(test_leaving_the_sine_out_changes_no_name),
        cmocka_unit_test(test_names_across_the_covered_days_have_their_shape),
        cmocka_unit_test(test_any_day_and_any_key_give_names_without_fault),
        cmocka_unit_test(test_shapes_are_told),
        cmocka_unit_test(test_every_truncation_is_judged_within_its_bytes),
        cmocka_unit_test(test_no_shape_leaves_out_untouched),
        cmocka_unit_test(test_chances_are_the_published_ones),
        cmocka_unit_test(test_no_chance_where_there_is_no_such_name),
        cmocka_unit_test(test_chances_agree_with_counted_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
