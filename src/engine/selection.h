/* Which flow records somebody wants: those that a filter matches, that lists of addresses hold or
 * do not hold, and whose user data patterns are found in. What `flows` and `dns` have in common.
 *
 * The filter is asked first, as it is cheapest, then the lists, then the patterns; all must hold.
 * Management records are left out unless they are asked for: a negated filter would let all of them
 * through, which nobody means. */
#ifndef WORMSIGN_ENGINE_SELECTION_H
#define WORMSIGN_ENGINE_SELECTION_H

#include <stdbool.h>
#include "filter/address_list.h"
#include "filter/filter.h"
#include "filter/pattern.h"

struct selection {
    struct filter *filter;         /* NULL: all match */
    char *filter_words;            /* of it, owned; NULL: none */
    struct listed *only, *without; /* NULL: no list */
    enum listed_side side;         /* of both lists */
    struct patterns *patterns;     /* NULL: none */
    bool wants_management;
};

/* *given_up: a pattern could not be decided within its limits, so the record is left out; else it
 * stays. */
bool selection_holds(const struct selection *s, const struct flow_record *r, bool *given_up);

#endif
