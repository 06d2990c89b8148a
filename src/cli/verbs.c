/* The table of verbs. A new verb is its file and one line here. */
#include "cli/verbs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct verb *const verbs[] = {
    &verb_hunt, &verb_ports,  &verb_unmask, &verb_domains,    &verb_decode, &verb_explain,
    &verb_list, &verb_doctor, &verb_help,   &verb_completion, &verb_man,    NULL,
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
