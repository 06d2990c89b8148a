/* What is wrong in a filter is shown in its place, with carets under the word. */
#include "cli/selecting.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"

/* The words behind the lone `-`, with blanks between; NULL: no memory. */
static char *joined(const struct option_words *words)
{
    size_t size = 1, used = 0;
    for (size_t i = 0; i < words->filter_count; i++)
        size += strlen(words->filter[i]) + 1;
    char *text = malloc(size);
    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < words->filter_count; i++) {
        size_t length = strlen(words->filter[i]);
        if (i > 0)
            text[used++] = ' ';
        memcpy(text + used, words->filter[i], length);
        used += length;
    }
    text[used] = '\0';
    return text;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Whether the filter speaks of management records, so that they are wanted. */
static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        if ((at == text || !is_letter(at[-1])) && !is_letter(at[length]))
            return true;
    return false;
}

static enum exit_code filter_is_wrong(const struct call *call, const char *text,
                                      const struct filter_spot *spot, const struct error *err)
{
    enum { SHOWN_MAX = 200 };
    char carets[SHOWN_MAX + 1];
    size_t length = strlen(text), at = spot->at;
    (void)call_is_wrong(call, "%s", err->text);
    if (length == 0 || length > SHOWN_MAX || at > length || at >= SHOWN_MAX)
        return EXIT_USAGE;
    size_t under = spot->length > 0 ? spot->length : 1;
    under = at + under > SHOWN_MAX ? SHOWN_MAX - at : under;
    memset(carets, ' ', at);
    memset(carets + at, '^', under);
    carets[at + under] = '\0';
    console_complain(call->console, "  %s", text);
    console_complain(call->console, "  %s", carets);
    return EXIT_USAGE;
}

bool selecting_has_filter(const struct call *call)
{
    bool has = false;
    for (size_t i = 0; i < call->words.filter_count; i++)
        has |= call->words.filter[i][strspn(call->words.filter[i], " \t\n")] != '\0';
    return has;
}

enum exit_code selecting_begin_filter(const struct call *call, struct selection *out)
{
    struct filter_spot spot = {0};
    struct error err;
    enum exit_code code = EXIT_DONE;
    if (!selecting_has_filter(call))
        return EXIT_DONE;
    char *text = joined(&call->words);
    if (text == NULL) {
        console_complain(call->console, "no memory for the filter");
        return EXIT_FAILED;
    }
    out->filter = filter_compile(text, &spot, &err);
    out->wants_management = has_word(text, "man");
    if (out->filter == NULL && err.kind == ERROR_SYSTEM) {
        console_complain(call->console, "%s", err.text);
        code = EXIT_FAILED;
    } else if (out->filter == NULL) {
        code = filter_is_wrong(call, text, &spot, &err);
    }
    out->filter_words = text;
    return code;
}

/* A list of nothing is most often a mistake, and `-f` keeps nothing then; it is said. */
static enum exit_code begin_list(const struct call *call, const struct option_texts *paths,
                                 const char *option, struct listed **out)
{
    struct error err;
    *out = NULL;
    if (paths->count == 0)
        return EXIT_DONE;
    struct listed *list = listed_new();
    if (list == NULL) {
        console_complain(call->console, "no memory for the list of %s", option);
        return EXIT_FAILED;
    }
    *out = list;
    for (size_t i = 0; i < paths->count; i++) {
        if (listed_add_file(list, paths->items[i], &err))
            continue;
        console_complain(call->console, "%s: %s", option, err.text);
        return err.kind == ERROR_SYSTEM ? EXIT_FAILED : EXIT_USAGE;
    }
    listed_close(list);
    if (listed_entries(list) == 0)
        console_complain(call->console, "%s: there is no address in %s", option,
                         paths->count == 1 ? "this list" : "these lists");
    return EXIT_DONE;
}

static bool is_stdin(const struct option_texts *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        if (strcmp(paths->items[i], "-") == 0)
            return true;
    return false;
}

/* Stdin is one thing only: records, or one list. */
static enum exit_code check_stdin(const struct call *call, const struct selecting_options *o,
                                  const struct input_options *inputs)
{
    bool only = is_stdin(&o->only), without = is_stdin(&o->without);
    bool records = is_stdin(&inputs->files) || !inputs_are_named(call, inputs);
    for (size_t i = 0; i < call->words.operand_count; i++)
        records |= strcmp(call->words.operands[i], "-") == 0;
    if (only && without)
        return call_is_wrong(call, "-f - and --not-f - cannot both be stdin");
    if ((only || without) && records)
        return call_is_wrong(call, "%s - reads the list from stdin: name the files to read, or -R",
                             only ? "-f" : "--not-f");
    return EXIT_DONE;
}

static enum exit_code begin_patterns(const struct call *call, const struct selecting_options *o,
                                     struct selection *out)
{
    struct error err;
    if (o->patterns.count == 0)
        return o->ignores_case ? call_is_wrong(call, "-i is of -e, which is not given") : EXIT_DONE;
    out->patterns = patterns_compile(o->patterns.items, o->patterns.count, o->ignores_case, &err);
    if (out->patterns != NULL)
        return EXIT_DONE;
    if (err.kind != ERROR_SYSTEM)
        return call_is_wrong(call, "%s", err.text);
    console_complain(call->console, "%s", err.text);
    return EXIT_FAILED;
}

enum exit_code selecting_begin(const struct call *call, const struct selecting_options *o,
                               const struct input_options *inputs, struct selection *out)
{
    static const enum listed_side sides[] = {LISTED_ANY, LISTED_SOURCE, LISTED_DESTINATION};
    *out = (struct selection){.side = sides[o->side.given ? o->side.value : 0]};
    enum exit_code code = check_stdin(call, o, inputs);
    if (code == EXIT_DONE && o->side.given && o->only.count + o->without.count == 0)
        code = call_is_wrong(call, "--side is of -f and --not-f, which are not given");
    if (code == EXIT_DONE)
        code = selecting_begin_filter(call, out);
    if (code == EXIT_DONE)
        code = begin_patterns(call, o, out);
    if (code == EXIT_DONE)
        code = begin_list(call, &o->only, "-f", &out->only);
    if (code == EXIT_DONE)
        code = begin_list(call, &o->without, "--not-f", &out->without);
    return code;
}

void selecting_free(struct selection *s)
{
    filter_free(s->filter);
    free(s->filter_words);
    listed_free(s->only);
    listed_free(s->without);
    patterns_free(s->patterns);
    *s = (struct selection){0};
}

enum exit_code selecting_end(const struct call *call, const struct selection *s, uint64_t given_up)
{
    if (given_up == 0)
        return EXIT_DONE;
    console_complain(call->console,
                     "-e %s: given up in %" PRIu64 " record%s, where it would have taken too long; "
                     "they are left out",
                     patterns_limited_by(s->patterns), given_up, plural(given_up));
    return EXIT_INCOMPLETE;
}
