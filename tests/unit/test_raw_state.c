/* scan/raw_state: two bits a knock, and a file that is believed only where it is whole. */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/writer.h"
#include "scan/raw_state.h"

enum { HOSTS = 37 };

static char path[64];

static int begin(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/wormsign-state-%ld", (long)getpid());
    (void)unlink(path);
    return 0;
}

static int end(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static struct reader settings(void)
{
    return reader_over("whom and what", 13);
}

static void test_knocks_do_not_touch_each_other(void **state)
{
    struct raw_state *s = raw_state_new(3, 2, NULL);
    (void)state;
    assert_int_equal(raw_state_knocks(s), 8);
    for (unsigned k = 0; k < 8; k++)
        raw_state_set(s, 1, k, (enum knock_state)(k % 4));
    raw_state_set(s, 1, 2, KNOCK_SILENT);
    for (unsigned k = 0; k < 8; k++) {
        assert_int_equal(raw_state_of(s, 1, k), k == 2 ? 0 : k % 4);
        assert_int_equal(raw_state_of(s, 0, k), KNOCK_SILENT);
        assert_int_equal(raw_state_of(s, 2, k), KNOCK_SILENT);
    }
    raw_state_free(s);
}

static void test_knocks_are_counted_by_what_came_of_them(void **state)
{
    struct raw_state *s = raw_state_new(4, 2, NULL);
    uint64_t sums[KNOCK_STATES];
    (void)state;
    for (unsigned k = 0; k < 8; k++) {
        raw_state_set(s, 1, k, k < 3 ? KNOCK_REFUSED : k < 5 ? KNOCK_ANSWERED : KNOCK_SILENT);
        raw_state_set(s, 2, k, k < 1 ? KNOCK_OPEN : KNOCK_REFUSED);
        raw_state_set(s, 3, k, KNOCK_OPEN); /* of another */
    }
    raw_state_sum(s, 1, 2, sums);
    assert_int_equal(sums[KNOCK_SILENT], 3);
    assert_int_equal(sums[KNOCK_REFUSED], 3 + 7);
    assert_int_equal(sums[KNOCK_OPEN], 1);
    assert_int_equal(sums[KNOCK_ANSWERED], 2);
    raw_state_free(s);
}

static void test_only_what_answered_is_found(void **state)
{
    struct raw_state *s = raw_state_new(2, 2, NULL);
    (void)state;
    for (unsigned k = 0; k < 8; k++)
        raw_state_set(s, 0, k, k % 2 == 0 ? KNOCK_REFUSED : KNOCK_OPEN);
    assert_false(raw_state_is_found(s, 0));
    raw_state_set(s, 0, 7, KNOCK_ANSWERED);
    assert_true(raw_state_is_found(s, 0));
    assert_false(raw_state_is_found(s, 1));
    raw_state_free(s);
}

static struct raw_state *made(void)
{
    const struct raw_progress p = {
        .pass = 1, .place = 12, .sent = 90, .asked = 74, .answered = 5, .silent = {69, 1, 2}};
    struct raw_state *s = raw_state_create(path, settings(), HOSTS, 1, NULL);
    assert_non_null(s);
    raw_state_set(s, 36, 3, KNOCK_OPEN);
    raw_state_note(s, &p);
    return s;
}

static void test_a_file_goes_on_where_it_was(void **state)
{
    struct reader told;
    (void)state;
    raw_state_free(made());
    struct raw_state *s = raw_state_open(path, &told, NULL);
    assert_non_null(s);
    const struct raw_progress p = raw_state_progress(s);
    assert_int_equal(p.pass, 1);
    assert_int_equal(p.place, 12);
    assert_int_equal(p.sent, 90);
    assert_int_equal(p.asked, 74);
    assert_int_equal(p.answered, 5);
    assert_int_equal(p.silent[0], 69);
    assert_int_equal(p.silent[2], 2);
    assert_int_equal(raw_state_hosts(s), HOSTS);
    assert_int_equal(raw_state_of(s, 36, 3), KNOCK_OPEN);
    assert_int_equal(told.left, 13);
    assert_memory_equal(told.next, "whom and what", 13);
    raw_state_free(s);
}

static void test_turns_of_the_week_are_kept(void **state)
{
    struct reader kept;
    struct raw_state *s = raw_state_create(path, settings(), HOSTS, 2, NULL);
    (void)state;
    assert_int_equal(raw_state_when(s, 5, 77), 77);
    for (unsigned i = 0; i < RAW_WEEKS_MAX; i++)
        assert_true(raw_state_turn(s, i, 1000 + i));
    assert_false(raw_state_turn(s, RAW_WEEKS_MAX, 9));
    raw_state_free(s);
    s = raw_state_open(path, &kept, NULL);
    assert_non_null(s);
    assert_int_equal(raw_state_turns(s), RAW_WEEKS_MAX);
    assert_int_equal(raw_state_when(s, 0, 77), 1000);
    assert_int_equal(raw_state_when(s, 99, 77), 1000 + RAW_WEEKS_MAX - 1);
    assert_true(raw_state_turn(s, 2, 5)); /* from there on it is asked again */
    assert_int_equal(raw_state_when(s, 99, 77), 5);
    assert_int_equal(raw_state_when(s, 1, 77), 1001);
    raw_state_free(s);
}

static void test_there_is_one_scan_a_file(void **state)
{
    struct error err;
    struct reader told;
    struct raw_state *s = made();
    (void)state;
    assert_null(raw_state_create(path, settings(), HOSTS, 1, &err));
    assert_non_null(strstr(err.text, "--resume"));
    assert_null(raw_state_open(path, &told, &err));
    assert_non_null(strstr(err.text, "another scan"));
    raw_state_free(s);
}

static size_t whole_file(uint8_t *bytes, size_t room)
{
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t size = fread(bytes, 1, room, in);
    (void)fclose(in);
    return size;
}

static bool is_believed(const uint8_t *bytes, size_t size)
{
    struct error err;
    struct reader told;
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, size, out), size);
    (void)fclose(out);
    struct raw_state *s = raw_state_open(path, &told, &err);
    raw_state_free(s);
    return s != NULL;
}

