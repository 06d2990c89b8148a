/* wire/netbios: names there and back, statuses, datagrams, hostile ones, every truncation. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "real_smb.h"
#include "wire/netbios.h"

enum { MESSAGE_ROOM = 1024 };

/* FRED as RFC 1001 §14.1 encodes it. */
#define FRED_LETTERS "EGFCEFEECACACACACACACACACACACACA"

struct built {
    uint8_t bytes[MESSAGE_ROOM];
    size_t size;
};

static struct built built_of(const struct netbios_message *m)
{
    struct built b;
    struct writer w = writer_over(b.bytes, sizeof b.bytes);
    netbios_build(&w, m);
    assert_false(w.failed);
    b.size = w.used;
    return b;
}

/* Parses an exact-size copy of the first `size` bytes. */
static bool parse_cut(const struct built *b, size_t size, struct netbios_message *out)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, b->bytes, size);
    bool parsed = netbios_parse(reader_over(copy, size), out);
    free(copy);
    return parsed;
}

static struct netbios_message registration(void)
{
    return (struct netbios_message){.id = 0x4321,
                                    .opcode = NETBIOS_REGISTER,
                                    .name = netbios_name_of("FRED", NETBIOS_SERVER, false),
                                    .address_count = 1,
                                    .addresses = {0x0a000005}};
}

static struct netbios_message status(void)
{
    return (struct netbios_message){.is_response = true,
                                    .name = netbios_name_of("*", 0, false),
                                    .own_count = 2,
                                    .own = {netbios_name_of("FRED", NETBIOS_WORKSTATION, false),
                                            netbios_name_of("CLINIC", NETBIOS_WORKSTATION, true)},
                                    .mac = 0x001122334455};
}

static void test_registration_goes_there_and_back(void **state)
{
    (void)state;
    struct netbios_message m, sent = registration();
    struct built b = built_of(&sent);
    assert_memory_equal(b.bytes + 13, FRED_LETTERS, 32);
    assert_true(parse_cut(&b, b.size, &m));
    assert_true(!m.is_response && m.opcode == NETBIOS_REGISTER && !m.name.is_group);
    assert_memory_equal(m.name.bytes, "FRED           ", NETBIOS_NAME_LENGTH);
    assert_int_equal(m.name.suffix, NETBIOS_SERVER);
    assert_int_equal(m.id, 0x4321);
    assert_int_equal(m.address_count, 1);
    assert_int_equal(m.addresses[0], 0x0a000005);
}

static void test_response_has_its_name_itself_and_all_addresses(void **state)
{
    (void)state;
    struct netbios_message m, sent = registration();
    sent.is_response = true;
    sent.opcode = NETBIOS_QUERY;
    sent.address_count = 3;
    sent.addresses[2] = 0x0a000007;
    sent.name.is_group = true;
    struct built b = built_of(&sent);
    assert_true(parse_cut(&b, b.size, &m));
    assert_true(m.is_response && m.name.is_group && m.address_count == 3);
    assert_int_equal(m.addresses[2], 0x0a000007);
    assert_int_equal(m.name.suffix, NETBIOS_SERVER);
}

static void test_status_has_its_names_and_mac(void **state)
{
    (void)state;
    struct netbios_message m, sent = status();
    struct built b = built_of(&sent);
    assert_true(parse_cut(&b, b.size, &m));
    assert_int_equal(m.own_count, 2);
    assert_memory_equal(m.own[0].bytes, "FRED ", 5);
    assert_true(!m.own[0].is_group && m.own[1].is_group);
    assert_true(m.mac == 0x001122334455);
    assert_int_equal(m.address_count, 0);
}

static void test_a_status_is_asked_for_and_read_as_in_a_real_run(void **state)
{
    (void)state;
    struct real question = real_message(4), answer = real_message(5);
    uint8_t bytes[64];
    struct netbios_message m;
    struct writer w = writer_over(bytes, sizeof bytes);
    netbios_status_ask(&w, 0x1337);
    assert_int_equal(w.used, question.size);
    assert_memory_equal(bytes, question.bytes, question.size);
    assert_true(netbios_parse(real_reader(&answer), &m));
    assert_int_equal(m.id, 0x1337);
    assert_int_equal(m.own_count, 4);
    assert_memory_equal(netbios_own(&m, NETBIOS_SERVER, false)->bytes, "VICTIM   ", 9);
    assert_memory_equal(netbios_own(&m, NETBIOS_WORKSTATION, true)->bytes, "WORKGRP  ", 9);
    assert_null(netbios_own(&m, NETBIOS_USER, false));
    assert_true(m.mac == 0x00163e112233);
}

static void test_a_question_tells_nothing(void **state)
{
    (void)state;
    struct netbios_message m, sent = registration();
    struct built b = built_of(&sent);
    b.bytes[11] = 0; /* no additional record */
    memset(&m, 0xaa, sizeof m);
    assert_false(parse_cut(&b, b.size, &m));
    assert_int_equal(m.address_count, 0xaaaaaaaa);
}

