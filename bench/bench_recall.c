/* How much of an infected host must be seen before it is found: by variant, number of observations,
 * sampling, and with or without payload.
 *
 * Infected hosts are played packet by packet into captures in memory, and hunted over by the whole
 * program. What they do and how often is the table of habits; the rates are those of the published
 * measurements, but for the sweeps, whose rate nobody published (one target in ten seconds is
 * assumed). A capture without payload ends each packet behind its headers: what a sensor of flows
 * would tell.
 *
 *   bench_recall */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/time.h"
#include "base/writer.h"
#include "conficker/domains.h"
#include "conficker/message.h"
#include "conficker/ports.h"
#include "engine/hunt.h"
#include "observe/packet.h"
#include "report/report.h"
#include "source/input.h"
#include "wire/build.h"
#include "wire/dns.h"

enum {
    HOSTS = 20,
    HOSTS_JUDGED = 200, /* where a share is wanted */
    FRAMES_MAX = 1 << 16,
    BYTES_MAX = 1 << 24,
    FRAME_MAX = 1024,
    LIST_MAX = 50000,
    LINK_ETHERNET = 1,
    HEADERS_TCP = 14 + 20 + 20,
    HEADERS_UDP = 14 + 20 + 8
};

#define SYN_AGAIN_US (3 * US_PER_SECOND) /* the worm's Windows gives up after the second one */

struct frame {
    int64_t when_us;
    size_t at;
    uint32_t captured, whole;
};

/* One host at play, and what the sensor keeps of it. */
struct play {
    uint64_t draws;
    struct address host;
    int64_t start_us;
    unsigned sampling;
    bool headers_only;
    uint16_t ip_id;
    struct frame *frames;
    size_t frame_count;
    struct writer bytes;
    char (*names)[DOMAIN_NAME_SIZE]; /* today's list */
    size_t name_count;
};

static uint64_t drawn(struct play *p)
{
    return hash_number(p->draws++ + UINT64_C(0x9e3779b97f4a7c15));
}

static double drawn_share(struct play *p)
{
    return (double)(drawn(p) >> 11) * 0x1p-53;
}

static void send(struct play *p, int64_t when_us, struct wire_packet packet)
{
    p->ip_id = (uint16_t)(p->ip_id % 0xffff + 1);
    if (drawn(p) % p->sampling != 0)
        return;
    if (p->frame_count == FRAMES_MAX || p->bytes.used + FRAME_MAX > BYTES_MAX) {
        (void)fprintf(stderr, "too many packets were kept\n");
        exit(1);
    }
    packet.ip_id = p->ip_id;
    struct frame *f = &p->frames[p->frame_count++];
    f->when_us = when_us;
    f->at = p->bytes.used;
    wire_build_frame(&p->bytes, &packet);
    f->whole = (uint32_t)(p->bytes.used - f->at);
    uint32_t headers = packet.protocol == IP_TCP ? HEADERS_TCP : HEADERS_UDP;
    f->captured = p->headers_only && headers < f->whole ? headers : f->whole;
}

/* Two SYNs, three seconds apart, and no answer. */
static void try_tcp(struct play *p, int64_t when_us, uint32_t target, uint16_t port)
{
    struct wire_packet syn = {.from = p->host,
                              .to = address_of_v4(target),
                              .protocol = IP_TCP,
                              .port_from = (uint16_t)(1025 + drawn(p) % 4000),
                              .port_to = port,
                              .tcp_flags = TCP_SYN,
                              .sequence = (uint32_t)drawn(p)};
    send(p, when_us, syn);
    send(p, when_us + SYN_AGAIN_US, syn);
}

