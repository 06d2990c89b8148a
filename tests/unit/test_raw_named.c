/* scan/raw_engine with ports that are named, on a made-up clock and network, and scan/raw_named and
 * raw_units, by which it knows whose turn it is and which port an answer is of. */
#include "testing.h"

#include "made_raw_network.h"
#include "wire/assigned_names.h"

/* 48 ports of each protocol, and the controls: seven groups, and that of the usual ports. */
static void name_ports(void)
{
    struct port_list list = {0};
    for (uint16_t port = NAMED_FIRST; list.count < 2 * NAMED_EACH; port++) {
        port_list_add(&list, TRANSPORT_TCP, port);
        port_list_add(&list, TRANSPORT_UDP, port);
    }
    assert_true(port_list_has(&list, TRANSPORT_TCP, ODD));
    named = raw_named_new(&list, 99);
    assert_non_null(named);
    settings.plan.named = named;
    assert_int_equal(raw_groups(&settings.plan), 8);
    raw_state_free(settings.state);
    settings.state = raw_state_new(HOSTS * 8, 4, NULL);
}

/* The knocks of a host in one pass: each port once, though a usual one may be named as well. */
static unsigned knocks_with_named(uint32_t i)
{
    struct knock usual[KNOCKS_MAX];
    size_t count = raw_knocks(&settings.plan, FIRST + i, usual);
    return (unsigned)count + raw_named_count(named) - raw_named_usual(named, usual, count);
}

static void test_named_ports_are_asked_of_all_hosts_in_turn(void **state)
{
    (void)state;
    name_ports();
    assert_true(run());
    for (unsigned i = 0; i < HOSTS; i++)
        assert_int_equal(play.knocks[i], knocks_with_named(i));
    assert_int_equal(play.found_count, 0);
    assert_true(play.most_in_a_row <= 4 * KNOCKS_MAX);
    assert_true(play.now_us < SECOND);
    assert_int_equal(outcome.counts.progress.answered, outcome.counts.progress.asked);
    assert_int_equal(outcome.counts.forged, 0);
    raw_outcome_clear(&outcome);
}

static void test_who_is_infected_on_a_named_port_is_found_when_all_were_asked(void **state)
{
    uint64_t sums[KNOCK_STATES];
    unsigned number;
    (void)state;
    name_ports();
    play.special[60] = ODD_PORT;
    play.special[61] = SILENT; /* so that there are passes to come */
    assert_true(run());
    assert_int_equal(play.found_count, 1);
    assert_int_equal(play.found[0], FIRST + 60);
    assert_int_equal(play.how[0], RAW_FOUND_PORTS);
    assert_true(host_set_has(outcome.valid, FIRST + 60));
    assert_int_equal(play.knocks[60], knocks_with_named(60));
    raw_state_sum(settings.state, 60 * 8, 8, sums);
    assert_int_equal(sums[KNOCK_ANSWERED], 1);
    assert_int_equal(sums[KNOCK_REFUSED], knocks_with_named(60) - 1);
    assert_true(raw_named_find(&settings.plan, FIRST + 60, TRANSPORT_TCP, ODD, &number));
    assert_int_equal(raw_state_of(settings.state, 60 * 8 + 1 + number / 16, number % 16),
                     KNOCK_ANSWERED);
    assert_int_equal(play.knocks[61], 3 * knocks_with_named(61));
    raw_outcome_clear(&outcome);
}

static void test_who_takes_all_connections_and_says_nothing_stays_open_on_all(void **state)
{
    uint64_t sums[KNOCK_STATES];
    (void)state;
    name_ports();
    play.special[62] = ACCEPTS;
    assert_true(run());
    assert_int_equal(play.found_count, 0);
    raw_state_sum(settings.state, 62 * 8, 8, sums);
    assert_in_range(sums[KNOCK_OPEN], NAMED_EACH + CONTROLS_TCP, NAMED_EACH + CONTROLS_TCP + 2);
    raw_outcome_clear(&outcome);
}

static void test_whom_another_way_leads_to_sockets_ask_on_all_ports(void **state)
{
    (void)state;
    name_ports();
    play.special[63] = ELSEWHERE;
    assert_true(run());
    assert_int_equal(play.found_count, 1);
    assert_int_equal(play.how[0], RAW_FOUND);
    assert_int_equal(play.knocks[63], 0);
    assert_true(raw_is_for_sockets(&settings, 63));
    assert_false(raw_is_for_sockets(&settings, 62));
    raw_outcome_clear(&outcome);
}

static void test_a_scan_of_named_ports_that_is_stopped_goes_on(void **state)
{
    unsigned runs = 0, again = 0;
    (void)state;
    name_ports();
    play.special[60] = ODD_PORT;
    settings.rate = 1000;
    do {
        play.found_count = 0;
        play.stop_us = play.now_us + 5 * SECOND;
        assert_true(run());
        assert_true(++runs < 100);
    } while (outcome.stopped);
    assert_true(runs > 3);
    assert_int_equal(play.found_count, 1);
    for (unsigned i = 0; i < HOSTS; i++) {
        assert_true(play.knocks[i] >= knocks_with_named(i));
        again += play.knocks[i] > knocks_with_named(i);
    }
    assert_true(again <= runs * 64);
    uint64_t sums[KNOCK_STATES];
    raw_state_sum(settings.state, 0, HOSTS * 8, sums);
    assert_int_equal(sums[KNOCK_ANSWERED], 1);
    assert_int_equal(sums[KNOCK_OPEN], 0);
    play.found_count = 0;
    assert_true(run()); /* of a scan that has ended, who was found is handed over again */
    assert_int_equal(play.found_count, 1);
    raw_outcome_clear(&outcome);
}

