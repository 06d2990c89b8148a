/* What a scan sends and how long it takes, before anything is sent: between the case that every
 * port refuses at once and the case that none ever does. Sockets count datagrams and connections
 * begun, as their rate does (the kernel repeats a connection's first packet by itself); raw counts
 * packets that ask. What follows an answer (a conversation over SMB, a host that raw found) is not
 * in it: nobody knows beforehand who answers. */
#ifndef WORMSIGN_CLI_SCAN_COST_H
#define WORMSIGN_CLI_SCAN_COST_H

#include "engine/scan.h"

/* Of hosts together. */
struct scan_sends {
    uint64_t least, most;
    int64_t held_us;    /* for which connections are held where nobody answers, one by one */
    int64_t longest_us; /* of a host that never answers */
};

struct scan_cost {
    const struct scan_settings *settings;
    uint64_t hosts;
    unsigned named[2];              /* ports, by transport */
    struct scan_sends raw, sockets; /* raw: all zero without it */
};

/* Of no host yet. */
struct scan_cost scan_cost_of(const struct scan_settings *settings);

/* This host as well, which is asked these; what is named is counted by itself. */
void scan_cost_add(struct scan_cost *c, uint32_t host, const struct shot *shots, size_t count);

/* Each host was one of so many. */
void scan_cost_scale(struct scan_cost *c, uint64_t times);

uint64_t scan_cost_least(const struct scan_cost *c);
uint64_t scan_cost_most(const struct scan_cost *c);

/* Packets a second of both engines; 0: no limit, and then nobody knows how long it takes. */
uint64_t scan_cost_rate(const struct scan_cost *c);
double scan_cost_least_seconds(const struct scan_cost *c);
double scan_cost_most_seconds(const struct scan_cost *c);

#endif
