/* detect/smb_answer, where nothing may be said: other calls with answers of the same bytes, clients
 * that try to make an innocent server look infected, and what is not followed. */
#include "check_stage.h"

static struct made_check check;

static const struct dcerpc_interface wkssvc = {.uuid = {0x98, 0xd0, 0xff, 0x6b, 0x12, 0xa1, 0x10,
                                                        0x36, 0x98, 0x33, 0x46, 0xc3, 0xf8, 0x7e,
                                                        0x34, 0x5a},
                                               .major = 1};

/* The honest way first: so that each test below fails for its own reason alone. */
static void test_the_usual_dialogue_is_proof(void **state)
{
    (void)state;
    check_made(&check, false, MADE_ABC);
    assert_proof_of(&check, VARIANT_A | VARIANT_B | VARIANT_C);
}

static void test_another_service_with_a_reply_of_the_same_bytes_says_nothing(void **state)
{
    (void)state;
    check_begin(&check, false);
    check_bind(&check, &wkssvc); /* the pipe is another's now */
    check_call(&check, ASKED_FIRST(.answer_code = 0x84b));
    check_call(&check, ASKED_SECOND(.answer_code = 87));
    assert_silent(&check);
    struct dcerpc_interface other_version = srvsvc_interface;
    other_version.major = 2;
    check_begin(&check, true);
    check_bind(&check, &other_version);
    check_call(&check, ASKED_SECOND(.answer_code = 87));
    assert_silent(&check);
}

static void test_a_pipe_that_was_not_bound_says_nothing(void **state)
{
    (void)state;
    check_begin(&check, false);
    check.file++;
    check_call(&check, ASKED_SECOND(.answer_code = 87));
    assert_silent(&check);
}

/* With other flags or another type Windows itself answers 87; with more room 0. */
static void test_other_questions_with_a_reply_of_the_same_bytes_say_nothing(void **state)
{
    (void)state;
    const struct made_call others[] = {
        ASKED_SECOND(.answer_code = 87, .other_flags = 0x80000000),
        ASKED_SECOND(.answer_code = 87, .other_flags = 1),
        ASKED_SECOND(.answer_code = 87, .other_type = 1),
        ASKED_SECOND(.answer_code = 87, .room = 4),
        ASKED_SECOND(.answer_code = 87, .path = "\\..\\a"),
        ASKED_SECOND(.answer_code = 87, .path = "/../"),
        ASKED_SECOND(.answer_code = 87, .prefix = ""),
        ASKED_SECOND(.answer_code = 87, .operation = 30),
        ASKED_SECOND(.answer_code = 87, .operation = 32),
        ASKED_SECOND(.answer_code = 87, .other_context = true),
        ASKED_FIRST(.answer_path = 0x5c45005c, .answer_code = 0, .room = 32),
        ASKED_FIRST(.answer_path = 0x5c45005c, .answer_code = 0, .path = "\\a"),
    };
    for (unsigned i = 0; i < COUNT_OF(others); i++) {
        check_begin(&check, i % 2 == 0);
        check_call(&check, others[i]);
        assert_silent(&check);
    }
}

static void test_a_number_that_served_another_call_says_nothing(void **state)
{
    (void)state;
    uint8_t out[64], stub[16];
    const struct made_call other = ASKED_SECOND(.answer_code = 87, .other_flags = 0x80000000);
    const struct made_call unanswered = ASKED_SECOND(.unanswered = true);
    struct writer w = writer_over(out, sizeof out);
    check_pdu(&w, DCERPC_RESPONSE, 3, other.call, check_stub(&other, stub));
    check_begin(&check, false);
    check_call(&check, other);
    check_data(&check, SMB_READ_ANDX, reader_over(out, w.used)); /* somebody looked at it twice */
    check_call(&check, unanswered);
    assert_silent(&check);
    check_begin(&check, false);
    check_call(&check, unanswered);
    check_call(&check, other);
    assert_silent(&check);
}

