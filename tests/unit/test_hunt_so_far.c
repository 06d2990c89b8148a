/* engine/hunt_so_far: how many home hosts have a proof while a hunt still reads. */
#include "scene.h"

#include "engine/hunt_inside.h"

enum { INPUTS = 4, FRAMES = HUNT_LOOK_FIRST / 2 / (INPUTS - 1) + 1000, DAY_SECONDS = 86400 };

/* A day on which each of these says something, and much else passes. */
static void add_day(struct scene *s, const char *const *hosts, size_t count)
{
    size_t until = s->reel->count + FRAMES;
    for (size_t i = 0; i < count; i++)
        speak_p2p(s, host_of(hosts[i]), address_of_v4(0x2d000002 + (uint32_t)s->keys));
    while (s->reel->count < until)
        send_udp(s, host_of("10.0.0.9"), 5000, host_of("45.0.0.1"), 3000, words_of("on"));
    scene_wait(s, DAY_SECONDS);
}

static bool keep_most(void *context, const struct reading_progress *now)
{
    uint64_t *most = context;
    assert_true(now->proven >= *most);
    *most = now->proven;
    return false;
}

/* What was said last of a hunt over the same day so many times, each an input of its own. */
static uint64_t told(const char *const *hosts, size_t count, unsigned times, bool wanted)
{
    struct hunt_settings settings = settings_usual();
    struct scene s = scene_at("2009-04-21T00:00:01Z");
    uint64_t most = 0;
    settings.counts_proven = wanted;
    struct hunt *h = hunt_begun(&settings);
    hunt_watch(h, keep_most, &most);
    for (unsigned i = 0; i < times; i++) {
        size_t from = s.reel->count;
        add_day(&s, hosts, count);
        assert_true(hunt_part(h, s.reel, from, s.reel->count));
        reel_free(s.reel);
        s.reel = reel_new();
    }
    hunt_free(h);
    reel_free(s.reel);
    return most;
}

static const char *const ours[] = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
static const char *const one_of_ours[] = {"10.0.0.1", "45.1.1.1"};

static void test_a_host_with_proof_on_many_days_is_one_host(void **state)
{
    (void)state;
    assert_int_equal(told(ours, 3, 2 * INPUTS, true), 3);
}

static void test_hosts_outside_are_not_counted(void **state)
{
    (void)state;
    assert_int_equal(told(one_of_ours, 2, 2 * INPUTS, true), 1);
}

/* Each of the inputs is too short by itself. */
static void test_what_all_inputs_have_read_says_when_to_look(void **state)
{
    (void)state;
    assert_int_equal(told(ours, 1, 1, true), 0);
    assert_int_equal(told(ours, 1, 2 * INPUTS, true), 1);
}

/* More hosts than are told one by one, each on many days: counting takes no longer than reading. */
static void test_of_very_many_hosts_the_most_that_are_told_are(void **state)
{
    (void)state;
    enum { HOSTS = HUNT_PROVEN_TOLD + 1000 };
    static char texts[HOSTS][ADDRESS_TEXT_SIZE];
    static const char *hosts[HOSTS];
    for (uint32_t i = 0; i < HOSTS; i++)
        hosts[i] = address_text(address_of_v4(0x0a000000 + 1 + i), texts[i]);
    assert_int_equal(told(hosts, HOSTS, 2 * INPUTS, true), HUNT_PROVEN_TOLD);
}

static void test_nobody_looks_where_nobody_asks(void **state)
{
    (void)state;
    assert_int_equal(told(ours, 1, 2 * INPUTS, false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_host_with_proof_on_many_days_is_one_host),
        cmocka_unit_test(test_hosts_outside_are_not_counted),
        cmocka_unit_test(test_what_all_inputs_have_read_says_when_to_look),
        cmocka_unit_test(test_of_very_many_hosts_the_most_that_are_told_are),
        cmocka_unit_test(test_nobody_looks_where_nobody_asks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
