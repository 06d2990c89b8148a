/* The raw engine: sieves whole networks for the few hosts that have something to say.
 *
 * It knocks at all ports of all hosts in a keyed order, packet by packet, without a connection or a
 * socket a host; three times, of which the second and third are for what was not answered. What a
 * host refused, or never answered, is settled. Whoever answers with anything else is found: the
 * socket engine asks that host in full, so that a verdict is the same through either engine, and
 * nobody is called infected for a packet that anyone can send. */
#ifndef WORMSIGN_SCAN_RAW_ENGINE_H
#define WORMSIGN_SCAN_RAW_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "scan/host_set.h"
#include "scan/host_table.h"
#include "scan/order.h"
#include "scan/raw_fall.h"
#include "scan/raw_network.h"
#include "scan/raw_plan.h"
#include "scan/raw_state.h"
#include "scan/raw_units.h"

struct raw_settings {
    struct raw_plan plan;
    const struct host_table *hosts;
    struct raw_state *state; /* of a scan that goes on, or a new one */
    uint64_t seed;           /* of the order; the same for all parts of a scan */
    uint64_t secret;         /* of the plan's key: random, and kept with the scan */
    unsigned shard, shards;  /* 0-based; every shards-th place of the order is ours */
    uint64_t rate;           /* packets a second that ask; 0: no limit */
    int64_t began_us;        /* UTC, when this run begins */
    unsigned passes;         /* 1..RAW_PASSES; 0: all of them */
};

/* A network by which nothing can be sent is waited for so long before the run breaks off. */
enum { RAW_PATIENCE_S = 60 };

struct raw_counts {
    struct raw_progress progress;
    struct raw_network_counts network;
    uint64_t places; /* units in a pass: hosts, each as often as it has groups of ports */
    unsigned groups;
    uint64_t found;        /* hosts for the socket engine */
    uint64_t replies;      /* packets beside those that ask: questions on connections, resets */
    uint64_t forged;       /* packets that prove nothing */
    uint64_t let_go;       /* answers in pieces that lost their place to others */
    bool weeks_full;       /* the weeks turned too often: the ports of an earlier one went on */
    int64_t pause_left_us; /* of the pause behind a pass; 0 and less: it is none */
    struct error stuck;    /* why nothing can be sent now; kind ERROR_NONE: it can */
};

/* What of a host that was found is left to be asked. */
enum raw_found {
    RAW_FOUND,       /* all of it */
    RAW_FOUND_THERE, /* all but whether it is there: it sent an echo back */
    RAW_FOUND_PORTS  /* of the named ports those that answered; its state stays as it is */
};

struct raw_face {
    void *context;
    /* A host for the socket engine; each once. Where ports are named, when all of them were asked
     * of it. */
    void (*found)(void *context, uint32_t host, enum raw_found how);
    /* Asked every now and then; true stops the engine. */
    bool (*watch)(void *context, const struct raw_counts *now);
};

/* What came of a run, beside the state. */
struct raw_outcome {
    struct raw_counts counts;
    bool stopped;                 /* before its end */
    struct raw_fall fall;         /* of answers; then the state asks those who were silent again */
    struct host_set *valid;       /* sent a message of the worm that holds */
    struct host_set *unreachable; /* of whom a router said that they cannot be reached */
    struct host_set *absent;      /* neighbours that are not there */
};

/* Runs to the end, or until stopped. False with *err without memory, or when the network is gone
 * for RAW_PATIENCE_S; what was learnt until then is in *out. raw_outcome_clear in any case. */
bool raw_engine_run(const struct raw_settings *settings, const struct raw_network *network,
                    const struct raw_face *face, struct raw_outcome *out,
                    struct error *err) MUST_CHECK;

/* An empty one; false without memory. */
bool raw_outcome_begin(struct raw_outcome *out, uint64_t places, unsigned groups);
void raw_outcome_clear(struct raw_outcome *out);

#endif
