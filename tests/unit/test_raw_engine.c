/* scan/raw_engine on a made-up clock and network: who is asked how often, who is found, what is
 * remembered. No packet leaves, and no test waits. */
#include "testing.h"

#include <math.h>

#include "made_raw_network.h"

static void assert_state(uint32_t host, enum knock_state wanted)
{
    for (unsigned k = 0; k < 4; k++)
        assert_int_equal(raw_state_of(settings.state, host, k), wanted);
}

/* Hosts with fewer than four ports are few, and asked on those. */
static void assert_asked(unsigned passes)
{
    unsigned few = 0;
    for (unsigned i = 0; i < HOSTS; i++) {
        assert_true(play.knocks[i] == 4 * passes || play.knocks[i] == 3 * passes);
        few += play.knocks[i] == 3 * passes;
    }
    assert_true(few < 3);
}

static void test_who_refuses_is_asked_once_and_not_waited_for(void **state)
{
    (void)state;
    assert_true(run());
    assert_asked(1);
    assert_state(17, KNOCK_REFUSED);
    assert_int_equal(play.found_count, 0);
    assert_true(play.now_us < SECOND);
    assert_true(fabs(raw_lost_share(&outcome.counts.progress)) < 1e-9);
    raw_outcome_clear(&outcome);
}

static void test_fewer_passes_repeat_less(void **state)
{
    play.all = SILENT;
    settings.passes = 1;
    (void)state;
    assert_true(run());
    assert_asked(1);
    assert_int_equal(outcome.counts.progress.pass, RAW_PASSES); /* there is nothing to go on with */
    assert_true(play.now_us >= 8 * SECOND);                     /* who answers late is heard */
    raw_outcome_clear(&outcome);
}

/* Begun ten minutes before the Sunday from which on two weeks are asked; a scan that is stopped and
 * goes on asks who is left on the weeks of then. */
static void test_hosts_are_asked_on_the_ports_of_the_week_in_which_they_are_asked(void **state)
{
    const int64_t sunday_us = week_start_us(2051) - 86400 * SECOND;
    (void)state;
    raw_state_free(settings.state);
    settings.state = raw_state_new(HOSTS, 2, NULL);
    settings.plan.aim = (struct aim){.when_us = sunday_us - 600 * SECOND};
    settings.rate = 1;
    settings.began_us = settings.plan.aim.when_us;
    play.stop_us = 700 * SECOND;
    assert_true(run());
    assert_true(outcome.stopped);
    assert_int_equal(raw_state_turns(settings.state), 1);
    settings.began_us = week_start_us(2051) + 3 * 86400 * SECOND; /* and goes on on Thursday */
    play.stop_us = 0;
    settings.rate = 0;
    assert_true(run());
    assert_int_equal(raw_state_turns(settings.state), 2);
    assert_int_equal(outcome.counts.progress.answered, outcome.counts.progress.asked);
    assert_int_equal(outcome.counts.forged, 0);
    struct order order = order_of(HOSTS, settings.seed);
    unsigned of_weeks[2] = {0};
    for (uint64_t place = 0; place < HOSTS; place++) {
        struct knock knocks[KNOCKS_MAX];
        struct raw_plan plan = settings.plan;
        uint32_t host = host_table_at(table, order_at(&order, place));
        plan.aim.when_us = raw_state_when(settings.state, place, plan.aim.when_us);
        size_t count = raw_knocks(&plan, host, knocks);
        assert_in_range(play.knocks[host - FIRST], count, count + 6); /* a batch can come twice */
        of_weeks[count > 4]++;
        for (unsigned k = 0; k < count; k++)
            assert_int_equal(raw_state_of(settings.state, order_at(&order, place), k),
                             KNOCK_REFUSED);
    }
    assert_true(of_weeks[0] > 100 && of_weeks[1] > 10 && of_weeks[0] < HOSTS);
    raw_outcome_clear(&outcome);
}

static void test_who_is_silent_is_asked_three_times(void **state)
{
    play.all = SILENT;
    (void)state;
    assert_true(run());
    assert_asked(3);
    assert_true(play.now_us >= 12 * SECOND && play.now_us < 13 * SECOND);
    assert_true(play.last_us[9] - play.first_us[9] >= 4 * SECOND);
    assert_true(isnan(raw_lost_share(&outcome.counts.progress)));
    raw_outcome_clear(&outcome);
}

static void test_who_is_infected_is_found_at_once_and_once(void **state)
{
    play.special[40] = INFECTED;
    (void)state;
    assert_true(run());
    assert_int_equal(play.found_count, 1);
    assert_int_equal(play.found[0], FIRST + 40);
    assert_true(host_set_has(outcome.valid, FIRST + 40));
    assert_int_equal(host_set_count(outcome.valid), 1);
    assert_true(play.others[40] >= 4); /* two questions, two resets */
    assert_true(play.now_us < SECOND); /* nobody is left to wait for */
    raw_outcome_clear(&outcome);
}

