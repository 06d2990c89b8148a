/* engine/scan_turns on a made-up clock and network: who passes a gate, and what is learnt of ports
 * that are named. No test waits. */
#include "testing.h"

#include <stdlib.h>

#include "engine/scan_turns.h"
#include "made_network.h"

enum { HOST = 0x0a000001, NAMED = 40050 };

static struct made_network network;
static struct scan_turns *turns;
static struct made_port named, smb, others; /* what NAMED, 445 and all others do */
static size_t hosts, given, done_count;
static int64_t stop_us; /* 0: never */
static bool is_there;   /* it is known before */
static bool left_given; /* and that of its named ports one is left to be asked */

/* What came of the host that was done last. */
static struct {
    uint32_t host;
    size_t asked;
    bool was_kept_out;
    struct ports_asked ports;
    size_t told_count;
    struct told_port told[PORTS_TOLD_MAX];
} done;

static struct made_port port_of(void *context, const struct shot *shot)
{
    (void)context;
    return shot->port == NAMED ? named : shot->port == 445 ? smb : others;
}

static bool next(void *context, uint32_t *host)
{
    (void)context;
    if (given == hosts)
        return false;
    *host = HOST + (uint32_t)given++;
    return true;
}

static struct known_host known(void *context, uint32_t host)
{
    (void)host;
    (void)context;
    struct known_host of = {.is_there = is_there};
    if (!left_given)
        return of;
    of.left = malloc(sizeof *of.left);
    assert_true(port_list_parse("T:40050", of.left, NULL));
    ports_told_count(&of.told, CAUSE_REFUSED, 900);
    return of;
}

static void take(void *context, const struct asked *asked, const struct host_turns *of)
{
    (void)context;
    done_count++;
    done.host = asked->host;
    done.asked = asked->count;
    done.was_kept_out = of->not_asked != NULL;
    done.ports = of->ports != NULL ? *of->ports : (struct ports_asked){0};
    done.told_count = of->told_count;
    if (of->told_count > 0)
        memcpy(done.told, of->told, of->told_count * sizeof done.told[0]);
}

static bool next_turn(void *context, uint32_t *host)
{
    (void)context;
    return scan_turns_next(turns, host);
}

static bool more_turns(void *context)
{
    (void)context;
    return scan_turns_later(turns);
}

static size_t aim_turn(void *context, uint32_t host, int64_t when_us,
                       struct shot shots[static SHOTS_MAX], void **mark)
{
    (void)context;
    return scan_turns_aim(turns, host, when_us, shots, mark);
}

static void turn_done(void *context, const struct asked *asked)
{
    (void)context;
    scan_turns_done(turns, asked);
}

static bool watch(void *context, const struct engine_counts *now)
{
    (void)context;
    (void)now;
    return stop_us > 0 && network.now_us >= stop_us;
}

static void run(enum gate gate, const char *ports, size_t count)
{
    struct port_list list;
    const struct engine_settings engine = {.probes = {probe_named("p2p")},
                                           .probe_count = 1,
                                           .aim = {.week_given = true, .week = 2050},
                                           .times = {.repeats = 2,
                                                     .repeat_us = US_PER_SECOND,
                                                     .connect_us = 5 * US_PER_SECOND,
                                                     .answer_us = 5 * US_PER_SECOND,
                                                     .last_wait_us = 3 * US_PER_SECOND},
                                           .handles_max = 1000,
                                           .seed = 7};
    const struct scan_turns_settings settings = {gate, ports != NULL ? &list : NULL, &engine};
    const struct scan_turns_face from = {NULL, next, NULL, known, take};
    const struct engine_face face = {NULL, next_turn, NULL, turn_done, watch, more_turns, aim_turn};
    struct engine_counts counts;
    assert_true(ports == NULL || port_list_parse(ports, &list, NULL));
    hosts = count;
    turns = scan_turns_new(&settings, &from);
    assert_non_null(turns);
    assert_true(socket_engine_run(&engine, &network.face, &face, &counts, NULL));
    scan_turns_end(turns);
    scan_turns_free(turns);
    assert_int_equal(network.open_count, 0);
}

static int begin(void **state)
{
    (void)state;
    made_begin(&network, port_of, NULL);
    given = done_count = 0;
    stop_us = 0;
    is_there = left_given = false;
    named = smb = others = (struct made_port){.kind = MADE_REFUSES};
    return 0;
}

static void test_all_ports_are_asked_once_and_the_usual_ones_last(void **state)
{
    (void)state;
    run(GATE_NONE, "2112-12111", 1);
    struct port_list list;
    assert_true(port_list_parse("2112-12111", &list, NULL));
    assert_int_equal(done_count, 1);
    assert_int_equal(done.asked, 4);
    assert_in_range(done.ports.asked, list.count - 4 + 3, list.count + 3); /* and the controls */
    assert_int_equal(done.ports.refused, done.ports.asked);
    assert_int_equal(done.told_count, 0);
    assert_int_equal(network.send_count, done.ports.asked + done.asked);
}

