/* Any bytes as a P2P message. The first byte says the transport, the rest is the payload or the
 * stream.
 *
 * Invariant: what parses and whose checksum holds can be built again from its fields and its
 * noise, to the same bytes; and the gate lets it through when its flags are sane. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "conficker/message.h"

enum { INPUT_SIZE_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_built_again(const struct message *m, const uint8_t *clear, size_t body_size,
                              enum transport transport, struct reader bytes)
{
    struct message_plan plan = {.fields = *m, .transport = transport};
    plan.noise = clear + body_size - m->noise_length;
    plan.noise_length = m->noise_length;
    size_t size = bytes.left - m->trailing_length;
    uint8_t *again = malloc(size);
    assert(again != NULL);
    struct writer w = writer_over(again, size);
    message_build(&plan, &w);
    assert(!w.failed && w.used == size);
    assert(memcmp(again, read_bytes(&bytes, size), size) == 0);
    free(again);
}

static void check_words(enum message_fault fault, struct reader bytes)
{
    char buffer[128];
    struct text words = text_over(buffer, sizeof buffer);
    message_fault_write(fault, bytes, &words);
    assert(!words.cut && words.used > 0);
}

static void check_message(struct reader bytes, enum transport transport)
{
    size_t size = bytes.left;
    uint8_t *scratch = malloc(size + 1);
    assert(scratch != NULL);
    struct message m;
    enum message_fault fault = message_parse(bytes, transport, scratch, size, &m);
    check_words(fault, bytes);
    bool may_be = message_may_be(bytes, transport);
    if (fault == MESSAGE_OK) {
        size_t prefix_size = transport == TRANSPORT_TCP ? 2 : 0;
        size_t body_size = size - prefix_size - m.trailing_length;
        bool is_short = transport == TRANSPORT_UDP || body_size + 2 <= MESSAGE_STREAM_MAX;
        assert(may_be == (is_short && message_flags_are_sane(m.flags, transport)));
        assert(m.data_length <= size && m.noise_length + MESSAGE_SIZE_MIN <= body_size);
        if (message_checksum_holds(&m))
            check_built_again(&m, scratch, body_size, transport, bytes);
    }
    free(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader input = reader_over(data, size);
    enum transport transport = (read_u8(&input) & 1) != 0 ? TRANSPORT_TCP : TRANSPORT_UDP;
    if (input.left <= INPUT_SIZE_MAX)
        check_message(input, transport);
    return 0;
}
