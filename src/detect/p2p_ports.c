/* p2p-ports: it reached for other hosts on the port that the worm would open there.
 *
 * Of every client and UTC day: n distinct (address, port) pairs with a port of 2112 or more that it
 * began to contact, TCP and UDP together, and k distinct addresses among them contacted on a port
 * predicted for that address. An innocent host hits with a chance of 2/56384 a pair (3/56384 within
 * a day of Monday 00:00 UTC, when two weeks' ports count), so k is Poisson. No payload is needed.
 *
 * Whoever only passes such flows on (a NAT seen on both sides) reaches the same address and port as
 * its client within a minute, later: that is found when all hosts are known (engine/relays).
 * Source: spec of behaviour, section 7; ports from conficker/ports. */
#include <assert.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/plural.h"
#include "base/time.h"
#include "base/writer.h"
#include "conficker/ports.h"
#include "detect/detector.h"
#include "evidence/chance.h"
#include "evidence/examples.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"
#include "evidence/set.h"
#include "evidence/span.h"
#include "evidence/trail.h"
#include "observe/packet.h"

enum { ADDRESSES_TO_CONVICT = 5 };

/* What few hosts need: predicted ports that were met. */
struct hits {
    struct span span; /* first: watcher_hits */
    struct set addresses;
    struct examples examples;
    struct trail trail;
};

_Static_assert(offsetof(struct hits, span) == 0, "watcher_hits makes it");

struct slot {
    struct set tried; /* distinct (address, port) pairs */
    struct hits *hits;
};

static struct hits *hits_of(struct watcher *w, struct slot *s)
{
    s->hits = watcher_hits(w, s->hits, sizeof *s->hits);
    return s->hits;
}

static void note_hit(struct watcher *w, struct slot *s, const struct observation *seen,
                     uint64_t pair)
{
    struct hits *hits = hits_of(w, s);
    if (hits == NULL)
        return;
    (void)set_add(hosts_sets(w->hosts), &hits->addresses, hash_address(seen->server.address));
    span_add(&hits->span, seen->when_us);
    uint64_t example = hash_pair(pair, seen->protocol);
    if (examples_want(&hits->examples, example)) {
        char address[ADDRESS_TEXT_SIZE], text[EXAMPLE_TEXT_SIZE];
        (void)snprintf(text, sizeof text, "%s:%u/%s", address_text(seen->server.address, address),
                       seen->server.port, seen->protocol == IP_TCP ? "tcp" : "udp");
        examples_add(&hits->examples, example, text);
    }
    trail_add(w->hosts, &hits->trail, pair, seen->when_us);
}

static void observe(struct watcher *w, const struct observation *seen)
{
    uint16_t port = seen->server.port;
    if (port < PORT_LOWEST || !seen->client_known)
        return;
    if (seen->protocol != IP_TCP && seen->protocol != IP_UDP)
        return;
    enum transport transport = seen->protocol == IP_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
    bool is_hit = address_is_v4(seen->server.address) &&
                  port_is_predicted(address_v4(seen->server.address), transport, port,
                                    seen->when_us);
    struct slot *s = watcher_slot(w, seen->client.address, seen->when_us);
    if (s == NULL && is_hit) /* the trail of what was let go still tells who only passes on */
        s = watcher_slot_of_part(w, seen->client.address, seen->when_us);
    if (s == NULL)
        return;
    uint64_t pair = hash_pair(hash_address(seen->server.address), port);
    (void)set_add(hosts_sets(w->hosts), &s->tried, pair);
    /* A pair that is known is asked again: it may have come by the other protocol before. */
    if (is_hit)
        note_hit(w, s, seen, pair);
}

static void merge(struct watcher *w, void *into_slot, const void *from_slot)
{
    struct slot *into = into_slot;
    const struct slot *from = from_slot;
    set_merge(hosts_sets(w->hosts), &into->tried, &from->tried);
    struct hits *hits = from->hits != NULL ? hits_of(w, into) : NULL;
    if (hits == NULL)
        return;
    set_merge(hosts_sets(w->hosts), &hits->addresses, &from->hits->addresses);
    trail_merge(w->hosts, &hits->trail, &from->hits->trail);
    examples_merge(&hits->examples, &from->hits->examples);
    span_merge(&hits->span, from->hits->span);
}

