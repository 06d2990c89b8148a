/* The link types one by one, and the table that names them.
 *
 * Layouts from the pages of the LINKTYPE_ registry. Linux cooked, version 1 (16 bytes) and 2 (20):
 *
 *   v1  packet type 2 | ARPHRD 2 | address length 2 | address 8 | protocol 2
 *   v2  protocol 2 | reserved 2 | interface 4 | ARPHRD 2 | type 1 | address length 1 | address 8
 */
#include "wire/link.h"

#include <stddef.h>

enum {
    ARPHRD_WITHOUT_ETHERTYPE_FIRST = 801, /* 802.11 and its kin: the protocol field says nothing */
    ARPHRD_WITHOUT_ETHERTYPE_LAST = 803,
    ARPHRD_NETLINK = 824
};

/* BSD systems differ in AF_INET6, and the number stands in the byte order of whoever captured. */
static enum network loopback_open(struct reader *r)
{
    uint32_t family = read_be32(r);
    if (r->failed)
        return NETWORK_DAMAGED;
    if (family > 0xffff)
        family = __builtin_bswap32(family);
    switch (family) {
    case 2:
        return NETWORK_IP4;
    case 10:
    case 23:
    case 24:
    case 28:
    case 30:
        return NETWORK_IP6;
    default:
        return NETWORK_NONE;
    }
}

/* No link header at all: the version tells. */
static enum network raw_open(const struct reader *r)
{
    struct reader ahead = *r;
    uint8_t version = read_u8(&ahead) >> 4;
    if (version == 4)
        return NETWORK_IP4;
    return version == 6 ? NETWORK_IP6 : NETWORK_DAMAGED;
}

static enum network cooked_type_open(uint16_t hardware, uint16_t protocol, struct reader *r)
{
    if (r->failed)
        return NETWORK_DAMAGED;
    if (hardware == ARPHRD_NETLINK ||
        (hardware >= ARPHRD_WITHOUT_ETHERTYPE_FIRST && hardware <= ARPHRD_WITHOUT_ETHERTYPE_LAST))
        return NETWORK_NONE;
    /* 4 is "802.2 LLC follows"; the other small numbers are things without IP. */
    if (protocol <= ETHERTYPE_LENGTH_MAX && protocol != 4)
        return NETWORK_NONE;
    return ethertype_open(protocol, r);
}

static enum network linux_cooked_open(struct reader *r)
{
    read_skip(r, 2);
    uint16_t hardware = read_be16(r);
    read_skip(r, 10);
    return cooked_type_open(hardware, read_be16(r), r);
}

static enum network linux_cooked_2_open(struct reader *r)
{
    uint16_t protocol = read_be16(r);
    read_skip(r, 6);
    uint16_t hardware = read_be16(r);
    read_skip(r, 10);
    return cooked_type_open(hardware, protocol, r);
}

/* Cisco's HDLC has 0x0f (unicast) or 0x8f (broadcast), a zero and an EtherType; PPP has ff 03. */
static enum network hdlc_open(struct reader *r)
{
    struct reader ahead = *r;
    uint8_t address = read_u8(&ahead);
    if (address != 0x0f && address != 0x8f)
        return ppp_open(r);
    read_skip(&ahead, 1);
    uint16_t type = read_be16(&ahead);
    *r = ahead;
    if (r->failed)
        return NETWORK_DAMAGED;
    return type > ETHERTYPE_LENGTH_MAX ? ethertype_open(type, r) : NETWORK_NONE;
}

/* RFC 2427: an address of two to four bytes whose last has the low bit set; then 03, perhaps a zero
 * to pad, and the protocol's NLPID. Cisco has an EtherType in place of the 03. */
static enum network frame_relay_open(struct reader *r)
{
    unsigned address_bytes = 0;
    uint8_t byte;
    do {
        byte = read_u8(r);
        address_bytes++;
    } while ((byte & 1) == 0 && address_bytes < 4 && !r->failed);
    struct reader ahead = *r;
    uint8_t control = read_u8(&ahead);
    if (control != 0x03) {
        uint16_t type = read_be16(r);
        if (r->failed)
            return NETWORK_DAMAGED;
        return type > ETHERTYPE_LENGTH_MAX ? ethertype_open(type, r) : NETWORK_NONE;
    }
    uint8_t protocol = read_u8(&ahead);
    if (protocol == 0)
        protocol = read_u8(&ahead);
    *r = ahead;
    if (r->failed)
        return NETWORK_DAMAGED;
    if (protocol == 0xcc)
        return NETWORK_IP4;
    if (protocol == 0x8e)
        return NETWORK_IP6;
    return protocol == 0x80 ? ethertype_open(snap_read(r), r) : NETWORK_NONE;
}

enum network link_open(uint32_t link_type, struct reader *frame)
{
    switch (link_type) {
    case LINK_ETHERNET:
        return ethernet_open(frame);
    case LINK_NULL:
    case LINK_LOOP:
        return loopback_open(frame);
    case LINK_RAW_BSD:
    case LINK_RAW_OPENBSD:
    case LINK_RAW:
    case LINK_IPV4:
    case LINK_IPV6:
        return raw_open(frame);
    case LINK_LINUX_COOKED:
        return linux_cooked_open(frame);
    case LINK_LINUX_COOKED_2:
        return linux_cooked_2_open(frame);
    case LINK_PPP:
    case LINK_PPP_HDLC:
    case LINK_C_HDLC:
        return hdlc_open(frame);
    case LINK_PPP_ETHER:
        return ethertype_open(ETHERTYPE_PPPOE, frame);
    case LINK_FRAME_RELAY:
        return frame_relay_open(frame);
    case LINK_WIFI:
        return wifi_open(frame);
    case LINK_WIFI_RADIOTAP:
        return wifi_radiotap_open(frame);
    case LINK_WIFI_PRISM:
    case LINK_WIFI_AVS:
        return wifi_prism_open(frame);
    default:
        return NETWORK_UNKNOWN_LINK;
    }
}

const char *link_name(uint32_t link_type)
{
    static const struct {
        uint32_t type;
        const char *name;
    } names[] = {
        {LINK_NULL, "BSD loopback"},
        {LINK_ETHERNET, "Ethernet"},
        {LINK_PPP, "PPP"},
        {LINK_RAW_BSD, "raw IP"},
        {LINK_RAW_OPENBSD, "raw IP"},
        {LINK_PPP_HDLC, "PPP in HDLC"},
        {LINK_PPP_ETHER, "PPPoE"},
        {LINK_RAW, "raw IP"},
        {LINK_C_HDLC, "Cisco HDLC"},
        {LINK_WIFI, "802.11"},
        {LINK_FRAME_RELAY, "frame relay"},
        {LINK_LOOP, "OpenBSD loopback"},
        {LINK_LINUX_COOKED, "Linux cooked"},
        {LINK_WIFI_PRISM, "802.11 with Prism header"},
        {LINK_WIFI_RADIOTAP, "802.11 with radiotap"},
        {LINK_WIFI_AVS, "802.11 with AVS header"},
        {LINK_IPV4, "raw IPv4"},
        {LINK_IPV6, "raw IPv6"},
        {LINK_LINUX_COOKED_2, "Linux cooked 2"},
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (names[i].type == link_type)
            return names[i].name;
    return NULL;
}
