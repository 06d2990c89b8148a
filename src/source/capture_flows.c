/* A group of frames a call; where the file ends or is damaged, the flows that are held are given
 * before that is said, so that none is lost to damage behind it. */
#include "source/capture_flows.h"

#include <stdlib.h>

#include "base/time.h"
#include "source/flow_book.h"

enum { FRAMES_A_CALL = 64 };

struct capture_flows {
    struct capture_file *file;
    struct input *in;
    struct source_settings settings;
    struct flow_book *book;
    struct source_counts counts;
};

struct capture_flows *capture_flows_open(struct capture_file *file, struct input *in,
                                         const struct source_settings *settings)
{
    struct capture_flows *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    *c = (struct capture_flows){.file = file, .in = in, .settings = *settings};
    c->book = flow_book_new(input_is_large(in));
    if (c->book != NULL)
        return c;
    free(c);
    return NULL;
}

void capture_flows_close(struct capture_flows *c)
{
    if (c == NULL)
        return;
    flow_book_free(c->book);
    free(c);
}

static void take(struct capture_flows *c, const struct capture_frame *frame, struct sink *to)
{
    struct frame_about about;
    c->counts.records++;
    if (frame->when_us == TIME_NONE) {
        c->counts.frames_without_time++;
        return;
    }
    if (frame->when_us < c->settings.since_us || frame->when_us >= c->settings.until_us)
        return;
    switch (frame_about_read(frame->link_type, frame->when_us, frame->bytes, frame->wire_length,
                             &about)) {
    case FRAME_PACKET:
        c->counts.packets++;
        flow_book_take(c->book, &about, to);
        break;
    case FRAME_UNKNOWN_LINK:
        c->counts.frames_unknown_link++;
        c->counts.unknown_link = frame->link_type;
        break;
    case FRAME_DAMAGED:
        c->counts.frames_damaged++;
        break;
    case FRAME_KEPT:
    case FRAME_OTHER:
        break;
    }
}

enum source_result capture_flows_next(struct capture_flows *c, struct sink *to, struct error *err)
{
    struct capture_frame frame;
    for (unsigned i = 0; i < FRAMES_A_CALL; i++) {
        switch (capture_file_next(c->file, &frame, err)) {
        case CAPTURE_FRAME:
            take(c, &frame, to);
            break;
        case CAPTURE_SKIPPED:
            return SOURCE_SKIPPED;
        case CAPTURE_END:
            flow_book_end(c->book, to);
            return SOURCE_END;
        case CAPTURE_DAMAGED:
            flow_book_end(c->book, to);
            return SOURCE_DAMAGED;
        }
    }
    return SOURCE_MORE;
}

void capture_flows_counts(const struct capture_flows *c, struct source_counts *out)
{
    const struct capture_notes *notes = capture_file_notes(c->file);
    *out = c->counts;
    out->bytes = input_offset(c->in);
    out->odd_times = notes->odd_fractions + notes->clipped_times;
    out->flows = flow_book_flows(c->book);
    out->flows_let_go = flow_book_let_go(c->book);
}
