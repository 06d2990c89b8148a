/* What a live server sends, in pieces: whatever it is, only whole records are given on, each once,
 * nothing is sent twice, and the talk ends where they end. The first byte: whether there is a
 * filter, and how the rest is cut. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/writer.h"
#include "source/argus_stream.h"
#include "source/argus_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that is whole frames as a record, and nothing else. */
static size_t take_whole(struct argus_talk *t)
{
    size_t size, all;
    struct argus_record record;
    struct error err;
    struct reader bytes = reader_over(NULL, 0);
    const uint8_t *whole = argus_talk_whole(t, &all);
    for (bytes = reader_over(whole, all); bytes.left > 0; read_skip(&bytes, size))
        assert(argus_frame(bytes, &size, &record, &err) == ARGUS_FRAME_RECORD);
    assert(!bytes.failed);
    argus_talk_take(t, all);
    return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct argus_talk t;
    char sent[2 * ARGUS_COMMAND_SIZE];
    struct text text = text_over(sent, sizeof sent);
    struct error err = {0};
    if (size == 0 || !argus_talk_begin(&t, (data[0] & 1) != 0 ? "tcp" : NULL))
        return 0;
    size_t step = 1 + (data[0] >> 1), given = 0;
    bool goes_on = true;
    for (size_t at = 1; at < size && goes_on; at += step) {
        size_t room, count = size - at < step ? size - at : step;
        uint8_t *to = argus_talk_room(&t, &room);
        assert(room >= count);
        memcpy(to, data + at, count);
        goes_on = argus_talk_came(&t, count, &text, &err);
        assert(goes_on == (t.state != ARGUS_TALK_BAD) && goes_on == (err.kind == ERROR_NONE));
        given += take_whole(&t);
    }
    assert(!text.cut && given + argus_talk_cut(&t) <= size);
    argus_talk_end(&t);
    return 0;
}
