/* The table, and how each value is taken from a record. */
#include "report/flow_fields.h"

#include <string.h>

#include "base/time.h"
#include "base/compiler.h"
#include "observe/packet.h"

static void set_count(struct flow_value *out, uint64_t number)
{
    out->kind = FLOW_VALUE_COUNT;
    out->number = number;
}

static void set_decimal(struct flow_value *out, double decimal)
{
    out->kind = FLOW_VALUE_DECIMAL;
    out->decimal = decimal;
}

static void set_code(struct flow_value *out, uint64_t number, uint8_t digits)
{
    out->kind = FLOW_VALUE_CODE;
    out->number = number;
    out->mask = digits;
}

static void set_text(struct flow_value *out, const char *text)
{
    out->kind = FLOW_VALUE_TEXT;
    out->text = text;
}

static void get_time(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (!r->times_known)
        return;
    out->kind = FLOW_VALUE_TIME;
    out->us = side == 0 ? r->first_us : r->last_us;
}

static uint64_t duration_us(const struct flow_record *r)
{
    bool is_sane = r->times_known && r->last_us > r->first_us;
    return is_sane ? (uint64_t)r->last_us - (uint64_t)r->first_us : 0;
}

static void get_duration(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    if (!r->times_known)
        return;
    out->kind = FLOW_VALUE_SPAN;
    out->us = (int64_t)duration_us(r);
}

static void get_merged(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    set_count(out, r->merged);
}

static void get_flags(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    set_text(out, flow_flags(r, out->buffer));
}

static void get_protocol(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    set_text(out, flow_protocol_name(r, out->buffer));
}

static void get_state(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    set_text(out, flow_state_name(r));
}

static void get_direction(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    set_text(out, flow_direction(r));
}

static void get_cause(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    set_text(out, flow_cause_name(r));
}

static void set_mac(struct flow_value *out, uint64_t mac)
{
    out->kind = FLOW_VALUE_MAC;
    out->number = mac;
}

/* A merged address is a prefix; where nothing of it is left, it is not known. */
static void get_address(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    enum { BITS_4 = 32, BITS_6 = 128 };
    const struct flow_side *s = &r->side[side];
    if (flow_has_macs(r)) {
        set_mac(out, s->mac);
        return;
    }
    if (!flow_is_ip(r) && r->kind != FLOW_ARP)
        return;
    uint8_t whole = r->kind == FLOW_IPV6 ? BITS_6 : BITS_4;
    if (s->mask == 0 && r->merged > 1)
        return;
    bool is_whole = s->mask == 0 || s->mask >= whole;
    out->kind = is_whole ? FLOW_VALUE_ADDRESS : FLOW_VALUE_PREFIX;
    out->address = s->end.address;
    out->mask = s->mask;
}

static void get_mac(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->side[side].mac_known)
        set_mac(out, r->side[side].mac);
}

static void get_icmp_port(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    bool is_6 = r->protocol == IP_ICMPV6;
    uint8_t told = side == 0 ? r->icmp_type : r->icmp_code;
    if (r->merged > 1 && told == FLOW_ICMP_MIXED)
        return;
    if (told == 0 && (!is_6 || r->form == 5))
        return;
    if (is_6)
        set_count(out, told);
    else
        set_code(out, told, 4);
}

/* Of ICMP type and code, of ESP the SPI. Records of version 5 have none where it is 0, as ra shows
 * them; a port that merged records do not share is 0 as well. */
static void get_port(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    enum { ESP = 50, NO_PROTOCOL = 255 };
    bool is_ip = flow_is_ip(r);
    uint16_t port = r->side[side].end.port;
    if (is_ip && (r->protocol == IP_ICMP || r->protocol == IP_ICMPV6)) {
        get_icmp_port(r, side, out);
        return;
    }
    if (is_ip && r->protocol == ESP && side == 1) {
        set_code(out, r->id, 8);
        return;
    }
    bool has_ports = is_ip && (r->protocol == IP_TCP || r->protocol == IP_UDP);
    bool has_saps = r->kind == FLOW_ETHERNET;
    if (port == 0 && (r->form == 5 || r->merged > 1 || !(has_ports || has_saps)))
        return;
    out->kind = FLOW_VALUE_PORT;
    out->number = port;
    out->mask = is_ip ? r->protocol : NO_PROTOCOL;
}

