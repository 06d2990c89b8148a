/* What comes out of a named pipe in answer to a bind and a call, and what another client wrote into
 * it: stubs keep their room, and what parses says the same when it is built anew. The first four
 * bytes are the call. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/writer.h"
#include "wire/dcerpc.h"
#include "wire/dcerpc_call.h"
#include "wire/srvsvc.h"

enum { STUB_ROOM = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_reply(struct reader stub)
{
    uint8_t bytes[16];
    struct canonicalize_reply a;
    struct writer w = writer_over(bytes, sizeof bytes);
    if (!canonicalize_reply_read(stub, &a))
        return;
    canonicalize_reply_build(&w, &a);
    assert(!w.failed && memcmp(bytes, read_bytes(&stub, sizeof bytes), sizeof bytes) == 0);
}

static void check_request(struct reader stub)
{
    static uint8_t bytes[8 * SRVSVC_TEXT_SIZE];
    struct canonicalize_request q, again;
    struct writer w = writer_over(bytes, sizeof bytes);
    if (!canonicalize_request_read(stub, &q))
        return;
    canonicalize_request_build(&w, &q);
    assert(!w.failed && canonicalize_request_read(reader_over(bytes, w.used), &again));
    assert(strcmp(again.path, q.path) == 0 && strcmp(again.server, q.server) == 0);
    assert(again.room == q.room && again.flags == q.flags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader pipe = reader_over(data, size);
    uint32_t call = read_le32(&pipe), fault;
    struct dcerpc_refusal why;
    uint8_t room[STUB_ROOM];
    struct writer stub = writer_over(room, sizeof room);
    (void)dcerpc_bound_read(pipe, call, &why);
    enum dcerpc_came came = dcerpc_answer_read(pipe, call, &stub, &fault);
    assert(came == DCERPC_CAME_WHOLE || stub.used == 0);
    if (came == DCERPC_CAME_WHOLE)
        check_reply(reader_over(room, stub.used));
    struct dcerpc_pdu p;
    while (dcerpc_next(&pipe, &p)) {
        assert(p.stub.left <= p.body.left && p.body.left <= size);
        check_request(p.stub);
    }
    return 0;
}
