/* After the last input: signs from slots, verdicts from signs, both sorted, then the reports.
 *
 * A verdict with its signs takes as much memory as the evidence behind it, or more. So of each
 * there is only one at a time: all hosts are judged for their order, and those with signs again
 * when they are written. The evidence stays as it is meanwhile, so both come to the same. */
#include "engine/hunt_inside.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "engine/behind_nat.h"
#include "engine/dark.h"
#include "engine/edges.h"
#include "engine/export.h"
#include "engine/hunt_asked.h"
#include "engine/recorder.h"
#include "engine/relays.h"
#include "engine/sentences.h"
#include "evidence/names.h"
#include "evidence/smb_check.h"

/* What is known of one host. */
struct dossier {
    struct address host;
    struct host_day *const *days;
    const uint16_t *relayed; /* of each day: bits of detectors */
    size_t day_count;
    const struct served *served; /* signs of its own that the edges gave it */
    size_t served_count;
    const struct hunt_asked *asked; /* what a scan heard of it; NULL: nothing */
};

/* A host with signs, and what of its verdict says where it stands among the others. */
struct finding {
    struct dossier of;
    enum verdict_kind kind;
    bool home, proof;
    bool is_said;      /* a watch has said it already */
    bool acknowledged; /* somebody knows, so it is counted in no verdict */
    bool fetched;      /* by no verdict of its own, and yet to be treated as infected */
    double weight;
};

struct findings {
    struct finding *items;
    size_t count, room;
    uint64_t home_host_days; /* that a statistical detector spoke of */
    struct edges edges;
    bool *edge_is_said;           /* of each infection; NULL: none */
    struct host_day *const *days; /* all of them, the evidence store's */
    size_t day_count;
    uint16_t *relayed;         /* of each day */
    struct behind_nat *behind; /* NULL: not looked for yet */
    struct sign *signs;        /* of the host that is judged */
    size_t sign_room;
    struct smb_check smb; /* what it answered, if it was asked */
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
                 (host_day_slot(day, d) != NULL || host_day_refused(day, d));
    return tests;
}

/* The signs of one host-day, appended to signs; returns how many there are now. Where evidence of
 * the host is gone, chance alone does not convict it: what is gone may have been a scanner's, or of
 * the host for which it passes things on. A proof does, though what is gone might set it aside: a
 * checker of lists that shows one on another day is as rare as the infected are not. */
