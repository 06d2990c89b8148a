/* conficker/ports: the published vectors, the weeks' edges, and a twin of the generator that is
 * written from the specification alone, with the list of refused ports from tests/vectors. */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/address.h"
#include "base/hash.h"
#include "base/time.h"
#include "conficker/ports.h"

enum { PORT_COUNT = 65536, LINE_SIZE = 256 };

#define US_PER_WEEK (7 * US_PER_DAY)

struct row {
    uint32_t ipv4, week;
    struct p2p_ports nmap, sri;
};

static bool refused_by_list[PORT_COUNT];

static FILE *open_vectors(const char *path)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    return file;
}

static uint32_t ipv4_of(const char *text)
{
    struct address address;
    struct error err = {0};
    assert_true(address_parse(text, &address, &err));
    assert_true(address_is_v4(address));
    return address_v4(address);
}

static int load_list(void **state)
{
    (void)state;
    FILE *file = open_vectors(VECTORS "/blacklisted_ports.txt");
    char line[LINE_SIZE];
    unsigned first, last;
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "%u-%u", &first, &last) == 2)
            for (unsigned port = first; port <= last && port < PORT_COUNT; port++)
                refused_by_list[port] = true;
    return fclose(file);
}

/* The specification, step by step: nothing here is shared with src/. */
static void twin_pair(uint32_t *state, uint16_t sum[2], const uint16_t *not_these)
{
    sum[0] = sum[1] = 0;
    bool clash;
    do {
        for (unsigned i = 0; i < 10; i++) {
            uint64_t product = (uint64_t)*state * 22695477 + 1;
            *state = product & 0xffffffff;
            sum[i % 2] ^= (product >> 32 >> i) & 0xffff;
        }
        clash = false;
        for (int i = 0; not_these != NULL && i < 4; i++)
            clash |= sum[i / 2] == not_these[i % 2];
    } while (refused_by_list[sum[0]] || refused_by_list[sum[1]] || sum[0] == sum[1] || clash);
}

static struct p2p_ports twin_ports(uint32_t ipv4, uint32_t week, enum ports_reading reading)
{
    uint32_t state = 0;
    for (int octet = 0; octet < 4; octet++)
        state |= (ipv4 >> (24 - 8 * octet) & 0xff) << 8 * octet;
    state = ~state;
    uint16_t first[2], second[2];
    twin_pair(&state, first, NULL);
    state ^= week;
    twin_pair(&state, second, reading == READING_SRI ? first : NULL);
    return (struct p2p_ports){.tcp = {first[0], second[0]}, .udp = {first[1], second[1]}};
}

static void assert_ports_equal(struct p2p_ports got, struct p2p_ports wanted)
{
    assert_int_equal(got.tcp[0], wanted.tcp[0]);
    assert_int_equal(got.udp[0], wanted.udp[0]);
    assert_int_equal(got.tcp[1], wanted.tcp[1]);
    assert_int_equal(got.udp[1], wanted.udp[1]);
}

static bool owns(struct p2p_ports ports, enum transport transport, uint16_t port)
{
    const uint16_t *own = transport == TRANSPORT_TCP ? ports.tcp : ports.udp;
    return own[0] == port || own[1] == port;
}

/* A time in the middle of a week, where no neighbour counts. */
static int64_t middle_of(uint32_t week)
{
    return week_start_us(week) + 3 * US_PER_DAY;
}

static void test_black_list_is_the_published_one(void **state)
{
    (void)state;
    unsigned refused = 0;
    for (unsigned port = 0; port < PORT_COUNT; port++) {
        assert_int_equal(port_is_blacklisted((uint16_t)port), refused_by_list[port]);
        refused += port_is_blacklisted((uint16_t)port);
    }
    assert_int_equal(refused, 9152);
    assert_int_equal(PORT_COUNT - refused, PORTS_USABLE);
}

static void test_lowest_usable_port_is_2112(void **state)
{
    (void)state;
    for (unsigned port = 0; port < PORT_LOWEST; port++)
        assert_true(port_is_blacklisted((uint16_t)port));
    assert_false(port_is_blacklisted(PORT_LOWEST));
}

