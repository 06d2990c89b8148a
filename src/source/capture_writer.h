/* Writes classic pcap files, in microseconds or nanoseconds, within a folder.
 *
 *   file:    magic 32, version 2.4, reserved 32 32, snap length 32, link type 32
 *   record:  seconds 32, fraction 32, captured length 32, wire length 32, bytes     (little endian)
 *
 * A file is made anew and never through a link; between writes it is closed, so that thousands can
 * be written at a time. What is on disk is whole records, whenever the program ends: they are put
 * out by one write, and a write that was refused half-way is taken back. */
#ifndef WORMSIGN_SOURCE_CAPTURE_WRITER_H
#define WORMSIGN_SOURCE_CAPTURE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/writer.h"
#include "source/capture_file.h"

enum {
    CAPTURE_WRITER_BUFFER = 4096,
    CAPTURE_WRITER_HEADER = 24,
    CAPTURE_WRITER_RECORD = 16 /* bytes in front of each frame */
};

/* Where a file is to be made: in the folder, or in the folder of this name within it. */
struct capture_place {
    int folder;         /* borrowed: a descriptor, or AT_FDCWD */
    const char *within; /* NULL: none; borrowed, as is name */
    const char *name;
};

struct capture_writer {
    struct capture_place place;
    bool nanoseconds;
    bool failed;      /* a write was refused: nothing more is taken */
    uint64_t size;    /* bytes on disk: whole records */
    uint64_t packets; /* taken; after a failure those on disk */
    uint64_t waiting; /* of them, in the buffer */
    size_t used;      /* of the buffer */
    uint8_t *buffer;  /* owned */
};

/* Makes the file with its header. False and *err when it is there already or cannot be written;
 * capture_writer_close in either case. */
bool capture_writer_open(struct capture_writer *w, const struct capture_place *place,
                         uint32_t link_type, bool nanoseconds, struct error *err);

/* The header of a file, CAPTURE_WRITER_HEADER bytes, and of a frame, CAPTURE_WRITER_RECORD bytes,
 * where there is room for them. */
void capture_header_write(struct writer *out, uint32_t link_type, bool nanoseconds);
void capture_record_write(struct writer *out, const struct capture_frame *frame, bool nanoseconds);

/* True when pcap can tell this time: 1970 to 2106. */
bool capture_writer_can_tell(int64_t when_us);

/* Adds a frame, whose time it can tell. False and *err when a write was refused. */
bool capture_writer_add(struct capture_writer *w, const struct capture_frame *frame,
                        struct error *err);

/* Puts out what waits and lets go of memory. False and *err when that was refused. What the writer
 * says of the file stays true. */
bool capture_writer_close(struct capture_writer *w, struct error *err);

#endif
