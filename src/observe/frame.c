/* The frame decoder: one frame in, at most one packet out.
 *
 *   link layer -> IP (-> put together) -> transport
 *                              `-> tunnel -> IP (-> put together) -> transport
 *
 * Nearly every frame is Ethernet, IPv4, TCP or UDP: straight_decode does those inline from end to
 * end, with nothing whose address leaves it, so that all of it stays in registers. What it declines
 * begins anew on the winding path. A tunnel whose inside cannot be read is given as the packet it
 * is outside. */
#include "observe/frame.h"

#include <stdlib.h>

#include "observe/fragments.h"
#include "wire/ip.h"
#include "wire/link.h"
#include "wire/transport.h"
#include "wire/tunnel.h"

struct frame_decoder {
    struct frame_counts counts;
    struct fragment_store *fragments;
};

/* An IP packet, opened: its header, and its payload as far as it was captured. */
struct layer {
    struct ip_header ip;
    struct reader payload;
    bool reassembled;
};

/* Where a layer begins. */
struct place {
    enum network network;
    struct reader bytes;
    size_t wire_left;
    int64_t when_us;
    unsigned level; /* 0, or 1 inside a tunnel */
};

struct frame_decoder *frame_decoder_new(void)
{
    struct frame_decoder *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->fragments = fragment_store_new();
    if (d->fragments == NULL) {
        free(d);
        return NULL;
    }
    return d;
}

void frame_decoder_free(struct frame_decoder *d)
{
    if (d == NULL)
        return;
    fragment_store_free(d->fragments);
    free(d);
}

const struct frame_counts *frame_decoder_counts(const struct frame_decoder *d)
{
    return &d->counts;
}

const char *frame_link_name(uint32_t link_type)
{
    return link_name(link_type);
}

/* A fragment that the capture cut can never make a whole datagram; the first one still tells who
 * spoke to whom about what, so it passes as a cut packet. */
static enum frame_result cut_fragment_take(const struct layer *layer)
{
    return layer->ip.fragment_offset == 0 ? FRAME_PACKET : FRAME_OTHER;
}

static enum frame_result fragment_take(struct frame_decoder *d, const struct place *at,
                                       struct layer *layer)
{
    const struct ip_header *ip = &layer->ip;
    if (layer->payload.left < ip->payload_length)
        return cut_fragment_take(layer);
    struct fragment fragment = {
        .key = {.from = ip->from,
                .to = ip->to,
                .id = ip->fragment_id,
                .version = ip->version,
                .protocol = ip->version == 4 ? ip->protocol : 0},
        .when_us = at->when_us,
        .offset = ip->fragment_offset,
        .more = ip->more_fragments,
        .protocol = ip->protocol,
        .level = at->level,
        .bytes = layer->payload,
    };
    enum fragment_result result = fragment_store_add(d->fragments, &fragment, &layer->payload,
                                                     &layer->ip.protocol);
    d->counts.fragments_let_go = fragment_store_let_go(d->fragments);
    if (result == FRAGMENT_REFUSED)
        return FRAME_DAMAGED;
    if (result != FRAGMENT_WHOLE)
        return FRAME_KEPT;
    layer->ip.payload_length = layer->payload.left;
    layer->ip.is_fragment = false;
    layer->reassembled = true;
    if (layer->ip.version == 6 && !ip6_skip_extensions(&layer->payload, &layer->ip))
        return FRAME_DAMAGED;
    return layer->ip.is_fragment ? FRAME_DAMAGED : FRAME_PACKET;
}

static enum frame_result no_ip(enum network network)
{
    if (network == NETWORK_NONE)
        return FRAME_OTHER;
    return network == NETWORK_UNKNOWN_LINK ? FRAME_UNKNOWN_LINK : FRAME_DAMAGED;
}

/* FRAME_PACKET: *layer is filled. */
static enum frame_result layer_open(struct frame_decoder *d, const struct place *at,
                                    struct layer *layer)
{
    layer->payload = at->bytes;
    layer->reassembled = false;
    if (MOSTLY(at->network == NETWORK_IP4)) {
        if (RARELY(!ip4_read(&layer->payload, at->wire_left, &layer->ip)))
            return FRAME_DAMAGED;
    } else if (at->network == NETWORK_IP6) {
        if (!ip6_read(&layer->payload, at->wire_left, &layer->ip))
            return FRAME_DAMAGED;
    } else {
        return no_ip(at->network);
    }
    if (RARELY(layer->ip.is_fragment))
        return fragment_take(d, at, layer);
    return FRAME_PACKET;
}

