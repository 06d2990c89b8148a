/* An event for MISP: infected and suspicious hosts as attributes.
 *
 * One site is one event: its UUID is that of the site, and an attribute's that of site, type and
 * value, so that a later import updates what is there and doubles nothing (MISP takes an
 * attribute's UUID once in all its events). The event is not published, stays in the own
 * organisation, and no attribute is for intrusion detection: these are victims, not servers of
 * somebody. What belongs to the event stands behind its attributes, as the site is known by then.
 * Source: the MISP core format. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "report/formats.h"
#include "report/json_line.h"
#include "report/uuid.h"

enum { NAME_SIZE = 1024, SITE_SIZE = 512, TAG_SIZE = 64, SECONDS_SIZE = 32 };

struct event {
    bool is_first, has_host, has_infected;
    char site[SITE_SIZE]; /* as it came; of several sites "" */
};

/* RFC 3339 with an offset, as MISP takes it. */
static void put_seen(struct json_line *l, const char *key, int64_t when_us)
{
    char buffer[TIME_TEXT_SIZE], time[TIME_TEXT_SIZE + 8];
    struct text text = text_over(time, sizeof time);
    if (time_text(when_us, buffer)[0] == '-')
        return;
    text_add(&text, "%.*s+00:00", (int)strcspn(buffer, "Z"), buffer);
    line_put(l, l->root, key, json_string(time));
}

static void put_seconds(struct json_line *l, json_t *object, const char *key, int64_t when_us)
{
    char buffer[SECONDS_SIZE];
    struct text text = text_over(buffer, sizeof buffer);
    text_add(&text, "%lld", (long long)(when_us / US_PER_SECOND));
    line_put(l, object, key, json_string(buffer));
}

static void add_tag(struct json_line *l, json_t *tags, const char *name, const char *value)
{
    char buffer[TAG_SIZE];
    json_t *tag = json_object();
    struct text text = text_over(buffer, sizeof buffer);
    text_add(&text, "%s=\"%s\"", name, value);
    line_put(l, tag, "name", json_string(buffer));
    line_append(l, tags, tag);
}

static void put_tags(struct json_line *l, const struct verdict *v)
{
    char date[DATE_TEXT_SIZE];
    json_t *tags = json_array();
    enum variant all[VARIANTS_MAX];
    unsigned count = variants_in_order(v->variants, all);
    add_tag(l, tags, "wormsign:verdict", verdict_kind_text(v->kind));
    for (unsigned i = 0; i < count; i++)
        add_tag(l, tags, "wormsign:variant", variant_text(all[i]));
    if (v->acknowledged)
        add_tag(l, tags, "wormsign:acknowledged", date_text(v->acknowledged_until, date));
    line_put(l, l->root, "Tag", tags);
}

static struct json_line attribute_of(const char *type, const char *category, const char *value,
                                     const char *site)
{
    char name[NAME_SIZE], uuid[UUID_TEXT_SIZE];
    struct text text = text_over(name, sizeof name);
    struct json_line l = line_of(json_object());
    text_add(&text, "misp|%s|%s|%s", type, value, site);
    line_put(&l, l.root, "uuid", json_string(uuid_text(uuid_of(&uuid_namespace, name), uuid)));
    line_put(&l, l.root, "type", json_string(type));
    line_put(&l, l.root, "category", json_string(category));
    line_put(&l, l.root, "value", safe_json(value, SAFE_UTF8));
    line_put(&l, l.root, "to_ids", json_false());
    line_put(&l, l.root, "distribution", json_string("5"));
    return l;
}

static bool write_host_attribute(struct report *r, const struct verdict *v, const char *type,
                                 const char *value, const char *says)
{
    struct event *e = r->state;
    const char *category = type[0] == 't' ? "Targeting data" : "Network activity";
    struct json_line l = attribute_of(type, category, value, v->site != NULL ? v->site : "");
    line_put(&l, l.root, "comment", safe_json(says, SAFE_SENTENCE));
    put_seconds(&l, l.root, "timestamp", v->last_us != TIME_NONE ? v->last_us : r->began_us);
    if (v->first_us <= v->last_us) {
        put_seen(&l, "first_seen", v->first_us);
        put_seen(&l, "last_seen", v->last_us);
    }
    put_tags(&l, v);
    return line_write_item(&l, r->out, &e->is_first);
}

