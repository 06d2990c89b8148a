/* Help for a terminal. The paragraphs stand with each verb; the option lists come from its rows. */
#include "cli/help.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/writer.h"
#include "cli/version.h"

const char *help_spellings(const struct option *option, char buffer[static HELP_SPELLINGS_SIZE])
{
    struct text t = text_over(buffer, HELP_SPELLINGS_SIZE);
    if (option->short_name != NULL)
        text_add(&t, "-%s", option->short_name);
    if (option->name != NULL)
        text_add(&t, "%s--%s", option->short_name != NULL ? ", " : "", option->name);
    if (option->value != NULL)
        text_add(&t, " %s", option->value);
    return buffer;
}

const char *help_bounds(const struct option *option, char buffer[static HELP_BOUNDS_SIZE])
{
    struct text t = text_over(buffer, HELP_BOUNDS_SIZE);
    if (option->kind == OPTION_NUMBER)
        text_add(&t, " (%" PRId64 " to %" PRId64 ")", option->least, option->most);
    if (option->kind == OPTION_CHOICE)
        text_add(&t, " (%s)", option->choices);
    return buffer;
}

static bool print_verb(struct console *c, const struct verb *verb)
{
    char term[HELP_SPELLINGS_SIZE];
    (void)snprintf(term, sizeof term, "  %s", verb->name);
    return console_entry(c, HELP_VERB_WIDTH, term, verb->summary);
}

static bool print_option(struct console *c, const struct option *option)
{
    char spellings[HELP_SPELLINGS_SIZE], term[HELP_SPELLINGS_SIZE + 2];
    char bounds[HELP_BOUNDS_SIZE], text[ERROR_TEXT_SIZE];
    (void)snprintf(term, sizeof term, "  %s", help_spellings(option, spellings));
    (void)snprintf(text, sizeof text, "%s%s", option->help, help_bounds(option, bounds));
    return console_entry(c, HELP_OPTION_WIDTH, term, text);
}

enum exit_code help_overview(struct console *c)
{
    (void)console_print(c,
                        "wormsign %s finds machines infected with the Conficker worm.\n\n"
                        "usage: wormsign VERB [OPTIONS] ...\n\n",
                        WORMSIGN_VERSION);
    for (size_t i = 0; verbs[i] != NULL; i++) {
        if (!verbs[i]->hidden)
            (void)print_verb(c, verbs[i]);
    }
    (void)console_print(
        c, "\n"
           "Try:\n"
           "  wormsign hunt samples/outbreak.pcap.gz   who in this capture is infected, and why\n"
           "  wormsign ports 192.168.1.65              its four P2P ports this week\n"
           "  wormsign domains --check example.com     is this name one of the worm's?\n"
           "  wormsign explain p2p-answer              what a sign means and what to do\n"
           "  wormsign doctor                          what works on this machine\n"
           "\n"
           "'wormsign help VERB' tells all about a verb; 'wormsign --version' the version.\n"
           "Exit: 0 done, 1 infected hosts found, 2 wrong command line, 3 incomplete, 4 failed.\n");
    return EXIT_DONE;
}

static void print_paragraphs(struct console *c, const char *text)
{
    char one[CONSOLE_LINE_SIZE];
    while (*text != '\0') {
        size_t length = strcspn(text, "\n");
        (void)snprintf(one, sizeof one, "%.*s", (int)length, text);
        (void)console_paragraph(c, 0, one);
        (void)console_print(c, "\n");
        text += length;
        text += strspn(text, "\n");
    }
}

enum exit_code help_of_verb(struct console *c, const struct verb *verb)
{
    char usage[CONSOLE_LINE_SIZE];
    (void)snprintf(usage, sizeof usage, "wormsign %s %s", verb->name, verb->usage);
    (void)console_entry(c, sizeof "usage:", "usage:", usage);
    (void)console_print(c, "\n");
    print_paragraphs(c, verb->about);
    (void)console_print(c, "Options:\n");
    for (size_t i = 0; i < options_count(&verb->options); i++)
        (void)print_option(c, options_at(&verb->options, i));
    if (verb->examples != NULL)
        (void)console_print(c, "\nExamples:\n");
    for (const char *line = verb->examples; line != NULL && *line != '\0';) {
        size_t length = strcspn(line, "\n");
        (void)console_print(c, "  %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    return EXIT_DONE;
}

static enum exit_code run_help(const struct call *call)
{
    if (call->words.operand_count == 0)
        return help_overview(call->console);
    if (call->words.operand_count > 1)
        return call_is_wrong(call, "one verb at a time");
    const struct verb *verb = verb_named(call->words.operands[0]);
    return verb != NULL ? help_of_verb(call->console, verb)
                        : verb_is_unknown(call->console, call->words.operands[0]);
}

const struct verb verb_help = {
    .name = "help",
    .usage = "[VERB]",
    .summary = "all about a verb",
    .about =
        "Shows the page of a verb: what it does, its options and examples. Without a verb: the "
        "list of verbs.\n",
    .examples = "wormsign help ports\n",
    .words = "VERBS",
    .settings_size = sizeof(struct common_settings),
    .run = run_help,
};
