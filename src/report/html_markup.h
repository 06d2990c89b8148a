/* Markup as it grows: the one place where text becomes HTML.
 *
 * What comes from a network, a file or a user passes through markup_text, which makes it harmless
 * to read (foreign.h) and then harmless to a parser: & < > " ' become entities, so it fits between
 * tags and inside quotes. What a `_say` is given must be ours: markup, numbers, addresses. */
#ifndef WORMSIGN_REPORT_HTML_MARKUP_H
#define WORMSIGN_REPORT_HTML_MARKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/address.h"
#include "base/compiler.h"
#include "report/foreign.h"

enum { COUNT_TEXT_SIZE = 32 };

/* All zero: empty. */
struct markup {
    char *text; /* owned; NUL-terminated once there is any */
    size_t used, size;
    bool failed;    /* memory was out: something is missing */
    bool days_only; /* times are shown without a clock, and not drawn */
};

void markup_free(struct markup *m);

/* Empties it and keeps its memory. */
void markup_clear(struct markup *m);

/* So many bytes of ours. */
void markup_add(struct markup *m, const char *text, size_t length);

/* Words and tags of ours; what a %s brings must be ours too. */
void markup_say(struct markup *m, const char *format, ...) PRINTF_LIKE(2, 3);

/* Foreign text, or a sentence of ours with foreign parts: escaped. */
void markup_text(struct markup *m, enum safe_form form, const char *text);

/* The same, and kept from turning the direction of what stands beside it. */
void markup_name(struct markup *m, const char *text);

/* "2009-04-21 16:44:11" in a <time>, without seconds where they are not wanted; "unknown" where
 * there is none. */
void markup_time(struct markup *m, int64_t when_us, bool with_seconds);

/* "1,234,567", in buffer, which is returned. */
const char *count_text(uint64_t count, char buffer[static COUNT_TEXT_SIZE]);

#endif
