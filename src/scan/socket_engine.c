/* One flight a port that is asked, SHOTS_MAX of them a host; a flight's number is its place in the
 * table, and is what events and timers come with.
 *
 *   QUEUED -> CONNECTING -> ANSWERING -> DONE      TCP
 *   QUEUED -> ANSWERING (-> queued again)* -> DONE UDP
 *
 * What is short here (descriptors, local ports, buffers) is waited for while connections are in
 * flight that will give some back, else for ENGINE_FULL_PATIENCE_US. */
#include "scan/socket_engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"
#include "scan/timers.h"
#include "scan/turns.h"

enum {
    QUEUE_LOW = 4 * SHOTS_MAX, /* flights that wait before another host is begun */
    EVENTS_MAX = 256,          /* taken at a time */
    WATCH_US = 100000,         /* between two looks at whether to stop */
    SHORTAGE_PAUSE_US = 10000, /* before trying again what was short */
    NO_HANDLE = -1
};

enum phase { PHASE_QUEUED, PHASE_CONNECTING, PHASE_ANSWERING, PHASE_DONE };

struct flight {
    struct shot shot;
    enum phase phase;
    int handle;
    unsigned sends;
    bool queued_again;
    int64_t begun_us; /* first sent, or connected */
    uint8_t *came;    /* what came so far of a stream */
    size_t came_size, came_room;
    struct answer answer;
    int64_t when_us;
};

struct slot {
    uint32_t host;
    unsigned count, left; /* flights; those not done */
    bool begun;           /* the first was sent, at begun_us */
    int64_t begun_us;
    struct flight flights[SHOTS_MAX];
};

struct engine {
    const struct engine_settings *settings;
    const struct network *network;
    const struct engine_face *face;
    struct engine_counts *counts;
    struct slot *slots;
    uint32_t *free_slots;
    size_t slot_count, free_count;
    struct turns turns;
    struct timers *timers;
    size_t handles, memory;
    int64_t start_us, now_us, watch_us;
    int64_t short_since_us, short_until_us; /* TIME_NONE: nothing is short */
    bool no_more, stopped;
    uint64_t keys;
    struct asked asked;           /* scratch */
    uint8_t scratch[ANSWER_SIZE]; /* what came just now */
};

static struct slot *slot_of(struct engine *e, uint32_t id)
{
    return &e->slots[id / SHOTS_MAX];
}

static struct flight *flight_of(struct engine *e, uint32_t id)
{
    return &slot_of(e, id)->flights[id % SHOTS_MAX];
}

static int64_t utc_us(const struct engine *e)
{
    return e->settings->began_us + (e->now_us - e->start_us);
}

/* A host is done: what became of it is handed over, and its slot is free. */
static void hand_over(struct engine *e, struct slot *s)
{
    e->asked.host = s->host;
    e->asked.count = s->count;
    for (unsigned i = 0; i < s->count; i++) {
        e->asked.shots[i] = s->flights[i].shot;
        e->asked.answers[i] = s->flights[i].answer;
        e->asked.when_us[i] = s->flights[i].when_us;
    }
    e->counts->done++;
    e->face->done(e->face->context, &e->asked);
    e->free_slots[e->free_count++] = (uint32_t)(s - e->slots);
    *s = (struct slot){0};
}

static void let_go_of(struct engine *e, struct flight *f)
{
    if (f->handle != NO_HANDLE) {
        e->network->close(e->network->context, f->handle);
        e->handles--;
    }
    f->handle = NO_HANDLE;
    e->memory -= f->came_room;
    free(f->came);
    f->came = NULL;
    f->came_room = f->came_size = 0;
}

