/* What `hunt` and `merge` share: settings of a verdict, the evidence file that a run writes, and
 * how it ends. */
#ifndef WORMSIGN_CLI_HUNTING_H
#define WORMSIGN_CLI_HUNTING_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/outputs.h"
#include "cli/verbs.h"
#include "engine/hunt.h"

/* A part of the settings of both verbs. */
struct hunting_options {
    struct option_prefixes home, exempt;
    const char *site;
    const char *partial; /* NULL: none is to be written */
};

/* Its rows, for a verb whose settings have it as `field`. */
#define HUNTING_ROWS(settings, field)                                                              \
    {.name = "home",                                                                               \
     .value = "NETS",                                                                              \
     .help = "the networks that are ours; default: private, link-local and unique local ones",     \
     .kind = OPTION_PREFIXES,                                                                      \
     .into = offsetof(settings, field.home)},                                                      \
        {.name = "site",                                                                           \
         .value = "NAME",                                                                          \
         .help = "name the place where this was recorded",                                         \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.site)},                                                  \
        {.name = "exempt",                                                                         \
         .value = "ADDRESSES",                                                                     \
         .help = "our own scanners: only answers of their own can convict them",                   \
         .kind = OPTION_PREFIXES,                                                                  \
         .into = offsetof(settings, field.exempt)},                                                \
    {                                                                                              \
        .name = "partial", .value = "FILE",                                                        \
        .help = "write the evidence to this file as well, for `wormsign merge`",                   \
        .kind = OPTION_TEXT, .into = offsetof(settings, field.partial)                             \
    }

/* Of everything that was recorded; the caller narrows it. */
struct hunt_settings hunting_settings(const struct hunting_options *o);

/* An evidence file while it is written: beside its place, where it is moved when it is whole. */
struct evidence_file {
    struct console *console;
    const char *path; /* NULL: none is asked for */
    char *beside;
    FILE *file;
};

/* EXIT_DONE when it is open and the hunt keeps its parts in it, or none is asked for; otherwise it
 * is said why not. */
enum exit_code evidence_file_open(struct evidence_file *e, const struct call *call,
                                  const struct hunting_options *o, struct hunt *h);

/* Ends and moves it; without a hunt it is given up. False when that failed, which is said. */
bool evidence_file_close(struct evidence_file *e, struct hunt *h);

enum exit_code hunting_exit(const struct hunt_outcome *outcome);

#endif
