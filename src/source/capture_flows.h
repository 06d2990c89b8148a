/* The flow records of a capture: what the source of captures does where only these are wanted.
 *
 * Frames go to the flow book (source/flow_book.h) one by one. A frame without a time, or outside
 * the span that is asked for, is passed over, as for a hunt; mirrored frames count twice, as they
 * do for a sensor. */
#ifndef WORMSIGN_SOURCE_CAPTURE_FLOWS_H
#define WORMSIGN_SOURCE_CAPTURE_FLOWS_H

#include "source/capture_file.h"
#include "source/source.h"

struct capture_flows;

/* The file and the input are borrowed until close. NULL: no memory. */
struct capture_flows *capture_flows_open(struct capture_file *file, struct input *in,
                                         const struct source_settings *settings);
enum source_result capture_flows_next(struct capture_flows *c, struct sink *to, struct error *err);
void capture_flows_counts(const struct capture_flows *c, struct source_counts *out);
void capture_flows_close(struct capture_flows *c); /* NULL is fine */

#endif
