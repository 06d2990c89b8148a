/* Asks a compiled filter of a record: one question after the other, as the jumps say. */
#include "filter/filter.h"

#include <stdlib.h>

#include "filter/filter_inside.h"
#include "observe/packet.h"

enum { ICMP_6_ECHO = 128, ICMP_6_ECHO_REPLY = 129 };

static bool is_in(const struct filter_term *t, uint64_t value)
{
    return (value >= t->range.first && value <= t->range.last) != t->outside;
}

static bool address_holds(const struct filter_term *t, struct address a)
{
    return (a.high & t->net.mask.high) == t->net.base.high &&
           (a.low & t->net.mask.low) == t->net.base.low && !(t->net.only_v6 && address_is_v4(a));
}

static bool address_of_side(const struct filter_term *t, const struct flow_record *r, unsigned side)
{
    return flow_has_address(r, side) && address_holds(t, r->side[side].end.address);
}

static bool port_of_side(const struct filter_term *t, const struct flow_record *r, unsigned side)
{
    return (r->protocol == IP_TCP || r->protocol == IP_UDP) && flow_is_ip(r) &&
           is_in(t, r->side[side].end.port);
}

static bool number_known(const struct flow_record *r, unsigned side, unsigned field)
{
    const struct flow_side *s = &r->side[side];
    switch (field) {
    case FIELD_PACKETS:
    case FIELD_BYTES:
    case FIELD_TRANSACTIONS:
        return r->counts_known;
    case FIELD_APP_BYTES:
        return r->app_bytes_known;
    case FIELD_LOST:
        return r->loss_known;
    case FIELD_TTL:
    case FIELD_TOS:
        return s->ip_known;
    case FIELD_VLAN_ID:
    case FIELD_VLAN_PRIORITY:
        return s->vlan_known;
    case FIELD_MPLS_LABEL:
        return s->mpls_known;
    case FIELD_DURATION:
        return r->times_known && r->last_us >= r->first_us;
    case FIELD_SEQUENCE:
        return r->sequence_known;
    case FIELD_SENSOR:
        return r->source_id_known;
    case FIELD_ETHERTYPE:
        return r->kind != FLOW_OTHER;
    default:
        return false;
    }
}

static uint64_t ethertype_of(const struct flow_record *r)
{
    static const uint16_t of_kind[] = {
        [FLOW_IPV4] = 0x0800, [FLOW_IPV6] = 0x86dd, [FLOW_ARP] = 0x0806, [FLOW_RARP] = 0x8035};
    return r->kind == FLOW_ETHERNET ? r->ethertype : r->kind <= FLOW_RARP ? of_kind[r->kind] : 0;
}

/* Of a field that is known. */
static uint64_t number_of(const struct flow_record *r, unsigned side, unsigned field)
{
    enum { VLAN_ID = 0xfff, VLAN_PRIORITY_AT = 13 };
    const struct flow_side *s = &r->side[side];
    switch (field) {
    case FIELD_PACKETS:
        return s->packets;
    case FIELD_BYTES:
        return s->bytes;
    case FIELD_APP_BYTES:
        return s->app_bytes;
    case FIELD_LOST:
        return s->lost;
    case FIELD_TTL:
        return s->ttl;
    case FIELD_TOS:
        return s->tos;
    case FIELD_VLAN_ID:
        return s->vlan & VLAN_ID;
    case FIELD_VLAN_PRIORITY:
        return s->vlan >> VLAN_PRIORITY_AT;
    case FIELD_MPLS_LABEL:
        return s->mpls;
    case FIELD_DURATION:
        return (uint64_t)r->last_us - (uint64_t)r->first_us;
    case FIELD_TRANSACTIONS:
        return r->merged;
    case FIELD_SEQUENCE:
        return r->sequence;
    case FIELD_SENSOR:
        return r->source_id;
    case FIELD_ETHERTYPE:
        return ethertype_of(r);
    default:
        return 0;
    }
}

static bool number_of_side(const struct filter_term *t, const struct flow_record *r, unsigned side)
{
    return number_known(r, side, t->field) && is_in(t, number_of(r, side, t->field));
}

/* As ra has them: the first packet begins the time, so it does not count, nor does its share of the
 * bytes. */