static void get_packets(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->counts_known)
        set_count(out, r->side[side].packets);
}

static void get_bytes(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->counts_known)
        set_count(out, r->side[side].bytes);
}

static void get_app_bytes(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->app_bytes_known)
        set_count(out, r->side[side].app_bytes);
}

static void get_lost(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->loss_known)
        set_count(out, r->side[side].lost);
}

static void get_all_packets(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    if (r->counts_known)
        set_count(out, r->side[0].packets + r->side[1].packets);
}

static void get_all_bytes(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    if (r->counts_known)
        set_count(out, r->side[0].bytes + r->side[1].bytes);
}

static void get_all_app_bytes(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    if (r->app_bytes_known)
        set_count(out, r->side[0].app_bytes + r->side[1].app_bytes);
}

static void get_all_lost(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    if (r->loss_known)
        set_count(out, r->side[0].lost + r->side[1].lost);
}

static void set_share_lost(struct flow_value *out, uint64_t lost, uint64_t packets)
{
    double all = (double)lost + (double)packets;
    set_decimal(out, all > 0 ? 100.0 * (double)lost / all : 0);
}

static void get_share_lost(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->loss_known)
        set_share_lost(out, r->side[side].lost, r->side[side].packets);
}

static void get_all_share_lost(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    if (r->loss_known)
        set_share_lost(out, r->side[0].lost + r->side[1].lost,
                       r->side[0].packets + r->side[1].packets);
}

static double a_second(const struct flow_record *r, double amount)
{
    uint64_t us = duration_us(r);
    return us > 0 ? amount * (double)US_PER_SECOND / (double)us : 0;
}

/* The first packet opens the time that is divided by, so it is not counted. */
static double packets_a_second(const struct flow_record *r, uint64_t packets)
{
    return packets > 1 ? a_second(r, (double)(packets - 1)) : 0;
}

static double bits_a_second(const struct flow_record *r, unsigned side)
{
    const struct flow_side *s = &r->side[side];
    return s->packets > 1 ? a_second(r, 8.0 * (double)(s->bytes - s->bytes / s->packets)) : 0;
}

static void get_rate(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->counts_known)
        set_decimal(out, packets_a_second(r, r->side[side].packets));
}

static void get_all_rate(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    if (r->counts_known)
        set_decimal(out, packets_a_second(r, r->side[0].packets + r->side[1].packets));
}

static void get_load(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->counts_known)
        set_decimal(out, bits_a_second(r, side));
}

static void get_all_load(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    if (r->counts_known)
        set_decimal(out, bits_a_second(r, 0) + bits_a_second(r, 1));
}

static void get_mean_size(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    const struct flow_side *s = &r->side[side];
    if (r->counts_known)
        set_decimal(out, s->packets > 0 ? (double)s->bytes / (double)s->packets : 0);
}

static void get_ttl(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->side[side].ip_known)
        set_count(out, r->side[side].ttl);
}

static void get_tos(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->side[side].ip_known)
        set_count(out, r->side[side].tos);
}

static void get_vlan(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->side[side].vlan_known)
        set_count(out, r->side[side].vlan & 0xfff);
}

static void get_vlan_priority(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->side[side].vlan_known)
        set_count(out, r->side[side].vlan >> 13);
}

static void get_mpls(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->side[side].mpls_known)
        set_count(out, r->side[side].mpls);
}

static void get_router(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    if (r->mapped == FLOW_ICMP_NONE)
        return;
    out->kind = FLOW_VALUE_ADDRESS;
    out->address = r->mapped_by;
}

