/* Connections: bytes come in until a frame is whole, its answer goes out in the variant's manner,
 * and the next frame waits for that. All end after LIFE_US, whatever the peer does. */
#define _GNU_SOURCE /* accept4 */
#include "smb_server.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"

#define LIFE_US (60000 * MILLISECOND_US)
#define DRIBBLE_US (1 * MILLISECOND_US)

enum {
    ACCEPTS_AT_ONCE = 64,
    DRAINS_AT_ONCE = 16,
    RECEIVES_AT_ONCE = 8,
    LOOKS_MAX = 10,
    LOOK_AGAIN_NS = 2000000,
    FRAME_HEADER = 4,
    LOOKED_AT = 4
};

static void host_leave(struct connection *c)
{
    struct connection **at = &c->host->connections;
    while (*at != c)
        at = &(*at)->next_of_host;
    *at = c->next_of_host;
    c->host->open--;
}

static void connection_close(struct rig *rig, struct connection *c, const char *ending)
{
    uint8_t dropped[FRAME_SIZE_MAX];
    /* What was sent and not read would turn the end into a reset, which can overtake the answer. */
    for (int i = 0; i < DRAINS_AT_ONCE && strcmp(ending, "reset") != 0 && !c->peer_ended; i++)
        if (recv(c->fd, dropped, sizeof dropped, 0) <= 0)
            break;
    log_end(rig, c, ending);
    (void)close(c->fd);
    host_leave(c);
    rig->connections[c->slot] = NULL;
    rig->free_slots[rig->free_count++] = (uint32_t)c->slot;
    rig->dialogues++;
    free(c);
}

static void oldest_close(struct rig *rig)
{
    struct connection *oldest = NULL;
    note(rig, "%zu connections at once: the oldest is closed", rig->connection_limit);
    for (size_t i = 0; i < rig->connection_limit; i++) {
        struct connection *c = rig->connections[i];
        if (c != NULL && (oldest == NULL || c->began_us < oldest->began_us))
            oldest = c;
    }
    connection_close(rig, oldest, "gave way");
}

/* NULL: the connection goes on; else why it ends. */
static const char *send_on(struct connection *c, int64_t now_us)
{
    bool dribbles = c->variant->twist == TWIST_DRIBBLE;
    c->due_us = NEVER_US;
    c->waits_for_room = false;
    while (c->out_sent < c->out_size) {
        size_t size = dribbles ? 1 : c->out_size - c->out_sent;
        ssize_t sent = send(c->fd, c->out + c->out_sent, size, MSG_NOSIGNAL);
        if (sent < 0) {
            c->waits_for_room = errno == EAGAIN;
            return c->waits_for_room ? NULL : "peer reset";
        }
        c->out_sent += (size_t)sent;
        if (dribbles && c->out_sent < c->out_size) {
            c->due_us = now_us + DRIBBLE_US;
            return NULL;
        }
    }
    c->out_sent = c->out_size = 0;
    return c->ends_when_sent ? "closed" : NULL;
}

static const char *act_on(struct connection *c, enum act act, int64_t now_us)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    switch (act) {
    case ACT_NOTHING:
        return NULL;
    case ACT_CLOSE:
        return "closed";
    case ACT_RESET:
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        return "reset";
    case ACT_SEND_AND_CLOSE:
        c->ends_when_sent = true;
        break;
    case ACT_SEND:
        break;
    }
    return send_on(c, now_us);
}

/* Answers the frames that have come whole, one after the other, while answers can be sent. */
static const char *frames_answer(struct connection *c, int64_t now_us)
{
    const char *ending = NULL;
    size_t done = 0;
    while (ending == NULL && c->out_size == 0) {
        struct reader r = reader_over(c->in + done, c->in_used - done);
        uint32_t head = read_be32(&r);
        size_t size = head & 0xffffff;
        if (r.failed)
            break;
        if (size > FRAME_SIZE_MAX - FRAME_HEADER)
            return "frame too long";
        struct reader body = read_part(&r, size);
        if (body.failed)
            break;
        ending = act_on(c, frame_answer(c, (uint8_t)(head >> 24), body), now_us);
        done += FRAME_HEADER + size;
    }
    memmove(c->in, c->in + done, c->in_used - done);
    c->in_used -= done;
    return ending;
}

/* Reads what is there, to its end: who asks and closes at once has closed when the next one comes.
 * What does not come to an end within RECEIVES_AT_ONCE is read on by the next event. */
static const char *receive(struct connection *c, int64_t now_us)
{
    const char *ending = NULL;
    for (int i = 0; i < RECEIVES_AT_ONCE && ending == NULL; i++) {
        if (i > 0 && c->out_size != 0)
            return NULL; /* it waits for room */
        if (c->in_used == sizeof c->in)
            return "too much at once"; /* while an answer waits for room */
        ssize_t got = recv(c->fd, c->in + c->in_used, sizeof c->in - c->in_used, 0);
        if (got == 0) {
            c->peer_ended = true;
            return c->out_size != 0 ? NULL : "peer closed";
        }
        if (got < 0)
            return errno == EAGAIN ? NULL : "peer reset";
        c->in_used += (size_t)got;
        ending = frames_answer(c, now_us);
    }
    return ending;
}

static const char *go_on(struct connection *c, int64_t now_us)
{
    const char *ending = send_on(c, now_us);
    if (ending == NULL && c->out_size == 0)
        ending = c->peer_ended ? "peer closed" : frames_answer(c, now_us);
    return ending;
}

