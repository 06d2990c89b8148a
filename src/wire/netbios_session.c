/* A frame's length is three bytes, of which the first was spare and one bit in the days of
 * RFC 1002. */
#include "wire/netbios_session.h"

#include "base/writer.h"
#include "wire/netbios.h"

enum { LENGTH_MAX = 0xffff }; /* of what we send */

bool netbios_frame_next(struct reader *stream, struct netbios_frame *out)
{
    if (stream->left < NETBIOS_FRAME_HEAD)
        return false;
    struct netbios_frame f = {.type = read_u8(stream)};
    f.size = (size_t)read_u8(stream) << 16;
    f.size |= read_be16(stream);
    f.whole = f.size <= stream->left;
    f.message = read_part(stream, f.whole ? f.size : stream->left);
    *out = f;
    return true;
}

uint8_t netbios_refusal_of(const struct netbios_frame *frame)
{
    struct reader r = frame->message;
    uint8_t reason = read_u8(&r);
    return r.failed ? NETBIOS_REFUSED_UNTOLD : reason;
}

size_t netbios_frame_begin(struct writer *w, uint8_t type)
{
    size_t at = w->used;
    write_u8(w, type);
    write_zeros(w, 3);
    return at;
}

void netbios_frame_end(struct writer *w, size_t at)
{
    size_t size = w->used - at - NETBIOS_FRAME_HEAD;
    w->failed |= w->used - at < NETBIOS_FRAME_HEAD || size > LENGTH_MAX;
    write_be16_at(w, at + 2, (uint16_t)size);
}

void netbios_session_build(struct writer *w, const struct netbios_name *called,
                           const struct netbios_name *calling)
{
    size_t at = netbios_frame_begin(w, NETBIOS_FRAME_REQUEST);
    netbios_name_write(w, called);
    netbios_name_write(w, calling);
    netbios_frame_end(w, at);
}
