/* Everything is left out but what is named here: what a verdict will have one day is not told until
 * somebody decides that it may be. */
#include "report/anonymous.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/room.h"
#include "base/time.h"
#include "base/writer.h"
#include "evidence/smb_check.h"

enum { INPUT_NAME_SIZE = 32 };

struct anonymous_host {
    struct verdict verdict; /* its signs and its check of SMB are the ones below */
    struct sign *signs;     /* owned */
    bool has_smb;
    struct smb_check smb;
};

/* Numbers that tell how much, and nothing of whom or where. */
static const char *const facts_told[] = {
    "peers",   "bare_requests", "connections", "clients",
    "tried",   "failed",        "nxdomain",    "names_of_5_letters_or_more",
    "servers", "clock_sites"};

static int64_t day_only(int64_t when_us)
{
    return when_us == TIME_NONE ? TIME_NONE : (int64_t)day_of(when_us) * US_PER_DAY;
}

static bool is_told(const struct fact *f)
{
    for (size_t i = 0; f->kind == FACT_NUMBER && i < COUNT_OF(facts_told); i++)
        if (strcmp(f->name, facts_told[i]) == 0)
            return true;
    return false;
}

static struct sign sign_without(const struct sign *s)
{
    struct sign made = {.id = s->id,
                        .day = s->day,
                        .tests = s->tests,
                        .weight = s->weight,
                        .points = s->points,
                        .false_alarm_log10 = s->false_alarm_log10,
                        .has_of = s->has_of,
                        .count = s->count,
                        .of = s->of,
                        .first_us = day_only(s->first_us),
                        .last_us = day_only(s->last_us),
                        .variants = s->variants,
                        .marks = s->marks,
                        .below_floor = s->below_floor,
                        .bare_only = s->bare_only};
    struct text says = text_over(made.says, sizeof made.says);
    text_add(&says, "%s", sign_kind_of(s->id)->claim);
    for (unsigned i = 0; i < s->fact_count; i++)
        if (is_told(&s->facts[i]))
            sign_add_number(&made, s->facts[i].name, s->facts[i].number);
    return made;
}

/* The ports 445 and 139 are everybody's. */
static struct smb_check smb_without(const struct smb_check *c)
{
    return (struct smb_check){.port = c->port,
                              .stage = c->stage,
                              .cause = c->cause,
                              .network = c->network,
                              .network_139 = c->network_139,
                              .status = c->status,
                              .when_us = day_only(c->when_us),
                              .smb1_known = c->smb1_known,
                              .smb1 = c->smb1,
                              .demands_signing = c->demands_signing,
                              .time_us = TIME_NONE,
                              .asked_us = day_only(c->asked_us)};
}

static void say_verdict(struct verdict *v)
{
    struct text says = text_over(v->says, sizeof v->says);
    const char *kind = verdict_kind_text(v->kind);
    text_add(&says, "%c%s", toupper((unsigned char)kind[0]), kind + 1);
    if (v->variants != 0 && v->kind == VERDICT_INFECTED) {
        text_add(&says, " with Conficker ");
        variants_say(&says, v->variants);
    }
    if (v->sign_count > 0)
        text_add(&says, ": %s", v->signs[0].says);
    else if (v->reason[0] != '\0')
        text_add(&says, ": %s.", v->reason);
}

/* False without memory; *out is to be freed by host_free in either case. */
static bool host_without(const struct anonymiser *key, const struct verdict *v,
                         struct anonymous_host *out)
{
    struct verdict made = {.host = anonymiser_address(key, v->host),
                           .home = v->home,
                           .behind_count = v->behind_count,
                           .kind = v->kind,
                           .variants = v->variants,
                           .marks = v->marks,
                           .exempt = v->exempt,
                           .acknowledged = v->acknowledged,
                           .acknowledged_until = v->acknowledged_until,
                           .proof = v->proof,
                           .weight = v->weight,
                           .has_day = v->has_day,
                           .day = v->day,
                           .first_us = day_only(v->first_us),
                           .last_us = day_only(v->last_us),
                           .sign_count = v->sign_count,
                           .hearing = v->hearing};
    *out = (struct anonymous_host){.signs = calloc(v->sign_count + 1, sizeof *out->signs),
                                   .has_smb = v->smb != NULL};
    if (out->signs == NULL)
        return false;
    for (unsigned i = 0; i < v->behind_count; i++)
        made.behind[i].address = anonymiser_address(key, v->behind[i].address);
    for (size_t i = 0; i < v->sign_count; i++)
        out->signs[i] = sign_without(&v->signs[i]);
    made.signs = out->signs;
    if (v->smb != NULL)
        out->smb = smb_without(v->smb);
    struct text reason = text_over(made.reason, sizeof made.reason);
    text_add(&reason, "%s", v->reason);
    say_verdict(&made);
    out->verdict = made;
    return true;
}

static int compare_hosts(const void *a, const void *b)
{
    const struct anonymous_host *one = a, *other = b;
    const struct verdict *x = &one->verdict, *y = &other->verdict;
    if (x->home != y->home)
        return x->home ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return address_compare(x->host, y->host);
}

bool anonymous_flush(struct anonymous *a)
{
    bool good = true;
    if (a->count > 0)
        qsort(a->hosts, a->count, sizeof *a->hosts, compare_hosts);
    for (size_t i = 0; i < a->count; i++) {
        struct anonymous_host *host = &a->hosts[i];
        /* Sorting has moved it. */
        host->verdict.smb = host->has_smb ? &host->smb : NULL;
        good = good && a->to->format->host(a->to, &host->verdict);
        free(host->signs);
    }
    a->count = 0;
    return good;
}

