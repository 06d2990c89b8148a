/* What the parts of smb_server share: the table of variants, and the connections of one run.
 *
 * The program plays Windows hosts, infected with Conficker and not, as the SMB check sees them:
 * port 445, port 139 (NetBIOS sessions) and UDP 137 (node status). It speaks to who has spoken to
 * it, and to nobody else. It holds nothing of the worm but two answers to two harmless questions.
 *
 *   smb_server.c            arguments, and the loop that waits
 *   smb_server_variants.c   the table of variants
 *   smb_server_sockets.c    which ports are opened where
 *   smb_server_talk.c       connections: frames come in, answers go out in their manner
 *   smb_server_session.c    NetBIOS session requests and node status; the frames of a connection
 *   smb_server_reply.c      an SMB1 request read, an answer's frame written; names and strings
 *   smb_server_smb1.c       SMB1, from negotiate to the pipe's reads and writes
 *   smb_server_smb2.c       SMB2, as far as its NTLMSSP challenge
 *   smb_server_login.c      who logs in: NTLMSSP, NTLMv2
 *   smb_server_pipe.c       DCERPC in a pipe: bind and call
 *   smb_server_log.c        a line a dialogue
 *
 * A variant is a row of data: zeros mean what a patched Windows XP does, so that a row names only
 * what is odd about it. */
#ifndef WORMSIGN_TESTS_RIG_SMB_SERVER_H
#define WORMSIGN_TESTS_RIG_SMB_SERVER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "base/error.h"
#include "base/reader.h"
#include "base/writer.h"
#include "wakers.h"

enum {
    FRAME_SIZE_MAX = 4096,   /* a longer request ends the connection */
    ANSWER_SIZE_MAX = 2048,  /* what is on its way to the peer */
    PIPE_SIZE = 1024,        /* what waits to be read from a pipe */
    SEEN_SIZE = 1024,        /* of a line of the log */
    CONNECTIONS_MAX = 20000, /* at once; the oldest gives way */
    WHO_SIZE = 32,           /* of an account's name, in the log */
    CHALLENGE_SIZE = 8,
    SMB1_HEADER_SIZE = 32,
    NOTES_MAX = 20 /* lines on stderr in one run */
};

enum nt_status { STATUS_OK = 0, STATUS_BAD_TID = 0x00050002, STATUS_BAD_UID = 0x005b0002 };
#define STATUS_BUFFER_OVERFLOW UINT32_C(0x80000005)
#define STATUS_NOT_IMPLEMENTED UINT32_C(0xc0000002)
#define STATUS_INVALID_HANDLE UINT32_C(0xc0000008)
#define STATUS_INVALID_PARAMETER UINT32_C(0xc000000d)
#define STATUS_MORE_PROCESSING UINT32_C(0xc0000016)
#define STATUS_ACCESS_DENIED UINT32_C(0xc0000022)
#define STATUS_NAME_NOT_FOUND UINT32_C(0xc0000034)
#define STATUS_LOGON_FAILURE UINT32_C(0xc000006d)
#define STATUS_PIPE_NOT_AVAILABLE UINT32_C(0xc00000ac)
#define STATUS_NOT_SUPPORTED UINT32_C(0xc00000bb)
#define STATUS_BAD_NETWORK_NAME UINT32_C(0xc00000cc)
#define STATUS_TOO_MANY_SESSIONS UINT32_C(0xc00000ce)
#define STATUS_REQUEST_NOT_ACCEPTED UINT32_C(0xc00000d0)
#define STATUS_PIPE_EMPTY UINT32_C(0xc00000d9)
#define STATUS_ACCOUNT_LOCKED_OUT UINT32_C(0xc0000234)

/* The steps of the check. A write and the read of its answer are one request when the client asks
 * by TransactNmPipe, which then stands for both. */
enum step {
    STEP_NONE,
    STEP_SESSION, /* of NetBIOS, on port 139 */
    STEP_NEGOTIATE,
    STEP_SETUP,
    STEP_TREE,
    STEP_CREATE,
    STEP_WRITE, /* of the bind */
    STEP_READ,  /* of the bind's answer */
    STEP_CALL1, /* of the path "\" */
    STEP_CALL2  /* of the path "\..\" */
};

enum upset_kind { REFUSES, FALLS_SILENT, CLOSES, RESETS, IS_CUT };

/* What goes wrong at a step. */
struct upset {
    enum step at;
    enum upset_kind how;
    uint32_t status; /* REFUSES */
    unsigned times;  /* so often, once well, and so on; 0: always */
};

/* What NetPathCanonicalize answers to one path. */
struct canon {
    bool is_odd; /* else as a patched Windows does */
    uint32_t path, code;
};

