/* The tape: frames with correct lengths and checksums, kept in memory, sorted by time, written
 * as a classic pcap of microseconds.
 *
 *   Ethernet | 802.1Q if tagged | IPv4 (20), IPv6 (40) | UDP (8), TCP (20, SYN 28) | payload */
#include "outbreak.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/writer.h"

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_IPV6 = 0x86dd,
    IP_TCP = 6,
    IP_UDP = 17,
    FRAGMENT_SIZE = 1480, /* a multiple of 8 that fills a frame of 1514 */
    MORE_FRAGMENTS = 0x2000,
    DONT_FRAGMENT = 0x4000,
    TTL_SITE = 128,
    TTL_OUTSIDE = 52
};

/* What the IP header needs to know of what it carries. */
struct packet {
    uint32_t from, to;
    uint8_t protocol;
    bool six;
    uint16_t id, fragment;
    const uint8_t *bytes;
    size_t size;
};

uint64_t dice_roll(struct dice *d)
{
    d->state += UINT64_C(0x9e3779b97f4a7c15);
    return hash_number(d->state);
}

uint32_t dice_below(struct dice *d, uint32_t limit)
{
    return (uint32_t)((dice_roll(d) >> 32) * limit >> 32);
}

uint32_t dice_between(struct dice *d, uint32_t first, uint32_t last)
{
    return first + dice_below(d, last - first + 1);
}

int64_t dice_time(struct dice *d, int64_t limit_us)
{
    return (int64_t)(dice_roll(d) % (uint64_t)limit_us);
}

uint16_t dice_own_port(struct dice *d)
{
    return (uint16_t)dice_between(d, 1025, 5000);
}

static bool is_public(uint32_t a)
{
    uint32_t first = a >> 24, two = a >> 16;
    if (first == 0 || first == 10 || first == 127 || first >= 224)
        return false;
    if (two == 0xa9fe || two == 0xc0a8 || (two & 0xfff0) == 0xac10 || (two & 0xffc0) == 0x6440)
        return false;
    return two != 0xc000 && (two & 0xfffe) != 0xc612 && a >> 8 != OUTSIDE_2(0) >> 8 &&
           a >> 8 != OUTSIDE_3(0) >> 8;
}

uint32_t dice_public_address(struct dice *d)
{
    for (;;) {
        uint32_t address = (uint32_t)dice_roll(d);
        if (is_public(address) && (address & 0xff) != 0 && (address & 0xff) != 255)
            return address;
    }
}

static void *grown(void *memory, size_t count, size_t *room, size_t each)
{
    if (count <= *room)
        return memory;
    *room = count * 2 + 1024;
    void *more = realloc(memory, *room * each);
    if (more == NULL)
        abort(); /* a tool for builders; there is nobody to report to */
    return more;
}

static void tape_put(struct tape *t, int64_t when_us, const uint8_t *bytes, size_t size)
{
    t->records = grown(t->records, t->count + 1, &t->room, sizeof *t->records);
    t->bytes = grown(t->bytes, t->used + size, &t->size, 1);
    memcpy(t->bytes + t->used, bytes, size);
    t->records[t->count] = (struct record){when_us - when_us % TICK_US, t->count, t->used,
                                           (uint32_t)size};
    t->count++;
    t->used += size;
}

static uint32_t sum_words(const uint8_t *bytes, size_t size, uint32_t sum)
{
    for (size_t i = 0; i < size; i++)
        sum += (uint32_t)bytes[i] << (i % 2 == 0 ? 8 : 0);
    return sum;
}

