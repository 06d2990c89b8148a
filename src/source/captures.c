/* The source of capture files: frames are decoded to packets, packets followed as flows, flows poured as
 * observations. Each file has a flow table of its own, so files can be read in any order. */
#include <stdlib.h>

#include "base/time.h"
#include "observe/flows.h"
#include "observe/frame.h"
#include "source/capture_file.h"
#include "source/source.h"

struct captures {
    struct capture_file *file;
    struct frame_decoder *decoder;
    struct flows *flows;
    struct source_settings settings;
    uint64_t offset;
    struct source_counts counts;
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
    c->file = capture_file_open(in, err);
    c->decoder = c->file != NULL ? frame_decoder_new() : NULL;
    c->flows = c->decoder != NULL ? flows_new() : NULL;
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

static void take_frame(struct captures *c, const struct capture_frame *frame, struct sink *to)
{
    struct packet packet;
    enum frame_result result = frame_decode(c->decoder, frame->link_type, frame->when_us,
                                            frame->bytes, frame->wire_length, &packet);
    if (result == FRAME_PACKET)
        flows_take(c->flows, &packet, to);
    else if (result == FRAME_UNKNOWN_LINK)
        c->counts.unknown_link = frame->link_type;
}

static enum source_result captures_next(void *state, struct sink *to, struct error *err)
{
    struct captures *c = state;
    struct capture_frame frame;
    enum capture_result result = capture_file_next(c->file, &frame, err);
    if (result == CAPTURE_END)
        return SOURCE_END;
    if (result == CAPTURE_SKIPPED)
        return SOURCE_SKIPPED;
    if (result == CAPTURE_DAMAGED)
        return SOURCE_DAMAGED;
    c->offset = frame.offset;
    c->counts.records++;
    if (frame.when_us == TIME_NONE)
        c->counts.frames_without_time++;
    else if (frame.when_us >= c->settings.since_us && frame.when_us < c->settings.until_us)
        take_frame(c, &frame, to);
    return SOURCE_MORE;
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
