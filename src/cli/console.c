/* One struct holds what would else be globals; main owns it and hands it to the verb. */
#include "cli/console.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "base/writer.h"

/* A closed descriptor is filled with /dev/null opened the wrong way round: using it still fails, as
 * it would have, but no file that is opened later can take its number and be written over. */
static void hold_closed_descriptors(void)
{
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF)
            (void)open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY);
    }
}

static int width_of_terminal(int descriptor, int least)
{
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col < least)
        return CONSOLE_WIDTH_USUAL;
    return size.ws_col < CONSOLE_WIDTH_MOST ? size.ws_col : CONSOLE_WIDTH_MOST;
}

void console_open(struct console *c)
{
    hold_closed_descriptors();
    (void)signal(SIGPIPE, SIG_IGN);
    memset(c, 0, sizeof *c);
    c->talk_is_terminal = isatty(STDERR_FILENO) == 1;
    c->results_to_terminal = isatty(STDOUT_FILENO) == 1;
    c->width = width_of_terminal(STDOUT_FILENO, CONSOLE_WIDTH_LEAST);
    c->talk_width = width_of_terminal(STDERR_FILENO, PROGRESS_WIDTH_LEAST);
    if (!c->results_to_terminal)
        (void)setvbuf(stdout, NULL, _IOFBF, 65536);
}

/* Keeps the first reason: later ones only say that the stream was already broken. */
bool console_failed(struct console *c)
{
    if (c->write_error == 0)
        c->write_error = errno != 0 ? errno : EIO;
    return false;
}

static void clear_progress(struct console *c)
{
    if (c->progress_drawn)
        (void)fputs("\r\033[K", stderr);
    c->progress_drawn = false;
}

/* Results on the same terminal go where the progress line stood, not behind it. */
void console_make_way(struct console *c)
{
    if (c->results_to_terminal)
        clear_progress(c);
}

bool console_print(struct console *c, const char *format, ...)
{
    va_list arguments;
    if (c->write_error != 0)
        return false;
    console_make_way(c);
    va_start(arguments, format);
    int written = vfprintf(stdout, format, arguments);
    va_end(arguments);
    return written >= 0 || console_failed(c);
}

bool console_write(struct console *c, const char *bytes, size_t size)
{
    if (c->write_error != 0)
        return false;
    console_make_way(c);
    return fwrite(bytes, 1, size, stdout) == size || console_failed(c);
}

bool console_flush(struct console *c)
{
    if (c->write_error != 0)
        return false;
    return fflush(stdout) == 0 || console_failed(c);
}

bool console_json(struct console *c, json_t *object)
{
    bool good = c->write_error == 0;
    console_make_way(c);
    if (object == NULL) {
        errno = ENOMEM;
        return console_failed(c);
    }
    if (good)
        good = (json_dumpf(object, stdout, JSON_COMPACT) == 0 && putc('\n', stdout) != EOF) ||
               console_failed(c);
    json_decref(object);
    return good && console_flush(c);
}

/* How many bytes of text go on a line of `room` columns: whole words, or one long word. */
static size_t line_length(const char *text, size_t room)
{
    size_t take = strlen(text);
    if (take <= room)
        return take;
    for (take = room; take > 0 && text[take] != ' ';)
        take--;
    return take > 0 ? take : strcspn(text, " ");
}

bool console_paragraph(struct console *c, unsigned indent, const char *text)
{
    return console_entry(c, indent, "", text);
}

bool console_entry(struct console *c, unsigned indent, const char *term, const char *text)
{
    size_t room = (size_t)c->width - indent;
    bool fits = *term == '\0' || strlen(term) < indent;
    bool good = fits ? console_print(c, "%-*s", (int)indent, term)
                     : console_print(c, "%s\n%*s", term, (int)indent, "");
    while (good && *text != '\0') {
        size_t take = line_length(text, room);
        good = console_print(c, "%.*s\n", (int)take, text);
        text += take;
        while (*text == ' ')
            text++;
        if (*text != '\0' && good)
            good = console_print(c, "%*s", (int)indent, "");
    }
    return good;
}

