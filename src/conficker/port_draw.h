/* One step of the port generator, shared by ports.c and unmask.c (private to conficker/).
 *
 * The generator is a linear congruence over the low 32 bits of a 64-bit product. A round is ten
 * steps; step i takes the high word, shifted right by i, and adds it (xor) to TCP on even steps and
 * to UDP on odd ones. Only the low 16 bits of a sum are the port; the bits above are left in, since
 * no step brings them down, and cut off where the port is read. State and sums live on from round
 * to round.
 *
 * Facts: nmap's p2p-conficker.nse, SRI's and SiLK's programs agree on every step. */
#ifndef WORMSIGN_CONFICKER_PORT_DRAW_H
#define WORMSIGN_CONFICKER_PORT_DRAW_H

#include <stdint.h>
#include "base/compiler.h"

enum { PORT_STEPS = 10 };

/* The worm loads the address as an x86 machine does, first octet lowest, and inverts it. */
static ALWAYS_INLINE uint32_t port_draw_seed(uint32_t ipv4)
{
    return ~__builtin_bswap32(ipv4);
}

/* Moves the state on and returns what the step adds to its sum. The carry of the +1 goes into the
 * high word, hence 64 bits. */
static ALWAYS_INLINE uint32_t port_draw_step(uint32_t *state, unsigned step)
{
    uint64_t product = (uint64_t)*state * UINT32_C(0x015A4E35) + 1;
    *state = (uint32_t)product;
    return (uint32_t)(product >> 32) >> step;
}

#endif
