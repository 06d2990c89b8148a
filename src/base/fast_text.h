/* Text that grows, for millions of lines: numbers, times and addresses are written without printf,
 * which would be most of the cost of a line.
 *
 * Grows by doubling and keeps its room when it is emptied. Sticks where memory is out: `failed` is
 * tested once, at the end of a line. No NUL is written. */
#ifndef WORMSIGN_BASE_FAST_TEXT_H
#define WORMSIGN_BASE_FAST_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "base/address.h"
#include "base/compiler.h"
#include "base/reader.h"
#include "base/time.h"

enum { FAST_TEXT_DIGITS_MAX = 20, FAST_TEXT_DECIMALS_MAX = 9 };

struct fast_text {
    char *start; /* owned */
    size_t used, room;
    bool failed;
};

/* The second whose calendar text is here, as most lines share it with the one before. Begins
 * zeroed. */
struct fast_time {
    bool is_known;
    int64_t second;
    size_t size;
    char text[TIME_TEXT_SIZE];
};

void fast_text_free(struct fast_text *t);

/* Makes room for this many more; NULL where there is none. Who writes there
 * adds to `used`. */
char *fast_text_grow(struct fast_text *t, size_t more);

static ALWAYS_INLINE char *fast_text_room(struct fast_text *t, size_t more)
{
    if (RARELY(more > t->room - t->used))
        return fast_text_grow(t, more);
    return t->start + t->used;
}

static ALWAYS_INLINE void fast_text_char(struct fast_text *t, char c)
{
    char *at = fast_text_room(t, 1);
    if (at == NULL)
        return;
    *at = c;
    t->used++;
}

static ALWAYS_INLINE void fast_text_add(struct fast_text *t, const char *bytes, size_t count)
{
    char *at = fast_text_room(t, count);
    if (at == NULL)
        return;
    memcpy(at, bytes, count);
    t->used += count;
}

static ALWAYS_INLINE void fast_text_string(struct fast_text *t, const char *string)
{
    fast_text_add(t, string, strlen(string));
}

void fast_text_blanks(struct fast_text *t, size_t count);

void fast_text_count(struct fast_text *t, uint64_t value);

/* With as many digits as this at least, zeros before. */
void fast_text_padded(struct fast_text *t, uint64_t value, unsigned digits);

/* Lower case, with as many digits as this at least. */
void fast_text_hex(struct fast_text *t, uint64_t value, unsigned digits);

/* Microseconds as seconds with this many decimals, which are cut, not rounded. */
void fast_text_seconds(struct fast_text *t, int64_t us, unsigned decimals);

/* "2009-04-21T16:44:11.000123Z"; "-" for what time_text has no text for. */
void fast_text_time(struct fast_text *t, struct fast_time *last, int64_t us, unsigned decimals);

void fast_text_decimal(struct fast_text *t, double value, unsigned decimals);

void fast_text_address(struct fast_text *t, struct address a);

/* 02:00:00:00:00:01 */
void fast_text_mac(struct fast_text *t, uint64_t mac);

/* Two letters a byte, upper case. */
void fast_text_hex_bytes(struct fast_text *t, struct reader bytes);

/* Foreign bytes: printable ASCII as it is, the backslash doubled, everything else, and the byte
 * `also`, as \xNN. */
void fast_text_escaped(struct fast_text *t, struct reader bytes, char also);

#endif
