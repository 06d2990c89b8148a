/* What people call things in a flow record: its protocol, its state, its flags, its direction, in
 * the words of Argus's `ra`. Names of protocols are ours (wire/assigned_names.h). Source: spec of
 * Argus, 13; ra's manual page. */
#ifndef WORMSIGN_REPORT_FLOW_NAMES_H
#define WORMSIGN_REPORT_FLOW_NAMES_H

#include <stdbool.h>
#include "observe/flow_record.h"

enum { FLOW_NAME_SIZE = 8, FLOW_FLAGS_SIZE = 11 };

/* What stands for an ICMP type or code that the merged records do not share. */
enum { FLOW_ICMP_MIXED = 255 };

/* "tcp", "ipv6-icmp", "arp"; a number where there is no name, in buffer. */
const char *flow_protocol_name(const struct flow_record *r, char buffer[static FLOW_NAME_SIZE]);

/* "FIN", "CON", "URP". */
const char *flow_state_name(const struct flow_record *r);

/* "  ->", "<->", " who". */
const char *flow_direction(const struct flow_record *r);

/* Nine columns, each with its letter or a blank: how it was carried, what ICMP said of it, loss,
 * windows, congestion, fragments. In buffer; returns buffer. */
const char *flow_flags(const struct flow_record *r, char buffer[static FLOW_FLAGS_SIZE]);

const char *flow_cause_name(const struct flow_record *r);

#endif
