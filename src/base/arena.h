/* Memory named for its life: everything in an arena is freed together, nothing alone.
 *
 * An arena has a limit in bytes; reaching it makes arena_take return NULL, which the owner reports
 * as a limit hit, never in silence. Memory comes zeroed, and aligned
 * for pointers, numbers of 64 bits and whatever is made of these. */
#ifndef WORMSIGN_BASE_ARENA_H
#define WORMSIGN_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t used_bytes;  /* taken from the operating system so far */
    size_t limit_bytes; /* never more than this */
};

struct arena arena_of(size_t limit_bytes);

/* count * size zeroed bytes, owned by the arena; NULL at the limit, or when the machine has no
 * more. */
void *arena_take(struct arena *a, size_t count, size_t size);

/* A copy of this text, owned by the arena; NULL as above. */
char *arena_text(struct arena *a, const char *text);

/* Frees everything that was taken; the arena is empty and usable again. */
void arena_free(struct arena *a);

#endif
