/* callback: it fetched a file by HTTP from a host that had reached its own port 445 just before, as
 * a victim of the exploit fetches the worm.
 *
 * All facts are kept at the victim, which few attack: who connected to its port 445 or 139 (only
 * connections that stand, since an exploit needs one, and so that a sweep over addresses where
 * nobody lives costs nothing), what it asked for by GET on a port that is no web port, and which
 * answers brought a Windows program under an image type. They are joined when all is there, so
 * requests, answers, files and days may come in any order.
 *
 *   S -> C port 445                           a contact, kept at C
 *   C -> S port 4321    GET /abcdef           a fetch; within 10 minutes: an edge from S to C
 *   C <- S              image/jpeg, MZ...     an image; by the same connection: 6 points, else 3
 *
 * A contact is kept once per peer and ten minutes, with the first and the last time in them; it is
 * kept for the next day too when that is less than ten minutes away.
 * The sign here is the client's, 1 point and the mark `fetched`; the server's is made where edges
 * are joined (engine/edges). Source: spec of behaviour, section 1. */
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/time.h"
#include "base/writer.h"
#include "conficker/web_ports.h"
#include "detect/detector.h"
#include "detect/http_seen.h"
#include "evidence/edge.h"
#include "evidence/examples.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"
#include "evidence/smallest.h"
#include "observe/packet.h"

#define POINTS_CLIENT 1.0
#define POINTS_PROGRAM 6.0
#define POINTS_PLAIN 3.0
#define WITHIN_US (INT64_C(10) * 60 * US_PER_SECOND)

/* Of one host-day; the rest is left out: contacts by chance, of fetches those first whose path is
 * not letters only. */
enum { CONTACTS_MAX = 1024, FETCHES_MAX = 256, IMAGES_MAX = 64 };
enum { PORT_SMB = 445, PORT_NETBIOS = 139, PATH_KEPT = 46 };

struct contact {
    struct ranked ranked;
    struct address peer;
};

struct fetch {
    struct ranked ranked;
    struct address server;
    uint64_t connection, path;
    uint16_t port;
    bool is_letters;
    uint8_t shown_size;
    char shown[PATH_KEPT]; /* how the path begins, as it came */
};

static const struct smallest_of contacts_kept = {sizeof(struct contact), CONTACTS_MAX};
static const struct smallest_of fetches_kept = {sizeof(struct fetch), FETCHES_MAX};
static const struct smallest_of images_kept = {sizeof(struct ranked), IMAGES_MAX};

struct slot {
    struct smallest contacts, fetches, images;
};

static uint64_t connection_of(const struct observation *seen)
{
    uint64_t server = hash_pair(hash_address(seen->server.address), seen->server.port);
    return hash_pair(server, seen->client.port);
}

/* contacts */

static uint64_t contact_rank(struct address peer, int64_t when_us)
{
    return hash_pair(hash_address(peer), (uint64_t)(when_us / WITHIN_US));
}

static void note_contact(struct watcher *w, const struct observation *seen)
{
    struct address victim = seen->server.address, peer = seen->client.address;
    const struct contact contact = {
        .ranked = {contact_rank(peer, seen->when_us), {seen->when_us, seen->when_us}},
        .peer = peer};
    struct slot *today = watcher_slot(w, victim, seen->when_us);
    if (today != NULL)
        smallest_add(w->hosts, &today->contacts, contacts_kept, &contact);
    if (day_of(seen->when_us + WITHIN_US) == day_of(seen->when_us))
        return;
    struct slot *tomorrow = watcher_slot(w, victim, seen->when_us + WITHIN_US);
    if (tomorrow != NULL)
        smallest_add(w->hosts, &tomorrow->contacts, contacts_kept, &contact);
}

/* fetches */

/* Paths of letters before all others: only they can weigh 6, and somebody who asks for a thousand
 * other things must not push them out. */
