/* The targets of a scan from the command line and from lists: all are read, and every wrong one is
 * told with its place, before anything is sent; names are looked up last. */
#ifndef WORMSIGN_CLI_SCAN_TARGETS_H
#define WORMSIGN_CLI_SCAN_TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/verbs.h"
#include "engine/scan.h"
#include "scan/target_set.h"

enum {
    SCAN_NAMES_MAX = 4096, /* targets that are names */
    PENDING_NAME_SIZE = 256
};

struct scan_target_options {
    struct option_texts lists, excludes, exclude_lists;
    bool no_names; /* a name is an error */
};

/* A name that is yet to be looked up, and where it stood. */
struct pending_name {
    char name[PENDING_NAME_SIZE];
    const char *list; /* NULL: the command line */
    uint64_t line;
    bool exclude;
};

struct scan_targets {
    struct target_set *set; /* closed */
    uint64_t count;
    struct targets_left_out left_out;
    struct scan_name *names; /* sorted by host */
    size_t name_count, name_room;
    struct pending_name *pending;
    size_t pending_count;
};

/* EXIT_DONE, or it is said what is wrong. scan_targets_free in either case. */
enum exit_code scan_targets_read(struct scan_targets *out, const struct call *call,
                                 const struct scan_target_options *options);
void scan_targets_free(struct scan_targets *t);

#endif
