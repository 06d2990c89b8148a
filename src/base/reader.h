/* The one way in for foreign bytes: a bounded reader with a single bounds check.
 *
 *   struct reader r = reader_over(bytes, size);
 *   uint16_t type = read_be16(&r);
 *   struct reader body = read_part(&r, read_be16(&r));      a length field becomes a wall
 *   if (r.failed) return false;                             tested once, where we decide to believe
 *
 * A short read yields zero (or NULL, or an empty part) and sticks: every later read of the same
 * reader yields zero too. No other code in this project does arithmetic on foreign bytes. */
#ifndef WORMSIGN_BASE_READER_H
#define WORMSIGN_BASE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/compiler.h"

struct reader {
    const uint8_t *next; /* borrowed; may be NULL when left is 0 */
    size_t left;
    bool failed;
};

static inline struct reader reader_over(const void *bytes, size_t size)
{
    return (struct reader){.next = bytes, .left = size, .failed = false};
}

/* The next count bytes, or NULL when fewer are left. THE bounds check of this project. */
static ALWAYS_INLINE const uint8_t *read_bytes(struct reader *r, size_t count)
{
    if (RARELY(count > r->left)) {
        r->left = 0;
        r->failed = true;
        return NULL;
    }
    const uint8_t *bytes = r->next;
    if (count != 0) {
        if (bytes == NULL)
            __builtin_unreachable(); /* an empty reader was dealt with above */
        r->next += count;
    }
    r->left -= count;
    return bytes;
}

static ALWAYS_INLINE void read_skip(struct reader *r, size_t count)
{
    (void)read_bytes(r, count);
}

/* A reader over the next count bytes that cannot see past them; failed and empty when they are not
 * there. */
static ALWAYS_INLINE struct reader read_part(struct reader *r, size_t count)
{
    const uint8_t *bytes = read_bytes(r, count);
    return (struct reader){.next = bytes, .left = bytes != NULL ? count : 0, .failed = r->failed};
}

/* Begins to fetch what comes next (a little of it): only speed depends on it, and nothing is
 * read. */
static ALWAYS_INLINE void read_ahead(const struct reader *r)
{
    if (r->left > 64) {
        __builtin_prefetch(r->next);
        __builtin_prefetch(r->next + 64);
    }
}

static ALWAYS_INLINE uint8_t read_u8(struct reader *r)
{
    const uint8_t *b = read_bytes(r, 1);
    return b != NULL ? b[0] : 0;
}

static ALWAYS_INLINE uint16_t read_be16(struct reader *r)
{
    const uint8_t *b = read_bytes(r, 2);
    uint16_t value = 0;
    if (b != NULL)
        memcpy(&value, b, 2);
    return __builtin_bswap16(value);
}

static ALWAYS_INLINE uint32_t read_be32(struct reader *r)
{
    const uint8_t *b = read_bytes(r, 4);
    uint32_t value = 0;
    if (b != NULL)
        memcpy(&value, b, 4);
    return __builtin_bswap32(value);
}

/* A MAC, for one. */
static ALWAYS_INLINE uint64_t read_be48(struct reader *r)
{
    uint64_t high = read_be16(r);
    return high << 32 | read_be32(r);
}

static ALWAYS_INLINE uint64_t read_be64(struct reader *r)
{
    const uint8_t *b = read_bytes(r, 8);
    uint64_t value = 0;
    if (b != NULL)
        memcpy(&value, b, 8);
    return __builtin_bswap64(value);
}

static ALWAYS_INLINE uint16_t read_le16(struct reader *r)
{
    return __builtin_bswap16(read_be16(r));
}

static ALWAYS_INLINE uint32_t read_le32(struct reader *r)
{
    return __builtin_bswap32(read_be32(r));
}

static ALWAYS_INLINE uint64_t read_le64(struct reader *r)
{
    return __builtin_bswap64(read_be64(r));
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the readers above swap for a little-endian machine");

#endif
