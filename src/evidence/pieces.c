/* An arena, and beside it a list of spare pieces a size; the lists are threaded through the pieces
 * themselves. */
#include "evidence/pieces.h"

#include <string.h>

struct piece {
    struct piece *next;
};

struct pieces pieces_of(size_t limit_bytes)
{
    return (struct pieces){.arena = arena_of(limit_bytes)};
}

/* A piece must hold at least the link to the next one. */
static size_t size_of(size_t bytes)
{
    return bytes > sizeof(struct piece) ? bytes : sizeof(struct piece);
}

/* The place of this size among the known ones; size_count: it is not known. */
static unsigned place_of(const struct pieces *p, size_t bytes)
{
    unsigned at = 0;
    while (at < p->size_count && p->sizes[at].bytes != bytes)
        at++;
    return at;
}

void *pieces_take(struct pieces *p, size_t bytes)
{
    bytes = size_of(bytes);
    unsigned at = p->spare_bytes > 0 ? place_of(p, bytes) : p->size_count;
    if (at == p->size_count || p->sizes[at].first == NULL)
        return arena_take(&p->arena, 1, bytes);
    struct piece *piece = p->sizes[at].first;
    p->sizes[at].first = piece->next;
    p->spare_bytes -= bytes;
    memset(piece, 0, bytes);
    return piece;
}

void pieces_give(struct pieces *p, void *given, size_t bytes)
{
    struct piece *piece = given;
    bytes = size_of(bytes);
    unsigned at = place_of(p, bytes);
    if (piece == NULL || at == PIECES_SIZES)
        return;
    if (at == p->size_count) {
        p->sizes[at].bytes = bytes;
        p->sizes[at].first = NULL;
        p->size_count++;
    }
    piece->next = p->sizes[at].first;
    p->sizes[at].first = piece;
    p->spare_bytes += bytes;
}

void pieces_free(struct pieces *p)
{
    arena_free(&p->arena);
    *p = pieces_of(p->arena.limit_bytes);
}

size_t pieces_used(const struct pieces *p)
{
    return p->arena.used_bytes - p->spare_bytes;
}
