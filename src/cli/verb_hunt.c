/* `wormsign hunt`: reads captures in one pass and says which hosts are infected, and why. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/verbs.h"
#include "engine/hunt.h"
#include "engine/walk.h"

enum {
    REPORTS_MAX = 6,
    PATH_SIZE = 4096,
    TALK_NAME_MAX = 1000 /* of a longer file name the end is said, so that the reason has room */
};

struct hunt_options {
    struct common_settings common;
    bool json;
    struct option_texts files, directories;
    struct option_prefixes home, exempt;
    const char *site;
    struct option_time since, until;
    struct option_number sampling, stats_every, colour;
    const char *text_file, *json_file, *base;
};

static const struct option hunt_rows[] = {
    {.name = "read",
     .short_name = "r",
     .value = "FILE",
     .help = "read this file (- is stdin); can be repeated",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct hunt_options, files)},
    {.name = "recurse",
     .short_name = "R",
     .value = "DIR",
     .help = "read every file below this directory, in sorted order; can be repeated",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct hunt_options, directories)},
    {.name = "home",
     .value = "NETS",
     .help = "the networks that are ours; default: private, link-local and unique local ones",
     .kind = OPTION_PREFIXES,
     .into = offsetof(struct hunt_options, home)},
    {.name = "site",
     .value = "NAME",
     .help = "name the place where this was recorded",
     .kind = OPTION_TEXT,
     .into = offsetof(struct hunt_options, site)},
    {.name = "exempt",
     .value = "ADDRESSES",
     .help = "our own scanners: only answers of their own can convict them",
     .kind = OPTION_PREFIXES,
     .into = offsetof(struct hunt_options, exempt)},
    {.name = "since",
     .value = "TIME",
     .help = "pass over what is before this time (UTC)",
     .kind = OPTION_TIME,
     .into = offsetof(struct hunt_options, since)},
    {.name = "until",
     .value = "TIME",
     .help = "pass over what is at or after this time (UTC)",
     .kind = OPTION_TIME,
     .into = offsetof(struct hunt_options, until)},
    {.name = "sampling",
     .value = "N",
     .help = "the sensor kept 1 packet in N; the report then says what that hides",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct hunt_options, sampling),
     .least = 1,
     .most = 1000000},
    {.name = "json",
     .help = "a JSON object a line on stdout, instead of text",
     .kind = OPTION_FLAG,
     .into = offsetof(struct hunt_options, json)},
    {.short_name = "oN",
     .value = "FILE",
     .help = "write the text report to this file as well",
     .kind = OPTION_TEXT,
     .into = offsetof(struct hunt_options, text_file)},
    {.short_name = "oJ",
     .value = "FILE",
     .help = "write JSON lines to this file as well",
     .kind = OPTION_TEXT,
     .into = offsetof(struct hunt_options, json_file)},
    {.short_name = "oA",
     .value = "BASE",
     .help = "write BASE.txt and BASE.jsonl as well",
     .kind = OPTION_TEXT,
     .into = offsetof(struct hunt_options, base)},
    {.name = "stats-every",
     .value = "SECONDS",
     .help = "say on stderr how far it is, this often",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct hunt_options, stats_every),
     .least = 1,
     .most = 86400},
    {.name = "color",
     .value = "WHEN",
     .help = "colour the text: auto (on a terminal, unless NO_COLOR is set), always or never",
     .kind = OPTION_CHOICE,
     .into = offsetof(struct hunt_options, colour),
     .choices = "auto|always|never"},
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

static double monotonic_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* What the watcher of a run shows. */
struct progress {
    struct console *console;
    double began_s, stats_every_s, stats_next_s;
};

static bool watch(void *context, const struct hunt_progress *now)
{
    struct progress *p = context;
    double seconds = monotonic_s() - p->began_s;
    double share = now->raw_size > 0 ? 100.0 * (double)now->raw_offset / (double)now->raw_size : 0;
    console_progress(p->console, "%s: %.0f %%, %" PRIu64 " records, %.0f s", now->input, share,
                     now->records, seconds);
    if (p->stats_every_s > 0 && seconds >= p->stats_next_s) {
        p->stats_next_s = seconds + p->stats_every_s;
        console_note(p->console, "%s: %.1f %% read, %" PRIu64 " records in %.0f s", now->input,
                     share, now->records, seconds);
    }
    return interrupted != 0;
}

/* The reports of a run and the files they go to. */
struct outputs {
    struct report reports[REPORTS_MAX];
    size_t count;
};

/* The talk of a run, as a report that goes to stderr: where a program or a file gets the results,
 * the person who started the run must still be told what is wrong with the input. */
static bool talk_begin(struct report *r)
{
    (void)r;
    return true;
}

