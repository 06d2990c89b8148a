/* What is remembered of the flows in an archive: a long flow is cut into records, one every few
 * seconds, and only the first of them is a beginning.
 *
 * A flow is known by its key, its sensor and its number there, in a table of fixed size of which
 * the one silent for longest gives way; a record of a flow that was let go looks like that of
 * another flow. State ends with the input. */
#ifndef WORMSIGN_SOURCE_ARGUS_FLOWS_H
#define WORMSIGN_SOURCE_ARGUS_FLOWS_H

#include <stdbool.h>
#include <stdint.h>
#include "source/argus_record.h"

enum { ARGUS_FLOWS_MAX = 1 << 18 }; /* remembered at a time: 2 MiB */

/* Bits of what is known of a flow. */
enum argus_known {
    ARGUS_KNOWN_BEGUN = 1,    /* poured as a beginning */
    ARGUS_KNOWN_ANSWERED = 2, /* and as an answer */
    ARGUS_KNOWN_SPOKE_0 = 4,  /* user data of the source was poured */
    ARGUS_KNOWN_SPOKE_1 = 8,
    ARGUS_KNOWN_WHOLE = 16, /* its first record was seen, so that first data are first */
    ARGUS_KNOWN_OVER = 32   /* nothing more is expected: its place is free for others */
};

struct argus_flows;

struct argus_flows *argus_flows_new(bool large); /* NULL: no memory */
void argus_flows_free(struct argus_flows *t);    /* NULL is fine */

uint64_t argus_flow_hash(const struct argus_flow *f);

/* Begins to fetch its place. */
void argus_flows_fetch(const struct argus_flows *t, uint64_t hash);

/* The known bits of this flow; *is_new: it was not known, and they are 0. */
uint8_t *argus_flows_at(struct argus_flows *t, uint64_t hash, int64_t when_us, bool *is_new);

uint64_t argus_flows_begun(const struct argus_flows *t);
uint64_t argus_flows_let_go(const struct argus_flows *t); /* before they were over or idle */

#endif
