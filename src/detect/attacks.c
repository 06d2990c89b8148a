/* A sorted array of at most ATTACKS_KEPT places, which grows as it fills. */
#include "detect/attacks.h"

#include <string.h>

#include "base/hash.h"
#include "evidence/hosts.h"
#include "evidence/saving.h"
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
    hosts_give_extra(h, a->kept, a->room * sizeof *kept);
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

void attacks_free(struct hosts *h, struct attacks *a)
{
    set_free(hosts_sets(h), &a->others);
    set_free(hosts_sets(h), &a->streams);
    hosts_give_extra(h, a->kept, a->room * sizeof a->kept[0]);
    *a = (struct attacks){0};
}

static void save_attack(const struct attack *a, struct writer *out)
{
    save_time(out, a->when_us);
    save_address(out, a->other);
    write_le16(out, a->port);
    write_le64(out, a->stream);
    write_u8(out, (uint8_t)a->exploit.family);
    write_u8(out, a->exploit.size);
    write_bytes(out, a->exploit.bytes, a->exploit.size);
    write_u8(out, (uint8_t)a->exploit.url.standing);
    save_text(out, a->exploit.url.text);
}

static struct attack load_attack(struct reader *in)
{
    struct attack a = {.when_us = load_time(in), .other = load_address(in)};
    a.port = read_le16(in);
    a.stream = read_le64(in);
    struct exploit *e = &a.exploit;
    e->family = (enum exploit_family)read_u8(in);
    e->size = read_u8(in);
    load_demand(in, e->size <= EXPLOIT_BYTES_KEPT);
    const uint8_t *bytes = read_bytes(in, in->failed ? 0 : e->size);
    if (bytes != NULL && !in->failed)
        memcpy(e->bytes, bytes, e->size);
    e->url.standing = (enum exploit_url_standing)read_u8(in);
    load_text(in, e->url.text, sizeof e->url.text);
    e->url.size = (uint8_t)strlen(e->url.text);
    load_demand(in, in->failed || exploit_complete(e));
    return a;
}

void attacks_save(const struct attacks *a, struct writer *out)
{
    write_u8(out, (uint8_t)a->variants);
    if (!attacks_any(a))
        return;
    save_span(out, a->span);
    save_set(out, &a->others);
    save_set(out, &a->streams);
    write_u8(out, (uint8_t)a->count);
    for (uint32_t i = 0; i < a->count; i++)
        save_attack(&a->kept[i], out);
}

/* One of a list: within what the list says of all. */
static bool is_of(const struct attacks *a, const struct attack *one)
{
    for (uint32_t i = 0; i < a->count; i++)
        if (is_same(&a->kept[i], one))
            return false;
    return (attack_variants(one) & ~a->variants) == 0 && one->when_us >= a->span.first_us &&
           one->when_us <= a->span.last_us;
}

/* Variants come as exploits have them: A, or B and C, or all. */
static unsigned load_variants(struct reader *in)
{
    unsigned variants = read_u8(in);
    bool is_one = (variants & VARIANT_B) != 0, is_other = (variants & VARIANT_C) != 0;
    load_demand(in, (variants & ~(unsigned)(VARIANT_A | VARIANT_B | VARIANT_C)) == 0);
    load_demand(in, is_one == is_other);
    return in->failed ? 0 : variants;
}

void attacks_load(struct hosts *h, struct attacks *a, struct reader *in)
{
    struct attack before = {0};
    a->variants = load_variants(in);
    if (!attacks_any(a))
        return;
    a->span = load_span(in);
    load_demand(in, a->span.first_us <= a->span.last_us);
    load_set(hosts_sets(h), &a->others, in);
    load_set(hosts_sets(h), &a->streams, in);
    uint8_t count = read_u8(in);
    load_demand(in, count <= ATTACKS_KEPT);
    for (uint8_t i = 0; i < count && !in->failed; i++) {
        struct attack one = load_attack(in);
        load_demand(in, (i == 0 || compare(&before, &one) <= 0) && is_of(a, &one));
        before = one;
        if (!in->failed)
            keep(h, a, &one);
    }
}
