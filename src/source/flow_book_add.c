/* What one frame adds to its flow. */
#include <stdlib.h>

#include "source/flow_book_inside.h"

static void count(struct book_flow *f, struct book_side *s, const struct frame_about *frame)
{
    bool is_ip = frame->kind == FLOW_IPV4 || frame->kind == FLOW_IPV6;
    if (frame->when_us < f->first_us)
        f->first_us = frame->when_us;
    if (frame->when_us > f->last_us)
        f->last_us = frame->when_us;
    s->packets++;
    s->bytes += frame->bytes;
    s->app_bytes += frame->data_length;
    if (is_ip) {
        s->ttl = frame->ttl;
        s->tos = frame->tos;
        s->ip_known = true;
    }
    if (frame->mac_known && !s->mac_known) {
        s->mac = frame->mac_from;
        s->mac_known = true;
    }
    if (frame->vlan_known)
        s->vlan = frame->vlan;
    if (frame->mpls_known)
        s->mpls = frame->mpls;
    s->vlan_known |= frame->vlan_known;
    s->mpls_known |= frame->mpls_known;
    f->encapsulation |= frame->encapsulation;
}

/* What a frame is asked for the first time that it is needed; NULL, counted, without memory. */
static struct flow_data *data_of(struct flow_book *b, struct book_side *s)
{
    if (s->data == NULL)
        s->data = calloc(1, sizeof *s->data);
    b->let_go += s->data == NULL;
    return s->data;
}

static void note_signals(struct book_flow *f, struct book_side *s, struct book_side *other,
                         const struct frame_about *frame)
{
    uint8_t flags = frame->tcp_flags;
    bool acknowledges = (flags & TCP_ACK) != 0;
    s->tcp_flags |= flags;
    if ((flags & TCP_SYN) != 0) {
        s->sent_syn |= !acknowledges;
        s->sent_syn_ack |= acknowledges;
    } else if (acknowledges && (flags & TCP_RST) == 0) {
        f->established = true; /* also where the handshake was not captured */
    }
    if (acknowledges && other->sent_fin)
        other->fin_acknowledged = true;
    s->sent_fin |= (flags & TCP_FIN) != 0;
    s->sent_reset |= (flags & TCP_RST) != 0;
    s->window_shut |= frame->window == 0 && (flags & (TCP_RST | TCP_SYN)) == 0;
}

static void note_again(struct book_side *s)
{
    s->sent_again = true;
    s->lost++;
}

/* Who was not answered may ask again with another number. */
static void take_syn(struct book_side *s, uint32_t base, bool is_first)
{
    if (!is_first)
        note_again(s);
    if (!s->base_known || s->base != base)
        s->expected = base;
    s->base = base;
    s->base_known = true;
}

static void take_segment(struct flow_book *b, struct book_side *s, const struct frame_about *frame)
{
    uint32_t start = frame->sequence + ((frame->tcp_flags & TCP_SYN) != 0);
    uint32_t end = start + (uint32_t)frame->data_length;
    if (!s->base_known) {
        s->base = s->expected = start;
        s->base_known = true;
    }
    bool is_keep_alive = start == s->expected - 1 && frame->data_length == 1;
    if ((int32_t)(end - s->expected) <= 0 && !is_keep_alive)
        note_again(s);
    else if ((int32_t)(start - s->expected) > 0)
        s->out_of_order = true;
    if ((int32_t)(end - s->expected) > 0)
        s->expected = end;
    if ((int32_t)(start - s->base) < 0 || start - s->base >= FLOW_DATA_BYTES)
        return;
    struct flow_data *data = data_of(b, s);
    if (data != NULL)
        flow_data_put(data, start - s->base, frame->data);
}

static void add_tcp(struct flow_book *b, struct book_flow *f, unsigned side,
                    const struct frame_about *frame)
{
    struct book_side *s = &f->side[side];
    bool is_first = !s->sent_syn && !s->sent_syn_ack;
    note_signals(f, s, &f->side[1 - side], frame);
    if ((frame->tcp_flags & TCP_SYN) != 0)
        take_syn(s, frame->sequence + 1, is_first);
    if (frame->data_length > 0 && (frame->tcp_flags & TCP_RST) == 0)
        take_segment(b, s, frame);
}

enum { PORT_SERVER_MAX = 1023, RTP_HEADER_LENGTH = 12 };

static void add_data(struct flow_book *b, struct book_side *s, const struct frame_about *frame)
{
    if (frame->data.left == 0)
        return;
    struct reader ahead = frame->data;
    bool is_rtp = frame->port_from > PORT_SERVER_MAX && frame->port_to > PORT_SERVER_MAX &&
                  frame->data_length >= RTP_HEADER_LENGTH && read_u8(&ahead) >> 6 == 2;
    s->may_be_rtp = is_rtp && (s->may_be_rtp || s->packets == 1);
    if (s->data != NULL && s->data->end == FLOW_DATA_BYTES)
        return;
    struct flow_data *data = data_of(b, s);
    if (data != NULL)
        flow_data_append(data, frame->data);
}

void flow_book_add(struct flow_book *b, struct book_flow *f, unsigned side,
                   const struct frame_about *frame)
{
    struct book_side *s = &f->side[side];
    if (f->side[0].packets + f->side[1].packets == 0) {
        f->icmp_type = frame->icmp_type;
        f->icmp_code = frame->icmp_code;
        f->ethertype = frame->ethertype;
        f->id = frame->quote.protocol == 0 ? frame->id : 0;
    }
    count(f, s, frame);
    if (frame->protocol == IP_TCP && !frame->is_fragment)
        add_tcp(b, f, side, frame);
    else
        add_data(b, s, frame);
}

static bool is_tcp(const struct book_flow *f)
{
    return f->name.protocol == IP_TCP && !f->is_fragment;
}

static bool is_closed(const struct book_flow *f)
{
    return f->side[0].sent_reset || f->side[1].sent_reset ||
           (f->side[0].sent_fin && f->side[1].sent_fin);
}

/* A SYN with another number on ports whose connection stood or ended; one that was never answered
 * may be tried again by a scanner with any number. */
bool flow_book_begins_anew(const struct book_flow *f, unsigned from,
                           const struct frame_about *frame)
{
    const struct book_side *s = &f->side[from ^ f->first_sender];
    if (!is_tcp(f) || (frame->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
        return false;
    bool is_known = s->base_known && s->base == frame->sequence + 1;
    return !is_known && (is_closed(f) || f->established);
}

enum flow_queue_kind flow_book_queue_of(const struct book_flow *f)
{
    if (is_tcp(f))
        return is_closed(f) ? FLOW_QUEUE_TCP_CLOSED : FLOW_QUEUE_TCP;
    bool is_short = f->name.kind == FLOW_ARP || f->name.kind == FLOW_RARP || f->is_fragment ||
                    f->name.protocol == IP_ICMP || f->name.protocol == IP_ICMPV6;
    return is_short ? FLOW_QUEUE_ICMP : FLOW_QUEUE_IP;
}

bool flow_book_is_over(const struct book_flow *f)
{
    enum { ECHO = 8, DNS_PORT = 53 };
    if (f->is_fragment || f->side[0].packets != f->side[1].packets)
        return false;
    if (f->name.kind == FLOW_IPV4 && f->name.protocol == IP_ICMP)
        return f->name.number >> 8 == ECHO;
    return f->name.protocol == IP_UDP &&
           (f->name.end[0].port == DNS_PORT || f->name.end[1].port == DNS_PORT);
}
