/* p2p-message and p2p-answer: it sent P2P messages that decrypt, whose checksum holds, with sane
 * flags.
 *
 * One such message is near-proof: a random payload passes with a chance of 2^-41. Who began to
 * speak gives p2p-message; who answered gives p2p-answer, unless the answer begins with the key of
 * what it answers: that is an echo, and the worm draws a key of its own for each message.
 *
 * Bare requests (no field, no noise) are what scanners send, nmap's and our own; the count of
 * messages that are more than that decides between a scanner and the worm, in the verdict.
 *
 * Of who answers, the ports are kept that are none of its own address: they tell who is behind it.
 * Source: spec of asking, section b; conficker/message. */
#include <stdio.h>

#include "base/hash.h"
#include "base/plural.h"
#include "base/time.h"
#include "base/writer.h"
#include "conficker/message.h"
#include "detect/detector.h"
#include "detect/p2p_seen.h"
#include "evidence/answered_ports.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"
#include "evidence/set.h"
#include "evidence/trail.h"
#include "observe/packet.h"

struct first {
    int64_t when_us;
    struct address peer;
    uint16_t peer_port;
    uint8_t protocol;
    uint16_t flags;
};

struct slot {
    uint64_t messages, bare;
    struct set peers;
    int64_t last_us;
    struct first first; /* for the person who checks */
    struct trail trail;
};

struct answer_slot {
    struct slot said; /* first: what serves both detectors sees it alone */
    struct answered_ports ports;
};

/* Of messages of the same microsecond one goes before, whichever came first to us. */
static bool is_before(const struct first *a, const struct first *b)
{
    if (a->when_us != b->when_us)
        return a->when_us < b->when_us;
    int order = address_compare(a->peer, b->peer);
    if (order != 0)
        return order < 0;
    uint64_t x = (uint64_t)a->peer_port << 32 | (uint32_t)a->protocol << 16 | a->flags;
    return x < ((uint64_t)b->peer_port << 32 | (uint32_t)b->protocol << 16 | b->flags);
}

/* The sender's slot; NULL where there is none. */
static void *note(struct watcher *w, const struct observation *seen, const struct message *m)
{
    const struct endpoint *sender = seen->by_client ? &seen->client : &seen->server;
    const struct endpoint *peer = seen->by_client ? &seen->server : &seen->client;
    struct slot *s = watcher_slot(w, sender->address, seen->when_us);
    if (s == NULL)
        return NULL;
    struct first first = {.when_us = seen->when_us,
                          .peer = peer->address,
                          .peer_port = peer->port,
                          .protocol = seen->protocol,
                          .flags = m->flags};
    if (s->messages == 0 || is_before(&first, &s->first))
        s->first = first;
    if (s->messages == 0 || seen->when_us > s->last_us)
        s->last_us = seen->when_us;
    s->messages++;
    s->bare += message_is_bare(m);
    (void)set_add(hosts_sets(w->hosts), &s->peers, hash_address(peer->address));
    trail_add(w->hosts, &s->trail, hash_number(m->key ^ m->checksum), seen->when_us);
    return s;
}

static void observe_sender(struct watcher *w, const struct observation *seen)
{
    struct message m;
    if (seen->by_client && seen->client_known && p2p_message_of(seen, &m))
        (void)note(w, seen, &m);
}

static void observe_answerer(struct watcher *w, const struct observation *seen)
{
    struct message m;
    if (seen->by_client || !seen->client_known || !seen->other_spoke || !p2p_message_of(seen, &m) ||
        p2p_is_echo(seen))
        return;
    struct answer_slot *s = note(w, seen, &m);
    if (s != NULL && address_is_v4(seen->server.address))
        answered_ports_add(&s->ports, address_v4(seen->server.address), p2p_transport(seen),
                           seen->server.port, seen->when_us);
}

static void merge(struct watcher *w, void *into_slot, const void *from_slot)
{
    struct slot *into = into_slot;
    const struct slot *from = from_slot;
    if (from->messages == 0)
        return;
    if (into->messages == 0 || is_before(&from->first, &into->first))
        into->first = from->first;
    if (into->messages == 0 || from->last_us > into->last_us)
        into->last_us = from->last_us;
    into->messages += from->messages;
    into->bare += from->bare;
    set_merge(hosts_sets(w->hosts), &into->peers, &from->peers);
    trail_merge(w->hosts, &into->trail, &from->trail);
}

static void merge_answers(struct watcher *w, void *into_slot, const void *from_slot)
{
    struct answer_slot *into = into_slot;
    const struct answer_slot *from = from_slot;
    merge(w, &into->said, &from->said);
    answered_ports_merge(&into->ports, &from->ports);
}

static void release(struct watcher *w, void *slot)
{
    struct slot *s = slot;
    set_free(hosts_sets(w->hosts), &s->peers);
    trail_free(w->hosts, &s->trail);
}

static void save(const void *slot, struct writer *out)
{
    const struct slot *s = slot;
    write_le64(out, s->messages);
    write_le64(out, s->bare);
    save_set(out, &s->peers);
    save_time(out, s->first.when_us);
    save_time(out, s->last_us);
    save_address(out, s->first.peer);
    write_le16(out, s->first.peer_port);
    write_u8(out, s->first.protocol);
    write_le16(out, s->first.flags);
    save_trail(out, &s->trail);
}

