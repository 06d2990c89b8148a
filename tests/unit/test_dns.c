/* wire/dns: messages there and back, hostile names and counts, streams. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "wire/dns.h"

static size_t build(uint8_t *bytes, size_t size, const char *name, bool is_response, uint8_t rcode,
                    const uint32_t *address)
{
    struct writer w = writer_over(bytes, size);
    dns_build(&w, 0xbeef, name, DNS_TYPE_A, is_response, rcode, address);
    assert_false(w.failed);
    return w.used;
}

#define HEADER_QUESTION "\0\1\1\0\0\1\0\0\0\0\0\0"
#define HEADER_ANSWERS(count) "\0\1\x81\x80\0\0\0" count "\0\0\0\0"

/* Parses an exact-size copy of a literal. */
static bool parse(const void *bytes, size_t size, struct dns_message *out)
{
    uint8_t *copy = malloc(size != 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    bool parsed = dns_parse(reader_over(copy, size), out);
    if (parsed)
        assert_true(dns_may_be(reader_over(copy, size)));
    free(copy);
    return parsed;
}

#define PARSE(literal, out) parse(literal, sizeof(literal) - 1, out)

static void test_question_goes_there_and_back(void **state)
{
    (void)state;
    uint8_t bytes[300];
    static struct dns_message m;
    size_t size = build(bytes, sizeof bytes, "WWW.Example.com.", false, 0, NULL);
    assert_true(parse(bytes, size, &m));
    assert_int_equal(m.id, 0xbeef);
    assert_false(m.is_response || m.cut || m.names_from_answers);
    assert_int_equal(m.name_count, 1);
    assert_string_equal(m.names[0].text, "www.example.com");
    assert_int_equal(m.names[0].length, 15);
    assert_int_equal(m.names[0].type, DNS_TYPE_A);
    assert_int_equal(m.address_count, 0);
}

static void test_response_goes_there_and_back(void **state)
{
    (void)state;
    uint8_t bytes[300];
    static struct dns_message m;
    uint32_t address = 0xc0000207;
    size_t size = build(bytes, sizeof bytes, "a.example", true, DNS_NOERROR, &address);
    assert_true(parse(bytes, size, &m));
    assert_true(m.is_response && !m.cut);
    assert_int_equal(m.address_count, 1);
    assert_true(address_equal(m.addresses[0], address_of_v4(address)));
    size = build(bytes, sizeof bytes, "a.example", true, DNS_NXDOMAIN, NULL);
    assert_true(parse(bytes, size, &m));
    assert_int_equal(m.rcode, DNS_NXDOMAIN);
    assert_int_equal(m.address_count, 0);
}

static void test_names_that_cannot_be_are_not_built(void **state)
{
    (void)state;
    static const char *const wrong[] = {".", "a..b", ".a", "a.."};
    uint8_t bytes[600];
    char name[300];
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct writer w = writer_over(bytes, sizeof bytes);
        dns_build(&w, 1, wrong[i], DNS_TYPE_A, false, 0, NULL);
        assert_true(w.failed || i == 0); /* "." is the root */
    }
    memset(name, 'a', sizeof name);
    name[64] = '\0';
    struct writer w = writer_over(bytes, sizeof bytes);
    dns_build(&w, 1, name, DNS_TYPE_A, false, 0, NULL);
    assert_true(w.failed);
}

static void name_of_length(char *name, size_t length)
{
    memset(name, 'x', length);
    for (size_t i = 63; i < length; i += 64)
        name[i] = '.';
    name[length] = '\0';
}

static void test_longest_name_goes_there_and_back(void **state)
{
    (void)state;
    uint8_t bytes[600];
    char name[300];
    static struct dns_message m;
    name_of_length(name, 253);
    size_t size = build(bytes, sizeof bytes, name, false, 0, NULL);
    assert_true(parse(bytes, size, &m));
    assert_string_equal(m.names[0].text, name);
    name_of_length(name, 254);
    struct writer w = writer_over(bytes, sizeof bytes);
    dns_build(&w, 1, name, DNS_TYPE_A, false, 0, NULL);
    assert_true(w.failed);
    /* The same name by hand, one letter longer than the wire allows. */
    w = writer_over(bytes, sizeof bytes);
    write_bytes(&w, HEADER_QUESTION, 12);
    static const uint8_t labels[] = {63, 63, 63, 62};
    for (size_t i = 0; i < COUNT_OF(labels); i++) {
        write_u8(&w, labels[i]);
        write_bytes(&w, name, labels[i]);
    }
    write_bytes(&w, "\0\0\1\0\1", 5);
    assert_false(parse(bytes, w.used, &m));
}

