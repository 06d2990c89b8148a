/* What every verb that runs for a while needs: a clock that never goes back, and the signals that
 * ask for an end. */
#ifndef WORMSIGN_CLI_RUNNING_H
#define WORMSIGN_CLI_RUNNING_H

#include <stdbool.h>
#include <stdint.h>

enum { SIGNALS_TO_GIVE_UP = 4 };

/* Microseconds since some moment; context is not looked at. */
int64_t running_now_us(void *context);

/* From here on SIGINT, SIGTERM and a SIGHUP that is not ignored ask for an end, which closes every
 * report properly; who insists (SIGNALS_TO_GIVE_UP) ends the program at once. */
void running_watch_signals(void);

/* The same for a run that never waits for input, so that nothing needs to be broken off: what is
 * written to a reader who is slow is written all the same. */
void running_watch_signals_for_long(void);

/* From here on SIGUSR1, and Enter on a terminal that is ours, ask how far the run is. */
void running_watch_status(void);

/* Somebody asked how far it is, since the last time this was true. */
bool running_is_asked(void);

/* Somebody asked for an end. */
bool running_is_interrupted(void);

/* True once each `every_us` since the last time it was true; 0: never. *next_us begins as 0. */
bool running_is_time(int64_t now_us, int64_t every_us, int64_t *next_us);

#endif
