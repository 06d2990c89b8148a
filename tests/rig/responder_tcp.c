/* Connections: a request is collected, an answer is made and sent in its manner, and then the
 * connection rests until the peer closes it, or ends as the variant says.
 *
 *   WAITS --trigger--> SENDS --all sent--> RESTS | DRIPS | FLOODS | (closed)
 *     \--no request--> RESTS
 *
 * A step that returns false ends the connection. All end after LIFE_US, whatever the peer does. */
#define _GNU_SOURCE /* accept4 */
#include "responder.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIFE_US (30000 * MILLISECOND_US)
#define FLOOD_LIFE_US (20000 * MILLISECOND_US)
#define DRIP_US (200 * MILLISECOND_US)

enum { FLOOD_SIZE_MAX = 64 << 20, ACCEPTS_AT_ONCE = 64, DRAIN_SIZE = 4096, DRAINS_AT_ONCE = 16 };

enum phase { WAITS, SENDS, RESTS, DRIPPING, FLOODING };

struct connection {
    int fd;
    const struct listener *listener;
    enum phase phase;
    bool peer_ended; /* it will send no more */
    uint32_t events; /* that epoll was asked for */
    int64_t began_us, deadline_us;
    int64_t due_us; /* the next step; NEVER_US when none waits for the clock */
    size_t flooded;
    size_t in_used, out_size, out_sent;
    uint8_t in[REQUEST_SIZE_MAX], out[ANSWER_SIZE_MAX];
};

/* What was sent and not read would turn the end into a reset, which can overtake the answer. */
static void drain(int fd)
{
    uint8_t dropped[DRAIN_SIZE];
    for (int i = 0; i < DRAINS_AT_ONCE; i++)
        if (recv(fd, dropped, sizeof dropped, 0) <= 0)
            return;
}

static void connection_close(struct rig *rig, size_t slot)
{
    struct connection *c = rig->connections[slot];
    if (c->listener->variant->tcp.then != RESETS)
        drain(c->fd);
    (void)close(c->fd);
    free(c);
    rig->connections[slot] = NULL;
}

static size_t slot_oldest(const struct rig *rig)
{
    size_t oldest = 0;
    for (size_t i = 1; i < rig->connection_limit; i++)
        if (rig->connections[i]->began_us < rig->connections[oldest]->began_us)
            oldest = i;
    return oldest;
}

static size_t slot_free(struct rig *rig)
{
    for (size_t i = 0; i < rig->connection_limit; i++)
        if (rig->connections[i] == NULL)
            return i;
    note(rig, "%zu connections at once: the oldest is closed", rig->connection_limit);
    size_t slot = slot_oldest(rig);
    connection_close(rig, slot);
    return slot;
}

static bool drip(struct connection *c, int64_t now_us)
{
    uint8_t byte;
    random_fill(&byte, 1);
    c->due_us = now_us + DRIP_US;
    return send(c->fd, &byte, 1, MSG_NOSIGNAL) == 1 || errno == EAGAIN;
}

/* One helping each time the peer has room, so that others get their turn. */
static bool flood(struct rig *rig, struct connection *c)
{
    size_t at = c->flooded % FLOOD_BLOCK_SIZE, size = FLOOD_BLOCK_SIZE - at;
    if (at == 0)
        junk_fill(rig->flood_block, FLOOD_BLOCK_SIZE);
    ssize_t sent = send(c->fd, rig->flood_block + at, size, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN;
    c->flooded += (size_t)sent;
    return c->flooded < FLOOD_SIZE_MAX;
}

/* The answer is out; false when the connection ends with it. */
static bool after_answer(struct rig *rig, struct connection *c, int64_t now_us)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    switch (c->listener->variant->tcp.then) {
    case CLOSES:
        return false;
    case RESETS:
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        return false;
    case DRIPS:
        c->phase = DRIPPING;
        c->due_us = now_us + DRIP_US;
        return true;
    case FLOODS:
        c->phase = FLOODING;
        return flood(rig, c);
    case STAYS_OPEN:
        break;
    }
    c->phase = RESTS;
    return !c->peer_ended;
}

