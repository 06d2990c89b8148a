/* Bounded output: raw bytes into a buffer of fixed size, and text into one.
 *
 * Both stick on overflow, as the reader does on a short read: `failed` (bytes) and `cut` (text)
 * are tested once, at the end. Text stays NUL-terminated always. */
#ifndef WORMSIGN_BASE_WRITER_H
#define WORMSIGN_BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/compiler.h"

struct writer {
    uint8_t *start; /* borrowed */
    size_t size;    /* of the buffer */
    size_t used;
    bool failed;
};

static inline struct writer writer_over(void *buffer, size_t size)
{
    return (struct writer){.start = buffer, .size = size, .used = 0, .failed = false};
}

/* Of a count that the compiler knows a copy is one instruction: packets are made of such. */
static ALWAYS_INLINE void write_bytes(struct writer *w, const void *bytes, size_t count)
{
    if (RARELY(w->failed || count > w->size - w->used)) {
        w->failed = true;
        return;
    }
    if (count != 0)
        memcpy(w->start + w->used, bytes, count);
    w->used += count;
}

void write_zeros(struct writer *w, size_t count);

static ALWAYS_INLINE void write_u8(struct writer *w, uint8_t value)
{
    write_bytes(w, &value, sizeof value);
}

static ALWAYS_INLINE void write_le16(struct writer *w, uint16_t value)
{
    write_bytes(w, &value, sizeof value);
}

static ALWAYS_INLINE void write_le32(struct writer *w, uint32_t value)
{
    write_bytes(w, &value, sizeof value);
}

static ALWAYS_INLINE void write_le64(struct writer *w, uint64_t value)
{
    write_bytes(w, &value, sizeof value);
}

static ALWAYS_INLINE void write_be16(struct writer *w, uint16_t value)
{
    write_le16(w, __builtin_bswap16(value));
}

static ALWAYS_INLINE void write_be32(struct writer *w, uint32_t value)
{
    write_le32(w, __builtin_bswap32(value));
}

static ALWAYS_INLINE void write_be64(struct writer *w, uint64_t value)
{
    write_le64(w, __builtin_bswap64(value));
}

/* Goes back to a number that was written before what it counts; nothing, where it was not. */
void write_le16_at(struct writer *w, size_t at, uint16_t value);
void write_be16_at(struct writer *w, size_t at, uint16_t value);

struct text {
    char *start; /* borrowed; NUL-terminated after every call */
    size_t size; /* of the buffer, NUL included; at least 1 */
    size_t used; /* without the NUL */
    bool cut;    /* something did not fit */
};

struct text text_over(char *buffer, size_t size);
void text_add(struct text *t, const char *format, ...) PRINTF_LIKE(2, 3);

/* Appends these bytes as they are; of what does not fit, as much as does, and t->cut tells so. */
void text_add_plain(struct text *t, const void *bytes, size_t count);

/* How many bytes from the first on are printable ASCII and no backslash: harmless anywhere. */
size_t text_harmless(const void *bytes, size_t count);

/* Appends foreign bytes so that a terminal, a log or a table cannot be harmed: printable ASCII as
 * it is, the backslash doubled, everything else as \xNN. */
void text_add_escaped(struct text *t, const void *bytes, size_t count);

#endif