static uint64_t rank_of(uint64_t connection, uint64_t path, bool is_letters)
{
    uint64_t half = hash_pair(connection, path) >> 1;
    return is_letters ? half : half | UINT64_C(1) << 63;
}

static void note_fetch(struct watcher *w, const struct observation *seen)
{
    struct reader path = http_path(seen->http);
    bool is_letters = http_path_is_letters(path);
    struct fetch fetch = {.server = seen->server.address,
                          .port = seen->server.port,
                          .connection = connection_of(seen),
                          .path = http_path_hash(path),
                          .is_letters = is_letters};
    fetch.ranked = (struct ranked){rank_of(fetch.connection, fetch.path, is_letters),
                                   {seen->when_us, seen->when_us}};
    fetch.shown_size = (uint8_t)(path.left < PATH_KEPT ? path.left : PATH_KEPT);
    const uint8_t *shown = read_bytes(&path, fetch.shown_size);
    if (shown != NULL && fetch.shown_size > 0)
        memcpy(fetch.shown, shown, fetch.shown_size);
    struct slot *s = watcher_slot(w, seen->client.address, seen->when_us);
    if (s != NULL)
        smallest_add(w->hosts, &s->fetches, fetches_kept, &fetch);
}

static void note_image(struct watcher *w, const struct observation *seen)
{
    const struct ranked image = {connection_of(seen), {seen->when_us, seen->when_us}};
    struct slot *today = watcher_slot(w, seen->client.address, seen->when_us);
    if (today != NULL)
        smallest_add(w->hosts, &today->images, images_kept, &image);
    if (day_of(seen->when_us - WITHIN_US) == day_of(seen->when_us))
        return;
    struct slot *yesterday = watcher_slot(w, seen->client.address, seen->when_us - WITHIN_US);
    if (yesterday != NULL) /* it may have been asked for before midnight */
        smallest_add(w->hosts, &yesterday->images, images_kept, &image);
}

static void observe(struct watcher *w, const struct observation *seen)
{
    uint16_t port = seen->server.port;
    if (!seen->client_known || seen->protocol != IP_TCP ||
        address_equal(seen->client.address, seen->server.address)) /* nobody infects itself */
        return;
    if (seen->kind == OBSERVED_ANSWER) {
        if (port == PORT_SMB || port == PORT_NETBIOS)
            note_contact(w, seen);
        return;
    }
    if (port_is_web(port))
        return;
    if (http_is_request(seen) && http_is_get(seen->http))
        note_fetch(w, seen);
    else if (http_is_program_as_image(seen))
        note_image(w, seen);
}

static void merge(struct watcher *w, void *into_slot, const void *from_slot)
{
    struct slot *into = into_slot;
    const struct slot *from = from_slot;
    smallest_merge(w->hosts, &into->contacts, &from->contacts, contacts_kept);
    smallest_merge(w->hosts, &into->fetches, &from->fetches, fetches_kept);
    smallest_merge(w->hosts, &into->images, &from->images, images_kept);
}

static void release(struct watcher *w, void *slot)
{
    struct slot *s = slot;
    smallest_free(w->hosts, &s->contacts, contacts_kept);
    smallest_free(w->hosts, &s->fetches, fetches_kept);
    smallest_free(w->hosts, &s->images, images_kept);
}

/* Saving: what follows from the rest is not written, but made again. */

static void put_contact(struct writer *out, const void *item)
{
    const struct contact *c = item;
    save_address(out, c->peer);
}

static void get_contact(struct reader *in, void *item)
{
    struct contact *c = item;
    c->peer = load_address(in);
    c->ranked.rank = contact_rank(c->peer, c->ranked.span.first_us);
    load_demand(in, c->ranked.rank == contact_rank(c->peer, c->ranked.span.last_us));
}

static void put_fetch(struct writer *out, const void *item)
{
    const struct fetch *f = item;
    save_address(out, f->server);
    write_le16(out, f->port);
    write_le64(out, f->connection);
    write_le64(out, f->path);
    save_bool(out, f->is_letters);
    write_u8(out, f->shown_size);
    write_bytes(out, f->shown, f->shown_size);
}

