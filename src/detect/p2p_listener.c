/* p2p-listener: it answered others on both ports of a protocol that the worm would open on it.
 *
 * Of every IPv4 server and UTC day: a, the distinct (protocol, port) pairs on which it answered,
 * and which of the ports predicted for its own address were among them. The fixed port and the one
 * of the week, of one protocol, are both met by chance with (a/56384)²; times two protocols, two
 * readings of the second pair, and two weeks within a day of Monday 00:00 UTC. Both must be
 * different ports: for some addresses one reading draws the same port twice, and one service would
 * do. Ports that the worm cannot draw (the black list, all below 2112 in it) say nothing either way
 * and are passed over at once. So do connections of our own scanners: who asks just the predicted
 * ports of a host that accepts everything (a tarpit, a firewall that answers for others) would find
 * both open, and no other.
 *
 * It weighs 6 at most (evidence/verdict.c). Source: spec of behaviour, section 7. */
#include <math.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/time.h"
#include "base/writer.h"
#include "conficker/ports.h"
#include "detect/detector.h"
#include "detect/sampled.h"
#include "evidence/chance.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"
#include "evidence/set.h"
#include "evidence/sign.h"
#include "evidence/span.h"
#include "observe/packet.h"

enum { PROTOCOLS = 2, READINGS = 2 };

static const char *const protocol_names[PROTOCOLS] = {
    [TRANSPORT_TCP] = "TCP", [TRANSPORT_UDP] = "UDP"};

/* What few hosts need: predicted ports on which it answered. */
struct hits {
    struct span span;            /* of the answers there; first: watcher_hits */
    struct set clients;          /* addresses that reached it there */
    uint16_t fixed[PROTOCOLS];   /* 0: none */
    uint16_t of_week[PROTOCOLS]; /* 0: none; of several the largest */
};

_Static_assert(offsetof(struct hits, span) == 0, "watcher_hits makes it");

struct slot {
    struct set answered; /* distinct (protocol, port) pairs */
    struct hits *hits;
};

static struct hits *hits_of(struct watcher *w, struct slot *s)
{
    s->hits = watcher_hits(w, s->hits, sizeof *s->hits);
    return s->hits;
}

static void keep_largest(uint16_t *kept, uint16_t port)
{
    *kept = port > *kept ? port : *kept;
}

static void note_hit(struct watcher *w, struct slot *s, const struct observation *seen,
                     enum transport transport)
{
    struct hits *hits = hits_of(w, s);
    if (hits == NULL)
        return;
    uint16_t fixed[PROTOCOLS], port = seen->server.port;
    ports_fixed_for(address_v4(seen->server.address), &fixed[TRANSPORT_TCP], &fixed[TRANSPORT_UDP]);
    bool is_fixed = port == fixed[transport];
    keep_largest(is_fixed ? &hits->fixed[transport] : &hits->of_week[transport], port);
    (void)set_add(hosts_sets(w->hosts), &hits->clients, hash_address(seen->client.address));
    span_add(&hits->span, seen->when_us);
}

static void observe(struct watcher *w, const struct observation *seen)
{
    uint16_t port = seen->server.port;
    if (port < PORT_LOWEST || port_is_blacklisted(port) || !seen->client_known)
        return;
    if (seen->protocol != IP_TCP && seen->protocol != IP_UDP)
        return;
    if (!address_is_v4(seen->server.address) ||
        address_equal(seen->server.address, seen->client.address))
        return;
    if (prefixes_hold(w->exempt, w->exempt_count, seen->client.address))
        return;
    struct slot *s = watcher_slot(w, seen->server.address, seen->when_us);
    if (s == NULL)
        return;
    (void)set_add(hosts_sets(w->hosts), &s->answered, hash_pair(seen->protocol, port));
    enum transport transport = seen->protocol == IP_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
    if (port_is_predicted(address_v4(seen->server.address), transport, port, seen->when_us))
        note_hit(w, s, seen, transport);
}

static void merge(struct watcher *w, void *into_slot, const void *from_slot)
{
    struct slot *into = into_slot;
    const struct slot *from = from_slot;
    set_merge(hosts_sets(w->hosts), &into->answered, &from->answered);
    struct hits *hits = from->hits != NULL ? hits_of(w, into) : NULL;
    if (hits == NULL)
        return;
    set_merge(hosts_sets(w->hosts), &hits->clients, &from->hits->clients);
    span_merge(&hits->span, from->hits->span);
    for (unsigned i = 0; i < PROTOCOLS; i++) {
        keep_largest(&hits->fixed[i], from->hits->fixed[i]);
        keep_largest(&hits->of_week[i], from->hits->of_week[i]);
    }
}

static void release(struct watcher *w, void *slot)
{
    struct slot *s = slot;
    set_free(hosts_sets(w->hosts), &s->answered);
    if (s->hits == NULL)
        return;
    set_free(hosts_sets(w->hosts), &s->hits->clients);
    hosts_give_extra(w->hosts, s->hits, sizeof *s->hits);
}

