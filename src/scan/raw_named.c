/* A list of ports by number, and before each word of the set of ports how many are below it. */
#include "scan/raw_named.h"

#include <assert.h>
#include <stdlib.h>

enum { WORD_BITS = 64, WORDS = PORT_VALUES / WORD_BITS };

struct raw_named {
    uint64_t seed;
    struct port_list list;
    unsigned below[2][WORDS]; /* by transport: numbers that come before this word's */
    unsigned count;
    uint16_t ports[]; /* by number, without the controls */
};

struct raw_named *raw_named_new(const struct port_list *ports, uint64_t seed)
{
    struct raw_named *n = calloc(1, sizeof *n + ports->count * sizeof n->ports[0]);
    uint32_t place = 0;
    enum transport transport;
    uint16_t port;
    if (n == NULL)
        return NULL;
    n->seed = seed;
    n->list = *ports;
    while (port_list_next(ports, &place, &transport, &port))
        n->ports[n->count++] = port;
    assert(n->count == ports->count);
    unsigned below = 0;
    for (unsigned t = TRANSPORT_TCP; t <= TRANSPORT_UDP; t++) {
        for (unsigned i = 0; i < WORDS; i++) {
            n->below[t][i] = below;
            below += (unsigned)__builtin_popcountll(ports->bits[t][i]);
        }
    }
    return n;
}

void raw_named_free(struct raw_named *n)
{
    free(n);
}

unsigned raw_named_count(const struct raw_named *n)
{
    return CONTROLS + n->count;
}

unsigned raw_groups(const struct raw_plan *plan)
{
    return plan->named == NULL ? 1
                               : 1 + (raw_named_count(plan->named) + KNOCKS_MAX - 1) / KNOCKS_MAX;
}

struct knock raw_named_knock(const struct raw_plan *plan, uint32_t host, unsigned number)
{
    const struct raw_named *n = plan->named;
    struct knock k = {.shot = {.probe = probe_named("p2p"), .host = host, .week = CHECK_WEEK_NONE},
                      .asks = true};
    assert(number < raw_named_count(n));
    if (number < CONTROLS) {
        uint16_t controls[CONTROLS];
        port_controls(n->seed, host, controls);
        k.shot.transport = number < CONTROLS_TCP ? TRANSPORT_TCP : TRANSPORT_UDP;
        k.shot.port = controls[number];
        k.asks = k.shot.transport == TRANSPORT_UDP;
        return k;
    }
    bool is_udp = number - CONTROLS >= n->below[TRANSPORT_UDP][0];
    k.shot.transport = is_udp ? TRANSPORT_UDP : TRANSPORT_TCP;
    k.shot.port = n->ports[number - CONTROLS];
    return k;
}

static bool find_control(const struct raw_named *n, uint32_t host, enum transport transport,
                         uint16_t port, unsigned *number)
{
    uint16_t controls[CONTROLS];
    port_controls(n->seed, host, controls);
    for (unsigned i = 0; i < CONTROLS; i++) {
        if (controls[i] == port && (i < CONTROLS_TCP) == (transport == TRANSPORT_TCP)) {
            *number = i;
            return true;
        }
    }
    return false;
}

bool raw_named_find(const struct raw_plan *plan, uint32_t host, enum transport transport,
                    uint16_t port, unsigned *number)
{
    const struct raw_named *n = plan->named;
    if (port_is_blacklisted(port))
        return find_control(n, host, transport, port, number);
    if (!port_list_has(&n->list, transport, port))
        return false;
    uint64_t before = n->list.bits[transport][port / WORD_BITS] &
                      ((UINT64_C(1) << port % WORD_BITS) - 1);
    *number = CONTROLS + n->below[transport][port / WORD_BITS] +
              (unsigned)__builtin_popcountll(before);
    return true;
}

bool raw_is_usual(const struct knock *usual, size_t count, const struct shot *shot)
{
    for (size_t i = 0; i < count; i++)
        if (usual[i].shot.transport == shot->transport && usual[i].shot.port == shot->port)
            return true;
    return false;
}

size_t raw_named_group(const struct raw_plan *plan, uint32_t host, unsigned group,
                       const struct knock *usual, size_t usual_count,
                       struct knock out[static KNOCKS_MAX])
{
    unsigned first = (group - 1) * KNOCKS_MAX, all = raw_named_count(plan->named);
    assert(group > 0 && first < all);
    unsigned count = all - first < KNOCKS_MAX ? all - first : KNOCKS_MAX;
    for (unsigned i = 0; i < count; i++) {
        out[i] = raw_named_knock(plan, host, first + i);
        if (raw_is_usual(usual, usual_count, &out[i].shot))
            out[i].shot.probe = NULL;
    }
    return count;
}

unsigned raw_named_usual(const struct raw_named *n, const struct knock *usual, size_t count)
{
    unsigned named = 0;
    for (size_t i = 0; i < count; i++)
        named += port_list_has(&n->list, usual[i].shot.transport, usual[i].shot.port);
    return named;
}
