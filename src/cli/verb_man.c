/* `wormsign man` and `wormsign completion bash`: the man page docs/wormsign.1 and the completion of
 * bash, printed from the same tables as the help, so that they cannot disagree with the parser. */
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/version.h"
#include "evidence/sign.h"
#include "evidence/verdict.h"

/* roff: a dash that can be copied is \-, a backslash is \e, a dot that begins a line is guarded. */
static void print_roff(struct console *c, const char *text, size_t length)
{
    if (length > 0 && (text[0] == '.' || text[0] == '\''))
        (void)console_print(c, "\\&");
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '-')
            (void)console_print(c, "\\-");
        else if (text[i] == '\\')
            (void)console_print(c, "\\e");
        else
            (void)console_print(c, "%c", text[i]);
    }
}

static void print_roff_lines(struct console *c, const char *text, const char *between)
{
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\n");
        print_roff(c, text, length);
        (void)console_print(c, "\n");
        text += length;
        text += strspn(text, "\n");
        if (*text != '\0')
            (void)console_print(c, "%s", between);
    }
}

static void print_man_options(struct console *c, const struct verb *verb)
{
    char spellings[HELP_SPELLINGS_SIZE], bounds[HELP_BOUNDS_SIZE];
    for (size_t i = 0; i < verb->options.own_count; i++) {
        const struct option *option = &verb->options.own[i];
        (void)console_print(c, ".TP\n.B ");
        (void)help_spellings(option, spellings);
        print_roff(c, spellings, strlen(spellings));
        (void)console_print(c, "\n");
        print_roff(c, option->help, strlen(option->help));
        (void)help_bounds(option, bounds);
        print_roff(c, bounds, strlen(bounds));
        (void)console_print(c, "\n");
    }
}

static void print_man_verb(struct console *c, const struct verb *verb)
{
    (void)console_print(c, ".SS wormsign %s ", verb->name);
    print_roff(c, verb->usage, strlen(verb->usage));
    (void)console_print(c, "\n");
    print_roff_lines(c, verb->about, ".PP\n");
    print_man_options(c, verb);
    if (verb->examples != NULL) {
        (void)console_print(c, ".PP\nExamples:\n.PP\n.nf\n.RS\n");
        print_roff_lines(c, verb->examples, "");
        (void)console_print(c, ".RE\n.fi\n");
    }
}

static enum exit_code run_man(const struct call *call)
{
    struct console *c = call->console;
    const struct verb all = {.options = {common_options, COMMON_OPTIONS, false}};
    (void)console_print(c,
                        ".TH WORMSIGN 1 \"\" \"wormsign %s\" \"User Commands\"\n"
                        ".SH NAME\nwormsign \\- find machines infected with the Conficker worm\n"
                        ".SH SYNOPSIS\n.B wormsign\nVERB [OPTIONS] ...\n.SH VERBS\n",
                        WORMSIGN_VERSION);
    for (size_t i = 0; verbs[i] != NULL; i++) {
        if (!verbs[i]->hidden)
            print_man_verb(c, verbs[i]);
    }
    (void)console_print(c, ".SH OPTIONS OF EVERY VERB\n");
    print_man_options(c, &all);
    (void)console_print(
        c, ".SH EXIT STATUS\n"
           "The first that holds in this order:\n"
           ".TP\n4\nfailed: nothing or not all could be written, or no input could be opened\n"
           ".TP\n2\nthe command line is wrong\n"
           ".TP\n1\ninfected home hosts were found\n"
           ".TP\n3\nnobody infected, but incomplete: input was damaged or empty, or the run was "
           "cut short\n"
           ".TP\n0\notherwise, suspicious hosts or not\n");
    return EXIT_DONE;
}

const struct verb verb_man = {
    .name = "man",
    .usage = "",
    .summary = "print the man page",
    .about = "Prints the man page, docs/wormsign.1, in roff.\n",
    .hidden = true,
    .settings_size = sizeof(struct common_settings),
    .run = run_man,
};

