/* The socket engine: asks hosts through ordinary connections, without privileges; all ports of a
 * host at once, thousands of hosts at once.
 *
 * It pulls hosts one by one, and hands each over when all its ports have their answers or their
 * time is up. A datagram is repeated until it is answered; a connection the kernel repeats. How
 * much is in flight is limited by descriptors; what is short here is waited for, and never taken
 * for the host's answer. */
#ifndef WORMSIGN_SCAN_SOCKET_ENGINE_H
#define WORMSIGN_SCAN_SOCKET_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "scan/network.h"
#include "scan/probe.h"

struct smb_accounts;

enum {
    ENGINE_HOSTS_MAX = 16384,             /* in flight */
    ENGINE_DIALOGUES_A_NET = 50,          /* hosts of a /24 that it is spoken with at a time */
    ENGINE_MEMORY_MAX = 64 * 1024 * 1024, /* of answers that have come in part */
    ENGINE_FULL_PATIENCE_US = 2000000     /* how long a shortage here is waited for */
};

struct engine_settings {
    const struct probe *probes[PROBES_MAX]; /* what is asked, in this order */
    size_t probe_count;
    struct aim aim;                /* its time is the engine's to fill in */
    int64_t began_us;              /* UTC, when the engine is started */
    uint64_t rate;                 /* datagrams and connections begun a second; 0: no limit */
    struct probe_times times;      /* of probes that have none of their own */
    int64_t host_us;               /* for a host in all; 0: no limit */
    size_t handles_max;            /* connections at a time */
    uint64_t seed;                 /* of the keys of our messages: random */
    struct smb_accounts *accounts; /* accounts for dialogues that log in; NULL: none */
};

/* What happened so far. */
struct engine_counts {
    uint64_t done;            /* hosts handed over */
    uint64_t sent;            /* datagrams and connections begun */
    uint64_t received;        /* of shots, and of dialogues' connections, those that anything came
                               * back on from the host, a refusal too */
    uint64_t prompt, late;    /* datagrams: shots answered before, and only after, a repeat */
    uint64_t shortages;       /* times that something was short here, and was waited for */
    uint64_t answers_cut;     /* by ENGINE_MEMORY_MAX */
    uint64_t ports_timed_out; /* given up early for host_us */
};

struct engine_face {
    void *context;
    /* The next host to ask; false when there is none left. */
    bool (*next)(void *context, uint32_t *host);
    /* The name by which it was called; NULL: by its address. May be NULL itself. */
    const char *(*name)(void *context, uint32_t host);
    /* A host is done: each port has its answer, or was given up. */
    void (*done)(void *context, const struct asked *host);
    /* Asked every now and then; true stops the engine. */
    bool (*watch)(void *context, const struct engine_counts *now);
    /* Whether there may be more hosts later, though next has none now. NULL: never. */
    bool (*later)(void *context);
    /* What is asked of the host that next gave just now, at most SHOTS_MAX; comes back as asked's,
     * with *mark. NULL: the shots of all probes. So a host can be asked in several turns. */
    size_t (*aim)(void *context, uint32_t host, int64_t when_us,
                  struct shot shots[static SHOTS_MAX], void **mark);
};

/* The shots of all probes at this time, one probe after the other; returns how many. */
size_t engine_shots_of(const struct engine_settings *settings, uint32_t host, int64_t when_us,
                       struct shot shots[static SHOTS_MAX]);

/* Runs until the last host is done, or stopped: then what is in flight is handed over as it is.
 * False and *err without memory. */
bool socket_engine_run(const struct engine_settings *settings, const struct network *network,
                       const struct engine_face *face, struct engine_counts *counts,
                       struct error *err) MUST_CHECK;

#endif
