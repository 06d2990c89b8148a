/* Requests and answers as rtnetlink(7) has them, in native numbers, field by field:
 *
 *   length 4, type 2, flags 2, sequence 4, port 4 | family's own head, 12 bytes | attributes:
 *   length 2, type 2, bytes, padded to 4
 *
 * Addresses stand in them in network order. */
#include "scan/raw_netlink.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/reader.h"
#include "base/writer.h"

enum {
    REQUEST_BYTES = 64,
    REPLY_BYTES = 32768,
    HEAD_BYTES = 16,
    OWN_HEAD_BYTES = 12,
    NET_BITS = 24
};
enum { PARTS_MAX = 1 << 20 }; /* of a dump; a kernel that sends more is not well */

struct raw_netlink {
    int fd;
    uint32_t sequence;
    uint8_t reply[REPLY_BYTES];
};

/* One message of an answer. */
struct message {
    uint16_t type;
    struct reader body;
};

struct raw_netlink *raw_netlink_new(struct error *err)
{
    struct raw_netlink *n = calloc(1, sizeof *n);
    int fd = n != NULL ? socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) : -1;
    if (fd < 0) {
        (void)fail(err, ERROR_SYSTEM, "cannot ask for routes: %s", strerror(errno));
        free(n);
        return NULL;
    }
    n->fd = fd;
    return n;
}

void raw_netlink_free(struct raw_netlink *n)
{
    if (n == NULL)
        return;
    (void)close(n->fd);
    free(n);
}

static struct writer begin(struct raw_netlink *n, uint8_t bytes[static REQUEST_BYTES],
                           uint16_t type, unsigned flags)
{
    struct writer w = writer_over(bytes, REQUEST_BYTES);
    write_le32(&w, 0); /* its length: send_request */
    write_le16(&w, type);
    write_le16(&w, (uint16_t)(NLM_F_REQUEST | flags));
    write_le32(&w, ++n->sequence);
    write_le32(&w, 0);
    return w;
}

static void add_address(struct writer *w, uint16_t type, uint32_t address)
{
    write_le16(w, 8);
    write_le16(w, type);
    write_be32(w, address);
}

static bool send_request(struct raw_netlink *n, struct writer *w)
{
    write_le16_at(w, 0, (uint16_t)w->used);
    return !w->failed && send(n->fd, w->start, w->used, 0) == (ssize_t)w->used;
}

/* The next lot of messages. */
static struct reader receive(struct raw_netlink *n)
{
    ssize_t size;
    do
        size = recv(n->fd, n->reply, sizeof n->reply, 0);
    while (size < 0 && errno == EINTR);
    return reader_over(n->reply, size > 0 ? (size_t)size : 0);
}

/* False behind the last. */
static bool next_message(struct raw_netlink *n, struct reader *r, struct message *out)
{
    uint32_t length = read_le32(r);
    out->type = read_le16(r);
    (void)read_le16(r);
    uint32_t sequence = read_le32(r);
    (void)read_le32(r);
    if (r->failed || length < HEAD_BYTES)
        return false;
    out->body = read_part(r, length - HEAD_BYTES);
    read_skip(r, r->left > 0 ? (4 - length % 4) % 4 : 0);
    return !out->body.failed && sequence == n->sequence;
}

static bool next_attribute(struct reader *r, uint16_t *type, struct reader *value)
{
    uint16_t length = read_le16(r);
    *type = read_le16(r) & (uint16_t)NLA_TYPE_MASK;
    if (r->failed || length < 4)
        return false;
    *value = read_part(r, length - 4U);
    size_t padding = (4U - length % 4U) % 4U;
    read_skip(r, padding < r->left ? padding : r->left);
    return !value->failed;
}

/* The fields of rtmsg that are wanted: type and prefix length. */
static bool read_route_head(struct reader *r, uint8_t *type, uint8_t *bits)
{
    (void)read_u8(r);
    *bits = read_u8(r);
    read_skip(r, 5);
    *type = read_u8(r);
    (void)read_le32(r);
    return !r->failed;
}

