/* From answers to checks and signs, from these to a verdict, for one host at a time; then the
 * summary. */
#include "engine/scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/address.h"
#include "base/time.h"
#include "base/writer.h"
#include "engine/scan_raw.h"
#include "engine/sentences.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"
#include "scan/smb_accounts.h"

struct scan {
    const struct scan_settings *settings;
    struct report *reports;
    size_t report_count;
    bool (*watch)(void *context, const struct scan_progress *now);
    void *watch_context;
    struct totals totals;
    struct scan_totals scan;
    uint64_t silent;                      /* hosts asked from which nothing came */
    uint64_t broadcast;                   /* targets that are no host's address */
    uint64_t of_cause[CHECK_CAUSES];      /* checks */
    uint64_t heard_or_silent;             /* hosts of which anything was asked */
    uint64_t place;                       /* of a shard: the next one */
    struct scan_raw *raw;                 /* NULL: sockets alone */
    struct host_set *reported, *infected; /* beside raw */
    const struct raw_outcome *sieved;     /* what the raw engine came to, once it has ended */
    struct error broken_off;              /* of the raw engine */
    bool write_failed;
};

static bool next_target(void *context, uint32_t *host)
{
    struct scan *s = context;
    const struct raw_settings *part = s->settings->shards;
    uint64_t number;
    if (part == NULL)
        return target_set_next(s->settings->targets, host);
    if (s->place == raw_places(part))
        return false;
    struct order order = order_of(host_table_count(part->hosts), part->seed);
    *host = raw_host_at(part, &order, s->place++, &number);
    return true;
}

static bool next_found(void *context, uint32_t *host)
{
    struct scan *s = context;
    return scan_raw_next(s->raw, host);
}

static bool more_later(void *context)
{
    struct scan *s = context;
    return scan_raw_runs(s->raw);
}

static int compare_names(const void *key, const void *item)
{
    uint32_t host = *(const uint32_t *)key; /* reader: our own number */
    const struct scan_name *name = item;
    return (host > name->host) - (host < name->host);
}

/* The name by which a target was called; NULL: by its address. */
static const char *called(void *context, uint32_t host)
{
    const struct scan *s = context;
    if (s->settings->name_count == 0)
        return NULL;
    const struct scan_name *found = bsearch(&host, s->settings->names, s->settings->name_count,
                                            sizeof *found, compare_names);
    return found != NULL ? found->name : NULL;
}

static void add_name(struct verdict *v, const char *name)
{
    for (unsigned i = 0; i < v->name_count; i++)
        if (strcasecmp(v->names[i], name) == 0)
            return;
    if (name[0] == '\0' || v->name_count == VERDICT_NAMES_MAX)
        return;
    struct text text = text_over(v->names[v->name_count++], HOST_NAME_SIZE);
    text_add(&text, "%s", name);
}

/* How it was called, then how it calls itself. */
static void name_host(struct scan *s, uint32_t host, struct verdict *v)
{
    const char *name = called(s, host);
    if (name != NULL)
        add_name(v, name);
    if (v->smb != NULL) {
        add_name(v, v->smb->fqdn);
        add_name(v, v->smb->computer);
    }
    if (v->netbios == NULL)
        return;
    add_name(v, v->netbios->computer);
    v->mac = v->netbios->mac;
    v->mac_source = MAC_BY_NETBIOS;
}

/* The ports that were asked for P2P, which is a check each. */
static size_t checks_of(const struct asked *host, struct check checks[static SHOTS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < host->count; i++) {
        const struct shot *shot = &host->shots[i];
        const struct answer *answer = &host->answers[i];
        if (!shot->probe->checks_ports)
            continue;
        checks[count++] = (struct check){.transport = shot->transport,
                                         .port = shot->port,
                                         .week = shot->week,
                                         .cause = answer->cause,
                                         .wanted = answer->wanted,
                                         .came = answer->came,
                                         .when_us = host->when_us[i]};
    }
    return count;
}

