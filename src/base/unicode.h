/* Unicode as UTF-8 (RFC 3629) and UTF-16, little-endian (RFC 2781), one character at a time, and
 * foreign names of either as text of ours.
 *
 * What is no character of UTF-16 (half of a pair) becomes U+FFFD. */
#ifndef WORMSIGN_BASE_UNICODE_H
#define WORMSIGN_BASE_UNICODE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/reader.h"
#include "base/writer.h"

enum { UNICODE_REPLACEMENT = 0xfffd };

/* The next character; false when the bytes are not one: overlong, a surrogate, too high, cut. */
bool utf8_read(struct reader *r, uint32_t *code);

/* The next character of UTF-16; U+FFFD where it is none. */
uint32_t utf16_read(struct reader *r);

/* Appends the characters up to a zero or the end, as UTF-8. What does not fit is left out, and
 * t->cut tells so; no character is cut in two. */
void text_add_utf16(struct text *t, struct reader utf16);

/* Appends the bytes up to a zero or the end as they came: whose letters they are is not told. */
void text_add_bytes(struct text *t, struct reader bytes);

/* Writes UTF-8 as UTF-16 without a zero behind it; a byte that is no UTF-8 becomes U+FFFD. */
void write_utf16(struct writer *w, const char *utf8);

#endif
