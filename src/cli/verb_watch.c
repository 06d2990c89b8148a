/* `wormsign watch`: reads live Argus servers and interfaces, and says who is infected as soon as it
 * shows. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/plural.h"
#include "base/time.h"
#include "base/writer.h"
#include "cli/argus_url.h"
#include "cli/hunting.h"
#include "cli/outputs.h"
#include "cli/running.h"
#include "cli/selecting.h"
#include "cli/verbs.h"
#include "detect/sites.h"
#include "engine/hunt.h"
#include "engine/watch.h"
#include "source/argus_live.h"
#include "source/argus_talk.h"
#include "source/device_live.h"

enum { KEEP_DAYS_DEFAULT = 30, KEEP_DAYS_MOST = 3650, RETRIES_DEFAULT = 3, LOOK_S_DEFAULT = 10 };

struct watch_options {
    struct common_settings common;
    struct output_options output;
    struct hunting_options hunting;
    struct option_texts sites, interfaces;
    struct option_number sampling, keep, retries, look_every, end_after;
};

static const struct option watch_rows[] = {
    {.short_name = "i",
     .value = "IFACE",
     .help = "watch the packets of this interface (repeatable; any: all of them)",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct watch_options, interfaces)},
    HUNTING_NET_ROWS(struct watch_options, hunting),
    HUNTING_SITES_ROW(struct watch_options, sites),
    {.name = "sampling",
     .value = "N",
     .help = "the sensor kept 1 packet in N; the report then says what that hides",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct watch_options, sampling),
     .least = 1,
     .most = 1000000},
    {.name = "keep",
     .value = "DAYS",
     .help = "let go of evidence when it is older than so many UTC days; default: 30",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct watch_options, keep),
     .least = 1,
     .most = KEEP_DAYS_MOST},
    {.name = "retries",
     .value = "N",
     .help = "give a server up after N attempts in a row without a record, and an interface that "
             "went away after so many to open it again (0: never); default: 3, and never where "
             "one has answered",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct watch_options, retries),
     .least = 0,
     .most = 1000000},
    {.name = "look-every",
     .value = "TIME",
     .help = "judge what was seen this often; default: 10s",
     .kind = OPTION_DURATION,
     .into = offsetof(struct watch_options, look_every),
     .least = 1,
     .most = 86400},
    {.name = "for",
     .value = "TIME",
     .help = "end after this time",
     .kind = OPTION_DURATION,
     .into = offsetof(struct watch_options, end_after),
     .least = 1,
     .most = INT32_MAX},
    OUTPUT_ROWS(struct watch_options, output),
};

/* What the engine is handed. */
struct watching {
    const struct call *call;
    struct outputs *out;
    struct watch_settings settings;
    int64_t began_us, end_us, stats_every_us, stats_next_us;
    bool written, failed;
};

