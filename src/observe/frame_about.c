/* Ethernet's addresses and tags are read here; every other link layer is stepped over by wire/link.
 *
 *   ARP, RARP   hardware 2 | protocol 2 | lengths 1, 1 | operation 2 | then sender and target, each
 *               a MAC of 6 and an IPv4 address of 4 (RFC 826, 903); other lengths are passed over
 */
#include "observe/frame_about.h"

#include "wire/ip.h"
#include "wire/link.h"
#include "wire/transport.h"
#include "wire/tunnel.h"

enum { ETHERTYPE_RARP = 0x8035, IP_NUMBER_IGMP = 2, IP_NUMBER_ESP = 50 };

enum { ARP_REPLY = 2, RARP_REPLY = 4, ARP_ETHERNET_IP4 = 0x0604 /* the two lengths */ };

static struct address address_of_mac(uint64_t mac)
{
    return (struct address){.high = 0, .low = mac};
}

static enum frame_result arp_read(struct reader r, bool is_reverse, struct frame_about *out)
{
    read_skip(&r, 4);
    uint16_t lengths = read_be16(&r);
    uint16_t operation = read_be16(&r);
    uint64_t sender_mac = read_be48(&r);
    uint32_t sender = read_be32(&r);
    uint64_t target_mac = read_be48(&r);
    uint32_t target = read_be32(&r);
    if (r.failed)
        return FRAME_DAMAGED;
    if (lengths != ARP_ETHERNET_IP4 || operation == 0 || operation > RARP_REPLY)
        return FRAME_OTHER;
    out->is_answer = operation == ARP_REPLY || operation == RARP_REPLY;
    out->kind = is_reverse ? FLOW_RARP : FLOW_ARP;
    out->from = is_reverse ? address_of_mac(sender_mac) : address_of_v4(sender);
    out->to = is_reverse ? address_of_mac(target_mac) : address_of_v4(target);
    return FRAME_PACKET;
}

/* Tags in front of what the frame carries: notes the outermost of each kind, returns the type of
 * what follows them. */
static uint16_t tags_read(uint16_t type, struct reader *r, struct frame_about *out)
{
    for (unsigned tags = 0; tags < LINK_HEADERS_MAX; tags++) {
        if (type != ETHERTYPE_VLAN && type != ETHERTYPE_QINQ && type != ETHERTYPE_QINQ_OLD)
            break;
        uint16_t tag = read_be16(r);
        type = read_be16(r);
        if (!out->vlan_known)
            out->vlan = tag;
        out->vlan_known = true;
        out->encapsulation |= FLOW_INSIDE_VLAN;
    }
    if (type == ETHERTYPE_MPLS || type == ETHERTYPE_MPLS_MULTICAST) {
        enum { LABEL_SHIFT = 12 };
        struct reader ahead = *r;
        out->mpls = read_be32(&ahead) >> LABEL_SHIFT;
        out->mpls_known = !ahead.failed;
        out->encapsulation |= FLOW_INSIDE_MPLS;
    }
    return type;
}

static enum frame_result other_frame(uint16_t type, struct reader rest, size_t wire_left,
                                     struct frame_about *out)
{
    out->kind = FLOW_ETHERNET;
    out->ethertype = type <= ETHERTYPE_LENGTH_MAX ? 0 : type;
    if (out->ethertype == 0) { /* its access points are what a record has as ports */
        struct reader llc = rest;
        out->port_to = read_u8(&llc);
        out->port_from = read_u8(&llc);
        out->encapsulation |= FLOW_INSIDE_LLC;
    }
    out->from = address_of_mac(out->mac_from);
    out->to = address_of_mac(out->mac_to);
    out->data = rest;
    out->data_length = wire_left;
    return FRAME_PACKET;
}

static void icmp_fill(struct reader r, uint8_t version, struct frame_about *out)
{
    struct reader ahead = r;
    out->icmp_type = read_u8(&ahead);
    out->icmp_code = read_u8(&ahead);
    read_skip(&ahead, 2);
    out->id = read_be16(&ahead);
    read_skip(&r, ICMP_HEADER_LENGTH);
    enum { REDIRECT = 5, TIME_EXCEEDED = 11, TIME_EXCEEDED_6 = 3 };
    uint8_t type = out->icmp_type;
    bool is_error = version == 4
                        ? type == ICMP_UNREACHABLE || type == REDIRECT || type == TIME_EXCEEDED
                        : type == ICMP6_UNREACHABLE || type == TIME_EXCEEDED_6;
    if (is_error && !r.failed)
        frame_quote_read(r, &out->quote);
}

