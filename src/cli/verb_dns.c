/* `wormsign dns`: the look-ups behind a verdict, one line each, of archives and captures alike. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "base/time.h"
#include "base/writer.h"
#include "cli/dns_fields.h"
#include "cli/inputs.h"
#include "cli/selecting.h"
#include "cli/verbs.h"
#include "engine/dns_lookups.h"
#include "observe/flow_record.h"
#include "observe/packet.h"

enum { DNS_PORT = 53 };

struct dns_options {
    struct common_settings common;
    struct input_options inputs;
    struct selecting_options selecting;
    struct option_texts fields;
    struct option_number digits, count, stats_every;
    const char *separator;
    bool epoch, numbers, json, marked, titles;
};

static const struct option dns_rows[] = {
    INPUT_ROWS(struct dns_options, inputs),
    SELECTING_LIST_ROWS(struct dns_options, selecting),
    {.short_name = "e",
     .value = "REGEX",
     .help = "keep look-ups of names that this matches, as Perl's regular expressions; repeated, "
             "all must",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct dns_options, selecting.patterns)},
    {.short_name = "i",
     .help = "of -e: ignore the case of letters (names are lower case here)",
     .kind = OPTION_FLAG,
     .into = offsetof(struct dns_options, selecting.ignores_case)},
    {.short_name = "s",
     .value = "FIELDS",
     .help = "print these columns, name:width each: time client sport server dport proto id name "
             "type code addresses mark answered delay tries",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct dns_options, fields)},
    {.short_name = "c",
     .value = "CHAR",
     .help = "put this character between columns instead of aligning them, and print no titles",
     .kind = OPTION_TEXT,
     .into = offsetof(struct dns_options, separator)},
    {.name = "titles",
     .help = "with -c: print the line of titles all the same",
     .kind = OPTION_FLAG,
     .into = offsetof(struct dns_options, titles)},
    {.short_name = "u",
     .help = "print times as seconds since 1970",
     .kind = OPTION_FLAG,
     .into = offsetof(struct dns_options, epoch)},
    {.short_name = "p",
     .value = "DIGITS",
     .help = "print this many digits of the fraction of a second (6)",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct dns_options, digits),
     .least = 0,
     .most = 6},
    {.short_name = "n",
     .help = "print types, codes and protocols as numbers",
     .kind = OPTION_FLAG,
     .into = offsetof(struct dns_options, numbers)},
    {.short_name = "N",
     .value = "COUNT",
     .help = "print this many look-ups at most",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct dns_options, count),
     .least = 1,
     .most = INT64_MAX},
    {.name = "marked",
     .help = "print only look-ups of names that the worm makes",
     .kind = OPTION_FLAG,
     .into = offsetof(struct dns_options, marked)},
    {.name = "json",
     .help = "a JSON object a line",
     .kind = OPTION_FLAG,
     .into = offsetof(struct dns_options, json)},
    {.name = "stats-every",
     .value = "TIME",
     .help = "say on stderr how far it is, this often",
     .kind = OPTION_DURATION,
     .into = offsetof(struct dns_options, stats_every),
     .least = 1,
     .most = 86400},
};

/* One run: the sink that the sources pour into, and what is printed. */
struct dns_run {
    struct sink sink; /* first: a sink is given back as the whole */
    const struct dns_options *options;
    struct console *console;
    struct dns_columns columns;
    struct dns_lookups *lookups;
    struct reading reading;
    struct selection flows; /* asked of flows: filter and lists */
    struct selection names; /* asked of names: patterns */
    bool selects_flows;     /* else all are wanted */
    bool has_records;       /* this input showed flow records: they were judged */
    bool filter_refused;    /* the filter asks what packets cannot tell */
    bool has_titles, no_memory;
    struct fast_text line;
    uint64_t printed, given_up;
};

static struct dns_run *run_of(struct sink *self)
{
    return (struct dns_run *)self; /* reader: no bytes, our own struct */
}

static json_t *json_foreign(const char *bytes, size_t length)
{
    char text[4 * DNS_NAME_MAX + 1];
    struct text safe = text_over(text, sizeof text);
    text_add_escaped(&safe, bytes, length);
    return json_string(length > 0 ? text : ".");
}

