/* What each reply of a conversation means, and what is asked next. A status that is none of those
 * named here ends it, and is told. */
#include <string.h>

#include "base/time.h"
#include "base/writer.h"
#include "scan/smb_accounts.h"
#include "scan/smb_talk.h"
#include "wire/dcerpc_call.h"
#include "wire/smb2.h"
#include "wire/spnego.h"
#include "wire/srvsvc.h"

/* MS-ERREF 2.3.1 */
#define STATUS_NO_SUCH_NAME UINT32_C(0xc0000034)
#define STATUS_PIPE_NOT_AVAILABLE UINT32_C(0xc00000ac)
#define STATUS_PIPE_BUSY UINT32_C(0xc00000ad)
#define STATUS_BAD_NETWORK_NAME UINT32_C(0xc00000cc)
#define STATUS_TOO_MANY_SESSIONS UINT32_C(0xc00000ce)
#define STATUS_NOT_ACCEPTED UINT32_C(0xc00000d0)

#define FAULT_ACCESS_DENIED UINT32_C(5)
#define FAULT_NO_OPERATION UINT32_C(0x1c010002) /* nca_s_op_rng_error */

enum { SIGNING_DEMANDED = 8, SMB2_SIGNING_DEMANDED = 2, STUB_MAX = 512 };

void smb_copy(char *out, size_t size, const char *text)
{
    struct text into = text_over(out, size);
    text_add(&into, "%s", text);
}

static void ask_again_later(struct dialogue_step *out, int64_t pause_us)
{
    out->wish = DIALOGUE_PAUSE;
    out->pause_us = pause_us;
}

/* The clock and its offset, as the negotiation tells them. */
static void take_clock(struct smb_talk *t, uint64_t filetime)
{
    int64_t time_us = time_of_filetime(filetime);
    if (time_us == TIME_NONE)
        return;
    t->found.has_time = true;
    t->found.time_us = time_us;
    t->found.asked_us = t->now_us;
}

static void take_negotiated(struct smb_talk *t, const struct smb_request *reply,
                            const struct dialogue_event *event, struct dialogue_step *out)
{
    struct smb_negotiate_reply n;
    if (reply->header.status != SMB_STATUS_OK) {
        smb_conclude(t,
                     reply->header.status == STATUS_TOO_MANY_SESSIONS ? SMB_CAUSE_CROWDED
                                                                      : SMB_CAUSE_STATUS,
                     reply->header.status, out);
        return;
    }
    if (!smb_negotiate_reply_read(reply, &n)) {
        smb_conclude(t, SMB_CAUSE_GARBAGE, 0, out);
        return;
    }
    t->found.smb1_known = true;
    if (n.dialect != 0) { /* it may speak SMB2 alone, which tells at least who it is */
        smb_turn_to_smb2(t, SMB_CAUSE_NO_DIALECT, out);
        return;
    }
    t->found.smb1 = true;
    t->found.demands_signing = (n.security_mode & SIGNING_DEMANDED) != 0;
    t->extended = n.extended_security;
    t->session_key = n.session_key;
    memcpy(t->challenge, n.challenge, sizeof t->challenge);
    take_clock(t, n.filetime);
    t->found.has_offset = true;
    t->found.offset_minutes = -n.minutes_west;
    if (!n.extended_security) {
        smb_copy(t->found.workgroup, sizeof t->found.workgroup, n.domain);
        smb_copy(t->found.computer, sizeof t->found.computer, n.server);
    }
    t->spnego = n.extended_security && spnego_is_offered(n.blob);
    smb_log_in(t, event->accounts, out);
}

static bool is_refusal(uint32_t status)
{
    return status != SMB_STATUS_OK && status != STATUS_NOT_ACCEPTED &&
           status != STATUS_TOO_MANY_SESSIONS;
}

