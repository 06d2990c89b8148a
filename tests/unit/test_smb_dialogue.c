/* wire/smb_requests and wire/smb_replies: what we send is what a real run sent, byte by byte; what
 * it was answered is read; every truncation and hostile length is survived. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "base/writer.h"
#include "real_smb.h"
#include "wire/netbios.h"
#include "wire/netbios_session.h"
#include "wire/smb_replies.h"
#include "wire/smb_requests.h"

enum { PIPE = 0x4000 };

struct sent {
    struct writer w;
    uint8_t bytes[REAL_MAX];
};

static void sent_begin(struct sent *s)
{
    s->w = writer_over(s->bytes, sizeof s->bytes);
}

/* The ids with which a real request was sent. */
static struct smb_ids ids_of(const struct real *m)
{
    struct smb_header h = real_part(m).header;
    return (struct smb_ids){.extended_security = (h.flags2 & SMB_FLAG2_EXTENDED_SECURITY) != 0,
                            .tree = h.tree,
                            .user = h.user,
                            .multiplex = h.multiplex,
                            .process = h.process,
                            .signature = h.signature};
}

static void assert_sent(const struct sent *s, const struct real *m)
{
    assert_false(s->w.failed);
    assert_int_equal(s->w.used, m->size);
    assert_memory_equal(s->bytes, m->bytes, m->size);
}

static struct smb_login login_of_guest(struct reader answer)
{
    return (struct smb_login){.lm = answer,
                              .nt = answer,
                              .account = "guest",
                              .domain = "",
                              .os = "Nmap",
                              .lanman = "Native Lanman"};
}

static void test_sessions_are_asked_for_as_in_the_real_run(void **state)
{
    (void)state;
    struct real m = real_message(46);
    struct netbios_name called = netbios_name_of("VICTIM", NETBIOS_SERVER, false);
    struct netbios_name calling = netbios_name_of("NMAP", NETBIOS_SERVER, false);
    struct sent s;
    sent_begin(&s);
    netbios_session_build(&s.w, &called, &calling);
    assert_sent(&s, &m);
    struct real granted = real_message(48);
    struct reader stream = real_reader(&granted);
    struct netbios_frame frame;
    assert_true(netbios_frame_next(&stream, &frame) && frame.whole);
    assert_int_equal(frame.type, NETBIOS_FRAME_GRANTED);
    assert_int_equal(netbios_refusal_of(&frame), NETBIOS_REFUSED_UNTOLD);
    stream = reader_over("\x83\0\0\1\x82", 5);
    assert_true(netbios_frame_next(&stream, &frame));
    assert_int_equal(frame.type, NETBIOS_FRAME_REFUSED);
    assert_int_equal(netbios_refusal_of(&frame), NETBIOS_REFUSED_NOT_PRESENT);
}

static void test_frames_say_what_is_still_to_come(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {0, 1, 0, 2, 'a', 'b', 'c'};
    struct netbios_frame frame;
    struct reader stream = reader_over(bytes, 3);
    assert_false(netbios_frame_next(&stream, &frame));
    assert_int_equal(stream.left, 3);
    stream = reader_over(bytes, sizeof bytes);
    assert_true(netbios_frame_next(&stream, &frame));
    assert_false(frame.whole);
    assert_int_equal(frame.size, 0x10002);
    assert_int_equal(frame.message.left, 3);
    assert_false(netbios_frame_next(&stream, &frame));
}

static void test_a_session_is_set_up_as_in_the_real_run(void **state)
{
    (void)state;
    struct sent s;
    struct real m = real_message(9);
    struct smb_ids ids = ids_of(&m);
    sent_begin(&s);
    smb_negotiate_build(&s.w, &ids);
    assert_sent(&s, &m);
    m = real_message(13);
    ids = ids_of(&m);
    struct reader answer = real_part(&m).bytes;
    struct smb_login login = login_of_guest(read_part(&answer, 24));
    sent_begin(&s);
    smb_session_setup_build(&s.w, &ids, &login);
    assert_sent(&s, &m);
    m = real_message(33);
    ids = ids_of(&m);
    sent_begin(&s);
    smb_logoff_build(&s.w, &ids);
    assert_sent(&s, &m);
}

