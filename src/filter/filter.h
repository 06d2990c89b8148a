/* The flow filter: an expression as users of `ra` and tcpdump write it, compiled once, and asked of
 * each flow record.
 *
 *   tcp dst port 445 and not src net 10.0.0.0/8     port (25 or 80)     host 10.1.1.7 or fe80::1
 *
 * The words are those of Argus's `ra`; `and` and `or` bind equally, left to right, `not` binds
 * tightest, and a type is carried over (`port 25 or 80`). docs/filter.md has the language. Nothing
 * is resolved: a filter never asks the network. What a record does not tell (no TTL, no counters)
 * is no number, so no comparison with it holds.
 *
 * A compiled filter is never changed, so threads may share it. Source: the spec of Argus's filter,
 * and ra's answers. */
#ifndef WORMSIGN_FILTER_FILTER_H
#define WORMSIGN_FILTER_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include "base/compiler.h"
#include "base/error.h"
#include "observe/flow_record.h"

/* Each is an error that names it, when it is hit. */
enum {
    FILTER_TEXT_MAX = 65536, /* bytes of an expression */
    FILTER_TERMS_MAX = 4096, /* questions in it */
    FILTER_NESTING_MAX = 100 /* parentheses within each other */
};

struct filter;

/* Where an expression is wrong, for a line of carets under it; all 0 where no word is to blame. */
struct filter_spot {
    size_t at;     /* bytes of the text before the word */
    size_t length; /* of the word; 0: the end of the text */
};

/* What an expression asks beyond protocol, addresses and ports: bits of filter_needs. */
enum filter_need {
    FILTER_NEEDS_COUNTERS = 1, /* packets, bytes, duration, rates, loss: known at a flow's end */
    FILTER_NEEDS_STATE = 2,    /* how the flow went: syn, est, reset, unreach, frag, rtp ... */
    FILTER_NEEDS_HEADERS = 4,  /* MAC, VLAN, MPLS, TTL, TOS, encapsulation */
    FILTER_NEEDS_SENSOR = 8    /* who wrote the record: srcid, seq, trans, man */
};

/* text: the words, joined by blanks; empty, or blanks alone: everything matches. NULL and *err on
 * failure: the text says which word, in which column, and what would be right; *spot (may be NULL)
 * is filled. */
struct filter *filter_compile(const char *text, struct filter_spot *spot,
                              struct error *err) MUST_CHECK;
void filter_free(struct filter *f); /* NULL is fine */

bool filter_matches(const struct filter *f, const struct flow_record *record);

/* Bits of enum filter_need; 0: protocol, addresses and ports suffice, so a packet can be judged as
 * well as a flow. *word (may be NULL): the first word that needs more, as it was written, owned by
 * the filter; NULL where none does. */
unsigned filter_needs(const struct filter *f, const char **word);

#endif
