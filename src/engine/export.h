/* The packets behind the verdicts, written as captures by a second pass over the same inputs.
 *
 *   DIR/HOST/SIGN.pcap          --evidence DIR: what each sign of each reported home host rests on
 *   DIR/index.jsonl             one object a capture: whose, of what, how much, from which inputs
 *   DIR/around-HOST.pcap        --around HOST: all packets of a host, half an hour before and after
 *   ./around-HOST.pcap          its first sign (without --evidence)
 *
 * A sign that was seen on several days has one capture a day, SIGN-DATE.pcap; packets of a second
 * link type go to SIGN.linktype-N.pcap. In names, the colons of IPv6 are '_'. Files are made anew,
 * never through a link; what is bounded says so in the index and in the summary. */
#ifndef WORMSIGN_ENGINE_EXPORT_H
#define WORMSIGN_ENGINE_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/error.h"

struct hunt;
struct sentences;
struct verdict;

struct export_limits {
    size_t hosts;     /* reported hosts, the gravest first */
    size_t signs;     /* of all hosts together, days apart */
    uint64_t packets; /* of a sign, the first; as many again of what led to it */
    uint64_t bytes;   /* of all captures together */
};
#define EXPORT_LIMITS_DEFAULT                                                                      \
    ((struct export_limits){                                                                       \
        .hosts = 1000, .signs = 10000, .packets = 1000, .bytes = UINT64_C(1) << 30})

struct export_wishes {
    const char *folder; /* NULL: no evidence of signs, and around goes to the working folder */
    bool has_around;
    struct address around;
    struct export_limits limits;
};

struct export;

/* Makes the folder, which must be absent or empty. NULL and *err: ERROR_USAGE where that is not so
 * or a file is there already, else ERROR_SYSTEM. The wishes are copied; folder is borrowed. */
struct export *export_open(const struct export_wishes *wishes, struct error *err);
void export_close(struct export *x); /* NULL is fine */

/* Chooses what to write: verdicts in the order in which they are reported. */
bool export_want(struct export *x, const struct verdict *v); /* false: no memory */

/* Reads the inputs of the hunt again and writes. What was written is said in notes, what a limit
 * left out in limits. False when not all could be written: export_failure says why. */
bool export_run(struct export *x, struct hunt *h, struct sentences *limits,
                struct sentences *notes);

/* What went wrong first, or NULL. */
const struct error *export_failure(const struct export *x);

#endif
