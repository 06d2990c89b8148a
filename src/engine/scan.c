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
#include "engine/scan_far.h"
#include "engine/scan_notes.h"
#include "engine/scan_raw.h"
#include "engine/scan_turns.h"
#include "engine/sentences.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"
#include "scan/smb_accounts.h"

enum { WRITTEN_TOGETHER = 512 }; /* hosts that are reported between two looks at the watch */

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
    uint64_t handed_over;                 /* hosts */
    uint64_t let_go;                      /* hosts that there was no memory for */
    struct scan_turns *turns;             /* NULL: a host has one turn */
    struct scan_raw *raw;                 /* NULL: sockets alone */
    enum raw_found found_how;             /* the host that it gave last */
    struct host_set *reported, *infected; /* beside raw */
    const struct raw_outcome *sieved;     /* what the raw engine came to, once it has ended */
    struct error broken_off, outage;      /* of the raw engine */
    const struct network *network;
    int64_t began_us;           /* by its clock */
    struct raw_progress before; /* of the scan that this one goes on with */
    uint64_t written, to_write; /* hosts that raw settled */
    bool write_failed;
    bool stopped; /* by who watches */
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
    return scan_raw_next(s->raw, host, &s->found_how);
}

static struct known_host known_of_found(void *context, uint32_t host)
{
    struct scan *s = context;
    struct known_host known = {.is_there = s->raw != NULL && s->found_how == RAW_FOUND_THERE};
    if (s->raw == NULL || s->found_how != RAW_FOUND_PORTS)
        return known;
    known.left = malloc(sizeof *known.left); /* without memory all ports are asked */
    if (known.left != NULL)
        scan_raw_ports(s->raw, host, known.left, &known.told);
    return known;
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

/* Those that were named, and said something. */
static size_t told_checks(const struct host_turns *turns, struct check *checks)
{
    for (size_t i = 0; i < turns->told_count; i++) {
        const struct told_port *told = &turns->told[i];
        checks[i] = (struct check){.transport = told->shot.transport,
                                   .port = told->shot.port,
                                   .week = CHECK_WEEK_NONE,
                                   .cause = told->answer.cause,
                                   .wanted = told->answer.wanted,
                                   .came = told->answer.came,
                                   .when_us = told->when_us};
    }
    return turns->told_count;
}

/* Of ports that were named: one cause for all that have it, as is enough to tell the hearing. */
static size_t causes_of_ports(const struct ports_asked *p, enum check_cause *causes)
{
    size_t count = 0;
    if (p == NULL)
        return 0;
    if (p->infected + p->odd + p->listening > 0)
        causes[count++] = CAUSE_MUTE;
    if (p->refused > 0)
        causes[count++] = CAUSE_REFUSED;
    if (p->unanswered > 0)
        causes[count++] = CAUSE_SILENT;
    return count;
}

/* What was heard of it in all, and whether all could be asked. */
static enum hearing hear(struct scan *s, const struct asked *host, const struct host_turns *turns)
{
    enum check_cause causes[SHOTS_MAX + CHECK_RESULTS];
    bool whole = host->count > 0 && (turns->ports == NULL || turns->ports->failed == 0);
    if (turns->not_asked != NULL) {
        /* All was asked of it that was to be. */
        enum check_cause of[SHOTS_MAX];
        for (size_t i = 0; i < host->count; i++)
            of[i] = host->answers[i].cause;
        s->scan.asked++;
        return hearing_of(of, host->count) == HEARING_SILENT ? HEARING_SILENT : HEARING_SOME;
    }
    for (size_t i = 0; i < host->count; i++) {
        struct check check = {.cause = causes[i] = host->answers[i].cause};
        if (host->answers[i].smb != NULL && smb_check_is_cut(host->answers[i].smb))
            check.cause = host->answers[i].smb->network;
        s->of_cause[check.cause]++;
        whole = whole && check_result_of(&check) != CHECK_ERROR;
    }
    s->scan.asked += whole;
    return hearing_of(causes, host->count + causes_of_ports(turns->ports, &causes[host->count]));
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

/* Ports that were named prove as much as those of the generator, where what came holds; data that
 * does not is what any other server sends. */
static void add_valid(const struct host_turns *turns, const struct probe *probe, struct asked *part)
{
    for (size_t i = 0; i < turns->told_count && part->count < SHOTS_MAX; i++) {
        const struct told_port *told = &turns->told[i];
        if (told->shot.probe != probe || told->answer.cause != CAUSE_VALID)
            continue;
        part->shots[part->count] = told->shot;
        part->answers[part->count] = told->answer;
        part->when_us[part->count++] = told->when_us;
    }
}

static size_t signs_of(const struct scan *s, const struct asked *host,
                       const struct host_turns *turns, struct sign *signs)
{
    const struct engine_settings *e = &s->settings->engine;
    struct asked part;
    size_t count = 0;
    for (size_t i = 0; i < e->probe_count; i++) {
        part_of(host, e->probes[i], &part);
        add_valid(turns, e->probes[i], &part);
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

static void take_turned(void *context, const struct asked *host, const struct host_turns *turns)
{
    struct scan *s = context;
    struct check checks[SHOTS_MAX + PORTS_TOLD_MAX];
    struct sign signs[PROBES_MAX * PROBE_SIGNS_MAX];
    struct verdict verdict;
    size_t count = checks_of(host, checks);
    count += told_checks(turns, &checks[count]);
    s->handed_over++;
    if (s->raw != NULL && s->sieved == NULL) /* then all others are settled, each once */
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
                                          .ports = turns->ports,
                                          .not_asked = turns->not_asked,
                                          .hearing = hear(s, host, turns)};
    for (size_t i = 0; i < host->count; i++) {
        if (host->answers[i].smb != NULL)
            circumstances.smb = host->answers[i].smb;
        if (host->answers[i].netbios != NULL)
            circumstances.netbios = host->answers[i].netbios;
    }
    verdict_of(&circumstances, signs, signs_of(s, host, turns, signs), &verdict);
    name_host(s, host->host, &verdict);
    count_host(s, &verdict);
    if (s->raw != NULL && verdict.kind == VERDICT_INFECTED)
        host_set_add(s->infected, host->host);
    report_host(s, &verdict);
}

static void take_host(void *context, const struct asked *host)
{
    struct scan *s = context;
    const struct host_turns one = {0};
    if (s->turns != NULL)
        scan_turns_done(s->turns, host);
    else
        take_turned(s, host, &one);
}

/* What both engines did. */
static struct engine_counts all_counts(const struct scan *s, const struct engine_counts *sockets)
{
    struct engine_counts all = *sockets;
    all.done = s->handed_over;
    if (s->raw == NULL)
        return all;
    struct raw_counts raw = scan_raw_counts(s->raw);
    all.sent += raw.progress.sent;
    all.received += raw.progress.answered;
    return all;
}

static struct raw_left how_far(const struct scan *s, const struct raw_counts *raw)
{
    const struct scan_settings *settings = s->settings;
    int64_t taken_us = s->network->now_us(s->network->context) - s->began_us;
    double seconds = (double)taken_us / (double)US_PER_SECOND;
    if (s->raw == NULL)
        return scan_far_sockets(s->handed_over, settings->target_count, seconds);
    const struct raw_run run = {
        .now = raw, .before = s->before, .passes = raw_passes(settings->raw), .seconds = seconds};
    return scan_far_both(&run, s->handed_over, settings->target_count);
}

static bool watch_engine(void *context, const struct engine_counts *counts)
{
    struct scan *s = context;
    const struct engine_counts all = all_counts(s, counts);
    const struct raw_counts raw = s->raw != NULL ? scan_raw_counts(s->raw) : (struct raw_counts){0};
    const struct raw_left left = how_far(s, &raw);
    const struct scan_progress now = {.stuck = raw.stuck.kind != ERROR_NONE ? raw.stuck.text : NULL,
                                      .targets = s->settings->target_count,
                                      .infected = s->totals.hosts[VERDICT_INFECTED],
                                      .suspicious = s->totals.hosts[VERDICT_SUSPICIOUS],
                                      .share = left.share,
                                      .seconds_left = left.seconds,
                                      .written = s->written,
                                      .to_write = s->to_write,
                                      .counts = &all};
    bool stop = s->watch != NULL && s->watch(s->watch_context, &now);
    s->stopped = s->stopped || stop;
    if (s->raw != NULL && (stop || s->write_failed))
        scan_raw_stop(s->raw);
    return stop || s->write_failed;
}

/* Settled by the raw engine: with a gate before it, that is all it was asked. */
static void take_settled(void *context, const struct asked *host, const struct ports_told *told)
{
    struct scan *s = context;
    enum gate gate = s->settings->gate;
    bool is_shut = gate != GATE_NONE && gate_judge(gate, host) == GATE_SHUT;
    const struct host_turns turns = {.not_asked = is_shut ? gate_reason(gate) : NULL,
                                     .ports = told->ports.asked > 0 ? &told->ports : NULL,
                                     .told = told->told,
                                     .told_count = told->told_count};
    take_turned(s, host, &turns);
    const struct engine_counts none = {0};
    if (s->written++ % WRITTEN_TOGETHER == 0)
        (void)watch_engine(s, &none); /* what is known is told, even where the end is asked for */
}

/* Of packets that were sent once nobody knows what was lost, nor where answers fell away. */
static double raw_loss(const struct scan *s)
{
    bool is_known = s->settings->raw->passes != 1 && !s->sieved->fall.found;
    return !is_known ? (double)NAN : raw_lost_share(&s->sieved->counts.progress);
}

/* A datagram that was answered only when it was repeated was lost, or its answer was. */
static void count_shares(struct scan *s, const struct engine_counts *counts)
{
    uint64_t answered = counts->prompt + counts->late;
    const struct engine_counts all = all_counts(s, counts);
    s->scan.sent = all.sent;
    s->scan.received = all.received;
    s->scan.lost_share = s->raw != NULL ? raw_loss(s)
                         : answered > 0 ? (double)counts->late / (double)answered
                                        : (double)NAN;
    s->scan.silent_share = s->heard_or_silent > 0 ? (double)s->silent / (double)s->heard_or_silent
                                                  : 0;
}

static void end_reports(struct scan *s, const struct engine_counts *counts, int64_t taken_us)
{
    struct sentences limits = {0}, notes = {0};
    if (s->raw != NULL)
        scan_say_outage(s->sieved, &s->broken_off, &s->outage);
    s->scan.targets = s->settings->target_count - s->broadcast;
    s->totals.complete = s->scan.asked == s->scan.targets && counts->answers_cut == 0 &&
                         s->outage.kind == ERROR_NONE;
    if (s->stopped && !s->totals.complete)
        scan_say_interrupted(&s->scan, &limits);
    scan_say_limits(counts, s->let_go, &limits);
    scan_say_account(s->settings->engine.accounts, &limits);
    if (s->raw != NULL) {
        uint32_t first = 0;
        uint64_t unconfirmed = scan_raw_unconfirmed(s->raw, s->infected, &first);
        if (s->outage.kind != ERROR_NONE)
            sentence_add(&limits, "%s", s->outage.text);
        scan_say_raw_limits(&s->sieved->counts, &limits);
        scan_say_raw(s->settings, &s->sieved->counts, unconfirmed, first, &notes);
    }
    scan_say_weeks(s->settings, s->settings->engine.began_us + taken_us, &notes);
    scan_say_left_out(&s->settings->left_out, s->broadcast, &notes);
    scan_say_local_failures(s->of_cause, &notes);
    count_shares(s, counts);
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

static bool next_turn(void *context, uint32_t *host)
{
    struct scan *s = context;
    return scan_turns_next(s->turns, host);
}

static bool more_turns(void *context)
{
    struct scan *s = context;
    return scan_turns_later(s->turns);
}

static size_t aim_turn(void *context, uint32_t host, int64_t when_us,
                       struct shot shots[static SHOTS_MAX], void **mark)
{
    struct scan *s = context;
    return scan_turns_aim(s->turns, host, when_us, shots, mark);
}

/* Asks these hosts through sockets, in turns where there is more to ask than fits one. */
static bool ask_hosts(struct scan *s, const struct network *network, struct engine_counts *counts,
                      bool (*next)(void *context, uint32_t *host), bool (*later)(void *context),
                      struct error *err)
{
    const struct scan_settings *settings = s->settings;
    struct engine_face face = {s, next, called, take_host, watch_engine, later, NULL};
    if (settings->gate != GATE_NONE || settings->ports != NULL) {
        const struct scan_turns_settings turns = {settings->gate, settings->ports,
                                                  &settings->engine};
        const struct scan_turns_face to = {s, next, later, known_of_found, take_turned};
        s->turns = scan_turns_new(&turns, &to);
        if (s->turns == NULL)
            return fail(err, ERROR_SYSTEM, "no memory to scan");
        face.next = next_turn;
        face.later = more_turns;
        face.aim = aim_turn;
    }
    bool good = socket_engine_run(&settings->engine, network, &face, counts, err);
    if (s->turns != NULL)
        s->let_go = scan_turns_end(s->turns);
    return good;
}

/* All through sockets. */
static bool run_sockets(struct scan *s, const struct network *network, struct engine_counts *counts,
                        struct error *err)
{
    return ask_hosts(s, network, counts, next_target, NULL, err);
}

/* By packets; the socket engine begins when the first host has something to say. */
static bool run_both(struct scan *s, const struct network *network, struct engine_counts *counts,
                     struct error *err)
{
    bool good = true;
    s->before = raw_state_progress(s->settings->raw->state);
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
        good = ask_hosts(s, network, counts, next_found, more_later, err);
    if (!good)
        scan_raw_stop(s->raw);
    if (!scan_raw_end(s->raw, &s->sieved, &s->broken_off) && s->broken_off.kind == ERROR_NONE)
        s->broken_off.kind = ERROR_SYSTEM;
    int64_t taken_us = network->now_us(network->context) - s->began_us;
    s->to_write = s->settings->target_count - host_set_count(s->reported);
    scan_raw_settle(s->raw, s->reported, s->settings->engine.began_us + taken_us, take_settled, s);
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
    scan_turns_free(s->turns);
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
                     .watch_context = context,
                     .network = network,
                     .began_us = network->now_us(network->context)};
    struct engine_counts counts = {0};
    for (size_t i = 0; i < report_count; i++)
        if (!reports[i].format->begin(&reports[i]))
            s.write_failed = true;
    bool good = run(&s, network, &counts, err);
    end_reports(&s, &counts, network->now_us(network->context) - s.began_us);
    *out = (struct scan_outcome){.infected = s.totals.hosts[VERDICT_INFECTED],
                                 .unknown = s.totals.hosts[VERDICT_UNKNOWN],
                                 .complete = good && s.totals.complete,
                                 .write_failed = s.write_failed,
                                 .outage = s.outage};
    if (s.raw != NULL)
        out->goes_on = raw_state_progress(settings->raw->state).pass < RAW_PASSES;
    clear(&s);
    return good;
}
