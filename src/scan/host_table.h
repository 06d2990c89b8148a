/* The hosts of a scan, numbered: which host has this number, and which number has this host.
 *
 * Runs of addresses, eight bytes each, so that a network costs no more than a single address. What
 * was excluded has no number: nobody who works by numbers can ask it. */
#ifndef WORMSIGN_SCAN_HOST_TABLE_H
#define WORMSIGN_SCAN_HOST_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "base/reader.h"
#include "base/writer.h"

struct target_set;
struct host_table;

enum { HOST_TABLE_RUN_BYTES = 8 }; /* of a run that is written */

/* Of a closed set, which may go afterwards. NULL without memory. */
struct host_table *host_table_new(const struct target_set *set);
void host_table_free(struct host_table *t); /* NULL is fine */

uint64_t host_table_count(const struct host_table *t);
uint64_t host_table_runs(const struct host_table *t);

/* The run with this number. */
void host_table_run(const struct host_table *t, uint64_t run, uint32_t *first, uint32_t *last);

/* The host with this number, below the count. Ascending. */
uint32_t host_table_at(const struct host_table *t, uint64_t number);

/* The number of this host; false when it is none of these. */
bool host_table_find(const struct host_table *t, uint32_t host, uint64_t *number);

/* A number that only the same hosts have. */
uint64_t host_table_hash(const struct host_table *t);

/* Hosts in the fullest /24. */
unsigned host_table_fullest_net(const struct host_table *t);

/* All runs, first and last address, and back again. NULL when they do not ascend. */
void host_table_write(const struct host_table *t, struct writer *w);
struct host_table *host_table_read(struct reader *r, uint64_t runs, struct error *err);

#endif
