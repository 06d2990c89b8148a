/* Any bytes as an Argus archive: framing, every record, and what is poured of it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "argus_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + (size == 0));
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    (void)argus_recognises(copy, size < SOURCE_START_BYTES ? size : SOURCE_START_BYTES);
    (void)argus_walk(copy, size);
    (void)argus_pour_all(copy, size);
    free(copy);
    return 0;
}
