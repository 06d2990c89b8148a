/* Groups stand in pages that never move; a table of places, open addressing, finds them by the hash
 * of their keys. */
#include "engine/flows_merged.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "report/flow_names.h"

enum { GROUPS_PER_PAGE = 4096, SLOTS_FIRST = 1024, BITS_4 = 32, BITS_6 = 128 };

struct group {
    struct address address[2];
    uint64_t packets[2], bytes[2], app_bytes[2], lost[2], mac[2];
    int64_t first_us, last_us;
    uint64_t merged;
    uint32_t tcp_status, encapsulation, id, source_id;
    uint16_t port[2], ethertype;
    uint8_t mask[2], kind, protocol, cause, form, icmp_type, icmp_code;
    bool counts_known, app_bytes_known, loss_known, times_known, source_id_known;
    bool is_fragment, is_rtp, client_known, mac_known[2];
};

struct slot {
    uint32_t tag, place; /* place: from 1; 0: empty */
};

struct flows_merged {
    struct merge_keys keys;
    struct group **pages;
    size_t page_count, count, groups_max;
    struct slot *slots;
    size_t slot_count; /* a power of two */
    uint64_t refused;
};

/* What a group is found by; what is no key is 0. */
struct group_key {
    struct address address[2];
    uint16_t port[2];
    uint8_t mask[2], kind, protocol;
};

static bool add_key(struct merge_keys *k, const char *word, size_t length, struct error *err)
{
    const char *slash = memchr(word, '/', length);
    size_t name = slash != NULL ? (size_t)(slash - word) : length;
    unsigned bits = 0;
    for (size_t i = name + 1; i < length && bits <= BITS_6; i++)
        bits = word[i] >= '0' && word[i] <= '9' ? bits * 10 + (unsigned)(word[i] - '0') : 1000;
    if (slash != NULL && (bits == 0 || bits > BITS_6))
        return fail(err, ERROR_USAGE, "'%.*s': a prefix has from 1 to %d bits",
                    (int)(length < 40 ? length : 40), word, BITS_6);
    for (unsigned side = 0; side < 2; side++) {
        if (name == 5 && memcmp(word, side == 0 ? "saddr" : "daddr", 5) == 0) {
            k->address[side] = true;
            k->bits[side] = (uint8_t)bits;
            return true;
        }
        if (length == 5 && memcmp(word, side == 0 ? "sport" : "dport", 5) == 0) {
            k->port[side] = true;
            return true;
        }
    }
    if (length == 5 && memcmp(word, "proto", 5) == 0) {
        k->protocol = true;
        return true;
    }
    return fail(err, ERROR_USAGE,
                "'%.*s' is no key to merge by: those are saddr, daddr (also as saddr/24), proto, "
                "sport and dport",
                (int)(length < 40 ? length : 40), word);
}

bool merge_keys_add(struct merge_keys *k, const char *text, struct error *err)
{
    static const char between[] = ", \t";
    text += strspn(text, between);
    while (*text != '\0') {
        size_t length = strcspn(text, between);
        if (!add_key(k, text, length, err))
            return false;
        text += length;
        text += strspn(text, between);
    }
    return merge_keys_any(k) || fail(err, ERROR_USAGE, "no key to merge by");
}

bool merge_keys_any(const struct merge_keys *k)
{
    return k->address[0] || k->address[1] || k->protocol || k->port[0] || k->port[1];
}

struct flows_merged *flows_merged_new(const struct merge_keys *keys, size_t groups_max)
{
    struct flows_merged *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->keys = *keys;
    m->groups_max = groups_max;
    m->slot_count = SLOTS_FIRST;
    m->slots = calloc(m->slot_count, sizeof *m->slots);
    m->pages = calloc(groups_max / GROUPS_PER_PAGE + 1, sizeof *m->pages);
    if (m->slots == NULL || m->pages == NULL) {
        flows_merged_free(m);
        return NULL;
    }
    return m;
}

void flows_merged_free(struct flows_merged *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < m->page_count; i++)
        free(m->pages[i]);
    free(m->pages);
    free(m->slots);
    free(m);
}

static struct group *group_at(const struct flows_merged *m, size_t index)
{
    return &m->pages[index / GROUPS_PER_PAGE][index % GROUPS_PER_PAGE];
}

/* The first bits of an address; of IPv4 they are the last 32 of 128. */
static struct address first_bits(struct address a, unsigned bits, bool is_v6)
{
    struct address mask = address_mask(is_v6 ? bits : bits + BITS_6 - BITS_4);
    return (struct address){a.high & mask.high, a.low & mask.low};
}

static unsigned bits_in_common(struct address a, struct address b, bool is_v6)
{
    uint64_t high = a.high ^ b.high, low = a.low ^ b.low;
    unsigned bits = high != 0  ? (unsigned)__builtin_clzll(high)
                    : low != 0 ? 64 + (unsigned)__builtin_clzll(low)
                               : BITS_6;
    return is_v6 ? bits : bits - (BITS_6 - BITS_4);
}

