/* How often innocent hosts show a statistical sign, beside what the sign states of itself.
 *
 * Host-days of ordinary flows and names are drawn (the mix is the table of kinds below; addresses,
 * ports and names from a model of real captures) and given to the detectors themselves, on 400 days
 * one after the other, Sundays and Mondays among them. A sign that says "chance 10^-x" may come
 * that often and no more: alarms at 10^-2 to 10^-5 are counted and held against the upper 99 %
 * bound of a Poisson variable with the stated mean. And none may convict by itself.
 *
 *   bench_false_alarms CORPUS [SEED] */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"
#include "base/time.h"
#include "conficker/ports.h"
#include "corpus_model.h"
#include "detect/calendar.h"
#include "detect/detector.h"
#include "evidence/chance.h"
#include "evidence/hosts.h"
#include "observe/packet.h"
#include "wire/dns.h"

enum { DAYS = 400, BATCH = 500, LEVEL_FIRST = 2, LEVEL_LAST = 5, LEVELS = 4, CONVICTS = 9 };

struct work {
    const struct model *model;
    struct hosts *hosts;
    struct calendar *calendar;
    struct watcher watcher;
    const struct detector *detector;
    uint64_t draws; /* state of the pseudo-random numbers */
    int32_t day;
    struct address host;
    uint64_t observed;
};

struct kind {
    const char *name, *what;
    enum sign_id sign;
    uint32_t host_days, low, high; /* of what is drawn, evenly in its logarithm */
    void (*act)(struct work *w, uint32_t count);
};

static struct observation seen_by(struct work *w, enum observation_kind kind, uint8_t protocol)
{
    w->observed++;
    return (struct observation){.kind = kind,
                                .protocol = protocol,
                                .client_known = true,
                                .by_client = true,
                                .when_us = w->day * US_PER_DAY +
                                           (int64_t)(drawn(&w->draws) % (uint64_t)US_PER_DAY),
                                .client = {w->host, 49152}};
}

static void contact(struct work *w, uint32_t address, uint16_t port, uint8_t protocol)
{
    struct observation seen = seen_by(w, OBSERVED_BEGIN, protocol);
    seen.server = (struct endpoint){address_of_v4(address), port};
    w->detector->observe(&w->watcher, &seen);
}

/* As the captures have it, TCP and UDP alike. */
static void reach_out(struct work *w, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct model_pair pair = model_draw_pair(w->model, &w->draws);
        contact(w, pair.address, pair.port, (drawn(&w->draws) & 1) != 0 ? IP_TCP : IP_UDP);
    }
}

/* Peers all over the world, whose users chose the port or left it as it was. */
static void share_files(struct work *w, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t x = drawn(&w->draws);
        struct model_pair pair = model_draw_pair(w->model, &w->draws);
        uint16_t own = (uint16_t)(PORT_LOWEST + (x >> 48) % (65536 - PORT_LOWEST));
        contact(w, (uint32_t)x, (x >> 40 & 1) != 0 ? own : pair.port,
                (x >> 41 & 1) != 0 ? IP_TCP : IP_UDP);
    }
}

/* Many ports of up to eight hosts. */
static void scan_ports(struct work *w, uint32_t count)
{
    uint32_t targets = 1 + drawn_below(&w->draws, 8), first = (uint32_t)drawn(&w->draws);
    for (uint32_t t = 0; t < targets; t++)
        for (uint32_t i = 0; i < count; i++)
            contact(w, first + t, (uint16_t)(PORT_LOWEST + i), IP_TCP);
}

/* One to four ports of a block of neighbours. */
static void scan_block(struct work *w, uint32_t count)
{
    uint32_t first = (uint32_t)drawn(&w->draws) & ~UINT32_C(255);
    uint32_t ports = 1 + drawn_below(&w->draws, 4);
    for (uint32_t p = 0; p < ports; p++) {
        uint16_t port = model_draw_pair(w->model, &w->draws).port;
        for (uint32_t i = 0; i < count; i++)
            contact(w, first + i, port, IP_TCP);
    }
}