static void test_a_cut_file_is_not_believed(void **state)
{
    static uint8_t bytes[10000];
    (void)state;
    raw_state_free(made());
    size_t size = whole_file(bytes, sizeof bytes);
    assert_int_equal(size, 4096 + HOSTS);
    assert_true(is_believed(bytes, size));
    assert_false(is_believed(bytes, size + 1));
    for (size_t cut = size; cut-- > 0;) {
        struct reader told;
        assert_int_equal(truncate(path, (off_t)cut), 0); /* writing it anew takes seconds */
        assert_null(raw_state_open(path, &told, NULL));
    }
}

static void test_a_changed_head_is_not_believed(void **state)
{
    static uint8_t bytes[10000];
    (void)state;
    raw_state_free(made());
    size_t size = whole_file(bytes, sizeof bytes);
    for (size_t at = 0; at < 64; at++) {
        bytes[at] ^= 0x81;
        assert_false(is_believed(bytes, size));
        bytes[at] ^= 0x81;
    }
    bytes[128] = RAW_WEEKS_MAX + 1;
    assert_false(is_believed(bytes, size));
    bytes[128] = 0;
    for (size_t at = 1160; at < 1173; at++) {
        bytes[at] ^= 1;
        assert_false(is_believed(bytes, size));
        bytes[at] ^= 1;
    }
    bytes[64] = 9; /* a pass that there is not, and a place beyond the last */
    assert_false(is_believed(bytes, size));
    bytes[64] = 1;
    bytes[72] = HOSTS + 1;
    assert_false(is_believed(bytes, size));
}

static void set_number(uint8_t *bytes, size_t at, uint64_t number)
{
    struct writer w = writer_over(bytes + at, 8);
    write_le64(&w, number);
}

