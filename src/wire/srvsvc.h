/* The Server service's NetPathCanonicalize (operation 31), as NDR lays it out; all aligned to 4:
 *
 *   request: server  a pointer to text: referent 4 | text; or the referent 0
 *            path    text
 *            room 4  for the answer
 *            prefix  text
 *            type 4 | flags 4
 *   text:    room 4 | 0 4 | characters 4 | UTF-16 with its zero | to a multiple of 4
 *   reply:   room 4 | path, as bytes | to a multiple of 4 | type 4 | code 4
 *
 * Only this operation is here: the one with two paths (operation 32) is how vulnerable hosts crash.
 * Source: MS-SRVS 3.1.4.30, C706 chapter 14; the real messages in samples/smb. */
#ifndef WORMSIGN_WIRE_SRVSVC_H
#define WORMSIGN_WIRE_SRVSVC_H

#include <stdbool.h>
#include <stdint.h>
#include "base/reader.h"
#include "wire/dcerpc_call.h"

struct writer;

enum {
    SRVSVC_CANONICALIZE = 31,
    SRVSVC_TEXT_SIZE = 256 /* with its zero; of a longer one this much is kept */
};

extern const struct dcerpc_interface srvsvc_interface;

struct canonicalize_request {
    char server[SRVSVC_TEXT_SIZE], path[SRVSVC_TEXT_SIZE], prefix[SRVSVC_TEXT_SIZE];
    uint32_t referent; /* not 0: the server is given */
    uint32_t room;
    uint32_t type, flags;
};

struct canonicalize_reply {
    uint32_t room; /* 1 to 4: those we ask for */
    uint32_t path; /* its four bytes, padding too: only 2 were asked for */
    uint32_t type, code;
};

void canonicalize_request_build(struct writer *w, const struct canonicalize_request *q);
bool canonicalize_request_read(struct reader stub, struct canonicalize_request *out);
void canonicalize_reply_build(struct writer *w, const struct canonicalize_reply *a);

/* False for a stub that is no reply to a request with room for 1 to 4 bytes. */
bool canonicalize_reply_read(struct reader stub, struct canonicalize_reply *out);

#endif
