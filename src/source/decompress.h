/* Compression undone: one decompressor a format, and the stage that drives any of them.
 *
 *   byte source (file, memory) -> [stage: gzip] -> [stage: xz] -> the window of input.c
 *
 * A decompressor knows one member (gzip member, xz stream, zstd or lz4 frame, bzip2 stream). The
 * stage knows the rest, the same for all: members follow one another, zeros between and after them
 * are padding, anything else is an error after what came before, and none may grow without bound. A
 * new format is one file decompress_<name>.c and one line in the table of decompress.c. */
#ifndef WORMSIGN_SOURCE_DECOMPRESS_H
#define WORMSIGN_SOURCE_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/reader.h"
#include "base/writer.h"

enum { DECOMPRESS_RECOGNISE_BYTES = 32 }; /* as many first bytes as every recognises() wants */

enum decompress_result {
    DECOMPRESS_GOING,      /* took or made what it could */
    DECOMPRESS_MEMBER_END, /* this member is complete, and all of it came out */
    DECOMPRESS_BAD         /* *err says why */
};

struct decompressor {
    const char *name;
    bool (*recognises)(const uint8_t *start, size_t size);
    void *(*open)(void);          /* NULL: no memory */
    bool (*restart)(void *state); /* begins the next member; false: no memory */
    enum decompress_result (*run)(void *state, struct reader *in, struct writer *out,
                                  struct error *err);
    void (*close)(void *state);
};

extern const struct decompressor decompress_gzip, decompress_bzip2, decompress_xz, decompress_zstd,
    decompress_lz4;

/* The decompressor of what begins so, or NULL. */
const struct decompressor *decompressor_for(const uint8_t *start, size_t size);

/* Where bytes come from. read() fills up to size bytes; 0 is the end, by an error when *err is set.
 * Both stick. */
struct byte_source {
    size_t (*read)(void *from, uint8_t *buffer, size_t size, struct error *err);
    void *from;
    const _Atomic uint64_t
        *raw_offset; /* bytes read from the file so far: the measure of expansion */
};

struct decompress_stage;

/* Owns buffer from here on, also when it fails: INPUT_READ_BYTES from malloc, whose first `used`
 * bytes were read from `below` already. NULL and *err when there is no memory. */
struct decompress_stage *decompress_stage_open(const struct decompressor *how,
                                               struct byte_source below, uint8_t *buffer,
                                               size_t used, struct error *err);
size_t decompress_stage_read(void *stage, uint8_t *buffer, size_t size, struct error *err);
void decompress_stage_close(struct decompress_stage *stage); /* NULL is fine */
const char *decompress_stage_name(const struct decompress_stage *stage);

#endif
