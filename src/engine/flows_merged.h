/* Flow records put together by what they have in common, as racluster does: sums, how many there
 * were, the first and the last time.
 *
 * Of what is no key, what all records of a group share stays, what differs goes: a port and a
 * protocol become unknown, an address the prefix that is common to all. User data are not kept.
 * The store is bounded: a record of a new group that finds no room is counted, and the sums of the
 * groups that are there stay right. */
#ifndef WORMSIGN_ENGINE_FLOWS_MERGED_H
#define WORMSIGN_ENGINE_FLOWS_MERGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "observe/flow_record.h"

enum { FLOWS_GROUPS_MAX = 4 * 1024 * 1024 /* some 200 bytes each, as they come */ };

struct merge_keys {
    bool address[2], protocol, port[2];
    uint8_t bits[2]; /* of an address, where fewer than all count; else 0 */
};

/* Adds keys: saddr, daddr (each with /BITS if wanted), proto, sport, dport, with commas or blanks
 * between. */
bool merge_keys_add(struct merge_keys *k, const char *text, struct error *err) MUST_CHECK;
bool merge_keys_any(const struct merge_keys *k);

struct flows_merged;

/* NULL: no memory. The keys are copied. */
struct flows_merged *flows_merged_new(const struct merge_keys *keys, size_t groups_max);
void flows_merged_free(struct flows_merged *m); /* NULL is fine */

/* False: there was no room for its group; it is counted. */
bool flows_merged_add(struct flows_merged *m, const struct flow_record *r);

size_t flows_merged_count(const struct flows_merged *m);
uint64_t flows_merged_refused(const struct flows_merged *m); /* records */

/* The groups in the order in which their first records came, as records. */
void flows_merged_at(const struct flows_merged *m, size_t index, struct flow_record *out);

#endif
