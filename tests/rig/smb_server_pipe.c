/* DCERPC in a pipe: the bind to the server service, and NetPathCanonicalize, which is what the
 * check asks. One PDU a write; answers wait in the pipe until they are read.
 *
 *   05 00 | type | flags | order of bytes 4 | length 2 | length of auth 2 | call 4
 *
 * Source: DCE 1.1 RPC (C706), chapter 12; MS-SRVS 3.1.4.30. */
#include "smb_server.h"

#include <string.h>
#include <strings.h>

#include "base/compiler.h"

enum {
    PDU_REQUEST = 0,
    PDU_RESPONSE = 2,
    PDU_FAULT = 3,
    PDU_BIND = 11,
    PDU_BIND_ACK = 12,
    PDU_BIND_NAK = 13,
    PDU_FIRST = 1,
    PDU_LAST = 2,
    PDU_WHOLE = 3,
    CANONICALIZE = 0x1f,
    CONTEXTS_MAX = 4,
    STUB_SIZE = 16,
    FRAGMENT_SIZE = 6, /* of a stub, in RPC_FRAGMENTS */
    PATH_ROOM = 40,
    BUFFER_TOO_SMALL = 0x84b,
    INVALID_NAME = 0x7b
};
#define FAULT_UNKNOWN_OPERATION UINT32_C(0x1c010002)
#define FAULT_UNKNOWN_INTERFACE UINT32_C(0x1c010003)
#define FAULT_DENIED UINT32_C(5)
#define FAULT_NDR UINT32_C(0x000006f7)

static const uint8_t srvsvc[20] = {0xc8, 0x4f, 0x32, 0x4b, 0x70, 0x16, 0xd3, 0x01, 0x12, 0x78,
                                   0x5a, 0x47, 0xbf, 0x6e, 0xe1, 0x88, 3,    0,    0,    0};
static const uint8_t ndr[20] = {0x04, 0x5d, 0x88, 0x8a, 0xeb, 0x1c, 0xc9, 0x11, 0x9f, 0xe8,
                                0x08, 0x00, 0x2b, 0x10, 0x48, 0x60, 2,    0,    0,    0};

struct pdu {
    uint8_t type, flags;
    uint32_t call;
    struct reader body;
};

static bool pdu_parse(struct reader r, struct pdu *out)
{
    size_t size = r.left;
    uint16_t version = read_le16(&r);
    struct pdu pdu = {.type = read_u8(&r), .flags = read_u8(&r)};
    read_skip(&r, 4);
    uint16_t length = read_le16(&r);
    read_skip(&r, 2);
    pdu.call = read_le32(&r);
    pdu.body = r;
    *out = pdu;
    return !r.failed && version == 5 && length == size;
}

/* A string of NDR: maximum, offset, count, characters of UTF-16, to a border of 4. */
static void string_take(struct reader *r, char *text, size_t size)
{
    read_skip(r, 8);
    uint32_t count = read_le32(r);
    if (count > 1024)
        r->failed = true;
    struct reader letters = read_part(r, r->failed ? 0 : 2 * (size_t)count);
    if (count % 2 != 0)
        read_skip(r, 2);
    string_read(&letters, true, text, size);
}

struct call {
    uint16_t context, operation;
    char path[PATH_ROOM];
};

static bool call_parse(struct reader r, struct call *out)
{
    char unc[PATH_ROOM];
    read_skip(&r, 4);
    out->context = read_le16(&r);
    out->operation = read_le16(&r);
    out->path[0] = '\0';
    if (out->operation != CANONICALIZE)
        return !r.failed;
    if (read_le32(&r) != 0)
        string_take(&r, unc, sizeof unc);
    string_take(&r, out->path, sizeof out->path);
    read_skip(&r, 4);
    string_take(&r, unc, sizeof unc);
    read_skip(&r, 8);
    return !r.failed;
}

enum step pipe_step(struct reader bytes)
{
    struct pdu pdu;
    struct call call;
    if (!pdu_parse(bytes, &pdu))
        return STEP_NONE;
    if (pdu.type == PDU_BIND)
        return STEP_WRITE;
    if (pdu.type != PDU_REQUEST || !call_parse(pdu.body, &call))
        return STEP_NONE;
    if (strcmp(call.path, "\\") == 0)
        return STEP_CALL1;
    return strcmp(call.path, "\\..\\") == 0 ? STEP_CALL2 : STEP_NONE;
}

