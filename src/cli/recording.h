/* --store FILE: what a run leaves in a store, for the verbs that have it. */
#ifndef WORMSIGN_CLI_RECORDING_H
#define WORMSIGN_CLI_RECORDING_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/outputs.h"
#include "cli/verbs.h"

struct recorder;

/* The row, for a verb whose settings have the path as `field`. */
#define RECORDING_ROW(settings, field)                                                             \
    {                                                                                              \
        .name = "store", .value = "FILE",                                                          \
        .help = "keep evidence and verdicts in this store as well, for `wormsign report`",         \
        .kind = OPTION_TEXT, .into = offsetof(settings, field)                                     \
    }

struct recording {
    const struct call *call;
    const char *path; /* NULL: none is asked for */
    char *settings;
    struct recorder *recorder; /* NULL: none */
    bool has_no_room;          /* none, as the disk is full: the run goes on without it */
};

/* Whether that file may be written to: to be asked before outputs_open, which empties files. */
enum exit_code recording_check(const struct call *call, const char *path,
                               const struct output_options *outputs,
                               const struct option_texts *inputs);

/* Opens the store and puts its report among those of the run. settings: what decided what is looked
 * at; it is let go of here, and NULL is no memory. EXIT_DONE, or it is said why not; without a path
 * nothing happens. Where the disk is full that is said, and the run is worth its time all the same:
 * EXIT_DONE. recording_close in either case. */
enum exit_code recording_open(struct recording *r, const struct call *call, const char *path,
                              const char *site, json_t *settings, bool host_by_host,
                              struct outputs *out);

/* False when not all could be kept, which is said. */
bool recording_close(struct recording *r);

/* The texts of an option, or of the command line, as JSON; an empty list for none. */
json_t *recording_texts(const char *const *texts, size_t count);
json_t *recording_prefixes(const struct prefix *prefixes, size_t count);

#endif
