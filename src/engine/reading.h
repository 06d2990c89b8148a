/* Reading inputs: each through the source that recognises it, into one sink. What hunt, flows and
 * dns have in common.
 *
 * Nothing that is wrong with an input ends a run: what could be read has been poured, the rest is
 * told with its place and its reason. Names of inputs are as they were given. No clock and no
 * output: who reads is told of damage and of progress, and may stop. */
#ifndef WORMSIGN_ENGINE_READING_H
#define WORMSIGN_ENGINE_READING_H

#include <stdbool.h>
#include <stdint.h>
#include "source/source.h"

/* How far a run is; for progress on a terminal. */
struct reading_progress {
    const char *input;
    uint64_t raw_offset, raw_size; /* of this input; size 0: unknown */
    uint64_t records;              /* of all inputs */
    uint64_t all_offset, all_size; /* of all inputs that are known; size 0: one is unknown */
    uint64_t proven;               /* home hosts with a proof so far, or more */
};

/* Calls of a source's next, each some records, between two looks at how far a run is. */
enum { READING_PROGRESS_CALLS = 1 << 7 };

/* Who is told while one source is poured. */
struct pouring {
    struct sink *sink;
    const bool
        *enough; /* set by the sink: nothing more is wanted, and that is no damage; or NULL */
    void *context;
    bool (*is_stopped)(void *context, const struct input *in, uint64_t records);
    void (*damaged)(void *context, uint64_t offset, const char *reason);
    /* The damage of a compressed input is in what it was unpacked from: all else may come of it. */
    void (*broken)(void *context, uint64_t offset, const char *reason);
    void (*interrupted)(void *context, uint64_t offset); /* the run was stopped: no damage */
};

/* Pours the whole source; false when the run was stopped or has enough. A compressed input is read
 * to its end even where the source gives up, for its checksum. */
bool reading_pour(const struct source_format *format, void *source, struct input *in,
                  const struct pouring *to);

/* Sources begin their texts with "offset N: ", where the damage is: N goes to *offset, which else
 * stays; returns what follows. */
const char *reading_reason(const char *text, uint64_t *offset);

/* Why no source recognises the input: as *offset and text. Of a file that nobody named (chosen:
 * false) only a failure to read it is one; else NULL. */
const char *reading_unrecognised(struct input *in, bool chosen, struct error *err,
                                 uint64_t *offset);

/* Sums; bytes are of one input alone and stay. */
void reading_add_counts(struct source_counts *sum, const struct source_counts *more);

/* A run over inputs for who keeps no account of each: begins zeroed, but for the first part. */
struct reading {
    struct source_settings settings;
    struct sink *sink;
    void *context;
    /* True stops the run. NULL: never. */
    bool (*is_stopped)(void *context, const struct reading_progress *now);
    void (*damaged)(void *context, const char *input, uint64_t offset, const char *reason);
    /* Damage that explains what else is told of the input: said however much was told before. */
    void (*broken)(void *context, const char *input, uint64_t offset, const char *reason);
    /* The run was stopped here; 0: before the input was read. What is left of it is no damage. */
    void (*interrupted)(void *context, const char *input, uint64_t offset);
    /* An input that was recognised has come to its end, or as far as it could be read; flows and
     * whatever else is put together end here. NULL: nobody asks. */
    void (*ended)(struct sink *sink, const char *input);

    bool enough; /* for the sink to set: the rest is not read, and nothing is wrong */
    struct source_counts counts; /* of all inputs */
    uint64_t inputs, opened, recognised;
    uint64_t unrecognised;              /* files below directories that are none of ours */
    uint64_t damages, damages_of_input; /* of all; of the input that is being read */
    bool was_interrupted;
};

/* Reads one input ("-": stdin). `chosen`: somebody named this file, so not recognising it is
 * damage; in a directory it is only counted. False when the run was stopped or has enough. */
bool reading_input(struct reading *r, const char *path, bool chosen);

/* Notes something that could not be read at all (a directory). */
void reading_failed(struct reading *r, const char *path, const char *reason);

#endif
