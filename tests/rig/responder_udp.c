/* Datagrams: which are heard, and from where, when and how often they are answered. */
#include "responder.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { DATAGRAMS_AT_ONCE = 64 };

static uint32_t address_of(const struct sockaddr_in *peer)
{
    return ntohl(peer->sin_addr.s_addr);
}

/* Remembers the last SEEN_MAX pairs of listener and peer: true when this one is among them. */
static bool is_seen(struct rig *rig, const struct listener *l, const struct sockaddr_in *peer)
{
    struct seen here = {l, address_of(peer), ntohs(peer->sin_port)};
    size_t known = rig->seen_count < SEEN_MAX ? rig->seen_count : SEEN_MAX;
    for (size_t i = 0; i < known; i++) {
        const struct seen *s = &rig->seen[i];
        if (s->listener == l && s->address == here.address && s->port == here.port)
            return true;
    }
    rig->seen[rig->seen_count++ % SEEN_MAX] = here;
    return false;
}

/* Two ports of this program would answer each other for ever. */
static bool is_one_of_us(const struct rig *rig, const struct sockaddr_in *peer)
{
    for (size_t i = 0; i < rig->listener_count; i++) {
        const struct listener *l = &rig->listeners[i];
        if (l->transport == TRANSPORT_UDP && l->address == address_of(peer) &&
            l->port == ntohs(peer->sin_port))
            return true;
    }
    return false;
}

/* From the port that was asked, of the next address. */
static ssize_t send_from_next(const struct listener *l, const struct sockaddr_in *peer,
                              const struct writer *out)
{
    struct sockaddr_in to = *peer;
    struct iovec bytes = {out->start, out->used};
    struct in_pktinfo source = {.ipi_spec_dst = {htonl(l->address + 1)}};
    union {
        struct cmsghdr aligned;
        char room[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control = {0};
    struct msghdr message = {.msg_name = &to,
                             .msg_namelen = sizeof to,
                             .msg_iov = &bytes,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = IPPROTO_IP;
    head->cmsg_type = IP_PKTINFO;
    head->cmsg_len = CMSG_LEN(sizeof source);
    memcpy(CMSG_DATA(head), &source, sizeof source);
    return sendmsg(l->fd, &message, MSG_NOSIGNAL);
}

static void send_to(struct rig *rig, const struct listener *l, const struct sockaddr_in *peer,
                    const struct writer *out)
{
    enum answers_from from = l->variant->udp.from;
    ssize_t sent = 0;
    if (from == FROM_OTHER_HOST)
        sent = send_from_next(l, peer, out);
    else
        sent = sendto(from == FROM_OTHER_PORT ? l->other_fd : l->fd, out->start, out->used,
                      MSG_NOSIGNAL, (const struct sockaddr *)peer, sizeof *peer);
    if (sent < 0)
        note(rig, "%s: an answer was not sent: %s", l->variant->name, strerror(errno));
}

static void answer(struct rig *rig, const struct listener *l, const struct sockaddr_in *peer,
                   const struct occasion *o)
{
    const struct udp_manner *manner = &l->variant->udp;
    uint8_t bytes[ANSWER_SIZE_MAX];
    struct writer out = writer_over(bytes, sizeof bytes);
    for (unsigned i = 0; i <= manner->more; i++) {
        if (i == 0 || manner->is_composed_anew) {
            out = writer_over(bytes, sizeof bytes);
            answer_compose(l->variant, manner->compose, o, &out);
        }
        if (out.failed)
            note(rig, "%s: the answer is too long", l->variant->name);
        else
            send_to(rig, l, peer, &out);
    }
}

static struct occasion occasion_of(const struct listener *l, uint64_t request_key)
{
    return (struct occasion){.transport = TRANSPORT_UDP,
                             .address = l->address,
                             .port = l->port,
                             .request = reader_over(NULL, 0),
                             .request_key = request_key};
}

static void answer_later(struct rig *rig, const struct later *later)
{
    if (rig->later_count == LATER_MAX) {
        note(rig, "%d answers wait already: one is not given", LATER_MAX);
        return;
    }
    rig->later[(rig->later_first + rig->later_count++) % LATER_MAX] = *later;
}

static void consider(struct rig *rig, const struct listener *l, const struct sockaddr_in *peer,
                     struct reader request, int64_t now_us)
{
    const struct udp_manner *manner = &l->variant->udp;
    uint64_t key = 0;
    bool is_cut;
    if (manner->trigger == ON_NOTHING || is_one_of_us(rig, peer))
        return;
    if (manner->trigger == ON_REQUEST && !request_holds(request, TRANSPORT_UDP, &key, &is_cut))
        return;
    if (manner->loses_first && !is_seen(rig, l, peer))
        return;
    struct occasion o = occasion_of(l, key);
    o.request = request;
    if (manner->delay_ms == 0) {
        answer(rig, l, peer, &o);
        return;
    }
    int64_t due_us = now_us + manner->delay_ms * MILLISECOND_US;
    answer_later(rig, &(struct later){due_us, l, *peer, key});
}

void udp_receive(struct rig *rig, const struct listener *listener, int64_t now_us)
{
    uint8_t bytes[REQUEST_SIZE_MAX + 1]; /* one more: a longer one is seen to be too long */
    for (int i = 0; i < DATAGRAMS_AT_ONCE; i++) {
        struct sockaddr_in peer = {0};
        socklen_t size = sizeof peer;
        ssize_t got = recvfrom(listener->fd, bytes, sizeof bytes, 0, (struct sockaddr *)&peer,
                               &size);
        if (got < 0)
            return;
        consider(rig, listener, &peer, reader_over(bytes, (size_t)got), now_us);
    }
}

int64_t udp_due_us(const struct rig *rig)
{
    return rig->later_count != 0 ? rig->later[rig->later_first].due_us : NEVER_US;
}

/* All wait equally long, so that the first is due first. */
void udp_timers(struct rig *rig, int64_t now_us)
{
    while (udp_due_us(rig) <= now_us) {
        struct later later = rig->later[rig->later_first];
        rig->later_first = (rig->later_first + 1) % LATER_MAX;
        rig->later_count--;
        struct occasion o = occasion_of(later.listener, later.request_key);
        answer(rig, later.listener, &later.peer, &o);
    }
}
