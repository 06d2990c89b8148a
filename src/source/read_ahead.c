/* Chunks on a belt: the thread fills them, the owner sees them. */
#include "source/read_ahead.h"

#include <stdlib.h>

#include "base/belt.h"

struct chunk {
    size_t size;
    uint8_t bytes[READ_AHEAD_ROOM_BYTES + READ_AHEAD_CHUNK_BYTES];
};

struct read_ahead {
    struct byte_source below;
    struct belt belt;
    struct error error; /* of the end; the thread's until it has ended */
    struct chunk *chunks;
};

static void *make(void *context)
{
    struct read_ahead *r = context;
    size_t place;
    /* Only where input.c allows it: while it waits in read(). */
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    while (belt_await_place(&r->belt, &place)) {
        struct chunk *chunk = &r->chunks[place];
        chunk->size = r->below.read(r->below.from, chunk->bytes + READ_AHEAD_ROOM_BYTES,
                                    READ_AHEAD_CHUNK_BYTES, &r->error);
        if (chunk->size == 0)
            break;
        belt_put(&r->belt);
    }
    belt_end(&r->belt);
    return NULL;
}

struct read_ahead *read_ahead_start(struct byte_source below)
{
    struct read_ahead *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->below = below;
    r->chunks = malloc(READ_AHEAD_CHUNKS * sizeof *r->chunks);
    if (r->chunks != NULL && belt_start(&r->belt, READ_AHEAD_CHUNKS, make, r))
        return r;
    free(r->chunks);
    free(r);
    return NULL;
}

size_t read_ahead_next(struct read_ahead *r, uint8_t **bytes, struct error *err)
{
    size_t place;
    if (!belt_take(&r->belt, &place)) {
        if (r->error.kind != ERROR_NONE)
            *err = r->error;
        return 0;
    }
    *bytes = r->chunks[place].bytes + READ_AHEAD_ROOM_BYTES;
    return r->chunks[place].size;
}

void read_ahead_release(struct read_ahead *r)
{
    belt_free(&r->belt);
}

void read_ahead_stop(struct read_ahead *r)
{
    if (r == NULL)
        return;
    belt_stop(&r->belt);
    free(r->chunks);
    free(r);
}
