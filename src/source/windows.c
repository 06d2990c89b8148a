/* Few windows are ever made: those that are let go are used again, for fresh memory of this size
 * costs more than reading into it. */
#include "source/windows.h"

#include <assert.h>
#include <stdlib.h>

enum { PAGE_BYTES = 4096 };

void windows_init(struct windows *w)
{
    *w = (struct windows){.now = NULL};
    (void)pthread_mutex_init(&w->lock, NULL);
}

static void window_free(struct window *window)
{
    if (window != NULL)
        free(window->bytes);
    free(window);
}

void windows_clear(struct windows *w)
{
    window_free(w->now);
    while (w->spare != NULL) {
        struct window *first = w->spare;
        w->spare = first->next;
        window_free(first);
    }
    (void)pthread_mutex_destroy(&w->lock);
}

bool windows_begin(struct windows *w, uint8_t *bytes, size_t size)
{
    assert(w->now == NULL);
    w->now = malloc(sizeof *w->now);
    if (w->now == NULL) {
        free(bytes);
        return false;
    }
    *w->now = (struct window){.bytes = bytes, .size = size};
    return true;
}

static struct window *window_new(size_t size)
{
    struct window *made = malloc(sizeof *made);
    void *bytes;
    if (made == NULL || posix_memalign(&bytes, PAGE_BYTES, size) != 0) {
        free(made);
        return NULL;
    }
    *made = (struct window){.bytes = bytes, .size = size};
    return made;
}

/* With the lock held. One that is too small is of no use any more. */
static struct window *take_spare(struct windows *w, size_t size)
{
    struct window *first = w->spare;
    if (first == NULL)
        return NULL;
    w->spare = first->next;
    first->next = NULL;
    if (first->size >= size)
        return first;
    window_free(first);
    return NULL;
}

struct window *windows_next(struct windows *w, size_t size)
{
    (void)pthread_mutex_lock(&w->lock);
    bool will_do = w->now != NULL && w->now->size >= size && w->now->holders == 0;
    struct window *next = will_do ? w->now : take_spare(w, size);
    (void)pthread_mutex_unlock(&w->lock);
    return next != NULL ? next : window_new(size);
}

void windows_move(struct windows *w, struct window *to)
{
    (void)pthread_mutex_lock(&w->lock);
    struct window *from = w->now;
    w->now = to;
    if (from != NULL && from != to && from->holders == 0) {
        from->next = w->spare;
        w->spare = from;
    }
    (void)pthread_mutex_unlock(&w->lock);
}

struct window *windows_hold(struct windows *w)
{
    (void)pthread_mutex_lock(&w->lock);
    struct window *held = w->now;
    if (held != NULL)
        held->holders++;
    (void)pthread_mutex_unlock(&w->lock);
    return held;
}

void windows_let_go(struct windows *w, struct window *held)
{
    if (held == NULL)
        return;
    (void)pthread_mutex_lock(&w->lock);
    assert(held->holders > 0);
    if (--held->holders == 0 && held != w->now) {
        held->next = w->spare;
        w->spare = held;
    }
    (void)pthread_mutex_unlock(&w->lock);
}
