/* Two short sorted arrays. */
#include "evidence/answered_ports.h"

#include <string.h>

#include "evidence/saving.h"

static void keep(struct answered_ports *a, enum transport transport, uint16_t port)
{
    uint16_t *ports = a->ports[transport];
    unsigned count = a->count[transport], at = 0;
    while (at < count && ports[at] < port)
        at++;
    if (at == ANSWERED_PORTS_MAX || (at < count && ports[at] == port))
        return;
    unsigned moved = (count < ANSWERED_PORTS_MAX ? count : ANSWERED_PORTS_MAX - 1) - at;
    memmove(&ports[at + 1], &ports[at], moved * sizeof ports[0]);
    ports[at] = port;
    a->count[transport] = (uint8_t)(at + moved + 1);
}

static bool is_usable(uint16_t port)
{
    return port >= PORT_LOWEST && !port_is_blacklisted(port);
}

void answered_ports_add(struct answered_ports *a, uint32_t ipv4, enum transport transport,
                        uint16_t port, int64_t when_us)
{
    if (port_is_predicted(ipv4, transport, port, when_us))
        a->own = true;
    else if (is_usable(port))
        keep(a, transport, port);
}

void answered_ports_merge(struct answered_ports *into, const struct answered_ports *from)
{
    into->own |= from->own;
    for (unsigned t = 0; t < ANSWERED_PROTOCOLS; t++)
        for (unsigned i = 0; i < from->count[t]; i++)
            keep(into, (enum transport)t, from->ports[t][i]);
}

void answered_ports_save(struct writer *out, const struct answered_ports *a)
{
    save_bool(out, a->own);
    for (unsigned t = 0; t < ANSWERED_PROTOCOLS; t++) {
        write_u8(out, a->count[t]);
        for (unsigned i = 0; i < a->count[t]; i++)
            write_le16(out, a->ports[t][i]);
    }
}

static uint8_t load_ports(struct reader *in, uint16_t ports[static ANSWERED_PORTS_MAX])
{
    uint8_t count = read_u8(in);
    load_demand(in, count <= ANSWERED_PORTS_MAX);
    for (unsigned i = 0; i < count && !in->failed; i++) {
        ports[i] = read_le16(in);
        load_demand(in, is_usable(ports[i]) && (i == 0 || ports[i] > ports[i - 1]));
    }
    return in->failed ? 0 : count;
}

void answered_ports_load(struct reader *in, struct answered_ports *out)
{
    out->own = load_bool(in);
    for (unsigned t = 0; t < ANSWERED_PROTOCOLS; t++)
        out->count[t] = load_ports(in, out->ports[t]);
}
