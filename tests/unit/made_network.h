/* A network that is played on a made-up clock: for the tests of engines. Nothing waits: time goes
 * on to the next thing that happens, or to the time that is waited for.
 *
 * What a port does is said by a function of the shot; every datagram and connection is noted with
 * its time. */
#ifndef WORMSIGN_TESTS_MADE_NETWORK_H
#define WORMSIGN_TESTS_MADE_NETWORK_H

#include "testing.h"

#include <stdbool.h>
#include <string.h>

#include "base/time.h"
#include "conficker/message.h"
#include "scan/network.h"

enum { MADE_HANDLES = 4096, MADE_EVENTS = 1 << 16, MADE_SENDS = 1 << 16, MADE_SMALL = 64 };

enum made_kind { MADE_SILENT, MADE_REFUSES, MADE_OPEN };
enum made_answer { MADE_MUTE, MADE_VALID, MADE_ECHO, MADE_THESE };
enum made_end { MADE_STAYS, MADE_CLOSES, MADE_RESETS };

/* What a port does. */
struct made_port {
    enum made_kind kind;
    int64_t delay_us; /* until it refuses, or the connection stands */
    enum made_answer answer;
    int64_t answer_us; /* from the question to the answer */
    const uint8_t *bytes;
    size_t size, piece;    /* MADE_THESE; in pieces of so many bytes, 0: at once */
    int64_t piece_us;      /* between two pieces */
    enum made_end end;     /* behind the answer */
    unsigned lost;         /* so many first datagrams are lost */
    enum net_result fails; /* of opening or sending, where it is not NET_DONE: with this cause */
    enum check_cause cause;
};

struct made_connection {
    bool open, stands, spoken;
    uint32_t id;
    struct shot shot;
    struct made_port port;
    unsigned datagrams;
    enum net_result pending; /* NET_DONE: none */
    uint8_t small[MADE_SMALL];
    const uint8_t *bytes;
    size_t size, read; /* of the answer; how much of it was read */
    size_t there;      /* how much of it has come */
    enum made_end ended;
};

enum made_event_kind { MADE_STANDS, MADE_IS_REFUSED, MADE_PIECE, MADE_ENDS };

struct made_event {
    int64_t when_us;
    int handle;
    unsigned number; /* of the connection's opening: events of an older one are void */
    enum made_event_kind kind;
};

struct made_send {
    int64_t when_us;
    struct shot shot;
};

struct made_network {
    struct network face;
    int64_t now_us;
    struct made_port (*port_of)(void *context, const struct shot *shot);
    void *context;
    int handles_max;          /* NET_FULL beyond it */
    int64_t full_until_us;    /* nothing can be opened before */
    int64_t blocked_until_us; /* no datagram can be sent before */
    int open_count, open_most;
    int spoken_count, spoken_most; /* TCP connections that something was sent on */
    unsigned openings, openings_of[MADE_HANDLES];
    struct made_connection connections[MADE_HANDLES];
    struct made_event events[MADE_EVENTS];
    size_t event_count;
    struct made_send sends[MADE_SENDS]; /* datagrams, and connections begun */
    size_t send_count;
};

static inline void made_happens(struct made_network *n, int64_t in_us, int handle,
                                enum made_event_kind kind)
{
    assert_true(n->event_count < MADE_EVENTS);
    n->events[n->event_count++] = (struct made_event){n->now_us + in_us, handle,
                                                      n->openings_of[handle], kind};
}

static inline void made_note_send(struct made_network *n, const struct shot *shot)
{
    assert_true(n->send_count < MADE_SENDS);
    n->sends[n->send_count++] = (struct made_send){n->now_us, *shot};
}

static inline int64_t made_now(void *context)
{
    struct made_network *n = context;
    return n->now_us;
}

static inline struct net_reply made_reply(enum net_result result, enum check_cause cause)
{
    return (struct net_reply){.result = result, .cause = cause};
}

static inline struct net_reply made_open(void *context, const struct shot *to, uint32_t id,
                                         int *handle)
{
    struct made_network *n = context;
    struct made_port port = n->port_of(n->context, to);
    bool is_tcp = to->transport == TRANSPORT_TCP;
    int free_handle = 0;
    if (port.fails != NET_DONE)
        return made_reply(port.fails, port.cause);
    if (n->open_count >= n->handles_max || n->now_us < n->full_until_us)
        return made_reply(NET_FULL, CAUSE_NO_DESCRIPTOR);
    while (n->connections[free_handle].open)
        assert_true(++free_handle < MADE_HANDLES);
    struct made_connection *c = &n->connections[free_handle];
    *c = (struct made_connection){.open = true, .id = id, .shot = *to, .port = port};
    n->openings_of[free_handle] = ++n->openings;
    n->open_most = ++n->open_count > n->open_most ? n->open_count : n->open_most;
    *handle = free_handle;
    if (!is_tcp)
        return made_reply(NET_DONE, CAUSE_VALID);
    made_note_send(n, to);
    if (port.kind != MADE_SILENT)
        made_happens(n, port.delay_us, free_handle,
                     port.kind == MADE_OPEN ? MADE_STANDS : MADE_IS_REFUSED);
    return made_reply(NET_WAIT, CAUSE_VALID);
}

