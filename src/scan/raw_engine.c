/* One loop: a batch of knocks is sent, then what came is read. Two threads were not needed: the
 * sender never waits for the kernel (no queue stands between it and the device), and the ring holds
 * what comes during a batch many times over.
 *
 * Answers are taken in whenever they come, in any pass and in the pauses. The place of the scan is
 * noted when a batch has been handed to the device: after a crash at most one batch is asked
 * twice. */
#include "scan/raw_engine.h"

#include <assert.h>
#include <stdlib.h>

#include "base/time.h"
#include "scan/pace.h"
#include "scan/raw_left.h"
#include "scan/raw_named.h"
#include "scan/raw_patience.h"
#include "scan/raw_pieces.h"

enum {
    WATCH_US = 100000,     /* between two looks at whether to stop */
    RECEIVE_MAX = 4096,    /* packets that are read before more are sent */
    BATCH_HOSTS = 64,      /* hosts of which the place is noted together */
    LOOK_AGAIN_US = 20000, /* whether neighbours were found */
    NEIGHBOUR_ROUNDS = 3,  /* that one is looked for */
    NET_HOSTS = 256
};

struct run {
    const struct raw_settings *settings;
    const struct raw_network *network;
    const struct raw_face *face;
    struct raw_outcome *out;
    struct error *err;
    struct raw_progress progress;
    struct raw_orders orders;
    struct host_set *handed; /* over to sockets, where ports are named; else NULL */
    struct raw_pieces *pieces;
    struct pace pace;
    /* The host of the last answer: answers of one host come together, and its ports are dear. */
    uint32_t last_host;
    uint64_t last_number;
    size_t last_count;
    struct knock last[KNOCKS_MAX];
    struct knock named; /* that was answered last */
    uint64_t open;      /* knocks that were opened and said nothing yet */
    int64_t start_us, now_us, watch_us;
    int64_t pause_until_us;
    int64_t weeks_us; /* when to look again whether the weeks turned */
    bool failed, stopped;
};

static bool goes_on(const struct run *r)
{
    return !r->failed && !r->stopped;
}

static void wait_for_network(struct run *r, struct error *reason)
{
    r->failed = !raw_patience(r->network, r->face, &r->out->counts, reason);
    if (r->failed && r->err != NULL)
        *r->err = *reason;
}

static void send(struct run *r, uint32_t host, const struct writer *packet)
{
    struct error reason;
    assert(!packet->failed);
    if (!r->failed &&
        !r->network->send(r->network->context, host, packet->start, packet->used, &reason))
        wait_for_network(r, &reason);
}

static void reply(struct run *r, const struct raw_answer *a,
                  void (*build)(const struct raw_plan *, const struct raw_answer *,
                                struct writer *))
{
    uint8_t bytes[RAW_PACKET_SIZE];
    struct writer w = writer_over(bytes, sizeof bytes);
    build(&r->settings->plan, a, &w);
    send(r, a->host, &w);
    r->out->counts.replies++;
}

static void reset(struct run *r, const struct raw_answer *a)
{
    reply(r, a, raw_build_reset);
}

static void ask_on(struct run *r, const struct knock *k, const struct raw_answer *a)
{
    uint8_t bytes[RAW_PACKET_SIZE];
    struct writer w = writer_over(bytes, sizeof bytes);
    raw_build_question(&r->settings->plan, k, a, &w);
    send(r, a->host, &w);
    r->out->counts.replies++;
}

