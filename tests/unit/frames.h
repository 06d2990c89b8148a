/* What the tests of frames share: packets in one line, and decoding from exact-size copies.
 *
 * Every frame is decoded from a heap copy of its exact size, so that a sanitizer sees a read past
 * its end. */
#ifndef WORMSIGN_TESTS_FRAMES_H
#define WORMSIGN_TESTS_FRAMES_H

#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "observe/frame.h"
#include "wire/build.h"
#include "wire/ip.h"
#include "wire/link.h"

enum { FRAME_BUFFER = 70000 };

struct built {
    uint8_t bytes[FRAME_BUFFER];
    struct writer w;
};

static inline struct writer *built_begin(struct built *b)
{
    b->w = writer_over(b->bytes, sizeof b->bytes);
    return &b->w;
}

static inline struct address address_from(const char *text)
{
    struct address a;
    assert_true(address_parse(text, &a, NULL));
    return a;
}

#define FROM4 address_of_v4(0xc0000201)
#define TO4 address_of_v4(0xc6336407)
#define FROM6 address_from("2001:db8::1")
#define TO6 address_from("2001:db8:ffff::2")

#define UDP4                                                                                       \
    ((struct wire_packet){.from = FROM4,                                                           \
                          .to = TO4,                                                               \
                          .protocol = IP_UDP,                                                      \
                          .port_from = 1025,                                                       \
                          .port_to = 40832,                                                        \
                          .ip_id = 0x1234,                                                         \
                          .payload = "hello",                                                      \
                          .payload_length = 5})
#define TCP4                                                                                       \
    ((struct wire_packet){.from = FROM4,                                                           \
                          .to = TO4,                                                               \
                          .protocol = IP_TCP,                                                      \
                          .port_from = 1025,                                                       \
                          .port_to = 445,                                                          \
                          .ip_id = 0x1234,                                                         \
                          .tcp_flags = TCP_PSH | TCP_ACK,                                          \
                          .sequence = 0x01020304,                                                  \
                          .acknowledgement = 0xfefdfcfb,                                           \
                          .payload = "hello",                                                      \
                          .payload_length = 5})

/* A decoder, and the copy of the frame that its packet borrows from. */
struct bench {
    struct frame_decoder *decoder;
    uint8_t *copy;
    struct packet packet;
};

static inline int bench_setup(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    if (b == NULL)
        return -1;
    b->decoder = frame_decoder_new();
    *state = b;
    return b->decoder == NULL ? -1 : 0;
}

static inline int bench_teardown(void **state)
{
    struct bench *b = *state;
    frame_decoder_free(b->decoder);
    free(b->copy);
    free(b);
    return 0;
}

/* Decodes the first `captured` bytes of what was built, as cut from a frame of the whole length. */
static inline enum frame_result decode_cut(struct bench *b, uint32_t link_type, int64_t when_us,
                                           const struct built *frame, size_t captured)
{
    assert_false(frame->w.failed);
    free(b->copy);
    b->copy = malloc(captured != 0 ? captured : 1);
    assert_non_null(b->copy);
    memcpy(b->copy, frame->bytes, captured);
    return frame_decode(b->decoder, link_type, when_us, reader_over(b->copy, captured),
                        frame->w.used, &b->packet);
}

static inline enum frame_result decode(struct bench *b, uint32_t link_type,
                                       const struct built *frame)
{
    return decode_cut(b, link_type, 0, frame, frame->w.used);
}

/* Every truncation: whatever comes of it, the packet's payload lies within what was captured. */
static inline void decode_every_cut(struct bench *b, uint32_t link_type, const struct built *frame)
{
    for (size_t captured = 0; captured < frame->w.used; captured++) {
        if (decode_cut(b, link_type, 0, frame, captured) != FRAME_PACKET)
            continue;
        const struct packet *p = &b->packet;
        assert_true(p->payload.left <= p->payload_length);
        if (p->payload.left != 0)
            assert_true(p->payload.next >= b->copy &&
                        p->payload.next + p->payload.left <= b->copy + captured);
    }
}

#endif
