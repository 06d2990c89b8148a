/* What NTLM answers to a server's challenge: proof of a password that is not sent.
 *
 *   LM hash   the password in capitals, 14 bytes, as two keys of DES over a fixed text
 *   NT hash   MD4 of the password in UTF-16
 *   v2 hash   HMAC-MD5, by the NT hash, of ACCOUNT in capitals and the domain
 *   answer    of version 1: the challenge by DES under the hash's 7, 7 and 2 bytes
 *             of version 2: HMAC-MD5, by the v2 hash, of the challenge and what follows it
 *
 * An empty password is a password: guest has one. Version 1 and LM are as weak as they are old.
 * Time and our own challenge are arguments.
 * Source: MS-NLMP 3.3, and its vectors in 4.2. */
#ifndef WORMSIGN_WIRE_NTLM_ANSWER_H
#define WORMSIGN_WIRE_NTLM_ANSWER_H

#include <stdbool.h>
#include <stdint.h>
#include "base/compiler.h"
#include "base/reader.h"

struct writer;

enum {
    NTLM_HASH_SIZE = 16,
    NTLM_CHALLENGE_SIZE = 8,
    NTLM_ANSWER_SIZE = 24,
    NTLM_TEXT_MAX = 256 /* characters of a password, or of account and domain */
};

struct ntlm_hash {
    uint8_t bytes[NTLM_HASH_SIZE];
};

/* The two challenges of a login. */
struct ntlm_challenges {
    uint8_t server[NTLM_CHALLENGE_SIZE], client[NTLM_CHALLENGE_SIZE];
};

/* False for a password that has no LM hash: of more than 14 bytes, or not ASCII. */
bool ntlm_lm_hash(const char *password, struct ntlm_hash *out) MUST_CHECK;

/* False when the text is too long. */
bool ntlm_nt_hash(const char *password, struct ntlm_hash *out) MUST_CHECK;

/* False when the text is too long. Only letters of ASCII get capitals. */
bool ntlm_v2_hash(const struct ntlm_hash *nt, const char *account, const char *domain,
                  struct ntlm_hash *out) MUST_CHECK;

/* Version 1, by either hash. */
void ntlm_v1_answer(const struct ntlm_hash *hash, const uint8_t server[static NTLM_CHALLENGE_SIZE],
                    uint8_t out[static NTLM_ANSWER_SIZE]);

/* Version 2 where LM's answer goes. */
void ntlm_v2_short_answer(const struct ntlm_hash *v2, const struct ntlm_challenges *challenges,
                          uint8_t out[static NTLM_ANSWER_SIZE]);

/* Version 2: 48 bytes and the server's target info. */
void ntlm_v2_answer(struct writer *w, const struct ntlm_hash *v2,
                    const struct ntlm_challenges *challenges, uint64_t filetime,
                    struct reader target_info);

#endif
