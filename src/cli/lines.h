/* Lists of lines, from a file or stdin: bounded lines, numbered, in the order in which they stand.
 *
 * A line is a reader over its bytes, without its end. Blank lines and those that begin with # are
 * passed over. A line that is longer than the limit is skipped whole, and said to be too long. */
#ifndef WORMSIGN_CLI_LINES_H
#define WORMSIGN_CLI_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/reader.h"
#include "cli/verbs.h"

enum { LINE_COMPLAINTS_MAX = 20 }; /* of one list; further wrong lines are counted */

struct lines {
    const char *name; /* for messages: the path, or "stdin" */
    FILE *in;
    uint64_t number; /* of the line that was read last, from 1 */
    char *buffer;
    size_t longest; /* bytes of the longest line that is read */
};

enum line_result { LINE_READ, LINE_TOO_LONG, LINE_END, LINE_FAILED };

/* Opens a path ("-": stdin). */
bool lines_open(struct lines *l, const char *path, size_t longest, struct error *err) MUST_CHECK;
enum line_result lines_next(struct lines *l, struct reader *line, struct error *err);
void lines_close(struct lines *l);

/* Takes the next word, NUL-terminated, out of a line: false, and an empty word, when there is none;
 * *too_long when it does not fit or holds a NUL. */
bool line_word(struct reader *line, char *word, size_t word_size, bool *too_long);

/* What a verb does with one line, which has this number: false, and *err filled, when the line is
 * wrong. */
typedef bool line_handler(void *context, uint64_t number, struct reader line, struct error *err);

/* Hands every line of every path to the handler. A wrong line is complained about by name and
 * number, and the next one follows; a file that cannot be opened or read likewise. Stops when
 * stdout fails. Without any file that could be opened: EXIT_FAILED. */
enum exit_code lines_each(const struct call *call, const struct option_texts *paths, size_t longest,
                          line_handler *handler, void *context);

#endif
