/* `wormsign report`: renders what a store keeps, and takes down what people say of it. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "cli/hunting.h"
#include "cli/outputs.h"
#include "cli/running.h"
#include "cli/run_names.h"
#include "cli/sites_csv.h"
#include "cli/verbs.h"
#include "engine/store_report.h"
#include "store/store.h"

enum { KEEP_DAYS_MOST = 36500 };

struct report_options {
    struct common_settings common;
    struct output_options output;
    struct option_prefixes home, exempt;
    const char *site, *diff, *note, *sites_csv;
    struct option_day since, until;
    struct option_address ack;
    struct option_number keep;
};

static const struct option report_rows[] = {
    {.name = "since",
     .value = "DATE",
     .help = "judge by the evidence from this UTC day on",
     .kind = OPTION_DAY,
     .into = offsetof(struct report_options, since)},
    {.name = "diff",
     .value = "RUN..RUN",
     .help = "tell what changed between two runs: who is new, still infected, cured, or no longer "
             "seen; a RUN is its number, `last`, `last-1`, or a date",
     .kind = OPTION_TEXT,
     .into = offsetof(struct report_options, diff)},
    {.name = "site",
     .value = "NAME",
     .help = "of this site alone; with --ack the host's site",
     .kind = OPTION_TEXT,
     .into = offsetof(struct report_options, site)},
    {.name = "home",
     .value = "NETS",
     .help = "the networks that are ours; default: those of the latest hunt, watch or merge",
     .kind = OPTION_PREFIXES,
     .into = offsetof(struct report_options, home)},
    {.name = "exempt",
     .value = "ADDRESSES",
     .help = "our own scanners: only answers of their own can convict them; default: those of the "
             "latest hunt, watch or merge",
     .kind = OPTION_PREFIXES,
     .into = offsetof(struct report_options, exempt)},
    {.name = "ack",
     .value = "HOST",
     .help = "take down that somebody knows of this host: it is shown apart and does not count",
     .kind = OPTION_ADDRESS,
     .into = offsetof(struct report_options, ack)},
    {.name = "until",
     .value = "DATE",
     .help = "with --ack: the last day on which that holds",
     .kind = OPTION_DAY,
     .into = offsetof(struct report_options, until)},
    {.name = "note",
     .value = "TEXT",
     .help = "with --ack: what is to be said of it",
     .kind = OPTION_TEXT,
     .into = offsetof(struct report_options, note)},
    {.name = "sites-csv",
     .value = "FILE",
     .help = "take down whose networks these are, a line each: prefix,site,owner",
     .kind = OPTION_TEXT,
     .into = offsetof(struct report_options, sites_csv)},
    {.name = "keep",
     .value = "DAYS",
     .help = "let go of evidence that is older than so many days before the latest",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct report_options, keep),
     .least = 1,
     .most = KEEP_DAYS_MOST},
    OUTPUT_ROWS(struct report_options, output),
};

static enum exit_code store_failed(const struct call *call, const struct error *err)
{
    console_complain(call->console, "store %s: %s", call->words.operands[0], err->text);
    return EXIT_FAILED;
}

static bool let_go(const struct call *call, const struct report_options *o, struct store *store,
                   struct error *err)
{
    bool any;
    int32_t latest;
    /* A day beyond tomorrow is of a clock that was wrong, and makes nothing old. */
    if (!store_latest_day(store, day_of(call->now_us) + 1, &any, &latest, err))
        return false;
    return !any || store_let_go_before(store, latest - (int32_t)o->keep.value + 1, err);
}

/* A host of another site, or a wrong address, is acknowledged in vain: that is said. */
static bool acknowledge(const struct call *call, struct store *store,
                        const struct store_acknowledgement *known, struct error *err)
{
    char host[ADDRESS_TEXT_SIZE];
    bool is_known;
    if (!store_host_is_known(store, known->site, known->host, &is_known, err) ||
        !store_acknowledge(store, known, err))
        return false;
    if (!is_known)
        console_note(call->console, "no run %s%s has said anything of %s so far",
                     known->site[0] != '\0' ? "of site " : "without a site", known->site,
                     address_text(known->host, host));
    return true;
}

/* What is to be taken down, all of it or nothing. */
static enum exit_code write_down(const struct call *call, const struct report_options *o,
                                 struct store *store)
{
    struct error err;
    if (!store_begin(store, &err))
        return store_failed(call, &err);
    const struct store_acknowledgement known = {.site = o->site != NULL ? o->site : "",
                                                .host = o->ack.value,
                                                .until_day = o->until.value,
                                                .note = o->note != NULL ? o->note : "",
                                                .when_us = call->now_us};
    enum exit_code code = EXIT_DONE;
    if (o->sites_csv != NULL)
        code = sites_csv_read(call, o->sites_csv, store);
    bool good = code != EXIT_DONE ||
                ((!o->ack.given || acknowledge(call, store, &known, &err)) &&
                 (!o->keep.given || let_go(call, o, store, &err)) && store_commit(store, &err));
    store_give_up(store);
    return good ? code : store_failed(call, &err);
}

/* The networks that the latest run which had such an option was told. */
struct told_networks {
    const char *site; /* NULL: of any */
    struct option_prefixes home, exempt;
};

static void take_networks(const json_t *object, const char *key, struct option_prefixes *out)
{
    struct error err;
    size_t at;
    const json_t *item, *list = json_object_get(object, key);
    out->count = 0;
    json_array_foreach(list, at, item)
    {
        const char *text = json_string_value(item);
        if (text != NULL && out->count < OPTION_PREFIXES_MAX &&
            prefix_parse(text, &out->items[out->count], &err))
            out->count++;
    }
}