static void test_every_published_row_is_drawn(void **state)
{
    (void)state;
    FILE *file = open_vectors(VECTORS "/ports.tsv");
    char line[LINE_SIZE], ip[16];
    unsigned rows = 0;
    struct row row;
    while (fgets(line, sizeof line, file) != NULL) {
        struct p2p_ports *p = &row.nmap;
        if (sscanf(line, "%15s %u %hu %hu %hu %hu", ip, &row.week, &p->tcp[0], &p->udp[0],
                   &p->tcp[1], &p->udp[1]) != 6)
            continue;
        row.ipv4 = ipv4_of(ip);
        assert_ports_equal(ports_predicted_for(row.ipv4, row.week, READING_NMAP), row.nmap);
        uint16_t tcp, udp;
        ports_fixed_for(row.ipv4, &tcp, &udp);
        assert_int_equal(tcp, p->tcp[0]);
        assert_int_equal(udp, p->udp[0]);
        rows++;
    }
    (void)fclose(file);
    assert_int_equal(rows, 1500);
}

/* Calls check for each row of ports-two-readings.tsv. */
static void for_each_row_of_two(void (*check)(const struct row *row))
{
    FILE *file = open_vectors(VECTORS "/ports-two-readings.tsv");
    char line[LINE_SIZE], ip[16];
    unsigned rows = 0;
    struct row row;
    while (fgets(line, sizeof line, file) != NULL) {
        struct p2p_ports *p = &row.nmap, *s = &row.sri;
        if (sscanf(line, "%15s %u %hu %hu %hu %hu %hu %hu %hu %hu", ip, &row.week, &p->tcp[0],
                   &p->udp[0], &p->tcp[1], &p->udp[1], &s->tcp[0], &s->udp[0], &s->tcp[1],
                   &s->udp[1]) != 10)
            continue;
        row.ipv4 = ipv4_of(ip);
        check(&row);
        rows++;
    }
    (void)fclose(file);
    assert_int_equal(rows, 20);
}

static void check_both_are_drawn(const struct row *row)
{
    assert_ports_equal(ports_predicted_for(row->ipv4, row->week, READING_NMAP), row->nmap);
    assert_ports_equal(ports_predicted_for(row->ipv4, row->week, READING_SRI), row->sri);
}

static void test_both_readings_are_drawn(void **state)
{
    (void)state;
    for_each_row_of_two(check_both_are_drawn);
}

static void check_both_are_predicted(const struct row *row)
{
    for (int pair = 0; pair < 2; pair++) {
        int64_t when_us = middle_of(row->week);
        assert_true(port_is_predicted(row->ipv4, TRANSPORT_TCP, row->nmap.tcp[pair], when_us));
        assert_true(port_is_predicted(row->ipv4, TRANSPORT_UDP, row->nmap.udp[pair], when_us));
        assert_true(port_is_predicted(row->ipv4, TRANSPORT_TCP, row->sri.tcp[pair], when_us));
        assert_true(port_is_predicted(row->ipv4, TRANSPORT_UDP, row->sri.udp[pair], when_us));
    }
}

static void test_a_port_of_either_reading_is_predicted(void **state)
{
    (void)state;
    for_each_row_of_two(check_both_are_predicted);
}

static void test_any_address_and_week_is_drawn_as_its_twin_draws_it(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 300000; i++) {
        uint32_t ipv4 = (uint32_t)hash_number(i), week = (uint32_t)(hash_number(~i) % 4000);
        for (enum ports_reading reading = READING_NMAP; reading <= READING_SRI; reading++)
            assert_ports_equal(ports_predicted_for(ipv4, week, reading),
                               twin_ports(ipv4, week, reading));
    }
}

