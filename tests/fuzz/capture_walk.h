/* Walks a capture in memory and asserts what holds for every one, sound or hostile: shared by the
 * fuzz targets of pcap and pcapng. */
#ifndef WORMSIGN_TESTS_CAPTURE_WALK_H
#define WORMSIGN_TESTS_CAPTURE_WALK_H

#include <assert.h>
#include <stdint.h>

#include "base/time.h"
#include "source/capture_file.h"

static void capture_walk(const uint8_t *data, size_t size)
{
    struct error err = {0};
    struct input *in = input_open_memory("fuzz", data, size, &err);
    if (in == NULL)
        return;
    struct capture_file *c = capture_file_open(in, &err);
    assert(c != NULL || err.text[0] != '\0');
    uint64_t before = 0;
    enum capture_result result = c != NULL ? CAPTURE_FRAME : CAPTURE_END;
    while (result == CAPTURE_FRAME || result == CAPTURE_SKIPPED) {
        struct capture_frame frame;
        err = (struct error){0};
        result = capture_file_next(c, &frame, &err);
        assert((result == CAPTURE_SKIPPED || result == CAPTURE_DAMAGED) ==
               (err.kind != ERROR_NONE));
        uint64_t at = input_offset(in);
        assert(result == CAPTURE_FRAME || result == CAPTURE_SKIPPED ? at > before : at >= before);
        if (result == CAPTURE_FRAME) {
            volatile uint8_t sink = 0; /* so that the reading is really done */
            assert(frame.offset >= before && frame.bytes.left <= at - frame.offset);
            assert(frame.bytes.left <= CAPTURE_FRAME_MAX && !frame.bytes.failed);
            assert(frame.when_us == TIME_NONE || (frame.when_us >= INT64_C(-62167219200000000) &&
                                                  frame.when_us <= INT64_C(253402300799999999)));
            while (frame.bytes.left != 0)
                sink = (uint8_t)(sink ^ read_u8(&frame.bytes));
        }
        before = at;
    }
    capture_file_close(c);
    input_close(in);
}

#endif
