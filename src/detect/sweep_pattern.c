/* sweep-pattern: its targets on port 445 avoid three quarters of the address space, as the worm's
 * do.
 *
 * The worm's generator of random targets never sets the highest bit of the second and of the fourth
 * octet. Of every client and UTC day: m, the distinct /16s of its off-net targets, and whether any
 * off-net target has one of these bits. A scanner that draws evenly spares both bits of the first
 * target in each /16 with a chance of 4^-m. That any target ends it, and not only the first in
 * each /16, is stricter: the true chance is smaller than the one that is weighed, the order of
 * packets does not matter, and parts merge by OR.
 *
 * Off-net is what the worm's other two ways of spreading do not reach: not the client's own /24 nor
 * the ten before it, and no address of special use. The chance is that of a scanner, not of any
 * innocent host, so the sign counts beside smb-sweep alone (evidence/verdict.c).
 * Source: spec of behaviour, section 1. */
#include <math.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/plural.h"
#include "base/writer.h"
#include "detect/detector.h"
#include "detect/sampled.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"
#include "evidence/set.h"
#include "evidence/sign.h"
#include "evidence/span.h"
#include "observe/packet.h"

enum { PORT_SMB = 445, NEIGHBOURS = 10 };

/* The highest bits of the second and of the fourth octet. */
#define BITS_SPARED UINT32_C(0x00800080)

/* Private, reserved and multicast (RFC 6890). The networks for documentation are not among them:
 * nobody lives there, and a scanner draws them like others. */
static const struct {
    uint32_t base;
    unsigned bits;
} special[] = {
    {0x00000000, 8},  /* 0.0.0.0: this network */
    {0x0a000000, 8},  /* 10.0.0.0 */
    {0x64400000, 10}, /* 100.64.0.0: carriers' NAT */
    {0x7f000000, 8},  /* 127.0.0.0 */
    {0xa9fe0000, 16}, /* 169.254.0.0 */
    {0xac100000, 12}, /* 172.16.0.0 */
    {0xc0a80000, 16}, /* 192.168.0.0 */
    {0xc6120000, 15}, /* 198.18.0.0: benchmarks */
    {0xe0000000, 3},  /* 224.0.0.0: multicast, and the rest, reserved */
};

struct slot {
    struct set networks; /* /16s of off-net targets: their number; empty once broken */
    struct span span;    /* of the off-net targets */
    bool begun;          /* there was one: the span holds */
    bool broken;         /* one had a bit that the worm never sets */
};

static bool is_special(uint32_t target)
{
    for (unsigned i = 0; i < COUNT_OF(special); i++)
        if ((target ^ special[i].base) >> (32 - special[i].bits) == 0)
            return true;
    return false;
}

static bool is_off_net(uint32_t client, uint32_t target)
{
    uint32_t networks_before = (client >> 8) - (target >> 8); /* huge where it lies behind */
    return networks_before > NEIGHBOURS && !is_special(target);
}

static void note_span(struct slot *s, struct span span)
{
    if (!s->begun)
        s->span = span_empty();
    s->begun = true;
    span_merge(&s->span, span);
}

static void note_broken(struct watcher *w, struct slot *s)
{
    s->broken = true;
    set_free(hosts_sets(w->hosts), &s->networks);
    s->networks = (struct set){0};
}

static void observe(struct watcher *w, const struct observation *seen)
{
    if (seen->server.port != PORT_SMB || seen->protocol != IP_TCP || !seen->client_known)
        return;
    if (!address_is_v4(seen->client.address) || !address_is_v4(seen->server.address))
        return;
    uint32_t target = address_v4(seen->server.address);
    if (!is_off_net(address_v4(seen->client.address), target))
        return;
    struct slot *s = watcher_slot(w, seen->client.address, seen->when_us);
    if (s == NULL)
        return;
    note_span(s, (struct span){seen->when_us, seen->when_us});
    if (s->broken)
        return;
    if ((target & BITS_SPARED) != 0)
        note_broken(w, s);
    else
        (void)set_add(hosts_sets(w->hosts), &s->networks, target >> 16);
}

static void merge(struct watcher *w, void *into_slot, const void *from_slot)
{
    struct slot *into = into_slot;
    const struct slot *from = from_slot;
    if (from->begun)
        note_span(into, from->span);
    if (into->broken || from->broken)
        note_broken(w, into);
    else
        set_merge(hosts_sets(w->hosts), &into->networks, &from->networks);
}

static void release(struct watcher *w, void *slot)
{
    struct slot *s = slot;
    set_free(hosts_sets(w->hosts), &s->networks);
}

static void save(const void *slot, struct writer *out)
{
    const struct slot *s = slot;
    save_span(out, s->begun ? s->span : span_empty());
    save_bool(out, s->broken);
    if (!s->broken)
        save_set(out, &s->networks);
}

/* What is not broken holds nothing but what the worm could have drawn. */
static bool are_networks(const struct set *networks)
{
    const uint64_t *held;
    size_t count = set_sample(networks, &held);
    for (size_t i = 0; i < count; i++) {
        uint64_t network = hash_number_undo(held[i]);
        if (network > UINT16_MAX || (network << 16 & BITS_SPARED) != 0)
            return false;
    }
    return true;
}

static bool load(struct watcher *w, void *slot, struct reader *in)
{
    struct slot *s = slot;
    s->span = load_span(in);
    s->begun = s->span.first_us <= s->span.last_us;
    s->broken = load_bool(in);
    if (!s->broken)
        load_set(hosts_sets(w->hosts), &s->networks, in);
    load_demand(in, are_networks(&s->networks));
    load_demand(in, s->begun == (s->broken || set_number(&s->networks) > 0));
    return !in->failed;
}

static void show_networks(const struct set *networks, struct sign *out)
{
    const uint64_t *held;
    size_t count = set_sample(networks, &held);
    for (size_t i = 0; i < count && i < SAMPLED_SHOWN; i++) {
        struct prefix network = {address_of_v4((uint32_t)hash_number_undo(held[i]) << 16), 112};
        char text[PREFIX_TEXT_SIZE];
        sign_add_text(out, FACT_ITEM, "networks", prefix_text(network, text));
    }
}

static bool report(struct watcher *w, int32_t day, const void *slot, struct sign *out)
{
    (void)w, (void)day;
    const struct slot *s = slot;
    if (s->broken || !s->begun)
        return false;
    double networks = floor(set_count_low(&s->networks));
    out->weight = WEIGHT_STATISTICAL;
    out->false_alarm_log10 = -networks * log10(4);
    out->below_floor = true; /* judged against scanners alone, it never convicts */
    out->count = set_number(&s->networks);
    out->first_us = s->span.first_us;
    out->last_us = s->span.last_us;
    show_networks(&s->networks, out);
    struct text says = text_over(out->says, sizeof out->says);
    text_add(&says,
             "Its targets on port 445 outside the networks near it lie in %s%llu network%s of "
             "size /16, and none has a second or fourth octet of 128 or more; a scanner that "
             "draws evenly does so once in 4^%.0f times. This counts only beside smb-sweep.",
             set_is_exact(&s->networks) ? "" : "about ", (unsigned long long)out->count,
             plural(out->count), networks);
    return true;
}

const struct detector detector_sweep_pattern = {
    .sign = SIGN_SWEEP_PATTERN,
    .slot_size = sizeof(struct slot),
    .statistical = true,
    .interests = 1u << OBSERVED_BEGIN,
    .observe = observe,
    .merge = merge,
    .release = release,
    .report = report,
    .save = save,
    .load = load,
};
