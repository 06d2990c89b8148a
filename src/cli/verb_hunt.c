/* `wormsign hunt`: reads captures and archives in one pass and says which hosts are infected, and
 * why. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/hunting.h"
#include "cli/inputs.h"
#include "cli/outputs.h"
#include "cli/running.h"
#include "cli/selecting.h"
#include "cli/verbs.h"
#include "detect/sites.h"
#include "engine/dark.h"
#include "engine/export.h"
#include "engine/hunt.h"
#include "engine/hunt_crew.h"

struct hunt_options {
    struct common_settings common;
    struct output_options output;
    struct input_options inputs;
    struct option_texts sites;
    struct hunting_options hunting;
    struct option_number sampling, threads;
    const char *evidence;
    struct option_address around;
    struct option_prefixes dark;
};

static const struct option hunt_rows[] = {
    INPUT_ROWS(struct hunt_options, inputs),
    HUNTING_ROWS(struct hunt_options, hunting),
    HUNTING_SITES_ROW(struct hunt_options, sites),
    {.name = "sampling",
     .value = "N",
     .help = "the sensor kept 1 packet in N; the report then says what that hides",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct hunt_options, sampling),
     .least = 1,
     .most = 1000000},
    {.name = "jobs",
     .short_name = "j",
     .value = "N",
     .help = "read so many inputs at a time; default: one a processor",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct hunt_options, threads),
     .least = 1,
     .most = HUNT_THREADS_MAX},
    {.name = "evidence",
     .value = "DIR",
     .help = "write the packets behind each sign of our reported hosts below this new or empty "
             "directory",
     .kind = OPTION_TEXT,
     .into = offsetof(struct hunt_options, evidence)},
    {.name = "around",
     .value = "HOST",
     .help = "write all packets of this host in the hour round its first sign to "
             "around-HOST.pcap",
     .kind = OPTION_ADDRESS,
     .into = offsetof(struct hunt_options, around)},
    {.name = "dark",
     .value = "NETS",
     .help = "list who touched addresses in these networks that never spoke, the widest first",
     .kind = OPTION_PREFIXES,
     .into = offsetof(struct hunt_options, dark)},
    OUTPUT_ROWS(struct hunt_options, output),
};

static bool watch(void *context, const struct reading_progress *now)
{
    return inputs_show_progress(context, now);
}

/* What a hunt reads, and how it shows how far it is. */
struct hunt_inputs {
    const struct call *call;
    struct hunt *hunt;
    struct hunt_crew *crew;
    struct input_progress progress;
};

static bool put_on_list(void *context, const char *path, bool chosen)
{
    struct hunt_inputs *inputs = context;
    return hunt_crew_add(inputs->crew, path, chosen);
}

static void note_failed(void *context, const char *path, const char *reason)
{
    struct hunt_inputs *inputs = context;
    hunt_note_failure(inputs->hunt, path, reason);
}

/* As many as there are processors. */
static unsigned threads_of(const struct hunt_options *o)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (o->threads.given)
        return (unsigned)o->threads.value;
    return processors < 1                  ? 1
           : processors > HUNT_THREADS_MAX ? HUNT_THREADS_MAX
                                           : (unsigned)processors;
}

static void read_all(struct hunt *h, void *context)
{
    struct hunt_inputs *inputs = context;
    const struct hunt_options *o = inputs->call->settings;
    const struct input_reader reader = {
        .context = inputs, .read = put_on_list, .failed = note_failed};
    inputs->hunt = h;
    inputs->crew = hunt_crew_new(h);
    if (inputs->crew == NULL) {
        hunt_note_failure(h, "the inputs", "no memory");
        return;
    }
    hunt_watch(h, watch, &inputs->progress);
    inputs_each(inputs->call, &o->inputs, &reader);
    (void)hunt_crew_run(inputs->crew, threads_of(o));
    hunt_crew_free(inputs->crew);
}

static enum exit_code hunt_into_outputs(const struct call *call, const struct hunt_options *o,
                                        const struct hunt_settings *settings)
{
    struct outputs out;
    struct hunt_inputs inputs = {.call = call,
                                 .progress = {.console = call->console,
                                              .began_us = running_now_us(NULL),
                                              .stats_every_us = o->output.stats_every.value}};
    struct hunting_options hunting = o->hunting;
    hunting.files = &o->inputs.files;
    hunting.directories = &o->inputs.directories;
    enum exit_code code = outputs_open(&out, call, &o->output, &o->inputs.files);
    if (code == EXIT_DONE)
        code = hunting_run(call, &hunting, settings, &out, read_all, &inputs);
    return outputs_close(&out) ? code : EXIT_FAILED;
}

/* A path that can be read once only: a pipe, a terminal. What is not there is said later. */
static bool is_read_once(const char *path)
{
    struct stat kind;
    return strcmp(path, "-") == 0 ||
           (stat(path, &kind) == 0 && !S_ISREG(kind.st_mode) && !S_ISDIR(kind.st_mode));
}

/* The first input that cannot be read again, or NULL. */
static const char *read_once(const struct call *call, const struct hunt_options *o)
{
    if (!inputs_are_named(call, &o->inputs))
        return "-";
    for (size_t i = 0; i < o->inputs.files.count; i++)
        if (is_read_once(o->inputs.files.items[i]))
            return o->inputs.files.items[i];
    for (size_t i = 0; i < call->words.operand_count; i++)
        if (is_read_once(call->words.operands[i]))
            return call->words.operands[i];
    return NULL;
}

