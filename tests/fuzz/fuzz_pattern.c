/* Patterns: a NUL ends the expression, the rest is the data. Whatever both are, a search ends, and
 * answers the same when it is asked again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "filter/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct flow_record r = {.kind = FLOW_IPV4};
    char *text = malloc(size + 1);
    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    size_t length = strlen(text);
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
    free(text);
    return 0;
}
