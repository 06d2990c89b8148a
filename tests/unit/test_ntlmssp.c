/* wire/ntlmssp and wire/ntlm_answer: the messages of a real run, the published vectors of MS-NLMP
 * (4.2: account User, domain Domain, password Password), every truncation. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "base/writer.h"
#include "real_smb.h"
#include "wire/ntlm_answer.h"
#include "wire/ntlmssp.h"
#include "wire/smb_replies.h"

enum { ROOM = 1024 };

static const struct ntlm_challenges challenges = {
    .server = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef},
    .client = {0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa}};

static void assert_hex(const void *bytes, const char *hex)
{
    const uint8_t *at = bytes;
    for (; *hex != '\0'; hex += 2, at++)
        assert_int_equal(*at, hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
}

static struct ntlm_hash nt_hash(const char *password)
{
    struct ntlm_hash hash;
    assert_true(ntlm_nt_hash(password, &hash));
    return hash;
}

static struct ntlm_hash lm_hash(const char *password)
{
    struct ntlm_hash hash;
    assert_true(ntlm_lm_hash(password, &hash));
    return hash;
}

static void test_hashes_are_the_published_ones(void **state)
{
    (void)state;
    struct ntlm_hash nt = nt_hash("Password"), lm = lm_hash("Password"), v2;
    assert_hex(nt.bytes, "a4f49c406510bdcab6824ee7c30fd852");
    assert_hex(lm.bytes, "e52cac67419a9a224a3b108f3fa6cb6d");
    assert_true(ntlm_v2_hash(&nt, "User", "Domain", &v2));
    assert_hex(v2.bytes, "0c868a403bfd7a93a3001ef22ef02e3f");
    nt = nt_hash("");
    lm = lm_hash("");
    assert_hex(nt.bytes, "31d6cfe0d16ae931b73c59d7e0c089c0");
    assert_hex(lm.bytes, "aad3b435b51404eeaad3b435b51404ee");
}

static void test_answers_of_version_1_are_the_published_ones(void **state)
{
    (void)state;
    struct ntlm_hash nt = nt_hash("Password"), lm = lm_hash("Password");
    uint8_t answer[NTLM_ANSWER_SIZE];
    ntlm_v1_answer(&nt, challenges.server, answer);
    assert_hex(answer, "67c43011f30298a2ad35ece64f16331c44bdbed927841f94");
    ntlm_v1_answer(&lm, challenges.server, answer);
    assert_hex(answer, "98def7b87f88aa5dafe2df779688a172def11c7d5ccdef13");
}

static void test_answers_of_version_2_are_the_published_ones(void **state)
{
    (void)state;
    static const char info[] = "\2\0\14\0D\0o\0m\0a\0i\0n\0\1\0\14\0S\0e\0r\0v\0e\0r\0\0\0\0";
    struct ntlm_hash nt = nt_hash("Password"), v2;
    uint8_t answer[ROOM];
    assert_true(ntlm_v2_hash(&nt, "User", "Domain", &v2));
    ntlm_v2_short_answer(&v2, &challenges, answer);
    assert_hex(answer, "86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa");
    struct writer w = writer_over(answer, sizeof answer);
    ntlm_v2_answer(&w, &v2, &challenges, 0, reader_over(info, sizeof info));
    assert_false(w.failed);
    assert_int_equal(w.used, 16 + 28 + sizeof info + 4);
    assert_hex(answer, "68cd0ab851e51c96aabc927bebef6a1c"
                       "01010000000000000000000000000000aaaaaaaaaaaaaaaa0000000002000c00");
}

static void test_the_real_run_logged_in_as_guest_without_a_password(void **state)
{
    (void)state;
    struct real m = real_message(13);
    struct ntlm_hash nt = nt_hash("");
    uint8_t server[NTLM_CHALLENGE_SIZE], answer[NTLM_ANSWER_SIZE];
    memset(server, 0x11, sizeof server);
    ntlm_v1_answer(&nt, server, answer);
    struct reader bytes = real_part(&m).bytes;
    assert_memory_equal(read_bytes(&bytes, sizeof answer), answer, sizeof answer);
}

static void test_passwords_that_have_no_hash_are_told(void **state)
{
    (void)state;
    struct ntlm_hash hash, v2;
    char text[NTLM_TEXT_MAX + 2];
    assert_false(ntlm_lm_hash("fifteen letters", &hash));
    assert_true(ntlm_lm_hash("fourteen chars", &hash));
    assert_false(ntlm_lm_hash("p\xc3\xa4ss", &hash));
    memset(text, 'x', sizeof text);
    text[NTLM_TEXT_MAX] = '\0';
    assert_true(ntlm_nt_hash(text, &hash));
    assert_false(ntlm_v2_hash(&hash, text, "D", &v2));
    text[NTLM_TEXT_MAX] = 'x';
    text[NTLM_TEXT_MAX + 1] = '\0';
    assert_false(ntlm_nt_hash(text, &hash));
}

static struct reader blob_of(const struct real *m)
{
    struct smb_request part = real_part(m);
    struct smb_setup_reply s;
    assert_true(smb_setup_reply_read(&part, &s));
    return s.blob;
}

static void test_the_first_message_is_what_the_real_run_sent(void **state)
{
    (void)state;
    struct real m = real_message(103);
    uint8_t bytes[ROOM];
    struct writer w = writer_over(bytes, sizeof bytes);
    ntlmssp_negotiate_build(&w, NTLMSSP_FLAGS);
    struct reader sent = real_part(&m).bytes;
    assert_int_equal(w.used, 32);
    assert_memory_equal(bytes, read_bytes(&sent, 32), 32);
    w = writer_over(bytes, sizeof bytes);
    ntlmssp_negotiate_build(&w, NTLMSSP_FLAGS | NTLMSSP_VERSION);
    assert_int_equal(w.used, 40);
}

static void test_the_challenge_tells_names_clock_and_version(void **state)
{
    (void)state;
    struct real m = real_message(104);
    struct ntlmssp_challenge c;
    char when[TIME_TEXT_SIZE];
    assert_true(ntlmssp_challenge_read(blob_of(&m), &c));
    assert_string_equal(c.target, "WORKGRP");
    assert_string_equal(c.domain, "WORKGRP");
    assert_string_equal(c.computer, "VICTIM");
    assert_string_equal(c.dns_computer, "victim.example.test");
    assert_string_equal(c.dns_domain, "example.test");
    assert_string_equal(c.dns_forest, "example.test");
    assert_string_equal(time_text(time_of_filetime(c.filetime), when),
                        "2026-11-22T00:28:29.946116Z");
    assert_true(c.major == 5 && c.minor == 1 && c.build == 2600);
    assert_int_equal(c.target_info.left, 0x94);
    assert_memory_equal(c.challenge, "\x11\x11\x11\x11\x11\x11\x11\x11", 8);
}

static void test_fields_beyond_the_end_are_refused(void **state)
{
    (void)state;
    static const size_t places[] = {12, 16, 40, 44}; /* sizes and places of both fields */
    struct real m = real_message(104);
    struct ntlmssp_challenge c = {.flags = 77};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        uint8_t bytes[ROOM];
        struct reader blob = blob_of(&m);
        size_t size = blob.left;
        memcpy(bytes, read_bytes(&blob, size), size);
        bytes[places[i] + 1] = 0xff;
        assert_false(ntlmssp_challenge_read(reader_over(bytes, size), &c));
        assert_int_equal(c.flags, 77);
    }
}

