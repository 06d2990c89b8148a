/* JSON Lines: one object a line, flushed as it is written, for programs that read along.
 *
 *   {"type":"host","schema":1,"host":"10.0.0.5","home":true,"site":null,"names":["ward3-pc"],...}
 *   {"type":"infection","schema":1,"from":...,"to":...}
 *   {"type":"summary","schema":1,"verb":"hunt",...}                         always the last line
 *
 * The order of the keys is fixed. What is absent is left out (but "site", which is null). Whole
 * numbers are written as integers, numbers that are not finite are left out. Foreign text is in the
 * SAFE_UTF8 form of foreign.h: a byte that is no UTF-8 or steers a terminal comes as \xNN, a
 * backslash as two, and JSON's own escaping is applied to that. A fact that comes several times
 * under one name is an array.
 *
 * A line is built whole before its first byte is written, so a lack of memory leaves no half
 * line. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "base/writer.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"
#include "report/foreign.h"
#include "report/formats.h"
#include "report/json_line.h"

enum { SCHEMA = 1, SENTENCE_SIZE = 512, VARIANT_LIST_SIZE = 32, DETAIL_SIZE = 160 };

/* Adds a fact beside those of the same name: the second item makes the list. */
static void put_fact(struct json_line *l, json_t *facts, const struct fact *f)
{
    json_t *before = json_object_get(facts, f->name);
    if (f->kind == FACT_NUMBER && !isfinite(f->number))
        return;
    json_t *value = f->kind == FACT_NUMBER ? number_json(f->number) : safe_json(f->text, SAFE_UTF8);
    if (before == NULL && f->kind != FACT_ITEM) {
        line_put(l, facts, f->name, value);
        return;
    }
    if (json_is_array(before)) {
        line_append(l, before, value);
        return;
    }
    json_t *list = json_array();
    if (before != NULL)
        line_append(l, list, json_incref(before));
    line_append(l, list, value);
    line_put(l, facts, f->name, list);
}

static json_t *sign_json(struct json_line *l, const struct sign *s)
{
    json_t *object = json_object(), *facts = json_object();
    line_put(l, object, "sign", json_string(sign_kind_of(s->id)->id));
    if (s->weight == WEIGHT_PROOF)
        line_put(l, object, "weight", json_string("proof"));
    else if (s->weight == WEIGHT_STATISTICAL)
        line_put(l, object, "weight", json_string("statistical"));
    else
        line_put_tenths(l, object, "weight", s->points);
    if (s->weight == WEIGHT_STATISTICAL)
        line_put_tenths(l, object, "false_alarm_log10", s->false_alarm_log10);
    line_put(l, object, "count", count_json(s->count));
    if (s->has_of)
        line_put(l, object, "of", count_json(s->of));
    line_put_time(l, object, "first", s->first_us);
    line_put_time(l, object, "last", s->last_us);
    line_put(l, object, "says", safe_json(s->says, SAFE_SENTENCE));
    for (unsigned i = 0; i < s->fact_count; i++)
        put_fact(l, facts, &s->facts[i]);
    line_put(l, object, "facts", facts);
    return object;
}

static json_t *check_json(struct json_line *l, const struct check *c)
{
    char buffer[DETAIL_SIZE];
    struct text detail = text_over(buffer, sizeof buffer);
    json_t *object = json_object();
    check_detail(c, &detail);
    line_put(l, object, "check", json_string("p2p"));
    line_put(l, object, "port", json_integer(c->port));
    line_put(l, object, "proto", json_string(c->transport == TRANSPORT_TCP ? "tcp" : "udp"));
    line_put(l, object, "week", json_string(check_week_text(c->week)));
    line_put(l, object, "result", json_string(check_result_text(check_result_of(c))));
    line_put(l, object, "reason", json_string(check_reason(c)));
    if (detail.used > 0)
        line_put(l, object, "detail", json_string(buffer));
    line_put_time(l, object, "time", c->when_us);
    return object;
}

