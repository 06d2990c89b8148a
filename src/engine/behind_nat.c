/* One sweep finds the addresses that open two or more of all ports together; each of them is then
 * held against the ports of each host. */
#include "engine/behind_nat.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/room.h"
#include "base/time.h"
#include "conficker/unmask.h"
#include "detect/detector.h"
#include "evidence/answered_ports.h"

enum { PORTS_NAMING = 3, READINGS = 2 };

_Static_assert(BEHIND_ROWS_MAX <= 64, "each row has a bit of a candidate's told");

static const struct {
    uint32_t first, last;
} private_ranges[] = {{0x0a000000, 0x0affffff}, {0xac100000, 0xac1fffff}, {0xc0a80000, 0xc0a8ffff}};

/* An address that opens two or more of a host's ports. */
struct candidate {
    const struct behind_host *host;
    uint32_t ipv4;
    uint64_t told; /* bit i: row i of the host */
};

struct candidates {
    const struct behind_nat *search;
    struct candidate *items; /* owned */
    size_t count, room;
    bool failed; /* memory was out */
};

static unsigned bits_in(uint64_t bits)
{
    return (unsigned)__builtin_popcountll(bits);
}

/* NULL: it answered nobody on that day. */
static const struct answered_ports *ports_of(const struct host_day *day)
{
    for (unsigned d = 0; d < detector_count; d++)
        if (detectors[d]->answered_on != NULL && host_day_slot(day, d) != NULL)
            return detectors[d]->answered_on(host_day_slot(day, d));
    return NULL;
}

void behind_nat_begin(struct behind_nat *b, struct host_day *const *days, size_t day_count)
{
    memset(b, 0, sizeof *b);
    b->days = days;
    b->day_count = day_count;
}

