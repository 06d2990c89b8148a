/* hunt = sources x detectors -> evidence -> verdicts -> reports.
 *
 * One pass over the inputs, one after the other; then every host that has a sign or a mark gets its
 * verdict, and the reports get the verdicts, the gravest first, home before outside. */
#ifndef WORMSIGN_ENGINE_HUNT_H
#define WORMSIGN_ENGINE_HUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/address.h"
#include "base/compiler.h"
#include "base/error.h"
#include "engine/reading.h"
#include "evidence/hosts.h"
#include "report/report.h"

struct dark;
struct export;
struct filter;
struct input;
struct recorder;
struct sites;
struct store;

/* Statistical signs weaker than this (-log10 of the chance) are chance, and are not shown. */
#define HUNT_SIGN_FLOOR 2.0

struct hunt_settings {
    const struct prefix *home; /* NULL: the private networks */
    size_t home_count;
    const struct prefix *exempt;
    size_t exempt_count;
    const char *site;            /* NULL: none */
    const struct sites *sites;   /* names that the user listed; NULL: none */
    const struct filter *filter; /* which flows are looked at; NULL: all */
    const char *filter_words;    /* as somebody wrote it, or as servers are told; NULL: none */
    int64_t since_us, until_us;
    unsigned sampling;  /* 1 in so many packets was kept by the sensor; 1: all */
    const char *verb;   /* for the summary; NULL: "hunt" */
    bool counts_proven; /* while it reads, for the progress; costs a fiftieth */
    struct hosts_limits limits;
    unsigned
        unseated; /* bits by place in the table: detectors that see nothing, for measurements */
    struct dark *dark;     /* who touches addresses that never speak; NULL: nobody asks */
    struct export *export; /* of the packets behind the verdicts; NULL: none */
    /* Adds what people say of the host (its site, its owner, that somebody knows) to a verdict,
     * before it is counted; NULL: nothing. */
    void (*annotate)(void *context, struct verdict *v);
    /* Whether the host is told of at all; NULL: everybody is. */
    bool (*is_asked_for)(void *context, struct address host);
    void *annotate_context; /* of both */
};

struct hunt;

/* NULL and *err without memory. The settings are borrowed until hunt_free. */
struct hunt *hunt_new(const struct hunt_settings *settings, struct error *err);
void hunt_free(struct hunt *h); /* NULL is fine */

/* Asks for watch(context, progress) before each input and every READING_PROGRESS_CALLS reads of
 * it; true from it stops the run. */
void hunt_watch(struct hunt *h, bool (*watch)(void *context, const struct reading_progress *now),
                void *context);

/* Reads one input ("-": stdin) to its end, or as far as it can be read. What went wrong is kept for
 * the summary; nothing here ends a run. `chosen`: somebody named this file, so not recognising it
 * is damage; in a directory it is only said. False when the run was stopped. */
bool hunt_read(struct hunt *h, const char *path, bool chosen);

/* The same for an input that is open already; the caller closes it. */
bool hunt_read_input(struct hunt *h, struct input *in, bool chosen);

/* Notes something that could not be read at all (a directory), for the summary. */
void hunt_note_failure(struct hunt *h, const char *name, const char *reason);

/* Notes an input that is not read, for somebody ended the run before. */
void hunt_note_unread(struct hunt *h, const char *name);

/* Keeps what each input comes to, from here on, for `wormsign merge`: to be called before anything
 * is read. The file is borrowed until hunt_free. False when this build cannot. */
bool hunt_keep_parts(struct hunt *h, FILE *file, struct error *err) MUST_CHECK;

/* Keeps them in a store, too; the recorder is borrowed until hunt_free. by_input: each input by
 * itself, as it ends; otherwise recorder_add_all keeps what there is, when it is called. */
void hunt_record(struct hunt *h, struct recorder *recorder, bool by_input);

/* Takes what a store keeps of this site, from this day on, as if it had been read now. False and
 * *err where the store is damaged or not readable. */
bool hunt_read_store(struct hunt *h, struct store *store, const char *site, int32_t since_day,
                     struct error *err) MUST_CHECK;

/* After the last input: ends that file. False when not all of it could be written. */
bool hunt_end_parts(struct hunt *h, struct error *err) MUST_CHECK;

/* Joins the evidence file of another run. One that is damaged is named in the summary, and nothing
 * of it is used. */
void hunt_merge(struct hunt *h, const char *path);
void hunt_merge_input(struct hunt *h, struct input *in);

struct hunt_outcome {
    uint64_t infected_home;
    bool complete;
    bool nothing_opened; /* no input could be opened, or there was none */
    bool write_failed;
};

/* Gives every verdict to every report, and the summary with this many seconds. */
void hunt_finish(struct hunt *h, struct report *reports, size_t report_count, double seconds,
                 struct hunt_outcome *out);

#endif