static void test_blobs_are_sent_as_in_the_real_run(void **state)
{
    (void)state;
    struct sent s;
    struct real m = real_message(99);
    struct smb_ids ids = ids_of(&m);
    assert_true(ids.extended_security);
    sent_begin(&s);
    smb_negotiate_build(&s.w, &ids);
    assert_sent(&s, &m);
    m = real_message(103);
    ids = ids_of(&m);
    struct reader blob = real_part(&m).bytes;
    struct smb_login login = login_of_guest(reader_over(NULL, 0));
    sent_begin(&s);
    smb_session_setup_blob_build(&s.w, &ids, &login, read_part(&blob, 32));
    m.bytes[4 + 32 + 1 + 2] = 0; /* where a next command would begin: there is none */
    assert_sent(&s, &m);
}

static void test_a_pipe_is_opened_as_in_the_real_run(void **state)
{
    (void)state;
    struct sent s;
    struct real m = real_message(15);
    struct smb_ids ids = ids_of(&m);
    sent_begin(&s);
    smb_tree_connect_build(&s.w, &ids, "\\\\127.70.0.13\\IPC$");
    assert_sent(&s, &m);
    m = real_message(17);
    ids = ids_of(&m);
    struct smb_create create = {.name = "\\\\BROWSER", .access = 0x02000000};
    sent_begin(&s);
    smb_create_build(&s.w, &ids, &create);
    assert_sent(&s, &m);
    m = real_message(31);
    ids = ids_of(&m);
    sent_begin(&s);
    smb_tree_disconnect_build(&s.w, &ids);
    assert_sent(&s, &m);
}

static void test_a_pipe_is_written_and_read_as_in_the_real_run(void **state)
{
    (void)state;
    static const unsigned writes[] = {19, 23, 27, 58, 62, 66};
    struct sent s;
    for (size_t i = 0; i < COUNT_OF(writes); i++) {
        struct real m = real_message(writes[i]);
        struct smb_ids ids = ids_of(&m);
        sent_begin(&s);
        smb_write_build(&s.w, &ids, PIPE, real_part(&m).bytes);
        assert_sent(&s, &m);
    }
    static const unsigned reads[] = {21, 25, 29, 60};
    for (size_t i = 0; i < COUNT_OF(reads); i++) {
        struct real m = real_message(reads[i]);
        struct smb_ids ids = ids_of(&m);
        sent_begin(&s);
        smb_read_build(&s.w, &ids, PIPE, reads[i] == 21 || reads[i] == 60 ? 0x800 : 0x1001);
        assert_sent(&s, &m);
    }
}

/* The only part of the message that was sent. */
static struct smb_request part_sent(const struct sent *s)
{
    struct smb_walk walk = smb_walk_over(reader_over(s->bytes, s->w.used));
    struct smb_request part, other;
    assert_false(s->w.failed);
    assert_true(smb_next(&walk, &part));
    assert_false(smb_next(&walk, &other));
    assert_int_equal(walk.ending, SMB_ENDS_WITH_BYTES);
    return part;
}

static void test_a_transaction_holds_its_data(void **state)
{
    (void)state;
    static const struct smb_ids ids = {.tree = 5, .user = 6, .process = 0x12345678};
    struct sent s;
    struct smb_write write;
    sent_begin(&s);
    smb_transact_build(&s.w, &ids, PIPE, 0x1000, reader_over("hello", 5));
    struct smb_request part = part_sent(&s);
    assert_true(smb_write_of(&part, &write));
    assert_true(write.to_pipe && write.tree == 5 && write.file == PIPE);
    assert_true(part.header.user == 6 && part.header.process == 0x12345678);
    assert_int_equal(write.data.left, 5);
    assert_memory_equal(read_bytes(&write.data, 5), "hello", 5);
    assert_int_equal(part.bytes.left, 7 + 2 + 5);
}