static void release(struct watcher *w, void *slot)
{
    struct slot *s = slot;
    set_free(hosts_sets(w->hosts), &s->tried);
    if (s->hits == NULL)
        return;
    set_free(hosts_sets(w->hosts), &s->hits->addresses);
    trail_free(w->hosts, &s->hits->trail);
    hosts_give_extra(w->hosts, s->hits, sizeof *s->hits);
}

static void save(const void *slot, struct writer *out)
{
    const struct slot *s = slot;
    save_set(out, &s->tried);
    save_bool(out, s->hits != NULL);
    if (s->hits == NULL)
        return;
    save_set(out, &s->hits->addresses);
    save_span(out, s->hits->span);
    save_examples(out, &s->hits->examples);
    save_trail(out, &s->hits->trail);
}

static bool load(struct watcher *w, void *slot, struct reader *in)
{
    struct slot *s = slot;
    load_set(hosts_sets(w->hosts), &s->tried, in);
    struct hits *hits = load_bool(in) ? hits_of(w, s) : NULL;
    if (hits == NULL)
        return !in->failed;
    load_set(hosts_sets(w->hosts), &hits->addresses, in);
    hits->span = load_span(in);
    load_examples(&hits->examples, in);
    load_trail(w->hosts, &hits->trail, in);
    load_demand(in, hits->span.first_us <= hits->span.last_us);
    return !in->failed;
}

/* Sunday and Monday UTC are the days within 24 hours of Monday 00:00. Day 0 was a Thursday. */
static bool day_is_near_monday(int32_t day)
{
    int32_t of_week = ((day + 4) % 7 + 7) % 7; /* 0: Sunday */
    return of_week <= 1;
}

static bool report(struct watcher *w, int32_t day, const void *slot, struct sign *out)
{
    (void)w;
    const struct slot *s = slot;
    if (s->hits == NULL)
        return false;
    double ports = day_is_near_monday(day) ? 3 : 2;
    double n = set_count_high(&s->tried), k = set_count_low(&s->hits->addresses);
    assert(n >= 0 && k >= 0);
    out->weight = WEIGHT_STATISTICAL;
    out->false_alarm_log10 = chance_poisson_tail(n * ports / PORTS_USABLE, k);
    out->below_floor = k < ADDRESSES_TO_CONVICT;
    out->variants = VARIANT_D | VARIANT_E;
    out->count = set_number(&s->hits->addresses);
    out->has_of = true;
    out->of = set_number(&s->tried);
    if (out->of < out->count)
        out->of = out->count;
    out->first_us = s->hits->span.first_us;
    out->last_us = s->hits->span.last_us;
    examples_show(&s->hits->examples, "met", out);
    struct text says = text_over(out->says, sizeof out->says);
    text_add(
        &says,
        "Of %s%llu pair%s of address and port that it began to contact, %s%llu address%s met on "
        "the port predicted for %s in that week; ",
        set_is_exact(&s->tried) ? "" : "about ", (unsigned long long)out->of, plural(out->of),
        set_is_exact(&s->hits->addresses) ? "" : "about ", (unsigned long long)out->count,
        out->count == 1 ? " was" : "es were", out->count == 1 ? "it" : "them");
    chance_say(&says, out->false_alarm_log10);
    if (out->below_floor)
        text_add(&says, "; fewer than %d addresses do not convict", ADDRESSES_TO_CONVICT);
    text_add(&says, ".");
    return true;
}

static const struct trail *trail(const void *slot)
{
    const struct slot *s = slot;
    return s->hits != NULL ? &s->hits->trail : NULL;
}

const struct detector detector_p2p_ports = {
    .sign = SIGN_P2P_PORTS,
    .slot_size = sizeof(struct slot),
    .statistical = true,
    .interests = 1u << OBSERVED_BEGIN,
    .observe = observe,
    .merge = merge,
    .release = release,
    .report = report,
    .save = save,
    .load = load,
    .trail = trail,
};
