/* What `hunt`, `merge` and `watch` share: settings of a verdict, and a run from its beginning to
 * its end, with the evidence file that it writes. */
#ifndef WORMSIGN_CLI_HUNTING_H
#define WORMSIGN_CLI_HUNTING_H

#include "cli/outputs.h"
#include "cli/recording.h"
#include "cli/verbs.h"
#include "engine/hunt.h"

/* A part of the settings of these verbs. */
struct hunting_options {
    struct option_prefixes home, exempt;
    const char *site;
    const char *partial; /* NULL: none is to be written */
    const char *store;   /* the same */
    /* No options: the inputs beside the operands, by which a run is known again; NULL: none. */
    const struct option_texts *files, *directories;
};

/* Rows of a verdict's settings, for a verb whose settings have it as `field`. */
#define HUNTING_NET_ROWS(settings, field)                                                          \
    {.name = "home",                                                                               \
     .value = "NETS",                                                                              \
     .help = "the networks that are ours; default: private, link-local and unique local ones",     \
     .kind = OPTION_PREFIXES,                                                                      \
     .into = offsetof(settings, field.home)},                                                      \
        {.name = "site",                                                                           \
         .value = "NAME",                                                                          \
         .help = "name the place where this was recorded",                                         \
         .kind = OPTION_TEXT,                                                                      \
         .into = offsetof(settings, field.site)},                                                  \
        HUNTING_EXEMPT_ROW(settings, field), RECORDING_ROW(settings, field.store)

#define HUNTING_EXEMPT_ROW(settings, field)                                                        \
    {                                                                                              \
        .name = "exempt", .value = "ADDRESSES",                                                    \
        .help = "our own scanners: only answers of their own can convict them",                    \
        .kind = OPTION_PREFIXES, .into = offsetof(settings, field.exempt)                          \
    }

/* The same, and the evidence file, which only a proper end makes whole. */
#define HUNTING_ROWS(settings, field)                                                              \
    HUNTING_NET_ROWS(settings, field),                                                             \
    {                                                                                              \
        .name = "partial", .value = "FILE",                                                        \
        .help = "write the evidence to this file as well, for `wormsign merge`",                   \
        .kind = OPTION_TEXT, .into = offsetof(settings, field.partial)                             \
    }

/* Of `hunt` and `watch`: the row of a field of option_texts. */
#define HUNTING_SITES_ROW(settings, field)                                                         \
    {                                                                                              \
        .name = "sites", .value = "FILE",                                                          \
        .help = "a list of names, one a line: hosts that look them or names below them up are "    \
                "noted",                                                                           \
        .kind = OPTION_TEXTS, .into = offsetof(settings, field)                                    \
    }

/* EXIT_DONE, and *out, NULL where no list is given; or it is said what is wrong: a list that cannot
 * be opened or has a wrong line is not the list that was meant. */
enum exit_code hunting_read_sites(const struct call *call, const struct option_texts *paths,
                                  struct sites **out);

/* Of everything that was recorded; the caller narrows it. */
struct hunt_settings hunting_settings(const struct hunting_options *o);

/* Makes a hunt, lets read_all(h, context) fill it until a signal asks for an end, and ends it: the
 * reports, and the evidence file that is asked for. What fails is said. */
enum exit_code hunting_run(const struct call *call, const struct hunting_options *o,
                           const struct hunt_settings *settings, struct outputs *out,
                           void (*read_all)(struct hunt *h, void *context), void *context);

#endif
