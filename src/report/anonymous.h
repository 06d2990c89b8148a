/* A report in front of a report: it hands on what was found, without who it was found at.
 *
 * Addresses become others by the key (report/anonymiser.h). What would tell them all the same is
 * left out: names, MACs, sites, URLs, the ports of the worm, of which four tell the address, the
 * sentences and facts that hold such things, and the time of day. A sign keeps its kind, counts
 * and weight; its sentence becomes the one that explains its kind.
 *
 * Hosts are held back and handed on in the order of their new addresses: in the old order, a list
 * of a whole network would give the key's work away. As many as ANONYMOUS_HOSTS_KEPT are held;
 * a longer list comes in several such parts. */
#ifndef WORMSIGN_REPORT_ANONYMOUS_H
#define WORMSIGN_REPORT_ANONYMOUS_H

#include "report/anonymiser.h"
#include "report/report.h"

enum { ANONYMOUS_HOSTS_KEPT = 4096 };

struct anonymous_host;

/* What the format's state must be. */
struct anonymous {
    const struct anonymiser *key; /* borrowed */
    struct report *to;            /* borrowed: the report that gets what is left */
    size_t count, size;
    struct anonymous_host *hosts; /* owned, until anonymous_flush or the end */
};

extern const struct report_format anonymous_format;

/* Hands on what is held back, for a run that goes on; false when that could not be written. */
bool anonymous_flush(struct anonymous *a);

/* Lets go of what is held back, where a run ended before its report did. */
void anonymous_free(struct anonymous *a);

#endif
