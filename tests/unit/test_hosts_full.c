/* evidence/hosts when it is full: the least grave go first, proof never does, and what is gone does
 * not begin anew but where parts add up. */
#include "testing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "evidence/gone.h"
#include "evidence/hosts.h"
#include "evidence/pieces.h"

enum { ROOM = 1024, EXTRA_BYTES = 200, COMMON = 0, ADDING = 1, KINDS = 2 };

/* A slot that says itself how grave it is, and owns a set and an extra. */
struct slot {
    double gravity;
    struct set set;
    void *extra;
};

static const size_t slot_sizes[KINDS] = {sizeof(struct slot), 8};

static double gravity(void *context, const struct host_day *day)
{
    (void)context;
    const struct slot *s = host_day_slot(day, COMMON);
    return s != NULL ? s->gravity : host_day_slot(day, ADDING) != NULL ? HUGE_VAL : 0;
}

static void release(void *context, unsigned kind, void *slot)
{
    struct hosts *h = *(struct hosts **)context;
    struct slot *s = slot;
    if (kind != COMMON)
        return;
    set_free(hosts_sets(h), &s->set);
    hosts_give_extra(h, s->extra, EXTRA_BYTES);
}

/* The store is put where the keeper finds it. */
static struct hosts *store(struct hosts **place, struct hosts_limits limits)
{
    struct hosts_keeper keeper = {
        .context = place, .gravity = gravity, .release = release, .again = 1u << ADDING};
    *place = hosts_new(&limits, slot_sizes, KINDS);
    assert_non_null(*place);
    hosts_keep_by(*place, &keeper);
    return *place;
}

static struct hosts *store_of(struct hosts **place, size_t host_days)
{
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    limits.host_days = host_days;
    return store(place, limits);
}

static struct address number(uint32_t n)
{
    return address_of_v4(n);
}

static bool feed(struct hosts *h, uint32_t host, int32_t day, double how_grave)
{
    hosts_make_room(h);
    struct slot *s = hosts_slot(h, COMMON, number(host), day);
    if (s != NULL)
        s->gravity = how_grave;
    return s != NULL;
}

static bool is_kept(struct hosts *h, uint32_t host, int32_t day)
{
    size_t count;
    struct host_day *const *days = hosts_sorted(h, &count);
    for (size_t i = 0; i < count; i++)
        if (days[i]->day == day && address_equal(days[i]->host, number(host)))
            return host_day_slot(days[i], COMMON) != NULL;
    return false;
}

static size_t count_of(struct hosts *h)
{
    size_t count;
    (void)hosts_sorted(h, &count);
    return count;
}

static void test_proof_and_the_gravest_outlast_five_times_as_many_innocents(void **state)
{
    (void)state;
    struct hosts *place, *h = store_of(&place, ROOM);
    for (uint32_t i = 0; i < 5 * ROOM; i++) {
        bool proof = i % 100 == 7, grave = i % 100 == 50;
        assert_true(feed(h, i, 1, proof ? HUGE_VAL : grave ? 9 : 0.001 * (i % 7)));
        assert_true(i % 64 != 0 || count_of(h) <= ROOM);
    }
    for (uint32_t i = 0; i < 5 * ROOM; i++)
        if (i % 100 == 7 || i % 100 == 50)
            assert_true(is_kept(h, i, 1));
    assert_true(hosts_let_go(h) >= 4 * ROOM);
    assert_int_equal(hosts_refused(h), 0);
    hosts_free(h);
}

static void test_all_days_of_a_host_with_proof_are_kept(void **state)
{
    (void)state;
    struct hosts *place, *h = store_of(&place, ROOM);
    for (int32_t day = 0; day < 20; day++)
        assert_true(feed(h, 5, day, day == 9 ? HUGE_VAL : 0));
    for (uint32_t i = 0; i < 5 * ROOM; i++)
        assert_true(feed(h, 1000 + i, 9, 1));
    for (int32_t day = 0; day < 20; day++)
        assert_true(is_kept(h, 5, day));
    hosts_free(h);
}

/* Or a chance that convicts it on one day could not, for want of another. */
static void test_a_host_goes_with_all_its_days_by_the_gravest_of_them(void **state)
{
    (void)state;
    struct hosts *place, *h = store_of(&place, ROOM);
    for (int32_t day = 0; day < 20; day++) {
        assert_true(feed(h, 5, day, day == 9 ? 9 : 0));
        assert_true(feed(h, 6, day, 1));
    }
    for (uint32_t i = 0; i < 5 * ROOM; i++)
        assert_true(feed(h, 1000 + i, 9, 2));
    for (int32_t day = 0; day < 20; day++) {
        assert_true(is_kept(h, 5, day));
        assert_false(is_kept(h, 6, day));
    }
    assert_false(hosts_is_cut(h, number(5)));
    hosts_free(h);
}

