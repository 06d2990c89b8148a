/* What a run of the raw engine comes to, from its beginning: sets that fill as answers come. */
#include "scan/raw_engine.h"

bool raw_outcome_begin(struct raw_outcome *out, uint64_t places, unsigned groups)
{
    *out = (struct raw_outcome){.valid = host_set_new(),
                                .unreachable = host_set_new(),
                                .absent = host_set_new(),
                                .counts = {.places = places, .groups = groups}};
    return out->valid != NULL && out->unreachable != NULL && out->absent != NULL;
}

void raw_outcome_clear(struct raw_outcome *out)
{
    host_set_free(out->valid);
    host_set_free(out->unreachable);
    host_set_free(out->absent);
    *out = (struct raw_outcome){0};
}
