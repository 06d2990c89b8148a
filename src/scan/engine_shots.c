/* Ports that are asked one question: a datagram that is repeated until it is answered, or a
 * connection and what comes of it. */
#include "scan/engine_inside.h"

#include <assert.h>

#include "base/time.h"

static void judge(struct engine *e, uint32_t id, const uint8_t *bytes, size_t size)
{
    struct flight *f = flight_of(e, id);
    f->shot.probe->judge(&f->shot, reader_over(bytes, size), &f->answer);
    engine_finish(e, id);
}

/* No more will come: judges what came, or says why nothing did. */
void shot_end(struct engine *e, uint32_t id, enum check_cause cause)
{
    const struct flight *f = flight_of(e, id);
    if (f->came_size > 0)
        judge(e, id, f->came, f->came_size);
    else
        engine_finish_for(e, id, cause);
}

/* Until when an answer to a datagram is awaited. */
static int64_t datagram_deadline(const struct engine *e, const struct flight *f)
{
    const struct probe_times *t = times_of(e, f);
    int64_t last_us = t->repeats * t->repeat_us + t->last_wait_us;
    return f->begun_us + (last_us > t->answer_us ? last_us : t->answer_us);
}

/* These bytes of a stream came. True while more of it is wanted. */
static bool stream_came(struct engine *e, uint32_t id, size_t size)
{
    struct flight *f = flight_of(e, id);
    bool first = f->came_size == 0;
    if (first && f->shot.probe->is_whole(reader_over(e->scratch, size))) {
        judge(e, id, e->scratch, size);
        return false;
    }
    if (!engine_keep(e, f, size)) {
        e->counts->answers_cut++;
        if (first)
            judge(e, id, e->scratch, size);
        else
            shot_end(e, id, CAUSE_NO_MEMORY);
        return false;
    }
    if (!f->shot.probe->is_whole(reader_over(f->came, f->came_size)))
        return true;
    shot_end(e, id, CAUSE_MUTE);
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
            shot_end(e, id, is_empty ? CAUSE_MUTE : engine_cause_of(&r, f));
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
    if (f->shot.probe->build != NULL)
        f->shot.probe->build(&f->shot, &w);
    assert(!w.failed);
    return e->network->send(e->network->context, f->handle, request, w.used);
}

static void send_datagram(struct engine *e, uint32_t id)
{
    struct flight *f = flight_of(e, id);
    const struct probe_times *t = times_of(e, f);
    struct net_reply r = send_request(e, f);
    if (r.result == NET_WAIT) /* there was no room for it in a buffer */
        r = (struct net_reply){.result = NET_FULL, .cause = CAUSE_NO_MEMORY};
    if (r.result == NET_FULL) {
        if (engine_gives_up(e, false)) {
            engine_finish_for(e, id, r.cause);
        } else {
            f->queued_again = true;
            turns_add_again(&e->turns, id);
        }
        return;
    }
    if (r.result != NET_DONE) {
        engine_finish_for(e, id, engine_cause_of(&r, f));
        return;
    }
    e->short_since_us = TIME_NONE;
    e->counts->sent++;
    if (f->sends++ == 0)
        f->begun_us = e->now_us;
    int64_t deadline_us = datagram_deadline(e, f);
    int64_t repeat_us = e->now_us + t->repeat_us;
    bool repeats = f->sends <= t->repeats && repeat_us < deadline_us;
    engine_set_timer(e, id, repeats ? repeat_us : deadline_us);
}

/* The connection may stand now: the question is sent as soon as it does. */
static void send_on_connection(struct engine *e, uint32_t id)
{
    struct flight *f = flight_of(e, id);
    struct net_reply r = send_request(e, f);
    if (r.result == NET_WAIT)
        return;
    if (r.result != NET_DONE) {
        engine_finish_for(e, id, engine_cause_of(&r, f));
        return;
    }
    f->phase = PHASE_ANSWERING;
    f->begun_us = e->now_us;
    if (f->shot.probe->build == NULL) {
        engine_finish_for(e, id, CAUSE_MUTE);
        return;
    }
    engine_set_timer(e, id, e->now_us + times_of(e, f)->answer_us);
    read_answer(e, id);
}

void shot_turn(struct engine *e, uint32_t id)
{
    struct flight *f = flight_of(e, id);
    struct net_reply how;
    bool later;
    if (f->phase != PHASE_QUEUED) {
        if (f->queued_again) { /* else it was answered meanwhile */
            f->queued_again = false;
            send_datagram(e, id);
        }
        return;
    }
    if (!engine_open(e, id, &how, &later)) {
        if (!later)
            engine_finish(e, id);
        return;
    }
    if (f->shot.transport == TRANSPORT_UDP) {
        f->phase = PHASE_ANSWERING;
        send_datagram(e, id);
        return;
    }
    if (how.result == NET_DONE)
        send_on_connection(e, id);
}

void shot_event(struct engine *e, uint32_t id)
{
    const struct flight *f = flight_of(e, id);
    if (f->phase == PHASE_CONNECTING)
        send_on_connection(e, id);
    else if (f->phase == PHASE_ANSWERING && f->handle != NO_HANDLE)
        read_answer(e, id);
}

void shot_time(struct engine *e, uint32_t id)
{
    struct flight *f = flight_of(e, id);
    bool host_is_late = e->now_us >= engine_host_deadline(e, slot_of(e, id));
    bool is_udp = f->shot.transport == TRANSPORT_UDP;
    if (is_udp && !host_is_late && e->now_us < datagram_deadline(e, f)) {
        engine_set_timer(e, id, datagram_deadline(e, f));
        f->queued_again = true;
        turns_add_again(&e->turns, id);
        return;
    }
    e->counts->ports_timed_out += host_is_late;
    shot_end(e, id, f->phase == PHASE_CONNECTING || is_udp ? CAUSE_SILENT : CAUSE_MUTE);
}