/* The bytes that this port answers with. */
static inline void made_answer_of(struct made_connection *c, const uint8_t *request, size_t size)
{
    struct message_plan plan = {.transport = c->shot.transport};
    struct writer w = writer_over(c->small, sizeof c->small);
    plan.fields.key = 0x1122334455667788;
    plan.fields.flags = MESSAGE_ENCODED | (c->shot.transport == TRANSPORT_TCP ? MESSAGE_IS_TCP : 0);
    if (c->port.answer == MADE_VALID)
        message_build(&plan, &w);
    else if (c->port.answer == MADE_ECHO)
        write_bytes(&w, request, size);
    assert_false(w.failed);
    if (c->read == c->size) /* the answer before was read: this one begins */
        c->read = c->there = 0;
    bool is_given = c->port.answer == MADE_THESE;
    c->bytes = is_given ? c->port.bytes : c->small;
    c->size = is_given ? c->port.size : w.used;
}

static inline struct net_reply made_send(void *context, int handle, const uint8_t *bytes,
                                         size_t size)
{
    struct made_network *n = context;
    struct made_connection *c = &n->connections[handle];
    assert_true(c->open);
    bool is_tcp = c->shot.transport == TRANSPORT_TCP;
    if (c->pending != NET_DONE)
        return made_reply(c->pending, CAUSE_VALID);
    if (is_tcp && !c->stands)
        return made_reply(NET_WAIT, CAUSE_VALID);
    if (!is_tcp) {
        if (n->now_us < n->blocked_until_us)
            return made_reply(NET_FULL, CAUSE_NO_MEMORY);
        made_note_send(n, &c->shot);
        if (c->datagrams++ < c->port.lost || c->port.kind == MADE_SILENT)
            return made_reply(NET_DONE, CAUSE_VALID);
        if (c->port.kind == MADE_REFUSES) {
            made_happens(n, c->port.delay_us, handle, MADE_IS_REFUSED);
            return made_reply(NET_DONE, CAUSE_VALID);
        }
    }
    n->spoken_count += is_tcp && !c->spoken;
    c->spoken = is_tcp;
    if (n->spoken_count > n->spoken_most)
        n->spoken_most = n->spoken_count;
    made_answer_of(c, bytes, size);
    size_t piece = c->port.piece > 0 ? c->port.piece : c->size;
    int64_t in_us = c->port.answer_us;
    for (size_t at = 0; at < c->size; at += piece, in_us += c->port.piece_us)
        made_happens(n, in_us, handle, MADE_PIECE);
    if (is_tcp && c->port.end != MADE_STAYS)
        made_happens(n, in_us, handle, MADE_ENDS);
    return made_reply(NET_DONE, CAUSE_VALID);
}

static inline struct net_reply made_receive(void *context, int handle, uint8_t *bytes, size_t room)
{
    struct made_network *n = context;
    struct made_connection *c = &n->connections[handle];
    assert_true(c->open);
    size_t size = c->there - c->read < room ? c->there - c->read : room;
    if (size > 0) {
        memcpy(bytes, c->bytes + c->read, size);
        c->read += size;
        return (struct net_reply){.result = NET_DONE, .size = size};
    }
    if (c->pending != NET_DONE)
        return made_reply(c->pending, CAUSE_VALID);
    return made_reply(c->ended == MADE_CLOSES   ? NET_CLOSED
                      : c->ended == MADE_RESETS ? NET_RESET
                                                : NET_WAIT,
                      CAUSE_VALID);
}

static inline void made_close(void *context, int handle)
{
    struct made_network *n = context;
    assert_true(n->connections[handle].open);
    n->spoken_count -= n->connections[handle].spoken;
    n->connections[handle].open = false;
    n->open_count--;
}

/* True when the event is of a connection that is still the same. */
static inline bool made_take(struct made_network *n, const struct made_event *e)
{
    struct made_connection *c = &n->connections[e->handle];
    size_t piece = c->port.piece > 0 ? c->port.piece : c->size;
    if (!c->open || n->openings_of[e->handle] != e->number)
        return false;
    switch (e->kind) {
    case MADE_STANDS:
        c->stands = true;
        break;
    case MADE_IS_REFUSED:
        c->pending = NET_REFUSED;
        break;
    case MADE_PIECE:
        c->there = c->there + piece < c->size ? c->there + piece : c->size;
        break;
    case MADE_ENDS:
        c->ended = c->port.end;
        break;
    }
    return true;
}

static inline size_t made_wait(void *context, int64_t until_us, uint32_t *ids, size_t room)
{
    struct made_network *n = context;
    assert_true(until_us != INT64_MAX && room > 0);
    for (;;) {
        size_t next = n->event_count;
        for (size_t i = 0; i < n->event_count; i++)
            if (n->events[i].when_us <= until_us &&
                (next == n->event_count || n->events[i].when_us < n->events[next].when_us))
                next = i;
        if (next == n->event_count) {
            n->now_us = until_us > n->now_us ? until_us : n->now_us;
            return 0;
        }
        struct made_event e = n->events[next];
        memmove(&n->events[next], &n->events[next + 1],
                (--n->event_count - next) * sizeof n->events[0]); /* in order */
        n->now_us = e.when_us > n->now_us ? e.when_us : n->now_us;
        if (made_take(n, &e)) {
            ids[0] = n->connections[e.handle].id;
            return 1;
        }
    }
}

/* Sets up a zeroed network: it is large, so a static one. */
static inline void made_begin(struct made_network *n,
                              struct made_port (*port_of)(void *context, const struct shot *shot),
                              void *context)
{
    memset(n, 0, sizeof *n);
    n->face = (struct network){n,          made_now, made_open, made_send, made_receive,
                               made_close, made_wait};
    n->port_of = port_of;
    n->context = context;
    n->handles_max = MADE_HANDLES;
}

#endif