/* What opens, and then speaks, has answered once. */
static void test_each_knock_is_counted_once(void **state)
{
    play.special[40] = play.special[41] = INFECTED;
    play.special[42] = ACCEPTS; /* and is silent on both of its other ports */
    (void)state;
    assert_true(run());
    const struct raw_progress *p = &outcome.counts.progress;
    assert_true(p->asked >= HOSTS * 4 - 3 && p->asked <= HOSTS * 4);
    assert_int_equal(p->answered, p->asked - 2);
    assert_int_equal(p->silent[0], 2);
    assert_int_equal(p->silent[RAW_PASSES - 1], 2);
    raw_outcome_clear(&outcome);
}

static void test_who_took_a_connection_has_time_to_speak(void **state)
{
    play.special[42] = OPENS;
    (void)state;
    assert_true(run());
    assert_int_equal(raw_state_of(settings.state, 42, 0), KNOCK_OPEN);
    assert_int_equal(outcome.counts.progress.answered, outcome.counts.progress.asked);
    assert_true(play.now_us >= SECOND);
    raw_outcome_clear(&outcome);
}

static void test_in_a_net_behind_a_router_nobody_is_looked_for(void **state)
{
    play.special[44] = ABSENT;
    play.net_is_reached = true;
    (void)state;
    assert_true(run());
    assert_int_equal(play.asked_where[44], 0);
    raw_outcome_clear(&outcome);
}

static void test_an_answer_in_pieces_is_put_together(void **state)
{
    play.special[41] = IN_PIECES;
    (void)state;
    assert_true(run());
    assert_int_equal(play.found_count, 1);
    assert_true(host_set_has(outcome.valid, FIRST + 41));
    raw_outcome_clear(&outcome);
}

static void test_who_accepts_and_says_nothing_stays_open(void **state)
{
    play.special[42] = ACCEPTS;
    (void)state;
    assert_true(run());
    assert_int_equal(play.found_count, 0);
    assert_int_equal(raw_state_of(settings.state, 42, 0), KNOCK_OPEN);
    assert_int_equal(raw_state_of(settings.state, 42, 1), KNOCK_OPEN);
    assert_int_equal(raw_state_of(settings.state, 42, 2), KNOCK_SILENT);
    raw_outcome_clear(&outcome);
}

static void test_forged_answers_change_nothing(void **state)
{
    play.all = FORGES;
    (void)state;
    assert_true(run());
    assert_asked(3);
    assert_state(5, KNOCK_SILENT);
    assert_true(outcome.counts.forged > 1000);
    raw_outcome_clear(&outcome);
}

static void test_what_another_way_leads_to_is_for_sockets(void **state)
{
    play.special[43] = ELSEWHERE;
    (void)state;
    assert_true(run());
    assert_int_equal(play.found_count, 1);
    assert_int_equal(play.knocks[43], 0);
    raw_outcome_clear(&outcome);
}

static void test_a_neighbour_that_is_not_there_is_looked_for(void **state)
{
    play.special[44] = ABSENT;
    (void)state;
    assert_true(run());
    assert_int_equal(play.asked_where[44], 3);
    assert_int_equal(play.knocks[44], 0);
    assert_true(host_set_has(outcome.absent, FIRST + 44));
    raw_outcome_clear(&outcome);
}

static void test_a_neighbour_who_comes_late_cuts_nobodys_tries_short(void **state)
{
    play.special[44] = LATE;
    play.special[45] = SILENT;
    (void)state;
    assert_true(run());
    assert_state(44, KNOCK_REFUSED);
    assert_int_equal(play.knocks[45], 4 * RAW_PASSES);
    assert_int_equal(host_set_count(outcome.absent), 0);
    raw_outcome_clear(&outcome);
}

static void test_what_the_second_pass_hears_was_lost_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HOSTS / 8; i++)
        play.special[i * 8] = SECOND_TIME;
    assert_true(run());
    /* An eighth needs two tries, of nine eighths of tries. */
    assert_true(fabs(raw_lost_share(&outcome.counts.progress) - 1.0 / 9) < 0.003);
    raw_outcome_clear(&outcome);
}

static void test_the_pace_is_kept(void **state)
{
    settings.rate = 100;
    (void)state;
    assert_true(run());
    assert_true(play.now_us >= (HOSTS * 4 - 20) * SECOND / 100);
    assert_true(play.now_us <= (HOSTS * 4 + 20) * SECOND / 100);
    raw_outcome_clear(&outcome);
}

/* Stopped again and again, it asks no less than in one go, and no more than a batch again. */
static void test_a_scan_that_is_stopped_goes_on(void **state)
{
    unsigned runs = 0;
    (void)state;
    play.all = SILENT;
    settings.rate = 60;
    do { /* longer than any pause, which begins anew */
        play.stop_us = play.now_us + 10 * SECOND;
        assert_true(run());
        assert_true(++runs < 100);
    } while (outcome.stopped);
    assert_true(runs > 3);
    unsigned again = 0;
    for (unsigned i = 0; i < HOSTS; i++) {
        assert_true(play.knocks[i] >= 9);
        again += play.knocks[i] > 12;
    }
    assert_true(again <= runs * 64);
    assert_int_equal(raw_state_progress(settings.state).pass, RAW_PASSES);
    raw_outcome_clear(&outcome);
}

