/* After the last input: signs from slots, verdicts from signs, both sorted, then the reports. */
#include "engine/hunt_inside.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "engine/behind_nat.h"
#include "engine/edges.h"
#include "engine/export.h"
#include "engine/relays.h"
#include "engine/sentences.h"
#include "evidence/names.h"
#include "evidence/smb_check.h"

struct finding {
    struct verdict verdict;
    struct sign *signs;    /* owned */
    struct smb_check *smb; /* owned; NULL: it was not asked */
};

struct findings {
    struct finding *items;
    size_t count, room;
    uint64_t home_host_days; /* that a statistical detector spoke of */
    struct edges edges;
};

static bool is_exempt(const struct hunt *h, struct address a)
{
    return prefixes_hold(h->settings->exempt, h->settings->exempt_count, a);
}

static unsigned tests_of(const struct host_day *day)
{
    unsigned tests = 0;
    for (unsigned d = 0; d < detector_count; d++)
        tests += detectors[d]->statistical &&
                 (day->slots[d] != NULL || (day->refused & 1u << d) != 0);
    return tests;
}

/* The signs of one host-day, appended to signs; returns how many there are now. Where evidence of
 * the host is gone, chance alone does not convict it: what is gone may have been a scanner's, or of
 * the host for which it passes things on. A proof does, though what is gone might set it aside: a
 * checker of lists that shows one on another day is as rare as the infected are not. */
static size_t report_day(struct hunt *h, const struct host_day *day, const bool *relayed,
                         struct sign *signs, size_t count)
{
    bool is_cut = h->refused > 0 || hosts_is_cut(h->hosts, day->host);
    for (unsigned d = 0; d < detector_count; d++) {
        struct sign *sign = &signs[count];
        memset(sign, 0, sizeof *sign);
        if (!host_day_tells(day, d) ||
            !detectors[d]->report(&h->watchers[d], day->day, day->slots[d], sign))
            continue;
        if (sign->weight == WEIGHT_STATISTICAL && sign->false_alarm_log10 > -HUNT_SIGN_FLOOR &&
            sign->marks == 0)
            continue;
        sign->id = detectors[d]->sign;
        sign->day = day->day;
        sign->tests = tests_of(day);
        sign->below_floor |= sign->weight == WEIGHT_STATISTICAL &&
                             (is_cut || (h->trails_lost && detectors[d]->trail != NULL));
        if (relayed[d])
            sign->marks |= MARK_RELAY;
        count++;
    }
    return count;
}

static bool keep(struct findings *f, const struct finding *one)
{
    if (f->count == f->room) {
        size_t room = f->room != 0 ? f->room * 2 : 64;
        struct finding *items = realloc(f->items, room * sizeof *items);
        if (items == NULL)
            return false;
        f->items = items;
        f->room = room;
    }
    f->items[f->count++] = *one;
    return true;
}

/* What is known of one host. */
struct dossier {
    struct address host;
    struct host_day *const *days;
    const bool *relayed; /* detector_count of each day */
    size_t day_count;
    const struct served *served; /* signs of its own that the edges gave it */
    size_t served_count;
};

/* When it first did what an infected host does. Being attacked and fetching is a victim's part, and
 * what weighs one point, but for a sweep, innocent hosts do every day. */
static int64_t first_deed_us(const struct sign *signs, size_t count)
{
    int64_t first_us = INT64_MAX;
    for (size_t i = 0; i < count; i++) {
        bool says_little = signs[i].weight == WEIGHT_POINTS && signs[i].points <= 1 &&
                           signs[i].id != SIGN_SMB_SWEEP;
        if (!says_little && signs[i].first_us < first_us)
            first_us = signs[i].first_us;
    }
    return first_us;
}

/* False where nobody was seen to infect it before it showed signs. */
static bool find_origin(const struct edges *edges, struct address host, const struct sign *signs,
                        size_t count, struct origin *out)
{
    const struct infection *by = edges_into(edges, host, first_deed_us(signs, count));
    if (by != NULL)
        *out = (struct origin){by->from, by->when_us, strcmp(by->cause, "callback") == 0};
    return by != NULL;
}

/* The latest answer over SMB of all its days; NULL: none, or no memory. */
static struct smb_check *latest_check(const struct dossier *d)
{
    struct smb_check latest, now;
    bool any = false;
    for (size_t i = 0; i < d->day_count; i++) {
        for (unsigned k = 0; k < detector_count; k++) {
            const void *slot = d->days[i]->slots[k];
            if (slot == NULL || detectors[k]->checked == NULL ||
                !detectors[k]->checked(slot, &now) || (any && now.when_us <= latest.when_us))
                continue;
            latest = now;
            any = true;
        }
    }
    struct smb_check *kept = any ? malloc(sizeof *kept) : NULL;
    if (kept != NULL)
        *kept = latest;
    return kept;
}