/* Sensors of version 3 are named by an address. */
static void get_source_id(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    if (!r->source_id_known)
        return;
    if (r->form != 3) {
        set_code(out, r->source_id, 8);
        return;
    }
    out->kind = FLOW_VALUE_ADDRESS;
    out->address = address_of_v4(r->source_id);
}

static void get_sequence(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    (void)side;
    if (r->sequence_known)
        set_count(out, r->sequence);
}

static void get_data(const struct flow_record *r, unsigned side, struct flow_value *out)
{
    if (r->side[side].data.left == 0)
        return;
    out->kind = FLOW_VALUE_DATA;
    out->data = r->side[side].data;
    out->mask = side == 0 ? 's' : 'd';
}

const struct flow_field flow_fields[] = {
    {"stime", "StartTime", 27, false, 0, get_time, "when the first packet passed"},
    {"ltime", "LastTime", 27, false, 1, get_time, "when the last packet passed"},
    {"dur", "Dur", 11, false, 0, get_duration, "seconds from the first to the last packet"},
    {"trans", "Trans", 6, false, 0, get_merged, "records that are put together in this one"},
    {"flgs", "Flgs", 10, true, 0, get_flags, "how it was carried, loss, what ICMP said of it"},
    {"proto", "Proto", 9, false, 0, get_protocol, "protocol"},
    {"saddr", "SrcAddr", 18, false, 0, get_address, "address of the source"},
    {"sport", "Sport", 6, true, 0, get_port, "port of the source; of ICMP the type"},
    {"dir", "Dir", 5, true, 0, get_direction, "who began: -> the source, <?> is not known"},
    {"daddr", "DstAddr", 18, false, 1, get_address, "address of the destination"},
    {"dport", "Dport", 6, true, 1, get_port, "port of the destination; of ICMP the code"},
    {"pkts", "TotPkts", 8, false, 0, get_all_packets, "packets"},
    {"spkts", "SrcPkts", 8, false, 0, get_packets, "packets of the source"},
    {"dpkts", "DstPkts", 8, false, 1, get_packets, "packets of the destination"},
    {"bytes", "TotBytes", 10, false, 0, get_all_bytes, "bytes of frames"},
    {"sbytes", "SrcBytes", 10, false, 0, get_bytes, "bytes of the source's frames"},
    {"dbytes", "DstBytes", 10, false, 1, get_bytes, "bytes of the destination's frames"},
    {"appbytes", "TotAppByte", 10, false, 0, get_all_app_bytes, "bytes of payload"},
    {"sappbytes", "SAppBytes", 10, false, 0, get_app_bytes, "bytes of the source's payload"},
    {"dappbytes", "DAppBytes", 10, false, 1, get_app_bytes, "bytes of the destination's payload"},
    {"state", "State", 6, true, 0, get_state, "how far it came: REQ, CON, FIN, RST, TIM, URP ..."},
    {"cause", "Cause", 8, true, 0, get_cause, "why the record was written"},
    {"rate", "Rate", 12, false, 0, get_all_rate, "packets a second"},
    {"srate", "SrcRate", 12, false, 0, get_rate, "packets a second of the source"},
    {"drate", "DstRate", 12, false, 1, get_rate, "packets a second of the destination"},
    {"load", "Load", 14, false, 0, get_all_load, "bits a second"},
    {"sload", "SrcLoad", 14, false, 0, get_load, "bits a second of the source"},
    {"dload", "DstLoad", 14, false, 1, get_load, "bits a second of the destination"},
    {"loss", "Loss", 7, false, 0, get_all_lost, "packets that were sent again"},
    {"sloss", "SrcLoss", 7, false, 0, get_lost, "packets that the source sent again"},
    {"dloss", "DstLoss", 7, false, 1, get_lost, "packets that the destination sent again"},
    {"ploss", "pLoss", 10, false, 0, get_all_share_lost, "percent of packets sent again"},
    {"psloss", "pSrcLoss", 10, false, 0, get_share_lost, "the same of the source"},
    {"pdloss", "pDstLoss", 10, false, 1, get_share_lost, "the same of the destination"},
    {"smeansz", "SMeanSz", 12, false, 0, get_mean_size, "mean bytes of the source's packets"},
    {"dmeansz", "DMeanSz", 12, false, 1, get_mean_size, "mean bytes of the destination's packets"},
    {"smac", "SrcMac", 18, false, 0, get_mac, "MAC of the source's side"},
    {"dmac", "DstMac", 18, false, 1, get_mac, "MAC of the destination's side"},
    {"sttl", "sTtl", 4, false, 0, get_ttl, "time to live of the source's packets"},
    {"dttl", "dTtl", 4, false, 1, get_ttl, "time to live of the destination's packets"},
    {"stos", "sTos", 4, false, 0, get_tos, "type of service of the source's packets"},
    {"dtos", "dTos", 4, false, 1, get_tos, "type of service of the destination's packets"},
    {"svid", "sVid", 5, false, 0, get_vlan, "VLAN of the source's packets"},
    {"dvid", "dVid", 5, false, 1, get_vlan, "VLAN of the destination's packets"},
    {"svpri", "sVpri", 5, false, 0, get_vlan_priority, "VLAN priority of the source's packets"},
    {"dvpri", "dVpri", 5, false, 1, get_vlan_priority,
     "VLAN priority of the destination's packets"},
    {"smpls", "sMpls", 8, false, 0, get_mpls, "MPLS label of the source's packets"},
    {"dmpls", "dMpls", 8, false, 1, get_mpls, "MPLS label of the destination's packets"},
    {"inode", "Inode", 18, false, 0, get_router,
     "the router whose ICMP message speaks of the flow"},
    {"srcid", "SrcId", 18, false, 0, get_source_id, "the sensor"},
    {"seq", "Seq", 10, false, 0, get_sequence, "the sensor's number of the flow"},
    {"suser", "srcUdata", 0, true, 0, get_data, "first bytes that the source said"},
    {"duser", "dstUdata", 0, true, 1, get_data, "first bytes that the destination said"},
};

