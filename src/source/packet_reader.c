/* Frames are read from the view in small groups; those that a batch had no use for wait for the
 * next. */
#include "source/packet_reader.h"

#include "base/time.h"

bool packet_reader_open(struct packet_reader *r, struct input *in,
                        const struct source_settings *settings, struct error *err)
{
    *r = (struct packet_reader){.settings = *settings, .in = in, .end = CAPTURE_FRAME};
    r->file = capture_file_open(in, err);
    if (r->file == NULL)
        return false;
    r->decoder = frame_decoder_new();
    if (r->decoder != NULL)
        return true;
    capture_file_close(r->file);
    return fail(err, ERROR_SYSTEM, "no memory");
}

void packet_reader_close(struct packet_reader *r)
{
    capture_file_close(r->file);
    frame_decoder_free(r->decoder);
}

static void take_frame(struct packet_reader *r, const struct capture_frame *frame,
                       struct packet_batch *batch)
{
    r->counts.records++;
    if (RARELY(frame->when_us == TIME_NONE)) {
        r->counts.frames_without_time++;
        return;
    }
    if (frame->when_us < r->settings.since_us || frame->when_us >= r->settings.until_us) {
        r->counts.records_outside++;
        return;
    }
    struct packet *packet = &batch->packets[batch->count];
    enum frame_result result = frame_decode(r->decoder, frame->link_type, frame->when_us,
                                            frame->bytes, frame->wire_length, packet);
    if (result == FRAME_PACKET) {
        batch->count++;
        batch->reassembled = packet->reassembled;
    } else if (result == FRAME_UNKNOWN_LINK) {
        r->counts.unknown_link = frame->link_type;
    }
}

/* The frames that wait, as far as the batch may take them. */
static void take_frames(struct packet_reader *r, struct packet_batch *batch)
{
    while (r->frame_at < r->frame_count && batch->count < PACKET_BATCH && !batch->reassembled)
        take_frame(r, &r->frames[r->frame_at++], batch);
}

static void note_counts(struct packet_reader *r, struct packet_batch *batch)
{
    const struct frame_counts *frames = frame_decoder_counts(r->decoder);
    const struct capture_notes *notes = capture_file_notes(r->file);
    r->counts.bytes = input_offset(r->in);
    r->counts.odd_times = notes->odd_fractions + notes->clipped_times;
    r->counts.packets = frames->packets;
    r->counts.frames_damaged = frames->damaged;
    r->counts.frames_unknown_link = frames->unknown_link;
    r->counts.fragments_let_go = frames->fragments_let_go;
    batch->counts = r->counts;
}

/* Reads from the view as long as a whole group of frames fits the batch. */
static void read_on(struct packet_reader *r, struct packet_batch *batch)
{
    while (r->end == CAPTURE_FRAME && !packet_reader_has_frames(r) && r->frame_count > 0 &&
           PACKET_BATCH - batch->count >= PACKET_FRAMES && !batch->reassembled) {
        r->end = capture_file_more(r->file, r->frames, PACKET_FRAMES, &r->frame_count, &r->error);
        r->frame_at = 0;
        take_frames(r, batch);
    }
}

void packet_reader_fill(struct packet_reader *r, struct packet_batch *batch)
{
    batch->count = 0;
    batch->end = CAPTURE_FRAME;
    batch->reassembled = false;
    if (!packet_reader_has_frames(r) && r->end == CAPTURE_FRAME) {
        r->end = capture_file_next(r->file, &r->frames[0], &r->error);
        r->frame_count = r->end == CAPTURE_FRAME;
        r->frame_at = 0;
    }
    take_frames(r, batch);
    read_on(r, batch);
    if (!packet_reader_has_frames(r) && r->end != CAPTURE_FRAME) {
        batch->end = r->end;
        batch->error = r->error;
        if (r->end == CAPTURE_SKIPPED)
            r->end = CAPTURE_FRAME;
    }
    note_counts(r, batch);
}
