/* Words first, then what they say of the bytes. */
#include "wire/smb_replies.h"

#include <string.h>

#include "base/unicode.h"
#include "wire/smb.h"

enum {
    NEGOTIATE_WORDS = 17 * 2,
    SETUP_WORDS = 3 * 2,
    SETUP_BLOB_WORDS = 4 * 2,
    ACTION_GUEST = 1,
    KIND_NOT_TOLD = 0xffff
};

#define CAN_UNICODE UINT32_C(0x00000004)
#define CAN_EXTENDED UINT32_C(0x80000000)

static bool is_reply_to(const struct smb_request *part, enum smb_command command)
{
    return part->command == command && smb_header_is_reply(&part->header);
}

/* The next text of the bytes: up to and with its zero, or to their end. */
static void take_text(struct reader *bytes, bool unicode, char out[static SMB_TEXT_SIZE])
{
    struct text text = text_over(out, SMB_TEXT_SIZE);
    struct reader all = *bytes;
    size_t width = unicode ? 2 : 1;
    while (bytes->left >= width)
        if ((unicode ? read_le16(bytes) : read_u8(bytes)) == 0)
            break;
    struct reader part = read_part(&all, all.left - bytes->left);
    if (unicode)
        text_add_utf16(&text, part);
    else
        text_add_bytes(&text, part);
}

static void read_keys(struct reader bytes, struct smb_negotiate_reply *n)
{
    const uint8_t *challenge = read_bytes(&bytes, n->challenge_size);
    bool unicode = (n->capabilities & CAN_UNICODE) != 0; /* whatever the header says */
    if (challenge != NULL)
        memcpy(n->challenge, challenge, n->challenge_size);
    take_text(&bytes, unicode, n->domain);
    take_text(&bytes, unicode, n->server);
}

static bool read_negotiated(const struct smb_request *part, struct smb_negotiate_reply *n)
{
    struct reader words = part->words, bytes = part->bytes;
    read_skip(&words, 2); /* the dialect */
    n->security_mode = read_u8(&words);
    read_skip(&words, 2 + 2 + 4 + 4); /* how many requests, connections, how large */
    n->session_key = read_le32(&words);
    n->capabilities = read_le32(&words);
    n->filetime = read_le64(&words);
    n->minutes_west = (int16_t)read_le16(&words);
    n->challenge_size = read_u8(&words);
    n->extended_security = (n->capabilities & CAN_EXTENDED) != 0 &&
                           (part->header.flags2 & SMB_FLAG2_EXTENDED_SECURITY) != 0;
    if (n->extended_security) {
        const uint8_t *guid = read_bytes(&bytes, SMB_GUID_SIZE);
        if (guid != NULL)
            memcpy(n->guid, guid, SMB_GUID_SIZE);
        n->blob = bytes;
        n->challenge_size = 0;
        return guid != NULL;
    }
    if (n->challenge_size != 0 && n->challenge_size != SMB_CHALLENGE_SIZE)
        return false;
    bool has_challenge = bytes.left >= n->challenge_size;
    read_keys(bytes, n);
    return has_challenge;
}

bool smb_negotiate_reply_read(const struct smb_request *part, struct smb_negotiate_reply *out)
{
    struct smb_negotiate_reply n = {0};
    struct reader words = part->words;
    n.dialect = read_le16(&words);
    if (!is_reply_to(part, SMB_NEGOTIATE) || words.failed)
        return false;
    if (n.dialect == 0 && (part->words.left < NEGOTIATE_WORDS || !read_negotiated(part, &n)))
        return false;
    *out = n;
    return true;
}

/* Text of the bytes of a part; in Unicode it stands at an even place of the message. */
static void align(const struct smb_request *part, struct reader *bytes, bool unicode)
{
    size_t place = part->bytes_start + part->bytes.left - bytes->left;
    if (unicode && place % 2 != 0 && bytes->left > 0)
        read_skip(bytes, 1);
}

bool smb_setup_reply_read(const struct smb_request *part, struct smb_setup_reply *out)
{
    struct smb_setup_reply s = {0};
    struct reader words = part->words, bytes = part->bytes;
    bool has_blob = words.left >= SETUP_BLOB_WORDS;
    bool unicode = (part->header.flags2 & SMB_FLAG2_UNICODE) != 0;
    if (!is_reply_to(part, SMB_SESSION_SETUP_ANDX) || words.left < SETUP_WORDS)
        return false;
    read_skip(&words, 4); /* the chain */
    s.as_guest = (read_le16(&words) & ACTION_GUEST) != 0;
    if (has_blob)
        s.blob = read_part(&bytes, read_le16(&words));
    if (bytes.failed)
        return false;
    align(part, &bytes, unicode);
    take_text(&bytes, unicode, s.os);
    take_text(&bytes, unicode, s.lanman);
    if (!has_blob)
        take_text(&bytes, unicode, s.domain);
    *out = s;
    return true;
}

bool smb_create_reply_read(const struct smb_request *part, struct smb_create_reply *out)
{
    struct reader words = part->words;
    read_skip(&words, 4 + 1); /* the chain, what is locked */
    uint16_t file = read_le16(&words);
    if (!is_reply_to(part, SMB_NT_CREATE_ANDX) || words.failed)
        return false;
    /* What was done, four times, attributes, two sizes. */
    read_skip(&words, 4 + 4 * 8 + 4 + 2 * 8);
    uint16_t kind = read_le16(&words);
    *out = (struct smb_create_reply){.file = file, .kind = words.failed ? KIND_NOT_TOLD : kind};
    return true;
}

bool smb_write_reply_read(const struct smb_request *part, uint32_t *count)
{
    struct reader words = part->words;
    read_skip(&words, 4);
    uint32_t low = read_le16(&words);
    read_skip(&words, 2); /* what remains */
    uint32_t high = read_le16(&words);
    if (!is_reply_to(part, SMB_WRITE_ANDX) || words.failed)
        return false;
    *count = high << 16 | low;
    return true;
}

/* Where a reply's words say that its data stands. */
static bool place_data(const struct smb_request *part, size_t *start, size_t *size)
{
    struct reader words = part->words;
    if (is_reply_to(part, SMB_READ_ANDX)) {
        read_skip(&words, 4 + 2 + 2 + 2); /* the chain, what remains, how it is packed */
        *size = read_le16(&words);
        *start = read_le16(&words);
        *size |= (size_t)read_le16(&words) << 16;
    } else if (is_reply_to(part, SMB_TRANSACTION)) {
        read_skip(&words, 2 + 2 + 2 + 3 * 2); /* totals, parameters */
        *size = read_le16(&words);
        *start = read_le16(&words);
        words.failed |= read_le16(&words) != 0; /* a later piece of an answer in several */
    } else {
        return false;
    }
    return !words.failed;
}

bool smb_read_reply_read(const struct smb_request *part, struct reader *data)
{
    size_t start = 0, size = 0;
    if (!place_data(part, &start, &size))
        return false;
    struct reader r = part->message;
    read_skip(&r, start);
    struct reader found = read_part(&r, size);
    if (found.failed)
        return false;
    *data = found;
    return true;
}
