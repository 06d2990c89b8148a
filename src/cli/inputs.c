/* Damage is told as it is met, with the name of its input; of one input at most DAMAGES_SAID. */
#include "cli/inputs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/running.h"
#include "engine/walk.h"

enum { DAMAGES_SAID = 16 /* of one input; the rest is counted */ };

bool inputs_are_named(const struct call *call, const struct input_options *o)
{
    return o->files.count + o->directories.count + call->words.operand_count > 0;
}

int64_t inputs_since_us(const struct input_options *o)
{
    return o->since.given ? o->since.value_us : INT64_MIN;
}

int64_t inputs_until_us(const struct input_options *o)
{
    return o->until.given ? o->until.value_us : INT64_MAX;
}

enum exit_code inputs_check(const struct call *call, const struct input_options *o)
{
    if (!inputs_are_named(call, o) && isatty(STDIN_FILENO))
        return call_is_wrong(call, "name a capture file or a directory, or pipe one in");
    if (inputs_since_us(o) >= inputs_until_us(o))
        return call_is_wrong(call, "--since must be before --until");
    return EXIT_DONE;
}

/* One path or directory; false when the run was stopped. */
static bool each_below(const char *path, const struct input_reader *reader)
{
    struct walk walk = {0};
    struct error err;
    bool chosen = !walk_is_directory(path);
    bool go_on = true;
    if (!walk_add(&walk, path, &err))
        reader->failed(reader->context, path, err.text);
    for (size_t i = 0; i < walk.count && go_on; i++)
        go_on = reader->read(reader->context, walk.paths[i], chosen);
    walk_free(&walk);
    return go_on;
}

void inputs_each(const struct call *call, const struct input_options *o,
                 const struct input_reader *reader)
{
    bool go_on = true;
    for (size_t i = 0; i < o->files.count && go_on; i++)
        go_on = reader->read(reader->context, o->files.items[i], true);
    for (size_t i = 0; i < o->directories.count && go_on; i++)
        go_on = each_below(o->directories.items[i], reader);
    for (size_t i = 0; i < call->words.operand_count && go_on; i++)
        go_on = each_below(call->words.operands[i], reader);
    if (!inputs_are_named(call, o))
        (void)reader->read(reader->context, "-", true);
}

static const char *shown_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "stdin" : path;
}

bool inputs_show_progress(struct input_progress *p, const struct reading_progress *now)
{
    const char *name = shown_name(now->input);
    char share[32] = "", records[48] = "", done[128];
    int64_t now_us = running_now_us(NULL);
    double seconds = (double)(now_us - p->began_us) / (double)US_PER_SECOND;
    if (now->raw_size > 0)
        (void)snprintf(share, sizeof share, "%.1f %% read, ",
                       100.0 * (double)now->raw_offset / (double)now->raw_size);
    if (now->records > 0) /* the source may count only at its end */
        (void)snprintf(records, sizeof records, "%" PRIu64 " record%s, ", now->records,
                       now->records == 1 ? "" : "s");
    (void)snprintf(done, sizeof done, "%s%s%.0f s", share, records, seconds);
    console_progress_of(p->console, name, done);
    if (running_is_time(now_us, p->stats_every_us, &p->stats_next_us))
        console_note(p->console, "%s: %s", name, done);
    return running_is_interrupted();
}

/* What a run tells while it reads. */
struct teller {
    struct reading *reading;
    struct input_progress progress;
};

static bool tell_progress(void *context, const struct reading_progress *now)
{
    struct teller *t = context;
    return inputs_show_progress(&t->progress, now);
}

static void tell_damage(void *context, const char *input, uint64_t offset, const char *reason)
{
    const struct teller *t = context;
    if (t->reading->damages_of_input <= DAMAGES_SAID)
        console_complain(t->progress.console, "%s: offset %" PRIu64 ": %s", shown_name(input),
                         offset, reason);
    else if (t->reading->damages_of_input == DAMAGES_SAID + 1)
        console_complain(t->progress.console, "%s: and more damage, which is not listed",
                         shown_name(input));
}

static bool read_one(void *context, const char *path, bool chosen)
{
    return reading_input(context, path, chosen);
}

static void note_failed(void *context, const char *path, const char *reason)
{
    reading_failed(context, path, reason);
}

enum exit_code inputs_read(const struct call *call, const struct input_options *o,
                           int64_t stats_every_us, struct reading *r)
{
    struct teller teller = {.reading = r,
                            .progress = {.console = call->console,
                                         .began_us = running_now_us(NULL),
                                         .stats_every_us = stats_every_us}};
    const struct input_reader reader = {.context = r, .read = read_one, .failed = note_failed};
    r->settings.since_us = inputs_since_us(o);
    r->settings.until_us = inputs_until_us(o);
    r->context = &teller;
    r->is_stopped = tell_progress;
    r->damaged = tell_damage;
    running_watch_signals();
    inputs_each(call, o, &reader);
    r->context = NULL;
    r->is_stopped = NULL;
    r->damaged = NULL;
    if (r->unrecognised > 0)
        console_note(call->console, "%" PRIu64 " file%s of no format that is known here",
                     r->unrecognised, r->unrecognised == 1 ? "" : "s");
    if (r->opened == 0)
        return EXIT_FAILED;
    return r->damages > 0 ? EXIT_INCOMPLETE : EXIT_DONE;
}
