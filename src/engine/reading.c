/* One input after the other, each with its own source; an input's counts are added when it ends. */
#include "engine/reading.h"

#include <stdlib.h>
#include <string.h>

#include "engine/partial.h"

static struct source_counts counts_of(const struct source_format *format, const void *source)
{
    struct source_counts counts;
    format->counts(source, &counts);
    return counts;
}

/* To the end of a compressed input, for what its checksum says of it; or until somebody stops. */
static void drain(struct input *in, uint64_t records, const struct pouring *to)
{
    size_t available = 1;
    for (uint64_t calls = 1; available > 0; calls++) {
        (void)input_peek(in, 1, &available);
        input_take(in, available);
        if (calls % READING_PROGRESS_CALLS == 0 && to->is_stopped(to->context, in, records))
            return;
    }
}

/* Where a source gives up, the fault may be in the compressed bytes, which shows at their end. */
static void tell_end(const struct source_counts *counts, struct input *in,
                     const struct error *damage, const struct pouring *to)
{
    struct error err, said;
    bool is_known = input_failed(in, &err);
    bool is_compressed = input_compression(in) != NULL;
    if (!is_known && is_compressed)
        drain(in, counts->records, to);
    bool is_broken = is_compressed && input_failed(in, &err) && err.kind == ERROR_FORMAT;
    if (!is_known || !is_broken)
        to->damaged(to->context, counts->bytes, damage->text);
    if (!is_broken)
        return;
    (void)fail(&said, ERROR_FORMAT,
               "the compressed file is damaged, so what came out of it may be: %.300s", err.text);
    to->broken(to->context, counts->bytes, said.text);
}

bool reading_pour(const struct source_format *format, void *source, struct input *in,
                  const struct pouring *to)
{
    struct error err = {0};
    uint64_t calls = 0;
    struct source_counts counts;
    for (;;) {
        enum source_result result = format->next(source, to->sink, &err);
        if (result != SOURCE_MORE && input_was_interrupted(in)) {
            to->interrupted(to->context, counts_of(format, source).bytes);
            return false;
        }
        switch (result) {
        case SOURCE_MORE:
            break;
        case SOURCE_SKIPPED:
            to->damaged(to->context, counts_of(format, source).bytes, err.text);
            break;
        case SOURCE_END:
            return true;
        case SOURCE_DAMAGED:
            counts = counts_of(format, source);
            tell_end(&counts, in, &err, to);
            return true;
        }
        if (to->enough != NULL && *to->enough)
            return false;
        if (++calls % READING_PROGRESS_CALLS == 0 &&
            to->is_stopped(to->context, in, counts_of(format, source).records)) {
            to->interrupted(to->context, counts_of(format, source).bytes);
            return false;
        }
    }
}

const char *reading_reason(const char *text, uint64_t *offset)
{
    static const char start[] = "offset ";
    if (strncmp(text, start, sizeof start - 1) != 0)
        return text;
    char *end;
    uint64_t said = strtoull(text + sizeof start - 1, &end, 10);
    if (end[0] != ':' || end[1] != ' ')
        return text;
    *offset = said;
    return end + 2;
}

const char *reading_unrecognised(struct input *in, bool chosen, struct error *err, uint64_t *offset)
{
    size_t available;
    const uint8_t *start = input_peek(in, sizeof(uint32_t), &available);
    *offset = 0;
    if (input_failed(in, err)) {
        *offset = input_offset(in);
        return err->text;
    }
    if (available == 0)
        return "it is empty";
    if (!chosen)
        return NULL;
    if (partial_recognises(start, available))
        return "this is an evidence file; `wormsign merge` reads it";
    return "this is no format that is known here; `wormsign list sources` names them";
}

