/* What wakes a program that plays hosts: its listeners and connections, a signal to end, and the
 * end of a pipe on stdin, by which it does not outlive whoever started it. */
#ifndef WORMSIGN_TESTS_RIG_WAKERS_H
#define WORMSIGN_TESTS_RIG_WAKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include "base/error.h"

#define NEVER_US INT64_MAX
#define MILLISECOND_US INT64_C(1000)

enum waker { WAKER_SIGNAL, WAKER_STDIN, WAKER_LISTENER, WAKER_CONNECTION };

/* The word that an event comes with, and back. */
static inline uint64_t waker_word(enum waker kind, size_t index)
{
    return (uint64_t)kind << 32 | (uint32_t)index;
}

static inline enum waker waker_kind(uint64_t word)
{
    return (enum waker)(word >> 32);
}

static inline size_t waker_index(uint64_t word)
{
    return (uint32_t)word;
}

/* Opens *epoll and *signal_fd, -1 where that fails; SIGTERM and SIGINT come as events. */
bool wakers_open(int *epoll, int *signal_fd, struct error *err) MUST_CHECK;

/* Whether the pipe on stdin, of which there was an event, has ended. */
bool stdin_has_ended(void);

int64_t clock_us(clockid_t clock);

/* Milliseconds until then, rounded up, so that nothing is tried too early. */
int wait_ms(int64_t now_us, int64_t due_us);

#endif
