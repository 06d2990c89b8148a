/* Dialogues: the engine's part of a conversation. It tells what happened and does what is wished.
 *
 * With at most ENGINE_DIALOGUES_A_NET hosts of one /24 it is spoken at a time, so that an old
 * segment is not flooded: where more take a connection, they are parked with it until one of these
 * is over. Whoever takes none keeps nobody waiting. Only connections wait for the pace: what is
 * said on one follows the other side's answers. */
#include "scan/engine_inside.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "evidence/netbios_check.h"

static const struct dialogue *dialogue_of(const struct flight *f)
{
    return f->shot.probe->dialogue;
}

/* What another probe learnt of the host's names, and whether it is still at it. */
static void tell_netbios(struct engine *e, uint32_t id, struct dialogue_event *event)
{
    const struct slot *s = slot_of(e, id);
    for (unsigned i = 0; i < s->count; i++) {
        const struct flight *other = &s->flights[i];
        if (!other->shot.probe->tells_netbios)
            continue;
        event->netbios_pending = other->phase != PHASE_DONE;
        event->netbios = other->answer.netbios;
    }
}

static struct dialogue_step tell(struct engine *e, uint32_t id, struct dialogue_event event)
{
    struct flight *f = flight_of(e, id);
    struct dialogue_step step = {0};
    event.when_us = engine_utc_us(e);
    event.shot = &f->shot;
    event.accounts = e->settings->accounts;
    event.name = e->face->name != NULL ? e->face->name(e->face->context, f->shot.host) : NULL;
    tell_netbios(e, id, &event);
    dialogue_of(f)->go_on(f->state, &event, &step);
    return step;
}

static void finish(struct engine *e, uint32_t id)
{
    struct flight *f = flight_of(e, id);
    dialogue_of(f)->finish(f->state, &f->shot, &f->answer);
    engine_finish(e, id);
}

static void obey(struct engine *e, uint32_t id, const struct dialogue_step *step);

static bool was_spoken_to(const struct flight *f)
{
    return f->handle != NO_HANDLE && f->phase != PHASE_CONNECTING && f->phase != PHASE_PARKED;
}

static void end(struct engine *e, uint32_t id, enum check_cause cause)
{
    struct flight *f = flight_of(e, id);
    bool stood = was_spoken_to(f);
    if (f->phase == PHASE_CONNECTING)
        engine_count_answer(e, f, cause);
    engine_let_go(e, f);
    struct dialogue_step step = tell(
        e, id, (struct dialogue_event){.kind = DIALOGUE_ENDED, .cause = cause, .stood = stood});
    assert(step.wish != DIALOGUE_SEND && step.wish != DIALOGUE_READ);
    obey(e, id, &step);
}

/* The connection stands, or may stand now. */
static void send_request(struct engine *e, uint32_t id)
{
    struct flight *f = flight_of(e, id);
    uint8_t request[DIALOGUE_REQUEST_SIZE];
    struct writer w = writer_over(request, sizeof request);
    dialogue_of(f)->build(f->state, &w);
    assert(!w.failed);
    struct net_reply r = e->network->send(e->network->context, f->handle, request, w.used);
    if (r.result == NET_WAIT && f->phase == PHASE_CONNECTING)
        return;
    if (r.result == NET_WAIT) /* it does not read what it is sent */
        r = (struct net_reply){.result = NET_FULL, .cause = CAUSE_NO_MEMORY};
    if (r.result != NET_DONE) {
        end(e, id, engine_cause_of(&r, f));
        return;
    }
    if (f->phase == PHASE_CONNECTING) {
        f->begun_us = e->now_us;
        engine_count_answer(e, f, CAUSE_MUTE);
    }
    f->phase = PHASE_ANSWERING;
    engine_set_timer(e, id, e->now_us + times_of(e, f)->answer_us);
}

static void obey(struct engine *e, uint32_t id, const struct dialogue_step *step)
{
    struct flight *f = flight_of(e, id);
    switch (step->wish) {
    case DIALOGUE_READ:
        return;
    case DIALOGUE_SEND:
        send_request(e, id);
        return;
    case DIALOGUE_CONNECT:
        engine_let_go(e, f);
        dialogue_leaves(e, f);
        timers_stop(e->timers, id);
        f->shot.port = step->port;
        f->phase = PHASE_QUEUED;
        turns_add_fresh(&e->turns, id);
        return;
    case DIALOGUE_PAUSE:
        f->phase = PHASE_PAUSING;
        engine_set_timer(e, id, e->now_us + step->pause_us);
        return;
    case DIALOGUE_DONE:
        finish(e, id);
        return;
    }
}

/* Drops what was dealt with; the rest is kept for the next answer. False without room. */
static bool keep_rest(struct engine *e, struct flight *f, size_t taken, size_t size)
{
    if (f->came_size > 0) {
        memmove(f->came, f->came + taken, f->came_size - taken);
        f->came_size -= taken;
        return true;
    }
    memmove(e->scratch, e->scratch + taken, size - taken);
    return size == taken || engine_keep(e, f, size - taken);
}

/* What came, message by message, as long as the dialogue takes something and sits at it. True while
 * more is to be read. */
