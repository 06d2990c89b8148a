/* A program for the kernel (XDP) at the far end of a veth pair: it refuses every TCP connection and
 * every UDP datagram there, on the way in, at next to no cost. What a scan then takes is mostly its
 * own; a kernel that answers does it in the scanner's time. bench/raw compiles and loads it.
 * Sources: RFC 9293 3.5.2 (reset), RFC 792 and RFC 1122 3.2.2.1 (port unreachable), linux/bpf.h. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#define SECTION(name) __attribute__((section(name), used))
#define BE16(number) __builtin_bswap16(number)
#define BE32(number) __builtin_bswap32(number)

static long (*const csum_diff)(__be32 *from, __u32 from_size, __be32 *to, __u32 to_size,
                               __wsum seed) = (void *)BPF_FUNC_csum_diff;
static long (*const adjust_head)(struct xdp_md *frame, int by) = (void *)BPF_FUNC_xdp_adjust_head;
static long (*const adjust_tail)(struct xdp_md *frame, int by) = (void *)BPF_FUNC_xdp_adjust_tail;

/* What is asked, and a reset. */
struct segment {
    struct ethhdr ethernet;
    struct iphdr ip;
    struct tcphdr tcp;
} __attribute__((packed));

/* Before the segment in its checksum. */
struct pseudo {
    __be32 from, to;
    __u8 zero, protocol;
    __be16 size;
};

/* What is asked in a datagram, as far as it is quoted. */
struct quote {
    struct iphdr ip;
    struct udphdr udp;
} __attribute__((packed));

struct datagram {
    struct ethhdr ethernet;
    struct quote quote;
} __attribute__((packed));

struct unreachable {
    struct ethhdr ethernet;
    struct iphdr ip;
    __u8 type, code;
    __u16 check;
    __u32 unused;
    struct quote quote;
} __attribute__((packed));

enum { ANSWER_GREW = sizeof(struct unreachable) - sizeof(struct datagram) };

static __always_inline __u16 checksum(void *bytes, __u32 size, __u32 seed)
{
    __u64 sum = (__u64)csum_diff(0, 0, bytes, size, seed);
    for (int i = 0; i < 3; i++)
        sum = (sum & 0xffff) + (sum >> 16);
    return (__u16)~sum;
}

static __always_inline void answer_ethernet(struct ethhdr *to, const struct ethhdr *asked)
{
    struct ethhdr was = *asked;
    __builtin_memcpy(to->h_dest, was.h_source, ETH_ALEN);
    __builtin_memcpy(to->h_source, was.h_dest, ETH_ALEN);
    to->h_proto = was.h_proto;
}

static __always_inline void answer_ip(struct iphdr *to, const struct iphdr *asked, __u8 protocol,
                                      __u16 size)
{
    __be32 host = asked->daddr, asker = asked->saddr;
    *to = (struct iphdr){.version = 4, .ihl = 5, .ttl = 64, .protocol = protocol};
    to->tot_len = BE16(size);
    to->saddr = host;
    to->daddr = asker;
    to->check = checksum(to, sizeof *to, 0);
}

static __always_inline void *start_of(const struct xdp_md *frame)
{
    return (void *)(long)frame->data;
}

static __always_inline void *end_of(const struct xdp_md *frame)
{
    return (void *)(long)frame->data_end;
}

static __always_inline int reset(struct xdp_md *frame)
{
    struct segment *s = start_of(frame);
    if ((void *)(s + 1) > end_of(frame) || !s->tcp.syn || s->tcp.ack)
        return XDP_PASS;
    if (adjust_tail(frame, (int)sizeof *s - (int)(end_of(frame) - start_of(frame))) != 0)
        return XDP_PASS;
    s = start_of(frame);
    if ((void *)(s + 1) > end_of(frame))
        return XDP_PASS;
    struct tcphdr asked = s->tcp;
    answer_ethernet(&s->ethernet, &s->ethernet);
    answer_ip(&s->ip, &s->ip, IPPROTO_TCP, sizeof s->ip + sizeof s->tcp);
    s->tcp = (struct tcphdr){.doff = 5, .rst = 1, .ack = 1};
    s->tcp.source = asked.dest;
    s->tcp.dest = asked.source;
    s->tcp.ack_seq = BE32(BE32(asked.seq) + 1);
    struct pseudo pseudo = {s->ip.saddr, s->ip.daddr, 0, IPPROTO_TCP, BE16(sizeof s->tcp)};
    s->tcp.check = checksum(&s->tcp, sizeof s->tcp,
                            (__u32)csum_diff(0, 0, (void *)&pseudo, sizeof pseudo, 0));
    return XDP_TX;
}

static __always_inline int unreachable(struct xdp_md *frame)
{
    int size = (int)(end_of(frame) - start_of(frame));
    if (size < (int)sizeof(struct datagram) ||
        adjust_tail(frame, (int)sizeof(struct datagram) - size) != 0 ||
        adjust_head(frame, -ANSWER_GREW) != 0)
        return XDP_PASS;
    struct unreachable *u = start_of(frame);
    if ((void *)(u + 1) > end_of(frame))
        return XDP_DROP;
    answer_ethernet(&u->ethernet, (void *)u + ANSWER_GREW);
    answer_ip(&u->ip, &u->quote.ip, IPPROTO_ICMP, sizeof *u - sizeof u->ethernet);
    u->type = u->code = 3;
    u->check = 0;
    u->unused = 0;
    u->check = checksum(&u->type, sizeof *u - sizeof u->ethernet - sizeof u->ip, 0);
    return XDP_TX;
}

SECTION("xdp") int reflect(struct xdp_md *frame)
{
    struct datagram *asked = start_of(frame);
    if ((void *)(asked + 1) > end_of(frame) || asked->ethernet.h_proto != BE16(ETH_P_IP) ||
        asked->quote.ip.ihl != 5)
        return XDP_PASS;
    if (asked->quote.ip.protocol == IPPROTO_TCP)
        return reset(frame);
    return asked->quote.ip.protocol == IPPROTO_UDP ? unreachable(frame) : XDP_PASS;
}

/* For the near end: a veth takes back what an XDP program sends only where its own end has one. */
SECTION("xdp.near") int near_end(struct xdp_md *frame)
{
    (void)frame;
    return XDP_PASS;
}
