/* Structure sizes are odd where a blob of any size follows: the odd byte is the blob's first. */
#include "wire/smb2.h"

#include <string.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "wire/netbios_session.h"
#include "wire/smb.h"

enum {
    HEADER_SIZE = 64,
    NEGOTIATE_SIZE = 36,
    SETUP_SIZE = 25,
    NEGOTIATE_REPLY_SIZE = 65,
    SETUP_REPLY_SIZE = 9,
    FLAG_REPLY = 1,
    SIGNING_ENABLED = 1,
    SESSION_GUEST = 1,
    SESSION_NOBODY = 2,
    CREDITS = 31 /* as many requests as we could have under way */
};

static size_t begin(struct writer *w, enum smb2_command command, uint64_t message, uint64_t session)
{
    size_t at = netbios_frame_begin(w, NETBIOS_FRAME_MESSAGE);
    write_be32(w, SMB2_MAGIC);
    write_le16(w, HEADER_SIZE);
    write_le16(w, 0); /* charge */
    write_le32(w, 0); /* status */
    write_le16(w, (uint16_t)command);
    write_le16(w, CREDITS);
    write_zeros(w, 4 + 4); /* flags, next */
    write_le64(w, message);
    write_zeros(w, 4 + 4); /* process, tree */
    write_le64(w, session);
    write_zeros(w, 16);
    return at;
}

void smb2_negotiate_build(struct writer *w, const uint8_t client_guid[static SMB2_GUID_SIZE])
{
    static const uint16_t dialects[] = {SMB2_DIALECT_2_0_2, SMB2_DIALECT_2_1, SMB2_DIALECT_3_0};
    size_t at = begin(w, SMB2_NEGOTIATE, 0, 0);
    write_le16(w, NEGOTIATE_SIZE);
    write_le16(w, COUNT_OF(dialects));
    write_le16(w, SIGNING_ENABLED);
    write_le16(w, 0);
    write_le32(w, 0); /* capabilities */
    write_bytes(w, client_guid, SMB2_GUID_SIZE);
    write_zeros(w, 8); /* contexts: only later dialects have them */
    for (size_t i = 0; i < COUNT_OF(dialects); i++)
        write_le16(w, dialects[i]);
    netbios_frame_end(w, at);
}

void smb2_setup_build(struct writer *w, uint64_t message, uint64_t session, struct reader blob)
{
    size_t size = blob.left, at = begin(w, SMB2_SESSION_SETUP, message, session);
    w->failed |= size > UINT16_MAX;
    write_le16(w, SETUP_SIZE);
    write_u8(w, 0); /* flags */
    write_u8(w, SIGNING_ENABLED);
    write_le32(w, 0); /* capabilities */
    write_le32(w, 0); /* channel */
    write_le16(w, HEADER_SIZE + SETUP_SIZE - 1);
    write_le16(w, (uint16_t)size);
    write_zeros(w, 8); /* no session before this one */
    write_bytes(w, read_bytes(&blob, size), size);
    netbios_frame_end(w, at);
}

bool smb2_header_read(struct reader *r, struct smb2_header *out)
{
    struct smb2_header h;
    bool is_ours = read_be32(r) == SMB2_MAGIC;
    is_ours &= read_le16(r) == HEADER_SIZE;
    read_skip(r, 2);
    h.status = read_le32(r);
    h.command = read_le16(r);
    read_skip(r, 2);
    h.is_reply = (read_le32(r) & FLAG_REPLY) != 0;
    read_skip(r, 4);
    h.message = read_le64(r);
    read_skip(r, 4 + 4);
    h.session = read_le64(r);
    read_skip(r, 16);
    if (!is_ours || r->failed)
        return false;
    *out = h;
    return true;
}

/* Steps over the header of a reply that grants, and over its structure's size. */
static bool enter(struct reader *r, enum smb2_command command, uint16_t size)
{
    struct smb2_header h;
    return smb2_header_read(r, &h) && h.is_reply && h.command == command &&
           (h.status == SMB_STATUS_OK || h.status == SMB_STATUS_MORE_PROCESSING) &&
           read_le16(r) == size;
}

/* The blob that r, in the message, tells the place of; fails r when it is not there. */
static struct reader read_blob(struct reader *r, struct reader message)
{
    size_t where = read_le16(r), size = read_le16(r);
    if (size == 0)
        return reader_over(NULL, 0);
    read_skip(&message, where);
    struct reader blob = read_part(&message, size);
    r->failed |= blob.failed;
    return blob;
}

bool smb2_negotiate_reply_read(struct reader message, struct smb2_negotiate_reply *out)
{
    struct smb2_negotiate_reply n;
    struct reader r = message;
    if (!enter(&r, SMB2_NEGOTIATE, NEGOTIATE_REPLY_SIZE))
        return false;
    n.security_mode = read_le16(&r);
    n.dialect = read_le16(&r);
    read_skip(&r, 2);
    const uint8_t *guid = read_bytes(&r, SMB2_GUID_SIZE);
    n.capabilities = read_le32(&r);
    read_skip(&r, 3 * 4); /* how large a transaction, a read, a write may be */
    n.filetime = read_le64(&r);
    n.started = read_le64(&r);
    n.blob = read_blob(&r, message);
    if (guid == NULL || r.failed)
        return false;
    memcpy(n.guid, guid, SMB2_GUID_SIZE);
    *out = n;
    return true;
}

bool smb2_setup_reply_read(struct reader message, struct smb2_setup_reply *out)
{
    struct reader r = message;
    if (!enter(&r, SMB2_SESSION_SETUP, SETUP_REPLY_SIZE))
        return false;
    uint16_t flags = read_le16(&r);
    struct reader blob = read_blob(&r, message);
    if (r.failed)
        return false;
    *out = (struct smb2_setup_reply){.as_guest = (flags & SESSION_GUEST) != 0,
                                     .as_nobody = (flags & SESSION_NOBODY) != 0,
                                     .blob = blob};
    return true;
}
