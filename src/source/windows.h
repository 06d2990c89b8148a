/* The memory that an input is seen through. A window is written over when its input reads on,
 * unless somebody holds it: then the input goes on in another one, and what was seen stays as it
 * is. So several threads can work on what one of them reads, without a copy.
 *
 * Holding and letting go may happen in any thread; the rest is the input's. */
#ifndef WORMSIGN_SOURCE_WINDOWS_H
#define WORMSIGN_SOURCE_WINDOWS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window {
    struct window *next; /* of those that nobody needs */
    uint8_t *bytes;
    size_t size;
    unsigned holders;
};

struct windows {
    pthread_mutex_t lock;
    struct window *now;   /* where the input is; NULL: nowhere yet */
    struct window *spare; /* nobody needs these */
};

void windows_init(struct windows *w);
void windows_clear(struct windows *w); /* nobody holds any */

/* Begins in bytes that malloc gave, which are given away here. False without memory; they are freed
 * then. */
bool windows_begin(struct windows *w, uint8_t *bytes, size_t size);

/* Where the input may write next, of at least this size: the window it is in, if that will do and
 * nobody holds it, or another one. NULL without memory. It is moved to by windows_move, before
 * which the old one stays. */
struct window *windows_next(struct windows *w, size_t size);
void windows_move(struct windows *w, struct window *to);

/* The window that the input is in stays as it is until it is let go; each hold is let go once. NULL
 * where there is none: letting go of that is fine. */
struct window *windows_hold(struct windows *w);
void windows_let_go(struct windows *w, struct window *held);

#endif