/* What was heard of it in all, and whether all could be asked. */
static enum hearing hear(struct scan *s, const struct asked *host)
{
    enum check_cause causes[SHOTS_MAX];
    bool whole = true;
    for (size_t i = 0; i < host->count; i++) {
        struct check check = {.cause = causes[i] = host->answers[i].cause};
        if (host->answers[i].smb != NULL && smb_check_is_cut(host->answers[i].smb))
            check.cause = host->answers[i].smb->network;
        s->of_cause[check.cause]++;
        whole = whole && check_result_of(&check) != CHECK_ERROR;
    }
    s->scan.asked += whole;
    return hearing_of(causes, host->count);
}

static void count_host(struct scan *s, const struct verdict *v)
{
    bool was_asked = v->hearing > HEARING_LOCAL, is_silent = v->hearing == HEARING_SILENT;
    s->totals.hosts[v->kind]++;
    s->scan.refused += v->hearing == HEARING_REFUSED;
    s->silent += is_silent;
    s->heard_or_silent += was_asked;
    s->totals.seen += was_asked && !is_silent;
}

/* What this probe asked of the host. */
static void part_of(const struct asked *host, const struct probe *probe, struct asked *part)
{
    part->host = host->host;
    part->count = 0;
    for (size_t i = 0; i < host->count; i++) {
        if (host->shots[i].probe != probe)
            continue;
        part->shots[part->count] = host->shots[i];
        part->answers[part->count] = host->answers[i];
        part->when_us[part->count++] = host->when_us[i];
    }
}

static size_t signs_of(const struct scan *s, const struct asked *host, struct sign *signs)
{
    const struct engine_settings *e = &s->settings->engine;
    struct asked part;
    size_t count = 0;
    for (size_t i = 0; i < e->probe_count; i++) {
        part_of(host, e->probes[i], &part);
        count += e->probes[i]->report(&part, &signs[count]);
    }
    return count;
}

static void report_host(struct scan *s, const struct verdict *v)
{
    for (size_t i = 0; i < s->report_count; i++)
        if (!s->reports[i].format->host(&s->reports[i], v))
            s->write_failed = true;
}

static bool is_broadcast(const struct asked *host)
{
    for (size_t i = 0; i < host->count; i++)
        if (host->answers[i].cause == CAUSE_BROADCAST)
            return true;
    return false;
}

static void take_host(void *context, const struct asked *host)
{
    struct scan *s = context;
    struct check checks[SHOTS_MAX];
    struct sign signs[PROBES_MAX * PROBE_SIGNS_MAX];
    struct verdict verdict;
    size_t count = checks_of(host, checks);
    if (s->raw != NULL)
        host_set_add(s->reported, host->host);
    if (is_broadcast(host)) {
        s->broadcast++;
        return;
    }
    struct circumstances circumstances = {.host = address_of_v4(host->host),
                                          .home = true,
                                          .site = s->settings->site,
                                          .checks = checks,
                                          .check_count = count,
                                          .hearing = hear(s, host)};
    for (size_t i = 0; i < host->count; i++) {
        if (host->answers[i].smb != NULL)
            circumstances.smb = host->answers[i].smb;
        if (host->answers[i].netbios != NULL)
            circumstances.netbios = host->answers[i].netbios;
    }
    verdict_of(&circumstances, signs, signs_of(s, host, signs), &verdict);
    name_host(s, host->host, &verdict);
    count_host(s, &verdict);
    if (s->raw != NULL && verdict.kind == VERDICT_INFECTED)
        host_set_add(s->infected, host->host);
    report_host(s, &verdict);
}

/* What both engines did. How far the raw one is counts as done: it asks all, the other few. */
static struct engine_counts all_counts(const struct scan *s, const struct engine_counts *sockets)
{
    struct engine_counts all = *sockets;
    if (s->raw == NULL)
        return all;
    struct raw_counts raw = scan_raw_counts(s->raw);
    uint64_t places = raw.progress.pass * raw.places + raw.progress.place;
    all.done = places / RAW_PASSES;
    all.sent += raw.progress.sent;
    all.received += raw.progress.answered;
    return all;
}

