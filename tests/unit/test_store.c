/* store: rows come back as they went in, a transaction is kept whole or not at all, an input is
 * there once a site, and a file that is no store of ours stays as it is. */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/time.h"
#include "store/store.h"

enum { SLOTS_MAX = 8 };

struct place {
    char folder[64], path[80];
};

static int make_place(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    (void)snprintf(p->folder, sizeof p->folder, "/tmp/test_store_XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    (void)snprintf(p->path, sizeof p->path, "%s/a?b#c%%.db", p->folder);
    *state = p;
    return 0;
}

static int leave_place(void **state)
{
    struct place *p = *state;
    char log[100];
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        (void)snprintf(log, sizeof log, "%s%s", p->path, endings[i]);
        (void)unlink(log);
    }
    assert_int_equal(rmdir(p->folder), 0);
    free(p);
    return 0;
}

static struct store *opened(const struct place *p, enum store_use use)
{
    struct error err;
    struct store *s = store_open(p->path, use, &err);
    if (s == NULL)
        print_error("%s\n", err.text);
    assert_non_null(s);
    return s;
}

static int64_t add_run(struct store *s, const char *verb, const char *site, const char *settings)
{
    struct error err;
    int64_t number = 0;
    const struct store_run run = {
        .verb = verb, .site = site, .settings = settings, .began_us = 1000};
    assert_true(store_run_begin(s, &run, &number, &err));
    return number;
}

static int64_t add_input(struct store *s, int64_t run, const char *site, const uint8_t *key,
                         bool *is_known)
{
    struct error err;
    int64_t number = 0;
    const struct store_input input = {
        .site = site, .name = "x.pcap", .key = key, .records = 7, .head = reader_over("head", 4)};
    assert_true(store_input_add(s, run, &input, &number, is_known, &err));
    return number;
}

static void put_evidence(struct store *s, int64_t input, uint32_t host, int32_t day,
                         const char *detector)
{
    struct error err;
    const struct store_evidence e = {.host = address_of_v4(host),
                                     .day = day,
                                     .detector = detector,
                                     .form = 2,
                                     .slot = reader_over(detector, strlen(detector))};
    assert_true(store_evidence_put(s, input, &e, &err));
}

struct seen {
    unsigned count;
    struct store_evidence items[SLOTS_MAX];
};

static bool see(void *context, const struct store_evidence *e)
{
    struct seen *seen = context;
    assert_true(seen->count < SLOTS_MAX);
    assert_int_equal(e->slot.left, strlen(e->detector));
    seen->items[seen->count] = *e;
    seen->items[seen->count++].detector = NULL;
    return true;
}

static unsigned count_evidence(struct store *s, int64_t input, int32_t since)
{
    struct error err;
    struct seen seen = {0};
    assert_true(store_evidence_each(s, input, since, see, &seen, &err));
    return seen.count;
}

static void test_evidence_comes_back_from_a_day_on(void **state)
{
    struct error err;
    bool known;
    struct store *s = opened(*state, STORE_WRITE);
    assert_true(store_begin(s, &err));
    int64_t input = add_input(s, add_run(s, "hunt", "", "{}"), "", NULL, &known);
    put_evidence(s, input, 0x0a000001, 100, "p2p-ports");
    put_evidence(s, input, 0x0a000001, 101, "p2p-ports");
    put_evidence(s, input, 0x0a000001, 101, "exploit");
    put_evidence(s, input, 0x0a000002, 99, "exploit");
    put_evidence(s, input, 0x0a000002, 99, "exploit"); /* in place of itself */
    assert_true(store_commit(s, &err));
    assert_int_equal(count_evidence(s, input, INT32_MIN), 4);
    assert_int_equal(count_evidence(s, input, 101), 2);
    store_close(s);
    s = opened(*state, STORE_READ);
    assert_int_equal(count_evidence(s, input, 100), 3);
    store_close(s);
}

static void test_what_is_not_committed_is_not_there(void **state)
{
    struct error err;
    bool known;
    struct store *s = opened(*state, STORE_WRITE);
    assert_true(store_begin(s, &err));
    int64_t input = add_input(s, add_run(s, "hunt", "", "{}"), "", NULL, &known);
    assert_true(store_commit(s, &err));
    assert_true(store_begin(s, &err));
    put_evidence(s, input, 1, 100, "p2p-ports");
    store_give_up(s);
    /* The detector's row went with it, so it must be made again. */
    assert_true(store_begin(s, &err));
    put_evidence(s, input, 2, 100, "p2p-ports");
    assert_true(store_commit(s, &err));
    assert_int_equal(count_evidence(s, input, 0), 1);
    store_close(s);
}

