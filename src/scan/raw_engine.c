/* One loop: a batch of knocks is sent, then what came is read. Two threads were not needed: the
 * sender never waits for the kernel (no queue stands between it and the device), and the ring holds
 * what comes during a batch many times over.
 *
 * Answers are taken in whenever they come, in any pass and in the pauses. The place of the scan is
 * noted when a batch has been handed to the device: after a crash at most one batch is asked
 * twice. */
#include "scan/raw_engine.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/time.h"
#include "scan/pace.h"
#include "scan/raw_pieces.h"

enum {
    WATCH_US = 100000,     /* between two looks at whether to stop */
    RECEIVE_MAX = 4096,    /* packets that are read before more are sent */
    BATCH_HOSTS = 64,      /* hosts of which the place is noted together */
    LOOK_AGAIN_US = 20000, /* whether neighbours were found */
    NEIGHBOUR_ROUNDS = 3,  /* that one is looked for */
    NET_HOSTS = 256
};

/* After each pass. A host that was asked last in a pass has at least so long to answer. */
static const int64_t pauses_us[RAW_PASSES] = {US_PER_SECOND, 3 * US_PER_SECOND, 8 * US_PER_SECOND};

struct run {
    const struct raw_settings *settings;
    struct raw_plan plan; /* the settings', and the time of the host that is looked at */
    const struct raw_network *network;
    const struct raw_face *face;
    struct raw_outcome *out;
    struct error *err;
    struct raw_progress progress;
    struct order order;
    struct raw_pieces *pieces;
    struct pace pace;
    /* The host of the last answer: answers of one host come together, and its ports are dear. */
    uint32_t last_host;
    size_t last_count;
    struct knock last[KNOCKS_MAX];
    uint64_t open; /* knocks that were opened and said nothing yet */
    int64_t start_us, now_us, watch_us;
    int64_t weeks_us; /* when to look again whether the weeks turned */
    bool failed, stopped;
};

static bool goes_on(const struct run *r)
{
    return !r->failed && !r->stopped;
}

uint64_t raw_places(const struct raw_settings *s)
{
    uint64_t hosts = host_table_count(s->hosts);
    return hosts > s->shard ? (hosts - s->shard - 1) / s->shards + 1 : 0;
}

uint32_t raw_host_at(const struct raw_settings *s, const struct order *order, uint64_t place,
                     uint64_t *number)
{
    *number = order_at(order, place * s->shards + s->shard);
    return host_table_at(s->hosts, *number);
}

double raw_lost_share(const struct raw_progress *p)
{
    double heard[RAW_PASSES] = {0}, tries = 0, lost = 0;
    uint64_t silent = p->asked;
    if (p->pass < RAW_PASSES)
        return (double)NAN;
    for (unsigned i = 0; i < RAW_PASSES; i++) {
        heard[i] = silent > p->silent[i] ? (double)(silent - p->silent[i]) : 0;
        silent = p->silent[i];
        tries += (i + 1) * heard[i];
        lost += i * heard[i];
    }
    return tries > 0 ? lost / tries : (double)NAN;
}

static void send(struct run *r, uint32_t host, const struct writer *packet)
{
    assert(!packet->failed);
    if (!r->network->send(r->network->context, host, packet->start, packet->used, r->err))
        r->failed = true;
}

static void reply(struct run *r, const struct raw_answer *a, const struct writer *packet)
{
    send(r, a->host, packet);
    r->out->counts.replies++;
}

static void reset(struct run *r, const struct raw_answer *a)
{
    uint8_t bytes[RAW_PACKET_SIZE];
    struct writer w = writer_over(bytes, sizeof bytes);
    raw_build_reset(&r->settings->plan, a, &w);
    reply(r, a, &w);
}

static void acknowledge(struct run *r, const struct raw_answer *a)
{
    uint8_t bytes[RAW_PACKET_SIZE];
    struct writer w = writer_over(bytes, sizeof bytes);
    raw_build_receipt(&r->settings->plan, a, &w);
    reply(r, a, &w);
}

