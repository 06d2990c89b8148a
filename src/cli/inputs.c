/* Damage is told as it is met, with the name of its input; of one input at most DAMAGES_SAID. */
#include "cli/inputs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/plural.h"
#include "base/time.h"
#include "base/writer.h"
#include "cli/running.h"
#include "engine/walk.h"

enum {
    DAMAGES_SAID = 16, /* of one input; the rest is counted */
    PROGRESS_SIZE = 256,
    SECONDS_TO_TELL = 2, /* before that a speed and an end would be guessed */
    SECONDS_A_MINUTE = 60,
    SECONDS_AN_HOUR = 3600
};

#define MEGABYTE 1e6
#define GIGABYTE 1e9

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
    if (call->words.has_filter && call->words.filter_count == 0 && inputs_are_named(call, o))
        console_note(call->console, "nothing stands behind the lone -, so there is no filter; "
                                    "stdin is -r -");
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

/* "12 % of 5.2 GB", of all inputs where that is known. */
static void say_share(struct text *to, const struct reading_progress *now)
{
    double size = (double)(now->all_size > 0 ? now->all_size : now->raw_size);
    double offset = (double)(now->all_size > 0 ? now->all_offset : now->raw_offset);
    bool is_large = size >= GIGABYTE;
    if (size > 0)
        text_add(to, "%.1f %% of %.*f %s read, ", 100 * offset / size, is_large ? 1 : 0,
                 size / (is_large ? GIGABYTE : MEGABYTE), is_large ? "GB" : "MB");
}

/* By how fast it was so far; not before that says something. */
static void say_rest(struct text *to, const struct reading_progress *now, double seconds)
{
    if (now->all_size == 0 || now->all_offset == 0 || now->all_offset > now->all_size ||
        seconds < SECONDS_TO_TELL)
        return;
    double rest = (double)(now->all_size - now->all_offset) / (double)now->all_offset * seconds;
    if (rest >= 2 * SECONDS_AN_HOUR)
        text_add(to, "about %.1f h left, ", rest / SECONDS_AN_HOUR);
    else if (rest >= 2 * SECONDS_A_MINUTE)
        text_add(to, "about %.0f min left, ", rest / SECONDS_A_MINUTE);
    else
        text_add(to, "about %.0f s left, ", rest);
}

/* A narrow terminal cuts the end, so the first is what a person waits for. */
bool inputs_show_progress(struct input_progress *p, const struct reading_progress *now)
{
    const char *name = shown_name(now->input);
    char buffer[PROGRESS_SIZE];
    struct text done = text_over(buffer, sizeof buffer);
    int64_t now_us = running_now_us(NULL);
    double seconds = (double)(now_us - p->began_us) / (double)US_PER_SECOND;
    say_share(&done, now);
    say_rest(&done, now, seconds);
    if (now->proven > 0)
        text_add(&done, "%" PRIu64 " host%s with proof so far, ", now->proven, plural(now->proven));
    text_add(&done, "%.0f s", seconds);
    if (now->records > 0) /* the source may count only at its end */
        text_add(&done, ", %" PRIu64 " record%s", now->records, plural(now->records));
    if (now->records > 0 && seconds >= SECONDS_TO_TELL)
        text_add(&done, ", %.1f M/s", (double)now->records / seconds / 1e6);
    console_progress_of(p->console, name, buffer);
    if (running_is_time(now_us, p->stats_every_us, &p->stats_next_us))
        console_note(p->console, "%s: %s", name, buffer);
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

static void tell_broken(void *context, const char *input, uint64_t offset, const char *reason)
{
    const struct teller *t = context;
    console_complain(t->progress.console, "%s: offset %" PRIu64 ": %s", shown_name(input), offset,
                     reason);
}

static void tell_interruption(void *context, const char *input, uint64_t offset)
{
    const struct teller *t = context;
    if (offset > 0)
        console_complain(t->progress.console,
                         "%s: interrupted at offset %" PRIu64 ": the rest was not read",
                         shown_name(input), offset);
    else
        console_complain(t->progress.console, "%s: interrupted before it was read",
                         shown_name(input));
}

static bool is_missing(const char *path)
{
    return strcmp(path, "-") != 0 && access(path, F_OK) != 0;
}

/* Words of a filter have neither. */
static bool is_word(const char *path)
{
    return path[strcspn(path, "./")] == '\0';
}

void inputs_hint(const struct call *call)
{
    for (size_t i = 0; i < call->words.operand_count; i++)
        if (is_missing(call->words.operands[i]) && is_word(call->words.operands[i])) {
            console_note(call->console,
                         "there is no file %s: a filter stands behind a lone -, as "
                         "in `wormsign hunt FILE - port 445`",
                         call->words.operands[i]);
            return;
        }
}

/* What is missing is told before the first line, which somebody may take for all of them. How many
 * damages that is. */
static uint64_t tell_missing(const struct call *call, const char *path)
{
    if (!is_missing(path))
        return 0;
    const char *reason = strerror(errno);
    console_complain(call->console, "%s: %s%s", path, reason,
                     is_word(path)
                         ? " (a filter stands behind a lone -, and fields of -s have commas "
                           "between them)"
                         : "");
    return 1;
}

/* Of what was named it is told already; a link to nowhere below a directory is not. */
static bool read_one(void *context, const char *path, bool chosen)
{
    return (chosen && is_missing(path)) || reading_input(context, path, chosen);
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
    r->broken = tell_broken;
    r->interrupted = tell_interruption;
    running_watch_signals();
    for (size_t i = 0; i < o->files.count; i++)
        r->damages += tell_missing(call, o->files.items[i]);
    for (size_t i = 0; i < call->words.operand_count; i++)
        r->damages += tell_missing(call, call->words.operands[i]);
    inputs_each(call, o, &reader);
    r->context = NULL;
    r->is_stopped = NULL;
    r->damaged = NULL;
    r->broken = NULL;
    r->interrupted = NULL;
    if (r->unrecognised > 0)
        console_note(call->console, "%" PRIu64 " file%s of no format that is known here",
                     r->unrecognised, plural(r->unrecognised));
    if (r->opened == 0)
        return EXIT_FAILED;
    return r->damages > 0 || r->was_interrupted ? EXIT_INCOMPLETE : EXIT_DONE;
}