static void take_login(struct smb_talk *t, const struct smb_request *reply,
                       const struct dialogue_event *event, struct dialogue_step *out)
{
    struct smb_setup_reply setup;
    uint32_t status = reply->header.status;
    bool read = smb_setup_reply_read(reply, &setup);
    if (read && setup.os[0] != '\0') {
        smb_copy(t->found.os, sizeof t->found.os, setup.os);
        smb_copy(t->found.lanman, sizeof t->found.lanman, setup.lanman);
    }
    if (read && !t->extended && setup.domain[0] != '\0')
        smb_copy(t->found.workgroup, sizeof t->found.workgroup, setup.domain);
    if (status == SMB_STATUS_MORE_PROCESSING && t->step == SMB_STEP_LOGIN_OFFER) {
        t->user = reply->header.user;
        if (read && smb_take_challenge(t, setup.blob))
            smb_ask(t, SMB_STEP_LOGIN_PROOF, out);
        else
            smb_conclude(t, SMB_CAUSE_GARBAGE, 0, out);
    } else if (status == STATUS_NOT_ACCEPTED && t->busy++ < SMB_TALK_BUSY_MAX) {
        t->step = t->extended ? SMB_STEP_LOGIN_OFFER : SMB_STEP_LOGIN;
        t->user = 0;
        ask_again_later(out, SMB_TALK_BUSY_PAUSE_US);
    } else if (status == STATUS_NOT_ACCEPTED) {
        smb_conclude(t, SMB_CAUSE_SERVER_BUSY, status, out);
    } else if (status == STATUS_TOO_MANY_SESSIONS) {
        smb_conclude(t, SMB_CAUSE_CROWDED, status, out);
    } else if (is_refusal(status)) {
        smb_account_is_known(t, event->accounts, true);
        smb_next_account(t, event->accounts, false, status, out);
    } else if (!read) {
        smb_conclude(t, SMB_CAUSE_GARBAGE, 0, out);
    } else {
        smb_account_is_known(t, event->accounts, false);
        t->user = reply->header.user;
        t->pipe = 0;
        smb_ask(t, SMB_STEP_TREE, out);
    }
}

static void take_tree(struct smb_talk *t, const struct smb_request *reply,
                      const struct dialogue_event *event, struct dialogue_step *out)
{
    uint32_t status = reply->header.status;
    if (status == SMB_STATUS_ACCESS_DENIED) {
        smb_next_account(t, event->accounts, true, status, out);
    } else if (status == STATUS_BAD_NETWORK_NAME) {
        smb_conclude(t, SMB_CAUSE_NO_SHARE, status, out);
    } else if (status != SMB_STATUS_OK) {
        smb_conclude(t, SMB_CAUSE_STATUS, status, out);
    } else { /* the number 0, which nmap takes for a broken device, may be as good as any */
        t->tree = reply->header.tree;
        t->has_tree = true;
        smb_ask(t, SMB_STEP_PIPE, out);
    }
}

/* Another pipe of the same service; where none is left, what the last one came to. */
static bool next_pipe(struct smb_talk *t, struct dialogue_step *out)
{
    if (t->pipe + 1 == SMB_TALK_PIPES)
        return false;
    t->pipe++;
    t->busy = 0;
    smb_ask(t, SMB_STEP_PIPE, out);
    return true;
}

