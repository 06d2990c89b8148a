/* SMB1 as a client speaks it, made for tests, and the mark by which the worm's exploit is known.
 *
 * Nothing here works as an attack: the mark is the published decoder between zeros, with a URL
 * hidden behind it; there is no path, no padding to overflow anything and no code. */
#ifndef WORMSIGN_TESTS_MADE_SMB_H
#define WORMSIGN_TESTS_MADE_SMB_H

#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "wire/smb.h"

enum { MADE_MAX = 16384, MADE_ZEROS = 60, TREE = 2048, PIPE_FILE = 0x4000, MADE_UNICODE = 0x8000 };

struct made {
    struct writer w;
    uint8_t bytes[MADE_MAX];
    uint16_t flags2; /* of the messages that follow */
};

static const uint8_t decoder_a[] = {0xe8, 0xff, 0xff, 0xff, 0xff, 0xc1, 0x5e,
                                    0x8d, 0x4e, 0x10, 0x80, 0x31, 0xc4, 0x41,
                                    0x66, 0x81, 0x39, 0x45, 0x50, 0x75, 0xf5};
static const uint8_t decoder_b[] = {0xe8, 0xff, 0xff, 0xff, 0xff, 0xc2, 0x5f,
                                    0x8d, 0x4f, 0x10, 0x80, 0x31, 0xc4, 0x41,
                                    0x66, 0x81, 0x39, 0x4d, 0x53, 0x75, 0xf5};

static inline void made_begin(struct made *m)
{
    m->w = writer_over(m->bytes, sizeof m->bytes);
    m->flags2 = 0;
}

static inline struct reader made_reader(const struct made *m)
{
    assert_false(m->w.failed);
    return reader_over(m->bytes, m->w.used);
}

/* Zeros, the decoder of A or B, the hidden URL, its marker, zeros. url NULL: none; ended false: the
 * bytes end within the URL. */
static inline void made_mark(struct made *m, char variant, const char *url, bool ended)
{
    write_zeros(&m->w, MADE_ZEROS);
    write_bytes(&m->w, variant == 'A' ? decoder_a : decoder_b, sizeof decoder_a);
    for (unsigned i = 0; i < MADE_ZEROS; i++)
        write_u8(&m->w, 0xc4); /* zeros, when undone */
    for (const char *at = url; at != NULL && *at != '\0'; at++)
        write_u8(&m->w, (uint8_t)*at ^ 0xc4);
    if (!ended)
        return;
    write_bytes(&m->w, variant == 'A' ? "EP" : "MS", 2);
    write_zeros(&m->w, MADE_ZEROS);
}

/* A message with one part. */
static inline void made_message(struct made *m, uint8_t command, uint16_t tree, struct reader words,
                                struct reader bytes)
{
    size_t size = 32 + 1 + words.left + 2 + bytes.left;
    write_u8(&m->w, 0);
    write_u8(&m->w, (uint8_t)(size >> 16));
    write_be16(&m->w, (uint16_t)size);
    write_be32(&m->w, 0xff534d42);
    write_u8(&m->w, command);
    write_zeros(&m->w, 5);
    write_le16(&m->w, m->flags2);
    write_zeros(&m->w, 12);
    write_le16(&m->w, tree);
    write_zeros(&m->w, 6);
    write_u8(&m->w, (uint8_t)(words.left / 2));
    size_t count = words.left;
    write_bytes(&m->w, read_bytes(&words, count), count);
    count = bytes.left;
    write_le16(&m->w, (uint16_t)count);
    write_bytes(&m->w, read_bytes(&bytes, count), count);
}

static inline void made_negotiate(struct made *m)
{
    made_message(m, SMB_NEGOTIATE, 0, reader_over(NULL, 0), reader_over("\2NT LM 0.12", 12));
}

/* A name as it stands at an odd place of the message, in Unicode if the flags say so. */
static inline void made_name(const struct made *m, struct writer *w, const char *name)
{
    bool unicode = (m->flags2 & MADE_UNICODE) != 0;
    write_zeros(w, unicode);
    for (const char *at = name;; at++) {
        write_u8(w, (uint8_t)*at);
        write_zeros(w, unicode);
        if (*at == '\0')
            return;
    }
}

