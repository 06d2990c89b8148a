/* evidence/names_saving: names that are kept say the same of a host as those that were told. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/time.h"
#include "base/writer.h"
#include "evidence/names.h"
#include "evidence/verdict.h"
#include "wire/told_name.h"

enum { MAC = 0x112233, OTHER_MAC = 0x445566, HOST = 0x0a090105 };

#define WHEN_US INT64_C(1240300000000000)

static struct names *new_names(void)
{
    struct names *n = names_new(1 << 20);
    assert_non_null(n);
    return n;
}

static void tell(struct names *n, enum told_kind kind, enum told_lease lease, uint64_t mac,
                 bool has_address, const char *text, int64_t when_us)
{
    struct told_name told = {.kind = kind, .lease = lease, .has_address = has_address, .mac = mac};
    if (has_address)
        told.address = address_of_v4(HOST);
    told_name_set(&told, reader_over(text, strlen(text)));
    names_tell(n, &told, when_us);
}

static struct names *told(void)
{
    struct names *n = new_names();
    tell(n, TOLD_DHCP, LEASE_GIVEN, MAC, true, "ward3-pc", WHEN_US);
    tell(n, TOLD_DHCP, LEASE_HELD, MAC, true, "ward3-pc", WHEN_US + 5 * US_PER_SECOND);
    tell(n, TOLD_NETBIOS, LEASE_NONE, MAC, true, "WARD3-PC", WHEN_US + 6 * US_PER_SECOND);
    tell(n, TOLD_DHCP_ASKED, LEASE_NONE, MAC, false, "asked", WHEN_US - 60 * US_PER_SECOND);
    tell(n, TOLD_DHCP, LEASE_GIVEN, OTHER_MAC, true, "other", WHEN_US + US_PER_DAY);
    for (unsigned i = 0; i < 9; i++) {
        char name[] = "sinkhole0";
        name[8] = (char)('0' + i);
        tell(n, TOLD_DNS, LEASE_NONE, 0, true, name, WHEN_US);
    }
    return n;
}

static void say(struct names *n, int64_t first_us, struct verdict *v)
{
    memset(v, 0, sizeof *v);
    v->host = address_of_v4(HOST);
    v->first_us = first_us;
    v->last_us = first_us + US_PER_SECOND;
    assert_true(names_settle(n));
    names_fill(n, v);
}

static void check_same(struct names *a, struct names *b)
{
    struct verdict x, y;
    for (int64_t at = -1; at <= 2; at++) {
        say(a, WHEN_US + at * US_PER_DAY, &x);
        say(b, WHEN_US + at * US_PER_DAY, &y);
        assert_int_equal(x.name_count, y.name_count);
        for (unsigned i = 0; i < x.name_count; i++)
            assert_string_equal(x.names[i], y.names[i]);
        assert_true(x.mac == y.mac && x.mac_changed == y.mac_changed);
        assert_int_equal(x.stay_count, y.stay_count);
        for (unsigned i = 0; i < x.stay_count; i++)
            assert_true(x.stays[i].first_us == y.stays[i].first_us &&
                        x.stays[i].last_us == y.stays[i].last_us);
    }
}

static bool copy_day(void *context, const struct name_day *day)
{
    uint8_t bytes[NAME_DAY_BYTES_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    name_day_save(&w, day);
    assert_false(w.failed);
    struct reader r = reader_over(bytes, w.used);
    return names_load_day(context, &r);
}

static void test_names_that_are_kept_say_what_those_told_said(void **state)
{
    (void)state;
    struct names *from = told(), *to = new_names();
    assert_true(names_each(from, copy_day, to));
    check_same(from, to);
    struct verdict v;
    say(to, WHEN_US, &v);
    assert_string_equal(v.names[0], "WARD3-PC");
    assert_true(v.mac == MAC);
    names_free(from);
    names_free(to);
}

static void test_what_is_loaded_twice_is_there_once(void **state)
{
    (void)state;
    struct names *from = told(), *to = new_names();
    assert_true(names_each(from, copy_day, to));
    assert_true(names_each(from, copy_day, to));
    check_same(from, to);
    names_free(from);
    names_free(to);
}

static bool cut_day(void *context, const struct name_day *day)
{
    uint8_t bytes[NAME_DAY_BYTES_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    name_day_save(&w, day);
    for (size_t cut = 0; cut < w.used; cut++) {
        uint8_t *copy = malloc(cut + 1);
        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        struct reader r = reader_over(copy, cut);
        assert_false(names_load_day(context, &r));
        free(copy);
    }
    write_u8(&w, 0);
    struct reader more = reader_over(bytes, w.used);
    assert_false(names_load_day(context, &more));
    return true;
}

static void test_no_piece_of_a_day_is_taken_for_the_whole(void **state)
{
    (void)state;
    struct names *from = told(), *to = new_names();
    assert_true(names_each(from, cut_day, to));
    names_free(from);
    names_free(to);
}

static bool shift_day(void *context, const struct name_day *day)
{
    enum { DAY_AT = 24 };
    uint8_t bytes[NAME_DAY_BYTES_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    name_day_save(&w, day);
    bytes[DAY_AT]++;
    struct reader r = reader_over(bytes, w.used);
    assert_false(names_load_day(context, &r));
    return true;
}

static void test_a_name_of_another_day_is_refused(void **state)
{
    (void)state;
    struct names *from = told(), *to = new_names();
    assert_true(names_each(from, shift_day, to));
    names_free(from);
    names_free(to);
}

struct saved {
    uint8_t bytes[1 << 15];
    size_t used;
};

static bool add_day(void *context, const struct name_day *day)
{
    struct saved *all = context;
    struct writer w = writer_over(all->bytes + all->used, sizeof all->bytes - all->used);
    name_day_save(&w, day);
    assert_false(w.failed);
    all->used += w.used;
    return true;
}

/* Told in this order, or in the other. */
static struct saved saved_in_order(bool backwards)
{
    struct saved all = {.used = 0};
    struct names *n = new_names();
    for (unsigned i = 0; i < 12; i++) {
        unsigned turn = backwards ? 11 - i : i;
        char name[] = "pc-a";
        name[3] = (char)('a' + turn % 3);
        tell(n, turn % 2 ? TOLD_DHCP : TOLD_NETBIOS, LEASE_HELD, MAC + turn % 4, true, name,
             WHEN_US + turn / 6 * US_PER_DAY);
    }
    assert_true(names_each_in_order(n, add_day, &all));
    names_free(n);
    return all;
}

static void test_what_is_saved_knows_no_order(void **state)
{
    (void)state;
    struct saved a = saved_in_order(false), b = saved_in_order(true);
    assert_true(a.used > 200);
    assert_int_equal(a.used, b.used);
    assert_memory_equal(a.bytes, b.bytes, a.used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_that_are_kept_say_what_those_told_said),
        cmocka_unit_test(test_what_is_loaded_twice_is_there_once),
        cmocka_unit_test(test_no_piece_of_a_day_is_taken_for_the_whole),
        cmocka_unit_test(test_a_name_of_another_day_is_refused),
        cmocka_unit_test(test_what_is_saved_knows_no_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
