/* The table of sources: one row each. */
#include "source/source.h"

extern const struct source_format source_argus, source_captures;

const struct source_format *const source_formats[] = {
    &source_captures,
    &source_argus,
    NULL,
};

const struct source_format *source_format_for(struct input *in)
{
    size_t available;
    const uint8_t *start = input_peek(in, SOURCE_START_BYTES, &available);
    for (size_t i = 0; source_formats[i] != NULL; i++)
        if (source_formats[i]->recognises(start, available))
            return source_formats[i];
    return NULL;
}