static void test_names_and_files_are_those_that_were_sent(void **state)
{
    (void)state;
    static const struct smb_ids ids = {.tree = 5};
    struct smb_create create = {"\\srvsvc", SMB_PIPE_ACCESS, SMB_CREATE_OPEN};
    struct smb_name name;
    struct sent s;
    sent_begin(&s);
    smb_create_build(&s.w, &ids, &create);
    struct smb_request part = part_sent(&s);
    assert_true(smb_name_of(&part, &name));
    assert_int_equal(name.size, 7);
    assert_memory_equal(name.text, "\\srvsvc", 7);
    sent_begin(&s);
    smb_close_build(&s.w, &ids, PIPE);
    part = part_sent(&s);
    assert_int_equal(part.command, SMB_CLOSE);
    assert_int_equal(read_le16(&part.words), PIPE);
    assert_int_equal(part.words.left, 4);
}

static void test_without_room_nothing_is_sent(void **state)
{
    (void)state;
    static const struct smb_ids ids = {.tree = 5};
    struct sent s;
    for (size_t room = 0; room < 4 + 32 + 1 + 28 + 2 + 5; room++) {
        s.w = writer_over(s.bytes, room);
        smb_write_build(&s.w, &ids, PIPE, reader_over("hello", 5));
        assert_true(s.w.failed);
    }
    static uint8_t much[2][70000];
    s.w = writer_over(much[0], sizeof much[0]);
    smb_write_build(&s.w, &ids, PIPE, reader_over(much[1], 65536));
    assert_true(s.w.failed);
}

static void test_negotiation_tells_clock_and_names(void **state)
{
    (void)state;
    struct real m = real_message(11);
    struct smb_request part = real_part(&m);
    struct smb_negotiate_reply n;
    char when[TIME_TEXT_SIZE];
    assert_true(smb_negotiate_reply_read(&part, &n));
    assert_true(n.dialect == 0 && !n.extended_security);
    assert_int_equal(n.security_mode, 3);
    assert_int_equal(n.challenge_size, 8);
    assert_memory_equal(n.challenge, "\x11\x11\x11\x11\x11\x11\x11\x11", 8);
    assert_int_equal(n.minutes_west, -60);
    assert_string_equal(time_text(time_of_filetime(n.filetime), when),
                        "2026-11-22T00:28:29.260884Z");
    assert_string_equal(n.domain, "WORKGRP");
    assert_string_equal(n.server, "VICTIM");
}

static void test_negotiation_may_give_a_guid_and_a_blob(void **state)
{
    (void)state;
    struct real m = real_message(101);
    struct smb_request part = real_part(&m);
    struct smb_negotiate_reply n;
    assert_true(smb_negotiate_reply_read(&part, &n));
    assert_true(n.extended_security && n.blob.left == 0 && n.challenge_size == 0);
    assert_memory_equal(n.guid, "GGGGGGGGGGGGGGGG", SMB_GUID_SIZE);
    assert_string_equal(n.server, "");
}

static void test_a_server_may_know_no_dialect_of_ours(void **state)
{
    (void)state;
    static const uint8_t words[] = {0xff, 0xff};
    struct smb_request part = {.command = SMB_NEGOTIATE,
                               .header = {.flags = 0x80},
                               .words = reader_over(words, sizeof words)};
    struct smb_negotiate_reply n;
    assert_true(smb_negotiate_reply_read(&part, &n));
    assert_int_equal(n.dialect, SMB_NO_DIALECT);
    part.header.flags = 0; /* a request */
    assert_false(smb_negotiate_reply_read(&part, &n));
    part.header.flags = 0x80;
    part.words = reader_over("\0\0", 2); /* our dialect, and nothing behind it */
    assert_false(smb_negotiate_reply_read(&part, &n));
}

