/* conficker/unmask: ranges swept in batches must say what a look at each address says. */
#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "conficker/ports.h"
#include "conficker/unmask.h"

enum { KEPT = 512, LINE_SIZE = 256 };

/* 192.168.1.65 and 10.20.30.40, of which the first is a published sample. */
static const uint32_t sample_host = 0xC0A80141, host = 0x0A141E28, week_seen = 2967;

struct finds {
    uint32_t at[KEPT];
    size_t count;
};

static void keep(void *context, uint32_t ipv4)
{
    struct finds *finds = context;
    if (finds->count > 0 && finds->count <= KEPT)
        assert_true(ipv4 > finds->at[finds->count - 1]); /* ascending */
    if (finds->count < KEPT)
        finds->at[finds->count] = ipv4;
    finds->count++;
}

static struct finds find(const struct unmask_query *query, uint32_t first, uint32_t last)
{
    struct finds finds = {.count = 0};
    unmask_range(query, first, last, keep, &finds);
    return finds;
}

/* All that an infected host at this address shows in the week. */
static struct unmask_query seen_at(uint32_t ipv4)
{
    return (struct unmask_query){.ports = ports_predicted_for(ipv4, week_seen, READING_NMAP),
                                 .week = week_seen,
                                 .has_week = true};
}

static struct unmask_query fixed_pair_of(uint32_t ipv4)
{
    struct unmask_query query = {.has_week = false};
    ports_fixed_for(ipv4, &query.ports.tcp[0], &query.ports.udp[0]);
    return query;
}

/* Only the ports whose bit is set: 1 TCP 1, 2 UDP 1, 4 TCP 2, 8 UDP 2. */
static struct unmask_query only(struct unmask_query query, unsigned which)
{
    query.ports.tcp[0] = which & 1 ? query.ports.tcp[0] : 0;
    query.ports.udp[0] = which & 2 ? query.ports.udp[0] : 0;
    query.ports.tcp[1] = which & 4 ? query.ports.tcp[1] : 0;
    query.ports.udp[1] = which & 8 ? query.ports.udp[1] : 0;
    return query;
}

static void test_address_in_net_10_is_found_by_its_fixed_pair(void **state)
{
    (void)state;
    struct unmask_query query = fixed_pair_of(host);
    struct finds finds = find(&query, 0x0A000000, 0x0AFFFFFF);
    assert_int_equal(finds.count, 1);
    assert_int_equal(finds.at[0], host);
}

static void test_published_sample_is_found_among_all_private_addresses(void **state)
{
    (void)state;
    struct unmask_query query = {.ports = {.tcp = {59436, 0}, .udp = {43492, 0}}};
    assert_int_equal(find(&query, 0x0A000000, 0x0AFFFFFF).count, 0);
    assert_int_equal(find(&query, 0xAC100000, 0xAC1FFFFF).count, 0);
    struct finds finds = find(&query, 0xC0A80000, 0xC0A8FFFF);
    assert_int_equal(finds.count, 1);
    assert_int_equal(finds.at[0], sample_host);
}

/* One TCP port leaves some 298 of 2^24; the week's two and the UDP port leave one. */
static void test_four_ports_and_their_week_leave_one_address(void **state)
{
    (void)state;
    struct unmask_query query = seen_at(host), tcp_alone = only(query, 1);
    assert_in_range(find(&tcp_alone, 0x0A000000, 0x0AFFFFFF).count, 200, 400);
    struct finds finds = find(&query, 0x0A000000, 0x0AFFFFFF);
    assert_int_equal(finds.count, 1);
    assert_int_equal(finds.at[0], host);
}

static void test_two_tcp_ports_and_the_week_find_the_address(void **state)
{
    (void)state;
    struct unmask_query query = only(seen_at(host), 1 | 4);
    struct finds finds = find(&query, 0x0A000000, 0x0AFFFFFF);
    assert_int_equal(finds.count, 1);
    assert_int_equal(finds.at[0], host);
}

static void test_second_pair_of_another_week_does_not_fit(void **state)
{
    (void)state;
    struct unmask_query query = seen_at(host);
    query.week = week_seen + 1;
    assert_false(unmask_fits(&query, host));
    assert_int_equal(find(&query, host, host).count, 0);
}

