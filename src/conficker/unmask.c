/* Trying every address of a range against ports that are known.
 *
 * The generator cannot be run backwards, but it is cheap, so the range is swept in batches. A batch
 * draws the first pair of all its addresses one round at a time, in loops without branches that
 * compilers turn into vectors; whoever's pair is refused (26 %) goes on to the next round, moved up
 * to the front. Those whose accepted pair fits what is known of it, one in 56,384 or far fewer, are
 * then tried in full by unmask_fits, in ascending order. With nothing known of the first pair,
 * every address is tried in full, at a fifth of the speed.
 *
 * Where the ports are many and not known apart, both pairs of all addresses are drawn so, and
 * looked up in a table of ports. */
#include "conficker/unmask.h"

#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "conficker/port_draw.h"

enum {
    BATCH_SIZE = 1024, /* what is worked on stays in a 32 KiB first-level cache */
    PORT_BLOCKS = 2048 /* the black list speaks of blocks of 32 ports */
};

/* The draws of a batch that are not over. */
struct draws {
    uint8_t block_refused[PORT_BLOCKS]; /* the black list, a byte a block */
    uint32_t state[BATCH_SIZE], tcp[BATCH_SIZE], udp[BATCH_SIZE];
    uint16_t place[BATCH_SIZE]; /* whose draw this is, once the accepted ones have left */
};

/* Pairs have TCP in the low half, UDP in the high one. */
struct sweep {
    struct draws draws;
    uint32_t wanted, known;   /* of the first pair; known is its mask */
    bool may_fit[BATCH_SIZE]; /* by place */
};

static bool is_known_and_other(uint16_t known, uint16_t drawn)
{
    return known != 0 && known != drawn;
}

static bool second_pair_fits(const struct unmask_query *query, const struct p2p_ports *drawn)
{
    return !query->has_week || (!is_known_and_other(query->ports.tcp[1], drawn->tcp[1]) &&
                                !is_known_and_other(query->ports.udp[1], drawn->udp[1]));
}

static bool first_pair_fits(const struct unmask_query *query, const struct p2p_ports *drawn)
{
    return !is_known_and_other(query->ports.tcp[0], drawn->tcp[0]) &&
           !is_known_and_other(query->ports.udp[0], drawn->udp[0]);
}

static bool pairs_share_a_port(const struct p2p_ports *p)
{
    return p->tcp[0] == p->tcp[1] || p->tcp[0] == p->udp[1] || p->udp[0] == p->tcp[1] ||
           p->udp[0] == p->udp[1];
}

bool unmask_fits(const struct unmask_query *query, uint32_t ipv4)
{
    struct p2p_ports drawn = ports_predicted_for(ipv4, query->week, READING_NMAP);
    if (!first_pair_fits(query, &drawn))
        return false;
    if (second_pair_fits(query, &drawn))
        return true;
    if (!pairs_share_a_port(&drawn))
        return false; /* the readings agree */
    drawn = ports_predicted_for(ipv4, query->week, READING_SRI);
    return second_pair_fits(query, &drawn);
}

/* A step a loop, not an address a loop: the state passes through memory as 32 bits between the
 * steps, and so GCC 12 sees that 32-bit factors are multiplied, which SSE2 can do (half the time of
 * the other way). */
static void draw_round_of_all(struct draws *d, size_t count)
{
    uint32_t *restrict state = d->state;
    for (unsigned step = 0; step < PORT_STEPS; step++) {
        uint32_t *restrict sum = step % 2 == 0 ? d->tcp : d->udp;
        for (size_t i = 0; i < count; i++)
            sum[i] ^= port_draw_step(&state[i], step);
    }
}

/* The pair of draw i as it stands, and whether it must be drawn on. */
static ALWAYS_INLINE bool is_refused(const struct draws *d, size_t i, uint32_t *pair)
{
    *pair = (d->tcp[i] & 0xffff) | d->udp[i] << 16;
    return d->block_refused[*pair >> 5 & (PORT_BLOCKS - 1)] | d->block_refused[*pair >> 21] |
           ((*pair & 0xffff) == *pair >> 16);
}

static ALWAYS_INLINE void move_draw(struct draws *d, size_t from, size_t to)
{
    d->state[to] = d->state[from];
    d->tcp[to] = d->tcp[from];
    d->udp[to] = d->udp[from];
    d->place[to] = d->place[from];
}

/* Before the first round; the states are the caller's to set. */
static void draws_begin(struct draws *d, size_t count)
{
    for (size_t i = 0; i < count; i++)
        d->place[i] = (uint16_t)i;
    memset(d->tcp, 0, sizeof d->tcp);
    memset(d->udp, 0, sizeof d->udp);
}

static void draws_prepare(struct draws *d)
{
    for (unsigned block = 0; block < PORT_BLOCKS; block++)
        d->block_refused[block] = port_is_blacklisted((uint16_t)(32 * block));
}

/* Moves the draws whose pair is refused to the front and returns how many; marks whose pair
 * fits. */
static size_t keep_refused(struct sweep *sweep, size_t count)
{
    struct draws *d = &sweep->draws;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t pair;
        bool refused = is_refused(d, i, &pair);
        uint16_t place = d->place[i];
        if (RARELY(((pair ^ sweep->wanted) & sweep->known) == 0))
            sweep->may_fit[place] |= !refused;
        move_draw(d, i, kept);
        kept += refused;
    }
    return kept;
}

