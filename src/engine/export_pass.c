/* The second pass: every frame is decoded again, and goes with all its link layer to each capture
 * that wants packets of one of its two hosts. */
#include <fcntl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/time.h"
#include "detect/behind.h"
#include "engine/export_inside.h"
#include "engine/hunt_inside.h"
#include "observe/frame.h"

enum { FRAMES_BETWEEN_LOOKS = 4096, OWNER_ONLY = 0700 };

/* The first that is wanted of a host, or the count. */
static size_t first_of(const struct export *x, struct address host)
{
    size_t low = 0, high = x->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (address_compare(x->wanted[middle].host, host) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void name_file(struct export_file *f, const struct wanted *w, bool is_first)
{
    char host[ADDRESS_TEXT_SIZE], date[DATE_TEXT_SIZE] = "", link[32] = "";
    (void)export_host_name(w->host, host);
    if (w->has_date)
        (void)date_text(w->day, date);
    if (!is_first)
        (void)snprintf(link, sizeof link, ".linktype-%u", f->link_type);
    if (w->is_around) {
        (void)snprintf(f->name, sizeof f->name, "around-%.45s%s.pcap", host, link);
        return;
    }
    (void)snprintf(f->within, sizeof f->within, "%s", host);
    (void)snprintf(f->name, sizeof f->name, "%s%s%s%s.pcap", sign_kind_of(w->sign)->id,
                   w->has_date ? "-" : "", date, link);
}

static bool make_folder(struct export *x, const char *name)
{
    struct error err;
    if (name[0] == '\0' || mkdirat(x->folder, name, OWNER_ONLY) == 0 || errno == EEXIST)
        return true;
    (void)fail(&err, ERROR_SYSTEM, "%s: %s", name, strerror(errno));
    return export_fail(x, &err);
}

static struct export_file *make_file(struct export *x, struct wanted *w,
                                     const struct capture_frame *frame, bool is_first)
{
    struct error err = {.kind = ERROR_SYSTEM, .text = "no memory"};
    struct export_file *f = calloc(1, sizeof *f);
    if (f == NULL) {
        (void)export_fail(x, &err);
        return NULL;
    }
    f->link_type = frame->link_type;
    f->first_us = INT64_MAX;
    f->last_us = INT64_MIN;
    name_file(f, w, is_first);
    struct capture_place place = {x->folder, f->within[0] != '\0' ? f->within : NULL, f->name};
    if (!make_folder(x, f->within)) {
        free(f);
        return NULL;
    }
    if (!capture_writer_open(&f->writer, &place, frame->link_type, frame->fine, &err)) {
        (void)export_fail(x, &err);
        (void)capture_writer_close(&f->writer, NULL);
        free(f);
        return NULL;
    }
    x->bytes += CAPTURE_WRITER_HEADER;
    x->files++;
    return f;
}

/* The capture of this link type; NULL where there is none and none can be made. */
static struct export_file *file_for(struct export *x, struct wanted *w,
                                    const struct capture_frame *frame)
{
    struct export_file **place = &w->files;
    unsigned count = 0;
    for (; *place != NULL; place = &(*place)->next, count++)
        if ((*place)->link_type == frame->link_type)
            return *place;
    if (count == EXPORT_LINKS_MAX) {
        x->links_left_out++;
        return NULL;
    }
    *place = make_file(x, w, frame, count == 0);
    return *place;
}

static void note_input(struct export_file *f, size_t input)
{
    if (f->input_count > 0 && f->input_latest == input)
        return;
    if (f->input_count < EXPORT_INPUTS_MAX)
        f->inputs[f->input_count] = input;
    f->input_count++;
    f->input_latest = input;
}

static void put(struct export *x, struct wanted *w, const struct capture_frame *frame, size_t input)
{
    struct error err;
    size_t record = CAPTURE_WRITER_RECORD + frame->bytes.left;
    if (!capture_writer_can_tell(frame->when_us)) {
        x->times_left_out++;
        return;
    }
    if (x->bytes + record + CAPTURE_WRITER_HEADER > x->wishes.limits.bytes) {
        x->ended = EXPORT_CUT_BYTES;
        return;
    }
    struct export_file *f = file_for(x, w, frame);
    if (f == NULL)
        return;
    if (!capture_writer_add(&f->writer, frame, &err)) {
        (void)export_fail(x, &err);
        return;
    }
    x->bytes += record;
    f->first_us = frame->when_us < f->first_us ? frame->when_us : f->first_us;
    f->last_us = frame->when_us > f->last_us ? frame->when_us : f->last_us;
    note_input(f, input);
}

/* Whether the capture has room for one packet more, which is counted. */
static bool has_room(struct export *x, struct wanted *w, int64_t when_us)
{
    if (w->is_around)
        return true;
    bool leads = when_us < w->from_us;
    uint64_t *count = leads ? &w->lead_packets : &w->packets;
    if (*count < x->wishes.limits.packets) {
        (*count)++;
        return true;
    }
    if (!leads && *count == x->wishes.limits.packets) {
        (*count)++; /* told apart from one that was filled exactly */
        x->full++;
    }
    w->cut = EXPORT_CUT_PACKETS;
    return false;
}

static void offer(struct export *x, const struct capture_frame *frame, const struct packet *p,
                  struct address host, size_t input)
{
    for (size_t i = first_of(x, host); i < x->count && address_equal(x->wanted[i].host, host);
         i++) {
        struct wanted *w = &x->wanted[i];
        if (x->failed || x->ended != EXPORT_WHOLE)
            return;
        if (p->when_us < w->lead_us || p->when_us > w->until_us)
            continue;
        if (!w->is_around && !behind_sign(w->sign)->holds(p))
            continue;
        if (has_room(x, w, p->when_us))
            put(x, w, frame, input);
    }
}

static void take(struct export *x, const struct hunt *h, struct frame_decoder *decoder,
                 const struct capture_frame *frame, size_t input)
{
    struct packet p;
    if (frame->when_us == TIME_NONE || frame->when_us < x->earliest_us ||
        frame->when_us > x->latest_us || frame->when_us < h->settings->since_us ||
        frame->when_us >= h->settings->until_us)
        return;
    enum frame_result result = frame_decode(decoder, frame->link_type, frame->when_us, frame->bytes,
                                            frame->wire_length, &p);
    if (result != FRAME_PACKET && result != FRAME_KEPT)
        return;
    offer(x, frame, &p, p.from, input);
    if (!address_equal(p.from, p.to))
        offer(x, frame, &p, p.to, input);
}

static bool is_over(const struct export *x)
{
    return x->failed || x->ended != EXPORT_WHOLE || x->full == x->count;
}

/* Damage was said by the first pass, and is met and stepped over in the same way. */
static void read_frames(struct export *x, struct hunt *h, struct input *in,
                        struct capture_file *file, struct frame_decoder *decoder, size_t input)
{
    struct capture_frame frame;
    struct error err;
    for (uint64_t frames = 0; !is_over(x); frames++) {
        enum capture_result result = capture_file_next(file, &frame, &err);
        if (result == CAPTURE_END || result == CAPTURE_DAMAGED)
            return;
        if (frames % FRAMES_BETWEEN_LOOKS == 0 && hunt_is_stopped(h, in, frames))
            x->ended = EXPORT_CUT_STOPPED;
        else if (result == CAPTURE_FRAME)
            take(x, h, decoder, &frame, input);
    }
}

static bool is_capture(struct input *in)
{
    size_t available;
    const uint8_t *start = input_peek(in, SOURCE_START_BYTES, &available);
    return capture_file_recognises(start, available);
}

/* Sources of other kinds have no packets to write. */
static void read_again(struct export *x, struct hunt *h, size_t input)
{
    struct error err = {.kind = ERROR_SYSTEM, .text = "no memory"};
    struct frame_decoder *decoder = frame_decoder_new();
    struct input *in = decoder != NULL ? input_open(h->input_names[input], &err) : NULL;
    bool other = in != NULL && !is_capture(in);
    struct capture_file *file = in != NULL && !other ? capture_file_open(in, &err) : NULL;
    if (file != NULL) {
        read_frames(x, h, in, file, decoder, input);
    } else if (other) {
        x->without_packets++;
    } else {
        (void)fail_in(&err, "%.200s: cannot be read again", h->input_names[input]);
        (void)export_fail(x, &err);
    }
    capture_file_close(file);
    input_close(in);
    frame_decoder_free(decoder);
}

bool export_pass(struct export *x, struct hunt *h)
{
    for (size_t i = 0; i < h->input_count && !is_over(x); i++)
        if (h->inputs[i].format != NULL) /* what was no capture then is none now */
            read_again(x, h, i);
    for (size_t i = 0; i < x->count; i++)
        if (x->wanted[i].cut == EXPORT_WHOLE)
            x->wanted[i].cut = x->ended;
    return !x->failed;
}
