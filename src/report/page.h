/* Words onto lines: paragraphs are gathered, broken at blanks and written.
 *
 * Everything but colours passes through foreign.h here, so no caller can let a control byte out. A
 * word that is longer than a line stays whole: addresses and URLs are there to be copied. */
#ifndef WORMSIGN_REPORT_PAGE_H
#define WORMSIGN_REPORT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/compiler.h"
#include "report/foreign.h"

enum { PAGE_WIDTH_DEFAULT = 100, PAGE_WIDTH_MIN = 40, PAGE_SAY_SIZE = 512 };

enum paint { PAINT_PLAIN, PAINT_BOLD, PAINT_RED, PAINT_YELLOW, PAINT_GREEN };

struct page {
    FILE *out; /* borrowed */
    size_t width;
    bool colour;
    bool days_only;        /* times are shown without a clock */
    size_t first, further; /* indentation of the paragraph's first line and of the others */
    char *text;            /* the paragraph so far: safe text and our own colour sequences */
    size_t used, size;
    bool failed; /* memory was out: something is missing */
};

/* Lines of so many columns; 0 or less: PAGE_WIDTH_DEFAULT. */
struct page page_over(FILE *out, int width, bool colour);
void page_free(struct page *p);

/* Begins a paragraph. */
void page_begin(struct page *p, size_t first, size_t further);

/* Appends text to the paragraph. */
void page_add(struct page *p, enum safe_form form, const char *text);

/* Appends words of ours; what a %s brings must be ours too. Fewer bytes than PAGE_SAY_SIZE. */
void page_say(struct page *p, const char *format, ...) PRINTF_LIKE(2, 3);

/* What follows has this colour, where there are colours. */
void page_paint(struct page *p, enum paint paint);

/* Writes the paragraph; an empty line where there is none. */
void page_end(struct page *p);

/* Writes the paragraph as one line, however long: for lines that programs look for. */
void page_end_whole(struct page *p);

#endif