/* False without memory. */
static bool judge_host(struct hunt *h, const struct dossier *d, struct findings *out)
{
    struct sign *signs = calloc(d->day_count * detector_count + d->served_count, sizeof *signs);
    if (signs == NULL)
        return false;
    struct circumstances c = {.host = d->host,
                              .home = home_holds(&h->home, d->host),
                              .exempt = is_exempt(h, d->host),
                              .site = h->settings->site};
    struct origin origin;
    size_t count = 0;
    for (size_t i = 0; i < d->day_count; i++) {
        count = report_day(h, d->days[i], &d->relayed[i * detector_count], signs, count);
        out->home_host_days += c.home && tests_of(d->days[i]) > 0;
    }
    for (size_t i = 0; i < d->served_count; i++)
        signs[count++] = d->served[i].sign;
    struct smb_check *smb = latest_check(d);
    if (count == 0 && smb == NULL) {
        free(signs);
        return true;
    }
    struct sign *kept = realloc(signs, (count + (count == 0)) * sizeof *signs);
    struct finding one = {.signs = kept != NULL ? kept : signs, .smb = smb};
    c.smb = smb;
    if (find_origin(&out->edges, d->host, one.signs, count, &origin))
        c.origin = &origin;
    verdict_of(&c, one.signs, count, &one.verdict);
    names_fill(h->names, &one.verdict);
    if (keep(out, &one))
        return true;
    free(one.signs);
    free(one.smb);
    return false;
}

/* Hosts with days of their own and hosts that only the edges tell of, both sorted by address. */
static bool judge_each(struct hunt *h, struct host_day *const *days, size_t day_count,
                       const bool *relayed, struct findings *out)
{
    const struct edges *e = &out->edges;
    bool good = true;
    for (size_t day = 0, served = 0; good && (day < day_count || served < e->served_count);) {
        bool by_day = served == e->served_count ||
                      (day < day_count &&
                       address_compare(days[day]->host, e->served[served].host) <= 0);
        struct dossier d = {.host = by_day ? days[day]->host : e->served[served].host,
                            .days = days + day,
                            .relayed = relayed + day * detector_count,
                            .served = e->served + served};
        for (; day < day_count && address_equal(days[day]->host, d.host); day++)
            d.day_count++;
        for (; served < e->served_count && address_equal(e->served[served].host, d.host); served++)
            d.served_count++;
        good = judge_host(h, &d, out);
    }
    return good;
}

static bool judge_all(struct hunt *h, struct findings *out)
{
    size_t count;
    struct host_day *const *days = hosts_sorted(h->hosts, &count);
    bool *relayed = calloc(count + 1, detector_count * sizeof *relayed);
    bool good = days != NULL && relayed != NULL && relays_find(days, count, relayed) &&
                names_settle(h->names) && edges_collect(&out->edges, h->watchers, days, count) &&
                edges_join(&out->edges) && judge_each(h, days, count, relayed, out);
    free(relayed);
    return good;
}

static bool is_led_by_proof(const struct verdict *v)
{
    return v->sign_count > 0 && v->signs[0].weight == WEIGHT_PROOF;
}

static int compare_findings(const void *a, const void *b)
{
    const struct finding *first = a, *second = b;
    const struct verdict *x = &first->verdict, *y = &second->verdict;
    if (x->home != y->home)
        return x->home ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    /* Among the suspicious, a proof that was set aside still goes before a chance. */
    bool x_proof = is_led_by_proof(x), y_proof = is_led_by_proof(y);
    if (x_proof != y_proof)
        return x_proof ? -1 : 1;
    if (!x_proof && (x->weight < y->weight || x->weight > y->weight))
        return x->weight < y->weight ? 1 : -1;
    return address_compare(x->host, y->host);
}

/* Of findings in their order. False without memory. */
static bool look_behind(struct hunt *h, struct findings *f, struct sentences *limits)
{
    size_t count;
    struct host_day *const *days = hosts_sorted(h->hosts, &count);
    struct behind_nat *behind = days != NULL ? malloc(sizeof *behind) : NULL;
    if (behind == NULL)
        return false;
    behind_nat_begin(behind, days, count);
    for (size_t i = 0; i < f->count; i++)
        behind_nat_add(behind, &f->items[i].verdict);
    bool good = behind_nat_find(behind);
    if (behind->hosts_left_out > 0)
        sentence_add(limits,
                     "who is behind an address: looked for behind %d, and not behind %llu more",
                     BEHIND_HOSTS_MAX, (unsigned long long)behind->hosts_left_out);
    if (behind->weeks_left_out)
        sentence_add(limits,
                     "who is behind an address: looked for by the ports of the last %d weeks, and "
                     "in older ones by those alone that no week changes",
                     BEHIND_WEEKS_MAX);
    free(behind);
    return good;
}

