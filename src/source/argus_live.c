/* States: pausing until a time, connecting, talking, given up. Each has a time at which patience
 * ends. */
#include "source/argus_live.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"
#include "base/writer.h"
#include "source/argus_talk.h"
#include "source/input.h"

#define CONNECT_US (5 * US_PER_SECOND)
#define ANSWER_US (5 * US_PER_SECOND)

enum phase { PHASE_PAUSING, PHASE_CONNECTING, PHASE_TALKING, PHASE_OVER };

struct argus_live {
    const struct argus_server *server;
    struct argus_talk talk;
    enum phase phase;
    int descriptor; /* -1: none */
    int64_t due_us; /* when the pause, or the patience, is over */
    unsigned pause_s;
    unsigned address; /* the one to try */
    unsigned failed;  /* attempts in a row without a record behind the greeting */
    bool ever;        /* a stream has begun */
    bool began;       /* this connection's stream has */
    struct error end; /* why it is over, once the records before have been read */
};

static void *argus_open(const void *server)
{
    struct argus_live *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    *l = (struct argus_live){
        .server = server, .descriptor = -1, .pause_s = LIVE_PAUSE_FIRST_S, .due_us = INT64_MIN};
    return l;
}

/* A server that does not read is not waited for. */
static void hang_up(struct argus_live *l)
{
    if (l->descriptor >= 0) {
        if (l->phase == PHASE_TALKING && l->talk.state != ARGUS_TALK_BAD)
            (void)send(l->descriptor, ARGUS_FAREWELL, sizeof ARGUS_FAREWELL - 1,
                       MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)close(l->descriptor);
    }
    l->descriptor = -1;
    argus_talk_end(&l->talk);
}

static void argus_close(void *state)
{
    struct argus_live *l = state;
    if (l == NULL)
        return;
    hang_up(l);
    free(l);
}

static struct pollfd argus_poll(const void *state)
{
    const struct argus_live *l = state;
    return (struct pollfd){.fd = l->descriptor,
                           .events = l->phase == PHASE_CONNECTING ? POLLOUT : POLLIN};
}

static int64_t argus_due_us(const void *state)
{
    const struct argus_live *l = state;
    return l->phase == PHASE_OVER ? INT64_MAX : l->due_us;
}

static unsigned argus_pause_s(const void *state)
{
    const struct argus_live *l = state;
    return l->pause_s;
}

static bool is_hopeless(const struct argus_live *l)
{
    const struct argus_server *s = l->server;
    bool counted = s->attempts_chosen || !l->ever;
    return counted && s->attempts > 0 && l->failed >= s->attempts;
}

/* The connection is over, if there was one. A pause follows when all addresses were tried. */
static enum live_event lose(struct argus_live *l, int64_t now_us, bool hopeless)
{
    bool gave_records = l->phase == PHASE_TALKING && l->talk.records > 1;
    unsigned next = (l->address + 1) % l->server->address_count;
    bool is_round_over = gave_records || hopeless || next == 0;
    hang_up(l);
    l->began = false;
    l->address = gave_records ? l->address : next;
    l->phase = PHASE_PAUSING;
    l->due_us = now_us;
    if (!is_round_over)
        return LIVE_NOTHING;
    l->pause_s = live_next_pause_s(l->pause_s, gave_records || l->failed == 0);
    l->failed = gave_records ? 0 : l->failed + 1;
    l->due_us = now_us + (int64_t)l->pause_s * US_PER_SECOND;
    l->phase = hopeless || is_hopeless(l) ? PHASE_OVER : PHASE_PAUSING;
    return l->phase == PHASE_OVER ? LIVE_GIVEN_UP : LIVE_LOST;
}