static void save(const void *slot, struct writer *out)
{
    const struct slot *s = slot;
    save_set(out, &s->answered);
    save_bool(out, s->hits != NULL);
    if (s->hits == NULL)
        return;
    save_set(out, &s->hits->clients);
    save_span(out, s->hits->span);
    for (unsigned i = 0; i < PROTOCOLS; i++) {
        write_le16(out, s->hits->fixed[i]);
        write_le16(out, s->hits->of_week[i]);
    }
}

static uint16_t load_port(struct reader *in)
{
    uint16_t port = read_le16(in);
    load_demand(in, port == 0 || (port >= PORT_LOWEST && !port_is_blacklisted(port)));
    return port;
}

static void load_hits(struct watcher *w, struct hits *hits, struct reader *in)
{
    bool has_port = false;
    load_set(hosts_sets(w->hosts), &hits->clients, in);
    hits->span = load_span(in);
    for (unsigned i = 0; i < PROTOCOLS; i++) {
        hits->fixed[i] = load_port(in);
        hits->of_week[i] = load_port(in);
        load_demand(in, hits->fixed[i] == 0 || hits->fixed[i] != hits->of_week[i]);
        has_port |= hits->fixed[i] != 0 || hits->of_week[i] != 0;
    }
    load_demand(in, has_port && hits->span.first_us <= hits->span.last_us);
    load_demand(in, set_number(&hits->clients) > 0);
}

static bool load(struct watcher *w, void *slot, struct reader *in)
{
    struct slot *s = slot;
    load_set(hosts_sets(w->hosts), &s->answered, in);
    load_demand(in, set_number(&s->answered) > 0);
    struct hits *hits = load_bool(in) ? hits_of(w, s) : NULL;
    if (hits != NULL)
        load_hits(w, hits, in);
    return !in->failed;
}

static bool has_both(const struct hits *hits, unsigned protocol)
{
    return hits->fixed[protocol] != 0 && hits->of_week[protocol] != 0;
}

/* Any time of the day gives the same weeks: Sunday and Monday are those within a day of Monday
 * 00:00 UTC. */
static unsigned weeks_of(int32_t day)
{
    int64_t noon_us = day * US_PER_DAY + US_PER_DAY / 2;
    return week_neighbour(noon_us) != week_of(noon_us) ? 2 : 1;
}

static double chance_of(const struct slot *s, int32_t day)
{
    double tried = PROTOCOLS * READINGS * weeks_of(day);
    double chance = 2 * log10(set_count_high(&s->answered) / PORTS_USABLE) + log10(tried);
    return chance < 0 ? chance : 0;
}

static void show_ports(const struct hits *hits, struct sign *out)
{
    static const char *const suffix[PROTOCOLS] = {[TRANSPORT_TCP] = "tcp", [TRANSPORT_UDP] = "udp"};
    for (unsigned i = 0; i < PROTOCOLS; i++) {
        const uint16_t ports[] = {hits->fixed[i], hits->of_week[i]};
        for (unsigned k = 0; k < 2; k++) {
            char text[16];
            if (ports[k] == 0)
                continue;
            (void)snprintf(text, sizeof text, "%u/%s", ports[k], suffix[i]);
            sign_add_text(out, FACT_ITEM, "predicted_ports", text);
            out->count++;
        }
    }
}

static void say(const struct slot *s, struct sign *out)
{
    struct text says = text_over(out->says, sizeof out->says);
    const char *before = "It answered others on both";
    for (unsigned i = 0; i < PROTOCOLS; i++) {
        if (!has_both(s->hits, i))
            continue;
        text_add(&says, "%s %s ports (%u and %u)", before, protocol_names[i], s->hits->fixed[i],
                 s->hits->of_week[i]);
        before = " and both";
    }
    text_add(&says, " that the worm would open there, and on %s%llu ports in all; ",
             set_is_exact(&s->answered) ? "" : "about ", (unsigned long long)out->of);
    chance_say(&says, out->false_alarm_log10);
    text_add(&says, ".");
}

static bool report(struct watcher *w, int32_t day, const void *slot, struct sign *out)
{
    (void)w;
    const struct slot *s = slot;
    if (s->hits == NULL || !(has_both(s->hits, TRANSPORT_TCP) || has_both(s->hits, TRANSPORT_UDP)))
        return false;
    out->weight = WEIGHT_STATISTICAL;
    out->false_alarm_log10 = chance_of(s, day);
    out->variants = VARIANT_D | VARIANT_E;
    out->first_us = s->hits->span.first_us;
    out->last_us = s->hits->span.last_us;
    show_ports(s->hits, out);
    out->has_of = true;
    out->of = set_number(&s->answered);
    if (out->of < out->count)
        out->of = out->count;
    sign_add_number(out, "clients", (double)set_number(&s->hits->clients));
    sampled_show(&s->hits->clients, NULL, "reached_by", out);
    say(s, out);
    return true;
}

const struct detector detector_p2p_listener = {
    .sign = SIGN_P2P_LISTENER,
    .slot_size = sizeof(struct slot),
    .statistical = true,
    .interests = 1u << OBSERVED_ANSWER,
    .observe = observe,
    .merge = merge,
    .release = release,
    .report = report,
    .save = save,
    .load = load,
};