void anonymous_free(struct anonymous *a)
{
    for (size_t i = 0; i < a->count; i++)
        free(a->hosts[i].signs);
    free(a->hosts);
    a->hosts = NULL;
    a->count = a->size = 0;
}

static bool make_room(struct anonymous *a)
{
    struct anonymous_host *hosts = room_for_one(a->hosts, a->count, &a->size, sizeof *hosts);
    if (hosts == NULL)
        return false;
    a->hosts = hosts;
    return true;
}

static bool anonymous_begin(struct report *r)
{
    struct anonymous *a = r->state;
    a->to->began_us = day_only(a->to->began_us);
    a->to->days_only = true;
    return a->to->format->begin(a->to);
}

static bool anonymous_host(struct report *r, const struct verdict *v)
{
    struct anonymous *a = r->state;
    if (a->count == ANONYMOUS_HOSTS_KEPT && !anonymous_flush(a))
        return false;
    if (!make_room(a) || !host_without(a->key, v, &a->hosts[a->count]))
        return false;
    a->count++;
    return true;
}

static bool anonymous_edge(struct report *r, const struct infection *i)
{
    struct anonymous *a = r->state;
    struct infection made = {.from = anonymiser_address(a->key, i->from),
                             .to = anonymiser_address(a->key, i->to),
                             .when_us = day_only(i->when_us),
                             .cause = i->cause,
                             .variants = i->variants,
                             .says = "One of these hosts attacked the other."};
    return anonymous_flush(a) && a->to->format->edge(a->to, &made);
}

static bool anonymous_dark(struct report *r, const struct dark_visitor *d, const struct verdict *v)
{
    struct anonymous *a = r->state;
    struct anonymous_host host;
    struct dark_visitor made = *d;
    if (a->to->format->dark == NULL)
        return true;
    made.host = anonymiser_address(a->key, d->host);
    made.first_us = day_only(d->first_us);
    made.last_us = day_only(d->last_us);
    made.port_count = 0;
    made.more_ports = d->port_count > 0;
    memset(made.ports, 0, sizeof made.ports);
    if (v == NULL)
        return anonymous_flush(a) && a->to->format->dark(a->to, &made, NULL);
    bool good = host_without(a->key, v, &host) && anonymous_flush(a) &&
                a->to->format->dark(a->to, &made, &host.verdict);
    free(host.signs);
    return good;
}

/* Where an input is damaged is told, and in no more words. */
static void input_without(const struct input_totals *in, const char *name, struct input_totals *out)
{
    *out = (struct input_totals){.name = name,
                                 .format = in->format,
                                 .records = in->records,
                                 .bytes = in->bytes,
                                 .damage_count = in->damage_count,
                                 .interrupted = in->interrupted,
                                 .interrupted_at = in->interrupted_at};
    for (size_t i = 0; i < INPUT_DAMAGES_MAX && i < in->damage_count; i++) {
        struct text reason = text_over(out->damage[i].reason, sizeof out->damage[i].reason);
        out->damage[i].offset = in->damage[i].offset;
        text_add(&reason, "damaged");
    }
}

/* A filter names whom it is about; that there was one is told. */
static struct looked_at looked_at_without(const struct looked_at *only)
{
    struct looked_at made = *only;
    if (made.since_us != INT64_MIN)
        made.since_us = day_only(made.since_us);
    if (made.until_us != INT64_MAX)
        made.until_us = day_only(made.until_us);
    made.filter = made.filter != NULL ? "not told here" : NULL;
    return made;
}

static bool end_with(struct anonymous *a, const struct totals *t, struct input_totals *inputs,
                     char (*names)[INPUT_NAME_SIZE])
{
    static const char *const limits[] = {
        "limits were hit: the report of the run itself says which"};
    struct totals made = *t;
    for (size_t i = 0; i < t->input_count; i++) {
        struct text name = text_over(names[i], INPUT_NAME_SIZE);
        text_add(&name, "input %zu", i + 1);
        input_without(&t->inputs[i], names[i], &inputs[i]);
    }
    made.inputs = inputs;
    made.limit_count = t->limit_count > 0;
    made.limits_hit = limits;
    struct looked_at only;
    if (t->only != NULL) {
        only = looked_at_without(t->only);
        made.only = &only;
    }
    made.note_count = 0;
    made.notes = NULL;
    return a->to->format->end(a->to, &made);
}

static bool anonymous_end(struct report *r, const struct totals *t)
{
    struct anonymous *a = r->state;
    struct input_totals *inputs = calloc(t->input_count + 1, sizeof *inputs);
    char(*names)[INPUT_NAME_SIZE] = calloc(t->input_count + 1, sizeof *names);
    bool good = anonymous_flush(a) && inputs != NULL && names != NULL;
    /* The report is ended in any case: it has a state to free. */
    const struct totals nothing = {.verb = t->verb};
    if (inputs != NULL && names != NULL)
        good = end_with(a, t, inputs, names) && good;
    else
        (void)a->to->format->end(a->to, &nothing);
    free(inputs);
    free(names);
    anonymous_free(a);
    return good;
}

const struct report_format anonymous_format = {
    .id = "anonymous",
    .claim = "Another report, without who it is about.",
    .begin = anonymous_begin,
    .host = anonymous_host,
    .edge = anonymous_edge,
    .dark = anonymous_dark,
    .end = anonymous_end,
};