static void talk(struct console *c, const char *before, const char *format, va_list arguments)
    PRINTF_LIKE(3, 0);

static void escape(char *safe, size_t size, const char *format, va_list arguments)
    PRINTF_LIKE(3, 0);

static void escape(char *safe, size_t size, const char *format, va_list arguments)
{
    char plain[CONSOLE_LINE_SIZE];
    struct text t = text_over(safe, size);
    (void)vsnprintf(plain, sizeof plain, format, arguments);
    text_add_escaped(&t, plain, strlen(plain));
}

static void talk(struct console *c, const char *before, const char *format, va_list arguments)
{
    char safe[4 * CONSOLE_LINE_SIZE];
    escape(safe, sizeof safe, format, arguments);
    clear_progress(c);
    (void)fprintf(stderr, "wormsign: %s%s\n", before, safe);
}

void console_complain(struct console *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    talk(c, "", format, arguments);
    va_end(arguments);
}

void console_note(struct console *c, const char *format, ...)
{
    va_list arguments;
    if (c->quiet)
        return;
    va_start(arguments, format);
    talk(c, "note: ", format, arguments);
    va_end(arguments);
}

void console_detail(struct console *c, const char *format, ...)
{
    va_list arguments;
    if (c->verbose == 0)
        return;
    va_start(arguments, format);
    talk(c, "", format, arguments);
    va_end(arguments);
}

bool console_shows_progress(const struct console *c)
{
    return c->talk_is_terminal && !c->quiet;
}

static bool progress_is_due(struct console *c)
{
    struct timespec now;
    if (!console_shows_progress(c) || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        return false;
    int64_t now_us = now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
    if (now_us < c->progress_next_us)
        return false;
    c->progress_next_us = now_us + PROGRESS_PAUSE_US;
    return true;
}

/* One column stays free: a full line makes some terminals go on to the next. */
static void draw_progress(struct console *c, const char *safe)
{
    clear_progress(c);
    (void)fprintf(stderr, "%.*s", c->talk_width - 1, safe);
    (void)fflush(stderr);
    c->progress_drawn = true;
}

void console_progress(struct console *c, const char *format, ...)
{
    char safe[4 * CONSOLE_LINE_SIZE];
    va_list arguments;
    if (!progress_is_due(c))
        return;
    va_start(arguments, format);
    escape(safe, sizeof safe, format, arguments);
    va_end(arguments);
    draw_progress(c, safe);
}

void console_progress_of(struct console *c, const char *name, const char *done)
{
    char safe[4 * CONSOLE_LINE_SIZE], line[2 * CONSOLE_WIDTH_MOST];
    size_t columns = (size_t)c->talk_width - 1, taken = strlen(done) + strlen(": ");
    if (!progress_is_due(c))
        return;
    struct text t = text_over(safe, sizeof safe);
    size_t length = strlen(name), from = length < columns ? 0 : length - columns;
    text_add_escaped(&t, name + from, length - from);
    size_t room = columns > taken + PROGRESS_NAME_LEAST ? columns - taken : PROGRESS_NAME_LEAST;
    bool is_cut = from > 0 || t.used > room;
    size_t kept = room - strlen("...");
    const char *end = is_cut && t.used > kept ? safe + (t.used - kept) : safe;
    struct text shown = text_over(line, sizeof line);
    text_add(&shown, "%s%s: %s", is_cut ? "..." : "", end, done);
    draw_progress(c, line);
}

enum exit_code console_close(struct console *c, enum exit_code code)
{
    clear_progress(c);
    if (console_flush(c) && fclose(stdout) != 0)
        (void)console_failed(c);
    if (c->write_error == 0)
        return code;
    if (c->write_error != EPIPE)
        console_complain(c, "cannot write the results to stdout: %s", strerror(c->write_error));
    return EXIT_FAILED;
}
