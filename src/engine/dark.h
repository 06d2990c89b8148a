/* Who touches addresses of ours that never speak: what radark looked for, in the same pass.
 *
 * Of the named networks it is kept who tried to reach which of their addresses, and which of these
 * ever sent something: began a flow, answered one, sent payload. At the end an address that was
 * touched and never spoke is dark, and whoever touched dark ones is listed, the widest first, with
 * what else is known of him. A dark address has no visitors by right: they are scanners, worms,
 * wrong settings, and what is left of a host that was taken away.
 *
 * A refusal by TCP is a word, one by ICMP is not seen. IPv4 alone. What is kept here is no
 * evidence: no verdict rests on it, and evidence files do not have it.
 * Source: what radark is used for, in the spec of the Argus clients. */
#ifndef WORMSIGN_ENGINE_DARK_H
#define WORMSIGN_ENGINE_DARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "observe/observation.h"
#include "report/report.h"

enum {
    DARK_VISITORS_MAX = 1 << 16, /* kept; further ones are counted */
    DARK_TOUCHES_MAX = 1 << 24,  /* of all visitors together: pairs of visitor and address */
    DARK_SHOWN_MAX = 1000        /* of the visitors, the widest */
};

struct dark;

/* The networks are borrowed. NULL: no memory. */
struct dark *dark_new(const struct prefix *nets, size_t count);
void dark_free(struct dark *d); /* NULL is fine */

void dark_note(struct dark *d, const struct observation *seen);

/* Those who touched dark addresses, the widest first, at most DARK_SHOWN_MAX; *count is how many
 * there are in all. Borrowed until anything is noted. NULL: no memory. */
const struct dark_visitor *dark_visitors(struct dark *d, size_t *shown, size_t *count);

/* How many observations found no room. */
uint64_t dark_refused(const struct dark *d);

#endif
