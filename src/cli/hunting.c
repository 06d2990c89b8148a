/* The evidence file appears when the run is over: who finds it under its name finds all of it. */
#include "cli/hunting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/lines.h"
#include "cli/running.h"
#include "cli/whole_file.h"
#include "detect/sites.h"
#include "engine/recorder.h"

struct hunt_settings hunting_settings(const struct hunting_options *o)
{
    return (struct hunt_settings){
        .home = o->home.count > 0 ? o->home.items : NULL,
        .home_count = o->home.count,
        .exempt = o->exempt.items,
        .exempt_count = o->exempt.count,
        .site = o->site,
        .since_us = INT64_MIN,
        .until_us = INT64_MAX,
        .sampling = 1,
        .limits = HOSTS_LIMITS_DEFAULT,
    };
}

enum { SITE_LINE_MAX = 1024 };

static bool add_site(void *context, uint64_t number, struct reader line, struct error *err)
{
    (void)number;
    char name[SITE_LINE_MAX + 1], more[2];
    bool too_long;
    if (!line_word(&line, name, sizeof name, &too_long))
        return fail(err, ERROR_USAGE, "there is a NUL in it");
    if (line_word(&line, more, sizeof more, &too_long) || too_long)
        if (more[0] != '#')
            return fail(err, ERROR_USAGE, "more than one name");
    return sites_add(context, name, err);
}

enum exit_code hunting_read_sites(const struct call *call, const struct option_texts *paths,
                                  struct sites **out)
{
    *out = NULL;
    if (paths->count == 0)
        return EXIT_DONE;
    *out = sites_new();
    if (*out == NULL) {
        console_complain(call->console, "no memory for names of sites");
        return EXIT_FAILED;
    }
    enum exit_code code = EXIT_DONE;
    for (size_t i = 0; i < paths->count; i++) {
        const struct option_texts one = {1, &paths->items[i]};
        enum exit_code result = lines_each(call, &one, SITE_LINE_MAX, add_site, *out);
        if (result != EXIT_DONE)
            code = exit_graver(code, result == EXIT_FAILED ? EXIT_FAILED : EXIT_USAGE);
    }
    return code;
}

/* An evidence file while it is written. */
struct evidence_file {
    struct console *console;
    const char *path; /* NULL: none is asked for */
    struct whole_file whole;
};

/* EXIT_DONE when it is open and the hunt keeps its parts in it, or none is asked for; otherwise it
 * is said why not. */
static enum exit_code evidence_file_open(struct evidence_file *e, const struct call *call,
                                         const struct hunting_options *o, struct hunt *h)
{
    *e = (struct evidence_file){.console = call->console, .path = o->partial};
    if (e->path == NULL)
        return EXIT_DONE;
    if (!whole_file_open(&e->whole, e->path)) {
        console_complain(e->console, "cannot open %.1000s for writing: %s", e->path,
                         strerror(errno));
        return EXIT_FAILED;
    }
    struct error err;
    if (hunt_keep_parts(h, e->whole.file, &err))
        return EXIT_DONE;
    console_complain(call->console, "%.1000s: %s", e->path, err.text);
    return EXIT_FAILED;
}

/* Ends and moves it; without a hunt it is given up. False when that failed, which is said. */
static bool evidence_file_close(struct evidence_file *e, struct hunt *h)
{
    struct error err;
    bool good = true;
    if (e->whole.file != NULL && h != NULL)
        good = hunt_end_parts(h, &err) &&
               (whole_file_move(&e->whole) || fail(&err, ERROR_SYSTEM, "%s", strerror(errno)));
    if (!good)
        console_complain(e->console, "cannot write the evidence to %.1000s: %s", e->path, err.text);
    whole_file_give_up(&e->whole);
    return good;
}

static enum exit_code exit_of(const struct hunt_outcome *outcome)
{
    if (outcome->write_failed || outcome->nothing_opened)
        return EXIT_FAILED;
    if (outcome->infected_home > 0)
        return EXIT_INFECTED;
    return outcome->complete ? EXIT_DONE : EXIT_INCOMPLETE;
}

static void add_texts(json_t *object, const char *key, const struct option_texts *texts)
{
    if (texts != NULL && texts->count > 0)
        (void)json_object_set_new(object, key, recording_texts(texts->items, texts->count));
}

/* What decided what was looked at, and by which networks it was judged. */
static json_t *settings_json(const struct call *call, const struct hunting_options *o,
                             const struct hunt_settings *settings)
{
    char text[TIME_TEXT_SIZE];
    json_t *object = json_object();
    (void)json_object_set_new(object, "home", recording_prefixes(o->home.items, o->home.count));
    (void)json_object_set_new(object, "exempt",
                              recording_prefixes(o->exempt.items, o->exempt.count));
    (void)json_object_set_new(object, "operands",
                              recording_texts(call->words.operands, call->words.operand_count));
    add_texts(object, "files", o->files);
    add_texts(object, "directories", o->directories);
    if (call->words.filter_count > 0)
        (void)json_object_set_new(object, "filter",
                                  recording_texts(call->words.filter, call->words.filter_count));
    if (settings->since_us != INT64_MIN)
        (void)json_object_set_new(object, "since",
                                  json_string(time_text(settings->since_us, text)));
    if (settings->until_us != INT64_MAX)
        (void)json_object_set_new(object, "until",
                                  json_string(time_text(settings->until_us, text)));
    (void)json_object_set_new(object, "sampling", json_integer(settings->sampling));
    return object;
}

/* Who runs on keeps its evidence when it is told; others each input as it ends. */
static enum exit_code open_store(struct recording *r, const struct call *call,
                                 const struct hunting_options *o,
                                 const struct hunt_settings *settings, struct outputs *out,
                                 struct hunt *h)
{
    bool runs_on = settings->verb != NULL && strcmp(settings->verb, "watch") == 0;
    enum exit_code code = recording_open(r, call, o->store, o->site,
                                         settings_json(call, o, settings), runs_on, out);
    if (r->recorder != NULL)
        hunt_record(h, r->recorder, !runs_on);
    return code;
}

enum exit_code hunting_run(const struct call *call, const struct hunting_options *o,
                           const struct hunt_settings *settings, struct outputs *out,
                           void (*read_all)(struct hunt *h, void *context), void *context)
{
    struct error err;
    struct evidence_file evidence;
    struct hunt_outcome outcome;
    struct hunt *h = hunt_new(settings, &err);
    if (h == NULL) {
        console_complain(call->console, "%s", err.text);
        return EXIT_FAILED;
    }
    int64_t began_us = running_now_us(NULL);
    struct recording recording;
    enum exit_code code = open_store(&recording, call, o, settings, out, h);
    enum exit_code evidence_code = evidence_file_open(&evidence, call, o, h);
    code = exit_graver(code, evidence_code);
    bool open = code == EXIT_DONE;
    if (open) {
        running_watch_signals();
        read_all(h, context);
        double seconds = (double)(running_now_us(NULL) - began_us) / (double)US_PER_SECOND;
        hunt_finish(h, out->reports, out->report_count, seconds, &outcome);
        code = exit_of(&outcome);
    }
    if (!evidence_file_close(&evidence, open ? h : NULL))
        code = EXIT_FAILED;
    if (!recording_close(&recording))
        code = EXIT_FAILED;
    hunt_free(h);
    return code;
}
