/* source/argus_talk: what is said to a live server and when, what of its answers ends the talk, and
 * that only whole records are given on, however the bytes are cut. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "source/argus_stream.h"
#include "source/argus_talk.h"

enum { COOKIE_AT = 8, STATUS_AT = 4, INTERVAL_AT = 46, FLOW_BYTES = 32, ALL_BYTES = 4096 };

struct talking {
    struct argus_talk talk;
    char sent[ARGUS_COMMAND_SIZE * 2];
    struct text text;
    struct error err;
    uint8_t whole[ALL_BYTES];
    size_t whole_size;
};

static void begin(struct talking *t, const char *filter)
{
    memset(t, 0, sizeof *t);
    t->text = text_over(t->sent, sizeof t->sent);
    assert_true(argus_talk_begin(&t->talk, filter));
}

/* Says so many bytes, and takes the whole records that this makes. */
static bool hear(struct talking *t, const void *bytes, size_t size)
{
    size_t room, whole;
    uint8_t *to = argus_talk_room(&t->talk, &room);
    assert_true(room >= size);
    memcpy(to, bytes, size);
    bool good = argus_talk_came(&t->talk, size, &t->text, &t->err);
    const uint8_t *records = argus_talk_whole(&t->talk, &whole);
    assert_true(t->whole_size + whole <= sizeof t->whole);
    memcpy(t->whole + t->whole_size, records, whole);
    t->whole_size += whole;
    argus_talk_take(&t->talk, whole);
    return good;
}

static void greeting(uint8_t out[static ARGUS_MAR_BYTES], uint32_t status, uint32_t cookie)
{
    struct writer w = writer_over(out, ARGUS_MAR_BYTES);
    write_be32(&w, 0x83100020);
    write_be32(&w, status);
    write_be32(&w, cookie);
    write_zeros(&w, INTERVAL_AT - w.used);
    write_be16(&w, 7);
    write_zeros(&w, ARGUS_MAR_BYTES - w.used);
    assert_false(w.failed);
}

static void flow(uint8_t out[static FLOW_BYTES], uint8_t mark)
{
    struct writer w = writer_over(out, FLOW_BYTES);
    write_be32(&w, 0x13100008);
    write_be32(&w, 0x01030003);
    write_zeros(&w, FLOW_BYTES - w.used - 1);
    write_u8(&w, mark);
    assert_false(w.failed);
}

static void test_start_is_said_when_the_server_has_said_who_it_is(void **state)
{
    (void)state;
    struct talking t;
    uint8_t mar[ARGUS_MAR_BYTES];
    greeting(mar, 0, ARGUS_COOKIE_3);
    begin(&t, NULL);
    assert_true(hear(&t, mar, sizeof mar - 1));
    assert_string_equal(t.sent, "");
    assert_true(hear(&t, mar + sizeof mar - 1, 1));
    assert_string_equal(t.sent, "START: user='',cmd='wormsign'");
    assert_int_equal(t.talk.state, ARGUS_TALK_RECORDS);
    assert_int_equal(t.talk.alive_s, 7);
    assert_memory_equal(t.whole, mar, sizeof mar);
    argus_talk_end(&t.talk);
}

static void test_start_waits_for_the_answer_to_the_filter(void **state)
{
    (void)state;
    struct talking t;
    uint8_t mar[ARGUS_MAR_BYTES];
    greeting(mar, 0, ARGUS_COOKIE_5);
    begin(&t, "tcp and port 445");
    assert_true(hear(&t, mar, sizeof mar));
    assert_string_equal(t.sent, "FILTER: man or (tcp and port 445)");
    t.text = text_over(t.sent, sizeof t.sent);
    assert_true(hear(&t, "O", 1));
    assert_string_equal(t.sent, "");
    assert_true(hear(&t, "K", 1));
    assert_string_equal(t.sent, "START: user='',cmd='wormsign'");
    assert_int_equal(t.whole_size, sizeof mar); /* the answer is no record */
    argus_talk_end(&t.talk);
}