static bool load(struct watcher *w, void *slot, struct reader *in)
{
    struct slot *s = slot;
    s->messages = load_count(in);
    s->bare = load_count(in);
    load_set(hosts_sets(w->hosts), &s->peers, in);
    s->first.when_us = load_time(in);
    s->last_us = load_time(in);
    s->first.peer = load_address(in);
    s->first.peer_port = read_le16(in);
    s->first.protocol = read_u8(in);
    s->first.flags = read_le16(in);
    load_trail(w->hosts, &s->trail, in);
    load_demand(in, s->messages > 0 && s->bare <= s->messages && s->first.when_us <= s->last_us);
    return !in->failed;
}

static void save_answers(const void *slot, struct writer *out)
{
    const struct answer_slot *s = slot;
    save(&s->said, out);
    answered_ports_save(out, &s->ports);
}

static bool load_answers(struct watcher *w, void *slot, struct reader *in)
{
    struct answer_slot *s = slot;
    if (!load(w, &s->said, in))
        return false;
    answered_ports_load(in, &s->ports);
    return !in->failed;
}

/* An estimate cannot be more than the messages were. */
static uint64_t peers_of(const struct slot *s)
{
    uint64_t peers = set_number(&s->peers);
    return peers < s->messages ? peers : s->messages;
}

static void fill(const struct slot *s, struct sign *out)
{
    out->weight = WEIGHT_PROOF;
    out->variants = VARIANT_D | VARIANT_E;
    out->count = s->messages;
    out->first_us = s->first.when_us;
    out->last_us = s->last_us;
    out->flow = (struct sign_flow){
        .protocol = s->first.protocol, .peer = s->first.peer, .peer_port = s->first.peer_port};
    char address[ADDRESS_TEXT_SIZE], line[FACT_TEXT_SIZE];
    (void)snprintf(line, sizeof line, "%s port %u/%s", address_text(s->first.peer, address),
                   s->first.peer_port, s->first.protocol == IP_TCP ? "tcp" : "udp");
    sign_add_text(out, FACT_TEXT, "first_peer", line);
    sign_add_number(out, "first_flags", s->first.flags);
    sign_add_number(out, "peers", (double)peers_of(s));
    sign_add_number(out, "bare_requests", (double)s->bare);
}

static bool report_sender(struct watcher *w, int32_t day, const void *slot, struct sign *out)
{
    (void)w, (void)day;
    const struct slot *s = slot;
    if (s->messages == 0)
        return false;
    fill(s, out);
    out->bare_only = s->bare == s->messages;
    struct text says = text_over(out->says, sizeof out->says);
    text_add(&says, "It sent %llu P2P message%s of Conficker D or E to %s%llu address%s: ",
             (unsigned long long)s->messages, plural(s->messages),
             set_is_exact(&s->peers) ? "" : "about ", (unsigned long long)peers_of(s),
             peers_of(s) == 1 ? "" : "es");
    text_add(&says, s->messages == 1 ? "it decrypts and its checksum holds"
                                     : "they decrypt and their checksums hold");
    text_add(&says, out->bare_only ? "; all are bare requests, as a scanner sends them." : ".");
    return true;
}

static bool report_answerer(struct watcher *w, int32_t day, const void *slot, struct sign *out)
{
    (void)w, (void)day;
    const struct slot *s = slot;
    if (s->messages == 0)
        return false;
    fill(s, out);
    struct text says = text_over(out->says, sizeof out->says);
    text_add(&says,
             "It answered P2P messages of Conficker D or E with %llu of its own that decrypt%s and "
             "whose "
             "checksum holds.",
             (unsigned long long)s->messages, s->messages == 1 ? "s" : "");
    return true;
}

static const struct trail *trail(const void *slot)
{
    const struct slot *s = slot;
    return &s->trail;
}

static const struct answered_ports *answered_on(const void *slot)
{
    const struct answer_slot *s = slot;
    return &s->ports;
}

const struct detector detector_p2p_message = {
    .sign = SIGN_P2P_MESSAGE,
    .slot_size = sizeof(struct slot),
    .adds_up = true,
    .interests = 1u << OBSERVED_PAYLOAD,
    .observe = observe_sender,
    .wants_datagram = p2p_wants_datagram,
    .wants = p2p_wants,
    .merge = merge,
    .release = release,
    .report = report_sender,
    .save = save,
    .load = load,
    .trail = trail,
};

const struct detector detector_p2p_answer = {
    .sign = SIGN_P2P_ANSWER,
    .slot_size = sizeof(struct answer_slot),
    .adds_up = true,
    .interests = 1u << OBSERVED_PAYLOAD,
    .observe = observe_answerer,
    .wants_datagram = p2p_wants_datagram,
    .wants = p2p_wants,
    .merge = merge_answers,
    .release = release, /* of what begins the slot: the ports own nothing */
    .report = report_answerer,
    .save = save_answers,
    .load = load_answers,
    .saved_form = 1,
    .answered_on = answered_on,
};
