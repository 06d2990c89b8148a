/* One error, carried up by value: what went wrong, in words, with one kind that decides the exit
 * code.
 *
 * A function that can fail returns bool (or a small enum) and takes `struct error *err` last. It
 * reports with `return fail(err, ...)`; its callers add where it happened, not what, with
 * `return fail_in(err, ...)`, so that the text reads outside in:
 * "x.pcap: record 17: block shorter than its header". */
#ifndef WORMSIGN_BASE_ERROR_H
#define WORMSIGN_BASE_ERROR_H

#include <stdbool.h>
#include "base/compiler.h"

enum error_kind {
    ERROR_NONE = 0,
    ERROR_USAGE,  /* the caller's words are wrong: unknown option, bad address or date */
    ERROR_SYSTEM, /* the operating system refused: open, read, memory */
    ERROR_FORMAT, /* the bytes are not what they claim to be */
    ERROR_CUT,    /* the bytes end too early; what came before them is sound */
    ERROR_LIMIT   /* a named limit of ours was reached */
};

enum { ERROR_TEXT_SIZE = 512 };

struct error {
    enum error_kind kind;
    char text[ERROR_TEXT_SIZE]; /* NUL-terminated; longer texts are cut; not escaped: escape it on
                            * output */
};

/* Sets *err (which may be NULL) to kind and the formatted text. Always returns false. */
bool fail(struct error *err, enum error_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "<formatted text>: " in front of the text of *err, keeping its kind. Always returns
 * false. */
bool fail_in(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
