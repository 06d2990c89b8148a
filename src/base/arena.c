/* The arena: blocks from malloc, handed out front to back, all freed together.
 *
 * Blocks are chained, not grown, because what was handed out must stay where it is. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Pointers and numbers of 64 bits: the widest that structs here are made of. */
enum { BLOCK_BYTES = 256 * 1024, ALIGNED = 8 };

_Static_assert(alignof(void *) <= ALIGNED && alignof(int64_t) <= ALIGNED &&
                   alignof(double) <= ALIGNED && alignof(size_t) <= ALIGNED,
               "what is handed out fits any of these");

struct arena_block {
    struct arena_block *before;
    size_t size, used;
    alignas(ALIGNED) unsigned char bytes[];
};

struct arena arena_of(size_t limit_bytes)
{
    return (struct arena){.limit_bytes = limit_bytes};
}

static struct arena_block *block_add(struct arena *a, size_t size)
{
    size_t want = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    if (want > a->limit_bytes - a->used_bytes)
        want = size;
    if (want > a->limit_bytes - a->used_bytes)
        return NULL;
    struct arena_block *block = calloc(1, sizeof *block + want);
    if (block == NULL)
        return NULL;
    block->size = want;
    a->used_bytes += want;
    /* A block made for one large piece goes behind the current one, which still has room. */
    if (a->blocks != NULL && size > BLOCK_BYTES / 4) {
        block->before = a->blocks->before;
        a->blocks->before = block;
    } else {
        block->before = a->blocks;
        a->blocks = block;
    }
    return block;
}

void *arena_take(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    bytes = (bytes + ALIGNED - 1) & ~(size_t)(ALIGNED - 1);
    struct arena_block *block = a->blocks;
    if (block == NULL || block->size - block->used < bytes) {
        block = block_add(a, bytes);
        if (block == NULL)
            return NULL;
    }
    void *taken = block->bytes + block->used;
    block->used += bytes;
    return taken;
}

char *arena_text(struct arena *a, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = arena_take(a, 1, size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

void arena_free(struct arena *a)
{
    while (a->blocks != NULL) {
        struct arena_block *block = a->blocks;
        a->blocks = block->before;
        free(block);
    }
    a->used_bytes = 0;
}
