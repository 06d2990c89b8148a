/* evidence/saving: what is loaded is what was saved, and what saving cannot have written is
 * refused. */
#include "testing.h"

#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"

enum { BYTES_MAX = 1 << 16 };

static uint8_t bytes[BYTES_MAX];

static struct hosts *new_hosts(void)
{
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    size_t size = 8;
    struct hosts *h = hosts_new(&limits, &size, 1);
    assert_non_null(h);
    return h;
}

static void check_same_set(const struct set *a, const struct set *b)
{
    const uint64_t *x, *y;
    size_t count = set_sample(a, &x);
    assert_int_equal(set_sample(b, &y), count);
    assert_int_equal(a->missed, b->missed);
    assert_int_equal(a->size, b->size);
    for (size_t i = 0; i < count; i++)
        assert_true(x[i] == y[i]);
    assert_true((set_registers(a) == NULL) == (set_registers(b) == NULL));
    if (set_registers(a) != NULL)
        assert_memory_equal(set_registers(a), set_registers(b), SET_REGISTERS);
}

static void check_set_of(uint64_t items, uint32_t missed)
{
    struct set_pool pool = set_pool_of(1 << 20);
    struct set from = {0}, to = {0};
    for (uint64_t i = 0; i < items; i++)
        (void)set_add(&pool, &from, i);
    from.missed = missed;
    struct writer w = writer_over(bytes, sizeof bytes);
    save_set(&w, &from);
    assert_false(w.failed);
    struct reader r = reader_over(bytes, w.used);
    load_set(&pool, &to, &r);
    assert_false(r.failed);
    assert_int_equal(r.left, 0);
    check_same_set(&from, &to);
    assert_true(set_count(&from) >= set_count(&to) && set_count(&to) >= set_count(&from));
    for (size_t cut = 0; cut < w.used; cut += 1 + cut / 16) {
        struct set none = {0};
        r = reader_over(bytes, cut);
        load_set(&pool, &none, &r);
        assert_true(r.failed && set_number(&none) == 0);
    }
    set_pool_free(&pool);
}

static void test_a_set_of_any_size_comes_back_as_it_was(void **state)
{
    (void)state;
    for (uint64_t items = 0; items <= 70; items++)
        check_set_of(items, 0);
    check_set_of(100000, 0);
    check_set_of(0, 1);
    check_set_of(64, 7);
    check_set_of(1000, UINT32_MAX);
}

/* Whether a set of these bytes is taken. */
static bool is_taken(const uint8_t *of, size_t size)
{
    struct set_pool pool = set_pool_of(1 << 20);
    struct set set = {0};
    struct reader r = reader_over(of, size);
    load_set(&pool, &set, &r);
    bool taken = !r.failed && r.left == 0;
    assert_true(taken || set.size == 0);
    set_pool_free(&pool);
    return taken;
}

static void test_a_set_that_no_run_can_have_made_is_refused(void **state)
{
    (void)state;
    const uint8_t ascending[17] = {2, 1, [9] = 2}, equal[17] = {2, 1, [9] = 1},
                  falling[17] = {2, 2, [9] = 1}, none_missed[5] = {0x80}, form[1] = {66};
    assert_true(is_taken(ascending, sizeof ascending));
    assert_false(is_taken(equal, sizeof equal));
    assert_false(is_taken(falling, sizeof falling));
    assert_false(is_taken(none_missed, sizeof none_missed));
    assert_false(is_taken(form, sizeof form));
}

static void test_a_sketch_whose_registers_deny_its_sample_is_refused(void **state)
{
    (void)state;
    struct set_pool pool = set_pool_of(1 << 20);
    struct set set = {0};
    for (uint64_t i = 0; i < 500; i++)
        (void)set_add(&pool, &set, i);
    struct writer w = writer_over(bytes, sizeof bytes);
    save_set(&w, &set);
    uint8_t *registers = bytes + w.used - SET_REGISTERS;
    assert_true(is_taken(bytes, w.used));
    const uint64_t *sample;
    (void)set_sample(&set, &sample);
    uint8_t *first = &registers[sample[0] >> 54], before = *first;
    *first = 0;
    assert_false(is_taken(bytes, w.used));
    *first = before;
    registers[1000] = 56;
    assert_false(is_taken(bytes, w.used));
    set_pool_free(&pool);
}

static void test_a_sketch_that_counts_beyond_all_numbers_is_believed_less(void **state)
{
    (void)state;
    struct set_pool pool = set_pool_of(1 << 20);
    struct set set = {0}, loaded = {0};
    for (uint64_t i = 0; i < 500; i++)
        (void)set_add(&pool, &set, i);
    struct writer w = writer_over(bytes, sizeof bytes);
    save_set(&w, &set);
    memset(bytes + w.used - SET_REGISTERS, 55, SET_REGISTERS);
    struct reader r = reader_over(bytes, w.used);
    load_set(&pool, &loaded, &r);
    assert_false(r.failed);
    assert_true(set_count(&loaded) > 1e15 && set_count(&loaded) < 1e17);
    set_pool_free(&pool);
}

