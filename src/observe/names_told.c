/* What is told of an address counts for more when the address itself tells it: so the source of
 * the packet is looked at. A DHCP client's name is told of its MAC, and the address it gets is
 * told of the MAC too: the two meet in the evidence. */
#include "observe/names_told.h"

#include <string.h>

#include "wire/told_name.h"

/* Where what is told goes: one observation, poured with other contents each time. */
struct telling {
    struct observation seen;
    struct sink *to;
};

static void tell(struct telling *t, const struct told_name *told)
{
    if (told->has_address && !told_address_can_be(told->address))
        return;
    t->seen.told = told;
    t->to->take(t->to, &t->seen);
}

static void tell_lease(struct telling *t, uint64_t mac, struct address address,
                       enum told_lease lease)
{
    struct told_name told = {
        .kind = TOLD_DHCP, .lease = lease, .has_address = true, .address = address, .mac = mac};
    if (mac != 0)
        tell(t, &told);
}

/* The name that a DHCP client gives itself. */
static void tell_client_name(struct telling *t, const struct packet *p,
                             const struct dhcp_message *m, struct reader name)
{
    struct told_name told = {.kind = TOLD_DHCP, .mac = m->mac};
    told_name_set(&told, name);
    if (told.text[0] == '\0')
        return;
    if (m->mac != 0)
        tell(t, &told);
    told.has_address = true;
    if (m->requested != 0) {
        told.kind = TOLD_DHCP_ASKED;
        told.address = address_of_v4(m->requested);
        tell(t, &told);
    } else if (m->mac == 0 && address_equal(p->from, address_of_v4(m->client))) {
        told.address = p->from;
        tell(t, &told);
    }
}

/* Who renews, gives back or asks about an address that it sends from, has it. */
static bool client_has_address(const struct dhcp_message *m)
{
    return m->client != 0 &&
           (m->type == DHCP_REQUEST || m->type == DHCP_RELEASE || m->type == DHCP_INFORM);
}

static void tell_dhcp(struct telling *t, const struct packet *p)
{
    struct dhcp_message m;
    if (!dhcp_parse(p->payload, &m))
        return;
    struct address client = address_of_v4(m.client);
    if (m.is_reply) {
        bool was_there = m.yours == 0 || m.yours == m.client;
        if (m.type == DHCP_ACK && p->port_from == DHCP_SERVER_PORT)
            tell_lease(t, m.mac, m.yours != 0 ? address_of_v4(m.yours) : client,
                       was_there ? LEASE_HELD : LEASE_GIVEN);
        return;
    }
    if (client_has_address(&m) && address_equal(p->from, client))
        tell_lease(t, m.mac, client, LEASE_HELD);
    tell_client_name(t, p, &m, m.name);
    tell_client_name(t, p, &m, reader_over(m.full_name, m.full_length));
}

static void tell_netbios_name(struct telling *t, const struct packet *p,
                              const struct netbios_name *name, struct address of, uint64_t mac)
{
    struct told_name told = {.kind = TOLD_NETBIOS, .has_address = true, .address = of, .mac = mac};
    if (!netbios_names_a_host(name))
        return;
    if (!address_equal(of, p->from))
        told.kind = TOLD_NETBIOS_BY_OTHERS;
    told_name_set(&told, reader_over(name->bytes, sizeof name->bytes));
    if (told.text[0] != '\0')
        tell(t, &told);
}

/* Requests that say who has a name, and answers that there is no error in. */
static bool says_who_has_it(const struct netbios_message *m)
{
    if (m->is_response)
        return m->rcode == 0 && m->opcode != NETBIOS_RELEASE && m->opcode != NETBIOS_WAIT;
    return m->opcode == NETBIOS_REGISTER || m->opcode == NETBIOS_REGISTER_MORE ||
           m->opcode == NETBIOS_REFRESH || m->opcode == NETBIOS_REFRESH_ALSO;
}

static void tell_name_service(struct telling *t, const struct packet *p)
{
    struct netbios_message m;
    if (!netbios_parse(p->payload, &m) || !says_who_has_it(&m))
        return;
    for (unsigned i = 0; i < m.address_count; i++)
        tell_netbios_name(t, p, &m.name, address_of_v4(m.addresses[i]), 0);
    for (unsigned i = 0; i < m.own_count; i++)
        tell_netbios_name(t, p, &m.own[i], p->from, m.mac);
}

/* A datagram's sender: passed on by another, it is of the address that stands in it. */
static void tell_datagram(struct telling *t, const struct packet *p)
{
    struct netbios_datagram d;
    if (netbios_datagram_parse(p->payload, &d))
        tell_netbios_name(t, p, &d.name, address_of_v4(d.source), 0);
}

void names_told_pour(const struct packet *p, const struct observation *datagram, struct sink *to)
{
    struct telling t = {.seen = *datagram, .to = to};
    t.seen.kind = OBSERVED_NAME;
    if (p->port_from == NETBIOS_NAME_PORT)
        tell_name_service(&t, p);
    else if (p->port_from == NETBIOS_DATAGRAM_PORT)
        tell_datagram(&t, p);
    else
        tell_dhcp(&t, p);
}
