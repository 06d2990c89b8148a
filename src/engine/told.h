/* What a watch has said already: of each host how grave its verdict was, and who infected whom.
 *
 * Each look at the evidence begins a new list and takes over what is still known: so the list is
 * never longer than what the evidence tells of, and who is forgotten with its evidence is said
 * again when it comes back. */
#ifndef WORMSIGN_ENGINE_TOLD_H
#define WORMSIGN_ENGINE_TOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "evidence/verdict.h"

struct infection;

struct told_host {
    struct address host;
    enum verdict_kind kind; /* the gravest that was said */
};

struct told {
    struct told_host *hosts; /* by address */
    size_t host_count;
    struct told_host *now; /* of this look */
    size_t now_count, passed;
    uint64_t *infections; /* hashes, sorted */
    size_t infection_count;
    uint64_t *infections_now;
    size_t infection_now_count;
    uint64_t said; /* hosts and infections, ever */
    bool infected_home;
};

/* A look at so many findings begins. False without memory. */
bool told_begin(struct told *t, size_t hosts, size_t infections);

/* The next host in the order of addresses: true where its verdict has risen to one that is said,
 * suspicious or infected. */
bool told_host_rises(struct told *t, struct address host, enum verdict_kind kind);

/* True where this infection was not said before. */
bool told_infection_is_new(struct told *t, const struct infection *i);

/* The look is over. */
void told_end(struct told *t);

void told_free(struct told *t);

#endif
