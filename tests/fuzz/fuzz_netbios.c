/* NetBIOS names and datagrams from anyone: counts keep their bounds, and what parses says the same
 * when it is built anew. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wire/netbios.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const struct netbios_message *m)
{
    uint8_t bytes[1024];
    struct netbios_message again;
    struct writer w = writer_over(bytes, sizeof bytes);
    netbios_build(&w, m);
    assert(!w.failed && netbios_parse(reader_over(bytes, w.used), &again));
    assert(again.opcode == m->opcode && again.rcode == m->rcode);
    assert(again.name.suffix == m->name.suffix);
    assert(memcmp(again.name.bytes, m->name.bytes, sizeof m->name.bytes) == 0);
    assert(again.own_count == m->own_count && again.address_count == m->address_count);
    for (unsigned i = 0; i < m->address_count; i++)
        assert(again.addresses[i] == m->addresses[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct netbios_message m;
    struct netbios_datagram d;
    if (netbios_parse(reader_over(data, size), &m)) {
        assert(m.address_count <= NETBIOS_ADDRESSES_MAX && m.own_count <= NETBIOS_OWN_NAMES_MAX);
        assert(m.address_count == 0 || m.own_count == 0);
        assert(m.own_count == 0 || m.is_response);
        check_same(&m);
    }
    if (netbios_datagram_parse(reader_over(data, size), &d))
        assert(size >= 48); /* its head and a name of 16 bytes */
    return 0;
}
