/* Frame by frame and part by part through the bounded reader. */
#include "wire/smb.h"

#include <string.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "wire/netbios_session.h"
#include "wire/smb2.h"

enum {
    FLAG_REPLY = 0x80,
    WRITE_MESSAGE_START = 0x0c /* of a mode: the data begins with the length of the message */
};

#define MAGIC_SMB1 UINT32_C(0xff534d42)
#define MAGIC_ENCRYPTED UINT32_C(0xfd534d42)
#define MAGIC_COMPRESSED UINT32_C(0xfc534d42)

struct smb_walk smb_walk_over(struct reader stream)
{
    return (struct smb_walk){.stream = stream, .command = SMB_NONE};
}

static bool end(struct smb_walk *w, enum smb_ending how)
{
    w->ending = how;
    w->stream = w->message = reader_over(NULL, 0);
    w->command = SMB_NONE;
    return false;
}

/* At most `most` of the next bytes. */
static struct reader read_up_to(struct reader *r, size_t most)
{
    return read_part(r, most < r->left ? most : r->left);
}

/* The next message's frame: true when one was begun. The other frames of a session are passed
 * over. */
static bool read_frame(struct smb_walk *w)
{
    struct netbios_frame frame;
    while (netbios_frame_next(&w->stream, &frame)) {
        w->message = frame.message;
        if (frame.type == NETBIOS_FRAME_MESSAGE)
            return true;
        if (frame.type < NETBIOS_FRAME_REQUEST || frame.type > NETBIOS_FRAME_KEEP_ALIVE)
            return end(w, SMB_ENDS_OTHER);
    }
    return end(w, SMB_ENDS_WITH_BYTES);
}

static void read_fields(struct reader *r, struct smb_header *h)
{
    h->command = read_u8(r);
    h->status = read_le32(r);
    h->flags = read_u8(r);
    h->flags2 = read_le16(r);
    h->process = (uint32_t)read_le16(r) << 16;
    h->signature = read_le64(r);
    read_skip(r, 2);
    h->tree = read_le16(r);
    h->process |= read_le16(r);
    h->user = read_le16(r);
    h->multiplex = read_le16(r);
}

bool smb_header_read(struct reader *r, struct smb_header *out)
{
    struct smb_header h;
    bool is_ours = read_be32(r) == MAGIC_SMB1;
    read_fields(r, &h);
    if (!is_ours || r->failed)
        return false;
    *out = h;
    return true;
}

void smb_header_write(struct writer *w, const struct smb_header *h)
{
    write_be32(w, MAGIC_SMB1);
    write_u8(w, h->command);
    write_le32(w, h->status);
    write_u8(w, h->flags);
    write_le16(w, h->flags2);
    write_le16(w, (uint16_t)(h->process >> 16));
    write_le64(w, h->signature);
    write_zeros(w, 2);
    write_le16(w, h->tree);
    write_le16(w, (uint16_t)h->process);
    write_le16(w, h->user);
    write_le16(w, h->multiplex);
}

bool smb_header_is_reply(const struct smb_header *h)
{
    return (h->flags & FLAG_REPLY) != 0;
}

static bool is_unicode(const struct smb_request *q)
{
    return (q->header.flags2 & SMB_FLAG2_UNICODE) != 0;
}

static bool begin_message(struct smb_walk *w)
{
    if (!read_frame(w))
        return false;
    struct reader r = w->message;
    uint32_t magic = read_be32(&r);
    if (r.failed)
        return end(w, w->stream.left == 0 ? SMB_ENDS_WITH_BYTES : SMB_ENDS_OTHER);
    if (magic != MAGIC_SMB1) {
        bool newer = magic == SMB2_MAGIC || magic == MAGIC_ENCRYPTED || magic == MAGIC_COMPRESSED;
        return end(w, newer ? SMB_ENDS_NEWER : SMB_ENDS_OTHER);
    }
    read_fields(&r, &w->header); /* one that was cut has no part to be found */
    w->command = w->header.command;
    w->part_start = SMB_HEADER_SIZE;
    w->parts = 0;
    w->messages++;
    return true;
}

static bool is_andx(uint8_t command)
{
    static const uint8_t commands[] = {0x24, 0x2d, 0x2e, 0x2f, 0x73, 0x74, 0x75, 0xa2};
    return memchr(commands, command, sizeof commands) != NULL;
}

/* What follows this part in the message. A chain that goes back, or too far on, ends. */
static void follow_chain(struct smb_walk *w, struct smb_request *q)
{
    struct reader words = q->words;
    w->command = SMB_NONE;
    if (!is_andx(q->command) || ++w->parts >= SMB_CHAIN_MAX)
        return;
    uint8_t command = read_u8(&words);
    read_skip(&words, 1);
    size_t start = read_le16(&words);
    if (words.failed || start <= w->part_start)
        return;
    w->command = command;
    w->part_start = start;
}

static bool read_request(struct smb_walk *w, struct smb_request *out)
{
    struct reader r = w->message;
    read_skip(&r, w->part_start);
    size_t words = read_u8(&r);
    struct smb_request q = {.command = w->command,
                            .header = w->header,
                            .message = w->message,
                            .words = read_part(&r, 2 * words),
                            .bytes_start = w->part_start + 1 + 2 * words + 2};
    w->command = SMB_NONE;
    if (r.failed)
        return false;
    size_t bytes = read_le16(&r);
    q.bytes = read_up_to(&r, bytes);
    w->command = q.command;
    follow_chain(w, &q);
    *out = q;
    return true;
}

