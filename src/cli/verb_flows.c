/* `wormsign flows`: prints the flow records behind a verdict, as ra, racluster and rafilteraddr do
 * for whoever hunts by hand. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "cli/inputs.h"
#include "cli/selecting.h"
#include "cli/suggest.h"
#include "cli/verbs.h"
#include "engine/listing.h"

enum { FIELD_NAME_SIZE = 48 };

struct flows_options {
    struct common_settings common;
    struct input_options inputs;
    struct selecting_options selecting;
    struct option_texts fields, keys, order;
    const char *separator;
    bool titles;
    struct option_number digits, most, stats_every;
    bool numbers, epoch, hex, json;
};

static const struct option flows_rows[] = {
    INPUT_ROWS(struct flows_options, inputs),
    SELECTING_ROWS(struct flows_options, selecting),
    {.short_name = "s",
     .value = "FIELDS",
     .help = "the fields to print, with commas between, each with :WIDTH if wanted; +FIELD adds to "
             "the usual ones, -FIELD takes one out; can be repeated",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct flows_options, fields)},
    {.short_name = "m",
     .value = "KEYS",
     .help = "put records together that have these in common: saddr, daddr (also as saddr/24), "
             "proto, sport, dport; sums, first and last time, and trans, how many there were",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct flows_options, keys)},
    {.name = "sort",
     .value = "FIELD",
     .help = "sort by this field, by -FIELD downwards; can be repeated, the first decides",
     .kind = OPTION_TEXTS,
     .into = offsetof(struct flows_options, order)},
    {.short_name = "N",
     .value = "COUNT",
     .help = "print so many lines at most",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct flows_options, most),
     .least = 1,
     .most = INT64_MAX},
    {.short_name = "c",
     .value = "CHAR",
     .help = "put this character between the fields (\\t: a tab), instead of columns with titles",
     .kind = OPTION_TEXT,
     .into = offsetof(struct flows_options, separator)},
    {.name = "titles",
     .help = "with -c: print the line of titles all the same",
     .kind = OPTION_FLAG,
     .into = offsetof(struct flows_options, titles)},
    {.short_name = "n",
     .help = "print ports as numbers",
     .kind = OPTION_FLAG,
     .into = offsetof(struct flows_options, numbers)},
    {.short_name = "u",
     .help = "print times as seconds since 1970",
     .kind = OPTION_FLAG,
     .into = offsetof(struct flows_options, epoch)},
    {.short_name = "p",
     .value = "DIGITS",
     .help = "decimals of seconds and rates (default: 6)",
     .kind = OPTION_NUMBER,
     .into = offsetof(struct flows_options, digits),
     .least = 0,
     .most = FLOW_DECIMALS_MAX},
    {.name = "hex",
     .help = "print user data in hexadecimal digits, instead of escaped text",
     .kind = OPTION_FLAG,
     .into = offsetof(struct flows_options, hex)},
    {.name = "json",
     .help = "a JSON object a line",
     .kind = OPTION_FLAG,
     .into = offsetof(struct flows_options, json)},
    {.name = "stats-every",
     .value = "TIME",
     .help = "say on stderr how far it is, this often",
     .kind = OPTION_DURATION,
     .into = offsetof(struct flows_options, stats_every),
     .least = 1,
     .most = 86400},
};

/* Says that there is no such field, with the nearest one. */
static enum exit_code field_is_unknown(const struct call *call, const char *option,
                                       const char *name)
{
    struct suggestion s = suggest_for(name);
    for (size_t i = 0; i < flow_field_count; i++)
        suggest_offer(&s, flow_fields[i].name);
    if (s.nearest != NULL)
        return call_is_wrong(call, "%s: there is no field '%s'; did you mean %s?", option, name,
                             s.nearest);
    return call_is_wrong(call, "%s: there is no field '%s'; 'wormsign list fields' has them",
                         option, name);
}

