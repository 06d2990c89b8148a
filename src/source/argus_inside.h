/* Between the files that read an Argus flow record: each reads one of its parts. Readers are of the
 * part behind its four bytes of head and see no further than it. */
#ifndef WORMSIGN_SOURCE_ARGUS_INSIDE_H
#define WORMSIGN_SOURCE_ARGUS_INSIDE_H

#include "source/argus_record.h"

struct argus_part {
    uint8_t type, subtype, qualifier;
    struct reader body;
};

/* The flow key (source/argus_key.c). The ends are as they should be: where the key is marked as
 * reversed they were swapped, and *reversed says so. */
void argus_key_read(const struct argus_part *part, struct argus_flow *out, bool *reversed);

/* First and last time (source/argus_time.c). */
void argus_time_read(const struct argus_part *part, struct argus_flow *out);

/* Makes the direction right (source/argus_direction.c). */
void argus_direction_mend(struct argus_flow *f, bool reversed);

/* Ports that Debian's table of services names (source/argus_services.c). */
bool argus_is_tcp_service(uint16_t port);
bool argus_is_udp_service(uint16_t port);

#endif
