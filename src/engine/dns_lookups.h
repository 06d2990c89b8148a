/* From DNS messages to look-ups: a question and its answer are one.
 *
 * A question is known by its two ends, its number, its name and type; asked again within
 * LOOKUP_ANSWER_S it is the same look-up. An answer whose question is not held is a look-up all the
 * same, and says so. Look-ups are held to come out in the order of their questions' times: for
 * LOOKUP_ANSWER_S, and as many as LOOKUPS_HELD. Where they are full the earliest goes out as it
 * stands; what comes later with an earlier time is out of order, and counted.
 *
 * Each is held against the worm's lists of its UTC day and the day before and after. */
#ifndef WORMSIGN_ENGINE_DNS_LOOKUPS_H
#define WORMSIGN_ENGINE_DNS_LOOKUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "conficker/domains.h"
#include "observe/observation.h"
#include "wire/dns.h"

enum {
    LOOKUPS_HELD = 1 << 16, /* at most 46 MB */
    LOOKUP_ANSWER_S = 120,  /* that a question waits for its answer, and records of flows for their
                              turn */
    LOOKUP_DAYS_GRACE = 1   /* the day before and after: the worm's clock and ours */
};

/* The name stands in a list of the worm's. */
struct lookup_mark {
    enum name_list list;
    int offset;        /* of the list's day from the day of the question, in days */
    unsigned position; /* in that day's list, from 0 */
};

struct lookup {
    int64_t when_us;   /* of the question; of the answer where that is all there is */
    int64_t answer_us; /* TIME_NONE: there is none */
    struct endpoint client, server;
    uint8_t protocol;
    uint16_t id, type;
    bool asked;     /* the question was seen */
    bool cut;       /* a message ended early, or had more than is kept */
    uint8_t rcode;  /* of the answer */
    uint32_t tries; /* questions seen */
    unsigned address_count, mark_count;
    size_t name_length;
    char name[DNS_NAME_MAX + 1]; /* foreign: escape */
    struct lookup_mark marks[NAME_LISTS];
    struct address addresses[DNS_ADDRESSES_MAX];
};

struct dns_lookups_counts {
    uint64_t lookups, unanswered, unasked, marked, cut;
    uint64_t out_of_order; /* given after a later one */
    uint64_t without_list; /* no memory for the list of a day, so it may be marked wrongly */
};

struct dns_lookups;

/* give is called for each, as it goes out. NULL: no memory. */
struct dns_lookups *dns_lookups_new(void (*give)(void *context, const struct lookup *lookup),
                                    void *context);
void dns_lookups_free(struct dns_lookups *l); /* NULL is fine; what is held is not given */

/* Takes an OBSERVED_DNS; others are passed over. */
void dns_lookups_take(struct dns_lookups *l, const struct observation *seen);

/* The input has ended: no answer of another belongs to a question of this one, so all go out. */
void dns_lookups_end(struct dns_lookups *l);

const struct dns_lookups_counts *dns_lookups_counts(const struct dns_lookups *l);

#endif