static void test_who_was_found_is_found_again(void **state)
{
    (void)state;
    play.special[45] = INFECTED;
    settings.rate = 500;
    play.stop_us = SECOND * 2;
    assert_true(run());
    size_t before = play.found_count;
    assert_true(outcome.stopped);
    play.stop_us = 0;
    play.found_count = 0;
    assert_true(run());
    assert_true(before <= 1);
    assert_int_equal(play.found_count, 1);
    raw_outcome_clear(&outcome);
}

static void test_ping_finds_who_only_echoes(void **state)
{
    (void)state;
    settings.plan.probe_count = gate_probes(GATE_PING, settings.plan.probes);
    settings.plan.finds_refusing = true;
    play.all = SILENT;
    play.special[50] = ECHOES;
    play.special[51] = FORGES;
    assert_true(run());
    assert_int_equal(play.found_count, 1);
    assert_int_equal(play.found[0], FIRST + 50);
    assert_int_equal(play.how[0], RAW_FOUND_THERE);
    assert_int_equal(play.knocks[50], 2 + 1); /* both doors and the echo, in the first pass */
    raw_state_note(settings.state, &(struct raw_progress){.pass = 1});
    assert_true(run()); /* goes on: it is found again, and as it was */
    assert_int_equal(play.found_count, 2);
    assert_int_equal(play.how[1], RAW_FOUND_THERE);
    raw_outcome_clear(&outcome);
}

static void test_parts_are_all_of_it(void **state)
{
    (void)state;
    settings.shards = 3;
    for (settings.shard = 0; settings.shard < 3; settings.shard++) {
        raw_state_free(settings.state);
        settings.state = raw_state_new(HOSTS, 1, NULL);
        assert_true(run());
    }
    assert_asked(1);
    settings.shard = 0;
    raw_outcome_clear(&outcome);
}

static void test_a_device_that_stays_gone_ends_the_run(void **state)
{
    (void)state;
    play.breaks_at = 100;
    assert_false(run());
    assert_int_equal(play.sent, 100);
    assert_true(play.now_us >= RAW_PATIENCE_S * SECOND);
    assert_true(play.now_us < (RAW_PATIENCE_S + 2) * SECOND);
    assert_true(raw_state_progress(settings.state).place < 64);
    raw_outcome_clear(&outcome);
}

static void test_a_device_that_comes_back_is_waited_for(void **state)
{
    (void)state;
    play.breaks_at = 100;
    play.back_us = 50 * SECOND;
    assert_true(run());
    assert_true(play.was_stuck);
    assert_true(play.now_us >= 50 * SECOND && play.now_us < 52 * SECOND);
    assert_asked(1); /* the packet that waited was sent, too, and none twice */
    assert_int_equal(outcome.counts.progress.answered, outcome.counts.progress.asked);
    raw_outcome_clear(&outcome);
}

static void test_who_stops_a_scan_need_not_wait_for_its_device(void **state)
{
    (void)state;
    play.breaks_at = 100;
    play.stop_us = 5 * SECOND;
    assert_false(run());
    assert_true(play.now_us < 6 * SECOND);
    raw_outcome_clear(&outcome);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_who_refuses_is_asked_once_and_not_waited_for),
        TEST(test_who_is_silent_is_asked_three_times),
        TEST(test_fewer_passes_repeat_less),
        TEST(test_hosts_are_asked_on_the_ports_of_the_week_in_which_they_are_asked),
        TEST(test_who_is_infected_is_found_at_once_and_once),
        TEST(test_each_knock_is_counted_once),
        TEST(test_who_took_a_connection_has_time_to_speak),
        TEST(test_in_a_net_behind_a_router_nobody_is_looked_for),
        TEST(test_an_answer_in_pieces_is_put_together),
        TEST(test_who_accepts_and_says_nothing_stays_open),
        TEST(test_forged_answers_change_nothing),
        TEST(test_what_another_way_leads_to_is_for_sockets),
        TEST(test_a_neighbour_that_is_not_there_is_looked_for),
        TEST(test_a_neighbour_who_comes_late_cuts_nobodys_tries_short),
        TEST(test_what_the_second_pass_hears_was_lost_once),
        TEST(test_the_pace_is_kept),
        TEST(test_a_scan_that_is_stopped_goes_on),
        TEST(test_who_was_found_is_found_again),
        TEST(test_ping_finds_who_only_echoes),
        TEST(test_parts_are_all_of_it),
        TEST(test_a_device_that_stays_gone_ends_the_run),
        TEST(test_a_device_that_comes_back_is_waited_for),
        TEST(test_who_stops_a_scan_need_not_wait_for_its_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
