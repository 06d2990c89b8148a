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
#include "source/input.h"

enum { PAUSE_FIRST_S = 1, PAUSE_LAST_S = 60 };

#define CONNECT_US (5 * US_PER_SECOND)
#define ANSWER_US (5 * US_PER_SECOND)

enum live_state { LIVE_PAUSING, LIVE_CONNECTING, LIVE_TALKING, LIVE_GIVEN_UP };

struct argus_live {
    const struct argus_server *server;
    struct argus_talk talk;
    enum live_state state;
    int descriptor; /* -1: none */
    int64_t due_us; /* when the pause, or the patience, is over */
    unsigned pause_s;
    unsigned address; /* the one to try */
    unsigned failed;  /* attempts in a row without a record behind the greeting */
    bool ever;        /* a stream has begun */
    bool began;       /* this connection's stream has */
    struct error end; /* why it is over, once the records before have been read */
};

struct argus_live *argus_live_new(const struct argus_server *server)
{
    struct argus_live *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    *l = (struct argus_live){
        .server = server, .descriptor = -1, .pause_s = PAUSE_FIRST_S, .due_us = INT64_MIN};
    return l;
}

/* A server that does not read is not waited for. */
static void hang_up(struct argus_live *l)
{
    if (l->descriptor >= 0) {
        if (l->state == LIVE_TALKING && l->talk.state != ARGUS_TALK_BAD)
            (void)send(l->descriptor, ARGUS_FAREWELL, sizeof ARGUS_FAREWELL - 1,
                       MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)close(l->descriptor);
    }
    l->descriptor = -1;
    argus_talk_end(&l->talk);
}

void argus_live_free(struct argus_live *l)
{
    if (l == NULL)
        return;
    hang_up(l);
    free(l);
}

struct pollfd argus_live_poll(const struct argus_live *l)
{
    return (struct pollfd){.fd = l->descriptor,
                           .events = l->state == LIVE_CONNECTING ? POLLOUT : POLLIN};
}

int64_t argus_live_due_us(const struct argus_live *l)
{
    return l->state == LIVE_GIVEN_UP ? INT64_MAX : l->due_us;
}

unsigned argus_live_pause_s(const struct argus_live *l)
{
    return l->pause_s;
}

static bool is_hopeless(const struct argus_live *l)
{
    const struct argus_server *s = l->server;
    bool counted = s->attempts_chosen || !l->ever;
    return counted && s->attempts > 0 && l->failed >= s->attempts;
}

/* The connection is over, if there was one. A pause follows when all addresses were tried. */
static enum argus_live_event lose(struct argus_live *l, int64_t now_us, bool hopeless)
{
    bool gave_records = l->state == LIVE_TALKING && l->talk.records > 1;
    unsigned next = (l->address + 1) % l->server->address_count;
    bool is_round_over = gave_records || hopeless || next == 0;
    hang_up(l);
    l->began = false;
    l->address = gave_records ? l->address : next;
    l->state = LIVE_PAUSING;
    l->due_us = now_us;
    if (!is_round_over)
        return ARGUS_LIVE_NOTHING;
    l->pause_s = gave_records || l->failed == 0 ? PAUSE_FIRST_S : l->pause_s * 2;
    l->pause_s = l->pause_s > PAUSE_LAST_S ? PAUSE_LAST_S : l->pause_s;
    l->failed = gave_records ? 0 : l->failed + 1;
    l->due_us = now_us + (int64_t)l->pause_s * US_PER_SECOND;
    l->state = hopeless || is_hopeless(l) ? LIVE_GIVEN_UP : LIVE_PAUSING;
    return l->state == LIVE_GIVEN_UP ? ARGUS_LIVE_GIVEN_UP : ARGUS_LIVE_LOST;
}

static enum argus_live_event lose_by(struct argus_live *l, int64_t now_us, int number,
                                     const char *what, struct error *err)
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