static json_t *json_time(int64_t when_us)
{
    char text[TIME_TEXT_SIZE];
    return json_string(time_text(when_us, text));
}

static json_t *json_marks(const struct lookup *k)
{
    json_t *marks = json_array();
    for (unsigned i = 0; i < k->mark_count; i++) {
        const struct lookup_mark *m = &k->marks[i];
        static const char *const variants[NAME_LISTS][2] = {{"A", NULL}, {"B", "C"}, {"D", "E"}};
        char date[DATE_TEXT_SIZE];
        json_t *letters = json_array();
        for (unsigned v = 0; v < COUNT_OF(variants[0]) && variants[m->list][v] != NULL; v++)
            (void)json_array_append_new(letters, json_string(variants[m->list][v]));
        (void)json_array_append_new(
            marks, json_pack("{s:o, s:s, s:i, s:I}", "variants", letters, "date",
                             date_text(day_of(k->when_us) + m->offset, date), "offset", m->offset,
                             "position", (json_int_t)m->position));
    }
    return marks;
}

static void add_answer(json_t *line, const struct lookup *k)
{
    json_t *addresses = json_array();
    char text[ADDRESS_TEXT_SIZE];
    const char *code = dns_code_name(k->rcode);
    (void)json_object_set_new(line, "answer_time", json_time(k->answer_us));
    (void)json_object_set_new(line, "code",
                              code != NULL ? json_string(code) : json_sprintf("%u", k->rcode));
    for (unsigned i = 0; i < k->address_count; i++)
        (void)json_array_append_new(addresses, json_string(address_text(k->addresses[i], text)));
    (void)json_object_set_new(line, "addresses", addresses);
}

static json_t *json_line(const struct lookup *k)
{
    char client[ADDRESS_TEXT_SIZE], server[ADDRESS_TEXT_SIZE];
    const char *type = dns_type_name(k->type);
    json_t *line = json_pack(
        "{s:s, s:i, s:o, s:s, s:i, s:s, s:i, s:s, s:i, s:o, s:o, s:b, s:I, s:b}", "type", "lookup",
        "schema", 1, "time", json_time(k->when_us), "client",
        address_text(k->client.address, client), "client_port", (int)k->client.port, "server",
        address_text(k->server.address, server), "server_port", (int)k->server.port, "proto",
        k->protocol == IP_TCP ? "tcp" : "udp", "id", (int)k->id, "name",
        json_foreign(k->name, k->name_length), "query",
        type != NULL ? json_string(type) : json_sprintf("TYPE%u", k->type), "asked", (int)k->asked,
        "tries", (json_int_t)k->tries, "answered", (int)(k->answer_us != TIME_NONE));
    if (line == NULL)
        return NULL;
    if (k->answer_us != TIME_NONE)
        add_answer(line, k);
    if (k->cut)
        (void)json_object_set_new(line, "cut", json_true());
    (void)json_object_set_new(line, "marks", json_marks(k));
    return line;
}

static bool write_line(struct dns_run *run)
{
    run->no_memory |= run->line.failed;
    return !run->line.failed && console_write(run->console, run->line.start, run->line.used);
}

static bool print_titles(struct dns_run *run)
{
    const struct dns_options *o = run->options;
    bool are_shown = !o->json && (o->separator == NULL || o->titles) && !run->has_titles;
    run->has_titles = true;
    run->line.used = 0;
    if (are_shown)
        dns_columns_title(&run->columns, &run->line);
    return !are_shown || write_line(run);
}

static bool print_line(struct dns_run *run, const struct lookup *k)
{
    if (run->options->json)
        return console_json(run->console, json_line(k));
    if (!run->has_titles && !print_titles(run))
        return false;
    run->line.used = 0;
    dns_columns_write(&run->columns, k, &run->line);
    return write_line(run);
}

/* A pattern looks at the name as at what the client says. */
static bool is_name_wanted(struct dns_run *run, const struct lookup *k)
{
    struct flow_record record = {.kind = FLOW_IPV4};
    bool given_up = false;
    if (run->names.patterns == NULL)
        return true;
    record.side[0].data = reader_over(k->name, k->name_length);
    record.side[0].data_present = true;
    bool holds = selection_holds(&run->names, &record, &given_up);
    run->given_up += given_up;
    return holds;
}

