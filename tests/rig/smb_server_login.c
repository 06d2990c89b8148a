/* Who logs in: anonymous, as guest, or with the one account that the server knows, by NTLMv2; in
 * the fields of SMB1's session setup or in NTLMSSP, bare or in SPNEGO.
 *
 *   NTLMSSP  'NTLMSSP' 00 | kind 4 | ...
 *   kind 2   target name 8 | flags 4 | challenge 8 | 0 8 | target info 8 | version 8 | payload
 *   kind 3   LM 8 | NT 8 | domain 8 | account 8 | workstation 8 | key 8 | flags 4 | ...
 *   a field of 8 is length 2, room 2, offset 4
 *
 * NTLMv2: the answer is a proof (16) and a blob; proof = HMAC(HMAC(NT hash, ACCOUNT + domain),
 * challenge + blob), all by MD5. Source: MS-NLMP 2.2, 3.3.2; RFC 1321, 2104, 4178. */
#include "smb_server.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    MD5_SIZE = 16,
    MD5_BLOCK = 64,
    PROVED_MAX = 1024, /* a longer answer is wrong */
    NTLMSSP_CHALLENGE = 2,
    LOCKED_AFTER = 3,
    DOMAIN_SIZE = 32
};

/* The account "wormsign-test" with the password "wormsign-2009": MD4 of it in UTF-16. */
static const char known_account[] = "wormsign-test";
static const uint8_t known_hash[MD5_SIZE] = {0xf5, 0x5a, 0xc4, 0x86, 0xee, 0xdb, 0x08, 0x34,
                                             0x39, 0xfb, 0xa1, 0xd8, 0x84, 0x3e, 0x8c, 0x59};

static const uint8_t ntlmssp_magic[8] = {'N', 'T', 'L', 'M', 'S', 'S', 'P', 0};
static const uint8_t ntlmssp_oid[12] = {0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04,
                                        0x01, 0x82, 0x37, 0x02, 0x02, 0x0a};

/* floor(2^32 * |sin(i + 1)|) */
static const uint32_t md5_sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

