/* smb-answer: asked over SMB by anybody, its NetpwPathCanonicalize answered as the worm's does.
 *
 * Whoever runs the check (our own scan, nmap, Bonn's scs, a scanner of vulnerabilities), the
 * capture shows what it learned: the questions in the client's stream and the answers in the
 * server's, put together by the numbers of their calls (detect/smb_asked). The sign is the
 * server's; who asks gets nothing. Microsoft's answers make no sign but a check: the host was
 * asked, and is clean or unpatched; they count only where both questions were answered.
 *
 * Both streams are needed from their beginning: what was captured of one direction alone, or from
 * the middle of a connection, or lies beyond a stream's head, says nothing here. A flow ends with
 * its file. A dialogue over midnight is seen on the day on which its client sends its last bytes.
 *
 * Source: spec of asking, section c; conficker/canonicalize. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/writer.h"
#include "detect/detector.h"
#include "detect/smb_asked.h"
#include "evidence/saving.h"
#include "evidence/smb_check.h"
#include "evidence/span.h"
#include "evidence/verdict.h"
#include "observe/packet.h"

enum {
    OPEN_MAX = 4,                    /* dialogues of a host-day that stand open at a time */
    FINDINGS = CANONICALIZE_UNKNOWN, /* those before it mean something */
    ANSWER_SIZE = FACT_TEXT_SIZE
};

/* One dialogue: what both sides have said so far. */
struct talk {
    uint64_t stream; /* what its flow is known by, among those of the host */
    int64_t when_us;
    struct endpoint asker;
    uint16_t port;
    struct smb_asked asked;
    struct smb_told told;
};

/* The first dialogue with one finding. */
struct first {
    int64_t when_us;
    struct endpoint asker;
    uint16_t port;
    bool has[CANONICALIZE_CALLS];
    struct canonicalize_answer answers[CANONICALIZE_CALLS];
};

struct found {
    uint64_t count; /* dialogues */
    struct span span;
    struct first first;
};

struct slot {
    struct found found[FINDINGS];
    uint8_t open_count;
    struct talk open[OPEN_MAX]; /* the longest untouched first */
};

static bool is_before(const struct first *a, const struct first *b)
{
    if (a->when_us != b->when_us)
        return a->when_us < b->when_us;
    int order = address_compare(a->asker.address, b->asker.address);
    if (order != 0)
        return order < 0;
    if (a->asker.port != b->asker.port)
        return a->asker.port < b->asker.port;
    if (a->port != b->port)
        return a->port < b->port;
    for (unsigned i = 0; i < CANONICALIZE_CALLS; i++) {
        uint64_t x = (uint64_t)a->answers[i].code << 32 | a->answers[i].path;
        uint64_t y = (uint64_t)b->answers[i].code << 32 | b->answers[i].path;
        if (a->has[i] != b->has[i] || x != y)
            return a->has[i] != b->has[i] ? a->has[i] : x < y;
    }
    return false;
}

/* The reply to a question; NULL: none came. */
static const struct canonicalize_answer *reply_to(const struct talk *t,
                                                  const struct smb_question *q)
{
    for (unsigned i = 0; i < t->told.count; i++)
        if (t->told.all[i].call == q->call && t->told.all[i].nth == q->nth)
            return &t->told.all[i].answer;
    return NULL;
}

/* Of a path that was asked about more than once the first answer stands. */
static enum canonicalize_finding finding_of(const struct talk *t, struct first *out)
{
    *out = (struct first){.when_us = t->when_us, .asker = t->asker, .port = t->port};
    for (unsigned i = 0; i < t->asked.count; i++) {
        const struct smb_question *q = &t->asked.all[i];
        const struct canonicalize_answer *answer = reply_to(t, q);
        if (answer == NULL || out->has[q->path])
            continue;
        out->has[q->path] = true;
        out->answers[q->path] = *answer;
    }
    return canonicalize_finding_of(out->has[0] ? &out->answers[0] : NULL,
                                   out->has[1] ? &out->answers[1] : NULL);
}

static void count(struct slot *s, const struct talk *t)
{
    struct first first;
    enum canonicalize_finding finding = finding_of(t, &first);
    if (finding == CANONICALIZE_UNKNOWN)
        return;
    struct found *f = &s->found[finding];
    if (f->count == 0)
        f->span = span_empty();
    if (f->count == 0 || is_before(&first, &f->first))
        f->first = first;
    f->count++;
    span_add(&f->span, first.when_us);
}

static void close_talk(struct slot *s, unsigned at)
{
    count(s, &s->open[at]);
    s->open_count--;
    memmove(&s->open[at], &s->open[at + 1], (s->open_count - at) * sizeof s->open[0]);
}

/* The dialogue of this flow, now the one touched last. */
static struct talk *talk_of(struct slot *s, const struct talk *now)
{
    struct talk moved = *now;
    unsigned at = 0;
    while (at < s->open_count && s->open[at].stream != now->stream)
        at++;
    if (at < s->open_count) {
        moved = s->open[at];
        s->open_count--;
        memmove(&s->open[at], &s->open[at + 1], (s->open_count - at) * sizeof s->open[0]);
    } else if (s->open_count == OPEN_MAX) {
        close_talk(s, 0);
    }
    s->open[s->open_count] = moved;
    return &s->open[s->open_count++];
}

