/* DHCP from anyone: what parses keeps its bounds, and says the same when it is built anew. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wire/dhcp.h"
#include "wire/told_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FULL_NAME_BUILT_MAX = 252 };

static void check_same(const struct dhcp_message *m)
{
    uint8_t bytes[1024];
    struct dhcp_message again;
    struct writer w = writer_over(bytes, sizeof bytes);
    if (m->full_length > FULL_NAME_BUILT_MAX)
        return;
    dhcp_build(&w, m);
    assert(!w.failed && dhcp_parse(reader_over(bytes, w.used), &again));
    assert(again.mac == m->mac && again.type == m->type && again.is_reply == m->is_reply);
    assert(again.client == m->client && again.yours == m->yours);
    assert(again.requested == m->requested && again.name.left == m->name.left);
    assert(again.full_length == m->full_length);
    assert(memcmp(again.full_name, m->full_name, m->full_length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dhcp_message m;
    struct told_name told = {0};
    if (!dhcp_parse(reader_over(data, size), &m))
        return 0;
    if (m.name.left > 0) {
        assert(m.name.next >= data && m.name.left <= size);
        assert((size_t)(m.name.next - data) <= size - m.name.left);
    }
    assert(m.full_name[m.full_length] == '\0');
    told_name_set(&told, m.name);
    assert(memchr(told.text, '\0', sizeof told.text) != NULL);
    assert(strlen(told.text) <= m.name.left);
    check_same(&m);
    return 0;
}
