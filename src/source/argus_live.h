/* One live Argus server: a connection that is made, watched, and made again.
 *
 * Between attempts the pause grows from a second to a minute; a record after the greeting makes it
 * a second again. A server sends a status record every so often, so one that is silent for three
 * times as long is dead, whatever TCP believes.
 *
 * What was cut by a lost connection is dropped, and the reason says so. */
#ifndef WORMSIGN_SOURCE_ARGUS_LIVE_H
#define WORMSIGN_SOURCE_ARGUS_LIVE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"
#include "source/live.h"

enum { ARGUS_PORT = 561, ARGUS_ADDRESSES_MAX = 8, ARGUS_NAME_SIZE = 300 };

struct argus_server {
    char name[ARGUS_NAME_SIZE];                    /* for people: argus://host:port */
    struct address addresses[ARGUS_ADDRESSES_MAX]; /* tried one after the other */
    unsigned address_count;
    uint16_t port;
    const char *filter;   /* borrowed; NULL: none */
    unsigned attempts;    /* in a row without a record, after which it is given up; 0: never */
    bool attempts_chosen; /* else a server that has ever answered is never given up */
};

/* Of struct argus_server. */
extern const struct live_kind live_argus;

#endif
