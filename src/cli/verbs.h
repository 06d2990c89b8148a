/* The verbs of the command line: what each one is, and how it is called.
 *
 * A verb is one file, verb_<name>.c, that defines one struct verb, and one line in the table in
 * verbs.c. All help, the man page and shell completion are made from these structs. */
#ifndef WORMSIGN_CLI_VERBS_H
#define WORMSIGN_CLI_VERBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "cli/console.h"
#include "cli/exit.h"
#include "cli/options.h"

enum { COMMAND_LINE_MEMORY_MAX = 256 * 1024 * 1024 }; /* an argument list cannot be as long */

struct verb;

/* One call of a verb. */
struct call {
    const struct verb *verb;
    const void *settings; /* the verb's own struct, filled */
    struct option_words words;
    struct console *console;
    int64_t now_us; /* the clock, read once, at the start */
};

struct verb {
    const char *name;
    const char *usage;    /* what follows the name: "[OPTIONS] ADDRESS..." */
    const char *summary;  /* one clause, lower case, no full stop */
    const char *about;    /* paragraphs, each ended by \n: what it does, prints and returns */
    const char *examples; /* lines, each ended by \n */
    const char *words;    /* what completion offers as operands, or NULL */
    bool hidden;          /* not in the list of verbs */
    size_t settings_size;
    struct option_set options;
    enum exit_code (*run)(const struct call *call);
};

/* All verbs, ended by NULL, in the order in which help shows them. */
extern const struct verb *const verbs[];

/* The verb with this name, or NULL. */
const struct verb *verb_named(const char *name);

/* Complains that there is no such verb, with the nearest one; returns EXIT_USAGE. */
enum exit_code verb_is_unknown(struct console *console, const char *name);

/* Complains about a wrong command line, with the way to help; returns EXIT_USAGE. */
enum exit_code call_is_wrong(const struct call *call, const char *format, ...) PRINTF_LIKE(2, 3);

/* -c of verbs that print lines of fields: one character, which may be spelt \t, into *out; NULL
 * leaves it 0. Else says what is wrong. */
enum exit_code call_separator(const struct call *call, const char *text, char *out);

extern const struct verb verb_scan, verb_hunt, verb_flows, verb_dns, verb_watch, verb_merge,
    verb_report, verb_ports, verb_unmask, verb_domains, verb_decode, verb_explain, verb_list,
    verb_doctor, verb_help, verb_completion, verb_man;

#endif
