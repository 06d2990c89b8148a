/* What scans heard of hosts, joined with what hunts saw of them: one row a host, with the latest
 * result of each thing that was asked of it, and every sign of every day. */
#ifndef WORMSIGN_ENGINE_HUNT_ASKED_H
#define WORMSIGN_ENGINE_HUNT_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include "base/address.h"
#include "evidence/host_answers.h"

struct store_answers;
struct hunt;

/* Bytes that the answers of all hosts may have. */
#define HUNT_ASKED_BYTES ((size_t)1 << 30)

struct hunt_asked {
    struct address host;
    struct host_answers answers; /* its signs: one a kind and day */
};

/* Takes answers of a host in the order of their times, all of a host one after the other. */
struct asked_list {
    struct hunt *hunt;
    size_t room;
    bool full;    /* there was no room, or no memory */
    bool damaged; /* bytes that no build of ours writes */
};

bool asked_list_add(struct asked_list *list, const struct store_answers *a);
/* Sorts them by address. */
void asked_list_end(struct asked_list *list);

/* Adds a sign where there may be one of the same kind and day already: then the graver stays, with
 * the span of both. Returns how many there are. */
size_t signs_add(struct sign *signs, size_t count, const struct sign *sign);

/* Adds what a scan was told of who the host is to what the traffic told. */
void hunt_asked_name(const struct hunt_asked *asked, struct verdict *v);

#endif
