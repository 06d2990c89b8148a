/* A conversation over SMB1 as far as it is, shared by dialogue_smb.c (events and steps),
 * smb_steps.c (what each reply means), smb_login.c (accounts) and smb_requests_of.c (what is sent)
 * alone.
 *
 *   [name] -> negotiate -> login (1 or 2) -> tree -> pipe -> bind -> first -> second -> goodbye
 *                 \-> SMB2 negotiate -> SMB2 login     where SMB1 is off, for the system's name */
#ifndef WORMSIGN_SCAN_SMB_TALK_H
#define WORMSIGN_SCAN_SMB_TALK_H

#include "conficker/canonicalize.h"
#include "evidence/smb_check.h"
#include "scan/dialogue.h"
#include "wire/netbios.h"
#include "wire/smb.h"
#include "wire/smb_replies.h"

enum {
    SMB_TALK_MESSAGES_MAX = 200, /* frames of a conversation, strays too */
    SMB_TALK_CONNECTS_MAX = 16,  /* connections of a conversation */
    SMB_TALK_FRAME_MAX = 65535,  /* bytes of one message */
    SMB_TALK_PIPE_MAX = 4096,    /* bytes that came out of the pipe for one question */
    SMB_TALK_BLOB_MAX = 1024,    /* of an NTLMSSP message of ours */
    SMB_TALK_BUSY_MAX = 10,      /* times that a busy server, or a busy pipe, is asked again */
    SMB_TALK_NAMES_MAX = 4,      /* by which port 139 is called */
    SMB_TALK_PIPES = 3
};

#define SMB_TALK_PIPE_PAUSE_US 200000    /* between two tries to open a busy pipe */
#define SMB_TALK_BUSY_PAUSE_US 1000000   /* between two tries to log in to a busy server */
#define SMB_TALK_NAMES_PAUSE_US 100000   /* between two looks at what NetBIOS told */
#define SMB_TALK_ACCOUNT_PAUSE_US 100000 /* until others have learnt whether the password is good */

#define SMB_STATUS_ACCESS_DENIED UINT32_C(0xc0000022) /* MS-ERREF 2.3.1 */

/* The numbers of our calls over DCERPC. */
enum { SMB_TALK_BIND = 1, SMB_TALK_FIRST_CALL = 2 };

/* What was asked, and is answered next. */
enum smb_step {
    SMB_STEP_NAME, /* port 139: a session with the called name */
    SMB_STEP_NEGOTIATE,
    SMB_STEP_LOGIN,       /* without extended security */
    SMB_STEP_LOGIN_OFFER, /* with it: NTLMSSP's first message */
    SMB_STEP_LOGIN_PROOF, /* and its third */
    SMB_STEP_TREE,
    SMB_STEP_PIPE,
    SMB_STEP_BIND_WRITE,
    SMB_STEP_BIND_READ,
    SMB_STEP_CALL_WRITE,
    SMB_STEP_CALL_READ,
    SMB_STEP_TREE_OFF,
    SMB_STEP_LOGOFF,
    SMB_STEP_SMB2_NEGOTIATE,
    SMB_STEP_SMB2_LOGIN,
    SMB_STEPS
};

enum smb_account { SMB_NOBODY, SMB_GUEST, SMB_GIVEN };

struct smb_talk {
    struct smb_check found;
    enum smb_step step;
    const struct smb_accounts *given; /* borrowed; NULL: none */
    uint32_t host;
    uint64_t random;
    int64_t now_us;
    bool waits_for_names, waits_for_account, is_over;
    bool smb2, smb2_heard;       /* SMB1 did not do */
    enum smb_cause without_smb2; /* what that means where SMB2 says nothing either */
    bool under_way;              /* it counts among the given account's */
    bool denied;                 /* an account got as far as being denied what was wanted */
    uint32_t login_status;
    unsigned messages, connects, busy, pipe, called, called_count;
    struct netbios_name called_names[SMB_TALK_NAMES_MAX];
    uint16_t multiplex, tree, user, file;
    bool has_tree;
    bool extended; /* security, as the server chose */
    uint32_t session_key;
    uint8_t challenge[SMB_CHALLENGE_SIZE];
    enum smb_account account;
    bool spnego;                     /* the server's blob was wrapped in it */
    uint8_t blob[SMB_TALK_BLOB_MAX]; /* NTLMSSP's third message, wrapped */
    size_t blob_size;
    unsigned call; /* 0: the first question; 1: the second */
    bool answered[CANONICALIZE_CALLS];
    struct canonicalize_answer answers[CANONICALIZE_CALLS];
    uint8_t pipe_came[SMB_TALK_PIPE_MAX];
    size_t pipe_came_size;
};

/* dialogue_smb.c: the next request, with a new number. */
void smb_ask(struct smb_talk *t, enum smb_step step, struct dialogue_step *out);
/* Ends with this cause at this stage; says goodbye first where there is somebody to say it to. */
void smb_conclude(struct smb_talk *t, enum smb_cause cause, uint32_t status,
                  struct dialogue_step *out);
/* It takes no SMB1, and so far that means this: it is asked in SMB2 who it is, on a new
 * connection. */
void smb_turn_to_smb2(struct smb_talk *t, enum smb_cause so_far, struct dialogue_step *out);

/* smb_steps.c */

/* As much of the text as there is room for. */
void smb_copy(char *out, size_t size, const char *text);
/* What this message means, and what is asked next. */
void smb_take_reply(struct smb_talk *t, const struct smb_request *reply,
                    const struct dialogue_event *event, struct dialogue_step *out);
/* What the answers so far say. */
enum smb_cause smb_cause_of(const struct smb_talk *t);
/* The same of SMB2, which is asked for the system's name alone. */
void smb_take_reply2(struct smb_talk *t, struct reader message, struct dialogue_step *out);

/* smb_login.c */

/* Begins to log in as the account; a wish for a pause where it must wait for its turn. */
void smb_log_in(struct smb_talk *t, struct smb_accounts *given, struct dialogue_step *out);
/* The account was refused, or what it wanted was (denied): the next one, or the end. */
void smb_next_account(struct smb_talk *t, struct smb_accounts *given, bool denied, uint32_t status,
                      struct dialogue_step *out);
/* The server offered a challenge; false when it is none. */
bool smb_take_challenge(struct smb_talk *t, struct reader blob);
/* This account's fate is known. */
void smb_account_is_known(struct smb_talk *t, struct smb_accounts *given, bool refused);

/* The login without extended security. */
struct smb_ids;
void smb_build_login(const struct smb_talk *t, const struct smb_ids *ids, struct writer *w);

/* smb_requests_of.c */
void smb_build(const struct smb_talk *t, struct writer *request);
extern const char *const smb_pipes[SMB_TALK_PIPES];

#endif
