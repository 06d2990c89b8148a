/* HTTP at the head of a stream: found by its first bytes, whatever the port. */
#ifndef WORMSIGN_OBSERVE_HTTP_HEAD_H
#define WORMSIGN_OBSERVE_HTTP_HEAD_H

#include <stddef.h>
#include "observe/observation.h"

/* Given a stream that has grown, pours the head of its HTTP message once, when all of it that is
 * read has come, or nothing more will. Returns how many bytes of the stream are wanted for it; 0
 * when it is no HTTP. */
size_t http_head_pour(const struct observation *stream, struct sink *to);

#endif
