/* detect/rendezvous_dns: names of the day convict, other names never do, relays and checkers are
 * told. */
#include "stage.h"

#include <math.h>
#include <stdio.h>

#include "conficker/domains.h"
#include "evidence/chance.h"

static const char noon[] = "2009-04-21T12:00:00Z";

/* The client looks up `count` names of the list of a day, from the first on, every one failing. */
static void look_up_from(struct stage *s, const char *client, const char *server,
                         enum name_list list, const char *date, unsigned count, const char *time)
{
    struct domain_generator g;
    char name[DOMAIN_NAME_SIZE];
    domains_begin(&g, list, day_of(when(date)));
    for (unsigned i = 0; i < count; i++) {
        domains_next(&g, name);
        looked_up(s, client, server, name, time, -1);
        looked_up(s, client, server, name, time, DNS_NXDOMAIN);
    }
}

static void look_up_list(struct stage *s, const char *client, enum name_list list, const char *date,
                         unsigned count, const char *time)
{
    look_up_from(s, client, "10.0.0.53", list, date, count, time);
}

static void test_names_of_the_day_convict(void **state)
{
    (void)state;
    static const unsigned variants[] = {VARIANT_A, VARIANT_B | VARIANT_C, VARIANT_D | VARIANT_E};
    for (enum name_list list = NAME_LIST_A; list < NAME_LISTS; list++) {
        struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
        struct sign sign;
        look_up_list(&s, "10.0.0.5", list, noon, 100, noon);
        assert_true(sign_of(&s, "10.0.0.5", noon, &sign));
        assert_int_equal(sign.count, 100);
        assert_int_equal(sign.variants, variants[list]);
        assert_true(sign.false_alarm_log10 < -100);
        assert_false(sign.below_floor);
        assert_int_equal(sign.marks, 0);
        stage_clear(&s);
    }
}

static void test_names_of_the_day_before_and_after_count(void **state)
{
    (void)state;
    static const char *const dates[] = {"2009-04-20", "2009-04-22"};
    for (unsigned i = 0; i < 2; i++) {
        struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
        struct sign sign;
        look_up_list(&s, "10.0.0.5", NAME_LIST_B, dates[i], 20, noon);
        assert_true(sign_of(&s, "10.0.0.5", noon, &sign));
        assert_int_equal(sign.count, 20);
        stage_clear(&s);
    }
}

static void test_names_of_last_week_are_no_sign(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
    struct sign sign;
    look_up_list(&s, "10.0.0.5", NAME_LIST_A, "2009-04-14", 250, noon);
    assert_false(sign_of(&s, "10.0.0.5", noon, &sign));
    stage_clear(&s);
}

static void test_ordinary_names_are_no_sign(void **state)
{
    (void)state;
    static const char *const names[] = {"www.example.com",   "google.com", "ntp.org",
                                        "heise.de",          "debian.org", "bbc.co.uk",
                                        "xn--mnchen-3ya.de", "a.b.c.d"};
    struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
    struct sign sign;
    for (unsigned i = 0; i < COUNT_OF(names); i++)
        looked_up(&s, "10.0.0.5", "10.0.0.53", names[i], noon, -1);
    assert_false(sign_of(&s, "10.0.0.5", noon, &sign));
    stage_clear(&s);
}

static void test_two_names_do_not_convict(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
    struct sign sign;
    look_up_list(&s, "10.0.0.5", NAME_LIST_A, noon, 2, noon);
    assert_true(sign_of(&s, "10.0.0.5", noon, &sign));
    assert_true(sign.below_floor);
    stage_clear(&s);
}

static void test_a_name_asked_twice_counts_once(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
    struct sign sign;
    for (int i = 0; i < 50; i++)
        look_up_list(&s, "10.0.0.5", NAME_LIST_A, noon, 2, noon);
    assert_true(sign_of(&s, "10.0.0.5", noon, &sign));
    assert_int_equal(sign.count, 2);
    stage_clear(&s);
}

