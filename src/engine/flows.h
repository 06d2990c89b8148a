/* The records behind a verdict: of all records that inputs hold, those that a filter, lists of
 * addresses and patterns let through, printed as they come, put together, or sorted.
 *
 * What racluster, rafilteraddr and ra with -e do one after the other is one pass here: the filter
 * is asked first, as it is cheapest, then the lists, then the patterns. Management records are
 * left out unless they are asked for. */
#ifndef WORMSIGN_ENGINE_FLOWS_H
#define WORMSIGN_ENGINE_FLOWS_H

#include <stdbool.h>
#include <stdint.h>
#include "engine/flows_merged.h"
#include "engine/flows_sorted.h"
#include "filter/address_list.h"
#include "filter/filter.h"
#include "filter/pattern.h"
#include "report/flow_line.h"

enum { FLOWS_WRITE_BYTES = 1 << 16 /* are gathered before they are written */ };

struct flows_settings {
    const struct filter *filter;         /* NULL: all match */
    const struct listed *only, *without; /* NULL: no list */
    enum listed_side side;               /* of both lists */
    struct patterns *patterns;           /* NULL: none */
    bool wants_management;
    struct merge_keys keys;   /* none: records are not put together */
    struct flows_order order; /* count 0: as they come */
    uint64_t most;            /* lines; 0: all */
    struct flow_layout layout;
    size_t groups_max, sorted_bytes_max;
    bool *enough; /* is set when no more is wanted; or NULL */
    void *context;
    bool (*write)(void *context, const char *bytes, size_t size); /* false: it cannot, stop */
};

struct flows;

/* NULL and *err without memory. The settings are borrowed until flows_free. */
struct flows *flows_new(const struct flows_settings *settings, struct error *err);
void flows_free(struct flows *f); /* NULL is fine */

/* Where sources show their records; nothing else is looked at. */
struct sink *flows_sink(struct flows *f);

/* After the last input: writes what was put together or sorted, and what is left of the rest. */
void flows_end(struct flows *f);

struct flows_counts {
    uint64_t seen, matched, printed;
    uint64_t groups;
    uint64_t merged_refused; /* records whose group found no room */
    uint64_t sorted_refused; /* lines that found no room */
    uint64_t given_up;       /* records of which a pattern could not be decided in its limits */
    bool write_failed, no_memory;
};
struct flows_counts flows_count(const struct flows *f);

#endif
