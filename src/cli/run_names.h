/* How runs of a store are named on the command line: "3", "last", "last-1", "2026-11-20" (the last
 * run that began on that day or before), and two of them "A..B". */
#ifndef WORMSIGN_CLI_RUN_NAMES_H
#define WORMSIGN_CLI_RUN_NAMES_H

#include <stdint.h>

#include "cli/verbs.h"

struct store;

/* The numbers of two runs of one site; `site` NULL: of any. "last" alone is "last-1..last". What is
 * not whole in them is said. EXIT_DONE, or it is said what is wrong. */
enum exit_code run_names_read(const struct call *call, struct store *store, const char *site,
                              const char *text, int64_t *before, int64_t *after);

/* Complains that there is no such run, and names those that there are (of the site, where it is not
 * NULL). EXIT_USAGE. */
enum exit_code run_is_unknown(const struct call *call, struct store *store, const char *site,
                              const char *name);

#endif
