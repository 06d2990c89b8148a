/* SMB1's requests as a client sends them, each a whole message in its frame (port 445 and 139 have
 * the same one), with a header of its own:
 *
 *   negotiate -> session setup -> tree connect -> create -> write, read, ... -> close
 *
 * Text is ASCII and ended by zero: the header says so by leaving SMB_FLAG2_UNICODE clear. A writer
 * without room, or text too long for its field, fails the writer.
 * Source: MS-CIFS 2.2.4, MS-SMB 2.2.4; the real messages in samples/smb. */
#ifndef WORMSIGN_WIRE_SMB_REQUESTS_H
#define WORMSIGN_WIRE_SMB_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>
#include "base/reader.h"

struct writer;

enum {
    SMB_REQUEST_FLAGS2 = 0x6045, /* status of 32 bits, long names, may be signed */
    SMB_CREATE_OPEN = 1,         /* disposition: only what is there */
    SMB_PIPE_ACCESS = 0x0002019f /* read and write of data and attributes, read control, wait */
};

/* What of a header is the sender's to choose. */
struct smb_ids {
    bool extended_security;
    uint16_t tree, user, multiplex;
    uint32_t process;
    uint64_t signature;
};

struct smb_login {
    uint32_t session_key; /* that the server gave */
    struct reader lm, nt; /* answers to its challenge */
    const char *account, *domain;
    const char *os, *lanman; /* what we call ourselves */
};

struct smb_create {
    const char *name;
    uint32_t access, disposition;
};

/* "NT LM 0.12" and an empty dialect. */
void smb_negotiate_build(struct writer *w, const struct smb_ids *ids);

/* Without extended security. Anonymous is an empty account, one zero as lm, no nt. */
void smb_session_setup_build(struct writer *w, const struct smb_ids *ids,
                             const struct smb_login *login);

/* With extended security: the blob in place of the answers, the account and the domain. */
void smb_session_setup_blob_build(struct writer *w, const struct smb_ids *ids,
                                  const struct smb_login *login, struct reader blob);

/* share: "\\10.0.0.7\IPC$". */
void smb_tree_connect_build(struct writer *w, const struct smb_ids *ids, const char *share);
void smb_create_build(struct writer *w, const struct smb_ids *ids, const struct smb_create *create);

/* Writes a message into a pipe; reads the next `most` bytes or less out of it. */
void smb_write_build(struct writer *w, const struct smb_ids *ids, uint16_t file,
                     struct reader data);
void smb_read_build(struct writer *w, const struct smb_ids *ids, uint16_t file, uint16_t most);

/* Both in one: a message into the pipe, at most `most` bytes of the answer to it out. */
void smb_transact_build(struct writer *w, const struct smb_ids *ids, uint16_t file, uint16_t most,
                        struct reader data);
void smb_close_build(struct writer *w, const struct smb_ids *ids, uint16_t file);
void smb_tree_disconnect_build(struct writer *w, const struct smb_ids *ids);
void smb_logoff_build(struct writer *w, const struct smb_ids *ids);

#endif