static uint16_t ip_id_of(const struct ip_header *ip)
{
    return ip->version == 4 ? (uint16_t)ip->fragment_id : 0;
}

/* Every error quotes the header it is about and at least eight bytes more: the ports, if they are
 * there. */
void frame_quote_read(struct reader r, struct packet_quote *quote)
{
    struct ip_header ip;
    struct reader ahead = r;
    bool is_v6 = read_u8(&ahead) >> 4 == 6;
    if (!(is_v6 ? ip6_read(&r, r.left, &ip) : ip4_read(&r, r.left, &ip)))
        return;
    if (ip.fragment_offset != 0 || (ip.protocol != IP_TCP && ip.protocol != IP_UDP))
        return;
    uint16_t port_from = read_be16(&r);
    uint16_t port_to = read_be16(&r);
    if (r.failed)
        return;
    *quote = (struct packet_quote){.from = ip.from,
                                   .to = ip.to,
                                   .port_from = port_from,
                                   .port_to = port_to,
                                   .protocol = ip.protocol};
}

/* Whatever is neither TCP nor UDP: only ICMP's refusals are looked into. */
static enum frame_result other_fill(const struct layer *layer, int64_t when_us, struct packet *out)
{
    const struct ip_header *ip = &layer->ip;
    struct packet packet = {.when_us = when_us,
                            .from = ip->from,
                            .to = ip->to,
                            .protocol = ip->protocol,
                            .ip_id = ip_id_of(ip)};
    struct icmp_header icmp;
    struct reader r = layer->payload;
    bool is_icmp = ip->protocol == (ip->version == 4 ? IP_ICMP : IP_ICMPV6);
    if (is_icmp) {
        if (!icmp_read(&r, &icmp))
            return FRAME_DAMAGED;
        packet.checksum = icmp.checksum;
        if (icmp.type == (ip->version == 4 ? ICMP_UNREACHABLE : ICMP6_UNREACHABLE))
            frame_quote_read(r, &packet.quote);
    }
    packet.payload = reader_over(r.next, 0);
    *out = packet;
    return FRAME_PACKET;
}

/* Field by field, here and below: for a struct of this size GCC clears it by `rep stos` first,
 * which costs more than all the rest of the decoder. */
static ALWAYS_INLINE void addresses_fill(const struct layer *layer, int64_t when_us,
                                         struct packet *out)
{
    out->when_us = when_us;
    out->from = layer->ip.from;
    out->to = layer->ip.to;
    out->protocol = layer->ip.protocol;
    out->reassembled = layer->reassembled;
    out->ip_id = ip_id_of(&layer->ip);
    out->quote.protocol = 0;
}

static ALWAYS_INLINE enum frame_result tcp_fill(const struct layer *layer, int64_t when_us,
                                                struct packet *out)
{
    struct reader r = layer->payload;
    struct tcp_header tcp;
    if (RARELY(!tcp_read(&r, layer->ip.payload_length, &tcp)))
        return FRAME_DAMAGED;
    addresses_fill(layer, when_us, out);
    out->port_from = tcp.port_from;
    out->port_to = tcp.port_to;
    out->tcp_flags = tcp.flags;
    out->checksum = tcp.checksum;
    out->sequence = tcp.sequence;
    out->acknowledgement = tcp.acknowledgement;
    out->payload = r;
    out->payload_length = tcp.payload_length;
    return FRAME_PACKET;
}

static ALWAYS_INLINE enum frame_result udp_fill(const struct layer *layer, int64_t when_us,
                                                struct packet *out)
{
    struct reader r = layer->payload;
    struct udp_header udp;
    if (RARELY(!udp_read(&r, layer->ip.payload_length, &udp)))
        return FRAME_DAMAGED;
    addresses_fill(layer, when_us, out);
    out->port_from = udp.port_from;
    out->port_to = udp.port_to;
    out->tcp_flags = 0;
    out->checksum = udp.checksum;
    out->sequence = 0;
    out->acknowledgement = 0;
    out->payload = r;
    out->payload_length = udp.payload_length;
    return FRAME_PACKET;
}

static enum frame_result layer_fill(const struct layer *layer, int64_t when_us, struct packet *out)
{
    if (MOSTLY(layer->ip.protocol == IP_TCP))
        return tcp_fill(layer, when_us, out);
    if (MOSTLY(layer->ip.protocol == IP_UDP))
        return udp_fill(layer, when_us, out);
    return other_fill(layer, when_us, out);
}

static ALWAYS_INLINE bool is_vxlan(struct reader udp)
{
    read_skip(&udp, 2);
    return read_be16(&udp) == VXLAN_PORT;
}

