/* Between the files that read an Argus flow record: each reads one of its parts. Readers are of the
 * part behind its four bytes of head and see no further than it. */
#ifndef WORMSIGN_SOURCE_ARGUS_INSIDE_H
#define WORMSIGN_SOURCE_ARGUS_INSIDE_H

#include "source/argus_record.h"

struct argus_part {
    uint8_t type, subtype, qualifier;
    struct reader body;
};

/* Bits of a part's type and subtype. */
enum { ARGUS_PART_IMMEDIATE = 0x80, ARGUS_PART_LONG = 0x80, ARGUS_PART_WORD = 4 };

/* Takes the next part off *r; false at the end and where a part cannot be: *damaged then. */
static inline bool argus_next_part(struct reader *r, struct argus_part *out, bool *damaged)
{
    if (r->left == 0)
        return false;
    uint32_t head = read_be32(r);
    out->type = (uint8_t)(head >> 24);
    out->subtype = (uint8_t)(head >> 16);
    out->qualifier = (uint8_t)(head >> 8);
    size_t words = (uint8_t)head;
    if ((out->subtype & ARGUS_PART_LONG) != 0)
        words |= (size_t)out->qualifier << 8;
    if ((out->type & ARGUS_PART_IMMEDIATE) != 0)
        words = 1;
    out->body = read_part(r, (words - 1) * ARGUS_PART_WORD); /* of none: more than there can be */
    *damaged = r->failed;
    return !r->failed;
}

/* The flow key (source/argus_key.c). The ends are as they should be: where the key is marked as
 * reversed they were swapped, and *reversed says so. */
void argus_key_read(const struct argus_part *part, struct argus_flow *out, bool *reversed);

/* Whether it is of TCP or UDP, with this port at either end. */
bool argus_key_has_port(const struct argus_part *part, uint16_t port);

/* First and last time (source/argus_time.c). */
void argus_time_read(const struct argus_part *part, struct argus_flow *out);

/* Makes the direction right (source/argus_direction.c). */
void argus_direction_mend(struct argus_flow *f, bool reversed);

/* Ports that Debian's table of services names (source/argus_services.c). */
bool argus_is_tcp_service(uint16_t port);
bool argus_is_udp_service(uint16_t port);

#endif