static json_t *smb_json(struct json_line *l, const struct smb_check *c)
{
    char reason[VERDICT_REASON_SIZE];
    struct text text = text_over(reason, sizeof reason);
    json_t *object = json_object();
    if (c->port != 0)
        line_put(l, object, "port", json_integer(c->port));
    line_put(l, object, "result", json_string(smb_result_text(smb_result_of(c))));
    line_put(l, object, "variants", variants_json(l, smb_check_variants(c)));
    smb_check_say_reason(c, &text);
    line_put(l, object, "reason", json_string(reason));
    line_put_text(l, object, "os", c->os);
    line_put_text(l, object, "lanman", c->lanman);
    line_put_text(l, object, "computer", c->computer);
    line_put_text(l, object, "domain", c->domain);
    line_put_text(l, object, "workgroup", c->workgroup);
    line_put_text(l, object, "dns_domain", c->dns_domain);
    line_put_text(l, object, "forest", c->forest);
    line_put_text(l, object, "fqdn", c->fqdn);
    if (c->has_time)
        line_put_time(l, object, "time", c->time_us);
    if (c->has_offset)
        line_put(l, object, "utc_offset_minutes", json_integer(c->offset_minutes));
    if (c->smb1_known)
        line_put(l, object, "smb1", json_boolean(c->smb1));
    line_put_time(l, object, "asked", c->when_us);
    return object;
}

static json_t *netbios_json(struct json_line *l, const struct netbios_check *c)
{
    char mac[MAC_TEXT_SIZE];
    json_t *object = json_object();
    line_put_text(l, object, "computer", c->computer);
    line_put_text(l, object, "group", c->group);
    line_put_text(l, object, "user", c->user);
    if (c->mac != 0)
        line_put(l, object, "mac", json_string(mac_text(c->mac, mac)));
    return object;
}

static struct json_line line_begin(const char *type)
{
    struct json_line l = line_of(json_object());
    line_put(&l, l.root, "type", json_string(type));
    line_put(&l, l.root, "schema", json_integer(SCHEMA));
    return l;
}

static bool json_begin(struct report *r)
{
    r->state = NULL;
    return true;
}

static void put_evidence(struct json_line *l, const struct verdict *v)
{
    char date[DATE_TEXT_SIZE];
    line_put(l, l->root, "variants", variants_json(l, v->variants));
    line_put(l, l->root, "marks", marks_json(l, v->marks));
    if (v->proof)
        line_put(l, l->root, "weight", json_string("proof"));
    else
        line_put_tenths(l, l->root, "weight", v->weight);
    if (v->has_day)
        line_put(l, l->root, "day", json_string(date_text(v->day, date)));
    line_put_time(l, l->root, "first", v->first_us);
    line_put_time(l, l->root, "last", v->last_us);
    line_put(l, l->root, "says", safe_json(v->says, SAFE_SENTENCE));
    json_t *signs = json_array();
    for (size_t i = 0; i < v->sign_count; i++)
        line_append(l, signs, sign_json(l, &v->signs[i]));
    line_put(l, l->root, "signs", signs);
}

static json_t *ports_json(struct json_line *l, const struct ports_asked *p)
{
    json_t *object = json_object();
    line_put(l, object, "asked", count_json(p->asked));
    line_put(l, object, "controls", count_json(p->controls));
    line_put(l, object, "infected", count_json(p->infected));
    line_put(l, object, "odd", count_json(p->odd));
    line_put(l, object, "listening", count_json(p->listening));
    line_put(l, object, "refused", count_json(p->refused));
    line_put(l, object, "unanswered", count_json(p->unanswered));
    line_put(l, object, "failed", count_json(p->failed));
    line_put(l, object, "not_shown", count_json(p->not_shown));
    line_put(l, object, "takes_all", json_boolean(p->takes_all));
    line_put(l, object, "answers_all", json_boolean(p->answers_all));
    return object;
}

/* What was asked of it, and what it said. */
static void put_checks(struct json_line *l, const struct verdict *v)
{
    if (v->check_count > 0) {
        json_t *checks = json_array();
        for (size_t i = 0; i < v->check_count; i++)
            line_append(l, checks, check_json(l, &v->checks[i]));
        line_put(l, l->root, "checks", checks);
    }
    if (v->ports != NULL)
        line_put(l, l->root, "ports", ports_json(l, v->ports));
    if (v->smb != NULL)
        line_put(l, l->root, "smb", smb_json(l, v->smb));
    if (v->netbios != NULL)
        line_put(l, l->root, "netbios", netbios_json(l, v->netbios));
}

/* Which machine it is. */
static void put_machine(struct json_line *l, const struct verdict *v)
{
    char mac[MAC_TEXT_SIZE];
    if (v->mac == 0)
        return;
    line_put(l, l->root, "mac", json_string(mac_text(v->mac, mac)));
    if (v->mac_changed)
        line_put(l, l->root, "mac_changed", json_true());
    if (v->stay_count == 0)
        return;
    json_t *stays = json_array();
    for (unsigned i = 0; i < v->stay_count; i++) {
        json_t *stay = json_object();
        line_put(l, stay, "address", address_json(v->stays[i].address));
        line_put_time(l, stay, "first", v->stays[i].first_us);
        line_put_time(l, stay, "last", v->stays[i].last_us);
        line_append(l, stays, stay);
    }
    line_put(l, l->root, "addresses", stays);
}