static bool watch_engine(void *context, const struct engine_counts *counts)
{
    struct scan *s = context;
    const struct engine_counts all = all_counts(s, counts);
    const struct scan_progress now = {.targets = s->settings->target_count,
                                      .infected = s->totals.hosts[VERDICT_INFECTED],
                                      .suspicious = s->totals.hosts[VERDICT_SUSPICIOUS],
                                      .counts = &all};
    bool stop = s->watch != NULL && s->watch(s->watch_context, &now);
    if (s->raw != NULL && (stop || s->write_failed))
        scan_raw_stop(s->raw);
    return stop || s->write_failed;
}

/* "3 hosts were ...", "1 host was ...". */
static void say_count(struct sentences *l, uint64_t count, const char *noun, const char *what)
{
    if (count > 0)
        sentence_add(l, "%llu %s%s left out%s", (unsigned long long)count, noun,
                     count == 1                     ? " was"
                     : strcmp(noun, "address") == 0 ? "es were"
                                                    : "s were",
                     what);
}

static void say_left_out(const struct scan *s, struct sentences *l)
{
    const struct targets_left_out *left = &s->settings->left_out;
    say_count(l, left->excluded, "host", ", as asked for by --exclude or --excludefile");
    say_count(l, left->reserved, "address",
              ": reserved (loopback, link-local, documentation and the like); name such a range by "
              "itself to ask it");
    say_count(l, left->never, "address",
              ": no single host has it (multicast, broadcast, 0.0.0.0/8)");
    say_count(l, s->broadcast, "address", ": a network's broadcast address");
}

/* What kept us from asking or hearing: each reason with the number of ports. */
static void say_local_failures(const struct scan *s, struct sentences *l)
{
    for (enum check_cause cause = 0; cause < CHECK_CAUSES; cause++) {
        const struct check check = {.transport = TRANSPORT_TCP, .cause = cause};
        if (s->of_cause[cause] > 0 && check_result_of(&check) == CHECK_ERROR)
            sentence_add(l, "%llu ports: %s", (unsigned long long)s->of_cause[cause],
                         check_reason(&check));
    }
}

static void say_limits(const struct engine_counts *counts, struct sentences *l)
{
    if (counts->answers_cut > 0)
        sentence_add(l,
                     "answers: %llu were judged by their beginning, as there was no memory for all "
                     "that came",
                     (unsigned long long)counts->answers_cut);
    if (counts->shortages > 0)
        sentence_add(l,
                     "descriptors, local ports or buffers were short %llu times, and were waited "
                     "for",
                     (unsigned long long)counts->shortages);
}

static void say_raw_limits(const struct scan *s, struct sentences *l)
{
    const struct raw_counts *c = &s->sieved->counts;
    if (s->broken_off.kind != ERROR_NONE)
        sentence_add(l, "the raw engine broke off: %s", s->broken_off.text);
    if (c->network.dropped > 0)
        sentence_add(l,
                     "%llu packets came faster than they were read, and were lost; a lower "
                     "--max-rate loses none",
                     (unsigned long long)c->network.dropped);
    if (c->network.full > 0)
        sentence_add(l, "the device had no room for packets %llu times, and was waited for",
                     (unsigned long long)c->network.full);
    if (c->let_go > 0)
        sentence_add(l, "%llu answers in pieces were not put together, for there were too many",
                     (unsigned long long)c->let_go);
}

