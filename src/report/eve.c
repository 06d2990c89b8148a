/* Alerts as Suricata's EVE has them, so that what reads eve.json reads this: a line a sign of a
 * host that is infected or suspicious, a line an infection, and at the end a line of statistics.
 *
 *   {"timestamp":"2009-04-21T18:02:00.000000+0000","event_type":"alert","src_ip":"10.0.0.5",...}
 *
 * src_ip is always the host that the alert is of; dest_ip, the ports, proto and community_id are
 * those of one flow that the sign rests on, and absent where no flow, or not all of it, is known:
 * most signs are of many. What is ours stands under "wormsign". Hosts that are clean or unknown
 * raise no alert. */
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "report/community_id.h"
#include "report/formats.h"
#include "report/json_line.h"

enum {
    TCP = 6,
    GENERATOR = 7445, /* of alerts; Suricata's own is 1 */
    FIRST_SIGN = 1000,
    INFECTION = 1,
    ATTACK = 2,
    SEVERITY_HIGH = 1,
    SEVERITY_MEDIUM = 2,
    SEVERITY_LOW = 3,
    SIGNATURE_SIZE = 160
};

static void put_eve_time(struct json_line *l, int64_t when_us)
{
    char buffer[TIME_TEXT_SIZE], eve[TIME_TEXT_SIZE + 8];
    struct text text = text_over(eve, sizeof eve);
    const char *time = time_text(when_us, buffer);
    text_add(&text, "%.*s+0000", (int)strcspn(time, "Z"), time);
    line_put(l, l->root, "timestamp", json_string(eve));
}

static void put_flow(struct json_line *l, struct address host, const struct sign_flow *flow)
{
    char id[COMMUNITY_ID_SIZE];
    if (flow->protocol == 0)
        return;
    if (flow->port != 0)
        line_put(l, l->root, "src_port", json_integer(flow->port));
    line_put(l, l->root, "dest_ip", address_json(flow->peer));
    if (flow->peer_port != 0)
        line_put(l, l->root, "dest_port", json_integer(flow->peer_port));
    line_put(l, l->root, "proto", json_string(flow->protocol == TCP ? "TCP" : "UDP"));
    if (community_id(host, flow->port, flow->peer, flow->peer_port, flow->protocol, id))
        line_put(l, l->root, "community_id", json_string(id));
}

static void put_alert(struct json_line *l, int signature_id, const char *signature, int severity)
{
    json_t *alert = json_object();
    line_put(l, alert, "action", json_string("allowed"));
    line_put(l, alert, "gid", json_integer(GENERATOR));
    line_put(l, alert, "signature_id", json_integer(signature_id));
    line_put(l, alert, "rev", json_integer(1));
    line_put(l, alert, "signature", json_string(signature));
    line_put(l, alert, "category", json_string("A Network Trojan was detected"));
    line_put(l, alert, "severity", json_integer(severity));
    line_put(l, l->root, "alert", alert);
}

static void put_own(struct json_line *l, const struct verdict *v, const struct sign *s)
{
    json_t *own = json_object(), *names = json_array();
    line_put(l, own, "host", address_json(v->host));
    line_put(l, own, "home", json_boolean(v->home));
    line_put_standing(l, own, v);
    for (unsigned i = 0; i < v->name_count; i++)
        line_append(l, names, safe_json(v->names[i], SAFE_UTF8));
    line_put(l, own, "names", names);
    line_put(l, own, "verdict", json_string(verdict_kind_text(v->kind)));
    line_put(l, own, "variants", variants_json(l, v->variants));
    line_put(l, own, "marks", marks_json(l, v->marks));
    if (s != NULL) {
        line_put(l, own, "sign", json_string(sign_kind_of(s->id)->id));
        line_put(l, own, "count", count_json(s->count));
        line_put_time(l, own, "first", s->first_us);
        line_put_time(l, own, "last", s->last_us);
    }
    line_put(l, own, "says", safe_json(s != NULL ? s->says : v->says, SAFE_SENTENCE));
    line_put(l, l->root, "wormsign", own);
}