static void test_worm_on_a_named_port_is_told(void **state)
{
    (void)state;
    named = (struct made_port){.kind = MADE_OPEN, .answer = MADE_VALID};
    run(GATE_NONE, "40040-40060", 1);
    assert_int_equal(done.ports.infected, 2);
    assert_int_equal(done.told_count, 2);
    assert_int_equal(done.told[0].answer.cause, CAUSE_VALID);
    assert_int_equal(done.told[0].shot.week, CHECK_WEEK_NONE);
    assert_false(done.ports.takes_all || done.ports.answers_all);
}

static void test_host_that_takes_all_connections_shows_no_mute_port(void **state)
{
    (void)state;
    others = (struct made_port){.kind = MADE_OPEN};
    named = (struct made_port){.kind = MADE_OPEN, .answer = MADE_VALID};
    run(GATE_NONE, "T:39900-40100", 1);
    assert_true(done.ports.takes_all);
    assert_int_equal(done.ports.controls, 3);
    for (size_t i = 0; i < network.send_count; i++) /* a TCP control is asked nothing */
        assert_true(!port_is_blacklisted(network.sends[i].shot.port) ||
                    network.sends[i].shot.transport == TRANSPORT_UDP ||
                    network.sends[i].shot.probe->build == NULL);
    assert_int_equal(done.ports.infected, 1);
    assert_int_equal(done.told_count, 1);
    assert_int_equal(done.told[0].shot.port, NAMED);
}

static void test_what_holds_is_kept_where_much_is_told(void **state)
{
    static const uint8_t greeting[] = "220 welcome";
    (void)state;
    others = (struct made_port){
        .kind = MADE_OPEN, .answer = MADE_THESE, .bytes = greeting, .size = sizeof greeting};
    named = (struct made_port){.kind = MADE_OPEN, .answer = MADE_VALID};
    run(GATE_NONE, "T:39000-40100", 1);
    assert_int_equal(done.told_count, PORTS_TOLD_MAX);
    assert_int_equal(done.told[0].answer.cause, CAUSE_VALID);
    assert_int_equal(done.told_count + done.ports.not_shown, done.ports.asked);
}

static void test_ping_asks_who_refuses_and_not_who_is_silent(void **state)
{
    (void)state;
    run(GATE_PING, NULL, 1);
    assert_false(done.was_kept_out);
    assert_int_equal(done.asked, 4);
    begin(NULL);
    smb = others = (struct made_port){.kind = MADE_SILENT};
    run(GATE_PING, NULL, 2);
    assert_int_equal(done_count, 2);
    assert_true(done.was_kept_out);
    assert_int_equal(done.asked, GATE_SHOTS);
}

static void test_who_is_known_to_be_there_passes_ping_and_no_other_gate(void **state)
{
    (void)state;
    is_there = true;
    smb = others = (struct made_port){.kind = MADE_SILENT};
    run(GATE_PING, NULL, 2);
    assert_int_equal(done_count, 2);
    assert_false(done.was_kept_out);
    assert_int_equal(done.asked, 4);
    begin(NULL);
    is_there = true;
    smb = others = (struct made_port){.kind = MADE_SILENT};
    run(GATE_WINDOWS, NULL, 1);
    assert_true(done.was_kept_out);
}

static void test_of_a_host_that_is_known_what_is_left_is_asked(void **state)
{
    (void)state;
    left_given = true;
    named = (struct made_port){.kind = MADE_OPEN, .answer = MADE_VALID};
    run(GATE_NONE, "40000-60000", 1);
    assert_int_equal(done_count, 1);
    assert_int_equal(done.ports.asked, 900 + 1 + 3); /* and the controls */
    assert_int_equal(done.ports.refused, 900 + 3);
    assert_int_equal(done.told_count, 1);
    assert_int_equal(done.told[0].answer.cause, CAUSE_VALID);
    assert_int_equal(network.send_count, 1 + 3 + done.asked);
}

static void test_data_take_the_place_of_who_only_listens(void **state)
{
    struct ports_told told = {0};
    struct told_port port = {.shot.port = 50000, .answer.cause = CAUSE_MUTE};
    (void)state;
    for (unsigned i = 0; i < PORTS_TOLD_MAX + 5; i++)
        ports_told_take(&told, &port);
    port.answer.cause = CAUSE_CHECKSUM;
    ports_told_take(&told, &port);
    port.answer.cause = CAUSE_VALID;
    ports_told_take(&told, &port);
    ports_told_finish(&told);
    assert_int_equal(told.told_count, PORTS_TOLD_MAX);
    assert_int_equal(told.told[0].answer.cause, CAUSE_VALID);
    unsigned odd = 0;
    for (size_t i = 0; i < told.told_count; i++)
        odd += told.told[i].answer.cause == CAUSE_CHECKSUM;
    assert_int_equal(odd, 1);
    assert_int_equal(told.ports.not_shown, 7);
    ports_told_clear(&told);
}