static uint64_t refused(const struct hunt *h)
{
    return hosts_refused(h->hosts) + h->refused;
}

static uint64_t lost_look_ups(const struct hunt *h)
{
    return calendar_failures(h->calendar) + h->lost_look_ups;
}

static void say_limits(const struct hunt *h, const struct edges *edges, struct sentences *l)
{
    const struct source_counts *c = &h->counts;
    if (c->flows_let_go > 0)
        sentence_add(l,
                     "flow table: full, and %llu flows were let go before they were idle: late "
                     "answers of theirs count as new flows",
                     (unsigned long long)c->flows_let_go);
    if (c->heads_let_go > 0)
        sentence_add(
            l,
            "stream heads: too many at a time, and %llu were let go unfinished: messages in "
            "them were missed",
            (unsigned long long)c->heads_let_go);
    if (refused(h) > 0)
        sentence_add(l,
                     "evidence: %llu times there was no room for a host's evidence: hosts may be "
                     "missing",
                     (unsigned long long)refused(h));
    if (hosts_let_go(h->hosts) > 0)
        sentence_add(l,
                     "evidence: %llu host-days were let go, the least suspicious first: hosts may "
                     "be missing, and chance alone convicts no host of which a day was let go",
                     (unsigned long long)hosts_let_go(h->hosts));
    if (names_refused(h->names) > 0)
        sentence_add(l,
                     "names: %llu times there was no room for what told who a host is: names and "
                     "addresses may be missing",
                     (unsigned long long)names_refused(h->names));
    if (edges->cut)
        sentence_add(l,
                     "edges: more than %d in all or %d into one host on a day, and the others were "
                     "left out: who infected whom may be missing",
                     EDGES_MAX, EDGES_A_DAY);
    if (lost_look_ups(h) > 0)
        sentence_add(l, "name lists: %llu look-ups found no memory for a day's list",
                     (unsigned long long)lost_look_ups(h));
    if (h->passed_over > 0)
        sentence_add(l,
                     "evidence files: %llu pieces are of detectors that this build does not know "
                     "so, and were passed over: signs may be missing",
                     (unsigned long long)h->passed_over);
}

/* What archives of flow records could not tell. */
static void say_archives(const struct source_counts *c, struct sentences *l)
{
    if (c->archives_without_data > 0)
        sentence_add(l,
                     "no user data in %llu of %llu archive%s: exploits, P2P messages, names and "
                     "HTTP could not be seen there",
                     (unsigned long long)c->archives_without_data, (unsigned long long)c->archives,
                     c->archives == 1 ? "" : "s");
    if (c->smb_cut > 0)
        sentence_add(l,
                     "user data of %llu connection%s to SMB ends at the sensor's limit: an exploit "
                     "further on could not be seen",
                     (unsigned long long)c->smb_cut, c->smb_cut == 1 ? "" : "s");
    if (c->records_damaged > 0)
        sentence_add(l, "%llu flow record%s a damaged part; what could be read of them counts",
                     (unsigned long long)c->records_damaged,
                     c->records_damaged == 1 ? " has" : "s have");
    if (c->records_passed_over > 0)
        sentence_add(l,
                     "%llu flow records do not tell between which two hosts, or when, and were "
                     "passed over",
                     (unsigned long long)c->records_passed_over);
}

static void say_notes(const struct hunt *h, struct sentences *l)
{
    const struct source_counts *c = &h->counts;
    struct prefix net;
    char text[PREFIX_TEXT_SIZE];
    if (home_is_elsewhere(&h->home, &net))
        sentence_add(l, "most flows begin in %s, which is not home: if it is yours, say --home %s",
                     prefix_text(net, text), text);
    if (h->recognised == 0)
        sentence_add(l, "nothing was read: no input was of a format that is known here");
    if (h->unrecognised > 0)
        sentence_add(l, "%llu file%s of no format that is known here, and passed over",
                     (unsigned long long)h->unrecognised, h->unrecognised == 1 ? " is" : "s are");
    if (h->repeated > 0)
        sentence_add(l, "%llu input%s the same as another, and counted once",
                     (unsigned long long)h->repeated, h->repeated == 1 ? " is" : "s are");
    if (h->repeated_partials > 0)
        sentence_add(l, "%llu evidence file%s the same as another, and counted once",
                     (unsigned long long)h->repeated_partials,
                     h->repeated_partials == 1 ? " is" : "s are");
    if (c->frames_unknown_link > 0)
        sentence_add(
            l,
            "%llu frames have a link type that cannot be read here (%u): nothing in them was "
            "looked at",
            (unsigned long long)c->frames_unknown_link, c->unknown_link);
    if (c->fragments_let_go > 0)
        sentence_add(
            l, "%llu datagrams in fragments were never completed, or not while there was room",
            (unsigned long long)c->fragments_let_go);
    if (c->frames_damaged > 0)
        sentence_add(l, "%llu frames have headers that cannot be, and were passed over",
                     (unsigned long long)c->frames_damaged);
    if (c->frames_without_time > 0)
        sentence_add(l, "%llu frames have no time, so no day and week, and were passed over",
                     (unsigned long long)c->frames_without_time);
    if (c->odd_times > 0)
        sentence_add(
            l, "%llu frames have a time that cannot be, which was moved to the nearest that can",
            (unsigned long long)c->odd_times);
    if (c->mirrored > 0)
        sentence_add(l, "%llu packets were seen twice (mirror ports) and counted once",
                     (unsigned long long)c->mirrored);
    say_archives(c, l);
    if (h->sampling > 1)
        sentence_add(
            l,
            "sampled 1 in %u: counts are of what was kept; streams and answers are mostly missing",
            h->sampling);
}

