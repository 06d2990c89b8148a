/* A bundle of STIX 2.1, to share what was found: Conficker, who was seen with it, and when.
 *
 *   malware <-sighting_of- sighting -observed_data-> observed-data -objects-> ipv4-addr
 *      ^---------hosts--- infrastructure --consists-of--> ipv4-addr
 *
 * Infected and suspicious hosts alone; a suspicious one has no infrastructure, and its sighting a
 * low confidence. Ids are UUIDs of version 5: of addresses in the namespace that STIX gives for
 * them, of all else in ours, over site, address and variants. So the same evidence makes the same
 * bundle, and a newer one of the same host is its newer version ("modified" is its last sign).
 * An address is written once, also where it is in several objects.
 * Source: STIX 2.1, OASIS Standard; 2.9 and 3.4 for the ids. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "report/address_set.h"
#include "report/formats.h"
#include "report/json_line.h"
#include "report/uuid.h"

enum {
    NAME_SIZE = 1024,
    ID_SIZE = 80,
    COUNT_MOST = 999999999,
    CONFIDENCE_PROOF = 95,
    CONFIDENCE_CHANCE = 85,
    CONFIDENCE_SUSPICIOUS = 30
};

/* When our own words about the worm were written: they are the same in every bundle. */
#define OURS_SINCE "2026-11-22T00:00:00.000000Z"

/* Of cyber observables, whose ids everybody makes alike. */
static const struct uuid observables = {{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01,
                                         0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7}};

struct bundle {
    bool is_first;
    struct uuid all; /* of the ids that were written */
    struct address_set told, macs;
    char worm[ID_SIZE], ours[ID_SIZE];
};

/* One host's ids. */
struct ids {
    char address[ID_SIZE], mac[ID_SIZE], observed[ID_SIZE], sighting[ID_SIZE],
        infrastructure[ID_SIZE], consists[ID_SIZE], hosts[ID_SIZE];
};

static const char *id_in(const struct uuid *name_space, const char *type, const char *name,
                         char id[static ID_SIZE])
{
    char uuid[UUID_TEXT_SIZE];
    struct text text = text_over(id, ID_SIZE);
    text_add(&text, "%s--%s", type, uuid_text(uuid_of(name_space, name), uuid));
    return id;
}

/* Of an observable with this value: a hash of {"value":"..."}, written canonically. */
static const char *observable_id(const char *type, const char *value, char id[static ID_SIZE])
{
    char name[NAME_SIZE];
    struct text text = text_over(name, sizeof name);
    text_add(&text, "{\"value\":\"%s\"}", value);
    return id_in(&observables, type, name, id);
}

static const char *address_type(struct address a)
{
    return address_is_v4(a) ? "ipv4-addr" : "ipv6-addr";
}

static struct json_line object_of(const char *type, const char *id)
{
    struct json_line l = line_of(json_object());
    line_put(&l, l.root, "type", json_string(type));
    line_put(&l, l.root, "spec_version", json_string("2.1"));
    line_put(&l, l.root, "id", json_string(id));
    return l;
}

static void put_life(struct json_line *l, const struct bundle *b, const char *created,
                     const char *modified)
{
    line_put(l, l->root, "created_by_ref", json_string(b->ours));
    line_put(l, l->root, "created", json_string(created));
    line_put(l, l->root, "modified", json_string(modified));
}

static bool write_object(struct report *r, struct json_line *l)
{
    struct bundle *b = r->state;
    const char *id = json_string_value(json_object_get(l->root, "id"));
    uuid_mix(&b->all, uuid_of(&uuid_namespace, id != NULL ? id : ""));
    return line_write_item(l, r->out, &b->is_first);
}

static void put_list(struct json_line *l, const char *key, const char *only)
{
    json_t *list = json_array();
    line_append(l, list, json_string(only));
    line_put(l, l->root, key, list);
}

