/* wire/spnego: tokens there and back at every size of a length, a server's own lists, hostile
 * lengths, every truncation. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "wire/spnego.h"

enum { ROOM = 70000 };

/* What a Windows server answers with a challenge: state, mechanism, token. */
static const uint8_t challenged[] = {
    0xa1, 0x1d, 0x30, 0x1b, 0xa0, 0x03, 0x0a, 0x01, 0x01, 0xa1, 0x0c, 0x06, 0x0a, 0x2b, 0x06, 0x01,
    0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a, 0xa2, 0x06, 0x04, 0x04, 't',  'o',  'k',  'n'};
/* What it offers: two mechanisms and no token. */
static const uint8_t offered[] = {0x60, 0x25, 0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02,
                                  0xa0, 0x1b, 0x30, 0x19, 0xa0, 0x17, 0x30, 0x15, 0x06, 0x07,
                                  0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x06, 0x0a, 0x2b,
                                  0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a};

/* Reads the token of an exact-size copy. */
static bool read_copy(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    struct reader token;
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    (void)spnego_is_offered(reader_over(copy, size));
    bool found = spnego_token_read(reader_over(copy, size), &token);
    assert_true(!found || token.left < size);
    free(copy);
    return found;
}

static void test_the_first_token_is_wrapped_as_der_wants(void **state)
{
    (void)state;
    static const uint8_t wanted[] = {0x60, 0x24, 0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02,
                                     0xa0, 0x1a, 0x30, 0x18, 0xa0, 0x0e, 0x30, 0x0c, 0x06, 0x0a,
                                     0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a,
                                     0xa2, 0x06, 0x04, 0x04, 't',  'o',  'k',  'n'};
    uint8_t bytes[64];
    struct writer w = writer_over(bytes, sizeof bytes);
    spnego_first_build(&w, reader_over("tokn", 4));
    assert_int_equal(w.used, sizeof wanted);
    assert_memory_equal(bytes, wanted, sizeof wanted);
}

static void test_tokens_of_every_length_come_back(void **state)
{
    (void)state;
    static const size_t sizes[] = {0,   1,   40,  80,  88,  89,  90,  91,  100, 110, 123,  124,
                                   125, 126, 127, 128, 211, 215, 230, 245, 255, 256, 1000, 64999};
    static uint8_t bytes[ROOM], token[ROOM];
    for (size_t i = 0; i < 2 * COUNT_OF(sizes); i++) {
        struct writer w = writer_over(bytes, sizeof bytes);
        struct reader sent = reader_over(token, sizes[i / 2]), came;
        memset(token, (int)i + 1, sizes[i / 2]);
        if (i % 2 == 0)
            spnego_first_build(&w, sent);
        else
            spnego_then_build(&w, sent);
        assert_false(w.failed);
        assert_int_equal(spnego_is_offered(reader_over(bytes, w.used)), i % 2 == 0);
        assert_true(spnego_token_read(reader_over(bytes, w.used), &came));
        assert_int_equal(came.left, sent.left);
        assert_memory_equal(read_bytes(&came, sent.left), token, sent.left);
        assert_false(read_copy(bytes, w.used - 1));
    }
    struct writer w = writer_over(bytes, sizeof bytes);
    spnego_then_build(&w, reader_over(token, 65000));
    assert_true(w.failed);
}

static void test_a_server_is_understood(void **state)
{
    (void)state;
    struct reader token;
    assert_true(spnego_is_offered(reader_over(offered, sizeof offered)));
    assert_false(spnego_token_read(reader_over(offered, sizeof offered), &token));
    assert_false(spnego_is_offered(reader_over(challenged, sizeof challenged)));
    assert_true(spnego_token_read(reader_over(challenged, sizeof challenged), &token));
    assert_int_equal(token.left, 4);
    assert_memory_equal(read_bytes(&token, 4), "tokn", 4);
    assert_false(spnego_token_read(reader_over("NTLMSSP", 8), &token));
}

static void test_lengths_that_are_no_der_or_too_long_are_refused(void **state)
{
    (void)state;
    static const uint8_t lengths[] = {0x80, 0x81, 0x84, 0x85, 0xff, 0x7f};
    uint8_t bytes[sizeof challenged];
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        memcpy(bytes, challenged, sizeof bytes);
        bytes[26] = lengths[i]; /* of the token */
        assert_false(read_copy(bytes, sizeof bytes));
        memcpy(bytes, challenged, sizeof bytes);
        bytes[1] = lengths[i]; /* of all */
        assert_false(read_copy(bytes, sizeof bytes));
    }
}

static void test_every_cut_and_hostile_byte_is_survived(void **state)
{
    (void)state;
    for (size_t size = 0; size < sizeof challenged; size++)
        assert_false(read_copy(challenged, size));
    for (size_t at = 0; at < sizeof challenged; at++)
        for (unsigned value = 0; value < 256; value++) {
            uint8_t bytes[sizeof challenged];
            memcpy(bytes, challenged, sizeof bytes);
            bytes[at] = (uint8_t)value;
            (void)read_copy(bytes, sizeof bytes);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_token_is_wrapped_as_der_wants),
        cmocka_unit_test(test_tokens_of_every_length_come_back),
        cmocka_unit_test(test_a_server_is_understood),
        cmocka_unit_test(test_lengths_that_are_no_der_or_too_long_are_refused),
        cmocka_unit_test(test_every_cut_and_hostile_byte_is_survived),
    };
    return cmocka_run_group_tests_name("spnego", tests, NULL, NULL);
}
