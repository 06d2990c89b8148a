/* The sentences of a summary: limits that were reached, and advice. */
#ifndef WORMSIGN_ENGINE_SENTENCES_H
#define WORMSIGN_ENGINE_SENTENCES_H

#include <stddef.h>
#include "base/compiler.h"

enum { SENTENCES_MAX = 32, SENTENCE_SIZE = 256 };

struct sentences {
    size_t count;
    char text[SENTENCES_MAX][SENTENCE_SIZE];
    const char *pointers[SENTENCES_MAX]; /* to them, for struct totals */
};

/* The struct must stay where it is, as it points into itself. */
void sentence_add(struct sentences *s, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