static void ask_on(struct run *r, const struct knock *k, const struct raw_answer *a)
{
    uint8_t bytes[RAW_PACKET_SIZE];
    struct writer w = writer_over(bytes, sizeof bytes);
    raw_build_question(&r->settings->plan, k, a, &w);
    reply(r, a, &w);
}

/* One knock of a host. */
struct place {
    uint64_t host; /* its number */
    unsigned knock;
};

static void set(struct run *r, struct place at, enum knock_state to)
{
    struct raw_state *state = r->settings->state;
    enum knock_state from = raw_state_of(state, at.host, at.knock);
    r->progress.answered += from == KNOCK_SILENT;
    r->open += (to == KNOCK_OPEN) - (uint64_t)(from == KNOCK_OPEN);
    raw_state_set(state, at.host, at.knock, to);
}

/* This host is for the socket engine. */
static void find_how(struct run *r, uint32_t host, struct place at, enum raw_found how)
{
    bool known = raw_state_is_found(r->settings->state, at.host);
    set(r, at, KNOCK_ANSWERED);
    if (known)
        return;
    r->out->counts.found++;
    r->face->found(r->face->context, host, how);
}

static void find(struct run *r, uint32_t host, struct place at)
{
    find_how(r, host, at, RAW_FOUND);
}

static void judge(struct run *r, const struct knock *k, struct reader came)
{
    struct shot shot = raw_shot(&r->settings->plan, k);
    struct answer answer = {0};
    if (!k->shot.probe->checks_ports || came.left == 0)
        return;
    shot.probe->judge(&shot, came, &answer);
    if (answer.cause == CAUSE_VALID)
        host_set_add(r->out->valid, shot.host);
}

/* Bytes on a connection: the host is found by the first of them; the rest is for the judge. */
static void take_bytes(struct run *r, struct place at, const struct knock *k,
                       const struct raw_answer *a)
{
    struct reader all = {0};
    bool fits = k->asks && raw_pieces_add(r->pieces, a, &all);
    find(r, a->host, at);
    if (fits && !k->shot.probe->is_whole(all)) {
        acknowledge(r, a);
        return;
    }
    if (k->asks) {
        judge(r, k, all);
        raw_pieces_end(r->pieces, a);
    }
    reset(r, a);
}

/* Refused before it was opened, and behind it. */
static void take_refusal(struct run *r, struct place at, const struct raw_answer *a,
                         enum knock_state before)
{
    if (before == KNOCK_OPEN || (before == KNOCK_SILENT && r->settings->plan.finds_refusing))
        find(r, a->host, at);
    else if (before == KNOCK_SILENT)
        set(r, at, KNOCK_REFUSED);
}

static void take_answer(struct run *r, struct place at, const struct knock *k,
                        const struct raw_answer *a)
{
    enum knock_state before = raw_state_of(r->settings->state, at.host, at.knock);
    switch (a->kind) {
    case RAW_OPENS:
        if (k->asks && before != KNOCK_ANSWERED) {
            if (before != KNOCK_OPEN)
                set(r, at, KNOCK_OPEN);
            ask_on(r, k, a);
        } else {
            find(r, a->host, at);
            reset(r, a);
        }
        return;
    case RAW_RESETS:
        take_refusal(r, at, a, before);
        return;
    case RAW_SPEAKS:
        take_bytes(r, at, k, a);
        return;
    case RAW_ENDS:
        find(r, a->host, at);
        reset(r, a);
        return;
    case RAW_DATAGRAM:
        find(r, a->host, at);
        judge(r, k, a->payload);
        return;
    case RAW_ECHOES:
        find_how(r, a->host, at, RAW_FOUND_THERE);
        return;
    case RAW_PORT_CLOSED:
        take_refusal(r, at, a, before == KNOCK_OPEN ? KNOCK_REFUSED : before);
        return;
    case RAW_NOBODY:
        host_set_add(r->out->unreachable, a->host);
        return;
    }
}

/* The time as at which the host of this place is asked: in all passes that of the first. */
static int64_t when_of(const struct run *r, uint64_t place)
{
    return raw_state_when(r->settings->state, place, r->settings->plan.aim.when_us);
}