static void test_windows_only_asks_who_takes_connections(void **state)
{
    (void)state;
    run(GATE_WINDOWS, "40050", 1);
    assert_true(done.was_kept_out);
    assert_int_equal(done.ports.asked, 0);
    begin(NULL);
    smb = (struct made_port){.kind = MADE_OPEN};
    run(GATE_WINDOWS, "40050", 1);
    assert_false(done.was_kept_out);
    assert_int_equal(done.ports.asked, 2 + 3);
    assert_int_equal(done.asked, 4);
}

static void test_gate_that_could_not_be_asked_keeps_nobody_out(void **state)
{
    (void)state;
    smb = others = (struct made_port){.fails = NET_LOCAL, .cause = CAUSE_NO_ROUTE};
    run(GATE_PING, NULL, 1);
    assert_false(done.was_kept_out);
    assert_int_equal(done.asked, 4);
}

static void test_stopped_in_mid_host_tells_what_was_learnt(void **state)
{
    (void)state;
    others = (struct made_port){.kind = MADE_SILENT};
    named = (struct made_port){.kind = MADE_OPEN, .answer = MADE_VALID};
    stop_us = US_PER_SECOND;
    run(GATE_NONE, "40050,50000-50100", 1);
    assert_int_equal(done_count, 1);
    assert_int_equal(done.asked, 0); /* not on the usual ones: the run is not complete */
    assert_int_equal(done.ports.infected, 2);
    assert_true(done.ports.failed > 0);
}

static void test_stopped_at_the_gate_is_not_kept_out(void **state)
{
    (void)state;
    smb = others = (struct made_port){.kind = MADE_SILENT};
    stop_us = US_PER_SECOND;
    run(GATE_PING, NULL, 1);
    assert_int_equal(done_count, 1);
    assert_false(done.was_kept_out);
}

static void test_lists_of_ports_are_read_as_nmap_writes_them(void **state)
{
    struct port_list l;
    (void)state;
    assert_true(port_list_parse("T:40050,40051-40053,U:50000-,T:40050", &l, NULL));
    assert_true(port_list_has(&l, TRANSPORT_TCP, 40053));
    assert_false(port_list_has(&l, TRANSPORT_UDP, 40053));
    assert_false(port_list_has(&l, TRANSPORT_TCP, 50000));
    assert_true(port_list_has(&l, TRANSPORT_UDP, 50000));
    assert_true(port_list_parse("-", &l, NULL));
    assert_int_equal(l.count, 2 * PORTS_USABLE);
    port_list_all(&l);
    assert_int_equal(l.count, 2 * PORTS_USABLE);
    assert_true(port_list_parse("80", &l, NULL));
    assert_int_equal(l.count, 0);
    assert_int_equal(l.black_listed, 1);
    static const char *const wrong[] = {"",   ",",    "1,", "65536", "2-1",   "http",       "1--2",
                                        "T:", "X:40", "1 ", "1-2-3", "U:T:1", "99999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(port_list_parse(wrong[i], &l, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_all_ports_are_asked_once_and_the_usual_ones_last, begin),
        cmocka_unit_test_setup(test_worm_on_a_named_port_is_told, begin),
        cmocka_unit_test_setup(test_host_that_takes_all_connections_shows_no_mute_port, begin),
        cmocka_unit_test_setup(test_what_holds_is_kept_where_much_is_told, begin),
        cmocka_unit_test_setup(test_ping_asks_who_refuses_and_not_who_is_silent, begin),
        cmocka_unit_test_setup(test_who_is_known_to_be_there_passes_ping_and_no_other_gate, begin),
        cmocka_unit_test_setup(test_of_a_host_that_is_known_what_is_left_is_asked, begin),
        cmocka_unit_test_setup(test_data_take_the_place_of_who_only_listens, begin),
        cmocka_unit_test_setup(test_windows_only_asks_who_takes_connections, begin),
        cmocka_unit_test_setup(test_gate_that_could_not_be_asked_keeps_nobody_out, begin),
        cmocka_unit_test_setup(test_stopped_in_mid_host_tells_what_was_learnt, begin),
        cmocka_unit_test_setup(test_stopped_at_the_gate_is_not_kept_out, begin),
        cmocka_unit_test_setup(test_lists_of_ports_are_read_as_nmap_writes_them, begin),
    };
    return cmocka_run_group_tests_name("scan_turns", tests, NULL, NULL);
}
