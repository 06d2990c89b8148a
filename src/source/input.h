/* Bytes with a name: a file, stdin, or what a decompressor makes of them, through one bounded
 * window.
 *
 * Compression (.gz .bz2 .xz .zst .lz4) is recognised by content and undone in-process, also nested
 * once; concatenated members are read one after the other. Input is streamed with read(): it works
 * on pipes, survives truncation, and no file is ever held whole. A stream that was cut or is
 * corrupt yields what came before, then the error. Error texts say offset and reason; the caller
 * adds the name.
 *
 * Limit: expansion. An input that makes more than INPUT_EXPANSION_MAX bytes out of each byte read,
 * beyond the first INPUT_EXPANSION_FREE bytes, is refused as a bomb. */
#ifndef WORMSIGN_SOURCE_INPUT_H
#define WORMSIGN_SOURCE_INPUT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/compiler.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/reader.h"

enum {
    INPUT_READ_BYTES = 256 * 1024,       /* one read() */
    INPUT_WINDOW_MAX = 16 * 1024 * 1024, /* the most that can be wanted at once */
    INPUT_NESTED_MAX = 2,                /* compression in compression; more is refused */
    INPUT_EXPANSION_MAX = 2000,
    /* What one decompressor may take for its dictionary: xz -9 needs 65 MiB, zstd --long 128. */
    INPUT_DICTIONARY_LOG_MAX = 27,
    INPUT_DICTIONARY_BYTES_MAX = 1 << INPUT_DICTIONARY_LOG_MAX
};
#define INPUT_EXPANSION_FREE (UINT64_C(1) << 30)

struct input_stream;
struct window;

/* Open to view only so that peek and take can be inline; use the functions. */
struct input {
    struct reader view; /* the bytes that are visible */
    uint64_t view_end;  /* position in the (decompressed) stream of the end of the view */
    struct input_stream *stream;
};

/* Opens a path ("-": stdin). NULL and *err on failure; a directory is an error that says so. */
struct input *input_open(const char *path, struct error *err);

/* The same, and the bytes of the file itself are digested while they are read, which costs a plain
 * capture some of its speed. */
struct input *input_open_digested(const char *path, struct error *err);

/* Opens bytes in memory (borrowed until close), for tests and fuzz targets; name is copied.
 * Compression is undone here as well. */
struct input *input_open_memory(const char *name, const void *bytes, size_t size,
                                struct error *err);

/* Opens what a function gives, for bytes that come by and by: 0 from it is the end for now, and it
 * is asked again when more is wanted. Nothing is decompressed. `from` is borrowed until close. */
struct input *input_open_feed(const char *name,
                              size_t (*read)(void *from, uint8_t *buffer, size_t size,
                                             struct error *err),
                              void *from, struct error *err);

void input_close(struct input *in); /* NULL is fine */

const char *input_name(const struct input *in);

/* The slow half of input_peek: makes count bytes visible if there are so many. */
COLD void input_fill(struct input *in, size_t count);

/* Makes at least `count` bytes (at most INPUT_WINDOW_MAX) visible at the read position if the input
 * has them, and says in *available how many are visible: fewer than count only at the end or after
 * an error. The bytes are borrowed until the next input_peek. Nothing is consumed. */
static ALWAYS_INLINE const uint8_t *input_peek(struct input *in, size_t count, size_t *available)
{
    if (RARELY(count > in->view.left))
        input_fill(in, count);
    *available = in->view.left;
    return in->view.next;
}

/* Consumes count bytes, which must be visible. */
static ALWAYS_INLINE void input_take(struct input *in, size_t count)
{
    assert(count <= in->view.left);
    read_skip(&in->view, count);
}

/* Position in the (decompressed) stream of the next byte. */
static ALWAYS_INLINE uint64_t input_offset(const struct input *in)
{
    return in->view_end - in->view.left;
}

/* What somebody still looks at, though the input reads on; begins zeroed. */
enum { INPUT_HELD_MAX = 64 };
struct input_held {
    size_t count;
    struct window *windows[INPUT_HELD_MAX];
};

/* What is visible now stays as it is until it is let go, with all else that is held: in any thread,
 * before the input is closed. There must be room for one more. Only of an input that is not
 * compressed. */
void input_hold(struct input *in, struct input_held *held);
void input_let_go(struct input *in, struct input_held *held);

/* From now on tells how far another input is, where that one is read in its place, until NULL. */
void input_follow(struct input *in, const struct input *other);

/* Bytes read from the file itself (compressed), and its size (0 when unknown), for progress. */
uint64_t input_raw_offset(const struct input *in);
uint64_t input_raw_size(const struct input *in);

/* Whether tables that this input fills are worth large pages; of a pipe the size is unknown. */
bool input_is_large(const struct input *in);

/* True, and *err filled, when the input ended by an error (read error, cut or corrupt compression,
 * bomb) rather than at its end. Asked after input_peek gave less than wanted. */
bool input_failed(const struct input *in, struct error *err);

/* True when that was a signal while a pipe was silent: somebody wants the run to end, and nothing
 * is wrong with the input. */
bool input_was_interrupted(const struct input *in);

/* The digest of all bytes of the file itself (compressed); what was not read yet is read now, so
 * nothing can be peeked at after it. False where it is not known: not opened so, a pipe that was
 * not read to its end, or a read error. */
bool input_digest(struct input *in, struct digest *out);

/* "gzip", "xz", "zstd", "bzip2", "lz4" (the outermost), or NULL. */
const char *input_compression(const struct input *in);

#endif
