/* One writer, one reader, a ring between them: `filled` counts chunks that the thread has made,
 * `freed` those that its owner has given back. The thread may be cancelled only while it waits in
 * read or poll (input.c). */
#include "source/read_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

struct chunk {
    size_t size;
    uint8_t bytes[READ_AHEAD_ROOM_BYTES + READ_AHEAD_CHUNK_BYTES];
};

struct read_ahead {
    struct byte_source below;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t filled, taken, freed; /* under the lock */
    bool ended, stopping;          /* likewise */
    struct error error;            /* of the end; written before `ended` is */
    struct chunk *chunks;
};

/* Waits until there is a chunk to fill; NULL when the owner wants no more. */
static struct chunk *wait_for_room(struct read_ahead *r)
{
    pthread_mutex_lock(&r->lock);
    while (r->filled - r->freed == READ_AHEAD_CHUNKS && !r->stopping)
        pthread_cond_wait(&r->changed, &r->lock);
    bool stopping = r->stopping;
    pthread_mutex_unlock(&r->lock);
    return stopping ? NULL : &r->chunks[r->filled % READ_AHEAD_CHUNKS];
}

/* Full chunks, so that they are few: a pipe gives little at a time, so what has come goes on after
 * one read. */
static void fill(struct read_ahead *r, struct chunk *chunk)
{
    chunk->size = r->below.read(r->below.from, chunk->bytes + READ_AHEAD_ROOM_BYTES,
                                READ_AHEAD_CHUNK_BYTES, &r->error);
}

static void *run(void *context)
{
    struct read_ahead *r = context;
    struct chunk *chunk;
    bool ended = false;
    (void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    while (!ended && (chunk = wait_for_room(r)) != NULL) {
        fill(r, chunk);
        ended = chunk->size == 0;
        pthread_mutex_lock(&r->lock);
        r->filled += !ended;
        r->ended = ended;
        pthread_cond_signal(&r->changed);
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

/* The thread, with every signal kept away from it. */
static bool start_thread(struct read_ahead *r)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
        return false;
    bool started = pthread_create(&r->thread, NULL, run, r) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

struct read_ahead *read_ahead_start(struct byte_source below)
{
    struct read_ahead *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->below = below;
    r->chunks = malloc(READ_AHEAD_CHUNKS * sizeof *r->chunks);
    (void)pthread_mutex_init(&r->lock, NULL);
    (void)pthread_cond_init(&r->changed, NULL);
    if (r->chunks != NULL && start_thread(r))
        return r;
    free(r->chunks);
    free(r);
    return NULL;
}

size_t read_ahead_next(struct read_ahead *r, uint8_t **bytes, struct error *err)
{
    pthread_mutex_lock(&r->lock);
    while (r->filled == r->taken && !r->ended)
        pthread_cond_wait(&r->changed, &r->lock);
    bool more = r->filled != r->taken;
    pthread_mutex_unlock(&r->lock);
    if (!more) {
        if (r->error.kind != ERROR_NONE)
            *err = r->error;
        return 0;
    }
    struct chunk *chunk = &r->chunks[r->taken++ % READ_AHEAD_CHUNKS];
    *bytes = chunk->bytes + READ_AHEAD_ROOM_BYTES;
    return chunk->size;
}

void read_ahead_release(struct read_ahead *r)
{
    pthread_mutex_lock(&r->lock);
    r->freed++;
    /* Waking the thread costs more than a chunk is worth: it sleeps until half the ring is free. */
    if (r->filled - r->freed <= READ_AHEAD_CHUNKS / 2)
        pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

void read_ahead_stop(struct read_ahead *r)
{
    if (r == NULL)
        return;
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    (void)pthread_cancel(r->thread);
    (void)pthread_join(r->thread, NULL);
    (void)pthread_cond_destroy(&r->changed);
    (void)pthread_mutex_destroy(&r->lock);
    free(r->chunks);
    free(r);
}
