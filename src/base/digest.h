/* What bytes are known by: a 128-bit digest (XXH3), the same on every run and machine.
 *
 * It tells whether two captures are the same and whether a file came whole. It keeps nobody out who
 * wants to deceive. */
#ifndef WORMSIGN_BASE_DIGEST_H
#define WORMSIGN_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BYTES = 16 };

struct digest {
    uint64_t low, high;
};

static inline bool digest_equal(struct digest a, struct digest b)
{
    return a.low == b.low && a.high == b.high;
}

struct digest digest_of(const void *bytes, size_t count);

/* The same of bytes that come piece by piece. */
struct digester;

struct digester *digester_new(void);    /* NULL: no memory */
void digester_free(struct digester *d); /* NULL is fine */
void digester_add(struct digester *d, const void *bytes, size_t count);

/* Of all that was added so far. */
struct digest digester_digest(const struct digester *d);

#endif