/* How many knocks this host has, which stand in r->last; 0 where none can have been answered. */
static size_t knocks_of(struct run *r, uint32_t host, uint64_t number)
{
    const struct raw_settings *s = r->settings;
    if (r->last_count == 0 || r->last_host != host) {
        r->plan.aim.when_us = raw_state_turns(s->state) == 0
                                  ? s->plan.aim.when_us
                                  : when_of(r, order_place(&r->order, number) / s->shards);
        size_t count = raw_knocks(&r->plan, host, r->last);
        r->last_count = count <= raw_state_knocks(s->state) ? count : 0;
        r->last_host = host;
    }
    return r->last_count;
}

static void take_packet(struct run *r, struct reader packet)
{
    const struct raw_settings *s = r->settings;
    struct raw_answer a;
    struct place at = {0};
    if (!raw_answer_read(packet, s->plan.source, &a))
        return;
    size_t count = host_table_find(s->hosts, a.host, &at.host) ? knocks_of(r, a.host, at.host) : 0;
    while (at.knock < count && !raw_answer_is_true(&s->plan, &r->last[at.knock], &a))
        at.knock++;
    if (at.knock == count) /* echoes of others on this machine come here as well */
        r->out->counts.forged += a.kind != RAW_ECHOES;
    else
        take_answer(r, at, &r->last[at.knock], &a);
}

static void receive(struct run *r)
{
    struct reader packet;
    for (int i = 0; i < RECEIVE_MAX && r->network->receive(r->network->context, &packet); i++)
        take_packet(r, packet);
}

static void flush(struct run *r)
{
    if (!r->network->flush(r->network->context, r->err))
        r->failed = true;
}

static void look(struct run *r)
{
    r->now_us = r->network->now_us(r->network->context);
    if (r->now_us < r->watch_us)
        return;
    r->watch_us = r->now_us + WATCH_US;
    r->out->counts.progress = r->progress;
    r->network->counts(r->network->context, &r->out->counts.network);
    r->stopped = r->stopped || r->face->watch(r->face->context, &r->out->counts);
}

/* Sends what is queued, takes in what came, and waits for more until this time at most. */
static void turn(struct run *r, int64_t until_us)
{
    flush(r);
    receive(r);
    look(r);
    if (until_us <= r->now_us || !goes_on(r))
        return;
    flush(r);
    r->network->wait(r->network->context, until_us < r->watch_us ? until_us : r->watch_us);
    receive(r);
    look(r);
}

/* Waits for the next packet's turn. */
static void wait_for_turn(struct run *r)
{
    while (goes_on(r) && !pace_take(&r->pace, r->now_us))
        turn(r, pace_next_us(&r->pace, r->now_us));
}

static void knock_at(struct run *r, const struct knock *k)
{
    uint8_t bytes[RAW_PACKET_SIZE];
    struct writer w = writer_over(bytes, sizeof bytes);
    wait_for_turn(r);
    if (!goes_on(r))
        return;
    raw_build_knock(&r->settings->plan, k, (unsigned)r->progress.pass, &w);
    send(r, k->shot.host, &w);
    r->progress.sent++;
}

/* A host is asked on all ports that have not answered; who is found already is asked by sockets. */
static void ask_host(struct run *r, uint32_t host, uint64_t number)
{
    const struct raw_settings *s = r->settings;
    struct knock knocks[KNOCKS_MAX];
    struct place at = {number, 0};
    if (raw_state_is_found(s->state, number))
        return;
    enum raw_reach reach = r->network->reach(r->network->context, host);
    uint64_t asked_before = r->progress.asked;
    r->plan.aim.when_us = when_of(r, r->progress.place);
    size_t count = raw_knocks(&r->plan, host, knocks);
    if (reach == RAW_REACH_UNKNOWN) {
        host_set_add(r->out->absent, host);
        /* It may turn up in a later pass, and its answers then are not those of others. */
        r->progress.asked += r->progress.pass == 0 ? count : 0;
        return;
    }
    if (reach == RAW_REACH_SOCKETS || count > raw_state_knocks(s->state)) {
        r->progress.answered -= raw_state_of(s->state, number, 0) == KNOCK_SILENT;
        find(r, host, at);
        return;
    }
    if (r->progress.pass > 0)
        host_set_remove(r->out->absent, host);
    for (at.knock = 0; at.knock < count && goes_on(r); at.knock++) {
        enum knock_state state = raw_state_of(s->state, number, at.knock);
        r->progress.asked += r->progress.pass == 0;
        if (state == KNOCK_SILENT || state == KNOCK_OPEN)
            knock_at(r, &knocks[at.knock]);
    }
    if (!goes_on(r)) /* when the scan goes on, this host is asked again */
        r->progress.asked = asked_before;
}