static void test_many_ordinary_names_weigh_against_few_hits(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
    struct sign few, many;
    struct domain_generator g;
    char hit[DOMAIN_NAME_SIZE];
    domains_begin(&g, NAME_LIST_D, day_of(when(noon)));
    for (unsigned found = 0; found < 3;) {
        domains_next(&g, hit);
        if (strchr(hit, '.') - hit != 5)
            continue;
        looked_up(&s, "10.0.0.5", "10.0.0.53", hit, noon, -1);
        found++;
    }
    assert_true(sign_of(&s, "10.0.0.5", noon, &few));
    for (unsigned i = 0; i < 20000; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%c%c%c%c%c.at", 'a' + i % 26, 'b' + i / 26 % 25, 'q',
                       'a' + i / 676 % 26, 'a' + i / 17576 % 26);
        looked_up(&s, "10.0.0.5", "10.0.0.53", name, noon, -1);
    }
    assert_true(sign_of(&s, "10.0.0.5", noon, &many));
    assert_true(many.false_alarm_log10 > few.false_alarm_log10 + 3);
    stage_clear(&s);
}

static void test_a_resolver_that_passes_names_on_is_a_relay(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
    struct domain_generator g;
    struct sign sign;
    char name[DOMAIN_NAME_SIZE];
    domains_begin(&g, NAME_LIST_A, day_of(when(noon)));
    for (unsigned i = 0; i < 50; i++) {
        domains_next(&g, name);
        looked_up(&s, "10.0.0.5", "10.0.0.53", name, noon, -1);
        looked_up(&s, "10.0.0.53", "192.0.2.53", name, "2009-04-21T12:00:01Z", -1);
    }
    assert_true(sign_of(&s, "10.0.0.53", noon, &sign));
    assert_int_equal(sign.marks, MARK_RELAY);
    assert_true(sign_of(&s, "10.0.0.5", noon, &sign));
    assert_int_equal(sign.marks, 0);
    assert_false(sign_of(&s, "192.0.2.53", noon, &sign));
    stage_clear(&s);
}

static void test_a_name_asked_hours_later_is_not_passed_on(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
    struct sign sign;
    look_up_list(&s, "10.0.0.5", NAME_LIST_A, noon, 5, noon);
    look_up_from(&s, "10.0.0.53", "192.0.2.53", NAME_LIST_A, noon, 5, "2009-04-21T15:00:00Z");
    assert_true(sign_of(&s, "10.0.0.53", "2009-04-21T15:00:00Z", &sign));
    assert_int_equal(sign.marks, 0);
    stage_clear(&s);
}

static void test_who_asks_names_of_many_dates_checks_lists(void **state)
{
    (void)state;
    static const char *const dates[] = {"2009-04-14", "2009-04-17", "2009-04-21", "2009-04-25",
                                        "2009-05-02"};
    struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
    struct sign sign;
    for (unsigned i = 0; i < COUNT_OF(dates); i++)
        look_up_list(&s, "10.0.0.5", NAME_LIST_B, dates[i], 250, noon);
    assert_true(sign_of(&s, "10.0.0.5", noon, &sign));
    assert_int_equal(sign.marks, MARK_SCANNER);
    stage_clear(&s);
}

/* Feeds the same look-ups to one store, and split at `at` to two slots that are then merged. */
static void check_split(unsigned at_name, unsigned names)
{
    struct stage whole = stage_of(SIGN_RENDEZVOUS_DNS), parts = stage_of(SIGN_RENDEZVOUS_DNS);
    struct domain_generator g;
    char name[DOMAIN_NAME_SIZE];
    domains_begin(&g, NAME_LIST_D, day_of(when(noon)));
    for (unsigned i = 0; i < names; i++) {
        domains_next(&g, name);
        looked_up(&whole, "10.0.0.5", "10.0.0.53", name, noon, -1);
        looked_up(&parts, i < at_name ? "10.0.0.5" : "10.0.0.6", "10.0.0.53", name, noon, -1);
    }
    parts.detector->merge(&parts.watcher, slot_of(&parts, "10.0.0.5", noon),
                          slot_of(&parts, "10.0.0.6", noon));
    struct sign a, b;
    assert_true(sign_of(&whole, "10.0.0.5", noon, &a));
    assert_true(sign_of(&parts, "10.0.0.5", noon, &b));
    assert_memory_equal(&a, &b, sizeof a);
    stage_clear(&whole);
    stage_clear(&parts);
}

