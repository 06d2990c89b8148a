/* The bounded writer's text side: what is put together for people, and foreign text made harmless.
 *
 * The twin of the reader: a write that does not fit fails and sticks. */
#include "base/writer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct writer writer_over(void *buffer, size_t size)
{
    return (struct writer){.start = buffer, .size = size, .used = 0, .failed = false};
}

/* Of a count that the compiler knows a copy is one instruction: packets are made of such. */
static inline void write_these(struct writer *w, const void *bytes, size_t count)
{
    if (w->failed || count > w->size - w->used) {
        w->failed = true;
        return;
    }
    if (count != 0)
        memcpy(w->start + w->used, bytes, count);
    w->used += count;
}

void write_bytes(struct writer *w, const void *bytes, size_t count)
{
    write_these(w, bytes, count);
}

void write_zeros(struct writer *w, size_t count)
{
    static const uint8_t zeros[64];
    for (; count > sizeof zeros && !w->failed; count -= sizeof zeros)
        write_bytes(w, zeros, sizeof zeros);
    if (count <= sizeof zeros)
        write_bytes(w, zeros, count);
}

void write_u8(struct writer *w, uint8_t value)
{
    write_these(w, &value, 1);
}

void write_be16(struct writer *w, uint16_t value)
{
    write_le16(w, __builtin_bswap16(value));
}

void write_be32(struct writer *w, uint32_t value)
{
    write_le32(w, __builtin_bswap32(value));
}

void write_be64(struct writer *w, uint64_t value)
{
    write_le64(w, __builtin_bswap64(value));
}

void write_le16(struct writer *w, uint16_t value)
{
    write_these(w, &value, sizeof value);
}

void write_le32(struct writer *w, uint32_t value)
{
    write_these(w, &value, sizeof value);
}

void write_le64(struct writer *w, uint64_t value)
{
    write_these(w, &value, sizeof value);
}

void write_le16_at(struct writer *w, size_t at, uint16_t value)
{
    if (!w->failed && at <= w->used && w->used - at >= sizeof value)
        memcpy(w->start + at, &value, sizeof value);
}

void write_be16_at(struct writer *w, size_t at, uint16_t value)
{
    write_le16_at(w, at, __builtin_bswap16(value));
}

struct text text_over(char *buffer, size_t size)
{
    assert(size >= 1);
    buffer[0] = '\0';
    return (struct text){.start = buffer, .size = size, .used = 0, .cut = false};
}

void text_add(struct text *t, const char *format, ...)
{
    size_t room = t->size - t->used;
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(t->start + t->used, room, format, arguments);
    va_end(arguments);
    if (wanted < 0)
        return;
    if ((size_t)wanted >= room) {
        t->cut = true;
        t->used = t->size - 1;
    } else {
        t->used += (size_t)wanted;
    }
}

void text_add_escaped(struct text *t, const void *bytes, size_t count)
{
    const unsigned char *next = bytes;
    for (size_t i = 0; i < count && !t->cut; i++) {
        if (next[i] == '\\')
            text_add(t, "\\\\");
        else if (next[i] >= 0x20 && next[i] < 0x7f)
            text_add(t, "%c", next[i]);
        else
            text_add(t, "\\x%02x", next[i]);
    }
}