/* This port has its answer. What did not come from here nor from nowhere counts as received. */
static void finish(struct engine *e, uint32_t id)
{
    struct slot *s = slot_of(e, id);
    struct flight *f = flight_of(e, id);
    const struct check check = {.transport = f->shot.transport, .cause = f->answer.cause};
    assert(f->phase != PHASE_DONE);
    let_go_of(e, f);
    timers_stop(e->timers, id);
    f->phase = PHASE_DONE;
    f->when_us = utc_us(e);
    if (check_result_of(&check) != CHECK_ERROR && f->answer.cause != CAUSE_SILENT) {
        e->counts->received++;
        if (f->shot.transport == TRANSPORT_UDP)
            *(f->sends > 1 ? &e->counts->late : &e->counts->prompt) += 1;
    }
    if (--s->left == 0 && !e->stopped)
        hand_over(e, s);
}

static void finish_for(struct engine *e, uint32_t id, enum check_cause cause)
{
    flight_of(e, id)->answer.cause = cause;
    finish(e, id);
}

static void judge(struct engine *e, uint32_t id, const uint8_t *bytes, size_t size)
{
    struct flight *f = flight_of(e, id);
    e->settings->probe->judge(&f->shot, reader_over(bytes, size), &f->answer);
    finish(e, id);
}

/* No more will come: judges what came, or says why nothing did. */
static void end(struct engine *e, uint32_t id, enum check_cause cause)
{
    const struct flight *f = flight_of(e, id);
    if (f->came_size > 0)
        judge(e, id, f->came, f->came_size);
    else
        finish_for(e, id, cause);
}

/* What ended a connection, as the cause of a check; a connection that stood is closed or reset, one
 * that did not is refused. */
static enum check_cause cause_of(const struct net_reply *r, const struct flight *f)
{
    switch (r->result) {
    case NET_REFUSED:
        return CAUSE_REFUSED;
    case NET_RESET:
        return f->phase == PHASE_CONNECTING ? CAUSE_REFUSED : CAUSE_RESET;
    case NET_CLOSED:
        return CAUSE_CLOSED;
    case NET_TIMEOUT:
        return CAUSE_SILENT;
    case NET_UNREACHABLE:
        return CAUSE_UNREACHABLE;
    case NET_FULL:
    case NET_LOCAL:
        return r->cause;
    case NET_DONE:
    case NET_WAIT:
        break;
    }
    return CAUSE_SYSTEM;
}

static int64_t host_deadline(const struct engine *e, const struct slot *s)
{
    return e->settings->host_us > 0 ? s->begun_us + e->settings->host_us : INT64_MAX;
}

static void set_timer(struct engine *e, uint32_t id, int64_t when_us)
{
    int64_t last_us = host_deadline(e, slot_of(e, id));
    timers_set(e->timers, id, when_us < last_us ? when_us : last_us);
}

/* Until when an answer to a datagram is awaited. */
static int64_t datagram_deadline(const struct engine *e, const struct flight *f)
{
    const struct engine_settings *s = e->settings;
    int64_t last_us = s->repeats * s->repeat_us + s->last_wait_us;
    return f->begun_us + (last_us > s->answer_us ? last_us : s->answer_us);
}

/* Adds to what came of a stream; false when there is no room for it. */
static bool keep(struct engine *e, struct flight *f, size_t size)
{
    size_t wanted = f->came_size + size;
    if (wanted > f->came_room) {
        size_t room = f->came_room * 2 > wanted ? f->came_room * 2 : wanted;
        if (e->memory - f->came_room + room > ENGINE_MEMORY_MAX)
            return false;
        uint8_t *came = realloc(f->came, room);
        if (came == NULL)
            return false;
        e->memory += room - f->came_room;
        f->came = came;
        f->came_room = room;
    }
    memcpy(f->came + f->came_size, e->scratch, size);
    f->came_size = wanted;
    return true;
}

/* These bytes of a stream came. True while more of it is wanted. */
static bool stream_came(struct engine *e, uint32_t id, size_t size)
{
    struct flight *f = flight_of(e, id);
    bool first = f->came_size == 0;
    if (first && e->settings->probe->is_whole(reader_over(e->scratch, size))) {
        judge(e, id, e->scratch, size);
        return false;
    }
    if (!keep(e, f, size)) {
        e->counts->answers_cut++;
        if (first)
            judge(e, id, e->scratch, size);
        else
            end(e, id, CAUSE_NO_MEMORY);
        return false;
    }
    if (!e->settings->probe->is_whole(reader_over(f->came, f->came_size)))
        return true;
    end(e, id, CAUSE_MUTE);
    return false;
}

