/* The inside of the socket engine, shared by socket_engine.c (hosts, turns, events), engine_shots.c
 * (ports that are asked one question) and engine_dialogues.c alone.
 *
 * One flight a shot, SHOTS_MAX of them a host; a flight's number is its place in the table, and is
 * what events and timers come with.
 *
 *   QUEUED -> CONNECTING -> ANSWERING -> DONE        TCP
 *   QUEUED -> ANSWERING (-> queued again)* -> DONE   UDP
 *   QUEUED -> CONNECTING -> (ANSWERING | PAUSING | QUEUED)* -> DONE   a dialogue */
#ifndef WORMSIGN_SCAN_ENGINE_INSIDE_H
#define WORMSIGN_SCAN_ENGINE_INSIDE_H

#include "scan/dialogue.h"
#include "scan/socket_engine.h"
#include "scan/timers.h"
#include "scan/turns.h"

enum { NO_HANDLE = -1 };

enum phase {
    PHASE_QUEUED,
    PHASE_CONNECTING,
    PHASE_PARKED, /* a dialogue that was not begun on its connection: its /24 is crowded */
    PHASE_ANSWERING,
    PHASE_PAUSING,
    PHASE_DONE
};

struct flight {
    struct shot shot;
    enum phase phase;
    int handle;
    unsigned sends;
    bool queued_again;
    bool in_crowd;    /* a dialogue that counts among those of its /24 */
    int64_t begun_us; /* first sent, or connected */
    uint8_t *came;    /* what came so far of a stream */
    size_t came_size, came_room;
    void *state; /* a dialogue's; NULL: it has not begun */
    struct answer answer;
    int64_t when_us;
};

struct slot {
    uint32_t host;
    unsigned count, left; /* flights; those not done */
    bool begun;           /* the first was sent, at begun_us */
    int64_t begun_us;
    void *mark;
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
    uint8_t *crowds;           /* dialogues by /24 */
    struct turns_queue parked; /* dialogues that wait until others of their /24 are over */
    size_t handles, memory;
    int64_t start_us, now_us, watch_us;
    int64_t short_since_us, short_until_us; /* TIME_NONE: nothing is short */
    int64_t later_us; /* until then there are no more hosts; TIME_NONE: there may be now */
    bool no_more, stopped;
    uint64_t keys;
    struct asked asked;           /* scratch */
    uint8_t scratch[ANSWER_SIZE]; /* what came just now */
};

static inline struct slot *slot_of(struct engine *e, uint32_t id)
{
    return &e->slots[id / SHOTS_MAX];
}

static inline struct flight *flight_of(struct engine *e, uint32_t id)
{
    return &slot_of(e, id)->flights[id % SHOTS_MAX];
}

static inline const struct probe_times *times_of(const struct engine *e, const struct flight *f)
{
    return f->shot.probe->times != NULL ? f->shot.probe->times : &e->settings->times;
}

/* socket_engine.c */

int64_t engine_utc_us(const struct engine *e);
int64_t engine_host_deadline(const struct engine *e, const struct slot *s);
/* Not later than the host's. */
void engine_set_timer(struct engine *e, uint32_t id, int64_t when_us);
/* Gives back the connection and what came of it. */
void engine_let_go(struct engine *e, struct flight *f);
/* Adds to what came of a stream; false when there is no room for it. */
bool engine_keep(struct engine *e, struct flight *f, size_t size);
/* Something here has run out: nothing is sent for a moment. True when it has been so for too long,
 * or `soon` is false: when nothing is in flight whose end would give something back. */
bool engine_gives_up(struct engine *e, bool soon);
/* Opens a connection towards the shot; false when that failed, with the cause in the flight's
 * answer, or there will be another turn for it (*later). */
bool engine_open(struct engine *e, uint32_t id, struct net_reply *how, bool *later);
/* What was asked of this port, or the connection of a dialogue, came to this: what is neither from
 * here, nor silence, nor a router's word counts as received, as the raw engine has it. */
void engine_count_answer(struct engine *e, const struct flight *f, enum check_cause cause);
/* This flight has its answer. */
void engine_finish(struct engine *e, uint32_t id);
void engine_finish_for(struct engine *e, uint32_t id, enum check_cause cause);
/* What ended a connection, as the cause of a check; a connection that stood is closed or reset, one
 * that did not is refused. */
enum check_cause engine_cause_of(const struct net_reply *r, const struct flight *f);

/* What is done with a flight: it has a turn; an event; its time is up; nothing more will come, for
 * this reason. engine_shots.c */
void shot_turn(struct engine *e, uint32_t id);
void shot_event(struct engine *e, uint32_t id);
void shot_time(struct engine *e, uint32_t id);
void shot_end(struct engine *e, uint32_t id, enum check_cause cause);

/* The same of a dialogue. engine_dialogues.c */
void dialogue_turn(struct engine *e, uint32_t id);
void dialogue_event(struct engine *e, uint32_t id);
void dialogue_time(struct engine *e, uint32_t id);
void dialogue_end(struct engine *e, uint32_t id, enum check_cause cause);
/* It is over: whoever waits for its place in the crowd of its /24 has a turn. */
void dialogue_leaves(struct engine *e, struct flight *f);

#endif
