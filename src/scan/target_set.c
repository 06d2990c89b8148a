/* Runs of addresses in a compressed bitmap (CRoaring): a network costs no more than an address.
 *
 * Single addresses wait until there are many, and are then added in their order: one by one, those
 * of a list in no order would each be looked for in memory far from the last one's. */
#include "scan/target_set.h"

#include <roaring/roaring.h>
#include <stdlib.h>

#include "base/compiler.h"

/* RFC 6890 and what it refers to. */
static const struct {
    uint32_t first, last;
    bool never;
} reserved[] = {
    {0x00000000, 0x00ffffff, true},  /* 0.0.0.0/8: this network; connecting there reaches us */
    {0x7f000000, 0x7fffffff, false}, /* 127.0.0.0/8: loopback */
    {0xa9fe0000, 0xa9feffff, false}, /* 169.254.0.0/16: link-local */
    {0xc0000000, 0xc00000ff, false}, /* 192.0.0.0/24: protocol assignments */
    {0xc0000200, 0xc00002ff, false}, /* 192.0.2.0/24: documentation */
    {0xc6120000, 0xc613ffff, false}, /* 198.18.0.0/15: benchmarks */
    {0xc6336400, 0xc63364ff, false}, /* 198.51.100.0/24: documentation */
    {0xcb007100, 0xcb0071ff, false}, /* 203.0.113.0/24: documentation */
    {0xe0000000, 0xefffffff, true},  /* 224.0.0.0/4: multicast */
    {0xf0000000, 0xfffffffe, false}, /* 240.0.0.0/4: for the future */
    {0xffffffff, 0xffffffff, true},  /* limited broadcast */
};

enum { WAITING_FIRST = 1024, WAITING_MAX = 1 << 20 };

struct gathering {
    roaring_bitmap_t *bitmap;
    uint32_t *waiting; /* single addresses that are not in the bitmap yet */
    size_t count, room;
    bool ascends; /* they came in their order */
};

struct target_set {
    struct gathering hosts, excluded;
    roaring_uint32_iterator_t *at;
    struct targets_left_out left_out;
};

struct target_set *target_set_new(void)
{
    struct target_set *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->hosts.bitmap = roaring_bitmap_create();
    s->excluded.bitmap = roaring_bitmap_create();
    if (s->hosts.bitmap != NULL && s->excluded.bitmap != NULL)
        return s;
    target_set_free(s);
    return NULL;
}

static void gathering_clear(struct gathering *g)
{
    if (g->bitmap != NULL)
        roaring_bitmap_free(g->bitmap);
    free(g->waiting);
}

void target_set_free(struct target_set *s)
{
    if (s == NULL)
        return;
    if (s->at != NULL)
        roaring_free_uint32_iterator(s->at);
    gathering_clear(&s->hosts);
    gathering_clear(&s->excluded);
    free(s);
}

