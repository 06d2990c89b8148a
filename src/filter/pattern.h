/* What a user looks for in user data: regular expressions of PCRE2 over bytes.
 *
 *   s:^(GET|PUT)      the source's data begin so          \x90{8}     eight bytes 0x90, either side
 *   d:MZ              the destination's data hold it
 *
 * Data are bytes, not text: NUL is a byte like others, `\x90` is one byte, `.` is any byte, `^` and
 * `$` are the begin and the end of the data (`(?m)` makes them those of lines, `(?-s)` keeps `.`
 * from a line feed). What ra gets wrong is not kept: ra cuts data at each NUL and believes only the
 * last -e.
 *
 * A pattern may be made to take for ever: each search has a limit, and says when it was hit. */
#ifndef WORMSIGN_FILTER_PATTERN_H
#define WORMSIGN_FILTER_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include "base/compiler.h"
#include "base/error.h"
#include "observe/flow_record.h"

enum {
    PATTERNS_MAX = 64,              /* in one set */
    PATTERN_LENGTH_MAX = 8192,      /* bytes of one */
    PATTERN_MATCH_LIMIT = 200000,   /* steps of one search */
    PATTERN_DEPTH_LIMIT = 10000,    /* of backtracking within each other, where there is no JIT */
    PATTERN_HEAP_KIB_LIMIT = 16384, /* of memory for one search, where there is no JIT */
    PATTERN_STACK_BYTES = 1 << 20   /* of memory for one search of the JIT */
};

struct patterns;

enum patterns_result {
    PATTERNS_MISSED,
    PATTERNS_MATCHED, /* all of them */
    PATTERNS_LIMIT    /* a search was given up, so it is not known; the caller counts and reports */
};

/* Compiles texts[0..count-1], each with `s:` or `d:` before it or neither. NULL and *err (which
 * pattern, where in it, why) on failure. */
struct patterns *patterns_compile(const char *const *texts, size_t count, bool ignore_case,
                                  struct error *err) MUST_CHECK;
void patterns_free(struct patterns *p); /* NULL is fine */

/* Whether each pattern is found in the user data of a side that it may look at. No data: no pattern
 * is found. Uses memory of the set, so one thread at a time. */
enum patterns_result patterns_match(struct patterns *p, const struct flow_record *record);

/* Of the last PATTERNS_LIMIT: the text of the pattern that was given up. */
const char *patterns_limited_by(const struct patterns *p);

#endif
