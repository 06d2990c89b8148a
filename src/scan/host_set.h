/* A set of hosts that grows one by one: who was seen to be unreachable, who was reported. Few or
 * many, it costs no more than a compressed bitmap does. */
#ifndef WORMSIGN_SCAN_HOST_SET_H
#define WORMSIGN_SCAN_HOST_SET_H

#include <stdbool.h>
#include <stdint.h>

struct host_set;

struct host_set *host_set_new(void);    /* NULL without memory */
void host_set_free(struct host_set *s); /* NULL is fine */
void host_set_add(struct host_set *s, uint32_t host);
void host_set_remove(struct host_set *s, uint32_t host);

/* NULL is the empty set. */
bool host_set_has(const struct host_set *s, uint32_t host);

/* The first host from this one on; false when there is none, as in NULL. */
bool host_set_next(const struct host_set *s, uint32_t from, uint32_t *host);
uint64_t host_set_count(const struct host_set *s);

#endif
