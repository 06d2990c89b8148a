/* The frames that carry SMB over TCP: those of the NetBIOS session service (port 139), and the same
 * without a session on port 445.
 *
 *   type 1 | length 3 | message
 *   0x81 a session is asked for:  called name 34 | calling name 34
 *   0x82 granted    0x83 refused: reason 1    0x84 ask elsewhere    0x85 keep alive    0 a message
 *
 * Source: RFC 1002, section 4.3; MS-SMB 2.1 (a length of 24 bits, as port 445 has it). */
#ifndef WORMSIGN_WIRE_NETBIOS_SESSION_H
#define WORMSIGN_WIRE_NETBIOS_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"

struct netbios_name;
struct writer;

enum { NETBIOS_SESSION_PORT = 139, NETBIOS_FRAME_HEAD = 4 };

enum netbios_frame_type {
    NETBIOS_FRAME_MESSAGE = 0x00,
    NETBIOS_FRAME_REQUEST = 0x81,
    NETBIOS_FRAME_GRANTED = 0x82,
    NETBIOS_FRAME_REFUSED = 0x83,
    NETBIOS_FRAME_RETARGET = 0x84,
    NETBIOS_FRAME_KEEP_ALIVE = 0x85
};

/* Why a session was refused. */
enum netbios_refusal {
    NETBIOS_REFUSED_NOT_LISTENING = 0x80,
    NETBIOS_REFUSED_CALLING = 0x81,
    NETBIOS_REFUSED_NOT_PRESENT = 0x82, /* the called name is another's */
    NETBIOS_REFUSED_SHORT = 0x83,       /* of room for one more session */
    NETBIOS_REFUSED_UNTOLD = 0x8f
};

struct netbios_frame {
    uint8_t type;          /* any byte: what is no frame of this service shows itself here */
    bool whole;            /* all of it has come */
    size_t size;           /* of the message, as the head says */
    struct reader message; /* as far as it came */
};

/* Takes the next frame off a stream; false, the stream untouched, when its head has not come. */
bool netbios_frame_next(struct reader *stream, struct netbios_frame *out);

/* The reason of a refusal; NETBIOS_REFUSED_UNTOLD when there is none. */
uint8_t netbios_refusal_of(const struct netbios_frame *frame);

/* Writes the frame that asks for a session. */
void netbios_session_build(struct writer *w, const struct netbios_name *called,
                           const struct netbios_name *calling);

/* Writes the head of a frame; returns where, for netbios_frame_end when the message is written. */
size_t netbios_frame_begin(struct writer *w, uint8_t type);
void netbios_frame_end(struct writer *w, size_t at);

#endif
