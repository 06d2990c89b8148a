/* One socket of packet(7): it sends past the queueing of the kernel (PACKET_QDISC_BYPASS), and
 * receives into a mapped ring (TPACKET_V3), through a filter that lets by what is for our ports,
 * ICMP to us, and answers of ARP. One and not two, as each takes the kernel some 15 ms to close;
 * a thread waits for that.
 * Devices without link headers (tunnels, PPP) carry bare IP. */
#define _GNU_SOURCE /* sendmmsg, ppoll */
#include "scan/raw_device.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/time.h"
#include "base/writer.h"
#include "scan/raw_filter.h"
#include "scan/raw_ports.h"
#include "scan/raw_ring.h"
#include "scan/raw_ways.h"
#include "wire/build.h"
#include "wire/link.h"

enum {
    BATCH = 64, /* packets that are sent at a time */
    LINK_HEADER = 14,
    FRAME_ROOM = LINK_HEADER + RAW_PACKET_SIZE,
    BLOCK_BYTES = 1 << 17,
    BLOCKS = 64,
    RING_FRAME = 2048,
    RETIRE_MS = 2, /* after so long a block is ours though it is not full */
    SEND_BUFFER = 1 << 22,
    FULL_PAUSE_US = 100,
    FULL_PATIENCE_US = 2000000,
    ETHERTYPE_ALL = 3 /* ETH_P_ALL, which the kernel's own headers do not agree on where to have */
};

struct raw_device {
    struct raw_network face;
    char name[IF_NAMESIZE];
    int link, socket;
    bool bare;
    uint8_t mac[MAC_LENGTH];
    uint32_t source;
    int64_t (*now_us)(void *context);
    void *clock;
    struct raw_netlink *netlink;
    struct raw_ways *ways;
    struct raw_ports *ports;
    bool closing; /* by a thread */
    pthread_t closer;
    uint8_t *ring;
    unsigned block_number;
    bool block_is_ours;
    struct raw_block block;
    struct raw_network_counts counts;
    unsigned queued, handed;  /* of the queued ones, those that the kernel has */
    struct sockaddr_ll there; /* of bare devices: what kind of packet it is */
    uint8_t frames[BATCH][FRAME_ROOM];
    struct iovec parts[BATCH];
    struct mmsghdr messages[BATCH];
};

static int64_t now_us(void *context)
{
    const struct raw_device *d = context;
    return d->now_us(d->clock);
}

static enum raw_reach reach(void *context, uint32_t host)
{
    struct raw_device *d = context;
    return raw_ways_reach(d->ways, host, NULL);
}

static bool reaches_net(void *context, uint32_t host)
{
    struct raw_device *d = context;
    return raw_ways_reach_net(d->ways, host);
}

/* What cannot be sent now, may be in a moment; what goes on for long will not end. */
static bool is_passing(int error)
{
    return error == ENOBUFS || error == EAGAIN || error == ENOMEM || error == EINTR;
}

static bool flush(void *context, struct error *err)
{
    struct raw_device *d = context;
    unsigned sent = d->handed;
    int64_t full_since_us = TIME_NONE;
    while (sent < d->queued) {
        int count = sendmmsg(d->socket, d->messages + sent, d->queued - sent, MSG_DONTWAIT);
        if (count > 0) {
            sent += (unsigned)count;
            full_since_us = TIME_NONE;
            continue;
        }
        int64_t now = now_us(d);
        if (full_since_us == TIME_NONE)
            full_since_us = now;
        if (!is_passing(errno) || now - full_since_us > FULL_PATIENCE_US) {
            d->handed = sent;
            return fail(err, ERROR_SYSTEM, "%s: nothing can be sent: %s", d->name, strerror(errno));
        }
        d->counts.full++;
        const struct timespec pause = {.tv_nsec = FULL_PAUSE_US * 1000L};
        (void)ppoll(NULL, 0, &pause, NULL);
    }
    d->queued = d->handed = 0;
    return true;
}