/* Places are noted behind the device's having them. */
static void note(struct run *r)
{
    flush(r);
    if (!r->failed)
        raw_state_note(r->settings->state, &r->progress);
    turn(r, 0);
}

/* In the first pass a host is asked on the ports of the weeks that it is asked in. */
static void turn_weeks(struct run *r)
{
    int64_t utc_us = r->settings->began_us + (r->now_us - r->start_us);
    if (r->now_us < r->weeks_us)
        return;
    r->weeks_us = r->now_us + US_PER_SECOND;
    if (r->progress.pass == 0 &&
        raw_weeks_differ(&r->plan, when_of(r, r->progress.place), utc_us) &&
        !raw_state_turn(r->settings->state, r->progress.place, utc_us))
        r->out->counts.weeks_full = true;
}

static void send_pass(struct run *r)
{
    const uint64_t places = raw_places(r->settings);
    while (goes_on(r) && r->progress.place < places) {
        uint64_t number;
        uint32_t host = raw_host_at(r->settings, &r->order, r->progress.place, &number);
        ask_host(r, host, number);
        if (!goes_on(r))
            break;
        if (++r->progress.place % BATCH_HOSTS == 0)
            note(r);
        turn_weeks(r);
    }
    note(r);
}

/* Nothing is left to wait for or to ask again. */
static bool is_settled(const struct run *r)
{
    return r->progress.answered >= r->progress.asked && r->open == 0 &&
           host_set_count(r->out->absent) == 0;
}

static void pause_after(struct run *r, unsigned pass)
{
    int64_t until_us = r->now_us + pauses_us[pass];
    while (goes_on(r) && r->now_us < until_us && !is_settled(r))
        turn(r, until_us);
}

/* Hosts of the run of whom nobody knows where they are; with `ask` they are looked for. */
static uint64_t unknown_in_run(struct run *r, uint32_t first, uint32_t last, bool ask)
{
    uint64_t unknown = 0;
    for (uint64_t host = first; host <= last && goes_on(r); host++) {
        uint32_t address = (uint32_t)host;
        if (address % NET_HOSTS == 0 && (uint64_t)last - host >= NET_HOSTS - 1 &&
            r->network->reaches_net(r->network->context, address)) {
            host += NET_HOSTS - 1;
            continue;
        }
        if (r->network->reach(r->network->context, address) != RAW_REACH_UNKNOWN)
            continue;
        unknown++;
        if (!ask)
            continue;
        wait_for_turn(r);
        if (goes_on(r) && !r->network->look_for(r->network->context, address, r->err))
            r->failed = true;
    }
    return unknown;
}

static uint64_t unknown_hosts(struct run *r, bool ask)
{
    uint64_t unknown = 0;
    for (uint64_t i = 0; i < host_table_runs(r->settings->hosts) && goes_on(r); i++) {
        uint32_t first, last;
        host_table_run(r->settings->hosts, i, &first, &last);
        unknown += unknown_in_run(r, first, last, ask);
    }
    return unknown;
}

/* Before the first pass: where are those of our own network, and the routers? */
static void look_for_neighbours(struct run *r)
{
    uint64_t unknown = 1;
    for (int round = 0; round < NEIGHBOUR_ROUNDS && unknown > 0 && goes_on(r); round++) {
        unknown = unknown_hosts(r, true);
        int64_t until_us = r->now_us + US_PER_SECOND;
        while (unknown > 0 && goes_on(r) && r->now_us < until_us) {
            turn(r, r->now_us + LOOK_AGAIN_US);
            unknown = unknown_hosts(r, false);
        }
    }
}

