/* Where the reports of a run go: stdout, a talk on stderr, and the files of -oN, -oJ, -oX, -oA,
 * --csv, --stix, --misp, --cef and --html. With --anonymise a stage stands in front of each.
 *
 * No file is emptied before all are known to be safe to write: one that is yet to be read, one that
 * is a capture, whatever its name, and one that stdout is already are refused. A page is written
 * beside its place and moved there when it is whole, so that what was there stays until then. */
#ifndef WORMSIGN_CLI_OUTPUTS_H
#define WORMSIGN_CLI_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/verbs.h"
#include "cli/whole_file.h"
#include "report/anonymous.h"
#include "report/report.h"

enum { OUTPUTS_MAX = 12, OUTPUT_PATH_SIZE = 4096 };

/* What the command line asks for: a part of the settings of each verb that reports. */
struct output_options {
    bool json; /* of stdout */
    struct option_number colour, stats_every, schema;
    /* NULL: not asked for */
    const char *text_file, *json_file, *xml_file, *base, *csv_file, *stix_file, *misp_file,
        *cef_file, *html_file, *key_file;
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
         .help = "write BASE.txt, BASE.jsonl and BASE.xml as well",                                \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.base)},                                                  \
        {.short_name = "oX",                                                                       \
         .value = "FILE",                                                                          \
         .help = "write XML as nmap does to this file as well: ndiff reads it",                    \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.xml_file)},                                              \
        {.name = "csv",                                                                            \
         .value = "FILE",                                                                          \
         .help = "write a table to this file as well, a row a host",                               \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.csv_file)},                                              \
        {.name = "stix",                                                                           \
         .value = "FILE",                                                                          \
         .help = "write a STIX 2.1 bundle of infected and suspicious hosts to this file as well",  \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.stix_file)},                                             \
        {.name = "misp",                                                                           \
         .value = "FILE",                                                                          \
         .help = "write a MISP event of infected and suspicious hosts to this file as well",       \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.misp_file)},                                             \
        {.name = "cef",                                                                            \
         .value = "FILE",                                                                          \
         .help = "write syslog lines in CEF of infected and suspicious hosts to this file as "     \
                 "well",                                                                           \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.cef_file)},                                              \
        {.name = "schema",                                                                         \
         .value = "SCHEMA",                                                                        \
         .help = "the form of all JSON lines: native, eve (alerts as Suricata writes them) or "    \
                 "ecs (Elastic Common Schema)",                                                    \
         .kind = OPTION_CHOICE,                                                                    \
         .into = offsetof(settings, field.schema),                                                 \
         .choices = "native|eve|ecs"},                                                             \
        {.name = "anonymise",                                                                      \
         .value = "KEYFILE",                                                                       \
         .help = "in every report, replace addresses by others that this file's bytes choose, "    \
                 "and leave out names, ports and the time of day",                                 \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.key_file)},                                              \
        {.name = "html",                                                                           \
         .value = "FILE",                                                                          \
         .help = "write a page for a browser to this file as well, whole in itself",               \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.html_file)},                                             \
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
    const char *path;        /* NULL: stdout */
    struct whole_file whole; /* where it is written beside its place */
    bool ended;              /* the report is whole */
    struct report report;
    struct report front; /* with --anonymise: what stands in front of it */
    struct anonymous anonymous;
    int error; /* an errno, or 0 */
};

/* A file that is asked for, and what is to stand in it. */
struct output_file {
    const char *format, *path;
};

struct output_files {
    size_t count;
    struct output_file files[OUTPUTS_MAX - 1];
    char base_text[OUTPUT_PATH_SIZE], base_json[OUTPUT_PATH_SIZE], base_xml[OUTPUT_PATH_SIZE];
};

struct outputs {
    /* For the engine: maybe a store's, one an output, then the talk. */
    struct report reports[OUTPUTS_MAX + 2];
    size_t report_count;
    struct output outputs[OUTPUTS_MAX];
    size_t count;
    struct anonymiser *key; /* NULL: nothing is to be hidden */
    struct output_files files;
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
