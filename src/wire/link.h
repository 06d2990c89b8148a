/* From a link-layer frame to the IP packet in it: what stands in front is stepped over, not kept.
 *
 * Link types are the numbers of the public LINKTYPE_ registry, as capture files carry them. The
 * encapsulations: Ethernet II and 802.3 with LLC and SNAP, 802.1Q and 802.1ad tags, MPLS (RFC 3032,
 * pseudowires of RFC 4448), PPPoE (RFC 2516), PPP (RFC 1661, 1662), Cisco HDLC, frame relay (RFC
 * 2427), the Linux cooked forms, BSD loopback, 802.11 with radiotap, Prism or AVS in front. */
#ifndef WORMSIGN_WIRE_LINK_H
#define WORMSIGN_WIRE_LINK_H

#include <stdint.h>
#include "base/reader.h"

enum link_type {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_PPP = 9,
    LINK_RAW_BSD = 12,
    LINK_RAW_OPENBSD = 14,
    LINK_PPP_HDLC = 50,
    LINK_PPP_ETHER = 51,
    LINK_RAW = 101,
    LINK_C_HDLC = 104,
    LINK_WIFI = 105,
    LINK_FRAME_RELAY = 107,
    LINK_LOOP = 108,
    LINK_LINUX_COOKED = 113,
    LINK_WIFI_PRISM = 119,
    LINK_WIFI_RADIOTAP = 127,
    LINK_WIFI_AVS = 163,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_LINUX_COOKED_2 = 276
};

enum ethertype {
    ETHERTYPE_LENGTH_MAX = 1500, /* up to here the field is a length, and LLC follows */
    ETHERTYPE_IP4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    ETHERTYPE_TRANSPARENT = 0x6558, /* an Ethernet frame inside (RFC 1701) */
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_IP6 = 0x86dd,
    ETHERTYPE_MPLS = 0x8847,
    ETHERTYPE_MPLS_MULTICAST = 0x8848,
    ETHERTYPE_PPPOE = 0x8864,
    ETHERTYPE_QINQ = 0x88a8,
    ETHERTYPE_QINQ_OLD = 0x9100,
    ETHERTYPE_NONE = 0xffff /* reserved: we use it for "nothing that can hold IP" */
};

enum {
    LINK_HEADERS_MAX = 8, /* tags, label stacks and inner frames in front of IP; more is damage */
    MPLS_LABELS_MAX = 16  /* of one stack; more is damage */
};

enum network {
    NETWORK_IP4,         /* the reader stands at the IPv4 header */
    NETWORK_IP6,         /* the reader stands at the IPv6 header */
    NETWORK_NONE,        /* sound, but no IP inside */
    NETWORK_DAMAGED,     /* cut, or what cannot be */
    NETWORK_UNKNOWN_LINK /* a link type that we cannot read */
};

/* Steps over everything in front of the IP header. */
enum network link_open(uint32_t link_type, struct reader *frame);

/* The same from an Ethernet header on, from behind an EtherType, and from a PPP header on. */
enum network ethernet_open(struct reader *frame);
enum network ethertype_open(uint16_t type, struct reader *r);
enum network ppp_open(struct reader *r);

/* Reads the five bytes of SNAP (RFC 1042) and gives the EtherType, or ETHERTYPE_NONE. */
uint16_t snap_read(struct reader *r);

/* The same for 802.11: bare, and with one of the headers that capture drivers put in front. */
enum network wifi_open(struct reader *frame);
enum network wifi_radiotap_open(struct reader *frame);
enum network wifi_prism_open(struct reader *frame);

/* "Ethernet" and the like; NULL for a link type that link_open cannot read. */
const char *link_name(uint32_t link_type);

/* Reads the Ethernet header of a frame and gives its EtherType (0 where it is cut). */
static ALWAYS_INLINE uint16_t ethernet_read(struct reader *frame)
{
    struct reader header = read_part(frame, 14);
    read_skip(&header, 12);
    return read_be16(&header);
}

#endif
