/* report = what a store keeps, judged anew: each site is a hunt of its own, as two sites can have
 * the same addresses, and all of them are one report. */
#ifndef WORMSIGN_ENGINE_STORE_REPORT_H
#define WORMSIGN_ENGINE_STORE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/compiler.h"
#include "base/error.h"
#include "engine/hunt.h"

struct store;
struct store_change;
struct text;

enum { STORE_REPORTS_MAX = 32, STORE_SITES_MAX = 4096 };

struct store_report_settings {
    struct hunt_settings hunt; /* networks, limits; the rest is filled in */
    const char *site;          /* only this one; NULL: all */
    bool site_is_listed;   /* and whoever the list of networks puts there, of runs without a site */
    int32_t since_day;     /* INT32_MIN: from the beginning */
    int32_t today;         /* acknowledgements that ended before it do not hold */
    int64_t before, after; /* runs between which changes are told; 0: none */
    int64_t (*now_us)(void *context);
    void *context;
};

struct store_report;

/* Reads all of it, of one moment of the store; the settings are borrowed. NULL and *err when the
 * store is damaged or cannot be read: so no report needs to begin that could not be whole. */
struct store_report *store_report_read(struct store *store,
                                       const struct store_report_settings *settings,
                                       struct error *err);
void store_report_free(struct store_report *s); /* NULL is fine */

/* Gives every change, verdict and the summary to every report. */
void store_report_tell(struct store_report *s, struct report *reports, size_t report_count,
                       struct hunt_outcome *out);

/* What became of a host between two runs. Cured needs an answer or a sight that is younger than the
 * last sign: archives are not hunted in the order of time. CHANGE_KINDS: nothing to tell. */
enum change_kind change_between(const struct store_change *c);
/* That, as a sentence. */
void change_say(const struct store_change *c, struct text *says);

#endif