static bool write_relation(struct report *r, const char *id, const char *type, const char *from,
                           const char *to, const char *created, const char *modified)
{
    struct json_line l = object_of("relationship", id);
    put_life(&l, r->state, created, modified);
    line_put(&l, l.root, "relationship_type", json_string(type));
    line_put(&l, l.root, "source_ref", json_string(from));
    line_put(&l, l.root, "target_ref", json_string(to));
    return write_object(r, &l);
}

static bool write_ours(struct report *r)
{
    static const char *const aliases[] = {"Downadup", "Kido"};
    struct bundle *b = r->state;
    struct json_line l = object_of("identity", b->ours);
    line_put(&l, l.root, "created", json_string(OURS_SINCE));
    line_put(&l, l.root, "modified", json_string(OURS_SINCE));
    line_put(&l, l.root, "name", json_string("wormsign"));
    line_put(&l, l.root, "identity_class", json_string("system"));
    bool good = write_object(r, &l);
    json_t *names = json_array();
    l = object_of("malware", b->worm);
    put_life(&l, b, OURS_SINCE, OURS_SINCE);
    line_put(&l, l.root, "name", json_string("Conficker"));
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        line_append(&l, names, json_string(aliases[i]));
    line_put(&l, l.root, "aliases", names);
    put_list(&l, "malware_types", "worm");
    line_put(&l, l.root, "is_family", json_true());
    return write_object(r, &l) && good;
}

static bool stix_begin(struct report *r)
{
    struct bundle *b = calloc(1, sizeof *b);
    r->state = b;
    if (b == NULL)
        return false;
    b->is_first = true;
    (void)id_in(&uuid_namespace, "identity", "wormsign", b->ours);
    (void)id_in(&uuid_namespace, "malware", "Conficker", b->worm);
    return fputs("{\"type\":\"bundle\",\"objects\":[", r->out) != EOF && write_ours(r);
}

static struct ids ids_of(const struct verdict *v)
{
    struct ids ids;
    char name[NAME_SIZE], address[ADDRESS_TEXT_SIZE], mac[MAC_TEXT_SIZE];
    struct text text = text_over(name, sizeof name);
    (void)address_text(v->host, address);
    text_add(&text, "%s|%u|%s", address, v->variants & ~(unsigned)VARIANT_E_FIRST,
             v->site != NULL ? v->site : "");
    (void)observable_id(address_type(v->host), address, ids.address);
    (void)observable_id("mac-addr", mac_text(v->mac, mac), ids.mac);
    (void)id_in(&uuid_namespace, "observed-data", name, ids.observed);
    (void)id_in(&uuid_namespace, "sighting", name, ids.sighting);
    (void)id_in(&uuid_namespace, "infrastructure", name, ids.infrastructure);
    text_add(&text, "|consists-of");
    (void)id_in(&uuid_namespace, "relationship", name, ids.consists);
    text_add(&text, "|hosts");
    (void)id_in(&uuid_namespace, "relationship", name, ids.hosts);
    return ids;
}

static bool write_addresses(struct report *r, const struct verdict *v, const struct ids *ids)
{
    char mac[MAC_TEXT_SIZE];
    struct bundle *b = r->state;
    if (!address_set_is_new(&b->told, v->host))
        return !ferror(r->out);
    struct json_line l = object_of(address_type(v->host), ids->address);
    line_put(&l, l.root, "value", address_json(v->host));
    if (v->mac != 0)
        put_list(&l, "resolves_to_refs", ids->mac);
    bool good = write_object(r, &l);
    if (v->mac == 0 || !address_set_is_new(&b->macs, (struct address){1, v->mac}))
        return good;
    l = object_of("mac-addr", ids->mac);
    line_put(&l, l.root, "value", json_string(mac_text(v->mac, mac)));
    return write_object(r, &l) && good;
}

