/* What a scan would ask. */
#ifndef WORMSIGN_CLI_SCAN_DRY_RUN_H
#define WORMSIGN_CLI_SCAN_DRY_RUN_H

#include <stdbool.h>

#include "cli/verbs.h"
#include "engine/scan.h"

/* Prints it, as text or as a JSON object; the ports of each host with -v. */
enum exit_code scan_dry_run(const struct call *call, const struct scan_settings *settings,
                            const struct raw_settings *part, bool json);

#endif
