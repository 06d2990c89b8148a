/* The flow key.
 *
 *   IPv4      src4 dst4 protocol inner
 *             TCP, UDP: sport dport smask dmask   ICMP: type code id ip-id
 *   IPv6      src16 dst16 protocol label3
 *             TCP, UDP: sport dport   ICMPv6: type code id   then: smask dmask
 *   ethernet  destination 6, source 6, type, dsap, ssap
 *   ARP       hrd pro hln pln op sender4 target4 hardware address
 *   RARP      hrd pro hln pln op target4 two hardware addresses
 *
 * Sensors keep it in the order of a hash, and a bit says that the source stands second.
 * Source: spec of Argus, 3. */
#include "observe/packet.h"
#include "source/argus_inside.h"

enum { KIND = 0x3f, REVERSED = 0x40 };                                       /* of the subtype */
enum { FAMILY = 0x1f, CLIENT_TURNED = 0x20, MASKS = 0x40, FRAGMENT = 0x80 }; /* qualifier */
enum { KIND_FIVE = 1, KIND_PAIR = 3, KIND_ARP = 6 };
enum { FAMILY_IPV4 = 1, FAMILY_IPV6 = 2, FAMILY_ETHERNET = 3, FAMILY_ARP = 4, FAMILY_RARP = 5 };
enum { IP_IGMP = 2, IP_ESP = 50 };

static struct address read_address6(struct reader *r)
{
    uint64_t high = read_be64(r);
    return (struct address){high, read_be64(r)};
}

static void read_ports(struct reader *r, struct argus_flow *out)
{
    out->side[0].end.port = read_be16(r);
    out->side[1].end.port = read_be16(r);
}

static void read_ipv4(struct reader r, bool pair_only, struct argus_flow *out)
{
    out->key = ARGUS_KEY_IPV4;
    for (unsigned i = 0; i < 2; i++) {
        out->side[i].end.address = address_of_v4(read_be32(&r));
        out->side[i].mask = 32;
    }
    if (pair_only)
        return;
    out->protocol = read_u8(&r);
    (void)read_u8(&r);
    if (out->protocol == IP_TCP || out->protocol == IP_UDP) {
        read_ports(&r, out);
        if (out->masks_known) {
            out->side[0].mask = read_u8(&r);
            out->side[1].mask = read_u8(&r);
        }
    } else if (out->protocol == IP_ICMP || out->protocol == IP_IGMP) {
        out->icmp_type = read_u8(&r);
        out->icmp_code = read_u8(&r);
        out->id = read_be16(&r);
    } else if (out->protocol == IP_ESP) {
        read_skip(&r, 2);
        out->id = read_be32(&r);
    }
}

static void read_ipv6(struct reader r, bool pair_only, struct argus_flow *out)
{
    out->key = ARGUS_KEY_IPV6;
    for (unsigned i = 0; i < 2; i++) {
        out->side[i].end.address = read_address6(&r);
        out->side[i].mask = 128;
    }
    if (pair_only)
        return;
    out->protocol = read_u8(&r);
    read_skip(&r, 3); /* the label */
    if (out->protocol == IP_TCP || out->protocol == IP_UDP) {
        read_ports(&r, out);
    } else if (out->protocol == IP_ICMPV6) {
        out->icmp_type = read_u8(&r);
        out->icmp_code = read_u8(&r);
        out->id = read_be16(&r);
    }
    /* Masks come next, in the order of bytes of whoever wrote them: not to be relied on. */
}

static void read_ethernet(struct reader r, struct argus_flow *out)
{
    out->key = ARGUS_KEY_ETHERNET;
    out->mac[1] = read_be48(&r);
    out->mac[0] = read_be48(&r);
    out->ethertype = read_be16(&r);
    out->side[0].end.port = read_u8(&r); /* dsap and ssap: what clients print as ports */
    out->side[1].end.port = read_u8(&r);
}

static void read_arp(struct reader r, struct argus_flow *out)
{
    out->key = ARGUS_KEY_ARP;
    read_skip(&r, 8);
    out->side[0].end.address = address_of_v4(read_be32(&r));
    out->side[1].end.address = address_of_v4(read_be32(&r));
}

static void read_rarp(struct reader r, struct argus_flow *out)
{
    out->key = ARGUS_KEY_RARP;
    read_skip(&r, 8);
    out->side[1].end.address = address_of_v4(read_be32(&r));
    out->mac[0] = read_be48(&r);
    out->mac[1] = read_be48(&r);
}

static void swap_ends(struct argus_flow *f)
{
    struct argus_side *s = &f->side[0], *d = &f->side[1];
    struct endpoint end = s->end;
    uint8_t mask = s->mask;
    uint64_t mac = f->mac[0];
    s->end = d->end, d->end = end;
    s->mask = d->mask, d->mask = mask;
    f->mac[0] = f->mac[1], f->mac[1] = mac;
}

void argus_key_read(const struct argus_part *part, struct argus_flow *out, bool *reversed)
{
    unsigned kind = part->subtype & KIND;
    bool pair_only = kind == KIND_PAIR;
    out->masks_known = (part->qualifier & MASKS) != 0;
    out->client_turned = (part->qualifier & CLIENT_TURNED) != 0;
    out->is_fragment = (part->qualifier & FRAGMENT) != 0;
    *reversed = (part->subtype & REVERSED) != 0;
    out->key = ARGUS_KEY_OTHER;
    if (kind != KIND_FIVE && kind != KIND_PAIR && kind != KIND_ARP)
        return;
    switch (part->qualifier & FAMILY) {
    case FAMILY_IPV4:
        read_ipv4(part->body, pair_only, out);
        break;
    case FAMILY_IPV6:
        read_ipv6(part->body, pair_only, out);
        break;
    case FAMILY_ETHERNET:
        read_ethernet(part->body, out);
        break;
    case FAMILY_ARP: /* the asker asks, whatever the order of the hash */
        read_arp(part->body, out);
        return;
    case FAMILY_RARP:
        read_rarp(part->body, out);
        return;
    default:
        return;
    }
    if (*reversed)
        swap_ends(out);
}

bool argus_key_has_port(const struct argus_part *part, uint16_t port)
{
    enum { BEFORE_IPV4 = 8, BEFORE_IPV6 = 32, BETWEEN_IPV4 = 1, BETWEEN_IPV6 = 3 };
    struct reader r = part->body;
    bool is_v6 = (part->qualifier & FAMILY) == FAMILY_IPV6;
    if ((part->subtype & KIND) != KIND_FIVE ||
        (!is_v6 && (part->qualifier & FAMILY) != FAMILY_IPV4))
        return false;
    read_skip(&r, is_v6 ? BEFORE_IPV6 : BEFORE_IPV4);
    uint8_t protocol = read_u8(&r);
    read_skip(&r, is_v6 ? BETWEEN_IPV6 : BETWEEN_IPV4);
    uint16_t source = read_be16(&r), destination = read_be16(&r);
    return (protocol == IP_TCP || protocol == IP_UDP) && !r.failed &&
           (source == port || destination == port);
}
