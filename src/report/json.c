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

enum { SCHEMA = 1, SENTENCE_SIZE = 512, VARIANT_LIST_SIZE = 32, DETAIL_SIZE = 160 };

/* Whole numbers up to this are exact in a double. */
#define WHOLE_MAX 9007199254740992.0

struct line {
    json_t *root;
    bool failed; /* a part is missing: memory was out */
};

static void put(struct line *l, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        l->failed = true;
}

static void append(struct line *l, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        l->failed = true;
}

static json_t *safe_json(const char *text, enum safe_form form)
{
    char *safe = text_made_safe(text, form);
    json_t *made = safe != NULL ? json_string(safe) : NULL;
    free(safe);
    return made;
}

static json_t *address_json(struct address a)
{
    char buffer[ADDRESS_TEXT_SIZE];
    return json_string(address_text(a, buffer));
}

static json_t *count_json(uint64_t count)
{
    return json_integer(count <= INT64_MAX ? (json_int_t)count : INT64_MAX);
}

/* The number must be finite. */
static json_t *number_json(double number)
{
    bool whole = fabs(number) <= WHOLE_MAX && trunc(number) == number;
    return whole ? json_integer((json_int_t)number) : json_real(number);
}

static void put_number(struct line *l, json_t *object, const char *key, double number)
{
    if (isfinite(number))
        put(l, object, key, number_json(number));
}

/* As a person would say it: further digits of a weight are noise, and differ between machines. */
static void put_tenths(struct line *l, json_t *object, const char *key, double number)
{
    put_number(l, object, key, round(number * 10) / 10);
}

static void put_time(struct line *l, json_t *object, const char *key, int64_t when_us)
{
    char buffer[TIME_TEXT_SIZE];
    if (time_text(when_us, buffer)[0] != '-')
        put(l, object, key, json_string(buffer));
}

static json_t *variants_json(struct line *l, unsigned variants)
{
    json_t *array = json_array();
    enum variant all[VARIANTS_MAX];
    unsigned count = variants_in_order(variants, all);
    for (unsigned i = 0; i < count; i++)
        append(l, array, json_string(variant_text(all[i])));
    return array;
}

static json_t *marks_json(struct line *l, unsigned marks)
{
    json_t *array = json_array();
    for (unsigned bit = MARK_ATTACKED; bit <= MARK_UNPATCHED; bit <<= 1)
        if ((marks & bit) != 0)
            append(l, array, json_string(mark_text((enum mark)bit)));
    return array;
}

/* Adds a fact beside those of the same name: the second item makes the list. */
static void put_fact(struct line *l, json_t *facts, const struct fact *f)
{
    json_t *before = json_object_get(facts, f->name);
    if (f->kind == FACT_NUMBER && !isfinite(f->number))
        return;
    json_t *value = f->kind == FACT_NUMBER ? number_json(f->number) : safe_json(f->text, SAFE_UTF8);
    if (before == NULL && f->kind != FACT_ITEM) {
        put(l, facts, f->name, value);
        return;
    }
    if (json_is_array(before)) {
        append(l, before, value);
        return;
    }
    json_t *list = json_array();
    if (before != NULL)
        append(l, list, json_incref(before));
    append(l, list, value);
    put(l, facts, f->name, list);
}

static json_t *sign_json(struct line *l, const struct sign *s)
{
    json_t *object = json_object(), *facts = json_object();
    put(l, object, "sign", json_string(sign_kind_of(s->id)->id));
    if (s->weight == WEIGHT_PROOF)
        put(l, object, "weight", json_string("proof"));
    else if (s->weight == WEIGHT_STATISTICAL)
        put(l, object, "weight", json_string("statistical"));
    else
        put_tenths(l, object, "weight", s->points);
    if (s->weight == WEIGHT_STATISTICAL)
        put_tenths(l, object, "false_alarm_log10", s->false_alarm_log10);
    put(l, object, "count", count_json(s->count));
    if (s->has_of)
        put(l, object, "of", count_json(s->of));
    put_time(l, object, "first", s->first_us);
    put_time(l, object, "last", s->last_us);
    put(l, object, "says", safe_json(s->says, SAFE_SENTENCE));
    for (unsigned i = 0; i < s->fact_count; i++)
        put_fact(l, facts, &s->facts[i]);
    put(l, object, "facts", facts);
    return object;
}

