/* A thread that reads and decodes ahead of who follows the flows: the two halves of the work cost
 * about the same.
 *
 * Batches travel on a belt. What they borrow stays where it is until they are given back: the input
 * reads into several windows in turn, and waits before it uses one again. */
#ifndef WORMSIGN_SOURCE_PACKET_AHEAD_H
#define WORMSIGN_SOURCE_PACKET_AHEAD_H

#include "source/packet_reader.h"

struct packet_ahead;

/* Starts to read; the reader is the thread's until packet_ahead_stop. NULL where no thread or
 * memory is to be had: then the caller goes on by itself. */
struct packet_ahead *packet_ahead_start(struct packet_reader *r);

/* Waits for the next batch, giving back the one before. The last batch of all is given again and
 * again: its end is neither CAPTURE_FRAME nor CAPTURE_SKIPPED. */
const struct packet_batch *packet_ahead_next(struct packet_ahead *a);

/* Ends the thread, even one that waits for a silent pipe. NULL is fine. */
void packet_ahead_stop(struct packet_ahead *a);

#endif