static bool talk_host(struct report *r, const struct verdict *v)
{
    (void)r, (void)v;
    return true;
}

static bool talk_edge(struct report *r, const struct infection *i)
{
    (void)r, (void)i;
    return true;
}

static void talk_of_input(struct console *console, const struct input_totals *input)
{
    size_t length = strlen(input->name);
    bool is_long = length > TALK_NAME_MAX;
    const char *name = is_long ? input->name + (length - TALK_NAME_MAX) : input->name;
    for (size_t i = 0; i < INPUT_DAMAGES_MAX && i < input->damage_count; i++)
        console_complain(console, "%s%s: %s", is_long ? "..." : "", name, input->damage[i].reason);
}

static bool talk_end(struct report *r, const struct totals *t)
{
    struct console *console = r->state;
    for (size_t i = 0; i < t->input_count; i++)
        talk_of_input(console, &t->inputs[i]);
    for (size_t i = 0; i < t->note_count; i++)
        console_note(console, "%s", t->notes[i]);
    return true;
}

static const struct report_format talk = {
    .id = "talk",
    .claim = "What is wrong with the input, and advice, on stderr.",
    .begin = talk_begin,
    .host = talk_host,
    .edge = talk_edge,
    .end = talk_end,
};

static bool wants_colour(const struct call *call, const struct hunt_options *o)
{
    if (o->colour.given && o->colour.value != 0)
        return o->colour.value == 1;
    const char *no_colour = getenv("NO_COLOR");
    return call->console->results_to_terminal && (no_colour == NULL || no_colour[0] == '\0');
}

static bool is_same(const struct stat *file, const char *path)
{
    struct stat other;
    bool there = strcmp(path, "-") == 0 ? fstat(STDIN_FILENO, &other) == 0
                                        : stat(path, &other) == 0;
    return there && file->st_dev == other.st_dev && file->st_ino == other.st_ino;
}

/* A report that is opened for writing must not empty a capture that is yet to be read. */
static bool is_to_be_read(const struct call *call, const char *path)
{
    const struct hunt_options *o = call->settings;
    struct stat file;
    if (strcmp(path, "-") == 0 || stat(path, &file) != 0 || !S_ISREG(file.st_mode))
        return false;
    bool found = is_same(&file, "-");
    for (size_t i = 0; i < o->files.count && !found; i++)
        found = is_same(&file, o->files.items[i]);
    for (size_t i = 0; i < call->words.operand_count && !found; i++)
        found = is_same(&file, call->words.operands[i]);
    return found;
}

static bool add_output(const struct call *call, struct outputs *out, const char *format,
                       const char *path)
{
    if (is_to_be_read(call, path)) {
        console_complain(call->console,
                         "%s is also to be read: give the report another name, or it is lost",
                         path);
        return false;
    }
    FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
    if (file == NULL) {
        console_complain(call->console, "%s: %s", path, strerror(errno));
        return false;
    }
    struct report *r = &out->reports[out->count++];
    *r = (struct report){.format = report_format_named(format), .out = file, .width = 100};
    return true;
}

static bool add_outputs(const struct call *call, const struct hunt_options *o, struct outputs *out)
{
    char path[PATH_SIZE];
    if (!add_output(call, out, o->json ? "json" : "text", "-"))
        return false;
    out->reports[0].colour = !o->json && wants_colour(call, o);
    out->reports[0].verbosity = (int)call->console->verbose;
    out->reports[0].width = call->console->results_to_terminal ? call->console->width : 100;
    if (o->json || !call->console->results_to_terminal)
        out->reports[out->count++] = (struct report){
            .format = &talk, .out = stderr, .state = call->console};
    if (o->text_file != NULL && !add_output(call, out, "text", o->text_file))
        return false;
    if (o->json_file != NULL && !add_output(call, out, "json", o->json_file))
        return false;
    if (o->base == NULL)
        return true;
    if (snprintf(path, sizeof path, "%s.jsonl", o->base) >= (int)sizeof path) {
        console_complain(call->console, "%s: the name is too long", o->base);
        return false;
    }
    if (!add_output(call, out, "json", path))
        return false;
    (void)snprintf(path, sizeof path, "%s.txt", o->base);
    return add_output(call, out, "text", path);
}

static bool close_outputs(const struct call *call, struct outputs *out)
{
    bool good = true;
    for (size_t i = 0; i < out->count; i++) {
        FILE *file = out->reports[i].out;
        if (file == stdout || file == stderr)
            continue; /* the console closes them, and says what went wrong */
        bool failed = ferror(file) != 0;
        if (fclose(file) != 0 || failed) {
            console_complain(call->console, "not all of a report could be written: %s",
                             strerror(errno));
            good = false;
        }
    }
    return good;
}

