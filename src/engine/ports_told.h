/* What came of the named ports of one host (-p, --all-ports), whichever engine asked: how many of
 * each result, and the first of those that said something. */
#ifndef WORMSIGN_ENGINE_PORTS_TOLD_H
#define WORMSIGN_ENGINE_PORTS_TOLD_H

#include <stddef.h>
#include <stdint.h>
#include "evidence/ports_asked.h"
#include "scan/probe.h"

enum { PORTS_TOLD_MAX = 64 }; /* ports of a host that said something, and are kept */

/* One of these. */
struct told_port {
    struct shot shot;
    struct answer answer;
    int64_t when_us;
};

struct ports_told {
    struct ports_asked ports;
    unsigned took;          /* TCP controls that took a connection */
    struct told_port *told; /* malloced */
    size_t told_count, told_room;
};

/* A port that was asked, and its answer; one of the black list is a control. */
void ports_told_take(struct ports_told *p, const struct told_port *told);

/* So many ports more that came to nothing but this: refused, silent, or not asked from here. */
void ports_told_count(struct ports_told *p, enum check_cause cause, uint64_t count);

/* No more will come: what is told is put in order, what holds first. */
void ports_told_finish(struct ports_told *p);
void ports_told_clear(struct ports_told *p);

#endif
