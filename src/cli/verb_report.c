/* `wormsign report`: renders what a store keeps, and takes down what people say of it. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "base/time.h"
#include "base/writer.h"
#include "cli/hunting.h"
#include "cli/outputs.h"
#include "cli/running.h"
#include "cli/run_list.h"
#include "cli/run_names.h"
#include "cli/sites_csv.h"
#include "cli/verbs.h"
#include "engine/store_keep.h"
#include "engine/store_report.h"
#include "store/store.h"

enum { KEEP_DAYS_MOST = 36500, SITES_TEXT_SIZE = 400 };

struct report_options {
    struct common_settings common;
    struct output_options output;
    struct option_prefixes home, exempt;
    const char *site, *diff, *note, *sites_csv;
    struct option_day since, until;
    struct option_address ack;
    struct option_number keep, forget;
    bool runs, yes;
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
     .help = "let go of evidence that is older than so many days before the latest; where infected "
             "hosts would go with it, only with --yes",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct report_options, keep),
     .least = 1,
     .most = KEEP_DAYS_MOST},
    {.name = "runs",
     .help = "list the runs instead: number, verb, time, site, inputs, and what was wrong",
     .kind = OPTION_FLAG,
     .into = offsetof(struct report_options, runs)},
    {.name = "forget-run",
     .value = "RUN",
     .help = "take this run (its number) out of the store, with all that it alone saw; where it "
             "called hosts infected, only with --yes",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct report_options, forget),
     .least = 1,
     .most = INT64_MAX},
    {.name = "yes",
     .help = "with --keep and --forget-run: let infected hosts go, too",
     .kind = OPTION_FLAG,
     .into = offsetof(struct report_options, yes)},
    OUTPUT_ROWS(struct report_options, output),
};

static enum exit_code store_failed(const struct call *call, const struct error *err)
{
    console_complain(call->console, "store %s: %s", call->words.operands[0], err->text);
    return EXIT_FAILED;
}

/* What a call asks for, as the store has it. */
struct asking {
    const struct call *call;
    const struct report_options *o;
    struct store *store;
    /* With --site NAME: of which runs it is, and whether the list of networks has that name too. */
    const char *run_site; /* NULL: any */
    bool is_listed;
    int32_t keep_day; /* with --keep: the first day that stays */
    bool keeps;       /* there is anything older */
};

/* Sites that runs and the list of networks name. */
struct site_search {
    const char *wanted;
    bool of_run, is_listed;
    struct text names;
};

static void add_site_name(struct site_search *s, const char *name)
{
    if (name[0] == '\0')
        return;
    text_add(&s->names, "%s", s->names.used > 0 ? ", " : "");
    text_add_escaped(&s->names, name, strlen(name));
}

static bool search_site(void *context, const char *site)
{
    struct site_search *s = context;
    s->of_run |= strcmp(site, s->wanted) == 0;
    add_site_name(s, site);
    return true;
}

static bool search_place(void *context, const struct store_place *place)
{
    struct site_search *s = context;
    s->is_listed |= strcmp(place->site, s->wanted) == 0;
    add_site_name(s, place->site);
    return true;
}

/* A site is one of runs that were told it, or one that the list of networks gives to hosts of runs
 * that were told none. */
