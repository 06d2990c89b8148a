/* DNS tells names of strangers all day. Those of our own and of private addresses are kept, and
 * names that lead to an address only as our own servers tell them: any stranger can point a name
 * of his at an address of ours. */
#include "engine/hunt_names.h"

#include <string.h>

#include "engine/hunt_inside.h"
#include "evidence/names.h"
#include "wire/dns_reverse.h"
#include "wire/told_name.h"

enum { DNS_SERVER_PORT = 53 };

static bool is_near(const struct hunt *h, struct address a)
{
    /* Unnamed, home is the private networks themselves. */
    return home_holds(&h->home, a) || (h->settings->home != NULL && home_is_private(a));
}

/* Names of services ("_ldap._tcp.example") are none of hosts. */
static bool is_of_a_service(const struct dns_name *name)
{
    return name->text[0] == '_' || strstr(name->text, "._") != NULL;
}

static void tell(struct hunt *h, const struct observation *seen, enum told_kind kind,
                 const struct dns_name *name, struct address of)
{
    struct told_name told = {.kind = kind, .has_address = true, .address = of};
    if (!is_near(h, of) || is_of_a_service(name))
        return;
    told_name_set(&told, reader_over(name->text, name->length));
    if (told.text[0] != '\0' && told_address_can_be(of))
        names_tell(h->names, &told, seen->when_us);
}

static void note_dns(struct hunt *h, const struct observation *seen)
{
    const struct dns_message *m = seen->dns;
    const struct endpoint *sender = seen->by_client ? &seen->client : &seen->server;
    struct address of;
    if (!m->is_response || m->rcode != DNS_NOERROR || m->name_count != 1 ||
        sender->port != DNS_SERVER_PORT)
        return;
    if (m->has_pointer && dns_reverse_address(&m->names[0], &of))
        tell(h, seen, TOLD_DNS_POINTER, &m->pointer, of);
    if (m->address_count > 0 && is_near(h, sender->address))
        for (unsigned i = 0; i < m->address_count; i++)
            tell(h, seen, TOLD_DNS, &m->names[0], m->addresses[i]);
}

void hunt_note_name(struct hunt *h, const struct observation *seen)
{
    if (seen->kind == OBSERVED_NAME)
        names_tell(h->names, seen->told, seen->when_us);
    else if (seen->kind == OBSERVED_DNS)
        note_dns(h, seen);
}