static enum live_event lose_by(struct argus_live *l, int64_t now_us, int number, const char *what,
                               struct error *err)
{
    char text[128];
    if (strerror_r(number, text, sizeof text) != 0)
        (void)fail(err, ERROR_SYSTEM, "%s: error %d", what, number);
    else
        (void)fail(err, ERROR_SYSTEM, "%s: %s", what, text);
    return lose(l, now_us, false);
}

static int connect_to(int descriptor, struct address a, uint16_t port)
{
    if (address_is_v4(a)) {
        struct sockaddr_in to = {.sin_family = AF_INET};
        struct writer number = writer_over(&to.sin_port, sizeof to.sin_port);
        write_be16(&number, port);
        number = writer_over(&to.sin_addr, sizeof to.sin_addr);
        write_be32(&number, address_v4(a));
        return connect(descriptor, (const struct sockaddr *)&to, /* reader: our own struct */
                       sizeof to);
    }
    struct sockaddr_in6 to = {.sin6_family = AF_INET6};
    struct writer number = writer_over(&to.sin6_port, sizeof to.sin6_port);
    write_be16(&number, port);
    number = writer_over(&to.sin6_addr, sizeof to.sin6_addr);
    write_be64(&number, a.high);
    write_be64(&number, a.low);
    return connect(descriptor, (const struct sockaddr *)&to, /* reader: our own struct */
                   sizeof to);
}

