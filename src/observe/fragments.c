/* The fragment store: a table of datagrams, and pieces of memory that they share.
 *
 * A datagram is up to 32 pieces of 2 KiB, each with a bit for every eight bytes that have come.
 * Fragment offsets count in eights (RFC 791 §3.2), so the bits are exact: a datagram is whole when
 * its last fragment has told the length and as many bits are set as that length has eights. */
#include "observe/fragments.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/time.h"
#include "observe/frame.h"

enum {
    UNIT_BYTES = 8,
    PIECE_UNITS = FRAGMENT_PIECE_BYTES / UNIT_BYTES,
    DATAGRAM_PIECES = (FRAGMENT_BYTES_MAX + FRAGMENT_PIECE_BYTES) / FRAGMENT_PIECE_BYTES,
    NO_PIECE = 0xffff
};

_Static_assert((int)FRAGMENT_PIECES_MAX < (int)NO_PIECE, "a piece's number fits 16 bits");
_Static_assert((int)FRAGMENT_PIECES_MAX >= 2 * (int)DATAGRAM_PIECES,
               "letting one datagram go makes room");

struct piece {
    uint64_t come[PIECE_UNITS / 64];
    uint8_t bytes[FRAGMENT_PIECE_BYTES];
};

struct datagram {
    struct fragment_key key;
    int64_t first_us;
    uint32_t units_come;
    uint32_t end;    /* the highest byte that came, plus one */
    uint32_t length; /* 0: not known yet */
    uint8_t protocol;
    uint16_t pieces[DATAGRAM_PIECES];
};

/* What is taken when the first fragment comes. */
struct pool {
    struct piece pieces[FRAGMENT_PIECES_MAX];
    uint16_t free_pieces[FRAGMENT_PIECES_MAX];
    unsigned free_count;
    struct datagram datagrams[FRAGMENT_DATAGRAMS_MAX];
    uint8_t whole[FRAGMENT_LEVELS][FRAGMENT_BYTES_MAX];
};

struct fragment_store {
    struct pool *pool;
    uint64_t let_go;
    uint32_t tags[FRAGMENT_DATAGRAMS_MAX]; /* of the key; 0: the place is free */
};

struct fragment_store *fragment_store_new(void)
{
    return calloc(1, sizeof(struct fragment_store));
}

void fragment_store_free(struct fragment_store *s)
{
    if (s == NULL)
        return;
    free(s->pool);
    free(s);
}

uint64_t fragment_store_let_go(const struct fragment_store *s)
{
    return s->let_go;
}

static bool pool_ready(struct fragment_store *s)
{
    if (s->pool != NULL)
        return true;
    s->pool = malloc(sizeof *s->pool);
    if (s->pool == NULL)
        return false;
    s->pool->free_count = FRAGMENT_PIECES_MAX;
    for (unsigned i = 0; i < FRAGMENT_PIECES_MAX; i++)
        s->pool->free_pieces[i] = (uint16_t)i;
    return true;
}

static uint32_t tag_of(const struct fragment_key *key)
{
    uint64_t hash = hash_pair(hash_address(key->from), hash_address(key->to));
    uint64_t rest = (uint64_t)key->id << 16 | (uint64_t)key->version << 8 | key->protocol;
    return (uint32_t)hash_pair(hash, rest) | 1;
}

static bool key_equal(const struct fragment_key *a, const struct fragment_key *b)
{
    return address_equal(a->from, b->from) && address_equal(a->to, b->to) && a->id == b->id &&
           a->version == b->version && a->protocol == b->protocol;
}

static void datagram_clear(struct fragment_store *s, unsigned at)
{
    struct pool *pool = s->pool;
    struct datagram *d = &pool->datagrams[at];
    for (unsigned i = 0; i < DATAGRAM_PIECES; i++)
        if (d->pieces[i] != NO_PIECE)
            pool->free_pieces[pool->free_count++] = d->pieces[i];
    s->tags[at] = 0;
}

static void datagram_let_go(struct fragment_store *s, unsigned at)
{
    datagram_clear(s, at);
    s->let_go++;
}

/* Both ways: a clock that was set back must not keep a datagram for hours. */
static bool is_too_old(const struct datagram *d, int64_t when_us)
{
    uint64_t ahead = (uint64_t)when_us - (uint64_t)d->first_us;
    uint64_t apart = when_us >= d->first_us ? ahead : 0 - ahead;
    return apart > (uint64_t)FRAGMENT_AGE_MAX_S * (uint64_t)US_PER_SECOND;
}

/* The datagram whose first fragment came longest ago, other than `but`; FRAGMENT_DATAGRAMS_MAX:
 * none. */
static unsigned oldest_but(const struct fragment_store *s, unsigned but)
{
    unsigned oldest = FRAGMENT_DATAGRAMS_MAX;
    for (unsigned i = 0; i < FRAGMENT_DATAGRAMS_MAX; i++) {
        if (s->tags[i] == 0 || i == but)
            continue;
        if (oldest == FRAGMENT_DATAGRAMS_MAX ||
            s->pool->datagrams[i].first_us < s->pool->datagrams[oldest].first_us)
            oldest = i;
    }
    return oldest;
}

