/* After the last input: what was found is put in order, and the reports are written. A watch writes
 * what is new at each look, too. */
#include <math.h>
#include <stdlib.h>

#include "base/writer.h"
#include "engine/dark.h"
#include "engine/export.h"
#include "engine/findings.h"
#include "engine/recorder.h"
#include "engine/sentences.h"

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
        if (one != NULL && !findings_judge_again(h, one, f, &v))
            return false;
        if (!r->format->dark(r, &all[i], one != NULL ? &v : NULL))
            return false;
    }
    return true;
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

/* Of a watch: reports in which a host stands once get at its end all whom it ever named. */
static bool is_to_be_written(const struct report *r, const struct finding *one)
{
    return !one->is_said || (r->at_end && one->was_said);
}

static bool edge_is_to_be_written(const struct hunt *h, const struct report *r,
                                  const struct findings *f, size_t at)
{
    const struct infection *i = &f->edges.infections[at].infection;
    bool is_said = f->edge_is_said != NULL && f->edge_is_said[at] && !r->at_end;
    return !is_said && (hunt_asks_for(h, i->from) || hunt_asks_for(h, i->to));
}

/* False when the stream refused something, or memory that was there before is not any more. */
static bool write_findings(struct hunt *h, struct report *r, struct findings *f)
{
    struct verdict v;
    bool good = true;
    for (size_t i = 0; good && i < f->count; i++)
        if (is_to_be_written(r, &f->items[i]))
            good = findings_judge_again(h, &f->items[i], f, &v) && r->format->host(r, &v);
    for (size_t i = 0; good && i < f->edges.infection_count; i++)
        if (edge_is_to_be_written(h, r, f, i))
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
        good = findings_judge_again(h, &f->items[i], f, &v) && export_want(h->settings->export, &v);
    if (!good)
        sentence_add(limits, "memory: there was none left to choose all evidence");
    return export_run(h->settings->export, h, limits, notes) && good;
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
        one->was_said = good && told->now[i].kind <= VERDICT_SUSPICIOUS;
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
    bool judged = findings_judge(h, &findings) && mark_said(h->told, &findings);
    *written = true;
    if (judged && h->told->said > said) {
        findings_sort(&findings);
        record_new(h, &findings);
        judged = findings_look_behind(&findings, &limits);
        for (size_t i = 0; judged && i < report_count; i++)
            *written &= reports[i].at_end || write_findings(h, &reports[i], &findings);
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
    bool judged = findings_judge(h, &findings);
    if (h->told != NULL)
        judged = mark_said(h->told, &findings) && judged;
    if (judged && h->told != NULL)
        name_fetchers(&findings);
    findings_sort(&findings);
    hunt_say_limits(h, &findings.edges, &limits);
    hunt_say_notes(h, &notes);
    judged = findings_look_behind(&findings, &limits) && judged;
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
