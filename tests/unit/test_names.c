/* evidence/names: which names and which machine a verdict gets, by what was told when; limits, and
 * parts that merge to the whole in any order. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/time.h"
#include "evidence/names.h"
#include "evidence/verdict.h"
#include "wire/told_name.h"

enum { X = 0xaaaaaa, Y = 0xbbbbbb };

static int64_t at(const char *clock)
{
    char text[40];
    int64_t us;
    assert_true(strlen(clock) < 20);
    memcpy(text, "2009-04-21T", 12);
    if (strlen(clock) > 8)
        memcpy(text, clock, strlen(clock) + 1);
    else
        memcpy(text + 11, clock, strlen(clock) + 1);
    assert_true(time_parse(text, &us, NULL));
    return us;
}

static struct address host_of(const char *text)
{
    struct address a;
    assert_true(address_parse(text, &a, NULL));
    return a;
}

static struct names *fresh(void)
{
    struct names *n = names_new(NAMES_BYTES);
    assert_non_null(n);
    return n;
}

static struct told_name named(enum told_kind kind, const char *host, uint64_t mac, const char *text)
{
    struct told_name t = {.kind = kind, .mac = mac, .has_address = host != NULL};
    if (host != NULL)
        t.address = host_of(host);
    told_name_set(&t, reader_over(text, strlen(text)));
    return t;
}

static void call(struct names *n, enum told_kind kind, const char *host, const char *text,
                 const char *clock)
{
    struct told_name t = named(kind, host, 0, text);
    names_tell(n, &t, at(clock));
}

/* A DHCP client says its name. */
static void call_mac(struct names *n, uint64_t mac, const char *text, const char *clock)
{
    struct told_name t = named(TOLD_DHCP, NULL, mac, text);
    names_tell(n, &t, at(clock));
}

static void lease(struct names *n, const char *host, uint64_t mac, enum told_lease how,
                  const char *clock)
{
    struct told_name t = named(TOLD_DHCP, host, mac, "");
    t.lease = how;
    names_tell(n, &t, at(clock));
}

/* What a verdict whose signs are of this span gets. */
static struct verdict filled(struct names *n, const char *host, const char *first, const char *last)
{
    struct verdict v = {.host = host_of(host), .first_us = at(first), .last_us = at(last)};
    assert_true(names_settle(n));
    names_fill(n, &v);
    return v;
}

static void assert_names(const struct verdict *v, const char *expected)
{
    char text[VERDICT_NAMES_MAX * (HOST_NAME_SIZE + 1) + 1] = "";
    for (unsigned i = 0; i < v->name_count; i++) {
        size_t used = strlen(text);
        if (i > 0)
            text[used++] = ' ';
        memcpy(text + used, v->names[i], strlen(v->names[i]) + 1);
    }
    assert_string_equal(text, expected);
}

static void test_own_word_goes_before_that_of_others(void **state)
{
    (void)state;
    struct names *n = fresh();
    call(n, TOLD_DNS, "10.0.0.5", "www.clinic", "10:00:00");
    call(n, TOLD_DNS_POINTER, "10.0.0.5", "p5.clinic", "10:00:00");
    call(n, TOLD_NETBIOS_BY_OTHERS, "10.0.0.5", "WINS", "10:00:00");
    call(n, TOLD_NETBIOS, "10.0.0.5", "WARD3", "10:00:00");
    call(n, TOLD_NETBIOS, "10.0.0.6", "OTHER", "10:00:00");
    struct verdict v = filled(n, "10.0.0.5", "09:00:00", "11:00:00");
    assert_names(&v, "WARD3 WINS p5.clinic www.clinic");
    assert_true(v.mac == 0 && v.stay_count == 0);
    names_free(n);
}

static void test_one_name_in_two_spellings_is_said_once(void **state)
{
    (void)state;
    struct names *n = fresh();
    call(n, TOLD_DNS, "10.0.0.5", "ward3", "10:00:00");
    call(n, TOLD_NETBIOS, "10.0.0.5", "WARD3", "10:00:00");
    struct verdict v = filled(n, "10.0.0.5", "09:00:00", "11:00:00");
    assert_names(&v, "WARD3");
    names_free(n);
}

static void test_of_a_kind_the_nearest_day_counts(void **state)
{
    (void)state;
    struct names *n = fresh();
    call(n, TOLD_NETBIOS, "10.0.0.5", "OLD", "2009-03-01T10:00:00");
    call(n, TOLD_NETBIOS, "10.0.0.5", "NEAR", "2009-04-20T10:00:00");
    call(n, TOLD_NETBIOS, "10.0.0.5", "LATER", "2009-05-01T10:00:00");
    call(n, TOLD_DNS, "10.0.0.5", "dns.clinic", "2009-05-01T10:00:00");
    struct verdict v = filled(n, "10.0.0.5", "09:00:00", "11:00:00");
    assert_names(&v, "NEAR dns.clinic");
    names_free(n);
}

