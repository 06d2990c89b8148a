/* The parts of a record that are read for people alone:
 *
 *   VLAN            u16 TCI of the source, of the destination; the qualifier says which are set
 *   MAC             destination first, then source
 *   MPLS            u32 entries, as many as the two nibbles of the qualifier say, source first
 *   IP attributes   ttl, tos, u16 id of the source; options; the same of the destination; options
 *   ICMP mapped     type, code, u16, the router that complained, and the packet it complained of
 *   encapsulation   u32 bits of the source, of the destination
 *   TCP             the ninth word of each block counts what was sent again
 *
 * These speak of the source as it was before a client turned the record round, so they are turned
 * as the counters were. Source: spec of Argus, 3 and 6. */
#include "source/argus_flow_record.h"

#include "observe/packet.h"
#include "source/argus_inside.h"

enum part_type {
    PART_ENCAPSULATION = 0x20,
    PART_NETWORK = 0x30,
    PART_MAPPED = 0x34,
    PART_VLAN = 0x40,
    PART_MAC = 0x42,
    PART_MPLS = 0x44,
    PART_IP = 0x48
};

enum { OF_SOURCE = 1, OF_DESTINATION = 2 }; /* of a qualifier */

static void read_encapsulation(struct reader r, struct flow_record *out)
{
    out->encapsulation = read_be32(&r);
    out->encapsulation |= read_be32(&r);
}

static void read_retransmitted(const struct argus_part *part, struct flow_record *out)
{
    enum { TCP_BEGUN = 3, TCP = 5, HEAD_WORDS = 5, BLOCK_WORDS = 12, MSS = 2, BEFORE = 8 };
    struct reader r = part->body;
    if (part->subtype == TCP_BEGUN) {
        out->loss_known = true; /* one packet */
        return;
    }
    if (part->subtype != TCP)
        return;
    size_t block = ARGUS_PART_WORD * (size_t)(BLOCK_WORDS + (part->qualifier == MSS));
    read_skip(&r, HEAD_WORDS * ARGUS_PART_WORD);
    for (unsigned i = 0; i < 2 && r.left >= block; i++) {
        struct reader b = read_part(&r, block);
        read_skip(&b, BEFORE * ARGUS_PART_WORD);
        out->side[i].lost = read_be32(&b);
        out->loss_known = true;
    }
}

static void read_mapped(const struct argus_part *part, struct flow_record *out)
{
    struct reader r = part->body;
    uint8_t type = read_u8(&r), code = read_u8(&r);
    read_skip(&r, 2);
    uint32_t router = read_be32(&r);
    if (r.failed)
        return;
    if ((part->qualifier & 1) != 0)
        out->mapped = FLOW_ICMP_UNREACHABLE;
    else if ((part->qualifier & 2) != 0)
        out->mapped = FLOW_ICMP_REDIRECT;
    else if ((part->qualifier & 4) != 0)
        out->mapped = FLOW_ICMP_TIME_EXCEEDED;
    else
        return;
    out->mapped_type = type;
    out->mapped_code = code;
    out->mapped_by = address_of_v4(router);
}

static void read_vlan(const struct argus_part *part, struct flow_record *out)
{
    struct reader r = part->body;
    for (unsigned i = 0; i < 2; i++) {
        uint16_t tag = read_be16(&r);
        if ((part->qualifier & (i == 0 ? OF_SOURCE : OF_DESTINATION)) == 0 || r.failed)
            continue;
        out->side[i].vlan = tag;
        out->side[i].vlan_known = true;
    }
}

static void read_mac(struct reader r, struct flow_record *out)
{
    for (unsigned i = 2; i-- > 0;) {
        uint64_t mac = read_be48(&r);
        if (r.failed)
            return;
        out->side[i].mac = mac;
        out->side[i].mac_known = true;
    }
}

static void read_mpls(const struct argus_part *part, struct flow_record *out)
{
    enum { LABEL_SHIFT = 12 };
    struct reader r = part->body;
    const unsigned counts[2] = {part->qualifier >> 4, part->qualifier & 15};
    for (unsigned i = 0; i < 2; i++) {
        for (unsigned n = 0; n < counts[i]; n++) {
            uint32_t entry = read_be32(&r);
            if (r.failed || n > 0)
                continue;
            out->side[i].mpls = entry >> LABEL_SHIFT;
            out->side[i].mpls_known = true;
        }
    }
}

static void read_ip(const struct argus_part *part, struct flow_record *out)
{
    enum { OPTIONS = 4, FRAGMENTS = 0x30 };
    struct reader r = part->body;
    out->is_fragment |= (part->qualifier & FRAGMENTS) != 0;
    for (unsigned i = 0; i < 2; i++) {
        unsigned bit = i == 0 ? OF_SOURCE : OF_DESTINATION;
        if ((part->qualifier & bit) != 0) {
            uint8_t ttl = read_u8(&r), tos = read_u8(&r);
            read_skip(&r, 2);
            if (r.failed)
                return;
            out->side[i].ttl = ttl;
            out->side[i].tos = tos;
            out->side[i].ip_known = true;
        }
        if ((part->qualifier & bit * OPTIONS) != 0)
            read_skip(&r, ARGUS_PART_WORD);
    }
}

