/* As much of SMB2 as tells who a server is: negotiation, and session setup up to NTLMSSP's
 * challenge, each message in a frame of netbios_session.h.
 *
 *   header   FE 'S' 'M' 'B' | 64 2 | credit charge 2 | status 4 | command 2 | credits 2 | flags 4
 *            | next 4 | message 8 | process 4 | tree 4 | session 8 | signature 16
 *   negotiate reply      65 2 | security 2 | dialect 2 | 0 2 | GUID 16 | capabilities 4 | sizes 12
 *                        | time 8 | start 8 | blob: where 2, size 2 | 0 4 | blob
 *   session setup reply  9 2 | flags 2 | blob: where 2, size 2 | blob
 *
 * Where a blob is counts from the header's start.
 * Source: MS-SMB2 2.2.1 to 2.2.6. */
#ifndef WORMSIGN_WIRE_SMB2_H
#define WORMSIGN_WIRE_SMB2_H

#include <stdbool.h>
#include <stdint.h>
#include "base/reader.h"

struct writer;

#define SMB2_MAGIC UINT32_C(0xfe534d42)

enum { SMB2_GUID_SIZE = 16 };

enum smb2_command { SMB2_NEGOTIATE = 0, SMB2_SESSION_SETUP = 1 };

enum smb2_dialect {
    SMB2_DIALECT_2_0_2 = 0x0202, /* Vista */
    SMB2_DIALECT_2_1 = 0x0210,   /* 7 */
    SMB2_DIALECT_3_0 = 0x0300    /* 8 */
};

struct smb2_header {
    uint32_t status; /* SMB_STATUS_... of smb.h */
    uint16_t command;
    bool is_reply;
    uint64_t message, session;
};

struct smb2_negotiate_reply {
    uint16_t security_mode, dialect;
    uint32_t capabilities;
    uint8_t guid[SMB2_GUID_SIZE];
    uint64_t filetime, started; /* its clock, and when it began to serve; 0: not told */
    struct reader blob;         /* borrowed */
};

struct smb2_setup_reply {
    bool as_guest, as_nobody;
    struct reader blob; /* borrowed */
};

/* Asks for dialects 2.0.2, 2.1 and 3.0; message 0. */
void smb2_negotiate_build(struct writer *w, const uint8_t client_guid[static SMB2_GUID_SIZE]);

/* session: 0 the first time, then what the reply's header gave. */
void smb2_setup_build(struct writer *w, uint64_t message, uint64_t session, struct reader blob);

/* The header in front of a message, r behind it; false where it is not SMB2's. */
bool smb2_header_read(struct reader *r, struct smb2_header *out);

/* Each reads a whole message, and is false, *out untouched, for another reply or one that refuses:
 * the header's status is neither 0 nor SMB_STATUS_MORE_PROCESSING. */
bool smb2_negotiate_reply_read(struct reader message, struct smb2_negotiate_reply *out);
bool smb2_setup_reply_read(struct reader message, struct smb2_setup_reply *out);

#endif
