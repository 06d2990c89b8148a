/* The SMB check as two streams, made for tests: what a client asks, by the builders of wire/, and
 * what a server answers. The turns tell in which order both were sent. */
#ifndef WORMSIGN_TESTS_MADE_CHECK_H
#define WORMSIGN_TESTS_MADE_CHECK_H

#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "base/writer.h"
#include "conficker/canonicalize.h"
#include "wire/dcerpc.h"
#include "wire/dcerpc_call.h"
#include "wire/netbios_session.h"
#include "wire/smb.h"
#include "wire/smb_requests.h"
#include "wire/srvsvc.h"

enum { CHECK_STREAM = 8192, CHECK_TURNS = 512, CHECK_FILE = 0x4000, CHECK_TREE = 2048 };

struct turn {
    bool by_server;
    size_t upto; /* bytes of its stream */
};

struct made_check {
    struct writer client, server;
    uint8_t asked[CHECK_STREAM], told[CHECK_STREAM];
    unsigned turn_count;
    struct turn turns[CHECK_TURNS];
    struct smb_ids ids;
    uint16_t file;
    bool transacts; /* else it writes and reads */
};

/* A call, and what comes back. What is zero is as the question wants it. */
struct made_call {
    bool is_second;
    uint32_t call;                          /* 0: 2 of the first question, 3 of the second */
    const char *path, *prefix;              /* NULL: its own */
    uint32_t room, other_type, other_flags; /* the latter two: bits that differ */
    uint16_t operation;
    bool other_context;
    uint32_t answer_path, answer_code;
    bool unanswered;
};

#define ASKED_FIRST(...) made_call_of((struct made_call){__VA_ARGS__})
#define ASKED_SECOND(...) made_call_of((struct made_call){.is_second = true, __VA_ARGS__})

static inline struct made_call made_call_of(struct made_call call)
{
    call.call = call.call != 0 ? call.call : call.is_second ? 3 : 2;
    call.path = call.path != NULL ? call.path : canonicalize_paths[call.is_second];
    call.prefix = call.prefix != NULL ? call.prefix : "\\";
    call.room = call.room != 0 ? call.room : CANONICALIZE_ROOM;
    call.operation = call.operation != 0 ? call.operation : SRVSVC_CANONICALIZE;
    return call;
}

static inline void check_turn(struct made_check *c, bool by_server)
{
    const struct writer *w = by_server ? &c->server : &c->client;
    assert_false(w->failed);
    assert_in_range(c->turn_count, 0, CHECK_TURNS - 1);
    c->turns[c->turn_count++] = (struct turn){by_server, w->used};
}

/* A reply with one part. */
static inline void check_reply(struct made_check *c, uint8_t command, uint32_t status,
                               struct reader words, struct reader bytes)
{
    struct smb_header h = {.command = command,
                           .status = status,
                           .flags = 0x98,
                           .flags2 = SMB_REQUEST_FLAGS2,
                           .tree = CHECK_TREE,
                           .multiplex = c->ids.multiplex};
    size_t at = netbios_frame_begin(&c->server, NETBIOS_FRAME_MESSAGE), size = words.left;
    smb_header_write(&c->server, &h);
    write_u8(&c->server, (uint8_t)(size / 2));
    write_bytes(&c->server, read_bytes(&words, size), size);
    size = bytes.left;
    write_le16(&c->server, (uint16_t)size);
    write_bytes(&c->server, read_bytes(&bytes, size), size);
    netbios_frame_end(&c->server, at);
    check_turn(c, true);
}

/* A request of any command, with little in it. */
static inline void check_odd_request(struct made_check *c, uint8_t command)
{
    const struct smb_header h = {.command = command, .multiplex = c->ids.multiplex};
    size_t start = netbios_frame_begin(&c->client, NETBIOS_FRAME_MESSAGE);
    smb_header_write(&c->client, &h);
    write_u8(&c->client, 5);
    write_zeros(&c->client, 10);
    write_le16(&c->client, 3 + 5);
    write_bytes(&c->client, "\1\5\0hello", 8); /* no call, where the command writes */
    netbios_frame_end(&c->client, start);
    check_turn(c, false);
}

