/* Ethernet and what may stand between it and IP: tags, labels, PPPoE, LLC, inner Ethernet.
 *
 * One loop walks from EtherType to EtherType: each header read gives the next one, so a stack of
 * any mixture is read without recursion and ends after LINK_HEADERS_MAX headers. */
#include "wire/link.h"

static uint16_t vlan_read(struct reader *r)
{
    read_skip(r, 2);
    return read_be16(r);
}

uint16_t snap_read(struct reader *r)
{
    uint32_t organisation = (uint32_t)read_u8(r) << 16;
    organisation |= read_be16(r);
    uint16_t type = read_be16(r);
    /* 0x0080c2 is 802.1's own for bridged frames: 1 and 7 are Ethernet with and without its FCS. */
    if (organisation == 0x0080c2)
        return type == 1 || type == 7 ? ETHERTYPE_TRANSPARENT : ETHERTYPE_NONE;
    if (organisation != 0 && organisation != 0x0000f8)
        return ETHERTYPE_NONE;
    return type > ETHERTYPE_LENGTH_MAX ? type : ETHERTYPE_NONE;
}

static uint16_t llc_read(struct reader *r)
{
    uint16_t access_points = read_be16(r);
    uint8_t control = read_u8(r);
    if (control != 0x03)
        return ETHERTYPE_NONE;
    if (access_points == 0x0606)
        return ETHERTYPE_IP4;
    return access_points == 0xaaaa ? snap_read(r) : ETHERTYPE_NONE;
}

/* Labels say nothing about what they carry; as every router does, the first nibble is asked. Nibble
 * 0 is the control word of a pseudowire (RFC 4448), and those carry Ethernet for the most part. */
static uint16_t mpls_read(struct reader *r)
{
    unsigned labels = 0;
    uint32_t label;
    do {
        label = read_be32(r);
        labels++;
    } while ((label & 0x100) == 0 && labels < MPLS_LABELS_MAX && !r->failed);
    if ((label & 0x100) == 0)
        r->failed = true;
    struct reader ahead = *r;
    switch (read_u8(&ahead) >> 4) {
    case 4:
        return ETHERTYPE_IP4;
    case 6:
        return ETHERTYPE_IP6;
    case 0:
        read_skip(r, 4);
        return ETHERTYPE_TRANSPARENT;
    default:
        return ETHERTYPE_NONE;
    }
}

/* Address and control may be left out, and the protocol may be one byte (RFC 1661 §6.5, §6.6). */
static uint16_t ppp_read(struct reader *r)
{
    struct reader ahead = *r;
    if (read_be16(&ahead) == 0xff03)
        *r = ahead;
    uint16_t protocol = read_u8(r);
    if ((protocol & 1) == 0)
        protocol = (uint16_t)(protocol << 8 | read_u8(r));
    switch (protocol) {
    case 0x0021:
        return ETHERTYPE_IP4;
    case 0x0057:
        return ETHERTYPE_IP6;
    case 0x0281:
        return ETHERTYPE_MPLS;
    case 0x0031: /* bridged (RFC 3518): flags, MAC type 1 for Ethernet */
        read_skip(r, 1);
        return read_u8(r) == 1 ? ETHERTYPE_TRANSPARENT : ETHERTYPE_NONE;
    default:
        return ETHERTYPE_NONE;
    }
}

static uint16_t pppoe_read(struct reader *r)
{
    uint8_t version_and_type = read_u8(r);
    uint8_t code = read_u8(r);
    read_skip(r, 2);
    size_t length = read_be16(r);
    if (version_and_type != 0x11 || code != 0)
        return ETHERTYPE_NONE;
    if (!r->failed && length < r->left)
        *r = read_part(r, length);
    return ppp_read(r);
}

static uint16_t next_type(uint16_t type, struct reader *r)
{
    switch (type) {
    case ETHERTYPE_VLAN:
    case ETHERTYPE_QINQ:
    case ETHERTYPE_QINQ_OLD:
        return vlan_read(r);
    case ETHERTYPE_MPLS:
    case ETHERTYPE_MPLS_MULTICAST:
        return mpls_read(r);
    case ETHERTYPE_PPPOE:
        return pppoe_read(r);
    case ETHERTYPE_TRANSPARENT:
        return ethernet_read(r);
    default:
        return type <= ETHERTYPE_LENGTH_MAX ? llc_read(r) : ETHERTYPE_NONE;
    }
}

enum network ethertype_open(uint16_t type, struct reader *r)
{
    for (unsigned headers = 0; headers <= LINK_HEADERS_MAX; headers++) {
        if (r->failed)
            return NETWORK_DAMAGED;
        if (type == ETHERTYPE_IP4)
            return NETWORK_IP4;
        if (type == ETHERTYPE_IP6)
            return NETWORK_IP6;
        if (type == ETHERTYPE_NONE)
            return NETWORK_NONE;
        type = next_type(type, r);
    }
    return NETWORK_DAMAGED;
}

enum network ethernet_open(struct reader *frame)
{
    uint16_t type = ethernet_read(frame);
    return ethertype_open(type, frame);
}

enum network ppp_open(struct reader *r)
{
    uint16_t type = ppp_read(r);
    return ethertype_open(type, r);
}