static enum exit_code choose_fields(const struct call *call, const struct flows_options *o,
                                    struct flow_layout *layout)
{
    char unknown[FIELD_NAME_SIZE];
    struct error err;
    for (size_t i = 0; i < o->fields.count; i++) {
        if (flow_layout_choose(layout, o->fields.items[i], i == 0, unknown, sizeof unknown, &err))
            continue;
        return unknown[0] != '\0' ? field_is_unknown(call, "-s", unknown)
                                  : call_is_wrong(call, "-s: %s", err.text);
    }
    return EXIT_DONE;
}

static enum exit_code choose_separator(const struct call *call, const struct flows_options *o,
                                       struct flow_layout *layout)
{
    if (o->json && o->separator != NULL)
        return call_is_wrong(call, "-c is of text, not of --json");
    layout->titles = o->titles;
    return call_separator(call, o->separator, &layout->separator);
}

static enum exit_code add_order(const struct call *call, const char *word, size_t length,
                                struct flows_order *order)
{
    char name[FIELD_NAME_SIZE];
    bool downwards = word[0] == '-';
    (void)snprintf(name, sizeof name, "%.*s", (int)(length - downwards), word + downwards);
    const struct flow_field *field = flow_field_named(name, strlen(name));
    if (field == NULL)
        return field_is_unknown(call, "--sort", name);
    if (order->count == FLOWS_ORDER_MAX)
        return call_is_wrong(call, "--sort takes at most %d fields", FLOWS_ORDER_MAX);
    order->fields[order->count] = field;
    order->downwards[order->count++] = downwards;
    return EXIT_DONE;
}

static enum exit_code choose_order(const struct call *call, const struct flows_options *o,
                                   struct flows_order *order)
{
    static const char between[] = ", \t";
    for (size_t i = 0; i < o->order.count; i++) {
        const char *text = o->order.items[i];
        for (text += strspn(text, between); *text != '\0'; text += strspn(text, between)) {
            size_t length = strcspn(text, between);
            enum exit_code code = add_order(call, text, length, order);
            if (code != EXIT_DONE)
                return code;
            text += length;
        }
    }
    return EXIT_DONE;
}

static enum exit_code choose_keys(const struct call *call, const struct flows_options *o,
                                  struct merge_keys *keys)
{
    struct error err;
    for (size_t i = 0; i < o->keys.count; i++)
        if (!merge_keys_add(keys, o->keys.items[i], &err))
            return call_is_wrong(call, "-m: %s", err.text);
    return EXIT_DONE;
}

static enum exit_code choose(const struct call *call, const struct flows_options *o,
                             struct listing_settings *out)
{
    flow_layout_default(&out->layout, o->json);
    out->layout.numbers = o->numbers;
    out->layout.seconds_alone = o->epoch;
    out->layout.hex = o->hex;
    if (o->digits.given)
        out->layout.decimals = (unsigned)o->digits.value;
    out->most = o->most.given ? (uint64_t)o->most.value : 0;
    out->groups_max = FLOWS_GROUPS_MAX;
    out->sorted_bytes_max = FLOWS_SORTED_BYTES_MAX;
    enum exit_code code = choose_fields(call, o, &out->layout);
    if (code == EXIT_DONE)
        code = choose_separator(call, o, &out->layout);
    if (code == EXIT_DONE)
        code = choose_order(call, o, &out->order);
    if (code == EXIT_DONE)
        code = choose_keys(call, o, &out->keys);
    return code;
}

static bool write_out(void *context, const char *bytes, size_t size)
{
    return console_write(context, bytes, size);
}

/* What was left out of the result is said, and makes the run incomplete. */
static enum exit_code tell_losses(const struct call *call, const struct listing_counts *counts)
{
    enum exit_code code = EXIT_DONE;
    if (counts->merged_refused > 0) {
        console_complain(call->console,
                         "-m: %" PRIu64 " record%s found no room beside %d groups and %s in no "
                         "sum; filter, or merge by fewer keys",
                         counts->merged_refused, plural(counts->merged_refused), FLOWS_GROUPS_MAX,
                         counts->merged_refused == 1 ? "is" : "are");
        code = EXIT_INCOMPLETE;
    }
    if (counts->sorted_refused > 0) {
        console_complain(call->console,
                         "--sort: %" PRIu64 " line%s found no room in %zu MB and %s not printed; "
                         "filter, or ask for the first -N",
                         counts->sorted_refused, plural(counts->sorted_refused),
                         FLOWS_SORTED_BYTES_MAX >> 20, counts->sorted_refused == 1 ? "is" : "are");
        code = EXIT_INCOMPLETE;
    }
    if (counts->no_memory) {
        console_complain(call->console, "no memory for a line");
        code = EXIT_FAILED;
    }
    if (counts->write_failed)
        code = EXIT_FAILED;
    return code;
}

