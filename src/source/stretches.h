/* Places of a slot that threads with shares of the flows meet over (source/meeting.h): each share
 * has a stretch of its own, all as long as each other. */
#ifndef WORMSIGN_SOURCE_STRETCHES_H
#define WORMSIGN_SOURCE_STRETCHES_H

#include <stdbool.h>
#include <stddef.h>
#include "source/meeting.h"

struct stretches {
    size_t count[MEETING_SHARES_MAX]; /* places that are taken */
};

/* The next place of a share; each: the places of one. */
static inline size_t stretches_take(struct stretches *s, unsigned share, size_t each)
{
    return share * each + s->count[share]++;
}

/* Whether this many more fit, whosever they are. */
static inline bool stretches_have_room(const struct stretches *s, unsigned shares, size_t each,
                                       size_t more)
{
    bool has = true;
    for (unsigned i = 0; i < shares; i++)
        has &= s->count[i] + more <= each;
    return has;
}

#endif
