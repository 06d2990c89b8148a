/* What a run leaves in a store, as it goes: the evidence of each input when the input ends, of each
 * host that a scan asked when it is done, each verdict when it is said.
 *
 * A recorder is also a report, so that whoever reports records without knowing it. What cannot be
 * kept is remembered: the run goes on, and says so at its end. A run whose program is killed stays
 * in the store as one that did not end, with all that was kept until then. One that ends and has
 * read nothing is taken out again: it says nothing of anybody. */
#ifndef WORMSIGN_ENGINE_RECORDER_H
#define WORMSIGN_ENGINE_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/compiler.h"
#include "base/error.h"
#include "report/report.h"

struct host_day;
struct hunt;
struct hunt_part;
struct recorder;

struct recorder_settings {
    const char *path;
    const char *verb;
    const char *site;     /* NULL: none */
    const char *settings; /* JSON: what decided what is looked at */
    /* Verdicts come one by one while the run goes on, and each is kept at once. */
    bool host_by_host;
    int64_t (*wall_us)(void *context); /* since 1970 */
    void *context;
};

/* Opens the store and begins a run there. NULL and *err. The settings' texts are borrowed. */
struct recorder *recorder_open(const struct recorder_settings *settings, struct error *err);
void recorder_close(struct recorder *r); /* NULL is fine */

/* To be put among the reports of the run. */
struct report recorder_report(struct recorder *r);

/* Why not all could be kept; NULL: all was. */
const struct error *recorder_failure(const struct recorder *r);

/* How many inputs were in the store before, and so are kept once. */
uint64_t recorder_known(const struct recorder *r);

/* The run has ended and had read nothing: there is nothing of it in the store. */
bool recorder_kept_nothing(const struct recorder *r);

/* To be called now and then by a run whose hosts come one by one: so what was kept is committed
 * though no further host comes. */
void recorder_tick(struct recorder *r);

/* By a hunt: whose hosts and names are kept beside its parts. */
void recorder_watch(struct recorder *r, struct hunt *h);
void recorder_add_part(struct recorder *r, const struct hunt_part *part);

/* By a run that does not end: keeps the evidence of all hosts as it stands, in place of what was
 * kept before, and its names. */
void recorder_add_all(struct recorder *r);
/* The same of these alone: of a host that is about to be told of. */
void recorder_add_days(struct recorder *r, struct host_day *const *days, size_t count);

#endif
