/* Trying every address of a range against ports that are known.
 *
 * The generator cannot be run backwards, but it is cheap, so the range is swept in batches. A batch
 * draws the first pair of all its addresses one round at a time, in loops without branches that
 * compilers turn into vectors; whoever's pair is refused (26 %) goes on to the next round, moved up
 * to the front. Those whose accepted pair fits what is known of it, one in 56,384 or far fewer, are
 * then tried in full by unmask_fits, in ascending order. With nothing known of the first pair,
 * every address is tried in full, at a fifth of the speed. */
#include "conficker/unmask.h"

#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "conficker/port_draw.h"

enum {
    BATCH_SIZE = 1024, /* what is worked on stays in a 32 KiB first-level cache */
    PORT_BLOCKS = 2048 /* the black list speaks of blocks of 32 ports */
};

struct sweep {
    uint32_t wanted, known; /* TCP in the low half, UDP in the high one; known is its mask */
    uint8_t block_refused[PORT_BLOCKS]; /* the black list, a byte a block */
    uint32_t state[BATCH_SIZE], tcp[BATCH_SIZE], udp[BATCH_SIZE];
    uint16_t place[BATCH_SIZE]; /* whose draw this is, once the accepted ones have left */
    bool may_fit[BATCH_SIZE];   /* by place */
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
static void draw_round_of_all(struct sweep *sweep, size_t count)
{
    uint32_t *restrict state = sweep->state;
    for (unsigned step = 0; step < PORT_STEPS; step++) {
        uint32_t *restrict sum = step % 2 == 0 ? sweep->tcp : sweep->udp;
        for (size_t i = 0; i < count; i++)
            sum[i] ^= port_draw_step(&state[i], step);
    }
}

/* Moves the draws whose pair is refused to the front and returns how many; marks whose pair
 * fits. */
static size_t keep_refused(struct sweep *sweep, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t tcp = sweep->tcp[i], udp = sweep->udp[i];
        uint32_t pair = (tcp & 0xffff) | udp << 16;
        bool refused = sweep->block_refused[pair >> 5 & (PORT_BLOCKS - 1)] |
                       sweep->block_refused[pair >> 21] | ((pair & 0xffff) == pair >> 16);
        uint16_t place = sweep->place[i];
        if (RARELY(((pair ^ sweep->wanted) & sweep->known) == 0))
            sweep->may_fit[place] |= !refused;
        sweep->state[kept] = sweep->state[i];
        sweep->tcp[kept] = tcp;
        sweep->udp[kept] = udp;
        sweep->place[kept] = place;
        kept += refused;
    }
    return kept;
}

/* Marks in may_fit which of the addresses from first on have a first pair that fits. */
static void sweep_batch(struct sweep *sweep, uint32_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sweep->state[i] = port_draw_seed(first + (uint32_t)i);
        sweep->place[i] = (uint16_t)i;
    }
    memset(sweep->tcp, 0, sizeof sweep->tcp);
    memset(sweep->udp, 0, sizeof sweep->udp);
    memset(sweep->may_fit, 0, sizeof sweep->may_fit);
    size_t left = count;
    for (unsigned round = 0; round < PORT_ROUNDS_MAX && left > 0; round++) {
        draw_round_of_all(sweep, left);
        left = keep_refused(sweep, left);
    }
}

static void sweep_prepare(struct sweep *sweep, const struct unmask_query *query)
{
    uint16_t tcp = query->ports.tcp[0], udp = query->ports.udp[0];
    sweep->wanted = tcp | (uint32_t)udp << 16;
    sweep->known = (tcp != 0 ? 0xffff : 0) | (udp != 0 ? 0xffff0000 : 0);
    for (unsigned block = 0; block < PORT_BLOCKS; block++)
        sweep->block_refused[block] = port_is_blacklisted((uint16_t)(32 * block));
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