static void take_pipe(struct smb_talk *t, const struct smb_request *reply,
                      const struct dialogue_event *event, struct dialogue_step *out)
{
    struct smb_create_reply create;
    uint32_t status = reply->header.status;
    bool is_busy = status == STATUS_PIPE_NOT_AVAILABLE || status == STATUS_PIPE_BUSY;
    t->denied = t->denied || status == SMB_STATUS_ACCESS_DENIED;
    if (is_busy && t->busy++ < SMB_TALK_BUSY_MAX) {
        ask_again_later(out, SMB_TALK_PIPE_PAUSE_US);
    } else if (is_busy) {
        if (!next_pipe(t, out))
            smb_conclude(t, SMB_CAUSE_PIPE_BUSY, status, out);
    } else if (status == STATUS_NO_SUCH_NAME || status == SMB_STATUS_ACCESS_DENIED) {
        if (next_pipe(t, out))
            return;
        if (t->denied)
            smb_next_account(t, event->accounts, true, SMB_STATUS_ACCESS_DENIED, out);
        else
            smb_conclude(t, SMB_CAUSE_NO_PIPE, status, out);
    } else if (status != SMB_STATUS_OK) {
        smb_conclude(t, status == STATUS_BAD_NETWORK_NAME ? SMB_CAUSE_NO_SHARE : SMB_CAUSE_STATUS,
                     status, out);
    } else if (!smb_create_reply_read(reply, &create)) {
        smb_conclude(t, SMB_CAUSE_GARBAGE, 0, out);
    } else {
        t->file = create.file;
        smb_ask(t, SMB_STEP_BIND_WRITE, out);
    }
}

/* What the answers so far say; CANONICALIZE_UNKNOWN without any. */
static enum canonicalize_finding finding_of(const struct smb_talk *t)
{
    return !t->answered[0]
               ? CANONICALIZE_UNKNOWN
               : canonicalize_finding_of(&t->answers[0], t->answered[1] ? &t->answers[1] : NULL);
}

enum smb_cause smb_cause_of(const struct smb_talk *t)
{
    static const enum smb_cause causes[] = {
        [CANONICALIZE_INFECTED_A_C] = SMB_CAUSE_WORM_ABC,
        [CANONICALIZE_INFECTED_D_E] = SMB_CAUSE_WORM_DE,
        [CANONICALIZE_LIKE_D_E] = SMB_CAUSE_WORM_DE_EMPTY,
        [CANONICALIZE_PATCHED] = SMB_CAUSE_PATCHED,
        [CANONICALIZE_UNPATCHED] = SMB_CAUSE_NOT_PATCHED,
        [CANONICALIZE_UNKNOWN] = SMB_CAUSE_OTHER_CODE,
    };
    return causes[finding_of(t)];
}

/* A question was answered, or could not be: `cause` then, which stands unless the first answer was
 * the worm's. */
static void take_failure(struct smb_talk *t, enum smb_cause cause, uint32_t status,
                         struct dialogue_step *out)
{
    bool is_like = smb_cause_of(t) == SMB_CAUSE_WORM_DE_EMPTY;
    smb_conclude(t, is_like ? SMB_CAUSE_WORM_DE_EMPTY : cause, status, out);
}

/* The pipe did not take a question, or gave no answer. */
static void take_pipe_error(struct smb_talk *t, uint32_t status, const struct dialogue_event *event,
                            struct dialogue_step *out)
{
    if (status == SMB_STATUS_ACCESS_DENIED && t->call == 0)
        smb_next_account(t, event->accounts, true, status, out);
    else
        take_failure(t, SMB_CAUSE_STATUS, status, out);
}

static void take_written(struct smb_talk *t, const struct smb_request *reply,
                         const struct dialogue_event *event, struct dialogue_step *out)
{
    t->pipe_came_size = 0;
    if (reply->header.status != SMB_STATUS_OK)
        take_pipe_error(t, reply->header.status, event, out);
    else
        smb_ask(t, t->step == SMB_STEP_BIND_WRITE ? SMB_STEP_BIND_READ : SMB_STEP_CALL_READ, out);
}

/* Adds what came out of the pipe; false where that is the end, which is then settled. */
static bool keep_piped(struct smb_talk *t, const struct smb_request *reply,
                       const struct dialogue_event *event, struct dialogue_step *out)
{
    struct reader data;
    uint32_t status = reply->header.status;
    if (status != SMB_STATUS_OK && status != SMB_STATUS_MORE_DATA) {
        take_pipe_error(t, status, event, out);
        return false;
    }
    if (!smb_read_reply_read(reply, &data)) {
        take_failure(t, SMB_CAUSE_GARBAGE, 0, out);
        return false;
    }
    size_t size = data.left;
    if (size > sizeof t->pipe_came - t->pipe_came_size) {
        take_failure(t, SMB_CAUSE_ENDLESS, 0, out);
        return false;
    }
    if (size > 0)
        memcpy(t->pipe_came + t->pipe_came_size, read_bytes(&data, size), size);
    t->pipe_came_size += size;
    return true;
}

