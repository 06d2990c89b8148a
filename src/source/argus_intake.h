/* Records of an Argus archive, a few at a time: read, and judged whether they can be poured. */
#ifndef WORMSIGN_SOURCE_ARGUS_INTAKE_H
#define WORMSIGN_SOURCE_ARGUS_INTAKE_H

#include "source/argus_record.h"
#include "source/argus_stream.h"
#include "source/source.h"

enum { ARGUS_AT_ONCE = 16 };

struct argus_taken {
    struct argus_flow flow;
    uint64_t hash;
    struct argus_record record; /* to be shown; else not kept */
    bool can_pour;
};

struct argus_intake {
    struct argus_stream stream;
    struct source_settings settings;
    struct source_counts counts; /* argus_intake_counts has all of them */
    bool has_data, started;      /* started: the first record was met */
    uint64_t unlooked;           /* flow records that were passed over for their ports */
};

/* Borrows the input. False and *err when its head says that it cannot be read at all. */
bool argus_intake_open(struct argus_intake *a, struct input *in,
                       const struct source_settings *settings, struct error *err);

/* Reads on: what can be poured of a few records, and where records are to be shown every one, goes
 * to `out`, *count of them; they borrow from the input's window, which moves at most at the
 * beginning. With SOURCE_SKIPPED, too, there may be some. */
enum source_result argus_intake_next(struct argus_intake *a, bool is_shown,
                                     struct argus_taken out[static ARGUS_AT_ONCE], size_t *count,
                                     struct error *err);

/* Of all that was read so far; what only pouring counts is 0. */
void argus_intake_counts(const struct argus_intake *a, struct source_counts *out);

#endif
