/* The bounded writer's text side: what is put together for people, and foreign text made harmless.
 *
 * The twin of the reader: a write that does not fit fails and sticks. */
#include "base/writer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void write_zeros(struct writer *w, size_t count)
{
    static const uint8_t zeros[64];
    for (; count > sizeof zeros && !w->failed; count -= sizeof zeros)
        write_bytes(w, zeros, sizeof zeros);
    if (count <= sizeof zeros)
        write_bytes(w, zeros, count);
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