static uint8_t mask_of(const struct flow_record *r, unsigned side)
{
    uint8_t mask = r->side[side].mask;
    if (flow_is_ip(r))
        return mask;
    return r->kind == FLOW_ARP && mask == 0 ? BITS_4 : mask;
}

static void make_key(const struct merge_keys *k, const struct flow_record *r, struct group_key *key)
{
    memset(key, 0, sizeof *key); /* padding too, as its bytes are hashed */
    key->kind = (uint8_t)r->kind;
    key->protocol = k->protocol ? r->protocol : 0;
    for (unsigned i = 0; i < 2; i++) {
        const struct flow_side *s = &r->side[i];
        key->port[i] = k->port[i] ? s->end.port : 0;
        if (!k->address[i])
            continue;
        if (flow_has_macs(r)) {
            key->address[i].low = s->mac;
            continue;
        }
        uint8_t mask = mask_of(r, i);
        key->mask[i] = k->bits[i] != 0 && k->bits[i] < mask ? k->bits[i] : mask;
        key->address[i] = first_bits(s->end.address, key->mask[i], r->kind == FLOW_IPV6);
    }
    /* What people read as the ports of ICMP. */
    if (k->port[0])
        key->port[0] |= r->icmp_type;
    if (k->port[1])
        key->port[1] |= r->icmp_code;
}

static bool has_address(const struct flows_merged *m, const struct group *g,
                        const struct group_key *key, unsigned i)
{
    if (!m->keys.address[i])
        return true;
    if (g->kind == FLOW_ETHERNET || g->kind == FLOW_RARP)
        return g->mac[i] == key->address[i].low;
    return g->mask[i] == key->mask[i] && address_equal(g->address[i], key->address[i]);
}

static bool has_key(const struct flows_merged *m, const struct group *g,
                    const struct group_key *key)
{
    const struct merge_keys *k = &m->keys;
    return g->kind == key->kind && (!k->protocol || g->protocol == key->protocol) &&
           (!k->port[0] || (g->port[0] | g->icmp_type) == key->port[0]) &&
           (!k->port[1] || (g->port[1] | g->icmp_code) == key->port[1]) &&
           has_address(m, g, key, 0) && has_address(m, g, key, 1);
}

static void fill(struct group *g, const struct flow_record *r, const struct group_key *key,
                 const struct merge_keys *k)
{
    *g = (struct group){.first_us = r->first_us,
                        .last_us = r->last_us,
                        .ethertype = r->ethertype,
                        .kind = key->kind,
                        .protocol = r->protocol,
                        .cause = r->cause,
                        .form = r->form,
                        .icmp_type = r->icmp_type,
                        .icmp_code = r->icmp_code,
                        .id = r->id,
                        .source_id = r->source_id,
                        .source_id_known = r->source_id_known,
                        .counts_known = r->counts_known,
                        .app_bytes_known = r->app_bytes_known,
                        .loss_known = r->loss_known,
                        .times_known = r->times_known,
                        .is_rtp = r->is_rtp,
                        .client_known = r->client_known};
    for (unsigned i = 0; i < 2; i++) {
        const struct flow_side *s = &r->side[i];
        bool is_cut = k->address[i] && !flow_has_macs(r);
        g->address[i] = is_cut ? key->address[i] : s->end.address;
        g->mask[i] = is_cut ? key->mask[i] : mask_of(r, i);
        g->port[i] = s->end.port;
        g->mac[i] = s->mac;
        g->mac_known[i] = s->mac_known;
    }
}

/* What is no key and differs goes. */
static void keep_common(struct group *g, const struct flow_record *r, const struct merge_keys *k)
{
    bool is_v6 = g->kind == FLOW_IPV6;
    for (unsigned i = 0; i < 2; i++) {
        const struct flow_side *s = &r->side[i];
        uint8_t mask = mask_of(r, i);
        if (!k->address[i] &&
            (mask != g->mask[i] || !address_equal(g->address[i], s->end.address))) {
            unsigned bits = bits_in_common(g->address[i], s->end.address, is_v6);
            bits = bits < mask ? bits : mask;
            g->mask[i] = bits < g->mask[i] ? (uint8_t)bits : g->mask[i];
            g->address[i] = first_bits(g->address[i], g->mask[i], is_v6);
        }
        g->port[i] = g->port[i] == s->end.port ? g->port[i] : 0;
        if (g->mac[i] != s->mac) {
            g->mac_known[i] = false;
            g->mac[i] = 0;
        }
    }
    if (g->protocol != r->protocol)
        g->protocol = 0;
    g->icmp_type = g->icmp_type == r->icmp_type ? g->icmp_type : FLOW_ICMP_MIXED;
    g->icmp_code = g->icmp_code == r->icmp_code ? g->icmp_code : FLOW_ICMP_MIXED;
    if (g->id != r->id)
        g->id = 0;
    if (g->source_id != r->source_id)
        g->source_id_known = false;
    g->is_rtp &= r->is_rtp;
    g->client_known &= r->client_known;
    g->ethertype = g->ethertype == r->ethertype ? g->ethertype : 0;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    uint64_t result;
    return __builtin_add_overflow(a, b, &result) ? UINT64_MAX : result;
}