static inline void check_plain_reply(struct made_check *c, uint8_t command, unsigned words)
{
    static const uint8_t zeros[64] = {SMB_NONE};
    check_reply(c, command, 0, reader_over(zeros, (size_t)2 * words), reader_over("", 0));
}

static inline void check_tree(struct made_check *c, const char *share, const char *service)
{
    static const uint8_t words[6] = {SMB_NONE};
    smb_tree_connect_build(&c->client, &c->ids, share);
    check_turn(c, false);
    c->ids.tree = CHECK_TREE;
    check_reply(c, SMB_TREE_CONNECT_ANDX, 0, reader_over(words, sizeof words),
                reader_over(service, strlen(service) + 1));
}

static inline void check_open(struct made_check *c, const char *name)
{
    static const uint8_t words[68] = {SMB_NONE};
    const struct smb_create create = {name, SMB_PIPE_ACCESS, SMB_CREATE_OPEN};
    smb_create_build(&c->client, &c->ids, &create);
    check_turn(c, false);
    check_reply(c, SMB_NT_CREATE_ANDX, 0, reader_over(words, sizeof words), reader_over("", 0));
}

/* What comes out of a pipe, in answer to a read or a transaction. */
static inline void check_data(struct made_check *c, uint8_t command, struct reader data)
{
    uint8_t words[24];
    struct writer w = writer_over(words, sizeof words);
    if (command == SMB_READ_ANDX) {
        write_u8(&w, SMB_NONE);
        write_zeros(&w, 9);
        write_le16(&w, (uint16_t)data.left);
        write_le16(&w, 32 + 1 + 24 + 2);
        write_zeros(&w, 10);
    } else {
        write_le16(&w, 0);
        write_le16(&w, (uint16_t)data.left);
        write_zeros(&w, 8);
        write_le16(&w, (uint16_t)data.left);
        write_le16(&w, 32 + 1 + 20 + 2);
        write_zeros(&w, 4);
    }
    check_reply(c, command, 0, reader_over(words, w.used), data);
}

/* A message into the pipe and, unless empty, one out of it. */
static inline void check_exchange(struct made_check *c, struct reader in, struct reader out)
{
    if (c->transacts) {
        smb_transact_build(&c->client, &c->ids, c->file, 4096, in);
        check_turn(c, false);
        if (out.left > 0)
            check_data(c, SMB_TRANSACTION, out);
        return;
    }
    smb_write_build(&c->client, &c->ids, c->file, in);
    check_turn(c, false);
    check_plain_reply(c, SMB_WRITE_ANDX, 6);
    smb_read_build(&c->client, &c->ids, c->file, 4096);
    check_turn(c, false);
    if (out.left > 0)
        check_data(c, SMB_READ_ANDX, out);
}

static inline void check_pdu(struct writer *w, uint8_t type, uint8_t flags, uint32_t call,
                             struct reader stub)
{
    size_t size = stub.left;
    write_u8(w, 5);
    write_u8(w, 0);
    write_u8(w, type);
    write_u8(w, flags);
    write_le32(w, 0x10);
    write_le16(w, (uint16_t)(24 + size));
    write_le16(w, 0);
    write_le32(w, call);
    write_le32(w, (uint32_t)size);
    write_le32(w, 0);
    write_bytes(w, read_bytes(&stub, size), size);
}

static inline void check_bind(struct made_check *c, const struct dcerpc_interface *to)
{
    uint8_t bytes[128], ack[64] = {5, 0, DCERPC_BIND_ACK, 3, 0x10, 0, 0, 0, 64, 0, 0, 0, 1};
    struct writer w = writer_over(bytes, sizeof bytes);
    dcerpc_bind_build(&w, 1, to);
    check_exchange(c, reader_over(bytes, w.used), reader_over(ack, sizeof ack));
}

