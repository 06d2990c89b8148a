/* Hosts under way stand in one list; those whose next turn has come in one of two queues. Only one
 * host's ports are handed out at a time: all its turns before those of the next. */
#include "engine/scan_turns.h"

#include <assert.h>
#include <stdlib.h>

enum stage { STAGE_GATE, STAGE_PORTS, STAGE_LAST };

struct turning {
    uint32_t host;
    enum stage stage;
    uint32_t place;         /* in the list of ports */
    unsigned out;           /* turns that are under way */
    bool handed_out;        /* all its ports are */
    struct port_list *left; /* its named ports; NULL: as of all */
    struct ports_told told;
    struct turning *before, *after; /* in the list of all */
    struct turning *queued;         /* the next in its queue */
};

struct queue {
    struct turning *first, *last;
};

struct scan_turns {
    struct scan_turns_settings settings;
    struct scan_turns_face face;
    struct turning *all;
    struct queue passed, last; /* who is to be asked on its ports; who has its last turn */
    struct turning *handing;   /* its ports are handed out */
    struct turning *turn;      /* of whom next spoke */
    uint64_t pending;          /* hosts that will have another turn */
    uint64_t lost;
};

static void push(struct queue *q, struct turning *h)
{
    h->queued = NULL;
    *(q->last != NULL ? &q->last->queued : &q->first) = h;
    q->last = h;
}

static struct turning *pop(struct queue *q)
{
    struct turning *h = q->first;
    if (h == NULL)
        return NULL;
    q->first = h->queued;
    if (q->first == NULL)
        q->last = NULL;
    return h;
}

struct scan_turns *scan_turns_new(const struct scan_turns_settings *settings,
                                  const struct scan_turns_face *face)
{
    struct scan_turns *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NULL;
    t->settings = *settings;
    t->face = *face;
    return t;
}

static void drop(struct scan_turns *t, struct turning *h)
{
    if (h->before != NULL)
        h->before->after = h->after;
    else
        t->all = h->after;
    if (h->after != NULL)
        h->after->before = h->before;
    ports_told_clear(&h->told);
    free(h->left);
    free(h);
}

/* The stage behind the gate; the host waits for its turn. */
static void pass(struct scan_turns *t, struct turning *h)
{
    h->stage = t->settings.ports != NULL ? STAGE_PORTS : STAGE_LAST;
    push(h->stage == STAGE_PORTS ? &t->passed : &t->last, h);
}

/* Whether the host is kept from nothing, or has shown already that it is not to be. */
static bool is_past_gate(const struct scan_turns *t, const struct known_host *known)
{
    return t->settings.gate == GATE_NONE || (t->settings.gate == GATE_PING && known->is_there);
}

static struct turning *begin(struct scan_turns *t, uint32_t host, struct known_host *known)
{
    struct turning *h = calloc(1, sizeof *h);
    if (h == NULL) {
        t->lost++;
        ports_told_clear(&known->told);
        free(known->left);
        return NULL;
    }
    *h = (struct turning){.host = host, .left = known->left, .told = known->told, .after = t->all};
    if (t->all != NULL)
        t->all->before = h;
    t->all = h;
    t->pending++;
    return h;
}

/* The host whose ports are handed out, which still has some. */
static struct turning *handing(struct scan_turns *t)
{
    if (t->handing == NULL)
        t->handing = pop(&t->passed);
    return t->handing;
}

bool scan_turns_next(struct scan_turns *t, uint32_t *host)
{
    t->turn = pop(&t->last);
    if (t->turn == NULL)
        t->turn = handing(t);
    while (t->turn == NULL && t->face.next(t->face.context, host)) {
        struct known_host known = {0};
        if (t->face.known != NULL)
            known = t->face.known(t->face.context, *host);
        t->turn = begin(t, *host, &known);
        if (t->turn != NULL && is_past_gate(t, &known)) {
            pass(t, t->turn);
            t->turn = pop(&t->last);
            t->turn = t->turn != NULL ? t->turn : handing(t);
        }
    }
    if (t->turn != NULL)
        *host = t->turn->host;
    return t->turn != NULL;
}

bool scan_turns_later(struct scan_turns *t)
{
    return t->pending > 0 || (t->face.later != NULL && t->face.later(t->face.context));
}

static size_t aim_controls(const struct scan_turns *t, const struct turning *h,
                           struct shot shots[static SHOTS_MAX])
{
    uint16_t ports[CONTROLS];
    port_controls(t->settings.engine->seed, h->host, ports);
    for (size_t i = 0; i < CONTROLS; i++) {
        shots[i].port = ports[i];
        shots[i].transport = i < CONTROLS_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
        shots[i].probe = i < CONTROLS_TCP ? gate_door() : probe_named("p2p");
    }
    return CONTROLS;
}