bool smb_next(struct smb_walk *w, struct smb_request *out)
{
    for (;;) {
        if (w->command == SMB_NONE && !begin_message(w))
            return false;
        if (read_request(w, out))
            return true;
    }
}

bool smb_message_read(struct reader message, struct smb_request *out)
{
    struct smb_walk w = {.message = message, .part_start = SMB_HEADER_SIZE};
    struct reader r = message;
    if (!smb_header_read(&r, &w.header))
        return false;
    w.command = w.header.command;
    return read_request(&w, out);
}

/* Data that the words place in the message, as far as it came. */
static struct reader data_at(const struct smb_request *q, size_t start, size_t size)
{
    struct reader r = q->message;
    read_skip(&r, start);
    return read_up_to(&r, size);
}

static bool read_write_andx(const struct smb_request *q, struct smb_write *out)
{
    struct reader words = q->words;
    read_skip(&words, 4); /* the chain */
    uint16_t file = read_le16(&words);
    read_skip(&words, 4 + 4); /* offset, time to wait */
    uint16_t mode = read_le16(&words);
    read_skip(&words, 2); /* how much remains */
    size_t size = (size_t)read_le16(&words) << 16;
    size |= read_le16(&words);
    uint16_t start = read_le16(&words);
    if (words.failed)
        return false;
    *out = (struct smb_write){
        .tree = q->header.tree, .file = file, .data = data_at(q, start, size)};
    if ((mode & WRITE_MESSAGE_START) == WRITE_MESSAGE_START && out->data.left >= 2)
        read_skip(&out->data, 2);
    return true;
}

static bool read_write(const struct smb_request *q, struct smb_write *out)
{
    struct reader words = q->words, bytes = q->bytes;
    uint16_t file = read_le16(&words);
    read_skip(&bytes, 1); /* form of the buffer */
    size_t size = read_le16(&bytes);
    if (words.failed || bytes.failed)
        return false;
    *out = (struct smb_write){
        .tree = q->header.tree, .file = file, .data = read_up_to(&bytes, size)};
    return true;
}

static void add_to_name(struct smb_name *name, unsigned c)
{
    if (name->size == SMB_NAME_SIZE) {
        memmove(name->text, name->text + 1, SMB_NAME_SIZE - 1);
        name->size--;
    }
    if (c >= 'A' && c <= 'Z')
        c += 'a' - 'A';
    name->text[name->size++] = c >= ' ' && c < 0x7f ? (char)c : '?';
}

/* A name up to its zero or the end of r. In Unicode it stands at an even place of the message: r is
 * at `place`. */
static void read_name(const struct smb_request *q, struct reader r, size_t place,
                      struct smb_name *out)
{
    *out = (struct smb_name){0};
    if (is_unicode(q) && place % 2 != 0)
        read_skip(&r, 1);
    size_t width = is_unicode(q) ? 2 : 1;
    while (r.left >= width) {
        unsigned c = is_unicode(q) ? read_le16(&r) : read_u8(&r);
        if (c == 0)
            return;
        add_to_name(out, c);
    }
}

static bool starts_with(const struct smb_name *name, const char *start)
{
    size_t size = strlen(start);
    return name->size >= size && memcmp(name->text, start, size) == 0;
}

/* What may be asked of a pipe by a transaction and carries data for it: to call it, to exchange
 * messages, to write. */
static bool is_pipe_function(uint16_t function)
{
    return function == 0x26 || function == 0x31 || function == 0x37 || function == 0x54;
}

static bool read_transaction(const struct smb_request *q, struct smb_write *out)
{
    struct reader words = q->words;
    struct smb_name name;
    read_skip(&words, 11 * 2); /* totals, limits, flags, time to wait, parameters */
    size_t size = read_le16(&words);
    uint16_t start = read_le16(&words);
    uint8_t setup = read_u8(&words);
    read_skip(&words, 1);
    uint16_t function = read_le16(&words), file = read_le16(&words);
    read_name(q, q->bytes, q->bytes_start, &name);
    if (words.failed || setup < 2 || !is_pipe_function(function) || !starts_with(&name, "\\pipe\\"))
        return false;
    *out = (struct smb_write){
        .tree = q->header.tree, .file = file, .to_pipe = true, .data = data_at(q, start, size)};
    return true;
}

bool smb_write_of(const struct smb_request *q, struct smb_write *out)
{
    if (smb_header_is_reply(&q->header))
        return false;
    switch (q->command) {
    case SMB_WRITE_ANDX:
        return read_write_andx(q, out);
    case SMB_WRITE:
        return read_write(q, out);
    case SMB_TRANSACTION:
        return read_transaction(q, out);
    default:
        return false;
    }
}

bool smb_name_of(const struct smb_request *q, struct smb_name *out)
{
    struct reader words = q->words, bytes = q->bytes;
    size_t place = q->bytes_start;
    if (smb_header_is_reply(&q->header))
        return false;
    if (q->command == SMB_TREE_CONNECT_ANDX) {
        read_skip(&words, 4 + 2); /* the chain, flags */
        size_t password = read_le16(&words);
        read_skip(&bytes, password);
        place += password;
    } else if (q->command != SMB_NT_CREATE_ANDX) {
        return false;
    }
    if (words.failed || bytes.failed)
        return false;
    read_name(q, bytes, place, out);
    return true;
}
