/* Each head keeps which pieces of its 8 KiB have come, ascending and apart; heads stand in one
 * list, the one used last at the new end, those given back at the old end. */
#include "observe/stream_heads.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct piece {
    uint32_t from, to; /* bytes present: from <= i < to */
};

struct head {
    uint32_t serial, older, newer; /* places in the list of use, 1-based; 0: none */
    bool taken;
    unsigned piece_count;
    struct piece pieces[STREAM_HEAD_PIECES]; /* ascending, apart */
    uint8_t bytes[STREAM_HEAD_BYTES];
};

struct stream_heads {
    struct head *heads; /* heads[place - 1] */
    uint32_t unused;    /* places never taken yet begin here, 0-based */
    uint32_t oldest, newest;
    uint32_t serial;
};

struct stream_heads *stream_heads_new(void)
{
    struct stream_heads *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    h->heads = calloc(STREAM_HEADS_MAX, sizeof *h->heads);
    if (h->heads == NULL) {
        free(h);
        return NULL;
    }
    return h;
}

void stream_heads_free(struct stream_heads *h)
{
    if (h == NULL)
        return;
    free(h->heads);
    free(h);
}

static struct head *head_at(const struct stream_heads *h, uint32_t place)
{
    assert(place >= 1 && place <= STREAM_HEADS_MAX);
    return &h->heads[place - 1];
}

static void unlink_head(struct stream_heads *h, uint32_t place)
{
    struct head *head = head_at(h, place);
    *(head->older != 0 ? &head_at(h, head->older)->newer : &h->oldest) = head->newer;
    *(head->newer != 0 ? &head_at(h, head->newer)->older : &h->newest) = head->older;
}

static void link_newest(struct stream_heads *h, uint32_t place)
{
    struct head *head = head_at(h, place);
    head->older = h->newest;
    head->newer = 0;
    *(h->newest != 0 ? &head_at(h, h->newest)->newer : &h->oldest) = place;
    h->newest = place;
}

/* Heads given back go to the old end of the list, so they are taken before any that is in use. */
static void link_oldest(struct stream_heads *h, uint32_t place)
{
    struct head *head = head_at(h, place);
    head->newer = h->oldest;
    head->older = 0;
    *(h->oldest != 0 ? &head_at(h, h->oldest)->older : &h->newest) = place;
    h->oldest = place;
}

struct head_ticket stream_heads_take(struct stream_heads *h, bool *let_go)
{
    uint32_t place = h->oldest;
    *let_go = false;
    if ((place == 0 || head_at(h, place)->taken) && h->unused < STREAM_HEADS_MAX) {
        place = ++h->unused;
    } else {
        *let_go = head_at(h, place)->taken;
        unlink_head(h, place);
    }
    struct head *head = head_at(h, place);
    head->serial = ++h->serial;
    head->taken = true;
    head->piece_count = 0;
    link_newest(h, place);
    return (struct head_ticket){place, head->serial};
}

bool stream_heads_holds(const struct stream_heads *h, struct head_ticket t)
{
    return t.place != 0 && head_at(h, t.place)->taken && head_at(h, t.place)->serial == t.serial;
}

void stream_heads_drop(struct stream_heads *h, struct head_ticket t)
{
    if (!stream_heads_holds(h, t))
        return;
    head_at(h, t.place)->taken = false;
    unlink_head(h, t.place);
    link_oldest(h, t.place);
}

/* Copies the bytes of [from, to) that no piece covers yet. */
static void fill_gaps(struct head *head, uint32_t from, uint32_t to, uint32_t offset,
                      struct reader segment)
{
    uint32_t at = from;
    for (unsigned i = 0; at < to; i++) {
        bool more = i < head->piece_count;
        uint32_t gap_end = more && head->pieces[i].from < to ? head->pieces[i].from : to;
        if (at < gap_end) {
            struct reader rest = segment;
            read_skip(&rest, at - offset);
            const uint8_t *bytes = read_bytes(&rest, gap_end - at);
            assert(bytes != NULL);
            memcpy(head->bytes + at, bytes, gap_end - at);
        }
        if (!more)
            return;
        at = head->pieces[i].to > at ? head->pieces[i].to : at;
    }
}

/* Joins [from, to) with the pieces that it touches; there is room for one piece more. */
static void join_pieces(struct head *head, uint32_t from, uint32_t to)
{
    unsigned first = 0;
    while (first < head->piece_count && head->pieces[first].to < from)
        first++;
    unsigned last = first;
    while (last < head->piece_count && head->pieces[last].from <= to)
        last++;
    unsigned touched = last - first;
    if (touched > 0) {
        from = head->pieces[first].from < from ? head->pieces[first].from : from;
        to = head->pieces[last - 1].to > to ? head->pieces[last - 1].to : to;
    }
    memmove(&head->pieces[first + 1], &head->pieces[last],
            (head->piece_count - last) * sizeof head->pieces[0]);
    head->pieces[first] = (struct piece){from, to};
    head->piece_count = head->piece_count - touched + 1;
}

uint32_t stream_heads_narrow(uint32_t offset, struct reader *segment)
{
    if (offset > UINT32_MAX / 2) {
        read_skip(segment, 0 - offset);
        offset = 0;
    }
    size_t room = offset < STREAM_HEAD_BYTES ? STREAM_HEAD_BYTES - offset : 0;
    if (segment->left > room)
        *segment = read_part(segment, room);
    return offset;
}

struct reader stream_heads_add(struct stream_heads *h, struct head_ticket t, uint32_t offset,
                               struct reader segment)
{
    struct head *head = head_at(h, t.place);
    assert(stream_heads_holds(h, t));
    if (offset < STREAM_HEAD_BYTES && segment.left > 0) {
        uint32_t room = STREAM_HEAD_BYTES - offset;
        uint32_t to = offset + (segment.left < room ? (uint32_t)segment.left : room);
        bool would_fit = head->piece_count < STREAM_HEAD_PIECES;
        for (unsigned i = 0; i < head->piece_count && !would_fit; i++)
            would_fit = head->pieces[i].from <= to && head->pieces[i].to >= offset;
        if (would_fit) {
            fill_gaps(head, offset, to, offset, segment);
            join_pieces(head, offset, to);
        }
    }
    unlink_head(h, t.place);
    link_newest(h, t.place);
    bool from_start = head->piece_count > 0 && head->pieces[0].from == 0;
    return reader_over(head->bytes, from_start ? head->pieces[0].to : 0);
}
