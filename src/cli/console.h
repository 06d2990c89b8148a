/* What the program says: results on stdout, talk on stderr, nothing that can harm a terminal.
 *
 * Every write to stdout is checked. A closed pipe (the reader has seen enough) ends the run in
 * silence, anything else (disk full, stdout closed) with one line; both with exit code 4. SIGPIPE
 * is ignored from console_open on. Talk is one line a message, every byte of it escaped, because it
 * quotes arguments and files. Progress is one line that is drawn over, on a terminal only. */
#ifndef WORMSIGN_CLI_CONSOLE_H
#define WORMSIGN_CLI_CONSOLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"
#include "cli/exit.h"

enum {
    CONSOLE_LINE_SIZE = 2048, /* a line of talk, before escaping; longer ones are cut */
    CONSOLE_WIDTH_USUAL = 80, /* columns where the terminal does not tell */
    CONSOLE_WIDTH_MOST = 100, /* longer lines are hard to read */
    CONSOLE_WIDTH_LEAST = 40, /* what says less is taken not to know */
    PROGRESS_WIDTH_LEAST = 2,
    PROGRESS_NAME_LEAST = 8,   /* columns that a name keeps in the progress line */
    PROGRESS_PAUSE_US = 200000 /* between two drawings of the progress line */
};

struct console {
    bool quiet;               /* -q: no notes, no progress */
    unsigned verbose;         /* -v, counted */
    bool talk_is_terminal;    /* stderr */
    bool results_to_terminal; /* stdout */
    int width;                /* columns of stdout */
    int talk_width;           /* columns of stderr */
    int write_error;          /* the errno of the first write to stdout that failed, or 0 */
    bool progress_drawn;
    int64_t progress_next_us; /* monotonic */
};

/* Makes descriptors 0..2 safe (a closed one must not become a file of ours), ignores SIGPIPE. */
void console_open(struct console *c);

/* Prints to stdout. False once stdout has failed: the caller stops. */
bool console_print(struct console *c, const char *format, ...) PRINTF_LIKE(2, 3);

/* The same of bytes that are made already. */
bool console_write(struct console *c, const char *bytes, size_t size);

/* Sends what was printed so far on its way. False once stdout has failed. */
bool console_flush(struct console *c);

/* Before others write to stdout: takes the progress line away where that is on one terminal. */
void console_make_way(struct console *c);

/* Others could not write to stdout: keeps the reason, which is in errno, for console_close to say.
 * Always returns false. */
bool console_failed(struct console *c);

/* Prints one object as a line of JSON, flushed, and lets go of it. False once stdout has failed. */
bool console_json(struct console *c, json_t *object);

/* Prints text wrapped at the console's width, each line after `indent` blanks. */
bool console_paragraph(struct console *c, unsigned indent, const char *text);

/* The same with a term at the left of its first line, or above it where it is too long. */
bool console_entry(struct console *c, unsigned indent, const char *term, const char *text);

/* One line on stderr: an error (always), a note (not with -q), a detail (only with -v). */
void console_complain(struct console *c, const char *format, ...) PRINTF_LIKE(2, 3);
void console_note(struct console *c, const char *format, ...) PRINTF_LIKE(2, 3);
void console_detail(struct console *c, const char *format, ...) PRINTF_LIKE(2, 3);

/* Whether a progress line is drawn at all. */
bool console_shows_progress(const struct console *c);

/* Draws the progress line where stderr is a terminal, at most five times a second. It is cut to the
 * terminal's width, as a line that wraps cannot be drawn over. */
void console_progress(struct console *c, const char *format, ...) PRINTF_LIKE(2, 3);

/* The same as "NAME: done", where a long name loses its beginning first. */
void console_progress_of(struct console *c, const char *name, const char *done);

/* Flushes and closes stdout; says what went wrong; returns the exit code that results. */
enum exit_code console_close(struct console *c, enum exit_code code);

#endif
