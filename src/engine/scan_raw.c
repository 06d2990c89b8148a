/* The thread, the queue between it and the socket engine, and what silence and refusals come to.
 *
 * A host that was settled has the same answers as one that the socket engine asked: of its ports by
 * their knocks, of a dialogue by playing it through with doors that do not open. */
#include "engine/scan_raw.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"
#include "scan/dialogue.h"
#include "scan/raw_named.h"

enum { QUEUE_FIRST = 1024, WAIT_MS = 100, DIALOGUE_STEPS_MAX = 16 };

/* A host for the socket engine. */
struct found_host {
    uint32_t host;
    enum raw_found how;
};

struct scan_raw {
    const struct raw_settings *settings;
    const struct raw_network *network;
    struct raw_orders orders;
    int64_t began_us; /* by the network's clock */
    pthread_t thread;
    int news;              /* an eventfd: a host was found, or the end has come */
    pthread_mutex_t mutex; /* of all that follows, up to the end */
    struct found_host *queue;
    size_t queue_count, queue_room, queue_next;
    struct raw_counts counts;
    bool stop, ended, lost; /* lost: a host that found no room in the queue */
    /* Behind the end. */
    bool good;
    struct raw_outcome outcome;
    struct error error;
};

static void tell_news(const struct scan_raw *s)
{
    (void)eventfd_write(s->news, 1);
}

static void found(void *context, uint32_t host, enum raw_found how)
{
    struct scan_raw *s = context;
    (void)pthread_mutex_lock(&s->mutex);
    if (s->queue_count == s->queue_room) {
        size_t room = s->queue_room > 0 ? 2 * s->queue_room : QUEUE_FIRST;
        struct found_host *queue = realloc(s->queue, room * sizeof *queue);
        s->queue = queue != NULL ? queue : s->queue;
        s->queue_room = queue != NULL ? room : s->queue_room;
    }
    if (s->queue_count < s->queue_room)
        s->queue[s->queue_count++] = (struct found_host){host, how};
    else
        s->lost = true;
    (void)pthread_mutex_unlock(&s->mutex);
    tell_news(s);
}

static bool watch(void *context, const struct raw_counts *now)
{
    struct scan_raw *s = context;
    (void)pthread_mutex_lock(&s->mutex);
    s->counts = *now;
    bool stop = s->stop;
    (void)pthread_mutex_unlock(&s->mutex);
    return stop;
}

static void *run(void *context)
{
    struct scan_raw *s = context;
    const struct raw_face face = {s, found, watch};
    bool good = raw_engine_run(s->settings, s->network, &face, &s->outcome, &s->error);
    (void)pthread_mutex_lock(&s->mutex);
    s->good = good;
    s->ended = true;
    (void)pthread_mutex_unlock(&s->mutex);
    tell_news(s);
    return NULL;
}

struct scan_raw *scan_raw_begin(const struct raw_settings *settings,
                                const struct raw_network *network, struct error *err)
{
    struct scan_raw *s = calloc(1, sizeof *s);
    if (s == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory to scan");
        return NULL;
    }
    s->settings = settings;
    s->network = network;
    s->orders = raw_orders_of(settings);
    s->began_us = network->now_us(network->context);
    s->counts.places = raw_units(settings);
    s->counts.groups = s->orders.groups;
    (void)pthread_mutex_init(&s->mutex, NULL);
    s->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int refused = s->news < 0 ? errno : pthread_create(&s->thread, NULL, run, s);
    if (refused == 0)
        return s;
    (void)fail(err, ERROR_SYSTEM, "no thread to scan with: %s", strerror(refused));
    scan_raw_free(s);
    return NULL;
}