/* The path as it is shown must not deny what is said of it; a short one is shown whole. */
static bool is_path_of(const struct fetch *f)
{
    struct reader shown = reader_over(f->shown, f->shown_size);
    bool is_letters = http_path_is_letters(shown);
    if (f->shown_size < PATH_KEPT)
        return f->path == http_path_hash(shown) && f->is_letters == is_letters;
    return is_letters || !f->is_letters;
}

static void get_fetch(struct reader *in, void *item)
{
    struct fetch *f = item;
    f->server = load_address(in);
    f->port = read_le16(in);
    f->connection = read_le64(in);
    f->path = read_le64(in);
    f->is_letters = load_bool(in);
    f->shown_size = read_u8(in);
    load_demand(in, f->shown_size <= PATH_KEPT);
    const uint8_t *shown = read_bytes(in, in->failed ? 0 : f->shown_size);
    if (in->failed)
        return;
    if (f->shown_size > 0)
        memcpy(f->shown, shown, f->shown_size);
    f->ranked.rank = rank_of(f->connection, f->path, f->is_letters);
    load_demand(in, is_path_of(f) && !port_is_web(f->port));
}

static void put_image(struct writer *out, const void *item)
{
    const struct ranked *image = item;
    write_le64(out, image->rank);
}

static void get_image(struct reader *in, void *item)
{
    struct ranked *image = item;
    image->rank = read_le64(in);
}

static void save(const void *slot, struct writer *out)
{
    const struct slot *s = slot;
    save_smallest(out, &s->contacts, contacts_kept, put_contact);
    save_smallest(out, &s->fetches, fetches_kept, put_fetch);
    save_smallest(out, &s->images, images_kept, put_image);
}

static bool load(struct watcher *w, void *slot, struct reader *in)
{
    struct slot *s = slot;
    load_smallest(w->hosts, &s->contacts, contacts_kept, in, get_contact);
    load_smallest(w->hosts, &s->fetches, fetches_kept, in, get_fetch);
    load_smallest(w->hosts, &s->images, images_kept, in, get_image);
    return !in->failed;
}

/* The join */

struct callback {
    const struct fetch *fetch;
    int64_t when_us, after_us; /* of the fetch; how long after the contact */
    bool is_program;           /* under an image type, asked for by letters only */
};

/* Both ends of both spans are times at which it was seen, and within the ten minutes of a contact
 * nothing between its ends can be nearer to a later fetch. Keeps the nearest pair of times. */
static bool follows(const struct fetch *f, const struct contact *c, struct callback *out)
{
    const int64_t fetched[] = {f->ranked.span.first_us, f->ranked.span.last_us};
    const int64_t came[] = {c->ranked.span.first_us, c->ranked.span.last_us};
    bool found = false;
    for (unsigned i = 0; i < COUNT_OF(fetched); i++) {
        for (unsigned k = 0; k < COUNT_OF(came); k++) {
            int64_t after = fetched[i] - came[k];
            if (after < 0 || after > WITHIN_US || after >= out->after_us)
                continue;
            out->after_us = after;
            out->when_us = fetched[i];
            found = true;
        }
    }
    return found;
}

/* True when this fetch follows any contact of its server; the nearest one counts. */
static bool is_callback(const struct slot *s, const struct fetch *f, struct callback *out)
{
    bool found = false;
    *out = (struct callback){.fetch = f, .after_us = INT64_MAX};
    for (uint32_t i = 0; i < s->contacts.count; i++) {
        const struct contact *c = smallest_at(&s->contacts, contacts_kept, i);
        if (address_equal(c->peer, f->server))
            found |= follows(f, c, out);
    }
    out->is_program = f->is_letters &&
                      smallest_find(&s->images, images_kept, f->connection) != NULL;
    return found;
}

