/* Where the reports of a run go: stdout, a talk on stderr, and the files of -oN, -oJ and -oA.
 *
 * No file is emptied before all are known to be safe to write: one that is yet to be read, one that
 * is a capture, whatever its name, and one that stdout is already are refused. */
#ifndef WORMSIGN_CLI_OUTPUTS_H
#define WORMSIGN_CLI_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/verbs.h"
#include "report/report.h"

enum { OUTPUTS_MAX = 5, OUTPUT_PATH_SIZE = 4096 };

/* What the command line asks for: a part of the settings of each verb that reports. */
struct output_options {
    bool json; /* of stdout */
    struct option_number colour, stats_every;
    const char *text_file, *json_file, *base; /* NULL: not asked for */
};

/* Its rows, for a verb whose settings have it as `field`. */
#define OUTPUT_ROWS(settings, field)                                                               \
    {.name = "json",                                                                               \
     .help = "a JSON object a line on stdout, instead of text",                                    \
     .kind = OPTION_FLAG,                                                                          \
     .into = offsetof(settings, field.json)},                                                      \
        {.short_name = "oN",                                                                       \
         .value = "FILE",                                                                          \
         .help = "write the text report to this file as well",                                     \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.text_file)},                                             \
        {.short_name = "oJ",                                                                       \
         .value = "FILE",                                                                          \
         .help = "write JSON lines to this file as well",                                          \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.json_file)},                                             \
        {.short_name = "oA",                                                                       \
         .value = "BASE",                                                                          \
         .help = "write BASE.txt and BASE.jsonl as well",                                          \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.base)},                                                  \
        {.name = "stats-every",                                                                    \
         .value = "TIME",                                                                          \
         .help = "say on stderr how far it is, this often",                                        \
         .kind = OPTION_DURATION,                                                                  \
         .into = offsetof(settings, field.stats_every),                                            \
         .least = 1,                                                                               \
         .most = 86400},                                                                           \
    {                                                                                              \
        .name = "color", .value = "WHEN",                                                          \
        .help = "colour the text: auto (on a terminal, unless NO_COLOR is set), always or never",  \
        .kind = OPTION_CHOICE, .into = offsetof(settings, field.colour),                           \
        .choices = "auto|always|never"                                                             \
    }

/* One stream: its report stands behind one that keeps the reason of the first write that fails. */
struct output {
    struct console *console;
    const char *path; /* NULL: stdout */
    struct report report;
    int error; /* an errno, or 0 */
};

struct outputs {
    /* For the engine: maybe a store's, one an output, then the talk. */
    struct report reports[OUTPUTS_MAX + 2];
    size_t report_count;
    struct output outputs[OUTPUTS_MAX];
    size_t count;
    char base_text[OUTPUT_PATH_SIZE], base_json[OUTPUT_PATH_SIZE];
};

/* inputs: paths that are to be read, as the operands are. EXIT_DONE when all are open; otherwise it
 * is said why not. outputs_close in either case. The struct must stay where it is, as reports point
 * into it. */
enum exit_code outputs_open(struct outputs *out, const struct call *call,
                            const struct output_options *wishes, const struct option_texts *inputs);

/* What a file may hold that is written to though it is of worth. */
enum output_treasure { OUTPUT_NOTHING, OUTPUT_CAPTURE, OUTPUT_EVIDENCE, OUTPUT_STORE };

/* Whether evidence may be written in place of what is there, or a store written to: EXIT_DONE, or
 * it is said why not. To be asked before outputs_open. */
enum exit_code outputs_check(const struct call *call, const struct output_options *wishes,
                             const struct option_texts *inputs, const char *path,
                             enum output_treasure may_hold);

/* Sends what was reported so far on its way, for a run that goes on. False when a report could not
 * be written, of which outputs_close says why. */
bool outputs_flush(struct outputs *out);

/* False when not all could be written. Of a file that is said, of stdout console_close says it. */
bool outputs_close(struct outputs *out);

#endif
