/* engine/hunt_room: who is kept when the store is full. Of two hosts the one that tells more stays,
 * and who speaks for somebody, or may, is never let go. */
#include "scene.h"

#include <math.h>

#include "engine/hunt_inside.h"
#include "evidence/hosts_inside.h"
#include "made_smb.h"

static const char morning[] = "2009-04-21T10:00:00Z";

static struct hunt_settings settings;

static struct hunt *outbreak_read(void)
{
    settings = settings_usual();
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_read(h, SAMPLES "/outbreak.pcap.gz", true));
    return h;
}

static struct hunt *scene_read(struct scene *s)
{
    settings = settings_usual();
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_part(h, s->reel, 0, s->reel->count));
    reel_free(s->reel);
    s->reel = NULL;
    return h;
}

/* Of the host's gravest day, as the store asks; -1: nothing is kept of it. */
static double gravity_of(struct hunt *h, const char *host)
{
    size_t count;
    double gravest = -1;
    struct host_day *const *days = hosts_sorted(h->hosts, &count);
    assert_non_null(days);
    for (size_t i = 0; i < count; i++)
        if (address_equal(days[i]->host, host_of(host)))
            gravest = fmax(gravest, h->hosts->keeper.gravity(h->hosts->keeper.context, days[i]));
    return gravest;
}

/* A flow of UDP to a port that says nothing: a host-day without a sign. */
static void meet(struct scene *s, const char *from, const char *to)
{
    ask_udp(s, host_of(from), host_of(to), 3000, words_of("hello"), words_of("hello"));
}

static void look_up_names_of(struct scene *s, const char *from, int32_t away, unsigned count)
{
    struct domain_generator g;
    char name[DOMAIN_NAME_SIZE];
    domains_begin(&g, NAME_LIST_B, day_of(s->now_us) + away);
    for (unsigned i = 0; i < count; i++) {
        assert_true(domains_next(&g, name) > 0);
        look_up(s, from, "10.9.9.9", name);
    }
}

static void test_a_host_at_home_is_kept_before_a_stranger(void **state)
{
    (void)state;
    struct scene s = scene_at(morning);
    meet(&s, "10.0.0.1", "45.0.0.1");
    meet(&s, "45.0.0.2", "10.0.0.2");
    struct hunt *h = scene_read(&s);
    assert_true(gravity_of(h, "45.0.0.2") >= 0);
    assert_true(gravity_of(h, "10.0.0.1") > gravity_of(h, "45.0.0.2"));
    hunt_free(h);
}

/* The victim of an exploit shows a sign that weighs nothing against it, and an edge by which the
 * other may be convicted. */
static void test_whom_somebody_attacked_is_kept_before_who_only_sweeps(void **state)
{
    (void)state;
    struct hunt *h = outbreak_read();
    double victim = gravity_of(h, "10.9.2.57"), sweeper = gravity_of(h, "10.9.0.99");
    assert_true(sweeper >= 3 && sweeper < victim);
    assert_true(isfinite(victim));
    hunt_free(h);
}

/* HTTP on an odd port is one point. That there is a sign at all counts beside its points, as some
 * weigh nothing so far. */
static void test_a_stranger_with_a_sign_is_kept_before_a_host_at_home_without(void **state)
{
    (void)state;
    struct scene s = scene_at(morning);
    meet(&s, "10.0.0.1", "45.0.0.1");
    talk(&s, "45.0.0.3", "192.0.2.80", 8123, words_of("GET /a HTTP/1.1\r\nHost: a\r\n\r\n"),
         words_of("HTTP/1.1 200 OK\r\n\r\n"));
    struct hunt *h = scene_read(&s);
    assert_true(gravity_of(h, "45.0.0.3") > 1);
    assert_true(gravity_of(h, "10.0.0.1") < 1);
    hunt_free(h);
}

static void test_a_resolver_is_never_let_go_as_its_mark_speaks_for_it(void **state)
{
    (void)state;
    struct hunt *h = outbreak_read();
    assert_true(isinf(gravity_of(h, "10.9.0.53")));
    hunt_free(h);
}

static void test_a_checker_of_lists_is_never_let_go(void **state)
{
    (void)state;
    struct scene s = scene_at(morning);
    for (int32_t away = -5; away <= 5; away++)
        look_up_names_of(&s, "10.0.0.1", away, 3);
    look_up_names_of(&s, "10.0.0.2", 0, 1);
    struct hunt *h = scene_read(&s);
    assert_true(isinf(gravity_of(h, "10.0.0.1")));
    assert_true(isfinite(gravity_of(h, "10.0.0.2")));
    hunt_free(h);
}

/* By its trail the one that passed it on is known as a relay. */
static void test_who_sent_a_message_of_the_worm_is_never_let_go(void **state)
{
    (void)state;
    struct scene s = scene_at(morning);
    ask_bare(&s, host_of("10.0.0.1"), host_of("45.0.0.1"), 40000);
    struct hunt *h = scene_read(&s);
    assert_true(isinf(gravity_of(h, "10.0.0.1")));
    hunt_free(h);
}

/* The exploit's bytes in a file, which alone are three points: but who passed them on is known as a
 * relay by this host's trail. */
static void test_who_sent_the_exploit_anywhere_is_never_let_go(void **state)
{
    (void)state;
    struct scene s = scene_at(morning);
    struct made inside, m;
    made_begin(&inside);
    made_mark(&inside, 'B', "http://10.0.0.1:4321/abcdef", true);
    made_begin(&m);
    made_negotiate(&m);
    made_connect(&m, "\\\\10.0.0.7\\samples");
    made_open(&m, TREE, "\\a.bin");
    made_write(&m, TREE, PIPE_FILE, made_reader(&inside));
    talk(&s, "10.0.0.1", "10.0.0.7", 445, made_reader(&m), words_of(""));
    struct hunt *h = scene_read(&s);
    assert_true(isinf(gravity_of(h, "10.0.0.1")));
    assert_true(isfinite(gravity_of(h, "10.0.0.7")));
    struct caught *c = hunt_ended(h, NULL);
    assert_int_equal(kind_on(c, "10.0.0.1"), VERDICT_SUSPICIOUS);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_host_at_home_is_kept_before_a_stranger),
        cmocka_unit_test(test_whom_somebody_attacked_is_kept_before_who_only_sweeps),
        cmocka_unit_test(test_a_stranger_with_a_sign_is_kept_before_a_host_at_home_without),
        cmocka_unit_test(test_a_resolver_is_never_let_go_as_its_mark_speaks_for_it),
        cmocka_unit_test(test_a_checker_of_lists_is_never_let_go),
        cmocka_unit_test(test_who_sent_a_message_of_the_worm_is_never_let_go),
        cmocka_unit_test(test_who_sent_the_exploit_anywhere_is_never_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
