/* Zero pages for large tables: taken from the kernel at once, touched one by one, given back whole.
 *
 * A table that is sized for the worst day costs only what of it is used. */
#ifndef WORMSIGN_BASE_PAGES_H
#define WORMSIGN_BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>

struct pages {
    void *start; /* zero bytes, in step with large pages; NULL: none */
    void *mapped;
    size_t mapped_size;
};

/* large: much will be used, so the kernel is asked for large pages; only speed depends on it.
 * False, *out empty: no memory. */
bool pages_take(size_t size, bool large, struct pages *out);
void pages_give_back(struct pages *p); /* empty is fine */

#endif