static void test_merging_parts_gives_the_whole(void **state)
{
    (void)state;
    for (unsigned at_name = 0; at_name <= 40; at_name += 5)
        check_split(at_name, 40);
    check_split(300, 900);
}

/* The client looks up the first names of so many letters of a list, that of the day this many days
 * away. */
static void look_up_of_length(struct stage *s, enum name_list list, int away, unsigned letters,
                              unsigned count)
{
    struct domain_generator g;
    char name[DOMAIN_NAME_SIZE];
    domains_begin(&g, list, day_of(when(noon)) + away);
    while (count > 0) {
        domains_next(&g, name);
        if (strchr(name, '.') - name != (int)letters)
            continue;
        looked_up(s, "10.0.0.5", "10.0.0.53", name, noon, -1);
        count--;
    }
}

/* Names of five letters that are in no list on that day; at most 676. */
static void look_up_ordinary(struct stage *s, unsigned count, const char *suffix)
{
    for (unsigned i = 0; i < count; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "q%c%cqx.%s", 'a' + i % 26, 'a' + i / 26 % 26, suffix);
        looked_up(s, "10.0.0.5", "10.0.0.53", name, noon, -1);
    }
}

static void test_one_name_is_as_likely_as_its_length_list_and_three_days_make_it(void **state)
{
    (void)state;
    static const unsigned letters[NAME_LISTS] = {8, 8, 9}, lengths[NAME_LISTS] = {7, 7, 6};
    for (enum name_list list = NAME_LIST_A; list < NAME_LISTS; list++) {
        struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
        struct sign sign;
        look_up_of_length(&s, list, 0, letters[list], 1);
        assert_true(sign_of(&s, "10.0.0.5", noon, &sign));
        double chance = chance_poisson_tail(3 * domain_chance(list, letters[list]), 1);
        chance += log10(lengths[list] * 3.0); /* lengths and lists that were tried */
        assert_true(fabs(sign.false_alarm_log10 - chance) < 1e-9);
        stage_clear(&s);
    }
}

static void test_three_names_of_five_letters_convict_and_no_number_of_four(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
    struct sign sign;
    look_up_of_length(&s, NAME_LIST_D, 0, 4, 30);
    look_up_of_length(&s, NAME_LIST_D, 0, 5, 2);
    assert_true(sign_of(&s, "10.0.0.5", noon, &sign));
    assert_true(sign.below_floor);
    look_up_of_length(&s, NAME_LIST_D, 0, 5, 3);
    assert_true(sign_of(&s, "10.0.0.5", noon, &sign));
    assert_false(sign.below_floor);
    stage_clear(&s);
}

static void test_a_name_that_chance_explains_is_no_sign(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
    struct sign sign;
    look_up_of_length(&s, NAME_LIST_D, 0, 4, 1);
    assert_true(sign_of(&s, "10.0.0.5", noon, &sign));
    look_up_of_length(&s, NAME_LIST_D, 90, 4, 800); /* ordinary ones today */
    assert_false(sign_of(&s, "10.0.0.5", noon, &sign));
    stage_clear(&s);
}

/* Whether who asks three names of today and so many of another day checks lists. */
static bool checks_with(enum name_list list, int away, unsigned of_today, unsigned of_other)
{
    struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
    struct sign sign;
    look_up_of_length(&s, list, 0, 8, of_today);
    look_up_of_length(&s, list, away, 8, of_other);
    assert_true(sign_of(&s, "10.0.0.5", noon, &sign));
    stage_clear(&s);
    return sign.marks == MARK_SCANNER;
}

