/* What the watcher of a scan shows: how far it is, and what it waits for. */
#ifndef WORMSIGN_CLI_SCAN_WATCH_H
#define WORMSIGN_CLI_SCAN_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include "cli/console.h"
#include "engine/recorder.h"
#include "engine/scan.h"

struct scan_watch {
    struct recorder *recorder; /* NULL: none */
    struct console *console;
    int64_t began_us, stats_every_us, stats_next_us;
    bool is_stuck; /* and it was said */
};

/* For scan_run; context is a struct scan_watch. */
bool scan_watch(void *context, const struct scan_progress *now);

#endif
