/* The part of text that tells of a scan: a block for each host that was asked, and the summary.
 *
 *   127.10.0.1
 *       Checking for Conficker.C or higher...
 *       Check 1 (port 49055/tcp): INFECTED (Received valid data)
 *       Check 2 (port 43657/tcp): CLEAN (Couldn't connect)
 *       1/2 checks: Host is likely INFECTED
 *     INFECTED, variant D (SRI: C) or E, by proof, 2026-11-22 05:10:11 UTC
 *       - p2p-answer: It answered ...
 *
 * The lines from "Checking" to "n/N checks" are those of 2009, and scripts look for them: they are
 * never broken. They call silence clean; the verdict below does not. Hosts come as they finish, so
 * there are no groups; those that are clean or stay unknown are gathered to the end, by reason. */
#ifndef WORMSIGN_REPORT_TEXT_SCAN_H
#define WORMSIGN_REPORT_TEXT_SCAN_H

#include "report/gathered.h"
#include "report/report.h"

struct page;

enum {
    SCAN_NAMED_MAX = 100,     /* infected addresses, and suspicious ones, named in the summary */
    SCAN_BLOCKS_IN_SIGHT = 3, /* with more of them the summary names them again */
    SCAN_NAMES_KEPT = 1 << 20 /* of each kind, to find the first in order among */
};

/* All zero: nothing has come. */
struct text_scan {
    struct gathered clean, unknown;
    struct address_list named[VERDICT_CLEAN]; /* the infected and the suspicious */
    uint64_t named_hosts[VERDICT_CLEAN];      /* all of them */
    uint64_t asked;                           /* on one port at least */
    uint64_t refused, silent, not_heard;      /* of the unknown, those that are so on every port */
};

/* Shows a host, or gathers it. */
void text_scan_host(struct text_scan *s, struct page *p, const struct report *r,
                    const struct verdict *v);

/* The hosts that were gathered; nothing where there is none. */
void text_scan_gathered(struct text_scan *s, struct page *p);

/* What the scan came to; t->scan must be there. */
void text_scan_result(struct text_scan *s, struct page *p, const struct totals *t);

void text_scan_free(struct text_scan *s);

#endif
