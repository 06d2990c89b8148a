/* The span of time in which something was seen: what parts merge to is what the whole gives. */
#ifndef WORMSIGN_EVIDENCE_SPAN_H
#define WORMSIGN_EVIDENCE_SPAN_H

#include <stdint.h>

struct span {
    int64_t first_us, last_us;
};

/* The span of nothing: any time widens it. */
static inline struct span span_empty(void)
{
    return (struct span){INT64_MAX, INT64_MIN};
}

/* Takes in another span. */
static inline void span_merge(struct span *into, struct span from)
{
    into->first_us = from.first_us < into->first_us ? from.first_us : into->first_us;
    into->last_us = from.last_us > into->last_us ? from.last_us : into->last_us;
}

/* Takes in a time. */
static inline void span_add(struct span *into, int64_t when_us)
{
    span_merge(into, (struct span){when_us, when_us});
}

#endif