static void test_dot_in_a_label_is_no_separator(void **state)
{
    (void)state;
    static struct dns_message m;
    assert_true(PARSE(HEADER_QUESTION "\3a.B\1c\0\0\1\0\1", &m));
    assert_string_equal(m.names[0].text, "a\xff"
                                         "b.c");
}

static void test_answers_without_question_give_their_names_once(void **state)
{
    (void)state;
    static struct dns_message m;
    assert_true(PARSE(HEADER_ANSWERS("\3") "\1a\0\0\1\x80\1\0\0\0\1\0\4\1\2\3\4"
                                           "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\5"
                                           "\1B\xc0\x0c\0\x1c\0\1\0\0\0\1\0\x10"
                                           "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1",
                      &m));
    assert_true(m.names_from_answers && !m.cut);
    assert_int_equal(m.name_count, 2);
    assert_string_equal(m.names[0].text, "a");
    assert_string_equal(m.names[1].text, "b.a");
    assert_int_equal(m.address_count, 3);
    assert_true(m.addresses[2].high == 0x20010db800000000 && m.addresses[2].low == 1);
}

static void test_pointers_that_lead_nowhere_are_no_names(void **state)
{
    (void)state;
    static struct dns_message m;
    m.id = 77;
    assert_false(PARSE(HEADER_QUESTION "\xc0\x0c\0\1\0\1", &m));      /* to itself */
    assert_false(PARSE(HEADER_QUESTION "\1a\xc0\x0c\0\1\0\1", &m));   /* to its own start */
    assert_false(PARSE(HEADER_QUESTION "\xc0\x12\0\1\0\1\1a\0", &m)); /* forwards */
    assert_false(PARSE(HEADER_QUESTION "\xc0\x02\0\1\0\1", &m));      /* into the header */
    assert_false(PARSE(HEADER_QUESTION "\xff\xff\0\1\0\1", &m));
    assert_false(PARSE(HEADER_QUESTION "\x40\0\1\0\1", &m)); /* label types 01 and 10 */
    assert_false(PARSE(HEADER_QUESTION "\x80\0\1\0\1", &m));
    assert_int_equal(m.id, 77);
}

/* A ladder of pointers: each name is a letter and a pointer to the one before. */
static void test_pointers_are_followed_a_bounded_number_of_times(void **state)
{
    (void)state;
    for (unsigned pointers = DNS_POINTERS_MAX; pointers <= DNS_POINTERS_MAX + 1; pointers++) {
        uint8_t bytes[2048];
        static struct dns_message m;
        struct writer w = writer_over(bytes, sizeof bytes);
        write_bytes(&w, "\0\1\x81\x80\0\0\0\2\0\0\0\0\0\0\x10\0\1\0\0\0\1", 21);
        write_be16(&w, (uint16_t)(3 + 4 * pointers));
        write_bytes(&w, "\1a\0", 3);
        for (unsigned i = 0; i < pointers; i++) {
            write_bytes(&w, "\1b", 2);
            write_be16(&w, (uint16_t)(0xc000 + (i == 0 ? 23 : 26 + 4 * (i - 1))));
        }
        write_be16(&w, (uint16_t)(0xc000 + 26 + 4 * (pointers - 2)));
        write_bytes(&w, "\0\1\0\1\0\0\0\1\0\4\1\2\3\4", 14);
        assert_true(parse(bytes, w.used, &m));
        assert_int_equal(m.name_count, pointers == DNS_POINTERS_MAX ? 2 : 1);
        assert_int_equal(m.cut, pointers != DNS_POINTERS_MAX);
    }
}

static void test_counts_that_cannot_be_are_gated(void **state)
{
    (void)state;
    static const char good[] = HEADER_QUESTION "\1a\0\0\1\0\1";
    assert_true(dns_may_be(reader_over(good, sizeof good - 1)));
    assert_false(dns_may_be(reader_over(good, 11)));
    assert_false(dns_may_be(reader_over("\0\1\1\0\0\0\0\0\0\0\0\0\0", 13)));
    assert_false(dns_may_be(reader_over("\0\1\x81\x80\0\0\0\0\0\0\0\0\0", 13)));
    assert_false(dns_may_be(reader_over("\0\1\x78\0\0\1\0\0\0\0\0\0\0", 13)));
    assert_false(dns_may_be(reader_over("\0\1\1\0\x40\1\0\0\0\0\0\0\0", 13)));
    assert_false(dns_may_be(reader_over("\0\1\1\0\0\1\0\0\0\0\xff\xff\0", 13)));
}

