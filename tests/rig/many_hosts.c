/* Writes a page about so many made-up hosts to stdout, for the tests of the page in a browser:
 *
 *   many_hosts COUNT            as an outbreak in a large network: one in 20 is infected, and has
 *                               five signs with facts; others show one sign or two, or were asked
 *   many_hosts COUNT hostile    the same, with text that means harm in every field that can be
 *                               foreign
 *
 * The same for the same count: numbers are hashes of numbers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/time.h"
#include "base/writer.h"
#include "conficker/ports.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"
#include "report/report.h"

enum { SIGNS_MOST = 5, INFECTED_EVERY = 20, HOSTS_MOST = 1000000, EDGE_EVERY = 10 };

/* Runs where it is taken for markup; then what ends blocks, attributes and lines; then what turns
 * the direction of writing, and no UTF-8. */
#define HOSTILE                                                                                    \
    "<img src=x onerror=\"window.harmed=1\"></script><script>window.harmed=2</script>'\"&amp;\f\t" \
    "\n\xe2\x80\xae\xff"
#define HOSTILE_SHORT "<b onclick='window.harmed=3'>\"&\f\t\n\xe2\x80\xae\xff"

struct maker {
    uint64_t seed;
    bool is_hostile;
};

static uint64_t below(struct maker *m, uint64_t bound)
{
    m->seed = hash_number(m->seed + 1);
    return m->seed % bound;
}

/* What text of ours becomes. */
static const char *said(const struct maker *m, const char *text)
{
    return m->is_hostile ? HOSTILE : text;
}

static const char *any_address(struct maker *m, char buffer[static ADDRESS_TEXT_SIZE])
{
    return address_text(address_of_v4((uint32_t)below(m, UINT32_MAX)), buffer);
}

static void add_item(struct maker *m, struct sign *s, const char *name, const char *text)
{
    sign_add_text(s, FACT_ITEM, name, said(m, text));
}

static void add_addresses(struct maker *m, struct sign *s, const char *name)
{
    char address[ADDRESS_TEXT_SIZE];
    for (unsigned i = 0; i < 4; i++)
        add_item(m, s, name, any_address(m, address));
}

static void add_met(struct maker *m, struct sign *s)
{
    char address[ADDRESS_TEXT_SIZE], met[FACT_TEXT_SIZE];
    for (unsigned i = 0; i < 4; i++) {
        uint32_t peer = (uint32_t)below(m, UINT32_MAX);
        struct p2p_ports ports = ports_predicted_for(peer, week_of(s->first_us), READING_NMAP);
        struct text text = text_over(met, sizeof met);
        text_add(&text, "%s:%u/udp", address_text(address_of_v4(peer), address),
                 (unsigned)ports.udp[i % 2]);
        add_item(m, s, "met", met);
    }
}

static void add_names(struct maker *m, struct sign *s)
{
    char name[FACT_TEXT_SIZE];
    for (unsigned i = 0; i < 4; i++) {
        struct text text = text_over(name, sizeof name);
        for (unsigned letter = 0; letter < 7; letter++)
            text_add(&text, "%c", (char)('a' + below(m, 26)));
        text_add(&text, ".cc (number %u of 2009-04-21)", (unsigned)below(m, 50000));
        add_item(m, s, "names", name);
    }
}

static void add_bytes(struct maker *m, struct sign *s)
{
    char digits[FACT_TEXT_SIZE];
    struct text text = text_over(digits, sizeof digits);
    for (unsigned i = 0; i < 32; i++)
        text_add(&text, "%02x", (unsigned)below(m, 256));
    sign_add_text(s, FACT_TEXT, "first_bytes", said(m, digits));
}

static struct sign sign_made(struct maker *m, enum sign_id id, int64_t day_us)
{
    struct sign s = {.id = id, .day = day_of(day_us), .has_of = true};
    struct text says = text_over(s.says, sizeof s.says);
    s.count = 20 + below(m, 500);
    s.of = s.count + below(m, 20);
    s.first_us = day_us + (int64_t)below(m, (uint64_t)US_PER_DAY / 2);
    s.last_us = s.first_us + (int64_t)below(m, (uint64_t)US_PER_DAY / 2);
    s.weight = id == SIGN_P2P_ANSWER || id == SIGN_EXPLOIT         ? WEIGHT_PROOF
               : id == SIGN_P2P_PORTS || id == SIGN_RENDEZVOUS_DNS ? WEIGHT_STATISTICAL
                                                                   : WEIGHT_POINTS;
    s.points = 3;
    s.false_alarm_log10 = -(double)below(m, 400);
    if (m->is_hostile)
        text_add(&says, "%s", HOSTILE);
    else
        text_add(&says,
                 "It tried port 445 of about %llu addresses, and on about %llu of them no "
                 "connection came about.",
                 (unsigned long long)s.of, (unsigned long long)s.count);
    if (id == SIGN_SMB_SWEEP)
        add_addresses(m, &s, "failed_addresses");
    else if (id == SIGN_P2P_PORTS)
        add_met(m, &s);
    else if (id == SIGN_RENDEZVOUS_DNS)
        add_names(m, &s);
    else if (id == SIGN_EXPLOIT)
        add_bytes(m, &s);
    else
        sign_add_number(&s, "peers", (double)s.count);
    return s;
}

static size_t signs_made(struct maker *m, size_t number, int64_t day_us,
                         struct sign signs[static SIGNS_MOST])
{
    static const enum sign_id all[] = {SIGN_P2P_ANSWER, SIGN_EXPLOIT, SIGN_P2P_PORTS,
                                       SIGN_RENDEZVOUS_DNS, SIGN_SMB_SWEEP};
    static const enum sign_id few[] = {SIGN_SMB_SWEEP, SIGN_ODD_HTTP};
    bool is_infected = number % INFECTED_EVERY == 0;
    const enum sign_id *ids = is_infected ? all : few;
    size_t count = is_infected ? COUNT_OF(all) : 1 + number % 2;
    for (size_t i = 0; i < count; i++)
        signs[i] = sign_made(m, ids[i], day_us);
    return count;
}