static void check_filter_refused(const char *reply, const char *said, bool hopeless)
{
    struct talking t;
    uint8_t mar[ARGUS_MAR_BYTES];
    greeting(mar, 0, ARGUS_COOKIE_3);
    begin(&t, "port = 5");
    assert_true(hear(&t, mar, sizeof mar));
    assert_false(hear(&t, reply, 2));
    assert_non_null(strstr(t.err.text, said));
    assert_int_equal(t.talk.hopeless, hopeless);
    assert_int_equal(t.talk.state, ARGUS_TALK_BAD);
    argus_talk_end(&t.talk);
}

static void test_a_filter_that_is_refused_ends_the_talk(void **state)
{
    (void)state;
    check_filter_refused("SY", "\"port = 5\": it says SY, a mistake", true);
    check_filter_refused("ER", "it says ER", true);
    check_filter_refused("\x01Z", "it says \\x01Z", true);
    check_filter_refused("TI", "no time", false);
}

static void check_greeting_refused(const void *bytes, size_t size, const char *said, bool hopeless)
{
    struct talking t;
    begin(&t, NULL);
    assert_false(hear(&t, bytes, size));
    assert_non_null(strstr(t.err.text, said));
    assert_int_equal(t.talk.hopeless, hopeless);
    assert_string_equal(t.sent, "");
    argus_talk_end(&t.talk);
}

static void test_who_is_refused_or_not_understood_says_why_and_nothing_else(void **state)
{
    (void)state;
    uint8_t mar[ARGUS_MAR_BYTES];
    check_greeting_refused("\x83\x81\x00\x01", 4, "access denied", true);
    check_greeting_refused("\x85\x82\x00\x01", 4, "too many clients", false);
    check_greeting_refused("\x83\x87\x00\x01", 4, "reason 7", false);
    check_greeting_refused("SSH-2.0-OpenSSH\r\n", 17, "does not begin as an Argus", true);
    check_greeting_refused("\x83\x10\xff\xff", 4, "does not begin as an Argus", true);
    greeting(mar, 0x1000, ARGUS_COOKIE_3);
    check_greeting_refused(mar, sizeof mar, "login (SASL)", true);
    greeting(mar, 0, 12345);
    check_greeting_refused(mar, sizeof mar, "does not begin as an Argus", true);
    greeting(mar, 0, ARGUS_COOKIE_2);
    mar[0] = 0x82;
    check_greeting_refused(mar, sizeof mar, "version 2", true);
}

/* All that a server says, and what of it is records. */
static size_t conversation(uint8_t out[static ALL_BYTES], uint8_t records[static ALL_BYTES],
                           size_t *records_size)
{
    struct writer w = writer_over(out, ALL_BYTES), r = writer_over(records, ALL_BYTES);
    uint8_t mar[ARGUS_MAR_BYTES], one[FLOW_BYTES];
    greeting(mar, 0, ARGUS_COOKIE_3);
    write_bytes(&w, mar, sizeof mar);
    write_bytes(&r, mar, sizeof mar);
    write_bytes(&w, "OK", 2);
    for (uint8_t i = 1; i <= 3; i++) {
        flow(one, i);
        write_zeros(&w, i == 2 ? 8 : 0); /* padding */
        write_bytes(&w, one, sizeof one);
        write_bytes(&r, one, sizeof one);
    }
    write_zeros(&w, 4);
    assert_false(w.failed);
    *records_size = r.used;
    return w.used;
}

static void test_records_are_the_same_however_they_are_cut(void **state)
{
    (void)state;
    uint8_t all[ALL_BYTES], records[ALL_BYTES];
    size_t records_size, size = conversation(all, records, &records_size);
    for (size_t first = 0; first <= size; first++) {
        for (size_t second = first; second <= size; second += 7) {
            struct talking t;
            begin(&t, "tcp");
            assert_true(hear(&t, all, first));
            assert_true(hear(&t, all + first, second - first));
            assert_true(hear(&t, all + second, size - second));
            assert_int_equal(t.whole_size, records_size);
            assert_memory_equal(t.whole, records, records_size);
            assert_int_equal(argus_talk_cut(&t.talk), 0);
            argus_talk_end(&t.talk);
        }
    }
}

