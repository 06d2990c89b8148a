/* Joining evidence files. A file is held whole and walked twice: the first time to see that all of
 * it can be believed, the second to use it. */
#include "engine/hunt_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/input.h"

enum { FIRST_BYTES = 1 << 20 };

/* What one evidence file may have, unpacked. */
#define PARTIAL_BYTES_MAX ((size_t)2 << 30)

struct held {
    uint8_t *bytes; /* owned */
    size_t size, room;
};

static bool make_room(struct held *b, size_t more, struct error *err)
{
    if (more > PARTIAL_BYTES_MAX - b->size)
        return fail(err, ERROR_LIMIT, "it has more than %zu bytes", PARTIAL_BYTES_MAX);
    if (b->size + more <= b->room)
        return true;
    size_t room = b->room != 0 ? b->room * 2 : FIRST_BYTES;
    while (room < b->size + more)
        room *= 2;
    uint8_t *bytes = realloc(b->bytes, room);
    if (bytes == NULL)
        return fail(err, ERROR_SYSTEM, "no memory for %zu bytes", room);
    b->bytes = bytes;
    b->room = room;
    return true;
}

static bool hold(struct held *b, struct input *in, struct error *err)
{
    size_t available;
    for (;;) {
        const uint8_t *next = input_peek(in, 1, &available);
        if (available == 0)
            return !input_failed(in, err);
        if (!make_room(b, available, err))
            return false;
        memcpy(b->bytes + b->size, next, available); /* reader: all that is visible */
        b->size += available;
        input_take(in, available);
        /* What is no evidence at all is not read to its end. */
        if (!partial_recognises(b->bytes, b->size))
            return true;
    }
}

static const char *keep_format(struct hunt *h, const char *format)
{
    for (unsigned i = 0; format != NULL && i < h->format_count; i++)
        if (strcmp(h->formats[i], format) == 0)
            return h->formats[i];
    if (format == NULL || h->format_count == HUNT_FORMATS_MAX)
        return NULL;
    char *kept = h->formats[h->format_count++];
    (void)snprintf(kept, PARTIAL_FORMAT_SIZE, "%s", format);
    return kept;
}

void hunt_merge_part(struct hunt *h, struct hunt_part *part)
{
    if (hunt_met_part(h, part)) {
        h->repeated++;
        return;
    }
    struct input_totals *totals = hunt_add_input(h, part->totals->name);
    if (totals == NULL)
        return;
    const char *name = totals->name;
    *totals = *part->totals;
    totals->name = name;
    totals->format = keep_format(h, part->totals->format);
    h->outside_unknown = true;
    hunt_keep_part(h, part);
    hunt_add_part(h, part);
}

/* True at the proper end. */
static bool walk(struct hunt *h, struct partial_in *p, bool use, struct error *err)
{
    struct hunt_part part;
    for (;;) {
        enum partial_step step = partial_in_next(p, &part, err);
        if (step != PARTIAL_STEP_PART)
            return step == PARTIAL_STEP_END;
        if (use)
            hunt_merge_part(h, &part);
        hosts_free(part.hosts);
    }
}

static bool merge_held(struct hunt *h, const struct held *b, struct error *err)
{
    size_t before;
    struct partial_in *p = malloc(2 * sizeof *p);
    if (p == NULL)
        return fail(err, ERROR_SYSTEM, "no memory");
    bool good = partial_in_open(&p[0], b->bytes, b->size, &h->settings->limits, err);
    if (good) {
        p[1] = p[0];
        good = walk(h, &p[1], false, err);
    }
    if (good && known_met(&h->partials, digest_of(b->bytes, b->size), 0, &before)) {
        h->repeated_partials++;
    } else if (good) {
        p[0].names = h->names;
        good = walk(h, &p[0], true, err);
        h->nameless_partials += p[0].is_nameless;
        h->passed_over += p[0].passed_over;
        h->incomplete |= p[0].incomplete;
    }
    free(p);
    return good;
}

static void merge_open(struct hunt *h, const char *name, struct input *in, struct error *err)
{
    struct held b = {0};
    if (in == NULL || !hold(&b, in, err) || !merge_held(h, &b, err))
        hunt_note_failure(h, name, err->text);
    free(b.bytes);
}

void hunt_merge_input(struct hunt *h, struct input *in)
{
    struct error err = {0};
    merge_open(h, input_name(in), in, &err);
}

void hunt_merge(struct hunt *h, const char *path)
{
    struct error err = {0};
    struct input *in = input_open(path, &err);
    merge_open(h, path, in, &err);
    input_close(in);
}