static void say_raw(const struct scan *s, struct sentences *l)
{
    const struct raw_settings *raw = s->settings->raw;
    const struct raw_counts *c = &s->sieved->counts;
    char address[ADDRESS_TEXT_SIZE];
    uint32_t first = 0;
    (void)address_text(address_of_v4(raw->plan.source), address);
    sentence_add(l,
                 "asked by packets of our own, from %s through %s; %llu of the hosts through "
                 "sockets as well",
                 address, s->settings->raw_name, (unsigned long long)c->found);
    if (raw->shards > 1)
        sentence_add(l, "shard %u of %u", raw->shard + 1, raw->shards);
    if (c->forged > 0)
        sentence_add(l, "%llu packets did not prove that they answer us, and were passed over",
                     (unsigned long long)c->forged);
    uint64_t unconfirmed = scan_raw_unconfirmed(s->raw, s->infected, &first);
    if (unconfirmed == 0)
        return;
    (void)address_text(address_of_v4(first), address);
    sentence_add(l,
                 "%llu hosts sent a valid message of the worm in a packet, and not when they were "
                 "asked again by a full connection, which alone is proof: %s%s; ask again",
                 (unsigned long long)unconfirmed, address, unconfirmed > 1 ? " and others" : "");
}

/* Wrong passwords lock accounts, so the third refusal was the last. */
static void say_account(const struct smb_accounts *given, struct sentences *l)
{
    if (given == NULL || given->failures < SMB_FAILURES_MAX)
        return;
    sentence_add(l,
                 "account: %u hosts refused the one that was given, so that no other was asked "
                 "with it; is its password right?",
                 given->failures);
}

static void say_weeks(const struct scan *s, struct sentences *l)
{
    const struct engine_settings *engine = &s->settings->engine;
    char date[DATE_TEXT_SIZE];
    bool asks_ports = false;
    for (size_t i = 0; i < engine->probe_count; i++)
        asks_ports = asks_ports || engine->probes[i]->checks_ports;
    if (!asks_ports)
        return;
    const struct aim *aim = &engine->aim;
    /* A scan by packets asks to its end on the ports of the time at which it was begun first. */
    int64_t when_us = s->raw != NULL ? s->settings->raw->plan.aim.when_us : engine->began_us;
    uint32_t week = aim->week_given ? aim->week : week_of(when_us);
    uint32_t other = aim->week_given ? week : week_neighbour(when_us);
    sentence_add(l, "asked on the ports of week %u, which began on %s%s", week,
                 date_text(day_of(week_start_us(week)), date),
                 aim->slack     ? ", and of the weeks before and after"
                 : other < week ? ", and of the week before, as Monday 00:00 UTC is near"
                 : other > week ? ", and of the week after, as Monday 00:00 UTC is near"
                                : "");
    uint32_t now = week_of(engine->began_us);
    if (!aim->week_given && now > week && now > other)
        sentence_add(l,
                     "this scan was begun in an earlier week, and goes on with its ports: those of "
                     "week %u were asked of nobody; a new scan asks them",
                     now);
}

/* A datagram that was answered only when it was repeated was lost, or its answer was. */
static void count_shares(struct scan *s, const struct engine_counts *counts)
{
    uint64_t answered = counts->prompt + counts->late;
    const struct engine_counts all = all_counts(s, counts);
    s->scan.sent = all.sent;
    s->scan.received = all.received;
    s->scan.lost_share = s->raw != NULL ? raw_lost_share(&s->sieved->counts.progress)
                         : answered > 0 ? (double)counts->late / (double)answered
                                        : (double)NAN;
    s->scan.silent_share = s->heard_or_silent > 0 ? (double)s->silent / (double)s->heard_or_silent
                                                  : 0;
}