/* Fills the store up to its first letting go, in an order that the seed says. */
static struct hosts *filled(struct hosts **place, uint64_t seed)
{
    struct hosts *h = store_of(place, ROOM);
    uint32_t order[ROOM - ROOM / 16];
    for (uint32_t i = 0; i < ROOM - ROOM / 16; i++) {
        uint32_t other = (uint32_t)(hash_pair(seed, i) % (i + 1));
        order[i] = order[other];
        order[other] = i;
    }
    for (uint32_t i = 0; i < ROOM - ROOM / 16; i++)
        assert_true(feed(h, order[i], 1, order[i] % 3));
    assert_int_equal(hosts_let_go(h), 0);
    hosts_make_room(h);
    return h;
}

static void test_who_goes_does_not_depend_on_the_order_of_arrival(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 6; seed++) {
        struct hosts *places[2];
        struct hosts *a = filled(&places[0], 0), *b = filled(&places[1], seed);
        assert_int_equal(hosts_let_go(a), (ROOM - ROOM / 16) / 4);
        for (uint32_t i = 0; i < ROOM; i++) {
            assert_int_equal(is_kept(a, i, 1), is_kept(b, i, 1));
            assert_true(i % 3 == 0 || i >= ROOM - ROOM / 16 || is_kept(a, i, 1));
        }
        hosts_free(a);
        hosts_free(b);
    }
}

/* A host-day of which nothing is left. */
static uint32_t gone_one(struct hosts *h)
{
    uint32_t host = 0;
    while (is_kept(h, host, 1))
        host++;
    assert_in_range(host, 0, ROOM - 1);
    return host;
}

static void test_what_is_gone_begins_anew_only_where_parts_add_up(void **state)
{
    (void)state;
    struct hosts *place, *h = filled(&place, 3);
    uint32_t gone = gone_one(h);
    assert_null(hosts_slot(h, COMMON, number(gone), 1));
    assert_null(hosts_slot(h, COMMON, number(gone), 1));
    assert_non_null(hosts_slot(h, COMMON, number(gone), 2)); /* another day is another matter */
    assert_non_null(hosts_slot(h, ADDING, number(gone), 1));
    assert_null(hosts_slot(h, COMMON, number(gone), 1));
    assert_non_null(hosts_slot_of_part(h, COMMON, number(gone), 1));
    size_t count, told = 0;
    struct host_day *const *days = hosts_sorted(h, &count);
    for (size_t i = 0; i < count; i++) {
        bool of_gone = address_equal(days[i]->host, number(gone)) && days[i]->day == 1;
        assert_int_equal(host_day_tells(days[i], COMMON), !of_gone);
        told += of_gone && host_day_tells(days[i], ADDING);
    }
    assert_int_equal(told, 1);
    assert_true(hosts_is_cut(h, number(gone)));
    assert_false(hosts_is_cut(h, number(gone + 100000)));
    assert_int_equal(hosts_refused(h), 0); /* it is counted as let go */
    hosts_free(h);
}

static void test_where_nothing_may_go_room_is_left_to_what_adds_up(void **state)
{
    (void)state;
    struct hosts *place, *h = store_of(&place, ROOM);
    uint32_t host = 0;
    while (feed(h, host, 1, HUGE_VAL))
        host++;
    assert_int_equal(host, ROOM - ROOM / 16);
    assert_int_equal(hosts_let_go(h), 0);
    assert_int_equal(hosts_refused(h), 1);
    assert_non_null(hosts_slot(h, ADDING, number(host), 1));
    assert_null(hosts_slot(h, COMMON, number(host), 1));
    assert_null(hosts_slot_of_part(h, COMMON, number(host + 1), 1));
    assert_true(hosts_is_cut(h, number(0))); /* who knows what is missing */
    hosts_free(h);
}

static void test_a_refused_host_day_does_not_begin_later_in_the_day(void **state)
{
    (void)state;
    struct hosts *place, *h = store_of(&place, 64);
    for (uint32_t i = 0; i < 64; i++) /* one observation that asks for very much */
        assert_non_null(hosts_slot(h, COMMON, number(i), 1));
    assert_null(hosts_slot(h, COMMON, number(64), 1));
    hosts_make_room(h);
    assert_int_equal(count_of(h), 48);
    assert_null(hosts_slot(h, COMMON, number(64), 1));
    assert_non_null(hosts_slot(h, COMMON, number(65), 1));
    assert_int_equal(hosts_refused(h), 1);
    hosts_free(h);
}

static void test_a_refused_slot_does_not_begin_later_in_the_day(void **state)
{
    (void)state;
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    struct hosts *place, *h;
    /* Where room ends behind a small slot, there is a host-day that finds none for the other. */
    for (limits.slot_bytes = 20000;; limits.slot_bytes += 16) {
        h = store(&place, limits);
        for (uint32_t i = 0; hosts_refused(h) == 0; i++) {
            (void)hosts_slot(h, ADDING, number(i), 1);
            if (hosts_refused(h) == 0)
                (void)hosts_slot(h, COMMON, number(i), 1);
        }
        if (hosts_slot(h, ADDING, number((uint32_t)count_of(h) - 1), 1) != NULL &&
            !is_kept(h, (uint32_t)count_of(h) - 1, 1))
            break;
        hosts_free(h);
    }
    uint32_t last = (uint32_t)count_of(h) - 1;
    for (uint32_t i = 0; i < last; i++) {
        struct slot *s = hosts_slot(h, COMMON, number(i), 1);
        s->gravity = i % 2;
    }
    hosts_make_room(h);
    assert_true(hosts_let_go(h) > 0);
    assert_non_null(hosts_slot(h, COMMON, number(last + 1), 1)); /* there is room now */
    assert_null(hosts_slot(h, COMMON, number(last), 1));
    assert_int_equal(hosts_refused(h), 1);
    hosts_free(h);
}

