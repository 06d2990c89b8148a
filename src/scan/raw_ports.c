/* Bound to no address, so to all. A range begins at a random place and must be free as a whole. */
#include "scan/raw_ports.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"

enum { TRIES = 64, PORT_FIRST = 20000, PORT_LAST = 60000, PORTS = RAW_PASSES + RAW_UDP_PORTS };

struct raw_ports {
    int fds[PORTS];
    unsigned count; /* that are open */
    uint16_t tcp, udp;
};

static bool drop_all(int fd)
{
    struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    struct sock_fprog program = {.len = 1, .filter = nothing};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

/* Datagrams are taken and never read, so that the kernel says nothing of them: a few fill the room,
 * and what comes then is dropped. A filter a socket would take it longer to make than all else that
 * begins a scan. */
static bool take_little(int fd)
{
    int least = 0;
    return setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof least) == 0;
}

/* -1, with errno, where it is not free. The filter comes first: no moment is without it. */
static int hold(int type, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    const void *here = &address;
    address.sin_port = htons(port); /* reader: our own number, for the kernel */
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if ((type == SOCK_STREAM ? drop_all(fd) : take_little(fd)) &&
        bind(fd, here, sizeof address) == 0 && (type == SOCK_DGRAM || listen(fd, 1) == 0))
        return fd;
    int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

static bool hold_range(struct raw_ports *p, int type, unsigned first, unsigned count)
{
    unsigned before = p->count;
    for (unsigned i = 0; i < count; i++) {
        int fd = hold(type, (uint16_t)(first + i));
        if (fd >= 0) {
            p->fds[p->count++] = fd;
            continue;
        }
        int error = errno;
        while (p->count > before)
            (void)close(p->fds[--p->count]);
        errno = error;
        return false;
    }
    return true;
}

static bool find_range(struct raw_ports *p, int type, unsigned count, uint64_t seed, uint16_t *out,
                       struct error *err)
{
    for (unsigned i = 0; i < TRIES; i++) {
        unsigned first = PORT_FIRST + (unsigned)(hash_pair(seed, i) % (PORT_LAST - PORT_FIRST));
        if (hold_range(p, type, first, count)) {
            *out = (uint16_t)first;
            return true;
        }
        if (errno != EADDRINUSE)
            break;
    }
    return fail(err, ERROR_SYSTEM, "cannot hold %u ports of our own: %s", count, strerror(errno));
}

struct raw_ports *raw_ports_new(uint64_t seed, struct error *err)
{
    struct raw_ports *p = calloc(1, sizeof *p);
    if (p == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory to scan");
        return NULL;
    }
    if (find_range(p, SOCK_STREAM, RAW_PASSES, hash_pair(seed, 1), &p->tcp, err) &&
        find_range(p, SOCK_DGRAM, RAW_UDP_PORTS, hash_pair(seed, 2), &p->udp, err))
        return p;
    raw_ports_free(p);
    return NULL;
}

void raw_ports_free(struct raw_ports *p)
{
    if (p == NULL)
        return;
    while (p->count > 0)
        (void)close(p->fds[--p->count]);
    free(p);
}

uint16_t raw_ports_tcp(const struct raw_ports *p)
{
    return p->tcp;
}

uint16_t raw_ports_udp(const struct raw_ports *p)
{
    return p->udp;
}