/* Makes *out where evidence is asked for; EXIT_DONE or why not, which is said. */
static enum exit_code open_export(const struct call *call, const struct hunt_options *o,
                                  struct export **out)
{
    struct error err;
    struct export_wishes wishes = {.folder = o->evidence,
                                   .has_around = o->around.given,
                                   .around = o->around.value,
                                   .limits = EXPORT_LIMITS_DEFAULT};
    *out = NULL;
    if (o->evidence == NULL && !o->around.given)
        return EXIT_DONE;
    const char *once = read_once(call, o);
    if (once != NULL)
        return call_is_wrong(call,
                             "%s cannot be read twice, which --evidence and --around need: name "
                             "files",
                             strcmp(once, "-") == 0 ? "stdin" : once);
    *out = export_open(&wishes, &err);
    if (*out != NULL)
        return EXIT_DONE;
    if (err.kind == ERROR_USAGE)
        return call_is_wrong(call, "%s", err.text);
    console_complain(call->console, "%s", err.text);
    return EXIT_FAILED;
}

static enum exit_code run_hunt(const struct call *call)
{
    const struct hunt_options *o = call->settings;
    struct selection selection = {0};
    enum exit_code code = inputs_check(call, &o->inputs);
    if (code != EXIT_DONE)
        return code;
    bool has_filter = selecting_has_filter(call);
    if (has_filter && o->hunting.partial != NULL)
        return call_is_wrong(call, "--partial keeps what whole inputs come to: it takes no filter");
    if (has_filter && o->hunting.store != NULL)
        return call_is_wrong(call, "--store keeps what whole inputs come to: it takes no filter");
    inputs_hint(call);
    code = selecting_begin_filter(call, &selection);
    if (code != EXIT_DONE)
        return code;
    struct hunt_settings settings = hunting_settings(&o->hunting);
    settings.filter = selection.filter;
    settings.filter_words = selection.filter_words;
    settings.counts_proven = o->output.stats_every.given || console_shows_progress(call->console);
    settings.since_us = inputs_since_us(&o->inputs);
    settings.until_us = inputs_until_us(&o->inputs);
    if (o->sampling.given)
        settings.sampling = (unsigned)o->sampling.value;
    struct sites *sites;
    code = hunting_read_sites(call, &o->sites, &sites);
    settings.sites = sites;
    if (code == EXIT_DONE && o->hunting.partial != NULL)
        code = outputs_check(call, &o->output, &o->inputs.files, o->hunting.partial,
                             OUTPUT_EVIDENCE);
    if (code == EXIT_DONE)
        code = recording_check(call, o->hunting.store, &o->output, &o->inputs.files);
    if (o->dark.count > 0)
        settings.dark = dark_new(o->dark.items, o->dark.count);
    if (code == EXIT_DONE && o->dark.count > 0 && settings.dark == NULL) {
        console_complain(call->console, "no memory for --dark");
        code = EXIT_FAILED;
    }
    if (code == EXIT_DONE)
        code = open_export(call, o, &settings.export);
    if (code == EXIT_DONE)
        code = hunt_into_outputs(call, o, &settings);
    const struct error *lost = settings.export != NULL ? export_failure(settings.export) : NULL;
    if (lost != NULL)
        console_complain(call->console, "evidence: not all could be written: %s", lost->text);
    export_close(settings.export);
    dark_free(settings.dark);
    sites_free(sites);
    selecting_free(&selection);
    return code;
}

const struct verb verb_hunt = {
    .name = "hunt",
    .usage = "[OPTIONS] PATH... [- FILTER]",
    .summary = "read captures and archives in one pass: who is infected, by which variant, and why",
    .about =
        "Reads capture files (pcap, pcapng) and Argus archives, also compressed (gzip, bzip2, "
        "xz, zstd, lz4), found by their content, and directories of them. Judges every host "
        "by what it did, and prints "
        "infected and suspicious hosts, the gravest first, with the evidence.\n"
        "A host without a sign is not clean: nobody asked it, and it may have been silent.\n"
        "Exit: 1 infected home hosts were found; 0 none; 3 none, but input was damaged, empty "
        "or of no known format, or the run cut short; 4 nothing could be opened or not all be "
        "written; 2 wrong usage.\n"
        "What stands behind a lone - is a filter in the words of ra and tcpdump "
        "(docs/filter.md): nothing but flows that it lets through is looked at. Of captures it "
        "can ask for protocol, addresses and ports.\n"
        "--evidence and --around read the inputs twice, so these must be files; what they "
        "write, and its bounds, is in docs/evidence.md.\n",
    .examples = "wormsign hunt samples/outbreak.pcap.gz\n"
                "wormsign hunt --evidence proof --around 10.9.3.33 samples/outbreak.pcap.gz\n"
                "wormsign hunt --home 203.0.113.0/24 --exempt 203.0.113.9 -R /captures/2009/04\n"
                "wormsign hunt -R /archive/2009/03 - net 10.1.0.0/16 and not host 10.1.0.9\n"
                "zcat day.pcap.gz | wormsign hunt --json\n",
    .settings_size = sizeof(struct hunt_options),
    .options = {hunt_rows, COUNT_OF(hunt_rows), true},
    .run = run_hunt,
};
