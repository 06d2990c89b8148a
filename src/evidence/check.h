/* A check: the latest result of one thing that was asked of a host, with its time and its reason.
 *
 * Signs say what speaks against a host, checks what was asked of it at all: a host that is unknown
 * has nothing but checks. A reason is in the words of 2009, as nmap's p2p-conficker printed them
 * until version 7.9x, wherever there are such words: people and scripts know them. The detail is
 * ours, and says what those words hide.
 * Source: the table of verdicts per check in the spec of asking, section b. */
#ifndef WORMSIGN_EVIDENCE_CHECK_H
#define WORMSIGN_EVIDENCE_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "conficker/ports.h"

struct text;

/* The names are part of the JSON schema. */
enum check_result {
    CHECK_INFECTED,
    CHECK_ODD,        /* it sent data that does not hold */
    CHECK_REFUSED,    /* it said that nothing listens there */
    CHECK_UNANSWERED, /* it sent no data */
    CHECK_ERROR,      /* it was not asked, or we could not hear: says nothing about the host */
    CHECK_RESULTS
};

/* Whose week the port is of. */
enum check_week {
    CHECK_WEEK_ANY,
    CHECK_WEEK_THIS,
    CHECK_WEEK_LAST,
    CHECK_WEEK_NEXT,
    CHECK_WEEK_NONE /* the port is not predicted for the host: it was named by who asks */
};

/* What happened; each has a row in check.c. */
enum check_cause {
    CAUSE_VALID,
    CAUSE_ECHO,
    CAUSE_FLAGS,
    CAUSE_CHECKSUM,
    CAUSE_ONE_BYTE,
    CAUSE_CUT_KEY, /* the eight ways in which a body does not parse, in the order of the tests */
    CAUSE_CUT_FLAGS,
    CAUSE_CUT_IP,
    CAUSE_CUT_UNKNOWN1,
    CAUSE_CUT_DATA_HEADER,
    CAUSE_CUT_DATA,
    CAUSE_CUT_SYSINFO,
    CAUSE_CUT_CHECKSUM,
    CAUSE_CUT_STREAM, /* TCP: fewer bytes than the prefix says */
    CAUSE_PREFIX_SMALL,
    CAUSE_REFUSED,
    CAUSE_SILENT, /* nothing came, not even a connection */
    CAUSE_MUTE,   /* it listens, but sent no data before the deadline */
    CAUSE_CLOSED, /* TCP: the connection was closed before any data */
    CAUSE_RESET,  /* TCP: the connection was reset before any data */
    CAUSE_UNREACHABLE,
    CAUSE_SPOKE,         /* it answered another question than that of P2P: no result of a port */
    CAUSE_NO_DESCRIPTOR, /* from here on: local */
    CAUSE_NO_PORT,
    CAUSE_NO_ROUTE,
    CAUSE_NOT_PERMITTED,
    CAUSE_BROADCAST, /* no host's address */
    CAUSE_NO_MEMORY,
    CAUSE_SYSTEM,
    CAUSE_STOPPED,
    CHECK_CAUSES
};

struct check {
    enum transport transport;
    uint16_t port;
    enum check_week week;
    enum check_cause cause;
    uint32_t wanted, came; /* CAUSE_CUT_STREAM, CAUSE_PREFIX_SMALL: what the prefix says, and bytes
                              that came behind it */
    int64_t when_us;       /* of the result, UTC */
};

enum check_result check_result_of(const struct check *c);

/* "infected", "odd", "refused", "unanswered", "error". */
const char *check_result_text(enum check_result result);

/* "any", "this", "last", "next", "none". */
const char *check_week_text(enum check_week week);

/* "Received valid data", "Couldn't connect": 2009's words, else ours. */
const char *check_reason(const struct check *c);

/* What these words hide: "the connection was closed before a byte came"; empty where nothing. */
void check_detail(const struct check *c, struct text *out);

/* What was heard of a host in all. */
enum hearing {
    HEARING_UNASKED, /* nothing was asked of it */
    HEARING_LOCAL,   /* nothing could be asked or heard from here */
    HEARING_SILENT,
    HEARING_REFUSED, /* on every port */
    HEARING_SOME
};

/* By the causes of everything that was asked of it; CAUSE_SPOKE among them. */
enum hearing hearing_of(const enum check_cause *causes, size_t count);

/* How many checks have this result. */
size_t checks_count(const struct check *checks, size_t count, enum check_result result);

/* Why the host stays unknown, in one clause that says the same of all hosts it is said of. */
void checks_say_unknown(const struct check *checks, size_t count, struct text *out);

#endif