static size_t report_day(struct hunt *h, const struct host_day *day, unsigned relayed,
                         struct sign *signs, size_t count)
{
    bool is_cut = h->refused > 0 || hosts_is_cut(h->hosts, day->host);
    for (unsigned d = 0; d < detector_count; d++) {
        struct sign *sign = &signs[count];
        if (!host_day_tells(day, d))
            continue; /* most: a sign is large, so not even cleared */
        memset(sign, 0, sizeof *sign);
        if (!detectors[d]->report(&h->watchers[d], day->day, host_day_slot(day, d), sign))
            continue;
        if (sign->weight == WEIGHT_STATISTICAL && sign->false_alarm_log10 > -HUNT_SIGN_FLOOR &&
            sign->marks == 0)
            continue;
        sign->id = detectors[d]->sign;
        sign->day = day->day;
        sign->tests = tests_of(day);
        sign->below_floor |= sign->weight == WEIGHT_STATISTICAL &&
                             (is_cut || (h->trails_lost && detectors[d]->trail != NULL));
        if ((relayed & 1u << d) != 0)
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

/* The latest answer over SMB of all its days, and of scans; false: there is none. */
static bool latest_check(const struct dossier *d, struct smb_check *latest)
{
    struct smb_check now;
    bool any = d->asked != NULL && d->asked->answers.smb != NULL;
    if (any)
        *latest = *d->asked->answers.smb;
    for (size_t i = 0; i < d->day_count; i++) {
        for (unsigned k = 0; k < detector_count; k++) {
            const void *slot = host_day_slot(d->days[i], k);
            if (slot == NULL || detectors[k]->checked == NULL ||
                !detectors[k]->checked(slot, &now) || (any && now.when_us <= latest->when_us))
                continue;
            *latest = now;
            any = true;
        }
    }
    return any;
}

/* Room for so many signs of one host; false without memory. */
static bool make_room(struct findings *f, size_t count)
{
    if (count <= f->sign_room)
        return true;
    struct sign *signs = realloc(f->signs, count * sizeof *signs);
    if (signs == NULL)
        return false;
    f->signs = signs;
    f->sign_room = count;
    return true;
}

/* All signs of the host; false without memory. */
static bool gather(struct hunt *h, const struct dossier *d, struct findings *f, size_t *count)
{
    size_t answers = d->asked != NULL ? d->asked->answers.sign_count : 0;
    *count = 0;
    for (size_t i = 0; i < d->day_count; i++) {
        if (!make_room(f, *count + detector_count))
            return false;
        *count = report_day(h, d->days[i], d->relayed[i], f->signs, *count);
    }
    if (!make_room(f, *count + d->served_count + answers))
        return false;
    for (size_t i = 0; i < d->served_count; i++)
        f->signs[(*count)++] = d->served[i].sign;
    for (size_t i = 0; i < answers; i++)
        *count = signs_add(f->signs, *count, &d->asked->answers.signs[i]);
    return true;
}

/* Whoever was asked by a scan is somebody of ours. */
static bool is_home(const struct hunt *h, const struct dossier *d)
{
    return home_holds(&h->home, d->host) || d->asked != NULL;
}

static void take_answers(const struct dossier *d, struct circumstances *c)
{
    if (d->asked == NULL)
        return;
    c->checks = d->asked->answers.checks;
    c->check_count = d->asked->answers.check_count;
    c->netbios = d->asked->answers.netbios;
    c->hearing = d->asked->answers.hearing;
}

/* The verdict on one host; it borrows its signs and answer until the next host is judged. False
 * without memory. *is_told is false where there is nothing to say. */
static bool judge_host(struct hunt *h, const struct dossier *d, struct findings *f,
                       struct verdict *out, bool *is_told)
{
    struct circumstances c = {.host = d->host,
                              .home = is_home(h, d),
                              .exempt = is_exempt(h, d->host),
                              .site = h->settings->site};
    take_answers(d, &c);
    struct origin origin;
    size_t count;
    if (!gather(h, d, f, &count))
        return false;
    c.smb = latest_check(d, &f->smb) ? &f->smb : NULL;
    *is_told = count > 0 || c.smb != NULL || d->asked != NULL;
    if (!*is_told)
        return true;
    if (find_origin(&f->edges, d->host, f->signs, count, &origin))
        c.origin = &origin;
    verdict_of(&c, f->signs, count, out);
    if (h->settings->annotate != NULL)
        h->settings->annotate(h->settings->annotate_context, out);
    return true;
}

static void count_days(struct hunt *h, const struct dossier *d, struct findings *f)
{
    bool counts = is_home(h, d) && hunt_asks_for(h, d->host);
    for (size_t i = 0; counts && i < d->day_count; i++)
        f->home_host_days += tests_of(d->days[i]) > 0;
}

static bool is_led_by_proof(const struct verdict *v)
{
    return v->sign_count > 0 && v->signs[0].weight == WEIGHT_PROOF;
}

/* Judges the host, and keeps it if there is anything to say. False without memory. */
static bool place_host(struct hunt *h, const struct dossier *d, struct findings *f)
{
    struct verdict v;
    bool is_told;
    count_days(h, d, f);
    if (!judge_host(h, d, f, &v, &is_told))
        return false;
    if (!hunt_asks_for(h, d->host))
        return true;
    return !is_told || keep(f, &(struct finding){.of = *d,
                                                 .kind = v.kind,
                                                 .home = v.home,
                                                 .proof = is_led_by_proof(&v),
                                                 .acknowledged = v.acknowledged,
                                                 .fetched = (v.marks & MARK_FETCHED) != 0,
                                                 .weight = v.weight});
}

/* The same verdict again, with all that is said of the host. False without memory. */
static bool judge_again(struct hunt *h, const struct finding *one, struct findings *f,
                        struct verdict *out)
{
    bool is_told;
    if (!judge_host(h, &one->of, f, out, &is_told))
        return false;
    names_fill(h->names, out);
    if (one->of.asked != NULL)
        hunt_asked_name(one->of.asked, out);
    if (f->behind != NULL)
        behind_nat_fill(f->behind, out);
    return true;
}

/* The next host in the order of addresses of the three lists: those with days of their own, those
 * that only the edges tell of, and those that only a scan asked. False: all were there. */
static bool next_host(const struct hunt *h, const struct findings *f, size_t day, size_t served,
                      size_t asked, struct address *host)
{
    const struct address *firsts[] = {day < f->day_count ? &f->days[day]->host : NULL,
                                      served < f->edges.served_count ? &f->edges.served[served].host
                                                                     : NULL,
                                      asked < h->asked_count ? &h->asked[asked].host : NULL};
    const struct address *next = NULL;
    for (size_t i = 0; i < COUNT_OF(firsts); i++)
        if (firsts[i] != NULL && (next == NULL || address_compare(*firsts[i], *next) < 0))
            next = firsts[i];
    if (next != NULL)
        *host = *next;
    return next != NULL;
}

static bool judge_each(struct hunt *h, struct findings *f)
{
    const struct edges *e = &f->edges;
    size_t day = 0, served = 0, asked = 0;
    struct dossier d = {0};
    bool good = true;
    while (good && next_host(h, f, day, served, asked, &d.host)) {
        d = (struct dossier){.host = d.host,
                             .days = f->days + day,
                             .relayed = f->relayed + day,
                             .served = e->served + served};
        for (; day < f->day_count && address_equal(f->days[day]->host, d.host); day++)
            d.day_count++;
        for (; served < e->served_count && address_equal(e->served[served].host, d.host); served++)
            d.served_count++;
        for (; asked < h->asked_count && address_equal(h->asked[asked].host, d.host); asked++)
            d.asked = &h->asked[asked];
        good = place_host(h, &d, f);
    }
    return good;
}

static bool judge_all(struct hunt *h, struct findings *f)
{
    f->days = hosts_sorted(h->hosts, &f->day_count);
    f->relayed = calloc(f->day_count + 1, sizeof *f->relayed);
    return f->days != NULL && f->relayed != NULL &&
           relays_find(f->days, f->day_count, f->relayed) && names_settle(h->names) &&
           edges_collect(&f->edges, h->watchers, f->days, f->day_count) && edges_join(&f->edges) &&
           judge_each(h, f);
}

static int compare_findings(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    if (x->home != y->home)
        return x->home ? -1 : 1;
    if (x->acknowledged != y->acknowledged)
        return x->acknowledged ? 1 : -1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    /* Among the suspicious, a proof that was set aside still goes before a chance. */
    if (x->proof != y->proof)
        return x->proof ? -1 : 1;
    if (!x->proof && (x->weight < y->weight || x->weight > y->weight))
        return x->weight < y->weight ? 1 : -1;
    return address_compare(x->of.host, y->of.host);
}

/* Of findings in their order. False without memory. */
static bool look_behind(struct findings *f, struct sentences *limits)
{
    struct behind_nat *behind = f->days != NULL ? malloc(sizeof *behind) : NULL;
    if (behind == NULL)
        return false;
    f->behind = behind;
    behind_nat_begin(behind, f->days, f->day_count);
    for (size_t i = 0; i < f->count; i++)
        behind_nat_add(behind, f->items[i].of.host);
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
    return good;
}

static void count_verdicts(const struct findings *f, struct totals *t)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct finding *one = &f->items[i];
        if (one->home && one->acknowledged)
            t->acknowledged++;
        else if (one->home)
            t->hosts[one->kind]++;
        else
            t->outside_infected += one->kind == VERDICT_INFECTED;
    }
}

