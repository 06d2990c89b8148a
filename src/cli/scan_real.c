/* A line is a target and its real address, separated by blanks or a comma; what follows a # is a
 * comment, as in lists of targets. A wrong line is a wrong request: asked on the ports of another
 * address, a host would look as if it did not answer. */
#include "cli/scan_real.h"

#include <string.h>

#include "base/address.h"
#include "cli/lines.h"

enum { LINE_MAX_BYTES = 1024, WORD_SIZE = 128, WORDS = 2 };

/* "a,b" is two words. */
static void split_at_comma(char words[WORDS][WORD_SIZE], size_t *count)
{
    char *comma = strchr(words[0], ',');
    if (comma == NULL)
        return;
    *comma = '\0';
    if (comma[1] == '\0')
        return;
    if (*count == 1)
        memcpy(words[1], comma + 1, strlen(comma + 1) + 1);
    (*count)++;
}

static bool read_address(const char *word, uint32_t *out, struct error *err)
{
    struct address address;
    if (!address_parse(word, &address, NULL))
        return fail(err, ERROR_USAGE, "'%.100s' is not an IPv4 address; write it as 192.0.2.1",
                    word);
    if (!address_is_v4(address))
        return fail(err, ERROR_USAGE, "'%.100s' is IPv6, and the worm knows only IPv4", word);
    *out = address_v4(address);
    return true;
}

static bool add_line(void *context, uint64_t number, struct reader line, struct error *err)
{
    struct real_address pair;
    char words[WORDS][WORD_SIZE] = {"", ""}, word[WORD_SIZE];
    size_t count = 0;
    bool too_long;
    (void)number;
    while (line_word(&line, word, sizeof word, &too_long) && word[0] != '#') {
        if (count < WORDS)
            memcpy(words[count], word, sizeof word);
        count++;
        if (count == 1)
            split_at_comma(words, &count);
    }
    if (too_long || count != WORDS)
        return fail(err, ERROR_USAGE, "it is no pair of a target and its real address");
    return read_address(words[0], &pair.host, err) && read_address(words[1], &pair.real, err) &&
           real_addresses_add(context, pair, err);
}

enum exit_code scan_real_read(const struct call *call, const char *path,
                              struct real_addresses **out)
{
    const struct option_texts paths = {1, &path};
    struct error err;
    *out = NULL;
    if (path == NULL)
        return EXIT_DONE;
    *out = real_addresses_new();
    if (*out == NULL) {
        console_complain(call->console, "--real-ip-file: no memory");
        return EXIT_FAILED;
    }
    enum exit_code code = lines_each(call, &paths, LINE_MAX_BYTES, add_line, *out);
    if (code != EXIT_DONE)
        return code == EXIT_FAILED ? EXIT_FAILED : EXIT_USAGE;
    if (!real_addresses_close(*out, &err))
        return call_is_wrong(call, "--real-ip-file: %s: %s", path, err.text);
    if (real_addresses_count(*out) == 0)
        return call_is_wrong(call, "--real-ip-file: %s has no line", path);
    return EXIT_DONE;
}
