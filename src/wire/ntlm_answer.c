/* MD4, MD5 and DES are nettle's. */
#include "wire/ntlm_answer.h"

#include <string.h>

#include <nettle/des.h>
#include <nettle/hmac.h>
#include <nettle/md4.h>

#include "base/unicode.h"
#include "base/writer.h"

enum {
    LM_PASSWORD_MAX = 14,
    KEY_PART = 7, /* 56 bits */
    TEXT_ROOM = 2 * NTLM_TEXT_MAX
};

/* One block under the 56 bits of a key, to which DES wants eight bits more that it does not use. */
static void encrypt(const uint8_t part[static KEY_PART], const uint8_t block[static DES_BLOCK_SIZE],
                    uint8_t out[static DES_BLOCK_SIZE])
{
    struct des_ctx des;
    uint8_t key[DES_KEY_SIZE];
    uint64_t bits = 0;
    for (unsigned i = 0; i < KEY_PART; i++)
        bits = bits << 8 | part[i];
    for (unsigned i = 0; i < DES_KEY_SIZE; i++)
        key[i] = (uint8_t)((bits >> (7 * (7 - i)) & 0x7f) << 1);
    (void)des_set_key(&des, key); /* a weak key is used all the same */
    des_encrypt(&des, DES_BLOCK_SIZE, out, block);
}

static char capital(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool ntlm_lm_hash(const char *password, struct ntlm_hash *out)
{
    static const uint8_t fixed[DES_BLOCK_SIZE] = {'K', 'G', 'S', '!', '@', '#', '$', '%'};
    uint8_t keys[2 * KEY_PART] = {0};
    size_t length = strnlen(password, LM_PASSWORD_MAX + 1);
    if (length > LM_PASSWORD_MAX)
        return false;
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)password[i] >= 0x80)
            return false;
        keys[i] = (uint8_t)capital(password[i]);
    }
    encrypt(keys, fixed, out->bytes);
    encrypt(keys + KEY_PART, fixed, out->bytes + DES_BLOCK_SIZE);
    return true;
}

bool ntlm_nt_hash(const char *password, struct ntlm_hash *out)
{
    uint8_t room[TEXT_ROOM];
    struct writer wide = writer_over(room, sizeof room);
    struct md4_ctx md4;
    write_utf16(&wide, password);
    if (wide.failed)
        return false;
    md4_init(&md4);
    md4_update(&md4, wide.used, room);
    md4_digest(&md4, NTLM_HASH_SIZE, out->bytes);
    return true;
}

bool ntlm_v2_hash(const struct ntlm_hash *nt, const char *account, const char *domain,
                  struct ntlm_hash *out)
{
    uint8_t room[TEXT_ROOM];
    struct writer wide = writer_over(room, sizeof room);
    struct hmac_md5_ctx hmac;
    write_utf16(&wide, account);
    for (size_t i = 0; i < wide.used; i += 2)
        if (room[i + 1] == 0)
            room[i] = (uint8_t)capital((char)room[i]);
    write_utf16(&wide, domain);
    if (wide.failed)
        return false;
    hmac_md5_set_key(&hmac, NTLM_HASH_SIZE, nt->bytes);
    hmac_md5_update(&hmac, wide.used, room);
    hmac_md5_digest(&hmac, NTLM_HASH_SIZE, out->bytes);
    return true;
}

void ntlm_v1_answer(const struct ntlm_hash *hash, const uint8_t server[static NTLM_CHALLENGE_SIZE],
                    uint8_t out[static NTLM_ANSWER_SIZE])
{
    uint8_t keys[3 * KEY_PART] = {0};
    memcpy(keys, hash->bytes, NTLM_HASH_SIZE);
    for (unsigned i = 0; i < 3; i++)
        encrypt(keys + (size_t)KEY_PART * i, server, out + (size_t)DES_BLOCK_SIZE * i);
}

void ntlm_v2_short_answer(const struct ntlm_hash *v2, const struct ntlm_challenges *challenges,
                          uint8_t out[static NTLM_ANSWER_SIZE])
{
    struct hmac_md5_ctx hmac;
    hmac_md5_set_key(&hmac, NTLM_HASH_SIZE, v2->bytes);
    hmac_md5_update(&hmac, NTLM_CHALLENGE_SIZE, challenges->server);
    hmac_md5_update(&hmac, NTLM_CHALLENGE_SIZE, challenges->client);
    hmac_md5_digest(&hmac, NTLM_HASH_SIZE, out);
    memcpy(out + NTLM_HASH_SIZE, challenges->client, NTLM_CHALLENGE_SIZE);
}

void ntlm_v2_answer(struct writer *w, const struct ntlm_hash *v2,
                    const struct ntlm_challenges *challenges, uint64_t filetime,
                    struct reader target_info)
{
    struct hmac_md5_ctx hmac;
    size_t size = target_info.left, at = w->used;
    write_zeros(w, NTLM_HASH_SIZE); /* the proof, when the rest is written */
    write_le16(w, 0x0101);          /* version, and the latest that we know */
    write_zeros(w, 6);
    write_le64(w, filetime);
    write_bytes(w, challenges->client, NTLM_CHALLENGE_SIZE);
    write_zeros(w, 4);
    write_bytes(w, read_bytes(&target_info, size), size);
    write_zeros(w, 4);
    if (w->failed)
        return;
    size_t rest = at + NTLM_HASH_SIZE;
    hmac_md5_set_key(&hmac, NTLM_HASH_SIZE, v2->bytes);
    hmac_md5_update(&hmac, NTLM_CHALLENGE_SIZE, challenges->server);
    hmac_md5_update(&hmac, w->used - rest, w->start + rest);
    hmac_md5_digest(&hmac, NTLM_HASH_SIZE, w->start + at);
}