static void test_a_trail_comes_back_as_it_was(void **state)
{
    (void)state;
    struct hosts *h = new_hosts();
    for (uint64_t keys = 0; keys <= 600; keys += 1 + keys / 3) {
        struct trail from = {0}, to = {0};
        for (uint64_t i = 0; i < keys; i++) {
            trail_add(h, &from, hash_number(i), (int64_t)i);
            trail_add(h, &from, hash_number(i), (int64_t)i + 5);
        }
        struct writer w = writer_over(bytes, sizeof bytes);
        save_trail(&w, &from);
        struct reader r = reader_over(bytes, w.used);
        load_trail(h, &to, &r);
        assert_true(!r.failed && r.left == 0 && to.count == from.count);
        if (from.count > 0)
            assert_memory_equal(to.keys, from.keys, from.count * sizeof from.keys[0]);
    }
    hosts_free(h);
}

/* One key, then another, by their hashes and times. */
static bool are_taken(uint64_t a, uint64_t b, int64_t first_us, int64_t last_us)
{
    struct hosts *h = new_hosts();
    struct trail to = {0};
    struct writer w = writer_over(bytes, sizeof bytes);
    write_le16(&w, 2);
    write_le64(&w, a);
    save_time(&w, 1);
    save_time(&w, 1);
    write_le64(&w, b);
    save_time(&w, first_us);
    save_time(&w, last_us);
    struct reader r = reader_over(bytes, w.used);
    load_trail(h, &to, &r);
    hosts_free(h);
    return !r.failed;
}

static void test_a_trail_out_of_order_or_time_is_refused(void **state)
{
    (void)state;
    assert_true(are_taken(1, 2, 5, 5));
    assert_false(are_taken(2, 2, 5, 5));
    assert_false(are_taken(2, 1, 5, 5));
    assert_false(are_taken(1, 2, 6, 5));
    assert_false(are_taken(1, 2, INT64_MIN, 5));
    assert_false(are_taken(1, 2, 5, INT64_MAX));
    bytes[0] = 0x01; /* 513 keys */
    bytes[1] = 0x02;
    struct reader r = reader_over(bytes, sizeof bytes);
    struct trail to = {0};
    load_trail(NULL, &to, &r);
    assert_true(r.failed && to.count == 0);
}

static void test_examples_and_spans_come_back_as_they_were(void **state)
{
    (void)state;
    struct examples from = {0}, to;
    for (uint64_t i = 0; i < 6; i++)
        examples_add(&from, hash_number(i), i % 2 == 0 ? "one\x1b" : "");
    struct writer w = writer_over(bytes, sizeof bytes);
    save_examples(&w, &from);
    save_span(&w, span_empty());
    save_span(&w, (struct span){-5, 7});
    struct reader r = reader_over(bytes, w.used);
    load_examples(&to, &r);
    struct span empty = load_span(&r), full = load_span(&r);
    assert_true(!r.failed && r.left == 0);
    assert_memory_equal(&to, &from, sizeof to);
    assert_true(empty.first_us > empty.last_us);
    assert_true(full.first_us == -5 && full.last_us == 7);
}

static bool text_is_taken(const char *text, size_t length, bool printable)
{
    char out[8] = "before";
    struct writer w = writer_over(bytes, sizeof bytes);
    write_le16(&w, (uint16_t)length);
    write_bytes(&w, text, length);
    struct reader r = reader_over(bytes, w.used);
    (printable ? load_printable : load_text)(&r, out, sizeof out);
    assert_true(strlen(out) < sizeof out);
    assert_string_equal(out, r.failed ? "" : text);
    return !r.failed;
}

static void test_texts_are_bounded_and_have_no_end_within(void **state)
{
    (void)state;
    assert_true(text_is_taken("", 0, false) && text_is_taken("", 0, true));
    assert_true(text_is_taken("1234567", 7, false));
    assert_false(text_is_taken("12345678", 8, false));
    assert_false(text_is_taken("a\0b", 3, false));
    assert_true(text_is_taken("a\x1b", 2, false));
    assert_false(text_is_taken("a\x1b", 2, true));
}

static void test_numbers_have_limits(void **state)
{
    (void)state;
    struct writer w = writer_over(bytes, sizeof bytes);
    write_le64(&w, LOAD_COUNT_MAX);
    write_le64(&w, LOAD_COUNT_MAX + 1);
    struct reader r = reader_over(bytes, w.used);
    assert_true(load_count(&r) == LOAD_COUNT_MAX && !r.failed);
    assert_true(load_count(&r) == 0 && r.failed);
    const uint8_t two = 2;
    r = reader_over(&two, 1);
    assert_true(!load_bool(&r) && r.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_set_of_any_size_comes_back_as_it_was),
        cmocka_unit_test(test_a_set_that_no_run_can_have_made_is_refused),
        cmocka_unit_test(test_a_sketch_whose_registers_deny_its_sample_is_refused),
        cmocka_unit_test(test_a_sketch_that_counts_beyond_all_numbers_is_believed_less),
        cmocka_unit_test(test_a_trail_comes_back_as_it_was),
        cmocka_unit_test(test_a_trail_out_of_order_or_time_is_refused),
        cmocka_unit_test(test_examples_and_spans_come_back_as_they_were),
        cmocka_unit_test(test_texts_are_bounded_and_have_no_end_within),
        cmocka_unit_test(test_numbers_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
