/* Hosts, their turns, events and timers; what a flight does with these is in engine_shots.c and
 * engine_dialogues.c.
 *
 * What is short here (descriptors, local ports, buffers) is waited for while connections are in
 * flight that will give some back, else for ENGINE_FULL_PATIENCE_US. */
#include "scan/engine_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"

enum {
    QUEUE_LOW = 4 * SHOTS_MAX, /* flights that wait before another host is begun */
    EVENTS_MAX = 256,          /* taken at a time */
    WATCH_US = 100000,         /* between two looks at whether to stop */
    LATER_US = 5000,           /* between two looks at whether there are more hosts now */
    SHORTAGE_PAUSE_US = 10000, /* before trying again what was short */
    NETS = 1 << 24             /* /24s */
};

int64_t engine_utc_us(const struct engine *e)
{
    return e->settings->began_us + (e->now_us - e->start_us);
}

static void free_found(struct answer *a)
{
    free(a->smb);
    free(a->netbios);
}

/* A host is done: what became of it is handed over, and its slot is free. */
static void hand_over(struct engine *e, struct slot *s)
{
    e->asked.host = s->host;
    e->asked.count = s->count;
    e->asked.mark = s->mark;
    for (unsigned i = 0; i < s->count; i++) {
        e->asked.shots[i] = s->flights[i].shot;
        e->asked.answers[i] = s->flights[i].answer;
        e->asked.when_us[i] = s->flights[i].when_us;
    }
    e->counts->done++;
    e->face->done(e->face->context, &e->asked);
    for (unsigned i = 0; i < s->count; i++)
        free_found(&s->flights[i].answer);
    e->free_slots[e->free_count++] = (uint32_t)(s - e->slots);
    *s = (struct slot){0};
}

void engine_let_go(struct engine *e, struct flight *f)
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

void engine_count_answer(struct engine *e, const struct flight *f, enum check_cause cause)
{
    const struct check check = {.transport = f->shot.transport, .cause = cause};
    if (check_result_of(&check) != CHECK_ERROR && cause != CAUSE_SILENT &&
        cause != CAUSE_UNREACHABLE)
        e->counts->received++;
}

void engine_finish(struct engine *e, uint32_t id)
{
    struct slot *s = slot_of(e, id);
    struct flight *f = flight_of(e, id);
    const struct check check = {.transport = f->shot.transport, .cause = f->answer.cause};
    assert(f->phase != PHASE_DONE);
    engine_let_go(e, f);
    dialogue_leaves(e, f);
    free(f->state);
    f->state = NULL;
    timers_stop(e->timers, id);
    f->phase = PHASE_DONE;
    f->when_us = engine_utc_us(e);
    if (f->shot.probe->dialogue == NULL) /* whose connections count, each by itself */
        engine_count_answer(e, f, f->answer.cause);
    if (check_result_of(&check) != CHECK_ERROR && f->answer.cause != CAUSE_SILENT &&
        f->shot.transport == TRANSPORT_UDP)
        *(f->sends > 1 ? &e->counts->late : &e->counts->prompt) += 1;
    if (--s->left == 0 && !e->stopped)
        hand_over(e, s);
}

void engine_finish_for(struct engine *e, uint32_t id, enum check_cause cause)
{
    flight_of(e, id)->answer.cause = cause;
    engine_finish(e, id);
}

enum check_cause engine_cause_of(const struct net_reply *r, const struct flight *f)
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

int64_t engine_host_deadline(const struct engine *e, const struct slot *s)
{
    return e->settings->host_us > 0 ? s->begun_us + e->settings->host_us : INT64_MAX;
}

void engine_set_timer(struct engine *e, uint32_t id, int64_t when_us)
{
    int64_t last_us = engine_host_deadline(e, slot_of(e, id));
    timers_set(e->timers, id, when_us < last_us ? when_us : last_us);
}

bool engine_keep(struct engine *e, struct flight *f, size_t size)
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

bool engine_gives_up(struct engine *e, bool soon)
{
    e->counts->shortages++;
    if (e->short_since_us == TIME_NONE)
        e->short_since_us = e->now_us;
    if (!soon && e->now_us - e->short_since_us >= ENGINE_FULL_PATIENCE_US)
        return true;
    e->short_until_us = e->now_us + SHORTAGE_PAUSE_US;
    return false;
}