static void test_both_readings_together_are_each_of_them(void **state)
{
    (void)state;
    unsigned differ = 0;
    for (uint64_t i = 0; i < 300000; i++) {
        uint32_t ipv4 = (uint32_t)hash_number(i), week = (uint32_t)(hash_number(~i) % 4000);
        struct p2p_ports both[2];
        ports_predicted_by_both(ipv4, week, both);
        for (enum ports_reading reading = READING_NMAP; reading <= READING_SRI; reading++)
            assert_ports_equal(both[reading], ports_predicted_for(ipv4, week, reading));
        differ += both[READING_NMAP].tcp[1] != both[READING_SRI].tcp[1];
    }
    assert_true(differ > 0);
}

static void test_neighbouring_addresses_are_drawn_as_their_twins_draw_them(void **state)
{
    (void)state;
    for (uint32_t ipv4 = 0xC0A80000; ipv4 <= 0xC0A8FFFF; ipv4++)
        assert_ports_equal(ports_predicted_for(ipv4, 2967, READING_NMAP),
                           twin_ports(ipv4, 2967, READING_NMAP));
}

static void test_first_pair_is_the_same_in_all_weeks(void **state)
{
    (void)state;
    struct p2p_ports then = ports_predicted_for(0xC0A80141, 2050, READING_NMAP);
    for (uint32_t week = 0; week < 4000; week++) {
        struct p2p_ports now = ports_predicted_for(0xC0A80141, week, READING_NMAP);
        assert_int_equal(now.tcp[0], then.tcp[0]);
        assert_int_equal(now.udp[0], then.udp[0]);
    }
}

static void test_week_2050_begins_on_20_april_2009(void **state)
{
    (void)state;
    int64_t monday_us = day_of_date(2009, 4, 20) * US_PER_DAY;
    assert_int_equal(week_of(monday_us), 2050);
    assert_int_equal(week_of(monday_us - 1), 2049);
    assert_int_equal(week_of(monday_us + US_PER_WEEK - 1), 2050);
    assert_int_equal(week_of(monday_us + US_PER_WEEK), 2051);
    assert_int_equal(week_start_us(2050), monday_us);
    assert_int_equal(week_of(day_of_date(2026, 11, 22) * US_PER_DAY), 2967);
    assert_int_equal(week_of(day_of_date(2026, 11, 23) * US_PER_DAY), 2968);
}

static void test_times_before_the_first_monday_are_week_0(void **state)
{
    (void)state;
    const int64_t first_us = 4 * US_PER_DAY;
    const int64_t early_us[] = {INT64_MIN, -US_PER_WEEK, -1, 0, first_us - 1, first_us};
    for (size_t i = 0; i < COUNT_OF(early_us); i++) {
        assert_int_equal(week_of(early_us[i]), 0);
        assert_int_equal(week_neighbour(early_us[i]), 0);
    }
    assert_int_equal(week_start_us(0), first_us);
    assert_int_equal(week_of(first_us + US_PER_WEEK), 1);
}

static void test_weeks_past_the_end_of_time_begin_at_its_end(void **state)
{
    (void)state;
    uint32_t last = week_of(INT64_MAX);
    assert_true(week_start_us(last) < INT64_MAX);
    assert_true(INT64_MAX - week_start_us(last) < US_PER_WEEK);
    assert_true(week_start_us(last + 1) == INT64_MAX);
    assert_true(week_start_us(UINT32_MAX) == INT64_MAX);
    (void)week_neighbour(INT64_MAX);
}

static void test_neighbour_is_met_within_a_day_of_monday(void **state)
{
    (void)state;
    int64_t monday_us = week_start_us(2967);
    assert_int_equal(week_neighbour(monday_us), 2966);
    assert_int_equal(week_neighbour(monday_us + US_PER_DAY - 1), 2966);
    assert_int_equal(week_neighbour(monday_us + US_PER_DAY), 2967);
    assert_int_equal(week_neighbour(monday_us - 1), 2967);
    assert_int_equal(week_neighbour(monday_us - US_PER_DAY + 1), 2967);
    assert_int_equal(week_neighbour(monday_us - US_PER_DAY), 2966);
    assert_int_equal(week_neighbour(monday_us - 3 * US_PER_DAY), 2966);
}

