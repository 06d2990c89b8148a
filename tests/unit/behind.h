/* Addresses that answer P2P messages on ports of others, and who is then named behind them. */
#ifndef WORMSIGN_TESTS_BEHIND_H
#define WORMSIGN_TESTS_BEHIND_H

#include "stage.h"

#include "base/hash.h"
#include "conficker/message.h"
#include "conficker/ports.h"
#include "engine/behind_nat.h"
#include "evidence/answered_ports.h"

/* A week's ports of an address, one by one. */
enum { TCP_1 = 1, UDP_1 = 2, TCP_2 = 4, UDP_2 = 8, ALL_PORTS = 15 };

/* The server sends a valid message to one who sent another before. */
static inline struct observation answer_made(struct address server, enum transport transport,
                                             uint16_t port, int64_t when_us,
                                             uint8_t bytes[static 64])
{
    struct writer w = writer_over(bytes, 64);
    struct message_plan plan = {.fields = {.key = hash_pair(port, (uint64_t)when_us),
                                           .flags = MESSAGE_MODE | MESSAGE_ENCODED},
                                .transport = transport};
    if (transport == TRANSPORT_TCP)
        plan.fields.flags |= MESSAGE_IS_TCP;
    message_build(&plan, &w);
    assert_false(w.failed);
    struct observation seen = flow_seen(at("198.51.100.7"), server, port,
                                        transport == TRANSPORT_TCP ? IP_TCP : IP_UDP, when_us);
    seen.kind = OBSERVED_PAYLOAD;
    seen.by_client = false;
    seen.is_stream = seen.start_known = transport == TRANSPORT_TCP;
    seen.other_spoke = true;
    seen.other_start_size = 8;
    seen.bytes = reader_over(bytes, w.used);
    return seen;
}

static inline void answers(struct stage *s, struct address server, enum transport transport,
                           uint16_t port, int64_t when_us)
{
    uint8_t bytes[64];
    struct observation seen = answer_made(server, transport, port, when_us, bytes);
    s->detector->observe(&s->watcher, &seen);
}

/* It answers on these of the inner host's ports, which are those of the reading in the week. */
static inline void answers_as(struct stage *s, struct address server, struct p2p_ports of,
                              unsigned which, int64_t when_us)
{
    for (unsigned pair = 0; pair < 2; pair++) {
        if ((which & (pair == 0 ? TCP_1 : TCP_2)) != 0)
            answers(s, server, TRANSPORT_TCP, of.tcp[pair], when_us);
        if ((which & (pair == 0 ? UDP_1 : UDP_2)) != 0)
            answers(s, server, TRANSPORT_UDP, of.udp[pair], when_us);
    }
}

static inline struct p2p_ports ports_of_week(uint32_t ipv4, int64_t when_us)
{
    return ports_predicted_for(ipv4, week_of(when_us), READING_NMAP);
}

/* A verdict on each host that has days, in the order of their addresses; the caller frees `b`. */
static inline struct behind_nat *looked_behind(struct stage *s, struct verdict *verdicts,
                                               size_t *count)
{
    size_t day_count;
    struct behind_nat *b = malloc(sizeof *b);
    struct host_day *const *days = hosts_sorted(s->hosts, &day_count);
    assert_true(b != NULL && days != NULL);
    behind_nat_begin(b, days, day_count);
    *count = 0;
    for (size_t i = 0; i < day_count; i++) {
        if (i > 0 && address_equal(days[i]->host, days[i - 1]->host))
            continue;
        verdicts[*count] = (struct verdict){.host = days[i]->host};
        behind_nat_add(b, verdicts[(*count)++].host);
    }
    assert_true(behind_nat_find(b));
    for (size_t i = 0; i < *count; i++)
        behind_nat_fill(b, &verdicts[i]);
    return b;
}

/* The verdict on the only host. */
static inline struct verdict behind_one(struct stage *s)
{
    static struct verdict verdicts[4];
    size_t count;
    free(looked_behind(s, verdicts, &count));
    assert_int_equal(count, 1);
    return verdicts[0];
}

static inline bool is_named(const struct verdict *v, uint32_t ipv4)
{
    bool found = false;
    for (unsigned i = 0; i < v->behind_count; i++)
        found |= address_equal(v->behind[i].address, address_of_v4(ipv4));
    return found;
}

#endif