static void test_the_same_question_to_two_pipes_by_one_number_says_nothing(void **state)
{
    (void)state;
    check_begin(&check, false);
    check_call(&check, ASKED_SECOND(.answer_code = 123));
    check.file++;
    check_bind(&check, &srvsvc_interface);
    check_call(&check, ASKED_FIRST(.call = 3, .answer_path = 0x5c45005c));
    assert_silent(&check);
}

static void test_fragments_of_two_replies_are_not_joined(void **state)
{
    (void)state;
    uint8_t in[512], out[128], stub[16];
    struct made_call call = ASKED_SECOND(.answer_code = 87);
    struct writer w = writer_over(out, sizeof out);
    struct reader whole = check_stub(&call, stub);
    check_pdu(&w, DCERPC_RESPONSE, 1, 77, read_part(&whole, 5));
    check_pdu(&w, DCERPC_RESPONSE, 2, call.call, whole);
    check_begin(&check, false);
    size_t size = check_request(&call, in, sizeof in);
    check_exchange(&check, reader_over(in, size), reader_over(out, w.used));
    assert_silent(&check);
}

static void test_the_answer_to_another_number_says_nothing(void **state)
{
    (void)state;
    uint8_t in[512], out[64], stub[16];
    for (unsigned type = DCERPC_RESPONSE; type <= DCERPC_FAULT; type++) {
        struct made_call call = ASKED_SECOND(.answer_code = 87);
        struct writer w = writer_over(out, sizeof out);
        check_pdu(&w, (uint8_t)type, 3, type == DCERPC_FAULT ? call.call : 77,
                  check_stub(&call, stub));
        check_begin(&check, false);
        size_t size = check_request(&call, in, sizeof in);
        check_exchange(&check, reader_over(in, size), reader_over(out, w.used));
        assert_silent(&check);
    }
}

/* A client that wrote an answer into a file, and reads it where the pipe's answer would come. */
static void test_a_client_that_reads_a_forged_answer_from_a_share_convicts_nobody(void **state)
{
    (void)state;
    uint8_t out[64], stub[16];
    struct made_call call = ASKED_SECOND(.answer_code = 87, .unanswered = true);
    struct writer w = writer_over(out, sizeof out);
    check_pdu(&w, DCERPC_RESPONSE, 3, call.call, check_stub(&call, stub));
    for (unsigned i = 0; i < 4; i++) {
        bool before = i % 2 != 0;
        const char *service = i < 2 ? "A:" : ""; /* what the server says of it */
        check_begin(&check, false);
        if (before)
            check_tree(&check, "\\\\10.0.0.7\\data", service);
        check_call(&check, call);
        if (!before)
            check_tree(&check, "\\\\10.0.0.7\\data", service);
        smb_read_build(&check.client, &check.ids, 7, 4096);
        check_turn(&check, false);
        check_data(&check, SMB_READ_ANDX, reader_over(out, w.used));
        assert_silent(&check);
    }
}

/* A transaction by a name that is not read as a pipe's, and that a server may take for one; by this
 * function, where it is not 0. */
static void made_transaction_of_old(uint8_t function)
{
    enum { FUNCTION_AT = 4 + 32 + 1 + 13 * 2 + 2 };
    check_begin(&check, true);
    size_t start = check.client.used;
    check_call(&check, ASKED_FIRST(.call = 9, .answer_code = 0x84b));
    for (size_t i = start; function != 0 && i + 6 < check.client.used; i++)
        if (memcmp(check.asked + i, "\\PIPE\\", 6) == 0)
            check.asked[i] = '/';
    if (function != 0)
        check.asked[start + FUNCTION_AT] = function;
    check_call(&check, ASKED_SECOND(.answer_code = 87));
}

static void test_a_transaction_that_may_write_convicts_nobody(void **state)
{
    (void)state;
    static const uint8_t writing[] = {0x26, 0x31, 0x37, 0x54}, others[] = {0, 0x01, 0x53};
    for (unsigned i = 0; i < COUNT_OF(writing); i++) {
        made_transaction_of_old(writing[i]);
        assert_silent(&check);
    }
    for (unsigned i = 0; i < COUNT_OF(others); i++) {
        made_transaction_of_old(others[i]);
        assert_proof_of(&check, VARIANT_A | VARIANT_B | VARIANT_C);
    }
}

