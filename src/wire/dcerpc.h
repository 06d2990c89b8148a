/* DCERPC, as it stands in what is written to a named pipe and read from it.
 *
 *   05 | minor | type | flags | order of bytes (4) | length (2) | length of auth (2) | call (4)
 *   request:  size (4) | context (2) | operation (2) | object (16) if a flag says so | stub | auth
 *   response: size (4) | context (2) | cancelled (1) | 0 | stub | auth
 *
 * A call may come in several fragments, and each of them in several writes. The dialogue of a
 * client is in dcerpc_call.h.
 * Source: DCE 1.1 RPC (C706), chapter 12; MS-RPCE 2.2.2. */
#ifndef WORMSIGN_WIRE_DCERPC_H
#define WORMSIGN_WIRE_DCERPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"

struct writer;

enum dcerpc_type {
    DCERPC_REQUEST = 0,
    DCERPC_RESPONSE = 2,
    DCERPC_FAULT = 3,
    DCERPC_BIND = 11,
    DCERPC_BIND_ACK = 12,
    DCERPC_BIND_NAK = 13
};

struct dcerpc_pdu {
    uint8_t type;
    bool is_first, is_last; /* fragment of its call */
    bool whole;             /* all of it has come */
    bool little;            /* order of bytes in its numbers */
    uint32_t call;
    uint16_t operation; /* of a request */
    struct reader stub; /* of a request or response, as far as it came */
    struct reader body; /* behind the head, as far as it came */
};

/* The next PDU in what was written to a pipe; false where there is none. */
bool dcerpc_next(struct reader *pipe, struct dcerpc_pdu *out);

/* Writes the stubs of all requests in a row, as far as they fit; true when there was a request. */
bool dcerpc_join_requests(struct reader pipe, struct writer *stubs);

#endif