/* Reads what has come, until nothing is left or the port has its answer. */
static void read_answer(struct engine *e, uint32_t id)
{
    struct flight *f = flight_of(e, id);
    for (;;) {
        size_t room = sizeof e->scratch - f->came_size;
        struct net_reply r = e->network->receive(e->network->context, f->handle, e->scratch, room);
        if (r.result == NET_WAIT)
            return;
        if (r.result != NET_DONE) {
            bool is_empty = r.result == NET_CLOSED && f->shot.transport == TRANSPORT_UDP;
            end(e, id, is_empty ? CAUSE_MUTE : cause_of(&r, f));
            return;
        }
        if (f->shot.transport == TRANSPORT_UDP) {
            judge(e, id, e->scratch, r.size);
            return;
        }
        if (!stream_came(e, id, r.size))
            return;
    }
}

static struct net_reply send_request(struct engine *e, const struct flight *f)
{
    uint8_t request[REQUEST_SIZE];
    struct writer w = writer_over(request, sizeof request);
    e->settings->probe->build(&f->shot, &w);
    assert(!w.failed);
    return e->network->send(e->network->context, f->handle, request, w.used);
}

/* Something here has run out: nothing is sent for a moment. True when it has been so for too long,
 * or `soon` is false: when nothing is in flight whose end would give something back. */
static bool is_given_up(struct engine *e, bool soon)
{
    e->counts->shortages++;
    if (e->short_since_us == TIME_NONE)
        e->short_since_us = e->now_us;
    if (!soon && e->now_us - e->short_since_us >= ENGINE_FULL_PATIENCE_US)
        return true;
    e->short_until_us = e->now_us + SHORTAGE_PAUSE_US;
    return false;
}

static void send_datagram(struct engine *e, uint32_t id)
{
    struct flight *f = flight_of(e, id);
    struct net_reply r = send_request(e, f);
    if (r.result == NET_WAIT) /* there was no room for it in a buffer */
        r = (struct net_reply){.result = NET_FULL, .cause = CAUSE_NO_MEMORY};
    if (r.result == NET_FULL) {
        if (is_given_up(e, false)) {
            finish_for(e, id, r.cause);
        } else {
            f->queued_again = true;
            turns_add_again(&e->turns, id);
        }
        return;
    }
    if (r.result != NET_DONE) {
        finish_for(e, id, cause_of(&r, f));
        return;
    }
    e->short_since_us = TIME_NONE;
    e->counts->sent++;
    if (f->sends++ == 0)
        f->begun_us = e->now_us;
    int64_t deadline_us = datagram_deadline(e, f);
    int64_t repeat_us = e->now_us + e->settings->repeat_us;
    bool repeats = f->sends <= e->settings->repeats && repeat_us < deadline_us;
    set_timer(e, id, repeats ? repeat_us : deadline_us);
}

/* The connection may stand now: the question is sent as soon as it does. */
static void send_on_connection(struct engine *e, uint32_t id)
{
    struct flight *f = flight_of(e, id);
    struct net_reply r = send_request(e, f);
    if (r.result == NET_WAIT)
        return;
    if (r.result != NET_DONE) {
        finish_for(e, id, cause_of(&r, f));
        return;
    }
    f->phase = PHASE_ANSWERING;
    f->begun_us = e->now_us;
    set_timer(e, id, e->now_us + e->settings->answer_us);
    read_answer(e, id);
}