static void read_part_of(const struct argus_part *part, struct flow_record *out)
{
    switch (part->type) {
    case PART_ENCAPSULATION:
        read_encapsulation(part->body, out);
        break;
    case PART_NETWORK:
        read_retransmitted(part, out);
        break;
    case PART_MAPPED:
        read_mapped(part, out);
        break;
    case PART_VLAN:
        read_vlan(part, out);
        break;
    case PART_MAC:
        read_mac(part->body, out);
        break;
    case PART_MPLS:
        read_mpls(part, out);
        break;
    case PART_IP:
        read_ip(part, out);
        break;
    default:
        break; /* read by argus_flow_read, or of no use here */
    }
}

static enum flow_kind kind_of(const struct argus_flow *f)
{
    switch (f->key) {
    case ARGUS_KEY_IPV4:
        return FLOW_IPV4;
    case ARGUS_KEY_IPV6:
        return FLOW_IPV6;
    case ARGUS_KEY_ETHERNET:
        return FLOW_ETHERNET;
    case ARGUS_KEY_ARP:
        return FLOW_ARP;
    case ARGUS_KEY_RARP:
        return FLOW_RARP;
    case ARGUS_KEY_NONE:
    case ARGUS_KEY_OTHER:
        break;
    }
    return FLOW_OTHER;
}

/* Whether side 0 was seen to begin. The sensor's order of a UDP flow is that of its packets. */
static bool is_client_known(const struct argus_flow *f)
{
    const uint8_t both = TCP_SYN | TCP_ACK;
    if (f->turn == ARGUS_TURNED_BY_PORTS || f->turn == ARGUS_KEY_AGAINST_COUNTS)
        return false;
    if (f->protocol != IP_TCP || (f->key != ARGUS_KEY_IPV4 && f->key != ARGUS_KEY_IPV6))
        return true;
    if ((f->tcp_status & ARGUS_SAW_SYN) != 0 || f->turn == ARGUS_TURNED_BY_ANSWER)
        return true;
    bool from_server = (f->side[0].tcp_flags & both) == both && !f->client_turned;
    return (f->tcp_status & ARGUS_SAW_SYN_ACK) != 0 && !from_server;
}

static void swap_sides(struct flow_record *out)
{
    struct flow_side source = out->side[0];
    out->side[0] = out->side[1];
    out->side[1] = source;
}

static void copy_side(const struct argus_flow *f, unsigned i, struct flow_side *to)
{
    const struct argus_side *from = &f->side[i];
    to->end = from->end;
    to->mask = from->mask;
    to->packets = from->packets;
    to->bytes = from->bytes;
    to->app_bytes = from->app_bytes;
    to->tcp_flags = from->tcp_flags;
    to->data = from->data.bytes;
    to->data_present = from->data.present;
    to->data_limit = from->data.limit;
    to->data_count = from->data.count;
    if (f->key != ARGUS_KEY_ETHERNET && f->key != ARGUS_KEY_RARP)
        return;
    to->mac = f->mac[i]; /* of the key: it says who is the source */
    to->mac_known = true;
}

void argus_flow_record_of(const struct argus_record *r, const struct argus_flow *f,
                          struct flow_record *out)
{
    struct reader parts = r->body;
    struct argus_part part;
    bool damaged;
    *out = (struct flow_record){.kind = kind_of(f),
                                .protocol = f->protocol,
                                .cause = f->cause,
                                .form = f->version,
                                .counts_known = true,
                                .app_bytes_known = f->app_bytes_known,
                                .times_known = f->times_known,
                                .source_id_known = f->source_id_known,
                                .sequence_known = f->sequence_known,
                                .is_fragment = f->is_fragment,
                                .is_rtp = f->net == ARGUS_NET_RTP,
                                .was_turned = f->turn == ARGUS_TURNED_BY_ANSWER,
                                .client_known = is_client_known(f),
                                .first_us = f->first_us,
                                .last_us = f->last_us,
                                .tcp_status = f->tcp_status,
                                .merged = f->merged,
                                .source_id = f->source_id,
                                .sequence = f->sequence,
                                .icmp_type = f->icmp_type,
                                .icmp_code = f->icmp_code,
                                .id = f->id,
                                .ethertype = f->ethertype};
    while (argus_next_part(&parts, &part, &damaged))
        read_part_of(&part, out);
    if (f->turn == ARGUS_TURNED_BY_ANSWER || f->turn == ARGUS_TURNED_BY_PORTS)
        swap_sides(out);
    copy_side(f, 0, &out->side[0]);
    copy_side(f, 1, &out->side[1]);
}

void argus_flow_record_of_mar(const struct argus_record *r, struct flow_record *out)
{
    struct argus_mar mar;
    argus_mar_read(r, &mar);
    *out = (struct flow_record){.kind = FLOW_MANAGEMENT,
                                .cause = mar.cause,
                                .form = mar.version,
                                .times_known = !r->body.failed,
                                .first_us = mar.start_us,
                                .last_us = mar.now_us,
                                .merged = 1};
    if (out->last_us < out->first_us)
        out->first_us = out->last_us;
}