/* The place of its first day, or where that would be. */
static size_t first_day_of(const struct behind_nat *b, struct address host)
{
    size_t low = 0, high = b->day_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (address_compare(b->days[middle]->host, host) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void behind_nat_add(struct behind_nat *b, struct address host)
{
    size_t first = first_day_of(b, host), end = first;
    unsigned ports = 0;
    for (; end < b->day_count && address_equal(b->days[end]->host, host); end++) {
        const struct answered_ports *a = ports_of(b->days[end]);
        if (a != NULL && a->own)
            return; /* it is infected itself */
        ports += a != NULL ? a->count[TRANSPORT_TCP] + a->count[TRANSPORT_UDP] : 0u;
    }
    if (ports < UNMASK_PORTS_LEAST)
        return;
    if (b->host_count == BEHIND_HOSTS_MAX) {
        b->hosts_left_out++;
        return;
    }
    b->hosts[b->host_count++] = (struct behind_host){
        .address = host, .days = b->days + first, .day_count = end - first};
}

/* The weeks whose ports count on this day: any time of it gives the same. Returns how many. */
static size_t weeks_of(int32_t day, uint32_t out[static 2])
{
    int64_t noon_us = day * US_PER_DAY + US_PER_DAY / 2;
    out[0] = week_of(noon_us);
    out[1] = week_neighbour(noon_us);
    return out[1] != out[0] ? 2 : 1;
}

static void add_week(struct behind_nat *b, uint32_t week)
{
    size_t at = 0;
    while (at < b->week_count && b->weeks[at] > week)
        at++;
    if (at < b->week_count && b->weeks[at] == week)
        return;
    b->weeks_left_out |= b->week_count == BEHIND_WEEKS_MAX;
    if (at == BEHIND_WEEKS_MAX)
        return;
    size_t kept = b->week_count < BEHIND_WEEKS_MAX ? b->week_count : BEHIND_WEEKS_MAX - 1;
    memmove(&b->weeks[at + 1], &b->weeks[at], (kept - at) * sizeof b->weeks[0]);
    b->weeks[at] = week;
    b->week_count = kept + 1;
}

static void add_weeks(struct behind_nat *b, const struct behind_host *h)
{
    uint32_t weeks[2];
    for (size_t i = 0; i < h->day_count; i++)
        for (size_t k = ports_of(h->days[i]) != NULL ? weeks_of(h->days[i]->day, weeks) : 0; k > 0;)
            add_week(b, weeks[--k]);
}

static void add_row(struct behind_host *h, struct behind_row row)
{
    for (size_t i = 0; i < h->row_count; i++)
        if (h->rows[i].transport == row.transport && h->rows[i].port == row.port) {
            h->rows[i].weeks |= row.weeks;
            return;
        }
    if (h->row_count < BEHIND_ROWS_MAX)
        h->rows[h->row_count++] = row;
}

/* The ports of a day, with the bits of its weeks. */
static void add_rows(const struct behind_nat *b, struct behind_host *h, const struct host_day *day)
{
    const struct answered_ports *a = ports_of(day);
    uint32_t weeks[2];
    unsigned bits = 0;
    if (a == NULL)
        return;
    for (size_t k = weeks_of(day->day, weeks); k-- > 0;)
        for (size_t w = 0; w < b->week_count; w++)
            bits |= b->weeks[w] == weeks[k] ? 1u << w : 0;
    for (unsigned t = 0; t < ANSWERED_PROTOCOLS; t++)
        for (unsigned i = 0; i < a->count[t]; i++)
            add_row(h, (struct behind_row){(enum transport)t, a->ports[t][i], bits});
}

static void prepare(struct behind_nat *b, struct unmask_seen *seen)
{
    for (size_t i = 0; i < b->host_count; i++)
        add_weeks(b, &b->hosts[i]);
    *seen = (struct unmask_seen){.weeks = b->weeks, .week_count = b->week_count};
    for (size_t i = 0; i < b->host_count; i++) {
        struct behind_host *h = &b->hosts[i];
        for (size_t day = h->day_count; day-- > 0;) /* the latest first, should rows run out */
            add_rows(b, h, h->days[day]);
        for (size_t k = 0; k < h->row_count; k++)
            unmask_seen_add(seen, h->rows[k].transport, h->rows[k].port);
    }
}

static uint16_t port_of(const struct p2p_ports *p, enum transport transport, unsigned pair)
{
    return transport == TRANSPORT_TCP ? p->tcp[pair] : p->udp[pair];
}

/* What one address opens in the weeks of a search, by each reading. */
struct opened {
    size_t week_count;
    struct p2p_ports ports[BEHIND_WEEKS_MAX][READINGS];
};

static bool opens(const struct opened *o, const struct behind_row *row)
{
    bool does = port_of(&o->ports[0][0], row->transport, 0) == row->port;
    for (size_t w = 0; w < o->week_count; w++)
        for (unsigned r = 0; r < READINGS && (row->weeks & 1u << w) != 0; r++)
            does |= port_of(&o->ports[w][r], row->transport, 1) == row->port;
    return does;
}

static void keep(struct candidates *c, struct candidate one)
{
    struct candidate *items = room_for_one(c->items, c->count, &c->room, sizeof *items);
    if (items == NULL) {
        c->failed = true;
        return;
    }
    c->items = items;
    c->items[c->count++] = one;
}

static void hold_against_hosts(void *context, uint32_t ipv4)
{
    struct candidates *c = context;
    const struct behind_nat *b = c->search;
    struct opened opened = {.week_count = b->week_count};
    for (size_t w = 0; w < b->week_count; w++)
        for (unsigned r = 0; r < READINGS; r++)
            opened.ports[w][r] = ports_predicted_for(ipv4, b->weeks[w], (enum ports_reading)r);
    for (size_t i = 0; i < b->host_count; i++) {
        const struct behind_host *h = &b->hosts[i];
        uint64_t told = 0;
        for (size_t k = 0; k < h->row_count; k++)
            told |= (uint64_t)opens(&opened, &h->rows[k]) << k;
        if (bits_in(told) >= UNMASK_PORTS_LEAST)
            keep(c, (struct candidate){h, ipv4, told});
    }
}

/* The first candidate for this host that tells most of the ports that are left; NULL where none
 * tells any, or where another one tells as many, and some of the same. */
static const struct candidate *best_of(const struct candidates *c, const struct behind_host *h,
                                       uint64_t left)
{
    const struct candidate *best = NULL;
    bool is_alone = false;
    for (size_t i = 0; i < c->count; i++) {
        const struct candidate *one = &c->items[i];
        unsigned told = bits_in(one->told & left), most = best ? bits_in(best->told & left) : 0;
        if (one->host != h || told < most || told == 0)
            continue;
        if (told > most) {
            best = one;
            is_alone = true;
        } else if ((one->told & best->told & left) != 0) {
            is_alone = false;
        }
    }
    return is_alone ? best : NULL;
}

static struct host_behind told_by(const struct candidate *c, uint64_t left)
{
    struct host_behind out = {.address = address_of_v4(c->ipv4)};
    for (size_t i = 0; i < c->host->row_count && out.port_count < BEHIND_PORTS_MAX; i++)
        if ((c->told & left) >> i & 1)
            out.ports[out.port_count++] = (struct behind_port){c->host->rows[i].transport,
                                                               c->host->rows[i].port};
    return out;
}

static void name_behind(const struct candidates *c, struct behind_host *h)
{
    uint64_t left = h->row_count == 64 ? UINT64_MAX : (UINT64_C(1) << h->row_count) - 1;
    while (h->behind_count < VERDICT_BEHIND_MAX) {
        const struct candidate *best = best_of(c, h, left);
        unsigned told = best != NULL ? bits_in(best->told & left) : 0;
        if (told < PORTS_NAMING && (told < UNMASK_PORTS_LEAST || bits_in(left) != told))
            return;
        h->behind[h->behind_count++] = told_by(best, left);
        left &= ~best->told;
    }
}

bool behind_nat_find(struct behind_nat *b)
{
    struct candidates c = {.search = b};
    struct unmask_seen seen;
    if (b->host_count == 0)
        return true;
    prepare(b, &seen);
    assert(b->week_count > 0);
    for (size_t i = 0; i < COUNT_OF(private_ranges); i++)
        unmask_near(&seen, private_ranges[i].first, private_ranges[i].last, hold_against_hosts, &c);
    for (size_t i = 0; i < b->host_count && !c.failed; i++)
        name_behind(&c, &b->hosts[i]);
    free(c.items);
    return !c.failed;
}

void behind_nat_fill(const struct behind_nat *b, struct verdict *v)
{
    for (size_t i = 0; i < b->host_count; i++) {
        const struct behind_host *h = &b->hosts[i];
        if (!address_equal(h->address, v->host))
            continue;
        v->behind_count = h->behind_count;
        memcpy(v->behind, h->behind, sizeof v->behind);
    }
}