enum login { LOGIN_ANYBODY, LOGIN_GUEST, LOGIN_ACCOUNT, LOGIN_NOBODY };
enum security { SECURITY_SPNEGO, SECURITY_RAW, SECURITY_PLAIN, SECURITY_OUTSIDE };
enum names { NAMES_PLAIN, NAMES_NONE, NAMES_CONTROL, NAMES_BAD_UTF16 };
enum rpc {
    RPC_PLAIN,
    RPC_FAULT,
    RPC_DENIED,
    RPC_BIND_REFUSED,
    RPC_BIND_NAK,
    RPC_SHORT,
    RPC_FRAGMENTS,
    RPC_ENDLESS,
    RPC_PARTS,
    RPC_OTHER_CALL,
    RPC_GARBAGE
};
enum dialect { DIALECT_SMB1, DIALECT_SMB2_ONLY, DIALECT_SMB2_ANSWERS, DIALECT_NONE_OF_THEM };
enum session { SESSION_ANY, SESSION_SMBSERVER, SESSION_OWN, SESSION_REFUSED, SESSION_ELSEWHERE };
enum node_status { NODE_TELLS, NODE_SILENT, NODE_CUT, NODE_LIES, NODE_GARBAGE };
enum pipes { PIPES_USUAL, PIPES_NONE, PIPE_ONLY_SRVSVC, PIPE_ONLY_WKSSVC };

/* How bytes are made wrong, in each answer or once. */
enum twist {
    TWIST_NONE,
    TWIST_DRIBBLE, /* byte by byte */
    TWIST_UNASKED, /* at accept, before anything was asked */
    TWIST_OTHER_MID,
    TWIST_OTHER_COMMAND,
    TWIST_ECHO,           /* the request itself */
    TWIST_KEEPALIVES,     /* before each answer: they are no answers */
    TWIST_HUGE_LENGTH,    /* of a frame that never comes */
    TWIST_GARBAGE,        /* no frame */
    TWIST_GARBAGE_FRAMED, /* a frame of junk */
    TWIST_WORDS_OUTSIDE,
    TWIST_BYTES_OUTSIDE,
    TWIST_OFFSETS_OUTSIDE /* of what is read from the pipe */
};

struct variant {
    const char *name, *sentence;
    struct canon call1, call2;
    struct upset upset;
    enum login login;
    enum security security;
    enum names names;
    enum rpc rpc;
    enum dialect dialect;
    enum session session;
    enum node_status node;
    enum pipes pipes;
    enum twist twist;
    bool pipe_wants_account; /* whoever is not logged in by name may not open a pipe */
    bool requires_signing, gives_tid_0, drops_reply_bit, locks_out;
    bool has_no_445, has_no_139;
};

struct connection;

/* One address that is played. */
struct host {
    uint32_t address;
    const struct variant *variant;
    unsigned upsets;   /* in a row */
    unsigned failures; /* logins, ever */
    unsigned open;     /* connections now */
    struct connection *connections;
};

enum service { SERVICE_DIRECT, SERVICE_SESSION, SERVICE_NAMES };

struct listener {
    int fd;
    enum service service;
    size_t host; /* its index */
};

/* What becomes of the connection with what was written to c->out. */
enum act { ACT_SEND, ACT_NOTHING, ACT_CLOSE, ACT_RESET, ACT_SEND_AND_CLOSE };

struct pipe {
    bool is_open, is_bound, is_mute, is_endless, was_read;
    uint16_t file;
    uint16_t context; /* that was bound */
    uint32_t call;    /* of what is endless */
    uint8_t out[PIPE_SIZE];
    size_t out_size, out_read, pdu_left;
};

struct connection {
    int fd;
    size_t slot;
    struct host *host;
    struct connection *next_of_host;
    const struct variant *variant;
    bool is_session; /* port 139 */
    bool session_stands;
    bool is_silent; /* it answers no more */
    bool peer_ended, ends_when_sent, waits_for_room;
    int64_t began_us, deadline_us, due_us;
    struct sockaddr_in peer;
    /* SMB */
    bool is_extended, has_account, is_logged_in, has_tree;
    uint16_t uid, tid;
    unsigned files_opened;
    uint8_t challenge[CHALLENGE_SIZE];
    struct pipe pipe;
    /* bytes */
    size_t in_used, out_size, out_sent;
    uint8_t in[FRAME_SIZE_MAX], out[ANSWER_SIZE_MAX];
    /* log */
    unsigned at_once;
    char seen[SEEN_SIZE];
    struct text seen_text;
};

struct settings {
    int64_t for_seconds;
    bool any;
    uint16_t direct_port, session_port, names_port; /* 0: not opened */
    const char *log_path;
    struct host *hosts;
    size_t host_count, host_room;
};

