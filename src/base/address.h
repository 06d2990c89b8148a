/* Addresses and prefixes, IPv4 and IPv6 in one type.
 *
 * An address is 128 bits in two numbers, most significant first; IPv4 is ::ffff:a.b.c.d, so that
 * one comparison and one hash serve both. Text forms: RFC 5952 for IPv6, dotted for IPv4. */
#ifndef WORMSIGN_BASE_ADDRESS_H
#define WORMSIGN_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

struct address {
    uint64_t high, low;
};

struct prefix {
    struct address base; /* host bits are zero */
    unsigned bits;       /* 0..128, counted over the 128-bit form (IPv4 /8 is 104) */
};

enum { ADDRESS_TEXT_SIZE = 46, PREFIX_TEXT_SIZE = 50 };

/* ipv4: the numeric value, first octet highest: 192.0.2.1 is 0xC0000201. */
static inline struct address address_of_v4(uint32_t ipv4)
{
    return (struct address){.high = 0, .low = UINT64_C(0xffff00000000) | ipv4};
}

static inline bool address_is_v4(struct address a)
{
    return a.high == 0 && a.low >> 32 == 0xffff;
}

/* The numeric value, first octet highest; meaningful only where address_is_v4 holds. */
static inline uint32_t address_v4(struct address a)
{
    return (uint32_t)a.low;
}

static inline bool address_equal(struct address a, struct address b)
{
    return a.high == b.high && a.low == b.low;
}

/* Less than, equal to, more than 0 as a sorts before, with or after b (IPv4 as its mapped form). */
int address_compare(struct address a, struct address b);

/* The text form, in buffer; returns buffer. */
const char *address_text(struct address a, char buffer[static ADDRESS_TEXT_SIZE]);

/* Parses a dotted IPv4 or an IPv6 address; nothing else, no names. */
bool address_parse(const char *text, struct address *out, struct error *err) MUST_CHECK;

/* As many ones as `bits` says, then zeros; from 128 on, which a record may say, ones alone. */
struct address address_mask(unsigned bits);

/* Parses "192.0.2.0/24", "fd00::/8" or a single address (all its bits). Host bits must be zero. */
bool prefix_parse(const char *text, struct prefix *out, struct error *err) MUST_CHECK;
const char *prefix_text(struct prefix p, char buffer[static PREFIX_TEXT_SIZE]);

/* True when the address begins as the prefix does. */
static inline bool prefix_holds(struct prefix p, struct address a)
{
    uint64_t high = a.high ^ p.base.high, low = a.low ^ p.base.low;
    if (p.bits <= 64)
        return p.bits == 0 || high >> (64 - p.bits) == 0;
    return high == 0 && (p.bits >= 128 ? low : low >> (128 - p.bits)) == 0;
}

/* True when one of these prefixes holds the address. */
bool prefixes_hold(const struct prefix *prefixes, size_t count, struct address a);

#endif
