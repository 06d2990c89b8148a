/* A scan by packets of our own, beside the socket engine: it runs in a thread of its own, hands the
 * hosts that it finds over one by one, and settles all others in the end. */
#ifndef WORMSIGN_ENGINE_SCAN_RAW_H
#define WORMSIGN_ENGINE_SCAN_RAW_H

#include <stdbool.h>
#include <stdint.h>
#include "base/error.h"
#include "engine/ports_told.h"
#include "scan/port_list.h"
#include "scan/raw_engine.h"

struct scan_raw;

/* Starts it. settings, with their state, are borrowed until scan_raw_free. */
struct scan_raw *scan_raw_begin(const struct raw_settings *settings,
                                const struct raw_network *network, struct error *err);

/* The next host that was found, and what is left to be asked of it; false: none now. */
bool scan_raw_next(struct scan_raw *s, uint32_t *host, enum raw_found *how);

/* Of a host that was found by its ports (RAW_FOUND_PORTS): those that sockets are to ask, and what
 * came of the others. */
void scan_raw_ports(struct scan_raw *s, uint32_t host, struct port_list *left,
                    struct ports_told *told);

/* Whether it still runs, and so may find more. */
bool scan_raw_runs(struct scan_raw *s);

/* Waits until a host was found, or it has ended, or a tenth of a second. True when there is a
 * host. */
bool scan_raw_wait(struct scan_raw *s);

/* How far it is. */
struct raw_counts scan_raw_counts(struct scan_raw *s);

/* Stops it soon. */
void scan_raw_stop(struct scan_raw *s);

/* Waits for its end. False with *err where it broke off; *out is borrowed. */
bool scan_raw_end(struct scan_raw *s, const struct raw_outcome **out, struct error *err);

/* Behind the end: hands over each host that was asked, with what was learnt of it, but for those
 * that were done otherwise. told: of its named ports, finished; empty where none are named. */
void scan_raw_settle(struct scan_raw *s, const struct host_set *done, int64_t when_us,
                     void (*take)(void *context, const struct asked *host,
                                  const struct ports_told *told),
                     void *context);

/* Hosts that sent a valid message which no full connection confirmed: the first of them, and how
 * many there are. */
uint64_t scan_raw_unconfirmed(struct scan_raw *s, const struct host_set *infected, uint32_t *first);

void scan_raw_free(struct scan_raw *s); /* NULL is fine; behind the end */

#endif
