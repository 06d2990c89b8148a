/* A target as people write it: an address, a prefix, a range of addresses, or nmap's octet ranges;
 * a set of IPv4 addresses.
 *
 *   192.0.2.1   192.0.2.0/24   192.0.2.10-192.0.3.9   192.0.2.10-20   10.0-3.1,5.*   10.0.0.-5
 *
 * A number with a leading 0 is refused: it is decimal to some programs and octal to others.
 *
 * A target is never spelled out: its addresses are numbered in ascending order and computed one by
 * one, so that 0.0.0.0/0 costs no more than a single address. The worm knows only IPv4. */
#ifndef WORMSIGN_SCAN_TARGET_H
#define WORMSIGN_SCAN_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum { TARGET_TEXT_SIZE = 1024 }; /* the longest target with a NUL: four octets of many parts */

/* Per octet, the values it takes, ascending. */
struct octet_values {
    uint16_t count; /* 1..256 */
    uint8_t values[256];
};

struct target {
    uint64_t size;                 /* addresses in it, 1..2^32 */
    bool is_run;                   /* then first counts, else octets */
    uint32_t first;                /* first octet highest */
    struct octet_values octets[4]; /* [0] is the first octet */
};

bool target_parse(const char *text, struct target *out, struct error *err) MUST_CHECK;

/* The address with this number, 0..size-1. */
uint32_t target_at(const struct target *t, uint64_t index);

#endif
