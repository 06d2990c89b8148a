/* Fields may point anywhere in their message, and may overlap: each is read for itself. */
#include "wire/ntlmssp.h"

#include <string.h>

#include "base/unicode.h"
#include "base/writer.h"

enum {
    SIGNATURE_SIZE = 8,
    NEGOTIATE = 1,
    CHALLENGE = 2,
    AUTHENTICATE = 3,
    AUTHENTICATE_HEAD = 64,
    PAIRS_MAX = 32,
    NAMES_ROOM = 3 * 2 * NTLMSSP_NAME_SIZE,
    REVISION = 15 /* of NTLMSSP, the only one */
};

static const char signature[SIGNATURE_SIZE] = "NTLMSSP";

enum pair {
    PAIR_END = 0,
    PAIR_COMPUTER = 1,
    PAIR_DOMAIN = 2,
    PAIR_DNS_COMPUTER = 3,
    PAIR_DNS_DOMAIN = 4,
    PAIR_DNS_FOREST = 5,
    PAIR_TIME = 7
};

static void write_field(struct writer *w, size_t size, size_t where)
{
    w->failed |= size > UINT16_MAX;
    write_le16(w, (uint16_t)size);
    write_le16(w, (uint16_t)size);
    write_le32(w, (uint32_t)where);
}

static void write_head(struct writer *w, uint32_t type)
{
    write_bytes(w, signature, sizeof signature);
    write_le32(w, type);
}

void ntlmssp_negotiate_build(struct writer *w, uint32_t flags)
{
    write_head(w, NEGOTIATE);
    write_le32(w, flags);
    write_zeros(w, 8 + 8); /* no domain, no host */
    if ((flags & NTLMSSP_VERSION) != 0) {
        write_zeros(w, 7);
        write_u8(w, REVISION);
    }
}

/* The field at r, in the message; fails r when it is not in there. */
static struct reader read_field(struct reader *r, struct reader message)
{
    size_t size = read_le16(r);
    read_skip(r, 2);
    size_t where = read_le32(r);
    if (size == 0)
        return reader_over(NULL, 0);
    read_skip(&message, where);
    struct reader field = read_part(&message, size);
    if (field.failed) {
        r->left = 0;
        r->failed = true;
    }
    return field;
}

static void set_name(char name[static NTLMSSP_NAME_SIZE], struct reader value, bool unicode)
{
    struct text text = text_over(name, NTLMSSP_NAME_SIZE);
    if (unicode)
        text_add_utf16(&text, value);
    else
        text_add_bytes(&text, value);
}

static void read_pair(uint16_t id, struct reader value, struct ntlmssp_challenge *c)
{
    switch (id) {
    case PAIR_COMPUTER:
        set_name(c->computer, value, true);
        break;
    case PAIR_DOMAIN:
        set_name(c->domain, value, true);
        break;
    case PAIR_DNS_COMPUTER:
        set_name(c->dns_computer, value, true);
        break;
    case PAIR_DNS_DOMAIN:
        set_name(c->dns_domain, value, true);
        break;
    case PAIR_DNS_FOREST:
        set_name(c->dns_forest, value, true);
        break;
    case PAIR_TIME:
        c->filetime = read_le64(&value);
        break;
    default:
        break;
    }
}

static void read_target_info(struct reader info, struct ntlmssp_challenge *c)
{
    for (unsigned i = 0; i < PAIRS_MAX; i++) {
        uint16_t id = read_le16(&info);
        struct reader value = read_part(&info, read_le16(&info));
        if (info.failed || id == PAIR_END)
            return;
        read_pair(id, value, c);
    }
}

static bool is_message(struct reader *r, uint32_t type)
{
    const uint8_t *start = read_bytes(r, sizeof signature);
    return start != NULL && memcmp(start, signature, sizeof signature) == 0 && read_le32(r) == type;
}

bool ntlmssp_challenge_read(struct reader message, struct ntlmssp_challenge *out)
{
    struct ntlmssp_challenge c = {0};
    struct reader r = message;
    if (!is_message(&r, CHALLENGE))
        return false;
    struct reader target = read_field(&r, message);
    c.flags = read_le32(&r);
    const uint8_t *challenge = read_bytes(&r, NTLMSSP_CHALLENGE_SIZE);
    if (challenge == NULL)
        return false;
    memcpy(c.challenge, challenge, sizeof c.challenge);
    read_skip(&r, 8);
    c.target_info = read_field(&r, message);
    if (r.failed)
        return false;
    if ((c.flags & NTLMSSP_VERSION) != 0) {
        c.major = read_u8(&r);
        c.minor = read_u8(&r);
        c.build = read_le16(&r);
    }
    set_name(c.target, target, (c.flags & NTLMSSP_UNICODE) != 0);
    read_target_info(c.target_info, &c);
    *out = c;
    return true;
}

static size_t add_name(struct writer *names, const char *name)
{
    size_t used = names->used;
    write_utf16(names, name);
    return names->used - used;
}

void ntlmssp_authenticate_build(struct writer *w, const struct ntlmssp_login *login)
{
    uint8_t room[NAMES_ROOM];
    struct writer names = writer_over(room, sizeof room);
    struct reader lm = login->lm, nt = login->nt;
    size_t lm_size = lm.left, nt_size = nt.left;
    size_t domain = add_name(&names, login->domain), account = add_name(&names, login->account);
    size_t host = add_name(&names, login->host);
    size_t answers = AUTHENTICATE_HEAD + names.used;
    w->failed |= names.failed;
    write_head(w, AUTHENTICATE);
    write_field(w, lm_size, answers);
    write_field(w, nt_size, answers + lm_size);
    write_field(w, domain, AUTHENTICATE_HEAD);
    write_field(w, account, AUTHENTICATE_HEAD + domain);
    write_field(w, host, AUTHENTICATE_HEAD + domain + account);
    write_field(w, 0, answers + lm_size + nt_size); /* no key: nothing is signed */
    write_le32(w, login->flags);
    write_bytes(w, room, names.used);
    write_bytes(w, read_bytes(&lm, lm_size), lm_size);
    write_bytes(w, read_bytes(&nt, nt_size), nt_size);
}
