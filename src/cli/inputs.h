/* What verbs that read recordings have in common: -r, -R, --since, --until, paths, the line that
 * shows how far they are, what is said of damage, and the exit code that follows. */
#ifndef WORMSIGN_CLI_INPUTS_H
#define WORMSIGN_CLI_INPUTS_H

#include "cli/verbs.h"
#include "engine/reading.h"

/* A part of the settings of each such verb. */
struct input_options {
    struct option_texts files, directories;
    struct option_time since, until;
};

/* Its rows, for a verb whose settings have it as `field`. */
#define INPUT_ROWS(settings, field)                                                                \
    {.name = "read",                                                                               \
     .short_name = "r",                                                                            \
     .value = "FILE",                                                                              \
     .help = "read this file (- is stdin); can be repeated",                                       \
     .kind = OPTION_TEXTS,                                                                         \
     .into = offsetof(settings, field.files)},                                                     \
        {.name = "recurse",                                                                        \
         .short_name = "R",                                                                        \
         .value = "DIR",                                                                           \
         .help =                                                                                   \
             "read every file below this directory, also behind links, in sorted order; can be "   \
             "repeated",                                                                           \
         .kind = OPTION_TEXTS,                                                                     \
         .into = offsetof(settings, field.directories)},                                           \
        {.name = "since",                                                                          \
         .value = "TIME",                                                                          \
         .help = "pass over what is before this time: 2009-04-21, 2009-04-21T16:30 or "            \
                 "2009-04-21T16:30:11Z, in UTC unless it ends as +02:00",                          \
         .kind = OPTION_TIME,                                                                      \
         .into = offsetof(settings, field.since)},                                                 \
    {                                                                                              \
        .name = "until", .value = "TIME",                                                          \
        .help = "pass over what is at or after this time, written as that of --since",             \
        .kind = OPTION_TIME, .into = offsetof(settings, field.until)                               \
    }

/* What the watcher of a run shows, and how often. */
struct input_progress {
    struct console *console;
    int64_t began_us, stats_every_us, stats_next_us;
};

/* EXIT_DONE, or it is said what is wrong: nothing is named and stdin is a terminal, or --since is
 * not before --until. */
enum exit_code inputs_check(const struct call *call, const struct input_options *o);

/* Says how a filter is written, where an operand that is not there may be a word of one. */
void inputs_hint(const struct call *call);

/* The span of time that is asked for; everything where none is. */
int64_t inputs_since_us(const struct input_options *o);
int64_t inputs_until_us(const struct input_options *o);

/* Whether any path was given; if not, stdin is read. */
bool inputs_are_named(const struct call *call, const struct input_options *o);

/* Who reads paths: false from read stops. failed is told of a directory that cannot be walked. */
struct input_reader {
    void *context;
    bool (*read)(void *context, const char *path, bool chosen);
    void (*failed)(void *context, const char *path, const char *reason);
};

/* Files first, then directories, then operands; stdin where nothing is named. */
void inputs_each(const struct call *call, const struct input_options *o,
                 const struct input_reader *reader);

/* For the watcher of a run: draws the progress, and says whether somebody asked for an end. */
bool inputs_show_progress(struct input_progress *p, const struct reading_progress *now);

/* Reads all inputs into the sink of *r, of which settings.flow_records, sink and ended are the
 * caller's to set. Damage is told on stderr by name and place, a signal stops the run. EXIT_DONE,
 * EXIT_INCOMPLETE, or EXIT_FAILED where no input could be opened. */
enum exit_code inputs_read(const struct call *call, const struct input_options *o,
                           int64_t stats_every_us, struct reading *r);

#endif
