/* A fixed number of them: every caller's sentences are known beforehand. */
#include "engine/sentences.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void sentence_add(struct sentences *s, const char *format, ...)
{
    assert(s->count < SENTENCES_MAX);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(s->text[s->count], SENTENCE_SIZE, format, arguments);
    va_end(arguments);
    s->pointers[s->count] = s->text[s->count];
    s->count++;
}
