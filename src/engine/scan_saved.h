/* What a scan must know to go on after it was stopped, as bytes for its state file: whom it asks,
 * in which order and week, and what. Exclusions are in it, as they are not among the hosts. */
#ifndef WORMSIGN_ENGINE_SCAN_SAVED_H
#define WORMSIGN_ENGINE_SCAN_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "engine/scan.h"
#include "scan/real_addresses.h"

enum { SCAN_SAVED_SITE = 256, SCAN_SAVED_SETTINGS_MAX = 1 << 20 };

/* Read again. */
struct scan_saved {
    struct host_table *hosts;
    struct scan_name *names; /* malloced */
    size_t name_count;
    struct real_addresses *reals; /* of the aim */
    char site[SCAN_SAVED_SITE];   /* empty: none */
    uint64_t secret, rate;
    unsigned shard, shards;
    struct aim aim;
    enum gate gate;
    unsigned passes;
    struct targets_left_out left_out;
    const struct probe *probes[PROBES_MAX];
    size_t probe_count;
    struct port_list *ports; /* that are named; malloced; NULL: none */
    char *settings; /* as a store keeps it of the scan's first run; malloced; NULL: not known */
};

/* Malloced bytes, *size of them; NULL with *err. */
uint8_t *scan_saved_write(const struct scan_settings *settings, size_t *size, struct error *err);

/* Of a state file whose digest holds; whatever it says is bounded all the same. False with *err;
 * scan_saved_clear in either case. */
bool scan_saved_read(struct reader settings, struct scan_saved *out, struct error *err) MUST_CHECK;
void scan_saved_clear(struct scan_saved *s);

#endif
