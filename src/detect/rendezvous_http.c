/* rendezvous-http: it asked a bare IPv4 address for /search?q=N, as variants A and B do.
 *
 * The worm resolves a name of its list itself and then asks the address: so Host is an address.
 * Variant A adds &aq=7, on some hosts with a ? and eight hex digits behind it; without it, it may
 * be A, B or C. The sign weighs 6 points whatever the number of servers: somebody who checks many
 * web servers for such a path shows it too, so it makes a host suspicious and never convicts.
 * Source: spec of behaviour, section 4. */
#include "base/hash.h"
#include "base/plural.h"
#include "base/writer.h"
#include "detect/detector.h"
#include "detect/http_seen.h"
#include "evidence/examples.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"
#include "evidence/set.h"
#include "evidence/span.h"

#include <string.h>

#define POINTS 6.0

enum { SEEN_PLAIN = 1, SEEN_AQ = 2 }; /* shapes of the request: bits */
enum { COUNT_DIGITS_MAX = 3, AQ_HEX_DIGITS = 8 };

struct hits {
    struct span span;             /* first: watcher_hits */
    struct set servers, requests; /* distinct: a request is a server and what was asked */
    unsigned shapes;
    struct examples examples;
};

_Static_assert(offsetof(struct hits, span) == 0, "watcher_hits makes it");

struct slot {
    struct hits *hits;
};

static bool take(struct reader *r, const char *text)
{
    struct reader copy = *r;
    size_t size = strlen(text);
    const uint8_t *bytes = read_bytes(&copy, size);
    if (bytes == NULL || memcmp(bytes, text, size) != 0)
        return false;
    *r = copy;
    return true;
}

/* Takes up to `most` digits; returns how many there were. */
static unsigned take_digits(struct reader *r, unsigned most, bool hex)
{
    unsigned taken = 0;
    while (r->left > 0 && taken < most) {
        struct reader copy = *r;
        uint8_t c = read_u8(&copy);
        if ((c < '0' || c > '9') && !(hex && c >= 'a' && c <= 'f'))
            break;
        *r = copy;
        taken++;
    }
    return taken;
}

/* The shape of the path; 0: not the worm's. */
static unsigned shape_of(struct reader path)
{
    if (!take(&path, "/search?q="))
        return 0;
    (void)take_digits(&path, COUNT_DIGITS_MAX, false);
    if (path.left == 0)
        return SEEN_PLAIN;
    if (!take(&path, "&aq=7"))
        return 0;
    if (path.left == 0)
        return SEEN_AQ;
    bool good = take(&path, "?") && take_digits(&path, AQ_HEX_DIGITS, true) == AQ_HEX_DIGITS;
    return good && path.left == 0 ? SEEN_AQ : 0;
}

static struct hits *hits_of(struct watcher *w, struct slot *s)
{
    s->hits = watcher_hits(w, s->hits, sizeof *s->hits);
    return s->hits;
}

static void observe(struct watcher *w, const struct observation *seen)
{
    if (!http_is_request(seen) || !http_is_get(seen->http) || !http_host_is_ipv4(seen->http->host))
        return;
    struct reader path = http_path(seen->http);
    unsigned shape = shape_of(path);
    struct slot *s = shape != 0 ? watcher_slot(w, seen->client.address, seen->when_us) : NULL;
    struct hits *hits = s != NULL ? hits_of(w, s) : NULL;
    if (hits == NULL)
        return;
    /* By the Host header: a proxy is asked for many servers. */
    uint64_t server = http_path_hash(seen->http->host);
    uint64_t asked = hash_pair(server, http_path_hash(path));
    (void)set_add(hosts_sets(w->hosts), &hits->servers, server);
    (void)set_add(hosts_sets(w->hosts), &hits->requests, asked);
    hits->shapes |= shape;
    span_add(&hits->span, seen->when_us);
    http_keep_example(&hits->examples, asked, seen, path);
}

static void merge(struct watcher *w, void *into_slot, const void *from_slot)
{
    const struct slot *from = from_slot;
    struct hits *hits = from->hits != NULL ? hits_of(w, into_slot) : NULL;
    if (hits == NULL)
        return;
    set_merge(hosts_sets(w->hosts), &hits->servers, &from->hits->servers);
    set_merge(hosts_sets(w->hosts), &hits->requests, &from->hits->requests);
    hits->shapes |= from->hits->shapes;
    examples_merge(&hits->examples, &from->hits->examples);
    span_merge(&hits->span, from->hits->span);
}

static void release(struct watcher *w, void *slot)
{
    struct slot *s = slot;
    if (s->hits == NULL)
        return;
    set_free(hosts_sets(w->hosts), &s->hits->servers);
    set_free(hosts_sets(w->hosts), &s->hits->requests);
    hosts_give_extra(w->hosts, s->hits, sizeof *s->hits);
}

static void save(const void *slot, struct writer *out)
{
    const struct hits *hits = ((const struct slot *)slot)->hits; /* reader: no bytes, our own */
    save_bool(out, hits != NULL);
    if (hits == NULL)
        return;
    save_set(out, &hits->servers);
    save_set(out, &hits->requests);
    write_u8(out, (uint8_t)hits->shapes);
    save_span(out, hits->span);
    save_examples(out, &hits->examples);
}

static bool load(struct watcher *w, void *slot, struct reader *in)
{
    struct set_pool *sets = hosts_sets(w->hosts);
    struct hits *hits = load_bool(in) ? hits_of(w, slot) : NULL;
    if (hits == NULL)
        return !in->failed;
    load_set(sets, &hits->servers, in);
    load_set(sets, &hits->requests, in);
    hits->shapes = read_u8(in);
    load_demand(in, hits->shapes != 0 && hits->shapes <= (SEEN_PLAIN | SEEN_AQ));
    hits->span = load_span(in);
    load_examples(&hits->examples, in);
    load_demand(in, hits->span.first_us <= hits->span.last_us && hits->examples.count > 0);
    load_demand(in, set_number(&hits->servers) > 0 && set_number(&hits->requests) > 0);
    return !in->failed;
}

static bool report(struct watcher *w, int32_t day, const void *slot, struct sign *out)
{
    (void)w, (void)day;
    const struct hits *hits = ((const struct slot *)slot)->hits; /* reader: no bytes, our own */
    if (hits == NULL)
        return false;
    uint64_t servers = set_number(&hits->servers);
    out->weight = WEIGHT_POINTS;
    out->points = POINTS;
    out->variants = hits->shapes == SEEN_AQ ? VARIANT_A : VARIANT_A | VARIANT_B | VARIANT_C;
    out->count = set_number(&hits->requests);
    out->first_us = hits->span.first_us;
    out->last_us = hits->span.last_us;
    sign_add_number(out, "servers", (double)servers);
    examples_show(&hits->examples, "asked", out);
    struct text says = text_over(out->says, sizeof out->says);
    text_add(&says, "It asked %s%llu web server%s for /search?q=N by bare IPv4 address, as ",
             set_is_exact(&hits->servers) ? "" : "about ", (unsigned long long)servers,
             plural(servers));
    text_add(&says, hits->shapes == SEEN_AQ ? "Conficker A does (with &aq=7)."
                                            : "Conficker A, B and C do after a look-up.");
    return true;
}

const struct detector detector_rendezvous_http = {
    .sign = SIGN_RENDEZVOUS_HTTP,
    .slot_size = sizeof(struct slot),
    .adds_up = true,
    .interests = 1u << OBSERVED_HTTP,
    .observe = observe,
    .merge = merge,
    .release = release,
    .report = report,
    .save = save,
    .load = load,
};
