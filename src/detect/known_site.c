/* known-site: it looked up, or asked by HTTP, a site that the worm visits too: one that tells a
 * host its own address, the one from which variant A was to fetch a program, or one of the user's
 * list. Plenty of innocent programs do the same, so it weighs 1 point. Sites that the worm asks for
 * the time are visited by everybody: they are counted as context, and are no sign by themselves.
 * Source: spec of behaviour, section 4; conficker/worm_sites. */
#include <string.h>

#include "base/hash.h"
#include "base/plural.h"
#include "base/writer.h"
#include "conficker/worm_sites.h"
#include "detect/detector.h"
#include "detect/http_seen.h"
#include "detect/sites.h"
#include "evidence/examples.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"
#include "evidence/set.h"
#include "evidence/span.h"
#include "wire/dns.h"

#define POINTS 1.0

enum { DNS_PORT = 53 };

_Static_assert(WORM_SITES <= 32, "the worm's sites are bits of a number");

/* What few hosts need: sites that weigh. */
struct hits {
    struct span span;         /* first: watcher_hits */
    struct set listed;        /* distinct sites of the user's list */
    struct examples examples; /* names as they were asked */
};

_Static_assert(offsetof(struct hits, span) == 0, "watcher_hits makes it");

struct slot {
    uint32_t of_worm; /* bits: which of worm_sites */
    struct hits *hits;
};

static struct hits *hits_of(struct watcher *w, struct slot *s)
{
    s->hits = watcher_hits(w, s->hits, sizeof *s->hits);
    return s->hits;
}

static void note_hit(struct watcher *w, struct slot *s, const struct observation *seen,
                     const char *name, const char *listed)
{
    struct hits *hits = hits_of(w, s);
    uint64_t hash = hash_bytes(name, strlen(name));
    if (hits == NULL)
        return;
    if (listed != NULL)
        (void)set_add(hosts_sets(w->hosts), &hits->listed, hash_bytes(listed, strlen(listed)));
    span_add(&hits->span, seen->when_us);
    examples_add(&hits->examples, hash, name);
}

/* name: lower case, NUL-terminated. */
static void note_name(struct watcher *w, const struct observation *seen, const char *name)
{
    size_t length = strlen(name);
    unsigned site = worm_site_of(name, length);
    const char *listed = w->sites != NULL ? sites_find(w->sites, name, length) : NULL;
    if (site == WORM_SITES && listed == NULL)
        return;
    struct slot *s = watcher_slot(w, seen->client.address, seen->when_us);
    if (s == NULL)
        return;
    bool is_clock = site < WORM_SITES && worm_sites[site].kind == WORM_SITE_CLOCK;
    if (site < WORM_SITES)
        s->of_worm |= UINT32_C(1) << site;
    bool is_ours = site == WORM_SITES || is_clock; /* to count: what both lists have, once */
    if (listed != NULL || !is_ours)
        note_hit(w, s, seen, name, is_ours ? listed : NULL);
}

static void observe_dns(struct watcher *w, const struct observation *seen)
{
    const struct dns_message *dns = seen->dns;
    if (seen->server.port != DNS_PORT || dns->opcode != 0)
        return;
    for (unsigned i = 0; i < dns->name_count; i++)
        if (dns->names[i].type == DNS_TYPE_A || dns->names[i].type == DNS_TYPE_AAAA)
            note_name(w, seen, dns->names[i].text);
}

