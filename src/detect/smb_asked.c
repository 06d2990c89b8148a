/* Both streams are walked part by part; what was written and what was read are DCERPC, PDU by
 * PDU. */
#include "detect/smb_asked.h"

#include <string.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "detect/exploit_seen.h"
#include "observe/flows.h"
#include "observe/packet.h"
#include "wire/dcerpc.h"
#include "wire/netbios_session.h"
#include "wire/smb.h"
#include "wire/smb_replies.h"
#include "wire/srvsvc.h"

enum {
    CALLS_MAX = 64,    /* of a stream that are told apart */
    BINDINGS_MAX = 8,  /* pipes of a stream that were bound */
    SMB_START = 8,     /* a frame's head, and FF 'S' 'M' 'B' */
    DCERPC_ALTER = 14, /* binds once more */
    REPLY_STUB = 16,
    NDR_SIZE = 20 /* of a way to lay out values, in a bind */
};

/* The context of a pipe in which the Server service is called. */
struct binding {
    uint16_t tree, file, context;
    bool is_ours;
};

struct request {
    uint32_t call;
    uint16_t tree, file;
    bool is_question;
};

struct asking {
    unsigned binding_count, request_count;
    struct binding bindings[BINDINGS_MAX];
    struct request requests[CALLS_MAX];
    struct smb_asked asked;
};

static bool is_smb_port(uint16_t port)
{
    return port == SMB_PORT || port == NETBIOS_SESSION_PORT;
}

bool smb_is_seen(const struct observation *seen, bool *by_server)
{
    bool to_server = is_smb_port(seen->server.port), to_client = is_smb_port(seen->client.port);
    if (seen->protocol != IP_TCP || !seen->is_stream)
        return false;
    *by_server = to_server ? !seen->by_client : seen->by_client;
    return seen->client_known ? to_server : to_server != to_client;
}

/* What a client of the check may ask for: all of it is known to write nothing to a pipe, or is read
 * here. */
static bool is_understood(uint8_t command)
{
    enum { FLUSH = 0x05, TRANSACTION2 = 0x32, FIND_CLOSE2 = 0x34, NT_CANCEL = 0xa4 };
    static const uint8_t commands[] = {SMB_CLOSE,
                                       FLUSH,
                                       SMB_WRITE,
                                       SMB_TRANSACTION,
                                       SMB_ECHO,
                                       SMB_OPEN_ANDX,
                                       SMB_READ_ANDX,
                                       SMB_WRITE_ANDX,
                                       TRANSACTION2,
                                       FIND_CLOSE2,
                                       SMB_NEGOTIATE,
                                       SMB_SESSION_SETUP_ANDX,
                                       SMB_LOGOFF_ANDX,
                                       SMB_TREE_DISCONNECT,
                                       SMB_TREE_CONNECT_ANDX,
                                       SMB_NT_CREATE_ANDX,
                                       NT_CANCEL};
    return memchr(commands, command, sizeof commands) != NULL;
}

static bool is_of_pipes(const struct smb_request *part)
{
    static const char share[] = "\\ipc$";
    const size_t size = sizeof share - 1;
    struct smb_name name;
    return smb_name_of(part, &name) && name.size >= size &&
           memcmp(name.text + name.size - size, share, size) == 0;
}

/* The context that is offered for the Server service; false where none is. */
static bool read_bind(struct reader body, uint16_t *context)
{
    read_skip(&body, 2 + 2 + 4); /* how much at most, the group */
    unsigned contexts = read_u8(&body);
    read_skip(&body, 3);
    for (unsigned i = 0; i < contexts && !body.failed; i++) {
        *context = read_le16(&body);
        size_t syntaxes = read_u8(&body);
        read_skip(&body, 1);
        const uint8_t *uuid = read_bytes(&body, sizeof srvsvc_interface.uuid);
        uint16_t major = read_le16(&body);
        read_skip(&body, 2 + syntaxes * NDR_SIZE);
        if (!body.failed && major == srvsvc_interface.major &&
            memcmp(uuid, srvsvc_interface.uuid, sizeof srvsvc_interface.uuid) == 0)
            return true;
    }
    return false;
}

/* NULL: nothing was bound there. */
static struct binding *binding_of(struct asking *a, const struct smb_write *to)
{
    for (unsigned i = 0; i < a->binding_count; i++)
        if (a->bindings[i].tree == to->tree && a->bindings[i].file == to->file)
            return &a->bindings[i];
    return NULL;
}

static bool take_bind(struct asking *a, const struct smb_write *to, const struct dcerpc_pdu *p)
{
    struct binding *b = binding_of(a, to);
    if (b == NULL && a->binding_count == BINDINGS_MAX)
        return false;
    if (b == NULL)
        b = &a->bindings[a->binding_count++];
    *b = (struct binding){.tree = to->tree, .file = to->file};
    b->is_ours = p->little && read_bind(p->body, &b->context);
    return true;
}