static enum exit_code find_site(struct asking *a)
{
    struct error err;
    char names[SITES_TEXT_SIZE];
    struct site_search s = {.wanted = a->o->site, .names = text_over(names, sizeof names)};
    if (a->o->site == NULL)
        return EXIT_DONE;
    if (!store_sites_each(a->store, search_site, &s, &err) ||
        !store_places_each(a->store, search_place, &s, &err))
        return store_failed(a->call, &err);
    if (!s.of_run && !s.is_listed)
        return call_is_wrong(a->call, "no run, and no line of --sites-csv, names a site '%s'%s%s",
                             a->o->site, s.names.used > 0 ? ": there are " : "", names);
    a->run_site = s.of_run ? a->o->site : "";
    a->is_listed = s.is_listed;
    return EXIT_DONE;
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

/* Whoever it is to be judged by, without the runs of --diff. */
static bool settings_of(const struct asking *a, struct told_networks *told,
                        struct store_report_settings *out, struct error *err)
{
    const struct report_options *o = a->o;
    memset(told, 0, sizeof *told);
    told->site = a->run_site;
    if (!store_runs_each(a->store, take_run, told, err))
        return false;
    if (o->home.count > 0)
        told->home = o->home;
    if (o->exempt.count > 0)
        told->exempt = o->exempt;
    const struct hunting_options hunting = {.home = told->home, .exempt = told->exempt};
    *out = (struct store_report_settings){.hunt = hunting_settings(&hunting),
                                          .site = o->site,
                                          .site_is_listed = a->is_listed,
                                          .since_day = o->since.given ? o->since.value : INT32_MIN,
                                          .today = day_of(a->call->now_us),
                                          .now_us = running_now_us};
    /* They are in *told, which outlives this. */
    out->hunt.home = told->home.count > 0 ? told->home.items : NULL;
    out->hunt.home_count = told->home.count;
    out->hunt.exempt = told->exempt.items;
    out->hunt.exempt_count = told->exempt.count;
    return true;
}

/* Says what --keep lets go of, and refuses where that are infected hosts. */
static enum exit_code weigh_keep(struct asking *a, struct told_networks *told)
{
    struct error err;
    struct store_report_settings settings;
    struct store_loss loss;
    char date[DATE_TEXT_SIZE];
    int32_t latest;
    /* A day beyond tomorrow is of a clock that was wrong, and makes nothing old. */
    if (!store_latest_day(a->store, day_of(a->call->now_us) + 1, &a->keeps, &latest, &err))
        return store_failed(a->call, &err);
    if (!a->keeps)
        return EXIT_DONE;
    a->keep_day = latest - (int32_t)a->o->keep.value + 1;
    bool good = settings_of(a, told, &settings, &err);
    settings.site = NULL; /* it goes at all sites */
    if (!good || !store_loss_before(a->store, &settings, a->keep_day, &loss, &err))
        return store_failed(a->call, &err);
    (void)date_text(a->keep_day, date);
    if (loss.infected > 0 && !a->o->yes)
        return call_is_wrong(a->call,
                             "--keep %lld would let go of all before %s, and with it of %llu "
                             "infected host%s (%s): say --yes where that is meant",
                             (long long)a->o->keep.value, date, (unsigned long long)loss.infected,
                             plural(loss.infected), loss.names);
    console_note(a->call->console,
                 "--keep %lld lets go of all before %s: %llu host%s on %llu day%s, of which %llu "
                 "%s infected by it",
                 (long long)a->o->keep.value, date, (unsigned long long)loss.hosts,
                 plural(loss.hosts), (unsigned long long)loss.days, plural(loss.days),
                 (unsigned long long)loss.infected, loss.infected == 1 ? "is" : "are");
    return EXIT_DONE;
}

struct run_search {
    int64_t number;
    bool found;
};

static bool search_run(void *context, const struct store_run *run)
{
    struct run_search *s = context;
    s->found |= run->number == s->number;
    return true;
}

static enum exit_code weigh_forget(const struct asking *a)
{
    struct error err;
    char number[32];
    uint64_t inputs, infected;
    struct run_search s = {.number = a->o->forget.value};
    if (!store_runs_each(a->store, search_run, &s, &err) ||
        !store_run_counts(a->store, s.number, &inputs, &infected, &err))
        return store_failed(a->call, &err);
    struct text text = text_over(number, sizeof number);
    text_add(&text, "%lld", (long long)s.number);
    if (!s.found)
        return run_is_unknown(a->call, a->store, NULL, number);
    if (infected > 0 && !a->o->yes)
        return call_is_wrong(a->call,
                             "run %s called %llu host%s infected: say --yes where it is to be "
                             "forgotten all the same",
                             number, (unsigned long long)infected, plural(infected));
    console_note(a->call->console, "run %s is forgotten, with what no other run saw", number);
    return EXIT_DONE;
}

/* A site of the list of networks has hosts of runs that were told none; a name can be both. */
static bool site_of_host(const struct asking *a, const char **site, bool *is_known,
                         struct error *err)
{
    *site = a->run_site != NULL ? a->run_site : "";
    if (!store_host_is_known(a->store, *site, a->o->ack.value, is_known, err))
        return false;
    bool may_be_listed = !*is_known && a->is_listed && **site != '\0';
    if (!may_be_listed || !store_host_is_known(a->store, "", a->o->ack.value, is_known, err))
        return !may_be_listed;
    *site = *is_known ? "" : *site;
    return true;
}

/* A host of another site, or a wrong address, is acknowledged in vain: that is said. */
static bool acknowledge(const struct asking *a, struct error *err)
{
    const struct report_options *o = a->o;
    struct console *console = a->call->console;
    struct store_acknowledgement known = {.host = o->ack.value,
                                          .until_day = o->until.value,
                                          .note = o->note != NULL ? o->note : "",
                                          .when_us = a->call->now_us};
    char host[ADDRESS_TEXT_SIZE], date[DATE_TEXT_SIZE];
    bool is_known;
    if (!site_of_host(a, &known.site, &is_known, err) || !store_acknowledge(a->store, &known, err))
        return false;
    (void)address_text(known.host, host);
    (void)date_text(known.until_day, date);
    if (!is_known)
        console_note(console, "no run %s%s has said anything of %s so far",
                     known.site[0] != '\0' ? "of site " : "without a site", known.site, host);
    if (known.until_day < day_of(a->call->now_us))
        console_note(console, "%s is past: no acknowledgement of %s holds any more, and it counts",
                     date, host);
    else
        console_note(console, "%s is acknowledged until %s: shown apart, and in no count", host,
                     date);
    return true;
}

static bool write_rest(const struct asking *a, struct error *err)
{
    return (!a->o->ack.given || acknowledge(a, err)) &&
           (!a->o->forget.given || store_run_forget(a->store, a->o->forget.value, err)) &&
           (!a->keeps || store_keep_from(a->store, a->keep_day, err)) &&
           store_commit(a->store, err);
}

/* What is to be taken down, all of it or nothing. What would go is weighed within: nobody can add
 * to it in between. */
static enum exit_code write_down(struct asking *a, struct told_networks *told)
{
    struct error err;
    if (!store_begin(a->store, &err))
        return store_failed(a->call, &err);
    enum exit_code code = a->o->keep.given ? weigh_keep(a, told) : EXIT_DONE;
    if (code == EXIT_DONE && a->o->forget.given)
        code = weigh_forget(a);
    if (code == EXIT_DONE && a->o->sites_csv != NULL)
        code = sites_csv_read(a->call, a->o->sites_csv, a->store);
    if (code == EXIT_DONE)
        code = find_site(a);
    bool good = code != EXIT_DONE || write_rest(a, &err);
    store_give_up(a->store);
    return good ? code : store_failed(a->call, &err);
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

static enum exit_code report_store(struct asking *a, struct told_networks *told)
{
    struct error err;
    struct store_report_settings settings;
    const struct report_options *o = a->o;
    enum exit_code code = find_site(a);
    if (code != EXIT_DONE)
        return code;
    if (o->runs)
        return run_list_print(a->call, a->store, a->run_site, o->output.json);
    if (!settings_of(a, told, &settings, &err))
        return store_failed(a->call, &err);
    if (o->diff != NULL)
        code = run_names_read(a->call, a->store, a->run_site, o->diff, &settings.before,
                              &settings.after);
    return code == EXIT_DONE ? report_into_outputs(a->call, o, a->store, &settings) : code;
}

/* What does not go together, or lacks its other half; NULL: nothing. */
static const char *wrong_options(const struct report_options *o)
{
    if (o->ack.given != o->until.given)
        return "--ack HOST needs --until DATE, and --until needs --ack";
    if (o->note != NULL && !o->ack.given)
        return "--note is said of a host: --ack HOST";
    if (o->diff != NULL && o->output.key_file != NULL)
        return "--anonymise tells of hosts, not of what changed: leave out --diff";
    if (o->runs && o->diff != NULL)
        return "--runs lists runs in place of a report: leave out --diff";
    if (o->yes && !o->keep.given && !o->forget.given)
        return "--yes is said of --keep or --forget-run";
    return NULL;
}

/* Only a run makes a store: of a name that is wrong none comes into being. */
static struct store *open_store(const struct call *call, bool writes)
{
    struct error err;
    const char *path = call->words.operands[0];
    struct store *store = store_open(path, STORE_READ, &err);
    if (store != NULL && writes) {
        store_close(store);
        store = store_open(path, STORE_WRITE, &err);
    }
    if (store == NULL)
        console_complain(call->console, "store %s", err.text);
    return store;
}

static enum exit_code run_report(const struct call *call)
{
    const struct report_options *o = call->settings;
    if (call->words.operand_count == 0 && o->diff != NULL && strstr(o->diff, "..") == NULL)
        return call_is_wrong(call,
                             "--diff takes two runs in front of the store, as in "
                             "--diff last-1..last %s",
                             o->diff);
    if (call->words.operand_count != 1)
        return call_is_wrong(call, "name one store, which --store of hunt, scan, watch or merge "
                                   "wrote");
    const char *wrong = wrong_options(o);
    if (wrong != NULL)
        return call_is_wrong(call, "%s", wrong);
    bool writes = o->ack.given || o->keep.given || o->forget.given || o->sites_csv != NULL;
    struct store *store = open_store(call, writes);
    struct told_networks *told = calloc(1, sizeof *told);
    struct asking asking = {.call = call, .o = o, .store = store};
    enum exit_code code = EXIT_FAILED;
    if (store != NULL && told != NULL) {
        code = writes ? write_down(&asking, told) : EXIT_DONE;
        if (code == EXIT_DONE)
            code = report_store(&asking, told);
    }
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
        "on a later day without a sign) and no longer seen. --ack shows a host apart until a day. "
        "What the "
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
