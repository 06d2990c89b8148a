/* What a dialogue is: questions on one connection after another, where the next depends on the last
 * answer; a state machine that knows nothing of sockets and clocks.
 *
 * It is told what happened, and says what it wishes next; an engine connects, sends, reads and
 * waits for it. Its state is zeroed memory of the size it names, given back when it is done. */
#ifndef WORMSIGN_SCAN_DIALOGUE_H
#define WORMSIGN_SCAN_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"
#include "base/writer.h"
#include "evidence/check.h"

struct answer;
struct netbios_check;
struct shot;
struct smb_accounts;

enum { DIALOGUE_REQUEST_SIZE = 1500 }; /* the longest request */

enum dialogue_event_kind {
    DIALOGUE_BEGINS, /* nothing is connected yet */
    DIALOGUE_CAME,   /* bytes came */
    DIALOGUE_ENDED,  /* the connection ended or never stood; there is none now */
    DIALOGUE_WAITED  /* a pause is over */
};

struct dialogue_event {
    enum dialogue_event_kind kind;
    int64_t when_us;                     /* UTC */
    const struct shot *shot;             /* whom it asks; the key is random */
    struct reader came;                  /* CAME: all that was not taken yet */
    enum check_cause cause;              /* ENDED: why; CAUSE_MUTE: it did not answer in time */
    bool stood;                          /* ENDED: the connection had stood */
    struct smb_accounts *accounts;       /* accounts to try; NULL: none are given */
    const char *name;                    /* by which the host was called; NULL: by its address */
    bool netbios_pending;                /* its NetBIOS names are being asked for */
    const struct netbios_check *netbios; /* what came of that; NULL: nothing, or not yet */
};

enum dialogue_wish {
    DIALOGUE_READ,    /* more bytes are needed */
    DIALOGUE_SEND,    /* what build writes; then bytes are awaited */
    DIALOGUE_CONNECT, /* to this port, giving up what was connected; then what build writes */
    DIALOGUE_PAUSE,   /* for so long; the connection stays */
    DIALOGUE_DONE
};

struct dialogue_step {
    enum dialogue_wish wish;
    uint16_t port;    /* CONNECT: TCP */
    int64_t pause_us; /* PAUSE */
    size_t taken;     /* of CAME: bytes that are dealt with */
};

struct dialogue {
    size_t state_size;
    /* Fills *out, which is zeroed. */
    void (*go_on)(void *state, const struct dialogue_event *event, struct dialogue_step *out);
    /* The request of this state, at most DIALOGUE_REQUEST_SIZE bytes; the same however often it is
     * asked for. */
    void (*build)(const void *state, struct writer *request);
    /* What all of it came to. Fills *out, which is zeroed. */
    void (*finish)(void *state, const struct shot *shot, struct answer *out);
};

#endif
