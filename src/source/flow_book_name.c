/* Which frames are one flow. ICMP's questions and answers are one by their id; an ICMP error is a
 * flow of its own for each packet that it is about, and is noted at that packet's flow, too. */
#include "base/hash.h"
#include "source/flow_book_inside.h"

enum { ECHO_REPLY = 0, ECHO = 8, ECHO_6 = 128, ECHO_REPLY_6 = 129 };

/* A question's type for its answer, too. */
static uint8_t asking_type(const struct frame_about *frame)
{
    uint8_t type = frame->icmp_type;
    if (frame->kind == FLOW_IPV6)
        return type == ECHO_REPLY_6 ? ECHO_6 : type;
    switch (type) {
    case ECHO_REPLY:
        return ECHO;
    case 14: /* timestamp, information and address mask: replies to the numbers before */
    case 16:
    case 18:
        return (uint8_t)(type - 1);
    default:
        return type;
    }
}

static bool is_icmp(const struct frame_about *frame)
{
    return (frame->kind == FLOW_IPV4 && frame->protocol == IP_ICMP) ||
           (frame->kind == FLOW_IPV6 && frame->protocol == IP_ICMPV6);
}

static unsigned ends_of(struct endpoint from, struct endpoint to, struct flow_name *out)
{
    int order = address_compare(from.address, to.address);
    unsigned sender = order != 0 ? order > 0 : from.port > to.port;
    out->end[sender] = from;
    out->end[1 - sender] = to;
    return sender;
}

unsigned flow_name_of(const struct frame_about *frame, struct flow_name *out)
{
    *out = (struct flow_name){.kind = (uint8_t)frame->kind, .protocol = frame->protocol};
    if (frame->kind == FLOW_ARP || frame->kind == FLOW_RARP) {
        /* Who asks stands first: two that ask for each other are two flows. */
        unsigned sender = frame->is_answer ? 1 : 0;
        out->end[sender].address = frame->from;
        out->end[1 - sender].address = frame->to;
        return sender;
    }
    if (frame->is_fragment)
        out->id = frame->ip_id;
    else if (frame->kind == FLOW_ETHERNET)
        out->number = frame->ethertype;
    else
        out->id = frame->id;
    if (!frame->is_fragment && is_icmp(frame))
        out->number = (uint16_t)(asking_type(frame) << 8 | frame->icmp_code);
    if (frame->quote.protocol != 0)
        out->id = (uint32_t)hash_pair(hash_address(frame->quote.to),
                                      (uint64_t)frame->quote.port_from << 16 |
                                          frame->quote.port_to);
    return ends_of((struct endpoint){frame->from, frame->port_from},
                   (struct endpoint){frame->to, frame->port_to}, out);
}

static struct book_fragments *fragments_of(struct flow_book *b, const struct frame_about *frame)
{
    uint64_t hash = hash_pair(hash_pair(hash_address(frame->from), hash_address(frame->to)),
                              frame->ip_id);
    return &b->fragments[hash % FLOW_BOOK_FRAGMENTS];
}

void flow_book_note_fragments(struct flow_book *b, uint32_t at, const struct frame_about *frame)
{
    *fragments_of(b, frame) = (struct book_fragments){.from = frame->from,
                                                      .to = frame->to,
                                                      .ip_id = frame->ip_id,
                                                      .flow = at,
                                                      .protocol = frame->protocol};
}

/* The place may have another flow by now, or none: its addresses and protocol tell. */
uint32_t flow_book_fragment(struct flow_book *b, const struct frame_about *frame, unsigned *from)
{
    const struct book_fragments *first = fragments_of(b, frame);
    if (first->flow == 0 || first->ip_id != frame->ip_id || first->protocol != frame->protocol ||
        !address_equal(first->from, frame->from) || !address_equal(first->to, frame->to))
        return 0;
    const struct book_flow *f = &b->table->flows[first->flow];
    const struct flow_name *name = &f->name;
    unsigned sender = address_equal(name->end[0].address, frame->from) ? 0 : 1;
    if (!f->in_use || f->is_fragment || name->protocol != frame->protocol ||
        !address_equal(name->end[sender].address, frame->from) ||
        !address_equal(name->end[1 - sender].address, frame->to))
        return 0;
    *from = sender;
    return first->flow;
}

static enum flow_icmp_mapped mapping_of(const struct frame_about *frame)
{
    bool is_v6 = frame->kind == FLOW_IPV6;
    if (frame->icmp_type == (is_v6 ? 1 : 3))
        return FLOW_ICMP_UNREACHABLE;
    return !is_v6 && frame->icmp_type == 5 ? FLOW_ICMP_REDIRECT : FLOW_ICMP_TIME_EXCEEDED;
}

void flow_book_map(struct flow_book *b, const struct frame_about *frame)
{
    const struct packet_quote *quote = &frame->quote;
    struct flow_name name = {.kind = (uint8_t)frame->kind, .protocol = quote->protocol};
    (void)ends_of((struct endpoint){quote->from, quote->port_from},
                  (struct endpoint){quote->to, quote->port_to}, &name);
    uint32_t at = flow_book_find(b, &name);
    if (at == 0)
        return;
    struct book_flow *f = &b->table->flows[at];
    f->mapped = (uint8_t)mapping_of(frame);
    f->mapped_type = frame->icmp_type;
    f->mapped_code = frame->icmp_code;
    f->mapped_by = frame->from;
    if (frame->when_us > f->last_us)
        f->last_us = frame->when_us;
}
