/* Jumps of the machine are forward and relative to the next row, so rows are written top down and
 * the two ends, take and leave, are the last of them. Later pieces of a packet have no ports: they
 * are left, as the first one says who speaks. */
#include "scan/raw_filter.h"

#include <assert.h>
#include <stddef.h>

#include "base/compiler.h"
#include "wire/ip.h"
#include "wire/link.h"

enum { LINK_HEADER = 14, TYPE_AT = 12, FRAGMENT_AT = 6, PROTOCOL_AT = 9, TO_AT = 16, PORT_AT = 2 };
enum { WHOLE_PACKET = 0x40000, FRAGMENT_MASK = 0x1fff };

/* Where a row of the draft goes on: a row's number, or one of these. */
enum { NEXT = 100, TAKE, LEAVE };

struct draft {
    struct sock_filter rows[RAW_FILTER_ROWS];
    unsigned on_true[RAW_FILTER_ROWS], on_false[RAW_FILTER_ROWS];
    unsigned count;
};

static void load(struct draft *d, uint16_t code, uint32_t at)
{
    assert(d->count < RAW_FILTER_ROWS - 2);
    d->rows[d->count] = (struct sock_filter){.code = code, .k = at};
    d->on_true[d->count] = d->on_false[d->count] = NEXT;
    d->count++;
}

static void jump(struct draft *d, uint16_t how, uint32_t value, unsigned on_true, unsigned on_false)
{
    load(d, (uint16_t)(BPF_JMP | how | BPF_K), value);
    d->on_true[d->count - 1] = on_true;
    d->on_false[d->count - 1] = on_false;
}

static void ports(struct draft *d, uint16_t first, uint16_t count)
{
    jump(d, BPF_JGE, first, NEXT, LEAVE);
    jump(d, BPF_JGT, (uint32_t)first + count - 1U, LEAVE, TAKE);
}

static uint8_t distance(const struct draft *d, unsigned from, unsigned to)
{
    unsigned row = to == NEXT ? from + 1 : to == TAKE ? d->count : to == LEAVE ? d->count + 1 : to;
    return (uint8_t)(row - from - 1);
}

unsigned short raw_filter_write(const struct raw_filter *f,
                                struct sock_filter rows[static RAW_FILTER_ROWS])
{
    struct draft d = {.count = 0};
    uint32_t ip = f->bare ? 0 : LINK_HEADER;
    if (!f->bare) {
        load(&d, BPF_LD | BPF_H | BPF_ABS, TYPE_AT);
        jump(&d, BPF_JEQ, ETHERTYPE_ARP, TAKE, NEXT);
        jump(&d, BPF_JEQ, ETHERTYPE_IP4, NEXT, LEAVE);
    }
    load(&d, BPF_LD | BPF_W | BPF_ABS, ip + TO_AT);
    jump(&d, BPF_JEQ, f->source, NEXT, LEAVE);
    load(&d, BPF_LD | BPF_H | BPF_ABS, ip + FRAGMENT_AT);
    jump(&d, BPF_JSET, FRAGMENT_MASK, LEAVE, NEXT);
    load(&d, BPF_LDX | BPF_B | BPF_MSH, ip);
    load(&d, BPF_LD | BPF_B | BPF_ABS, ip + PROTOCOL_AT);
    jump(&d, BPF_JEQ, IP_NUMBER_ICMP, TAKE, NEXT);
    jump(&d, BPF_JEQ, IP_NUMBER_TCP, NEXT, d.count + 4);
    load(&d, BPF_LD | BPF_H | BPF_IND, ip + PORT_AT);
    ports(&d, f->tcp_first, f->tcp_count);
    jump(&d, BPF_JEQ, IP_NUMBER_UDP, NEXT, LEAVE);
    load(&d, BPF_LD | BPF_H | BPF_IND, ip + PORT_AT);
    ports(&d, f->udp_first, f->udp_count);
    for (unsigned i = 0; i < d.count; i++) {
        rows[i] = d.rows[i];
        rows[i].jt = distance(&d, i, d.on_true[i]);
        rows[i].jf = distance(&d, i, d.on_false[i]);
        if (BPF_CLASS(rows[i].code) != BPF_JMP)
            rows[i].jt = rows[i].jf = 0;
    }
    rows[d.count] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, WHOLE_PACKET);
    rows[d.count + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
    return (unsigned short)(d.count + 2);
}
