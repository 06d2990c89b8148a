/* SMB1 as a server speaks it: negotiate, session setup, tree connect, create, and the pipe's reads
 * and writes, by WRITE_ANDX and READ_ANDX or by TransactNmPipe. Of a chain of AndX commands only
 * the first is answered. Source: MS-CIFS 2.2.4, MS-SMB 2.2.4. */
#include "smb_server.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"

enum {
    CLOSE = 0x04,
    TRANSACTION = 0x25,
    ECHO_IT = 0x2b,
    READ_ANDX = 0x2e,
    WRITE_ANDX = 0x2f,
    TREE_DISCONNECT = 0x71,
    NEGOTIATE = 0x72,
    SESSION_SETUP_ANDX = 0x73,
    LOGOFF_ANDX = 0x74,
    TREE_CONNECT_ANDX = 0x75,
    NT_CREATE_ANDX = 0xa2
};

enum {
    REPLY_BIT = 0x80,
    FLAGS2_EXTENDED = 0x0800,
    CAPABILITIES = 0xf3fd,
    FIRST_UID = 0x0800,
    FIRST_TID = 0x0801,
    FIRST_FILE = 0x4000,
    TRANSACT_NM_PIPE = 0x26,
    PART_SIZE = 20, /* RPC_PARTS: of a read */
    DIALECTS_MAX = 32,
    NAME_ROOM = 80
};
#define CAPABILITY_EXTENDED UINT32_C(0x80000000)

static void andx_write(struct reply *r)
{
    write_le16(&r->w, 0x00ff);
    write_le16(&r->w, 0);
}

/* The place of "NT LM 0.12" among the dialects; 0xffff when it is not there. *has_smb2: of theirs
 * one is SMB2. */
static uint16_t dialect_choose(struct reader bytes, bool *has_smb2)
{
    uint16_t chosen = 0xffff;
    *has_smb2 = false;
    for (uint16_t i = 0; i < DIALECTS_MAX && bytes.left != 0; i++) {
        char name[NAME_ROOM];
        read_skip(&bytes, 1);
        string_read(&bytes, false, name, sizeof name);
        if (strcmp(name, "NT LM 0.12") == 0)
            chosen = i;
        *has_smb2 = *has_smb2 || strncmp(name, "SMB 2.", 6) == 0;
    }
    return chosen;
}

static void names_write(struct reply *r)
{
    static const uint8_t lone[] = {0x00, 0xd8, 'A', 0, 0x00, 0xdc, 0x00, 0xdc, 0, 0, 0xff, 0xdf};
    const struct variant *v = r->c->variant;
    if (v->names == NAMES_NONE)
        return;
    if (v->names == NAMES_BAD_UTF16) {
        write_bytes(&r->w, lone, sizeof lone);
        write_u8(&r->w, 'x'); /* half of a character, and no end */
        return;
    }
    write_utf16(&r->w, name_of_domain(v), true);
    write_utf16(&r->w, name_of_server(v), true);
}

static enum act negotiate_write(struct connection *c, const struct request *q, uint16_t dialect)
{
    const struct variant *v = c->variant;
    c->is_extended = v->security != SECURITY_PLAIN && (q->flags2 & FLAGS2_EXTENDED) != 0;
    struct reply r = reply_begin(c, q, STATUS_OK);
    write_le16(&r.w, dialect);
    if (dialect == 0xffff)
        return reply_end(&r);
    write_u8(&r.w, v->requires_signing ? 0x0f : 0x03);
    write_le16(&r.w, 50);
    write_le16(&r.w, 1);
    write_le32(&r.w, 0x4104);
    write_le32(&r.w, 0x10000);
    write_le32(&r.w, 0);
    write_le32(&r.w, CAPABILITIES | (c->is_extended ? CAPABILITY_EXTENDED : 0));
    write_le64(&r.w, filetime_now());
    write_le16(&r.w, 0xffc4); /* an hour east */
    write_u8(&r.w, c->is_extended ? 0 : CHALLENGE_SIZE);
    reply_bytes(&r);
    if (!c->is_extended) {
        write_bytes(&r.w, c->challenge, CHALLENGE_SIZE);
        names_write(&r);
        return reply_end(&r);
    }
    for (int i = 0; i < 16; i++)
        write_u8(&r.w, 'G');
    if (v->security == SECURITY_SPNEGO)
        spnego_offer(&r.w, v);
    return reply_end(&r);
}

