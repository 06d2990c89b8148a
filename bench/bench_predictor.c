/* How fast the port predictor and its inverse are, on one core, by the monotonic clock.
 *
 * Four tables: ports drawn for addresses in order and at random; one port tried against its
 * address, for ports at random and for a mix that stands for ordinary traffic (made up, shares
 * below; what the black list holds back of it is counted and printed), the black-list gate apart
 * and in front; and unmask over the private networks and over 2^28 addresses, from which all of
 * IPv4 is extrapolated.
 *
 *   bench_predictor [ports]     with `ports`, the first table alone */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/time.h"
#include "conficker/ports.h"
#include "conficker/unmask.h"

enum { ADDRESSES = 20000000, FLOWS = 1 << 20, PASSES = 20, REPEATS = 3 };

struct flow {
    uint32_t ipv4;
    uint16_t port;
    uint16_t transport;
};

struct work {
    struct flow *flows;
    int64_t when_us;
};

static const uint32_t week = 2967;

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static uint32_t scattered(uint32_t i)
{
    return i * UINT32_C(2654435761); /* odd: a permutation of all addresses */
}

static uint64_t draw_in_order(const struct work *work)
{
    (void)work;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ADDRESSES; i++)
        sum += ports_predicted_for(0x0A000000 + i, week, READING_NMAP).tcp[1];
    return sum;
}

static uint64_t draw_scattered(const struct work *work)
{
    (void)work;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ADDRESSES; i++)
        sum += ports_predicted_for(scattered(i), week, READING_NMAP).tcp[1];
    return sum;
}

static uint64_t draw_scattered_sri(const struct work *work)
{
    (void)work;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ADDRESSES; i++)
        sum += ports_predicted_for(scattered(i), week, READING_SRI).tcp[1];
    return sum;
}

static uint64_t draw_fixed_in_order(const struct work *work)
{
    (void)work;
    uint64_t sum = 0;
    uint16_t tcp, udp;
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        ports_fixed_for(0x0A000000 + i, &tcp, &udp);
        sum += tcp ^ udp;
    }
    return sum;
}

static uint64_t draw_fixed_scattered(const struct work *work)
{
    (void)work;
    uint64_t sum = 0;
    uint16_t tcp, udp;
    for (uint32_t i = 0; i < ADDRESSES; i++) {
        ports_fixed_for(scattered(i), &tcp, &udp);
        sum += tcp ^ udp;
    }
    return sum;
}

static uint64_t try_gate(const struct work *work)
{
    uint64_t refused = 0;
    for (int pass = 0; pass < PASSES; pass++)
        for (size_t i = 0; i < FLOWS; i++)
            refused += port_is_blacklisted(work->flows[i].port);
    return refused;
}

static uint64_t try_flows(const struct work *work)
{
    uint64_t predicted = 0;
    for (int pass = 0; pass < PASSES; pass++)
        for (size_t i = 0; i < FLOWS; i++) {
            const struct flow *flow = &work->flows[i];
            predicted += port_is_predicted(flow->ipv4, (enum transport)flow->transport, flow->port,
                                           work->when_us + pass);
        }
    return predicted;
}

/* The best of a few runs, as others work on the same machine. */
static void print_rate(const char *what, const char *unit, uint64_t count,
                       uint64_t (*run)(const struct work *), const struct work *work)
{
    double best_s = 1e9;
    uint64_t answer = 0;
    for (int i = 0; i < REPEATS; i++) {
        double start_s = now_s();
        answer = run(work);
        double took_s = now_s() - start_s;
        best_s = took_s < best_s ? took_s : best_s;
    }
    printf("%-52s %8.1f M %s/s   (check %" PRIu64 ")\n", what, (double)count / best_s / 1e6, unit,
           answer);
}

static uint16_t ordinary_port(uint64_t dice)
{
    static const struct {
        unsigned percent;
        uint16_t port;
    } mix[] = {{38, 443}, {17, 53},  {12, 80},   {4, 123},  {3, 445},   {2, 22},
               {2, 25},   {1, 993},  {1, 3389},  {1, 5060}, {1, 51413}, {1, 1900},
               {1, 161},  {1, 5353}, {1, 27015}, {1, 8080}, {1, 4500},  {1, 51820}};
    unsigned at = (unsigned)(dice % 100);
    for (size_t i = 0; i < COUNT_OF(mix); i++) {
        if (at < mix[i].percent)
            return mix[i].port;
        at -= mix[i].percent;
    }
    return (uint16_t)(1024 + (dice >> 32) % 64512); /* the last 11 %: any port from 1024 on */
}