static enum live_event begin_connection(struct argus_live *l, int64_t now_us, struct error *err)
{
    struct address to = l->server->addresses[l->address];
    l->descriptor = socket(address_is_v4(to) ? AF_INET : AF_INET6,
                           SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (l->descriptor < 0)
        return lose_by(l, now_us, errno, "no socket", err);
    l->phase = PHASE_CONNECTING;
    l->due_us = now_us + CONNECT_US;
    if (connect_to(l->descriptor, to, l->server->port) != 0 && errno != EINPROGRESS)
        return lose_by(l, now_us, errno, "cannot connect", err);
    return LIVE_NOTHING;
}

static enum live_event end_connecting(struct argus_live *l, int64_t now_us, struct error *err)
{
    struct pollfd now = {.fd = l->descriptor, .events = POLLOUT};
    int number = 0;
    socklen_t size = sizeof number;
    if (poll(&now, 1, 0) <= 0) {
        if (now_us < l->due_us)
            return LIVE_NOTHING;
        (void)fail(err, ERROR_SYSTEM, "cannot connect: no answer");
        return lose(l, now_us, false);
    }
    if (getsockopt(l->descriptor, SOL_SOCKET, SO_ERROR, &number, &size) != 0)
        number = errno;
    if (number != 0)
        return lose_by(l, now_us, number, "cannot connect", err);
    if (!argus_talk_begin(&l->talk, l->server->filter))
        return lose_by(l, now_us, ENOMEM, "cannot talk", err);
    l->phase = PHASE_TALKING;
    l->due_us = now_us + ANSWER_US;
    return LIVE_NOTHING;
}

/* The other side ended it, or time did. */
static enum live_event end_talk(struct argus_live *l, int64_t now_us, const char *what,
                                struct error *err)
{
    size_t cut = argus_talk_cut(&l->talk);
    if (l->talk.state == ARGUS_TALK_RECORDS && cut > 0)
        (void)fail(err, ERROR_CUT, "%s in the middle of a record, of which %zu bytes are dropped",
                   what, cut);
    else if (l->talk.state == ARGUS_TALK_GREETING)
        (void)fail(err, ERROR_CUT, "%s before the server said who it is", what);
    else if (l->talk.state == ARGUS_TALK_FILTER)
        (void)fail(err, ERROR_CUT, "%s before the server answered to the filter", what);
    else
        (void)fail(err, ERROR_CUT, "%s", what);
    return lose(l, now_us, false);
}

static int64_t patience_us(const struct argus_live *l)
{
    if (l->talk.state != ARGUS_TALK_RECORDS)
        return ANSWER_US;
    return (int64_t)l->talk.alive_s * ARGUS_ALIVE_TIMES * US_PER_SECOND;
}

/* Commands are short: what does not go out at once, on a connection that just stood, never will. */
static bool send_all(struct argus_live *l, const struct text *command)
{
    return command->used == 0 || send(l->descriptor, command->start, command->used,
                                      MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)command->used;
}

static bool argus_ready(const void *state)
{
    const struct argus_live *l = state;
    size_t size = 0;
    if (l->phase == PHASE_TALKING)
        (void)argus_talk_whole(&l->talk, &size);
    return size > 0;
}

static enum live_event hear(struct argus_live *l, int64_t now_us, struct error *err)
{
    char buffer[ARGUS_COMMAND_SIZE];
    struct text command = text_over(buffer, sizeof buffer);
    size_t room;
    if (l->end.kind != ERROR_NONE) {
        *err = l->end;
        l->end = (struct error){0};
        return lose(l, now_us, l->talk.hopeless);
    }
    uint8_t *to = argus_talk_room(&l->talk, &room);
    ssize_t count = recv(l->descriptor, to, room, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (now_us < l->due_us)
            return LIVE_NOTHING;
        return end_talk(l, now_us, "the server fell silent", err);
    }
    if (count < 0)
        return lose_by(l, now_us, errno, "the connection broke", err);
    if (count == 0)
        return end_talk(l, now_us, "the server ended the connection", err);
    uint64_t records = l->talk.records;
    bool goes_on = argus_talk_came(&l->talk, (size_t)count, &command, err);
    if (!goes_on && l->began && argus_ready(l)) {
        l->end = *err;
        return LIVE_NOTHING;
    }
    if (!goes_on)
        return lose(l, now_us, l->talk.hopeless);
    if (!send_all(l, &command))
        return lose_by(l, now_us, errno, "the server does not listen", err);
    if (command.used > 0 || l->talk.records > records)
        l->due_us = now_us + patience_us(l);
    return LIVE_NOTHING;
}

static enum live_event tell(struct argus_live *l)
{
    if (!l->began && l->talk.state == ARGUS_TALK_RECORDS) {
        l->began = l->ever = true;
        return LIVE_BEGAN;
    }
    return l->began && argus_ready(l) ? LIVE_RECORDS : LIVE_NOTHING;
}

static enum live_event argus_step(void *state, int64_t now_us, struct error *err)
{
    struct argus_live *l = state;
    enum live_event event = LIVE_NOTHING;
    switch (l->phase) {
    case PHASE_PAUSING:
        return now_us < l->due_us ? LIVE_NOTHING : begin_connection(l, now_us, err);
    case PHASE_CONNECTING:
        return end_connecting(l, now_us, err);
    case PHASE_TALKING:
        if (!argus_ready(l) || !l->began)
            event = hear(l, now_us, err);
        return event != LIVE_NOTHING ? event : tell(l);
    case PHASE_OVER:
        break;
    }
    return LIVE_NOTHING;
}

static size_t read_whole(void *from, uint8_t *buffer, size_t size, struct error *err)
{
    struct argus_live *l = from;
    size_t there;
    (void)err; /* whatever ended the talk was told by the step */
    if (l->phase != PHASE_TALKING)
        return 0;
    const uint8_t *bytes = argus_talk_whole(&l->talk, &there);
    size_t count = there < size ? there : size;
    memcpy(buffer, bytes, count);
    argus_talk_take(&l->talk, count);
    return count;
}

static struct input *argus_input(void *state, struct error *err)
{
    struct argus_live *l = state;
    return input_open_feed(l->server->name, read_whole, l, err);
}

const struct live_kind live_argus = {
    .began = "connected",
    .open = argus_open,
    .close = argus_close,
    .poll = argus_poll,
    .due_us = argus_due_us,
    .step = argus_step,
    .input = argus_input,
    .ready = argus_ready,
    .pause_s = argus_pause_s,
};
