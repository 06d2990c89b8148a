/* Several hunts, one after the other, as one report: it begins once, gets the hosts of each, and
 * ends once with the sum of what they came to. */
#ifndef WORMSIGN_ENGINE_JOINED_REPORT_H
#define WORMSIGN_ENGINE_JOINED_REPORT_H

#include <stdbool.h>
#include "base/arena.h"
#include "report/report.h"

enum { JOINED_SENTENCES_MAX = 64 };

/* Of one report; it is borrowed, and so is whatever the totals are told. */
struct joined {
    struct report *to;
    struct arena memory; /* of names and sentences */
    struct totals sum;
    struct input_totals *inputs;
    size_t input_room;
    const char *limits[JOINED_SENTENCES_MAX], *notes[JOINED_SENTENCES_MAX];
    bool failed; /* no memory, or the report refused something */
};

/* Begins it. */
void joined_begin(struct joined *j, struct report *to, const char *verb);

/* What a hunt is given in its place: the struct must stay where it is. */
struct report joined_report(struct joined *j);

/* A note of its own, each once. */
void joined_note(struct joined *j, const char *note);

/* Ends it; false where something was refused. */
bool joined_end(struct joined *j, double seconds);

#endif
