/* Many inputs at a time: each thread has a hunt of its own and takes the next input from the list;
 * the evidence of all is joined at the end.
 *
 * Which thread reads what is chance, and nothing shows it: evidence merges in any grouping, counts
 * and rows of the summary come in the order of the list, and so do the parts of an evidence file.
 * Below the limits of the store the result is the same for any number of threads. */
#ifndef WORMSIGN_ENGINE_HUNT_CREW_H
#define WORMSIGN_ENGINE_HUNT_CREW_H

#include <stdbool.h>
#include "base/error.h"

enum { HUNT_THREADS_MAX = 256 };

struct hunt;
struct hunt_crew;

/* The hunt is borrowed, and is the caller's again after hunt_crew_free. NULL: no memory. */
struct hunt_crew *hunt_crew_new(struct hunt *h);
void hunt_crew_free(struct hunt_crew *c); /* NULL is fine */

/* Puts an input on the list, as hunt_read would read it; a file that is the same as one before is
 * noted as such. False when the run was stopped meanwhile, or without memory. */
bool hunt_crew_add(struct hunt_crew *c, const char *path, bool chosen);

/* Reads all of the list with so many threads, fewer where there are fewer inputs. The hunt's watch
 * is asked as often as the clock of a person needs, from the caller's thread. False when the run
 * was stopped; what was not read then is damage of its input. */
bool hunt_crew_run(struct hunt_crew *c, unsigned threads);

#endif
