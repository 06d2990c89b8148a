/* Who is the client, and whether this record is a beginning and an answer. */
#include "source/argus_pour.h"

#include "observe/packet.h"

enum { DNS_PORT = 53 };

/* As for captures: a first datagram from a server's port is an answer whose question is lost. */
enum { PORT_SERVER_MAX = 1023 };

enum { MASK_IPV4 = 32, MASK_IPV6 = 128 };

bool argus_is_dns(const struct argus_flow *f)
{
    return f->side[0].end.port == DNS_PORT || f->side[1].end.port == DNS_PORT;
}

bool argus_pour_can(const struct argus_flow *f)
{
    uint8_t whole = f->key == ARGUS_KEY_IPV6 ? MASK_IPV6 : MASK_IPV4;
    const struct endpoint *s = &f->side[0].end, *d = &f->side[1].end;
    bool has_hosts = f->side[0].mask == whole && f->side[1].mask == whole;
    /* A sensor's 0.0.0.0 is who has no address yet; a client's stands for what it merged away. */
    bool has_addresses = f->merged == 1 ||
                         ((uint32_t)s->address.low != 0 && (uint32_t)d->address.low != 0);
    return f->times_known && (f->key == ARGUS_KEY_IPV4 || f->key == ARGUS_KEY_IPV6) &&
           (f->protocol == IP_TCP || f->protocol == IP_UDP) && has_hosts && has_addresses &&
           !f->is_fragment;
}

static void know_client(struct argus_scene *s, unsigned client, bool is_known)
{
    const struct argus_flow *f = s->flow;
    s->client = client;
    s->seen = (struct observation){.kind = OBSERVED_BEGIN,
                                   .protocol = f->protocol,
                                   .client_known = is_known,
                                   .by_client = true,
                                   .when_us = f->first_us,
                                   .client = f->side[client].end,
                                   .server = f->side[1 - client].end};
}

void argus_pour_dns(struct argus_pour *p, struct observation *seen, struct reader message,
                    struct sink *to)
{
    if (!dns_may_be(message) || !dns_parse(message, &p->dns)) {
        p->dns_damaged++;
        return;
    }
    seen->kind = OBSERVED_DNS;
    seen->dns = &p->dns;
    to->take(to, seen);
}

void argus_note_start(struct observation *seen, struct reader other)
{
    seen->other_spoke = true;
    seen->other_start = start_of(other, &seen->other_start_size);
}

static void begin(const struct argus_scene *s, struct sink *to)
{
    if ((*s->known & ARGUS_KNOWN_BEGUN) != 0)
        return;
    *s->known |= ARGUS_KNOWN_BEGUN;
    to->take(to, &s->seen);
}

/* At once where nothing tells when: the connection's own time to its answer is part of the record
 * where it was seen. */
static void answer(const struct argus_scene *s, struct sink *to)
{
    const struct argus_flow *f = s->flow;
    if ((*s->known & ARGUS_KNOWN_ANSWERED) != 0)
        return;
    *s->known |= ARGUS_KNOWN_ANSWERED;
    struct observation seen = argus_observation(s, 1 - s->client, OBSERVED_ANSWER);
    int64_t when_us = f->first_us + f->syn_ack_us;
    seen.when_us = when_us < f->last_us ? when_us : f->last_us;
    to->take(to, &seen);
}

static void refuse(const struct argus_scene *s, struct sink *to)
{
    uint32_t reset = s->client == 0 ? ARGUS_RESET_BY_DESTINATION : ARGUS_RESET_BY_SOURCE;
    if (!to->wants_refusals || (s->flow->tcp_status & reset) == 0 ||
        (*s->known & ARGUS_KNOWN_ANSWERED) != 0)
        return;
    struct observation seen = argus_observation(s, 1 - s->client, OBSERVED_REFUSED);
    to->take(to, &seen);
}

/* Only the answer to a SYN was seen, and no rule of direction turned it: who sent it is the
 * server. */
static bool is_answered_by_source(const struct argus_flow *f)
{
    const uint8_t both = TCP_SYN | TCP_ACK;
    return (f->tcp_status & ARGUS_SAW_SYN) == 0 && f->turn == ARGUS_AS_RECORDED &&
           !f->client_turned && (f->side[0].tcp_flags & both) == both;
}

/* A port tells nobody's part here: where neither SYN nor SYN-ACK was seen, captures do not know the
 * client either. */
static void pour_tcp(struct argus_pour *p, struct argus_scene *s, bool is_first, struct sink *to)
{
    const struct argus_flow *f = s->flow;
    const uint32_t begun = ARGUS_SAW_SYN | ARGUS_SAW_SYN_ACK;
    const uint32_t stood = ARGUS_SAW_SYN_ACK | ARGUS_ESTABLISHED;
    const uint32_t over = ARGUS_NORMAL_CLOSE | ARGUS_SAW_FIN_ACK | ARGUS_RESET_BY_SOURCE |
                          ARGUS_RESET_BY_DESTINATION;
    bool is_known = (f->tcp_status & begun) != 0;
    know_client(s, is_known && is_answered_by_source(f), is_known);
    if (is_first && is_known && f->cause != ARGUS_STATUS)
        *s->known |= ARGUS_KNOWN_WHOLE;
    if (is_known) {
        begin(s, to);
        if ((f->tcp_status & stood) != 0 || f->side[1 - s->client].tcp_bytes > 0)
            answer(s, to);
        refuse(s, to);
    }
    argus_pour_streams(p, s, to);
    if ((f->tcp_status & over) != 0)
        *s->known |= ARGUS_KNOWN_OVER;
}

static void pour_udp(struct argus_pour *p, struct argus_scene *s, bool is_first, struct sink *to)
{
    const struct argus_flow *f = s->flow;
    unsigned first = f->first_sender;
    bool is_answer = f->side[first].end.port <= PORT_SERVER_MAX &&
                     f->side[1 - first].end.port > PORT_SERVER_MAX;
    know_client(s, is_answer ? 1 - first : first, true);
    if (is_first && !is_answer)
        begin(s, to);
    if ((*s->known & ARGUS_KNOWN_BEGUN) != 0 && f->side[1 - s->client].packets > 0)
        answer(s, to);
    argus_pour_datagrams(p, s, to);
}

void argus_pour(struct argus_pour *p, const struct argus_flow *f, uint64_t hash, struct sink *to)
{
    bool is_first;
    struct argus_scene s;
    s.flow = f;
    s.known = argus_flows_at(p->flows, hash, f->last_us, &is_first);
    if (f->protocol == IP_TCP)
        pour_tcp(p, &s, is_first, to);
    else
        pour_udp(p, &s, is_first, to);
}
