/* The SMB check as a capture shows it, whoever asks: which of the two harmless questions the client
 * put to the Server service, and what came back.
 *
 * A question is NetPathCanonicalize, exactly as the known tools ask it, in a call to an interface
 * that was bound on that pipe. An answer is a reply of its form. Either has the number of its call
 * and is the so-manieth of that number in its stream: so the two are matched, in whatever order
 * their packets were captured.
 *
 * An answer convicts, so nothing may stand for one that the asker chose himself. A stream is read
 * from its negotiation on, and only as far as its client stays with pipes of IPC$ and with requests
 * that are understood in full; a number of a call that served another request too tells nothing.
 * Source: spec of asking, section c, steps 1 to 6; conficker/canonicalize. */
#ifndef WORMSIGN_DETECT_SMB_ASKED_H
#define WORMSIGN_DETECT_SMB_ASKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"
#include "conficker/canonicalize.h"
#include "observe/observation.h"

enum { SMB_QUESTIONS_MAX = 4, SMB_REPLIES_MAX = 4 }; /* of a stream that are kept */

struct smb_question {
    uint32_t call;
    uint16_t nth; /* of the requests with this call's number */
    uint8_t path; /* place in canonicalize_paths */
};

struct smb_asked {
    unsigned count;
    struct smb_question all[SMB_QUESTIONS_MAX];
    bool is_over; /* what the client does now is not followed: later answers are not its own */
};

struct smb_reply {
    uint32_t call;
    uint16_t nth; /* of the replies with this call's number */
    struct canonicalize_answer answer;
};

struct smb_told {
    unsigned count;
    struct smb_reply all[SMB_REPLIES_MAX];
};

/* In the head of a client's stream. */
struct smb_asked smb_asked_in(struct reader stream);

/* In the head of a server's stream. */
struct smb_told smb_told_in(struct reader stream);

/* Whether a stream that has grown may tell more than when it had `before` bytes: cheap. */
bool smb_has_news(struct reader stream, size_t before, bool by_server);

/* True when a stream goes from or to a port of SMB, and who is the server there. */
bool smb_is_seen(const struct observation *seen, bool *by_server);

/* struct detector: wants, of all who look into SMB. */
size_t smb_wants(const struct observation *head);

#endif