static void add_counts(struct group *g, const struct flow_record *r)
{
    g->merged = sum(g->merged, r->merged);
    g->tcp_status |= r->tcp_status;
    g->encapsulation |= r->encapsulation;
    g->is_fragment |= r->is_fragment;
    g->counts_known |= r->counts_known;
    g->app_bytes_known |= r->app_bytes_known;
    g->loss_known |= r->loss_known;
    for (unsigned i = 0; i < 2; i++) {
        const struct flow_side *s = &r->side[i];
        g->packets[i] = sum(g->packets[i], s->packets);
        g->bytes[i] = sum(g->bytes[i], s->bytes);
        g->app_bytes[i] = sum(g->app_bytes[i], s->app_bytes);
        g->lost[i] = sum(g->lost[i], s->lost);
    }
    if (!r->times_known)
        return;
    g->first_us = g->times_known && g->first_us < r->first_us ? g->first_us : r->first_us;
    g->last_us = g->times_known && g->last_us > r->last_us ? g->last_us : r->last_us;
    g->times_known = true;
}

static bool grow_slots(struct flows_merged *m)
{
    size_t count = m->slot_count * 2;
    struct slot *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < m->slot_count; i++) {
        if (m->slots[i].place == 0)
            continue;
        size_t at = m->slots[i].tag & (count - 1);
        while (slots[at].place != 0)
            at = (at + 1) & (count - 1);
        slots[at] = m->slots[i];
    }
    free(m->slots);
    m->slots = slots;
    m->slot_count = count;
    return true;
}

/* Room for one more group. */
static bool has_room(struct flows_merged *m)
{
    if (m->count == m->groups_max)
        return false;
    if (m->count * 2 >= m->slot_count && !grow_slots(m))
        return false;
    if (m->count < m->page_count * GROUPS_PER_PAGE)
        return true;
    struct group *page = malloc(GROUPS_PER_PAGE * sizeof *page);
    if (page == NULL)
        return false;
    m->pages[m->page_count++] = page;
    return true;
}

static size_t place_of(const struct flows_merged *m, uint32_t tag, const struct group_key *key)
{
    size_t at = tag & (m->slot_count - 1);
    while (m->slots[at].place != 0 &&
           (m->slots[at].tag != tag || !has_key(m, group_at(m, m->slots[at].place - 1), key)))
        at = (at + 1) & (m->slot_count - 1);
    return at;
}

bool flows_merged_add(struct flows_merged *m, const struct flow_record *r)
{
    struct group_key key;
    make_key(&m->keys, r, &key);
    uint32_t tag = (uint32_t)hash_bytes(&key, sizeof key);
    size_t at = place_of(m, tag, &key);
    if (m->slots[at].place != 0) {
        struct group *g = group_at(m, m->slots[at].place - 1);
        keep_common(g, r, &m->keys);
        add_counts(g, r);
        return true;
    }
    if (!has_room(m)) {
        m->refused++;
        return false;
    }
    at = place_of(m, tag, &key); /* the table may have grown */
    m->slots[at] = (struct slot){tag, (uint32_t)++m->count};
    struct group *g = group_at(m, m->count - 1);
    fill(g, r, &key, &m->keys);
    add_counts(g, r);
    return true;
}

size_t flows_merged_count(const struct flows_merged *m)
{
    return m->count;
}

uint64_t flows_merged_refused(const struct flows_merged *m)
{
    return m->refused;
}

void flows_merged_at(const struct flows_merged *m, size_t index, struct flow_record *out)
{
    const struct group *g = group_at(m, index);
    *out = (struct flow_record){.kind = (enum flow_kind)g->kind,
                                .protocol = g->protocol,
                                .cause = g->cause,
                                .form = g->form,
                                .counts_known = g->counts_known,
                                .app_bytes_known = g->app_bytes_known,
                                .loss_known = g->loss_known,
                                .times_known = g->times_known,
                                .source_id_known = g->source_id_known,
                                .is_fragment = g->is_fragment,
                                .is_rtp = g->is_rtp,
                                .client_known = g->client_known,
                                .first_us = g->first_us,
                                .last_us = g->last_us,
                                .tcp_status = g->tcp_status,
                                .merged = g->merged < UINT32_MAX ? (uint32_t)g->merged : UINT32_MAX,
                                .source_id = g->source_id,
                                .icmp_type = g->icmp_type,
                                .icmp_code = g->icmp_code,
                                .id = g->id,
                                .ethertype = g->ethertype,
                                .encapsulation = g->encapsulation};
    for (unsigned i = 0; i < 2; i++) {
        struct flow_side *s = &out->side[i];
        s->end = (struct endpoint){g->address[i], g->port[i]};
        s->mask = g->mask[i];
        s->packets = g->packets[i];
        s->bytes = g->bytes[i];
        s->app_bytes = g->app_bytes[i];
        s->lost = g->lost[i];
        s->mac = g->mac[i];
        s->mac_known = g->mac_known[i];
    }
}