static bool take_run(void *context, const struct store_run *run)
{
    struct told_networks *told = context;
    if (strcmp(run->verb, "scan") == 0 ||
        (told->site != NULL && strcmp(told->site, run->site) != 0))
        return true;
    json_t *settings = json_loads(run->settings, 0, NULL);
    take_networks(settings, "home", &told->home);
    take_networks(settings, "exempt", &told->exempt);
    json_decref(settings);
    return true;
}

static enum exit_code exit_of(const struct hunt_outcome *outcome)
{
    if (outcome->write_failed)
        return EXIT_FAILED;
    if (outcome->infected_home > 0)
        return EXIT_INFECTED;
    return outcome->complete ? EXIT_DONE : EXIT_INCOMPLETE;
}

static enum exit_code report_into_outputs(const struct call *call, const struct report_options *o,
                                          struct store *store,
                                          const struct store_report_settings *settings)
{
    static const struct option_texts none = {0};
    struct outputs out;
    struct error err;
    struct hunt_outcome outcome;
    struct store_report *report = store_report_read(store, settings, &err);
    if (report == NULL)
        return store_failed(call, &err);
    enum exit_code code = outputs_open(&out, call, &o->output, &none);
    if (code == EXIT_DONE) {
        store_report_tell(report, out.reports, out.report_count, &outcome);
        code = exit_of(&outcome);
    }
    store_report_free(report);
    return outputs_close(&out) ? code : EXIT_FAILED;
}

static enum exit_code report_store(const struct call *call, const struct report_options *o,
                                   struct store *store, struct told_networks *told)
{
    struct error err;
    told->site = o->site;
    if (!store_runs_each(store, take_run, told, &err))
        return store_failed(call, &err);
    const struct hunting_options hunting = {.home = o->home.count > 0 ? o->home : told->home,
                                            .exempt = o->exempt.count > 0 ? o->exempt
                                                                          : told->exempt};
    struct store_report_settings settings = {.hunt = hunting_settings(&hunting),
                                             .site = o->site,
                                             .since_day = o->since.given ? o->since.value
                                                                         : INT32_MIN,
                                             .today = day_of(call->now_us),
                                             .now_us = running_now_us};
    enum exit_code code = EXIT_DONE;
    if (o->diff != NULL)
        code = run_names_read(call, store, o->site, o->diff, &settings.before, &settings.after);
    return code == EXIT_DONE ? report_into_outputs(call, o, store, &settings) : code;
}

static enum exit_code run_report(const struct call *call)
{
    const struct report_options *o = call->settings;
    struct error err;
    if (call->words.operand_count != 1)
        return call_is_wrong(call, "name one store, which --store of hunt, scan, watch or merge "
                                   "wrote");
    if (o->ack.given != o->until.given)
        return call_is_wrong(call, "--ack HOST needs --until DATE, and --until needs --ack");
    if (o->note != NULL && !o->ack.given)
        return call_is_wrong(call, "--note is said of a host: --ack HOST");
    if (o->diff != NULL && o->output.key_file != NULL)
        return call_is_wrong(call, "--anonymise tells of hosts, not of what changed: leave out "
                                   "--diff");
    bool writes = o->ack.given || o->keep.given || o->sites_csv != NULL;
    const char *path = call->words.operands[0];
    /* Only a run makes a store: of a name that is wrong none comes into being. */
    struct store *store = store_open(path, STORE_READ, &err);
    if (store != NULL && writes) {
        store_close(store);
        store = store_open(path, STORE_WRITE, &err);
    }
    if (store == NULL) {
        console_complain(call->console, "store %s", err.text);
        return EXIT_FAILED;
    }
    enum exit_code code = writes ? write_down(call, o, store) : EXIT_DONE;
    struct told_networks *told = calloc(1, sizeof *told);
    if (told == NULL)
        code = EXIT_FAILED;
    if (code == EXIT_DONE)
        code = report_store(call, o, store, told);
    free(told);
    store_close(store);
    return code;
}

const struct verb verb_report = {
    .name = "report",
    .usage = "[OPTIONS] STORE",
    .summary = "render what a store keeps: one verdict a host, from all hunts and scans",
    .about =
        "Reads the store that --store of hunt, scan, watch and merge wrote, and judges every host "
        "anew by all of its evidence: what was seen of it, and what it answered. An input that was "
        "read twice counts once; the same address at two sites is two hosts. A clean answer does "
        "not take evidence back: --since judges by what is younger.\n"
        "--diff tells apart who is new, still infected, cured (clean by a later answer, or seen "
        "again without a sign) and no longer seen. --ack shows a host apart until a day. What the "
        "store holds is in docs/store.md.\n"
        "Exit: 1 infected home hosts that nobody acknowledged; 0 none; 3 none, but a run was cut "
        "short or its input damaged; 4 the store could not be read, or not all be written; 2 wrong "
        "usage.\n",
    .examples =
        "wormsign hunt --store ward.db /captures/monday\n"
        "wormsign scan --store ward.db 10.9.0.0/24\n"
        "wormsign report ward.db\n"
        "wormsign report --diff last-1..last --json ward.db\n"
        "wormsign report --ack 10.9.3.33 --until 2026-12-24 --note 'being rebuilt' ward.db\n",
    .settings_size = sizeof(struct report_options),
    .options = {report_rows, COUNT_OF(report_rows), false},
    .run = run_report,
};
