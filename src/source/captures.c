/* The source of capture files: frames are decoded to packets, packets followed as flows, flows
 * poured as observations. Each file has a flow table of its own, so files can be read in any
 * order. */
#include <stdlib.h>

#include "base/time.h"
#include "observe/flows.h"
#include "observe/frame.h"
#include "source/capture_file.h"
#include "source/source.h"

/* From this size on an input is worth large pages; of a pipe the size is unknown. */
enum { LARGE_INPUT = 16 << 20 };

struct captures {
    struct capture_file *file;
    struct frame_decoder *decoder;
    struct flows *flows;
    struct source_settings settings;
    uint64_t offset;
    struct source_counts counts;
    enum capture_result end; /* what ended the batch before; CAPTURE_FRAME: nothing did */
    struct error end_error;
    size_t batch_count;
    struct packet batch[FLOWS_BATCH]; /* they borrow from the input's window */
};

static void captures_close(void *state)
{
    struct captures *c = state;
    capture_file_close(c->file);
    frame_decoder_free(c->decoder);
    flows_free(c->flows);
    free(c);
}

static void *captures_open(struct input *in, const struct source_settings *settings,
                           struct error *err)
{
    struct captures *c = calloc(1, sizeof *c);
    if (c == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    c->settings = *settings;
    c->end = CAPTURE_FRAME;
    c->file = capture_file_open(in, err);
    c->decoder = c->file != NULL ? frame_decoder_new() : NULL;
    c->flows = c->decoder != NULL
                   ? flows_new(input_raw_size(in) == 0 || input_raw_size(in) >= LARGE_INPUT)
                   : NULL;
    if (c->flows == NULL) {
        if (c->file != NULL)
            (void)fail(err, ERROR_SYSTEM, "no memory");
        captures_close(c);
        return NULL;
    }
    return c;
}

static const char *captures_format(const void *state)
{
    const struct captures *c = state;
    return capture_file_format(c->file);
}

static uint64_t captures_offset(const void *state)
{
    const struct captures *c = state;
    return c->offset;
}

/* Decodes a frame to the end of the batch. */
static void take_frame(struct captures *c, const struct capture_frame *frame)
{
    c->offset = frame->offset;
    c->counts.records++;
    if (RARELY(frame->when_us == TIME_NONE)) {
        c->counts.frames_without_time++;
        return;
    }
    if (frame->when_us < c->settings.since_us || frame->when_us >= c->settings.until_us)
        return;
    enum frame_result result = frame_decode(c->decoder, frame->link_type, frame->when_us,
                                            frame->bytes, frame->wire_length,
                                            &c->batch[c->batch_count]);
    if (result == FRAME_PACKET)
        c->batch_count++;
    else if (result == FRAME_UNKNOWN_LINK)
        c->counts.unknown_link = frame->link_type;
}

static enum source_result result_of(enum capture_result result)
{
    switch (result) {
    case CAPTURE_FRAME:
        return SOURCE_MORE;
    case CAPTURE_SKIPPED:
        return SOURCE_SKIPPED;
    case CAPTURE_END:
        return SOURCE_END;
    case CAPTURE_DAMAGED:
        break;
    }
    return SOURCE_DAMAGED;
}

/* Pours what the batch holds; decodes no further frame before a datagram that was put together is
 * used. */
static void pour_batch(struct captures *c, struct sink *to)
{
    flows_take(c->flows, c->batch, c->batch_count, to);
    c->batch_count = 0;
}

static void take_frames(struct captures *c, const struct capture_frame *frames, size_t count,
                        struct sink *to)
{
    for (size_t i = 0; i < count; i++) {
        take_frame(c, &frames[i]);
        if (RARELY(c->batch_count > 0 && c->batch[c->batch_count - 1].reassembled))
            pour_batch(c, to);
    }
    pour_batch(c, to);
}

/* Reads a batch of frames. What ends it other than a frame is kept for the next call, so that the
 * frames before it come first. */
static enum source_result captures_next(void *state, struct sink *to, struct error *err)
{
    struct captures *c = state;
    struct capture_frame frames[FLOWS_BATCH];
    if (c->end == CAPTURE_FRAME) {
        size_t more = 0;
        c->end = capture_file_next(c->file, &frames[0], &c->end_error);
        size_t first = c->end == CAPTURE_FRAME;
        if (first == 1)
            c->end = capture_file_more(c->file, &frames[1], FLOWS_BATCH - 1, &more, &c->end_error);
        take_frames(c, frames, first + more, to);
        if (first == 1)
            return SOURCE_MORE;
    }
    *err = c->end_error;
    enum capture_result end = c->end;
    if (end == CAPTURE_SKIPPED)
        c->end = CAPTURE_FRAME;
    return result_of(end);
}

static void captures_counts(const void *state, struct source_counts *out)
{
    const struct captures *c = state;
    const struct frame_counts *frames = frame_decoder_counts(c->decoder);
    const struct flows_counts *flows = flows_counts(c->flows);
    *out = c->counts;
    out->packets = frames->packets;
    out->frames_damaged = frames->damaged;
    out->frames_unknown_link = frames->unknown_link;
    out->fragments_let_go = frames->fragments_let_go;
    out->mirrored = flows->mirrored;
    out->dns_damaged = flows->dns_damaged;
    out->flows = flows->flows;
    out->flows_let_go = flows->flows_let_go;
    out->heads_let_go = flows->heads_let_go;
}

const struct source_format source_captures = {
    .id = "capture",
    .claim = "pcap and pcapng files, as tcpdump, Wireshark and argus sensors write them.",
    .recognises = capture_file_recognises,
    .open = captures_open,
    .format = captures_format,
    .next = captures_next,
    .offset = captures_offset,
    .counts = captures_counts,
    .close = captures_close,
};
