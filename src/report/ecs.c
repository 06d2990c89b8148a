/* Documents by the Elastic Common Schema, version 8.11, a line each: every host, every infection,
 * and at the end what the run came to.
 *
 * A host that is infected or suspicious is an event of kind "alert", any other one of kind "state",
 * so that a dashboard also shows who was asked and found clean. network.community_id has those of
 * the flows that the signs tell whole; most signs tell none. What the schema has no field for
 * stands under "wormsign". event.id is the same for the same host at the same site.
 * Source: the published fields of ECS; S0608 is MITRE's number of Conficker. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "report/community_id.h"
#include "report/formats.h"
#include "report/json_line.h"
#include "report/uuid.h"

enum {
    RISK_INFECTED = 100,
    RISK_SUSPICIOUS = 50,
    RISK_ACKNOWLEDGED = 20,
    NAME_SIZE = 1024,
    FLOWS_MAX = 16 /* community IDs of one host; a host has hardly more signs */
};

static void put_common(struct json_line *l, const struct report *r, int64_t when_us)
{
    char buffer[TIME_TEXT_SIZE];
    json_t *ecs = json_object(), *observer = json_object();
    const char *time = time_text(when_us != TIME_NONE ? when_us : r->began_us, buffer);
    line_put(l, l->root, "@timestamp", json_string(time));
    line_put(l, ecs, "version", json_string("8.11.0"));
    line_put(l, l->root, "ecs", ecs);
    line_put(l, observer, "vendor", json_string("wormsign"));
    line_put(l, observer, "product", json_string("wormsign"));
    if (r->version != NULL)
        line_put_text(l, observer, "version", r->version);
    line_put(l, l->root, "observer", observer);
}

/* An event of ours: its kind and dataset, and a name that makes its id. */
static json_t *event_json(struct json_line *l, const char *kind, const char *dataset,
                          const char *name)
{
    char buffer[UUID_TEXT_SIZE];
    json_t *event = json_object(), *category = json_array(), *type = json_array();
    line_put(l, event, "kind", json_string(kind));
    line_append(l, category, json_string("malware"));
    line_put(l, event, "category", category);
    line_append(l, type, json_string("info"));
    line_put(l, event, "type", type);
    line_put(l, event, "module", json_string("wormsign"));
    line_put(l, event, "dataset", json_string(dataset));
    line_put(l, event, "id", json_string(uuid_text(uuid_of(&uuid_namespace, name), buffer)));
    return event;
}

/* As ECS writes it: capitals, with - between. */
static json_t *mac_json(uint64_t mac)
{
    char text[MAC_TEXT_SIZE];
    (void)mac_text(mac, text);
    for (char *c = text; *c != '\0'; c++)
        *c = (char)(*c == ':' ? '-' : toupper((unsigned char)*c));
    return json_string(text);
}

static void put_host(struct json_line *l, const struct verdict *v)
{
    json_t *host = json_object(), *ips = json_array(), *macs = json_array();
    line_append(l, ips, address_json(v->host));
    line_put(l, host, "ip", ips);
    if (v->name_count > 0)
        line_put(l, host, "name", safe_json(v->names[0], SAFE_UTF8));
    if (v->mac != 0)
        line_append(l, macs, mac_json(v->mac));
    if (v->mac != 0)
        line_put(l, host, "mac", macs);
    else
        json_decref(macs);
    line_put(l, l->root, "host", host);
}

static void put_related(struct json_line *l, const struct verdict *v)
{
    json_t *related = json_object(), *ips = json_array(), *names = json_array();
    line_append(l, ips, address_json(v->host));
    for (size_t i = 0; i < v->sign_count; i++)
        if (v->signs[i].flow.protocol != 0)
            line_append(l, ips, address_json(v->signs[i].flow.peer));
    for (unsigned i = 0; i < v->behind_count; i++)
        line_append(l, ips, address_json(v->behind[i].address));
    for (unsigned i = 0; i < v->name_count; i++)
        line_append(l, names, safe_json(v->names[i], SAFE_UTF8));
    line_put(l, related, "ip", ips);
    line_put(l, related, "hosts", names);
    line_put(l, l->root, "related", related);
}

static void put_network(struct json_line *l, const struct verdict *v)
{
    char id[COMMUNITY_ID_SIZE];
    json_t *network = json_object(), *ids = json_array();
    unsigned count = 0;
    for (size_t i = 0; i < v->sign_count && count < FLOWS_MAX; i++) {
        const struct sign_flow *flow = &v->signs[i].flow;
        if (!community_id(v->host, flow->port, flow->peer, flow->peer_port, flow->protocol, id))
            continue;
        line_append(l, ids, json_string(id));
        count++;
    }
    line_put(l, network, "community_id", ids);
    if (count > 0)
        line_put(l, l->root, "network", network);
    else
        json_decref(network);
}

static void put_threat(struct json_line *l)
{
    json_t *threat = json_object(), *software = json_object();
    line_put(l, software, "id", json_string("S0608"));
    line_put(l, software, "name", json_string("Conficker"));
    line_put(l, software, "type", json_string("Malware"));
    line_put(l, threat, "software", software);
    line_put(l, l->root, "threat", threat);
}

