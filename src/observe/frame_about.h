/* What a flow record wants to know of one frame: all that is counted or shown of it, down to the
 * transport header.
 *
 * The decoder of observe/frame.h serves detectors and is as fast as it can be; this one serves
 * people, tells more (time to live, tags, MACs, ARP, ICMP's numbers), keeps nothing between frames
 * and puts no fragments together: a sensor counts these one by one. Tunnels (GRE, IP in IP, VXLAN)
 * are opened one level deep, as there. */
#ifndef WORMSIGN_OBSERVE_FRAME_ABOUT_H
#define WORMSIGN_OBSERVE_FRAME_ABOUT_H

#include "observe/flow_record.h"
#include "observe/frame.h"
#include "observe/packet.h"

struct frame_about {
    enum flow_kind kind;
    uint8_t protocol; /* IP protocol number */
    uint8_t tcp_flags;
    uint8_t ttl, tos; /* of IP */
    bool is_fragment; /* one behind the first: no ports, no flags */
    bool more_fragments;
    bool is_answer; /* ARP, RARP: a reply, so `to` is who asked */
    bool vlan_known, mpls_known, mac_known;
    int64_t when_us;
    size_t bytes; /* of the whole frame, on the wire */
    /* Of ARP who asks and who is asked for; of FLOW_ETHERNET and FLOW_RARP the MACs as numbers. */
    struct address from, to;
    uint16_t port_from, port_to; /* 0 where the protocol has none; of LLC its access points */
    uint16_t vlan;               /* the outermost tag */
    uint16_t ethertype;          /* FLOW_ETHERNET; 0: LLC */
    uint32_t mpls;               /* the outermost label */
    uint64_t mac_from, mac_to;
    uint32_t encapsulation; /* as flow_record's */
    uint32_t ip_id;         /* the identification of IP's fragments */
    uint32_t sequence;      /* TCP */
    uint16_t window;        /* TCP, as it stands there */
    uint8_t icmp_type, icmp_code;
    uint32_t id;        /* ICMP's echo and its kin: id; ESP: SPI */
    struct reader data; /* payload of TCP and UDP; else all behind IP, or behind the EtherType */
    size_t data_length; /* on the wire; more than data.left where the capture cut it */
    struct packet_quote quote; /* of ICMP errors: the packet that they are about */
};

/* FRAME_PACKET: it is of a flow, and *out is filled; else *out is undefined. FRAME_OTHER: sound,
 * but of no flow (no IP on a link without MACs, ARP between other addresses than IPv4's). */
enum frame_result frame_about_read(uint32_t link_type, int64_t when_us, struct reader frame,
                                   size_t wire_length, struct frame_about *out);

#endif