static void test_lease_brings_the_name_of_its_machine(void **state)
{
    (void)state;
    struct names *n = fresh();
    call_mac(n, X, "ward3-pc", "08:00:00");
    call_mac(n, Y, "ward4-pc", "08:00:00");
    lease(n, "10.0.0.5", X, LEASE_GIVEN, "08:00:01");
    lease(n, "10.0.0.6", Y, LEASE_GIVEN, "08:00:01");
    struct verdict v = filled(n, "10.0.0.5", "09:00:00", "11:00:00");
    assert_names(&v, "ward3-pc");
    assert_true(v.mac == X && !v.mac_changed && v.mac_source == MAC_BY_DHCP);
    assert_int_equal(v.stay_count, 1);
    names_free(n);
}

/* X had 10.0.0.9 until 14:02 and then 10.0.0.5; Y got 10.0.0.9 at 14:10. */
static struct names *moved(void)
{
    struct names *n = fresh();
    lease(n, "10.0.0.9", X, LEASE_GIVEN, "08:00:00");
    lease(n, "10.0.0.9", X, LEASE_HELD, "12:00:00");
    lease(n, "10.0.0.5", X, LEASE_GIVEN, "14:02:00");
    lease(n, "10.0.0.9", Y, LEASE_GIVEN, "14:10:00");
    call_mac(n, X, "x-pc", "08:00:00");
    call_mac(n, Y, "y-pc", "14:10:00");
    call(n, TOLD_NETBIOS, "10.0.0.9", "X-NETBIOS", "09:00:00");
    call(n, TOLD_NETBIOS, "10.0.0.9", "Y-NETBIOS", "15:00:00");
    return n;
}

static void test_machine_that_moved_had_both_addresses(void **state)
{
    (void)state;
    struct names *n = moved();
    struct verdict v = filled(n, "10.0.0.5", "15:00:00", "16:00:00");
    assert_true(v.mac == X && v.stay_count == 2);
    assert_true(address_equal(v.stays[0].address, host_of("10.0.0.9")));
    assert_true(v.stays[0].first_us == at("08:00:00") && v.stays[0].last_us == at("12:00:00"));
    assert_true(address_equal(v.stays[1].address, host_of("10.0.0.5")));
    names_free(n);
}

static void test_address_is_the_machine_that_had_it_at_the_time(void **state)
{
    (void)state;
    struct names *n = moved();
    struct verdict before = filled(n, "10.0.0.9", "13:00:00", "13:30:00");
    struct verdict after = filled(n, "10.0.0.9", "14:20:00", "16:00:00");
    struct verdict across = filled(n, "10.0.0.9", "13:00:00", "16:00:00");
    assert_true(before.mac == X && after.mac == Y);
    assert_false(before.mac_changed || after.mac_changed);
    assert_true(across.mac == Y && across.mac_changed);
    assert_names(&before, "X-NETBIOS x-pc");
    assert_names(&after, "Y-NETBIOS y-pc");
    names_free(n);
}

static void test_address_given_after_the_signs_was_another_machines(void **state)
{
    (void)state;
    struct names *n = fresh();
    lease(n, "10.0.0.5", X, LEASE_GIVEN, "12:00:00");
    lease(n, "10.0.0.6", Y, LEASE_HELD, "12:00:00");
    struct verdict given = filled(n, "10.0.0.5", "09:00:00", "10:00:00");
    struct verdict held = filled(n, "10.0.0.6", "09:00:00", "10:00:00");
    assert_true(given.mac == 0 && held.mac == Y);
    names_free(n);
}

static void test_lease_not_heard_of_for_long_says_nothing(void **state)
{
    (void)state;
    struct names *n = fresh();
    lease(n, "10.0.0.5", X, LEASE_GIVEN, "2009-04-12T10:00:00");
    lease(n, "10.0.0.6", X, LEASE_GIVEN, "2009-04-13T12:00:00");
    lease(n, "10.0.0.7", Y, LEASE_HELD, "2009-04-30T12:00:00");
    assert_true(filled(n, "10.0.0.5", "10:00:01", "11:00:00").mac == 0);
    assert_true(filled(n, "10.0.0.6", "10:00:01", "11:00:00").mac == X);
    assert_true(filled(n, "10.0.0.7", "10:00:01", "11:00:00").mac == 0);
    names_free(n);
}

