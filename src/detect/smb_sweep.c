/* smb-sweep: it tried ports 445 or 139 on many addresses, and half of them or more failed.
 *
 * Of every client and UTC day: the distinct addresses that it tried, and those of them where a
 * connection stood. The worm looks for victims where nobody lives; who manages hosts or backs them
 * up reaches those that exist. A connection stood when the server answered, or when the client sent
 * payload, which it does only after an answer: so captures of one direction make nobody a sweeper.
 * Sampling hides answers and payload alike: there it weighs 1 at most.
 *
 * The worm knows IPv4 alone, so attempts over IPv6 do not count. Variants A, B, C and E spread this
 * way, as other worms do: the sign tells none. Source: spec of behaviour, section 1. */
#include <math.h>

#include "base/hash.h"
#include "base/time.h"
#include "base/writer.h"
#include "detect/detector.h"
#include "detect/sampled.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"
#include "evidence/set.h"
#include "evidence/sign.h"
#include "evidence/span.h"
#include "observe/packet.h"

enum { PORT_SMB = 445, PORT_NETBIOS = 139 };

/* How many addresses weigh how much. */
enum { ADDRESSES_FEW = 20, ADDRESSES_MANY = 50 };
#define POINTS_FEW 1.0
#define POINTS_MANY 3.0

/* An answer so soon after midnight may be to an attempt of the day before, and counts on both days:
 * that errs towards innocence. A connection is given up after 21 seconds. */
#define ANSWER_WITHIN_US (60 * US_PER_SECOND)

/* What a client tried, as bits. */
enum port_tried { TRIED_SMB = 1, TRIED_NETBIOS = 2 };

struct slot {
    struct set tried, answered; /* addresses */
    struct span span;           /* of the attempts */
    bool begun;                 /* there was an attempt: the span holds */
    uint8_t ports;              /* bits of enum port_tried */
};

static bool concerns(const struct observation *seen)
{
    uint16_t port = seen->server.port;
    if (port != PORT_SMB && port != PORT_NETBIOS)
        return false;
    return seen->protocol == IP_TCP && seen->client_known && address_is_v4(seen->server.address);
}

/* One byte from the client is enough to know that the connection stands. */
static size_t wants(const struct observation *head)
{
    return concerns(head) && head->by_client ? 1 : 0;
}

static void note_span(struct slot *s, struct span span)
{
    if (!s->begun)
        s->span = span_empty();
    s->begun = true;
    span_merge(&s->span, span);
}

static void note_attempt(struct watcher *w, const struct observation *seen)
{
    struct slot *s = watcher_slot(w, seen->client.address, seen->when_us);
    if (s == NULL)
        return;
    (void)set_add(hosts_sets(w->hosts), &s->tried, hash_address(seen->server.address));
    note_span(s, (struct span){seen->when_us, seen->when_us});
    s->ports |= seen->server.port == PORT_SMB ? TRIED_SMB : TRIED_NETBIOS;
}

static void note_answer(struct watcher *w, const struct observation *seen, int64_t when_us)
{
    struct slot *s = watcher_slot(w, seen->client.address, when_us);
    if (s != NULL)
        (void)set_add(hosts_sets(w->hosts), &s->answered, hash_address(seen->server.address));
}

static void observe(struct watcher *w, const struct observation *seen)
{
    if (!concerns(seen))
        return;
    if (seen->kind == OBSERVED_BEGIN) {
        note_attempt(w, seen);
        return;
    }
    if (seen->kind == OBSERVED_PAYLOAD && seen->bytes_before > 0)
        return; /* the stream has grown: that it stands was noted when it began */
    int64_t before_us = seen->when_us - ANSWER_WITHIN_US;
    note_answer(w, seen, seen->when_us);
    if (day_of(before_us) != day_of(seen->when_us))
        note_answer(w, seen, before_us);
}

static void merge(struct watcher *w, void *into_slot, const void *from_slot)
{
    struct slot *into = into_slot;
    const struct slot *from = from_slot;
    set_merge(hosts_sets(w->hosts), &into->tried, &from->tried);
    set_merge(hosts_sets(w->hosts), &into->answered, &from->answered);
    if (from->begun)
        note_span(into, from->span);
    into->ports |= from->ports;
}