static void test_letters_that_encode_nothing_are_refused(void **state)
{
    (void)state;
    struct netbios_message m, sent = registration();
    struct built b = built_of(&sent);
    b.bytes[13] = 'Q';
    assert_false(parse_cut(&b, b.size, &m));
    b.bytes[13] = '@';
    assert_false(parse_cut(&b, b.size, &m));
    b.bytes[13] = 'E';
    assert_true(parse_cut(&b, b.size, &m));
    b.bytes[12] = 31; /* a name of another length */
    assert_false(parse_cut(&b, b.size, &m));
}

static void test_scope_is_passed_over(void **state)
{
    (void)state;
    static const char head[] = "\0\1\x85\0\0\0\0\1\0\0\0\0\40" FRED_LETTERS "\3abc\2de\0";
    static const char record[] = "\0\40\0\1\0\0\0\0\0\6\0\0\12\0\0\5";
    struct built b = {.size = sizeof head - 1 + sizeof record - 1};
    struct netbios_message m;
    memcpy(b.bytes, head, sizeof head - 1);
    memcpy(b.bytes + sizeof head - 1, record, sizeof record - 1);
    assert_true(parse_cut(&b, b.size, &m));
    assert_int_equal(m.addresses[0], 0x0a000005);
}

static void test_pointer_that_leads_elsewhere_is_refused(void **state)
{
    (void)state;
    struct netbios_message m, sent = registration();
    struct built b = built_of(&sent);
    b.bytes[51] = 0x0d; /* header 12, name 34, type and class 4: the pointer's second byte */
    assert_false(parse_cut(&b, b.size, &m));
}

static void test_datagram_tells_who_sends_it(void **state)
{
    (void)state;
    uint8_t bytes[MESSAGE_ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct netbios_datagram d,
        sent = {.source = 0x0a000005,
                .name = netbios_name_of("WARD3-PC", NETBIOS_WORKSTATION, false)};
    netbios_datagram_build(&w, &sent);
    assert_true(!w.failed && netbios_datagram_parse(reader_over(bytes, w.used), &d));
    assert_int_equal(d.source, 0x0a000005);
    assert_memory_equal(d.name.bytes, "WARD3-PC       ", NETBIOS_NAME_LENGTH);
    bytes[0] = 0x13; /* an error has no name */
    assert_false(netbios_datagram_parse(reader_over(bytes, w.used), &d));
}

static bool names_a_host(const char *text, uint8_t suffix, bool is_group)
{
    struct netbios_name name = netbios_name_of(text, suffix, is_group);
    return netbios_names_a_host(&name);
}

static void test_only_names_of_computers_name_a_host(void **state)
{
    (void)state;
    assert_true(names_a_host("FRED", NETBIOS_WORKSTATION, false));
    assert_true(names_a_host("FRED", NETBIOS_SERVER, false));
    assert_false(names_a_host("CLINIC", NETBIOS_WORKSTATION, true)); /* a workgroup */
    assert_false(names_a_host("JANE", 0x03, false));                 /* a user, or a computer */
    assert_false(names_a_host("CLINIC", 0x1b, false));               /* a domain's master */
    assert_false(names_a_host("*", NETBIOS_WORKSTATION, false));
    assert_false(names_a_host("\1\2__MSBROWSE__\2", NETBIOS_WORKSTATION, false));
    assert_false(names_a_host("", NETBIOS_WORKSTATION, false));
}

static void test_every_truncation_is_read_within_its_bytes(void **state)
{
    (void)state;
    struct netbios_message m, of[] = {registration(), status()};
    struct netbios_datagram d;
    for (size_t i = 0; i < 2; i++) {
        struct built b = built_of(&of[i]);
        for (size_t size = 0; size < b.size; size++) {
            assert_false(parse_cut(&b, size, &m));
            uint8_t *copy = malloc(size > 0 ? size : 1);
            memcpy(copy, b.bytes, size);
            (void)netbios_datagram_parse(reader_over(copy, size), &d);
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registration_goes_there_and_back),
        cmocka_unit_test(test_response_has_its_name_itself_and_all_addresses),
        cmocka_unit_test(test_status_has_its_names_and_mac),
        cmocka_unit_test(test_a_status_is_asked_for_and_read_as_in_a_real_run),
        cmocka_unit_test(test_a_question_tells_nothing),
        cmocka_unit_test(test_letters_that_encode_nothing_are_refused),
        cmocka_unit_test(test_scope_is_passed_over),
        cmocka_unit_test(test_pointer_that_leads_elsewhere_is_refused),
        cmocka_unit_test(test_datagram_tells_who_sends_it),
        cmocka_unit_test(test_only_names_of_computers_name_a_host),
        cmocka_unit_test(test_every_truncation_is_read_within_its_bytes),
    };
    return cmocka_run_group_tests_name("netbios", tests, NULL, NULL);
}