static void test_second_pair_counts_only_with_its_week(void **state)
{
    (void)state;
    struct unmask_query query = seen_at(host);
    query.ports.tcp[1]++;
    assert_false(unmask_fits(&query, host));
    query.has_week = false;
    assert_true(unmask_fits(&query, host));
    assert_int_equal(find(&query, host, host).count, 1);
}

static void test_each_port_that_is_known_must_fit(void **state)
{
    (void)state;
    struct unmask_query query = seen_at(host);
    uint16_t *ports[] = {&query.ports.tcp[0], &query.ports.udp[0], &query.ports.tcp[1],
                         &query.ports.udp[1]};
    for (size_t i = 0; i < COUNT_OF(ports); i++) {
        ++*ports[i];
        assert_false(unmask_fits(&query, host));
        assert_int_equal(find(&query, host, host).count, 0);
        --*ports[i];
        assert_true(unmask_fits(&query, host));
    }
}

static void check_range_equals_single_looks(const struct unmask_query *query, uint32_t first,
                                            uint32_t last)
{
    struct finds finds = find(query, first, last);
    size_t count = 0;
    for (uint64_t ipv4 = first; ipv4 <= last; ipv4++) {
        if (!unmask_fits(query, (uint32_t)ipv4))
            continue;
        if (count < KEPT)
            assert_int_equal(finds.at[count], ipv4);
        count++;
    }
    assert_int_equal(finds.count, count);
}

static void test_range_says_what_single_looks_say_whatever_is_known(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 16; which++) {
        struct unmask_query query = only(seen_at(host), which);
        check_range_equals_single_looks(&query, host - 5000, host + 5000);
        query.has_week = false;
        check_range_equals_single_looks(&query, host - 5000, host + 5000);
    }
}

static void test_one_port_finds_what_single_looks_find_in_a_large_net(void **state)
{
    (void)state;
    struct unmask_query query = seen_at(host), tcp_alone = only(query, 1),
                        udp_alone = only(query, 2);
    check_range_equals_single_looks(&tcp_alone, 0x0A000000, 0x0A1FFFFF);
    check_range_equals_single_looks(&udp_alone, 0x0A000000, 0x0A1FFFFF);
}

/* Whatever the length of the range, and at both ends of the address space. */
static void test_every_address_of_a_range_is_found_by_its_own_pair(void **state)
{
    (void)state;
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0, 0},
                  {0, 1500},
                  {UINT32_MAX, UINT32_MAX},
                  {UINT32_MAX - 1500, UINT32_MAX},
                  {0x7FFFFF00, 0x80000100},
                  {host, host + 1022},
                  {host, host + 1023},
                  {host, host + 1024}};
    for (size_t i = 0; i < COUNT_OF(ranges); i++)
        for (uint64_t ipv4 = ranges[i].first; ipv4 <= ranges[i].last; ipv4 += 61) {
            struct unmask_query query = fixed_pair_of((uint32_t)ipv4);
            struct finds finds = find(&query, ranges[i].first, ranges[i].last);
            assert_int_equal(finds.count, 1);
            assert_int_equal(finds.at[0], ipv4);
        }
}

static void test_ends_of_a_range_are_included_and_no_more(void **state)
{
    (void)state;
    struct unmask_query query = fixed_pair_of(host);
    assert_int_equal(find(&query, host - 3000, host).count, 1);
    assert_int_equal(find(&query, host, host + 3000).count, 1);
    assert_int_equal(find(&query, host - 3000, host - 1).count, 0);
    assert_int_equal(find(&query, host + 1, host + 3000).count, 0);
    assert_int_equal(find(&query, host + 1, host).count, 0); /* empty */
}

static void test_blacklisted_port_fits_nobody(void **state)
{
    (void)state;
    struct unmask_query query = {.ports = {.tcp = {445, 0}}};
    assert_int_equal(find(&query, 0x0A000000, 0x0A0FFFFF).count, 0);
}