/* After each step: closes what has ended, else asks epoll for what it needs. */
static void settle(struct rig *rig, struct connection *c, const char *ending, bool had_room)
{
    if (ending != NULL) {
        connection_close(rig, c, ending);
        return;
    }
    if (c->waits_for_room != had_room || c->peer_ended) {
        uint32_t events = (c->peer_ended ? 0U : EPOLLIN) | (c->waits_for_room ? EPOLLOUT : 0U);
        struct epoll_event event = {.events = events,
                                    .data.u64 = waker_word(WAKER_CONNECTION, c->slot)};
        (void)epoll_ctl(rig->epoll, EPOLL_CTL_MOD, c->fd, &event);
    }
    int64_t next_us = c->due_us < c->deadline_us ? c->due_us : c->deadline_us;
    if (next_us < rig->next_due_us)
        rig->next_due_us = next_us;
}

/* Connections to this host that have ended unseen are seen now: so at_once tells of living ones. */
static void host_look(struct rig *rig, struct host *host, int64_t now_us)
{
    struct connection *next = host->connections;
    for (int i = 0; i < LOOKED_AT && next != NULL; i++) {
        struct connection *c = next;
        next = c->next_of_host;
        bool waited = c->waits_for_room;
        settle(rig, c, c->peer_ended ? NULL : receive(c, now_us), waited);
    }
}

static void connection_begin(struct rig *rig, const struct listener *l, int fd,
                             const struct sockaddr_in *peer, int64_t now_us)
{
    struct host *host = &rig->settings->hosts[l->host];
    const int yes = 1;
    host_look(rig, host, now_us);
    /* On a busy machine the end of a connection can come after the beginning of the next one,
     * though it was sent before. */
    const struct timespec moment = {.tv_nsec = LOOK_AGAIN_NS};
    for (int i = 0; i < LOOKS_MAX && rig->log != NULL && host->open > 0; i++) {
        (void)nanosleep(&moment, NULL);
        host_look(rig, host, now_us);
    }
    if (rig->free_count == 0)
        oldest_close(rig);
    struct connection *c = malloc(sizeof *c);
    if (c == NULL) {
        note(rig, "no memory for a connection");
        (void)close(fd);
        return;
    }
    memset(c, 0, offsetof(struct connection, in)); /* the buffers are not read before written */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    c->fd = fd;
    c->slot = rig->free_slots[--rig->free_count];
    c->host = host;
    c->next_of_host = host->connections;
    c->variant = host->variant;
    c->is_session = l->service == SERVICE_SESSION;
    c->began_us = now_us;
    c->deadline_us = now_us + LIFE_US;
    c->due_us = NEVER_US;
    c->peer = *peer;
    c->at_once = ++host->open;
    uint64_t challenge = hash_number((uint64_t)now_us + c->slot);
    memcpy(c->challenge, &challenge, sizeof c->challenge);
    host->connections = c;
    rig->connections[c->slot] = c;
    log_begin(c, rig->log != NULL);
    struct epoll_event event = {.events = EPOLLIN,
                                .data.u64 = waker_word(WAKER_CONNECTION, c->slot)};
    const char *ending = epoll_ctl(rig->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? NULL
                                                                               : "no room for it";
    if (ending == NULL && c->variant->twist == TWIST_UNASKED)
        ending = act_on(c, smb1_unasked(c), now_us);
    settle(rig, c, ending, false);
}

void talk_accept(struct rig *rig, const struct listener *l, int64_t now_us)
{
    for (int i = 0; i < ACCEPTS_AT_ONCE; i++) {
        struct sockaddr_in peer = {0};
        socklen_t size = sizeof peer;
        int fd = accept4(l->fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
                note(rig, "accept: %s", strerror(errno));
            return;
        }
        connection_begin(rig, l, fd, &peer, now_us);
    }
}

void talk_event(struct rig *rig, size_t slot, uint32_t events, int64_t now_us)
{
    struct connection *c = rig->connections[slot];
    if (c == NULL) /* it ended by an event of the same round */
        return;
    bool waited = c->waits_for_room;
    const char *ending = (events & EPOLLERR) != 0 || events == EPOLLHUP ? "peer reset" : NULL;
    if (ending == NULL && (events & EPOLLIN) != 0)
        ending = receive(c, now_us);
    if (ending == NULL && (events & EPOLLOUT) != 0)
        ending = go_on(c, now_us);
    settle(rig, c, ending, waited);
}

void talk_timers(struct rig *rig, int64_t now_us)
{
    if (now_us < rig->next_due_us)
        return;
    rig->next_due_us = NEVER_US;
    for (size_t slot = 0; slot < rig->connection_limit; slot++) {
        struct connection *c = rig->connections[slot];
        if (c == NULL)
            continue;
        bool waited = c->waits_for_room;
        const char *ending = now_us < c->deadline_us ? NULL : "too old";
        if (ending == NULL && c->due_us <= now_us)
            ending = go_on(c, now_us);
        settle(rig, c, ending, waited);
    }
}

void talk_close_all(struct rig *rig)
{
    for (size_t slot = 0; slot < rig->connection_limit; slot++)
        if (rig->connections[slot] != NULL)
            connection_close(rig, rig->connections[slot], "end of the rig");
}