const size_t flow_field_count = COUNT_OF(flow_fields);

const struct flow_field *flow_field_named(const char *name, size_t length)
{
    for (size_t i = 0; i < flow_field_count; i++)
        if (strlen(flow_fields[i].name) == length && memcmp(flow_fields[i].name, name, length) == 0)
            return &flow_fields[i];
    return NULL;
}

static struct flow_rank rank_of_bytes(struct reader r)
{
    struct flow_rank rank = {0, 0};
    for (unsigned i = 0; i < 2 * sizeof rank.high; i++) {
        uint64_t *half = i < sizeof rank.high ? &rank.high : &rank.low;
        *half = *half << 8 | (r.left > 0 ? read_u8(&r) : 0);
    }
    return rank;
}

struct flow_rank flow_value_rank(const struct flow_value *v)
{
    const uint64_t sign = UINT64_C(1) << 63;
    switch (v->kind) {
    case FLOW_VALUE_NONE:
        break;
    case FLOW_VALUE_COUNT:
    case FLOW_VALUE_PORT:
    case FLOW_VALUE_CODE:
    case FLOW_VALUE_MAC:
        return (struct flow_rank){1, v->number};
    case FLOW_VALUE_TIME:
    case FLOW_VALUE_SPAN:
        return (struct flow_rank){1, (uint64_t)v->us ^ sign};
    case FLOW_VALUE_DECIMAL: { /* none is below 0, so their bits are in their order */
        uint64_t bits;
        memcpy(&bits, &v->decimal, sizeof bits);
        return (struct flow_rank){1, bits};
    }
    case FLOW_VALUE_TEXT:
        return rank_of_bytes(reader_over(v->text, strlen(v->text)));
    case FLOW_VALUE_ADDRESS:
    case FLOW_VALUE_PREFIX:
        return (struct flow_rank){v->address.high, v->address.low};
    case FLOW_VALUE_DATA:
        return rank_of_bytes(v->data);
    }
    return (struct flow_rank){0, 0};
}
