/* What a client and a live Argus server say to each other, without a socket and without a clock.
 *
 *   server: a start record (MAR), or a short one that says why not
 *   client: "FILTER: man or (...)" in one piece    server: two letters, OK or what is wrong
 *   client: "START: user='',cmd='wormsign'"        server: records, as in a file, for ever
 *   client: "DONE: "
 *
 * A server reads one command a time, so that the filter's answer must have come before START goes.
 * Bytes are told as they come; whole records are given on, in order; what is no record ends the
 * talk, as nothing says where the next would begin. Source: spec of Argus, 11. */
#ifndef WORMSIGN_SOURCE_ARGUS_TALK_H
#define WORMSIGN_SOURCE_ARGUS_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/writer.h"

enum {
    ARGUS_FILTER_MAX = 1000, /* what a server reads at once has an end */
    ARGUS_COMMAND_SIZE = ARGUS_FILTER_MAX + 32,
    ARGUS_TALK_BYTES = 2 * 4 * 0xffff, /* two records of the greatest size */
    ARGUS_ALIVE_DEFAULT_S = 60,        /* between two status records, where none is told */
    ARGUS_ALIVE_TIMES = 3              /* so many may be missing before a server is dead */
};

enum argus_talk_state {
    ARGUS_TALK_GREETING, /* the start record is awaited */
    ARGUS_TALK_FILTER,   /* the answer to the filter is */
    ARGUS_TALK_RECORDS,
    ARGUS_TALK_BAD /* over; *err said why */
};

struct argus_talk {
    const char *filter; /* borrowed; NULL: none */
    enum argus_talk_state state;
    bool hopeless;            /* over, and another connection would end the same way */
    unsigned alive_s;         /* seconds between two status records, as the server tells */
    uint64_t records;         /* whole ones that came, the start record too */
    uint8_t *bytes;           /* owned, ARGUS_TALK_BYTES: */
    size_t first, whole, end; /* given on up to first; whole records up to whole */
};

/* Whether a filter can be sent: printable, and not too long. */
bool argus_filter_check(const char *filter, struct error *err) MUST_CHECK;

/* False: no memory. */
bool argus_talk_begin(struct argus_talk *t, const char *filter);
void argus_talk_end(struct argus_talk *t);

/* Where the next bytes of the server go, and how many fit: never none but after the talk is over,
 * if whole records are taken in between. */
uint8_t *argus_talk_room(struct argus_talk *t, size_t *size);

/* So many bytes came into that room. What is to be sent now is written as text, which may be empty.
 * False: the talk is over, and *err says why. */
bool argus_talk_came(struct argus_talk *t, size_t count, struct text *send, struct error *err);

/* The bytes of whole records that were not taken yet, borrowed until the next call. */
const uint8_t *argus_talk_whole(const struct argus_talk *t, size_t *size);
void argus_talk_take(struct argus_talk *t, size_t size);

/* Bytes of a record that has not wholly come. */
size_t argus_talk_cut(const struct argus_talk *t);

#define ARGUS_FAREWELL "DONE: "

#endif
