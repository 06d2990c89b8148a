/* The three messages of NTLMSSP, in which a server says who it is before anybody logs in:
 *
 *   1 negotiate     "NTLMSSP" 0 | 1 | flags 4 | domain 8 | host 8
 *   2 challenge     "NTLMSSP" 0 | 2 | target 8 | flags 4 | challenge 8 | 0 8 | target info 8
 *                   | version: major 1, minor 1, build 2, 0 3, revision 1
 *   3 authenticate  "NTLMSSP" 0 | 3 | lm 8 | nt 8 | domain 8 | account 8 | host 8 | key 8 | flags 4
 *   a field of 8    size 2 | room 2 | where 4, from the start of the message
 *   target info     (id 2 | size 2 | value)... until id 0; names in UTF-16
 *
 * Source: MS-NLMP 2.2.1 and 2.2.2; the real messages in samples/smb. */
#ifndef WORMSIGN_WIRE_NTLMSSP_H
#define WORMSIGN_WIRE_NTLMSSP_H

#include <stdbool.h>
#include <stdint.h>
#include "base/reader.h"

struct writer;

enum { NTLMSSP_CHALLENGE_SIZE = 8, NTLMSSP_NAME_SIZE = 256 };

/* Flags that we send. */
enum {
    NTLMSSP_UNICODE = 0x00000001,
    NTLMSSP_ASK_TARGET = 0x00000004,
    NTLMSSP_SIGN = 0x00000010,
    NTLMSSP_NTLM = 0x00000200,
    NTLMSSP_ALWAYS_SIGN = 0x00008000,
    NTLMSSP_EXTENDED = 0x00080000, /* session security: what goes with NTLMv2 */
    NTLMSSP_VERSION = 0x02000000,
    NTLMSSP_FLAGS = 0x00008215 /* UNICODE to ALWAYS_SIGN: enough to be told names */
};

/* A message 2. Names are UTF-8, empty where they are not told, and cut where they are too long. */
struct ntlmssp_challenge {
    uint32_t flags;
    uint8_t challenge[NTLMSSP_CHALLENGE_SIZE];
    struct reader target_info; /* as it came, for the answer; borrowed */
    char target[NTLMSSP_NAME_SIZE];
    char computer[NTLMSSP_NAME_SIZE], domain[NTLMSSP_NAME_SIZE]; /* NetBIOS */
    char dns_computer[NTLMSSP_NAME_SIZE], dns_domain[NTLMSSP_NAME_SIZE];
    char dns_forest[NTLMSSP_NAME_SIZE];
    uint64_t filetime;    /* 0: not told */
    uint8_t major, minor; /* of its system; all 0: not told */
    uint16_t build;
};

struct ntlmssp_login {
    uint32_t flags;
    struct reader lm, nt; /* answers to the challenge: ntlm_answer.h */
    const char *account, *domain, *host;
};

void ntlmssp_negotiate_build(struct writer *w, uint32_t flags);

/* False, *out untouched, when it is no message 2, or one with a field beyond its end. */
bool ntlmssp_challenge_read(struct reader message, struct ntlmssp_challenge *out);

/* Names that are too long fail the writer. */
void ntlmssp_authenticate_build(struct writer *w, const struct ntlmssp_login *login);

#endif