static bool may_be_tunnel(const struct layer *layer)
{
    switch (layer->ip.protocol) {
    case IP_NUMBER_UDP:
        return is_vxlan(layer->payload);
    case IP_NUMBER_GRE:
    case IP_NUMBER_IP4:
    case IP_NUMBER_IP6:
        return true;
    default:
        return false;
    }
}

/* What a fragment tells by itself: it has no ports, or they are not looked for. */
static enum frame_result kept_fill(const struct layer *layer, int64_t when_us, struct packet *out)
{
    *out = (struct packet){.when_us = when_us};
    out->from = layer->ip.from;
    out->to = layer->ip.to;
    out->protocol = layer->ip.protocol;
    return FRAME_KEPT;
}

/* Steps into the tunnel: *r goes from the outer packet's payload to the inner IP header. */
static enum network tunnel_open(uint8_t protocol, struct reader *r)
{
    switch (protocol) {
    case IP_NUMBER_IP4:
        return NETWORK_IP4;
    case IP_NUMBER_IP6:
        return NETWORK_IP6;
    case IP_NUMBER_GRE:
        return gre_open(r);
    default:
        read_skip(r, UDP_HEADER_LENGTH);
        return vxlan_open(r);
    }
}

static enum frame_result tunnel_take(struct frame_decoder *d, const struct layer *outer,
                                     int64_t when_us, struct packet *out)
{
    struct place inside = {.bytes = outer->payload, .when_us = when_us, .level = 1};
    inside.network = tunnel_open(outer->ip.protocol, &inside.bytes);
    inside.wire_left = outer->ip.payload_length - (outer->payload.left - inside.bytes.left);
    struct layer inner;
    enum frame_result result = layer_open(d, &inside, &inner);
    if (result == FRAME_KEPT)
        return kept_fill(&inner, when_us, out);
    if (result == FRAME_PACKET && layer_fill(&inner, when_us, out) == FRAME_PACKET)
        return FRAME_PACKET;
    return layer_fill(outer, when_us, out);
}

static enum frame_result winding_decode(struct frame_decoder *d, uint32_t link_type,
                                        int64_t when_us, struct reader frame, size_t wire_length,
                                        struct packet *out)
{
    struct place at = {.bytes = frame, .when_us = when_us};
    size_t wire = wire_length > frame.left ? wire_length : frame.left;
    at.network = link_open(link_type, &at.bytes);
    at.wire_left = wire - (frame.left - at.bytes.left);
    struct layer layer;
    enum frame_result result = layer_open(d, &at, &layer);
    if (result == FRAME_KEPT)
        return kept_fill(&layer, when_us, out);
    if (result != FRAME_PACKET)
        return result;
    if (may_be_tunnel(&layer))
        return tunnel_take(d, &layer, when_us, out);
    return layer_fill(&layer, when_us, out);
}

/* True where the frame was of the common kind, and *out is filled; false says nothing about the
 * frame. */
static ALWAYS_INLINE bool straight_decode(uint32_t link_type, int64_t when_us, struct reader frame,
                                          struct packet *out)
{
    struct layer layer = {.payload = frame};
    if (link_type != LINK_ETHERNET || ethernet_read(&layer.payload) != ETHERTYPE_IP4)
        return false;
    if (!ip4_read(&layer.payload, 0, &layer.ip) || layer.ip.is_fragment)
        return false;
    if (layer.ip.protocol == IP_TCP)
        return tcp_fill(&layer, when_us, out) == FRAME_PACKET;
    if (layer.ip.protocol == IP_UDP && !is_vxlan(layer.payload))
        return udp_fill(&layer, when_us, out) == FRAME_PACKET;
    return false;
}

static void count(struct frame_counts *counts, enum frame_result result)
{
    switch (result) {
    case FRAME_PACKET:
        counts->packets++;
        break;
    case FRAME_KEPT:
        counts->fragments_kept++;
        break;
    case FRAME_OTHER:
        counts->other++;
        break;
    case FRAME_DAMAGED:
        counts->damaged++;
        break;
    case FRAME_UNKNOWN_LINK:
        counts->unknown_link++;
        break;
    }
}

enum frame_result frame_decode(struct frame_decoder *d, uint32_t link_type, int64_t when_us,
                               struct reader frame, size_t wire_length, struct packet *out)
{
    if (MOSTLY(straight_decode(link_type, when_us, frame, out))) {
        d->counts.packets++;
        return FRAME_PACKET;
    }
    enum frame_result result = winding_decode(d, link_type, when_us, frame, wire_length, out);
    count(&d->counts, result);
    return result;
}
