/* Sockets and epoll. Every socket is connected, UDP ones too: then the kernel drops what comes from
 * anybody else, and tells that a port is unreachable.
 *
 * Events are told once (edge-triggered): one system call fewer a socket. */
#include "scan/network.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_MAX = 256, US_PER_MS = 1000, WAIT_MS_MAX = 1000 };

struct socket_network {
    struct network face;
    int epoll;
    int64_t (*now_us)(void *context);
    void *clock;
};

static struct net_reply reply(enum net_result result)
{
    return (struct net_reply){.result = result};
}

static struct net_reply full(enum check_cause cause)
{
    return (struct net_reply){.result = NET_FULL, .cause = cause};
}

static struct net_reply local(enum check_cause cause)
{
    return (struct net_reply){.result = NET_LOCAL, .cause = cause};
}

/* What an error says that can come after a connection was begun: from the host, the network, or
 * here. */
static struct net_reply reply_of_error(int error)
{
    switch (error) {
    case EAGAIN:
    case EINPROGRESS:
    case EINTR:
    case ENOTCONN:
        return reply(NET_WAIT);
    case ECONNREFUSED:
        return reply(NET_REFUSED);
    case ECONNRESET:
    case EPIPE:
        return reply(NET_RESET);
    case ETIMEDOUT:
        return reply(NET_TIMEOUT);
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENOPROTOOPT:
    case EPROTO:
        return reply(NET_UNREACHABLE);
    case ENOBUFS:
    case ENOMEM:
        return full(CAUSE_NO_MEMORY);
    case EPERM:
    case EACCES:
        return local(CAUSE_NOT_PERMITTED);
    default:
        return local(CAUSE_SYSTEM);
    }
}

/* What an error says when a connection is begun: nothing has been sent, so it is local, but for a
 * refusal, which a near host can send that fast. */
static struct net_reply reply_of_opening(int error)
{
    switch (error) {
    case EMFILE:
    case ENFILE:
        return full(CAUSE_NO_DESCRIPTOR);
    case EADDRNOTAVAIL:
    case EAGAIN:
    case EADDRINUSE:
        return full(CAUSE_NO_PORT);
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EINVAL: /* the kernel's word for a route into a black hole */
        return local(CAUSE_NO_ROUTE);
    default:
        return reply_of_error(error);
    }
}

/* EACCES is the kernel's word for a datagram to a broadcast address, and also for a route that is
 * forbidden. Only the first goes away for who says that he means it. Nothing is sent by this. */
static bool is_broadcast(int fd, const struct sockaddr *there, socklen_t size)
{
    int on = 1;
    return setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) == 0 &&
           connect(fd, there, size) == 0;
}

static int64_t now_us(void *context)
{
    struct socket_network *n = context;
    return n->now_us(n->clock);
}

static void close_handle(void *context, int handle)
{
    (void)context;
    (void)close(handle);
}

static struct net_reply begin(struct socket_network *n, const struct shot *to, uint32_t id, int fd)
{
    bool is_tcp = to->transport == TRANSPORT_TCP;
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_port = htons(to->port);        /* reader: our own number, for the kernel */
    address.sin_addr.s_addr = htonl(to->host); /* reader: our own number, for the kernel */
    const void *there = &address;
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.u32 = id};
    if (is_tcp)
        wanted.events |= EPOLLOUT;
    if (connect(fd, there, sizeof address) != 0 && errno != EINPROGRESS) {
        int error = errno;
        if (error == EACCES && !is_tcp && is_broadcast(fd, there, sizeof address))
            return local(CAUSE_BROADCAST);
        return reply_of_opening(error);
    }
    if (epoll_ctl(n->epoll, EPOLL_CTL_ADD, fd, &wanted) != 0)
        return reply_of_opening(errno);
    return reply(is_tcp ? NET_WAIT : NET_DONE);
}

static struct net_reply open_shot(void *context, const struct shot *to, uint32_t id, int *handle)
{
    struct socket_network *n = context;
    int type = to->transport == TRANSPORT_TCP ? SOCK_STREAM : SOCK_DGRAM;
    bool is_echo = to->transport == TRANSPORT_UDP && to->port == 0;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, is_echo ? IPPROTO_ICMP : 0);
    if (fd < 0)
        return reply_of_opening(errno);
    struct net_reply begun = begin(n, to, id, fd);
    if (begun.result == NET_WAIT || begun.result == NET_DONE)
        *handle = fd;
    else
        (void)close(fd);
    return begun;
}

/* A datagram that found no room in the buffer is not lost: it is for the caller to send again. */
static struct net_reply send_bytes(void *context, int handle, const uint8_t *bytes, size_t size)
{
    (void)context;
    ssize_t sent = send(handle, bytes, size, MSG_NOSIGNAL);
    if (sent >= 0)
        return (size_t)sent == size ? reply(NET_DONE) : full(CAUSE_NO_MEMORY);
    return reply_of_error(errno);
}

static struct net_reply receive(void *context, int handle, uint8_t *bytes, size_t room)
{
    (void)context;
    ssize_t came = recv(handle, bytes, room, 0);
    if (came > 0)
        return (struct net_reply){.result = NET_DONE, .size = (size_t)came};
    return came == 0 ? reply(NET_CLOSED) : reply_of_error(errno);
}

/* Whole milliseconds, rounded up: a timer must not be found not yet due. */
static int milliseconds_until(struct socket_network *n, int64_t until_us)
{
    int64_t left_us = until_us - n->now_us(n->clock);
    if (until_us == INT64_MAX || left_us > (int64_t)WAIT_MS_MAX * US_PER_MS)
        return WAIT_MS_MAX;
    return left_us <= 0 ? 0 : (int)((left_us + US_PER_MS - 1) / US_PER_MS);
}

static size_t wait_for(void *context, int64_t until_us, uint32_t *ids, size_t room)
{
    struct socket_network *n = context;
    struct epoll_event events[EVENTS_MAX];
    int most = room < EVENTS_MAX ? (int)room : EVENTS_MAX;
    int count = epoll_wait(n->epoll, events, most, milliseconds_until(n, until_us));
    for (int i = 0; i < count; i++)
        ids[i] = events[i].data.u32;
    return count > 0 ? (size_t)count : 0;
}

struct socket_network *socket_network_new(int64_t (*clock_now_us)(void *context), void *context,
                                          struct error *err)
{
    struct socket_network *n = calloc(1, sizeof *n);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (n == NULL || epoll < 0) {
        (void)fail(err, ERROR_SYSTEM, "cannot wait for sockets: %s", strerror(errno));
        free(n);
        if (epoll >= 0)
            (void)close(epoll);
        return NULL;
    }
    *n = (struct socket_network){
        .face = {n, now_us, open_shot, send_bytes, receive, close_handle, wait_for},
        .epoll = epoll,
        .now_us = clock_now_us,
        .clock = context};
    return n;
}

const struct network *socket_network_face(const struct socket_network *n)
{
    return &n->face;
}

void socket_network_free(struct socket_network *n)
{
    if (n == NULL)
        return;
    (void)close(n->epoll);
    free(n);
}
