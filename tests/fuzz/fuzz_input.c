/* Any bytes as an input, compressed or not: what comes out is the same whether it is taken in steps
 * of 1 or of 4096, ends, and is no more than asked for here (a bomb is for a unit test, not for a
 * fuzzer). All of an input in memory that is not compressed is visible. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "source/input.h"

enum { TAKEN_MAX = 4 * 1024 * 1024 };

struct outcome {
    uint64_t taken, sum;
    enum error_kind kind;
};

static struct outcome take_all(const uint8_t *data, size_t size, size_t step)
{
    struct outcome outcome = {0};
    struct error err = {0};
    struct input *in = input_open_memory("fuzz", data, size, &err);
    if (in == NULL) {
        assert(err.kind == ERROR_LIMIT || err.kind == ERROR_SYSTEM);
        return outcome;
    }
    size_t available;
    const uint8_t *bytes = input_peek(in, step, &available);
    while (available != 0 && outcome.taken < TAKEN_MAX) {
        size_t count = available < step ? available : step;
        for (size_t i = 0; i < count; i++)
            outcome.sum = outcome.sum * 31 + bytes[i];
        input_take(in, count);
        outcome.taken += count;
        assert(input_offset(in) == outcome.taken);
        bytes = input_peek(in, step, &available);
    }
    if (input_failed(in, &err))
        outcome.kind = err.kind;
    assert(input_compression(in) != NULL || outcome.taken == size || size > TAKEN_MAX);
    assert(input_compression(in) != NULL || outcome.kind == ERROR_NONE);
    assert(input_raw_offset(in) <= size);
    input_close(in);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome bytewise = take_all(data, size, 1), blockwise = take_all(data, size, 4096);
    assert(bytewise.taken >= TAKEN_MAX || bytewise.taken == blockwise.taken);
    assert(bytewise.taken >= TAKEN_MAX || bytewise.sum == blockwise.sum);
    assert(bytewise.taken >= TAKEN_MAX || bytewise.kind == blockwise.kind);
    return 0;
}