static void take_bound(struct smb_talk *t, const struct smb_request *reply,
                       const struct dialogue_event *event, struct dialogue_step *out)
{
    struct dcerpc_refusal why = {0};
    if (!keep_piped(t, reply, event, out))
        return;
    switch (dcerpc_bound_read(reader_over(t->pipe_came, t->pipe_came_size), SMB_TALK_BIND, &why)) {
    case DCERPC_CAME_PART:
        smb_ask(t, SMB_STEP_BIND_READ, out);
        return;
    case DCERPC_CAME_WHOLE:
        t->call = 0;
        smb_ask(t, SMB_STEP_CALL_WRITE, out);
        return;
    case DCERPC_CAME_REFUSED:
        if (!next_pipe(t, out))
            smb_conclude(t,
                         why.result == DCERPC_REFUSED_BY_NAK ? SMB_CAUSE_BIND_NAK
                                                             : SMB_CAUSE_BIND_REFUSED,
                         why.reason, out);
        return;
    case DCERPC_CAME_FAULT:
    case DCERPC_CAME_ODD:
        smb_conclude(t, SMB_CAUSE_GARBAGE, 0, out);
        return;
    }
}

static void take_answer(struct smb_talk *t, struct reader stub, struct dialogue_step *out)
{
    struct canonicalize_reply reply;
    if (!canonicalize_reply_read(stub, &reply)) {
        take_failure(t, SMB_CAUSE_SHORT, 0, out);
        return;
    }
    t->answers[t->call] = (struct canonicalize_answer){.path = reply.path, .code = reply.code};
    t->answered[t->call] = true;
    if (t->call == 0 && finding_of(t) != CANONICALIZE_INFECTED_D_E) {
        t->call = 1;
        smb_ask(t, SMB_STEP_CALL_WRITE, out);
    } else {
        smb_conclude(t, smb_cause_of(t), t->answers[1].code, out);
    }
}

static void take_called(struct smb_talk *t, const struct smb_request *reply,
                        const struct dialogue_event *event, struct dialogue_step *out)
{
    uint8_t bytes[STUB_MAX];
    struct writer stub = writer_over(bytes, sizeof bytes);
    uint32_t fault = 0;
    if (!keep_piped(t, reply, event, out))
        return;
    switch (dcerpc_answer_read(reader_over(t->pipe_came, t->pipe_came_size),
                               SMB_TALK_FIRST_CALL + t->call, &stub, &fault)) {
    case DCERPC_CAME_PART:
        smb_ask(t, SMB_STEP_CALL_READ, out);
        return;
    case DCERPC_CAME_WHOLE:
        take_answer(t, reader_over(bytes, stub.used), out);
        return;
    case DCERPC_CAME_FAULT:
        if (fault == FAULT_ACCESS_DENIED && t->call == 0)
            smb_next_account(t, event->accounts, true, SMB_STATUS_ACCESS_DENIED, out);
        else
            take_failure(t, fault == FAULT_NO_OPERATION ? SMB_CAUSE_NO_CALL : SMB_CAUSE_FAULT,
                         fault, out);
        return;
    case DCERPC_CAME_REFUSED:
    case DCERPC_CAME_ODD:
        take_failure(t, SMB_CAUSE_GARBAGE, 0, out);
        return;
    }
}

