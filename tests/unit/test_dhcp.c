/* wire/dhcp: messages there and back, overloaded and hostile options, every truncation. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "wire/dhcp.h"

enum { HEAD_BYTES = 240, MESSAGE_ROOM = 1024 };

#define MAC UINT64_C(0x001122334455)

/* Parses an exact-size copy, which lives until the next call. */
static bool parse(const uint8_t *bytes, size_t size, struct dhcp_message *out)
{
    static uint8_t *copy;
    free(copy);
    copy = malloc(size + 1);
    assert_non_null(copy);
    copy = realloc(copy, size > 0 ? size : 1);
    if (size > 0)
        memcpy(copy, bytes, size);
    bool parsed = dhcp_parse(reader_over(copy, size), out);
    if (size == 0) {
        free(copy);
        copy = NULL;
    }
    return parsed;
}

static void end_parsing(void)
{
    struct dhcp_message unused;
    (void)parse(NULL, 0, &unused);
}

/* The fixed part of a request, then these options. */
static bool parse_options(const char *options, size_t size, struct dhcp_message *out)
{
    uint8_t bytes[MESSAGE_ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct dhcp_message plain = {.type = DHCP_REQUEST, .mac = MAC};
    dhcp_build(&w, &plain);
    w.used = HEAD_BYTES;
    write_bytes(&w, options, size);
    assert_false(w.failed);
    return parse(bytes, w.used, out);
}

#define PARSE_OPTIONS(literal, out) parse_options(literal, sizeof(literal) - 1, out)

static void assert_is(struct reader r, const char *text)
{
    assert_int_equal(r.left, strlen(text));
    if (r.left > 0)
        assert_memory_equal(r.next, text, strlen(text));
}

static struct dhcp_message full_request(void)
{
    struct dhcp_message m = {.type = DHCP_REQUEST,
                             .mac = MAC,
                             .client = 0x0a000005,
                             .requested = 0x0a000009,
                             .name = reader_over("ward3-pc", 8),
                             .full_length = 12,
                             .full_name = "ward3.clinic"};
    return m;
}

static void test_request_goes_there_and_back(void **state)
{
    (void)state;
    uint8_t bytes[MESSAGE_ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct dhcp_message m, sent = full_request();
    dhcp_build(&w, &sent);
    assert_true(!w.failed && parse(bytes, w.used, &m));
    assert_true(!m.is_reply && m.type == DHCP_REQUEST && m.mac == MAC);
    assert_int_equal(m.client, 0x0a000005);
    assert_int_equal(m.requested, 0x0a000009);
    assert_is(m.name, "ward3-pc");
    assert_string_equal(m.full_name, "ward3.clinic");
}

static void test_acknowledgement_goes_there_and_back(void **state)
{
    (void)state;
    uint8_t bytes[MESSAGE_ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct dhcp_message m,
        sent = {.is_reply = true, .type = DHCP_ACK, .mac = MAC, .yours = 0x0a000009};
    dhcp_build(&w, &sent);
    assert_true(!w.failed && parse(bytes, w.used, &m));
    assert_true(m.is_reply && m.type == DHCP_ACK && m.yours == 0x0a000009 && m.client == 0);
    assert_int_equal(m.name.left + m.full_length, 0);
}

static void test_first_of_two_options_counts_and_padding_is_passed_over(void **state)
{
    (void)state;
    struct dhcp_message m;
    assert_true(PARSE_OPTIONS("\0\0\65\1\3\14\2ab\0\65\1\5\14\1c\377", &m));
    assert_int_equal(m.type, DHCP_REQUEST);
    assert_is(m.name, "ab");
}

static void test_nothing_behind_the_end_counts(void **state)
{
    (void)state;
    struct dhcp_message m;
    assert_true(PARSE_OPTIONS("\65\1\3\377\14\2ab", &m));
    assert_is(m.name, "");
    assert_false(PARSE_OPTIONS("\377\65\1\3", &m));
}

static void test_options_go_on_in_the_file_field(void **state)
{
    (void)state;
    uint8_t bytes[MESSAGE_ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct dhcp_message m, plain = {.type = DHCP_REQUEST};
    dhcp_build(&w, &plain);
    w.used = HEAD_BYTES;
    write_bytes(&w, "\65\1\3\64\1\3\377", 7);
    memcpy(bytes + 108, "\14\4file\377", 7);
    memcpy(bytes + 44, "\62\4\12\0\0\7\377", 7);
    assert_true(parse(bytes, w.used, &m));
    assert_is(m.name, "file");
    assert_int_equal(m.requested, 0x0a000007);
}

static void test_full_name_comes_in_the_way_of_dns_or_as_text(void **state)
{
    (void)state;
    struct dhcp_message m;
    assert_true(PARSE_OPTIONS("\65\1\3\121\16\4\0\0\5ward3\2it\0x", &m));
    assert_string_equal(m.full_name, "ward3.it");
    assert_true(PARSE_OPTIONS("\65\1\3\121\13\0\0\0ward3.it", &m));
    assert_string_equal(m.full_name, "ward3.it");
    assert_true(PARSE_OPTIONS("\65\1\3\121\11\4\0\0\77ward3", &m)); /* a label that is cut */
    assert_string_equal(m.full_name, "");
    assert_true(PARSE_OPTIONS("\65\1\3\121\2\4\0", &m));
    assert_int_equal(m.full_length, 0);
}

static void test_identifier_gives_the_mac_where_the_header_has_none(void **state)
{
    (void)state;
    uint8_t bytes[MESSAGE_ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct dhcp_message m, plain = {.type = DHCP_REQUEST};
    dhcp_build(&w, &plain);
    w.used = HEAD_BYTES;
    write_bytes(&w, "\65\1\3\75\7\1\0\x11\x22\x33\x44\x55", 12);
    assert_true(parse(bytes, w.used, &m));
    assert_true(m.mac == MAC);
    bytes[1] = 32; /* InfiniBand: its addresses are none of ours */
    assert_true(parse(bytes, w.used, &m) && m.mac == MAC);
    bytes[HEAD_BYTES + 5] = 0; /* an identifier that is a name */
    assert_true(parse(bytes, w.used, &m) && m.mac == 0);
}

static void test_what_is_no_dhcp_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[MESSAGE_ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct dhcp_message m, sent = full_request();
    memset(&m, 0xaa, sizeof m);
    dhcp_build(&w, &sent);
    bytes[0] = 3;
    assert_false(parse(bytes, w.used, &m));
    bytes[0] = 1;
    bytes[236] ^= 1; /* the cookie: plain BOOTP */
    assert_false(parse(bytes, w.used, &m));
    assert_false(PARSE_OPTIONS("\14\2ab\377", &m)); /* without its type */
    assert_int_equal(m.mac, UINT64_C(0xaaaaaaaaaaaaaaaa));
}

static void test_every_truncation_is_read_within_its_bytes(void **state)
{
    (void)state;
    uint8_t bytes[MESSAGE_ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct dhcp_message m, sent = full_request();
    dhcp_build(&w, &sent);
    for (size_t size = 0; size < w.used; size++) {
        bool parsed = parse(bytes, size, &m);
        assert_true(parsed == (size >= HEAD_BYTES + 3)); /* the type comes first */
        assert_true(!parsed || m.full_length == 0 || size >= w.used - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_goes_there_and_back),
        cmocka_unit_test(test_acknowledgement_goes_there_and_back),
        cmocka_unit_test(test_first_of_two_options_counts_and_padding_is_passed_over),
        cmocka_unit_test(test_nothing_behind_the_end_counts),
        cmocka_unit_test(test_options_go_on_in_the_file_field),
        cmocka_unit_test(test_full_name_comes_in_the_way_of_dns_or_as_text),
        cmocka_unit_test(test_identifier_gives_the_mac_where_the_header_has_none),
        cmocka_unit_test(test_what_is_no_dhcp_is_refused),
        cmocka_unit_test(test_every_truncation_is_read_within_its_bytes),
    };
    int failed = cmocka_run_group_tests_name("dhcp", tests, NULL, NULL);
    end_parsing();
    return failed;
}