static void test_a_pipe_that_was_bound_anew_to_another_service_says_nothing(void **state)
{
    (void)state;
    uint8_t bytes[128];
    for (uint8_t type = DCERPC_BIND; type <= 14; type += 3) { /* to bind, to alter the context */
        struct writer w = writer_over(bytes, sizeof bytes);
        dcerpc_bind_build(&w, 1, &wkssvc);
        bytes[2] = type;
        check_begin(&check, false);
        check_exchange(&check, reader_over(bytes, w.used), reader_over("", 0));
        check_call(&check, ASKED_SECOND(.answer_code = 87));
        assert_silent(&check);
    }
}

static void test_answers_behind_the_head_of_the_clients_stream_say_nothing(void **state)
{
    (void)state;
    uint8_t out[64], stub[16];
    struct made_call call = ASKED_SECOND(.answer_code = 87, .unanswered = true);
    struct writer w = writer_over(out, sizeof out);
    check_pdu(&w, DCERPC_RESPONSE, 3, call.call, check_stub(&call, stub));
    check_begin(&check, false);
    check_call(&check, call);
    while (check.client.used + 100 < sizeof check.asked)
        smb_read_build(&check.client, &check.ids, CHECK_FILE, 4096);
    write_be32(&check.client, 4096); /* the head of a message that is longer than what is seen */
    write_zeros(&check.client, sizeof check.asked - check.client.used);
    check_turn(&check, false);
    check_data(&check, SMB_READ_ANDX, reader_over(out, w.used));
    assert_silent(&check);
}

/* The server's own word for what its share is goes before the name that the client gave it. */
static void test_a_share_that_the_server_calls_a_disk_is_no_pipe(void **state)
{
    (void)state;
    check_begin(&check, false);
    check_tree(&check, "\\\\10.0.0.7\\IPC$", "A:");
    check_call(&check, ASKED_SECOND(.answer_code = 87));
    assert_silent(&check);
}

static void test_what_was_learned_before_a_share_was_opened_stands(void **state)
{
    (void)state;
    check_made(&check, false, MADE_ABC);
    check_tree(&check, "\\\\10.0.0.7\\C$", "A:");
    assert_proof_of(&check, VARIANT_A | VARIANT_B | VARIANT_C);
}

/* Requests that could bring a call to the pipe unseen. */
static void test_a_client_that_does_what_is_not_followed_convicts_nobody(void **state)
{
    (void)state;
    static const uint8_t commands[] = {0x0b, 0x14, 0x1d, 0x26, 0xa0, 0xc0};
    for (unsigned i = 0; i < COUNT_OF(commands); i++) {
        check_begin(&check, false);
        check_odd_request(&check, commands[i]);
        check_call(&check, ASKED_SECOND(.answer_code = 87));
        assert_silent(&check);
    }
}

static void test_half_a_call_in_a_write_convicts_nobody(void **state)
{
    (void)state;
    uint8_t in[512];
    struct made_call call = ASKED_SECOND(.answer_code = 87, .other_flags = 0x80000000);
    size_t size = check_request(&call, in, sizeof in);
    check_begin(&check, false);
    smb_write_build(&check.client, &check.ids, CHECK_FILE, reader_over(in, size / 2));
    check_turn(&check, false);
    smb_write_build(&check.client, &check.ids, CHECK_FILE,
                    reader_over(in + size / 2, size - size / 2));
    check_turn(&check, false);
    check_call(&check, ASKED_SECOND(.answer_code = 87));
    assert_silent(&check);
}