static void md5_block(uint32_t state[static 4], struct reader block)
{
    static const uint8_t shifts[4][4] = {
        {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
    static const uint8_t steps[4][2] = {{1, 0}, {5, 1}, {3, 5}, {7, 0}};
    uint32_t words[16], a = state[0], b = state[1], c = state[2], d = state[3];
    for (unsigned i = 0; i < 16; i++)
        words[i] = read_le32(&block);
    for (unsigned i = 0; i < 64; i++) {
        unsigned round = i / 16, shift = shifts[round][i % 4];
        const uint32_t mixed[4] = {(b & c) | (~b & d), (b & d) | (c & ~d), b ^ c ^ d, c ^ (b | ~d)};
        uint32_t sum = a + mixed[round] + md5_sines[i] +
                       words[(steps[round][0] * i + steps[round][1]) % 16];
        a = d;
        d = c;
        c = b;
        b += sum << shift | sum >> (32 - shift);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

/* Of what fits into the scratch; `out` may be what it is of. */
static bool md5(struct reader bytes, uint8_t out[static MD5_SIZE])
{
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    uint8_t padded[PROVED_MAX + 3 * MD5_BLOCK];
    struct writer w = writer_over(padded, sizeof padded);
    uint64_t bits = 8 * (uint64_t)bytes.left;
    write_bytes(&w, bytes.next, bytes.left);
    write_u8(&w, 0x80);
    write_zeros(&w, (2 * MD5_BLOCK - 8 - w.used % MD5_BLOCK) % MD5_BLOCK);
    write_le64(&w, bits);
    if (w.failed)
        return false;
    for (struct reader r = reader_over(padded, w.used); r.left != 0;)
        md5_block(state, read_part(&r, MD5_BLOCK));
    struct writer digest = writer_over(out, MD5_SIZE);
    for (int i = 0; i < 4; i++)
        write_le32(&digest, state[i]);
    return true;
}

static bool hmac(const uint8_t key[static MD5_SIZE], struct reader bytes,
                 uint8_t out[static MD5_SIZE])
{
    uint8_t inner[MD5_BLOCK + PROVED_MAX], outer[MD5_BLOCK + MD5_SIZE];
    for (size_t i = 0; i < MD5_BLOCK; i++) {
        inner[i] = (i < MD5_SIZE ? key[i] : 0) ^ 0x36;
        outer[i] = (i < MD5_SIZE ? key[i] : 0) ^ 0x5c;
    }
    struct writer w = writer_over(inner, sizeof inner);
    w.used = MD5_BLOCK;
    write_bytes(&w, bytes.next, bytes.left);
    return !w.failed && md5(reader_over(inner, w.used), outer + MD5_BLOCK) &&
           md5(reader_over(outer, sizeof outer), out);
}

static bool is_proved(const struct connection *c, const char *account, const char *domain,
                      struct reader nt)
{
    char upper[WHO_SIZE];
    uint8_t name[2 * (WHO_SIZE + DOMAIN_SIZE)], proved[PROVED_MAX], key[MD5_SIZE], proof[MD5_SIZE];
    size_t i = 0;
    for (; account[i] != '\0' && i + 1 < sizeof upper; i++)
        upper[i] = (char)toupper((unsigned char)account[i]);
    upper[i] = '\0';
    struct writer n = writer_over(name, sizeof name), p = writer_over(proved, sizeof proved);
    write_utf16(&n, upper, false);
    write_utf16(&n, domain, false);
    const uint8_t *given = read_bytes(&nt, MD5_SIZE);
    write_bytes(&p, c->challenge, CHALLENGE_SIZE);
    write_bytes(&p, nt.next, nt.left);
    bool is_v2 = given != NULL && nt.left >= 28; /* a shorter one is NTLMv1 */
    return is_v2 && !n.failed && !p.failed && hmac(known_hash, reader_over(name, n.used), key) &&
           hmac(key, reader_over(proved, p.used), proof) && memcmp(proof, given, MD5_SIZE) == 0;
}

static uint32_t login_failed(struct connection *c, const char *account)
{
    log_foreign(c, "refused ", account);
    if (account[0] != '\0')
        c->host->failures++;
    return STATUS_LOGON_FAILURE;
}

/* Whether who asks is let in, and as what. */
static uint32_t login_decide(struct connection *c, const char *account, const char *domain,
                             struct reader nt, bool *is_guest)
{
    const struct variant *v = c->variant;
    bool is_anonymous = account[0] == '\0', is_known = strcasecmp(account, known_account) == 0;
    *is_guest = false;
    log_foreign(c, "setup ", is_anonymous ? "(anonymous)" : account);
    if (v->locks_out && !is_anonymous && c->host->failures >= LOCKED_AFTER)
        return STATUS_ACCOUNT_LOCKED_OUT;
    if (v->login == LOGIN_NOBODY)
        return login_failed(c, account);
    if (is_known) {
        c->has_account = is_proved(c, account, domain, nt);
        return c->has_account ? STATUS_OK : login_failed(c, account);
    }
    if (v->login == LOGIN_ACCOUNT || (v->login == LOGIN_GUEST && is_anonymous))
        return login_failed(c, account);
    *is_guest = !is_anonymous;
    return STATUS_OK;
}

uint32_t login_plain(struct connection *c, const struct request *q, bool *is_guest)
{
    enum { WORDS = 26 };
    char account[WHO_SIZE], domain[DOMAIN_SIZE];
    struct reader words = q->words, bytes = q->bytes;
    read_skip(&words, 14);
    uint16_t lm_size = read_le16(&words), nt_size = read_le16(&words);
    read_skip(&bytes, lm_size);
    struct reader nt = read_part(&bytes, nt_size);
    if (q->words.left != WORDS || bytes.failed)
        return STATUS_INVALID_PARAMETER;
    request_string(q, &bytes, account, sizeof account);
    request_string(q, &bytes, domain, sizeof domain);
    return login_decide(c, account, domain, nt, is_guest);
}

uint64_t filetime_now(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec + UINT64_C(11644473600)) * 10000000 + (uint64_t)now.tv_nsec / 100;
}

/* A tag of DER and the size of what follows it. */
static void der_write(struct writer *w, uint8_t tag, size_t size)
{
    write_u8(w, tag);
    if (size > 0xff)
        write_u8(w, 0x82);
    else if (size > 0x7f)
        write_u8(w, 0x81);
    if (size > 0xff)
        write_u8(w, (uint8_t)(size >> 8));
    write_u8(w, (uint8_t)size);
}

static size_t der_size(size_t size)
{
    return size + (size > 0xff ? 4 : size > 0x7f ? 3 : 2);
}

void spnego_offer(struct writer *w, const struct variant *v)
{
    static const uint8_t spnego_oid[] = {0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02};
    size_t list = der_size(sizeof ntlmssp_oid);
    if (v->security != SECURITY_SPNEGO)
        return;
    der_write(w, 0x60, sizeof spnego_oid + der_size(der_size(der_size(list))));
    write_bytes(w, spnego_oid, sizeof spnego_oid);
    der_write(w, 0xa0, der_size(der_size(list)));
    der_write(w, 0x30, der_size(list));
    der_write(w, 0xa0, list);
    der_write(w, 0x30, sizeof ntlmssp_oid);
    write_bytes(w, ntlmssp_oid, sizeof ntlmssp_oid);
}

/* A token in an answer of SPNEGO that says that more is wanted. */
static void spnego_wrap(struct writer *w, struct reader token)
{
    static const uint8_t incomplete[] = {0xa0, 3, 0x0a, 1, 1, 0xa1, sizeof ntlmssp_oid};
    size_t inner = der_size(token.left);
    size_t all = sizeof incomplete + sizeof ntlmssp_oid + der_size(inner);
    der_write(w, 0xa1, der_size(all));
    der_write(w, 0x30, all);
    write_bytes(w, incomplete, sizeof incomplete);
    write_bytes(w, ntlmssp_oid, sizeof ntlmssp_oid);
    der_write(w, 0xa2, inner);
    der_write(w, 0x04, token.left);
    write_bytes(w, token.next, token.left);
}

static void av_write(struct writer *w, uint16_t id, const char *text)
{
    write_le16(w, id);
    write_le16(w, (uint16_t)(2 * strlen(text)));
    write_utf16(w, text, false);
}

static void target_info_write(struct writer *w, const struct variant *v)
{
    if (v->names == NAMES_NONE)
        return;
    av_write(w, 2, name_of_domain(v));
    if (v->names == NAMES_BAD_UTF16) { /* a lone surrogate, half of a character */
        write_be32(w, 0x01000300);
        write_be32(w, 0x00d84100);
        w->used -= 1;
    } else {
        av_write(w, 1, name_of_server(v));
    }
    av_write(w, 4, "example.test");
    av_write(w, 3,
             v->names == NAMES_CONTROL ? "vic\033[31mtim.example.test" : "victim.example.test");
    av_write(w, 5, "example.test");
    write_le16(w, 7);
    write_le16(w, 8);
    write_le64(w, filetime_now());
    write_le32(w, 0);
}

static void challenge_write(const struct connection *c, struct writer *w)
{
    enum { PAYLOAD_AT = 56 };
    static const uint8_t version[8] = {5, 1, 0x28, 0x0a, 0, 0, 0, 15};
    uint8_t info[512];
    struct writer av = writer_over(info, sizeof info);
    const char *domain = name_of_domain(c->variant);
    uint16_t name_size = (uint16_t)(2 * strlen(domain));
    target_info_write(&av, c->variant);
    bool is_outside = c->variant->security == SECURITY_OUTSIDE;
    write_bytes(w, ntlmssp_magic, sizeof ntlmssp_magic);
    write_le32(w, NTLMSSP_CHALLENGE);
    write_le16(w, name_size);
    write_le16(w, name_size);
    write_le32(w, PAYLOAD_AT);
    write_le32(w, 0x628a8215);
    write_bytes(w, c->challenge, CHALLENGE_SIZE);
    write_zeros(w, 8);
    write_le16(w, (uint16_t)av.used);
    write_le16(w, (uint16_t)av.used);
    write_le32(w, is_outside ? 0xffffff00 : (uint32_t)PAYLOAD_AT + name_size);
    write_bytes(w, version, sizeof version);
    write_utf16(w, domain, false);
    write_bytes(w, info, av.used);
}

/* What a field of kind 3 points at. */
static struct reader field_take(struct reader *r, struct reader message)
{
    uint16_t size = read_le16(r);
    read_skip(r, 2);
    read_skip(&message, read_le32(r));
    return read_part(&message, size);
}

static uint32_t authenticate(struct connection *c, struct reader message)
{
    char account[WHO_SIZE], domain[DOMAIN_SIZE];
    bool is_guest = false;
    struct reader r = message;
    read_skip(&r, 20); /* magic, kind, LM */
    struct reader nt = field_take(&r, message), where = field_take(&r, message);
    struct reader who = field_take(&r, message);
    read_skip(&r, 16);
    bool is_unicode = (read_le32(&r) & 1) != 0;
    if (r.failed || nt.failed || who.failed || where.failed)
        return STATUS_INVALID_PARAMETER;
    string_read(&who, is_unicode, account, sizeof account);
    string_read(&where, is_unicode, domain, sizeof domain);
    return login_decide(c, account, domain, nt, &is_guest);
}

uint32_t ntlmssp_answer(struct connection *c, struct reader blob, struct writer *w)
{
    static const uint8_t accepted[] = {0xa1, 7, 0x30, 5, 0xa0, 3, 0x0a, 1, 0};
    uint8_t token[768];
    struct reader message = blob, look = blob;
    bool is_bare = true;
    const uint8_t *magic = NULL;
    for (; (magic = read_bytes(&look, sizeof ntlmssp_magic)) != NULL; look = message) {
        if (memcmp(magic, ntlmssp_magic, sizeof ntlmssp_magic) == 0)
            break;
        is_bare = false;
        read_skip(&message, 1);
    }
    uint32_t kind = read_le32(&look);
    if (magic == NULL || (kind != 1 && kind != 3)) {
        log_step(c, "setup without NTLMSSP");
        return STATUS_INVALID_PARAMETER;
    }
    if (kind == 3) {
        uint32_t status = authenticate(c, message);
        if (status == STATUS_OK && !is_bare)
            write_bytes(w, accepted, sizeof accepted);
        return status;
    }
    log_step(c, "ntlmssp");
    struct writer t = writer_over(token, sizeof token);
    challenge_write(c, &t);
    if (is_bare)
        write_bytes(w, token, t.used);
    else
        spnego_wrap(w, reader_over(token, t.used));
    return STATUS_MORE_PROCESSING;
}