static void put_own(struct json_line *l, const struct verdict *v)
{
    json_t *own = json_object(), *signs = json_array();
    line_put(l, own, "verdict", json_string(verdict_kind_text(v->kind)));
    line_put(l, own, "home", json_boolean(v->home));
    line_put_standing(l, own, v);
    line_put(l, own, "variants", variants_json(l, v->variants));
    line_put(l, own, "marks", marks_json(l, v->marks));
    line_put(l, own, "proof", json_boolean(v->proof));
    line_put_tenths(l, own, "weight", v->weight);
    for (size_t i = 0; i < v->sign_count; i++)
        line_append(l, signs, json_string(sign_kind_of(v->signs[i].id)->id));
    line_put(l, own, "signs", signs);
    if (v->kind == VERDICT_UNKNOWN)
        line_put(l, own, "reason", safe_json(v->reason, SAFE_SENTENCE));
    line_put(l, l->root, "wormsign", own);
}

static void put_tag(struct json_line *l, const char *tag)
{
    json_t *tags = json_array();
    line_append(l, tags, json_string(tag));
    line_put(l, l->root, "tags", tags);
}

static bool ecs_begin(struct report *r)
{
    r->state = NULL;
    return true;
}

static bool ecs_host(struct report *r, const struct verdict *v)
{
    char name[NAME_SIZE], address[ADDRESS_TEXT_SIZE];
    struct text text = text_over(name, sizeof name);
    bool is_alert = v->kind == VERDICT_INFECTED || v->kind == VERDICT_SUSPICIOUS;
    struct json_line l = line_of(json_object());
    text_add(&text, "host|%s|%s", address_text(v->host, address), v->site != NULL ? v->site : "");
    put_common(&l, r, v->last_us);
    json_t *event = event_json(&l, is_alert ? "alert" : "state", "wormsign.host", name);
    if (is_alert)
        line_put(&l, event, "risk_score",
                 json_integer(v->acknowledged               ? RISK_ACKNOWLEDGED
                              : v->kind == VERDICT_INFECTED ? RISK_INFECTED
                                                            : RISK_SUSPICIOUS));
    line_put_time(&l, event, "start", v->first_us);
    line_put_time(&l, event, "end", v->last_us);
    line_put(&l, l.root, "event", event);
    line_put(&l, l.root, "message", safe_json(v->says, SAFE_SENTENCE));
    if (v->acknowledged)
        put_tag(&l, "acknowledged");
    put_host(&l, v);
    put_related(&l, v);
    put_network(&l, v);
    if (is_alert)
        put_threat(&l);
    put_own(&l, v);
    return line_write(&l, r->out);
}

static void put_end(struct json_line *l, const char *key, struct address a)
{
    json_t *end = json_object();
    line_put(l, end, "ip", address_json(a));
    line_put(l, l->root, key, end);
}

static bool ecs_edge(struct report *r, const struct infection *i)
{
    char name[NAME_SIZE], from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE];
    struct text text = text_over(name, sizeof name);
    struct json_line l = line_of(json_object());
    json_t *own = json_object();
    text_add(&text, "infection|%s|%s|%s", address_text(i->from, from), address_text(i->to, to),
             i->cause);
    put_common(&l, r, i->when_us);
    json_t *event = event_json(&l, "alert", "wormsign.infection", name);
    line_put(&l, event, "action", json_string(infection_word(i)));
    line_put(&l, event, "risk_score",
             json_integer(infection_is_attack(i) ? RISK_SUSPICIOUS : RISK_INFECTED));
    line_put(&l, l.root, "event", event);
    line_put(&l, l.root, "message", safe_json(i->says, SAFE_SENTENCE));
    put_end(&l, "source", i->from);
    put_end(&l, "destination", i->to);
    put_threat(&l);
    line_put(&l, own, "cause", safe_json(i->cause, SAFE_SENTENCE));
    line_put(&l, own, "variants", variants_json(&l, i->variants));
    line_put(&l, l.root, "wormsign", own);
    return line_write(&l, r->out);
}

static bool ecs_end(struct report *r, const struct totals *t)
{
    char name[NAME_SIZE], time[TIME_TEXT_SIZE];
    struct text text = text_over(name, sizeof name);
    struct json_line l = line_of(json_object());
    json_t *own = json_object();
    text_add(&text, "run|%s|%s", t->verb, time_text(r->began_us, time));
    put_common(&l, r, r->began_us);
    line_put(&l, l.root, "event", event_json(&l, "metric", "wormsign.summary", name));
    line_put(&l, own, "verb", json_string(t->verb));
    line_put(&l, own, "complete", json_boolean(t->complete));
    line_put(&l, own, "hosts", hosts_json(&l, t));
    line_put_looked_at(&l, own, t->only);
    line_put(&l, l.root, "wormsign", own);
    return line_write(&l, r->out);
}

const struct report_format report_ecs = {
    .id = "ecs",
    .claim = "JSON Lines by the Elastic Common Schema: a document a host and an infection.",
    .begin = ecs_begin,
    .host = ecs_host,
    .edge = ecs_edge,
    .end = ecs_end,
};