static void put_behind(struct json_line *l, const struct verdict *v)
{
    if (v->behind_count == 0)
        return;
    json_t *behind = json_array();
    for (unsigned i = 0; i < v->behind_count; i++)
        line_append(l, behind, address_json(v->behind[i].address));
    line_put(l, l->root, "behind", behind);
}

/* Where it stands, and what people say of it. */
static void put_standing(struct json_line *l, const struct verdict *v)
{
    if (v->site == NULL)
        line_put(l, l->root, "site", json_null());
    line_put_standing(l, l->root, v);
}

static bool json_host(struct report *r, const struct verdict *v)
{
    struct json_line l = line_begin("host");
    json_t *names = json_array();
    line_put(&l, l.root, "host", address_json(v->host));
    line_put(&l, l.root, "home", json_boolean(v->home));
    put_standing(&l, v);
    for (unsigned i = 0; i < v->name_count; i++)
        line_append(&l, names, safe_json(v->names[i], SAFE_UTF8));
    line_put(&l, l.root, "names", names);
    put_machine(&l, v);
    put_behind(&l, v);
    line_put(&l, l.root, "verdict", json_string(verdict_kind_text(v->kind)));
    if (v->kind == VERDICT_UNKNOWN && v->reason[0] != '\0')
        line_put(&l, l.root, "reason", safe_json(v->reason, SAFE_SENTENCE));
    put_evidence(&l, v);
    put_checks(&l, v);
    return line_write(&l, r->out);
}

static bool json_edge(struct report *r, const struct infection *i)
{
    struct json_line l = line_begin("infection");
    char buffer[VARIANT_LIST_SIZE];
    struct text variants = text_over(buffer, sizeof buffer);
    variants_list(&variants, i->variants, ",");
    line_put(&l, l.root, "from", address_json(i->from));
    line_put(&l, l.root, "to", address_json(i->to));
    line_put_time(&l, l.root, "time", i->when_us);
    line_put(&l, l.root, "cause", safe_json(i->cause, SAFE_SENTENCE));
    if (variants.used > 0)
        line_put(&l, l.root, "variant", json_string(buffer));
    line_put(&l, l.root, "says", safe_json(i->says, SAFE_SENTENCE));
    return line_write(&l, r->out);
}

static bool json_change(struct report *r, const struct host_change *c)
{
    struct json_line l = line_begin("change");
    line_put(&l, l.root, "host", address_json(c->host));
    line_put(&l, l.root, "site", c->site != NULL ? safe_json(c->site, SAFE_UTF8) : json_null());
    if (c->owner != NULL)
        line_put(&l, l.root, "owner", safe_json(c->owner, SAFE_UTF8));
    line_put(&l, l.root, "change", json_string(change_kind_text(c->kind)));
    line_put(&l, l.root, "from_run", json_integer(c->before_run));
    line_put(&l, l.root, "to_run", json_integer(c->after_run));
    if (c->before != NULL)
        line_put(&l, l.root, "before", safe_json(c->before, SAFE_UTF8));
    if (c->after != NULL)
        line_put(&l, l.root, "after", safe_json(c->after, SAFE_UTF8));
    line_put(&l, l.root, "says", safe_json(c->says, SAFE_SENTENCE));
    return line_write(&l, r->out);
}

static json_t *dark_port_json(struct json_line *l, const struct dark_port *port)
{
    json_t *object = json_object();
    line_put(l, object, "port", json_integer(port->port));
    line_put(l, object, "proto",
             port->protocol == 6    ? json_string("tcp")
             : port->protocol == 17 ? json_string("udp")
                                    : json_integer(port->protocol));
    line_put(l, object, "flows", count_json(port->flows));
    return object;
}

static bool json_dark(struct report *r, const struct dark_visitor *d, const struct verdict *v)
{
    struct json_line l = line_begin("dark");
    json_t *ports = json_array();
    line_put(&l, l.root, "host", address_json(d->host));
    line_put(&l, l.root, "dark", count_json(d->dark));
    line_put(&l, l.root, "touched", count_json(d->touched));
    line_put(&l, l.root, "answered", count_json(d->answered));
    line_put(&l, l.root, "refused", count_json(d->refused));
    line_put(&l, l.root, "flows", count_json(d->flows));
    line_put_time(&l, l.root, "first", d->first_us);
    line_put_time(&l, l.root, "last", d->last_us);
    for (unsigned i = 0; i < d->port_count; i++)
        line_append(&l, ports, dark_port_json(&l, &d->ports[i]));
    line_put(&l, l.root, "ports", ports);
    line_put(&l, l.root, "more_ports", json_boolean(d->more_ports));
    if (v != NULL)
        line_put(&l, l.root, "verdict", json_string(verdict_kind_text(v->kind)));
    return line_write(&l, r->out);
}