static void fill_flows(struct flow *flows, bool ordinary)
{
    unsigned refused = 0;
    for (size_t i = 0; i < FLOWS; i++) {
        uint64_t dice = hash_number(i);
        flows[i].ipv4 = (uint32_t)hash_number(~i);
        flows[i].port = ordinary ? ordinary_port(dice) : (uint16_t)(dice >> 32);
        flows[i].transport = dice >> 60 & 1 ? TRANSPORT_UDP : TRANSPORT_TCP;
        refused += port_is_blacklisted(flows[i].port);
    }
    printf("\n%s: the black list holds back %.1f %% of the flows\n",
           ordinary ? "made-up mix of ordinary ports" : "ports at random",
           100.0 * refused / (double)FLOWS);
}

static void bench_flows(void)
{
    struct work work = {.flows = calloc(FLOWS, sizeof *work.flows)};
    if (work.flows == NULL)
        exit(1);
    for (int ordinary = 0; ordinary < 2; ordinary++) {
        fill_flows(work.flows, ordinary == 1);
        work.when_us = week_start_us(week) + 3 * US_PER_DAY;
        print_rate("  the gate alone", "flows", (uint64_t)FLOWS * PASSES, try_gate, &work);
        print_rate("  port_is_predicted", "flows", (uint64_t)FLOWS * PASSES, try_flows, &work);
        work.when_us = week_start_us(week);
        print_rate("  port_is_predicted on a Monday (two weeks tried)", "flows",
                   (uint64_t)FLOWS * PASSES, try_flows, &work);
    }
    free(work.flows);
}

static void count_found(void *context, uint32_t ipv4)
{
    (void)ipv4;
    ++*(unsigned *)context;
}

static double unmask_seconds(const struct unmask_query *query, uint32_t first, uint32_t last,
                             unsigned *found)
{
    double start_s = now_s();
    unmask_range(query, first, last, count_found, found);
    return now_s() - start_s;
}

static void bench_unmask_query(const char *what, const struct unmask_query *query)
{
    unsigned found_private = 0, found_slice = 0;
    double private_s = unmask_seconds(query, 0x0A000000, 0x0AFFFFFF, &found_private) +
                       unmask_seconds(query, 0xAC100000, 0xAC1FFFFF, &found_private) +
                       unmask_seconds(query, 0xC0A80000, 0xC0A8FFFF, &found_private);
    double slice_s = unmask_seconds(query, 0xC0000000, 0xCFFFFFFF, &found_slice);
    printf("%s\n", what);
    printf("  RFC 1918, 17,891,328 addresses:     %6.3f s, %5.1f M/s, %u found\n", private_s,
           17.891328 / private_s, found_private);
    printf("  192.0.0.0-207.255.255.255, 2^28:    %6.3f s, %5.1f M/s, %u found\n", slice_s,
           268.435456 / slice_s, found_slice);
    printf("  all 2^32, 16 times that, NOT RUN:   %6.1f s\n", 16 * slice_s);
}

int main(int argc, char **argv)
{
    struct work none = {0};
    printf("ports drawn\n");
    print_rate("  ports_predicted_for, in order", "addresses", ADDRESSES, draw_in_order, &none);
    print_rate("  ports_predicted_for, scattered", "addresses", ADDRESSES, draw_scattered, &none);
    print_rate("  ports_predicted_for, scattered, SRI's reading", "addresses", ADDRESSES,
               draw_scattered_sri, &none);
    print_rate("  ports_fixed_for, in order", "addresses", ADDRESSES, draw_fixed_in_order, &none);
    print_rate("  ports_fixed_for, scattered", "addresses", ADDRESSES, draw_fixed_scattered, &none);
    if (argc == 2 && strcmp(argv[1], "ports") == 0)
        return 0;
    bench_flows();

    printf("\n");
    struct unmask_query query = {.ports = ports_predicted_for(0xC0A80141, week, READING_NMAP)};
    bench_unmask_query("unmask, first pair known (192.168.1.65)", &query);
    query.ports.udp[0] = 0;
    bench_unmask_query("unmask, only the first TCP port known", &query);
    query.ports.tcp[0] = 0;
    query.week = week;
    query.has_week = true;
    bench_unmask_query("unmask, only the second pair and its week known", &query);
    return 0;
}