bool scan_raw_next(struct scan_raw *s, uint32_t *host, enum raw_found *how)
{
    (void)pthread_mutex_lock(&s->mutex);
    bool has = s->queue_next < s->queue_count;
    if (has) {
        *host = s->queue[s->queue_next].host;
        *how = s->queue[s->queue_next++].how;
    }
    if (s->queue_next == s->queue_count)
        s->queue_next = s->queue_count = 0;
    (void)pthread_mutex_unlock(&s->mutex);
    return has;
}

bool scan_raw_runs(struct scan_raw *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    bool runs = !s->ended;
    (void)pthread_mutex_unlock(&s->mutex);
    return runs;
}

bool scan_raw_wait(struct scan_raw *s)
{
    struct pollfd wanted = {.fd = s->news, .events = POLLIN};
    eventfd_t count;
    if (poll(&wanted, 1, scan_raw_runs(s) ? WAIT_MS : 0) > 0)
        (void)eventfd_read(s->news, &count);
    (void)pthread_mutex_lock(&s->mutex);
    bool has = s->queue_next < s->queue_count;
    (void)pthread_mutex_unlock(&s->mutex);
    return has;
}

struct raw_counts scan_raw_counts(struct scan_raw *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    struct raw_counts counts = s->counts;
    (void)pthread_mutex_unlock(&s->mutex);
    return counts;
}

void scan_raw_stop(struct scan_raw *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    s->stop = true;
    (void)pthread_mutex_unlock(&s->mutex);
}

bool scan_raw_end(struct scan_raw *s, const struct raw_outcome **out, struct error *err)
{
    (void)pthread_join(s->thread, NULL);
    *out = &s->outcome;
    if (!s->good && err != NULL)
        *err = s->error;
    return s->good;
}

/* What a knock came to, of a host that sockets did not ask, or do not ask there. Such a host was
 * asked all that it was to be; whether the run ends early is not known then. */
static enum check_cause cause_of(const struct scan_raw *s, uint32_t host, enum knock_state state,
                                 bool all_asked)
{
    bool broken_off = !all_asked && (s->outcome.stopped || !s->good);
    switch (state) {
    case KNOCK_REFUSED:
        return CAUSE_REFUSED;
    case KNOCK_OPEN:
        return broken_off ? CAUSE_STOPPED : CAUSE_MUTE;
    case KNOCK_ANSWERED:
        return s->lost ? CAUSE_NO_MEMORY : CAUSE_STOPPED;
    case KNOCK_SILENT:
        break;
    }
    if (host_set_has(s->outcome.unreachable, host) || host_set_has(s->outcome.absent, host))
        return CAUSE_UNREACHABLE;
    return broken_off ? CAUSE_STOPPED : CAUSE_SILENT;
}

/* The numbers of the named ports that are asked as usual ones; NUMBER_NONE where one is not. */
enum { NUMBER_NONE = UINT16_MAX * 4 };

static void number_usual(const struct scan_raw *s, uint32_t host, const struct knock *usual,
                         size_t count, unsigned numbers[static KNOCKS_MAX])
{
    for (size_t i = 0; i < KNOCKS_MAX; i++)
        if (i >= count || !raw_named_find(&s->settings->plan, host, usual[i].shot.transport,
                                          usual[i].shot.port, &numbers[i]))
            numbers[i] = NUMBER_NONE;
}

