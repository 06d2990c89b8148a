/* The conversation by which the worm's hook of NetpwPathCanonicalize is known: on port 445, else on
 * port 139 with the host's NetBIOS name, else, where SMB1 is off, in SMB2 as far as the system's
 * name.
 *
 * Only operation 31 is called, with the paths "\" and "\..\": nothing that is known to crash a
 * host. Every request has a header and a number of its own; what answers another request is passed
 * over, and everything is bounded: time a step by the engine, messages, bytes and connections here.
 * Source: spec of asking, sections c and d. */
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "evidence/netbios_check.h"
#include "scan/probe.h"
#include "scan/smb_accounts.h"
#include "scan/smb_talk.h"
#include "wire/netbios_session.h"

static enum smb_stage stage_of(const struct smb_talk *t)
{
    static const enum smb_stage stages[SMB_STEPS] = {
        [SMB_STEP_NAME] = SMB_STAGE_NAME,         [SMB_STEP_NEGOTIATE] = SMB_STAGE_NEGOTIATE,
        [SMB_STEP_LOGIN] = SMB_STAGE_LOGIN,       [SMB_STEP_LOGIN_OFFER] = SMB_STAGE_LOGIN,
        [SMB_STEP_LOGIN_PROOF] = SMB_STAGE_LOGIN, [SMB_STEP_TREE] = SMB_STAGE_TREE,
        [SMB_STEP_PIPE] = SMB_STAGE_PIPE,         [SMB_STEP_BIND_WRITE] = SMB_STAGE_BIND,
        [SMB_STEP_BIND_READ] = SMB_STAGE_BIND,    [SMB_STEP_CALL_WRITE] = SMB_STAGE_FIRST,
        [SMB_STEP_CALL_READ] = SMB_STAGE_FIRST,   [SMB_STEP_TREE_OFF] = SMB_STAGE_SECOND,
        [SMB_STEP_LOGOFF] = SMB_STAGE_SECOND,     [SMB_STEP_SMB2_NEGOTIATE] = SMB_STAGE_NEGOTIATE,
        [SMB_STEP_SMB2_LOGIN] = SMB_STAGE_LOGIN,
    };
    bool second = t->step == SMB_STEP_CALL_WRITE || t->step == SMB_STEP_CALL_READ;
    return second && t->call > 0 ? SMB_STAGE_SECOND : stages[t->step];
}

void smb_ask(struct smb_talk *t, enum smb_step step, struct dialogue_step *out)
{
    t->step = step;
    t->multiplex++;
    out->wish = DIALOGUE_SEND;
}

static void connect_to(struct smb_talk *t, uint16_t port, struct dialogue_step *out)
{
    t->found.port = port;
    t->tree = t->user = 0;
    t->has_tree = false;
    t->multiplex = 1;
    t->step = port == NETBIOS_SESSION_PORT ? SMB_STEP_NAME
              : t->smb2                    ? SMB_STEP_SMB2_NEGOTIATE
                                           : SMB_STEP_NEGOTIATE;
    if (++t->connects > SMB_TALK_CONNECTS_MAX) {
        t->found.cause = SMB_CAUSE_ENDLESS;
        t->is_over = true;
    }
    out->wish = t->is_over ? DIALOGUE_DONE : DIALOGUE_CONNECT;
    out->port = port;
}

/* The result stands. */
static void settle(struct smb_talk *t, enum smb_cause cause, uint32_t status)
{
    if (t->is_over)
        return;
    t->is_over = true;
    t->found.cause = cause;
    t->found.status = status;
    t->found.stage = stage_of(t);
}

void smb_conclude(struct smb_talk *t, enum smb_cause cause, uint32_t status,
                  struct dialogue_step *out)
{
    settle(t, cause, status);
    if (t->has_tree)
        smb_ask(t, SMB_STEP_TREE_OFF, out);
    else
        out->wish = DIALOGUE_DONE;
}

