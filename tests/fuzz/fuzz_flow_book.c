/* Frames from a hostile capture, put together as flows. Input: link type 1 (an index), then frames,
 * each after one byte that moves the clock (signed, in seconds) and two of its captured length.
 * Whatever comes out, every frame that was of a flow is counted once, on one side of one record,
 * and user data lie within their limit and can be read to their end. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "source/flow_book.h"
#include "wire/link.h"

static const uint32_t links[] = {LINK_ETHERNET, LINK_RAW, LINK_LINUX_COOKED, LINK_NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct tally {
    struct sink sink; /* first: the sink's self is this */
    uint64_t packets, records;
};

static bool takes_record(struct sink *self, const struct flow_record *r)
{
    struct tally *t = (struct tally *)(void *)self;
    for (unsigned i = 0; i < 2; i++) {
        struct reader bytes = r->side[i].data;
        unsigned sum = 0;
        assert(bytes.left <= FLOW_DATA_BYTES && bytes.left == r->side[i].data_count);
        while (bytes.left > 0)
            sum += read_u8(&bytes);
        assert(sum <= 255 * FLOW_DATA_BYTES); /* so every byte is read */
        assert(r->side[i].packets > 0 || r->side[i].bytes == 0);
        t->packets += r->side[i].packets;
    }
    assert(r->first_us <= r->last_us && r->kind <= FLOW_OTHER && r->merged == 1);
    t->records++;
    return false;
}

static uint64_t take(struct flow_book *book, uint32_t link, int64_t when_us, struct reader part,
                     struct sink *to)
{
    struct frame_about about;
    uint8_t *copy = malloc(part.left + (part.left == 0));
    if (copy == NULL)
        return 0;
    if (part.left > 0)
        memcpy(copy, part.next, part.left);
    bool is_of_flow = frame_about_read(link, when_us, reader_over(copy, part.left), part.left,
                                       &about) == FRAME_PACKET;
    if (is_of_flow)
        flow_book_take(book, &about, to);
    free(copy);
    return is_of_flow;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_over(data, size);
    struct tally tally = {.sink = {.takes_record = takes_record}};
    uint32_t link = links[read_u8(&r) % COUNT_OF(links)];
    struct flow_book *book = flow_book_new(false);
    int64_t when_us = 0;
    uint64_t taken = 0;
    while (book != NULL && r.left > 3) {
        when_us += (int8_t)read_u8(&r) * US_PER_SECOND;
        size_t length = read_be16(&r);
        taken += take(book, link, when_us, read_part(&r, length < r.left ? length : r.left),
                      &tally.sink);
    }
    if (book != NULL) {
        flow_book_end(book, &tally.sink);
        assert(tally.packets == taken && flow_book_flows(book) == tally.records);
        assert(flow_book_let_go(book) == 0);
    }
    flow_book_free(book);
    return 0;
}
