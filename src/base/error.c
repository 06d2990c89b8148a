/* Errors by value: the words of what went wrong, and before them, added on the way up, of where.
 *
 * Words that do not fit are cut at the end: where it happened stands first and stays. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool fail(struct error *err, enum error_kind kind, const char *format, ...)
{
    if (err == NULL)
        return false;
    va_list arguments;
    va_start(arguments, format);
    err->kind = kind;
    (void)vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    return false;
}

bool fail_in(struct error *err, const char *format, ...)
{
    if (err == NULL)
        return false;
    char where[ERROR_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(where, sizeof where, format, arguments);
    va_end(arguments);

    char what[ERROR_TEXT_SIZE];
    memcpy(what, err->text, sizeof what);
    size_t used = strnlen(where, sizeof where - 3);
    memcpy(err->text, where, used);
    memcpy(err->text + used, ": ", 2);
    used += 2;
    size_t rest = strnlen(what, sizeof what - 1);
    if (rest > sizeof err->text - 1 - used)
        rest = sizeof err->text - 1 - used;
    memcpy(err->text + used, what, rest);
    err->text[used + rest] = '\0';
    return false;
}