/* Marks in may_fit which of the addresses from first on have a first pair that fits. */
static void sweep_batch(struct sweep *sweep, uint32_t first, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sweep->draws.state[i] = port_draw_seed(first + (uint32_t)i);
    draws_begin(&sweep->draws, count);
    memset(sweep->may_fit, 0, sizeof sweep->may_fit);
    size_t left = count;
    for (unsigned round = 0; round < PORT_ROUNDS_MAX && left > 0; round++) {
        draw_round_of_all(&sweep->draws, left);
        left = keep_refused(sweep, left);
    }
}

static void sweep_prepare(struct sweep *sweep, const struct unmask_query *query)
{
    uint16_t tcp = query->ports.tcp[0], udp = query->ports.udp[0];
    sweep->wanted = tcp | (uint32_t)udp << 16;
    sweep->known = (tcp != 0 ? 0xffff : 0) | (udp != 0 ? 0xffff0000 : 0);
    draws_prepare(&sweep->draws);
}

void unmask_range(const struct unmask_query *query, uint32_t first, uint32_t last,
                  void (*found)(void *context, uint32_t ipv4), void *context)
{
    struct sweep sweep;
    sweep_prepare(&sweep, query);
    uint64_t count = 0;
    for (uint64_t start = first; start <= last; start += count) {
        uint64_t left = (uint64_t)last - start + 1;
        count = left < BATCH_SIZE ? left : BATCH_SIZE;
        if (sweep.known != 0)
            sweep_batch(&sweep, (uint32_t)start, count);
        for (uint32_t i = 0; i < count; i++)
            if ((sweep.known == 0 || sweep.may_fit[i]) && unmask_fits(query, (uint32_t)start + i))
                found(context, (uint32_t)start + i);
    }
}

/* Of a batch, by place. */
struct pairs {
    struct draws draws;
    uint32_t pair[BATCH_SIZE];
    uint32_t state[BATCH_SIZE]; /* with which its draw ended */
};

/* Draws a pair for each of the states in draws. No 2^32 address needs PORT_ROUNDS_MAX rounds; one
 * that did would keep its refused pair, which nobody's ports match. */
static void draw_pairs(struct pairs *p, size_t count)
{
    struct draws *d = &p->draws;
    draws_begin(d, count);
    for (unsigned round = 0; round < PORT_ROUNDS_MAX && count > 0; round++) {
        draw_round_of_all(d, count);
        size_t kept = 0;
        for (size_t i = 0; i < count; i++) {
            uint16_t place = d->place[i];
            bool refused = is_refused(d, i, &p->pair[place]);
            p->state[place] = d->state[i];
            move_draw(d, i, kept);
            kept += refused;
        }
        count = kept;
    }
}

static ALWAYS_INLINE unsigned holds(const uint8_t *bits, uint32_t port)
{
    return bits[port >> 3] >> (port & 7) & 1;
}

static ALWAYS_INLINE unsigned count_held(const struct unmask_seen *seen, uint32_t pair)
{
    return holds(seen->bits[TRANSPORT_TCP], pair & 0xffff) +
           holds(seen->bits[TRANSPORT_UDP], pair >> 16);
}

/* Then SRI's reading draws another second pair, so that the address must be looked at. */
static ALWAYS_INLINE bool readings_may_differ(uint32_t first, uint32_t second)
{
    uint32_t turned = second >> 16 | second << 16, a = first ^ second, b = first ^ turned;
    return ((a & 0xffff) == 0) | (a >> 16 == 0) | ((b & 0xffff) == 0) | (b >> 16 == 0);
}

void unmask_seen_add(struct unmask_seen *seen, enum transport transport, uint16_t port)
{
    seen->bits[transport][port >> 3] |= (uint8_t)(1 << (port & 7));
}

/* Marks in is_near which of the addresses from first on are to be told. */
static void mark_near(const struct unmask_seen *seen, struct pairs *p, uint32_t first, size_t count,
                      bool is_near[static BATCH_SIZE])
{
    uint32_t first_pair[BATCH_SIZE], first_state[BATCH_SIZE];
    unsigned held[BATCH_SIZE];
    for (size_t i = 0; i < count; i++)
        p->draws.state[i] = port_draw_seed(first + (uint32_t)i);
    draw_pairs(p, count);
    for (size_t i = 0; i < count; i++) {
        first_pair[i] = p->pair[i];
        first_state[i] = p->state[i];
        held[i] = count_held(seen, p->pair[i]);
        is_near[i] = false;
    }
    for (size_t w = 0; w < seen->week_count; w++) {
        for (size_t i = 0; i < count; i++)
            p->draws.state[i] = first_state[i] ^ seen->weeks[w];
        draw_pairs(p, count);
        for (size_t i = 0; i < count; i++) {
            held[i] += count_held(seen, p->pair[i]);
            is_near[i] |= readings_may_differ(first_pair[i], p->pair[i]);
        }
    }
    for (size_t i = 0; i < count; i++)
        is_near[i] |= held[i] >= UNMASK_PORTS_LEAST;
}

void unmask_near(const struct unmask_seen *seen, uint32_t first, uint32_t last,
                 void (*found)(void *context, uint32_t ipv4), void *context)
{
    struct pairs pairs;
    bool is_near[BATCH_SIZE];
    draws_prepare(&pairs.draws);
    uint64_t count = 0;
    for (uint64_t start = first; start <= last; start += count) {
        uint64_t left = (uint64_t)last - start + 1;
        count = left < BATCH_SIZE ? left : BATCH_SIZE;
        mark_near(seen, &pairs, (uint32_t)start, count, is_near);
        for (uint32_t i = 0; i < count; i++)
            if (RARELY(is_near[i]))
                found(context, (uint32_t)start + i);
    }
}
