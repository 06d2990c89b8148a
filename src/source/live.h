/* What can be watched: something that gives records as they come, and may be lost and come again.
 *
 * Nothing here waits: who calls polls the descriptor until the time that is due, and calls a step.
 * What comes is read through an input that is fed, by the source that recognises it; only whole
 * records are given on. */
#ifndef WORMSIGN_SOURCE_LIVE_H
#define WORMSIGN_SOURCE_LIVE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"

struct input;
struct pollfd;

enum live_event {
    LIVE_NOTHING,
    LIVE_BEGAN,   /* a stream begins: its input can be opened */
    LIVE_RECORDS, /* whole records can be read from the input */
    LIVE_LOST,    /* *err says why; it will be tried again */
    LIVE_GIVEN_UP /* *err says why; nothing more will come */
};

struct live_kind {
    const char *began;  /* what is said of a stream that begins: "connected" */
    const char *silent; /* what lacks where nothing ever came; NULL: nothing */
    int64_t late_us;    /* a record may be given so much later than it came */

    /* What is watched: a struct of the kind's own, borrowed. NULL: no memory. */
    void *(*open)(const void *what);
    void (*close)(void *state); /* takes leave, where there is somebody; NULL is fine */

    /* What to poll for; a descriptor of -1: nothing. */
    struct pollfd (*poll)(const void *state);

    /* When a step is due, whatever the descriptor says; INT64_MAX: never; INT64_MIN: at once, and
     * of an open stream that more has come than was taken. */
    int64_t (*due_us)(const void *state);

    /* Does what can be done now without waiting. To be called again at once after LIVE_BEGAN. */
    enum live_event (*step)(void *state, int64_t now_us, struct error *err);

    /* The records of the stream that began last, to be closed before the next begins. It ends where
     * no whole record is left, so it must be read only while ready. NULL and *err: no memory. */
    struct input *(*input)(void *state, struct error *err);
    bool (*ready)(const void *state);

    /* What the stream that began lacks of what was asked for, for people; "": nothing. NULL: it
     * never lacks anything. */
    const char *(*lack)(const void *state);

    /* Seconds of the next pause, for what is told of a stream that was lost. */
    unsigned (*pause_s)(const void *state);

    /* Records of this stream that passed and were lost, as they came faster than they were read;
     * NULL: nobody can know. To be asked at every step. */
    uint64_t (*missed)(void *state);
};

/* Pauses between attempts: they grow from one to the other. */
enum { LIVE_PAUSE_FIRST_S = 1, LIVE_PAUSE_LAST_S = 60 };

/* The pause behind one of pause_s, or the first. */
static inline unsigned live_next_pause_s(unsigned pause_s, bool is_first)
{
    if (is_first)
        return LIVE_PAUSE_FIRST_S;
    return pause_s < LIVE_PAUSE_LAST_S / 2 ? pause_s * 2 : LIVE_PAUSE_LAST_S;
}

#endif