static bool take_messages(struct engine *e, uint32_t id, size_t size)
{
    struct flight *f = flight_of(e, id);
    if (f->came_size > 0) {
        if (!engine_keep(e, f, size)) {
            end(e, id, CAUSE_NO_MEMORY);
            return false;
        }
        size = f->came_size;
    }
    for (;;) {
        const uint8_t *bytes = f->came_size > 0 ? f->came : e->scratch;
        struct dialogue_step step = tell(
            e, id,
            (struct dialogue_event){.kind = DIALOGUE_CAME, .came = reader_over(bytes, size)});
        assert(step.taken <= size);
        bool goes_on = step.wish == DIALOGUE_READ || step.wish == DIALOGUE_SEND;
        if (goes_on && !keep_rest(e, f, step.taken, size)) {
            end(e, id, CAUSE_NO_MEMORY);
            return false;
        }
        size -= step.taken;
        obey(e, id, &step);
        if (f->phase != PHASE_ANSWERING || f->handle == NO_HANDLE)
            return false;
        if (size == 0 || step.taken == 0)
            return true;
    }
}

static void read_messages(struct engine *e, uint32_t id)
{
    struct flight *f = flight_of(e, id);
    for (;;) {
        size_t room = sizeof e->scratch - f->came_size;
        struct net_reply r = room > 0 ? e->network->receive(e->network->context, f->handle,
                                                            e->scratch, room)
                                      : (struct net_reply){.result = NET_RESET};
        if (r.result == NET_WAIT)
            return;
        if (r.result != NET_DONE) {
            end(e, id, engine_cause_of(&r, f));
            return;
        }
        if (!take_messages(e, id, r.size))
            return;
    }
}

/* False, and the flight is parked, when it is spoken with too many of its /24. */
static bool enter(struct engine *e, uint32_t id)
{
    struct flight *f = flight_of(e, id);
    uint8_t *crowd = &e->crowds[f->shot.host >> 8];
    if (f->in_crowd)
        return true;
    if (*crowd == ENGINE_DIALOGUES_A_NET) {
        f->phase = PHASE_PARKED;
        timers_stop(e->timers, id);
        turns_queue_add(&e->parked, id);
        return false;
    }
    ++*crowd;
    f->in_crowd = true;
    return true;
}

void dialogue_event(struct engine *e, uint32_t id)
{
    const struct flight *f = flight_of(e, id);
    if (f->handle == NO_HANDLE)
        return;
    if (f->phase == PHASE_CONNECTING && enter(e, id))
        send_request(e, id);
    if (f->phase == PHASE_ANSWERING)
        read_messages(e, id);
}

/* Whoever is parked holds a connection, so its turn must not wait for others to give one back. */
void dialogue_leaves(struct engine *e, struct flight *f)
{
    if (!f->in_crowd)
        return;
    f->in_crowd = false;
    e->crowds[f->shot.host >> 8]--;
    for (size_t left = e->parked.count; left > 0; left--) {
        uint32_t id = turns_queue_take(&e->parked);
        if (flight_of(e, id)->shot.host >> 8 == f->shot.host >> 8) {
            turns_add_again(&e->turns, id);
            return;
        }
        turns_queue_add(&e->parked, id);
    }
}

void dialogue_turn(struct engine *e, uint32_t id)
{
    struct flight *f = flight_of(e, id);
    struct net_reply how;
    bool later;
    if (f->phase == PHASE_PARKED) {
        f->phase = PHASE_CONNECTING;
        engine_set_timer(e, id, e->now_us + times_of(e, f)->connect_us);
        dialogue_event(e, id);
        return;
    }
    if (f->state == NULL) {
        f->state = calloc(1, dialogue_of(f)->state_size);
        if (f->state == NULL) {
            engine_finish_for(e, id, CAUSE_NO_MEMORY);
            return;
        }
        struct dialogue_step step = tell(e, id, (struct dialogue_event){.kind = DIALOGUE_BEGINS});
        if (step.wish != DIALOGUE_CONNECT) {
            obey(e, id, &step);
            return;
        }
        f->shot.port = step.port;
    }
    if (!engine_open(e, id, &how, &later)) {
        if (!later)
            end(e, id, f->answer.cause);
        return;
    }
    if (how.result == NET_DONE)
        dialogue_event(e, id);
}

void dialogue_time(struct engine *e, uint32_t id)
{
    struct flight *f = flight_of(e, id);
    if (e->now_us >= engine_host_deadline(e, slot_of(e, id))) {
        e->counts->ports_timed_out++;
        dialogue_end(e, id, CAUSE_STOPPED);
        return;
    }
    if (f->phase != PHASE_PAUSING) {
        end(e, id, f->phase == PHASE_CONNECTING ? CAUSE_SILENT : CAUSE_MUTE);
        return;
    }
    struct dialogue_step step = tell(e, id, (struct dialogue_event){.kind = DIALOGUE_WAITED});
    if (step.wish == DIALOGUE_SEND)
        f->phase = PHASE_ANSWERING;
    obey(e, id, &step);
    if (f->phase == PHASE_ANSWERING && f->handle != NO_HANDLE)
        read_messages(e, id);
}

void dialogue_end(struct engine *e, uint32_t id, enum check_cause cause)
{
    struct flight *f = flight_of(e, id);
    if (f->state == NULL) {
        engine_finish_for(e, id, cause);
        return;
    }
    bool stood = was_spoken_to(f);
    engine_let_go(e, f);
    (void)tell(e, id,
               (struct dialogue_event){.kind = DIALOGUE_ENDED, .cause = cause, .stood = stood});
    finish(e, id);
}
