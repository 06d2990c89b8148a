/* The private networks of RFC 1918, RFC 6598, RFC 3927, RFC 4291 and RFC 4193, and a bounded count
 * of the others that begin flows. */
#include "engine/home.h"

#include "base/compiler.h"
#include "base/hash.h"

#define V4_NET(a, b, c, d, length)                                                                 \
    {                                                                                              \
        {0, UINT64_C(0xffff00000000) | (uint64_t)(a) << 24 | (b) << 16 | (c) << 8 | (d)},          \
            96 + (length)                                                                          \
    }

static const struct prefix private_nets[] = {
    V4_NET(10, 0, 0, 0, 8),
    V4_NET(172, 16, 0, 0, 12),
    V4_NET(192, 168, 0, 0, 16),
    V4_NET(100, 64, 0, 0, 10),
    V4_NET(169, 254, 0, 0, 16),
    {{UINT64_C(0xfe80000000000000), 0}, 10},
    {{UINT64_C(0xfc00000000000000), 0}, 7},
};

void home_init(struct home *h, const struct prefix *nets, size_t net_count)
{
    *h = (struct home){.nets = nets, .net_count = net_count};
    if (nets == NULL) {
        h->nets = private_nets;
        h->net_count = COUNT_OF(private_nets);
    }
}

bool home_holds(const struct home *h, struct address a)
{
    return prefixes_hold(h->nets, h->net_count, a);
}

bool home_is_private(struct address a)
{
    return prefixes_hold(private_nets, COUNT_OF(private_nets), a);
}

static struct prefix net_of(struct address a)
{
    if (address_is_v4(a))
        return (struct prefix){{a.high, a.low & ~UINT64_C(0xffff)}, 112};
    return (struct prefix){{a.high & ~UINT64_C(0xffff), 0}, 48};
}

static void note_candidate(struct home_counts *h, struct prefix net)
{
    struct home_candidate *empty = NULL;
    for (size_t i = 0; i < HOME_CANDIDATES; i++) {
        struct home_candidate *c = &h->candidates[i];
        if (c->count == 0) {
            empty = c;
        } else if (address_equal(c->net.base, net.base)) {
            c->count++;
            return;
        }
    }
    if (empty != NULL) {
        *empty = (struct home_candidate){net, 1};
        return;
    }
    for (size_t i = 0; i < HOME_CANDIDATES; i++)
        h->candidates[i].count--;
}

void home_note(struct home *h, struct address client)
{
    uint64_t number = h->now.begun++;
    if (number >= HOME_ALL_LOOKED_AT && hash_number(number) % HOME_LOOKED_AT != 0)
        return;
    h->now.looked_at++;
    if (!home_holds(h, client))
        note_candidate(&h->now, net_of(client));
}

void home_end_input(struct home *h, struct home_counts *out)
{
    *out = h->now;
    h->now = (struct home_counts){0};
}

static struct home_candidate *sum_of(struct home *h, struct prefix net)
{
    for (size_t i = 0; i < h->sum_count; i++)
        if (address_equal(h->sums[i].net.base, net.base))
            return &h->sums[i];
    if (h->sum_count == HOME_SUMS_MAX)
        return NULL;
    h->sums[h->sum_count] = (struct home_candidate){net, 0};
    return &h->sums[h->sum_count++];
}

void home_add(struct home *h, const struct home_counts *of)
{
    h->looked_at += of->looked_at;
    for (size_t i = 0; i < HOME_CANDIDATES; i++) {
        const struct home_candidate *c = &of->candidates[i];
        struct home_candidate *sum = c->count > 0 ? sum_of(h, c->net) : NULL;
        if (sum != NULL)
            sum->count += c->count;
    }
}

/* Counts of another run may be of what is home in this one. */
static bool is_all_home(const struct home *h, struct prefix net)
{
    for (size_t i = 0; i < h->net_count; i++)
        if (h->nets[i].bits <= net.bits && prefix_holds(h->nets[i], net.base))
            return true;
    return false;
}

bool home_is_elsewhere(const struct home *h, struct prefix *net)
{
    struct home all = *h;
    struct home_counts now;
    home_end_input(&all, &now);
    home_add(&all, &now);
    const struct home_candidate *best = NULL;
    for (size_t i = 0; i < all.sum_count; i++)
        if (!is_all_home(h, all.sums[i].net) && (best == NULL || all.sums[i].count > best->count))
            best = &all.sums[i];
    /* Its count is at most looked_at / (HOME_CANDIDATES + 1) too small, so this asks for a little
     * more than half. */
    if (best == NULL || best->count * 2 <= all.looked_at)
        return false;
    *net = best->net;
    return true;
}
