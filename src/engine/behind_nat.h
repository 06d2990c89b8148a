/* Who stands behind an address: the private addresses whose P2P ports it answered on.
 *
 * Infected hosts listen on ports drawn from their own address. Where a router forwards them,
 * another address answers there. All of RFC 1918 is tried at once against the ports of all such
 * hosts, in the weeks in which they answered; which of the ports are fixed is not known. Three
 * ports name an address, or two where no others are left unexplained; and where several addresses
 * explain ports equally well, none of them is named. How often that errs: docs/truth.md. */
#ifndef WORMSIGN_ENGINE_BEHIND_NAT_H
#define WORMSIGN_ENGINE_BEHIND_NAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "evidence/hosts.h"
#include "evidence/verdict.h"

enum {
    BEHIND_HOSTS_MAX = 64, /* looked behind in one run */
    BEHIND_WEEKS_MAX = 4,  /* in which they answered; each takes a sweep */
    BEHIND_ROWS_MAX = 64   /* ports of one host */
};

/* A port on which a host answered. */
struct behind_row {
    enum transport transport;
    uint16_t port;
    unsigned weeks; /* bit i: in weeks[i] of the search */
};

/* A host that answered on ports that are none of its own. */
struct behind_host {
    struct address address;
    struct host_day *const *days;
    size_t day_count;
    size_t row_count;
    struct behind_row rows[BEHIND_ROWS_MAX];
    unsigned behind_count;
    struct host_behind behind[VERDICT_BEHIND_MAX];
};

struct behind_nat {
    struct host_day *const *days;
    size_t day_count;
    size_t host_count, week_count;
    struct behind_host hosts[BEHIND_HOSTS_MAX];
    uint32_t weeks[BEHIND_WEEKS_MAX]; /* the latest, the last one first */
    uint64_t hosts_left_out;
    bool weeks_left_out; /* of older ones only ports that are fixed can be told */
};

/* Over the days of all hosts, sorted as the evidence store gives them; they must outlive it. */
void behind_nat_begin(struct behind_nat *b, struct host_day *const *days, size_t day_count);

/* Takes this host in if it answered so. The gravest first: there is a limit. */
void behind_nat_add(struct behind_nat *b, struct address host);

/* Looks for whoever is behind the hosts that were taken in. False without memory. */
bool behind_nat_find(struct behind_nat *b);

/* Fills in who is behind the host of this verdict. */
void behind_nat_fill(const struct behind_nat *b, struct verdict *v);

#endif
