/* SMB2 as far as hosts without SMB1 need it: negotiate, and the session setup up to the NTLMSSP
 * challenge, which tells who they are. Everything else is denied. Source: MS-SMB2 2.2.
 *
 *   message  FE 'S' 'M' 'B' | 64 2 | charge 2 | status 4 | command 2 | credits 2 | flags 4 |
 *            next 4 | message id 8 | process 4 | tree 4 | session 8 | signature 16 | body */
#include "smb_server.h"

#include <string.h>

enum {
    SMB2_NEGOTIATE = 0,
    SMB2_SESSION_SETUP = 1,
    SMB2_HEADER_SIZE = 64,
    SMB2_FLAG_REPLY = 1,
    SMB2_SESSION = 0x1234,
    DIALECT_2_02 = 0x0202
};

static struct reply smb2_begin(struct connection *c, uint16_t command, uint64_t message_id,
                               uint32_t status)
{
    static const uint8_t magic[4] = {0xfe, 'S', 'M', 'B'};
    struct reply r = {.c = c, .frame = c->out_size};
    r.w = writer_over(c->out, sizeof c->out);
    r.w.used = c->out_size;
    write_zeros(&r.w, 4);
    write_bytes(&r.w, magic, sizeof magic);
    write_le16(&r.w, SMB2_HEADER_SIZE);
    write_le16(&r.w, 0);
    write_le32(&r.w, status);
    write_le16(&r.w, command);
    write_le16(&r.w, 1);
    write_le32(&r.w, SMB2_FLAG_REPLY);
    write_le32(&r.w, 0);
    write_le64(&r.w, message_id);
    write_zeros(&r.w, 8);
    write_le64(&r.w, command == SMB2_NEGOTIATE ? 0 : SMB2_SESSION);
    write_zeros(&r.w, 16);
    return r;
}

static enum act smb2_end(struct reply *r)
{
    if (r->w.failed)
        return ACT_CLOSE;
    size_t size = reply_at(r);
    r->w.start[r->frame + 2] = (uint8_t)(size >> 8);
    r->w.start[r->frame + 3] = (uint8_t)size;
    r->c->out_size = r->w.used;
    return ACT_SEND;
}

enum act smb2_negotiate_answer(struct connection *c, uint16_t dialect, uint64_t message_id)
{
    enum { BODY_SIZE = 64 };
    uint8_t offer[256];
    struct writer blob = writer_over(offer, sizeof offer);
    spnego_offer(&blob, c->variant);
    struct reply r = smb2_begin(c, SMB2_NEGOTIATE, message_id, STATUS_OK);
    write_le16(&r.w, 65);
    write_le16(&r.w, c->variant->requires_signing ? 3 : 1);
    write_le16(&r.w, dialect);
    write_le16(&r.w, 0);
    for (int i = 0; i < 16; i++)
        write_u8(&r.w, 'G');
    write_le32(&r.w, 1);
    write_le32(&r.w, 0x10000);
    write_le32(&r.w, 0x10000);
    write_le32(&r.w, 0x10000);
    write_le64(&r.w, filetime_now());
    write_le64(&r.w, 0);
    write_le16(&r.w, SMB2_HEADER_SIZE + BODY_SIZE);
    write_le16(&r.w, (uint16_t)blob.used);
    write_le32(&r.w, 0);
    write_bytes(&r.w, offer, blob.used);
    return smb2_end(&r);
}

static enum act session_setup(struct connection *c, struct reader message, uint64_t message_id)
{
    enum { BODY_SIZE = 8, OFFSET_AT = 12 };
    uint8_t answer[1024];
    struct reader body = message, blob = message;
    struct writer w = writer_over(answer, sizeof answer);
    read_skip(&body, SMB2_HEADER_SIZE + OFFSET_AT);
    uint16_t at = read_le16(&body), size = read_le16(&body);
    read_skip(&blob, at);
    blob = read_part(&blob, size);
    uint32_t status = blob.failed || body.failed ? STATUS_INVALID_PARAMETER
                                                 : ntlmssp_answer(c, blob, &w);
    struct reply r = smb2_begin(c, SMB2_SESSION_SETUP, message_id, status);
    write_le16(&r.w, 9);
    write_le16(&r.w, 0);
    write_le16(&r.w, SMB2_HEADER_SIZE + BODY_SIZE);
    write_le16(&r.w, w.failed ? 0 : (uint16_t)w.used);
    write_bytes(&r.w, answer, w.failed ? 0 : w.used);
    return smb2_end(&r);
}

enum act smb2_answer(struct connection *c, struct reader message)
{
    struct reader r = message;
    read_skip(&r, 12);
    uint16_t command = read_le16(&r);
    read_skip(&r, 10);
    uint64_t message_id = read_le64(&r);
    bool is_spoken = c->variant->dialect != DIALECT_SMB1;
    log_step(c, "smb2 command %u", (unsigned)command);
    if (!is_spoken || r.failed || message.left < SMB2_HEADER_SIZE)
        return ACT_CLOSE;
    if (command == SMB2_NEGOTIATE)
        return smb2_negotiate_answer(c, DIALECT_2_02, message_id);
    if (command == SMB2_SESSION_SETUP)
        return session_setup(c, message, message_id);
    struct reply reply = smb2_begin(c, command, message_id, STATUS_ACCESS_DENIED);
    write_le16(&reply.w, 9);
    write_zeros(&reply.w, 7);
    return smb2_end(&reply);
}