static void end_reports(struct scan *s, const struct engine_counts *counts, int64_t taken_us)
{
    struct sentences limits = {0}, notes = {0};
    say_limits(counts, &limits);
    say_account(s->settings->engine.accounts, &limits);
    if (s->raw != NULL) {
        say_raw_limits(s, &limits);
        say_raw(s, &notes);
    }
    say_weeks(s, &notes);
    say_left_out(s, &notes);
    say_local_failures(s, &notes);
    count_shares(s, counts);
    s->scan.targets = s->settings->target_count - s->broadcast;
    s->totals.complete = s->scan.asked == s->scan.targets && counts->answers_cut == 0;
    s->totals.verb = "scan";
    s->totals.scan = &s->scan;
    s->totals.limit_count = limits.count;
    s->totals.limits_hit = limits.pointers;
    s->totals.note_count = notes.count;
    s->totals.notes = notes.pointers;
    s->totals.seconds = (double)taken_us / (double)US_PER_SECOND;
    for (size_t i = 0; i < s->report_count; i++)
        if (!s->reports[i].format->end(&s->reports[i], &s->totals))
            s->write_failed = true;
}

/* All through sockets. */
static bool run_sockets(struct scan *s, const struct network *network, struct engine_counts *counts,
                        struct error *err)
{
    const struct engine_face face = {s, next_target, called, take_host, watch_engine, NULL};
    return socket_engine_run(&s->settings->engine, network, &face, counts, err);
}

/* By packets; the socket engine begins when the first host has something to say. */
static bool run_both(struct scan *s, const struct network *network, struct engine_counts *counts,
                     struct error *err)
{
    const struct engine_face face = {s, next_found, called, take_host, watch_engine, more_later};
    int64_t began_us = network->now_us(network->context);
    bool good = true;
    s->raw = scan_raw_begin(s->settings->raw, s->settings->raw_network, err);
    if (s->raw == NULL)
        return false;
    bool runs, found, stopped = false;
    do {
        runs = scan_raw_runs(s->raw);
        found = scan_raw_wait(s->raw);
        stopped = watch_engine(s, counts);
    } while (runs && !found && !stopped);
    if (found && !stopped)
        good = socket_engine_run(&s->settings->engine, network, &face, counts, err);
    if (!good)
        scan_raw_stop(s->raw);
    if (!scan_raw_end(s->raw, &s->sieved, &s->broken_off) && s->broken_off.kind == ERROR_NONE)
        s->broken_off.kind = ERROR_SYSTEM;
    int64_t taken_us = network->now_us(network->context) - began_us;
    scan_raw_settle(s->raw, s->reported, s->settings->engine.began_us + taken_us, take_host, s);
    return good;
}

static bool take_sets(struct scan *s, struct error *err)
{
    s->reported = host_set_new();
    s->infected = host_set_new();
    return (s->reported != NULL && s->infected != NULL) ||
           fail(err, ERROR_SYSTEM, "no memory to scan");
}

static bool run(struct scan *s, const struct network *network, struct engine_counts *counts,
                struct error *err)
{
    if (s->write_failed)
        return true;
    if (s->settings->raw == NULL)
        return run_sockets(s, network, counts, err);
    return take_sets(s, err) && run_both(s, network, counts, err);
}

static void clear(struct scan *s)
{
    scan_raw_free(s->raw);
    host_set_free(s->reported);
    host_set_free(s->infected);
}

bool scan_run(const struct scan_settings *settings, const struct network *network,
              struct report *reports, size_t report_count,
              bool (*watch)(void *context, const struct scan_progress *now), void *context,
              struct scan_outcome *out, struct error *err)
{
    struct scan s = {.settings = settings,
                     .reports = reports,
                     .report_count = report_count,
                     .watch = watch,
                     .watch_context = context};
    struct engine_counts counts = {0};
    int64_t began_us = network->now_us(network->context);
    for (size_t i = 0; i < report_count; i++)
        if (!reports[i].format->begin(&reports[i]))
            s.write_failed = true;
    bool good = run(&s, network, &counts, err);
    end_reports(&s, &counts, network->now_us(network->context) - began_us);
    *out = (struct scan_outcome){.infected = s.totals.hosts[VERDICT_INFECTED],
                                 .unknown = s.totals.hosts[VERDICT_UNKNOWN],
                                 .complete = good && s.totals.complete,
                                 .write_failed = s.write_failed};
    clear(&s);
    return good;
}
