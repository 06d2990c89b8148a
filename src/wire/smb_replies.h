/* What stands in SMB1's replies, each read from the first part of its message (smb_message_read).
 *
 * The header has the status, and what the server gave: the user by session setup, the tree by tree
 * connect. A reply that refuses has a status and no words, and is no reply of its kind here. Text
 * comes as UTF-8 (from UTF-16) or as the bytes that came, ended by zero and cut where it is too
 * long; who prints it escapes it.
 * Source: MS-CIFS 2.2.4, MS-SMB 2.2.4; the real messages in samples/smb. */
#ifndef WORMSIGN_WIRE_SMB_REPLIES_H
#define WORMSIGN_WIRE_SMB_REPLIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"

struct smb_request;

enum {
    SMB_TEXT_SIZE = 128,    /* with its zero */
    SMB_CHALLENGE_SIZE = 8, /* of NTLM */
    SMB_GUID_SIZE = 16,
    SMB_NO_DIALECT = 0xffff /* of those that were offered */
};

struct smb_negotiate_reply {
    uint16_t dialect;
    /* Below: zero and empty where the dialect is none that we offered first. */
    uint8_t security_mode;
    uint32_t session_key, capabilities;
    uint64_t filetime;      /* the server's clock: time_of_filetime */
    int16_t minutes_west;   /* of UTC */
    bool extended_security; /* then guid and blob, else what is behind them */
    uint8_t guid[SMB_GUID_SIZE];
    struct reader blob;    /* borrowed */
    size_t challenge_size; /* SMB_CHALLENGE_SIZE, or 0: passwords in clear */
    uint8_t challenge[SMB_CHALLENGE_SIZE];
    char domain[SMB_TEXT_SIZE]; /* or workgroup */
    char server[SMB_TEXT_SIZE];
};

struct smb_setup_reply {
    bool as_guest;
    struct reader blob; /* of extended security; borrowed */
    char os[SMB_TEXT_SIZE], lanman[SMB_TEXT_SIZE];
    char domain[SMB_TEXT_SIZE]; /* without extended security */
};

struct smb_create_reply {
    uint16_t file;
    uint16_t kind; /* 2: a pipe of messages; 0xffff: not told */
};

/* Each is false, *out untouched, for a reply of another kind, one that refuses, or one cut. */
bool smb_negotiate_reply_read(const struct smb_request *part, struct smb_negotiate_reply *out);
bool smb_setup_reply_read(const struct smb_request *part, struct smb_setup_reply *out);
bool smb_create_reply_read(const struct smb_request *part, struct smb_create_reply *out);

/* How many bytes were written. */
bool smb_write_reply_read(const struct smb_request *part, uint32_t *count);

/* The data that a READ_ANDX or a TRANSACTION gave; it has come whole. */
bool smb_read_reply_read(const struct smb_request *part, struct reader *data);

#endif