/* The place of the path that is asked about; -1: this is none of the two questions. Another type or
 * other flags would make Windows answer as the worm does. */
static int question_of(struct asking *a, const struct smb_write *to, const struct dcerpc_pdu *p)
{
    struct canonicalize_request q;
    struct binding *b = binding_of(a, to);
    struct reader body = p->body;
    read_skip(&body, 4); /* size */
    uint16_t context = read_le16(&body);
    if (b == NULL || !b->is_ours || b->context != context || !p->little || !p->is_first ||
        !p->is_last || p->operation != SRVSVC_CANONICALIZE ||
        !canonicalize_request_read(p->stub, &q))
        return -1;
    if (q.room != CANONICALIZE_ROOM || q.type != 1 || q.flags != 1 || strcmp(q.prefix, "\\") != 0)
        return -1;
    for (int i = 0; i < CANONICALIZE_CALLS; i++)
        if (strcmp(q.path, canonicalize_paths[i]) == 0)
            return i;
    return -1;
}

/* False where the number of this call has served another kind of request, or another pipe. */
static bool is_told_apart(const struct asking *a, const struct request *now, uint16_t *nth)
{
    *nth = 0;
    for (unsigned i = 0; i < a->request_count; i++) {
        const struct request *r = &a->requests[i];
        if (r->call != now->call)
            continue;
        if (!r->is_question || r->tree != now->tree || r->file != now->file)
            return false;
        *nth += 1;
    }
    return true;
}

static bool take_request(struct asking *a, const struct smb_write *to, const struct dcerpc_pdu *p)
{
    int path = question_of(a, to, p);
    struct request now = {
        .call = p->call, .tree = to->tree, .file = to->file, .is_question = path >= 0};
    uint16_t nth;
    bool is_clear = is_told_apart(a, &now, &nth);
    if (a->request_count == CALLS_MAX)
        return false;
    a->requests[a->request_count++] = now;
    if (path < 0) {
        for (unsigned i = 0; i < a->asked.count; i++)
            if (a->asked.all[i].call == now.call)
                return false;
        return true;
    }
    if (!is_clear || a->asked.count == SMB_QUESTIONS_MAX)
        return false;
    a->asked.all[a->asked.count++] = (struct smb_question){now.call, nth, (uint8_t)path};
    return true;
}

/* False where it is not PDUs, one behind the other and whole. */
static bool take_write(struct asking *a, struct smb_write write)
{
    struct dcerpc_pdu p;
    while (write.data.left > 0) {
        if (!dcerpc_next(&write.data, &p) || !p.whole)
            return false;
        if ((p.type == DCERPC_BIND || p.type == DCERPC_ALTER) && !take_bind(a, &write, &p))
            return false;
        if (p.type == DCERPC_REQUEST && !take_request(a, &write, &p))
            return false;
    }
    return true;
}

/* A transaction that writes to a pipe by a name that is not read as one's. */
static bool may_write(const struct smb_request *part)
{
    enum { TRANSACT = 0x26, RAW_WRITE = 0x31, WRITE = 0x37, CALL = 0x54 };
    struct reader words = part->words;
    read_skip(&words, 13 * 2 + 2); /* totals to offsets, how many words follow */
    uint16_t function = read_le16(&words);
    return part->command == SMB_TRANSACTION &&
           (function == TRANSACT || function == RAW_WRITE || function == WRITE || function == CALL);
}

/* False where the client does what is not followed. */
static bool take_part(struct asking *a, const struct smb_request *part)
{
    struct smb_write write;
    if (smb_header_is_reply(&part->header) || !is_understood(part->command))
        return false;
    if (part->command == SMB_TREE_CONNECT_ANDX)
        return is_of_pipes(part);
    return smb_write_of(part, &write) ? take_write(a, write) : !may_write(part);
}

/* The messages of the stream that have come whole. */
static struct reader whole_messages(struct reader stream)
{
    struct reader all = stream;
    struct netbios_frame frame;
    size_t left = stream.left;
    while (netbios_frame_next(&stream, &frame) && frame.whole)
        left = stream.left;
    return read_part(&all, all.left - left);
}

struct smb_asked smb_asked_in(struct reader stream)
{
    struct asking a = {0};
    struct smb_request part;
    struct smb_walk walk = smb_walk_over(whole_messages(stream));
    bool goes_on = smb_next(&walk, &part) && part.command == SMB_NEGOTIATE;
    if (!goes_on)
        return a.asked;
    while (goes_on && smb_next(&walk, &part))
        goes_on = walk.parts < SMB_CHAIN_MAX && take_part(&a, &part);
    a.asked.is_over = !goes_on || walk.ending != SMB_ENDS_WITH_BYTES ||
                      stream.left >= STREAM_HEAD_BYTES;
    return a.asked;
}

/* The server says itself that a tree is no pipes' but a disk's or printer's. */
static bool is_other_tree(const struct smb_request *part)
{
    struct reader service = part->bytes;
    const uint8_t *name = read_bytes(&service, 3);
    return part->command == SMB_TREE_CONNECT_ANDX && name != NULL && memcmp(name, "IPC", 3) != 0;
}