static void test_memory_is_taken_again_and_stays_at_its_limit(void **state)
{
    (void)state;
    struct hosts_limits limits = {
        .host_days = ROOM, .slot_bytes = (size_t)200 << 10, .set_bytes = (size_t)300 << 10};
    struct hosts *place, *h = store(&place, limits);
    for (uint32_t i = 0; i < 5 * ROOM; i++) {
        hosts_make_room(h);
        struct slot *s = hosts_slot(h, COMMON, number(i), 1);
        assert_non_null(s);
        s->gravity = i % 50 == 0 ? HUGE_VAL : i % 5;
        s->extra = hosts_extra(h, EXTRA_BYTES);
        assert_non_null(s->extra);
        memset(s->extra, 0x5a, EXTRA_BYTES);
        for (uint64_t item = 0; item < 30; item++)
            (void)set_add(hosts_sets(h), &s->set, hash_pair(i, item));
        assert_int_equal(set_number(&s->set), 30);
        assert_true(hosts_sets(h)->arena.used_bytes <= limits.set_bytes);
    }
    /* Five times as many bytes went through as there is room for. */
    assert_true(hosts_let_go(h) > 3 * ROOM);
    assert_int_equal(hosts_sets(h)->refused, 0);
    for (uint32_t i = 0; i < ROOM; i += 50) {
        struct slot *s = hosts_slot(h, COMMON, number(i), 1);
        assert_true(s != NULL && isinf(s->gravity));
        assert_int_equal(set_number(&s->set), 30);
    }
    hosts_free(h);
}

static void test_when_it_cannot_remember_more_nothing_else_goes(void **state)
{
    (void)state;
    struct hosts *place, *h = store_of(&place, 256);
    uint32_t host = 0;
    while (feed(h, host, 1, 0) && host < 100000)
        host++;
    assert_int_equal(hosts_let_go(h), 6 * 256);
    assert_int_equal(hosts_refused(h), 1);
    assert_null(hosts_slot(h, COMMON, number(host + 1), 1));
    assert_non_null(hosts_slot(h, ADDING, number(host + 1), 1));
    hosts_free(h);
}

static void test_a_bounded_set_of_what_is_gone_forgets_nothing(void **state)
{
    (void)state;
    struct gone g = gone_of(3000);
    bool is_new;
    for (uint64_t i = 0; i < 3000; i++)
        assert_true(gone_add(&g, hash_number(i), &is_new) && is_new);
    assert_true(gone_add(&g, hash_number(7), &is_new) && !is_new);
    assert_false(gone_add(&g, hash_number(3000), &is_new));
    for (uint64_t i = 0; i < 6000; i++)
        assert_int_equal(gone_has(&g, hash_number(i)), i < 3000);
    gone_free(&g);
}

static void test_pieces_are_taken_again_by_their_size_and_zeroed(void **state)
{
    (void)state;
    static const uint8_t zeros[100];
    struct pieces p = pieces_of(1000);
    void *a = pieces_take(&p, 100), *b = pieces_take(&p, 1);
    assert_true(a != NULL && b != NULL);
    memset(a, 1, 100);
    size_t used = pieces_used(&p);
    pieces_give(&p, a, 100);
    pieces_give(&p, NULL, 100);
    assert_int_equal(pieces_used(&p), used - 104);
    assert_ptr_not_equal(pieces_take(&p, 96), a);
    void *again = pieces_take(&p, 100);
    assert_ptr_equal(again, a);
    assert_memory_equal(again, zeros, 100);
    pieces_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proof_and_the_gravest_outlast_five_times_as_many_innocents),
        cmocka_unit_test(test_all_days_of_a_host_with_proof_are_kept),
        cmocka_unit_test(test_a_host_goes_with_all_its_days_by_the_gravest_of_them),
        cmocka_unit_test(test_who_goes_does_not_depend_on_the_order_of_arrival),
        cmocka_unit_test(test_what_is_gone_begins_anew_only_where_parts_add_up),
        cmocka_unit_test(test_where_nothing_may_go_room_is_left_to_what_adds_up),
        cmocka_unit_test(test_a_refused_host_day_does_not_begin_later_in_the_day),
        cmocka_unit_test(test_a_refused_slot_does_not_begin_later_in_the_day),
        cmocka_unit_test(test_memory_is_taken_again_and_stays_at_its_limit),
        cmocka_unit_test(test_when_it_cannot_remember_more_nothing_else_goes),
        cmocka_unit_test(test_a_bounded_set_of_what_is_gone_forgets_nothing),
        cmocka_unit_test(test_pieces_are_taken_again_by_their_size_and_zeroed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