static void test_an_input_is_there_once_a_site(void **state)
{
    struct error err;
    static const uint8_t key[STORE_KEY_BYTES] = {1, 2, 3};
    bool known;
    struct store *s = opened(*state, STORE_WRITE);
    assert_true(store_begin(s, &err));
    int64_t run = add_run(s, "hunt", "", "{}");
    int64_t first = add_input(s, run, "", key, &known);
    assert_false(known);
    assert_int_equal(add_input(s, run, "", key, &known), first);
    assert_true(known);
    assert_true(add_input(s, run, "north", key, &known) != first);
    assert_false(known);
    assert_true(add_input(s, run, "", NULL, &known) != add_input(s, run, "", NULL, &known));
    assert_true(store_commit(s, &err));
    store_close(s);
}

struct run_seen {
    unsigned count, mended;
};

static bool see_run(void *context, const struct store_run *run)
{
    struct run_seen *seen = context;
    seen->count++;
    seen->mended += run->is_mended;
    return true;
}

static void test_a_run_is_mended_by_the_same_one_done_whole(void **state)
{
    struct error err;
    struct run_seen seen = {0};
    struct store *s = opened(*state, STORE_WRITE);
    (void)add_run(s, "hunt", "", "{1}");
    (void)add_run(s, "hunt", "", "{2}");
    (void)add_run(s, "hunt", "north", "{1}");
    int64_t whole = add_run(s, "hunt", "", "{1}");
    assert_true(store_runs_each(s, see_run, &seen, &err));
    assert_int_equal(seen.mended, 0);
    assert_true(store_run_end(s, whole, 2000, true, "{}", &err));
    seen = (struct run_seen){0};
    assert_true(store_runs_each(s, see_run, &seen, &err));
    assert_int_equal(seen.count, 4);
    assert_int_equal(seen.mended, 1);
    store_close(s);
}

static void test_what_another_run_met_outlives_a_run_that_is_forgotten(void **state)
{
    struct error err;
    struct store *s = opened(*state, STORE_WRITE);
    const uint8_t shared[STORE_KEY_BYTES] = {1}, own[STORE_KEY_BYTES] = {2};
    bool is_known;
    uint64_t inputs, infected, hosts, days;
    assert_true(store_begin(s, &err));
    int64_t first = add_run(s, "hunt", "", "{}"), second = add_run(s, "hunt", "", "{}");
    int64_t both = add_input(s, first, "", shared, &is_known);
    assert_int_equal(add_input(s, second, "", shared, &is_known), both);
    put_evidence(s, both, 1, 10, "p2p-ports");
    put_evidence(s, add_input(s, first, "", own, &is_known), 2, 11, "p2p-ports");
    assert_true(store_run_counts(s, first, &inputs, &infected, &err));
    assert_int_equal(inputs, 2);
    assert_int_equal(infected, 0);
    assert_true(store_run_forget(s, first, &err));
    assert_true(store_run_counts(s, first, &inputs, &infected, &err));
    assert_int_equal(inputs, 0);
    assert_true(store_count_before(s, 100, &hosts, &days, &err));
    assert_int_equal(hosts, 1);
    assert_int_equal(days, 1);
    assert_true(store_commit(s, &err));
    store_close(s);
}

static void test_a_disk_without_room_is_told_from_other_failures(void **state)
{
    struct error err;
    (void)state;
    (void)fail(&err, ERROR_SYSTEM, STORE_NO_ROOM);
    (void)fail_in(&err, "ward.db");
    assert_true(store_lacks_room(&err));
    (void)fail(&err, ERROR_SYSTEM, "it cannot be written to");
    assert_false(store_lacks_room(&err));
}