static inline struct reader check_stub(const struct made_call *call, uint8_t stub[static 16])
{
    struct writer s = writer_over(stub, 16);
    const struct canonicalize_reply reply = {
        .room = 2, .path = call->answer_path, .type = 1, .code = call->answer_code};
    canonicalize_reply_build(&s, &reply);
    return reader_over(stub, s.used);
}

static inline size_t check_request(const struct made_call *call, uint8_t *bytes, size_t room)
{
    uint8_t stub[256];
    struct canonicalize_request q = {.referent = 1,
                                     .server = "a",
                                     .room = call->room,
                                     .type = 1 ^ call->other_type,
                                     .flags = 1 ^ call->other_flags};
    assert_in_range(snprintf(q.path, sizeof q.path, "%s", call->path), 0, 99);
    assert_in_range(snprintf(q.prefix, sizeof q.prefix, "%s", call->prefix), 0, 99);
    struct writer s = writer_over(stub, sizeof stub), w = writer_over(bytes, room);
    canonicalize_request_build(&s, &q);
    dcerpc_request_build(&w, call->call, call->operation, reader_over(stub, s.used));
    bytes[20] = call->other_context;
    assert_false(s.failed || w.failed);
    return w.used;
}

static inline void check_call(struct made_check *c, struct made_call call)
{
    uint8_t in[512], out[64], stub[16];
    struct writer w = writer_over(out, sizeof out);
    check_pdu(&w, DCERPC_RESPONSE, 3, call.call, check_stub(&call, stub));
    size_t size = check_request(&call, in, sizeof in);
    check_exchange(c, reader_over(in, size), reader_over(out, call.unanswered ? 0 : w.used));
}

static inline void check_negotiate(struct made_check *c)
{
    *c = (struct made_check){.ids = {.multiplex = 1}, .file = CHECK_FILE};
    c->client = writer_over(c->asked, sizeof c->asked);
    c->server = writer_over(c->told, sizeof c->told);
    smb_negotiate_build(&c->client, &c->ids);
    check_turn(c, false);
    check_plain_reply(c, SMB_NEGOTIATE, 17);
}

/* Up to where a pipe is bound to the Server service. */
static inline void check_begin(struct made_check *c, bool transacts)
{
    static const struct smb_login nobody = {
        .lm = {(const uint8_t *)"", 1, false}, .account = "", .domain = "", .os = "", .lanman = ""};
    check_negotiate(c);
    c->transacts = transacts;
    smb_session_setup_build(&c->client, &c->ids, &nobody);
    check_turn(c, false);
    check_plain_reply(c, SMB_SESSION_SETUP_ANDX, 3);
    check_tree(c, "\\\\10.0.0.7\\IPC$", "IPC");
    check_open(c, "\\srvsvc");
    check_bind(c, &srvsvc_interface);
}

static inline void check_end(struct made_check *c)
{
    smb_tree_disconnect_build(&c->client, &c->ids);
    check_turn(c, false);
    check_plain_reply(c, SMB_TREE_DISCONNECT, 0);
    smb_logoff_build(&c->client, &c->ids);
    check_turn(c, false);
    check_plain_reply(c, SMB_LOGOFF_ANDX, 2);
}

/* A whole check: what the two calls gave. */
static inline void check_made(struct made_check *c, bool transacts,
                              struct canonicalize_answer first, struct canonicalize_answer second)
{
    check_begin(c, transacts);
    check_call(c, ASKED_FIRST(.answer_path = first.path, .answer_code = first.code));
    check_call(c, ASKED_SECOND(.answer_path = second.path, .answer_code = second.code));
    check_end(c);
}

#define MADE_ABC                                                                                   \
    (struct canonicalize_answer){0, 0x84b}, (struct canonicalize_answer)                           \
    {                                                                                              \
        0x5c450000, 87                                                                             \
    }

#endif