/* One knock of a host, or of a group of its ports. */
struct place {
    uint64_t host; /* its number in the state */
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

/* From now on the host is the socket engine's. */
static void hand_over(struct run *r, uint32_t host, enum raw_found how)
{
    if (r->handed != NULL)
        host_set_add(r->handed, host);
    r->out->counts.found++;
    r->face->found(r->face->context, host, how);
}

/* This host is for the socket engine: at once, or when all that was named was asked of it. */
static void find_how(struct run *r, uint32_t host, struct place at, enum raw_found how)
{
    bool known = raw_state_is_found(r->settings->state, at.host);
    set(r, at, KNOCK_ANSWERED);
    if (!known && r->settings->plan.named == NULL)
        hand_over(r, host, how);
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
        reply(r, a, raw_build_receipt);
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

/* A port that is asked for the other ports' sake: that it opens is all, and makes no host found. */
static bool is_control(const struct knock *k)
{
    return !k->asks && k->shot.probe->checks_ports;
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
            if (!is_control(k))
                find(r, a->host, at);
            else if (before != KNOCK_ANSWERED)
                set(r, at, KNOCK_OPEN);
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

/* How many knocks this host has, which stand in r->last; 0 where none can have been answered. */
static size_t knocks_of(struct run *r, uint32_t host, uint64_t number)
{
    const struct raw_settings *s = r->settings;
    if (r->last_count == 0 || r->last_host != host) {
        size_t count = raw_usual_knocks(s, &r->orders, host, number, r->last);
        r->last_count = count <= raw_state_knocks(s->state) ? count : 0;
        r->last_host = host;
        r->last_number = number;
    }
    return r->last_count;
}

/* Answers of one host come together. */
static bool number_of(const struct run *r, uint32_t host, uint64_t *number)
{
    *number = r->last_number;
    return (r->last_count > 0 && r->last_host == host) ||
           host_table_find(r->settings->hosts, host, number);
}

/* The knock at a named port that this answers; NULL: none. */
static const struct knock *named_answered(struct run *r, const struct raw_answer *a,
                                          uint64_t number, struct place *at)
{
    unsigned port = 0;
    if (r->settings->plan.named == NULL ||
        !raw_named_find(&r->settings->plan, a->host, a->transport, a->port, &port))
        return NULL;
    r->named = raw_named_knock(&r->settings->plan, a->host, port);
    at->host = number * r->orders.groups + 1 + port / KNOCKS_MAX;
    at->knock = port % KNOCKS_MAX;
    return raw_answer_is_true(&r->settings->plan, &r->named, a) ? &r->named : NULL;
}

/* The knock that this answers, and where it stands; NULL: none. */
static const struct knock *answered(struct run *r, const struct raw_answer *a, struct place *at)
{
    uint64_t number;
    if (!number_of(r, a->host, &number))
        return NULL;
    size_t count = knocks_of(r, a->host, number);
    *at = (struct place){number * r->orders.groups, 0};
    for (; at->knock < count; at->knock++)
        if (raw_answer_is_true(&r->settings->plan, &r->last[at->knock], a))
            return &r->last[at->knock];
    return named_answered(r, a, number, at);
}

static void take_packet(struct run *r, struct reader packet)
{
    struct raw_answer a;
    struct place at;
    if (!raw_answer_read(packet, r->settings->plan.source, &a))
        return;
    const struct knock *k = answered(r, &a, &at);
    if (k == NULL) /* echoes of others on this machine come here as well */
        r->out->counts.forged += a.kind != RAW_ECHOES;
    else if (r->handed == NULL || !host_set_has(r->handed, a.host))
        take_answer(r, at, k, &a);
    else if (a.kind == RAW_OPENS)
        reset(r, &a);
}

static void receive(struct run *r)
{
    struct reader packet;
    for (int i = 0; i < RECEIVE_MAX && r->network->receive(r->network->context, &packet); i++)
        take_packet(r, packet);
}

static void flush(struct run *r)
{
    struct error reason;
    if (!r->failed && !r->network->flush(r->network->context, &reason))
        wait_for_network(r, &reason);
}

static void look(struct run *r)
{
    r->now_us = r->network->now_us(r->network->context);
    if (r->now_us < r->watch_us)
        return;
    r->watch_us = r->now_us + WATCH_US;
    r->out->counts.progress = r->progress;
    r->out->counts.pause_left_us = r->pause_until_us - r->now_us;
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

static void leave_to_sockets(struct run *r, const struct raw_unit *u)
{
    struct place at = {u->number * r->orders.groups, raw_sockets_mark(r->settings)};
    r->progress.answered -= raw_state_of(r->settings->state, at.host, at.knock) == KNOCK_SILENT;
    set(r, at, KNOCK_ANSWERED);
    hand_over(r, u->host, RAW_FOUND);
}

static void knock_at_all(struct run *r, const struct raw_unit *u, const struct knock *knocks,
                         size_t count)
{
    uint64_t asked_before = r->progress.asked;
    for (unsigned i = 0; i < count && goes_on(r); i++) {
        enum knock_state state = raw_state_of(r->settings->state, u->state, i);
        if (knocks[i].shot.probe == NULL)
            continue;
        r->progress.asked += r->progress.pass == 0;
        if (state == KNOCK_SILENT || (state == KNOCK_OPEN && knocks[i].asks))
            knock_at(r, &knocks[i]);
    }
    if (!goes_on(r)) /* when the scan goes on, this host is asked again */
        r->progress.asked = asked_before;
}

/* A host is asked on all ports that have not answered; who is found already is asked by sockets. */
static void ask_unit(struct run *r, const struct raw_unit *u)
{
    const struct raw_settings *s = r->settings;
    struct knock knocks[KNOCKS_MAX];
    if (r->handed != NULL ? host_set_has(r->handed, u->host)
                          : raw_state_is_found(s->state, u->state))
        return;
    enum raw_reach reach = r->network->reach(r->network->context, u->host);
    size_t count = raw_unit_knocks(s, &r->orders, u, knocks);
    if (reach == RAW_REACH_UNKNOWN) {
        host_set_add(r->out->absent, u->host);
        /* It may turn up in a later pass, and its answers then are not those of others. */
        r->progress.asked += r->progress.pass == 0 ? raw_count_knocks(knocks, count) : 0;
        return;
    }
    if (reach == RAW_REACH_SOCKETS || count > raw_state_knocks(s->state)) {
        leave_to_sockets(r, u);
        return;
    }
    if (r->progress.pass > 0)
        host_set_remove(r->out->absent, u->host);
    knock_at_all(r, u, knocks, count);
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
        raw_weeks_differ(
            &r->settings->plan,
            raw_state_when(r->settings->state, r->progress.place, r->settings->plan.aim.when_us),
            utc_us) &&
        !raw_state_turn(r->settings->state, r->progress.place, utc_us))
        r->out->counts.weeks_full = true;
}

static void send_pass(struct run *r)
{
    const uint64_t places = raw_units(r->settings);
    while (goes_on(r) && r->progress.place < places) {
        struct raw_unit unit = raw_unit_at(r->settings, &r->orders, r->progress.place);
        ask_unit(r, &unit);
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

static void pause_after(struct run *r, unsigned pass, unsigned passes)
{
    r->pause_until_us = r->now_us + raw_pause_us(pass, passes);
    while (goes_on(r) && r->now_us < r->pause_until_us && !is_settled(r))
        turn(r, r->pause_until_us);
}

/* Hosts of the run of whom nobody knows where they are; with `ask` they are looked for. */
static uint64_t unknown_in_run(struct run *r, uint32_t first, uint32_t last, bool ask)
{
    struct error reason;
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
        if (goes_on(r) && !r->network->look_for(r->network->context, address, &reason))
            wait_for_network(r, &reason);
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

/* Of a scan that goes on: who was found is found again, for the socket engine has forgotten. */
static void find_again(struct run *r)
{
    const struct raw_state *state = r->settings->state;
    for (uint64_t place = 0; place < raw_places(r->settings); place++) {
        uint64_t number, sums[KNOCK_STATES];
        uint32_t host = raw_host_at(r->settings, &r->orders.hosts, place, &number);
        raw_state_sum(state, number * r->orders.groups, r->orders.groups, sums);
        r->open += sums[KNOCK_OPEN];
        if (r->handed != NULL ? raw_is_for_sockets(r->settings, number) : sums[KNOCK_ANSWERED] > 0)
            hand_over(r, host,
                      raw_host_echoed(r->settings, &r->orders, host, number) ? RAW_FOUND_THERE
                                                                             : RAW_FOUND);
    }
}

/* Where ports are named, hosts are handed over between passes, as nothing of them is asked any
 * more: their state stays as it is, for others to read. */
static void hand_over_ripe(struct run *r, bool at_end)
{
    for (uint64_t place = 0; r->handed != NULL && place < raw_places(r->settings); place++) {
        uint64_t number;
        uint32_t host = raw_host_at(r->settings, &r->orders.hosts, place, &number);
        if (!host_set_has(r->handed, host) &&
            raw_host_is_ripe(r->settings, &r->orders, host, number, at_end))
            hand_over(r, host, RAW_FOUND_PORTS);
    }
}

static void run(struct run *r)
{
    const unsigned passes = raw_passes(r->settings);
    if (r->progress.pass > 0 || r->progress.place > 0)
        find_again(r);
    if (r->progress.pass > 0)
        hand_over_ripe(r, false);
    look_for_neighbours(r);
    turn_weeks(r);
    while (goes_on(r) && r->progress.pass < RAW_PASSES) {
        unsigned pass = (unsigned)r->progress.pass;
        bool is_last = pass + 1 >= passes; /* more, where answers fell away in the only one */
        send_pass(r);
        pause_after(r, pass, passes);
        if (!goes_on(r))
            break;
        for (unsigned i = pass; i < RAW_PASSES; i++)
            r->progress.silent[i] = r->progress.asked > r->progress.answered
                                        ? r->progress.asked - r->progress.answered
                                        : 0;
        r->progress.pass = is_settled(r) || is_last ? RAW_PASSES : pass + 1;
        r->progress.place = 0;
        raw_state_note(r->settings->state, &r->progress);
        hand_over_ripe(r, false);
    }
    if (goes_on(r))
        hand_over_ripe(r, true);
}

bool raw_engine_run(const struct raw_settings *settings, const struct raw_network *network,
                    const struct raw_face *face, struct raw_outcome *out, struct error *err)
{
    struct run r = {.settings = settings,
                    .network = network,
                    .face = face,
                    .out = out,
                    .err = err,
                    .progress = raw_state_progress(settings->state),
                    .orders = raw_orders_of(settings),
                    .handed = settings->plan.named != NULL ? host_set_new() : NULL,
                    .pieces = raw_pieces_new(),
                    .pace = pace_of(settings->rate)};
    assert(settings->shard < settings->shards);
    if (!raw_outcome_begin(out, raw_units(settings), r.orders.groups) || r.pieces == NULL ||
        (settings->plan.named != NULL && r.handed == NULL)) {
        raw_pieces_free(r.pieces);
        host_set_free(r.handed);
        return fail(err, ERROR_SYSTEM, "no memory to scan");
    }
    r.start_us = r.now_us = network->now_us(network->context);
    run(&r);
    flush(&r);
    if (goes_on(&r))
        raw_fall_find(settings, &r.orders, &out->fall);
    out->stopped = r.stopped;
    out->counts.progress = r.progress;
    out->counts.let_go = raw_pieces_let_go(r.pieces);
    network->counts(network->context, &out->counts.network);
    network->done(network->context);
    (void)face->watch(face->context, &out->counts);
    raw_pieces_free(r.pieces);
    host_set_free(r.handed);
    return !r.failed;
}