static inline void made_connect(struct made *m, const char *share)
{
    uint8_t words[8] = {SMB_NONE, 0, 0, 0, 0, 0, 1, 0}, bytes[256];
    struct writer w = writer_over(bytes, sizeof bytes);
    write_u8(&w, 0); /* password: it makes the place of the name even */
    if ((m->flags2 & MADE_UNICODE) == 0)
        made_name(m, &w, share);
    else
        for (const char *at = share;; at++) {
            write_le16(&w, (uint8_t)*at);
            if (*at == '\0')
                break;
        }
    write_bytes(&w, "?????", 6);
    made_message(m, SMB_TREE_CONNECT_ANDX, 0xffff, reader_over(words, sizeof words),
                 reader_over(bytes, w.used));
}

static inline void made_open(struct made *m, uint16_t tree, const char *name)
{
    uint8_t words[48] = {SMB_NONE}, bytes[256];
    struct writer w = writer_over(bytes, sizeof bytes);
    made_name(m, &w, name);
    made_message(m, SMB_NT_CREATE_ANDX, tree, reader_over(words, sizeof words),
                 reader_over(bytes, w.used));
}

static inline void made_write_mode(struct made *m, uint16_t tree, uint16_t file, uint16_t mode,
                                   struct reader data)
{
    uint8_t words[28];
    struct writer w = writer_over(words, sizeof words);
    write_u8(&w, SMB_NONE);
    write_zeros(&w, 3);
    write_le16(&w, file);
    write_zeros(&w, 8);
    write_le16(&w, mode);
    write_le16(&w, 0);
    write_le16(&w, (uint16_t)(data.left >> 16));
    write_le16(&w, (uint16_t)data.left);
    write_le16(&w, 32 + 1 + 28 + 2);
    write_le32(&w, 0);
    made_message(m, SMB_WRITE_ANDX, tree, reader_over(words, sizeof words), data);
}

static inline void made_write(struct made *m, uint16_t tree, uint16_t file, struct reader data)
{
    made_write_mode(m, tree, file, 0, data);
}

/* The write of old: SMB_COM_WRITE. */
static inline void made_old_write(struct made *m, uint16_t tree, uint16_t file, struct reader data)
{
    uint8_t words[10] = {(uint8_t)file, (uint8_t)(file >> 8)};
    uint8_t *bytes = malloc(3 + data.left);
    assert_non_null(bytes);
    struct writer w = writer_over(bytes, 3 + data.left);
    write_u8(&w, 1);
    write_le16(&w, (uint16_t)data.left);
    size_t size = data.left;
    write_bytes(&w, read_bytes(&data, size), size);
    made_message(m, SMB_WRITE, tree, reader_over(words, sizeof words), reader_over(bytes, w.used));
    free(bytes);
}

/* A transaction by name; function 0x26 exchanges messages with a named pipe. */
static inline void made_transaction(struct made *m, uint16_t tree, const char *name,
                                    uint16_t function, struct reader data)
{
    uint8_t words[32], *bytes = malloc(64 + data.left);
    assert_non_null(bytes);
    struct writer b = writer_over(bytes, 64 + data.left), w = writer_over(words, sizeof words);
    made_name(m, &b, name);
    write_zeros(&w, 22);
    write_le16(&w, (uint16_t)data.left);
    write_le16(&w, (uint16_t)(32 + 1 + 32 + 2 + b.used));
    write_u8(&w, 2);
    write_u8(&w, 0);
    write_le16(&w, function);
    write_le16(&w, PIPE_FILE);
    assert_int_equal(w.used, sizeof words);
    size_t size = data.left;
    write_bytes(&b, read_bytes(&data, size), size);
    made_message(m, SMB_TRANSACTION, tree, reader_over(words, sizeof words),
                 reader_over(bytes, b.used));
    free(bytes);
}

/* A DCERPC request, or a fragment of one: flags 1 the first, 2 the last, 3 both. */
static inline void made_request(struct made *m, uint8_t flags, struct reader stub)
{
    size_t size = stub.left;
    write_u8(&m->w, 5);
    write_u8(&m->w, 0);
    write_u8(&m->w, 0);
    write_u8(&m->w, flags);
    write_le32(&m->w, 0x10);
    write_le16(&m->w, (uint16_t)(24 + size));
    write_le16(&m->w, 0);
    write_le32(&m->w, 1);
    write_le32(&m->w, (uint32_t)size);
    write_le16(&m->w, 0);
    write_le16(&m->w, 31);
    write_bytes(&m->w, read_bytes(&stub, size), size);
}

/* What comes before a call: negotiation, the tree of pipes, the pipe. */
static inline void made_way_to_pipe(struct made *m)
{
    made_begin(m);
    made_negotiate(m);
    made_connect(m, "\\\\10.0.0.7\\IPC$");
    made_open(m, TREE, "\\BROWSER");
}

#endif
