/* Captures made in memory, byte by byte in either order, and what reading them gave: for the tests
 * of pcap and pcapng. Frames are filled with f0 f1 f2 ..., which the reading checks. */
#ifndef WORMSIGN_TESTS_MADE_CAPTURE_H
#define WORMSIGN_TESTS_MADE_CAPTURE_H

#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "source/capture_file.h"

enum { MADE_MAX = 3 * 1024 * 1024 };

/* A capture in the making. */
struct made {
    struct writer w;
    bool big;
};

static inline struct made make(bool big)
{
    uint8_t *bytes = calloc(1, MADE_MAX);
    assert_non_null(bytes);
    return (struct made){.w = writer_over(bytes, MADE_MAX), .big = big};
}

static inline void put_16(struct made *m, uint16_t value)
{
    (m->big ? write_be16 : write_le16)(&m->w, value);
}

static inline void put_32(struct made *m, uint32_t value)
{
    (m->big ? write_be32 : write_le32)(&m->w, value);
}

static inline void put_frame(struct made *m, size_t size)
{
    for (size_t i = 0; i < size; i++)
        write_u8(&m->w, (uint8_t)(0xf0 + i));
}

/* What reading gave: the last frame, and how it went. */
struct went {
    unsigned frames, skipped;
    enum capture_result end;
    struct capture_frame last;
    struct capture_notes notes;
    struct error first_skip, error;
    char format[8];
};

static inline void check_frame(const struct capture_frame *frame)
{
    struct reader r = frame->bytes;
    for (size_t i = 0; i < frame->bytes.left; i++)
        assert_int_equal(read_u8(&r), (uint8_t)(0xf0 + i));
}

/* Reads all from an exact-size heap copy, which is gone when this returns: last.bytes has only its
 * size. */
static inline struct went read_bytes_whole(const uint8_t *bytes, size_t size)
{
    struct went went = {.end = CAPTURE_DAMAGED};
    uint8_t *copy = malloc(size != 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    struct input *in = input_open_memory("made", copy, size, &went.error);
    assert_non_null(in);
    struct capture_file *c = capture_file_open(in, &went.error);
    while (c != NULL) {
        struct capture_frame frame;
        struct error err = {0};
        went.end = capture_file_next(c, &frame, &err);
        if (went.end == CAPTURE_SKIPPED && went.skipped++ == 0)
            went.first_skip = err;
        if (went.end == CAPTURE_FRAME) {
            check_frame(&frame);
            went.last = frame;
            went.frames++;
        }
        if (went.end == CAPTURE_END || went.end == CAPTURE_DAMAGED) {
            went.error = err;
            assert_int_equal(capture_file_next(c, &frame, &err), went.end);
            went.notes = *capture_file_notes(c);
            strncpy(went.format, capture_file_format(c), sizeof went.format - 1);
            break;
        }
    }
    capture_file_close(c);
    input_close(in);
    free(copy);
    return went;
}

static inline struct went read_made(struct made *m)
{
    assert_false(m->w.failed);
    struct went went = read_bytes_whole(m->w.start, m->w.used);
    free(m->w.start);
    return went;
}

/* Every cut: what is whole comes out, then ERROR_CUT, but at the end of a record the proper end. */
static inline void check_all_cuts(struct made *m)
{
    unsigned frames = 0, ends = 0;
    for (size_t cut = 4; cut < m->w.used; cut++) {
        struct went went = read_bytes_whole(m->w.start, cut);
        assert_true(went.frames == frames || went.frames == frames + 1);
        frames = went.frames;
        ends += went.end == CAPTURE_END;
        assert_true(went.end == CAPTURE_END || went.error.kind == ERROR_CUT);
    }
    assert_int_equal(frames, 2);
    assert_in_range(ends, 3, 4); /* after the header, the interface, and each record but the last */
    free(m->w.start);
}

#endif
