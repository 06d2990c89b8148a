/* Asking: targets through a probe and an engine to verdicts and reports.
 *
 * Hosts are reported as they are done, so that what is infected is known at once and a run that
 * ends early has lost nothing. All of them are: a host that nobody could learn anything of is
 * unknown, with the reason. */
#ifndef WORMSIGN_ENGINE_SCAN_H
#define WORMSIGN_ENGINE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "report/report.h"
#include "scan/gate.h"
#include "scan/network.h"
#include "scan/port_list.h"
#include "scan/raw_engine.h"
#include "scan/socket_engine.h"
#include "scan/target_set.h"

/* The name by which a target was called. */
struct scan_name {
    uint32_t host;
    char name[HOST_NAME_SIZE]; /* foreign: escape */
};

struct scan_settings {
    struct target_set *targets; /* closed */
    uint64_t target_count;
    struct targets_left_out left_out;
    const struct scan_name *names; /* sorted by host */
    size_t name_count;
    const char *site;     /* NULL: none */
    const char *settings; /* JSON, as a store keeps it of this run: what decided who is asked, and
                             what; for who goes on with the scan; NULL: not known */
    struct engine_settings engine;
    enum gate gate;                /* what a host must pass before it is asked */
    const struct port_list *ports; /* asked as well, as p2p-conficker does; NULL: none */
    /* By packets of our own first, and through sockets for who has something to say to them; NULL:
     * all through sockets. Then raw_network is the way, and raw_name what people call it. */
    const struct raw_settings *raw;
    const struct raw_network *raw_network;
    const char *raw_name;
    /* Through sockets as well, only this part of the hosts, in this order; NULL: all. */
    const struct raw_settings *shards;
};

/* How far a scan is. */
struct scan_progress {
    uint64_t targets, infected, suspicious;
    double share;                       /* of the work, 0..1 */
    double seconds_left;                /* NAN: not known yet */
    uint64_t written, to_write;         /* hosts that are reported at the end; 0: it is not there */
    const struct engine_counts *counts; /* of both engines */
    const char *stuck;                  /* why raw can send nothing now; NULL: it can */
};

struct scan_outcome {
    uint64_t infected, unknown;
    bool complete;     /* everything that was to be asked was asked */
    bool write_failed; /* which stopped the scan */
    bool goes_on;      /* the raw engine's state knows what is left to ask */
    /* The raw engine broke off, or answers fell away; kind ERROR_NONE: neither. */
    struct error outage;
};

/* Runs a scan, and gives every verdict and the summary to every report. watch is asked every now
 * and then; true from it stops the scan. False and *err when it could not begin. */
bool scan_run(const struct scan_settings *settings, const struct network *network,
              struct report *reports, size_t report_count,
              bool (*watch)(void *context, const struct scan_progress *now), void *context,
              struct scan_outcome *out, struct error *err) MUST_CHECK;

#endif