void reading_add_counts(struct source_counts *sum, const struct source_counts *more)
{
    sum->records += more->records;
    sum->frames_damaged += more->frames_damaged;
    sum->frames_unknown_link += more->frames_unknown_link;
    sum->frames_without_time += more->frames_without_time;
    sum->odd_times += more->odd_times;
    sum->packets += more->packets;
    sum->mirrored += more->mirrored;
    sum->dns_damaged += more->dns_damaged;
    sum->flows += more->flows;
    sum->flows_let_go += more->flows_let_go;
    sum->heads_let_go += more->heads_let_go;
    sum->fragments_let_go += more->fragments_let_go;
    sum->archives += more->archives;
    sum->archives_without_data += more->archives_without_data;
    sum->smb_cut += more->smb_cut;
    sum->records_damaged += more->records_damaged;
    sum->records_outside += more->records_outside;
    sum->records_passed_over += more->records_passed_over;
    if (more->frames_unknown_link > 0 && more->unknown_link > sum->unknown_link)
        sum->unknown_link = more->unknown_link;
}

/* One input of a run. */
struct turn {
    struct reading *run;
    const char *name;
};

static void note_damage(void *context, uint64_t offset, const char *text)
{
    const struct turn *t = context;
    const char *reason = reading_reason(text, &offset);
    t->run->damages++;
    t->run->damages_of_input++;
    t->run->damaged(t->run->context, t->name, offset, reason);
}

static void note_broken(void *context, uint64_t offset, const char *reason)
{
    const struct turn *t = context;
    t->run->damages++;
    t->run->damages_of_input++;
    t->run->broken(t->run->context, t->name, offset, reason);
}

static void note_interruption(void *context, uint64_t offset)
{
    const struct turn *t = context;
    t->run->was_interrupted = true;
    t->run->interrupted(t->run->context, t->name, offset);
}

static bool is_stopped(void *context, const struct input *in, uint64_t records)
{
    const struct turn *t = context;
    struct reading_progress now = {.input = t->name,
                                   .raw_offset = input_raw_offset(in),
                                   .raw_size = input_raw_size(in),
                                   .records = t->run->counts.records + records};
    return t->run->is_stopped != NULL && t->run->is_stopped(t->run->context, &now);
}

static bool read_source(struct turn *t, struct input *in, const struct source_format *format)
{
    struct error err;
    struct reading *r = t->run;
    struct pouring to = {.sink = r->sink,
                         .enough = &r->enough,
                         .context = t,
                         .is_stopped = is_stopped,
                         .damaged = note_damage,
                         .broken = note_broken,
                         .interrupted = note_interruption};
    void *source = format->open(in, &r->settings, &err);
    if (source == NULL) {
        note_damage(t, input_offset(in), err.text);
        return true;
    }
    r->recognised++;
    bool go_on = reading_pour(format, source, in, &to);
    struct source_counts counts = counts_of(format, source);
    reading_add_counts(&r->counts, &counts);
    format->close(source);
    if (r->ended != NULL)
        r->ended(r->sink, t->name);
    return go_on && !r->enough;
}

static bool read_open(struct turn *t, struct input *in, bool chosen)
{
    struct error err;
    uint64_t offset;
    t->run->opened++;
    if (is_stopped(t, in, 0)) {
        note_interruption(t, 0);
        return false;
    }
    const struct source_format *format = source_format_for(in);
    if (format == NULL && input_was_interrupted(in)) {
        note_interruption(t, 0);
        return false;
    }
    if (format != NULL)
        return read_source(t, in, format);
    const char *reason = reading_unrecognised(in, chosen, &err, &offset);
    if (reason != NULL)
        note_damage(t, offset, reason);
    else
        t->run->unrecognised++;
    return true;
}

bool reading_input(struct reading *r, const char *path, bool chosen)
{
    struct error err = {0};
    struct turn turn = {.run = r, .name = path};
    struct input *in = input_open(path, &err);
    r->inputs++;
    r->damages_of_input = 0;
    if (in == NULL) {
        note_damage(&turn, 0, err.text);
        return true;
    }
    bool go_on = read_open(&turn, in, chosen);
    input_close(in);
    return go_on;
}

void reading_failed(struct reading *r, const char *path, const char *reason)
{
    struct turn turn = {.run = r, .name = path};
    r->inputs++;
    r->damages_of_input = 0;
    note_damage(&turn, 0, reason);
}