static bool misp_begin(struct report *r)
{
    struct event *e = calloc(1, sizeof *e);
    r->state = e;
    if (e == NULL)
        return false;
    e->is_first = true;
    return fputs("{\"Event\":{\"Attribute\":[", r->out) != EOF && !ferror(r->out);
}

static void note_host(struct event *e, const struct verdict *v)
{
    struct text text = text_over(e->site, sizeof e->site);
    const char *site = v->site != NULL ? v->site : "";
    e->has_infected = e->has_infected || (v->kind == VERDICT_INFECTED && !v->acknowledged);
    if (!e->has_host)
        text_add(&text, "%s", site);
    else if (strncmp(e->site, site, sizeof e->site - 1) != 0)
        e->site[0] = '\0';
    e->has_host = true;
}

static bool misp_host(struct report *r, const struct verdict *v)
{
    char address[ADDRESS_TEXT_SIZE], mac[MAC_TEXT_SIZE], of[NAME_SIZE];
    struct text text = text_over(of, sizeof of);
    if (v->kind != VERDICT_INFECTED && v->kind != VERDICT_SUSPICIOUS)
        return !ferror(r->out);
    note_host(r->state, v);
    text_add(&text, "of %s", address_text(v->host, address));
    bool good = write_host_attribute(r, v, "ip-src", address, v->says);
    for (unsigned i = 0; i < v->name_count; i++)
        if (v->names[i][0] != '\0')
            good = write_host_attribute(r, v, "target-machine", v->names[i], of) && good;
    if (v->mac != 0)
        good = write_host_attribute(r, v, "mac-address", mac_text(v->mac, mac), of) && good;
    return good;
}

static bool misp_edge(struct report *r, const struct infection *i)
{
    struct event *e = r->state;
    char pair[NAME_SIZE], from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE];
    struct text text = text_over(pair, sizeof pair);
    text_add(&text, "%s %s %s (%s)", address_text(i->from, from), infection_word(i),
             address_text(i->to, to), i->cause);
    struct json_line l = attribute_of("comment", "Other", pair, e->site);
    line_put(&l, l.root, "comment", safe_json(i->says, SAFE_SENTENCE));
    put_seconds(&l, l.root, "timestamp", i->when_us != TIME_NONE ? i->when_us : r->began_us);
    put_seen(&l, "first_seen", i->when_us);
    return line_write_item(&l, r->out, &e->is_first);
}

/* What follows the attributes: the object without the brace that begins it. */
static bool write_event(struct report *r, const struct event *e)
{
    char name[NAME_SIZE], uuid[UUID_TEXT_SIZE], date[DATE_TEXT_SIZE];
    struct text text = text_over(name, sizeof name);
    struct json_line l = line_of(json_object());
    json_t *tags = json_array();
    text_add(&text, "misp|event|%s", e->site);
    line_put(&l, l.root, "uuid", json_string(uuid_text(uuid_of(&uuid_namespace, name), uuid)));
    text = text_over(name, sizeof name);
    text_add(&text, "Conficker%s%s", e->site[0] != '\0' ? " at " : "", e->site);
    line_put(&l, l.root, "info", safe_json(name, SAFE_UTF8));
    line_put(&l, l.root, "date", json_string(date_text(day_of(r->began_us), date)));
    put_seconds(&l, l.root, "timestamp", r->began_us);
    line_put(&l, l.root, "threat_level_id", json_string(e->has_infected ? "2" : "3"));
    line_put(&l, l.root, "analysis", json_string("2"));
    line_put(&l, l.root, "distribution", json_string("0"));
    line_put(&l, l.root, "published", json_false());
    add_tag(&l, tags, "misp-galaxy:malpedia", "Conficker");
    line_put(&l, l.root, "Tag", tags);
    char *rest = l.failed ? NULL : json_dumps(l.root, JSON_COMPACT);
    json_decref(l.root);
    bool good = rest != NULL && fprintf(r->out, "\n],%s}\n", rest + 1) > 0;
    free(rest);
    return good;
}

static bool misp_end(struct report *r, const struct totals *t)
{
    struct event *e = r->state;
    (void)t;
    if (e == NULL)
        return false;
    bool good = write_event(r, e);
    free(e);
    r->state = NULL;
    return fflush(r->out) == 0 && good && !ferror(r->out);
}

const struct report_format report_misp = {
    .id = "misp",
    .claim = "A MISP event: infected and suspicious hosts as attributes.",
    .is_a_list = true,
    .begin = misp_begin,
    .host = misp_host,
    .edge = misp_edge,
    .end = misp_end,
};
