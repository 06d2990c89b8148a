/* The time that is left comes first: a terminal of 80 columns cuts what comes last. */
#include "cli/scan_watch.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/time.h"
#include "cli/running.h"

/* From so many of one unit on the next one is easier to read. */
enum { UNITS_SHOWN = 120, MINUTE = 60, HOUR = 3600 };

static void left_text(double seconds, char *buffer, size_t size)
{
    bool minutes = seconds >= UNITS_SHOWN, hours = seconds >= UNITS_SHOWN * (double)MINUTE;
    buffer[0] = '\0';
    if (!isnan(seconds))
        (void)snprintf(buffer, size, "about %.0f %s left, ",
                       seconds / (hours     ? HOUR
                                  : minutes ? MINUTE
                                            : 1),
                       hours     ? "h"
                       : minutes ? "min"
                                 : "s");
}

static void progress_text(const struct scan_progress *now, double seconds, char *buffer,
                          size_t size)
{
    char left[48];
    if (now->to_write > 0) {
        (void)snprintf(buffer, size, "writing results: %.1f %% of %" PRIu64 " hosts",
                       100 * (double)now->written / (double)now->to_write, now->to_write);
        return;
    }
    left_text(now->seconds_left, left, sizeof left);
    (void)snprintf(buffer, size,
                   "%.1f %% of %" PRIu64 " hosts, %s%" PRIu64 " infected, %" PRIu64
                   " suspicious, %" PRIu64 " sent, %.0f s",
                   100 * now->share, now->targets, left, now->infected, now->suspicious,
                   now->counts->sent, seconds);
}

/* Both are said once each time. */
static void say_stuck(struct scan_watch *w, const char *stuck)
{
    if (stuck != NULL && !w->is_stuck)
        console_complain(w->console, "scan: %s; waiting up to %d s for it", stuck, RAW_PATIENCE_S);
    if (stuck == NULL && w->is_stuck)
        console_complain(w->console, "scan: no longer waiting");
    w->is_stuck = stuck != NULL;
}

bool scan_watch(void *context, const struct scan_progress *now)
{
    struct scan_watch *w = context;
    char done[192];
    int64_t now_us = running_now_us(NULL);
    progress_text(now, (double)(now_us - w->began_us) / (double)US_PER_SECOND, done, sizeof done);
    if (w->recorder != NULL)
        recorder_tick(w->recorder);
    say_stuck(w, now->stuck);
    console_progress(w->console, "scan: %s", done);
    bool is_time = running_is_time(now_us, w->stats_every_us, &w->stats_next_us);
    if (running_is_asked())
        console_complain(w->console, "scan: %s", done);
    else if (is_time)
        console_note(w->console, "scan: %s", done);
    return running_is_interrupted();
}
