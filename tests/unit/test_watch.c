/* engine/watch, engine/told: what is said once and when it is said again; evidence that grows old,
 * and memory that does not grow over a hundred days. */
#include "hunting.h"

#include "base/time.h"
#include "engine/hunt_inside.h"
#include "engine/told.h"
#include "engine/watch.h"
#include "evidence/hosts_inside.h"
#include "evidence/names_inside.h"

enum { DAYS = 100, HOSTS_A_DAY = 200, DAY_FIRST = 14355 };

static struct address number(uint32_t n)
{
    return address_of_v4(0x0a000000 + n);
}

static bool says(struct told *t, uint32_t host, enum verdict_kind kind)
{
    assert_true(told_begin(t, 1, 0));
    bool said = told_host_rises(t, number(host), kind);
    told_end(t);
    return said;
}

static void test_a_host_is_told_when_its_verdict_rises_and_not_when_it_falls(void **state)
{
    (void)state;
    struct told t = {0};
    assert_false(says(&t, 1, VERDICT_UNKNOWN));
    assert_false(says(&t, 1, VERDICT_CLEAN));
    assert_true(says(&t, 1, VERDICT_SUSPICIOUS));
    assert_false(says(&t, 1, VERDICT_SUSPICIOUS));
    assert_false(says(&t, 1, VERDICT_UNKNOWN));
    assert_false(says(&t, 1, VERDICT_SUSPICIOUS));
    assert_true(says(&t, 1, VERDICT_INFECTED));
    assert_false(says(&t, 1, VERDICT_SUSPICIOUS));
    assert_false(says(&t, 1, VERDICT_INFECTED));
    assert_int_equal(t.said, 2);
    told_free(&t);
}

static void test_who_is_forgotten_with_its_evidence_is_told_anew(void **state)
{
    (void)state;
    struct told t = {0};
    assert_true(says(&t, 5, VERDICT_INFECTED));
    assert_true(says(&t, 9, VERDICT_INFECTED)); /* 5 is not among the findings any more */
    assert_int_equal(t.host_count, 1);
    assert_true(says(&t, 5, VERDICT_INFECTED));
    told_free(&t);
}

static void test_each_of_many_hosts_is_found_among_those_told_before(void **state)
{
    (void)state;
    struct told t = {0};
    for (uint32_t step = 3; step >= 1; step--) {
        assert_true(told_begin(&t, 301, 0));
        for (uint32_t n = 0; n <= 300; n += step) {
            bool before = (step == 2 && n % 3 == 0) || (step == 1 && n % 2 == 0);
            assert_int_equal(told_host_rises(&t, number(n), VERDICT_SUSPICIOUS), !before);
        }
        told_end(&t);
    }
    told_free(&t);
}

static void test_an_infection_is_told_once(void **state)
{
    (void)state;
    struct told t = {0};
    struct infection a = {.from = number(1), .to = number(2), .cause = "exploit"}, b = a;
    b.cause = "callback";
    for (unsigned look = 0; look < 3; look++) {
        assert_true(told_begin(&t, 0, 2));
        assert_int_equal(told_infection_is_new(&t, &a), look == 0);
        if (look > 0)
            assert_int_equal(told_infection_is_new(&t, &b), look == 1);
        told_end(&t);
    }
    told_free(&t);
}

/* A hunt that reads nothing by itself, as a watch is. */
static struct hunt *watching_in(struct hunt_settings *settings, size_t host_days)
{
    struct error err;
    *settings = (struct hunt_settings){.since_us = INT64_MIN,
                                       .until_us = INT64_MAX,
                                       .sampling = 1,
                                       .limits = HOSTS_LIMITS_DEFAULT};
    settings->limits.host_days = host_days;
    struct hunt *h = hunt_new(settings, &err);
    assert_non_null(h);
    h->told = calloc(1, sizeof *h->told);
    assert_non_null(h->told);
    return h;
}

static struct hunt *watching(struct hunt_settings *settings)
{
    return watching_in(settings, HOSTS_LIMITS_DEFAULT.host_days);
}

static void pour(struct hunt *h, int32_t day, uint32_t from, uint32_t to)
{
    struct observation o = {.kind = OBSERVED_BEGIN,
                            .protocol = 6,
                            .client_known = true,
                            .when_us = (int64_t)day * US_PER_DAY + 3600 * US_PER_SECOND,
                            .client = {number(from), 40000},
                            .server = {number(to), 445}};
    h->sink.sink.take(&h->sink.sink, &o);
}

static void name(struct hunt *h, int32_t day, uint32_t host)
{
    struct told_name told = {
        .kind = TOLD_DHCP, .has_address = true, .address = number(host), .mac = host + 1};
    (void)snprintf(told.text, sizeof told.text, "pc%u-%d", (unsigned)host, (int)day);
    names_tell(h->names, &told, (int64_t)day * US_PER_DAY);
}

static void fill_day(struct hunt *h, int32_t day)
{
    for (uint32_t n = 0; n < HOSTS_A_DAY; n++) {
        uint32_t host = (uint32_t)day * HOSTS_A_DAY + n;
        for (uint32_t tried = 0; tried < 30; tried++)
            pour(h, day, host, host ^ (tried + 1) << 8);
        name(h, day, host);
    }
}

static size_t bytes_of(const struct hunt *h)
{
    const struct hosts *e = h->hosts;
    return e->pieces.arena.used_bytes + e->sets.arena.used_bytes + e->table_size * sizeof(void *) +
           e->gone.size * sizeof(uint64_t) + h->names->arena.used_bytes +
           h->names->table_size * sizeof(void *);
}

