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

void text_add_plain(struct text *t, const void *bytes, size_t count)
{
    size_t room = t->size - t->used - 1;
    if (count > room) {
        t->cut = true;
        count = room;
    }
    if (count > 0)
        memcpy(t->start + t->used, bytes, count);
    t->used += count;
    t->start[t->used] = '\0';
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '\\';
}

size_t text_harmless(const void *bytes, size_t count)
{
    const unsigned char *next = bytes;
    size_t run = 0;
    while (run < count && is_plain(next[run]))
        run++;
    return run;
}

/* A format for each byte would take most of the time of a report. */
void text_add_escaped(struct text *t, const void *bytes, size_t count)
{
    const unsigned char *next = bytes;
    for (size_t i = 0; i < count && !t->cut; i++) {
        size_t run = text_harmless(next + i, count - i);
        text_add_plain(t, next + i, run);
        i += run;
        if (i < count && next[i] == '\\')
            text_add_plain(t, "\\\\", 2);
        else if (i < count)
            text_add(t, "\\x%02x", next[i]);
    }
}
