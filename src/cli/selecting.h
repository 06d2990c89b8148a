/* Which records are wanted, as the command line says it: the filter behind a lone `-`, -f, --not-f,
 * --side, -e and -i. A part of each verb that prints records. */
#ifndef WORMSIGN_CLI_SELECTING_H
#define WORMSIGN_CLI_SELECTING_H

#include "cli/inputs.h"
#include "cli/verbs.h"
#include "engine/selection.h"

/* A part of the settings of each such verb. */
struct selecting_options {
    struct option_texts only, without, patterns;
    struct option_number side;
    bool ignores_case;
};

/* The rows of lists, for a verb whose settings have it as `field`. */
#define SELECTING_LIST_ROWS(settings, field)                                                       \
    {.short_name = "f",                                                                            \
     .value = "LIST",                                                                              \
     .help = "keep flows of the addresses and networks in this file, one a line (- is stdin); "    \
             "can be repeated",                                                                    \
     .kind = OPTION_TEXTS,                                                                         \
     .into = offsetof(settings, field.only)},                                                      \
        {.name = "not-f",                                                                          \
         .value = "LIST",                                                                          \
         .help = "leave out flows of the addresses and networks in this file; can be repeated",    \
         .kind = OPTION_TEXTS,                                                                     \
         .into = offsetof(settings, field.without)},                                               \
    {                                                                                              \
        .name = "side", .value = "SIDE",                                                           \
        .help = "of -f and --not-f: whose address is looked for in the list (default: any)",       \
        .kind = OPTION_CHOICE, .choices = "any|src|dst", .into = offsetof(settings, field.side)    \
    }

/* All its rows. */
#define SELECTING_ROWS(settings, field)                                                            \
    SELECTING_LIST_ROWS(settings, field),                                                          \
        {.short_name = "e",                                                                        \
         .value = "REGEX",                                                                         \
         .help = "keep flows whose user data this matches, as Perl's regular expressions over "    \
                 "bytes; s:REGEX the source's, d:REGEX the destination's; repeated, all must",     \
         .kind = OPTION_TEXTS,                                                                     \
         .into = offsetof(settings, field.patterns)},                                              \
    {                                                                                              \
        .short_name = "i", .help = "of -e: ignore the case of letters", .kind = OPTION_FLAG,       \
        .into = offsetof(settings, field.ignores_case)                                             \
    }

/* Reads the lists and compiles the rest into *out. EXIT_DONE; EXIT_USAGE, or EXIT_FAILED where a
 * list cannot be read, when it was said what is wrong. selecting_free in either case. */
enum exit_code selecting_begin(const struct call *call, const struct selecting_options *o,
                               const struct input_options *inputs, struct selection *out);
void selecting_free(struct selection *s);

/* Whether there is a filter: a lone `-` with nothing behind it begins none. */
bool selecting_has_filter(const struct call *call);

/* The filter alone, of a verb that takes nothing else of all this. The same. */
enum exit_code selecting_begin_filter(const struct call *call, struct selection *out);

/* After the run: says what could not be decided. EXIT_INCOMPLETE where there is such a record. */
enum exit_code selecting_end(const struct call *call, const struct selection *s, uint64_t given_up);

#endif