/* Ports of weeks 2966 and 2967 for 10.0.0.1, which share none. */
static void test_last_weeks_port_is_predicted_on_monday_only(void **state)
{
    (void)state;
    uint16_t port = ports_predicted_for(0x0A000001, 2966, READING_NMAP).tcp[1];
    int64_t monday_us = week_start_us(2967);
    assert_true(port_is_predicted(0x0A000001, TRANSPORT_TCP, port, monday_us - 1));
    assert_true(port_is_predicted(0x0A000001, TRANSPORT_TCP, port, monday_us));
    assert_true(port_is_predicted(0x0A000001, TRANSPORT_TCP, port, monday_us + US_PER_DAY - 1));
    assert_false(port_is_predicted(0x0A000001, TRANSPORT_TCP, port, monday_us + US_PER_DAY));
}

static void test_next_weeks_port_is_predicted_on_sunday_only(void **state)
{
    (void)state;
    uint16_t port = ports_predicted_for(0x0A000001, 2967, READING_NMAP).udp[1];
    int64_t monday_us = week_start_us(2967);
    assert_false(port_is_predicted(0x0A000001, TRANSPORT_UDP, port, monday_us - US_PER_DAY));
    assert_true(port_is_predicted(0x0A000001, TRANSPORT_UDP, port, monday_us - US_PER_DAY + 1));
    assert_true(port_is_predicted(0x0A000001, TRANSPORT_UDP, port, monday_us));
}

static void test_tcp_port_is_not_predicted_for_udp(void **state)
{
    (void)state;
    int64_t when_us = middle_of(2967); /* 192.168.1.65: 59436 43492 31967 41052 */
    assert_true(port_is_predicted(0xC0A80141, TRANSPORT_TCP, 59436, when_us));
    assert_true(port_is_predicted(0xC0A80141, TRANSPORT_UDP, 41052, when_us));
    assert_false(port_is_predicted(0xC0A80141, TRANSPORT_UDP, 59436, when_us));
    assert_false(port_is_predicted(0xC0A80141, TRANSPORT_TCP, 41052, when_us));
}

static void test_without_a_time_only_the_first_pair_is_predicted(void **state)
{
    (void)state;
    uint16_t port = ports_predicted_for(0xC0A80141, week_of(TIME_NONE), READING_NMAP).tcp[1];
    assert_true(port_is_predicted(0xC0A80141, TRANSPORT_TCP, 59436, TIME_NONE));
    assert_true(port_is_predicted(0xC0A80141, TRANSPORT_TCP, port, 0));
    assert_false(port_is_predicted(0xC0A80141, TRANSPORT_TCP, port, TIME_NONE));
}

/* What port_is_predicted says, from the twin: the weeks in which the times less than a day away lie
 * (a Monday 00:00 belongs to the new week, so the old one reaches a full day back). */
static bool twin_is_predicted(uint32_t ipv4, enum transport transport, uint16_t port,
                              int64_t when_us)
{
    static const int64_t shifts_us[] = {-US_PER_DAY, 0, US_PER_DAY - 1};
    for (size_t i = 0; i < COUNT_OF(shifts_us); i++) {
        uint32_t week = (uint32_t)((when_us + shifts_us[i] - 4 * US_PER_DAY) / US_PER_WEEK);
        if (owns(twin_ports(ipv4, week, READING_NMAP), transport, port) ||
            owns(twin_ports(ipv4, week, READING_SRI), transport, port))
            return true;
    }
    return false;
}

/* A time at random in 64 weeks; half of them within two days of a Monday, and to its
 * microsecond. */