/* One datagram of D, as it introduces itself: a field and noise, so no scanner's request. */
static void send_message(struct play *p, int64_t when_us, uint32_t target, uint16_t port)
{
    uint8_t bytes[256], noise[32];
    uint64_t x = drawn(p);
    struct writer n = writer_over(noise, sizeof noise), w = writer_over(bytes, sizeof bytes);
    for (unsigned i = 0; i < sizeof noise / 8; i++)
        write_le64(&n, drawn(p));
    struct message_plan plan = {
        .fields = {.key = drawn(p),
                   .flags = MESSAGE_MODE | MESSAGE_ENCODED | MESSAGE_HAS_UNKNOWN0,
                   .unknown0 = (uint32_t)x},
        .noise = noise,
        .noise_length = 1 + (x >> 32) % sizeof noise,
        .transport = TRANSPORT_UDP};
    message_build(&plan, &w);
    send(p, when_us,
         (struct wire_packet){.from = p->host,
                              .to = address_of_v4(target),
                              .protocol = IP_UDP,
                              .port_from = (uint16_t)(1025 + (x >> 48) % 4000),
                              .port_to = port,
                              .payload = bytes,
                              .payload_length = w.used});
}

/* 0.53 datagrams and 0.42 connections a second, to anybody's predicted ports. */
static void speak_p2p(struct play *p, int64_t when_us)
{
    uint32_t target = (uint32_t)drawn(p);
    struct p2p_ports ports = ports_predicted_for(target, week_of(when_us), READING_NMAP);
    unsigned pair = (unsigned)(drawn(p) & 1);
    if (drawn_share(p) < 0.53 / (0.53 + 0.42))
        send_message(p, when_us, target, ports.udp[pair]);
    else
        try_tcp(p, when_us, target, ports.tcp[pair]);
}

/* Anywhere but where the generator never goes. */
static void sweep(struct play *p, int64_t when_us)
{
    uint32_t target = (uint32_t)drawn(p) & 0xff7fff7f;
    target = (target & 0x00ffffff) | (1 + target % 222) << 24;
    try_tcp(p, when_us, target, 445);
}

/* A name of today's list, which is not there. */
static void look_up(struct play *p, int64_t when_us)
{
    uint8_t question[128], answer[128];
    const char *name = p->names[drawn(p) % p->name_count];
    struct writer q = writer_over(question, sizeof question);
    struct writer a = writer_over(answer, sizeof answer);
    uint16_t id = (uint16_t)drawn(p), port = (uint16_t)(1025 + drawn(p) % 4000);
    dns_build(&q, id, name, DNS_TYPE_A, false, 0, NULL);
    dns_build(&a, id, name, DNS_TYPE_A, true, DNS_NXDOMAIN, NULL);
    struct address resolver = address_of_v4(0x0a000035);
    send(p, when_us,
         (struct wire_packet){.from = p->host,
                              .to = resolver,
                              .protocol = IP_UDP,
                              .port_from = port,
                              .port_to = 53,
                              .payload = question,
                              .payload_length = q.used});
    send(p, when_us + 20000,
         (struct wire_packet){.from = resolver,
                              .to = p->host,
                              .protocol = IP_UDP,
                              .port_from = 53,
                              .port_to = port,
                              .payload = answer,
                              .payload_length = a.used});
}

static void look_up_and_sweep(struct play *p, int64_t when_us)
{
    (drawn(p) & 1 ? look_up : sweep)(p, when_us);
}

static void speak_and_sweep(struct play *p, int64_t when_us)
{
    (drawn_share(p) < 0.9 ? speak_p2p : sweep)(p, when_us);
}

struct habit {
    const char *variants, *what;
    void (*act)(struct play *p, int64_t when_us); /* one observation */
    unsigned a_day;                               /* how many of them */
    enum name_list list;
};

static const struct habit habits[] = {
    {"A", "250 names every 3 h", look_up, 2000, NAME_LIST_A},
    {"B, C", "250 names every 2 h", look_up, 3000, NAME_LIST_B},
    {"D, E", "500 of 50,000 names", look_up, 500, NAME_LIST_D},
    {"A, B, E", "sweep of 445", sweep, 8640, NAME_LIST_A},
    {"A", "names and sweep", look_up_and_sweep, 4000, NAME_LIST_A},
    {"D", "P2P, 0.95 a second", speak_p2p, 82080, NAME_LIST_D},
    {"E", "P2P and sweep", speak_and_sweep, 91200, NAME_LIST_D},
};

enum { HABIT_P2P = 5 };

