/* From Argus's records to flow records: all that the filter, `flows` and `dns` ask of a record.
 *
 * A hunt needs less of most records, so argus_flow_read (source/argus_record.h) leaves out what
 * only people ask for: IP attributes, tags, MACs, retransmissions, what ICMP said of the flow.
 * These are read here, in a second walk over the same parts. */
#ifndef WORMSIGN_SOURCE_ARGUS_FLOW_RECORD_H
#define WORMSIGN_SOURCE_ARGUS_FLOW_RECORD_H

#include "observe/flow_record.h"
#include "source/argus_record.h"

/* f is what argus_flow_read made of r, whatever it returned. *out borrows what r borrows. */
void argus_flow_record_of(const struct argus_record *r, const struct argus_flow *f,
                          struct flow_record *out);

/* Of a management record: when the sensor was started, and when it wrote this. */
void argus_flow_record_of_mar(const struct argus_record *r, struct flow_record *out);

#endif