/* Whether what was known is how `now` begins: else another connection has taken these ports. */
static bool asked_goes_on(const struct smb_asked *known, const struct smb_asked *now)
{
    if (known->count > now->count)
        return false;
    for (unsigned i = 0; i < known->count; i++)
        if (known->all[i].call != now->all[i].call || known->all[i].path != now->all[i].path)
            return false;
    return true;
}

static bool told_goes_on(const struct smb_told *known, const struct smb_told *now)
{
    if (known->count > now->count)
        return false;
    for (unsigned i = 0; i < known->count; i++)
        if (known->all[i].call != now->all[i].call ||
            known->all[i].answer.code != now->all[i].answer.code ||
            known->all[i].answer.path != now->all[i].answer.path)
            return false;
    return true;
}

static void take_asked(struct slot *s, const struct talk *now)
{
    struct talk *t = talk_of(s, now);
    if (!asked_goes_on(&t->asked, &now->asked)) {
        count(s, t);
        *t = *now;
    } else {
        t->asked = now->asked;
    }
}

/* What the server says when its client is not followed any more is none of our answers. */
static void take_told(struct slot *s, const struct talk *now)
{
    struct talk *t = talk_of(s, now);
    if (!told_goes_on(&t->told, &now->told)) {
        count(s, t);
        *t = *now;
    } else if (!t->asked.is_over && now->told.count > t->told.count) {
        t->told = now->told;
        t->when_us = now->when_us;
    }
}

static void observe(struct watcher *w, const struct observation *seen)
{
    bool by_server;
    if (!smb_is_seen(seen, &by_server) || !smb_has_news(seen->bytes, seen->bytes_before, by_server))
        return;
    const struct endpoint *from = seen->by_client ? &seen->client : &seen->server;
    const struct endpoint *to = seen->by_client ? &seen->server : &seen->client;
    const struct endpoint *server = by_server ? from : to, *asker = by_server ? to : from;
    struct talk now = {.when_us = seen->when_us, .asker = *asker, .port = server->port};
    if (by_server)
        now.told = smb_told_in(seen->bytes);
    else
        now.asked = smb_asked_in(seen->bytes);
    if (now.told.count + now.asked.count == 0)
        return;
    now.stream = hash_pair(hash_address(asker->address),
                           (uint64_t)asker->port << 16 | server->port);
    struct slot *s = watcher_slot(w, server->address, seen->when_us);
    if (s == NULL)
        return;
    if (by_server)
        take_told(s, &now);
    else
        take_asked(s, &now);
}

/* The slot when all its dialogues are over. */
static struct slot closed(const struct slot *s)
{
    struct slot whole = *s;
    while (whole.open_count > 0)
        close_talk(&whole, 0);
    return whole;
}

static void merge_found(struct found *into, const struct found *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0)
        into->span = span_empty();
    if (into->count == 0 || is_before(&from->first, &into->first))
        into->first = from->first;
    into->count += from->count;
    span_merge(&into->span, from->span);
}

/* No stream goes on in another part. */
static void merge(struct watcher *w, void *into_slot, const void *from_slot)
{
    (void)w;
    struct slot *into = into_slot;
    const struct slot from = closed(from_slot);
    for (unsigned i = 0; i < FINDINGS; i++)
        merge_found(&into->found[i], &from.found[i]);
}

static void save(const void *slot, struct writer *out)
{
    const struct slot s = closed(slot);
    for (unsigned i = 0; i < FINDINGS; i++) {
        const struct found *f = &s.found[i];
        write_le64(out, f->count);
        if (f->count == 0)
            continue;
        save_span(out, f->span);
        save_time(out, f->first.when_us);
        save_address(out, f->first.asker.address);
        write_le16(out, f->first.asker.port);
        write_le16(out, f->first.port);
        for (unsigned call = 0; call < CANONICALIZE_CALLS; call++) {
            save_bool(out, f->first.has[call]);
            write_le32(out, f->first.answers[call].path);
            write_le32(out, f->first.answers[call].code);
        }
    }
}

/* What was found must follow from the answers. */
static void load_found(struct reader *in, struct found *f, enum canonicalize_finding finding)
{
    f->count = load_count(in);
    if (f->count == 0)
        return;
    f->span = load_span(in);
    struct first *first = &f->first;
    first->when_us = load_time(in);
    first->asker.address = load_address(in);
    first->asker.port = read_le16(in);
    first->port = read_le16(in);
    for (unsigned call = 0; call < CANONICALIZE_CALLS; call++) {
        first->has[call] = load_bool(in);
        first->answers[call].path = read_le32(in);
        first->answers[call].code = read_le32(in);
    }
    load_demand(in,
                f->span.first_us == first->when_us && f->span.first_us <= f->span.last_us &&
                    canonicalize_finding_of(first->has[0] ? &first->answers[0] : NULL,
                                            first->has[1] ? &first->answers[1] : NULL) == finding);
}