/* What STIX has no field for, as labels: verdict, variants, marks, site. */
static void put_labels(struct json_line *l, const struct verdict *v)
{
    char label[NAME_SIZE], date[DATE_TEXT_SIZE];
    json_t *labels = json_array();
    enum variant all[VARIANTS_MAX];
    unsigned count = variants_in_order(v->variants, all);
    struct text text = text_over(label, sizeof label);
    text_add(&text, "wormsign:verdict=%s", verdict_kind_text(v->kind));
    line_append(l, labels, json_string(label));
    for (unsigned i = 0; i < count; i++) {
        text = text_over(label, sizeof label);
        text_add(&text, "wormsign:variant=%s", variant_text(all[i]));
        line_append(l, labels, json_string(label));
    }
    for (unsigned bit = MARK_ATTACKED; bit <= MARK_UNPATCHED; bit <<= 1) {
        if ((v->marks & bit) == 0)
            continue;
        text = text_over(label, sizeof label);
        text_add(&text, "wormsign:mark=%s", mark_text((enum mark)bit));
        line_append(l, labels, json_string(label));
    }
    text = text_over(label, sizeof label);
    text_add(&text, "wormsign:acknowledged=%s", date_text(v->acknowledged_until, date));
    if (v->acknowledged)
        line_append(l, labels, json_string(label));
    text = text_over(label, sizeof label);
    text_add(&text, "wormsign:site=%s", v->site != NULL ? v->site : "");
    if (v->site != NULL)
        line_append(l, labels, safe_json(label, SAFE_UTF8));
    line_put(l, l->root, "labels", labels);
}

static json_t *count_of(const struct verdict *v)
{
    uint64_t count = v->sign_count > 0 ? v->signs[0].count : 1;
    return json_integer(count < 1 ? 1 : count > COUNT_MOST ? COUNT_MOST : (json_int_t)count);
}

static bool write_sighting(struct report *r, const struct verdict *v, const struct ids *ids,
                           const char *first, const char *last)
{
    const struct bundle *b = r->state;
    struct json_line l = object_of("observed-data", ids->observed);
    put_life(&l, b, first, last);
    line_put(&l, l.root, "first_observed", json_string(first));
    line_put(&l, l.root, "last_observed", json_string(last));
    line_put(&l, l.root, "number_observed", count_of(v));
    put_list(&l, "object_refs", ids->address);
    put_labels(&l, v);
    bool good = write_object(r, &l);
    l = object_of("sighting", ids->sighting);
    put_life(&l, b, first, last);
    line_put(&l, l.root, "description", safe_json(v->says, SAFE_SENTENCE));
    line_put(&l, l.root, "first_seen", json_string(first));
    line_put(&l, l.root, "last_seen", json_string(last));
    line_put(&l, l.root, "count", count_of(v));
    line_put(&l, l.root, "confidence",
             json_integer(v->kind == VERDICT_SUSPICIOUS ? CONFIDENCE_SUSPICIOUS
                          : v->proof                    ? CONFIDENCE_PROOF
                                                        : CONFIDENCE_CHANCE));
    put_labels(&l, v);
    line_put(&l, l.root, "sighting_of_ref", json_string(b->worm));
    put_list(&l, "observed_data_refs", ids->observed);
    return write_object(r, &l) && good;
}

static bool write_infrastructure(struct report *r, const struct verdict *v, const struct ids *ids,
                                 const char *first, const char *last)
{
    char name[NAME_SIZE], address[ADDRESS_TEXT_SIZE];
    const struct bundle *b = r->state;
    struct text text = text_over(name, sizeof name);
    struct json_line l = object_of("infrastructure", ids->infrastructure);
    text_add(&text, "%s", address_text(v->host, address));
    if (v->name_count > 0)
        text_add(&text, " (%s)", v->names[0]);
    put_life(&l, b, first, last);
    line_put(&l, l.root, "name", safe_json(name, SAFE_UTF8));
    put_list(&l, "infrastructure_types", "botnet");
    line_put(&l, l.root, "first_seen", json_string(first));
    line_put(&l, l.root, "last_seen", json_string(last));
    bool good = write_object(r, &l);
    good = write_relation(r, ids->consists, "consists-of", ids->infrastructure, ids->address, first,
                          last) &&
           good;
    return write_relation(r, ids->hosts, "hosts", ids->infrastructure, b->worm, first, last) &&
           good;
}