static bool write_alert(struct report *r, const struct verdict *v, const struct sign *s)
{
    char signature[SIGNATURE_SIZE];
    struct text text = text_over(signature, sizeof signature);
    struct json_line l = line_of(json_object());
    int64_t when_us = s != NULL && s->last_us != TIME_NONE ? s->last_us : v->last_us;
    int severity = v->acknowledged               ? SEVERITY_LOW
                   : v->kind == VERDICT_INFECTED ? SEVERITY_HIGH
                                                 : SEVERITY_MEDIUM;
    text_add(&text, "wormsign %s%s: Conficker", v->acknowledged ? "acknowledged " : "",
             verdict_kind_text(v->kind));
    if (s != NULL)
        text_add(&text, ", %s", sign_kind_of(s->id)->id);
    put_eve_time(&l, when_us != TIME_NONE ? when_us : r->began_us);
    line_put(&l, l.root, "event_type", json_string("alert"));
    line_put(&l, l.root, "src_ip", address_json(v->host));
    if (s != NULL)
        put_flow(&l, v->host, &s->flow);
    put_alert(&l, FIRST_SIGN + (s != NULL ? (int)s->id : SIGN_IDS), signature, severity);
    put_own(&l, v, s);
    return line_write(&l, r->out);
}

static bool eve_begin(struct report *r)
{
    r->state = NULL;
    return true;
}

static bool eve_host(struct report *r, const struct verdict *v)
{
    bool good = !ferror(r->out);
    if (v->kind != VERDICT_INFECTED && v->kind != VERDICT_SUSPICIOUS)
        return good;
    if (v->sign_count == 0)
        return write_alert(r, v, NULL) && good;
    for (size_t i = 0; i < v->sign_count; i++)
        good = write_alert(r, v, &v->signs[i]) && good;
    return good;
}

static bool eve_edge(struct report *r, const struct infection *i)
{
    struct json_line l = line_of(json_object());
    json_t *own = json_object();
    put_eve_time(&l, i->when_us != TIME_NONE ? i->when_us : r->began_us);
    line_put(&l, l.root, "event_type", json_string("alert"));
    line_put(&l, l.root, "src_ip", address_json(i->from));
    line_put(&l, l.root, "dest_ip", address_json(i->to));
    if (infection_is_attack(i))
        put_alert(&l, ATTACK, "wormsign attack: Conficker", SEVERITY_MEDIUM);
    else
        put_alert(&l, INFECTION, "wormsign infection: Conficker", SEVERITY_HIGH);
    line_put(&l, own, "from", address_json(i->from));
    line_put(&l, own, "to", address_json(i->to));
    line_put(&l, own, "cause", safe_json(i->cause, SAFE_SENTENCE));
    line_put(&l, own, "variants", variants_json(&l, i->variants));
    line_put(&l, own, "says", safe_json(i->says, SAFE_SENTENCE));
    line_put(&l, l.root, "wormsign", own);
    return line_write(&l, r->out);
}

static bool eve_end(struct report *r, const struct totals *t)
{
    struct json_line l = line_of(json_object());
    json_t *stats = json_object(), *own = json_object();
    put_eve_time(&l, r->began_us);
    line_put(&l, l.root, "event_type", json_string("stats"));
    line_put(&l, own, "verb", json_string(t->verb));
    line_put(&l, own, "complete", json_boolean(t->complete));
    line_put(&l, own, "hosts", hosts_json(&l, t));
    line_put_looked_at(&l, own, t->only);
    line_put(&l, stats, "wormsign", own);
    line_put(&l, l.root, "stats", stats);
    return line_write(&l, r->out);
}

const struct report_format report_eve = {
    .id = "eve",
    .claim = "JSON Lines as Suricata's EVE: an alert a sign of infected and suspicious hosts.",
    .begin = eve_begin,
    .host = eve_host,
    .edge = eve_edge,
    .end = eve_end,
};
