/* Two digits at a time from a table, backwards into a small buffer; then one copy. */
#include "base/fast_text.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROOM_FIRST = 4096, US_PER_S = 1000000, US_DIGITS = 6 };

void fast_text_free(struct fast_text *t)
{
    free(t->start);
    *t = (struct fast_text){0};
}

char *fast_text_grow(struct fast_text *t, size_t more)
{
    size_t room = t->room != 0 ? t->room : ROOM_FIRST;
    if (t->failed || more > SIZE_MAX / 4 || t->used > SIZE_MAX / 4) {
        t->failed = true;
        return NULL;
    }
    while (room - t->used < more)
        room *= 2;
    char *start = t->room == room ? t->start : realloc(t->start, room);
    if (start == NULL) {
        t->failed = true;
        return NULL;
    }
    t->start = start;
    t->room = room;
    return start + t->used;
}

void fast_text_blanks(struct fast_text *t, size_t count)
{
    char *at = fast_text_room(t, count);
    if (at == NULL)
        return;
    memset(at, ' ', count);
    t->used += count;
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233"
                            "34353637383940414243444546474849505152535455565758596061626364656667"
                            "6869707172737475767778798081828384858687888990919293949596979899";

void fast_text_padded(struct fast_text *t, uint64_t value, unsigned digits)
{
    char buffer[FAST_TEXT_DIGITS_MAX];
    size_t at = sizeof buffer;
    while (value >= 100) {
        at -= 2;
        memcpy(buffer + at, pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(buffer + at, pairs + 2 * value, 2);
    } else {
        buffer[--at] = (char)('0' + value);
    }
    while (sizeof buffer - at < digits && at > 0)
        buffer[--at] = '0';
    fast_text_add(t, buffer + at, sizeof buffer - at);
}

void fast_text_count(struct fast_text *t, uint64_t value)
{
    fast_text_padded(t, value, 1);
}

void fast_text_hex(struct fast_text *t, uint64_t value, unsigned digits)
{
    static const char letters[] = "0123456789abcdef";
    char buffer[2 * sizeof value];
    size_t at = sizeof buffer;
    do {
        buffer[--at] = letters[value & 15];
        value >>= 4;
    } while (value != 0);
    while (sizeof buffer - at < digits && at > 0)
        buffer[--at] = '0';
    fast_text_add(t, buffer + at, sizeof buffer - at);
}

/* The point and what is behind it, of microseconds within a second. */
static void add_fraction(struct fast_text *t, uint64_t us, unsigned decimals)
{
    static const uint32_t scale[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    if (decimals == 0)
        return;
    unsigned shown = decimals < US_DIGITS ? decimals : US_DIGITS;
    fast_text_char(t, '.');
    fast_text_padded(t, us / scale[shown], shown);
    for (; shown < decimals && shown < FAST_TEXT_DECIMALS_MAX; shown++)
        fast_text_char(t, '0');
}

void fast_text_seconds(struct fast_text *t, int64_t us, unsigned decimals)
{
    uint64_t size = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
    if (us < 0)
        fast_text_char(t, '-');
    fast_text_count(t, size / US_PER_S);
    add_fraction(t, size % US_PER_S, decimals);
}

void fast_text_time(struct fast_text *t, struct fast_time *last, int64_t us, unsigned decimals)
{
    enum { SIZE_TO_SECOND = 19 };
    int64_t part = us % US_PER_S + (us % US_PER_S < 0 ? US_PER_S : 0);
    int64_t second = us / US_PER_S - (us % US_PER_S < 0);
    if (!last->is_known || second != last->second) {
        size_t size = strlen(time_text(us, last->text));
        last->is_known = true;
        last->second = second;
        last->size = size < SIZE_TO_SECOND ? size : SIZE_TO_SECOND;
    }
    fast_text_add(t, last->text, last->size);
    if (last->size < SIZE_TO_SECOND)
        return;
    add_fraction(t, (uint64_t)part, decimals);
    fast_text_char(t, 'Z');
}

void fast_text_decimal(struct fast_text *t, double value, unsigned decimals)
{
    char buffer[400];
    int used = snprintf(buffer, sizeof buffer, "%.*f", (int)decimals, value);
    if (used > 0)
        fast_text_add(t, buffer, (size_t)used < sizeof buffer ? (size_t)used : sizeof buffer - 1);
}

void fast_text_address(struct fast_text *t, struct address a)
{
    char buffer[ADDRESS_TEXT_SIZE];
    if (!address_is_v4(a)) {
        fast_text_string(t, address_text(a, buffer));
        return;
    }
    uint32_t v4 = address_v4(a);
    for (unsigned shift = 32; shift > 0;) {
        shift -= 8;
        fast_text_count(t, v4 >> shift & 255);
        if (shift > 0)
            fast_text_char(t, '.');
    }
}

void fast_text_mac(struct fast_text *t, uint64_t mac)
{
    for (unsigned shift = 48; shift > 0;) {
        shift -= 8;
        fast_text_hex(t, mac >> shift & 255, 2);
        if (shift > 0)
            fast_text_char(t, ':');
    }
}

void fast_text_hex_bytes(struct fast_text *t, struct reader bytes)
{
    static const char letters[] = "0123456789ABCDEF";
    size_t count = bytes.left;
    char *at = fast_text_room(t, 2 * count);
    if (at == NULL)
        return;
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = read_u8(&bytes);
        at[2 * i] = letters[byte >> 4];
        at[2 * i + 1] = letters[byte & 15];
    }
    t->used += 2 * count;
}

void fast_text_escaped(struct fast_text *t, struct reader bytes, char also)
{
    static const char letters[] = "0123456789abcdef";
    while (bytes.left > 0 && !t->failed) {
        uint8_t byte = read_u8(&bytes);
        char c = (char)byte;
        if (byte >= ' ' && byte <= '~' && c != also && c != '\\') {
            fast_text_char(t, c);
        } else if (c == '\\' && c != also) {
            fast_text_add(t, "\\\\", 2);
        } else {
            const char escape[] = {'\\', 'x', letters[byte >> 4], letters[byte & 15]};
            fast_text_add(t, escape, sizeof escape);
        }
    }
}