static enum act negotiate(struct connection *c, const struct request *q)
{
    bool has_smb2 = false;
    uint16_t dialect = dialect_choose(q->bytes, &has_smb2);
    log_step(c, "negotiate");
    if (upset_comes(c, STEP_NEGOTIATE))
        return upset_act(c, q);
    switch (c->variant->dialect) {
    case DIALECT_SMB1:
        break;
    case DIALECT_SMB2_ONLY:
        return has_smb2 ? smb2_negotiate_answer(c, 0x02ff, 0) : ACT_CLOSE;
    case DIALECT_SMB2_ANSWERS:
        return smb2_negotiate_answer(c, 0x0202, 0);
    case DIALECT_NONE_OF_THEM:
        dialect = 0xffff;
        break;
    }
    return negotiate_write(c, q, dialect);
}

static enum act setup_end(struct connection *c, const struct request *q, uint32_t status,
                          struct reader blob, bool is_guest)
{
    bool is_good = status == STATUS_OK || status == STATUS_MORE_PROCESSING;
    if (!is_good)
        return reply_status(c, q, status);
    c->uid = FIRST_UID;
    c->is_logged_in = c->is_logged_in || status == STATUS_OK;
    struct reply r = reply_begin(c, q, status);
    andx_write(&r);
    write_le16(&r.w, is_guest);
    if (c->is_extended)
        write_le16(&r.w, (uint16_t)blob.left);
    reply_bytes(&r);
    write_bytes(&r.w, blob.next, blob.left);
    reply_string(&r, q, name_of_system(c->variant));
    reply_string(&r, q, "Windows 2000 LAN Manager");
    if (!c->is_extended)
        reply_string(&r, q, name_of_domain(c->variant));
    return reply_end(&r);
}

static enum act setup_extended(struct connection *c, const struct request *q)
{
    uint8_t answer[1024];
    struct writer w = writer_over(answer, sizeof answer);
    struct reader words = q->words, bytes = q->bytes;
    read_skip(&words, 14);
    struct reader blob = read_part(&bytes, read_le16(&words));
    uint32_t status = words.failed || bytes.failed ? STATUS_INVALID_PARAMETER
                                                   : ntlmssp_answer(c, blob, &w);
    return setup_end(c, q, status, reader_over(answer, w.failed ? 0 : w.used), false);
}

static enum act setup(struct connection *c, const struct request *q)
{
    bool is_guest = false;
    /* Whoever proves who he is was let in before. */
    if (q->uid == 0 && upset_comes(c, STEP_SETUP)) {
        log_step(c, "setup");
        return upset_act(c, q);
    }
    if (c->is_extended && q->words.left == 24)
        return setup_extended(c, q);
    c->is_extended = false;
    uint32_t status = login_plain(c, q, &is_guest);
    return setup_end(c, q, status, reader_over(NULL, 0), is_guest);
}

static enum act tree_connect(struct connection *c, const struct request *q)
{
    char path[NAME_ROOM];
    struct reader words = q->words, bytes = q->bytes;
    read_skip(&words, 6);
    read_skip(&bytes, read_le16(&words));
    request_string(q, &bytes, path, sizeof path);
    log_foreign(c, "tree ", path);
    if (upset_comes(c, STEP_TREE))
        return upset_act(c, q);
    if (!c->is_logged_in || q->uid != c->uid)
        return reply_status(c, q, STATUS_BAD_UID);
    const char *share = strrchr(path, '\\');
    if (share == NULL || strcasecmp(share + 1, "IPC$") != 0)
        return reply_status(c, q, STATUS_BAD_NETWORK_NAME);
    c->has_tree = true;
    c->tid = c->variant->gives_tid_0 ? 0 : FIRST_TID;
    struct reply r = reply_begin(c, q, STATUS_OK);
    andx_write(&r);
    write_le16(&r.w, 1);
    reply_bytes(&r);
    write_bytes(&r.w, "IPC", 4);
    reply_string(&r, q, "");
    return reply_end(&r);
}

static enum act create_write(struct connection *c, const struct request *q)
{
    struct reply r = reply_begin(c, q, STATUS_OK);
    andx_write(&r);
    write_u8(&r.w, 0);
    write_le16(&r.w, c->pipe.file);
    write_le32(&r.w, 1); /* it was there */
    write_zeros(&r.w, 32);
    write_le32(&r.w, 0x80);
    write_zeros(&r.w, 16);
    write_le16(&r.w, 2);      /* a pipe of messages */
    write_le16(&r.w, 0x05ff); /* its state */
    write_u8(&r.w, 0);
    return reply_end(&r);
}

