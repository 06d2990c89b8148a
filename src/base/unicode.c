/* One reader and one writer for each form. A lone half of a pair is replaced, and what stands
 * behind it is read for itself. */
#include "base/unicode.h"

#include <string.h>

enum {
    HALF_HIGH = 0xd800 >> 10, /* what the upper six bits of a half are */
    HALF_LOW = 0xdc00 >> 10,
    PAIRS_START = 0x10000,
    CHARACTER_MAX = 4 /* bytes of UTF-8 */
};

bool utf8_read(struct reader *r, uint32_t *code)
{
    static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
    uint8_t lead = read_u8(r);
    unsigned more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4)
        return false;
    uint32_t value = more == 0 ? lead : lead & (0x3fU >> more);
    for (unsigned i = 0; i < more; i++) {
        uint8_t next = read_u8(r);
        if ((next & 0xc0) != 0x80)
            return false;
        value = value << 6 | (next & 0x3f);
    }
    *code = value;
    return !r->failed && value >= least[more] && value <= 0x10ffff && value >> 11 != 0xd800 >> 11;
}

uint32_t utf16_read(struct reader *r)
{
    uint32_t unit = read_le16(r);
    if (unit >> 10 == HALF_HIGH) {
        struct reader ahead = *r;
        uint32_t low = read_le16(&ahead);
        if (low >> 10 == HALF_LOW) {
            *r = ahead;
            return PAIRS_START + ((unit & 0x3ff) << 10 | (low & 0x3ff));
        }
    }
    return unit >> 11 == 0xd800 >> 11 ? UNICODE_REPLACEMENT : unit;
}

/* The bytes of a character; how many they are. */
static unsigned utf8_of(uint32_t code, uint8_t out[static CHARACTER_MAX])
{
    unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const uint8_t leads[CHARACTER_MAX] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (uint8_t)(leads[more] | code >> (6 * more));
    for (unsigned i = 1; i <= more; i++)
        out[i] = (uint8_t)(0x80 | (code >> (6 * (more - i)) & 0x3f));
    return more + 1;
}

static void add(struct text *t, const void *bytes, size_t count)
{
    if (t->cut || count > t->size - 1 - t->used) {
        t->cut = true;
        return;
    }
    memcpy(t->start + t->used, bytes, count);
    t->used += count;
    t->start[t->used] = '\0';
}

void text_add_utf16(struct text *t, struct reader utf16)
{
    while (utf16.left >= 2) {
        uint32_t code = utf16_read(&utf16);
        uint8_t bytes[CHARACTER_MAX];
        if (code == 0)
            return;
        add(t, bytes, utf8_of(code, bytes));
    }
}

void text_add_bytes(struct text *t, struct reader bytes)
{
    while (bytes.left > 0) {
        uint8_t byte = read_u8(&bytes);
        if (byte == 0)
            return;
        add(t, &byte, 1);
    }
}

void write_utf16(struct writer *w, const char *utf8)
{
    struct reader r = reader_over(utf8, strlen(utf8));
    while (r.left > 0) {
        struct reader one = r;
        uint32_t code;
        if (!utf8_read(&r, &code)) {
            code = UNICODE_REPLACEMENT;
            r = one;
            read_skip(&r, 1);
        }
        if (code >= PAIRS_START) {
            write_le16(w, (uint16_t)(0xd800 | (code - PAIRS_START) >> 10));
            code = 0xdc00 | (code & 0x3ff);
        }
        write_le16(w, (uint16_t)code);
    }
}
