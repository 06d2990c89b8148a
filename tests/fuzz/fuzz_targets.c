/* Targets as people write them: a text that is accepted means 1 to 2^32 addresses, ascending from
 * the first to the last. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "scan/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[2 * TARGET_TEXT_SIZE];
    struct target t;
    if (size >= sizeof text)
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    if (!target_parse(text, &t, NULL))
        return 0;
    assert(t.size >= 1 && t.size <= UINT64_C(1) << 32);
    uint64_t middle = t.size / 2;
    assert(target_at(&t, 0) <= target_at(&t, middle));
    assert(target_at(&t, t.size - 1) - (uint64_t)target_at(&t, 0) >= t.size - 1);
    assert(middle == 0 || target_at(&t, middle - 1) < target_at(&t, middle));
    return 0;
}
