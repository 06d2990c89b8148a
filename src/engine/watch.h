/* watch = a hunt that does not end: what live servers tell and what passes interfaces goes through
 * the same detectors, and the evidence is looked at now and then.
 *
 * A host is reported when its verdict rises, to suspicious or infected, and each infection once; so
 * what a run says is said once, whatever is sent again after a connection was lost. Evidence of a
 * day goes when it is older than is kept. Days are those of the evidence, but none beyond tomorrow
 * by the clock counts: a sensor whose clock is wrong must not make all else old.
 *
 * Nothing here reads a clock, prints, or ends the program: all that is handed in. */
#ifndef WORMSIGN_ENGINE_WATCH_H
#define WORMSIGN_ENGINE_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/compiler.h"
#include "base/error.h"
#include "report/report.h"
#include "source/live.h"

struct hunt;

enum { WATCH_LINES_MAX = 64 };

/* One thing that is watched. */
struct watch_line {
    const char *name; /* for people */
    const struct live_kind *kind;
    const void *what; /* of that kind */
};

struct watch_progress {
    uint64_t records;
    unsigned lines_heard; /* of which a stream stands now */
};

struct watch_settings {
    const struct watch_line *lines;
    size_t line_count;
    unsigned keep_days;    /* days of evidence that are kept, today one of them */
    int64_t look_every_us; /* between two looks at the evidence, or longer where looking is slow */
    int64_t (*now_us)(void *context);  /* never goes back */
    int64_t (*wall_us)(void *context); /* since 1970 */
    bool (*is_over)(void *context, const struct watch_progress *now);
    void (*say)(void *context, const char *text); /* what became of a connection */
    void (*looked)(void *context);                /* something was reported */
    void *context;
};

/* Begins the reports, and runs until is_over says so or everything was given up; hunt_finish ends
 * it. False and *err without memory. *written is false where a report refused something. */
bool watch_run(struct hunt *h, const struct watch_settings *settings, struct report *reports,
               size_t report_count, bool *written, struct error *err) MUST_CHECK;

/* Lets go of what is older than is kept, by the latest day of the evidence that is no later than
 * tomorrow; *oldest is the first day that is kept. False without memory. */
bool watch_let_go(struct hunt *h, unsigned keep_days, int64_t wall_us, int32_t *oldest) MUST_CHECK;

#endif