static void test_knowing_nothing_fits_everybody(void **state)
{
    (void)state;
    struct unmask_query query = {.has_week = true, .week = week_seen};
    assert_int_equal(find(&query, 0x0A000000, 0x0A000FFF).count, 0x1000);
}

/* Reads one row of ports-two-readings.tsv into two queries; false at a row that is none. */
static bool row_of_two(const char *line, uint32_t *ipv4, struct unmask_query *nmap,
                       struct unmask_query *sri)
{
    char ip[16];
    struct p2p_ports *p = &nmap->ports, *s = &sri->ports;
    if (sscanf(line, "%15s %u %hu %hu %hu %hu %hu %hu %hu %hu", ip, &nmap->week, &p->tcp[0],
               &p->udp[0], &p->tcp[1], &p->udp[1], &s->tcp[0], &s->udp[0], &s->tcp[1],
               &s->udp[1]) != 10)
        return false;
    struct address address;
    struct error err = {0};
    assert_true(address_parse(ip, &address, &err));
    *ipv4 = address_v4(address);
    sri->week = nmap->week;
    nmap->has_week = sri->has_week = true;
    return true;
}

static void check_readings(uint32_t ipv4, struct unmask_query nmap, struct unmask_query sri)
{
    assert_true(unmask_fits(&nmap, ipv4));
    assert_true(unmask_fits(&sri, ipv4));
    assert_int_equal(find(&nmap, ipv4 - 10, ipv4 + 10).count, 1);
    assert_int_equal(find(&sri, ipv4 - 10, ipv4 + 10).count, 1);
    struct unmask_query second_alone = only(sri, 4 | 8);
    assert_true(unmask_fits(&second_alone, ipv4));
    struct unmask_query mixed = nmap; /* one reading or the other, not half of each */
    mixed.ports.udp[1] = sri.ports.udp[1];
    bool differs = nmap.ports.udp[1] != sri.ports.udp[1] && nmap.ports.tcp[1] != sri.ports.tcp[1];
    assert_int_equal(unmask_fits(&mixed, ipv4), !differs);
}

static void test_either_reading_fits_but_not_half_of_each(void **state)
{
    (void)state;
    FILE *file = fopen(VECTORS "/ports-two-readings.tsv", "r");
    assert_non_null(file);
    char line[LINE_SIZE];
    unsigned rows = 0;
    uint32_t ipv4;
    struct unmask_query nmap, sri;
    while (fgets(line, sizeof line, file) != NULL)
        if (row_of_two(line, &ipv4, &nmap, &sri)) {
            check_readings(ipv4, nmap, sri);
            rows++;
        }
    (void)fclose(file);
    assert_int_equal(rows, 20);
}

static const uint32_t two_weeks[] = {2967, 2968};

/* All four ports of a few hosts, of the first week. */
static struct unmask_seen ports_of_hosts(unsigned count, size_t weeks)
{
    struct unmask_seen seen = {.weeks = two_weeks, .week_count = weeks};
    for (unsigned i = 0; i < count; i++) {
        struct p2p_ports ports = ports_predicted_for(host + 77 * i, two_weeks[0], READING_NMAP);
        for (unsigned k = 0; k < 2; k++) {
            unmask_seen_add(&seen, TRANSPORT_TCP, ports.tcp[k]);
            unmask_seen_add(&seen, TRANSPORT_UDP, ports.udp[k]);
        }
    }
    return seen;
}

static bool is_seen(const struct unmask_seen *seen, enum transport transport, uint16_t port)
{
    return seen->bits[transport][port / 8] >> port % 8 & 1;
}

static bool is_near(const struct unmask_seen *seen, uint32_t ipv4, enum ports_reading reading)
{
    struct p2p_ports p = ports_predicted_for(ipv4, 0, reading);
    unsigned held = is_seen(seen, TRANSPORT_TCP, p.tcp[0]) + is_seen(seen, TRANSPORT_UDP, p.udp[0]);
    for (size_t w = 0; w < seen->week_count; w++) {
        p = ports_predicted_for(ipv4, seen->weeks[w], reading);
        held += is_seen(seen, TRANSPORT_TCP, p.tcp[1]) + is_seen(seen, TRANSPORT_UDP, p.udp[1]);
    }
    return held >= UNMASK_PORTS_LEAST;
}

