/* A text has its size twice, and both must agree with what came. */
#include "wire/srvsvc.h"

#include "base/unicode.h"
#include "base/writer.h"

enum { TEXT_CHARACTERS_MAX = 32768, PATH_BYTES = 4 };

/* 4b324fc8-1670-01d3-1278-5a47bf6ee188, version 3 */
const struct dcerpc_interface srvsvc_interface = {.uuid = {0xc8, 0x4f, 0x32, 0x4b, 0x70, 0x16, 0xd3,
                                                           0x01, 0x12, 0x78, 0x5a, 0x47, 0xbf, 0x6e,
                                                           0xe1, 0x88},
                                                  .major = 3};

static void write_text(struct writer *w, const char *text)
{
    uint8_t room[2 * SRVSVC_TEXT_SIZE];
    struct writer wide = writer_over(room, sizeof room);
    write_utf16(&wide, text);
    write_le16(&wide, 0);
    w->failed |= wide.failed;
    write_le32(w, (uint32_t)(wide.used / 2));
    write_le32(w, 0);
    write_le32(w, (uint32_t)(wide.used / 2));
    write_bytes(w, room, wide.used);
    write_zeros(w, wide.used % 4);
}

static void read_text(struct reader *r, char out[static SRVSVC_TEXT_SIZE])
{
    struct text text = text_over(out, SRVSVC_TEXT_SIZE);
    uint32_t room = read_le32(r), start = read_le32(r), characters = read_le32(r);
    if (start != 0 || characters > room || characters > TEXT_CHARACTERS_MAX) {
        r->failed = true;
        r->left = 0;
        return;
    }
    size_t size = 2 * (size_t)characters;
    text_add_utf16(&text, read_part(r, size));
    if (r->left > 0)
        read_skip(r, size % 4);
}

void canonicalize_request_build(struct writer *w, const struct canonicalize_request *q)
{
    write_le32(w, q->referent);
    if (q->referent != 0)
        write_text(w, q->server);
    write_text(w, q->path);
    write_le32(w, q->room);
    write_text(w, q->prefix);
    write_le32(w, q->type);
    write_le32(w, q->flags);
}

bool canonicalize_request_read(struct reader stub, struct canonicalize_request *out)
{
    struct canonicalize_request q = {.referent = read_le32(&stub)};
    if (q.referent != 0)
        read_text(&stub, q.server);
    read_text(&stub, q.path);
    q.room = read_le32(&stub);
    read_text(&stub, q.prefix);
    q.type = read_le32(&stub);
    q.flags = read_le32(&stub);
    if (stub.failed)
        return false;
    *out = q;
    return true;
}

void canonicalize_reply_build(struct writer *w, const struct canonicalize_reply *a)
{
    write_le32(w, a->room);
    write_le32(w, a->path);
    write_le32(w, a->type);
    write_le32(w, a->code);
}

bool canonicalize_reply_read(struct reader stub, struct canonicalize_reply *out)
{
    struct canonicalize_reply a = {.room = read_le32(&stub)};
    a.path = read_le32(&stub);
    a.type = read_le32(&stub);
    a.code = read_le32(&stub);
    if (stub.failed || a.room == 0 || a.room > PATH_BYTES)
        return false;
    *out = a;
    return true;
}
