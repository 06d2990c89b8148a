/* Patterns: a NUL ends the expression, the rest is the data. Where the first byte is odd, the bytes
 * of the expression choose pieces of one instead, since PCRE2 shows the fuzzer none of its
 * branches. Whatever it is, a search ends, and answers the same when it is asked again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "filter/pattern.h"

enum { TEXT_SIZE = 512 };

static const char *const pieces[] = {
    "a",      "b",       ".",         "\\x90",   "\\x00", "[ab]",  "[^\\n]", "(",
    ")",      "(?:",     "(?=",       "(?!",     "(?<=",  "(?>",   "|",      "*",
    "+",      "?",       "*+",        "+?",      "{2,9}", "{40}",  "\\1",    "(?1)",
    "(?R)",   "^",       "$",         "\\b",     "\\w",   "\\K",   "(?i)",   "(?m)",
    "(?(1)a", "\\g{-1}", "(*COMMIT)", "(*SKIP)", "(?|",   "(?<n>", "\\k<n>", "\\R",
};

/* What the bytes up to a NUL choose. */
static void compose(const uint8_t *data, size_t size, char text[static TEXT_SIZE])
{
    size_t used = 0;
    for (size_t i = 0; i < size && data[i] != 0; i++) {
        const char *piece = pieces[data[i] % COUNT_OF(pieces)];
        size_t length = strlen(piece);
        if (used + length >= TEXT_SIZE)
            break;
        memcpy(text + used, piece, length);
        used += length;
    }
    text[used] = '\0';
}

/* The bytes up to a NUL, as they are. */
static void copy(const uint8_t *data, size_t size, char text[static TEXT_SIZE])
{
    size_t length = size > 0 ? strnlen((const char *)data, size) : 0;
    length = length < TEXT_SIZE ? length : TEXT_SIZE - 1;
    if (length > 0)
        memcpy(text, data, length);
    text[length] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct flow_record r = {.kind = FLOW_IPV4};
    char text[TEXT_SIZE];
    size_t length = size > 0 ? strnlen((const char *)data, size) : 0;
    if (size > 0 && data[0] % 2 == 1)
        compose(data, size, text);
    else
        copy(data, size, text);
    struct reader rest = reader_over(data, size);
    read_skip(&rest, length < size ? length + 1 : size);
    r.side[0].data = r.side[1].data = rest;
    r.side[0].data_present = true;
    r.side[1].data_present = length % 2 == 0;
    const char *const texts[] = {text, "."};
    struct patterns *p = patterns_compile(texts, 2, length % 3 == 0, &err);
    assert((p == NULL) == (err.kind != ERROR_NONE));
    if (p != NULL) {
        enum patterns_result result = patterns_match(p, &r);
        assert(result == patterns_match(p, &r));
        assert(result != PATTERNS_LIMIT || patterns_limited_by(p) != NULL);
    }
    patterns_free(p);
    return 0;
}
