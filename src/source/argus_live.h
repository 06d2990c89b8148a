/* One live Argus server: a connection that is made, watched, and made again.
 *
 * Nothing here waits: who calls polls the descriptor until the time that is due, and calls a step.
 * Between attempts the pause grows from a second to a minute; a record after the greeting makes it
 * a second again. A server sends a status record every so often, so one that is silent for three
 * times as long is dead, whatever TCP believes.
 *
 * Whole records are given on through an input (argus_live_input), never a part of one: what was cut
 * by a lost connection is dropped, and the reason says so. */
#ifndef WORMSIGN_SOURCE_ARGUS_LIVE_H
#define WORMSIGN_SOURCE_ARGUS_LIVE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/address.h"
#include "base/error.h"
#include "source/argus_talk.h"

struct input;
struct pollfd;

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

enum argus_live_event {
    ARGUS_LIVE_NOTHING,
    ARGUS_LIVE_BEGAN,   /* a stream begins: its input can be opened */
    ARGUS_LIVE_RECORDS, /* whole records can be read from the input */
    ARGUS_LIVE_LOST,    /* *err says why; it will be tried again */
    ARGUS_LIVE_GIVEN_UP /* *err says why; nothing more will come */
};

struct argus_live;

/* The server is borrowed. NULL: no memory. */
struct argus_live *argus_live_new(const struct argus_server *server);

/* Takes leave of the server, where it talks. NULL is fine. */
void argus_live_free(struct argus_live *l);

/* What to poll for; a descriptor of -1: nothing. */
struct pollfd argus_live_poll(const struct argus_live *l);

/* When a step is due, whatever the descriptor says; INT64_MAX: never. */
int64_t argus_live_due_us(const struct argus_live *l);

/* Does what can be done now without waiting. To be called again at once after BEGAN. */
enum argus_live_event argus_live_step(struct argus_live *l, int64_t now_us, struct error *err);

/* The records of the stream that began last, to be closed before the next begins. It ends where no
 * whole record is left, so it must be read only while argus_live_ready. NULL: no memory. */
struct input *argus_live_input(struct argus_live *l, struct error *err);
bool argus_live_ready(const struct argus_live *l);

/* Seconds of the next pause, for what is told of a lost connection. */
unsigned argus_live_pause_s(const struct argus_live *l);

#endif