static int64_t wall_us(void *context)
{
    struct timespec now;
    (void)context;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

static bool is_over(void *context, const struct watch_progress *now)
{
    struct watching *w = context;
    char done[160];
    int64_t now_us = running_now_us(NULL);
    double seconds = (double)(now_us - w->began_us) / (double)US_PER_SECOND;
    (void)snprintf(done, sizeof done, "%u of %zu heard, %" PRIu64 " record%s, %.0f s",
                   now->lines_heard, w->settings.line_count, now->records, plural(now->records),
                   seconds);
    console_progress_of(w->call->console, "watch", done);
    if (running_is_time(now_us, w->stats_every_us, &w->stats_next_us))
        console_note(w->call->console, "%s", done);
    return running_is_interrupted() || now_us >= w->end_us;
}

static void say(void *context, const char *text)
{
    const struct watching *w = context;
    console_note(w->call->console, "%s", text);
}

static void looked(void *context)
{
    struct watching *w = context;
    w->written = outputs_flush(w->out) && w->written;
}

static void watch_all(struct hunt *h, void *context)
{
    struct watching *w = context;
    struct error err;
    bool written;
    running_watch_signals_for_long();
    w->failed = !watch_run(h, &w->settings, w->out->reports, w->out->report_count, &written, &err);
    w->written &= written;
    if (w->failed)
        console_complain(w->call->console, "%s", err.text);
}

static enum exit_code watch_into_outputs(const struct call *call, const struct watch_options *o,
                                         const struct hunt_settings *settings,
                                         const struct watch_settings *watch)
{
    static const struct option_texts none = {0};
    struct outputs out;
    struct watching w = {.call = call,
                         .out = &out,
                         .settings = *watch,
                         .began_us = running_now_us(NULL),
                         .end_us = INT64_MAX,
                         .stats_every_us = o->output.stats_every.value,
                         .written = true};
    w.settings.context = &w;
    if (o->end_after.given)
        w.end_us = w.began_us + o->end_after.value;
    enum exit_code code = recording_check(call, o->hunting.store, &o->output, &none);
    if (code != EXIT_DONE)
        return code;
    code = outputs_open(&out, call, &o->output, &none);
    if (code == EXIT_DONE)
        code = hunting_run(call, &o->hunting, settings, &out, watch_all, &w);
    bool good = outputs_close(&out);
    return good && w.written && !w.failed ? code : EXIT_FAILED;
}

/* The words behind the lone -, as one; NULL without memory, or where there are none. */
static const char *filter_of(const struct call *call, struct arena *memory)
{
    size_t size = 1;
    for (size_t i = 0; i < call->words.filter_count; i++)
        size += strlen(call->words.filter[i]) + 1;
    char *joined = arena_take(memory, 1, size);
    struct text text = text_over(joined != NULL ? joined : (char[1]){0}, joined != NULL ? size : 1);
    for (size_t i = 0; joined != NULL && i < call->words.filter_count; i++)
        text_add(&text, "%s%s", i > 0 ? " " : "", call->words.filter[i]);
    return joined;
}

/* What is wrong in it is better told here, word by word, than by a server's two letters. */
static enum exit_code check_argus_filter(const struct call *call, const char *filter)
{
    struct selection selection = {0};
    struct error err;
    if (!argus_filter_check(filter, &err))
        return call_is_wrong(call, "%s", err.text);
    enum exit_code code = selecting_begin_filter(call, &selection);
    selecting_free(&selection);
    return code;
}

/* All that is to be watched, in memory of the arena. */
struct watched {
    struct watch_line *lines;
    struct argus_server *servers;
    struct device *devices;
    size_t server_count, device_count;
    const char *filter; /* NULL: none */
};

/* EXIT_DONE, or it is said what is wrong. */
static enum exit_code find_filter(const struct call *call, struct arena *memory, struct watched *w)
{
    struct error err;
    if (call->words.filter_count == 0)
        return EXIT_DONE;
    if (w->server_count > 0 && w->device_count > 0)
        return call_is_wrong(call, "a filter is in Argus's words for servers and in tcpdump's for "
                                   "interfaces: watch them apart");
    w->filter = filter_of(call, memory);
    if (w->filter == NULL) {
        console_complain(call->console, "no memory for the filter");
        return EXIT_FAILED;
    }
    if (w->server_count > 0)
        return check_argus_filter(call, w->filter);
    if (!device_filter_check(w->filter, &err))
        return call_is_wrong(call, "%s", err.text);
    return EXIT_DONE;
}

static enum exit_code find_server(const struct call *call, const struct watch_options *o,
                                  const char *filter, const char *url, struct argus_server *out)
{
    struct error err;
    if (!argus_url_parse(url, out, &err)) {
        if (err.kind == ERROR_USAGE)
            return call_is_wrong(call, "%s", err.text);
        console_complain(call->console, "%s", err.text);
        return EXIT_FAILED;
    }
    out->filter = filter;
    out->attempts = o->retries.given ? (unsigned)o->retries.value : RETRIES_DEFAULT;
    out->attempts_chosen = o->retries.given;
    return EXIT_DONE;
}

/* What passes would be judged twice, as two streams in which nothing is seen to be the same. */
static enum exit_code check_devices(const struct call *call, const struct option_texts *names)
{
    for (size_t i = 0; i < names->count; i++) {
        if (names->count > 1 && strcmp(names->items[i], "any") == 0)
            return call_is_wrong(call, "-i any is all interfaces: name no other");
        for (size_t j = 0; j < i; j++)
            if (strcmp(names->items[i], names->items[j]) == 0)
                return call_is_wrong(call, "-i %s is there twice", names->items[i]);
    }
    return EXIT_DONE;
}

static enum exit_code find_lines(const struct call *call, const struct watch_options *o,
                                 struct watched *w)
{
    struct watch_line *line = w->lines;
    for (size_t i = 0; i < w->server_count; i++) {
        struct argus_server *s = &w->servers[i];
        enum exit_code code = find_server(call, o, w->filter, call->words.operands[i], s);
        if (code != EXIT_DONE)
            return code;
        *line++ = (struct watch_line){s->name, &live_argus, s};
    }
    for (size_t i = 0; i < w->device_count; i++) {
        struct device *d = &w->devices[i];
        *d = (struct device){o->interfaces.items[i], w->filter,
                             o->retries.given ? (unsigned)o->retries.value : 0};
        *line++ = (struct watch_line){d->name, &live_device, d};
    }
    return EXIT_DONE;
}

static enum exit_code watch_lines(const struct call *call, const struct watch_options *o,
                                  const struct hunt_settings *settings, struct arena *memory)
{
    struct watched w = {.server_count = call->words.operand_count,
                        .device_count = o->interfaces.count};
    size_t count = w.server_count + w.device_count;
    w.lines = arena_take(memory, count, sizeof *w.lines);
    w.servers = arena_take(memory, w.server_count, sizeof *w.servers);
    w.devices = arena_take(memory, w.device_count, sizeof *w.devices);
    if (w.lines == NULL || w.servers == NULL || w.devices == NULL) {
        console_complain(call->console, "no memory for what is to be watched");
        return EXIT_FAILED;
    }
    enum exit_code code = check_devices(call, &o->interfaces);
    if (code == EXIT_DONE)
        code = find_filter(call, memory, &w);
    if (code == EXIT_DONE)
        code = find_lines(call, o, &w);
    if (code != EXIT_DONE)
        return code;
    const struct watch_settings watch = {
        .lines = w.lines,
        .line_count = count,
        .keep_days = o->keep.given ? (unsigned)o->keep.value : KEEP_DAYS_DEFAULT,
        .look_every_us = o->look_every.given ? o->look_every.value : LOOK_S_DEFAULT * US_PER_SECOND,
        .now_us = running_now_us,
        .wall_us = wall_us,
        .is_over = is_over,
        .say = say,
        .looked = looked};
    struct hunt_settings told = *settings;
    told.filter_words = w.filter;
    return watch_into_outputs(call, o, &told, &watch);
}

static enum exit_code run_watch(const struct call *call)
{
    const struct watch_options *o = call->settings;
    size_t count = call->words.operand_count + o->interfaces.count;
    if (count == 0)
        return call_is_wrong(call, "name an interface (-i IFACE) or an Argus server "
                                   "(argus://HOST[:PORT])");
    if (count > WATCH_LINES_MAX)
        return call_is_wrong(call, "more than %d servers and interfaces", WATCH_LINES_MAX);
    struct hunt_settings settings = hunting_settings(&o->hunting);
    settings.verb = "watch";
    if (o->sampling.given)
        settings.sampling = (unsigned)o->sampling.value;
    struct sites *sites;
    struct arena memory = arena_of(COMMAND_LINE_MEMORY_MAX);
    enum exit_code code = hunting_read_sites(call, &o->sites, &sites);
    settings.sites = sites;
    if (code == EXIT_DONE)
        code = watch_lines(call, o, &settings, &memory);
    arena_free(&memory);
    sites_free(sites);
    return code;
}

const struct verb verb_watch = {
    .name = "watch",
    .usage = "[OPTIONS] {-i IFACE | argus://HOST[:PORT]}... [- FILTER]",
    .summary = "watch interfaces and live Argus servers: who is infected, as soon as it shows",
    .about =
        "Looks at the packets of interfaces as they pass (-i; a mirror port sees all of a "
        "network) and reads the flow records of Argus servers (argus, radium; port 561 unless "
        "given) as they come, all at once, and judges as `hunt` does. A host is printed when its "
        "verdict rises, to suspicious or infected, and each infection once; Ctrl-C ends it with "
        "the summary, and with home hosts that fetched what may be the worm. It sends nothing by "
        "an interface.\n"
        "What stands behind a lone - is a filter. For interfaces it is in tcpdump's words "
        "(pcap-filter); for servers in Argus's, and each server is told: only what matches is "
        "seen, so that only that is judged.\n"
        "An interface that goes away is opened again when it is back. Packets that come faster "
        "than they can be judged are lost, and the summary says how many.\n"
        "A connection that is lost is made again, after 1 second and then ever longer, to one "
        "minute; a server that sends not even a status record for three times its interval is "
        "taken to be lost. What passed meanwhile is missing, and the summary says so. A login "
        "(SASL) is not built.\n"
        "Text, JSON lines and CEF tell what happens as it does; lists in which a host stands once "
        "(-oX, --csv, --stix, --misp, --html) are written at the end.\n"
        "Exit, at the end: 1 infected home hosts were found, now or before; 0 none; 3 none, "
        "but a connection, an interface or packets were lost on the way, or nothing passed; 4 "
        "nothing could be "
        "watched, or not all could be written; 2 wrong usage.\n",
    .examples =
        "wormsign watch -i eth0\n"
        "wormsign watch --store /var/lib/wormsign/wards.db -i span0 -i span1 - not port 22\n"
        "wormsign watch argus://127.0.0.1\n"
        "wormsign watch --json argus://sensor1 argus://sensor2:562 - tcp or udp\n"
        "wormsign watch --home 203.0.113.0/24 --keep 14 -oA /var/log/wormsign "
        "argus://sensor1\n",
    .settings_size = sizeof(struct watch_options),
    .options = {watch_rows, COUNT_OF(watch_rows), true},
    .run = run_watch,
};
