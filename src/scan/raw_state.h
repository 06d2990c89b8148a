/* What became of every knock of a scan, two bits each, and how far the scan is: in memory, or in a
 * file that outlives the process. A host here is a unit of the order: where ports are named, one
 * group of the ports of a host.
 *
 * The file is mapped, so a process that is killed has lost nothing that it wrote; what a power
 * failure leaves is up to the disk. It holds the settings of its scan as well, with a digest, and
 * no other scan's are taken for it. One process at a time has it. */
#ifndef WORMSIGN_SCAN_RAW_STATE_H
#define WORMSIGN_SCAN_RAW_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/reader.h"
#include "scan/raw_plan.h"

/* Of one knock. */
enum knock_state {
    KNOCK_SILENT,  /* nothing came, or it was not asked yet */
    KNOCK_REFUSED, /* it said that nothing listens there */
    KNOCK_OPEN,    /* it takes connections, and has said nothing so far */
    KNOCK_ANSWERED /* something came that a full connection must look at */
};

/* How far a scan is. */
struct raw_progress {
    uint64_t pass;               /* 0..RAW_PASSES: the one that is under way */
    uint64_t place;              /* in the order: the first that was not asked in this pass */
    uint64_t sent;               /* packets that asked */
    uint64_t asked;              /* knocks of the first pass */
    uint64_t answered;           /* of all that were asked, those that anything came back on */
    uint64_t silent[RAW_PASSES]; /* of them, without any answer when each pass was over */
};

struct raw_state;

/* hosts: how many; bytes: of each, as raw_state_bytes says. NULL without memory. */
struct raw_state *raw_state_new(uint64_t hosts, unsigned bytes, struct error *err);

/* A new file; there must be none of this name. */
struct raw_state *raw_state_create(const char *path, struct reader settings, uint64_t hosts,
                                   unsigned bytes, struct error *err);

/* The file of an earlier scan. settings is borrowed from it. */
struct raw_state *raw_state_open(const char *path, struct reader *settings, struct error *err);

/* Leaves the file as it is. NULL is fine. */
void raw_state_free(struct raw_state *s);

uint64_t raw_state_hosts(const struct raw_state *s);
unsigned raw_state_knocks(const struct raw_state *s); /* that a host has room for */

enum knock_state raw_state_of(const struct raw_state *s, uint64_t host, unsigned knock);
void raw_state_set(struct raw_state *s, uint64_t host, unsigned knock, enum knock_state to);

/* Where in the order the weeks turned whose ports are asked: from this place of the first pass on
 * hosts are asked as at this time. False when it has turned too often to be remembered. */
enum { RAW_WEEKS_MAX = 64 };
bool raw_state_turn(struct raw_state *s, uint64_t place, int64_t when_us);
unsigned raw_state_turns(const struct raw_state *s);

/* The time as at which the host of this place is asked; first_us before the first turn. */
int64_t raw_state_when(const struct raw_state *s, uint64_t place, int64_t first_us);

/* Whether one of the host's knocks is KNOCK_ANSWERED. */
bool raw_state_is_found(const struct raw_state *s, uint64_t host);

/* How many knocks of so many hosts are in each state; whoever has less knocks than there is room
 * for has the others silent. */
enum { KNOCK_STATES = 4 };
void raw_state_sum(const struct raw_state *s, uint64_t first, uint64_t hosts,
                   uint64_t sums[static KNOCK_STATES]);

struct raw_progress raw_state_progress(const struct raw_state *s);
void raw_state_note(struct raw_state *s, const struct raw_progress *progress);

/* The share of round trips that were lost, from what was heard in which pass: what the second pass
 * heard was lost once before, what the third heard twice. Of what was never heard nothing is known,
 * so silent hosts count for nothing. All three passes weigh, as the likeliest share; the quotient
 * of the last two alone is ten times as uncertain. NAN: not known. */
double raw_lost_share(const struct raw_progress *p);

#endif