static bool report_host(struct report *r, struct maker *m, size_t number)
{
    struct sign signs[SIGNS_MOST];
    struct smb_check smb = {.port = 445, .when_us = INT64_C(1240331051000000)};
    struct netbios_check netbios = {.mac = UINT64_C(0x001122334455)};
    int64_t day_us = INT64_C(1240272000000000) + (int64_t)(number % 7) * US_PER_DAY;
    struct verdict v = {.host = address_of_v4(UINT32_C(0x0a000000) + (uint32_t)number * 3),
                        .home = number % 11 != 0,
                        .site = m->is_hostile ? HOSTILE : NULL,
                        .name_count = m->is_hostile ? 2 : number % 2,
                        .signs = signs,
                        .smb = m->is_hostile || number % 5 == 1 ? &smb : NULL,
                        .netbios = m->is_hostile ? &netbios : NULL,
                        .has_day = true,
                        .day = day_of(day_us)};
    struct text name = text_over(v.names[0], sizeof v.names[0]);
    struct text says = text_over(v.says, sizeof v.says);
    v.sign_count = signs_made(m, number, day_us, signs);
    v.kind = number % INFECTED_EVERY == 0 ? VERDICT_INFECTED
             : number % 4 == 1            ? VERDICT_SUSPICIOUS
             : number % 4 == 2            ? VERDICT_UNKNOWN
                                          : VERDICT_CLEAN;
    v.proof = v.kind == VERDICT_INFECTED;
    v.weight = (double)(number % 60) / 10;
    v.variants = v.proof ? VARIANT_D | VARIANT_E : 0;
    v.first_us = signs[0].first_us;
    v.last_us = signs[0].last_us;
    text_add(&name, "%s%zu", m->is_hostile ? HOSTILE_SHORT : "ward-pc-", number);
    memcpy(v.names[1], v.names[0], sizeof v.names[0]);
    text_add(&says, "%s: %s", verdict_kind_text(v.kind), signs[0].says);
    (void)snprintf(v.reason, sizeof v.reason, "%s", said(m, "it was not asked over SMB"));
    (void)snprintf(smb.os, sizeof smb.os, "%s", m->is_hostile ? HOSTILE_SHORT : "Windows 5.1");
    (void)snprintf(smb.fqdn, sizeof smb.fqdn, "%s", said(m, "ward.example.org"));
    (void)snprintf(netbios.user, sizeof netbios.user, "%s", HOSTILE_SHORT);
    return r->format->host(r, &v);
}

/* Every tenth infected host reached the host behind it. */
static bool report_edges(struct report *r, const struct maker *m, size_t count)
{
    bool good = true;
    size_t step = (size_t)INFECTED_EVERY * EDGE_EVERY;
    for (size_t number = 0; number + INFECTED_EVERY < count && good; number += step) {
        struct infection i = {
            .from = address_of_v4(UINT32_C(0x0a000000) + (uint32_t)number * 3),
            .to = address_of_v4(UINT32_C(0x0a000000) + (uint32_t)(number + INFECTED_EVERY) * 3),
            .when_us = INT64_C(1240331051000000) + (int64_t)number * US_PER_SECOND,
            .cause = m->is_hostile ? HOSTILE_SHORT : "callback",
            .variants = VARIANT_B,
            .says = said(m, "it served /qkzvbn on port 4821")};
        good = r->format->edge(r, &i);
    }
    return good;
}

static bool report_all(struct report *r, struct maker *m, size_t count)
{
    const char *const sentences[] = {said(m, "The table of hosts was full 3 times.")};
    struct input_totals input = {.name = said(m, "monday.pcap"),
                                 .format = "pcap",
                                 .records = 1000,
                                 .bytes = 64000,
                                 .damage_count = 1,
                                 .damage = {{.offset = 24, .reason = "cut"}}};
    struct totals t = {.verb = "hunt",
                       .complete = false,
                       .hosts = {count / INFECTED_EVERY, count / 4, count / 2, count / 4},
                       .seen = count * 3,
                       .input_count = 1,
                       .inputs = &input,
                       .limit_count = 1,
                       .limits_hit = sentences,
                       .note_count = 1,
                       .notes = sentences,
                       .expected_false_hosts = 1e-6,
                       .seconds = 0.5};
    bool good = r->format->begin(r);
    if (m->is_hostile)
        (void)snprintf(input.damage[0].reason, sizeof input.damage[0].reason, "%s", HOSTILE);
    for (size_t number = 0; number < count && good; number++)
        good = report_host(r, m, number);
    return good && report_edges(r, m, count) && r->format->end(r, &t);
}

int main(int argc, char **argv)
{
    char *end = NULL;
    unsigned long count = argc > 1 ? strtoul(argv[1], &end, 10) : 0;
    struct maker m = {.seed = 1, .is_hostile = argc == 3 && strcmp(argv[2], "hostile") == 0};
    struct report r = {.format = report_format_named("html"), .out = stdout};
    if (end == NULL || end == argv[1] || *end != '\0' || count > HOSTS_MOST ||
        (argc > 2 && !m.is_hostile)) {
        (void)fprintf(stderr, "many_hosts COUNT [hostile]\n");
        return 2;
    }
    if (report_all(&r, &m, count))
        return 0;
    (void)fprintf(stderr, "many_hosts: %s\n", strerror(errno));
    return 1;
}