static void look_up(struct work *w, uint32_t count)
{
    static struct dns_message message;
    message.name_count = 1;
    message.names[0].type = DNS_TYPE_A;
    for (uint32_t i = 0; i < count; i++) {
        struct observation seen = seen_by(w, OBSERVED_DNS, IP_UDP);
        seen.server = (struct endpoint){address_of_v4(0x0a000035), 53};
        message.names[0].length = (uint8_t)model_draw_name(w->model, &w->draws,
                                                           message.names[0].text);
        seen.dns = &message;
        w->detector->observe(&w->watcher, &seen);
    }
}

/* It answers on ports side by side, as media servers do, or on any; its address is random. */
static void serve(struct work *w, uint32_t count)
{
    uint64_t x = drawn(&w->draws);
    w->host = address_of_v4((uint32_t)x);
    uint16_t first = (uint16_t)(PORT_LOWEST + (x >> 32) % (65536 - PORT_LOWEST - count));
    uint8_t protocol = (x >> 60 & 1) != 0 ? IP_TCP : IP_UDP;
    for (uint32_t i = 0; i < count; i++) {
        struct observation seen = seen_by(w, OBSERVED_ANSWER, protocol);
        uint16_t any = (uint16_t)(PORT_LOWEST + drawn_below(&w->draws, 65536 - PORT_LOWEST));
        seen.server = (struct endpoint){w->host, (x >> 61 & 1) != 0 ? (uint16_t)(first + i) : any};
        seen.client.address = address_of_v4(0xc0000200 + i);
        w->detector->observe(&w->watcher, &seen);
    }
}

static void scan_evenly(struct work *w, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        contact(w, (uint32_t)drawn(&w->draws), 445, IP_TCP);
}

static const struct kind kinds[] = {
    {"ordinary clients", "pairs", SIGN_P2P_PORTS, 1000000, 1, 300, reach_out},
    {"heavy P2P clients", "pairs", SIGN_P2P_PORTS, 2000, 1000, 100000, share_files},
    {"port scanners", "ports", SIGN_P2P_PORTS, 1000, 100, 60000, scan_ports},
    {"block scanners", "addresses", SIGN_P2P_PORTS, 20000, 16, 16384, scan_block},
    {"ordinary clients", "names", SIGN_RENDEZVOUS_DNS, 1000000, 1, 100, look_up},
    {"resolvers", "names", SIGN_RENDEZVOUS_DNS, 100, 100000, 100001, look_up},
    {"servers", "ports", SIGN_P2P_LISTENER, 100000, 2, 5000, serve},
    {"even scanners of 445", "targets", SIGN_SWEEP_PATTERN, 200000, 1, 12, scan_evenly},
};

static double seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void choose_detector(struct work *w, enum sign_id sign)
{
    for (unsigned d = 0; d < detector_count; d++) {
        if (detectors[d]->sign == sign) {
            w->detector = detectors[d];
            w->watcher.detector = d;
        }
    }
}

/* A store for the next host-days: an empty one costs nothing to judge in. */
static bool begin_batch(struct work *w)
{
    size_t sizes[HOSTS_KINDS_MAX];
    for (unsigned d = 0; d < detector_count; d++)
        sizes[d] = detectors[d]->slot_size;
    struct hosts_limits limits = HOSTS_LIMITS_DEFAULT;
    hosts_free(w->hosts);
    w->hosts = hosts_new(&limits, sizes, detector_count);
    w->watcher.hosts = w->hosts;
    return w->hosts != NULL;
}

struct alarms {
    uint64_t at[LEVELS], convicting;
    uint64_t observed;
    double took_s;
};

static void judge(struct work *w, struct alarms *a)
{
    struct sign sign = {0};
    void *slot = watcher_slot(&w->watcher, w->host, w->day * US_PER_DAY);
    if (slot == NULL || !w->detector->report(&w->watcher, w->day, slot, &sign))
        return;
    for (int level = LEVEL_FIRST; level <= LEVEL_LAST; level++)
        a->at[level - LEVEL_FIRST] += sign.false_alarm_log10 <= -level;
    a->convicting += sign.false_alarm_log10 <= -CONVICTS && !sign.below_floor;
}