static const int64_t noon_us = INT64_C(1240315200) * US_PER_SECOND; /* 2009-04-21 12:00 UTC */

static int compare_frames(const void *a, const void *b)
{
    const struct frame *x = a, *y = b;
    if (x->when_us != y->when_us)
        return x->when_us < y->when_us ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* What was kept, as a capture, is hunted over. */
static void hunt_play(struct hunt *h, struct play *p)
{
    size_t size = 24 + p->frame_count * 16 + p->bytes.used;
    uint8_t *capture = malloc(size);
    struct error err;
    if (capture == NULL)
        exit(1);
    qsort(p->frames, p->frame_count, sizeof p->frames[0], compare_frames);
    struct writer w = writer_over(capture, size);
    write_le32(&w, 0xa1b2c3d4);
    write_le16(&w, 2);
    write_le16(&w, 4);
    write_zeros(&w, 8);
    write_le32(&w, 65535);
    write_le32(&w, LINK_ETHERNET);
    for (size_t i = 0; i < p->frame_count; i++) {
        const struct frame *f = &p->frames[i];
        write_le32(&w, (uint32_t)(f->when_us / US_PER_SECOND));
        write_le32(&w, (uint32_t)(f->when_us % US_PER_SECOND));
        write_le32(&w, f->captured);
        write_le32(&w, f->whole);
        write_bytes(&w, p->bytes.start + f->at, f->captured);
    }
    struct input *in = input_open_memory("played", capture, w.used, &err);
    if (w.failed || in == NULL)
        exit(1);
    (void)hunt_read_input(h, in, true);
    input_close(in);
    free(capture);
}

/* Of the hosts that were played. */
struct found {
    unsigned infected, suspicious;
};

static bool begin(struct report *r)
{
    (void)r;
    return true;
}

static bool take_host(struct report *r, const struct verdict *v)
{
    struct found *f = r->state;
    if (address_v4(v->host) >> 16 != 0x0a01) /* 10.1.0.0/16 is at play; the resolver is not */
        return true;
    f->infected += v->kind == VERDICT_INFECTED;
    f->suspicious += v->kind == VERDICT_SUSPICIOUS;
    return true;
}

static bool take_edge(struct report *r, const struct infection *i)
{
    (void)r, (void)i;
    return true;
}

static bool end(struct report *r, const struct totals *t)
{
    (void)r, (void)t;
    return true;
}

static const struct report_format counting = {.id = "counting",
                                              .claim = "",
                                              .begin = begin,
                                              .host = take_host,
                                              .edge = take_edge,
                                              .end = end};

struct cell {
    unsigned hosts, sampling;
    double observations; /* 0: as many as the time brings */
    double seconds;      /* 0: as long as the observations take */
    bool headers_only;
};

/* Observations come at random, as often on average as the habit has it. */
static void play_host(struct play *p, const struct habit *h, const struct cell *c)
{
    double gap_s = 86400.0 / h->a_day, at_s = 0;
    for (unsigned done = 0;; done++) {
        at_s -= log(1 - drawn_share(p)) * gap_s;
        if (c->observations > 0 ? done >= c->observations : at_s >= c->seconds)
            return;
        h->act(p, p->start_us + (int64_t)(at_s * (double)US_PER_SECOND));
    }
}

static struct found measure(struct play *stage, const struct habit *h, const struct cell *c)
{
    struct hunt_settings settings = {.since_us = INT64_MIN,
                                     .until_us = INT64_MAX,
                                     .sampling = c->sampling,
                                     .limits = HOSTS_LIMITS_DEFAULT};
    struct error err;
    struct found found = {0};
    struct hunt_outcome outcome;
    struct report report = {.format = &counting, .state = &found};
    struct hunt *hunt = hunt_new(&settings, &err);
    struct domain_generator g;
    if (hunt == NULL)
        exit(1);
    /* What takes no more than a day begins at midnight. */
    bool long_one = c->seconds > 3600 || c->observations * 86400 / h->a_day > 3600;
    domains_begin(&g, h->list, day_of(noon_us));
    stage->name_count = domains_count(h->list);
    for (size_t i = 0; i < stage->name_count; i++)
        (void)domains_next(&g, stage->names[i]);
    for (unsigned i = 0; i < c->hosts; i++) {
        stage->host = address_of_v4(0x0a010001 + i);
        stage->start_us = long_one ? noon_us - US_PER_DAY / 2 : noon_us;
        stage->sampling = c->sampling;
        stage->headers_only = c->headers_only;
        stage->frame_count = 0;
        stage->bytes.used = 0;
        play_host(stage, h, c);
        hunt_play(hunt, stage);
    }
    hunt_finish(hunt, &report, 1, 0, &outcome);
    hunt_free(hunt);
    return found;
}

static void say_table(struct play *stage, bool headers_only)
{
    static const struct cell cells[] = {
        {HOSTS, 1, 10, 0, false},      {HOSTS, 1, 100, 0, false},     {HOSTS, 1, 1000, 0, false},
        {HOSTS, 10, 10, 0, false},     {HOSTS, 10, 100, 0, false},    {HOSTS, 10, 1000, 0, false},
        {HOSTS, 100, 100, 0, false},   {HOSTS, 100, 1000, 0, false},  {HOSTS, 10, 0, 86400, false},
        {HOSTS, 100, 0, 86400, false}, {HOSTS, 1000, 0, 86400, false}};
    (void)printf("%s: infected / suspicious of %d hosts, by observations made\n  %-31s"
                 " |      all packets     |         1:10         |     1:100     |"
                 "      a day at 1:\n  %-31s",
                 headers_only ? "headers alone" : "with payload", HOSTS, "", "");
    (void)printf(" |     10    100   1000 |     10    100   1000 |    100   1000 |"
                 "     10    100   1000\n");
    for (unsigned i = 0; i < COUNT_OF(habits); i++) {
        (void)printf("  %-8s %-22s", habits[i].variants, habits[i].what);
        for (unsigned k = 0; k < COUNT_OF(cells); k++) {
            struct cell cell = cells[k];
            cell.headers_only = headers_only;
            struct found f = measure(stage, &habits[i], &cell);
            bool first = k == 0 || k == 3 || k == 6 || k == 8;
            (void)printf("%s %3u/%-2u", first ? " |" : "", f.infected, f.suspicious);
        }
        (void)printf("\n");
        (void)fflush(stdout);
    }
}

/* The share of D hosts that are infected, beside what is wanted. */
static bool judge(struct play *stage, const char *what, const struct cell *cell, double wanted)
{
    struct found f = measure(stage, &habits[HABIT_P2P], cell);
    double share = (double)f.infected / cell->hosts;
    (void)printf("  %-58s %6.3f wanted >= %.2f: %s\n", what, share, wanted,
                 share >= wanted ? "met" : "NOT MET");
    return share >= wanted;
}

int main(void)
{
    static struct frame frames[FRAMES_MAX];
    static uint8_t bytes[BYTES_MAX];
    static char names[LIST_MAX][DOMAIN_NAME_SIZE];
    struct play stage = {
        .frames = frames, .bytes = writer_over(bytes, sizeof bytes), .names = names};
    say_table(&stage, false);
    say_table(&stage, true);
    bool met = true;
    (void)printf("D's P2P, %d hosts: the share that is infected\n", HOSTS_JUDGED);
    met &= judge(&stage, "10 s of traffic, with payload",
                 &(struct cell){HOSTS_JUDGED, 1, 0, 10, false}, 0.95);
    met &= judge(&stage, "10 s of traffic, headers alone",
                 &(struct cell){HOSTS_JUDGED, 1, 0, 10, true}, 0.9);
    met &= judge(&stage, "15 s of traffic, headers alone",
                 &(struct cell){HOSTS_JUDGED, 1, 0, 15, true}, 0.99);
    met &= judge(&stage, "a day at 1:1000, headers alone",
                 &(struct cell){HOSTS_JUDGED, 1000, 0, 86400, true}, 1);
    met &= judge(&stage, "a day at 1:10000, headers alone",
                 &(struct cell){HOSTS_JUDGED, 10000, 0, 86400, true}, 0.8);
    return met ? 0 : 1;
}