static void test_parts_ask_all_named_ports_of_their_hosts(void **state)
{
    unsigned hosts = 0;
    (void)state;
    name_ports();
    settings.shards = 3;
    settings.shard = 1;
    assert_true(run());
    for (unsigned i = 0; i < HOSTS; i++) {
        assert_true(play.knocks[i] == 0 || play.knocks[i] == knocks_with_named(i));
        hosts += play.knocks[i] > 0;
    }
    assert_int_equal(hosts, raw_places(&settings));
    raw_outcome_clear(&outcome);
}

static void test_units_are_all_hosts_and_groups_once(void **state)
{
    static uint8_t seen[HOSTS * 8];
    (void)state;
    name_ports();
    memset(seen, 0, sizeof seen);
    settings.shards = 5;
    for (settings.shard = 0; settings.shard < 5; settings.shard++) {
        const struct raw_orders orders = raw_orders_of(&settings);
        for (uint64_t place = 0; place < raw_units(&settings); place++) {
            struct raw_unit u = raw_unit_at(&settings, &orders, place);
            assert_int_equal(u.host, FIRST + u.number);
            assert_int_equal(raw_unit_place(&settings, &orders, u.number, u.group), place);
            seen[u.state]++;
        }
    }
    for (unsigned i = 0; i < HOSTS * 8; i++)
        assert_int_equal(seen[i], 1);
}

static void test_a_port_is_known_by_its_number_and_its_number_by_the_port(void **state)
{
    struct port_list all;
    (void)state;
    port_list_all(&all);
    struct raw_named *n = raw_named_new(&all, 5);
    settings.plan.named = n;
    assert_int_equal(raw_named_count(n), 2 * PORTS_USABLE + CONTROLS);
    for (unsigned i = 0; i < raw_named_count(n); i++) {
        struct knock k = raw_named_knock(&settings.plan, FIRST, i);
        unsigned number = 0;
        assert_int_equal(k.asks, i >= CONTROLS_TCP);
        assert_int_equal(port_is_blacklisted(k.shot.port), i < CONTROLS);
        assert_true(raw_named_find(&settings.plan, FIRST, k.shot.transport, k.shot.port, &number));
        assert_int_equal(number, i);
    }
    unsigned number;
    assert_false(raw_named_find(&settings.plan, FIRST, TRANSPORT_TCP, 445, &number));
    raw_named_free(n);
}

static void test_controls_are_ports_that_no_service_has(void **state)
{
    static bool drawn[PORT_VALUES];
    unsigned count = 0;
    (void)state;
    memset(drawn, 0, sizeof drawn);
    for (uint32_t host = 0; host < 10000; host++) {
        uint16_t ports[CONTROLS];
        port_controls(99, host, ports);
        for (unsigned i = 0; i < CONTROLS; i++) {
            assert_true(port_is_blacklisted(ports[i]));
            assert_null(service_name(ports[i], 0));
            count += !drawn[ports[i]];
            drawn[ports[i]] = true;
        }
        assert_true(ports[0] != ports[1] && ports[1] != ports[2]);
    }
    assert_int_equal(count, 96);
    assert_true(drawn[51200] && drawn[63584] && drawn[65535]); /* CONTROL_RANGES */
}

static void test_a_usual_port_is_not_asked_twice(void **state)
{
    struct port_list list = {0};
    struct knock usual[KNOCKS_MAX], knocks[KNOCKS_MAX];
    size_t count = raw_knocks(&settings.plan, FIRST, usual);
    (void)state;
    for (size_t i = 0; i < count; i++)
        port_list_add(&list, usual[i].shot.transport, usual[i].shot.port);
    struct raw_named *n = raw_named_new(&list, 5);
    settings.plan.named = n;
    assert_int_equal(raw_named_usual(n, usual, count), count);
    size_t places = raw_named_group(&settings.plan, FIRST, 1, usual, count, knocks);
    assert_int_equal(places, count + CONTROLS);
    assert_int_equal(raw_count_knocks(knocks, places), CONTROLS);
    raw_named_free(n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_named_ports_are_asked_of_all_hosts_in_turn),
        TEST(test_who_is_infected_on_a_named_port_is_found_when_all_were_asked),
        TEST(test_who_takes_all_connections_and_says_nothing_stays_open_on_all),
        TEST(test_whom_another_way_leads_to_sockets_ask_on_all_ports),
        TEST(test_a_scan_of_named_ports_that_is_stopped_goes_on),
        TEST(test_parts_ask_all_named_ports_of_their_hosts),
        TEST(test_units_are_all_hosts_and_groups_once),
        TEST(test_a_port_is_known_by_its_number_and_its_number_by_the_port),
        TEST(test_controls_are_ports_that_no_service_has),
        TEST(test_a_usual_port_is_not_asked_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
