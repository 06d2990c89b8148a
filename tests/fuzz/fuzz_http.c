/* HTTP heads: parts lie within the message, and what is said to be enough is. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct reader part, const uint8_t *data, size_t size)
{
    if (part.left == 0)
        return;
    assert(part.next >= data && part.left <= size);
    assert((size_t)(part.next - data) <= size - part.left);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_message m, again;
    struct reader all = reader_over(data, size);
    size_t need, need_again;
    bool is_http = http_parse(all, &m, &need);
    assert(need <= size);
    if (!is_http)
        return 0;
    assert(http_may_be(all));
    check_within(m.method, data, size);
    check_within(m.target, data, size);
    check_within(m.host, data, size);
    check_within(m.content_type, data, size);
    check_within(m.body, data, size);
    assert(!m.is_request || m.target.left > 0);
    (void)http_host_is_ipv4(m.host);
    if (need > 0 && need < HTTP_HEAD_MAX) {
        struct reader enough = read_part(&all, need);
        assert(http_parse(enough, &again, &need_again));
        assert(again.status == m.status && again.host.left == m.host.left);
        assert(again.content_type.left == m.content_type.left);
    }
    return 0;
}