/* "modified" must not be before "created". */
static void times_of(const struct report *r, int64_t first_us, int64_t last_us,
                     char first[static TIME_TEXT_SIZE], char last[static TIME_TEXT_SIZE])
{
    bool known = first_us != TIME_NONE && last_us != TIME_NONE && first_us <= last_us &&
                 time_text(first_us, first)[0] != '-' && time_text(last_us, last)[0] != '-';
    if (known)
        return;
    (void)time_text(r->began_us, first);
    (void)time_text(r->began_us, last);
}

static bool stix_host(struct report *r, const struct verdict *v)
{
    char first[TIME_TEXT_SIZE], last[TIME_TEXT_SIZE];
    if (v->kind != VERDICT_INFECTED && v->kind != VERDICT_SUSPICIOUS)
        return !ferror(r->out);
    struct ids ids = ids_of(v);
    times_of(r, v->first_us, v->last_us, first, last);
    bool good = write_addresses(r, v, &ids) && write_sighting(r, v, &ids, first, last);
    if (v->kind == VERDICT_INFECTED)
        good = good && write_infrastructure(r, v, &ids, first, last);
    return good;
}

/* The end of an infection, which need not be a host of the bundle. */
static bool write_address(struct report *r, struct address a, char id[static ID_SIZE])
{
    char buffer[ADDRESS_TEXT_SIZE];
    struct bundle *b = r->state;
    (void)observable_id(address_type(a), address_text(a, buffer), id);
    if (!address_set_is_new(&b->told, a))
        return !ferror(r->out);
    struct json_line l = object_of(address_type(a), id);
    line_put(&l, l.root, "value", address_json(a));
    return write_object(r, &l);
}

static bool stix_edge(struct report *r, const struct infection *i)
{
    char from[ID_SIZE], to[ID_SIZE], id[ID_SIZE], name[NAME_SIZE];
    char first[TIME_TEXT_SIZE], last[TIME_TEXT_SIZE];
    struct text text = text_over(name, sizeof name);
    times_of(r, i->when_us, i->when_us, first, last);
    bool good = write_address(r, i->from, from) && write_address(r, i->to, to);
    text_add(&text, "%s|%s|%s", from, to, i->cause);
    struct json_line l = object_of("relationship",
                                   id_in(&uuid_namespace, "relationship", name, id));
    put_life(&l, r->state, first, last);
    line_put(&l, l.root, "relationship_type", json_string("related-to"));
    line_put(&l, l.root, "description", safe_json(i->says, SAFE_SENTENCE));
    line_put(&l, l.root, "source_ref", json_string(from));
    line_put(&l, l.root, "target_ref", json_string(to));
    return write_object(r, &l) && good;
}

static bool stix_end(struct report *r, const struct totals *t)
{
    char uuid[UUID_TEXT_SIZE];
    struct bundle *b = r->state;
    (void)t;
    if (b == NULL)
        return false;
    bool good = fprintf(r->out, "\n],\"id\":\"bundle--%s\"}\n", uuid_text(b->all, uuid)) > 0;
    address_set_free(&b->told);
    address_set_free(&b->macs);
    free(b);
    r->state = NULL;
    return fflush(r->out) == 0 && good && !ferror(r->out);
}

const struct report_format report_stix = {
    .id = "stix",
    .claim = "A STIX 2.1 bundle: sightings of Conficker at infected and suspicious hosts.",
    .is_a_list = true,
    .begin = stix_begin,
    .host = stix_host,
    .edge = stix_edge,
    .end = stix_end,
};