/* Room for the next frame, and its length once it is written. */
static bool add_frame(struct raw_device *d, const struct writer *frame, struct error *err)
{
    assert(!frame->failed && d->queued < BATCH);
    d->parts[d->queued].iov_len = frame->used;
    return ++d->queued < BATCH || flush(d, err);
}

static bool send_packet(void *context, uint32_t host, const uint8_t *packet, size_t size,
                        struct error *err)
{
    struct raw_device *d = context;
    uint8_t mac[MAC_LENGTH];
    if (raw_ways_reach(d->ways, host, mac) != RAW_REACH_NOW)
        return true; /* the way was lost meanwhile: an answer to it is lost as any packet can be */
    struct writer w = writer_over(d->frames[d->queued], FRAME_ROOM);
    if (!d->bare)
        wire_build_ethernet(&w, mac, d->mac, ETHERTYPE_IP4);
    write_bytes(&w, packet, size);
    return add_frame(d, &w, err);
}

static bool look_for(void *context, uint32_t host, struct error *err)
{
    struct raw_device *d = context;
    static const uint8_t everybody[MAC_LENGTH] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    uint32_t whom;
    if (d->bare || !raw_ways_whom(d->ways, host, now_us(d), &whom))
        return true;
    struct writer w = writer_over(d->frames[d->queued], FRAME_ROOM);
    wire_build_ethernet(&w, everybody, d->mac, ETHERTYPE_ARP);
    raw_arp_write(&w, d->mac, d->source, whom);
    return add_frame(d, &w, err);
}