static void test_what_is_old_goes_and_inputs_stay(void **state)
{
    struct error err;
    static const uint8_t key[STORE_KEY_BYTES] = {9};
    bool known, any;
    int32_t latest;
    struct store *s = opened(*state, STORE_WRITE);
    int64_t run = add_run(s, "hunt", "", "{}"), input = add_input(s, run, "", key, &known);
    assert_true(store_latest_day(s, 1000, &any, &latest, &err));
    assert_false(any);
    for (int32_t day = 98; day < 102; day++)
        put_evidence(s, input, 1, day, "exploit");
    put_evidence(s, input, 1, 5000, "exploit");
    const struct store_answers a = {.host = address_of_v4(3),
                                    .when_us = 102 * US_PER_DAY,
                                    .hearing = "some",
                                    .saved = reader_over("x", 1)};
    assert_true(store_answers_put(s, run, &a, &err));
    assert_true(store_latest_day(s, 1000, &any, &latest, &err));
    assert_true(any && latest == 102);
    assert_true(store_let_go_before(s, 101, &err));
    assert_int_equal(count_evidence(s, input, INT32_MIN), 2);
    assert_int_equal(add_input(s, run, "", key, &known), input);
    assert_true(known);
    store_close(s);
}

static void test_another_database_is_left_as_it_is(void **state)
{
    struct error err;
    const struct place *p = *state;
    FILE *f = fopen(p->path, "w");
    assert_non_null(f);
    for (unsigned i = 0; i < 200; i++)
        assert_true(fputs("this is no database at all\n", f) >= 0);
    assert_int_equal(fclose(f), 0);
    assert_null(store_open(p->path, STORE_WRITE, &err));
    assert_int_equal(err.kind, ERROR_FORMAT);
    assert_null(store_open(p->path, STORE_READ, &err));
}

static void test_reading_makes_no_file(void **state)
{
    struct error err;
    const struct place *p = *state;
    assert_null(store_open(p->path, STORE_READ, &err));
    assert_int_equal(access(p->path, F_OK), -1);
}

static void test_a_store_is_known_by_its_first_bytes(void **state)
{
    const struct place *p = *state;
    uint8_t start[STORE_MAGIC_BYTES];
    store_close(opened(p, STORE_WRITE));
    FILE *f = fopen(p->path, "r");
    assert_non_null(f);
    assert_int_equal(fread(start, 1, sizeof start, f), sizeof start);
    assert_int_equal(fclose(f), 0);
    assert_true(store_recognises(start, sizeof start));
    assert_false(store_recognises(start, sizeof start - 1));
    start[3] ^= 1;
    assert_false(store_recognises(start, sizeof start));
}

static bool see_name(void *context, const struct store_name *n)
{
    unsigned *count = context;
    *count += 1;
    assert_int_equal(n->saved.left, 3);
    return true;
}

static void test_names_are_of_a_site_and_a_day(void **state)
{
    struct error err;
    unsigned count = 0;
    struct store *s = opened(*state, STORE_WRITE);
    struct store_name n = {
        .site = "", .subject = "10.0.0.1", .day = 5, .saved = reader_over("abc", 3)};
    assert_true(store_name_put(s, &n, &err));
    assert_true(store_name_put(s, &n, &err));
    n.site = "north";
    assert_true(store_name_put(s, &n, &err));
    assert_true(store_names_each(s, "", 0, see_name, &count, &err));
    assert_int_equal(count, 1);
    assert_true(store_names_each(s, "", 6, see_name, &count, &err));
    assert_true(store_name_get(s, &n, see_name, &count, &err));
    assert_int_equal(count, 2);
    store_close(s);
}

#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, make_place, leave_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(test_evidence_comes_back_from_a_day_on),
        IN_A_PLACE(test_what_is_not_committed_is_not_there),
        IN_A_PLACE(test_an_input_is_there_once_a_site),
        IN_A_PLACE(test_a_run_is_mended_by_the_same_one_done_whole),
        IN_A_PLACE(test_what_another_run_met_outlives_a_run_that_is_forgotten),
        IN_A_PLACE(test_a_disk_without_room_is_told_from_other_failures),
        IN_A_PLACE(test_what_is_old_goes_and_inputs_stay),
        IN_A_PLACE(test_another_database_is_left_as_it_is),
        IN_A_PLACE(test_reading_makes_no_file),
        IN_A_PLACE(test_a_store_is_known_by_its_first_bytes),
        IN_A_PLACE(test_names_are_of_a_site_and_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
