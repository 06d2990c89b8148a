/* odd-http: it asked in HTTP on a port that is no web port, the test of a mail of spring 2009.
 *
 * The sign is the client's: a client chose to ask there, and a victim that fetches the worm does
 * so, while a server on an odd port is mostly a printer or a media player that is asked by many.
 * The server that serves the worm is found by `callback`, which joins this with port 445.
 * Source: spec of behaviour, section 1; ports from conficker/web_ports. */
#include "base/hash.h"
#include "base/plural.h"
#include "base/writer.h"
#include "conficker/web_ports.h"
#include "detect/detector.h"
#include "detect/http_seen.h"
#include "evidence/examples.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"
#include "evidence/set.h"
#include "evidence/span.h"

#define POINTS 1.0

/* What few hosts need; most meet none. */
struct hits {
    struct span span;                    /* first: watcher_hits */
    struct set requests, servers, ports; /* distinct; a request: server, port and path */
    struct examples examples;
};

_Static_assert(offsetof(struct hits, span) == 0, "watcher_hits makes it");

struct slot {
    struct hits *hits;
};

static struct hits *hits_of(struct watcher *w, struct slot *s)
{
    s->hits = watcher_hits(w, s->hits, sizeof *s->hits);
    return s->hits;
}

static void observe(struct watcher *w, const struct observation *seen)
{
    if (!http_is_request(seen) || port_is_web(seen->server.port))
        return;
    struct slot *s = watcher_slot(w, seen->client.address, seen->when_us);
    struct hits *hits = s != NULL ? hits_of(w, s) : NULL;
    if (hits == NULL)
        return;
    struct reader path = http_path(seen->http);
    uint64_t server = hash_address(seen->server.address);
    uint64_t asked = hash_pair(hash_pair(server, seen->server.port), http_path_hash(path));
    (void)set_add(hosts_sets(w->hosts), &hits->requests, asked);
    (void)set_add(hosts_sets(w->hosts), &hits->servers, server);
    (void)set_add(hosts_sets(w->hosts), &hits->ports, seen->server.port);
    span_add(&hits->span, seen->when_us);
    http_keep_example(&hits->examples, asked, seen, path);
}

static void merge(struct watcher *w, void *into_slot, const void *from_slot)
{
    const struct slot *from = from_slot;
    struct hits *hits = from->hits != NULL ? hits_of(w, into_slot) : NULL;
    if (hits == NULL)
        return;
    set_merge(hosts_sets(w->hosts), &hits->requests, &from->hits->requests);
    set_merge(hosts_sets(w->hosts), &hits->servers, &from->hits->servers);
    set_merge(hosts_sets(w->hosts), &hits->ports, &from->hits->ports);
    examples_merge(&hits->examples, &from->hits->examples);
    span_merge(&hits->span, from->hits->span);
}

static void release(struct watcher *w, void *slot)
{
    struct slot *s = slot;
    if (s->hits == NULL)
        return;
    set_free(hosts_sets(w->hosts), &s->hits->requests);
    set_free(hosts_sets(w->hosts), &s->hits->servers);
    set_free(hosts_sets(w->hosts), &s->hits->ports);
    hosts_give_extra(w->hosts, s->hits, sizeof *s->hits);
}

static void save(const void *slot, struct writer *out)
{
    const struct hits *hits = ((const struct slot *)slot)->hits; /* reader: no bytes, our own */
    save_bool(out, hits != NULL);
    if (hits == NULL)
        return;
    save_set(out, &hits->requests);
    save_set(out, &hits->servers);
    save_set(out, &hits->ports);
    save_span(out, hits->span);
    save_examples(out, &hits->examples);
}

static bool load(struct watcher *w, void *slot, struct reader *in)
{
    struct set_pool *sets = hosts_sets(w->hosts);
    struct hits *hits = load_bool(in) ? hits_of(w, slot) : NULL;
    if (hits == NULL)
        return !in->failed;
    load_set(sets, &hits->requests, in);
    load_set(sets, &hits->servers, in);
    load_set(sets, &hits->ports, in);
    hits->span = load_span(in);
    load_examples(&hits->examples, in);
    load_demand(in, hits->span.first_us <= hits->span.last_us && hits->examples.count > 0);
    load_demand(in, set_number(&hits->requests) > 0 && set_number(&hits->servers) > 0 &&
                        set_number(&hits->ports) > 0);
    return !in->failed;
}

static bool report(struct watcher *w, int32_t day, const void *slot, struct sign *out)
{
    (void)w, (void)day;
    const struct hits *hits = ((const struct slot *)slot)->hits; /* reader: no bytes, our own */
    if (hits == NULL)
        return false;
    uint64_t servers = set_number(&hits->servers), ports = set_number(&hits->ports);
    out->weight = WEIGHT_POINTS;
    out->points = POINTS;
    out->count = set_number(&hits->requests);
    out->first_us = hits->span.first_us;
    out->last_us = hits->span.last_us;
    sign_add_number(out, "servers", (double)servers);
    sign_add_number(out, "ports", (double)ports);
    examples_show(&hits->examples, "asked", out);
    struct text says = text_over(out->says, sizeof out->says);
    text_add(&says, "It sent %s%llu HTTP request%s to %s%llu address%s on %s%llu port%s",
             set_is_exact(&hits->requests) ? "" : "about ", (unsigned long long)out->count,
             plural(out->count), set_is_exact(&hits->servers) ? "" : "about ",
             (unsigned long long)servers, servers == 1 ? "" : "es",
             set_is_exact(&hits->ports) ? "" : "about ", (unsigned long long)ports, plural(ports));
    text_add(&says, " that %s no web port%s.", ports == 1 ? "is" : "are", plural(ports));
    return true;
}

const struct detector detector_odd_http = {
    .sign = SIGN_ODD_HTTP,
    .slot_size = sizeof(struct slot),
    .interests = 1u << OBSERVED_HTTP,
    .observe = observe,
    .merge = merge,
    .release = release,
    .report = report,
    .save = save,
    .load = load,
};