static void test_session_setup_tells_the_system(void **state)
{
    (void)state;
    struct real m = real_message(14);
    struct smb_request part = real_part(&m);
    struct smb_setup_reply s;
    assert_true(smb_setup_reply_read(&part, &s));
    assert_int_equal(part.header.user, 0x0800);
    assert_int_equal(part.header.status, SMB_STATUS_OK);
    assert_string_equal(s.os, "Windows 5.1");
    assert_string_equal(s.lanman, "Windows 2000 LAN Manager");
    assert_string_equal(s.domain, "WORKGRP");
    assert_false(s.as_guest);
    m = real_message(104);
    part = real_part(&m);
    assert_true(smb_setup_reply_read(&part, &s));
    assert_int_equal(part.header.status, SMB_STATUS_MORE_PROCESSING);
    assert_int_equal(s.blob.left, 0xda);
    assert_string_equal(s.os, "Windows 5.1");
    assert_string_equal(s.domain, "");
}

static void test_text_in_unicode_stands_at_an_even_place(void **state)
{
    (void)state;
    static const uint8_t words[] = {0xff, 0, 0, 0, 1, 0};
    static const uint8_t bytes[] = {0xee, 'W', 0, 0xac, 0x20, 0, 0, 'L', 0, 0, 0, 'D', 0};
    struct smb_request part = {.command = SMB_SESSION_SETUP_ANDX,
                               .header = {.flags = 0x80, .flags2 = SMB_FLAG2_UNICODE},
                               .words = reader_over(words, sizeof words),
                               .bytes = reader_over(bytes, sizeof bytes),
                               .bytes_start = 41};
    struct smb_setup_reply s;
    assert_true(smb_setup_reply_read(&part, &s));
    assert_true(s.as_guest);
    assert_string_equal(s.os, "W\xe2\x82\xac");
    assert_string_equal(s.lanman, "L");
    assert_string_equal(s.domain, "D"); /* not ended by zero */
}

static void test_a_long_text_is_cut_and_the_next_is_found(void **state)
{
    (void)state;
    static const uint8_t words[] = {0xff, 0, 0, 0, 0, 0};
    uint8_t bytes[300];
    memset(bytes, 'x', sizeof bytes);
    bytes[200] = 0;
    struct smb_request part = {.command = SMB_SESSION_SETUP_ANDX,
                               .header = {.flags = 0x80},
                               .words = reader_over(words, sizeof words),
                               .bytes = reader_over(bytes, 203)};
    struct smb_setup_reply s;
    assert_true(smb_setup_reply_read(&part, &s));
    assert_int_equal(strlen(s.os), SMB_TEXT_SIZE - 1);
    assert_string_equal(s.lanman, "xx");
}

static void test_pipes_answer_with_file_count_and_data(void **state)
{
    (void)state;
    struct real m = real_message(18), written = real_message(20), read = real_message(22);
    struct smb_request part = real_part(&m);
    struct smb_create_reply c;
    uint32_t count;
    struct reader data;
    assert_true(smb_create_reply_read(&part, &c));
    assert_int_equal(c.file, PIPE);
    assert_int_equal(c.kind, 2);
    part = real_part(&written);
    assert_true(smb_write_reply_read(&part, &count));
    assert_int_equal(count, 72);
    part = real_part(&read);
    assert_true(smb_read_reply_read(&part, &data));
    assert_int_equal(data.left, 0x44);
    assert_int_equal(read_be32(&data), 0x05000c03);
}

static void test_a_transaction_answers_with_data(void **state)
{
    (void)state;
    /* Words: totals 0 and 5, reserved, parameters (3), 5 bytes at 56 from the start. */
    uint8_t message[61] = {0xff,      'S',      'M',      'B',       SMB_TRANSACTION, [9] = 0x80,
                           [32] = 10, [35] = 5, [45] = 5, [47] = 56, [53] = 6,        [56] = 'h',
                           'e',       'l',      'l',      'o'};
    struct smb_request part;
    struct reader data;
    assert_true(smb_message_read(reader_over(message, sizeof message), &part));
    assert_true(smb_read_reply_read(&part, &data));
    assert_int_equal(data.left, 5);
    assert_memory_equal(read_bytes(&data, 5), "hello", 5);
    message[49] = 1; /* the second piece of an answer in several */
    assert_true(smb_message_read(reader_over(message, sizeof message), &part));
    assert_false(smb_read_reply_read(&part, &data));
}

