/* `report --runs`: the runs of a store, a line each. */
#ifndef WORMSIGN_CLI_RUN_LIST_H
#define WORMSIGN_CLI_RUN_LIST_H

#include <stdbool.h>

#include "cli/verbs.h"

struct store;

/* site: of this one alone; NULL: of all. */
enum exit_code run_list_print(const struct call *call, struct store *store, const char *site,
                              bool json);

#endif