static void test_a_month_is_looked_at_for_other_dates_and_a_week_of_long_lists(void **state)
{
    (void)state;
    static const int reach[NAME_LISTS] = {30, 30, 7};
    for (enum name_list list = NAME_LIST_A; list < NAME_LISTS; list++) {
        assert_true(checks_with(list, reach[list], 3, 3));
        assert_true(checks_with(list, -reach[list], 3, 3));
        assert_false(checks_with(list, reach[list] + 1, 3, 3));
        assert_false(checks_with(list, -reach[list] - 1, 3, 3));
        assert_true(checks_with(list, 2, 3, 3));
        assert_false(checks_with(list, 2, 4, 3)); /* fewer than of today */
    }
}

static void test_one_name_passed_on_makes_a_relay(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
    struct sign sign;
    look_up_list(&s, "10.0.0.5", NAME_LIST_A, noon, 1, noon);
    look_up_from(&s, "10.0.0.53", "192.0.2.53", NAME_LIST_A, noon, 20, "2009-04-21T12:01:00Z");
    assert_true(sign_of(&s, "10.0.0.53", noon, &sign));
    assert_int_equal(sign.marks, MARK_RELAY);
    stage_clear(&s);
}

/* The chance of a few of B's names among so many ordinary ones, and whether B is named beside D,
 * whose names are far more. */
static double chance_of_b(unsigned ordinary, bool beside_d, bool *is_named)
{
    struct stage s = stage_of(SIGN_RENDEZVOUS_DNS);
    struct sign sign;
    look_up_of_length(&s, NAME_LIST_B, 0, 5, 3);
    look_up_ordinary(&s, ordinary, "cc");
    if (beside_d)
        look_up_of_length(&s, NAME_LIST_D, 0, 9, 60);
    assert_true(sign_of(&s, "10.0.0.5", noon, &sign));
    *is_named = (sign.variants & VARIANT_B) != 0;
    stage_clear(&s);
    return sign.false_alarm_log10;
}

static void test_a_second_list_is_named_from_the_chance_that_convicts(void **state)
{
    (void)state;
    unsigned closely = 0, hardly = 0;
    for (unsigned ordinary = 200; ordinary <= 676; ordinary += 68) {
        bool is_named;
        double chance = chance_of_b(ordinary, false, &is_named);
        (void)chance_of_b(ordinary, true, &is_named);
        assert_int_equal(is_named, chance <= -9);
        closely += chance > -10 && chance <= -9;
        hardly += chance > -9 && chance < -8;
    }
    assert_true(closely > 0 && hardly > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_the_day_convict),
        cmocka_unit_test(test_names_of_the_day_before_and_after_count),
        cmocka_unit_test(test_names_of_last_week_are_no_sign),
        cmocka_unit_test(test_ordinary_names_are_no_sign),
        cmocka_unit_test(test_two_names_do_not_convict),
        cmocka_unit_test(test_a_name_asked_twice_counts_once),
        cmocka_unit_test(test_many_ordinary_names_weigh_against_few_hits),
        cmocka_unit_test(test_a_resolver_that_passes_names_on_is_a_relay),
        cmocka_unit_test(test_a_name_asked_hours_later_is_not_passed_on),
        cmocka_unit_test(test_who_asks_names_of_many_dates_checks_lists),
        cmocka_unit_test(test_merging_parts_gives_the_whole),
        cmocka_unit_test(test_one_name_is_as_likely_as_its_length_list_and_three_days_make_it),
        cmocka_unit_test(test_three_names_of_five_letters_convict_and_no_number_of_four),
        cmocka_unit_test(test_a_name_that_chance_explains_is_no_sign),
        cmocka_unit_test(test_a_month_is_looked_at_for_other_dates_and_a_week_of_long_lists),
        cmocka_unit_test(test_one_name_passed_on_makes_a_relay),
        cmocka_unit_test(test_a_second_list_is_named_from_the_chance_that_convicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