static const struct finding *finding_of(const struct findings *f, struct address host)
{
    for (size_t i = 0; i < f->count; i++)
        if (address_equal(f->items[i].of.host, host))
            return &f->items[i];
    return NULL;
}

/* Who touched addresses that never spoke, with what else is known of each. */
static bool write_dark(struct hunt *h, struct report *r, struct findings *f)
{
    size_t shown, count;
    const struct dark_visitor *all = h->settings->dark != NULL && r->format->dark != NULL
                                         ? dark_visitors(h->settings->dark, &shown, &count)
                                         : NULL;
    struct verdict v;
    for (size_t i = 0; all != NULL && i < shown; i++) {
        const struct finding *one = finding_of(f, all[i].host);
        if (one != NULL && !judge_again(h, one, f, &v))
            return false;
        if (!r->format->dark(r, &all[i], one != NULL ? &v : NULL))
            return false;
    }
    return true;
}

static bool edge_is_asked_for(const struct hunt *h, const struct infection *i)
{
    return hunt_asks_for(h, i->from) || hunt_asks_for(h, i->to);
}

static const char *site_of(const struct hunt *h, struct address host)
{
    struct verdict v = {.host = host, .site = h->settings->site};
    if (h->settings->annotate != NULL)
        h->settings->annotate(h->settings->annotate_context, &v);
    return v.site;
}

