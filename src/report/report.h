/* Verdicts to people and programs: one result, many writers. A report is one file and one row in
 * the table.
 *
 * A writer sees verdicts only, writes to the stream it is given, and escapes every string: names,
 * sites and facts come from the network. Each function returns false when the stream refuses (the
 * caller reports it). */
#ifndef WORMSIGN_REPORT_REPORT_H
#define WORMSIGN_REPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "evidence/verdict.h"

enum { INPUT_DAMAGES_MAX = 16 }; /* damages listed of one input; the rest is counted */

struct input_damage {
    uint64_t offset;
    char reason[200];
};

/* What became of one input. */
struct input_totals {
    const char *name;   /* foreign: escape */
    const char *format; /* "pcap", "pcapng", ...; NULL: not recognised */
    uint64_t records, bytes;
    uint64_t damage_count; /* all of them */
    struct input_damage damage[INPUT_DAMAGES_MAX];
};

/* What a whole run came to: the summary. */
struct totals {
    const char *verb; /* "hunt" */
    bool complete;
    uint64_t hosts[VERDICT_KINDS]; /* home hosts by verdict */
    uint64_t outside_infected;
    uint64_t seen; /* distinct addresses met */
    bool seen_is_estimate;
    size_t input_count;
    const struct input_totals *inputs;
    size_t limit_count;
    const char *const *limits_hit; /* one sentence each: which limit, how often, what it means */
    size_t note_count;
    const char *const *notes; /* advice: "most traffic is of 203.0.113.0/24: name it with --home" */
    double expected_false_hosts;
    double seconds;
};

/* A run of "A infected B" (not yet made by any detector). */
struct infection {
    struct address from, to;
    int64_t when_us;
    const char *cause;
    unsigned variants;
    const char *says;
};

struct report_format;

struct report {
    const struct report_format *format;
    FILE *out;     /* borrowed */
    bool colour;   /* text: the stream is a terminal that shows colours */
    int verbosity; /* 0; text shows facts from 1 */
    int width;     /* text: columns to fill, 100 where unknown */
    void *state;   /* the format's own; begin makes it, end frees it */
};

struct report_format {
    const char *id, *claim;
    bool (*begin)(struct report *r);
    bool (*host)(struct report *r, const struct verdict *v);
    bool (*edge)(struct report *r, const struct infection *i);
    bool (*end)(struct report *r, const struct totals *t);
};

/* All formats, ended by NULL. */
extern const struct report_format *const report_formats[];

/* The format with this id, or NULL. */
const struct report_format *report_format_named(const char *id);

#endif
