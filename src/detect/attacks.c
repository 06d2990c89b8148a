/* A sorted array of at most ATTACKS_KEPT places, which grows as it fills. */
#include "detect/attacks.h"

#include <string.h>

#include "base/hash.h"
#include "evidence/hosts.h"
#include "evidence/sign.h"

bool attacks_any(const struct attacks *a)
{
    return a->variants != 0;
}

unsigned attack_variants(const struct attack *a)
{
    return a->exploit.family == EXPLOIT_OF_A ? VARIANT_A : VARIANT_B | VARIANT_C;
}

static int compare(const struct attack *a, const struct attack *b)
{
    if (a->when_us != b->when_us)
        return a->when_us < b->when_us ? -1 : 1;
    int by_address = address_compare(a->other, b->other);
    if (by_address != 0)
        return by_address;
    return (a->stream > b->stream) - (a->stream < b->stream);
}

static bool is_same(const struct attack *a, const struct attack *b)
{
    return a->stream == b->stream && a->exploit.family == b->exploit.family &&
           address_equal(a->other, b->other);
}

/* Which of two sights of one exploit tells more: the longer URL, then the more bytes. */
static bool tells_more(const struct exploit *a, const struct exploit *b)
{
    int by_url = exploit_url_compare(&a->url, &b->url);
    if (by_url != 0)
        return by_url > 0;
    if (a->size != b->size)
        return a->size > b->size;
    return memcmp(a->bytes, b->bytes, a->size) > 0;
}

static void take_out(struct attacks *a, uint32_t at)
{
    a->count--;
    memmove(&a->kept[at], &a->kept[at + 1], (a->count - at) * sizeof a->kept[0]);
}

/* Room for one more; false where the store has none, or what is kept goes first. */
static bool make_room(struct hosts *h, struct attacks *a, const struct attack *one)
{
    if (a->count == ATTACKS_KEPT) {
        if (compare(one, &a->kept[a->count - 1]) >= 0)
            return false;
        a->count--;
    }
    if (a->count < a->room)
        return true;
    uint32_t room = a->room != 0 ? a->room * 2 : 1;
    struct attack *kept = hosts_extra(h, room * sizeof *kept);
    if (kept == NULL)
        return false;
    if (a->count > 0)
        memcpy(kept, a->kept, a->count * sizeof *kept);
    a->kept = kept;
    a->room = room;
    return true;
}

static void keep(struct hosts *h, struct attacks *a, const struct attack *one)
{
    struct attack all = *one;
    for (uint32_t i = 0; i < a->count; i++) {
        struct attack known = a->kept[i];
        if (!is_same(&known, one))
            continue;
        all.when_us = known.when_us < all.when_us ? known.when_us : all.when_us;
        if (tells_more(&known.exploit, &all.exploit))
            all.exploit = known.exploit;
        take_out(a, i);
        break;
    }
    if (!make_room(h, a, &all))
        return;
    uint32_t at = a->count++;
    for (; at > 0 && compare(&all, &a->kept[at - 1]) < 0; at--)
        a->kept[at] = a->kept[at - 1];
    a->kept[at] = all;
}

void attacks_add(struct hosts *h, struct attacks *a, const struct attack *one)
{
    if (!attacks_any(a))
        a->span = span_empty();
    a->variants |= attack_variants(one);
    span_add(&a->span, one->when_us);
    (void)set_add(hosts_sets(h), &a->others, hash_address(one->other));
    (void)set_add(hosts_sets(h), &a->streams, hash_pair(hash_address(one->other), one->stream));
    keep(h, a, one);
}

void attacks_merge(struct hosts *h, struct attacks *into, const struct attacks *from)
{
    if (!attacks_any(from))
        return;
    if (!attacks_any(into))
        into->span = span_empty();
    into->variants |= from->variants;
    span_merge(&into->span, from->span);
    set_merge(hosts_sets(h), &into->others, &from->others);
    set_merge(hosts_sets(h), &into->streams, &from->streams);
    for (uint32_t i = 0; i < from->count; i++)
        keep(h, into, &from->kept[i]);
}