static bool transport_fill(const struct ip_header *ip, struct reader payload,
                           struct frame_about *out)
{
    enum { WINDOW_AT = 14 };
    struct reader r = payload;
    struct tcp_header tcp;
    struct udp_header udp;
    out->data = payload;
    out->data_length = ip->payload_length;
    out->is_fragment = ip->fragment_offset != 0;
    out->more_fragments = ip->more_fragments;
    if (out->is_fragment)
        return true;
    if (ip->protocol == IP_TCP && tcp_read(&r, ip->payload_length, &tcp)) {
        struct reader header = payload;
        read_skip(&header, WINDOW_AT);
        out->window = read_be16(&header);
        out->tcp_flags = tcp.flags;
        out->sequence = tcp.sequence;
        out->port_from = tcp.port_from;
        out->port_to = tcp.port_to;
        out->data = r;
        out->data_length = tcp.payload_length;
    } else if (ip->protocol == IP_UDP && udp_read(&r, ip->payload_length, &udp)) {
        out->port_from = udp.port_from;
        out->port_to = udp.port_to;
        out->data = r;
        out->data_length = udp.payload_length;
    } else if (ip->protocol == IP_TCP || ip->protocol == IP_UDP) {
        return false;
    } else if (ip->protocol == (ip->version == 4 ? IP_ICMP : IP_ICMPV6)) {
        icmp_fill(payload, ip->version, out);
    } else if (ip->protocol == IP_NUMBER_IGMP) {
        out->icmp_type = read_u8(&r);
        out->icmp_code = read_u8(&r);
    } else if (ip->protocol == IP_NUMBER_ESP) {
        out->id = read_be32(&r);
    }
    return true;
}

/* Leaves *r at the payload of IP. */
static bool ip_fill(enum network network, struct reader *r, size_t wire_left, struct ip_header *ip,
                    struct frame_about *out)
{
    struct reader header = *r;
    uint16_t start = read_be16(&header);
    read_skip(&header, network == NETWORK_IP4 ? 6 : 5);
    uint8_t ttl = read_u8(&header);
    if (network == NETWORK_IP4 ? !ip4_read(r, wire_left, ip) : !ip6_read(r, wire_left, ip))
        return false;
    out->kind = network == NETWORK_IP4 ? FLOW_IPV4 : FLOW_IPV6;
    out->ttl = ttl;
    out->tos = (uint8_t)(network == NETWORK_IP4 ? start & 0xff : start >> 4 & 0xff);
    out->from = ip->from;
    out->to = ip->to;
    out->protocol = ip->protocol;
    out->ip_id = ip->fragment_id;
    return true;
}

/* From the payload of the outer packet to the inner IP header; NETWORK_NONE where there is none. */
static enum network tunnel_open(const struct ip_header *outer, struct reader *r)
{
    struct reader ahead = *r;
    switch (outer->protocol) {
    case IP_NUMBER_IP4:
        return NETWORK_IP4;
    case IP_NUMBER_IP6:
        return NETWORK_IP6;
    case IP_NUMBER_GRE:
        return gre_open(r);
    case IP_NUMBER_UDP:
        read_skip(&ahead, 2);
        if (read_be16(&ahead) != VXLAN_PORT)
            return NETWORK_NONE;
        read_skip(r, UDP_HEADER_LENGTH);
        return vxlan_open(r);
    default:
        return NETWORK_NONE;
    }
}

static enum frame_result ip_read(enum network network, struct reader r, size_t wire_left,
                                 struct frame_about *out)
{
    struct ip_header outer, inner;
    if (!ip_fill(network, &r, wire_left, &outer, out))
        return FRAME_DAMAGED;
    struct reader inside = r;
    enum network next = outer.is_fragment ? NETWORK_NONE : tunnel_open(&outer, &inside);
    if (next == NETWORK_IP4 || next == NETWORK_IP6) {
        struct frame_about within = *out;
        size_t left = outer.payload_length - (r.left - inside.left);
        if (outer.protocol == IP_NUMBER_GRE)
            within.encapsulation |= FLOW_INSIDE_GRE;
        if (ip_fill(next, &inside, left, &inner, &within) &&
            transport_fill(&inner, inside, &within)) {
            *out = within;
            return FRAME_PACKET;
        }
    }
    return transport_fill(&outer, r, out) ? FRAME_PACKET : FRAME_DAMAGED;
}

enum frame_result frame_about_read(uint32_t link_type, int64_t when_us, struct reader frame,
                                   size_t wire_length, struct frame_about *out)
{
    *out = (struct frame_about){.when_us = when_us, .kind = FLOW_OTHER};
    struct reader r = frame;
    enum network network;
    uint16_t type = 0;
    out->bytes = wire_length > frame.left ? wire_length : frame.left;
    if (link_type == LINK_ETHERNET) {
        out->mac_to = read_be48(&r);
        out->mac_from = read_be48(&r);
        type = tags_read(read_be16(&r), &r, out);
        out->mac_known = true;
        out->encapsulation |= FLOW_INSIDE_ETHERNET;
        if (r.failed)
            return FRAME_DAMAGED;
        struct reader behind = r;
        size_t left = out->bytes - (frame.left - r.left);
        if (type == ETHERTYPE_ARP || type == ETHERTYPE_RARP)
            return arp_read(r, type == ETHERTYPE_RARP, out);
        network = ethertype_open(type, &r);
        if (network == NETWORK_NONE)
            return other_frame(type, behind, left, out);
    } else {
        network = link_open(link_type, &r);
    }
    if (network == NETWORK_NONE)
        return FRAME_OTHER;
    if (network == NETWORK_UNKNOWN_LINK)
        return FRAME_UNKNOWN_LINK;
    if (network == NETWORK_DAMAGED)
        return FRAME_DAMAGED;
    return ip_read(network, r, out->bytes - (frame.left - r.left), out);
}