static bool simulate(struct work *w, const struct kind *k, struct alarms *a)
{
    double began = seconds();
    uint64_t observed = w->observed;
    uint32_t a_day = (k->host_days + DAYS - 1) / DAYS;
    choose_detector(w, k->sign);
    for (uint32_t i = 0; i < k->host_days; i++) {
        if (i % BATCH == 0 && !begin_batch(w))
            return false;
        w->day = day_of_date(2009, 4, 1) + (int32_t)(i / a_day);
        w->host = address_of_v4(0x0a000000 + i % BATCH);
        k->act(w, drawn_evenly_in_log(&w->draws, k->low, k->high));
        judge(w, a);
        if (hosts_refused(w->hosts) > 0)
            return false;
    }
    a->observed = w->observed - observed;
    a->took_s = seconds() - began;
    return true;
}

/* The largest count that a Poisson variable of this mean exceeds in one of a hundred cases. */
static uint64_t bound_of(double mean)
{
    uint64_t bound = (uint64_t)mean;
    while (chance_poisson_tail(mean, (double)bound + 1) > -2)
        bound++;
    return bound;
}

/* False when it is more than stated. */
static bool say(const struct kind *k, const struct alarms *a)
{
    bool met = a->convicting == 0;
    (void)printf("  %-16s %-21s", sign_kind_of(k->sign)->id, k->name);
    for (int level = LEVEL_FIRST; level <= LEVEL_LAST; level++) {
        uint64_t found = a->at[level - LEVEL_FIRST];
        uint64_t bound = bound_of(k->host_days * pow(10, -level));
        (void)printf(" %6llu of %-6llu", (unsigned long long)found, (unsigned long long)bound);
        met &= found <= bound;
    }
    (void)printf(" %5llu %6.1f s  %s\n", (unsigned long long)a->convicting, a->took_s,
                 met ? "met" : "NOT MET");
    (void)fflush(stdout);
    return met;
}

static void say_mix(const struct model *m, const struct alarms *all)
{
    (void)printf("the mix\n  drawn from %llu captures: %llu distinct pairs of address and port "
                 "from 2112, %llu names\n",
                 (unsigned long long)m->files, (unsigned long long)m->pair_count,
                 (unsigned long long)m->names);
    for (unsigned i = 0; i < COUNT_OF(kinds); i++)
        (void)printf("  %-16s %8u host-days of %-21s %u to %u %s each, %llu observed\n",
                     sign_kind_of(kinds[i].sign)->id, kinds[i].host_days, kinds[i].name,
                     kinds[i].low, kinds[i].high, kinds[i].what,
                     (unsigned long long)all[i].observed);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr, "usage: bench_false_alarms CORPUS [SEED]\n");
        return 2;
    }
    static struct alarms alarms[COUNT_OF(kinds)];
    struct model *model = model_of(argv[1]);
    struct work w = {.model = model, .calendar = calendar_new()};
    w.draws = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    w.watcher.calendar = w.calendar;
    w.watcher.sampling = 1;
    if (model == NULL || w.calendar == NULL)
        return 1;
    (void)printf("alarms, of the most that is stated (99 %% bound)\n  %-16s %-21s", "sign", "host");
    for (int level = LEVEL_FIRST; level <= LEVEL_LAST; level++)
        (void)printf(" %12s%d   ", "10^-", level);
    (void)printf(" convicted\n");
    bool met = true, run = true;
    for (unsigned i = 0; run && i < COUNT_OF(kinds); i++) {
        run = simulate(&w, &kinds[i], &alarms[i]);
        met &= run && say(&kinds[i], &alarms[i]);
    }
    say_mix(model, alarms);
    hosts_free(w.hosts);
    calendar_free(w.calendar);
    free(model);
    if (!run)
        (void)fprintf(stderr, "memory ran out\n");
    return met && run ? 0 : 1;
}