struct rig {
    int epoll;
    struct settings *settings;
    struct listener *listeners;
    size_t listener_count, listener_room;
    struct connection *connections[CONNECTIONS_MAX];
    uint32_t free_slots[CONNECTIONS_MAX];
    size_t free_count, connection_limit;
    int64_t next_due_us;
    uint64_t dialogues;
    FILE *log; /* NULL: none */
    unsigned notes;
};

/* A request of SMB1. */
struct request {
    struct reader message; /* from FF on: what offsets count from */
    uint8_t command, flags;
    uint32_t status;
    uint16_t flags2, tid, pid_high, pid, uid, mid;
    struct reader words, bytes;
    size_t bytes_start; /* from FF */
};

/* An answer being written to c->out. */
struct reply {
    struct connection *c;
    struct writer w;
    size_t frame, bytes_at; /* where they begin in c->out; bytes_at 0: still words */
};

/* smb_server_variants.c */
const struct variant *variant_named(const char *name);
const struct variant *variant_at(size_t index);

/* smb_server_sockets.c */
bool addresses_are_harmless(const struct settings *s, struct error *err) MUST_CHECK;
bool listeners_open(struct rig *rig, struct error *err) MUST_CHECK;
void listeners_close(struct rig *rig);

/* smb_server_talk.c */
void talk_accept(struct rig *rig, const struct listener *l, int64_t now_us);
void talk_event(struct rig *rig, size_t slot, uint32_t events, int64_t now_us);
void talk_timers(struct rig *rig, int64_t now_us);
void talk_close_all(struct rig *rig);

/* smb_server_session.c: one frame of a connection; UDP 137. */
enum act frame_answer(struct connection *c, uint8_t type, struct reader body);
void names_receive(struct rig *rig, const struct listener *l);

/* smb_server_reply.c */
bool request_parse(struct reader message, struct request *out);
struct reply reply_begin(struct connection *c, const struct request *q, uint32_t status);
void reply_bytes(struct reply *r); /* the words are done */
enum act reply_end(struct reply *r);
enum act reply_status(struct connection *c, const struct request *q, uint32_t status);
size_t reply_at(const struct reply *r); /* from FF */
void write_utf16(struct writer *w, const char *text, bool with_end);
/* A string as the client wants it, aligned from the message's start; ends with NUL. */
void reply_string(struct reply *r, const struct request *q, const char *text);
/* The next string of a request as ASCII (what is none is '?'), cut to size. */
void request_string(const struct request *q, struct reader *bytes, char *text, size_t size);
/* Characters of UTF-16 or bytes up to the end or a NUL, likewise. */
void string_read(struct reader *bytes, bool is_unicode, char *text, size_t size);
const char *name_of_server(const struct variant *v);
const char *name_of_domain(const struct variant *v);
const char *name_of_system(const struct variant *v);

/* True when something goes wrong at this step, now; how is v->upset. */
bool upset_comes(struct connection *c, enum step at);
/* What to do about it: an error with its status, or worse. */
enum act upset_act(struct connection *c, const struct request *q);

/* smb_server_smb1.c, smb_server_smb2.c */
enum act smb1_answer(struct connection *c, struct reader message);
enum act smb1_unasked(struct connection *c);
enum act smb2_answer(struct connection *c, struct reader message);
enum act smb2_negotiate_answer(struct connection *c, uint16_t dialect, uint64_t message_id);

/* smb_server_login.c */
void spnego_offer(struct writer *w, const struct variant *v);
/* The answer to an NTLMSSP message, in the clothes that it came in. */
uint32_t ntlmssp_answer(struct connection *c, struct reader blob, struct writer *w);
/* By SMB1 without NTLMSSP. */
uint32_t login_plain(struct connection *c, const struct request *q, bool *is_guest);
uint64_t filetime_now(void);

/* smb_server_pipe.c */
bool pipe_opens(const struct variant *v, const char *name);
/* What was written to the pipe; STATUS_OK, or what the write is refused with. */
enum step pipe_step(struct reader pdu);
void pipe_write(struct connection *c, struct reader pdu);
/* What comes to be read: at most room bytes of one PDU. *more: the PDU goes on. */
struct reader pipe_read(struct connection *c, size_t room, bool *more);

/* smb_server_log.c */
void log_begin(struct connection *c, bool wanted);
void log_step(struct connection *c, const char *format, ...) PRINTF_LIKE(2, 3);
void log_foreign(struct connection *c, const char *what, const char *foreign);
void log_end(struct rig *rig, struct connection *c, const char *ending);

/* smb_server.c */
void note(struct rig *rig, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
