/* Capture files: pcap (microseconds, nanoseconds, both byte orders, the "modified" form) and pcapng
 * (several sections and interfaces, time resolution and offset options), by content.
 *
 * A bounded reader of our own, so that one damaged file never ends a run: each frame comes with its
 * record number and offset, damage with the reason, and what came before it counts. */
#ifndef WORMSIGN_SOURCE_CAPTURE_FILE_H
#define WORMSIGN_SOURCE_CAPTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/error.h"
#include "base/reader.h"
#include "source/input.h"

enum {
    CAPTURE_FRAME_MAX = 256 *
                        1024, /* libpcap's MAXIMUM_SNAPLEN; a record that claims more is damage */
    CAPTURE_BLOCK_MAX = 16 * 1024 * 1024 - 1024, /* pcapng block; more is damage */
    CAPTURE_INTERFACES_MAX = 4096,               /* interfaces of a pcapng section */
    CAPTURE_RESYNC_MAX = 1024 * 1024 /* pcap: how far behind damage the next records are sought */
};

struct capture_frame {
    int64_t when_us; /* TIME_NONE where the format gives none (pcapng simple packet block) */
    uint32_t link_type;
    uint32_t wire_length;
    struct reader bytes; /* as captured; borrowed until the next call */
    uint64_t offset;     /* of the record in the decompressed stream */
    uint16_t rest_ns;    /* nanoseconds beyond when_us, below 1000 */
    bool fine;           /* the source tells time more finely than microseconds */
};

enum capture_result {
    CAPTURE_FRAME,   /* *out is filled */
    CAPTURE_SKIPPED, /* damage that could be stepped over: *err says what and where; go on */
    CAPTURE_END,     /* the proper end */
    CAPTURE_DAMAGED  /* *err says what, at which offset; nothing more can be read */
};

struct capture_file;

/* True when the first bytes (as many as there are, 32 wanted) begin a capture file. */
bool capture_file_recognises(const uint8_t *start, size_t size);

/* Begins reading; borrows the input until close. NULL and *err when the header is no capture's. The
 * error texts say offset and reason; the caller adds the file's name. */
struct capture_file *capture_file_open(struct input *in, struct error *err);

/* Asked again, CAPTURE_END and CAPTURE_DAMAGED answer the same again. */
enum capture_result capture_file_next(struct capture_file *c, struct capture_frame *out,
                                      struct error *err);

/* Reads on, up to `most` frames, as long as their records are in view: nothing that earlier frames
 * borrowed moves.
 * *count of them are filled, maybe none; CAPTURE_FRAME unless a record was something else. */
enum capture_result capture_file_more(struct capture_file *c, struct capture_frame *out,
                                      size_t most, size_t *count, struct error *err);

void capture_file_close(struct capture_file *c); /* NULL is fine */

/* What was mended on the way, counted so that it can be said. */
struct capture_notes {
    uint64_t
        odd_fractions; /* pcap: the fraction was a second or more, and was added all the same */
    uint64_t clipped_times; /* pcapng: outside the years 0 to 9999, moved to the nearest end */
};
const struct capture_notes *capture_file_notes(const struct capture_file *c);

/* "pcap" or "pcapng". */
const char *capture_file_format(const struct capture_file *c);

#endif