/* What is left to ask of a host that was found earlier. */
static enum raw_found how_found(struct run *r, uint32_t host, uint64_t number)
{
    size_t count = r->settings->plan.finds_refusing ? knocks_of(r, host, number) : 0;
    for (unsigned i = 0; i < count; i++)
        if (raw_knock_is_echo(&r->last[i]) &&
            raw_state_of(r->settings->state, number, i) == KNOCK_ANSWERED)
            return RAW_FOUND_THERE;
    return RAW_FOUND;
}

/* Of a scan that goes on: who was found is found again, for the socket engine has forgotten. */
static void find_again(struct run *r)
{
    const struct raw_state *state = r->settings->state;
    for (uint64_t place = 0; place < raw_places(r->settings); place++) {
        uint64_t number;
        uint32_t host = raw_host_at(r->settings, &r->order, place, &number);
        for (unsigned i = 0; i < raw_state_knocks(state); i++)
            r->open += raw_state_of(state, number, i) == KNOCK_OPEN;
        if (!raw_state_is_found(state, number))
            continue;
        r->out->counts.found++;
        r->face->found(r->face->context, host, how_found(r, host, number));
    }
}

static void run(struct run *r)
{
    const unsigned passes = r->settings->passes > 0 ? r->settings->passes : RAW_PASSES;
    if (r->progress.pass > 0 || r->progress.place > 0)
        find_again(r);
    look_for_neighbours(r);
    turn_weeks(r);
    while (goes_on(r) && r->progress.pass < RAW_PASSES) {
        unsigned pass = (unsigned)r->progress.pass;
        send_pass(r);
        pause_after(r, pass + 1 == passes ? RAW_PASSES - 1 : pass);
        if (!goes_on(r))
            break;
        for (unsigned i = pass; i < RAW_PASSES; i++)
            r->progress.silent[i] = r->progress.asked > r->progress.answered
                                        ? r->progress.asked - r->progress.answered
                                        : 0;
        r->progress.pass = is_settled(r) || pass + 1 == passes ? RAW_PASSES : pass + 1;
        r->progress.place = 0;
        raw_state_note(r->settings->state, &r->progress);
    }
}

bool raw_engine_run(const struct raw_settings *settings, const struct raw_network *network,
                    const struct raw_face *face, struct raw_outcome *out, struct error *err)
{
    struct run r = {.settings = settings,
                    .plan = settings->plan,
                    .network = network,
                    .face = face,
                    .out = out,
                    .err = err,
                    .progress = raw_state_progress(settings->state),
                    .order = order_of(host_table_count(settings->hosts), settings->seed),
                    .pieces = raw_pieces_new(),
                    .pace = pace_of(settings->rate)};
    assert(settings->shard < settings->shards);
    *out = (struct raw_outcome){.valid = host_set_new(),
                                .unreachable = host_set_new(),
                                .absent = host_set_new(),
                                .counts = {.places = raw_places(settings)}};
    if (r.pieces == NULL || out->valid == NULL || out->unreachable == NULL || out->absent == NULL) {
        raw_pieces_free(r.pieces);
        return fail(err, ERROR_SYSTEM, "no memory to scan");
    }
    r.start_us = r.now_us = network->now_us(network->context);
    run(&r);
    flush(&r);
    out->stopped = r.stopped;
    out->counts.progress = r.progress;
    out->counts.let_go = raw_pieces_let_go(r.pieces);
    network->counts(network->context, &out->counts.network);
    (void)face->watch(face->context, &out->counts);
    raw_pieces_free(r.pieces);
    return !r.failed;
}

void raw_outcome_clear(struct raw_outcome *out)
{
    host_set_free(out->valid);
    host_set_free(out->unreachable);
    host_set_free(out->absent);
    *out = (struct raw_outcome){0};
}
