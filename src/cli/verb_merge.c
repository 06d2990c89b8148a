/* `wormsign merge`: joins the evidence files of several hunts, and reports as one hunt would. */
#include "cli/hunting.h"
#include "cli/outputs.h"
#include "cli/running.h"
#include "cli/verbs.h"
#include "engine/hunt.h"

struct merge_options {
    struct common_settings common;
    struct output_options output;
    struct hunting_options hunting;
};

static const struct option merge_rows[] = {
    HUNTING_ROWS(struct merge_options, hunting),
    OUTPUT_ROWS(struct merge_options, output),
};

struct merging {
    const struct call *call;
};

static void merge_all(struct hunt *h, void *context)
{
    const struct merging *merging = context;
    const struct call *call = merging->call;
    for (size_t i = 0; i < call->words.operand_count; i++) {
        const char *path = call->words.operands[i];
        console_progress_of(call->console, path, "");
        if (running_is_interrupted())
            hunt_note_unread(h, path);
        else
            hunt_merge(h, path);
    }
}

static enum exit_code run_merge(const struct call *call)
{
    static const struct option_texts none = {0};
    const struct merge_options *o = call->settings;
    if (call->words.operand_count == 0)
        return call_is_wrong(call, "name the evidence files that `hunt --partial` wrote");
    struct hunt_settings settings = hunting_settings(&o->hunting);
    settings.verb = "merge";
    struct outputs out;
    enum exit_code code = EXIT_DONE;
    if (o->hunting.partial != NULL)
        code = outputs_check(call, &o->output, &none, o->hunting.partial, OUTPUT_EVIDENCE);
    if (code == EXIT_DONE)
        code = recording_check(call, o->hunting.store, &o->output, &none);
    if (code != EXIT_DONE)
        return code;
    code = outputs_open(&out, call, &o->output, &none);
    if (code == EXIT_DONE) {
        struct merging merging = {call};
        code = hunting_run(call, &o->hunting, &settings, &out, merge_all, &merging);
    }
    return outputs_close(&out) ? code : EXIT_FAILED;
}

const struct verb verb_merge = {
    .name = "merge",
    .usage = "[OPTIONS] FILE...",
    .summary = "join the evidence files of several hunts into one verdict a host",
    .about = "Reads files that `hunt --partial` wrote, also compressed ones, and reports as one "
             "hunt over all their inputs would, in any order and grouping. An input that is in "
             "several of them counts once. What --home, --exempt and --site say is not in the "
             "files: say it here.\n"
             "A damaged file is named, and nothing of it is used.\n"
             "Exit: 1 infected home hosts were found; 0 none; 3 none, but a file or an input was "
             "damaged; 4 nothing could be opened or not all be written; 2 wrong usage.\n",
    .examples = "wormsign hunt --partial monday.wsev /captures/monday\n"
                "wormsign hunt --partial tuesday.wsev /captures/tuesday\n"
                "wormsign merge monday.wsev tuesday.wsev\n",
    .settings_size = sizeof(struct merge_options),
    .options = {merge_rows, COUNT_OF(merge_rows), false},
    .run = run_merge,
};
