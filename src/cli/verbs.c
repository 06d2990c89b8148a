/* The table of verbs. A new verb is its file and one line here. */
#include "cli/verbs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/suggest.h"

const struct verb *const verbs[] = {
    &verb_scan,   &verb_hunt,   &verb_flows,  &verb_dns,        &verb_watch,  &verb_merge,
    &verb_report, &verb_ports,  &verb_unmask, &verb_domains,    &verb_decode, &verb_explain,
    &verb_list,   &verb_doctor, &verb_help,   &verb_completion, &verb_man,    NULL,
};

const struct verb *verb_named(const char *name)
{
    for (size_t i = 0; verbs[i] != NULL; i++) {
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    }
    return NULL;
}

enum exit_code call_is_wrong(const struct call *call, const char *format, ...)
{
    char text[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    console_complain(call->console, "%s: %s (see: wormsign help %s)", call->verb->name, text,
                     call->verb->name);
    return EXIT_USAGE;
}

enum exit_code call_separator(const struct call *call, const char *text, char *out)
{
    *out = '\0';
    if (text == NULL)
        return EXIT_DONE;
    bool is_tab = strcmp(text, "\\t") == 0 || strcmp(text, "\t") == 0;
    if (!is_tab && (strlen(text) != 1 || text[0] < ' ' || text[0] > '~' || text[0] == '\\'))
        return call_is_wrong(call, "-c takes one printable character, or \\t");
    *out = is_tab ? '\t' : text[0];
    return EXIT_DONE;
}

enum exit_code verb_is_unknown(struct console *console, const char *name)
{
    struct suggestion s = suggest_for(name);
    for (size_t i = 0; verbs[i] != NULL; i++)
        suggest_offer(&s, verbs[i]->hidden ? NULL : verbs[i]->name);
    if (s.nearest != NULL)
        console_complain(console, "there is no verb '%s'; did you mean %s?", name, s.nearest);
    else
        console_complain(console,
                         "there is no verb '%s'; 'wormsign help' lists those that there are", name);
    return EXIT_USAGE;
}