static enum act create(struct connection *c, const struct request *q)
{
    char path[NAME_ROOM];
    struct reader bytes = q->bytes;
    request_string(q, &bytes, path, sizeof path);
    log_foreign(c, "create ", path);
    if (upset_comes(c, STEP_CREATE))
        return upset_act(c, q);
    if (!c->has_tree || q->tid != c->tid)
        return reply_status(c, q, STATUS_BAD_TID);
    if (c->variant->pipe_wants_account && !c->has_account)
        return reply_status(c, q, STATUS_ACCESS_DENIED);
    if (!pipe_opens(c->variant, path + strspn(path, "\\")))
        return reply_status(c, q, STATUS_NAME_NOT_FOUND);
    c->pipe = (struct pipe){.is_open = true};
    c->pipe.file = (uint16_t)(FIRST_FILE + c->files_opened++ % 1000);
    return create_write(c, q);
}

static bool is_open(const struct connection *c, const struct request *q, uint16_t file)
{
    return c->has_tree && q->tid == c->tid && c->pipe.is_open && file == c->pipe.file;
}

/* Data is given to the pipe. False, and *act: what goes wrong at this step. */
static bool pipe_takes(struct connection *c, const struct request *q, struct reader data,
                       bool with_read, enum act *act)
{
    enum step step = pipe_step(data);
    bool comes = upset_comes(c, step) ||
                 (with_read && step == STEP_WRITE && upset_comes(c, STEP_READ));
    bool is_call = step == STEP_CALL1 || step == STEP_CALL2;
    pipe_write(c, data); /* so that it is in the log */
    if (!comes)
        return true;
    if (is_call && !with_read && c->variant->upset.how == FALLS_SILENT) {
        c->pipe.is_mute = true;
        return true;
    }
    *act = upset_act(c, q);
    return false;
}

static enum act write_andx(struct connection *c, const struct request *q)
{
    enum act act = ACT_NOTHING;
    struct reader words = q->words, data = q->message;
    read_skip(&words, 4);
    uint16_t file = read_le16(&words);
    read_skip(&words, 14);
    uint16_t size = read_le16(&words), at = read_le16(&words);
    read_skip(&data, at);
    data = read_part(&data, size);
    if (words.failed || data.failed)
        return reply_status(c, q, STATUS_INVALID_PARAMETER);
    if (!is_open(c, q, file))
        return reply_status(c, q, STATUS_INVALID_HANDLE);
    if (!pipe_takes(c, q, data, false, &act))
        return act;
    struct reply r = reply_begin(c, q, STATUS_OK);
    andx_write(&r);
    write_le16(&r.w, size);
    write_zeros(&r.w, 6);
    return reply_end(&r);
}

/* An offset from FF to what follows it by `behind` bytes. */
static void offset_write(struct reply *r, size_t behind)
{
    bool is_outside = r->c->variant->twist == TWIST_OFFSETS_OUTSIDE;
    write_le16(&r->w, is_outside ? 0xff00 : (uint16_t)(reply_at(r) + behind));
}

/* What is read is as much as the client has room for; the rest comes with the next read. */
static struct reader readable(struct connection *c, size_t room, uint32_t *status)
{
    bool more = false;
    if (c->variant->rpc == RPC_PARTS && room > PART_SIZE)
        room = PART_SIZE;
    struct reader data = pipe_read(c, room, &more);
    *status = more ? STATUS_BUFFER_OVERFLOW : STATUS_OK;
    return data;
}

static enum act read_andx(struct connection *c, const struct request *q)
{
    enum { WORDS_BEHIND_OFFSET = 12, BYTE_COUNT_AND_PAD = 3 };
    struct reader words = q->words;
    uint32_t status = STATUS_OK;
    read_skip(&words, 4);
    uint16_t file = read_le16(&words);
    read_skip(&words, 4);
    uint16_t room = read_le16(&words);
    if (words.failed || !is_open(c, q, file))
        return reply_status(c, q, STATUS_INVALID_HANDLE);
    if (!c->pipe.was_read && upset_comes(c, STEP_READ))
        return upset_act(c, q);
    if (c->pipe.is_mute)
        return ACT_NOTHING;
    struct reader data = readable(c, room, &status);
    if (data.left == 0)
        return reply_status(c, q, STATUS_PIPE_EMPTY);
    struct reply r = reply_begin(c, q, status);
    andx_write(&r);
    write_le16(&r.w, 0xffff);
    write_zeros(&r.w, 4);
    write_le16(&r.w, (uint16_t)data.left);
    offset_write(&r, WORDS_BEHIND_OFFSET + BYTE_COUNT_AND_PAD);
    write_zeros(&r.w, WORDS_BEHIND_OFFSET - 2);
    reply_bytes(&r);
    write_u8(&r.w, 0);
    write_bytes(&r.w, data.next, data.left);
    return reply_end(&r);
}