static void test_memory_stays_the_same_over_a_hundred_days(void **state)
{
    (void)state;
    enum { KEEP = 10 };
    struct hunt_settings settings;
    struct hunt *h = watching(&settings);
    int32_t oldest = INT32_MIN;
    size_t at_20 = 0;
    for (int32_t day = DAY_FIRST; day < DAY_FIRST + DAYS; day++) {
        fill_day(h, day);
        assert_true(watch_let_go(h, KEEP, (int64_t)day * US_PER_DAY, &oldest));
        assert_int_equal(oldest, day - KEEP + 1);
        if (day == DAY_FIRST + 2 * KEEP)
            at_20 = bytes_of(h);
        if (day > DAY_FIRST + 2 * KEEP)
            assert_true(bytes_of(h) <= at_20 + at_20 / 20);
    }
    assert_true(at_20 > 0);
    assert_int_equal(hosts_let_go(h->hosts), 0);
    assert_int_equal(hosts_refused(h->hosts), 0);
    assert_false(h->trails_lost);
    size_t count;
    struct host_day *const *days = hosts_sorted(h->hosts, &count);
    assert_true(count >= (size_t)KEEP * HOSTS_A_DAY);
    for (size_t i = 0; i < count; i++)
        assert_true(days[i]->day > DAY_FIRST + DAYS - 1 - KEEP);
    hunt_free(h);
}

static void test_what_is_kept_is_as_if_the_old_had_never_been(void **state)
{
    (void)state;
    struct hunt_settings one, two;
    struct hunt *aged = watching(&one), *young = watching(&two);
    for (int32_t day = 0; day < 4; day++)
        fill_day(aged, DAY_FIRST + day);
    for (int32_t day = 2; day < 4; day++)
        fill_day(young, DAY_FIRST + day);
    assert_true(hunt_let_go_before(aged, DAY_FIRST + 2));
    size_t count, wanted;
    struct host_day *const *days = hosts_sorted(aged->hosts, &count);
    struct host_day *const *others = hosts_sorted(young->hosts, &wanted);
    assert_int_equal(count, wanted);
    for (size_t i = 0; i < count; i++) {
        assert_true(address_equal(days[i]->host, others[i]->host));
        assert_int_equal(days[i]->day, others[i]->day);
        assert_int_equal(days[i]->kinds, others[i]->kinds);
    }
    assert_int_equal(aged->names->count, young->names->count);
    hunt_free(aged);
    hunt_free(young);
}

static void test_what_was_let_go_for_want_of_room_is_forgotten_with_its_day(void **state)
{
    (void)state;
    struct hunt_settings settings;
    struct hunt *h = watching_in(&settings, HOSTS_A_DAY);
    struct address one = number((uint32_t)DAY_FIRST * HOSTS_A_DAY);
    fill_day(h, DAY_FIRST);
    fill_day(h, DAY_FIRST + 1);
    assert_true(hosts_let_go(h->hosts) > 0);
    assert_int_equal(hosts_refused(h->hosts), 0);
    assert_true(h->hosts->gone.count > 0);
    assert_true(hunt_let_go_before(h, DAY_FIRST + 1));
    assert_true(h->hosts->gone.count > 0); /* there are some of the younger day */
    assert_int_equal(h->hosts->gone_first, DAY_FIRST + 1);
    assert_true(hunt_let_go_before(h, DAY_FIRST + 2));
    assert_int_equal(h->hosts->gone.count, 0);
    assert_false(hosts_is_cut(h->hosts, one));
    fill_day(h, DAY_FIRST + 2);
    assert_true(hosts_let_go(h->hosts) > 0);
    hunt_free(h);
}

static void test_late_records_of_days_that_are_gone_begin_nothing(void **state)
{
    (void)state;
    struct hunt_settings settings;
    struct hunt *h = watching(&settings);
    size_t count;
    fill_day(h, DAY_FIRST);
    assert_true(hunt_let_go_before(h, DAY_FIRST + 1));
    fill_day(h, DAY_FIRST);
    (void)hosts_sorted(h->hosts, &count);
    assert_int_equal(count, 0);
    assert_int_equal(hosts_refused(h->hosts), 0);
    hunt_free(h);
}

static void test_a_clock_that_is_far_ahead_makes_nothing_old(void **state)
{
    (void)state;
    struct hunt_settings settings;
    struct hunt *h = watching(&settings);
    int32_t oldest = INT32_MIN;
    size_t before, after;
    fill_day(h, DAY_FIRST);
    fill_day(h, DAY_FIRST + 40); /* a sensor of which the clock is wrong */
    (void)hosts_sorted(h->hosts, &before);
    assert_true(watch_let_go(h, 30, (int64_t)DAY_FIRST * US_PER_DAY, &oldest));
    (void)hosts_sorted(h->hosts, &after);
    assert_int_equal(before, after);
    assert_int_equal(oldest, DAY_FIRST - 29);
    hunt_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_host_is_told_when_its_verdict_rises_and_not_when_it_falls),
        cmocka_unit_test(test_who_is_forgotten_with_its_evidence_is_told_anew),
        cmocka_unit_test(test_each_of_many_hosts_is_found_among_those_told_before),
        cmocka_unit_test(test_an_infection_is_told_once),
        cmocka_unit_test(test_memory_stays_the_same_over_a_hundred_days),
        cmocka_unit_test(test_what_is_kept_is_as_if_the_old_had_never_been),
        cmocka_unit_test(test_what_was_let_go_for_want_of_room_is_forgotten_with_its_day),
        cmocka_unit_test(test_late_records_of_days_that_are_gone_begin_nothing),
        cmocka_unit_test(test_a_clock_that_is_far_ahead_makes_nothing_old),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