static void add_called(struct smb_talk *t, const char *name)
{
    char text[NETBIOS_NAME_LENGTH + 1];
    size_t size = strcspn(name, ".");
    if (size == 0 || size > NETBIOS_NAME_LENGTH || t->called_count == SMB_TALK_NAMES_MAX)
        return;
    for (size_t i = 0; i < size; i++)
        text[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
    text[size] = '\0';
    t->called_names[t->called_count++] = netbios_name_of(text, NETBIOS_SERVER, false);
}

/* Port 139 listens to whom its host is called by: by what it told, by "*SMBSERVER", which all but
 * NT 3.51 and 4 take, and by what a person called it. */
static void gather_called(struct smb_talk *t, const struct dialogue_event *event)
{
    t->called = t->called_count = 0;
    if (event->netbios != NULL)
        add_called(t, event->netbios->server);
    add_called(t, "*SMBSERVER");
    if (event->name != NULL)
        add_called(t, event->name);
}

static void turn_to_139(struct smb_talk *t, const struct dialogue_event *event,
                        struct dialogue_step *out)
{
    t->waits_for_names = event->netbios_pending;
    if (t->waits_for_names) {
        out->wish = DIALOGUE_PAUSE;
        out->pause_us = SMB_TALK_NAMES_PAUSE_US;
        return;
    }
    gather_called(t, event);
    connect_to(t, NETBIOS_SESSION_PORT, out);
}

static bool is_local(enum check_cause cause)
{
    const struct check check = {.transport = TRANSPORT_TCP, .cause = cause};
    return check_result_of(&check) == CHECK_ERROR;
}

void smb_turn_to_smb2(struct smb_talk *t, enum smb_cause so_far, struct dialogue_step *out)
{
    t->smb2 = true;
    t->without_smb2 = so_far;
    connect_to(t, t->found.port, out);
}

/* The conversation is cut short. */
static enum smb_cause cause_of_cut(const struct smb_talk *t)
{
    if (t->smb2)
        return t->smb2_heard ? SMB_CAUSE_SMB1_OFF : t->without_smb2;
    return smb_cause_of(t) == SMB_CAUSE_WORM_DE_EMPTY ? SMB_CAUSE_WORM_DE_EMPTY : SMB_CAUSE_NETWORK;
}

/* Nothing stood. */
static void not_connected(struct smb_talk *t, const struct dialogue_event *event,
                          struct dialogue_step *out)
{
    bool is_first = t->found.port == SMB_PORT;
    if (!t->smb2)
        *(is_first ? &t->found.network : &t->found.network_139) = event->cause;
    if (t->connects == 1 && !is_local(event->cause)) {
        turn_to_139(t, event, out);
        return;
    }
    if (is_local(event->cause))
        t->found.network = event->cause;
    settle(t, cause_of_cut(t), 0);
    if (t->connects <= 2 && !t->smb2) { /* neither port took a connection */
        t->found.stage = SMB_STAGE_CONNECT;
        t->found.port = 0;
    }
    out->wish = DIALOGUE_DONE;
}

/* A connection that stood is no more. */
static void cut_off(struct smb_talk *t, const struct dialogue_event *event,
                    struct dialogue_step *out)
{
    bool closed = event->cause == CAUSE_CLOSED || event->cause == CAUSE_RESET;
    if (!t->smb2)
        t->found.network = event->cause;
    if (t->step == SMB_STEP_NAME && closed && t->called + 1 < t->called_count) {
        t->called++;
        connect_to(t, NETBIOS_SESSION_PORT, out);
    } else if (t->step == SMB_STEP_NEGOTIATE && closed) {
        smb_turn_to_smb2(t, SMB_CAUSE_NETWORK, out);
    } else {
        settle(t, cause_of_cut(t), 0);
        out->wish = DIALOGUE_DONE;
    }
}

static void ended(struct smb_talk *t, const struct dialogue_event *event, struct dialogue_step *out)
{
    if (t->is_over)
        out->wish = DIALOGUE_DONE;
    else if (event->stood)
        cut_off(t, event, out);
    else
        not_connected(t, event, out);
}

/* The session service's own frames; true when that was one. */
static bool take_session_frame(struct smb_talk *t, const struct netbios_frame *frame,
                               struct dialogue_step *out)
{
    if (frame->type == NETBIOS_FRAME_KEEP_ALIVE)
        return true;
    if (t->step != SMB_STEP_NAME)
        return false;
    if (frame->type == NETBIOS_FRAME_GRANTED) {
        smb_ask(t, t->smb2 ? SMB_STEP_SMB2_NEGOTIATE : SMB_STEP_NEGOTIATE, out);
    } else if (frame->type == NETBIOS_FRAME_REFUSED || frame->type == NETBIOS_FRAME_RETARGET) {
        if (++t->called < t->called_count)
            connect_to(t, NETBIOS_SESSION_PORT, out);
        else
            smb_conclude(t, SMB_CAUSE_NAME_REFUSED, netbios_refusal_of(frame), out);
    } else {
        smb_conclude(t, SMB_CAUSE_GARBAGE, 0, out);
    }
    return true;
}

static bool is_smb2(struct reader message)
{
    return read_be32(&message) == 0xfe534d42;
}

static void take_message(struct smb_talk *t, const struct netbios_frame *frame,
                         const struct dialogue_event *event, struct dialogue_step *out)
{
    struct smb_request reply;
    bool newer = is_smb2(frame->message);
    if (newer && t->step == SMB_STEP_NEGOTIATE)
        smb_turn_to_smb2(t, SMB_CAUSE_SMB1_OFF, out);
    else if (newer && t->smb2)
        smb_take_reply2(t, frame->message, out);
    else if (t->smb2)
        smb_conclude(t, cause_of_cut(t), 0, out);
    else if (!smb_message_read(frame->message, &reply))
        smb_conclude(t, SMB_CAUSE_GARBAGE, 0, out);
    else if (smb_header_is_reply(&reply.header) && reply.header.multiplex == t->multiplex)
        smb_take_reply(t, &reply, event, out);
    /* else it answers another request, and this one's answer is still awaited */
}

static void came(struct smb_talk *t, const struct dialogue_event *event, struct dialogue_step *out)
{
    struct reader stream = event->came;
    struct netbios_frame frame;
    if (!netbios_frame_next(&stream, &frame))
        return;
    if (frame.size > SMB_TALK_FRAME_MAX) {
        settle(t, SMB_CAUSE_GARBAGE, 0);
        out->wish = DIALOGUE_DONE;
        return;
    }
    if (!frame.whole)
        return;
    out->taken = event->came.left - stream.left;
    if (++t->messages > SMB_TALK_MESSAGES_MAX) {
        settle(t, SMB_CAUSE_ENDLESS, 0);
        out->wish = DIALOGUE_DONE;
    } else if (!take_session_frame(t, &frame, out)) {
        if (frame.type == NETBIOS_FRAME_MESSAGE)
            take_message(t, &frame, event, out);
        else
            smb_conclude(t, SMB_CAUSE_GARBAGE, 0, out);
    }
}

static void waited(struct smb_talk *t, const struct dialogue_event *event,
                   struct dialogue_step *out)
{
    if (t->waits_for_names)
        turn_to_139(t, event, out);
    else if (t->waits_for_account)
        smb_log_in(t, event->accounts, out);
    else
        smb_ask(t, t->step, out);
}

static void go_on(void *state, const struct dialogue_event *event, struct dialogue_step *out)
{
    struct smb_talk *t = state;
    t->now_us = event->when_us;
    switch (event->kind) {
    case DIALOGUE_BEGINS:
        t->host = event->shot->host;
        t->random = event->shot->key;
        t->given = event->accounts;
        connect_to(t, SMB_PORT, out);
        return;
    case DIALOGUE_CAME:
        came(t, event, out);
        break;
    case DIALOGUE_ENDED:
        ended(t, event, out);
        break;
    case DIALOGUE_WAITED:
        waited(t, event, out);
        break;
    }
    if (out->wish == DIALOGUE_DONE || out->wish == DIALOGUE_CONNECT)
        smb_account_is_known(t, event->accounts, false);
}

static void build(const void *state, struct writer *request)
{
    smb_build(state, request);
}

static void finish(void *state, const struct shot *shot, struct answer *out)
{
    struct smb_talk *t = state;
    (void)shot;
    bool heard = smb_check_is_heard(&t->found);
    t->found.when_us = t->now_us;
    out->cause = heard ? CAUSE_SPOKE
                 : t->found.network == CAUSE_REFUSED && t->found.network_139 != CAUSE_REFUSED
                     ? t->found.network_139
                     : t->found.network;
    out->smb = malloc(sizeof *out->smb);
    if (out->smb == NULL)
        out->cause = CAUSE_NO_MEMORY;
    else
        *out->smb = t->found;
}

extern const struct dialogue dialogue_smb;
const struct dialogue dialogue_smb = {
    .state_size = sizeof(struct smb_talk), .go_on = go_on, .build = build, .finish = finish};
