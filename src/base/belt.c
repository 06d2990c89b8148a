/* One lock and one condition: things are large (a quarter of a megabyte, a thousand packets), so a
 * belt moves a few thousand times a second at most. */
#include "base/belt.h"

#include <assert.h>
#include <signal.h>

static void settle(struct belt *b)
{
    (void)pthread_cond_destroy(&b->changed);
    (void)pthread_mutex_destroy(&b->lock);
}

bool belt_start(struct belt *b, size_t places, void *(*make)(void *context), void *context)
{
    sigset_t all, before;
    *b = (struct belt){.places = places};
    (void)sigfillset(&all);
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_cond_init(&b->changed, NULL);
    bool masked = pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
    bool started = masked && pthread_create(&b->maker, NULL, make, context) == 0;
    if (masked)
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!started)
        settle(b);
    return started;
}

bool belt_await_place(struct belt *b, size_t *place)
{
    pthread_mutex_lock(&b->lock);
    while (b->put - b->freed == b->places && !b->stopping)
        pthread_cond_wait(&b->changed, &b->lock);
    bool go_on = !b->stopping;
    *place = b->put % b->places;
    pthread_mutex_unlock(&b->lock);
    return go_on;
}

void belt_put(struct belt *b)
{
    pthread_mutex_lock(&b->lock);
    b->put++;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

void belt_end(struct belt *b)
{
    pthread_mutex_lock(&b->lock);
    b->ended = true;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

bool belt_take(struct belt *b, size_t *place)
{
    pthread_mutex_lock(&b->lock);
    while (b->put == b->taken && !b->ended)
        pthread_cond_wait(&b->changed, &b->lock);
    bool there_is = b->put != b->taken;
    if (there_is)
        *place = b->taken++ % b->places;
    pthread_mutex_unlock(&b->lock);
    return there_is;
}

void belt_free(struct belt *b)
{
    pthread_mutex_lock(&b->lock);
    assert(b->freed < b->taken);
    b->freed++;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

void belt_stop(struct belt *b)
{
    pthread_mutex_lock(&b->lock);
    b->stopping = true;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
    (void)pthread_cancel(b->maker);
    (void)pthread_join(b->maker, NULL);
    settle(b);
}