static enum exit_code list(const struct call *call, const struct flows_options *o,
                           struct listing_settings *settings)
{
    struct error err;
    struct reading reading = {.settings = {.flow_records = true}};
    settings->enough = &reading.enough;
    settings->context = call->console;
    settings->write = write_out;
    struct listing *listing = listing_new(settings, &err);
    if (listing == NULL) {
        console_complain(call->console, "%s", err.text);
        return EXIT_FAILED;
    }
    reading.sink = listing_sink(listing);
    enum exit_code code = inputs_read(call, &o->inputs, o->stats_every.value, &reading);
    listing_end(listing);
    struct listing_counts counts = listing_count(listing);
    listing_free(listing);
    code = exit_graver(code, tell_losses(call, &counts));
    code = exit_graver(code, selecting_end(call, settings->selection, counts.given_up));
    if (o->selecting.patterns.count > 0 && reading.counts.archives_without_data > 0)
        console_note(
            call->console, "-e: no user data in %" PRIu64 " archive%s, so nothing is found there",
            reading.counts.archives_without_data, plural(reading.counts.archives_without_data));
    console_detail(call->console, "%" PRIu64 " records, %" PRIu64 " wanted, %" PRIu64 " lines",
                   counts.seen, counts.matched, counts.printed);
    return code;
}

static enum exit_code run_flows(const struct call *call)
{
    const struct flows_options *o = call->settings;
    struct selection selection;
    struct listing_settings settings = {.selection = &selection};
    enum exit_code code = inputs_check(call, &o->inputs);
    if (code == EXIT_DONE)
        code = choose(call, o, &settings);
    if (code != EXIT_DONE)
        return code;
    code = selecting_begin(call, &o->selecting, &o->inputs, &selection);
    if (code == EXIT_DONE)
        code = list(call, o, &settings);
    selecting_free(&selection);
    return code;
}

const struct verb verb_flows = {
    .name = "flows",
    .usage = "[OPTIONS] PATH... [- FILTER]",
    .summary = "print flow records, filtered, put together or sorted: what stands behind a verdict",
    .about =
        "Reads Argus archives and captures, of which it puts the flows together, and prints a "
        "line for each record that is wanted: by the filter, which stands behind a lone - and is "
        "written as for ra, by lists of addresses (-f, --not-f), by what was said (-e). All must "
        "hold. 'wormsign list fields' names what can be printed and sorted by.\n"
        "The first word of a line of -s saddr is an address, so that the output of one call is a "
        "list for -f of the next.\n"
        "Who began is mended as ra does it. User data are printed as s[N]= and d[N]=, escaped. "
        "Records that the sensor writes about itself are printed only where the filter has the "
        "word man.\n"
        "Exit: 0 done, whether or not anything was found; 3 input was damaged or something had no "
        "room; 4 nothing could be opened or not all be written; 2 wrong usage.\n",
    .examples =
        "wormsign flows -n -m saddr -s saddr,trans --sort -trans day.argus - dst port 445\n"
        "wormsign flows -n -f suspects -e 's:^(GET|PUT) ' day.argus - tcp and not port 80\n"
        "wormsign flows -m saddr -s saddr -c ' ' day.argus - dst port 445 | wormsign flows -n -f - "
        "-s +suser day.argus - port 53\n",
    .settings_size = sizeof(struct flows_options),
    .options = {flows_rows, COUNT_OF(flows_rows), true},
    .run = run_flows,
};