static void test_more_than_is_kept_is_said(void **state)
{
    (void)state;
    uint8_t bytes[4096];
    static struct dns_message m;
    struct writer w = writer_over(bytes, sizeof bytes);
    write_bytes(&w, "\0\1\x81\x80\0\x09\0\x11\0\0\0\0", 12);
    for (char i = 0; i < 9; i++) {
        write_u8(&w, 1);
        write_u8(&w, (uint8_t)('a' + i));
        write_bytes(&w, "\0\0\1\0\1", 5);
    }
    for (unsigned i = 0; i < 17; i++)
        write_bytes(&w, "\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4", 16);
    assert_true(parse(bytes, w.used, &m));
    assert_int_equal(m.name_count, DNS_NAMES_MAX);
    assert_int_equal(m.address_count, DNS_ADDRESSES_MAX);
    assert_true(m.cut);
}

static void test_records_walked_are_bounded(void **state)
{
    (void)state;
    static uint8_t bytes[65536];
    static struct dns_message m;
    for (unsigned records = DNS_RECORDS_MAX - 1; records <= DNS_RECORDS_MAX; records++) {
        struct writer w = writer_over(bytes, sizeof bytes);
        write_bytes(&w, "\0\1\x81\x80\0\1", 6);
        write_be16(&w, (uint16_t)records);
        write_bytes(&w, "\0\0\0\0\1a\0\0\1\0\1", 11);
        for (unsigned i = 0; i < records; i++)
            write_bytes(&w, "\xc0\x0c\0\5\0\1\0\0\0\1\0\0", 12);
        assert_true(parse(bytes, w.used, &m));
        assert_int_equal(m.cut, records == DNS_RECORDS_MAX);
    }
}

static void test_addresses_of_other_classes_and_sizes_are_left(void **state)
{
    (void)state;
    static struct dns_message m;
    assert_true(PARSE(HEADER_ANSWERS("\3") "\1a\0\0\1\0\3\0\0\0\1\0\4\1\2\3\4"
                                           "\xc0\x0c\0\1\0\1\0\0\0\1\0\5\1\2\3\4\5"
                                           "\xc0\x0c\0\x1c\0\1\0\0\0\1\0\4\1\2\3\4",
                      &m));
    assert_int_equal(m.address_count, 0);
    assert_false(m.cut);
}

/* Every truncation is refused, or kept as far as it goes and called cut. */
static void test_cut_messages_are_kept_as_far_as_they_go(void **state)
{
    (void)state;
    uint8_t bytes[300];
    static struct dns_message m;
    uint32_t address = 0xc0000207;
    size_t size = build(bytes, sizeof bytes, "www.example.com", true, 0, &address);
    size_t name_end = 12 + 17;
    for (size_t cut = 0; cut < size; cut++) {
        bool parsed = parse(bytes, cut, &m);
        assert_int_equal(parsed, cut >= name_end + 2);
        if (parsed) {
            assert_true(m.cut && m.name_count == 1 && m.address_count == 0);
            assert_string_equal(m.names[0].text, "www.example.com");
        }
    }
}

static void test_stream_gives_whole_messages(void **state)
{
    (void)state;
    struct reader stream = reader_over("\0\3abc\0\0\0\4de", 11);
    struct reader message;
    assert_true(dns_stream_next(&stream, false, &message));
    assert_memory_equal(message.next, "abc", 3);
    assert_int_equal(message.left, 3);
    assert_true(dns_stream_next(&stream, false, &message));
    assert_int_equal(message.left, 0);
    assert_false(dns_stream_next(&stream, false, &message));
    assert_int_equal(stream.left, 4);
    assert_true(dns_stream_next(&stream, true, &message));
    assert_int_equal(message.left, 2);
    assert_false(dns_stream_next(&stream, true, &message));
    stream = reader_over("\0", 1);
    assert_false(dns_stream_next(&stream, true, &message));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_question_goes_there_and_back),
        cmocka_unit_test(test_response_goes_there_and_back),
        cmocka_unit_test(test_names_that_cannot_be_are_not_built),
        cmocka_unit_test(test_longest_name_goes_there_and_back),
        cmocka_unit_test(test_dot_in_a_label_is_no_separator),
        cmocka_unit_test(test_answers_without_question_give_their_names_once),
        cmocka_unit_test(test_pointers_that_lead_nowhere_are_no_names),
        cmocka_unit_test(test_pointers_are_followed_a_bounded_number_of_times),
        cmocka_unit_test(test_counts_that_cannot_be_are_gated),
        cmocka_unit_test(test_more_than_is_kept_is_said),
        cmocka_unit_test(test_records_walked_are_bounded),
        cmocka_unit_test(test_addresses_of_other_classes_and_sizes_are_left),
        cmocka_unit_test(test_cut_messages_are_kept_as_far_as_they_go),
        cmocka_unit_test(test_stream_gives_whole_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
