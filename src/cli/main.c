/* The program: find the verb, read its options, run it, end with the right code.
 *
 * Only this folder prints, exits, reads arguments, environment and clock. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "cli/help.h"
#include "cli/verbs.h"
#include "cli/version.h"

static int64_t clock_us(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return 0;
    return now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

static enum exit_code run_with(struct call *call, size_t count, const char *const *arguments,
                               struct arena *memory)
{
    struct error err = {ERROR_NONE, ""};
    struct common_settings common;
    const struct verb *verb = call->verb;
    if (options_ask_help(count, arguments))
        return help_of_verb(call->console, verb);
    void *settings = arena_take(memory, 1, verb->settings_size);
    if (settings == NULL) {
        console_complain(call->console, "no memory for the command line");
        return EXIT_FAILED;
    }
    if (!options_parse(&verb->options, count, arguments, memory, settings, &call->words, &err))
        return call_is_wrong(call, "%s", err.text);
    memcpy(&common, settings, sizeof common);
    call->console->quiet = common.quiet;
    call->console->verbose = common.verbose;
    call->settings = settings;
    return verb->run(call);
}

static enum exit_code run_verb(struct console *console, const struct verb *verb, size_t count,
                               const char *const *arguments)
{
    struct arena memory = arena_of(COMMAND_LINE_MEMORY_MAX);
    struct call call = {.verb = verb, .console = console, .now_us = clock_us()};
    enum exit_code code = run_with(&call, count, arguments, &memory);
    arena_free(&memory);
    return code;
}

static enum exit_code run(struct console *console, size_t count, const char *const *arguments)
{
    /* A script that loses its arguments must not take the page for "nobody infected". */
    if (count == 0)
        return exit_graver(EXIT_USAGE, help_overview(console));
    if (strcmp(arguments[0], "--help") == 0 || strcmp(arguments[0], "-h") == 0)
        return help_overview(console);
    if (strcmp(arguments[0], "--version") == 0 || strcmp(arguments[0], "-V") == 0) {
        (void)console_print(console, "wormsign %s\n", WORMSIGN_VERSION);
        return EXIT_DONE;
    }
    const struct verb *verb = verb_named(arguments[0]);
    if (verb != NULL)
        return run_verb(console, verb, count - 1, arguments + 1);
    if (arguments[0][0] == '-') {
        console_complain(console, "'%s' comes before the verb; write: wormsign VERB [OPTIONS]",
                         arguments[0]);
        return EXIT_USAGE;
    }
    return verb_is_unknown(console, arguments[0]);
}

int main(int argc, char **argv)
{
    struct console console;
    console_open(&console);
    size_t count = argc > 1 ? (size_t)argc - 1 : 0;
    const char **arguments = calloc(count + 1, sizeof arguments[0]);
    if (arguments == NULL)
        return EXIT_FAILED;
    for (size_t i = 0; i < count; i++)
        arguments[i] = argv[i + 1];
    enum exit_code code = console_close(&console, run(&console, count, arguments));
    free(arguments);
    return (int)code;
}
