/* Which ports are opened where, and which addresses are refused: place.h says where
 * the programs of the rig may listen. */
#include "responder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/time.h"
#include "place.h"

enum {
    PORTS_MAX = 4, /* of one transport: fixed, this week's, its neighbour's */
    BACKLOG = 128,
    FILES_ASIDE = 16, /* that are open besides */
    CONNECTIONS_LEAST = 16
};

bool addresses_are_harmless(const struct settings *s, struct error *err)
{
    if (!place_is_harmless(s->any, err))
        return false;
    for (size_t i = 0; i < s->role_count; i++) {
        const struct role *role = &s->roles[i];
        const char *name = role->variant->name;
        bool speaks_from_next = role->variant->udp.from == FROM_OTHER_HOST;
        if (!address_is_harmless(role->address, name, s->any, err) ||
            (speaks_from_next && !address_is_harmless(role->address + 1, name, s->any, err)))
            return false;
    }
    return true;
}

/* The ports of one transport, each once. */
struct ports {
    uint16_t port[PORTS_MAX];
    size_t count;
};

static void port_add(struct ports *ports, uint16_t port)
{
    for (size_t i = 0; i < ports->count; i++)
        if (ports->port[i] == port)
            return;
    if (port != 0 && ports->count < PORTS_MAX)
        ports->port[ports->count++] = port;
}

/* The week nearest to this time that is not its own. */
static uint32_t week_nearest(int64_t when_us)
{
    uint32_t week = week_of(when_us);
    bool is_early = when_us - week_start_us(week) < 7 * US_PER_DAY / 2;
    return is_early && week > 0 ? week - 1 : week + 1;
}

static void ports_open_for(const struct variant *v, const struct settings *s, uint32_t address,
                           struct ports *tcp, struct ports *udp)
{
    uint32_t week = week_of(s->when_us), other = week_neighbour(s->when_us);
    if (s->both_weeks)
        other = week_nearest(s->when_us);
    if (v->ports == PORTS_WEEK_BEFORE)
        week = other = week > 0 ? week - 1 : 0;
    if (v->ports == PORTS_WEEK_AFTER)
        week = other = week + 1;
    address = s->has_real_ip ? s->real_ip : address;
    struct p2p_ports one = ports_predicted_for(address, week, v->reading);
    struct p2p_ports two = ports_predicted_for(address, other, v->reading);
    port_add(tcp, one.tcp[0]);
    if (v->ports == PORT_ONE)
        return;
    port_add(udp, one.udp[0]);
    if (v->ports == PORTS_FIXED)
        return;
    port_add(tcp, one.tcp[1]);
    port_add(udp, one.udp[1]);
    port_add(tcp, two.tcp[1]);
    port_add(udp, two.udp[1]);
}

static bool bound(int fd, uint32_t address, uint16_t port)
{
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(address)}};
    return bind(fd, (const struct sockaddr *)&in, sizeof in) == 0;
}

/* False with errno; what was opened stays in *l, for listeners_close. */
static bool listener_open(struct listener *l)
{
    bool is_tcp = l->transport == TRANSPORT_TCP;
    int type = (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    l->fd = socket(AF_INET, type, 0);
    if (l->fd < 0)
        return false;
    /* A connection of the last test that has not quite ended must not be in the way. On UDP the
     * option would let two programs share a port. */
    const int yes = 1;
    if (is_tcp && setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0)
        return false;
    if (!bound(l->fd, l->address, l->port))
        return false;
    if (is_tcp)
        return listen(l->fd, BACKLOG) == 0;
    if (l->variant->udp.from != FROM_OTHER_PORT)
        return true;
    l->other_fd = socket(AF_INET, type, 0);
    return l->other_fd >= 0 && bound(l->other_fd, l->address, 0);
}

static bool listener_add(struct rig *rig, const struct listener *wanted, struct error *err)
{
    if (rig->listener_count == rig->listener_room) {
        size_t room = rig->listener_room != 0 ? 2 * rig->listener_room : 64;
        struct listener *more = realloc(rig->listeners, room * sizeof *more);
        if (more == NULL)
            return fail(err, ERROR_SYSTEM, "no memory for %zu sockets", room);
        rig->listeners = more;
        rig->listener_room = room;
    }
    size_t index = rig->listener_count++;
    struct listener *l = &rig->listeners[index];
    *l = *wanted;
    l->fd = l->other_fd = -1;
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = waker_word(WAKER_LISTENER, index)};
    if (listener_open(l) && epoll_ctl(rig->epoll, EPOLL_CTL_ADD, l->fd, &event) == 0)
        return true;
    char words[INET_ADDRSTRLEN];
    int reason = errno;
    address_words(l->address, words);
    return fail(err, ERROR_SYSTEM, "%s port %u/%s: %s", words, (unsigned)l->port,
                l->transport == TRANSPORT_TCP ? "tcp" : "udp", strerror(reason));
}

static bool role_open(struct rig *rig, const struct settings *s, const struct role *role,
                      struct error *err)
{
    const struct variant *v = role->variant;
    struct ports tcp = {0}, udp = {0};
    ports_open_for(v, s, role->address, &tcp, &udp);
    struct listener wanted = {.address = role->address, .variant = v, .transport = TRANSPORT_TCP};
    for (size_t i = 0; i < tcp.count && !v->tcp.is_absent; i++) {
        wanted.port = tcp.port[i];
        if (!listener_add(rig, &wanted, err))
            return false;
    }
    wanted.transport = TRANSPORT_UDP;
    for (size_t i = 0; i < udp.count && !v->udp.is_absent; i++) {
        wanted.port = udp.port[i];
        if (!listener_add(rig, &wanted, err))
            return false;
    }
    return true;
}

/* What the sockets leave of the open files is for connections. */
bool listeners_open(struct rig *rig, const struct settings *s, struct error *err)
{
    uint64_t files = 0;
    if (!files_raise(&files, err))
        return false;
    for (size_t i = 0; i < s->role_count; i++)
        if (!role_open(rig, s, &s->roles[i], err))
            return false;
    size_t taken = FILES_ASIDE;
    for (size_t i = 0; i < rig->listener_count; i++)
        taken += rig->listeners[i].other_fd >= 0 ? 2 : 1;
    if (files < taken + CONNECTIONS_LEAST)
        return fail(err, ERROR_SYSTEM, "%zu sockets leave no room for connections (%llu files)",
                    rig->listener_count, (unsigned long long)files);
    rig->connection_limit = CONNECTIONS_MAX;
    if (files - taken < CONNECTIONS_MAX)
        rig->connection_limit = (size_t)files - taken;
    return true;
}

void listeners_close(struct rig *rig)
{
    for (size_t i = 0; i < rig->listener_count; i++) {
        if (rig->listeners[i].fd >= 0)
            (void)close(rig->listeners[i].fd);
        if (rig->listeners[i].other_fd >= 0)
            (void)close(rig->listeners[i].other_fd);
    }
    free(rig->listeners);
}