static void give(void *context, const struct lookup *k)
{
    struct dns_run *run = context;
    if (run->reading.enough || (run->options->marked && k->mark_count == 0) ||
        !is_name_wanted(run, k))
        return;
    bool good = print_line(run, k);
    run->printed++;
    bool is_last = run->options->count.given && run->printed == (uint64_t)run->options->count.value;
    run->reading.enough = !good || is_last;
}

static bool is_picked(struct dns_run *run, const struct observation *seen)
{
    bool given_up;
    if (!run->selects_flows || run->has_records)
        return true;
    if (run->flows.filter != NULL && filter_needs(run->flows.filter, NULL) != 0) {
        run->filter_refused = run->reading.enough = true;
        return false;
    }
    struct flow_record record = flow_record_of(seen);
    return selection_holds(&run->flows, &record, &given_up);
}

static void take(struct sink *self, const struct observation *seen)
{
    struct dns_run *run = run_of(self);
    if (seen->kind == OBSERVED_DNS && is_picked(run, seen))
        dns_lookups_take(run->lookups, seen);
}

static bool takes_record(struct sink *self, const struct flow_record *record)
{
    struct dns_run *run = run_of(self);
    bool given_up;
    run->has_records = true;
    return selection_holds(&run->flows, record, &given_up);
}

static void input_ended(struct sink *self, const char *input)
{
    struct dns_run *run = run_of(self);
    (void)input;
    dns_lookups_end(run->lookups);
    run->has_records = false;
}

static enum exit_code read_columns(const struct call *call, struct dns_columns *out)
{
    enum { DIGITS_USUAL = 6 };
    const struct dns_options *o = call->settings;
    struct error err;
    *out = (struct dns_columns){.epoch = o->epoch,
                                .numbers = o->numbers,
                                .digits = o->digits.given ? (unsigned)o->digits.value
                                                          : DIGITS_USUAL};
    bool is_of_text = o->separator != NULL || o->fields.count > 0 || o->epoch || o->numbers ||
                      o->digits.given;
    if (o->json && is_of_text)
        return call_is_wrong(call, "-s, -c, -u, -p and -n are of text: --json prints every field");
    enum exit_code code = call_separator(call, o->separator, &out->separator);
    if (code != EXIT_DONE)
        return code;
    for (size_t i = 0; i < o->fields.count; i++)
        if (!dns_columns_add(out, o->fields.items[i], &err))
            return call_is_wrong(call, "-s: %s", err.text);
    if (out->count == 0)
        dns_columns_usual(out);
    return EXIT_DONE;
}

/* What the lines do not show. */
static enum exit_code say_notes(const struct dns_run *run)
{
    const struct dns_lookups_counts *c = dns_lookups_counts(run->lookups);
    const struct source_counts *s = &run->reading.counts;
    uint64_t let_go = s->heads_let_go + s->fragments_let_go + s->flows_let_go;
    if (c->out_of_order > 0)
        console_note(run->console,
                     "%" PRIu64 " look-up%s out of order: more than %d were under way at once",
                     c->out_of_order, plural(c->out_of_order), LOOKUPS_HELD);
    if (c->cut > 0)
        console_note(run->console, "%" PRIu64 " look-up%s cut by the capture or the sensor", c->cut,
                     plural(c->cut));
    if (s->dns_damaged > 0)
        console_note(run->console,
                     "%" PRIu64 " message%s on port 53 could not be read, so nothing is shown of "
                     "%s",
                     s->dns_damaged, plural(s->dns_damaged), s->dns_damaged == 1 ? "it" : "them");
    if (s->archives_without_data > 0)
        console_note(run->console,
                     "%" PRIu64 " archive%s without user data, so without look-ups: `argus -U 512` "
                     "keeps them",
                     s->archives_without_data, plural(s->archives_without_data));
    if (c->without_list > 0)
        console_complain(run->console, "no memory for the worm's lists of some days");
    if (let_go > 0)
        console_complain(run->console,
                         "%" PRIu64 " flows, streams or fragments were let go for want of room, so "
                         "look-ups may be missing",
                         let_go);
    return let_go + c->without_list > 0 ? EXIT_INCOMPLETE : EXIT_DONE;
}