static void test_a_part_of_a_record_is_never_given_on(void **state)
{
    (void)state;
    uint8_t all[ALL_BYTES], records[ALL_BYTES];
    size_t records_size, size = conversation(all, records, &records_size);
    struct talking t;
    begin(&t, "tcp");
    assert_true(hear(&t, all, size - 4 - 5));
    assert_int_equal(t.whole_size, records_size - FLOW_BYTES);
    assert_int_equal(argus_talk_cut(&t.talk), FLOW_BYTES - 5);
    argus_talk_end(&t.talk);
}

static void test_what_is_no_record_ends_the_talk_behind_those_that_are(void **state)
{
    (void)state;
    uint8_t all[ALL_BYTES], records[ALL_BYTES];
    size_t records_size, size = conversation(all, records, &records_size);
    struct talking t;
    memcpy(all + size, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
    begin(&t, "tcp");
    assert_false(hear(&t, all, size + 8));
    assert_int_equal(t.whole_size, records_size);
    assert_false(t.talk.hopeless);
    assert_non_null(strstr(t.err.text, "no record"));
    argus_talk_end(&t.talk);
}

static void test_a_record_of_the_greatest_size_finds_room(void **state)
{
    (void)state;
    struct talking t;
    uint8_t mar[ARGUS_MAR_BYTES], piece[1024] = {0x13, 0x10, 0xff, 0xff};
    size_t room, whole = 0;
    greeting(mar, 0, ARGUS_COOKIE_3);
    begin(&t, NULL);
    assert_true(hear(&t, mar, sizeof mar));
    for (size_t sent = 0; sent < ARGUS_RECORD_BYTES_MAX; sent += sizeof piece) {
        memcpy(argus_talk_room(&t.talk, &room), piece, sizeof piece);
        assert_true(room >= sizeof piece);
        assert_true(argus_talk_came(&t.talk, sizeof piece, &t.text, &t.err));
        memset(piece, 0, sizeof piece);
        (void)argus_talk_whole(&t.talk, &whole);
    }
    assert_int_equal(whole, ARGUS_RECORD_BYTES_MAX);
    argus_talk_end(&t.talk);
}

static void test_a_filter_is_printable_and_has_an_end(void **state)
{
    (void)state;
    struct error err;
    char longest[ARGUS_FILTER_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[ARGUS_FILTER_MAX] = '\0';
    assert_true(argus_filter_check(longest, &err));
    longest[ARGUS_FILTER_MAX] = 'x';
    longest[ARGUS_FILTER_MAX + 1] = '\0';
    assert_false(argus_filter_check(longest, &err));
    assert_false(argus_filter_check("tcp\n", &err));
    assert_false(argus_filter_check("tcp \xc3\xa9", &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_is_said_when_the_server_has_said_who_it_is),
        cmocka_unit_test(test_start_waits_for_the_answer_to_the_filter),
        cmocka_unit_test(test_a_filter_that_is_refused_ends_the_talk),
        cmocka_unit_test(test_who_is_refused_or_not_understood_says_why_and_nothing_else),
        cmocka_unit_test(test_records_are_the_same_however_they_are_cut),
        cmocka_unit_test(test_a_part_of_a_record_is_never_given_on),
        cmocka_unit_test(test_what_is_no_record_ends_the_talk_behind_those_that_are),
        cmocka_unit_test(test_a_record_of_the_greatest_size_finds_room),
        cmocka_unit_test(test_a_filter_is_printable_and_has_an_end),
    };
    return cmocka_run_group_tests_name("argus_talk", tests, NULL, NULL);
}