/* By a look at this address alone. */
static bool looks_near(const struct unmask_seen *seen, uint32_t ipv4)
{
    return is_near(seen, ipv4, READING_NMAP) || is_near(seen, ipv4, READING_SRI);
}

static void test_ports_not_known_apart_find_all_that_single_looks_find(void **state)
{
    (void)state;
    for (size_t weeks = 0; weeks <= COUNT_OF(two_weeks); weeks++) {
        const uint32_t first = host - 100000, last = host + 300000;
        struct unmask_seen seen = ports_of_hosts(150, weeks);
        size_t without_need = 0;
        struct finds finds = {.count = 0};
        unmask_near(&seen, first, last, keep, &finds);
        assert_in_range(finds.count, 150, KEPT);
        size_t found = 0;
        for (uint32_t ipv4 = first; ipv4 <= last; ipv4++) {
            bool told = found < finds.count && finds.at[found] == ipv4;
            found += told;
            assert_true(told || !looks_near(&seen, ipv4));
            without_need += told && !looks_near(&seen, ipv4);
        }
        assert_int_equal(found, finds.count);
        assert_in_range(without_need, 0, weeks * 60); /* 4 in 56,384 are told without need */
    }
}

static void test_the_weeks_ports_not_known_apart_find_the_published_sample(void **state)
{
    (void)state;
    static const uint32_t week = 2050;
    struct unmask_seen seen = {.weeks = &week, .week_count = 1};
    unmask_seen_add(&seen, TRANSPORT_TCP, 39014);
    unmask_seen_add(&seen, TRANSPORT_UDP, 27859);
    struct finds finds = {.count = 0};
    unmask_near(&seen, 0xC0A80000, 0xC0A8FFFF, keep, &finds);
    assert_in_range(finds.count, 1, 20);
    bool found = false;
    for (size_t i = 0; i < finds.count; i++)
        found |= finds.at[i] == sample_host;
    assert_true(found);
}

static void test_ports_not_known_apart_are_looked_for_in_short_ranges(void **state)
{
    (void)state;
    struct unmask_seen seen = ports_of_hosts(1, 1);
    struct finds finds = {.count = 0};
    unmask_near(&seen, host, host, keep, &finds);
    assert_int_equal(finds.count, 1);
    finds.count = 0;
    unmask_near(&seen, host + 1, host, keep, &finds);
    assert_int_equal(finds.count, 0);
    unmask_near(&seen, UINT32_MAX - 5, UINT32_MAX, keep, &finds);
    assert_int_equal(finds.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_in_net_10_is_found_by_its_fixed_pair),
        cmocka_unit_test(test_published_sample_is_found_among_all_private_addresses),
        cmocka_unit_test(test_four_ports_and_their_week_leave_one_address),
        cmocka_unit_test(test_two_tcp_ports_and_the_week_find_the_address),
        cmocka_unit_test(test_second_pair_of_another_week_does_not_fit),
        cmocka_unit_test(test_second_pair_counts_only_with_its_week),
        cmocka_unit_test(test_each_port_that_is_known_must_fit),
        cmocka_unit_test(test_range_says_what_single_looks_say_whatever_is_known),
        cmocka_unit_test(test_one_port_finds_what_single_looks_find_in_a_large_net),
        cmocka_unit_test(test_every_address_of_a_range_is_found_by_its_own_pair),
        cmocka_unit_test(test_ends_of_a_range_are_included_and_no_more),
        cmocka_unit_test(test_blacklisted_port_fits_nobody),
        cmocka_unit_test(test_knowing_nothing_fits_everybody),
        cmocka_unit_test(test_either_reading_fits_but_not_half_of_each),
        cmocka_unit_test(test_ports_not_known_apart_find_all_that_single_looks_find),
        cmocka_unit_test(test_the_weeks_ports_not_known_apart_find_the_published_sample),
        cmocka_unit_test(test_ports_not_known_apart_are_looked_for_in_short_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