/* Host without its port and a final dot, in lower case. */
static void observe_request(struct watcher *w, const struct observation *seen)
{
    char name[DNS_NAME_MAX + 1];
    struct reader host = seen->http->host;
    size_t length = 0;
    while (host.left > 0 && length < DNS_NAME_MAX) {
        char c = (char)read_u8(&host);
        if (c == ':' || c == '\0')
            break;
        name[length++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    if (length > 0 && name[length - 1] == '.')
        length--;
    name[length] = '\0';
    if (length > 0)
        note_name(w, seen, name);
}

static void observe(struct watcher *w, const struct observation *seen)
{
    if (!seen->client_known)
        return;
    if (seen->kind == OBSERVED_DNS)
        observe_dns(w, seen);
    else if (http_is_request(seen))
        observe_request(w, seen);
}

static void merge(struct watcher *w, void *into_slot, const void *from_slot)
{
    struct slot *into = into_slot;
    const struct slot *from = from_slot;
    into->of_worm |= from->of_worm;
    struct hits *hits = from->hits != NULL ? hits_of(w, into) : NULL;
    if (hits == NULL)
        return;
    set_merge(hosts_sets(w->hosts), &hits->listed, &from->hits->listed);
    examples_merge(&hits->examples, &from->hits->examples);
    span_merge(&hits->span, from->hits->span);
}

static void release(struct watcher *w, void *slot)
{
    struct slot *s = slot;
    if (s->hits == NULL)
        return;
    set_free(hosts_sets(w->hosts), &s->hits->listed);
    hosts_give_extra(w->hosts, s->hits, sizeof *s->hits);
}

static uint64_t count_kind(const struct slot *s, enum worm_site_kind kind)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < WORM_SITES; i++)
        count += worm_sites[i].kind == kind && (s->of_worm >> i & 1) != 0;
    return count;
}

static uint64_t count_of_worm(const struct slot *s)
{
    return count_kind(s, WORM_SITE_ADDRESS) + count_kind(s, WORM_SITE_PROGRAM);
}

static void save(const void *slot, struct writer *out)
{
    const struct slot *s = slot;
    write_le32(out, s->of_worm);
    save_bool(out, s->hits != NULL);
    if (s->hits == NULL)
        return;
    save_set(out, &s->hits->listed);
    save_span(out, s->hits->span);
    save_examples(out, &s->hits->examples);
}

static bool load(struct watcher *w, void *slot, struct reader *in)
{
    struct slot *s = slot;
    s->of_worm = read_le32(in);
    load_demand(in, s->of_worm >> WORM_SITES == 0);
    struct hits *hits = load_bool(in) ? hits_of(w, s) : NULL;
    if (hits == NULL)
        return !in->failed;
    load_set(hosts_sets(w->hosts), &hits->listed, in);
    hits->span = load_span(in);
    load_examples(&hits->examples, in);
    load_demand(in, hits->span.first_us <= hits->span.last_us);
    /* Something weighs, or there was no room for it. */
    load_demand(in,
                count_of_worm(s) > 0 || set_number(&hits->listed) > 0 || hits->listed.missed > 0);
    return !in->failed;
}

static void say(const struct slot *s, struct text *says)
{
    uint64_t address = count_kind(s, WORM_SITE_ADDRESS), listed = set_number(&s->hits->listed);
    const char *between = "";
    text_add(says, "It asked for ");
    if (address > 0) {
        text_add(says, "%llu of the services that tell a host its own address",
                 (unsigned long long)address);
        between = ", and for ";
    }
    if (count_kind(s, WORM_SITE_PROGRAM) > 0) {
        text_add(says, "%sthe site from which Conficker A fetched a program", between);
        between = ", and for ";
    }
    if (listed > 0)
        text_add(says, "%s%s%llu site%s of your list", between,
                 set_is_exact(&s->hits->listed) ? "" : "about ", (unsigned long long)listed,
                 plural(listed));
    text_add(says, ", by name or HTTP; the worm does so, and many others do.");
}

static bool report(struct watcher *w, int32_t day, const void *slot, struct sign *out)
{
    (void)w, (void)day;
    const struct slot *s = slot;
    if (s->hits == NULL)
        return false;
    uint64_t of_worm = count_of_worm(s);
    out->weight = WEIGHT_POINTS;
    out->points = POINTS;
    out->count = of_worm + set_number(&s->hits->listed);
    out->first_us = s->hits->span.first_us;
    out->last_us = s->hits->span.last_us;
    sign_add_number(out, "clock_sites", (double)count_kind(s, WORM_SITE_CLOCK));
    examples_show(&s->hits->examples, "sites", out);
    struct text says = text_over(out->says, sizeof out->says);
    say(s, &says);
    return true;
}

const struct detector detector_known_site = {
    .sign = SIGN_KNOWN_SITE,
    .slot_size = sizeof(struct slot),
    .interests = 1u << OBSERVED_DNS | 1u << OBSERVED_HTTP,
    .observe = observe,
    .merge = merge,
    .release = release,
    .report = report,
    .save = save,
    .load = load,
};
