/* An arena, and beside it a list of spare pieces a size; the lists are threaded through the pieces
 * themselves. */
#include "evidence/pieces.h"

#include <stdint.h>
#include <string.h>

struct piece {
    struct piece *next;
};

struct pieces pieces_of(size_t limit_bytes)
{
    return (struct pieces){.arena = arena_of(limit_bytes)};
}

/* Whole words, so a piece has room for the link to the next one. */
static size_t size_of(size_t bytes)
{
    size_t words = bytes / PIECES_WORD + (bytes % PIECES_WORD != 0 || bytes == 0);
    return words * PIECES_WORD;
}

_Static_assert(sizeof(struct piece) <= PIECES_WORD, "a link fits into the smallest piece");

/* The list of this size; NULL: it has none. */
static struct piece **list_of(struct pieces *p, size_t bytes)
{
    if (bytes / PIECES_WORD < PIECES_WORDS_SMALL)
        return &p->small[bytes / PIECES_WORD];
    for (unsigned i = 0; i < p->large_count; i++)
        if (p->large[i].bytes == bytes)
            return &p->large[i].first;
    return NULL;
}

void *pieces_take(struct pieces *p, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        return NULL;
    bytes = size_of(bytes);
    struct piece **list = p->spare_bytes > 0 ? list_of(p, bytes) : NULL;
    if (list == NULL || *list == NULL)
        return arena_take(&p->arena, 1, bytes);
    struct piece *piece = *list;
    *list = piece->next;
    p->spare_bytes -= bytes;
    memset(piece, 0, bytes);
    return piece;
}

void pieces_give(struct pieces *p, void *given, size_t bytes)
{
    struct piece *piece = given;
    bytes = size_of(bytes);
    if (piece == NULL)
        return;
    struct piece **list = list_of(p, bytes);
    if (list == NULL && p->large_count < PIECES_SIZES_LARGE) {
        p->large[p->large_count].bytes = bytes;
        p->large[p->large_count].first = NULL;
        list = &p->large[p->large_count++].first;
    }
    if (list == NULL)
        return;
    piece->next = *list;
    *list = piece;
    p->spare_bytes += bytes;
}

void pieces_free(struct pieces *p)
{
    arena_free(&p->arena);
    *p = pieces_of(p->arena.limit_bytes);
}
