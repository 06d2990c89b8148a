/* Any bytes as a capture file, with a corpus of pcapng: frames lie inside the input and never go
 * back, each result moves on or stays for good, the bytes of a frame are all readable. */
#include <stddef.h>
#include <stdint.h>

#include "capture_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    capture_walk(data, size);
    return 0;
}
