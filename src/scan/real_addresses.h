/* By which address a host knows itself, where that is not the one it is asked at: behind NAT, or
 * with several networks. The worm computes its ports from its own. Pairs, as a file lists them. */
#ifndef WORMSIGN_SCAN_REAL_ADDRESSES_H
#define WORMSIGN_SCAN_REAL_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/reader.h"
#include "base/writer.h"

enum { REAL_ADDRESSES_MAX = 1 << 24, REAL_ADDRESS_BYTES = 8 }; /* bytes of a pair that is written */

struct real_address {
    uint32_t host, real;
};

struct real_addresses;

/* NULL without memory. */
struct real_addresses *real_addresses_new(void);
void real_addresses_free(struct real_addresses *a); /* NULL is fine */

/* False with *err without memory, or where there are too many. */
bool real_addresses_add(struct real_addresses *a, struct real_address pair,
                        struct error *err) MUST_CHECK;

/* Behind the last one, and before any is looked up. False with *err where a host has two. */
bool real_addresses_close(struct real_addresses *a, struct error *err) MUST_CHECK;

size_t real_addresses_count(const struct real_addresses *a); /* of NULL 0 */

/* The address by which this host knows itself; false where none is listed. */
bool real_addresses_find(const struct real_addresses *a, uint32_t host, uint32_t *real);

/* REAL_ADDRESS_BYTES each, in order; read back they must be so many, and ascending. NULL with *err
 * where they are not. */
void real_addresses_write(const struct real_addresses *a, struct writer *w);
struct real_addresses *real_addresses_read(struct reader *r, uint64_t count, struct error *err);

#endif
