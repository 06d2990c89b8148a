/* P2P messages in observations, for the detectors that look for them: which payloads are wanted,
 * which complete a message that counts, and what is wrong with an answer that does not. */
#ifndef WORMSIGN_DETECT_P2P_SEEN_H
#define WORMSIGN_DETECT_P2P_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/reader.h"
#include "conficker/message.h"
#include "observe/observation.h"

enum transport p2p_transport(const struct observation *seen);

/* True when this observation completes a message whose checksum holds, with sane flags. */
bool p2p_message_of(const struct observation *seen, struct message *out);

/* True when it begins as the payload that it answers: an echo. The worm draws a key of its own for
 * each message. */
bool p2p_is_echo(const struct observation *seen);

/* struct detector: wants_datagram and wants. */
bool p2p_wants_datagram(struct reader bytes);
size_t p2p_wants(const struct observation *head);

/* How the answer stands of which these bytes have come. */
enum p2p_standing {
    P2P_OPEN,   /* a stream that may still become a message; when no more comes it is odd */
    P2P_HOLDS,  /* a message that counts */
    P2P_ODD,    /* none, whatever else may come */
    P2P_UNTOLD, /* what would tell was not captured, or is more than is put together here */
};

enum { P2P_WRONG_SIZE = 56 };

struct p2p_judgement {
    enum p2p_standing standing;
    char wrong[P2P_WRONG_SIZE]; /* OPEN, ODD: in words; printable */
};

/* Judges `bytes`, the first ones of the payload of this observation. */
struct p2p_judgement p2p_judge_answer(const struct observation *seen, struct reader bytes);

#endif