/* Everything that came out of pipes, in a row. */
static struct reader join_read(struct reader stream, uint8_t buffer[static STREAM_HEAD_BYTES])
{
    struct writer joined = writer_over(buffer, STREAM_HEAD_BYTES);
    struct smb_request part;
    struct reader data;
    struct smb_walk walk = smb_walk_over(whole_messages(stream));
    bool goes_on = smb_next(&walk, &part) && part.command == SMB_NEGOTIATE;
    while (goes_on && smb_next(&walk, &part)) {
        goes_on = smb_header_is_reply(&part.header) && !is_other_tree(&part);
        if (goes_on && smb_read_reply_read(&part, &data)) {
            size_t room = joined.size - joined.used;
            size_t size = data.left < room ? data.left : room;
            write_bytes(&joined, read_bytes(&data, size), size);
        }
    }
    return reader_over(buffer, joined.used);
}

/* A reply that is being put together from its fragments. */
struct telling {
    uint32_t call;
    bool is_broken; /* it is none that is looked for */
    struct writer stub;
    uint8_t bytes[REPLY_STUB];
};

/* True with the last fragment of a reply. */
static bool take_fragment(struct telling *t, const struct dcerpc_pdu *p)
{
    struct reader stub = p->stub;
    size_t size = stub.left;
    if (p->is_first) {
        *t = (struct telling){.call = p->call};
        t->stub = writer_over(t->bytes, sizeof t->bytes);
    }
    t->is_broken |= p->type != DCERPC_RESPONSE || !p->little || p->call != t->call ||
                    size > t->stub.size - t->stub.used;
    if (!t->is_broken)
        write_bytes(&t->stub, read_bytes(&stub, size), size);
    return p->is_last;
}

static bool is_answer(const struct telling *t, struct canonicalize_answer *out)
{
    struct canonicalize_reply reply;
    if (t->is_broken || t->stub.used != REPLY_STUB ||
        !canonicalize_reply_read(reader_over(t->bytes, t->stub.used), &reply))
        return false;
    *out = (struct canonicalize_answer){.path = reply.path, .code = reply.code};
    return true;
}

struct smb_told smb_told_in(struct reader stream)
{
    uint8_t buffer[STREAM_HEAD_BYTES];
    uint32_t calls[CALLS_MAX];
    struct smb_told told = {0};
    struct telling telling = {.is_broken = true};
    struct dcerpc_pdu p;
    struct reader pipe = join_read(stream, buffer);
    for (unsigned count = 0; count < CALLS_MAX && dcerpc_next(&pipe, &p) && p.whole;) {
        struct smb_reply reply = {.call = p.call};
        if ((p.type != DCERPC_RESPONSE && p.type != DCERPC_FAULT) || !take_fragment(&telling, &p))
            continue;
        for (unsigned i = 0; i < count; i++)
            reply.nth = (uint16_t)(reply.nth + (calls[i] == p.call));
        calls[count++] = p.call;
        if (told.count < SMB_REPLIES_MAX && is_answer(&telling, &reply.answer))
            told.all[told.count++] = reply;
    }
    return told;
}

/* Of a server a reply too short for data is passed over, of a client a request that only reads. */
bool smb_has_news(struct reader stream, size_t before, bool by_server)
{
    enum { DATA_REPLY_MIN = SMB_HEADER_SIZE + 1 + 20 + 2, COMMAND_AT = 4 };
    struct netbios_frame frame;
    size_t all = stream.left;
    while (netbios_frame_next(&stream, &frame) && frame.whole) {
        if (all - stream.left <= before)
            continue;
        size_t size = frame.message.left;
        read_skip(&frame.message, COMMAND_AT);
        bool reads = read_u8(&frame.message) == SMB_READ_ANDX;
        read_skip(&frame.message, SMB_HEADER_SIZE - COMMAND_AT - 1 + 1);
        bool is_last = read_u8(&frame.message) == SMB_NONE;
        if (by_server ? size > DATA_REPLY_MIN : !reads || !is_last)
            return true;
    }
    return all >= STREAM_HEAD_BYTES;
}

/* Of a server all that may hold the answers, where it speaks SMB1 from the start. */
static size_t wants_of_server(struct reader stream)
{
    struct smb_request part;
    if (stream.left < SMB_START)
        return SMB_START;
    struct smb_walk walk = smb_walk_over(stream);
    if (smb_next(&walk, &part))
        return part.command == SMB_NEGOTIATE && smb_header_is_reply(&part.header)
                   ? STREAM_HEAD_BYTES
                   : 0;
    return walk.ending == SMB_ENDS_WITH_BYTES ? STREAM_HEAD_BYTES : 0;
}

size_t smb_wants(const struct observation *head)
{
    bool by_server;
    if (!smb_is_seen(head, &by_server))
        return 0;
    return by_server ? wants_of_server(head->bytes) : exploit_wants(head);
}
