/* source/meeting: every share sees every slot once and in order, however the threads are slow or
 * fast; nobody waits for who has left, and nobody at all once it was stopped. */
#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "source/meeting.h"

struct numbered {
    uint64_t number;
    bool is_in_use; /* has been filled, and not cleared */
};

/* What is read: slots numbered from 1. */
struct numbers {
    uint64_t last, filled;
    atomic_uint opened, closed, filling, cleared;
    atomic_uint wrong; /* filled by two at a time, or where somebody still looks */
    bool is_refused;
};

static void *open_numbers(struct input *in, const void *with, struct error *err)
{
    struct numbers *const *its = with;
    struct numbers *n = *its;
    assert_non_null(in);
    n->opened++;
    if (!n->is_refused)
        return n;
    (void)fail(err, ERROR_FORMAT, "refused");
    return NULL;
}

static bool fill(void *from, void *of)
{
    struct numbers *n = from;
    struct numbered *slot = of;
    n->wrong += n->filling++ > 0 || slot->is_in_use;
    *slot = (struct numbered){++n->filled, true};
    n->filling--;
    return n->filled == n->last;
}

static void clear(void *from, void *of)
{
    struct numbers *n = from;
    struct numbered *slot = of;
    n->cleared += slot->is_in_use;
    slot->is_in_use = false;
}

static void close_numbers(void *from)
{
    struct numbers *n = from;
    n->closed++;
}

static const struct meeting_work work = {.slot_size = sizeof(struct numbered),
                                         .open = open_numbers,
                                         .fill = fill,
                                         .clear = clear,
                                         .close = close_numbers};

struct reader_of {
    struct meeting *meeting;
    struct numbers *numbers;
    unsigned share;
    uint64_t most; /* leaves after so many */
    uint64_t seen, sum;
    bool in_order;
};

static void *read_all(void *context)
{
    struct reader_of *r = context;
    struct error err;
    const struct numbered *slot;
    if (meeting_join(r->meeting, r->share, &work, &r->numbers, &err) == NULL)
        return NULL;
    r->in_order = true;
    while (r->seen < r->most && (slot = meeting_next(r->meeting, r->share)) != NULL) {
        uint64_t number = slot->number;
        for (uint64_t i = hash_number(number * 16 + r->share) % 2000; i > 0; i--)
            r->sum += hash_number(i) & 1; /* some are slow */
        r->in_order &= slot->is_in_use && slot->number == number && number == ++r->seen;
    }
    meeting_leave(r->meeting, r->share);
    return NULL;
}

static void read_by(unsigned shares, const uint64_t *most, struct numbers *n, struct reader_of *out)
{
    pthread_t threads[MEETING_SHARES_MAX];
    struct meeting *m = meeting_new("/dev/null", shares);
    assert_non_null(m);
    for (unsigned i = 0; i < shares; i++) {
        out[i] = (struct reader_of){
            .meeting = m, .numbers = n, .share = i, .most = most != NULL ? most[i] : UINT64_MAX};
        assert_int_equal(pthread_create(&threads[i], NULL, read_all, &out[i]), 0);
    }
    for (unsigned i = 0; i < shares; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    meeting_free(m);
    assert_int_equal(n->wrong, 0);
}

static void test_each_share_sees_all_slots_in_order(void **state)
{
    (void)state;
    for (unsigned shares = 1; shares <= MEETING_SHARES_MAX; shares += 5) {
        struct reader_of readers[MEETING_SHARES_MAX];
        struct numbers n = {.last = 500};
        read_by(shares, NULL, &n, readers);
        for (unsigned i = 0; i < shares; i++) {
            assert_true(readers[i].in_order);
            assert_int_equal(readers[i].seen, 500);
        }
        assert_int_equal(n.filled, 500);
        assert_int_equal(n.cleared, 500);
        assert_int_equal(n.opened, 1);
        assert_int_equal(n.closed, 1);
    }
}

static void test_nobody_waits_for_who_has_left(void **state)
{
    (void)state;
    struct reader_of readers[3];
    struct numbers n = {.last = 200};
    read_by(3, (const uint64_t[]){3, UINT64_MAX, 50}, &n, readers);
    assert_int_equal(readers[0].seen, 3);
    assert_int_equal(readers[1].seen, 200);
    assert_int_equal(readers[2].seen, 50);
    assert_int_equal(n.cleared, n.filled);
    assert_int_equal(n.closed, 1);
}

static void test_what_cannot_be_opened_is_said_to_all(void **state)
{
    (void)state;
    struct numbers n = {.last = 1, .is_refused = true}, *with = &n;
    struct meeting *m = meeting_new("/dev/null", 2);
    for (unsigned i = 0; i < 2; i++) {
        struct error err = {0};
        assert_null(meeting_join(m, i, &work, &with, &err));
        assert_string_equal(err.text, "refused");
    }
    assert_int_equal(n.opened, 1);
    meeting_free(m);
}

/* One who is alone gets no further than the slots there are: the other has seen none of them. */
static void test_who_waits_for_one_who_never_comes_is_stopped(void **state)
{
    (void)state;
    pthread_t thread;
    struct numbers n = {.last = 1000};
    struct meeting *m = meeting_new("/dev/null", 2);
    struct reader_of r = {.meeting = m, .numbers = &n, .share = 0, .most = UINT64_MAX};
    assert_int_equal(pthread_create(&thread, NULL, read_all, &r), 0);
    meeting_stop(m);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(r.seen <= MEETING_SLOTS && n.filled <= MEETING_SLOTS);
    assert_int_equal(n.closed, 0);
    meeting_free(m);
    assert_int_equal(n.closed, 1);
    assert_int_equal(n.cleared, n.filled);
}

/* A share that could not even be begun is left as well. */
static void test_nobody_waits_for_who_never_came_in(void **state)
{
    (void)state;
    struct numbers n = {.last = 1000};
    struct meeting *m = meeting_new("/dev/null", 2);
    struct reader_of r = {.meeting = m, .numbers = &n, .share = 0, .most = UINT64_MAX};
    meeting_leave(m, 1);
    (void)read_all(&r);
    assert_int_equal(r.seen, 1000);
    assert_int_equal(n.closed, 1);
    meeting_free(m);
}

static void test_a_file_that_is_not_there_is_said_to_all(void **state)
{
    (void)state;
    struct numbers n = {.last = 1}, *with = &n;
    struct meeting *m = meeting_new("/dev/null/none", 2);
    for (unsigned i = 0; i < 2; i++) {
        struct error err = {0};
        assert_null(meeting_join(m, i, &work, &with, &err));
        assert_non_null(strstr(err.text, "cannot open"));
        meeting_leave(m, i);
    }
    assert_int_equal(n.opened, 0);
    meeting_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_share_sees_all_slots_in_order),
        cmocka_unit_test(test_nobody_waits_for_who_has_left),
        cmocka_unit_test(test_what_cannot_be_opened_is_said_to_all),
        cmocka_unit_test(test_nobody_waits_for_who_never_came_in),
        cmocka_unit_test(test_a_file_that_is_not_there_is_said_to_all),
        cmocka_unit_test(test_who_waits_for_one_who_never_comes_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
