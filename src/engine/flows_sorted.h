/* Lines that wait to be sorted, each with its ranks. Bounded in bytes: a line that finds no room is
 * counted. Where only the first so many are wanted, no more than twice as many are kept. */
#ifndef WORMSIGN_ENGINE_FLOWS_SORTED_H
#define WORMSIGN_ENGINE_FLOWS_SORTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "report/flow_fields.h"

enum { FLOWS_ORDER_MAX = 4 /* fields to sort by */ };
#define FLOWS_SORTED_BYTES_MAX ((size_t)1 << 30)

struct flows_order {
    const struct flow_field *fields[FLOWS_ORDER_MAX]; /* the first decides */
    bool downwards[FLOWS_ORDER_MAX];
    size_t count;
};

struct flows_sorted;

/* most: lines that are wanted; 0: all. NULL: no memory. */
struct flows_sorted *flows_sorted_new(const struct flows_order *order, uint64_t most,
                                      size_t bytes_max);
void flows_sorted_free(struct flows_sorted *s); /* NULL is fine */

/* Keeps the line of a record. False: there was no room, and it is counted. */
bool flows_sorted_add(struct flows_sorted *s, const struct flow_record *r, const char *line,
                      size_t size);

uint64_t flows_sorted_refused(const struct flows_sorted *s);

/* Sorts, and hands over the lines; lines of equal rank come in the order in which they were added.
 * False from write stops. */
bool flows_sorted_write(struct flows_sorted *s,
                        bool (*write)(void *context, const char *line, size_t size), void *context);

#endif
