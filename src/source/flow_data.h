/* The first bytes of one side of a flow, put in order.
 *
 * A sensor writes payload as it arrives, so what was sent again stands there twice and what came
 * late stands late. Here a stream's bytes go to their places; where the capture missed some, what
 * stands behind the hole moves up to it when the flow is given, and that the bytes are not all is
 * seen by their number. Datagrams stand one behind the other, in order of arrival. */
#ifndef WORMSIGN_SOURCE_FLOW_DATA_H
#define WORMSIGN_SOURCE_FLOW_DATA_H

#include <stdint.h>
#include "base/reader.h"

enum { FLOW_DATA_BYTES = 512 /* of each side */ };

struct flow_data {
    uint16_t end;                         /* the place behind the last byte that is known */
    uint64_t known[FLOW_DATA_BYTES / 64]; /* a bit a byte */
    uint8_t bytes[FLOW_DATA_BYTES];
};

/* Puts these bytes at their place, as far as it is within the limit; what came first stays. */
void flow_data_put(struct flow_data *d, uint32_t at, struct reader bytes);

/* Puts them behind the last ones. */
void flow_data_append(struct flow_data *d, struct reader bytes);

/* Closes the holes, and gives what is there; borrowed from d, which takes no more afterwards. */
struct reader flow_data_close(struct flow_data *d);

#endif
