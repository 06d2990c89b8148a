/* Which capture format the first bytes begin, and what the formats share. The formats themselves
 * are in capture_pcap.c and capture_pcapng.c. */
#include "source/capture_file.h"

#include <inttypes.h>
#include <stdlib.h>

#include "source/capture_format.h"

static const struct capture_format *const formats[] = {&capture_pcap, &capture_pcapng};

static const struct capture_format *format_of(const uint8_t *start, size_t size)
{
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        if (formats[i]->recognises(start, size))
            return formats[i];
    return NULL;
}

bool capture_file_recognises(const uint8_t *start, size_t size)
{
    return format_of(start, size) != NULL;
}

bool capture_fail_cut(const struct input *in, const char *what, uint64_t wanted, struct error *err)
{
    uint64_t there = in->view.left;
    if (input_failed(in, err))
        return fail_in(err, "offset %" PRIu64 ": %s", input_offset(in), what);
    return fail(err, ERROR_CUT,
                "offset %" PRIu64 ": %s is cut: %" PRIu64 " bytes wanted, %" PRIu64 " there",
                input_offset(in), what, wanted, there);
}

enum capture_result capture_stop(struct input *in, const char *what, uint64_t wanted,
                                 struct error *err)
{
    if (in->view.left == 0 && !input_failed(in, NULL))
        return CAPTURE_END;
    (void)capture_fail_cut(in, what, wanted, err);
    return CAPTURE_DAMAGED;
}

struct capture_file *capture_file_open(struct input *in, struct error *err)
{
    size_t available;
    const uint8_t *start = input_peek(in, 32, &available);
    const struct capture_format *format = format_of(start, available);
    if (format == NULL) {
        if (!input_failed(in, err))
            (void)fail(err, ERROR_FORMAT, "offset %" PRIu64 ": not a pcap or pcapng file",
                       input_offset(in));
        return NULL;
    }
    struct capture_file *c = calloc(1, sizeof *c);
    if (c == NULL) {
        (void)fail(err, ERROR_SYSTEM, "no memory");
        return NULL;
    }
    c->in = in;
    c->format = format;
    if (!format->begin(c, err)) {
        capture_file_close(c);
        return NULL;
    }
    return c;
}

enum capture_result capture_file_next(struct capture_file *c, struct capture_frame *out,
                                      struct error *err)
{
    return c->format->next(c, out, err);
}

enum capture_result capture_file_more(struct capture_file *c, struct capture_frame *out,
                                      size_t most, size_t *count, struct error *err)
{
    return c->format->more(c, out, most, count, err);
}

void capture_file_close(struct capture_file *c)
{
    if (c == NULL)
        return;
    free(c->pcapng.interfaces);
    free(c);
}

const struct capture_notes *capture_file_notes(const struct capture_file *c)
{
    return &c->notes;
}

const char *capture_file_format(const struct capture_file *c)
{
    return c->format->id;
}
