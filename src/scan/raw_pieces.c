/* So few that they are looked through one by one, from a small array of keys. */
#include "scan/raw_pieces.h"

#include <stdlib.h>
#include <string.h>

enum { NO_PLACE = RAW_PIECES };

struct key {
    uint32_t host;
    uint16_t port, own_port;
    bool taken;
};

struct answer_pieces {
    uint32_t follows; /* the sequence number of what comes next */
    size_t size;
    uint8_t bytes[RAW_PIECES_ROOM];
};

struct raw_pieces {
    struct key keys[RAW_PIECES];
    struct answer_pieces answers[RAW_PIECES];
    unsigned oldest;
    uint64_t let_go;
};

struct raw_pieces *raw_pieces_new(void)
{
    return calloc(1, sizeof(struct raw_pieces));
}

void raw_pieces_free(struct raw_pieces *p)
{
    free(p);
}

static unsigned place_of(const struct raw_pieces *p, const struct raw_answer *a)
{
    unsigned i = 0;
    while (i < RAW_PIECES && !(p->keys[i].taken && p->keys[i].host == a->host &&
                               p->keys[i].port == a->port && p->keys[i].own_port == a->own_port))
        i++;
    return i;
}

static unsigned new_place(struct raw_pieces *p, const struct raw_answer *a)
{
    unsigned i = p->oldest;
    p->oldest = (p->oldest + 1) % RAW_PIECES;
    p->let_go += p->keys[i].taken;
    p->keys[i] = (struct key){a->host, a->port, a->own_port, true};
    p->answers[i].size = 0;
    p->answers[i].follows = a->sequence;
    return i;
}

bool raw_pieces_add(struct raw_pieces *p, const struct raw_answer *a, struct reader *all)
{
    unsigned i = place_of(p, a);
    if (i == NO_PLACE)
        i = new_place(p, a);
    struct answer_pieces *to = &p->answers[i];
    struct reader payload = a->payload;
    uint32_t known = to->follows - a->sequence; /* bytes of it that came before */
    bool fits = true;
    if (known <= payload.left) {
        read_skip(&payload, known);
        size_t room = RAW_PIECES_ROOM - to->size;
        size_t size = payload.left < room ? payload.left : room;
        fits = size == payload.left;
        if (size > 0)
            memcpy(to->bytes + to->size, read_bytes(&payload, size), size);
        to->size += size;
        to->follows += (uint32_t)size;
    }
    *all = reader_over(to->bytes, to->size);
    return fits;
}

void raw_pieces_end(struct raw_pieces *p, const struct raw_answer *a)
{
    unsigned i = place_of(p, a);
    if (i != NO_PLACE)
        p->keys[i].taken = false;
}

uint64_t raw_pieces_let_go(const struct raw_pieces *p)
{
    return p->let_go;
}