static bool is_among(const struct shot *shots, size_t count, const struct shot *one)
{
    for (size_t i = 0; i < count; i++)
        if (shots[i].probe == one->probe && shots[i].transport == one->transport &&
            shots[i].port == one->port)
            return true;
    return false;
}

/* The next of its ports, but for those that it is asked in its last turn. */
static size_t aim_ports(struct scan_turns *t, struct turning *h, int64_t when_us,
                        struct shot shots[static SHOTS_MAX])
{
    struct shot usual[SHOTS_MAX], one = {.probe = probe_named("p2p")};
    size_t usual_count = engine_shots_of(t->settings.engine, h->host, when_us, usual);
    size_t count = h->place == 0 ? aim_controls(t, h, shots) : 0;
    const struct port_list *ports = h->left != NULL ? h->left : t->settings.ports;
    while (count < SHOTS_MAX) {
        if (!port_list_next(ports, &h->place, &one.transport, &one.port)) {
            h->handed_out = true;
            free(h->left);
            h->left = NULL;
            t->handing = NULL;
            break;
        }
        if (!is_among(usual, usual_count, &one))
            shots[count++] = one;
    }
    for (size_t i = 0; i < count; i++) {
        shots[i].host = h->host;
        shots[i].week = CHECK_WEEK_NONE;
    }
    return count;
}

size_t scan_turns_aim(struct scan_turns *t, uint32_t host, int64_t when_us,
                      struct shot shots[static SHOTS_MAX], void **mark)
{
    struct turning *h = t->turn;
    assert(h != NULL && h->host == host);
    *mark = h;
    h->out++;
    switch (h->stage) {
    case STAGE_GATE:
        return gate_aim(t->settings.gate, host, shots);
    case STAGE_PORTS:
        return aim_ports(t, h, when_us, shots);
    case STAGE_LAST:
        break;
    }
    t->pending--;
    return engine_shots_of(t->settings.engine, host, when_us, shots);
}

static void take_ports(struct turning *h, const struct asked *asked)
{
    for (size_t i = 0; i < asked->count; i++) {
        const struct told_port told = {asked->shots[i], asked->answers[i], asked->when_us[i]};
        ports_told_take(&h->told, &told);
    }
}

static void hand_over(struct scan_turns *t, struct turning *h, const struct asked *asked,
                      const char *not_asked)
{
    ports_told_finish(&h->told);
    const struct host_turns turns = {.not_asked = not_asked,
                                     .ports = h->told.ports.asked > 0 ? &h->told.ports : NULL,
                                     .told = h->told.told,
                                     .told_count = h->told.told_count};
    t->face.done(t->face.context, asked, &turns);
    drop(t, h);
}

static void judge_gate(struct scan_turns *t, struct turning *h, const struct asked *asked)
{
    enum gate_answer answer = gate_judge(t->settings.gate, asked);
    bool stopped = false;
    for (size_t i = 0; i < asked->count; i++)
        stopped = stopped || asked->answers[i].cause == CAUSE_STOPPED;
    if (answer == GATE_OPEN || (answer == GATE_UNHEARD && !stopped)) {
        pass(t, h);
        return;
    }
    t->pending--;
    hand_over(t, h, asked, answer == GATE_SHUT && !stopped ? gate_reason(t->settings.gate) : NULL);
}

void scan_turns_done(struct scan_turns *t, const struct asked *asked)
{
    struct turning *h = asked->mark;
    h->out--;
    switch (h->stage) {
    case STAGE_GATE:
        judge_gate(t, h, asked);
        return;
    case STAGE_PORTS:
        take_ports(h, asked);
        if (h->out == 0 && h->handed_out) {
            h->stage = STAGE_LAST;
            push(&t->last, h);
        }
        return;
    case STAGE_LAST:
        hand_over(t, h, asked, NULL);
        return;
    }
}

/* Of a turn that was begun and had nothing sent the engine says nothing. */
uint64_t scan_turns_end(struct scan_turns *t)
{
    while (t->all != NULL) {
        struct asked nothing = {.host = t->all->host};
        bool was_asked = t->all->told.ports.asked > 0 ||
                         (t->settings.gate != GATE_NONE && t->all->stage != STAGE_GATE);
        if (was_asked)
            hand_over(t, t->all, &nothing, NULL);
        else
            drop(t, t->all);
    }
    t->pending = 0;
    return t->lost;
}

void scan_turns_free(struct scan_turns *t)
{
    if (t == NULL)
        return;
    while (t->all != NULL)
        drop(t, t->all);
    free(t);
}
