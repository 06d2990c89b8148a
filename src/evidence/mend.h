/* What to do about a verdict: the steps that mend, once, for people. `explain` and the reports read
 * them here.
 *
 * Source: the removal guides of 2009 (Microsoft's KB962007, the Conficker Working Group's), and
 * what is known of how the worm spreads: MS08-067, weak passwords of shares, autorun. */
#ifndef WORMSIGN_EVIDENCE_MEND_H
#define WORMSIGN_EVIDENCE_MEND_H

#include <stddef.h>
#include "evidence/verdict.h"

enum { MEND_STEPS_MAX = 6 };

struct mend_step {
    const char *title; /* "Isolate it" */
    const char *text;  /* a sentence or two */
};

struct mend {
    const char *title;   /* "How to mend an infected host" */
    const char *summary; /* a sentence: what the verdict asks for */
    size_t step_count;
    struct mend_step steps[MEND_STEPS_MAX]; /* in the order in which they are done */
};

/* Every verdict has one. */
const struct mend *mend_of(enum verdict_kind kind);

#endif
