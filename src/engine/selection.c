/* The questions, the cheapest first. */
#include "engine/selection.h"

static bool is_found(struct patterns *patterns, const struct flow_record *r, bool *given_up)
{
    switch (patterns_match(patterns, r)) {
    case PATTERNS_MATCHED:
        return true;
    case PATTERNS_LIMIT:
        *given_up = true;
        break;
    case PATTERNS_MISSED:
        break;
    }
    return false;
}

bool selection_holds(const struct selection *s, const struct flow_record *r, bool *given_up)
{
    if (r->kind == FLOW_MANAGEMENT && !s->wants_management)
        return false;
    if (s->filter != NULL && !filter_matches(s->filter, r))
        return false;
    if (s->only != NULL && !listed_holds_record(s->only, s->side, r))
        return false;
    if (s->without != NULL && listed_holds_record(s->without, s->side, r))
        return false;
    return s->patterns == NULL || is_found(s->patterns, r, given_up);
}