static void test_eight_days_are_how_long_a_lease_is_trusted_either_way(void **state)
{
    (void)state;
    struct names *n = fresh();
    lease(n, "10.0.0.5", X, LEASE_GIVEN, "2009-04-13T11:00:00");
    lease(n, "10.0.0.6", X, LEASE_GIVEN, "2009-04-13T10:59:59");
    lease(n, "10.0.0.7", Y, LEASE_HELD, "2009-04-29T11:00:00");
    lease(n, "10.0.0.8", Y, LEASE_HELD, "2009-04-29T11:00:01");
    assert_true(filled(n, "10.0.0.5", "10:00:00", "11:00:00").mac == X);
    assert_true(filled(n, "10.0.0.6", "10:00:00", "11:00:00").mac == 0);
    assert_true(filled(n, "10.0.0.7", "10:00:00", "11:00:00").mac == Y);
    assert_true(filled(n, "10.0.0.8", "10:00:00", "11:00:00").mac == 0);
    names_free(n);
}

static void test_only_the_newest_addresses_are_listed(void **state)
{
    (void)state;
    struct names *n = fresh();
    char host[ADDRESS_TEXT_SIZE], time[40];
    for (unsigned i = 0; i < VERDICT_STAYS_MAX + 3; i++) {
        address_text(address_of_v4(0x0a000100 + i), host);
        assert_int_equal(strlen(time_text(at("08:00:00") + i * 60 * US_PER_SECOND, time)), 27);
        time[19] = '\0';
        lease(n, host, X, LEASE_GIVEN, time);
    }
    struct verdict v = filled(n, host, "12:00:00", "13:00:00");
    assert_int_equal(v.stay_count, VERDICT_STAYS_MAX);
    assert_true(address_equal(v.stays[0].address, host_of("10.0.1.3")));
    assert_true(address_equal(v.stays[VERDICT_STAYS_MAX - 1].address, host_of("10.0.1.10")));
    names_free(n);
}

static void test_status_gives_the_mac_where_dhcp_does_not(void **state)
{
    (void)state;
    struct names *n = fresh();
    struct told_name t = named(TOLD_NETBIOS, "10.0.0.5", X, "WARD3");
    names_tell(n, &t, at("10:00:00"));
    struct verdict v = filled(n, "10.0.0.5", "09:00:00", "11:00:00");
    assert_true(v.mac == X && v.mac_source == MAC_BY_NETBIOS);
    lease(n, "10.0.0.5", Y, LEASE_GIVEN, "08:00:00");
    v = filled(n, "10.0.0.5", "09:00:00", "11:00:00");
    assert_true(v.mac == Y && v.mac_source == MAC_BY_DHCP);
    names_free(n);
}

static void test_sinkhole_is_not_called_by_the_names_that_lead_to_it(void **state)
{
    (void)state;
    struct names *n = fresh();
    char name[] = "a.example";
    call(n, TOLD_DNS_POINTER, "10.0.0.5", "sinkhole.clinic", "10:00:00");
    for (unsigned i = 0; i < 4; i++, name[0]++)
        call(n, TOLD_DNS, "10.0.0.5", name, "10:00:00");
    assert_int_equal(filled(n, "10.0.0.5", "09:00:00", "11:00:00").name_count, 4);
    call(n, TOLD_DNS, "10.0.0.5", name, "10:00:00"); /* the fifth is one too many */
    struct verdict v = filled(n, "10.0.0.5", "09:00:00", "11:00:00");
    assert_names(&v, "sinkhole.clinic");
    names_free(n);
}

static void test_more_machines_than_can_be_are_none(void **state)
{
    (void)state;
    struct names *n = fresh();
    for (unsigned i = 1; i <= 8; i++)
        lease(n, "10.0.0.5", i, LEASE_GIVEN, "08:00:00");
    assert_true(filled(n, "10.0.0.5", "09:00:00", "11:00:00").mac == 1);
    lease(n, "10.0.0.5", 9, LEASE_GIVEN, "08:00:00");
    assert_true(filled(n, "10.0.0.5", "09:00:00", "11:00:00").mac == 0);
    names_free(n);
}

static void test_lack_of_room_is_counted_and_what_is_there_stays(void **state)
{
    (void)state;
    struct names *n = names_new(1 << 20);
    call(n, TOLD_NETBIOS, "10.0.0.5", "WARD3", "10:00:00");
    for (unsigned i = 0; i < 20000; i++) {
        struct told_name t = named(TOLD_NETBIOS, "10.0.0.6", 0, "FLOOD");
        t.address = address_of_v4(0x0a100000 + i);
        names_tell(n, &t, at("10:00:00"));
    }
    assert_true(names_refused(n) > 0);
    struct verdict v = filled(n, "10.0.0.5", "09:00:00", "11:00:00");
    assert_names(&v, "WARD3");
    names_free(n);
}