static uint16_t sum_folded(uint32_t sum)
{
    while (sum >> 16 != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void put_sum(uint8_t *at, uint16_t sum)
{
    at[0] = (uint8_t)(sum >> 8);
    at[1] = (uint8_t)sum;
}

static bool is_site(uint32_t address)
{
    return address >> 16 == SITE(0, 0) >> 16;
}

static void write_mac(struct writer *w, uint32_t address)
{
    write_be16(w, 0x0200);
    write_be32(w, is_site(address) ? address : GATEWAY);
}

static void write_address_six(struct writer *w, uint32_t address)
{
    write_be64(w, UINT64_C(0xfd09) << 48);
    write_be64(w, address);
}

/* The sum of the pseudo header, which UDP and TCP cover as well. */
static uint32_t sum_pseudo(const struct packet *p)
{
    uint8_t bytes[40];
    struct writer w = writer_over(bytes, sizeof bytes);
    if (p->six) {
        write_address_six(&w, p->from);
        write_address_six(&w, p->to);
    } else {
        write_be32(&w, p->from);
        write_be32(&w, p->to);
    }
    write_be16(&w, p->protocol);
    write_be16(&w, (uint16_t)p->size);
    return sum_words(bytes, w.used, 0);
}

static void write_ipv4(struct writer *w, const struct packet *p)
{
    uint8_t *start = w->start + w->used;
    write_be16(w, 0x4500);
    write_be16(w, (uint16_t)(20 + p->size));
    write_be16(w, p->id);
    write_be16(w, p->fragment);
    write_u8(w, is_site(p->from) ? TTL_SITE : TTL_OUTSIDE);
    write_u8(w, p->protocol);
    write_be16(w, 0);
    write_be32(w, p->from);
    write_be32(w, p->to);
    put_sum(start + 10, sum_folded(sum_words(start, 20, 0)));
}

static void write_ipv6(struct writer *w, const struct packet *p)
{
    write_be32(w, 0x60000000);
    write_be16(w, (uint16_t)p->size);
    write_u8(w, p->protocol);
    write_u8(w, 64);
    write_address_six(w, p->from);
    write_address_six(w, p->to);
}

static void put_packet(struct tape *t, int64_t when_us, const struct packet *p)
{
    uint8_t frame[FRAME_SIZE_MAX];
    struct writer w = writer_over(frame, sizeof frame);
    write_mac(&w, p->to);
    write_mac(&w, p->from);
    if (t->vlan != 0) {
        write_be16(&w, ETHERTYPE_VLAN);
        write_be16(&w, t->vlan);
    }
    write_be16(&w, p->six ? ETHERTYPE_IPV6 : ETHERTYPE_IPV4);
    if (p->six)
        write_ipv6(&w, p);
    else
        write_ipv4(&w, p);
    write_bytes(&w, p->bytes, p->size);
    if (w.used < 60)
        write_zeros(&w, 60 - w.used);
    if (w.failed)
        abort(); /* an actor of ours said too much at once */
    tape_put(t, when_us, frame, w.used);
}

/* Whole, or in fragments where it does not fit into one frame. */
static void put_in_pieces(struct tape *t, int64_t when_us, struct packet *p)
{
    const uint8_t *bytes = p->bytes;
    size_t size = p->size;
    bool is_numbered = p->from == FILE_SERVER || size > FRAGMENT_SIZE;
    p->id = is_numbered ? ++t->last_id : 0; /* the others send with DF and no number, as many do */
    for (size_t at = 0; at < size; at += FRAGMENT_SIZE) {
        bool is_last = size - at <= FRAGMENT_SIZE;
        p->bytes = bytes + at;
        p->size = is_last ? size - at : FRAGMENT_SIZE;
        p->fragment = (uint16_t)(at / 8 | (is_last ? 0 : MORE_FRAGMENTS));
        if (!is_numbered)
            p->fragment = DONT_FRAGMENT;
        put_packet(t, when_us + (int64_t)(at / 120), p);
    }
}

void tape_udp(struct tape *t, int64_t when_us, const struct datagram *d)
{
    uint8_t bytes[DATAGRAM_SIZE_MAX];
    struct writer w = writer_over(bytes, sizeof bytes);
    write_be16(&w, d->from.port);
    write_be16(&w, d->to.port);
    write_be16(&w, (uint16_t)(8 + d->size));
    write_be16(&w, 0);
    write_bytes(&w, d->payload, d->size);
    if (w.failed)
        abort();
    struct packet p = {.from = d->from.address, .to = d->to.address, .protocol = IP_UDP};
    p.six = d->six;
    p.bytes = bytes;
    p.size = w.used;
    uint16_t sum = sum_folded(sum_words(bytes, w.used, sum_pseudo(&p)));
    put_sum(bytes + 6, sum != 0 ? sum : 0xffff);
    put_in_pieces(t, when_us, &p);
}

void tape_tcp(struct tape *t, int64_t when_us, const struct segment *s)
{
    static const uint8_t options[] = {2, 4, 5, 0xb4, 1, 1, 4, 2}; /* MSS 1460, SACK permitted */
    bool is_syn = (s->flags & TCP_SYN) != 0;
    uint8_t bytes[FRAGMENT_SIZE];
    struct writer w = writer_over(bytes, sizeof bytes);
    write_be16(&w, s->from.port);
    write_be16(&w, s->to.port);
    write_be32(&w, s->sequence);
    write_be32(&w, s->acknowledged);
    write_u8(&w, is_syn ? 0x70 : 0x50);
    write_u8(&w, (uint8_t)s->flags);
    write_be16(&w, (s->flags & TCP_RST) != 0 ? 0 : 65535);
    write_be32(&w, 0);
    write_bytes(&w, options, is_syn ? sizeof options : 0);
    write_bytes(&w, s->payload, s->size);
    if (w.failed)
        abort();
    struct packet p = {.from = s->from.address, .to = s->to.address, .protocol = IP_TCP};
    p.bytes = bytes;
    p.size = w.used;
    put_sum(bytes + 16, sum_folded(sum_words(bytes, w.used, sum_pseudo(&p))));
    put_in_pieces(t, when_us, &p);
}

void tape_duplicate(struct tape *t, int64_t later_us)
{
    struct record last = t->records[t->count - 1];
    uint8_t frame[FRAME_SIZE_MAX];
    memcpy(frame, t->bytes + last.at, last.size);
    tape_put(t, last.when_us + later_us, frame, last.size);
}

static int by_time(const void *left, const void *right)
{
    const struct record *a = left, *b = right;
    if (a->when_us != b->when_us)
        return a->when_us < b->when_us ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static bool write_header(FILE *file)
{
    uint8_t header[24];
    struct writer w = writer_over(header, sizeof header);
    write_le32(&w, 0xa1b2c3d4);
    write_le16(&w, 2);
    write_le16(&w, 4);
    write_le64(&w, 0);
    write_le32(&w, 65535);
    write_le32(&w, 1); /* Ethernet */
    return fwrite(header, sizeof header, 1, file) == 1;
}

bool tape_write(struct tape *t, FILE *file)
{
    qsort(t->records, t->count, sizeof *t->records, by_time);
    bool good = write_header(file);
    for (size_t i = 0; i < t->count && good; i++) {
        const struct record *r = &t->records[i];
        uint8_t header[16];
        struct writer w = writer_over(header, sizeof header);
        write_le32(&w, (uint32_t)(r->when_us / SECONDS));
        write_le32(&w, (uint32_t)(r->when_us % SECONDS));
        write_le32(&w, r->size);
        write_le32(&w, r->size);
        good = fwrite(header, sizeof header, 1, file) == 1 &&
               fwrite(t->bytes + r->at, r->size, 1, file) == 1;
    }
    return good;
}

void tape_free(struct tape *t)
{
    free(t->records);
    free(t->bytes);
    *t = (struct tape){0};
}
