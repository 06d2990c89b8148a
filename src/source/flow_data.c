/* Byte by byte: of each side of a flow these are 512 at most. */
#include "source/flow_data.h"

static bool is_known(const struct flow_data *d, unsigned at)
{
    return (d->known[at / 64] >> at % 64 & 1) != 0;
}

void flow_data_put(struct flow_data *d, uint32_t at, struct reader bytes)
{
    if (at >= FLOW_DATA_BYTES)
        return;
    for (unsigned place = at; bytes.left > 0 && place < FLOW_DATA_BYTES; place++) {
        uint8_t byte = read_u8(&bytes);
        if (is_known(d, place))
            continue;
        d->bytes[place] = byte;
        d->known[place / 64] |= UINT64_C(1) << place % 64;
        if (place >= d->end)
            d->end = (uint16_t)(place + 1);
    }
}

void flow_data_append(struct flow_data *d, struct reader bytes)
{
    flow_data_put(d, d->end, bytes);
}

struct reader flow_data_close(struct flow_data *d)
{
    unsigned kept = 0;
    for (unsigned at = 0; at < d->end; at++)
        if (is_known(d, at))
            d->bytes[kept++] = d->bytes[at];
    d->end = (uint16_t)kept;
    return reader_over(d->bytes, kept);
}