static bool is_among(const unsigned numbers[static KNOCKS_MAX], unsigned number)
{
    for (size_t i = 0; i < KNOCKS_MAX; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

/* A named port that something is to be said of by itself. */
static void take_port(const struct scan_raw *s, uint32_t host, unsigned number,
                      enum check_cause cause, int64_t when_us, struct ports_told *told)
{
    struct told_port port = {.when_us = when_us, .answer.cause = cause};
    port.shot = raw_named_knock(&s->settings->plan, host, number).shot;
    ports_told_take(told, &port);
}

/* Those that sockets are to ask are counted by who asks them, with controls of his own. */
static void leave_port(const struct scan_raw *s, uint32_t host, unsigned number,
                       struct port_list *left)
{
    struct shot shot = raw_named_knock(&s->settings->plan, host, number).shot;
    port_list_add(left, shot.transport, shot.port);
}

/* Of a host whose ports were left to sockets none was asked. */
static enum knock_state state_of(const struct scan_raw *s, uint64_t number, unsigned group,
                                 unsigned knock)
{
    enum knock_state state = raw_state_of(s->settings->state, number * s->orders.groups + group,
                                          knock);
    bool is_left = s->settings->plan.named != NULL && state == KNOCK_SILENT &&
                   raw_is_for_sockets(s->settings, number);
    return is_left ? KNOCK_ANSWERED : state;
}

/* What came of the named ports of a host; left: NULL where no socket will ask it. */
static void take_ports(const struct scan_raw *s, uint32_t host, uint64_t number, int64_t when_us,
                       struct port_list *left, struct ports_told *told)
{
    const struct raw_settings *settings = s->settings;
    struct knock usual[KNOCKS_MAX];
    unsigned asked_already[KNOCKS_MAX];
    uint64_t counts[KNOCK_STATES] = {0};
    size_t count = raw_usual_knocks(settings, &s->orders, host, number, usual);
    number_usual(s, host, usual, count <= KNOCKS_MAX ? count : 0, asked_already);
    for (unsigned i = left != NULL ? CONTROLS : 0; i < raw_named_count(settings->plan.named); i++) {
        enum knock_state state = state_of(s, number, 1 + i / KNOCKS_MAX, i % KNOCKS_MAX);
        if (is_among(asked_already, i))
            continue;
        if (state == KNOCK_ANSWERED && left != NULL)
            leave_port(s, host, i, left);
        else if (state == KNOCK_OPEN || i < CONTROLS)
            take_port(s, host, i, cause_of(s, host, state, left != NULL), when_us, told);
        else
            counts[state]++;
    }
    for (unsigned i = 0; i < KNOCK_STATES; i++)
        if (counts[i] > 0)
            ports_told_count(told, cause_of(s, host, (enum knock_state)i, left != NULL), counts[i]);
    /* Should the weeks have turned meanwhile, it would be asked nowhere else. */
    for (unsigned i = 0; left != NULL && i < KNOCKS_MAX; i++)
        if (asked_already[i] != NUMBER_NONE && state_of(s, number, 0, i) == KNOCK_ANSWERED)
            leave_port(s, host, asked_already[i], left);
}

void scan_raw_ports(struct scan_raw *s, uint32_t host, struct port_list *left,
                    struct ports_told *told)
{
    int64_t taken_us = s->network->now_us(s->network->context) - s->began_us;
    uint64_t number;
    *left = (struct port_list){0};
    *told = (struct ports_told){0};
    if (host_table_find(s->settings->hosts, host, &number))
        take_ports(s, host, number, s->settings->began_us + taken_us, left, told);
}

/* The conversation with a host that opens none of its doors. */
static void play(const struct shot *shot, const enum check_cause doors[static PROBE_DOORS_MAX],
                 int64_t when_us, struct answer *out)
{
    const struct dialogue *d = shot->probe->dialogue;
    struct dialogue_event event = {.kind = DIALOGUE_BEGINS, .when_us = when_us, .shot = shot};
    struct dialogue_step step = {0};
    void *state = calloc(1, d->state_size);
    if (state == NULL) {
        out->cause = CAUSE_NO_MEMORY;
        return;
    }
    d->go_on(state, &event, &step);
    for (int i = 0; i < DIALOGUE_STEPS_MAX && step.wish == DIALOGUE_CONNECT; i++) {
        unsigned door = 0;
        while (door + 1 < PROBE_DOORS_MAX && shot->probe->doors[door] != step.port)
            door++;
        event.kind = DIALOGUE_ENDED;
        event.cause = doors[door];
        step = (struct dialogue_step){0};
        d->go_on(state, &event, &step);
    }
    d->finish(state, shot, out);
    free(state);
}

/* The answers of a host, from its knocks; they come in the order of its shots, doors in their
 * place. */
static void settle(const struct scan_raw *s, uint32_t host, uint64_t number, const struct aim *aim,
                   int64_t when_us, struct asked *out)
{
    const struct raw_plan *plan = &s->settings->plan;
    const unsigned room = raw_state_knocks(s->settings->state);
    unsigned knock = 0;
    *out = (struct asked){.host = host};
    for (size_t p = 0; p < plan->probe_count; p++) {
        struct shot aimed[PROBE_SHOTS_MAX];
        size_t count = plan->probes[p]->aim(aim, host, aimed);
        for (size_t i = 0; i < count; i++) {
            enum check_cause causes[PROBE_DOORS_MAX] = {0};
            const unsigned doors = probe_door_count(plan->probes[p]);
            aimed[i].probe = plan->probes[p];
            for (unsigned k = 0; k < doors; k++, knock++)
                causes[k] = cause_of(
                    s, host, knock < room ? state_of(s, number, 0, knock) : KNOCK_SILENT, false);
            out->shots[out->count] = aimed[i];
            out->when_us[out->count] = when_us;
            if (aimed[i].probe->dialogue != NULL)
                play(&aimed[i], causes, when_us, &out->answers[out->count]);
            else
                out->answers[out->count].cause = causes[0];
            out->count++;
        }
    }
}

static bool is_of_shard(const struct scan_raw *s, uint64_t number)
{
    const struct raw_settings *settings = s->settings;
    return settings->shards == 1 ||
           order_place(&s->orders.hosts, number) % settings->shards == settings->shard;
}

/* Whether any of its ports was asked. */
static bool was_asked(const struct scan_raw *s, uint64_t number)
{
    const struct raw_progress *p = &s->outcome.counts.progress;
    bool asked = p->pass > 0;
    for (unsigned i = 0; !asked && i < s->orders.groups; i++)
        asked = raw_unit_place(s->settings, &s->orders, number, i) < p->place;
    return asked;
}

void scan_raw_settle(struct scan_raw *s, const struct host_set *done, int64_t when_us,
                     void (*take)(void *context, const struct asked *host,
                                  const struct ports_told *told),
                     void *context)
{
    const struct raw_settings *settings = s->settings;
    struct aim aim = settings->plan.aim;
    struct asked asked;
    for (uint64_t number = 0; number < host_table_count(settings->hosts); number++) {
        uint32_t host = host_table_at(settings->hosts, number);
        struct ports_told told = {0};
        if (!is_of_shard(s, number) || host_set_has(done, host) || !was_asked(s, number))
            continue;
        aim.when_us = raw_when(settings, &s->orders, number);
        settle(s, host, number, &aim, when_us, &asked);
        if (settings->plan.named != NULL)
            take_ports(s, host, number, when_us, NULL, &told);
        ports_told_finish(&told);
        take(context, &asked, &told);
        ports_told_clear(&told);
        for (size_t i = 0; i < asked.count; i++) {
            free(asked.answers[i].smb);
            free(asked.answers[i].netbios);
        }
    }
}

uint64_t scan_raw_unconfirmed(struct scan_raw *s, const struct host_set *infected, uint32_t *first)
{
    uint64_t count = 0;
    uint32_t host = 0;
    while (host_set_next(s->outcome.valid, host, &host)) {
        if (!host_set_has(infected, host) && count++ == 0)
            *first = host;
        if (host++ == UINT32_MAX)
            break;
    }
    return count;
}

void scan_raw_free(struct scan_raw *s)
{
    if (s == NULL)
        return;
    raw_outcome_clear(&s->outcome);
    free(s->queue);
    if (s->news >= 0)
        (void)close(s->news);
    (void)pthread_mutex_destroy(&s->mutex);
    free(s);
}
