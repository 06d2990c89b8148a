/* Packets out of a capture file: records read, frames decoded, a batch at a time.
 *
 * A batch borrows from the input's window and from the decoder: it is to be used before the next
 * one is filled. */
#ifndef WORMSIGN_SOURCE_PACKET_READER_H
#define WORMSIGN_SOURCE_PACKET_READER_H

#include "observe/frame.h"
#include "source/capture_file.h"
#include "source/source.h"

enum {
    PACKET_FRAMES = 16, /* frames that are read from the view at a time */
    PACKET_BATCH = 64   /* packets of a batch: they stay in the nearest cache */
};

struct packet_batch {
    size_t count;
    enum capture_result end;     /* why the batch ended: CAPTURE_FRAME where nothing was wrong */
    struct error error;          /* of that end */
    struct source_counts counts; /* as they stand behind this batch */
    bool reassembled; /* its last packet lives in the decoder: decode nothing before it is used */
    struct packet packets[PACKET_BATCH];
};

struct packet_reader {
    struct capture_file *file;
    struct frame_decoder *decoder;
    struct source_settings settings;
    struct input *in; /* borrowed */
    struct source_counts counts;
    enum capture_result end; /* what came behind the frames below; said when they are decoded */
    struct error error;
    size_t frame_count, frame_at; /* frames that were read and are not decoded yet */
    struct capture_frame frames[PACKET_FRAMES];
};

/* Begins; borrows the input until close. False and *err when the head cannot be read; nothing is
 * left then. */
bool packet_reader_open(struct packet_reader *r, struct input *in,
                        const struct source_settings *settings, struct error *err);
void packet_reader_close(struct packet_reader *r);

/* Fills the batch with what comes next, maybe with no packet. The input's window moves at most at
 * the beginning, before any packet is in the batch. */
void packet_reader_fill(struct packet_reader *r, struct packet_batch *batch);

/* Frames that were read are not in a batch yet, though the input may have no more. */
static inline bool packet_reader_has_frames(const struct packet_reader *r)
{
    return r->frame_at < r->frame_count;
}

#endif