static bool write_infection(const struct hunt *h, struct report *r, const struct infection *i)
{
    struct infection told = *i;
    told.from_site = site_of(h, i->from);
    told.to_site = site_of(h, i->to);
    return r->format->edge(r, &told);
}

/* False when the stream refused something, or memory that was there before is not any more. */
static bool write_findings(struct hunt *h, struct report *r, struct findings *f)
{
    struct verdict v;
    bool good = true;
    for (size_t i = 0; good && i < f->count; i++)
        if (!f->items[i].is_said)
            good = judge_again(h, &f->items[i], f, &v) && r->format->host(r, &v);
    for (size_t i = 0; good && i < f->edges.infection_count; i++)
        if ((f->edge_is_said == NULL || !f->edge_is_said[i]) &&
            edge_is_asked_for(h, &f->edges.infections[i].infection))
            good = write_infection(h, r, &f->edges.infections[i].infection);
    return good;
}

/* The same; a watch has begun its reports long before. */
static bool write_report(struct hunt *h, struct report *r, struct findings *f,
                         const struct totals *t)
{
    bool good = (h->told != NULL || r->format->begin(r)) && write_findings(h, r, f) &&
                write_dark(h, r, f);
    return r->format->end(r, t) && good;
}

/* False when not all could be written. Without memory to say what is wanted, all is left out. */
static bool write_evidence(struct hunt *h, struct findings *f, struct sentences *limits,
                           struct sentences *notes)
{
    struct verdict v;
    bool good = true;
    if (h->settings->export == NULL)
        return true;
    for (size_t i = 0; good && i < f->count; i++)
        good = judge_again(h, &f->items[i], f, &v) && export_want(h->settings->export, &v);
    if (!good)
        sentence_add(limits, "memory: there was none left to choose all evidence");
    return export_run(h->settings->export, h, limits, notes) && good;
}

static void findings_free(struct findings *f)
{
    free(f->items);
    free(f->relayed);
    free(f->behind);
    free(f->signs);
    free(f->edge_is_said);
    edges_free(&f->edges);
}

/* Marks what a watch has said before, while the findings stand by address. False without memory:
 * then all of it is taken to have been said. */
static bool mark_said(struct told *told, struct findings *f)
{
    f->edge_is_said = calloc(f->edges.infection_count + 1, sizeof *f->edge_is_said);
    bool good = f->edge_is_said != NULL && told_begin(told, f->count, f->edges.infection_count);
    for (size_t i = 0; i < f->count; i++) {
        struct finding *one = &f->items[i];
        one->is_said = !good || !told_host_rises(told, one->of.host, one->kind);
        told->infected_home |= good && one->home && one->kind == VERDICT_INFECTED;
    }
    for (size_t i = 0; good && i < f->edges.infection_count; i++)
        f->edge_is_said[i] = !told_infection_is_new(told, &f->edges.infections[i].infection);
    if (good)
        told_end(told);
    else
        f->edges.infection_count = 0;
    return good;
}