static json_t *check_json(struct line *l, const struct check *c)
{
    char buffer[DETAIL_SIZE];
    struct text detail = text_over(buffer, sizeof buffer);
    json_t *object = json_object();
    check_detail(c, &detail);
    put(l, object, "check", json_string("p2p"));
    put(l, object, "port", json_integer(c->port));
    put(l, object, "proto", json_string(c->transport == TRANSPORT_TCP ? "tcp" : "udp"));
    put(l, object, "week", json_string(check_week_text(c->week)));
    put(l, object, "result", json_string(check_result_text(check_result_of(c))));
    put(l, object, "reason", json_string(check_reason(c)));
    if (detail.used > 0)
        put(l, object, "detail", json_string(buffer));
    put_time(l, object, "time", c->when_us);
    return object;
}

/* What was not told is absent. */
static void put_text(struct line *l, json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0')
        put(l, object, key, safe_json(text, SAFE_UTF8));
}

static json_t *smb_json(struct line *l, const struct smb_check *c)
{
    char reason[VERDICT_REASON_SIZE];
    struct text text = text_over(reason, sizeof reason);
    json_t *object = json_object();
    if (c->port != 0)
        put(l, object, "port", json_integer(c->port));
    put(l, object, "result", json_string(smb_result_text(smb_result_of(c))));
    put(l, object, "variants", variants_json(l, smb_check_variants(c)));
    smb_check_say_reason(c, &text);
    put(l, object, "reason", json_string(reason));
    put_text(l, object, "os", c->os);
    put_text(l, object, "lanman", c->lanman);
    put_text(l, object, "computer", c->computer);
    put_text(l, object, "domain", c->domain);
    put_text(l, object, "workgroup", c->workgroup);
    put_text(l, object, "dns_domain", c->dns_domain);
    put_text(l, object, "forest", c->forest);
    put_text(l, object, "fqdn", c->fqdn);
    if (c->has_time)
        put_time(l, object, "time", c->time_us);
    if (c->has_offset)
        put(l, object, "utc_offset_minutes", json_integer(c->offset_minutes));
    if (c->smb1_known)
        put(l, object, "smb1", json_boolean(c->smb1));
    put_time(l, object, "asked", c->when_us);
    return object;
}

static json_t *netbios_json(struct line *l, const struct netbios_check *c)
{
    char mac[MAC_TEXT_SIZE];
    json_t *object = json_object();
    put_text(l, object, "computer", c->computer);
    put_text(l, object, "group", c->group);
    put_text(l, object, "user", c->user);
    if (c->mac != 0)
        put(l, object, "mac", json_string(mac_text(c->mac, mac)));
    return object;
}

static struct line line_begin(const char *type)
{
    struct line l = {.root = json_object()};
    put(&l, l.root, "type", json_string(type));
    put(&l, l.root, "schema", json_integer(SCHEMA));
    return l;
}

