/* A thread that reads on while its owner works on what was read: reading and decompressing cost
 * about as much as judging, and overlap with it where there is a second processor.
 *
 * Chunks come in order through a small ring. Each has room in front of it, so that what is left of
 * the chunk before can be put there and the two be seen as one, without copying the new one. The
 * thread touches nothing but the byte source below it; all signals stay with the others. */
#ifndef WORMSIGN_SOURCE_READ_AHEAD_H
#define WORMSIGN_SOURCE_READ_AHEAD_H

#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "source/decompress.h"

enum {
    READ_AHEAD_CHUNKS = 6,
    READ_AHEAD_CHUNK_BYTES = 256 * 1024,
    READ_AHEAD_ROOM_BYTES = 64 * 1024 /* in front of each chunk */
};

struct read_ahead;

/* Starts to read from below, which nobody else may use until read_ahead_stop. NULL where no thread
 * or memory is to be had: then the caller goes on reading by itself. */
struct read_ahead *read_ahead_start(struct byte_source below);

/* Waits for the next chunk: *bytes is its first byte, with READ_AHEAD_ROOM_BYTES before it for the
 * caller. Returns how many bytes it has; 0 at the end, by an error when *err is set, again and
 * again. At most one chunk is held besides this one; call read_ahead_release for it first. */
size_t read_ahead_next(struct read_ahead *r, uint8_t **bytes, struct error *err);

/* Gives back the chunk that was got before the latest one. */
void read_ahead_release(struct read_ahead *r);

/* Ends the thread, even one that waits for a silent pipe, and frees everything. NULL is fine. */
void read_ahead_stop(struct read_ahead *r);

#endif
