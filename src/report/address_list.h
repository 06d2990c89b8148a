/* Addresses that come in any order, and are shown in order: a report names hosts by the thousand.
 *
 * Sorted, a list reads as ranges: 10.0.0.1-10.0.0.9, 10.0.0.12. An address that came twice is in
 * its range once. */
#ifndef WORMSIGN_REPORT_ADDRESS_LIST_H
#define WORMSIGN_REPORT_ADDRESS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include "base/address.h"

/* All zero: empty. */
struct address_list {
    struct address *items; /* owned */
    size_t count, size;
};

/* False when memory is out; the list is as before. */
bool address_list_add(struct address_list *l, struct address a);

void address_list_sort(struct address_list *l);

/* Of a sorted list: where the range ends that begins at item `from` (one behind its last item).
 * from must be less than the count. */
size_t address_list_range(const struct address_list *l, size_t from);

void address_list_free(struct address_list *l);

#endif