static bool send_on(struct rig *rig, struct connection *c, int64_t now_us)
{
    const struct tcp_manner *manner = &c->listener->variant->tcp;
    while (c->out_sent < c->out_size) {
        size_t size = c->out_size - c->out_sent;
        if (manner->piece != 0 && manner->piece < size)
            size = manner->piece;
        ssize_t sent = send(c->fd, c->out + c->out_sent, size, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN;
        c->out_sent += (size_t)sent;
        if (manner->gap_ms != 0 && c->out_sent < c->out_size) {
            c->due_us = now_us + manner->gap_ms * MILLISECOND_US;
            return true;
        }
    }
    return after_answer(rig, c, now_us);
}

/* Makes the answer; it is sent at once, or when its delay is over. */
static bool answer(struct rig *rig, struct connection *c, uint64_t request_key, int64_t now_us)
{
    const struct listener *l = c->listener;
    const struct tcp_manner *manner = &l->variant->tcp;
    struct occasion o = {.transport = TRANSPORT_TCP,
                         .address = l->address,
                         .port = l->port,
                         .request = reader_over(c->in, c->in_used),
                         .request_key = request_key};
    struct writer out = writer_over(c->out, sizeof c->out);
    answer_compose(l->variant, manner->compose, &o, &out);
    if (out.failed)
        note(rig, "%s: the answer is too long", l->variant->name);
    c->out_size = out.used;
    c->phase = SENDS;
    if (manner->delay_ms == 0)
        return send_on(rig, c, now_us);
    c->due_us = now_us + manner->delay_ms * MILLISECOND_US;
    return true;
}

/* Something has come while a request was waited for. */
static bool consider(struct rig *rig, struct connection *c, int64_t now_us)
{
    uint64_t key = 0;
    bool is_cut = false;
    switch (c->listener->variant->tcp.trigger) {
    case ON_ANYTHING:
        return answer(rig, c, 0, now_us);
    case ON_REQUEST:
        if (request_holds(reader_over(c->in, c->in_used), TRANSPORT_TCP, &key, &is_cut))
            return answer(rig, c, key, now_us);
        if (!is_cut || c->in_used == sizeof c->in)
            c->phase = RESTS;
        return true;
    case ON_NOTHING:
    case AT_ACCEPT:
        break;
    }
    c->phase = RESTS;
    return true;
}

/* The peer has closed its side: what is owed to it is still sent. */
static bool peer_ends(struct connection *c)
{
    c->peer_ended = true;
    return c->phase != WAITS && c->phase != RESTS;
}

static bool receive(struct rig *rig, struct connection *c, int64_t now_us)
{
    if (c->phase != WAITS) {
        uint8_t dropped[DRAIN_SIZE];
        ssize_t got = recv(c->fd, dropped, sizeof dropped, 0);
        if (got == 0)
            return peer_ends(c);
        return got > 0 || errno == EAGAIN;
    }
    ssize_t got = recv(c->fd, c->in + c->in_used, sizeof c->in - c->in_used, 0);
    if (got == 0)
        return peer_ends(c);
    if (got < 0)
        return errno == EAGAIN;
    c->in_used += (size_t)got;
    return consider(rig, c, now_us);
}

/* What the clock or room in the peer's window has let go on. */
static bool go_on(struct rig *rig, struct connection *c, int64_t now_us)
{
    if (c->due_us > now_us && c->due_us != NEVER_US)
        return true;
    c->due_us = NEVER_US;
    if (c->phase == SENDS)
        return send_on(rig, c, now_us);
    if (c->phase == DRIPPING)
        return drip(c, now_us);
    return c->phase != FLOODING || flood(rig, c);
}

static void due_soon(struct rig *rig, const struct connection *c)
{
    if (c->due_us < rig->next_due_us)
        rig->next_due_us = c->due_us;
    if (c->deadline_us < rig->next_due_us)
        rig->next_due_us = c->deadline_us;
}

/* After each step: closes what has ended, else asks epoll for what the phase needs. */
static void settle(struct rig *rig, size_t slot, bool lives)
{
    struct connection *c = rig->connections[slot];
    if (!lives) {
        connection_close(rig, slot);
        return;
    }
    bool wants_room = c->phase == FLOODING || (c->phase == SENDS && c->due_us == NEVER_US);
    uint32_t events = (c->peer_ended ? 0U : EPOLLIN) | (wants_room ? EPOLLOUT : 0U);
    struct epoll_event event = {.events = events, .data.u64 = waker_word(WAKER_CONNECTION, slot)};
    if (events != c->events)
        (void)epoll_ctl(rig->epoll, EPOLL_CTL_MOD, c->fd, &event);
    c->events = events;
    due_soon(rig, c);
}

static void connection_begin(struct rig *rig, const struct listener *l, int fd, int64_t now_us)
{
    size_t slot = slot_free(rig);
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL) {
        note(rig, "no memory for a connection");
        (void)close(fd);
        return;
    }
    const int yes = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    bool floods = l->variant->tcp.then == FLOODS;
    c->fd = fd;
    c->listener = l;
    c->began_us = now_us;
    c->deadline_us = now_us + (floods ? FLOOD_LIFE_US : LIFE_US);
    c->due_us = NEVER_US;
    c->events = EPOLLIN;
    rig->connections[slot] = c;
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = waker_word(WAKER_CONNECTION, slot)};
    bool lives = epoll_ctl(rig->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
    if (lives && l->variant->tcp.trigger == AT_ACCEPT)
        lives = answer(rig, c, 0, now_us);
    settle(rig, slot, lives);
}

void tcp_accept(struct rig *rig, const struct listener *listener, int64_t now_us)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
                note(rig, "accept: %s", strerror(errno));
            return;
        }
        connection_begin(rig, listener, fd, now_us);
    }
}

void tcp_event(struct rig *rig, size_t slot, uint32_t events, int64_t now_us)
{
    struct connection *c = rig->connections[slot];
    if (c == NULL) /* it ended by an event of the same round */
        return;
    bool lives = (events & (EPOLLERR | EPOLLHUP)) == 0;
    if (lives && (events & EPOLLIN) != 0)
        lives = receive(rig, c, now_us);
    if (lives && (events & EPOLLOUT) != 0)
        lives = go_on(rig, c, now_us);
    settle(rig, slot, lives);
}

void tcp_timers(struct rig *rig, int64_t now_us)
{
    if (now_us < rig->next_due_us)
        return;
    rig->next_due_us = NEVER_US;
    for (size_t slot = 0; slot < rig->connection_limit; slot++) {
        struct connection *c = rig->connections[slot];
        if (c == NULL)
            continue;
        bool lives = now_us < c->deadline_us;
        if (lives && c->due_us <= now_us)
            lives = go_on(rig, c, now_us);
        settle(rig, slot, lives);
    }
}

void tcp_close_all(struct rig *rig)
{
    for (size_t slot = 0; slot < rig->connection_limit; slot++)
        if (rig->connections[slot] != NULL)
            connection_close(rig, slot);
}
