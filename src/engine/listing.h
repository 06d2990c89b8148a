/* The records behind a verdict: of all flow records that inputs hold, those that were selected
 * (engine/selection.h), printed as they come, put together, or sorted. What racluster, rafilteraddr
 * and ra do one after the other is one pass here. */
#ifndef WORMSIGN_ENGINE_LISTING_H
#define WORMSIGN_ENGINE_LISTING_H

#include <stdbool.h>
#include <stdint.h>
#include "engine/flows_merged.h"
#include "engine/flows_sorted.h"
#include "engine/selection.h"
#include "report/flow_line.h"

enum { LISTING_WRITE_BYTES = 1 << 16 /* are gathered before they are written */ };

struct listing_settings {
    const struct selection *selection;
    struct merge_keys keys;   /* none: records are not put together */
    struct flows_order order; /* count 0: as they come */
    uint64_t most;            /* lines; 0: all */
    struct flow_layout layout;
    size_t groups_max, sorted_bytes_max;
    bool *enough; /* is set when no more is wanted; or NULL */
    void *context;
    bool (*write)(void *context, const char *bytes, size_t size); /* false: it cannot, stop */
};

struct listing;

/* NULL and *err without memory. The settings are borrowed until listing_free. */
struct listing *listing_new(const struct listing_settings *settings, struct error *err);
void listing_free(struct listing *f); /* NULL is fine */

/* Where sources show their records; nothing else is looked at. */
struct sink *listing_sink(struct listing *f);

/* After the last input: writes what was put together or sorted, and what is left of the rest. */
void listing_end(struct listing *f);

struct listing_counts {
    uint64_t seen, matched, printed;
    uint64_t groups;
    uint64_t merged_refused; /* records whose group found no room */
    uint64_t sorted_refused; /* lines that found no room */
    uint64_t given_up;       /* records of which a pattern could not be decided in its limits */
    bool write_failed, no_memory;
};
struct listing_counts listing_count(const struct listing *f);

#endif
