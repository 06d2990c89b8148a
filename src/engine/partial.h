/* Evidence files: what a run found, input by input, for `wormsign merge`. docs/partial.md shows the
 * form.
 *
 * An input's evidence is kept apart from that of others, so that the same input in two files counts
 * once. Slots are kept under the names of their detectors: a build reads what it knows. */
#ifndef WORMSIGN_ENGINE_PARTIAL_H
#define WORMSIGN_ENGINE_PARTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/error.h"
#include "base/reader.h"
#include "engine/hunt_part.h"
#include "evidence/hosts.h"

enum {
    PARTIAL_FORM = 4,           /* 1 was without the sites, 2 without archives */
    PARTIAL_NAMELESS = 3,       /* the form of before, without names: it is still read */
    PARTIAL_MAGIC = 0x56455357, /* "WSEV" in the file */
    PARTIAL_NAME_SIZE = 4097,
    PARTIAL_FORMAT_SIZE = 33,
    PARTIAL_ID_SIZE = 33,
    PARTIAL_IDS_MAX = 64,
    PARTIAL_SLOT_MAX = 1 << 20, /* bytes of a slot; the largest takes 140,000 */
    PARTIAL_END = 0,            /* what begins the end, a part, and the names */
    PARTIAL_PART = 1,
    PARTIAL_NAMES = 2
};

/* How the form, which has no other place for it, keeps that somebody ended the run: as the last
 * damage of the input. Builds of before, and their files, have it as a damage indeed. */
#define PARTIAL_INTERRUPTED "the run was interrupted here: no damage"
#define PARTIAL_INTERRUPTED_BEFORE "stopped here"
#define PARTIAL_UNREAD_BEFORE "stopped before it was read"

/* Writing */

struct partial_out;
struct names;

/* Begins a file; it is borrowed until partial_out_free. NULL and *err when a detector of this build
 * cannot keep its evidence, or without memory. */
struct partial_out *partial_out_new(FILE *file, struct error *err);

/* What goes wrong is kept until the end. */
void partial_out_add(struct partial_out *p, const struct hunt_part *part);

/* Names of the hosts of all parts, once and after these: of merged files they are one, so they need
 * not be told apart. */
void partial_out_names(struct partial_out *p, struct names *names);

/* incomplete: the run itself knows that something was left out, beside what its inputs say. */
bool partial_out_end(struct partial_out *p, bool incomplete, struct error *err);
void partial_out_free(struct partial_out *p); /* NULL is fine */

/* Reading */

struct partial_in {
    struct reader rest;
    size_t size; /* of what the rest is a rest of */
    struct hosts_limits limits;
    struct names *names; /* where names go, borrowed; NULL: they are looked at, and let go */
    bool is_nameless, names_met;
    unsigned id_count;
    int detector_of[PARTIAL_IDS_MAX]; /* by its number in the file; -1: not known here */
    uint64_t passed_over;             /* slots of detectors that are not */
    bool incomplete;                  /* said at the end */
    struct input_totals totals;       /* of the latest part, with its texts */
    char name[PARTIAL_NAME_SIZE], format[PARTIAL_FORMAT_SIZE];
};

/* Over bytes that are borrowed; their digest is tested, so whatever came to harm since they were
 * written is found here. */
bool partial_in_open(struct partial_in *p, const void *bytes, size_t size,
                     const struct hosts_limits *limits, struct error *err) MUST_CHECK;

enum partial_step { PARTIAL_STEP_PART, PARTIAL_STEP_END, PARTIAL_STEP_DAMAGED };

/* The next part, with a store of its own that is the caller's to free; *out borrows its totals from
 * p until the next step. Nothing may be used of a file before its end was reached. */
enum partial_step partial_in_next(struct partial_in *p, struct hunt_part *out, struct error *err);

/* Pieces of the same form, for who keeps them elsewhere (engine/recorder.h) */

enum { PARTIAL_HEAD_MAX = 1 << 16 }; /* bytes of a head; the fullest takes a third of it */

struct writer;

/* What is known of an input beside the evidence of its hosts. */
void partial_save_head(struct writer *w, const struct hunt_part *part);
/* The same again, with a store of its own that is the caller's to free; *out borrows its totals
 * from *p, of which nothing else is used. */
bool partial_load_head(struct partial_in *p, struct reader bytes, const struct hosts_limits *limits,
                       struct hunt_part *out, struct error *err) MUST_CHECK;

/* The place of the detector that saves in this form; -1: not known here. */
int partial_detector_named(const char *id, unsigned saved_form);

/* Loads what that detector saved of this host and day. A slot whose store has no more room is told
 * by the store. False where save did not write it so. */
bool partial_load_slot(struct hosts *hosts, unsigned detector, struct address host, int32_t day,
                       struct reader *bytes) MUST_CHECK;

/* True when these may be the first bytes of an evidence file. */
bool partial_recognises(const uint8_t *start, size_t size);

#endif
