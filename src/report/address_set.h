/* Which addresses were met before, for formats that may write a thing once only.
 *
 * Bounded: an address beyond ADDRESS_SET_MAX is always new. */
#ifndef WORMSIGN_REPORT_ADDRESS_SET_H
#define WORMSIGN_REPORT_ADDRESS_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"

enum { ADDRESS_SET_MAX = 1 << 20 };

/* All zero: empty. */
struct address_set {
    struct address *slots; /* owned; :: is an empty slot */
    size_t count, size;    /* size: a power of two, or 0 */
    bool has_none;         /* :: itself was met */
};

/* True for one that was not met before, which it then was; also without memory to know. */
bool address_set_is_new(struct address_set *s, struct address a);

void address_set_free(struct address_set *s);

#endif
