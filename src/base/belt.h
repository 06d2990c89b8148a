/* A belt between two threads: one makes things and puts them into numbered places, the other takes
 * them in the same order and gives the places back. What is in a place belongs to one of them at a
 * time.
 *
 * The maker runs in a thread of its own, from which all signals are kept away. It can be stopped at
 * any time: a maker that waits inside belt_* returns false; one that waits in read() is cancelled
 * there, if it allows it (source/input.c), and nowhere else. */
#ifndef WORMSIGN_BASE_BELT_H
#define WORMSIGN_BASE_BELT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct belt {
    pthread_t maker;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t places;
    uint64_t put, taken, freed; /* how many so far; place n is used by number n modulo places */
    bool ended, stopping;
};

/* Starts make(context) in a thread. False where none is to be had; then nothing is left to undo. */
bool belt_start(struct belt *b, size_t places, void *(*make)(void *context), void *context);

/* The maker's side. */

/* Waits for a free place, and says which; false when the maker is to end. */
bool belt_await_place(struct belt *b, size_t *place);

/* What was made in the free place goes on its way. */
void belt_put(struct belt *b);

/* Nothing more will come. */
void belt_end(struct belt *b);

/* The user's side. */

/* Waits for the next thing, and says in which place it is; false: there is none any more. */
bool belt_take(struct belt *b, size_t *place);

/* Gives back the oldest place that was taken. */
void belt_free(struct belt *b);

/* Ends the maker's thread and waits for it. */
void belt_stop(struct belt *b);

#endif
