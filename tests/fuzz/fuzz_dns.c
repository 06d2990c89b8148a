/* DNS messages from anyone, bare and in a stream: what parses keeps its bounds, and passed the
 * gate. */
#include <assert.h>
#include <string.h>

#include "wire/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void message_check(struct reader bytes)
{
    static struct dns_message m;
    memset(&m, 0x5a, sizeof m);
    if (!dns_parse(bytes, &m)) {
        assert(m.name_count == 0x5a5a5a5a);
        return;
    }
    assert(dns_may_be(bytes));
    assert(m.name_count >= 1 && m.name_count <= DNS_NAMES_MAX);
    assert(m.address_count <= DNS_ADDRESSES_MAX && m.opcode < 16 && m.rcode < 16);
    for (unsigned i = 0; i < m.name_count; i++) {
        assert(m.names[i].length <= 253 && m.names[i].text[m.names[i].length] == '\0');
        for (unsigned k = 0; k < m.names[i].length; k++)
            assert(m.names[i].text[k] < 'A' || m.names[i].text[k] > 'Z');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader stream = reader_over(data, size);
    struct reader message;
    message_check(stream);
    while (dns_stream_next(&stream, true, &message)) {
        assert(message.left <= size);
        message_check(message);
    }
    return 0;
}
