/* One row a sign. What is judged by the bytes of a stream needs the beginning of its connection,
 * which stands before the first bytes that count: those have a longer lead. */
#include "detect/behind.h"

#include <assert.h>
#include <stddef.h>

#include "base/compiler.h"
#include "conficker/ports.h"
#include "observe/packet.h"

enum {
    PORT_DNS = 53,
    PORT_NETBIOS = 139,
    PORT_SMB = 445,
    PORT_SERVICES_LAST = 1023, /* no port that the worm's P2P uses on either side */
    LEAD_S = 1,
    LEAD_OF_STREAM_S = 10
};

/* The protocol and ports that a packet, or the one that it says did not arrive, is about. */
struct about {
    uint8_t protocol;
    uint16_t lower, higher;
    bool known; /* false: a fragment, which may be of anything */
};

static struct about about_of(const struct packet *p)
{
    bool is_error = (p->protocol == IP_ICMP || p->protocol == IP_ICMPV6) && p->quote.protocol != 0;
    uint16_t from = is_error ? p->quote.port_from : p->port_from;
    uint16_t to = is_error ? p->quote.port_to : p->port_to;
    struct about about = {.protocol = is_error ? p->quote.protocol : p->protocol,
                          .lower = from < to ? from : to,
                          .higher = from < to ? to : from};
    about.known = about.higher != 0 || (about.protocol != IP_TCP && about.protocol != IP_UDP);
    return about;
}

static bool is_any(const struct packet *p)
{
    (void)p;
    return true;
}

static bool has_port(const struct about *a, uint16_t port)
{
    return a->lower == port || a->higher == port;
}

static bool is_smb(const struct packet *p)
{
    struct about a = about_of(p);
    return a.protocol == IP_TCP &&
           (!a.known || has_port(&a, PORT_SMB) || has_port(&a, PORT_NETBIOS));
}

static bool is_dns(const struct packet *p)
{
    struct about a = about_of(p);
    return (a.protocol == IP_TCP || a.protocol == IP_UDP) && (!a.known || has_port(&a, PORT_DNS));
}

static bool is_stream(const struct packet *p)
{
    return about_of(p).protocol == IP_TCP;
}

static bool is_name_or_stream(const struct packet *p)
{
    return is_dns(p) || is_stream(p);
}

static bool is_on_predicted_port(const struct packet *p)
{
    if (p->protocol != IP_TCP && p->protocol != IP_UDP)
        return false;
    enum transport transport = p->protocol == IP_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
    return (address_is_v4(p->to) &&
            port_is_predicted(address_v4(p->to), transport, p->port_to, p->when_us)) ||
           (address_is_v4(p->from) &&
            port_is_predicted(address_v4(p->from), transport, p->port_from, p->when_us));
}

/* Services of other kinds fill a bounded capture soonest, and the worm's clients, like all, take
 * high ports; whoever asks from a low one is met on a port that was predicted. */
static bool is_p2p(const struct packet *p)
{
    struct about a = about_of(p);
    if (a.protocol != IP_TCP && a.protocol != IP_UDP)
        return false;
    return !a.known || (a.higher >= PORT_LOWEST && a.lower > PORT_SERVICES_LAST) ||
           is_on_predicted_port(p);
}

static const struct behind rows[SIGN_IDS] = {
    [SIGN_P2P_ANSWER] = {LEAD_OF_STREAM_S, is_p2p},
    [SIGN_P2P_ODD_ANSWER] = {LEAD_OF_STREAM_S, is_p2p},
    [SIGN_P2P_MESSAGE] = {LEAD_OF_STREAM_S, is_p2p},
    [SIGN_P2P_LISTENER] = {LEAD_S, is_p2p},
    [SIGN_P2P_PORTS] = {LEAD_S, is_p2p},
    [SIGN_SMB_ANSWER] = {LEAD_OF_STREAM_S, is_smb},
    [SIGN_SMB_SWEEP] = {LEAD_S, is_smb},
    [SIGN_SWEEP_PATTERN] = {LEAD_S, is_smb},
    [SIGN_EXPLOIT] = {LEAD_OF_STREAM_S, is_smb},
    [SIGN_CALLBACK] = {LEAD_OF_STREAM_S, is_stream},
    [SIGN_ODD_HTTP] = {LEAD_OF_STREAM_S, is_stream},
    [SIGN_RENDEZVOUS_DNS] = {LEAD_S, is_dns},
    [SIGN_RENDEZVOUS_HTTP] = {LEAD_OF_STREAM_S, is_stream},
    [SIGN_KNOWN_SITE] = {LEAD_OF_STREAM_S, is_name_or_stream},
};

const struct behind *behind_sign(enum sign_id id)
{
    static const struct behind all = {LEAD_S, is_any}; /* a sign without a row of its own */
    assert((unsigned)id < COUNT_OF(rows));
    return rows[id].holds != NULL ? &rows[id] : &all;
}
