/* Every PDU that is read here has come whole, and is of our call. */
#include "wire/dcerpc_call.h"

#include "base/writer.h"
#include "wire/dcerpc.h"

enum {
    VERSION = 5,
    FLAGS_WHOLE = 0x03, /* the first fragment and the last */
    HEAD_SIZE = 16,
    LENGTH_AT = 8,
    REQUEST_HEAD = 8
};

#define LITTLE_ENDIAN_ASCII UINT32_C(0x10)

static size_t begin(struct writer *w, enum dcerpc_type type, uint32_t call)
{
    size_t at = w->used;
    write_u8(w, VERSION);
    write_u8(w, 0);
    write_u8(w, (uint8_t)type);
    write_u8(w, FLAGS_WHOLE);
    write_le32(w, LITTLE_ENDIAN_ASCII);
    write_le16(w, 0); /* length */
    write_le16(w, 0); /* of auth */
    write_le32(w, call);
    return at;
}

static void finish(struct writer *w, size_t at)
{
    w->failed |= w->used - at > DCERPC_FRAGMENT_MAX;
    write_le16_at(w, at + LENGTH_AT, (uint16_t)(w->used - at));
}

void dcerpc_bind_build(struct writer *w, uint32_t call, const struct dcerpc_interface *to)
{
    /* 8a885d04-1ceb-11c9-9fe8-08002b104860, version 2: NDR, the way in which values are laid out */
    static const uint8_t ndr[] = {0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8,
                                  0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 0x02, 0x00, 0x00, 0x00};
    size_t at = begin(w, DCERPC_BIND, call);
    write_le16(w, DCERPC_FRAGMENT_MAX);
    write_le16(w, DCERPC_FRAGMENT_MAX);
    write_le32(w, 0); /* a group of its own */
    write_le32(w, 1); /* context */
    write_le16(w, 0); /* which is number 0 */
    write_le16(w, 1); /* syntax */
    write_bytes(w, to->uuid, sizeof to->uuid);
    write_le16(w, to->major);
    write_le16(w, to->minor);
    write_bytes(w, ndr, sizeof ndr);
    finish(w, at);
}

void dcerpc_request_build(struct writer *w, uint32_t call, uint16_t operation, struct reader stub)
{
    size_t size = stub.left;
    if (size > DCERPC_FRAGMENT_MAX - HEAD_SIZE - REQUEST_HEAD) {
        w->failed = true;
        return;
    }
    size_t at = begin(w, DCERPC_REQUEST, call);
    write_le32(w, (uint32_t)size);
    write_le16(w, 0); /* context */
    write_le16(w, operation);
    write_bytes(w, read_bytes(&stub, size), size);
    finish(w, at);
}

/* The next PDU of an answer: WHOLE when there is one. */
static enum dcerpc_came next(struct reader *pipe, uint32_t call, struct dcerpc_pdu *p)
{
    if (pipe->left < HEAD_SIZE)
        return DCERPC_CAME_PART;
    if (!dcerpc_next(pipe, p) || !p->little || p->call != call)
        return DCERPC_CAME_ODD;
    return p->whole ? DCERPC_CAME_WHOLE : DCERPC_CAME_PART;
}

/* The only result of a bind ack; false where there is none or another number. */
static bool read_result(struct reader body, struct dcerpc_refusal *out)
{
    size_t size = body.left;
    read_skip(&body, 2 + 2 + 4); /* how much at most, the group */
    read_skip(&body, read_le16(&body));
    size_t odd = (size - body.left) % 4; /* the head's size is a multiple of 4 */
    read_skip(&body, odd != 0 ? 4 - odd : 0);
    bool one = read_u8(&body) == 1;
    read_skip(&body, 3);
    uint16_t result = read_le16(&body), reason = read_le16(&body);
    if (!one || body.failed)
        return false;
    *out = (struct dcerpc_refusal){.result = result, .reason = reason};
    return true;
}

enum dcerpc_came dcerpc_bound_read(struct reader pipe, uint32_t call, struct dcerpc_refusal *why)
{
    struct dcerpc_pdu p;
    struct dcerpc_refusal result;
    if (pipe.left > DCERPC_ANSWER_MAX)
        return DCERPC_CAME_ODD;
    enum dcerpc_came came = next(&pipe, call, &p);
    if (came != DCERPC_CAME_WHOLE)
        return came;
    if (p.type == DCERPC_BIND_NAK) {
        uint16_t reason = read_le16(&p.body);
        *why = (struct dcerpc_refusal){.result = DCERPC_REFUSED_BY_NAK, .reason = reason};
        return DCERPC_CAME_REFUSED;
    }
    if (p.type != DCERPC_BIND_ACK || !p.is_first || !p.is_last || !read_result(p.body, &result))
        return DCERPC_CAME_ODD;
    if (result.result == 0)
        return DCERPC_CAME_WHOLE;
    *why = result;
    return DCERPC_CAME_REFUSED;
}

static enum dcerpc_came read_fault(struct reader body, uint32_t *fault)
{
    read_skip(&body, 4 + 2 + 2); /* size, context, how many were cancelled */
    uint32_t status = read_le32(&body);
    if (body.failed)
        return DCERPC_CAME_ODD;
    *fault = status;
    return DCERPC_CAME_FAULT;
}

/* Adds the stubs of fragments until the last. */
static enum dcerpc_came join(struct reader pipe, uint32_t call, struct writer *stub,
                             uint32_t *fault)
{
    for (bool first = true;; first = false) {
        struct dcerpc_pdu p;
        enum dcerpc_came came = next(&pipe, call, &p);
        if (came != DCERPC_CAME_WHOLE)
            return came;
        if (p.type == DCERPC_FAULT)
            return read_fault(p.body, fault);
        if (p.type != DCERPC_RESPONSE || p.is_first != first || p.body.left < REQUEST_HEAD)
            return DCERPC_CAME_ODD;
        size_t size = p.stub.left;
        write_bytes(stub, read_bytes(&p.stub, size), size);
        if (stub->failed)
            return DCERPC_CAME_ODD;
        if (p.is_last)
            return DCERPC_CAME_WHOLE;
    }
}

enum dcerpc_came dcerpc_answer_read(struct reader pipe, uint32_t call, struct writer *stub,
                                    uint32_t *fault)
{
    size_t used = stub->used;
    if (pipe.left > DCERPC_ANSWER_MAX)
        return DCERPC_CAME_ODD;
    enum dcerpc_came came = join(pipe, call, stub, fault);
    if (came != DCERPC_CAME_WHOLE)
        stub->used = used;
    return came;
}