static bool line_end(struct report *r, struct line *l)
{
    /* 15 digits: 9.3 stays 9.3, and every decimal number of 15 digits comes back as it went in. */
    char *text = l->failed ? NULL : json_dumps(l->root, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(l->root);
    bool good = text != NULL && fputs(text, r->out) != EOF && fputc('\n', r->out) != EOF;
    free(text);
    return fflush(r->out) == 0 && good && !ferror(r->out);
}

static bool json_begin(struct report *r)
{
    r->state = NULL;
    return true;
}

static void put_evidence(struct line *l, const struct verdict *v)
{
    char date[DATE_TEXT_SIZE];
    put(l, l->root, "variants", variants_json(l, v->variants));
    put(l, l->root, "marks", marks_json(l, v->marks));
    if (v->proof)
        put(l, l->root, "weight", json_string("proof"));
    else
        put_tenths(l, l->root, "weight", v->weight);
    if (v->has_day)
        put(l, l->root, "day", json_string(date_text(v->day, date)));
    put_time(l, l->root, "first", v->first_us);
    put_time(l, l->root, "last", v->last_us);
    put(l, l->root, "says", safe_json(v->says, SAFE_SENTENCE));
    json_t *signs = json_array();
    for (size_t i = 0; i < v->sign_count; i++)
        append(l, signs, sign_json(l, &v->signs[i]));
    put(l, l->root, "signs", signs);
}

static json_t *ports_json(struct line *l, const struct ports_asked *p)
{
    json_t *object = json_object();
    put(l, object, "asked", count_json(p->asked));
    put(l, object, "infected", count_json(p->infected));
    put(l, object, "odd", count_json(p->odd));
    put(l, object, "listening", count_json(p->listening));
    put(l, object, "refused", count_json(p->refused));
    put(l, object, "unanswered", count_json(p->unanswered));
    put(l, object, "failed", count_json(p->failed));
    put(l, object, "not_shown", count_json(p->not_shown));
    put(l, object, "takes_all", json_boolean(p->takes_all));
    put(l, object, "answers_all", json_boolean(p->answers_all));
    return object;
}

/* What was asked of it, and what it said. */
static void put_checks(struct line *l, const struct verdict *v)
{
    if (v->check_count > 0) {
        json_t *checks = json_array();
        for (size_t i = 0; i < v->check_count; i++)
            append(l, checks, check_json(l, &v->checks[i]));
        put(l, l->root, "checks", checks);
    }
    if (v->ports != NULL)
        put(l, l->root, "ports", ports_json(l, v->ports));
    if (v->smb != NULL)
        put(l, l->root, "smb", smb_json(l, v->smb));
    if (v->netbios != NULL)
        put(l, l->root, "netbios", netbios_json(l, v->netbios));
}

/* Which machine it is. */
static void put_machine(struct line *l, const struct verdict *v)
{
    char mac[MAC_TEXT_SIZE];
    if (v->mac == 0)
        return;
    put(l, l->root, "mac", json_string(mac_text(v->mac, mac)));
    if (v->mac_changed)
        put(l, l->root, "mac_changed", json_true());
    if (v->stay_count == 0)
        return;
    json_t *stays = json_array();
    for (unsigned i = 0; i < v->stay_count; i++) {
        json_t *stay = json_object();
        put(l, stay, "address", address_json(v->stays[i].address));
        put_time(l, stay, "first", v->stays[i].first_us);
        put_time(l, stay, "last", v->stays[i].last_us);
        append(l, stays, stay);
    }
    put(l, l->root, "addresses", stays);
}

static void put_behind(struct line *l, const struct verdict *v)
{
    if (v->behind_count == 0)
        return;
    json_t *behind = json_array();
    for (unsigned i = 0; i < v->behind_count; i++)
        append(l, behind, address_json(v->behind[i].address));
    put(l, l->root, "behind", behind);
}

static bool json_host(struct report *r, const struct verdict *v)
{
    struct line l = line_begin("host");
    json_t *names = json_array();
    put(&l, l.root, "host", address_json(v->host));
    put(&l, l.root, "home", json_boolean(v->home));
    put(&l, l.root, "site", v->site != NULL ? safe_json(v->site, SAFE_UTF8) : json_null());
    for (unsigned i = 0; i < v->name_count; i++)
        append(&l, names, safe_json(v->names[i], SAFE_UTF8));
    put(&l, l.root, "names", names);
    put_machine(&l, v);
    put_behind(&l, v);
    put(&l, l.root, "verdict", json_string(verdict_kind_text(v->kind)));
    if (v->kind == VERDICT_UNKNOWN && v->reason[0] != '\0')
        put(&l, l.root, "reason", safe_json(v->reason, SAFE_SENTENCE));
    put_evidence(&l, v);
    put_checks(&l, v);
    return line_end(r, &l);
}

static bool json_edge(struct report *r, const struct infection *i)
{
    struct line l = line_begin("infection");
    char buffer[VARIANT_LIST_SIZE];
    struct text variants = text_over(buffer, sizeof buffer);
    enum variant all[VARIANTS_MAX];
    unsigned count = variants_in_order(i->variants, all);
    for (unsigned n = 0; n < count; n++)
        text_add(&variants, "%s%s", n > 0 ? "," : "", variant_text(all[n]));
    put(&l, l.root, "from", address_json(i->from));
    put(&l, l.root, "to", address_json(i->to));
    put_time(&l, l.root, "time", i->when_us);
    put(&l, l.root, "cause", safe_json(i->cause, SAFE_SENTENCE));
    if (variants.used > 0)
        put(&l, l.root, "variant", json_string(buffer));
    put(&l, l.root, "says", safe_json(i->says, SAFE_SENTENCE));
    return line_end(r, &l);
}

static json_t *dark_port_json(struct line *l, const struct dark_port *port)
{
    json_t *object = json_object();
    put(l, object, "port", json_integer(port->port));
    put(l, object, "proto",
        port->protocol == 6    ? json_string("tcp")
        : port->protocol == 17 ? json_string("udp")
                               : json_integer(port->protocol));
    put(l, object, "flows", count_json(port->flows));
    return object;
}

static bool json_dark(struct report *r, const struct dark_visitor *d, const struct verdict *v)
{
    struct line l = line_begin("dark");
    json_t *ports = json_array();
    put(&l, l.root, "host", address_json(d->host));
    put(&l, l.root, "dark", count_json(d->dark));
    put(&l, l.root, "touched", count_json(d->touched));
    put(&l, l.root, "answered", count_json(d->answered));
    put(&l, l.root, "refused", count_json(d->refused));
    put(&l, l.root, "flows", count_json(d->flows));
    put_time(&l, l.root, "first", d->first_us);
    put_time(&l, l.root, "last", d->last_us);
    for (unsigned i = 0; i < d->port_count; i++)
        append(&l, ports, dark_port_json(&l, &d->ports[i]));
    put(&l, l.root, "ports", ports);
    put(&l, l.root, "more_ports", json_boolean(d->more_ports));
    if (v != NULL)
        put(&l, l.root, "verdict", json_string(verdict_kind_text(v->kind)));
    return line_end(r, &l);
}

static json_t *input_json(struct line *l, const struct input_totals *input)
{
    json_t *object = json_object(), *damages = json_array();
    put(l, object, "name", safe_json(input->name, SAFE_UTF8));
    if (input->format != NULL)
        put(l, object, "format", json_string(input->format));
    put(l, object, "records", count_json(input->records));
    put(l, object, "bytes", count_json(input->bytes));
    for (size_t i = 0; i < INPUT_DAMAGES_MAX && i < input->damage_count; i++) {
        json_t *damage = json_object();
        put(l, damage, "offset", count_json(input->damage[i].offset));
        put(l, damage, "reason", safe_json(input->damage[i].reason, SAFE_UTF8));
        append(l, damages, damage);
    }
    put(l, object, "damage", damages);
    return object;
}

/* The schema has no places for an estimated count and for damage beyond the list; both are limits
 * of ours, so they are told among them. */
static json_t *limits_json(struct line *l, const struct totals *t)
{
    json_t *array = json_array();
    char sentence[SENTENCE_SIZE];
    for (size_t i = 0; i < t->limit_count; i++)
        append(l, array, safe_json(t->limits_hit[i], SAFE_SENTENCE));
    if (t->seen_is_estimate)
        append(l, array, json_string("the number of hosts seen is an estimate"));
    for (size_t i = 0; i < t->input_count; i++) {
        if (t->inputs[i].damage_count <= INPUT_DAMAGES_MAX)
            continue;
        struct text text = text_over(sentence, sizeof sentence);
        text_add(&text, "input %zu is damaged in %llu places, of which the first %d are listed",
                 i + 1, (unsigned long long)t->inputs[i].damage_count, INPUT_DAMAGES_MAX);
        append(l, array, json_string(sentence));
    }
    return array;
}

static json_t *hosts_json(struct line *l, const struct totals *t)
{
    json_t *hosts = json_object();
    for (unsigned kind = 0; kind < VERDICT_KINDS; kind++)
        put(l, hosts, verdict_kind_text((enum verdict_kind)kind), count_json(t->hosts[kind]));
    put(l, hosts, "outside_infected", count_json(t->outside_infected));
    put(l, hosts, "seen", count_json(t->seen));
    return hosts;
}

static void put_inputs(struct line *l, const struct totals *t)
{
    json_t *inputs = json_array();
    for (size_t i = 0; i < t->input_count; i++)
        append(l, inputs, input_json(l, &t->inputs[i]));
    put(l, l->root, "inputs", inputs);
}

/* A share of hosts or packets; one that is not known is NAN, and left out. */
static void put_share(struct line *l, const char *key, double share)
{
    put_number(l, l->root, key, round(share * 10000) / 10000);
}

static void put_scan(struct line *l, const struct scan_totals *scan)
{
    put(l, l->root, "targets", count_json(scan->targets));
    put(l, l->root, "asked", count_json(scan->asked));
    put(l, l->root, "sent", count_json(scan->sent));
    put(l, l->root, "received", count_json(scan->received));
    put_share(l, "lost_share", scan->lost_share);
    put_share(l, "silent_share", scan->silent_share);
    put(l, l->root, "refused", count_json(scan->refused));
}

static bool json_end(struct report *r, const struct totals *t)
{
    struct line l = line_begin("summary");
    put(&l, l.root, "verb", json_string(t->verb));
    put(&l, l.root, "complete", json_boolean(t->complete));
    put(&l, l.root, "hosts", hosts_json(&l, t));
    if (t->scan != NULL)
        put_scan(&l, t->scan);
    else
        put_inputs(&l, t);
    put(&l, l.root, "limits_hit", limits_json(&l, t));
    put_number(&l, l.root, "expected_false_hosts", t->expected_false_hosts);
    put_number(&l, l.root, "seconds", round(t->seconds * 1000) / 1000);
    return line_end(r, &l);
}

const struct report_format report_json = {
    .id = "json",
    .claim = "JSON Lines: a host, an infection or the summary a line, for programs.",
    .begin = json_begin,
    .host = json_host,
    .edge = json_edge,
    .dark = json_dark,
    .end = json_end,
};