static void test_a_refusal_is_a_status_and_no_reply(void **state)
{
    (void)state;
    struct real m = real_message(18);
    struct smb_create_reply c = {.file = 77};
    static const uint8_t denied[] = {0x22, 0, 0, 0xc0};
    memcpy(m.bytes + 4 + 5, denied, sizeof denied);
    m.bytes[3] = 35; /* no words, no bytes */
    m.bytes[4 + 32] = 0;
    m.size = 4 + 35;
    memset(m.bytes + 4 + 33, 0, 2);
    struct smb_request part = real_part(&m);
    assert_false(smb_create_reply_read(&part, &c));
    assert_int_equal(c.file, 77);
    assert_true(part.header.status == 0xc0000022);
}

/* Reads a copy of its exact size in every way. */
static void read_copy(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    struct reader stream = reader_over(copy, size), data;
    struct netbios_frame frame;
    struct smb_request part;
    while (netbios_frame_next(&stream, &frame)) {
        struct smb_negotiate_reply n;
        struct smb_setup_reply s;
        struct smb_create_reply c;
        uint32_t count;
        if (!smb_message_read(frame.message, &part))
            continue;
        if (smb_negotiate_reply_read(&part, &n))
            assert_true(strlen(n.domain) < SMB_TEXT_SIZE && n.blob.left <= size);
        if (smb_setup_reply_read(&part, &s))
            assert_true(strlen(s.domain) < SMB_TEXT_SIZE && s.blob.left <= size);
        (void)smb_create_reply_read(&part, &c);
        (void)smb_write_reply_read(&part, &count);
        if (smb_read_reply_read(&part, &data))
            assert_true(data.left <= size);
    }
    free(copy);
}

static void test_every_cut_and_hostile_byte_is_survived(void **state)
{
    (void)state;
    static const uint8_t hostile[] = {0, 1, 2, 0x7f, 0x80, 0xff};
    for (unsigned frame = 1; frame <= REAL_FRAME_LAST; frame++) {
        struct real m = real_find(frame);
        for (size_t size = 0; size < m.size; size++)
            read_copy(m.bytes, size);
        for (size_t at = 0; at < m.size; at++)
            for (size_t i = 0; i < COUNT_OF(hostile); i++) {
                uint8_t kept = m.bytes[at];
                m.bytes[at] = hostile[i];
                read_copy(m.bytes, m.size);
                m.bytes[at] = kept;
            }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions_are_asked_for_as_in_the_real_run),
        cmocka_unit_test(test_frames_say_what_is_still_to_come),
        cmocka_unit_test(test_a_session_is_set_up_as_in_the_real_run),
        cmocka_unit_test(test_blobs_are_sent_as_in_the_real_run),
        cmocka_unit_test(test_a_pipe_is_opened_as_in_the_real_run),
        cmocka_unit_test(test_a_pipe_is_written_and_read_as_in_the_real_run),
        cmocka_unit_test(test_a_transaction_holds_its_data),
        cmocka_unit_test(test_names_and_files_are_those_that_were_sent),
        cmocka_unit_test(test_without_room_nothing_is_sent),
        cmocka_unit_test(test_negotiation_tells_clock_and_names),
        cmocka_unit_test(test_negotiation_may_give_a_guid_and_a_blob),
        cmocka_unit_test(test_a_server_may_know_no_dialect_of_ours),
        cmocka_unit_test(test_session_setup_tells_the_system),
        cmocka_unit_test(test_text_in_unicode_stands_at_an_even_place),
        cmocka_unit_test(test_a_long_text_is_cut_and_the_next_is_found),
        cmocka_unit_test(test_pipes_answer_with_file_count_and_data),
        cmocka_unit_test(test_a_transaction_answers_with_data),
        cmocka_unit_test(test_a_refusal_is_a_status_and_no_reply),
        cmocka_unit_test(test_every_cut_and_hostile_byte_is_survived),
    };
    return cmocka_run_group_tests_name("smb_dialogue", tests, NULL, NULL);
}
