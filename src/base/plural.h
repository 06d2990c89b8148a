/* Of how many: sentences that count say one as one. */
#ifndef WORMSIGN_BASE_PLURAL_H
#define WORMSIGN_BASE_PLURAL_H

#include <stdint.h>

/* "" for one, else "s". */
static inline const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

#endif