static int64_t random_time(uint64_t seed)
{
    uint32_t week = 2940 + (uint32_t)(hash_number(seed) % 64);
    int64_t into_us = (int64_t)(hash_number(seed + 1) % (uint64_t)US_PER_WEEK);
    static const int64_t edges_us[] = {0,
                                       -1,
                                       US_PER_DAY - 1,
                                       US_PER_DAY,
                                       -US_PER_DAY,
                                       -US_PER_DAY + 1,
                                       US_PER_DAY / 2,
                                       -US_PER_DAY / 2};
    uint64_t pick = hash_number(seed + 2) % (2 * COUNT_OF(edges_us));
    return week_start_us(week) + (pick < COUNT_OF(edges_us) ? edges_us[pick] : into_us);
}

static void test_prediction_agrees_with_a_naive_twin(void **state)
{
    (void)state;
    unsigned hits = 0;
    const unsigned rounds = 200000;
    for (uint64_t i = 0; i < rounds; i++) {
        uint32_t ipv4 = (uint32_t)hash_number(8 * i);
        int64_t when_us = random_time(8 * i + 1);
        uint64_t dice = hash_number(8 * i + 5);
        enum transport transport = dice & 1 ? TRANSPORT_TCP : TRANSPORT_UDP;
        uint32_t week = week_of(when_us) - 1 + (uint32_t)(dice >> 1 & 3); /* -1 .. +2 */
        struct p2p_ports own = twin_ports(ipv4, week, dice & 8 ? READING_NMAP : READING_SRI);
        uint16_t port = dice & 16 ? own.tcp[dice >> 5 & 1] : own.udp[dice >> 5 & 1];
        if ((dice >> 6 & 3) == 0)
            port = (uint16_t)(dice >> 16);
        bool predicted = port_is_predicted(ipv4, transport, port, when_us);
        assert_int_equal(predicted, twin_is_predicted(ipv4, transport, port, when_us));
        hits += predicted;
    }
    assert_in_range(hits, rounds / 5, rounds * 4 / 5); /* both answers were met often */
}

static void test_random_ports_are_rarely_predicted(void **state)
{
    (void)state;
    unsigned hits = 0, refused = 0;
    for (uint64_t i = 0; i < 2000000; i++) {
        uint16_t port = (uint16_t)(hash_number(i) >> 40);
        bool hit = port_is_predicted((uint32_t)hash_number(i), TRANSPORT_TCP, port,
                                     middle_of(2967));
        refused += hit && port_is_blacklisted(port);
        hits += hit;
    }
    assert_int_equal(refused, 0);
    /* 2,000,000 x 2/65536 is 61; six standard deviations either way. */
    assert_in_range(hits, 61 - 47, 61 + 47);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_black_list_is_the_published_one),
        cmocka_unit_test(test_lowest_usable_port_is_2112),
        cmocka_unit_test(test_every_published_row_is_drawn),
        cmocka_unit_test(test_both_readings_are_drawn),
        cmocka_unit_test(test_a_port_of_either_reading_is_predicted),
        cmocka_unit_test(test_any_address_and_week_is_drawn_as_its_twin_draws_it),
        cmocka_unit_test(test_both_readings_together_are_each_of_them),
        cmocka_unit_test(test_neighbouring_addresses_are_drawn_as_their_twins_draw_them),
        cmocka_unit_test(test_first_pair_is_the_same_in_all_weeks),
        cmocka_unit_test(test_week_2050_begins_on_20_april_2009),
        cmocka_unit_test(test_times_before_the_first_monday_are_week_0),
        cmocka_unit_test(test_weeks_past_the_end_of_time_begin_at_its_end),
        cmocka_unit_test(test_neighbour_is_met_within_a_day_of_monday),
        cmocka_unit_test(test_last_weeks_port_is_predicted_on_monday_only),
        cmocka_unit_test(test_next_weeks_port_is_predicted_on_sunday_only),
        cmocka_unit_test(test_tcp_port_is_not_predicted_for_udp),
        cmocka_unit_test(test_without_a_time_only_the_first_pair_is_predicted),
        cmocka_unit_test(test_prediction_agrees_with_a_naive_twin),
        cmocka_unit_test(test_random_ports_are_rarely_predicted),
    };
    return cmocka_run_group_tests(tests, load_list, NULL);
}