static bool real_known(const struct flow_record *r, unsigned side, unsigned field, double *out)
{
    const struct flow_side *s = &r->side[side];
    if (field == FIELD_LOST_PERCENT) {
        double all = (double)s->packets + (double)s->lost;
        *out = all > 0 ? 100 * (double)s->lost / all : 0;
        return r->loss_known && r->counts_known;
    }
    *out = 0;
    if (!r->counts_known || !number_known(r, side, FIELD_DURATION))
        return false;
    double seconds = (double)number_of(r, side, FIELD_DURATION) / 1e6;
    if (seconds <= 0 || s->packets < 2)
        return true;
    *out = field == FIELD_RATE ? (double)(s->packets - 1) / seconds
                               : (double)(s->bytes - s->bytes / s->packets) * 8 / seconds;
    return true;
}

static bool real_of_side(const struct filter_term *t, const struct flow_record *r, unsigned side)
{
    double value;
    if (!real_known(r, side, t->field, &value))
        return false;
    switch ((enum filter_compare)t->compare) {
    case COMPARE_EQ:
        return !(value < t->real) && !(value > t->real);
    case COMPARE_NE:
        return value < t->real || value > t->real;
    case COMPARE_GT:
        return value > t->real;
    case COMPARE_GTE:
        return value >= t->real;
    case COMPARE_LT:
        return value < t->real;
    case COMPARE_LTE:
        return value <= t->real;
    }
    return false;
}

static bool mac_of_side(const struct filter_term *t, const struct flow_record *r, unsigned side)
{
    return r->side[side].mac_known && r->side[side].mac == t->range.first;
}

static bool multicast_of_side(const struct filter_term *t, const struct flow_record *r,
                              unsigned side)
{
    (void)t;
    struct address a = r->side[side].end.address;
    if (!flow_is_ip(r))
        return false;
    return address_is_v4(a) ? address_v4(a) >> 28 == 0xe : a.high >> 56 == 0xff;
}

static bool broadcast_of_side(const struct filter_term *t, const struct flow_record *r,
                              unsigned side)
{
    (void)t;
    struct address a = r->side[side].end.address;
    return flow_is_ip(r) && address_is_v4(a) && address_v4(a) == UINT32_MAX;
}

static bool ether_multicast_of_side(const struct filter_term *t, const struct flow_record *r,
                                    unsigned side)
{
    (void)t;
    return r->side[side].mac_known && (r->side[side].mac >> 40 & 1) != 0;
}

static bool ether_broadcast_of_side(const struct filter_term *t, const struct flow_record *r,
                                    unsigned side)
{
    (void)t;
    return r->side[side].mac_known && r->side[side].mac == UINT64_C(0xffffffffffff);
}

typedef bool (*of_side)(const struct filter_term *t, const struct flow_record *r, unsigned side);

static ALWAYS_INLINE bool sides_hold(of_side holds, const struct filter_term *t,
                                     const struct flow_record *r)
{
    if (t->sides == SIDE_BOTH)
        return holds(t, r, 0) && holds(t, r, 1);
    return ((t->sides & SIDE_SOURCE) != 0 && holds(t, r, 0)) ||
           ((t->sides & SIDE_DESTINATION) != 0 && holds(t, r, 1));
}

static bool tcp_holds(const struct filter_term *t, const struct flow_record *r)
{
    uint64_t bits = flow_is_ip(r) && r->protocol == IP_TCP ? r->tcp_status & t->range.first : 0;
    return t->sides == SIDE_BOTH ? bits == t->range.first : bits != 0;
}

/* A refused connection has packets of both sides and was never established. */
static bool is_established(const struct flow_record *r)
{
    if (!flow_is_ip(r))
        return false;
    if (r->protocol == IP_TCP)
        return (r->tcp_status & FLOW_ESTABLISHED) != 0;
    return r->counts_known && r->side[0].packets > 0 && r->side[1].packets > 0;
}

static bool icmp_holds(const struct filter_term *t, const struct flow_record *r)
{
    uint64_t says = t->range.first;
    unsigned type = says >> 8 & 255, code = says >> 16 & 255;
    if (r->protocol == IP_ICMPV6) {
        type = says >> 24 & 255;
        code = says >> 32 & 255;
    }
    if (flow_is_ip(r) && (r->protocol == IP_ICMP || r->protocol == IP_ICMPV6))
        return r->icmp_type == type && (code == ICMP_ANY_CODE || r->icmp_code == code);
    /* of the flow that an ICMP message quoted; the code that it had is of the router's version */
    code = r->kind == FLOW_IPV6 ? says >> 32 & 255 : says >> 16 & 255;
    return r->mapped == (says & 255) && (code == ICMP_ANY_CODE || r->mapped_code == code);
}

