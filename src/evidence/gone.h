/* What was let go and must not begin anew: a bounded set of hashes, which only grows.
 *
 * Two that share a hash are taken for one, so the second is not begun: that errs towards innocence,
 * and happens once in 2^40 with a million of them. */
#ifndef WORMSIGN_EVIDENCE_GONE_H
#define WORMSIGN_EVIDENCE_GONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gone {
    uint64_t *places; /* owned; size of them, a power of two; 0: free */
    size_t size, count, most;
};

struct gone gone_of(size_t most);
void gone_free(struct gone *g);

/* False where there is no room, or no memory. *is_new: it was not there. */
bool gone_add(struct gone *g, uint64_t hash, bool *is_new);

bool gone_has(const struct gone *g, uint64_t hash);

#endif