static enum exit_code read_all(const struct call *call, struct dns_run *run)
{
    const struct dns_options *o = run->options;
    enum exit_code code = inputs_read(call, &o->inputs, o->stats_every.value, &run->reading);
    if (run->filter_refused) {
        const char *word = NULL;
        (void)filter_needs(run->flows.filter, &word);
        return call_is_wrong(call,
                             "filter: '%s' asks of a whole flow what packets do not tell; of "
                             "captures, ask for protocol, addresses and ports",
                             word != NULL ? word : "it");
    }
    if (!run->has_titles)
        (void)print_titles(run);
    code = exit_graver(code, say_notes(run));
    code = exit_graver(code, selecting_end(call, &run->names, run->given_up));
    if (run->no_memory)
        console_complain(call->console, "no memory for a line");
    return run->no_memory || run->console->write_error != 0 ? EXIT_FAILED : code;
}

static enum exit_code read_selected(const struct call *call, struct dns_run *run,
                                    const struct selection *all)
{
    run->flows = *all;
    run->flows.patterns = NULL;
    run->names = (struct selection){.patterns = all->patterns};
    run->selects_flows = all->filter != NULL || all->only != NULL || all->without != NULL;
    run->sink = sink_of_nothing;
    run->sink.take = take;
    run->sink.takes_record = run->selects_flows ? takes_record : NULL;
    run->reading = (struct reading){
        .settings = {.only_port = DNS_PORT}, .sink = &run->sink, .ended = input_ended};
    run->lookups = dns_lookups_new(give, run);
    if (run->lookups == NULL) {
        console_complain(call->console, "no memory");
        return EXIT_FAILED;
    }
    enum exit_code code = read_all(call, run);
    dns_lookups_free(run->lookups);
    fast_text_free(&run->line);
    return code;
}

static enum exit_code run_dns(const struct call *call)
{
    struct selection selection;
    struct dns_run run = {.options = call->settings, .console = call->console};
    enum exit_code code = inputs_check(call, &run.options->inputs);
    if (code == EXIT_DONE)
        code = read_columns(call, &run.columns);
    if (code != EXIT_DONE)
        return code;
    code = selecting_begin(call, &run.options->selecting, &run.options->inputs, &selection);
    if (code == EXIT_DONE)
        code = read_selected(call, &run, &selection);
    selecting_free(&selection);
    return code;
}

const struct verb verb_dns = {
    .name = "dns",
    .usage = "[OPTIONS] PATH... [- FILTER]",
    .summary = "the look-ups in captures and archives, a line each; names that the worm makes are "
               "marked",
    .about =
        "Reads capture files and Argus archives as `hunt` does, and prints each DNS look-up on "
        "a line: question and answer together, in the order of the questions. Of archives it "
        "reads user data, so the sensor must keep some (argus -U 512).\n"
        "The code is what the server answered, or `unanswered`; `+cut` where the capture or "
        "the sensor kept less than all of a message. The mark names the variant whose list "
        "holds the name, and of which UTC day the list is: today (the question's), -1 or +1.\n"
        "Behind a lone - stands a filter, as for `flows`; of captures it can ask for protocol, "
        "addresses and ports.\n"
        "Exit: 0 done; 3 input was damaged or the run cut short; 4 nothing could be opened or "
        "not all be written; 2 wrong usage.\n",
    .examples = "wormsign dns --marked samples/outbreak.pcap.gz\n"
                "wormsign dns -R /argus/2009/04 - src net 10.9.0.0/16\n"
                "wormsign dns -u -c ',' -s time,client,name,code samples/argus/dns.pcap\n"
                "wormsign dns --json -N 100 samples/argus/v3/dns.argus\n",
    .settings_size = sizeof(struct dns_options),
    .options = {dns_rows, COUNT_OF(dns_rows), true},
    .run = run_dns,
};
