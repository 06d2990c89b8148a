/* The P2P ports of variants D and E, the weeks they change in, and the ports they never are.
 *
 *   state = not the address (first octet lowest)
 *   pair 1: rounds until both ports are usable and differ        -> TCP 1, UDP 1
 *   state = state xor week
 *   pair 2: sums cleared, then as before                         -> TCP 2, UDP 2
 *
 * State and sums are carried over from one round to the next within a pair: clearing the sums is
 * the mistake that is easiest to make here. About 26 % of pairs need a second round.
 *
 * Facts: nmap's p2p-conficker.nse, SRI's Conficker_C_P2P_Scanner.c, SiLK's conficker-c.c; word 42
 * of the black list is nmap's and SRI's (SiLK has decimal 40000 there, which misses a game's port
 * block). */
#include "conficker/ports.h"

#include "base/compiler.h"
#include "base/time.h"
#include "conficker/port_draw.h"

static const int64_t first_monday_us = 4 * US_PER_DAY; /* 1970-01-05 */
static const int64_t week_us = 7 * US_PER_DAY;

/* Bit b of word w: the 32 ports from 1024 * w + 32 * b on are never used. */
static const uint32_t blacklist[64] = {
    0xFFFFFFFF, 0xFFFFFFFF, 0xF0F6BFBB, 0xBB5A5FF3, 0xF3977011, 0xEB67BFBF, 0x5F9BFAC8, 0x34D88091,
    0x1E2282DF, 0x573402C4, 0xC0000084, 0x03000209, 0x01600002, 0x00005000, 0x801000C0, 0x00500040,
    0x000000A1, 0x01000000, 0x01000000, 0x00022A20, 0x00000080, 0x04000000, 0x40020000, 0x88000000,
    0x00000180, 0x00081000, 0x08801900, 0x00800B81, 0x00000280, 0x080002C0, 0x00A80000, 0x00008000,
    0x00100040, 0x00100000, 0x00000000, 0x00000000, 0x10000008, 0x00000000, 0x00000000, 0x00000004,
    0x00000002, 0x00000000, 0x00040000, 0x00000000, 0x00000000, 0x00000000, 0x00410000, 0x82000000,
    0x00000000, 0x00000000, 0x00000001, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000,
    0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000000, 0x00000008, 0x80000000,
};

uint32_t week_of(int64_t when_us)
{
    return when_us < first_monday_us ? 0 : (uint32_t)((when_us - first_monday_us) / week_us);
}

int64_t week_start_us(uint32_t week)
{
    if (week > (INT64_MAX - first_monday_us) / week_us)
        return INT64_MAX;
    return first_monday_us + week * week_us;
}

uint32_t week_neighbour(int64_t when_us)
{
    uint32_t week = week_of(when_us);
    if (when_us < first_monday_us)
        return week;
    int64_t into_week_us = (when_us - first_monday_us) % week_us;
    if (into_week_us < US_PER_DAY)
        return week > 0 ? week - 1 : week;
    return into_week_us > week_us - US_PER_DAY ? week + 1 : week;
}

bool port_is_blacklisted(uint16_t port)
{
    return blacklist[port >> 10] >> (port >> 5 & 31) & 1;
}

struct port_draw {
    uint32_t state;
    uint32_t tcp, udp; /* sums: the low 16 bits are the ports */
};

static ALWAYS_INLINE void draw_round(struct port_draw *pair)
{
    for (unsigned step = 0; step < PORT_STEPS; step += 2) {
        pair->tcp ^= port_draw_step(&pair->state, step);
        pair->udp ^= port_draw_step(&pair->state, step + 1);
    }
}

/* All tests without a branch between them: their outcome is a coin that no processor can guess. */
static ALWAYS_INLINE bool pair_is_refused(struct port_draw pair)
{
    uint32_t tcp = pair.tcp & 0xffff, udp = pair.udp & 0xffff;
    uint32_t refused = blacklist[tcp >> 10] >> (tcp >> 5 & 31) |
                       blacklist[udp >> 10] >> (udp >> 5 & 31);
    return (refused & 1) | (tcp == udp);
}