static enum argus_live_event begin_connection(struct argus_live *l, int64_t now_us,
                                              struct error *err)
{
    struct address to = l->server->addresses[l->address];
    l->descriptor = socket(address_is_v4(to) ? AF_INET : AF_INET6,
                           SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
    if (l->descriptor < 0)
        return lose_by(l, now_us, errno, "no socket", err);
    l->state = LIVE_CONNECTING;
    l->due_us = now_us + CONNECT_US;
    if (connect_to(l->descriptor, to, l->server->port) != 0 && errno != EINPROGRESS)
        return lose_by(l, now_us, errno, "cannot connect", err);
    return ARGUS_LIVE_NOTHING;
}

static enum argus_live_event end_connecting(struct argus_live *l, int64_t now_us, struct error *err)
{
    struct pollfd now = {.fd = l->descriptor, .events = POLLOUT};
    int number = 0;
    socklen_t size = sizeof number;
    if (poll(&now, 1, 0) <= 0) {
        if (now_us < l->due_us)
            return ARGUS_LIVE_NOTHING;
        (void)fail(err, ERROR_SYSTEM, "cannot connect: no answer");
        return lose(l, now_us, false);
    }
    if (getsockopt(l->descriptor, SOL_SOCKET, SO_ERROR, &number, &size) != 0)
        number = errno;
    if (number != 0)
        return lose_by(l, now_us, number, "cannot connect", err);
    if (!argus_talk_begin(&l->talk, l->server->filter))
        return lose_by(l, now_us, ENOMEM, "cannot talk", err);
    l->state = LIVE_TALKING;
    l->due_us = now_us + ANSWER_US;
    return ARGUS_LIVE_NOTHING;
}

/* The other side ended it, or time did. */
static enum argus_live_event end_talk(struct argus_live *l, int64_t now_us, const char *what,
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

static enum argus_live_event hear(struct argus_live *l, int64_t now_us, struct error *err)
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
            return ARGUS_LIVE_NOTHING;
        return end_talk(l, now_us, "the server fell silent", err);
    }
    if (count < 0)
        return lose_by(l, now_us, errno, "the connection broke", err);
    if (count == 0)
        return end_talk(l, now_us, "the server ended the connection", err);
    uint64_t records = l->talk.records;
    bool goes_on = argus_talk_came(&l->talk, (size_t)count, &command, err);
    if (!goes_on && l->began && argus_live_ready(l)) {
        l->end = *err;
        return ARGUS_LIVE_NOTHING;
    }
    if (!goes_on)
        return lose(l, now_us, l->talk.hopeless);
    if (!send_all(l, &command))
        return lose_by(l, now_us, errno, "the server does not listen", err);
    if (command.used > 0 || l->talk.records > records)
        l->due_us = now_us + patience_us(l);
    return ARGUS_LIVE_NOTHING;
}

static enum argus_live_event tell(struct argus_live *l)
{
    if (!l->began && l->talk.state == ARGUS_TALK_RECORDS) {
        l->began = l->ever = true;
        return ARGUS_LIVE_BEGAN;
    }
    return l->began && argus_live_ready(l) ? ARGUS_LIVE_RECORDS : ARGUS_LIVE_NOTHING;
}

enum argus_live_event argus_live_step(struct argus_live *l, int64_t now_us, struct error *err)
{
    enum argus_live_event event = ARGUS_LIVE_NOTHING;
    switch (l->state) {
    case LIVE_PAUSING:
        return now_us < l->due_us ? ARGUS_LIVE_NOTHING : begin_connection(l, now_us, err);
    case LIVE_CONNECTING:
        return end_connecting(l, now_us, err);
    case LIVE_TALKING:
        if (!argus_live_ready(l) || !l->began)
            event = hear(l, now_us, err);
        return event != ARGUS_LIVE_NOTHING ? event : tell(l);
    case LIVE_GIVEN_UP:
        break;
    }
    return ARGUS_LIVE_NOTHING;
}

bool argus_live_ready(const struct argus_live *l)
{
    size_t size = 0;
    if (l->state == LIVE_TALKING)
        (void)argus_talk_whole(&l->talk, &size);
    return size > 0;
}

static size_t read_whole(void *from, uint8_t *buffer, size_t size, struct error *err)
{
    struct argus_live *l = from;
    size_t there;
    (void)err; /* whatever ended the talk was told by the step */
    if (l->state != LIVE_TALKING)
        return 0;
    const uint8_t *bytes = argus_talk_whole(&l->talk, &there);
    size_t count = there < size ? there : size;
    memcpy(buffer, bytes, count);
    argus_talk_take(&l->talk, count);
    return count;
}

struct input *argus_live_input(struct argus_live *l, struct error *err)
{
    return input_open_feed(l->server->name, read_whole, l, err);
}
