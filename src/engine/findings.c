/* Each host's signs are gathered from the slots of its days, from the edges and from what a scan
 * heard. */
#include "engine/findings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/room.h"
#include "engine/behind_nat.h"
#include "engine/hunt_asked.h"
#include "engine/relays.h"
#include "engine/sentences.h"
#include "evidence/names.h"

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
    struct finding *items = room_for_one(f->items, f->count, &f->room, sizeof *items);
    if (items == NULL)
        return false;
    f->items = items;
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

bool findings_judge_again(struct hunt *h, const struct finding *one, struct findings *f,
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

bool findings_judge(struct hunt *h, struct findings *f)
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

void findings_sort(struct findings *f)
{
    if (f->count > 0)
        qsort(f->items, f->count, sizeof f->items[0], compare_findings);
}

bool findings_look_behind(struct findings *f, struct sentences *limits)
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

void findings_free(struct findings *f)
{
    free(f->items);
    free(f->relayed);
    free(f->behind);
    free(f->signs);
    free(f->edge_is_said);
    edges_free(&f->edges);
}
