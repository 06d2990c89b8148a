/* Tunnel headers.
 *
 *   GRE    flags and version 2 | protocol 2 | checksum 4 (C) | key 4 (K) | sequence 4 (S)
 *   PPTP   flags and version 2 | 0x880b 2 | length and call 4 | sequence 4 (S) | acknowledged 4 (A)
 *   VXLAN  flags 1 | reserved 3 | network 3 | reserved 1 | Ethernet
 *
 * GRE's protocol 0x88be is ERSPAN, a switch's mirror port sent over IP: with a sequence number an
 * eight-byte header follows, without there is none; then Ethernet. */
#include "wire/tunnel.h"

enum {
    GRE_CHECKSUM = 0x8000,
    GRE_ROUTING = 0x4000,
    GRE_KEY = 0x2000,
    GRE_SEQUENCE = 0x1000,
    GRE_ACKNOWLEDGEMENT = 0x0080, /* version 1 alone */
    GRE_VERSION = 0x0007,
    GRE_PPP = 0x880b,
    GRE_ERSPAN = 0x88be
};

static enum network pptp_open(struct reader *r, uint16_t flags, uint16_t protocol)
{
    read_skip(r, 4);
    if ((flags & GRE_SEQUENCE) != 0)
        read_skip(r, 4);
    if ((flags & GRE_ACKNOWLEDGEMENT) != 0)
        read_skip(r, 4);
    /* Without a sequence number there is no payload: it only acknowledges. */
    if (protocol != GRE_PPP || (flags & GRE_SEQUENCE) == 0)
        return NETWORK_NONE;
    return ppp_open(r);
}

enum network gre_open(struct reader *r)
{
    uint16_t flags = read_be16(r);
    uint16_t protocol = read_be16(r);
    if ((flags & GRE_VERSION) == 1)
        return pptp_open(r, flags, protocol);
    if ((flags & (GRE_VERSION | GRE_ROUTING)) != 0 || protocol <= ETHERTYPE_LENGTH_MAX)
        return r->failed ? NETWORK_DAMAGED : NETWORK_NONE;
    if ((flags & GRE_CHECKSUM) != 0)
        read_skip(r, 4);
    if ((flags & GRE_KEY) != 0)
        read_skip(r, 4);
    if ((flags & GRE_SEQUENCE) != 0)
        read_skip(r, 4);
    if (protocol != GRE_ERSPAN)
        return ethertype_open(protocol, r);
    if ((flags & GRE_SEQUENCE) != 0)
        read_skip(r, 8);
    return ethernet_open(r);
}

enum network vxlan_open(struct reader *r)
{
    uint8_t flags = read_u8(r);
    read_skip(r, 7);
    if ((flags & 0x08) == 0)
        return r->failed ? NETWORK_DAMAGED : NETWORK_NONE;
    return ethernet_open(r);
}
