/* Lists of addresses: any bytes are a list or are refused, and what a line of a list says is held
 * by it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "filter/address_list.h"

/* The first line, where it is nothing but an address. */
static bool first_line(const uint8_t *data, size_t size, struct address *out)
{
    char line[ADDRESS_TEXT_SIZE];
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t length = end != NULL ? (size_t)(end - data) : size;
    if (length == 0 || length >= sizeof line || memchr(data, '\0', length) != NULL)
        return false;
    memcpy(line, data, length);
    line[length] = '\0';
    return address_parse(line, out, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct address a;
    struct listed *l = listed_new();
    if (l == NULL)
        return 0;
    bool good = listed_add_bytes(l, "list", reader_over(data, size), &err);
    assert(good == (err.kind == ERROR_NONE));
    listed_close(l);
    if (good && first_line(data, size, &a)) {
        assert(listed_entries(l) > 0);
        assert(listed_holds(l, a));
    }
    (void)listed_holds(l, address_of_v4(UINT32_MAX));
    (void)listed_holds(l, (struct address){UINT64_MAX, UINT64_MAX});
    listed_free(l);
    return 0;
}
