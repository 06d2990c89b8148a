/* engine/hunt_finish: its numbers from both sides: which chances are shown, how many false hosts
 * are expected, which of a host's signs are deeds of its own. */
#include "scene.h"

#include <math.h>

#include "evidence/chance.h"
#include "made_smb.h"

static const char noon[] = "2009-04-21T12:00:00Z";
static const char host[] = "10.0.0.5", attacker[] = "10.0.0.9";
static const char url[] = "http://10.0.0.9:4321/abcdef";

/* The host looks up one name of four letters of today's list, and so many ordinary ones of five
 * that only this list could have. */
static struct scene one_name_among(unsigned others)
{
    struct scene s = scene_at(noon);
    struct domain_generator g;
    char name[DOMAIN_NAME_SIZE] = "";
    domains_begin(&g, NAME_LIST_D, day_of(s.now_us));
    while (strchr(name, '.') != name + 4)
        domains_next(&g, name);
    look_up(&s, host, "10.0.0.53", name);
    for (unsigned i = 0; i < others; i++) {
        (void)snprintf(name, sizeof name, "qxqx%c.ac", 'a' + i);
        look_up(&s, host, "10.0.0.53", name);
    }
    return s;
}

static double chance_among(unsigned others)
{
    double mean = 3 * (domain_chance(NAME_LIST_D, 4) + others * domain_chance(NAME_LIST_D, 5));
    return chance_poisson_tail(mean, 1) + log10(6 * 3);
}

static void test_what_chance_does_once_in_a_hundred_days_is_shown_and_oftener_is_not(void **state)
{
    (void)state;
    assert_true(chance_among(4) > -2.01 && chance_among(4) < -2);
    assert_true(chance_among(5) > -2 && chance_among(5) < -1.99);
    struct scene rare = one_name_among(4), common = one_name_among(5);
    struct caught *shown = scene_hunted(&rare, NULL), *hidden = scene_hunted(&common, NULL);
    assert_non_null(verdict_on(shown, host));
    assert_null(verdict_on(hidden, host));
    free(shown);
    free(hidden);
}

static void test_one_false_host_is_expected_in_a_billion_days_of_hosts(void **state)
{
    (void)state;
    struct scene s = one_name_among(4); /* the host's day and the resolver's */
    struct caught *c = scene_hunted(&s, NULL);
    assert_true(fabs(c->totals.expected_false_hosts / 2e-9 - 1) < 1e-9);
    free(c);
}

static struct made *mark(void)
{
    static struct made m;
    made_begin(&m);
    made_mark(&m, 'B', url, true);
    return &m;
}

/* The exploit, in a call. */
static void attack(struct scene *s, const char *from, const char *to)
{
    static struct made m, call;
    made_begin(&call);
    made_request(&call, 3, made_reader(mark()));
    made_way_to_pipe(&m);
    made_write(&m, TREE, PIPE_FILE, made_reader(&call));
    talk(s, from, to, 445, made_reader(&m), words_of(""));
}

/* The same bytes, in a file. */
static void copy(struct scene *s, const char *from, const char *to)
{
    static struct made m;
    made_begin(&m);
    made_negotiate(&m);
    made_connect(&m, "\\\\10.0.0.7\\samples");
    made_open(&m, TREE, "\\a.bin");
    made_write(&m, TREE, PIPE_FILE, made_reader(mark()));
    talk(s, from, to, 445, made_reader(&m), words_of(""));
}

/* Whether it is said who attacked the host, which copied such a file too, before it or after. */
static bool origin_is_said(bool copied_before)
{
    struct scene s = scene_at(noon);
    if (copied_before)
        copy(&s, host, "10.0.0.7");
    scene_wait(&s, 60);
    attack(&s, attacker, host);
    scene_wait(&s, 60);
    if (!copied_before)
        copy(&s, host, "10.0.0.7");
    struct caught *c = scene_hunted(&s, NULL);
    const struct verdict *v = verdict_on(c, host);
    assert_non_null(v);
    assert_true((v->marks & MARK_ATTACKED) != 0);
    bool said = strstr(v->advice, "Attacked by 10.0.0.9") != NULL;
    free(c);
    return said;
}

static void test_what_weighs_three_is_a_deed_though_it_was_attacked_too(void **state)
{
    (void)state;
    assert_true(origin_is_said(false));
    assert_false(origin_is_said(true));
}

/* One point is what innocent hosts show as well, and so no deed. */
static void test_odd_http_before_an_attack_does_not_hide_it(void **state)
{
    (void)state;
    struct scene s = scene_at(noon);
    talk(&s, host, "10.0.0.77", 4711, words_of("GET /a.bin HTTP/1.0\r\n\r\n"),
         words_of("HTTP/1.0 200 OK\r\n\r\n"));
    scene_wait(&s, 60);
    attack(&s, attacker, host);
    scene_wait(&s, 60);
    copy(&s, host, "10.0.0.7");
    struct caught *c = scene_hunted(&s, NULL);
    const struct verdict *v = verdict_on(c, host);
    assert_non_null(v);
    assert_true(v->weight - 4 == 0); /* the copied bytes and odd-http */
    assert_non_null(strstr(v->advice, "Attacked by 10.0.0.9"));
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_chance_does_once_in_a_hundred_days_is_shown_and_oftener_is_not),
        cmocka_unit_test(test_one_false_host_is_expected_in_a_billion_days_of_hosts),
        cmocka_unit_test(test_what_weighs_three_is_a_deed_though_it_was_attacked_too),
        cmocka_unit_test(test_odd_http_before_an_attack_does_not_hide_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
