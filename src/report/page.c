/* Greedy line breaking: a piece is blanks and the word after them; a piece that does not fit goes
 * to the next line without its blanks. Widths are counted in characters of UTF-8, and a colour
 * sequence (escape to 'm', only ever ours: safe text has no escape) has none. */
#include "report/page.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE_FIRST = 1024 };

struct page page_over(FILE *out, int width, bool colour)
{
    int used = width <= 0 ? PAGE_WIDTH_DEFAULT : width < PAGE_WIDTH_MIN ? PAGE_WIDTH_MIN : width;
    return (struct page){.out = out, .width = (size_t)used, .colour = colour};
}

void page_free(struct page *p)
{
    free(p->text);
    p->text = NULL;
    p->used = p->size = 0;
}

void page_begin(struct page *p, size_t first, size_t further)
{
    p->used = 0;
    p->first = first;
    p->further = further;
}

static void append(struct page *p, const char *bytes, size_t count)
{
    while (p->size - p->used < count) {
        size_t larger = p->size != 0 ? p->size * 2 : TEXT_SIZE_FIRST;
        char *moved = larger > p->size ? realloc(p->text, larger) : NULL;
        if (moved == NULL) {
            p->failed = true;
            return;
        }
        p->text = moved;
        p->size = larger;
    }
    if (count != 0)
        memcpy(p->text + p->used, bytes, count);
    p->used += count;
}

void page_add(struct page *p, enum safe_form form, const char *text)
{
    char *safe = text_made_safe(text, form);
    if (safe != NULL)
        append(p, safe, strlen(safe));
    else
        p->failed = true;
    free(safe);
}

void page_say(struct page *p, const char *format, ...)
{
    char text[PAGE_SAY_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text)
        p->failed = true;
    else
        page_add(p, SAFE_SENTENCE, text);
}

void page_paint(struct page *p, enum paint paint)
{
    static const char *const codes[] = {
        [PAINT_PLAIN] = "\033[0m",     [PAINT_BOLD] = "\033[1m",   [PAINT_RED] = "\033[1;31m",
        [PAINT_YELLOW] = "\033[1;33m", [PAINT_GREEN] = "\033[32m",
    };
    if (p->colour)
        append(p, codes[paint], strlen(codes[paint]));
}

/* Writes blanks, and says how wide they are. */
static size_t blanks(FILE *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)fputc(' ', out);
    return count;
}

static size_t width_of(const char *word, size_t length)
{
    size_t width = 0;
    bool in_colour = false;
    for (size_t i = 0; i < length; i++) {
        in_colour = in_colour || word[i] == '\033';
        width += !in_colour && ((unsigned char)word[i] & 0xc0) != 0x80;
        in_colour = in_colour && word[i] != 'm';
    }
    return width;
}

static size_t run_length(const char *text, size_t length, bool of_blanks)
{
    size_t run = 0;
    while (run < length && (text[run] == ' ') == of_blanks)
        run++;
    return run;
}

void page_end(struct page *p)
{
    size_t column = p->used > 0 ? blanks(p->out, p->first) : 0;
    bool line_has_word = false;
    for (size_t at = 0; at < p->used;) {
        size_t space = run_length(p->text + at, p->used - at, true);
        const char *word = p->text + at + space;
        size_t length = run_length(word, p->used - at - space, false);
        size_t width = width_of(word, length);
        at += space + length;
        if (line_has_word && space > 0 && column + space + width > p->width) {
            (void)fputc('\n', p->out);
            column = blanks(p->out, p->further);
        } else if (length > 0) {
            column += blanks(p->out, space);
        }
        (void)fwrite(word, 1, length, p->out);
        column += width;
        line_has_word = true;
    }
    (void)fputc('\n', p->out);
    p->used = 0;
}

void page_end_whole(struct page *p)
{
    size_t width = p->width;
    p->width = SIZE_MAX;
    page_end(p);
    p->width = width;
}