/* Opens towards a port for the first time. */
static void open_flight(struct engine *e, uint32_t id)
{
    struct slot *s = slot_of(e, id);
    struct flight *f = flight_of(e, id);
    int handle = NO_HANDLE;
    struct net_reply r = e->network->open(e->network->context, &f->shot, id, &handle);
    if (r.result == NET_FULL) {
        if (is_given_up(e, e->handles > 0))
            finish_for(e, id, r.cause);
        else
            turns_add_fresh(&e->turns, id);
        return;
    }
    if (!s->begun)
        s->begun_us = e->now_us;
    s->begun = true;
    if (r.result != NET_DONE && r.result != NET_WAIT) {
        f->phase = PHASE_CONNECTING;
        e->counts->sent += r.result == NET_REFUSED;
        finish_for(e, id, cause_of(&r, f));
        return;
    }
    f->handle = handle;
    e->short_since_us = f->shot.transport == TRANSPORT_UDP ? e->short_since_us : TIME_NONE;
    e->handles++;
    if (f->shot.transport == TRANSPORT_UDP) {
        f->phase = PHASE_ANSWERING;
        send_datagram(e, id);
        return;
    }
    f->phase = PHASE_CONNECTING;
    e->counts->sent++;
    set_timer(e, id, e->now_us + e->settings->connect_us);
    if (r.result == NET_DONE)
        send_on_connection(e, id);
}

/* A host whose time is up is not asked on its other ports. */
static bool is_too_late(struct engine *e, uint32_t id)
{
    const struct slot *s = slot_of(e, id);
    if (!s->begun || e->now_us < host_deadline(e, s))
        return false;
    e->counts->ports_timed_out++;
    finish_for(e, id, CAUSE_STOPPED);
    return true;
}

static bool may_open(const struct engine *e)
{
    return e->handles < e->settings->handles_max;
}

/* Sends while somebody has a turn and nothing is short. */
static void send_turns(struct engine *e)
{
    uint32_t id;
    while (e->now_us >= e->short_until_us && turns_take(&e->turns, e->now_us, may_open(e), &id)) {
        struct flight *f = flight_of(e, id);
        if (f->phase == PHASE_QUEUED) {
            if (!is_too_late(e, id))
                open_flight(e, id);
        } else if (f->queued_again) { /* else it was answered meanwhile */
            f->queued_again = false;
            send_datagram(e, id);
        }
    }
}

static void begin_host(struct engine *e, uint32_t host)
{
    uint32_t place = e->free_slots[--e->free_count];
    struct slot *s = &e->slots[place];
    struct aim aim = e->settings->aim;
    struct shot shots[SHOTS_MAX];
    aim.when_us = utc_us(e);
    *s = (struct slot){.host = host};
    s->count = s->left = (unsigned)e->settings->probe->aim(&aim, host, shots);
    for (unsigned i = 0; i < s->count; i++) {
        uint64_t key = hash_pair(e->settings->seed, e->keys++);
        s->flights[i] = (struct flight){.shot = shots[i], .handle = NO_HANDLE};
        s->flights[i].shot.key = key != 0 ? key : 1;
        turns_add_fresh(&e->turns, place * SHOTS_MAX + i);
    }
    if (s->count == 0)
        hand_over(e, s);
}

static bool may_begin(const struct engine *e)
{
    return !e->no_more && e->free_count > 0 && e->turns.fresh.count < QUEUE_LOW;
}

static void begin_hosts(struct engine *e)
{
    uint32_t host;
    while (may_begin(e)) {
        if (e->face->next(e->face->context, &host))
            begin_host(e, host);
        else
            e->no_more = true;
    }
}

static void time_passed(struct engine *e, uint32_t id)
{
    struct slot *s = slot_of(e, id);
    struct flight *f = flight_of(e, id);
    bool host_is_late = e->now_us >= host_deadline(e, s);
    bool is_udp = f->shot.transport == TRANSPORT_UDP;
    if (is_udp && !host_is_late && e->now_us < datagram_deadline(e, f)) {
        set_timer(e, id, datagram_deadline(e, f));
        f->queued_again = true;
        turns_add_again(&e->turns, id);
        return;
    }
    e->counts->ports_timed_out += host_is_late;
    end(e, id, f->phase == PHASE_CONNECTING || is_udp ? CAUSE_SILENT : CAUSE_MUTE);
}

