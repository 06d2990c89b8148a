/* Which ports are opened where: 445, 139 and UDP 137 of each address, or those that the settings
 * name. place.h says which addresses are refused. */
#include "smb_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "place.h"

enum { BACKLOG = 4096, FILES_ASIDE = 16, CONNECTIONS_LEAST = 16 };

bool addresses_are_harmless(const struct settings *s, struct error *err)
{
    if (!place_is_harmless(s->any, err))
        return false;
    for (size_t i = 0; i < s->host_count; i++)
        if (!address_is_harmless(s->hosts[i].address, s->hosts[i].variant->name, s->any, err))
            return false;
    return true;
}

static bool listener_open(struct listener *l, uint32_t address, uint16_t port)
{
    const struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(address)}};
    bool is_stream = l->service != SERVICE_NAMES;
    const int yes = 1;
    l->fd = socket(AF_INET, (is_stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC,
                   0);
    if (l->fd < 0 ||
        (is_stream && setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0))
        return false;
    return bind(l->fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
           (!is_stream || listen(l->fd, BACKLOG) == 0);
}

static bool listener_add(struct rig *rig, size_t host, enum service service, uint16_t port,
                         struct error *err)
{
    uint32_t address = rig->settings->hosts[host].address;
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
    *l = (struct listener){.fd = -1, .service = service, .host = host};
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = waker_word(WAKER_LISTENER, index)};
    if (listener_open(l, address, port) && epoll_ctl(rig->epoll, EPOLL_CTL_ADD, l->fd, &event) == 0)
        return true;
    char words[INET_ADDRSTRLEN];
    int reason = errno;
    address_words(address, words);
    return fail(err, ERROR_SYSTEM, "%s port %u/%s: %s", words, (unsigned)port,
                service == SERVICE_NAMES ? "udp" : "tcp", strerror(reason));
}

static bool host_open(struct rig *rig, size_t host, struct error *err)
{
    const struct settings *s = rig->settings;
    const struct variant *v = s->hosts[host].variant;
    if (s->direct_port != 0 && !v->has_no_445 &&
        !listener_add(rig, host, SERVICE_DIRECT, s->direct_port, err))
        return false;
    if (s->session_port != 0 && !v->has_no_139 &&
        !listener_add(rig, host, SERVICE_SESSION, s->session_port, err))
        return false;
    return s->names_port == 0 || listener_add(rig, host, SERVICE_NAMES, s->names_port, err);
}

bool listeners_open(struct rig *rig, struct error *err)
{
    uint64_t files = 0;
    if (!files_raise(&files, err))
        return false;
    for (size_t host = 0; host < rig->settings->host_count; host++)
        if (!host_open(rig, host, err))
            return false;
    size_t taken = FILES_ASIDE + rig->listener_count;
    if (files < taken + CONNECTIONS_LEAST)
        return fail(err, ERROR_SYSTEM, "%zu sockets leave no room for connections (%llu files)",
                    rig->listener_count, (unsigned long long)files);
    rig->connection_limit = CONNECTIONS_MAX;
    if (files - taken < CONNECTIONS_MAX)
        rig->connection_limit = (size_t)files - taken;
    for (size_t i = rig->connection_limit; i > 0; i--)
        rig->free_slots[rig->free_count++] = (uint32_t)(i - 1);
    return true;
}

void listeners_close(struct rig *rig)
{
    for (size_t i = 0; i < rig->listener_count; i++)
        if (rig->listeners[i].fd >= 0)
            (void)close(rig->listeners[i].fd);
    free(rig->listeners);
}
