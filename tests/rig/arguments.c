/* Strict: a number is a number and nothing behind it, a line that is wrong is named. */
#include "arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"

bool number_parse(const char *text, const char *option, int64_t first, int64_t last, int64_t *out,
                  struct error *err)
{
    char *end = NULL;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < first || number > last)
        return fail(err, ERROR_USAGE, "%s %s: not a number from %lld to %lld", option, text,
                    (long long)first, (long long)last);
    *out = number;
    return true;
}

bool ipv4_parse(const char *text, uint32_t *out, struct error *err)
{
    struct address address;
    if (!address_parse(text, &address, err))
        return false;
    if (!address_is_v4(address))
        return fail(err, ERROR_USAGE, "%s: only IPv4: the worm knows no other", text);
    *out = address_v4(address);
    return true;
}

bool role_parse(const char *text, char address[static ROLE_LINE_SIZE], const char **variant,
                struct error *err)
{
    const char *equals = strchr(text, '=');
    size_t size = equals != NULL ? (size_t)(equals - text) : 0;
    if (size == 0 || size >= ROLE_LINE_SIZE)
        return fail(err, ERROR_USAGE, "'%s' is not ADDRESS=VARIANT", text);
    memcpy(address, text, size);
    address[size] = '\0';
    *variant = equals + 1;
    return true;
}

static bool read_roles(const char *path,
                       bool (*add)(void *context, const char *text, struct error *err),
                       void *context, struct error *err)
{
    char line[ROLE_LINE_SIZE];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return fail(err, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    bool good = true;
    for (unsigned number = 1; good && fgets(line, sizeof line, file) != NULL; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0' && line[0] != '#' && !add(context, line, err))
            good = fail_in(err, "%s: line %u", path, number);
    }
    if (good && ferror(file))
        good = fail(err, ERROR_SYSTEM, "%s: cannot be read", path);
    (void)fclose(file);
    return good;
}

bool roles_take(int count, char **arguments,
                bool (*add)(void *context, const char *text, struct error *err), void *context,
                struct error *err)
{
    if (count == 0)
        return fail(err, ERROR_USAGE, "no ADDRESS=VARIANT");
    for (int i = 0; i < count; i++) {
        const char *text = arguments[i];
        if (!(text[0] == '@' ? read_roles(text + 1, add, context, err) : add(context, text, err)))
            return false;
    }
    return true;
}
