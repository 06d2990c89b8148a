/* Bytes with a name: a file, stdin, or what a decompressor makes of them, through one bounded window.
 *
 * Compression (.gz .bz2 .xz .zst .lz4) is recognised by content and undone in-process, also nested once;
 * concatenated members are read one after the other. Input is streamed with read(): it works on pipes,
 * survives truncation, and no file is ever held whole. A stream that was cut or is corrupt yields what came
 * before, then the error.
 * Limit: expansion. An input that makes more than INPUT_EXPANSION_MAX bytes out of each byte read, beyond
 * the first INPUT_EXPANSION_FREE bytes, is refused as a bomb. */
#ifndef WORMSIGN_SOURCE_INPUT_H
#define WORMSIGN_SOURCE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"

enum {
    INPUT_READ_BYTES = 256 * 1024,       /* one read() */
    INPUT_WINDOW_MAX = 16 * 1024 * 1024, /* the most that can be wanted at once */
    INPUT_EXPANSION_MAX = 2000
};
#define INPUT_EXPANSION_FREE (UINT64_C(1) << 30)

struct input;

/* Opens a path ("-": stdin). NULL and *err on failure; a directory is an error that says so. */
struct input *input_open(const char *path, struct error *err);

/* Opens bytes in memory (borrowed until close), for tests and fuzz targets; name is copied. Compression is undone
 * here as well. */
struct input *input_open_memory(const char *name, const void *bytes, size_t size,
                                struct error *err);

void input_close(struct input *in); /* NULL is fine */

const char *input_name(const struct input *in);

/* Makes at least `count` bytes (at most INPUT_WINDOW_MAX) visible at the read position if the input has
 * them, and says in *available how many are visible: fewer than count only at the end or after an error.
 * The bytes are borrowed until the next input call. Nothing is consumed. */
const uint8_t *input_peek(struct input *in, size_t count, size_t *available);

/* Consumes count bytes, which must be visible. */
void input_take(struct input *in, size_t count);

/* Position in the (decompressed) stream of the next byte. */
uint64_t input_offset(const struct input *in);

/* Bytes read from the file itself (compressed), and its size (0 when unknown), for progress. */
uint64_t input_raw_offset(const struct input *in);
uint64_t input_raw_size(const struct input *in);

/* True, and *err filled, when the input ended by an error (read error, cut or corrupt compression, bomb)
 * rather than at its end. Asked after input_peek gave less than wanted. */
bool input_failed(const struct input *in, struct error *err);

/* "gzip", "xz", "zstd", "bzip2", "lz4" or NULL. */
const char *input_compression(const struct input *in);

#endif
