/* How an answer to a stateless probe proves itself: by a number that only we can know of host and
 * port, in the sequence number of TCP, and in the source port of a datagram.
 *
 * SipHash-2-4 of libsodium under a key drawn for the scan (Aumasson and Bernstein, 2012), made for
 * short inputs and hard to predict without the key. */
#ifndef WORMSIGN_SCAN_RAW_COOKIE_H
#define WORMSIGN_SCAN_RAW_COOKIE_H

#include <stdint.h>
#include "conficker/ports.h"

enum { RAW_COOKIE_KEY_BYTES = 16 };

struct raw_cookie_key {
    uint8_t bytes[RAW_COOKIE_KEY_BYTES];
};

/* From the seed of a scan, which is random. */
struct raw_cookie_key raw_cookie_key_of(uint64_t seed);

/* What this is for: numbers for one use tell nothing of those for another. */
enum raw_cookie_use {
    RAW_COOKIE_SEQUENCE = 1,
    RAW_COOKIE_PORT,
    RAW_COOKIE_MESSAGE,
    RAW_COOKIE_ECHO
};

/* own_port: ours, where the use is a sequence number; else 0. */
uint64_t raw_cookie(const struct raw_cookie_key *key, enum raw_cookie_use use, uint32_t host,
                    enum transport transport, uint16_t port, uint16_t own_port);

#endif