static void print_verb_names(struct console *c)
{
    for (size_t i = 0; verbs[i] != NULL; i++) {
        if (!verbs[i]->hidden)
            (void)console_print(c, "%s ", verbs[i]->name);
    }
}

/* What `explain` explains. */
static void print_explained_words(struct console *c)
{
    for (enum sign_id id = 0; id < SIGN_IDS; id++)
        (void)console_print(c, "%s ", sign_kind_of(id)->id);
    for (enum verdict_kind kind = VERDICT_INFECTED; kind < VERDICT_KINDS; kind++)
        (void)console_print(c, "%s ", verdict_kind_text(kind));
}

static void print_completion_words(struct console *c, const struct verb *verb)
{
    for (size_t i = 0; i < options_count(&verb->options); i++) {
        const struct option *option = options_at(&verb->options, i);
        if (option->name != NULL)
            (void)console_print(c, "--%s ", option->name);
        if (option->short_name != NULL)
            (void)console_print(c, "-%s ", option->short_name);
    }
    if (verb->words != NULL && strcmp(verb->words, "VERBS") == 0)
        print_verb_names(c);
    else if (verb->words != NULL && strcmp(verb->words, "SIGNS") == 0)
        print_explained_words(c);
    else if (verb->words != NULL)
        (void)console_print(c, "%s", verb->words);
}

/* Values that are files or one of a few words complete too. */
static void print_completion_values(struct console *c, const struct verb *verb)
{
    for (size_t i = 0; i < options_count(&verb->options); i++) {
        const struct option *option = options_at(&verb->options, i);
        bool is_file = option->value != NULL && strcmp(option->value, "FILE") == 0;
        char spelling[OPTION_SPELLING_SIZE];
        if (option->kind == OPTION_CHOICE)
            (void)console_print(c, "    %s:%s) values='%s' ;;\n", verb->name,
                                option_spelling(option, spelling), option->choices);
        else if (is_file)
            (void)console_print(c, "    %s:%s) files=yes ;;\n", verb->name,
                                option_spelling(option, spelling));
    }
}

static enum exit_code run_completion(const struct call *call)
{
    struct console *c = call->console;
    if (call->words.operand_count != 1 || strcmp(call->words.operands[0], "bash") != 0)
        return call_is_wrong(call, "name the shell: wormsign completion bash");
    (void)console_print(c, "_wormsign()\n{\n"
                           "    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]-}\n"
                           "    local before=${COMP_WORDS[COMP_CWORD-1]} words= values= files=\n"
                           "    if [ \"$COMP_CWORD\" -eq 1 ]; then verb=; fi\n"
                           "    case $verb in\n    '') words='--help --version ");
    print_verb_names(c);
    (void)console_print(c, "' ;;\n");
    for (size_t i = 0; verbs[i] != NULL; i++) {
        if (verbs[i]->hidden)
            continue;
        (void)console_print(c, "    %s) words='", verbs[i]->name);
        print_completion_words(c, verbs[i]);
        (void)console_print(c, "' ;;\n");
    }
    (void)console_print(c, "    esac\n    case $verb:$before in\n");
    for (size_t i = 0; verbs[i] != NULL; i++) {
        if (!verbs[i]->hidden)
            print_completion_values(c, verbs[i]);
    }
    (void)console_print(
        c, "    esac\n"
           "    if [ -n \"$files\" ]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
           "    else\n"
           "        words=${values:-$words}\n"
           "        mapfile -t COMPREPLY < <(compgen -W \"${words//|/ }\" -- \"$word\")\n"
           "    fi\n}\n"
           "complete -o default -F _wormsign wormsign\n");
    return EXIT_DONE;
}

const struct verb verb_completion = {
    .name = "completion",
    .usage = "bash",
    .summary = "shell completion, to be sourced",
    .about = "Prints the completion of verbs, options and values for bash.\n",
    .examples = "source <(wormsign completion bash)\n",
    .words = "bash",
    .settings_size = sizeof(struct common_settings),
    .run = run_completion,
};