static bool load(struct watcher *w, void *slot, struct reader *in)
{
    (void)w;
    struct slot *s = slot;
    for (unsigned i = 0; i < FINDINGS; i++)
        load_found(in, &s->found[i], (enum canonicalize_finding)i);
    return !in->failed;
}

static struct smb_check check_of(const struct found *f, enum canonicalize_finding finding)
{
    static const enum smb_cause causes[FINDINGS] = {
        [CANONICALIZE_INFECTED_A_C] = SMB_CAUSE_WORM_ABC,
        [CANONICALIZE_INFECTED_D_E] = SMB_CAUSE_WORM_DE,
        [CANONICALIZE_LIKE_D_E] = SMB_CAUSE_WORM_DE_EMPTY,
        [CANONICALIZE_PATCHED] = SMB_CAUSE_PATCHED,
        [CANONICALIZE_UNPATCHED] = SMB_CAUSE_NOT_PATCHED,
    };
    return (struct smb_check){
        .port = f->first.port,
        .stage = f->first.has[1] ? SMB_STAGE_SECOND : SMB_STAGE_FIRST,
        .cause = causes[finding],
        .when_us = f->span.last_us,
        .smb1_known = true,
        .smb1 = true,
    };
}

/* The latest; of two of the same time the graver, which stands first. */
static bool checked(const void *slot, struct smb_check *out)
{
    const struct slot s = closed(slot);
    bool any = false;
    for (unsigned i = 0; i < FINDINGS; i++) {
        if (s.found[i].count == 0 || (any && s.found[i].span.last_us <= out->when_us))
            continue;
        *out = check_of(&s.found[i], (enum canonicalize_finding)i);
        any = true;
    }
    return any;
}

static void add_facts(const struct found *f, struct sign *out)
{
    char address[ADDRESS_TEXT_SIZE], line[FACT_TEXT_SIZE];
    const struct first *first = &f->first;
    out->flow = (struct sign_flow){.protocol = IP_TCP,
                                   .peer = first->asker.address,
                                   .port = first->port,
                                   .peer_port = first->asker.port};
    sign_add_number(out, "port", first->port);
    (void)snprintf(line, sizeof line, "%s port %u/tcp", address_text(first->asker.address, address),
                   first->asker.port);
    sign_add_text(out, FACT_TEXT, "first_peer", line);
    for (unsigned i = 0; i < CANONICALIZE_CALLS; i++) {
        if (!first->has[i])
            continue;
        (void)snprintf(line, sizeof line, "%s: code 0x%x, path 0x%x", canonicalize_paths[i],
                       (unsigned)first->answers[i].code, (unsigned)first->answers[i].path);
        sign_add_text(out, FACT_ITEM, "answers", line);
    }
}

static void say(const struct found *f, enum canonicalize_finding finding, struct sign *out)
{
    const struct smb_check check = check_of(f, finding);
    char address[ADDRESS_TEXT_SIZE], reason[SIGN_SAYS_SIZE];
    struct text because = text_over(reason, sizeof reason);
    struct text says = text_over(out->says, sizeof out->says);
    smb_check_say_reason(&check, &because);
    text_add(&says, "Asked over SMB on port %u by %s, %s.", f->first.port,
             address_text(f->first.asker.address, address), reason);
}

static bool report(struct watcher *w, int32_t day, const void *slot, struct sign *out)
{
    (void)w, (void)day;
    const struct slot s = closed(slot);
    static const unsigned variants[] = {
        [CANONICALIZE_INFECTED_A_C] = VARIANT_A | VARIANT_B | VARIANT_C,
        [CANONICALIZE_INFECTED_D_E] = VARIANT_D | VARIANT_E,
        [CANONICALIZE_LIKE_D_E] = VARIANT_D | VARIANT_E,
    };
    struct span span = span_empty();
    int gravest = -1;
    for (int i = CANONICALIZE_LIKE_D_E; i >= CANONICALIZE_INFECTED_A_C; i--) {
        if (s.found[i].count == 0)
            continue;
        gravest = i;
        out->count += s.found[i].count;
        out->variants |= variants[i];
        span_merge(&span, s.found[i].span);
    }
    if (gravest < 0)
        return false;
    bool is_proof = gravest != CANONICALIZE_LIKE_D_E;
    out->weight = is_proof ? WEIGHT_PROOF : WEIGHT_POINTS;
    out->points = is_proof ? 0 : VERDICT_SMB_EMPTY_POINTS;
    out->first_us = span.first_us;
    out->last_us = span.last_us;
    add_facts(&s.found[gravest], out);
    say(&s.found[gravest], (enum canonicalize_finding)gravest, out);
    return true;
}

const struct detector detector_smb_answer = {
    .sign = SIGN_SMB_ANSWER,
    .slot_size = sizeof(struct slot),
    .adds_up = true,
    .interests = 1u << OBSERVED_PAYLOAD,
    .observe = observe,
    .wants = smb_wants,
    .merge = merge,
    .report = report,
    .save = save,
    .load = load,
    .checked = checked,
};
