/* Parsing as the tests of the P2P message do it: comfortable, and from heap copies of the exact
 * size. */
#ifndef WORMSIGN_TESTS_MESSAGE_PARSING_H
#define WORMSIGN_TESTS_MESSAGE_PARSING_H

#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "conficker/message.h"

static inline enum message_fault parse(const uint8_t *bytes, size_t size, enum transport transport,
                                       struct message *out)
{
    static uint8_t scratch[1 << 17];
    return message_parse(reader_over(bytes, size), transport, scratch, sizeof scratch, out);
}

/* As parse, but bytes and scratch are heap blocks of exactly this size: a sanitizer sees every
 * step too far. What *out points to is gone afterwards. */
static inline enum message_fault parse_exact(const uint8_t *bytes, size_t size,
                                             enum transport transport, struct message *out)
{
    uint8_t *copy = malloc(size), *scratch = malloc(size);
    assert_true(size == 0 || (copy != NULL && scratch != NULL));
    if (size != 0)
        memcpy(copy, bytes, size);
    struct reader r = reader_over(copy, size);
    enum message_fault fault = message_parse(r, transport, scratch, size, out);
    (void)message_may_be(r, transport);
    (void)message_stream_need(r);
    free(copy);
    free(scratch);
    return fault;
}

#endif