static void release(struct watcher *w, void *slot)
{
    struct slot *s = slot;
    set_free(hosts_sets(w->hosts), &s->tried);
    set_free(hosts_sets(w->hosts), &s->answered);
}

static void save(const void *slot, struct writer *out)
{
    const struct slot *s = slot;
    save_set(out, &s->tried);
    save_set(out, &s->answered);
    save_span(out, s->begun ? s->span : span_empty());
    write_u8(out, s->ports);
}

static bool load(struct watcher *w, void *slot, struct reader *in)
{
    struct slot *s = slot;
    load_set(hosts_sets(w->hosts), &s->tried, in);
    load_set(hosts_sets(w->hosts), &s->answered, in);
    s->span = load_span(in);
    s->begun = s->span.first_us <= s->span.last_us;
    s->ports = read_u8(in);
    load_demand(in, sampled_are_ipv4(&s->tried) && sampled_are_ipv4(&s->answered));
    load_demand(in, s->ports <= (TRIED_SMB | TRIED_NETBIOS) && s->begun == (s->ports != 0) &&
                        s->begun == (set_number(&s->tried) > 0));
    return !in->failed;
}

/* Estimates enter on the safe side. */
static double points_of(const struct watcher *w, const struct slot *s)
{
    double tried = set_count_low(&s->tried);
    double failed = tried - set_count_high(&s->answered);
    if (tried < ADDRESSES_FEW || 2 * failed < tried)
        return 0;
    return tried >= ADDRESSES_MANY && w->sampling <= 1 ? POINTS_MANY : POINTS_FEW;
}

static void say(const struct watcher *w, const struct slot *s, struct sign *out)
{
    static const char *const ports[] = {[TRIED_SMB] = "port 445",
                                        [TRIED_NETBIOS] = "port 139",
                                        [TRIED_SMB | TRIED_NETBIOS] = "port 445 or 139"};
    bool exact = set_is_exact(&s->tried) && set_is_exact(&s->answered);
    struct text says = text_over(out->says, sizeof out->says);
    text_add(&says, "It tried %s of %s%llu addresses, and on %s%llu of them (%.0f of 100) no ",
             ports[s->ports], exact ? "" : "about ", (unsigned long long)out->of,
             exact ? "" : "about ", (unsigned long long)out->count,
             floor(100 * (double)out->count / (double)out->of));
    text_add(&says, "connection came about%s.",
             w->sampling > 1 ? "; sampling hides connections, so this weighs 1 at most" : "");
}

static bool report(struct watcher *w, int32_t day, const void *slot, struct sign *out)
{
    (void)day;
    const struct slot *s = slot;
    double points = points_of(w, s);
    if (points <= 0)
        return false;
    uint64_t tried = set_number(&s->tried), answered = set_number(&s->answered);
    out->weight = WEIGHT_POINTS;
    out->points = points;
    out->count = answered < tried ? tried - answered : 0;
    out->has_of = true;
    out->of = tried;
    out->first_us = s->span.first_us;
    out->last_us = s->span.last_us;
    sign_add_number(out, "tried", (double)out->of);
    sign_add_number(out, "failed", (double)out->count);
    if ((s->ports & TRIED_SMB) != 0)
        sign_add_text(out, FACT_ITEM, "tried_ports", "445/tcp");
    if ((s->ports & TRIED_NETBIOS) != 0)
        sign_add_text(out, FACT_ITEM, "tried_ports", "139/tcp");
    sampled_show(&s->tried, &s->answered, "failed_addresses", out);
    say(w, s, out);
    return true;
}

const struct detector detector_smb_sweep = {
    .sign = SIGN_SMB_SWEEP,
    .slot_size = sizeof(struct slot),
    .interests = 1u << OBSERVED_BEGIN | 1u << OBSERVED_ANSWER | 1u << OBSERVED_PAYLOAD,
    .observe = observe,
    .wants = wants,
    .merge = merge,
    .release = release,
    .report = report,
    .save = save,
    .load = load,
};