static json_t *input_json(struct json_line *l, const struct input_totals *input)
{
    json_t *object = json_object(), *damages = json_array();
    line_put(l, object, "name", safe_json(input->name, SAFE_UTF8));
    if (input->format != NULL)
        line_put(l, object, "format", json_string(input->format));
    line_put(l, object, "records", count_json(input->records));
    line_put(l, object, "bytes", count_json(input->bytes));
    for (size_t i = 0; i < INPUT_DAMAGES_MAX && i < input->damage_count; i++) {
        json_t *damage = json_object();
        line_put(l, damage, "offset", count_json(input->damage[i].offset));
        line_put(l, damage, "reason", safe_json(input->damage[i].reason, SAFE_UTF8));
        line_append(l, damages, damage);
    }
    line_put(l, object, "damage", damages);
    if (input->interrupted)
        line_put(l, object, "interrupted_at", count_json(input->interrupted_at));
    return object;
}

/* The schema has no places for an estimated count and for damage beyond the list; both are limits
 * of ours, so they are told among them. */
static json_t *limits_json(struct json_line *l, const struct totals *t)
{
    json_t *array = json_array();
    char sentence[SENTENCE_SIZE];
    for (size_t i = 0; i < t->limit_count; i++)
        line_append(l, array, safe_json(t->limits_hit[i], SAFE_SENTENCE));
    if (t->seen_is_estimate)
        line_append(l, array, json_string("the number of hosts seen is an estimate"));
    for (size_t i = 0; i < t->input_count; i++) {
        if (t->inputs[i].damage_count <= INPUT_DAMAGES_MAX)
            continue;
        struct text text = text_over(sentence, sizeof sentence);
        text_add(&text, "input %zu is damaged in %llu places, of which the first %d are listed",
                 i + 1, (unsigned long long)t->inputs[i].damage_count, INPUT_DAMAGES_MAX);
        line_append(l, array, json_string(sentence));
    }
    return array;
}

static void put_inputs(struct json_line *l, const struct totals *t)
{
    json_t *inputs = json_array();
    for (size_t i = 0; i < t->input_count; i++)
        line_append(l, inputs, input_json(l, &t->inputs[i]));
    line_put(l, l->root, "inputs", inputs);
}

/* A share of hosts or packets; one that is not known is NAN, and left out. */
static void put_share(struct json_line *l, const char *key, double share)
{
    line_put_number(l, l->root, key, round(share * 10000) / 10000);
}

static void put_scan(struct json_line *l, const struct scan_totals *scan)
{
    line_put(l, l->root, "targets", count_json(scan->targets));
    line_put(l, l->root, "asked", count_json(scan->asked));
    line_put(l, l->root, "sent", count_json(scan->sent));
    line_put(l, l->root, "received", count_json(scan->received));
    put_share(l, "lost_share", scan->lost_share);
    put_share(l, "silent_share", scan->silent_share);
    line_put(l, l->root, "refused", count_json(scan->refused));
}

static bool json_end(struct report *r, const struct totals *t)
{
    struct json_line l = line_begin("summary");
    line_put(&l, l.root, "verb", json_string(t->verb));
    line_put(&l, l.root, "complete", json_boolean(t->complete));
    line_put(&l, l.root, "hosts", hosts_json(&l, t));
    if (t->scan != NULL)
        put_scan(&l, t->scan);
    else
        put_inputs(&l, t);
    line_put_looked_at(&l, l.root, t->only);
    line_put(&l, l.root, "limits_hit", limits_json(&l, t));
    line_put_number(&l, l.root, "expected_false_hosts", t->expected_false_hosts);
    line_put_number(&l, l.root, "seconds", round(t->seconds * 1000) / 1000);
    return line_write(&l, r->out);
}

const struct report_format report_json = {
    .id = "json",
    .claim = "JSON Lines: a host, an infection or the summary a line, for programs.",
    .begin = json_begin,
    .host = json_host,
    .edge = json_edge,
    .dark = json_dark,
    .change = json_change,
    .end = json_end,
};
