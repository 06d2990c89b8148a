/* Who infected whom: the edges of all hosts, joined when all evidence is there.
 *
 * A call-back whose URL an exploit of the same host told the same victim before is proof against
 * the server; any other weighs what its detector says, and is no infection. Sorted throughout, so
 * that the order of inputs says nothing. */
#ifndef WORMSIGN_ENGINE_EDGES_H
#define WORMSIGN_ENGINE_EDGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "evidence/edge.h"
#include "evidence/sign.h"
#include "report/report.h"

struct host_day;
struct watcher;

enum { EDGES_MAX = 1 << 16, EDGES_A_DAY = 512 }; /* kept in all; looked at of one host and day */

/* What a host served to its victims on a day: its sign. */
struct served {
    struct address host;
    struct sign sign;
};

enum { INFECTION_SAYS_SIZE = EDGE_SAYS_SIZE + 160 };

struct infection_line {
    struct infection infection; /* its says is the text below */
    char says[INFECTION_SAYS_SIZE];
};

struct edges {
    struct edge *items; /* by from, to, cause and time */
    size_t count, room;
    struct served *served; /* by host, then day */
    size_t served_count;
    struct infection_line *infections;  /* by time; one a from, to and cause */
    const struct infection **by_victim; /* by to, call-backs before exploits, then time */
    size_t infection_count;
    bool cut; /* there were more than EDGES_MAX: some are left out */
};

/* Adds the edge; false without memory. */
bool edges_add(struct edges *e, const struct edge *one);

/* Adds all that the detectors tell of these host-days; watchers: one a detector. False without
 * memory. */
bool edges_collect(struct edges *e, struct watcher *watchers, struct host_day *const *days,
                   size_t count);

/* Makes signs and infections of what was added. False without memory. */
bool edges_join(struct edges *e);

/* The first infection of this host that is not later than this time: a call-back where there is
 * one, else an exploit; NULL: none. */
const struct infection *edges_into(const struct edges *e, struct address host, int64_t until_us);

void edges_free(struct edges *e);

#endif