/* Progress and turns have no digest, as they are written again and again: so each is bounded. */
static void test_what_stands_beside_the_digest_is_bounded_to_the_last(void **state)
{
    static uint8_t bytes[10000];
    (void)state;
    struct raw_state *s = made();
    for (unsigned i = 0; i < RAW_WEEKS_MAX; i++)
        assert_true(raw_state_turn(s, 2 * i, 1000));
    raw_state_free(s);
    size_t size = whole_file(bytes, sizeof bytes);
    set_number(bytes, 64, RAW_PASSES);
    set_number(bytes, 72, HOSTS);
    assert_true(is_believed(bytes, size));
    set_number(bytes, 64, RAW_PASSES + 1);
    assert_false(is_believed(bytes, size));
    set_number(bytes, 64, 0);
    set_number(bytes, 72, HOSTS + 1);
    assert_false(is_believed(bytes, size));
    set_number(bytes, 72, 0);
    set_number(bytes, 128, RAW_WEEKS_MAX + 1);
    assert_false(is_believed(bytes, size));
    set_number(bytes, 128, RAW_WEEKS_MAX);
    set_number(bytes, 136 + 16 * 5, 8); /* as the one before it */
    assert_false(is_believed(bytes, size));
}

static void test_a_host_has_one_two_or_four_bytes(void **state)
{
    (void)state;
    for (unsigned count = 1; count <= 5; count++) {
        struct reader told;
        raw_state_free(raw_state_create(path, settings(), HOSTS, count, NULL));
        struct raw_state *s = raw_state_open(path, &told, NULL);
        assert_int_equal(s != NULL, count == 1 || count == 2 || count == 4);
        raw_state_free(s);
        assert_int_equal(unlink(path), 0);
    }
}

static void test_a_place_that_turns_again_is_one_turn(void **state)
{
    struct raw_state *s = raw_state_new(HOSTS, 1, NULL);
    (void)state;
    assert_true(raw_state_turn(s, 3, 10));
    assert_true(raw_state_turn(s, 5, 20));
    assert_true(raw_state_turn(s, 5, 30));
    assert_int_equal(raw_state_turns(s), 2);
    assert_int_equal(raw_state_when(s, 4, 0), 10);
    assert_int_equal(raw_state_when(s, 5, 0), 30);
    assert_true(raw_state_turn(s, 2, 40));
    assert_int_equal(raw_state_turns(s), 1);
    raw_state_free(s);
}

static void test_what_is_no_file_is_said_to_be_none(void **state)
{
    struct error err;
    struct reader told;
    (void)state;
    assert_null(raw_state_open("/tmp", &told, &err));
    assert_null(raw_state_open("/dev/zero", &told, &err));
    assert_non_null(strstr(err.text, "no file"));
    assert_null(raw_state_create("/nowhere/at/all", settings(), 1, 1, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knocks_do_not_touch_each_other),
        cmocka_unit_test(test_knocks_are_counted_by_what_came_of_them),
        cmocka_unit_test(test_only_what_answered_is_found),
        cmocka_unit_test_setup_teardown(test_a_file_goes_on_where_it_was, begin, end),
        cmocka_unit_test_setup_teardown(test_there_is_one_scan_a_file, begin, end),
        cmocka_unit_test_setup_teardown(test_turns_of_the_week_are_kept, begin, end),
        cmocka_unit_test_setup_teardown(test_a_cut_file_is_not_believed, begin, end),
        cmocka_unit_test_setup_teardown(test_a_changed_head_is_not_believed, begin, end),
        cmocka_unit_test_setup_teardown(test_what_stands_beside_the_digest_is_bounded_to_the_last,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_a_host_has_one_two_or_four_bytes, begin, end),
        cmocka_unit_test(test_a_place_that_turns_again_is_one_turn),
        cmocka_unit_test(test_what_is_no_file_is_said_to_be_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
