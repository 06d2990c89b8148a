/* SMB1: its header, and the requests in the head of a client's stream, one after the other.
 *
 *   frame    type (1) | length (3) | message           NetBIOS session service, or port 445
 *   message  FF 'S' 'M' 'B' | header to 32 bytes | part | part ...
 *   part     word count (1) | words | byte count (2) | bytes
 *
 * The words of an AndX part name the next command and where its part begins, counted from FF: parts
 * go forward only, and at most SMB_CHAIN_MAX are read. A message that was cut, or has not come
 * whole yet, is read as far as it goes. What is not SMB1 ends the walk: SMB2 and what is encrypted
 * is told apart. A reply is taken apart in the same way; smb_replies.h reads what stands in it.
 *
 *   header   FF 'S' 'M' 'B' | command 1 | status 4 | flags 1 | flags 2 | process, high 2
 *            | signature 8 | 0 2 | tree 2 | process, low 2 | user 2 | multiplex 2
 *
 * Source: MS-CIFS 2.2.3 and 2.2.4, MS-SMB 2.1 and 2.2.4; RFC 1002, section 4.3. */
#ifndef WORMSIGN_WIRE_SMB_H
#define WORMSIGN_WIRE_SMB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/reader.h"

struct writer;

enum { SMB_CHAIN_MAX = 8, SMB_NAME_SIZE = 64, SMB_HEADER_SIZE = 32, SMB_PORT = 445 };

enum smb_command {
    SMB_OPEN = 0x02,
    SMB_CLOSE = 0x04,
    SMB_WRITE = 0x0b,
    SMB_TRANSACTION = 0x25,
    SMB_ECHO = 0x2b,
    SMB_OPEN_ANDX = 0x2d,
    SMB_READ_ANDX = 0x2e,
    SMB_WRITE_ANDX = 0x2f,
    SMB_TREE_CONNECT = 0x70,
    SMB_TREE_DISCONNECT = 0x71,
    SMB_NEGOTIATE = 0x72,
    SMB_SESSION_SETUP_ANDX = 0x73,
    SMB_LOGOFF_ANDX = 0x74,
    SMB_TREE_CONNECT_ANDX = 0x75,
    SMB_NT_CREATE_ANDX = 0xa2,
    SMB_NONE = 0xff
};

enum smb_flags2 {
    SMB_FLAG2_EXTENDED_SECURITY = 0x0800, /* blobs in place of passwords */
    SMB_FLAG2_UNICODE = 0x8000
};

/* What replies say of how it went, as far as it means something here. */
#define SMB_STATUS_OK UINT32_C(0)
#define SMB_STATUS_MORE_DATA UINT32_C(0x80000005) /* the pipe holds more of the message */
#define SMB_STATUS_MORE_PROCESSING UINT32_C(0xc0000016)

struct smb_header {
    uint8_t command;
    uint32_t status;
    uint8_t flags;
    uint16_t flags2; /* enum smb_flags2 and others */
    uint32_t process;
    uint64_t signature;
    uint16_t tree, user, multiplex;
};

enum smb_ending {
    SMB_ENDS_WITH_BYTES, /* all that came was walked */
    SMB_ENDS_NEWER,      /* SMB2 or later, or encrypted */
    SMB_ENDS_OTHER       /* no SMB */
};

struct smb_walk {
    struct reader stream;  /* frames to come */
    struct reader message; /* from FF on, as far as it came */
    enum smb_ending ending;
    size_t messages;          /* begun so far */
    struct smb_header header; /* of the message */
    uint8_t command;          /* of the next part; SMB_NONE: the message is done */
    unsigned parts;           /* of the message, read so far */
    size_t part_start;        /* of the next part, from FF */
};

/* One part of a message. */
struct smb_request {
    uint8_t command;
    struct smb_header header; /* of its message */
    struct reader message;    /* from FF on: what offsets in the words count from */
    struct reader words, bytes;
    size_t bytes_start; /* from FF */
};

/* Data that a request writes. */
struct smb_write {
    uint16_t tree, file;
    bool to_pipe; /* surely: a transaction on a named pipe */
    struct reader data;
};

/* A name in a request, in lower case; a character that is no printable ASCII is '?'. */
struct smb_name {
    size_t size;
    char text[SMB_NAME_SIZE]; /* of a longer one its end */
};

/* The header in front of a message; false where it is not SMB1's or has not come. */
bool smb_header_read(struct reader *r, struct smb_header *out);
void smb_header_write(struct writer *w, const struct smb_header *h);
bool smb_header_is_reply(const struct smb_header *h);

/* The first part of a message that stands alone, from FF on; false where there is none. */
bool smb_message_read(struct reader message, struct smb_request *out);

struct smb_walk smb_walk_over(struct reader stream);

/* The next part that has come far enough to hold its words; false at the walk's end. Where somebody
 * answers instead of asking, it is a reply. */
bool smb_next(struct smb_walk *w, struct smb_request *out);

/* True, and the data as far as it came, when the request writes: WRITE_ANDX, WRITE, or a
 * TRANSACTION on a named pipe. */
bool smb_write_of(const struct smb_request *q, struct smb_write *out);

/* The name of the share that TREE_CONNECT_ANDX asks for, or of the file or pipe that NT_CREATE_ANDX
 * opens. False: the request holds no such name. */
bool smb_name_of(const struct smb_request *q, struct smb_name *out);

#endif
