/* The order of the bytes in numbers is the sender's, told by the first of the four bytes. */
#include "wire/dcerpc.h"

#include "base/writer.h"

enum {
    VERSION = 5,
    HEAD_SIZE = 16,
    FLAG_FIRST = 0x01,
    FLAG_LAST = 0x02,
    FLAG_OBJECT = 0x80,
    ORDER_LITTLE = 0x10,
    AUTH_HEAD = 8 /* in front of the auth value, beyond its length */
};

static uint16_t read_number(struct reader *r, bool little)
{
    return little ? read_le16(r) : read_be16(r);
}

/* The stub behind the head of a request or response, as far as it came; `declared`: how long the
 * PDU says all of this is, with `auth` bytes and their head at its end, which are no stub. */
static void read_call(struct reader body, bool has_object, size_t declared, size_t auth,
                      struct dcerpc_pdu *p)
{
    size_t came = body.left;
    read_skip(&body, 4 + 2); /* size, context */
    uint16_t operation = read_number(&body, p->little);
    if (p->type == DCERPC_REQUEST)
        p->operation = operation;
    if (p->type == DCERPC_REQUEST && has_object)
        read_skip(&body, 16);
    size_t stub = declared - (came - body.left);
    if (auth > 0 && auth + AUTH_HEAD <= stub)
        stub -= auth + AUTH_HEAD;
    p->stub = stub < body.left ? read_part(&body, stub) : body;
}

bool dcerpc_next(struct reader *pipe, struct dcerpc_pdu *out)
{
    struct reader r = *pipe;
    struct dcerpc_pdu p = {0};
    uint8_t major = read_u8(&r), minor = read_u8(&r);
    p.type = read_u8(&r);
    uint8_t flags = read_u8(&r);
    p.little = (read_u8(&r) & ORDER_LITTLE) != 0;
    read_skip(&r, 3);
    size_t size = read_number(&r, p.little), auth = read_number(&r, p.little);
    p.call = p.little ? read_le32(&r) : read_be32(&r);
    if (r.failed || major != VERSION || minor > 1 || size < HEAD_SIZE)
        return false;
    p.is_first = (flags & FLAG_FIRST) != 0;
    p.is_last = (flags & FLAG_LAST) != 0;
    p.whole = size - HEAD_SIZE <= r.left;
    p.body = read_part(&r, p.whole ? size - HEAD_SIZE : r.left);
    if (p.type == DCERPC_REQUEST || p.type == DCERPC_RESPONSE)
        read_call(p.body, (flags & FLAG_OBJECT) != 0, size - HEAD_SIZE, auth, &p);
    *pipe = r;
    *out = p;
    return true;
}

bool dcerpc_join_requests(struct reader pipe, struct writer *stubs)
{
    struct dcerpc_pdu p;
    bool any = false;
    while (dcerpc_next(&pipe, &p)) {
        if (p.type != DCERPC_REQUEST)
            continue;
        any = true;
        size_t room = stubs->size - stubs->used;
        size_t size = p.stub.left < room ? p.stub.left : room;
        write_bytes(stubs, read_bytes(&p.stub, size), size);
    }
    return any;
}