/* At its end a watch also names those of ours that fetched what may be the worm, and whose verdict
 * never rose: somebody must look at them. */
static void name_fetchers(struct findings *f)
{
    for (size_t i = 0; i < f->count; i++) {
        struct finding *one = &f->items[i];
        one->is_said &= !(one->home && one->fetched && one->kind > VERDICT_SUSPICIOUS);
    }
}

static void sort_findings(struct findings *f)
{
    if (f->count > 0)
        qsort(f->items, f->count, sizeof f->items[0], compare_findings);
}

/* A verdict that is said is worth nothing later without what stands behind it. */
static void record_new(struct hunt *h, const struct findings *f)
{
    for (size_t i = 0; h->recorder != NULL && i < f->count; i++)
        if (!f->items[i].is_said)
            recorder_add_days(h->recorder, f->items[i].of.days, f->items[i].of.day_count);
}

bool hunt_look(struct hunt *h, struct report *reports, size_t report_count, bool *written)
{
    struct findings findings = {0};
    struct sentences limits = {0};
    uint64_t said = h->told->said;
    bool judged = judge_all(h, &findings) && mark_said(h->told, &findings);
    *written = true;
    if (judged && h->told->said > said) {
        sort_findings(&findings);
        record_new(h, &findings);
        judged = look_behind(&findings, &limits);
        for (size_t i = 0; judged && i < report_count; i++)
            *written &= write_findings(h, &reports[i], &findings);
    }
    findings_free(&findings);
    return judged;
}

/* Where scans alone are judged, whom they heard is known one by one. */
static uint64_t count_seen(const struct hunt *h, bool *is_estimate)
{
    uint64_t seen = (uint64_t)llround(hosts_met_count(h->hosts, is_estimate));
    if (h->input_count > 0 || h->heard == 0)
        return seen;
    *is_estimate = false;
    return h->heard;
}

void hunt_finish(struct hunt *h, struct report *reports, size_t report_count, double seconds,
                 struct hunt_outcome *out)
{
    struct findings findings = {0};
    struct sentences limits = {0}, notes = {0};
    if (h->recorder != NULL)
        recorder_add_all(h->recorder);
    bool judged = judge_all(h, &findings);
    if (h->told != NULL)
        judged = mark_said(h->told, &findings) && judged;
    if (judged && h->told != NULL)
        name_fetchers(&findings);
    sort_findings(&findings);
    hunt_say_limits(h, &findings.edges, &limits);
    hunt_say_notes(h, &notes);
    judged = look_behind(&findings, &limits) && judged;
    if (!judged)
        sentence_add(&limits, "memory: there was none left to judge all hosts");
    bool exported = write_evidence(h, &findings, &limits, &notes);
    struct looked_at only;
    struct totals totals = {.verb = h->settings->verb != NULL ? h->settings->verb : "hunt",
                            .asked_dark = h->settings->dark != NULL,
                            .complete = judged && hunt_is_whole(h, &findings.edges),
                            .input_count = h->input_count,
                            .inputs = h->inputs,
                            .limit_count = limits.count,
                            .limits_hit = limits.pointers,
                            .note_count = notes.count,
                            .notes = notes.pointers,
                            .only = hunt_looked_at(h, &only),
                            .expected_false_hosts = (double)findings.home_host_days *
                                                    VERDICT_FALSE_PER_HOST_DAY,
                            .seconds = seconds};
    totals.seen = count_seen(h, &totals.seen_is_estimate);
    count_verdicts(&findings, &totals);
    /* Whom a watch called infected long ago, it found all the same. */
    bool was_infected = h->told != NULL && h->told->infected_home;
    *out = (struct hunt_outcome){.infected_home = totals.hosts[VERDICT_INFECTED] + was_infected,
                                 .complete = totals.complete,
                                 .nothing_opened = h->opened == 0,
                                 .write_failed = !exported};
    for (size_t i = 0; i < report_count; i++)
        out->write_failed |= !write_report(h, &reports[i], &findings, &totals);
    findings_free(&findings);
}
