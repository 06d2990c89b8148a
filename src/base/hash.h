/* Mixing numbers and hashing bytes: for tables, sets and samples; never for secrecy.
 *
 * The hashes of names, addresses and payloads are kept in evidence that outlives a run, so they are
 * the same on every run and machine: XXH3 with seed 0 for bytes, a fixed 64-bit finaliser for
 * numbers. */
#ifndef WORMSIGN_BASE_HASH_H
#define WORMSIGN_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include "base/address.h"

/* A bijection whose every output bit depends on every input bit (the finaliser of SplitMix64). */
static inline uint64_t hash_number(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

/* The number whose hash_number is x. */
static inline uint64_t hash_number_undo(uint64_t x)
{
    x = (x ^ x >> 31 ^ x >> 62) * UINT64_C(0x319642b2d24d8ec3);
    x = (x ^ x >> 27 ^ x >> 54) * UINT64_C(0x96de1b173f119089);
    return x ^ x >> 30 ^ x >> 60;
}

static inline uint64_t hash_pair(uint64_t a, uint64_t b)
{
    return hash_number(a + UINT64_C(0x9e3779b97f4a7c15) * hash_number(b + 1));
}

static inline uint64_t hash_address(struct address a)
{
    return a.high == 0 ? hash_number(a.low) : hash_pair(a.low, a.high);
}

uint64_t hash_bytes(const void *bytes, size_t count);

#endif