bool pipe_opens(const struct variant *v, const char *name)
{
    static const char *const names[] = {"browser", "srvsvc", "wkssvc"};
    switch (v->pipes) {
    case PIPES_NONE:
        return false;
    case PIPE_ONLY_SRVSVC:
        return strcasecmp(name, "srvsvc") == 0;
    case PIPE_ONLY_WKSSVC:
        return strcasecmp(name, "wkssvc") == 0;
    case PIPES_USUAL:
        break;
    }
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

/* Puts one PDU behind what waits to be read. */
static void answer_add(struct pipe *p, uint8_t type, uint8_t flags, uint32_t call,
                       struct reader body)
{
    struct writer w = writer_over(p->out, sizeof p->out);
    w.used = p->out_size;
    write_le16(&w, 5);
    write_u8(&w, type);
    write_u8(&w, flags);
    write_le32(&w, 0x10);
    write_le16(&w, (uint16_t)(16 + body.left));
    write_le16(&w, 0);
    write_le32(&w, call);
    write_bytes(&w, body.next, body.left);
    if (!w.failed)
        p->out_size = w.used;
}

static void response_add(struct connection *c, uint8_t flags, uint32_t call, struct reader stub)
{
    uint8_t body[8 + STUB_SIZE];
    struct writer w = writer_over(body, sizeof body);
    write_le32(&w, (uint32_t)stub.left);
    write_le16(&w, c->pipe.context);
    write_le16(&w, 0);
    write_bytes(&w, stub.next, stub.left);
    answer_add(&c->pipe, PDU_RESPONSE, flags, call, reader_over(body, w.used));
}

static void fault_add(struct connection *c, uint32_t call, uint32_t status)
{
    uint8_t body[16];
    struct writer w = writer_over(body, sizeof body);
    write_le32(&w, 0);
    write_le16(&w, c->pipe.context);
    write_le16(&w, 0);
    write_le32(&w, status);
    write_le32(&w, 0);
    answer_add(&c->pipe, PDU_FAULT, PDU_WHOLE, call, reader_over(body, w.used));
}

/* The results of the offered contexts, each accepted where it is the server service in NDR. */
static void results_write(struct connection *c, struct reader *r, struct writer *w)
{
    unsigned count = read_u8(r);
    read_skip(r, 3);
    count = count < CONTEXTS_MAX ? count : CONTEXTS_MAX;
    write_u8(w, (uint8_t)count);
    write_zeros(w, 3);
    for (unsigned i = 0; i < count; i++) {
        uint16_t context = read_le16(r);
        unsigned transfers = read_u8(r);
        read_skip(r, 1);
        const uint8_t *interface = read_bytes(r, sizeof srvsvc);
        bool is_ours = interface != NULL && memcmp(interface, srvsvc, sizeof srvsvc) == 0;
        bool is_ndr = false;
        for (unsigned t = 0; t < transfers && !r->failed; t++) {
            const uint8_t *transfer = read_bytes(r, sizeof ndr);
            is_ndr = is_ndr || (transfer != NULL && memcmp(transfer, ndr, sizeof ndr) == 0);
        }
        bool is_good = is_ours && is_ndr && c->variant->rpc != RPC_BIND_REFUSED;
        if (is_good) {
            c->pipe.is_bound = true;
            c->pipe.context = context;
        }
        write_le16(w, is_good ? 0 : 2);
        write_le16(w, is_good ? 0 : is_ours && !is_ndr ? 2 : 1);
        if (is_good)
            write_bytes(w, ndr, sizeof ndr);
        else
            write_zeros(w, sizeof ndr);
    }
}

static void bind_answer(struct connection *c, const struct pdu *pdu)
{
    static const char endpoint[] = "\\PIPE\\browser";
    uint8_t body[256];
    struct writer w = writer_over(body, sizeof body);
    struct reader r = pdu->body;
    log_step(c, "bind");
    if (c->variant->rpc == RPC_BIND_NAK) {
        write_le16(&w, 0);
        write_zeros(&w, 4);
        answer_add(&c->pipe, PDU_BIND_NAK, PDU_WHOLE, pdu->call, reader_over(body, w.used));
        return;
    }
    read_skip(&r, 8);
    write_le16(&w, 0x800);
    write_le16(&w, 0x800);
    write_le32(&w, 0x1234);
    write_le16(&w, sizeof endpoint);
    write_bytes(&w, endpoint, sizeof endpoint);
    write_zeros(&w, (4 - w.used % 4) % 4);
    results_write(c, &r, &w);
    answer_add(&c->pipe, PDU_BIND_ACK, PDU_WHOLE, pdu->call,
               reader_over(body, w.failed || r.failed ? 0 : w.used));
}

static void stub_write(const struct variant *v, enum step step, struct writer *w)
{
    const struct canon *odd = step == STEP_CALL1 ? &v->call1 : &v->call2;
    uint32_t usual = step == STEP_CALL1 ? BUFFER_TOO_SMALL : INVALID_NAME;
    write_le32(w, 2);
    write_le32(w, odd->is_odd ? odd->path : 0);
    write_le32(w, 1);
    write_le32(w, odd->is_odd ? odd->code : usual);
}

static void canonicalize(struct connection *c, const struct pdu *pdu, enum step step)
{
    static const uint8_t junk[STUB_SIZE] = {0xa5, 0x5a, 0xff};
    uint8_t stub[STUB_SIZE];
    struct writer w = writer_over(stub, sizeof stub);
    struct reader rest = reader_over(stub, sizeof stub);
    stub_write(c->variant, step, &w);
    switch (c->variant->rpc) {
    case RPC_FAULT:
        fault_add(c, pdu->call, FAULT_NDR);
        return;
    case RPC_DENIED:
        fault_add(c, pdu->call, FAULT_DENIED);
        return;
    case RPC_SHORT:
        response_add(c, PDU_WHOLE, pdu->call, read_part(&rest, 8));
        return;
    case RPC_OTHER_CALL:
        response_add(c, PDU_WHOLE, pdu->call + 1, rest);
        return;
    case RPC_GARBAGE:
        response_add(c, 0xff, ~pdu->call, reader_over(junk, sizeof junk));
        return;
    case RPC_FRAGMENTS:
        for (uint8_t first = PDU_FIRST; rest.left != 0; first = 0) {
            size_t size = rest.left < FRAGMENT_SIZE ? rest.left : FRAGMENT_SIZE;
            struct reader piece = read_part(&rest, size);
            response_add(c, (uint8_t)(first | (rest.left == 0 ? PDU_LAST : 0)), pdu->call, piece);
        }
        return;
    case RPC_ENDLESS:
        response_add(c, PDU_FIRST, pdu->call, read_part(&rest, 1));
        c->pipe.is_endless = true;
        c->pipe.call = pdu->call;
        return;
    case RPC_PLAIN:
    case RPC_BIND_REFUSED:
    case RPC_BIND_NAK:
    case RPC_PARTS:
        break;
    }
    response_add(c, PDU_WHOLE, pdu->call, rest);
}

void pipe_write(struct connection *c, struct reader bytes)
{
    struct pdu pdu;
    struct call call;
    if (!pdu_parse(bytes, &pdu)) {
        log_step(c, "no whole PDU");
        return;
    }
    if (pdu.type == PDU_BIND) {
        bind_answer(c, &pdu);
        return;
    }
    if (pdu.type != PDU_REQUEST || pdu.flags != PDU_WHOLE || !call_parse(pdu.body, &call)) {
        log_step(c, "PDU type %u flags %u", pdu.type, pdu.flags);
        return;
    }
    char words[32];
    (void)snprintf(words, sizeof words, "call 0x%02x ", call.operation);
    log_foreign(c, words, call.path);
    if (!c->pipe.is_bound || call.context != c->pipe.context)
        fault_add(c, pdu.call, FAULT_UNKNOWN_INTERFACE);
    else if (call.operation != CANONICALIZE)
        fault_add(c, pdu.call, FAULT_UNKNOWN_OPERATION);
    else
        canonicalize(c, &pdu, pipe_step(bytes));
}

struct reader pipe_read(struct connection *c, size_t room, bool *more)
{
    struct pipe *p = &c->pipe;
    if (p->out_read == p->out_size) {
        p->out_read = p->out_size = p->pdu_left = 0;
        if (p->is_endless)
            response_add(c, 0, p->call, reader_over("?", 1));
    }
    struct reader waiting = reader_over(p->out + p->out_read, p->out_size - p->out_read);
    if (p->pdu_left == 0 && waiting.left != 0) {
        struct reader head = waiting;
        read_skip(&head, 8);
        p->pdu_left = read_le16(&head);
    }
    struct reader data = read_part(&waiting, p->pdu_left < room ? p->pdu_left : room);
    p->pdu_left -= data.left;
    p->out_read += data.left;
    p->was_read = p->was_read || data.left != 0;
    *more = p->pdu_left != 0;
    return data;
}