static unsigned place_for_new(struct fragment_store *s, int64_t when_us)
{
    unsigned place = FRAGMENT_DATAGRAMS_MAX;
    for (unsigned i = 0; i < FRAGMENT_DATAGRAMS_MAX; i++) {
        if (s->tags[i] != 0 && is_too_old(&s->pool->datagrams[i], when_us))
            datagram_let_go(s, i);
        if (s->tags[i] == 0 && place == FRAGMENT_DATAGRAMS_MAX)
            place = i;
    }
    if (place == FRAGMENT_DATAGRAMS_MAX) {
        place = oldest_but(s, FRAGMENT_DATAGRAMS_MAX);
        datagram_let_go(s, place);
    }
    return place;
}

/* The place of the fragment's datagram: the one it has, or a new one. */
static unsigned datagram_of(struct fragment_store *s, const struct fragment *f)
{
    uint32_t tag = tag_of(&f->key);
    for (unsigned i = 0; i < FRAGMENT_DATAGRAMS_MAX; i++) {
        if (s->tags[i] != tag || !key_equal(&s->pool->datagrams[i].key, &f->key))
            continue;
        if (!is_too_old(&s->pool->datagrams[i], f->when_us))
            return i;
        datagram_let_go(s, i);
    }
    unsigned place = place_for_new(s, f->when_us);
    struct datagram *d = &s->pool->datagrams[place];
    *d = (struct datagram){.key = f->key, .first_us = f->when_us};
    for (unsigned i = 0; i < DATAGRAM_PIECES; i++)
        d->pieces[i] = NO_PIECE;
    s->tags[place] = tag;
    return place;
}

static struct piece *piece_at(struct fragment_store *s, unsigned place, size_t offset)
{
    struct pool *pool = s->pool;
    uint16_t *number = &pool->datagrams[place].pieces[offset / FRAGMENT_PIECE_BYTES];
    if (*number == NO_PIECE) {
        if (pool->free_count == 0)
            datagram_let_go(s, oldest_but(s, place));
        *number = pool->free_pieces[--pool->free_count];
        memset(pool->pieces[*number].come, 0, sizeof pool->pieces[*number].come);
    }
    return &pool->pieces[*number];
}

static void bytes_keep(struct fragment_store *s, unsigned place, const struct fragment *f)
{
    struct datagram *d = &s->pool->datagrams[place];
    struct reader r = f->bytes;
    size_t offset = f->offset;
    while (r.left > 0) {
        size_t count = r.left < UNIT_BYTES ? r.left : UNIT_BYTES;
        size_t within = offset % FRAGMENT_PIECE_BYTES;
        size_t unit = within / UNIT_BYTES;
        struct piece *piece = piece_at(s, place, offset);
        uint64_t bit = UINT64_C(1) << unit % 64;
        const uint8_t *bytes = read_bytes(&r, count);
        if ((piece->come[unit / 64] & bit) == 0) {
            piece->come[unit / 64] |= bit;
            memcpy(piece->bytes + within, bytes, count);
            d->units_come++;
        }
        offset += count;
    }
    if (offset > d->end)
        d->end = (uint32_t)offset;
}

static bool can_be(const struct fragment *f)
{
    size_t count = f->bytes.left;
    return count > 0 && (!f->more || count % UNIT_BYTES == 0) && f->offset % UNIT_BYTES == 0 &&
           f->offset <= FRAGMENT_BYTES_MAX && count <= FRAGMENT_BYTES_MAX - f->offset;
}

static bool fits_known_length(const struct datagram *d, const struct fragment *f)
{
    size_t end = f->offset + f->bytes.left;
    if (d->length != 0)
        return f->more ? end <= d->length : end == d->length;
    return f->more || end >= d->end;
}

static void copy_whole(struct fragment_store *s, unsigned place, uint8_t *to)
{
    const struct datagram *d = &s->pool->datagrams[place];
    for (size_t at = 0; at < d->length; at += FRAGMENT_PIECE_BYTES) {
        size_t left = d->length - at;
        const struct piece *piece = &s->pool->pieces[d->pieces[at / FRAGMENT_PIECE_BYTES]];
        memcpy(to + at, piece->bytes, left < FRAGMENT_PIECE_BYTES ? left : FRAGMENT_PIECE_BYTES);
    }
}

enum fragment_result fragment_store_add(struct fragment_store *s, const struct fragment *fragment,
                                        struct reader *whole, uint8_t *protocol)
{
    assert(fragment->level < FRAGMENT_LEVELS);
    if (!can_be(fragment))
        return FRAGMENT_REFUSED;
    if (!pool_ready(s)) {
        s->let_go++;
        return FRAGMENT_LET_GO;
    }
    unsigned place = datagram_of(s, fragment);
    struct datagram *d = &s->pool->datagrams[place];
    if (!fits_known_length(d, fragment))
        return FRAGMENT_REFUSED;
    bytes_keep(s, place, fragment);
    if (fragment->offset == 0)
        d->protocol = fragment->protocol;
    if (!fragment->more)
        d->length = d->end;
    if (d->length == 0 || d->units_come < (d->length + UNIT_BYTES - 1) / UNIT_BYTES)
        return FRAGMENT_KEPT;
    uint8_t *to = s->pool->whole[fragment->level];
    copy_whole(s, place, to);
    *whole = reader_over(to, d->length);
    *protocol = d->protocol;
    datagram_clear(s, place);
    return FRAGMENT_WHOLE;
}