static ALWAYS_INLINE struct port_draw draw_pair(uint32_t state)
{
    struct port_draw pair = {.state = state, .tcp = 0, .udp = 0};
    for (unsigned round = 0; round < PORT_ROUNDS_MAX; round++) {
        draw_round(&pair);
        if (!pair_is_refused(pair))
            return pair;
    }
    return (struct port_draw){.state = pair.state, .tcp = 0, .udp = 0};
}

static ALWAYS_INLINE bool pairs_share_a_port(struct port_draw first, struct port_draw second)
{
    uint16_t tcp_first = (uint16_t)first.tcp, udp_first = (uint16_t)first.udp;
    uint16_t tcp_second = (uint16_t)second.tcp, udp_second = (uint16_t)second.udp;
    return (tcp_first == tcp_second) | (tcp_first == udp_second) | (udp_first == tcp_second) |
           (udp_first == udp_second);
}

/* SRI's reading takes up where nmap's has ended, with its state and sums. Rare, so kept out of the
 * way. */
static COLD struct port_draw draw_past_first(struct port_draw first, struct port_draw second)
{
    for (unsigned round = 0; round < PORT_ROUNDS_MAX; round++) {
        draw_round(&second);
        if (!pair_is_refused(second) && !pairs_share_a_port(first, second))
            return second;
    }
    return (struct port_draw){.state = second.state, .tcp = 0, .udp = 0};
}

static struct p2p_ports ports_of_pairs(struct port_draw first, struct port_draw second)
{
    return (struct p2p_ports){.tcp = {(uint16_t)first.tcp, (uint16_t)second.tcp},
                              .udp = {(uint16_t)first.udp, (uint16_t)second.udp}};
}

struct p2p_ports ports_predicted_for(uint32_t ipv4, uint32_t week, enum ports_reading reading)
{
    struct port_draw first = draw_pair(port_draw_seed(ipv4));
    struct port_draw second = draw_pair(first.state ^ week);
    if (reading == READING_SRI && RARELY(pairs_share_a_port(first, second)))
        second = draw_past_first(first, second);
    return ports_of_pairs(first, second);
}

void ports_predicted_by_both(uint32_t ipv4, uint32_t week, struct p2p_ports out[static 2])
{
    struct port_draw first = draw_pair(port_draw_seed(ipv4));
    struct port_draw second = draw_pair(first.state ^ week);
    out[READING_NMAP] = out[READING_SRI] = ports_of_pairs(first, second);
    if (RARELY(pairs_share_a_port(first, second)))
        out[READING_SRI] = ports_of_pairs(first, draw_past_first(first, second));
}

void ports_fixed_for(uint32_t ipv4, uint16_t *tcp, uint16_t *udp)
{
    struct port_draw first = draw_pair(port_draw_seed(ipv4));
    *tcp = (uint16_t)first.tcp;
    *udp = (uint16_t)first.udp;
}

static ALWAYS_INLINE uint16_t port_of(struct port_draw pair, enum transport transport)
{
    return (uint16_t)(transport == TRANSPORT_TCP ? pair.tcp : pair.udp);
}

static ALWAYS_INLINE bool is_of_week(struct port_draw first, uint32_t week,
                                     enum transport transport, uint16_t port)
{
    struct port_draw second = draw_pair(first.state ^ week);
    if (port_of(second, transport) == port)
        return true;
    if (MOSTLY(!pairs_share_a_port(first, second)))
        return false;
    return port_of(draw_past_first(first, second), transport) == port;
}

bool port_is_predicted(uint32_t ipv4, enum transport transport, uint16_t port, int64_t when_us)
{
    if (port_is_blacklisted(port))
        return false;
    struct port_draw first = draw_pair(port_draw_seed(ipv4));
    if (port_of(first, transport) == port)
        return true;
    if (when_us == TIME_NONE)
        return false;
    uint32_t week = week_of(when_us), neighbour = week_neighbour(when_us);
    return is_of_week(first, week, transport, port) ||
           (neighbour != week && is_of_week(first, neighbour, transport, port));
}