static void take_event(struct engine *e, uint32_t id)
{
    const struct flight *f = flight_of(e, id);
    if (f->phase == PHASE_CONNECTING)
        send_on_connection(e, id);
    else if (f->phase == PHASE_ANSWERING && f->handle != NO_HANDLE)
        read_answer(e, id);
}

static bool is_idle(const struct engine *e)
{
    return e->no_more && e->free_count == e->slot_count;
}

/* When there is next something to do without an event. */
static int64_t next_us(const struct engine *e)
{
    if (may_begin(e))
        return e->now_us;
    int64_t next = timers_next_us(e->timers);
    int64_t turn = turns_next_us(&e->turns, e->now_us, may_open(e));
    turn = turn > e->short_until_us ? turn : e->short_until_us;
    next = turn < next ? turn : next;
    return next < e->watch_us ? next : e->watch_us;
}

static bool is_to_stop(struct engine *e)
{
    if (e->now_us < e->watch_us)
        return false;
    e->watch_us = e->now_us + WATCH_US;
    return e->face->watch(e->face->context, e->counts);
}

static void run(struct engine *e)
{
    uint32_t ids[EVENTS_MAX], id;
    while (!is_to_stop(e)) {
        begin_hosts(e);
        send_turns(e);
        if (is_idle(e))
            return;
        size_t count = e->network->wait(e->network->context, next_us(e), ids, EVENTS_MAX);
        e->now_us = e->network->now_us(e->network->context);
        for (size_t i = 0; i < count; i++)
            take_event(e, ids[i]);
        while (timers_due(e->timers, e->now_us, &id))
            time_passed(e, id);
    }
}

/* Stopped: hosts of which anything was asked are handed over with what is known; the others were
 * never begun. */
static void give_up(struct engine *e)
{
    e->stopped = true;
    for (size_t place = 0; place < e->slot_count; place++) {
        struct slot *s = &e->slots[place];
        if (s->left == 0)
            continue;
        for (unsigned i = 0; i < s->count; i++)
            if (s->flights[i].phase != PHASE_DONE)
                end(e, (uint32_t)(place * SHOTS_MAX + i), CAUSE_STOPPED);
        if (s->begun)
            hand_over(e, s);
    }
}

static void free_parts(struct engine *e)
{
    free(e->slots);
    free(e->free_slots);
    turns_clear(&e->turns);
    timers_free(e->timers);
    free(e);
}

static bool take_memory(struct engine *e)
{
    size_t hosts = e->settings->handles_max;
    e->slot_count = e->free_count = hosts < ENGINE_HOSTS_MAX ? hosts : ENGINE_HOSTS_MAX;
    uint32_t flights = (uint32_t)e->slot_count * SHOTS_MAX;
    e->slots = calloc(e->slot_count, sizeof *e->slots);
    e->free_slots = calloc(e->slot_count, sizeof *e->free_slots);
    e->timers = timers_new(flights);
    bool turns = turns_init(&e->turns, flights, e->settings->rate);
    for (size_t i = 0; e->free_slots != NULL && i < e->slot_count; i++)
        e->free_slots[i] = (uint32_t)(e->slot_count - 1 - i);
    return turns && e->slots != NULL && e->free_slots != NULL && e->timers != NULL;
}

bool socket_engine_run(const struct engine_settings *settings, const struct network *network,
                       const struct engine_face *face, struct engine_counts *counts,
                       struct error *err)
{
    assert(settings->handles_max > 0);
    struct engine *e = calloc(1, sizeof *e);
    if (e == NULL)
        return fail(err, ERROR_SYSTEM, "no memory to scan");
    *counts = (struct engine_counts){0};
    e->settings = settings;
    e->network = network;
    e->face = face;
    e->counts = counts;
    e->short_since_us = e->short_until_us = TIME_NONE;
    e->start_us = e->now_us = network->now_us(network->context);
    if (!take_memory(e)) {
        free_parts(e);
        return fail(err, ERROR_SYSTEM, "no memory to scan");
    }
    run(e);
    give_up(e);
    (void)face->watch(face->context, counts);
    free_parts(e);
    return true;
}