/* The flag by which the kernel hands a block over; it may change under our eyes. */
static bool is_given(const struct raw_device *d)
{
    const void *at = d->ring + (size_t)d->block_number * BLOCK_BYTES +
                     offsetof(struct tpacket_block_desc, hdr.bh1.block_status);
    const uint32_t *status = at; /* reader: the kernel's own flag, aligned by it */
    return (__atomic_load_n(status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) != 0;
}

static void give_back(struct raw_device *d)
{
    void *at = d->ring + (size_t)d->block_number * BLOCK_BYTES +
               offsetof(struct tpacket_block_desc, hdr.bh1.block_status);
    uint32_t *status = at; /* reader: the kernel's own flag, aligned by it */
    __atomic_store_n(status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    d->block_is_ours = false;
    d->block_number = (d->block_number + 1) % BLOCKS;
}

static void learn(struct raw_device *d, struct reader arp)
{
    uint32_t host;
    const uint8_t *mac;
    if (raw_arp_read(arp, &host, &mac))
        raw_ways_learn(d->ways, host, mac);
}

static bool receive(void *context, struct reader *packet)
{
    struct raw_device *d = context;
    struct raw_frame frame;
    struct reader arp;
    for (;;) {
        while (d->block_is_ours && raw_block_next(&d->block, &frame)) {
            if (raw_frame_packet(&frame, d->bare, packet, &arp))
                return true;
            if (arp.left > 0)
                learn(d, arp);
        }
        if (d->block_is_ours)
            give_back(d);
        if (!is_given(d))
            return false;
        d->block_is_ours = true;
        d->block = raw_block_over(d->ring + (size_t)d->block_number * BLOCK_BYTES, BLOCK_BYTES);
    }
}

static void wait_for(void *context, int64_t until_us)
{
    struct raw_device *d = context;
    struct pollfd wanted = {.fd = d->socket, .events = POLLIN};
    int64_t left_us = until_us - now_us(d);
    if (left_us <= 0)
        return;
    const struct timespec most = {.tv_sec = left_us / US_PER_SECOND,
                                  .tv_nsec = left_us % US_PER_SECOND * 1000};
    int ready = ppoll(&wanted, 1, &most, NULL);
    /* A device that is down says so at once, again and again; sending tells what is wrong. */
    if (ready > 0 && (wanted.revents & POLLERR) != 0) {
        const struct timespec pause = {.tv_nsec = 1000000};
        (void)ppoll(NULL, 0, &pause, NULL);
    }
}

/* The kernel counts from zero again each time that it is asked. */
static void get_counts(void *context, struct raw_network_counts *out)
{
    struct raw_device *d = context;
    struct tpacket_stats_v3 stats = {0};
    socklen_t size = sizeof stats;
    if (getsockopt(d->socket, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0)
        d->counts.dropped += stats.tp_drops;
    *out = d->counts;
}

static void *close_socket(void *context)
{
    struct raw_device *d = context;
    (void)munmap(d->ring, (size_t)BLOCKS * BLOCK_BYTES);
    (void)close(d->socket);
    return NULL;
}

/* To close a socket that has a ring takes the kernel as long as to ask a thousand hosts, for it
 * waits until no processor looks at it any more: the hosts are reported meanwhile. */
static void done(void *context)
{
    struct raw_device *d = context;
    d->closing = pthread_create(&d->closer, NULL, close_socket, d) == 0;
}

static bool refused(const struct raw_device *d, const char *what, struct error *err)
{
    return fail(err, ERROR_SYSTEM, "%s: %s: %s", d->name, what, strerror(errno));
}

static bool leads(const struct raw_way *way)
{
    return way->kind == RAW_WAY_GATEWAY || way->kind == RAW_WAY_ON_LINK;
}

/* Which device, and what it is. */
static bool choose(struct raw_device *d, const struct raw_device_settings *s, struct error *err)
{
    struct ifreq request = {0};
    d->link = s->name != NULL ? (int)if_nametoindex(s->name) : 0;
    if (s->name != NULL && d->link == 0)
        return fail(err, ERROR_USAGE, "there is no device %s", s->name);
    struct raw_way way = {.kind = RAW_WAY_NONE};
    for (size_t i = 0; i < s->towards_count && !leads(&way); i++)
        way = raw_netlink_way(d->netlink, s->towards[i], d->link);
    if (!leads(&way))
        return fail(err, ERROR_SYSTEM, "no way leads there by packets of our own");
    d->link = way.link;
    d->source = s->source_given ? s->source : way.source;
    if (d->source == 0)
        return fail(err, ERROR_SYSTEM, "the device has no address to send from");
    if (if_indextoname((unsigned)d->link, d->name) == NULL)
        return fail(err, ERROR_SYSTEM, "the device is gone");
    memcpy(request.ifr_name, d->name, sizeof request.ifr_name);
    if (ioctl(d->socket, SIOCGIFHWADDR, &request) != 0)
        return refused(d, "its kind", err);
    d->bare = request.ifr_hwaddr.sa_family != ARPHRD_ETHER;
    memcpy(d->mac, request.ifr_hwaddr.sa_data, sizeof d->mac);
    switch (request.ifr_hwaddr.sa_family) {
    case ARPHRD_ETHER:
    case ARPHRD_NONE:
    case ARPHRD_PPP:
    case ARPHRD_TUNNEL:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
        return true;
    default:
        return fail(err, ERROR_SYSTEM, "%s: a device of a kind that we cannot send by", d->name);
    }
}

static bool bind_to(int fd, int link, uint16_t type)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = link};
    const void *here = &address;
    address.sll_protocol = htons(type); /* reader: our own number, for the kernel */
    return bind(fd, here, sizeof address) == 0;
}

static void open_out(struct raw_device *d)
{
    int on = 1, room = SEND_BUFFER;
    (void)setsockopt(d->socket, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
    (void)setsockopt(d->socket, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    d->there = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_ifindex = d->link};
    d->there.sll_protocol = htons(ETHERTYPE_IP4); /* reader: our own number, for the kernel */
    for (unsigned i = 0; i < BATCH; i++) {
        d->parts[i] = (struct iovec){.iov_base = d->frames[i]};
        d->messages[i].msg_hdr = (struct msghdr){.msg_iov = &d->parts[i], .msg_iovlen = 1};
        if (!d->bare)
            continue;
        d->messages[i].msg_hdr.msg_name = &d->there;
        d->messages[i].msg_hdr.msg_namelen = sizeof d->there;
    }
}

/* The filter stands before the socket is bound, so that nothing else ever comes. */
static bool open_in(struct raw_device *d, struct error *err)
{
    struct sock_filter rows[RAW_FILTER_ROWS];
    const struct raw_filter wanted = {.bare = d->bare,
                                      .source = d->source,
                                      .tcp_first = raw_ports_tcp(d->ports),
                                      .tcp_count = RAW_PASSES,
                                      .udp_first = raw_ports_udp(d->ports),
                                      .udp_count = RAW_UDP_PORTS};
    struct sock_fprog program = {.len = raw_filter_write(&wanted, rows), .filter = rows};
    int version = TPACKET_V3, on = 1;
    struct tpacket_req3 ring = {.tp_block_size = BLOCK_BYTES,
                                .tp_block_nr = BLOCKS,
                                .tp_frame_size = RING_FRAME,
                                .tp_frame_nr = BLOCK_BYTES / RING_FRAME * BLOCKS,
                                .tp_retire_blk_tov = RETIRE_MS};
    if (setsockopt(d->socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0 ||
        setsockopt(d->socket, SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0 ||
        setsockopt(d->socket, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) != 0)
        return refused(d, "cannot make a ring to receive with", err);
    (void)setsockopt(d->socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
    void *mapped = mmap(NULL, (size_t)BLOCKS * BLOCK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
                        d->socket, 0);
    if (mapped == MAP_FAILED)
        return refused(d, "cannot map the ring", err);
    d->ring = mapped;
    return bind_to(d->socket, d->link, ETHERTYPE_ALL) || refused(d, "cannot receive", err);
}

static bool open_socket(struct raw_device *d, struct error *err)
{
    d->socket = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (d->socket >= 0)
        return true;
    return fail(err, ERROR_SYSTEM, "no packets of our own may be sent (CAP_NET_RAW): %s",
                strerror(errno));
}

struct raw_device *raw_device_new(const struct raw_device_settings *settings, struct error *err)
{
    struct raw_device *d = calloc(1, sizeof *d);
    if (d == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory to scan");
        return NULL;
    }
    d->socket = -1;
    d->now_us = settings->now_us;
    d->clock = settings->clock;
    d->face = (struct raw_network){d,     now_us,  reach,    reaches_net, look_for, send_packet,
                                   flush, receive, wait_for, get_counts,  done};
    if (open_socket(d, err) && (d->netlink = raw_netlink_new(err)) != NULL &&
        choose(d, settings, err) &&
        (d->ways = raw_ways_new(d->netlink, d->link, d->bare, err)) != NULL &&
        (d->ports = raw_ports_new(settings->seed, err)) != NULL && open_in(d, err)) {
        open_out(d);
        return d;
    }
    raw_device_free(d);
    return NULL;
}

void raw_device_free(struct raw_device *d)
{
    if (d == NULL)
        return;
    if (d->closing)
        (void)pthread_join(d->closer, NULL);
    else if (d->ring != NULL)
        (void)close_socket(d);
    else if (d->socket >= 0)
        (void)close(d->socket);
    raw_ports_free(d->ports);
    raw_ways_free(d->ways);
    raw_netlink_free(d->netlink);
    free(d);
}

const struct raw_network *raw_device_face(const struct raw_device *d)
{
    return &d->face;
}

const char *raw_device_name(const struct raw_device *d)
{
    return d->name;
}

void raw_device_plan(const struct raw_device *d, struct raw_plan *plan)
{
    plan->source = d->source;
    for (unsigned i = 0; i < RAW_PASSES; i++)
        plan->tcp_ports[i] = (uint16_t)(raw_ports_tcp(d->ports) + i);
    plan->udp_first = raw_ports_udp(d->ports);
    plan->udp_count = RAW_UDP_PORTS;
}
