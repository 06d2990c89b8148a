/* A DCERPC client on a named pipe: binds to an interface, calls its operations.
 *
 *   bind:     sent at most 2 | taken at most 2 | group 4 | contexts 1 | 0 3
 *             | context 2 | syntaxes 1 | 0 | interface 20 | NDR 20
 *   bind ack: sent 2 | taken 2 | group 4 | length 2 | address | to a multiple of 4
 *             | results 1 | 0 3 | (result 2 | reason 2 | syntax 20)...
 *   bind nak: reason 2 | ...
 *   fault:    size 4 | context 2 | cancelled 1 | 0 | status 4
 *
 * Answers are read from all that came out of the pipe since the question, so that a reader keeps
 * nothing: called again when more has come, it starts anew. Numbers are little-endian both ways, as
 * Windows has them.
 * Source: DCE 1.1 RPC (C706), chapter 12; MS-RPCE 2.2.2; the real messages in samples/smb. */
#ifndef WORMSIGN_WIRE_DCERPC_CALL_H
#define WORMSIGN_WIRE_DCERPC_CALL_H

#include <stdint.h>
#include "base/reader.h"

struct writer;

enum {
    DCERPC_FRAGMENT_MAX = 2048, /* of ours, and of those that we take: a bind says so */
    DCERPC_ANSWER_MAX = 65536   /* what is read of one answer, heads and all */
};

struct dcerpc_interface {
    uint8_t uuid[16]; /* as on the wire */
    uint16_t major, minor;
};

enum dcerpc_came {
    DCERPC_CAME_PART,    /* more is to come */
    DCERPC_CAME_WHOLE,   /* bound; or answered, and here is the stub */
    DCERPC_CAME_REFUSED, /* to bind; the reason is told */
    DCERPC_CAME_FAULT,   /* the call failed; its status is told */
    DCERPC_CAME_ODD      /* no answer to this, or one that is too long */
};

enum { DCERPC_REFUSED_BY_NAK = 0xffff };

/* Result and reason of a context; or DCERPC_REFUSED_BY_NAK and the reason of a bind nak. */
struct dcerpc_refusal {
    uint16_t result, reason;
};

void dcerpc_bind_build(struct writer *w, uint32_t call, const struct dcerpc_interface *to);

/* One fragment: a stub that is longer fails the writer. */
void dcerpc_request_build(struct writer *w, uint32_t call, uint16_t operation, struct reader stub);

/* What came in answer to a bind. *why is set when it was refused. */
enum dcerpc_came dcerpc_bound_read(struct reader pipe, uint32_t call, struct dcerpc_refusal *why);

/* What came in answer to a call. Writes the stub, put together from its fragments, when it came
 * whole; what has no room makes it odd. *fault is set by a fault. */
enum dcerpc_came dcerpc_answer_read(struct reader pipe, uint32_t call, struct writer *stub,
                                    uint32_t *fault);

#endif
