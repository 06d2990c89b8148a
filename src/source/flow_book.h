/* From the frames of a capture to flow records, as a sensor would write them.
 *
 * One record a flow, however long it lasts (a sensor told to write no status records: `argus -S` of
 * a day), given to sink->takes_record when the flow ends: silent for as long as its protocol is
 * given, closed by FIN or RST and silent for a while, begun anew on the same ports, or the end of
 * the input. So records come in the order in which flows end. Each has cause FLOW_START, as the
 * first record of a flow has in an archive.
 *
 * The book has a fixed number of places. Where a new flow finds none, the one silent for longest is
 * given early and counted: nothing of it is lost, but what comes after stands in a record of its
 * own. Time may go backwards; a flow's silence is then no shorter than it was.
 *
 * Source: the spec of Argus, 3, 6, 7. The times are longer than argus.conf's, which counts on a
 * flow's next record to go on where one ended. */
#ifndef WORMSIGN_SOURCE_FLOW_BOOK_H
#define WORMSIGN_SOURCE_FLOW_BOOK_H

#include "observe/frame_about.h"
#include "source/flow_data.h"

enum {
    FLOW_BOOK_MAX = 1 << 17,      /* flows at a time: at most 190 MB with all their data */
    FLOW_BOOK_FRAGMENTS = 1 << 10 /* datagrams of which later fragments find their flow */
};

/* Seconds of silence after which a flow has ended. */
enum {
    FLOW_TCP_S = 120,
    FLOW_TCP_CLOSED_S = 10,
    FLOW_IP_S = 60,  /* UDP and all other IP, and frames without IP */
    FLOW_ICMP_S = 5, /* and ARP, and fragments whose first is missing */
};

struct flow_book;

struct flow_book *flow_book_new(bool large); /* NULL: no memory */
void flow_book_free(struct flow_book *b);    /* NULL is fine; what it holds is not given */

void flow_book_take(struct flow_book *b, const struct frame_about *frame, struct sink *to);

/* The input has ended: gives all, the one silent for longest first. */
void flow_book_end(struct flow_book *b, struct sink *to);

uint64_t flow_book_flows(const struct flow_book *b);  /* begun */
uint64_t flow_book_let_go(const struct flow_book *b); /* given early, or lost to lack of memory */

#endif