static void count_verdicts(const struct findings *f, struct totals *t)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct verdict *v = &f->items[i].verdict;
        if (v->home)
            t->hosts[v->kind]++;
        else
            t->outside_infected += v->kind == VERDICT_INFECTED;
    }
}

/* False when the stream refused something. */
static bool write_report(struct report *r, const struct findings *f, const struct totals *t)
{
    bool good = r->format->begin(r);
    for (size_t i = 0; good && i < f->count; i++)
        good = r->format->host(r, &f->items[i].verdict);
    for (size_t i = 0; good && i < f->edges.infection_count; i++)
        good = r->format->edge(r, &f->edges.infections[i].infection);
    return r->format->end(r, t) && good;
}

/* What was let go of flows costs at most a second beginning of the same; fragments that never
 * became a datagram were not there to be read. All else is evidence that may be missing. */
static bool nothing_left_out(const struct hunt *h, const struct edges *edges)
{
    const struct source_counts *c = &h->counts;
    return !h->incomplete && !edges->cut && h->recognised > 0 && refused(h) == 0 &&
           hosts_let_go(h->hosts) == 0 && lost_look_ups(h) == 0 && c->frames_unknown_link == 0 &&
           c->frames_without_time == 0 && c->heads_let_go == 0 && h->passed_over == 0;
}

/* False when not all could be written. Without memory to say what is wanted, all is left out. */
static bool write_evidence(struct hunt *h, const struct findings *f, struct sentences *limits,
                           struct sentences *notes)
{
    bool good = true;
    if (h->settings->export == NULL)
        return true;
    for (size_t i = 0; good && i < f->count; i++)
        good = export_want(h->settings->export, &f->items[i].verdict);
    if (!good)
        sentence_add(limits, "memory: there was none left to choose all evidence");
    return export_run(h->settings->export, h, limits, notes) && good;
}

void hunt_finish(struct hunt *h, struct report *reports, size_t report_count, double seconds,
                 struct hunt_outcome *out)
{
    struct findings findings = {0};
    struct sentences limits = {0}, notes = {0};
    bool judged = judge_all(h, &findings);
    if (findings.count > 0)
        qsort(findings.items, findings.count, sizeof findings.items[0], compare_findings);
    say_limits(h, &findings.edges, &limits);
    say_notes(h, &notes);
    judged = look_behind(h, &findings, &limits) && judged;
    if (!judged)
        sentence_add(&limits, "memory: there was none left to judge all hosts");
    bool exported = write_evidence(h, &findings, &limits, &notes);
    struct totals totals = {.verb = h->settings->verb != NULL ? h->settings->verb : "hunt",
                            .complete = judged && nothing_left_out(h, &findings.edges),
                            .input_count = h->input_count,
                            .inputs = h->inputs,
                            .limit_count = limits.count,
                            .limits_hit = limits.pointers,
                            .note_count = notes.count,
                            .notes = notes.pointers,
                            .expected_false_hosts = (double)findings.home_host_days *
                                                    VERDICT_FALSE_PER_HOST_DAY,
                            .seconds = seconds};
    totals.seen = (uint64_t)llround(hosts_met_count(h->hosts, &totals.seen_is_estimate));
    count_verdicts(&findings, &totals);
    *out = (struct hunt_outcome){.infected_home = totals.hosts[VERDICT_INFECTED],
                                 .complete = totals.complete,
                                 .nothing_opened = h->opened == 0,
                                 .write_failed = !exported};
    for (size_t i = 0; i < report_count; i++)
        out->write_failed |= !write_report(&reports[i], &findings, &totals);
    for (size_t i = 0; i < findings.count; i++) {
        free(findings.items[i].signs);
        free(findings.items[i].smb);
    }
    free(findings.items);
    edges_free(&findings.edges);
}
