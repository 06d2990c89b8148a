/* IPv6: the fixed header of 40 bytes, and the chain of extension headers behind it.
 *
 *   hop-by-hop 0, routing 43, destination 60,   next 1 | length 1, in eights, the first not counted
 *   mobility 135, HIP 139, shim6 140
 *   AH 51                                       next 1 | length 1, in fours, two not counted
 *   fragment 44                                 8 bytes
 *
 * A fragment header with offset 0 and nothing to follow (RFC 6946) makes no fragment. */
#include "wire/ip.h"

static bool is_skipped(uint8_t number)
{
    return number == 0 || number == 43 || number == 60 || number == 51 || number == 135 ||
           number == 139 || number == 140;
}

static void fragment_header_read(struct reader *r, struct ip_header *ip)
{
    ip->protocol = read_u8(r);
    read_skip(r, 1);
    uint16_t fragment = read_be16(r);
    ip->fragment_id = read_be32(r);
    ip->fragment_offset = fragment & 0xfff8U;
    ip->more_fragments = (fragment & 1) != 0;
    ip->is_fragment = ip->fragment_offset != 0 || ip->more_fragments;
}

static void extension_skip(struct reader *r, struct ip_header *ip)
{
    size_t unit = ip->protocol == 51 ? 4 : 8;
    ip->protocol = read_u8(r);
    size_t length = read_u8(r);
    size_t whole = unit == 4 ? (length + 2) * 4 : (length + 1) * 8;
    read_skip(r, whole - 2);
}

bool ip6_skip_extensions(struct reader *r, struct ip_header *ip)
{
    unsigned extensions = 0;
    size_t before = r->left;
    while (is_skipped(ip->protocol) || ip->protocol == IP_NUMBER_FRAGMENT) {
        if (extensions++ == IP6_EXTENSIONS_MAX)
            return false;
        if (ip->protocol == IP_NUMBER_FRAGMENT)
            fragment_header_read(r, ip);
        else
            extension_skip(r, ip);
        if (r->failed)
            return false;
        if (ip->is_fragment)
            break; /* what follows is the payload of the fragment, whatever its number says */
    }
    size_t skipped = before - r->left;
    if (skipped > ip->payload_length)
        return false;
    ip->payload_length -= skipped;
    return true;
}

bool ip6_read(struct reader *r, size_t wire_left, struct ip_header *out)
{
    struct reader header = read_part(r, IP6_HEADER_LENGTH);
    if (r->failed || wire_left < IP6_HEADER_LENGTH)
        return false;
    struct ip_header ip = {.version = 6};
    uint32_t version = read_be32(&header) >> 28;
    ip.payload_length = read_be16(&header);
    ip.protocol = read_u8(&header);
    read_skip(&header, 1);
    ip.from.high = read_be64(&header);
    ip.from.low = read_be64(&header);
    ip.to.high = read_be64(&header);
    ip.to.low = read_be64(&header);
    if (version != 6)
        return false;
    if (ip.payload_length == 0)
        ip.payload_length = wire_left - IP6_HEADER_LENGTH;
    *r = read_part(r, r->left < ip.payload_length ? r->left : ip.payload_length);
    if (!ip6_skip_extensions(r, &ip))
        return false;
    *out = ip;
    return true;
}
