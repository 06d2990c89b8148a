/* What is given of a flow. Who began is decided here, by what was seen: the sender of the SYN, else
 * the other one than the sender of the SYN-ACK, else, of the middle of a connection, not the side
 * on the port of a service (the rules of Argus's clients, spec 6; UDP is as version 3 has it, who
 * sent first). */
#include "source/argus_inside.h"
#include "source/flow_book_inside.h"

enum { PORT_SERVICE_MAX = 1024, PORT_FTP_DATA = 20, MASK_IPV4 = 32, MASK_IPV6 = 128 };

static const struct endpoint *end_of(const struct book_flow *f, unsigned side)
{
    return &f->name.end[side ^ f->first_sender];
}

static bool is_from_service(const struct book_flow *f)
{
    uint16_t source = end_of(f, 0)->port, destination = end_of(f, 1)->port;
    return source <= PORT_SERVICE_MAX && source != PORT_FTP_DATA &&
           destination > PORT_SERVICE_MAX && argus_is_tcp_service(source);
}

/* Which side is the source. */
static unsigned source_of(const struct book_flow *f, struct flow_record *out)
{
    const struct book_side *s = f->side;
    out->client_known = true;
    if (f->name.protocol != IP_TCP || f->is_fragment)
        return 0;
    if (s[0].sent_syn || s[1].sent_syn)
        return s[0].sent_syn ? 0 : 1;
    if (s[0].sent_syn_ack || s[1].sent_syn_ack) {
        out->was_turned = s[0].sent_syn_ack;
        return s[0].sent_syn_ack ? 1 : 0;
    }
    out->client_known = false;
    return is_from_service(f) ? 1 : 0;
}

static uint32_t bit(bool is_set, uint32_t value)
{
    return is_set ? value : 0;
}

static uint32_t tcp_status_of(const struct book_flow *f, unsigned source)
{
    const struct book_side *s = &f->side[source], *d = &f->side[1 - source];
    uint32_t status = bit(s->sent_syn || d->sent_syn, FLOW_SYN) |
                      bit(s->sent_syn_ack || d->sent_syn_ack, FLOW_SYN_ACK) |
                      bit(f->established, FLOW_ESTABLISHED) |
                      bit(s->sent_fin || d->sent_fin, FLOW_FIN) |
                      bit(s->fin_acknowledged || d->fin_acknowledged, FLOW_FIN_ACK) |
                      bit(s->fin_acknowledged && d->fin_acknowledged, FLOW_CLOSED_WELL);
    for (unsigned i = 0; i < 2; i++) {
        const struct book_side *side = i == 0 ? s : d;
        status |= bit(side->sent_again, FLOW_SOURCE_RETRANSMITTED) << i;
        status |= bit(side->window_shut, FLOW_SOURCE_WINDOW_SHUT) << i;
        status |= bit(side->sent_reset, FLOW_SOURCE_RESET) << i;
        status |= bit(side->out_of_order, FLOW_SOURCE_OUT_OF_ORDER) << i;
    }
    return status;
}

static void fill_side(struct book_flow *f, unsigned side, struct flow_side *out)
{
    struct book_side *s = &f->side[side];
    *out = (struct flow_side){.packets = s->packets,
                              .bytes = s->bytes,
                              .app_bytes = s->app_bytes,
                              .lost = s->lost,
                              .mask = f->name.kind == FLOW_IPV6 ? MASK_IPV6 : MASK_IPV4,
                              .tcp_flags = s->tcp_flags,
                              .ip_known = s->ip_known,
                              .vlan_known = s->vlan_known,
                              .mpls_known = s->mpls_known,
                              .mac_known = s->mac_known,
                              .ttl = s->ttl,
                              .tos = s->tos,
                              .vlan = s->vlan,
                              .mpls = s->mpls,
                              .mac = s->mac};
    out->end = *end_of(f, side);
    if (f->name.kind == FLOW_ETHERNET || f->name.kind == FLOW_RARP) {
        out->end.address = (struct address){0, 0};
        out->mac = end_of(f, side)->address.low; /* a name's numbers are MACs here */
        out->mac_known = true;
    }
    if (s->data == NULL)
        return;
    out->data = flow_data_close(s->data);
    out->data_present = true;
    out->data_limit = FLOW_DATA_BYTES;
    out->data_count = (uint16_t)out->data.left;
}

void flow_book_record(struct book_flow *f, struct flow_record *out)
{
    *out = (struct flow_record){.kind = (enum flow_kind)f->name.kind,
                                .protocol = f->name.protocol,
                                .cause = FLOW_START,
                                .counts_known = true,
                                .app_bytes_known = true,
                                .loss_known = f->name.protocol == IP_TCP,
                                .times_known = true,
                                .is_fragment = f->is_fragment,
                                .is_rtp = f->name.protocol == IP_UDP &&
                                          (f->side[0].may_be_rtp || f->side[1].may_be_rtp),
                                .first_us = f->first_us,
                                .last_us = f->last_us,
                                .merged = 1,
                                .icmp_type = f->icmp_type,
                                .icmp_code = f->icmp_code,
                                .id = f->id,
                                .ethertype = f->ethertype,
                                .mapped = (enum flow_icmp_mapped)f->mapped,
                                .mapped_type = f->mapped_type,
                                .mapped_code = f->mapped_code,
                                .mapped_by = f->mapped_by,
                                .encapsulation = f->encapsulation};
    unsigned source = source_of(f, out);
    if (f->name.protocol == IP_TCP && !f->is_fragment)
        out->tcp_status = tcp_status_of(f, source);
    fill_side(f, source, &out->side[0]);
    fill_side(f, 1 - source, &out->side[1]);
}
