/* A message grows from its front; the three counts in it are filled in when what they count has
 * been written. */
#include "wire/smb_requests.h"

#include <string.h>

#include "base/writer.h"
#include "wire/netbios_session.h"
#include "wire/smb.h"

enum {
    FLAGS = 0x18, /* paths are canonical and have no case */
    BUFFER_SIZE = 0xffff,
    CAN_STATUS_AND_LARGE = 0x50, /* NT status, level II oplocks: what the check says */
    CREATE_FLAGS = 0x16,         /* both oplocks, more in the answer */
    SHARE_ALL = 7,               /* read, write, delete */
    IMPERSONATION = 2,           /* as who we are */
    WRITE_MESSAGE = 8,           /* mode: a message begins */
    TRANSACT_PIPE = 0x26,
    TRANSACT_NAME_PAD = 2
};

#define CAN_EXTENDED UINT32_C(0x80000000)
#define WAIT_FOREVER UINT32_C(0xffffffff)

/* A message that is being written. */
struct draft {
    struct writer *w;
    size_t frame;    /* where its frame begins */
    size_t words_at; /* the count of words */
    size_t bytes_at; /* the count of bytes */
};

static struct draft begin(struct writer *w, const struct smb_ids *ids, enum smb_command command)
{
    struct smb_header h = {.command = (uint8_t)command,
                           .flags = FLAGS,
                           .flags2 = SMB_REQUEST_FLAGS2,
                           .process = ids->process,
                           .signature = ids->signature,
                           .tree = ids->tree,
                           .user = ids->user,
                           .multiplex = ids->multiplex};
    if (ids->extended_security)
        h.flags2 |= SMB_FLAG2_EXTENDED_SECURITY;
    struct draft d = {.w = w, .frame = netbios_frame_begin(w, NETBIOS_FRAME_MESSAGE)};
    smb_header_write(w, &h);
    d.words_at = w->used;
    write_u8(w, 0);
    return d;
}

/* No further command in this message. */
static void end_chain(struct draft *d)
{
    write_le32(d->w, SMB_NONE);
}

/* The words are written: counts them. */
static void begin_bytes(struct draft *d)
{
    size_t count = (d->w->used - d->words_at) / 2;
    if (!d->w->failed)
        d->w->start[d->words_at] = (uint8_t)count;
    d->bytes_at = d->w->used;
    write_le16(d->w, 0);
}

static void finish(struct draft *d)
{
    size_t size = d->w->used - d->bytes_at - 2;
    d->w->failed |= size > UINT16_MAX;
    write_le16_at(d->w, d->bytes_at, (uint16_t)size);
    netbios_frame_end(d->w, d->frame);
}

/* How far the next byte is from the start of the message, as offsets in words count. */
static uint16_t place_of(const struct draft *d, size_t ahead)
{
    return (uint16_t)(d->w->used - d->frame - NETBIOS_FRAME_HEAD + ahead);
}

static void write_text(struct draft *d, const char *text)
{
    write_bytes(d->w, text, strlen(text) + 1);
}

/* A reader's bytes, with the room that a count of 16 bits has for them. */
static uint16_t size_of(struct draft *d, struct reader bytes)
{
    d->w->failed |= bytes.left > UINT16_MAX;
    return (uint16_t)bytes.left;
}

static void write_all(struct draft *d, struct reader bytes)
{
    size_t size = bytes.left;
    write_bytes(d->w, read_bytes(&bytes, size), size);
}

void smb_negotiate_build(struct writer *w, const struct smb_ids *ids)
{
    static const char dialects[] = "\2NT LM 0.12\0\2";
    struct draft d = begin(w, ids, SMB_NEGOTIATE);
    begin_bytes(&d);
    write_bytes(w, dialects, sizeof dialects);
    finish(&d);
}

static struct draft begin_setup(struct writer *w, const struct smb_ids *ids,
                                const struct smb_login *login)
{
    struct draft d = begin(w, ids, SMB_SESSION_SETUP_ANDX);
    end_chain(&d);
    write_le16(w, BUFFER_SIZE);
    write_le16(w, 1); /* request at a time */
    write_le16(w, 1); /* connection */
    write_le32(w, login->session_key);
    return d;
}

void smb_session_setup_build(struct writer *w, const struct smb_ids *ids,
                             const struct smb_login *login)
{
    struct draft d = begin_setup(w, ids, login);
    write_le16(w, size_of(&d, login->lm));
    write_le16(w, size_of(&d, login->nt));
    write_zeros(w, 4);
    write_le32(w, CAN_STATUS_AND_LARGE);
    begin_bytes(&d);
    write_all(&d, login->lm);
    write_all(&d, login->nt);
    write_text(&d, login->account);
    write_text(&d, login->domain);
    write_text(&d, login->os);
    write_text(&d, login->lanman);
    finish(&d);
}