static void test_names_as_they_come_are_bounded(void **state)
{
    (void)state;
    char long_name[255];
    struct told_name t;
    memset(long_name, 'x', sizeof long_name);
    told_name_set(&t, reader_over(long_name, sizeof long_name));
    assert_int_equal(strlen(t.text), TOLD_NAME_SIZE - 1);
    assert_string_equal(t.text + TOLD_NAME_SIZE - 4, "...");
    told_name_set(&t, reader_over(long_name, TOLD_NAME_SIZE - 1));
    assert_null(strchr(t.text, '.'));
    told_name_set(&t, reader_over("\x1b[2J\xc3\xa9 \0tail", 12));
    assert_string_equal(t.text, "\x1b[2J\xc3\xa9");
    told_name_set(&t, reader_over(NULL, 0));
    assert_string_equal(t.text, "");
    told_name_set(&t, reader_over("ward3.clinic.", 13));
    assert_string_equal(t.text, "ward3.clinic");
    told_name_set(&t, reader_over("   ", 3));
    assert_string_equal(t.text, "");
}

/* Everything at once, for merging: event i of many, about two addresses and a few MACs. */
static void tell_event(struct names *n, unsigned i)
{
    static const char *const hosts[] = {"10.0.0.5", "10.0.0.9"};
    char text[] = "name-00";
    uint64_t dice = hash_number(i);
    text[6] = (char)('0' + dice % 8);
    struct told_name t = named((enum told_kind)(dice >> 8 & 7) % TOLD_KINDS,
                               (dice >> 16 & 3) != 0 ? hosts[dice >> 20 & 1] : NULL,
                               1 + (dice >> 24) % 11, text);
    t.lease = (enum told_lease)((dice >> 32) % 3);
    names_tell(n, &t, at("08:00:00") + (int64_t)((dice >> 40) % 3000) * 60 * US_PER_SECOND);
}

static struct names *told_part(unsigned from, unsigned to)
{
    struct names *n = fresh();
    for (unsigned i = from; i < to; i++)
        tell_event(n, i);
    return n;
}

static void assert_same(struct names *a, struct names *b)
{
    static const char *const hosts[] = {"10.0.0.5", "10.0.0.9"};
    static const char *const days[] = {"2009-04-20T00:00:00", "2009-04-21T12:00:00",
                                       "2009-04-22T12:00:00", "2009-04-24T00:00:00"};
    for (size_t h = 0; h < COUNT_OF(hosts); h++) {
        for (size_t d = 0; d + 1 < COUNT_OF(days); d++) {
            struct verdict x = filled(a, hosts[h], days[d], days[d + 1]);
            struct verdict y = filled(b, hosts[h], days[d], days[d + 1]);
            assert_memory_equal(&x, &y, sizeof x);
        }
    }
}

static void test_parts_merge_to_the_whole_in_any_order(void **state)
{
    (void)state;
    enum { EVENTS = 120 };
    struct names *whole = told_part(0, EVENTS);
    for (unsigned cut = 0; cut <= EVENTS; cut++) {
        struct names *first = told_part(0, cut), *second = told_part(cut, EVENTS);
        names_merge(second, first);
        assert_same(whole, second);
        names_merge(second, first); /* told twice is told */
        assert_same(whole, second);
        names_free(first);
        names_free(second);
    }
    names_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_own_word_goes_before_that_of_others),
        cmocka_unit_test(test_one_name_in_two_spellings_is_said_once),
        cmocka_unit_test(test_of_a_kind_the_nearest_day_counts),
        cmocka_unit_test(test_lease_brings_the_name_of_its_machine),
        cmocka_unit_test(test_machine_that_moved_had_both_addresses),
        cmocka_unit_test(test_address_is_the_machine_that_had_it_at_the_time),
        cmocka_unit_test(test_address_given_after_the_signs_was_another_machines),
        cmocka_unit_test(test_lease_not_heard_of_for_long_says_nothing),
        cmocka_unit_test(test_eight_days_are_how_long_a_lease_is_trusted_either_way),
        cmocka_unit_test(test_only_the_newest_addresses_are_listed),
        cmocka_unit_test(test_status_gives_the_mac_where_dhcp_does_not),
        cmocka_unit_test(test_sinkhole_is_not_called_by_the_names_that_lead_to_it),
        cmocka_unit_test(test_more_machines_than_can_be_are_none),
        cmocka_unit_test(test_lack_of_room_is_counted_and_what_is_there_stays),
        cmocka_unit_test(test_names_as_they_come_are_bounded),
        cmocka_unit_test(test_parts_merge_to_the_whole_in_any_order),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
