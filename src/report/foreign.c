/* What is no UTF-8 is escaped, byte by byte. What is well formed and still escaped: the control
 * characters (C0, DEL, C1), the line and paragraph separators, and the marks of Unicode's
 * bidirectional algorithm, which show a reader another text than is there. */
#include "report/foreign.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/unicode.h"
#include "base/writer.h"

enum { ESCAPED_LENGTH = 4 }; /* \xNN */

static bool is_harmless(uint32_t code)
{
    bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    bool separator = code == 0x2028 || code == 0x2029;
    bool direction = code == 0x61c || code == 0x200e || code == 0x200f ||
                     (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    bool none = (code & 0xfffe) == 0xfffe; /* no character: XML does not take U+FFFE and U+FFFF */
    return !control && !separator && !direction && !none && code != 0xfeff;
}

static void add_utf8(struct text *t, struct reader r, bool double_backslash)
{
    while (r.left > 0) {
        struct reader rest = r;
        size_t run = text_harmless(read_bytes(&rest, r.left), r.left);
        text_add_plain(t, read_bytes(&r, run), run);
        if (r.left == 0)
            return;
        struct reader whole = r, one = r;
        uint32_t code = 0;
        bool good = utf8_read(&r, &code) && is_harmless(code);
        if (good && (code != '\\' || !double_backslash)) {
            size_t length = whole.left - r.left;
            text_add_plain(t, read_bytes(&whole, length), length);
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