static void test_a_dialogue_without_its_beginning_says_nothing(void **state)
{
    (void)state;
    static struct made_check midway;
    check_made(&check, false, MADE_ABC);
    for (unsigned missing = 1; missing <= 3; missing++) {
        size_t asked = (missing & 1) != 0 ? check.turns[0].upto : 0;
        size_t told = (missing & 2) != 0 ? check.turns[1].upto : 0;
        midway.client = writer_over(midway.asked, sizeof midway.asked);
        midway.server = writer_over(midway.told, sizeof midway.told);
        write_bytes(&midway.client, check.asked + asked, check.client.used - asked);
        write_bytes(&midway.server, check.told + told, check.server.used - told);
        midway.turn_count = 0;
        check_turn(&midway, false);
        check_turn(&midway, true);
        assert_silent(&midway);
    }
}

static void test_who_answers_to_himself_from_port_445_says_nothing(void **state)
{
    (void)state;
    struct stage s = stage_new();
    struct sign sign;
    check_made(&check, false, MADE_ABC);
    TELL(&s, .check = &check, .port_from = 445, .client_unknown = true); /* who is the server? */
    assert_false(sign_is(&s, &sign));
    stage_clear(&s);
}

static void test_heads_are_wanted_only_of_smb1_from_its_start(void **state)
{
    (void)state;
    static const struct row {
        const char *bytes;
        size_t size, wanted;
    } rows[] = {
        {"\0\0\1", 3, 8},
        {"\x82\0\0\0", 4, 8},
        {"\x82\0\0\0\0\0\0\x6b", 8, STREAM_HEAD_BYTES},
        {"\0\0\1\0\xfeSMB", 8, 0},
        {"HTTP/1.1 200 OK\r\n", 17, 0},
    };
    struct stage s = stage_new();
    struct observation seen = flow_seen(at(asker), at(target), 445, IP_TCP, when(noon));
    seen.is_stream = seen.start_known = true;
    seen.by_client = false;
    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        seen.bytes = reader_over(rows[i].bytes, rows[i].size);
        assert_int_equal(s.detector->wants(&seen), rows[i].wanted);
    }
    check_made(&check, false, MADE_ABC);
    seen.bytes = reader_over(check.told, check.server.used);
    assert_int_equal(s.detector->wants(&seen), STREAM_HEAD_BYTES);
    seen.server.port = 8080;
    assert_int_equal(s.detector->wants(&seen), 0);
    stage_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_usual_dialogue_is_proof),
        cmocka_unit_test(test_another_service_with_a_reply_of_the_same_bytes_says_nothing),
        cmocka_unit_test(test_a_pipe_that_was_not_bound_says_nothing),
        cmocka_unit_test(test_other_questions_with_a_reply_of_the_same_bytes_say_nothing),
        cmocka_unit_test(test_a_number_that_served_another_call_says_nothing),
        cmocka_unit_test(test_the_same_question_to_two_pipes_by_one_number_says_nothing),
        cmocka_unit_test(test_fragments_of_two_replies_are_not_joined),
        cmocka_unit_test(test_the_answer_to_another_number_says_nothing),
        cmocka_unit_test(test_a_client_that_reads_a_forged_answer_from_a_share_convicts_nobody),
        cmocka_unit_test(test_a_transaction_that_may_write_convicts_nobody),
        cmocka_unit_test(test_a_pipe_that_was_bound_anew_to_another_service_says_nothing),
        cmocka_unit_test(test_answers_behind_the_head_of_the_clients_stream_say_nothing),
        cmocka_unit_test(test_a_share_that_the_server_calls_a_disk_is_no_pipe),
        cmocka_unit_test(test_what_was_learned_before_a_share_was_opened_stands),
        cmocka_unit_test(test_a_client_that_does_what_is_not_followed_convicts_nobody),
        cmocka_unit_test(test_half_a_call_in_a_write_convicts_nobody),
        cmocka_unit_test(test_a_dialogue_without_its_beginning_says_nothing),
        cmocka_unit_test(test_who_answers_to_himself_from_port_445_says_nothing),
        cmocka_unit_test(test_heads_are_wanted_only_of_smb1_from_its_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