static enum act transact_end(struct connection *c, const struct request *q, uint16_t room)
{
    enum { WORDS_BEHIND_OFFSET = 6, BYTE_COUNT_AND_PAD = 3 };
    uint32_t status = STATUS_OK;
    if (c->pipe.is_mute)
        return ACT_NOTHING;
    struct reader data = readable(c, room, &status);
    struct reply r = reply_begin(c, q, status);
    write_le16(&r.w, 0);
    write_le16(&r.w, (uint16_t)data.left);
    write_le16(&r.w, 0);
    write_le16(&r.w, 0);
    write_le16(&r.w, (uint16_t)(SMB1_HEADER_SIZE + 1 + 20 + 2));
    write_le16(&r.w, 0);
    write_le16(&r.w, (uint16_t)data.left);
    offset_write(&r, WORDS_BEHIND_OFFSET + BYTE_COUNT_AND_PAD);
    write_zeros(&r.w, WORDS_BEHIND_OFFSET - 2);
    reply_bytes(&r);
    write_u8(&r.w, 0);
    write_bytes(&r.w, data.next, data.left);
    return reply_end(&r);
}

static enum act transaction(struct connection *c, const struct request *q)
{
    enum act act = ACT_NOTHING;
    struct reader words = q->words, data = q->message;
    read_skip(&words, 6);
    uint16_t room = read_le16(&words);
    read_skip(&words, 14);
    uint16_t size = read_le16(&words), at = read_le16(&words);
    uint8_t setup_count = read_u8(&words);
    read_skip(&words, 1);
    uint16_t function = read_le16(&words), file = read_le16(&words);
    read_skip(&data, at);
    data = read_part(&data, size);
    if (words.failed || data.failed || setup_count != 2)
        return reply_status(c, q, STATUS_INVALID_PARAMETER);
    if (function != TRANSACT_NM_PIPE)
        return reply_status(c, q, STATUS_NOT_SUPPORTED);
    if (!is_open(c, q, file))
        return reply_status(c, q, STATUS_INVALID_HANDLE);
    if (!pipe_takes(c, q, data, true, &act))
        return act;
    return transact_end(c, q, room);
}

static enum act ending(struct connection *c, const struct request *q)
{
    struct reply r = reply_begin(c, q, STATUS_OK);
    if (q->command == LOGOFF_ANDX) {
        log_step(c, "logoff");
        andx_write(&r);
        c->is_logged_in = c->has_account = c->has_tree = c->pipe.is_open = false;
    } else if (q->command == TREE_DISCONNECT) {
        log_step(c, "disconnect");
        c->has_tree = c->pipe.is_open = false;
    } else if (q->command == CLOSE) {
        log_step(c, "close");
        c->pipe.is_open = false;
    } else {
        write_le16(&r.w, 1);
        reply_bytes(&r);
        write_bytes(&r.w, q->bytes.next, q->bytes.left);
    }
    return reply_end(&r);
}

enum act smb1_answer(struct connection *c, struct reader message)
{
    struct request q;
    if (!request_parse(message, &q)) {
        log_step(c, "no SMB1 request");
        return ACT_CLOSE;
    }
    if ((q.flags & REPLY_BIT) != 0) {
        log_step(c, "reply bit set");
        if (c->variant->drops_reply_bit)
            return ACT_NOTHING;
    }
    switch (q.command) {
    case NEGOTIATE:
        return negotiate(c, &q);
    case SESSION_SETUP_ANDX:
        return setup(c, &q);
    case TREE_CONNECT_ANDX:
        return tree_connect(c, &q);
    case NT_CREATE_ANDX:
        return create(c, &q);
    case WRITE_ANDX:
        return write_andx(c, &q);
    case READ_ANDX:
        return read_andx(c, &q);
    case TRANSACTION:
        return transaction(c, &q);
    case LOGOFF_ANDX:
    case TREE_DISCONNECT:
    case CLOSE:
    case ECHO_IT:
        return ending(c, &q);
    default:
        log_step(c, "command 0x%02x", q.command);
        return reply_status(c, &q, STATUS_NOT_IMPLEMENTED);
    }
}

enum act smb1_unasked(struct connection *c)
{
    const struct request q = {.command = SESSION_SETUP_ANDX, .mid = 1, .flags2 = 0x6045};
    return setup_end(c, &q, STATUS_OK, reader_over(NULL, 0), true);
}