static const char *what_came(const struct callback *c)
{
    return c->is_program ? ", MZ under an image type" : "";
}

/* A clause whose subject is the server. */
static void say_edge(const struct callback *c, struct text *says)
{
    text_add(says, "it served ");
    text_add_escaped(says, c->fetch->shown, c->fetch->shown_size);
    text_add(says, " on port %u%s, %lld s after it reached port 445/139 there", c->fetch->port,
             what_came(c), (long long)(c->after_us / US_PER_SECOND));
}

static size_t edges(struct watcher *w, struct address host, int32_t day, const void *slot,
                    struct edge *out, size_t room)
{
    (void)w, (void)day;
    const struct slot *s = slot;
    size_t count = 0;
    for (uint32_t i = 0; i < s->fetches.count && count < room; i++) {
        const struct fetch *f = smallest_at(&s->fetches, fetches_kept, i);
        struct callback c;
        if (!is_callback(s, f, &c))
            continue;
        struct edge *e = &out[count++];
        *e = (struct edge){.cause = EDGE_CALLBACK,
                           .from = f->server,
                           .to = host,
                           .when_us = c.when_us,
                           .url_host = f->server,
                           .url_port = f->port,
                           .url_path = f->path,
                           .points = c.is_program ? POINTS_PROGRAM : POINTS_PLAIN};
        struct text says = text_over(e->says, sizeof e->says);
        say_edge(&c, &says);
    }
    return count;
}

/* The client's own sign */

static void add_example(struct examples *examples, const struct fetch *f)
{
    char address[ADDRESS_TEXT_SIZE], text[EXAMPLE_TEXT_SIZE];
    if (!examples_want(examples, f->ranked.rank))
        return;
    (void)snprintf(text, sizeof text, "%s:%u %.*s", address_text(f->server, address), f->port,
                   f->shown_size, f->shown);
    examples_add(examples, f->ranked.rank, text);
}

static void say_client(const struct callback *c, uint64_t count, struct text *says)
{
    char address[ADDRESS_TEXT_SIZE];
    text_add(says, "As a victim of the exploit does, it fetched ");
    text_add_escaped(says, c->fetch->shown, c->fetch->shown_size);
    text_add(says, " from port %u of %s%s, %lld s after that host had reached its port 445 or 139",
             c->fetch->port, address_text(c->fetch->server, address), what_came(c),
             (long long)(c->after_us / US_PER_SECOND));
    if (count > 1)
        text_add(says, "; the first of %llu such fetches", (unsigned long long)count);
    text_add(says, ".");
}

static bool report(struct watcher *w, int32_t day, const void *slot, struct sign *out)
{
    (void)w, (void)day;
    const struct slot *s = slot;
    struct examples examples = {0};
    struct callback first = {.when_us = INT64_MAX}, c;
    struct span span = span_empty();
    for (uint32_t i = 0; i < s->fetches.count; i++) {
        const struct fetch *f = smallest_at(&s->fetches, fetches_kept, i);
        if (!is_callback(s, f, &c))
            continue;
        out->count++;
        span_add(&span, c.when_us);
        add_example(&examples, f);
        if (c.when_us < first.when_us)
            first = c;
    }
    if (out->count == 0)
        return false;
    out->weight = WEIGHT_POINTS;
    out->points = POINTS_CLIENT;
    out->marks = MARK_FETCHED;
    out->first_us = span.first_us;
    out->last_us = span.last_us;
    examples_show(&examples, "fetched", out);
    struct text says = text_over(out->says, sizeof out->says);
    say_client(&first, out->count, &says);
    return true;
}

const struct detector detector_callback = {
    .sign = SIGN_CALLBACK,
    .slot_size = sizeof(struct slot),
    .interests = 1u << OBSERVED_ANSWER | 1u << OBSERVED_HTTP,
    .observe = observe,
    .merge = merge,
    .release = release,
    .report = report,
    .save = save,
    .load = load,
    .edges = edges,
};