/* One path or directory; false when the run was stopped. */
static bool read_path(struct hunt *h, const char *path)
{
    struct walk walk = {0};
    struct error err;
    bool chosen = !walk_is_directory(path);
    bool go_on = true;
    if (!walk_add(&walk, path, &err))
        hunt_note_failure(h, path, err.text);
    for (size_t i = 0; i < walk.count && go_on; i++)
        go_on = hunt_read(h, walk.paths[i], chosen);
    walk_free(&walk);
    return go_on;
}

static void read_all(struct hunt *h, const struct call *call, const struct hunt_options *o)
{
    bool go_on = true;
    for (size_t i = 0; i < o->files.count && go_on; i++)
        go_on = hunt_read(h, o->files.items[i], true);
    for (size_t i = 0; i < o->directories.count && go_on; i++)
        go_on = read_path(h, o->directories.items[i]);
    for (size_t i = 0; i < call->words.operand_count && go_on; i++)
        go_on = read_path(h, call->words.operands[i]);
    if (o->files.count + o->directories.count + call->words.operand_count == 0)
        (void)hunt_read(h, "-", true);
}

static enum exit_code exit_of(const struct hunt_outcome *outcome)
{
    if (outcome->write_failed || outcome->nothing_opened)
        return EXIT_FAILED;
    if (outcome->infected_home > 0)
        return EXIT_INFECTED;
    return outcome->complete ? EXIT_DONE : EXIT_INCOMPLETE;
}

static enum exit_code hunt_with(const struct call *call, const struct hunt_options *o,
                                const struct hunt_settings *settings, struct outputs *out)
{
    struct error err;
    struct hunt *h = hunt_new(settings, &err);
    if (h == NULL) {
        console_complain(call->console, "%s", err.text);
        return EXIT_FAILED;
    }
    struct progress progress = {.console = call->console,
                                .began_s = monotonic_s(),
                                .stats_every_s = (double)o->stats_every.value,
                                .stats_next_s = (double)o->stats_every.value};
    hunt_watch(h, watch, &progress);
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    read_all(h, call, o);
    struct hunt_outcome outcome;
    hunt_finish(h, out->reports, out->count, monotonic_s() - progress.began_s, &outcome);
    hunt_free(h);
    return exit_of(&outcome);
}

static enum exit_code run_hunt(const struct call *call)
{
    const struct hunt_options *o = call->settings;
    if (call->words.has_filter)
        return call_is_wrong(call, "filters are not built yet; leave out the - and what follows");
    bool named = o->files.count + o->directories.count + call->words.operand_count > 0;
    if (!named && isatty(STDIN_FILENO))
        return call_is_wrong(call, "name a capture file or a directory, or pipe one in");
    struct hunt_settings settings = {
        .home = o->home.count > 0 ? o->home.items : NULL,
        .home_count = o->home.count,
        .exempt = o->exempt.items,
        .exempt_count = o->exempt.count,
        .site = o->site,
        .since_us = o->since.given ? o->since.value_us : INT64_MIN,
        .until_us = o->until.given ? o->until.value_us : INT64_MAX,
        .sampling = o->sampling.given ? (unsigned)o->sampling.value : 1,
        .limits = HOSTS_LIMITS_DEFAULT,
    };
    if (settings.since_us >= settings.until_us)
        return call_is_wrong(call, "--since must be before --until");
    struct outputs out = {.count = 0};
    enum exit_code code = EXIT_FAILED;
    if (add_outputs(call, o, &out))
        code = hunt_with(call, o, &settings, &out);
    if (!close_outputs(call, &out))
        code = EXIT_FAILED;
    return code;
}

const struct verb verb_hunt = {
    .name = "hunt",
    .usage = "[OPTIONS] PATH...",
    .summary = "read captures in one pass: who is infected, by which variant, and why",
    .about = "Reads capture files (pcap, pcapng; gzip, bzip2, xz, zstd, lz4), found by their "
             "content, and directories of them. Judges every host by what it did, and prints "
             "infected and suspicious hosts, the gravest first, with the evidence.\n"
             "A host without a sign is not clean: nobody asked it, and it may have been silent.\n"
             "Exit: 1 infected home hosts were found; 0 none; 3 none, but input was damaged or the "
             "run cut short; 4 nothing could be read or not all be written; 2 wrong usage.\n",
    .examples = "wormsign hunt samples/outbreak.pcap.gz\n"
                "wormsign hunt --home 203.0.113.0/24 --exempt 203.0.113.9 -R /captures/2009/04\n"
                "zcat day.pcap.gz | wormsign hunt --json\n",
    .settings_size = sizeof(struct hunt_options),
    .options = {hunt_rows, COUNT_OF(hunt_rows), true},
    .run = run_hunt,
};