static struct raw_way read_way(struct reader body)
{
    struct raw_way way = {.kind = RAW_WAY_NONE};
    uint8_t type, bits;
    uint16_t attribute;
    struct reader value;
    bool has_gateway = false;
    if (!read_route_head(&body, &type, &bits))
        return way;
    while (next_attribute(&body, &attribute, &value)) {
        if (attribute == RTA_OIF)
            way.link = (int)read_le32(&value);
        else if (attribute == RTA_PREFSRC)
            way.source = read_be32(&value);
        if (attribute == RTA_GATEWAY || attribute == RTA_VIA)
            has_gateway = true;
        if (attribute == RTA_GATEWAY)
            way.gateway = read_be32(&value);
    }
    if (type == RTN_LOCAL)
        way.kind = RAW_WAY_LOCAL;
    else if (type != RTN_UNICAST)
        way.kind = RAW_WAY_OTHER;
    else if (has_gateway) /* one of IPv6 is none that we can go by */
        way.kind = way.gateway != 0 ? RAW_WAY_GATEWAY : RAW_WAY_OTHER;
    else
        way.kind = RAW_WAY_ON_LINK;
    return way;
}

struct raw_way raw_netlink_way(struct raw_netlink *n, uint32_t host, int link)
{
    uint8_t request[REQUEST_BYTES];
    struct message m;
    struct writer w = begin(n, request, RTM_GETROUTE, 0);
    write_u8(&w, AF_INET);
    write_u8(&w, 32);
    write_zeros(&w, OWN_HEAD_BYTES - 2);
    add_address(&w, RTA_DST, host);
    if (link > 0) {
        write_le16(&w, 8);
        write_le16(&w, RTA_OIF);
        write_le32(&w, (uint32_t)link);
    }
    struct reader r = send_request(n, &w) ? receive(n) : reader_over(NULL, 0);
    if (!next_message(n, &r, &m) || m.type != RTM_NEWROUTE)
        return (struct raw_way){.kind = RAW_WAY_NONE};
    return read_way(m.body);
}

bool raw_netlink_neighbour(struct raw_netlink *n, int link, uint32_t host,
                           uint8_t mac[static MAC_LENGTH])
{
    uint8_t request[REQUEST_BYTES];
    struct message m;
    struct writer w = begin(n, request, RTM_GETNEIGH, 0);
    write_u8(&w, AF_INET);
    write_zeros(&w, 3);
    write_le32(&w, (uint32_t)link);
    write_zeros(&w, OWN_HEAD_BYTES - 8);
    add_address(&w, NDA_DST, host);
    struct reader r = send_request(n, &w) ? receive(n) : reader_over(NULL, 0);
    if (!next_message(n, &r, &m) || m.type != RTM_NEWNEIGH)
        return false;
    read_skip(&m.body, 8);
    uint16_t state = read_le16(&m.body), type;
    read_skip(&m.body, 2);
    struct reader value;
    const uint16_t good = NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
    while ((state & good) != 0 && next_attribute(&m.body, &type, &value)) {
        if (type != NDA_LLADDR || value.left != MAC_LENGTH)
            continue;
        memcpy(mac, read_bytes(&value, MAC_LENGTH), MAC_LENGTH);
        return true;
    }
    return false;
}

static void tell_route(struct reader body, void (*tell)(void *context, uint32_t host),
                       void *context)
{
    uint8_t type, bits;
    uint16_t attribute;
    struct reader value;
    if (!read_route_head(&body, &type, &bits) || bits <= NET_BITS)
        return;
    while (next_attribute(&body, &attribute, &value))
        if (attribute == RTA_DST && value.left == 4)
            tell(context, read_be32(&value));
}

bool raw_netlink_narrow(struct raw_netlink *n, void (*tell)(void *context, uint32_t host),
                        void *context)
{
    uint8_t request[REQUEST_BYTES];
    struct message m;
    struct writer w = begin(n, request, RTM_GETROUTE, NLM_F_DUMP);
    write_u8(&w, AF_INET);
    write_zeros(&w, OWN_HEAD_BYTES - 1);
    if (!send_request(n, &w))
        return false;
    for (int part = 0; part < PARTS_MAX; part++) {
        struct reader r = receive(n);
        if (r.left == 0)
            return false;
        while (next_message(n, &r, &m)) {
            if (m.type == NLMSG_DONE || m.type == NLMSG_ERROR)
                return m.type == NLMSG_DONE;
            tell_route(m.body, tell, context);
        }
    }
    return false;
}
