/* `wormsign list`: what this build has of each kind, as id and claim, from the tables themselves.
 *
 * A list is one function that calls print_item for each row of its table. */
#include <jansson.h>
#include <string.h>

#include "cli/suggest.h"
#include "cli/verbs.h"
#include "detect/detector.h"
#include "report/flow_fields.h"
#include "report/report.h"
#include "scan/probe.h"
#include "source/source.h"

struct list_settings {
    struct common_settings common;
    bool json;
};

static const struct option list_options[] = {
    {.name = "json",
     .help = "a JSON object a line",
     .kind = OPTION_FLAG,
     .into = offsetof(struct list_settings, json)},
};

/* One list while it is printed. */
struct listing {
    struct console *console;
    bool json;
    const char *kind; /* "detector" */
};

/* Tables call this for each row. */
static void print_item(struct listing *l, const char *id, const char *claim)
{
    if (l->json)
        (void)console_json(l->console, json_pack("{s:s, s:i, s:s, s:s}", "type", l->kind, "schema",
                                                 1, "id", id, "claim", claim));
    else
        (void)console_print(l->console, "%s\t%s\n", id, claim);
}

static void list_detectors(struct listing *l)
{
    for (unsigned d = 0; d < detector_count; d++) {
        const struct sign_kind *kind = sign_kind_of(detectors[d]->sign);
        print_item(l, kind->id, kind->claim);
    }
}

static void list_probes(struct listing *l)
{
    for (unsigned i = 0; i < probe_count; i++)
        print_item(l, probes[i]->id, probes[i]->claim);
}

static void list_sources(struct listing *l)
{
    for (size_t i = 0; source_formats[i] != NULL; i++)
        print_item(l, source_formats[i]->id, source_formats[i]->claim);
}

static void list_reports(struct listing *l)
{
    for (size_t i = 0; report_formats[i] != NULL; i++)
        print_item(l, report_formats[i]->id, report_formats[i]->claim);
}

static void list_fields(struct listing *l)
{
    for (size_t i = 0; i < flow_field_count; i++)
        print_item(l, flow_fields[i].name, flow_fields[i].means);
}

static const struct {
    const char *name, *kind;
    void (*print)(struct listing *l);
} lists[] = {
    {"detectors", "detector", list_detectors}, {"probes", "probe", list_probes},
    {"sources", "source", list_sources},       {"reports", "report", list_reports},
    {"fields", "field", list_fields},
};

static enum exit_code run_list(const struct call *call)
{
    const struct list_settings *settings = call->settings;
    if (call->words.operand_count != 1)
        return call_is_wrong(call,
                             "say what to list: detectors, probes, sources, reports or fields");
    struct suggestion s = suggest_for(call->words.operands[0]);
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        suggest_offer(&s, lists[i].name);
        if (strcmp(lists[i].name, s.wrong) != 0)
            continue;
        struct listing l = {call->console, settings->json, lists[i].kind};
        lists[i].print(&l);
        return EXIT_DONE;
    }
    if (s.nearest != NULL)
        return call_is_wrong(call, "there is no list '%s'; did you mean %s?", s.wrong, s.nearest);
    return call_is_wrong(call,
                         "there is no list '%s'; there are detectors, probes, sources, reports "
                         "and fields",
                         s.wrong);
}

const struct verb verb_list = {
    .name = "list",
    .usage = "detectors|probes|sources|reports|fields",
    .summary = "what this build has of each",
    .about =
        "Prints the id and the claim of everything of one kind, separated by a tab, a line each: "
        "detectors (what is judged in records), probes (what is asked of hosts), sources (what "
        "can be read), reports (what can be written), fields (what `flows` can print of a "
        "record).\n",
    .examples = "wormsign list detectors\n",
    .words = "detectors probes sources reports fields",
    .settings_size = sizeof(struct list_settings),
    .options = {list_options, COUNT_OF(list_options), false},
    .run = run_list,
};
