/* stdio reads, one byte at a time from its buffer: lists are short beside what is made of them. */
#include "cli/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/plural.h"

bool lines_open(struct lines *l, const char *path, size_t longest, struct error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(path, "rbe");
    if (in == NULL)
        return fail(err, ERROR_SYSTEM, "cannot open %.200s: %s", path, strerror(errno));
    struct stat file;
    if (fstat(fileno(in), &file) == 0 && S_ISDIR(file.st_mode)) {
        if (!is_stdin)
            (void)fclose(in);
        return fail(err, ERROR_SYSTEM, "%.200s is a directory, not a list", path);
    }
    char *buffer = malloc(longest + 1);
    if (buffer == NULL) {
        if (!is_stdin)
            (void)fclose(in);
        return fail(err, ERROR_SYSTEM, "%.200s: no memory for its lines", path);
    }
    *l = (struct lines){is_stdin ? "stdin" : path, in, 0, buffer, longest};
    return true;
}

/* The bytes of one line in the buffer; *used is one more than the longest for a longer one. */
static int read_one(struct lines *l, size_t *used)
{
    int c;
    *used = 0;
    while ((c = getc_unlocked(l->in)) != EOF && c != '\n') {
        if (*used <= l->longest)
            l->buffer[(*used)++] = (char)c;
    }
    return c;
}

/* Editors on Windows put a mark before the first line of a text in UTF-8. */
static void skip_mark(struct reader *line)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
    struct reader start = *line;
    const uint8_t *first = read_bytes(&start, sizeof mark);
    if (first != NULL && memcmp(first, mark, sizeof mark) == 0)
        *line = start;
}

enum line_result lines_next(struct lines *l, struct reader *line, struct error *err)
{
    for (;;) {
        size_t used;
        errno = 0;
        int end = read_one(l, &used);
        if (end == EOF && ferror(l->in)) {
            (void)fail(err, ERROR_SYSTEM, "%.200s: cannot be read: %s", l->name, strerror(errno));
            return LINE_FAILED;
        }
        if (end == EOF && used == 0)
            return LINE_END;
        l->number++;
        if (used > l->longest)
            return LINE_TOO_LONG;
        if (used > 0 && l->buffer[used - 1] == '\r')
            used--;
        *line = reader_over(l->buffer, used);
        if (l->number == 1)
            skip_mark(line);
        char first[2];
        bool too_long;
        struct reader copy = *line;
        bool has_word = line_word(&copy, first, sizeof first, &too_long) || too_long;
        if (has_word && first[0] != '#')
            return LINE_READ;
    }
}

void lines_close(struct lines *l)
{
    if (l->in != NULL && l->in != stdin)
        (void)fclose(l->in);
    free(l->buffer);
    *l = (struct lines){0};
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

bool line_word(struct reader *line, char *word, size_t word_size, bool *too_long)
{
    size_t used = 0;
    *too_long = false;
    while (line->left > 0) {
        uint8_t c = read_u8(line);
        if (is_blank(c) && used > 0)
            break;
        if (is_blank(c))
            continue;
        if (used + 1 < word_size)
            word[used++] = (char)c;
        else
            *too_long = true;
        *too_long |= c == '\0';
    }
    word[used] = '\0';
    return used > 0 && !*too_long;
}

/* A list of another kind is wrong in every line: its first lines tell what is the matter. */
static void complain_of_line(const struct call *call, const struct lines *l, uint64_t complaints,
                             const struct error *err)
{
    if (complaints <= LINE_COMPLAINTS_MAX)
        console_complain(call->console, "%s, line %" PRIu64 ": %s", l->name, l->number, err->text);
}

static enum exit_code each_of_one(const struct call *call, struct lines *l, line_handler *handler,
                                  void *context)
{
    uint64_t complaints = 0;
    struct reader line;
    struct error err;
    enum line_result result;
    while ((result = lines_next(l, &line, &err)) != LINE_END) {
        bool good = false;
        if (result == LINE_FAILED) {
            console_complain(call->console, "%s", err.text);
            return EXIT_INCOMPLETE;
        }
        if (result == LINE_TOO_LONG)
            (void)fail(&err, ERROR_LIMIT, "longer than %zu bytes", l->longest);
        else
            good = handler(context, l->number, line, &err);
        if (call->console->write_error != 0)
            return EXIT_FAILED;
        if (!good)
            complain_of_line(call, l, ++complaints, &err);
    }
    if (complaints > LINE_COMPLAINTS_MAX)
        console_complain(call->console, "%s: and %" PRIu64 " more wrong line%s", l->name,
                         complaints - LINE_COMPLAINTS_MAX,
                         plural(complaints - LINE_COMPLAINTS_MAX));
    return complaints > 0 ? EXIT_INCOMPLETE : EXIT_DONE;
}

enum exit_code lines_each(const struct call *call, const struct option_texts *paths, size_t longest,
                          line_handler *handler, void *context)
{
    enum exit_code code = EXIT_DONE;
    size_t opened = 0;
    for (size_t i = 0; i < paths->count && code != EXIT_FAILED; i++) {
        struct lines l;
        struct error err;
        if (!lines_open(&l, paths->items[i], longest, &err)) {
            console_complain(call->console, "%s", err.text);
            code = exit_graver(code, EXIT_INCOMPLETE);
            continue;
        }
        opened++;
        code = exit_graver(code, each_of_one(call, &l, handler, context));
        lines_close(&l);
    }
    return opened == 0 && paths->count > 0 ? EXIT_FAILED : code;
}