void smb_session_setup_blob_build(struct writer *w, const struct smb_ids *ids,
                                  const struct smb_login *login, struct reader blob)
{
    struct draft d = begin_setup(w, ids, login);
    write_le16(w, size_of(&d, blob));
    write_zeros(w, 4);
    write_le32(w, CAN_EXTENDED | CAN_STATUS_AND_LARGE);
    begin_bytes(&d);
    write_all(&d, blob);
    write_text(&d, login->os);
    write_text(&d, login->lanman);
    write_text(&d, "");
    finish(&d);
}

void smb_tree_connect_build(struct writer *w, const struct smb_ids *ids, const char *share)
{
    struct draft d = begin(w, ids, SMB_TREE_CONNECT_ANDX);
    end_chain(&d);
    write_zeros(w, 2 + 2); /* flags, password */
    begin_bytes(&d);
    write_text(&d, share);
    write_text(&d, "?????"); /* of any kind */
    finish(&d);
}

void smb_create_build(struct writer *w, const struct smb_ids *ids, const struct smb_create *create)
{
    struct draft d = begin(w, ids, SMB_NT_CREATE_ANDX);
    size_t length = strlen(create->name);
    w->failed |= length >= UINT16_MAX;
    end_chain(&d);
    write_u8(w, 0);
    write_le16(w, (uint16_t)length);
    write_le32(w, CREATE_FLAGS);
    write_le32(w, 0); /* from the root */
    write_le32(w, create->access);
    write_zeros(w, 8 + 4); /* size, attributes */
    write_le32(w, SHARE_ALL);
    write_le32(w, create->disposition);
    write_le32(w, 0); /* options */
    write_le32(w, IMPERSONATION);
    write_u8(w, 1); /* security as it is now */
    begin_bytes(&d);
    write_text(&d, create->name);
    finish(&d);
}

void smb_write_build(struct writer *w, const struct smb_ids *ids, uint16_t file, struct reader data)
{
    struct draft d = begin(w, ids, SMB_WRITE_ANDX);
    uint16_t size = size_of(&d, data);
    end_chain(&d);
    write_le16(w, file);
    write_le32(w, 0); /* where in the file */
    write_le32(w, WAIT_FOREVER);
    write_le16(w, WRITE_MESSAGE);
    write_le16(w, size); /* of the message, still to come */
    write_le16(w, 0);    /* size, high */
    write_le16(w, size);
    write_le16(w, place_of(&d, 2 + 4 + 2)); /* behind this, the next number and the count */
    write_le32(w, 0);
    begin_bytes(&d);
    write_all(&d, data);
    finish(&d);
}

void smb_read_build(struct writer *w, const struct smb_ids *ids, uint16_t file, uint16_t most)
{
    struct draft d = begin(w, ids, SMB_READ_ANDX);
    end_chain(&d);
    write_le16(w, file);
    write_le32(w, 0);
    write_le16(w, most);
    write_le16(w, most); /* at least: a pipe gives what it has */
    write_le32(w, WAIT_FOREVER);
    write_zeros(w, 2 + 4);
    begin_bytes(&d);
    finish(&d);
}

void smb_transact_build(struct writer *w, const struct smb_ids *ids, uint16_t file, uint16_t most,
                        struct reader data)
{
    static const char name[] = "\\PIPE\\";
    struct draft d = begin(w, ids, SMB_TRANSACTION);
    uint16_t size = size_of(&d, data);
    write_le16(w, 0); /* parameters in all */
    write_le16(w, size);
    write_le16(w, 0); /* parameters in the answer */
    write_le16(w, most);
    write_zeros(w, 2 + 2 + 4 + 2); /* setup in the answer, flags, time to wait, reserved */
    write_le16(w, 0);              /* parameters here */
    /* From here: this number, three others, the setup's count and its two words, bytes' count. */
    uint16_t start = place_of(&d, 2 + 2 + 2 + 2 + 4 + 2 + sizeof name + TRANSACT_NAME_PAD);
    write_le16(w, start); /* of the parameters */
    write_le16(w, size);
    write_le16(w, start);
    write_le16(w, 2); /* words of setup */
    write_le16(w, TRANSACT_PIPE);
    write_le16(w, file);
    begin_bytes(&d);
    write_bytes(w, name, sizeof name);
    write_zeros(w, TRANSACT_NAME_PAD);
    write_all(&d, data);
    finish(&d);
}

void smb_close_build(struct writer *w, const struct smb_ids *ids, uint16_t file)
{
    struct draft d = begin(w, ids, SMB_CLOSE);
    write_le16(w, file);
    write_le32(w, 0); /* when it was last written: as the server knows */
    begin_bytes(&d);
    finish(&d);
}

void smb_tree_disconnect_build(struct writer *w, const struct smb_ids *ids)
{
    struct draft d = begin(w, ids, SMB_TREE_DISCONNECT);
    begin_bytes(&d);
    finish(&d);
}

void smb_logoff_build(struct writer *w, const struct smb_ids *ids)
{
    struct draft d = begin(w, ids, SMB_LOGOFF_ANDX);
    end_chain(&d);
    begin_bytes(&d);
    finish(&d);
}
