/* Any bytes after a pcap magic: what the reader of pcap must hold to.
 *
 * Frames lie inside the input and never go back; each result moves on or stays for good; the bytes
 * of a frame are all readable. The first byte chooses the magic, the rest are the file, so that no
 * input is spent on finding one. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t magics[6][4] = {
        {0xd4, 0xc3, 0xb2, 0xa1}, {0xa1, 0xb2, 0xc3, 0xd4}, {0x4d, 0x3c, 0xb2, 0xa1},
        {0xa1, 0xb2, 0x3c, 0x4d}, {0x34, 0xcd, 0xb2, 0xa1}, {0xa1, 0xb2, 0xcd, 0x34},
    };
    if (size < 1)
        return 0;
    uint8_t *file = malloc(size + 3);
    if (file == NULL)
        return 0;
    memcpy(file, magics[data[0] % 6], 4);
    memcpy(file + 4, data + 1, size - 1);
    capture_walk(file, size + 3);
    free(file);
    return 0;
}