static int compare_addresses(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void let_in(struct gathering *g)
{
    if (g->count == 0)
        return;
    if (!g->ascends)
        qsort(g->waiting, g->count, sizeof *g->waiting, compare_addresses);
    roaring_bitmap_add_many(g->bitmap, g->count, g->waiting);
    g->count = 0;
}

static bool has_room(struct gathering *g)
{
    if (g->count < g->room)
        return true;
    if (g->room == WAITING_MAX) {
        let_in(g);
        return true;
    }
    size_t room = g->room > 0 ? 2 * g->room : WAITING_FIRST;
    uint32_t *waiting = realloc(g->waiting, room * sizeof *waiting);
    if (waiting == NULL)
        return false;
    g->waiting = waiting;
    g->room = room;
    return true;
}

static void add_one(struct gathering *g, uint32_t address)
{
    if (!has_room(g)) {
        roaring_bitmap_add(g->bitmap, address);
        return;
    }
    g->ascends = g->count == 0 || (g->ascends && address > g->waiting[g->count - 1]);
    g->waiting[g->count++] = address;
}

/* All that came is in the bitmap. */
static void gathering_close(struct gathering *g)
{
    let_in(g);
    free(g->waiting);
    g->waiting = NULL;
    g->room = 0;
}

/* The addresses of a target as a bitmap, run by run. A run goes on through the octets that take
 * every value. */
static roaring_bitmap_t *bitmap_of(const struct target *t)
{
    roaring_bitmap_t *bitmap = roaring_bitmap_create();
    uint64_t block = 1; /* addresses that follow one another without a gap, at least */
    if (t->is_run)
        block = t->size;
    for (int i = 3; !t->is_run && i >= 0; i--) {
        if (t->octets[i].count != 256)
            break;
        block *= 256;
    }
    for (uint64_t from = 0, to; from < t->size; from = to) {
        uint32_t first = target_at(t, from), last = target_at(t, from + block - 1);
        for (to = from + block; to < t->size && target_at(t, to) == last + 1; to += block)
            last = target_at(t, to + block - 1);
        roaring_bitmap_add_range_closed(bitmap, first, last);
    }
    return bitmap;
}

static uint64_t take_away(roaring_bitmap_t *from, uint32_t first, uint32_t last)
{
    uint64_t before = roaring_bitmap_get_cardinality(from);
    roaring_bitmap_remove_range_closed(from, first, last);
    return before - roaring_bitmap_get_cardinality(from);
}

static bool meets_reserved(uint32_t first, uint32_t last)
{
    for (size_t i = 0; i < COUNT_OF(reserved); i++)
        if (first <= reserved[i].last && last >= reserved[i].first)
            return true;
    return false;
}

/* To unite two bitmaps is to walk both: too long for each line of a list of millions. */
static bool is_plain_run(const struct target *t)
{
    return (t->is_run || t->size == 1) &&
           !meets_reserved(target_at(t, 0), target_at(t, t->size - 1));
}

static void add_run(struct gathering *to, const struct target *t)
{
    if (t->size == 1)
        add_one(to, target_at(t, 0));
    else
        roaring_bitmap_add_range_closed(to->bitmap, target_at(t, 0), target_at(t, t->size - 1));
}

void target_set_add(struct target_set *s, const struct target *t)
{
    if (is_plain_run(t)) {
        add_run(&s->hosts, t);
        return;
    }
    roaring_bitmap_t *bitmap = bitmap_of(t);
    uint32_t first = target_at(t, 0), last = target_at(t, t->size - 1);
    for (size_t i = 0; i < COUNT_OF(reserved); i++) {
        bool named = first >= reserved[i].first && last <= reserved[i].last;
        if (reserved[i].never)
            s->left_out.never += take_away(bitmap, reserved[i].first, reserved[i].last);
        else if (!named)
            s->left_out.reserved += take_away(bitmap, reserved[i].first, reserved[i].last);
    }
    roaring_bitmap_or_inplace(s->hosts.bitmap, bitmap);
    roaring_bitmap_free(bitmap);
}

void target_set_exclude(struct target_set *s, const struct target *t)
{
    if (is_plain_run(t)) {
        add_run(&s->excluded, t);
        return;
    }
    roaring_bitmap_t *bitmap = bitmap_of(t);
    roaring_bitmap_or_inplace(s->excluded.bitmap, bitmap);
    roaring_bitmap_free(bitmap);
}

uint64_t target_set_close(struct target_set *s, struct targets_left_out *out)
{
    gathering_close(&s->hosts);
    gathering_close(&s->excluded);
    uint64_t before = roaring_bitmap_get_cardinality(s->hosts.bitmap);
    roaring_bitmap_andnot_inplace(s->hosts.bitmap, s->excluded.bitmap);
    uint64_t left = roaring_bitmap_get_cardinality(s->hosts.bitmap);
    (void)roaring_bitmap_run_optimize(s->hosts.bitmap);
    (void)roaring_bitmap_shrink_to_fit(s->hosts.bitmap);
    s->left_out.excluded += before - left;
    *out = s->left_out;
    target_set_rewind(s);
    return left;
}

void target_set_empty(struct target_set *s)
{
    roaring_bitmap_clear(s->hosts.bitmap);
    target_set_rewind(s);
}

void target_set_rewind(struct target_set *s)
{
    if (s->at != NULL)
        roaring_free_uint32_iterator(s->at);
    s->at = roaring_create_iterator(s->hosts.bitmap);
}

bool target_set_next(struct target_set *s, uint32_t *ipv4)
{
    if (s->at == NULL || !s->at->has_value)
        return false;
    *ipv4 = s->at->current_value;
    (void)roaring_advance_uint32_iterator(s->at);
    return true;
}

static bool has_all(const struct target_set *s, uint32_t first, uint64_t last)
{
    return roaring_bitmap_range_cardinality(s->hosts.bitmap, first, last + 1) == last - first + 1;
}

bool target_set_range(const struct target_set *s, uint32_t from, uint32_t *first, uint32_t *last)
{
    roaring_uint32_iterator_t at;
    roaring_init_iterator(s->hosts.bitmap, &at);
    if (!roaring_move_uint32_iterator_equalorlarger(&at, from))
        return false;
    *first = at.current_value;
    uint64_t there = *first, step = 1;
    while (there + step <= UINT32_MAX && has_all(s, *first, there + step)) {
        there += step;
        step *= 2;
    }
    for (; step > 0; step /= 2)
        if (there + step <= UINT32_MAX && has_all(s, *first, there + step))
            there += step;
    *last = (uint32_t)there;
    return true;
}