static bool is_echo(const struct flow_record *r)
{
    if (!flow_is_ip(r))
        return false;
    if (r->protocol == IP_ICMP)
        return r->icmp_type == 0 || r->icmp_type == 8;
    return r->protocol == IP_ICMPV6 &&
           (r->icmp_type == ICMP_6_ECHO || r->icmp_type == ICMP_6_ECHO_REPLY);
}

/* Questions that few filters ask. */
static bool rare_holds(const struct filter_term *t, const struct flow_record *r)
{
    switch ((enum filter_ask)t->ask) {
    case ASK_MAC:
        return sides_hold(mac_of_side, t, r);
    case ASK_REAL:
        return sides_hold(real_of_side, t, r);
    case ASK_MULTICAST:
        return sides_hold(multicast_of_side, t, r);
    case ASK_BROADCAST:
        return sides_hold(broadcast_of_side, t, r);
    case ASK_ETHER_MULTICAST:
        return sides_hold(ether_multicast_of_side, t, r);
    case ASK_ETHER_BROADCAST:
        return sides_hold(ether_broadcast_of_side, t, r);
    case ASK_ICMP:
        return icmp_holds(t, r);
    case ASK_ECHO:
        return is_echo(r);
    case ASK_CAUSE:
        return r->cause == t->range.first;
    case ASK_FRAGMENT:
        return r->is_fragment;
    case ASK_RTP:
        return flow_is_rtp(r);
    case ASK_VLAN:
        return r->side[0].vlan_known || r->side[1].vlan_known;
    case ASK_MPLS:
        return r->side[0].mpls_known || r->side[1].mpls_known;
    case ASK_COMPLAINER:
        return r->mapped != FLOW_ICMP_NONE && address_holds(t, r->mapped_by);
    case ASK_ENCAPSULATION:
        return (r->encapsulation & t->range.first) != 0;
    case ASK_KIND:
    case ASK_PROTOCOL:
    case ASK_ADDRESS:
    case ASK_PORT:
    case ASK_NUMBER:
    case ASK_TCP:
    case ASK_ESTABLISHED:
        break;
    }
    return false;
}

static ALWAYS_INLINE bool term_holds(const struct filter_term *t, const struct flow_record *r)
{
    switch (t->ask) {
    case ASK_KIND:
        return (t->range.first >> r->kind & 1) != 0;
    case ASK_PROTOCOL:
        return flow_is_ip(r) && is_in(t, r->protocol);
    case ASK_ADDRESS:
        return sides_hold(address_of_side, t, r);
    case ASK_PORT:
        return sides_hold(port_of_side, t, r);
    case ASK_NUMBER:
        return sides_hold(number_of_side, t, r);
    case ASK_TCP:
        return tcp_holds(t, r);
    case ASK_ESTABLISHED:
        return is_established(r);
    default:
        return rare_holds(t, r);
    }
}

/* A sensor's word about itself is no flow: nothing but `man` holds of it. */
static COLD bool management_holds(const struct filter_term *t)
{
    return t->ask == ASK_KIND && (t->range.first >> FLOW_MANAGEMENT & 1) != 0;
}

bool filter_matches(const struct filter *f, const struct flow_record *record)
{
    unsigned at = f->entry;
    if (RARELY(record->kind == FLOW_MANAGEMENT)) {
        while (at < FILTER_NO)
            at = f->terms[at].go_on[management_holds(&f->terms[at])];
        return at == FILTER_YES;
    }
    while (at < FILTER_NO)
        at = f->terms[at].go_on[term_holds(&f->terms[at], record)];
    return at == FILTER_YES;
}

unsigned filter_needs(const struct filter *f, const char **word)
{
    if (word != NULL)
        *word = f->needs != 0 ? f->needs_word : NULL;
    return f->needs;
}

void filter_free(struct filter *f)
{
    if (f == NULL)
        return;
    free(f->terms);
    free(f);
}
