/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. What is well
 * formed and still escaped: the control characters (C0, DEL, C1), the line and paragraph
 * separators, and the marks of Unicode's bidirectional algorithm, which show a reader another text
 * than is there. */
#include "report/foreign.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"

enum { ESCAPED_LENGTH = 4 }; /* \xNN */

/* The next character; false when the bytes are not one. */
static bool read_utf8(struct reader *r, uint32_t *code)
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

static bool is_harmless(uint32_t code)
{
    bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    bool separator = code == 0x2028 || code == 0x2029;
    bool direction = code == 0x61c || code == 0x200e || code == 0x200f ||
                     (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return !control && !separator && !direction && code != 0xfeff;
}

static void add_utf8(struct text *t, struct reader r, bool double_backslash)
{
    while (r.left > 0) {
        struct reader whole = r, one = r;
        uint32_t code = 0;
        bool good = read_utf8(&r, &code) && is_harmless(code);
        if (good && (code != '\\' || !double_backslash)) {
            size_t length = whole.left - r.left;
            text_add(t, "%.*s", (int)length, (const char *)read_bytes(&whole, length));
            continue;
        }
        text_add_escaped(t, read_bytes(&one, 1), 1);
        r = one;
    }
}

char *text_made_safe(const char *text, enum safe_form form)
{
    size_t length = strlen(text), size;
    if (__builtin_mul_overflow(length, ESCAPED_LENGTH, &size) || size == SIZE_MAX)
        return NULL;
    char *made = malloc(size + 1);
    if (made == NULL)
        return NULL;
    struct text t = text_over(made, size + 1);
    if (form == SAFE_ASCII)
        text_add_escaped(&t, text, length);
    else
        add_utf8(&t, reader_over(text, length), form == SAFE_UTF8);
    return made;
}