bool engine_open(struct engine *e, uint32_t id, struct net_reply *how, bool *later)
{
    struct slot *s = slot_of(e, id);
    struct flight *f = flight_of(e, id);
    bool is_tcp = f->shot.transport == TRANSPORT_TCP;
    int handle = NO_HANDLE;
    *later = false;
    *how = e->network->open(e->network->context, &f->shot, id, &handle);
    if (how->result == NET_FULL) {
        *later = !engine_gives_up(e, e->handles > 0);
        f->answer.cause = how->cause;
        if (*later)
            turns_add_fresh(&e->turns, id);
        return false;
    }
    if (!s->begun)
        s->begun_us = e->now_us;
    s->begun = true;
    if (how->result != NET_DONE && how->result != NET_WAIT) {
        f->phase = PHASE_CONNECTING;
        e->counts->sent += how->result == NET_REFUSED;
        f->answer.cause = engine_cause_of(how, f);
        return false;
    }
    f->handle = handle;
    e->handles++;
    if (!is_tcp)
        return true;
    e->short_since_us = TIME_NONE;
    f->phase = PHASE_CONNECTING;
    e->counts->sent++;
    engine_set_timer(e, id, e->now_us + times_of(e, f)->connect_us);
    return true;
}

/* An event can come late, when its host is done and its slot is empty. */
static bool is_dialogue(struct engine *e, uint32_t id)
{
    const struct probe *probe = flight_of(e, id)->shot.probe;
    return probe != NULL && probe->dialogue != NULL;
}

/* No more will come, for this reason. */
static void end(struct engine *e, uint32_t id, enum check_cause cause)
{
    (is_dialogue(e, id) ? dialogue_end : shot_end)(e, id, cause);
}

/* A host whose time is up is not asked on its other ports. */
static bool is_too_late(struct engine *e, uint32_t id)
{
    const struct slot *s = slot_of(e, id);
    if (!s->begun || e->now_us < engine_host_deadline(e, s))
        return false;
    e->counts->ports_timed_out++;
    end(e, id, CAUSE_STOPPED);
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
        if (flight_of(e, id)->phase != PHASE_QUEUED || !is_too_late(e, id))
            (is_dialogue(e, id) ? dialogue_turn : shot_turn)(e, id);
    }
}

size_t engine_shots_of(const struct engine_settings *settings, uint32_t host, int64_t when_us,
                       struct shot shots[static SHOTS_MAX])
{
    struct aim aim = settings->aim;
    size_t count = 0;
    aim.when_us = when_us;
    for (size_t p = 0; p < settings->probe_count; p++) {
        struct shot aimed[PROBE_SHOTS_MAX];
        size_t more = settings->probes[p]->aim(&aim, host, aimed);
        assert(count + more <= SHOTS_MAX);
        for (size_t i = 0; i < more; i++) {
            shots[count] = aimed[i];
            shots[count++].probe = settings->probes[p];
        }
    }
    return count;
}

static void begin_host(struct engine *e, uint32_t host)
{
    uint32_t place = e->free_slots[--e->free_count];
    struct slot *s = &e->slots[place];
    struct shot shots[SHOTS_MAX];
    *s = (struct slot){.host = host};
    int64_t when_us = engine_utc_us(e);
    s->count = s->left =
        (unsigned)(e->face->aim != NULL
                       ? e->face->aim(e->face->context, host, when_us, shots, &s->mark)
                       : engine_shots_of(e->settings, host, when_us, shots));
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
    if (e->now_us < e->later_us)
        return;
    while (may_begin(e)) {
        /* Asked first: what it puts off, next has. */
        bool later = e->face->later != NULL && e->face->later(e->face->context);
        if (e->face->next(e->face->context, &host)) {
            begin_host(e, host);
        } else if (later) {
            e->later_us = e->now_us + LATER_US;
            return;
        } else {
            e->no_more = true;
        }
    }
}

static bool is_idle(const struct engine *e)
{
    return e->no_more && e->free_count == e->slot_count;
}

/* When there is next something to do without an event. */
static int64_t next_us(const struct engine *e)
{
    if (may_begin(e) && e->now_us >= e->later_us)
        return e->now_us;
    int64_t next = timers_next_us(e->timers);
    if (may_begin(e) && e->later_us < next)
        next = e->later_us;
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
            (is_dialogue(e, ids[i]) ? dialogue_event : shot_event)(e, ids[i]);
        while (timers_due(e->timers, e->now_us, &id))
            (is_dialogue(e, id) ? dialogue_time : shot_time)(e, id);
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
        for (unsigned i = 0; i < s->count; i++)
            free_found(&s->flights[i].answer);
    }
}

static void free_parts(struct engine *e)
{
    free(e->slots);
    free(e->free_slots);
    free(e->crowds);
    free(e->parked.items);
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
    e->crowds = calloc(NETS, sizeof *e->crowds);
    e->parked.items = calloc(e->slot_count, sizeof *e->parked.items);
    e->parked.room = e->slot_count;
    return turns && e->slots != NULL && e->free_slots != NULL && e->timers != NULL &&
           e->crowds != NULL && e->parked.items != NULL;
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
    e->short_since_us = e->short_until_us = e->later_us = TIME_NONE;
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
