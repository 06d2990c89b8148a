/* Frames from a hostile capture. Input: link type 1 (an index), then frames, each after two bytes
 * of its captured length; so that fragments meet. Whatever comes out, the payload can be read to
 * its end, is no longer than it claims, and lies within the frame unless it was put together from
 * fragments. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "observe/frame.h"
#include "wire/link.h"

static const uint32_t links[] = {LINK_ETHERNET,   LINK_RAW,           LINK_NULL,
                                 LINK_PPP,        LINK_C_HDLC,        LINK_PPP_ETHER,
                                 LINK_WIFI,       LINK_FRAME_RELAY,   LINK_LINUX_COOKED,
                                 LINK_WIFI_PRISM, LINK_WIFI_RADIOTAP, LINK_LINUX_COOKED_2};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void packet_check(const struct packet *p, const uint8_t *frame, size_t size, bool fragments)
{
    size_t sum = 0;
    assert(p->payload.left <= p->payload_length);
    struct reader r = p->payload;
    while (r.left > 0)
        sum += read_u8(&r);
    assert(sum <= 255 * p->payload.left); /* so every byte is read */
    if (p->payload.left != 0 && !fragments)
        assert(p->payload.next >= frame && p->payload.next + p->payload.left <= frame + size);
    assert(p->quote.protocol == 0 || p->quote.protocol == IP_TCP || p->quote.protocol == IP_UDP);
}

static bool frame_check(struct frame_decoder *d, uint32_t link, int64_t when_us, struct reader part)
{
    const struct frame_counts *c = frame_decoder_counts(d);
    struct packet packet;
    uint8_t *copy = malloc(part.left != 0 ? part.left : 1);
    if (copy == NULL)
        return false;
    if (part.left != 0)
        memcpy(copy, part.next, part.left);
    enum frame_result result = frame_decode(d, link, when_us, reader_over(copy, part.left),
                                            (size_t)(when_us & 2047), &packet);
    assert(result != FRAME_UNKNOWN_LINK);
    if (result == FRAME_PACKET)
        packet_check(&packet, copy, part.left, c->fragments_kept != 0);
    free(copy);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_over(data, size);
    uint32_t link = links[read_u8(&r) % COUNT_OF(links)];
    struct frame_decoder *d = frame_decoder_new();
    int64_t when_us = 0;
    uint64_t frames = 0;
    while (d != NULL && r.left > 2) {
        size_t length = read_be16(&r);
        if (length > r.left)
            length = r.left;
        if (!frame_check(d, link, when_us, read_part(&r, length)))
            break;
        when_us += 999983;
        frames++;
    }
    if (d != NULL) {
        const struct frame_counts *c = frame_decoder_counts(d);
        assert(c->packets + c->other + c->damaged + c->fragments_kept == frames);
    }
    frame_decoder_free(d);
    return 0;
}