static void take_negotiated2(struct smb_talk *t, struct reader message, struct dialogue_step *out)
{
    struct smb2_negotiate_reply n;
    if (!smb2_negotiate_reply_read(message, &n)) {
        smb_conclude(t, SMB_CAUSE_SMB1_OFF, 0, out);
        return;
    }
    t->found.demands_signing = (n.security_mode & SMB2_SIGNING_DEMANDED) != 0;
    t->spnego = spnego_is_offered(n.blob);
    take_clock(t, n.filetime);
    smb_ask(t, SMB_STEP_SMB2_LOGIN, out);
}

void smb_take_reply2(struct smb_talk *t, struct reader message, struct dialogue_step *out)
{
    struct smb2_setup_reply setup;
    struct smb2_header header;
    struct reader rest = message;
    if (!smb2_header_read(&rest, &header)) {
        smb_conclude(t, SMB_CAUSE_GARBAGE, 0, out);
        return;
    }
    t->smb2_heard = t->found.smb1_known = true; /* and SMB1 is off */
    if (t->step == SMB_STEP_SMB2_NEGOTIATE) {
        take_negotiated2(t, message, out);
        return;
    }
    if (smb2_setup_reply_read(message, &setup))
        (void)smb_take_challenge(t, setup.blob);
    smb_conclude(t, SMB_CAUSE_SMB1_OFF, 0, out);
}

/* The command that a reply to this step has. */
static uint8_t command_of(enum smb_step step)
{
    static const uint8_t commands[SMB_STEPS] = {
        [SMB_STEP_NEGOTIATE] = SMB_NEGOTIATE,
        [SMB_STEP_LOGIN] = SMB_SESSION_SETUP_ANDX,
        [SMB_STEP_LOGIN_OFFER] = SMB_SESSION_SETUP_ANDX,
        [SMB_STEP_LOGIN_PROOF] = SMB_SESSION_SETUP_ANDX,
        [SMB_STEP_TREE] = SMB_TREE_CONNECT_ANDX,
        [SMB_STEP_PIPE] = SMB_NT_CREATE_ANDX,
        [SMB_STEP_BIND_WRITE] = SMB_WRITE_ANDX,
        [SMB_STEP_BIND_READ] = SMB_READ_ANDX,
        [SMB_STEP_CALL_WRITE] = SMB_WRITE_ANDX,
        [SMB_STEP_CALL_READ] = SMB_READ_ANDX,
        [SMB_STEP_TREE_OFF] = SMB_TREE_DISCONNECT,
        [SMB_STEP_LOGOFF] = SMB_LOGOFF_ANDX,
    };
    return commands[step];
}

void smb_take_reply(struct smb_talk *t, const struct smb_request *reply,
                    const struct dialogue_event *event, struct dialogue_step *out)
{
    if (reply->header.command != command_of(t->step))
        return; /* it answers another request */
    switch (t->step) {
    case SMB_STEP_NEGOTIATE:
        take_negotiated(t, reply, event, out);
        return;
    case SMB_STEP_LOGIN:
    case SMB_STEP_LOGIN_OFFER:
    case SMB_STEP_LOGIN_PROOF:
        take_login(t, reply, event, out);
        return;
    case SMB_STEP_TREE:
        take_tree(t, reply, event, out);
        return;
    case SMB_STEP_PIPE:
        take_pipe(t, reply, event, out);
        return;
    case SMB_STEP_BIND_WRITE:
    case SMB_STEP_CALL_WRITE:
        take_written(t, reply, event, out);
        return;
    case SMB_STEP_BIND_READ:
        take_bound(t, reply, event, out);
        return;
    case SMB_STEP_CALL_READ:
        take_called(t, reply, event, out);
        return;
    case SMB_STEP_TREE_OFF:
        smb_ask(t, SMB_STEP_LOGOFF, out);
        return;
    case SMB_STEP_LOGOFF:
    case SMB_STEP_NAME:
    case SMB_STEP_SMB2_NEGOTIATE:
    case SMB_STEP_SMB2_LOGIN:
    case SMB_STEPS:
        out->wish = DIALOGUE_DONE;
        return;
    }
}