/* What a field of a message 3 points to. */
static struct reader field_at(struct reader message, size_t at)
{
    struct reader r = message;
    read_skip(&r, at);
    size_t size = read_le16(&r), room = read_le16(&r), where = read_le32(&r);
    assert_int_equal(size, room);
    read_skip(&message, where);
    struct reader value = read_part(&message, size);
    assert_false(r.failed || message.failed);
    return value;
}

static void assert_field(const struct writer *w, size_t at, const void *bytes, size_t size)
{
    struct reader value = field_at(reader_over(w->start, w->used), at);
    assert_int_equal(value.left, size);
    if (size > 0)
        assert_memory_equal(read_bytes(&value, size), bytes, size);
}

static void test_a_login_holds_its_names_and_answers(void **state)
{
    (void)state;
    uint8_t bytes[ROOM];
    struct ntlmssp_login login = {.flags = NTLMSSP_FLAGS,
                                  .lm = reader_over("lm", 2),
                                  .nt = reader_over("answer", 6),
                                  .account = "guest",
                                  .domain = "D",
                                  .host = "me"};
    struct writer w = writer_over(bytes, sizeof bytes);
    ntlmssp_authenticate_build(&w, &login);
    assert_false(w.failed);
    assert_memory_equal(bytes, "NTLMSSP\0\3\0\0\0", 12);
    assert_field(&w, 12, "lm", 2);
    assert_field(&w, 20, "answer", 6);
    assert_field(&w, 28, "D\0", 2);
    assert_field(&w, 36, "g\0u\0e\0s\0t\0", 10);
    assert_field(&w, 44, "m\0e\0", 4);
    assert_field(&w, 52, NULL, 0);
    assert_int_equal(w.used, 64 + 2 + 10 + 4 + 2 + 6);
    static char name[3 * NTLMSSP_NAME_SIZE + 1];
    memset(name, 'x', sizeof name - 1);
    login.account = name;
    w = writer_over(bytes, sizeof bytes);
    ntlmssp_authenticate_build(&w, &login);
    assert_true(w.failed);
}

static void test_every_cut_of_a_challenge_is_refused_or_within_its_bytes(void **state)
{
    (void)state;
    struct real m = real_message(104);
    struct reader blob = blob_of(&m);
    struct ntlmssp_challenge c;
    size_t all = blob.left;
    const uint8_t *bytes = read_bytes(&blob, all);
    for (size_t size = 0; size < all; size++) {
        uint8_t *copy = malloc(size > 0 ? size : 1);
        assert_non_null(copy);
        memcpy(copy, bytes, size);
        assert_false(ntlmssp_challenge_read(reader_over(copy, size), &c));
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes_are_the_published_ones),
        cmocka_unit_test(test_answers_of_version_1_are_the_published_ones),
        cmocka_unit_test(test_answers_of_version_2_are_the_published_ones),
        cmocka_unit_test(test_the_real_run_logged_in_as_guest_without_a_password),
        cmocka_unit_test(test_passwords_that_have_no_hash_are_told),
        cmocka_unit_test(test_the_first_message_is_what_the_real_run_sent),
        cmocka_unit_test(test_the_challenge_tells_names_clock_and_version),
        cmocka_unit_test(test_fields_beyond_the_end_are_refused),
        cmocka_unit_test(test_a_login_holds_its_names_and_answers),
        cmocka_unit_test(test_every_cut_of_a_challenge_is_refused_or_within_its_bytes),
    };
    return cmocka_run_group_tests_name("ntlmssp", tests, NULL, NULL);
}
