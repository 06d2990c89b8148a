/* detect/smb_answer: what a capture of the SMB check says of the host that was asked. */
#include "check_stage.h"

#include <math.h>

#include "detect/smb_asked.h"
#include "hostile_slot.h"
#include "saved_slot.h"

enum { A_TO_C = VARIANT_A | VARIANT_B | VARIANT_C, D_OR_E = VARIANT_D | VARIANT_E };

static struct made_check check;

static void test_answers_of_a_to_c_are_proof_however_they_were_asked(void **state)
{
    (void)state;
    for (unsigned transacts = 0; transacts < 2; transacts++) {
        struct stage s = stage_new();
        struct sign sign;
        check_made(&check, transacts != 0, MADE_ABC);
        TELL(&s, .check = &check);
        assert_true(sign_is(&s, &sign));
        assert_int_equal(sign.weight, WEIGHT_PROOF);
        assert_int_equal(sign.variants, A_TO_C);
        assert_int_equal(sign.count, 1);
        assert_string_equal(sign.says, "Asked over SMB on port 445 by 10.0.0.5, its "
                                       "NetpwPathCanonicalize answers as that of Conficker A, B or "
                                       "C.");
        assert_string_equal(sign.facts[1].text, "10.0.0.5 port 49152/tcp");
        assert_string_equal(sign.facts[2].text, "\\: code 0x84b, path 0x0");
        assert_string_equal(sign.facts[3].text, "\\..\\: code 0x57, path 0x5c450000");
        assert_false(sign_of(&s, asker, noon, &sign)); /* who asks is none the worse */
        stage_clear(&s);
    }
}

static void test_every_answer_means_what_a_scan_makes_of_it(void **state)
{
    (void)state;
    static const struct row {
        struct canonicalize_answer first, second;
        unsigned variants;
        double points; /* 0: proof */
        enum smb_cause cause;
    } rows[] = {
        {{0, 0x84b}, {0, 87}, A_TO_C, 0, SMB_CAUSE_WORM_ABC},
        {{0x5c45005c, 0}, {0, 123}, D_OR_E, 0, SMB_CAUSE_WORM_DE},
        {{0, 0}, {0, 123}, D_OR_E, VERDICT_SMB_EMPTY_POINTS, SMB_CAUSE_WORM_DE_EMPTY},
        {{0, 0x84b}, {0, 123}, 0, 0, SMB_CAUSE_PATCHED},
        {{0, 0x84b}, {0x5c, 0}, 0, 0, SMB_CAUSE_NOT_PATCHED},
    };
    for (unsigned i = 0; i < COUNT_OF(rows); i++) {
        struct stage s = stage_new();
        struct sign sign;
        struct smb_check found;
        check_made(&check, false, rows[i].first, rows[i].second);
        TELL(&s, .check = &check);
        assert_int_equal(sign_is(&s, &sign), rows[i].variants != 0);
        assert_int_equal(sign.variants, rows[i].variants);
        assert_true(fabs(sign.points - rows[i].points) < 0.01);
        assert_true(check_of(&s, &found));
        assert_int_equal(found.cause, rows[i].cause);
        assert_int_equal(found.port, 445);
        stage_clear(&s);
    }
    check_made(&check, false, (struct canonicalize_answer){0, 0x84b},
               (struct canonicalize_answer){0, 50});
    assert_silent(&check);
}

static void test_who_asks_the_second_question_alone_learns_of_a_to_c_alone(void **state)
{
    (void)state;
    check_begin(&check, false);
    check_call(&check, ASKED_SECOND(.answer_code = 87));
    assert_proof_of(&check, A_TO_C);
    check_begin(&check, false);
    check_call(&check, ASKED_SECOND(.answer_code = 123)); /* D and E may say so too */
    assert_silent(&check);
}

static void test_who_stops_after_the_first_answer_of_d_has_learned_enough(void **state)
{
    (void)state;
    check_begin(&check, false);
    check_call(&check, ASKED_FIRST(.answer_path = 0x5c45005c, .answer_code = 0));
    assert_proof_of(&check, D_OR_E);
    check_begin(&check, false);
    check_call(&check, ASKED_FIRST(.answer_code = 0x84b));
    assert_silent(&check);
}

static void test_the_same_number_for_both_calls_is_told_apart_by_order(void **state)
{
    (void)state;
    check_begin(&check, false);
    check_call(&check, ASKED_FIRST(.call = 1, .answer_code = 0x84b));
    check_call(&check, ASKED_SECOND(.call = 1, .answer_code = 87));
    assert_proof_of(&check, A_TO_C);
}

static void test_what_else_a_client_asks_for_does_no_harm(void **state)
{
    (void)state;
    static const uint8_t commands[] = {0x04, 0x05, 0x2b, 0x32, 0x34, 0x74, 0xa4};
    check_begin(&check, false);
    for (unsigned i = 0; i < COUNT_OF(commands); i++)
        check_odd_request(&check, commands[i]);
    check_call(&check, ASKED_SECOND(.answer_code = 87));
    assert_proof_of(&check, A_TO_C);
}

/* As Windows binds: in several contexts, of which one is called. */
static void test_the_context_that_is_called_is_looked_for(void **state)
{
    (void)state;
    uint8_t bytes[256], other[128];
    const struct dcerpc_interface nothing = {.major = 3};
    struct writer w = writer_over(bytes, sizeof bytes), o = writer_over(other, sizeof other);
    dcerpc_bind_build(&w, 1, &nothing);
    dcerpc_bind_build(&o, 1, &srvsvc_interface);
    write_bytes(&w, other + 28, o.used - 28); /* the context alone */
    bytes[8] = (uint8_t)w.used;
    bytes[24] = 2;
    bytes[72] = 1;
    check_begin(&check, false);
    check_exchange(&check, reader_over(bytes, w.used), reader_over("", 0));
    check_call(&check, ASKED_SECOND(.answer_code = 87, .other_context = true));
    assert_proof_of(&check, A_TO_C);
}

/* As long as nothing else comes, reads and short replies are not worth a walk. */
static void test_only_what_may_tell_more_is_news(void **state)
{
    (void)state;
    unsigned news[2] = {0, 0};
    size_t before[2] = {0, 0};
    check_made(&check, false, MADE_ABC);
    for (unsigned i = 0; i < check.turn_count; i++) {
        const struct turn *t = &check.turns[i];
        struct reader stream = reader_over(t->by_server ? check.told : check.asked, t->upto);
        if (smb_has_news(stream, before[t->by_server], t->by_server))
            news[t->by_server]++;
        assert_false(smb_has_news(stream, t->upto, t->by_server));
        before[t->by_server] = t->upto;
    }
    assert_int_equal(news[0], 9); /* of 12 requests all but the reads */
    assert_int_equal(news[1], 5); /* negotiated, opened, and what was read three times */
}

static void test_port_139_counts_behind_its_session(void **state)
{
    (void)state;
    static struct made_check on_139;
    static const uint8_t ask[72] = {NETBIOS_FRAME_REQUEST, 0, 0, 68}, grant[4] = {0x82};
    struct stage s = stage_new();
    struct sign sign;
    check_made(&check, false, MADE_ABC);
    on_139.client = writer_over(on_139.asked, sizeof on_139.asked);
    on_139.server = writer_over(on_139.told, sizeof on_139.told);
    write_bytes(&on_139.client, ask, sizeof ask);
    write_bytes(&on_139.client, check.asked, check.client.used);
    write_bytes(&on_139.server, grant, sizeof grant);
    check_turn(&on_139, true);
    write_bytes(&on_139.server, check.told, check.server.used);
    check_turn(&on_139, false);
    check_turn(&on_139, true);
    TELL(&s, .check = &on_139, .port = 139);
    assert_true(sign_is(&s, &sign));
    assert_true(strncmp(sign.says, "Asked over SMB on port 139 ", 27) == 0);
    stage_clear(&s);
}

static void test_a_reply_in_fragments_and_in_several_reads_is_put_together(void **state)
{
    (void)state;
    uint8_t in[512], out[128], stub[16];
    for (size_t cut = 1; cut < 24 * 2 + 16; cut++) {
        struct made_call call = ASKED_SECOND(.answer_code = 87);
        struct writer w = writer_over(out, sizeof out);
        struct reader whole = check_stub(&call, stub), parts;
        check_pdu(&w, DCERPC_RESPONSE, 1, call.call, read_part(&whole, 5));
        check_pdu(&w, DCERPC_RESPONSE, 2, call.call, whole);
        parts = reader_over(out, w.used);
        check_begin(&check, false);
        size_t size = check_request(&call, in, sizeof in);
        check_exchange(&check, reader_over(in, size), read_part(&parts, cut));
        check_data(&check, SMB_READ_ANDX, parts);
        assert_proof_of(&check, A_TO_C);
    }
}

static void test_the_order_in_which_packets_were_captured_does_not_matter(void **state)
{
    (void)state;
    struct stage in_turn = stage_new();
    struct sign wanted, sign;
    check_made(&check, false, MADE_ABC);
    TELL(&in_turn, .check = &check);
    assert_true(sign_is(&in_turn, &wanted));
    for (unsigned server_first = 0; server_first < 2; server_first++) {
        struct stage s = stage_new();
        struct telling t = usual((struct telling){.check = &check});
        for (unsigned i = 0; i < 2; i++) {
            bool by_server = (i == 0) == (server_first != 0);
            tell_bytes(&s, t, by_server, 0, by_server ? check.server.used : check.client.used, 0);
        }
        assert_true(sign_is(&s, &sign));
        assert_string_equal(sign.says, wanted.says);
        stage_clear(&s);
    }
    stage_clear(&in_turn);
}

static void test_segments_may_split_both_streams_anywhere(void **state)
{
    (void)state;
    struct telling t = usual((struct telling){.check = &check});
    check_made(&check, true, MADE_ABC);
    for (size_t cut = 1; cut < check.client.used || cut < check.server.used; cut++) {
        struct stage s = stage_new();
        struct sign sign;
        size_t asked = check.client.used, told = check.server.used;
        size_t first = cut < asked ? cut : asked, second = cut < told ? cut : told;
        tell_bytes(&s, t, false, 0, first, 0);
        tell_bytes(&s, t, true, 0, second, 1);
        tell_bytes(&s, t, false, first, asked, 2);
        tell_bytes(&s, t, true, second, told, 3);
        assert_true(sign_is(&s, &sign));
        assert_int_equal(sign.count, 1);
        stage_clear(&s);
    }
}

/* A prefix of both streams says the same as the whole, or nothing at all. */
static void test_cut_anywhere_it_says_nothing_else(void **state)
{
    (void)state;
    unsigned proofs = 0;
    struct telling t = usual((struct telling){.check = &check});
    check_made(&check, false, MADE_ABC);
    for (size_t cut = 0; cut <= check.client.used; cut++) {
        struct stage s = stage_new();
        struct sign sign;
        tell_bytes(&s, t, false, 0, cut, 0);
        tell_bytes(&s, t, true, 0, cut < check.server.used ? cut : check.server.used, 1);
        if (sign_is(&s, &sign)) {
            assert_int_equal(sign.variants, A_TO_C);
            proofs++;
        }
        stage_clear(&s);
    }
    assert_in_range(proofs, 1, check.client.used / 2);
}

static void test_one_direction_alone_says_nothing(void **state)
{
    (void)state;
    struct telling t = usual((struct telling){.check = &check});
    check_made(&check, false, MADE_ABC);
    for (unsigned by_server = 0; by_server < 2; by_server++) {
        struct stage s = stage_new();
        struct sign sign;
        tell_bytes(&s, t, by_server != 0, 0, by_server != 0 ? check.server.used : check.client.used,
                   0);
        assert_false(sign_is(&s, &sign));
        stage_clear(&s);
    }
}

static void test_ends_in_no_order_are_told_by_the_port(void **state)
{
    (void)state;
    struct stage s = stage_new();
    struct sign sign;
    check_made(&check, false, MADE_ABC);
    TELL(&s, .check = &check, .client_unknown = true);
    assert_true(sign_is(&s, &sign));
    assert_false(sign_of(&s, asker, noon, &sign));
    stage_clear(&s);
}

static void test_other_ports_say_nothing(void **state)
{
    (void)state;
    struct stage s = stage_new();
    struct sign sign;
    check_made(&check, false, MADE_ABC);
    TELL(&s, .check = &check, .port = 4445);
    assert_false(sign_is(&s, &sign));
    stage_clear(&s);
}

static void test_dialogues_are_counted_each_once(void **state)
{
    (void)state;
    struct stage s = stage_new();
    struct sign sign;
    check_made(&check, false, MADE_ABC);
    for (unsigned i = 0; i < 7; i++)
        TELL(&s, .check = &check, .port_from = (uint16_t)(50000 + i), .later_us = i * 1000000);
    TELL(&s, .check = &check, .from = "10.0.0.4", .later_us = 60000000);
    assert_true(sign_is(&s, &sign));
    assert_int_equal(sign.count, 8);
    assert_string_equal(sign.facts[1].text, "10.0.0.5 port 50000/tcp");
    stage_clear(&s);
}

static void test_dialogues_at_the_same_time_are_not_mixed(void **state)
{
    (void)state;
    static struct made_check clean;
    struct stage s = stage_new();
    struct sign sign;
    struct smb_check found;
    check_made(&check, false, (struct canonicalize_answer){0, 0x84b},
               (struct canonicalize_answer){0, 123});
    clean = check;
    clean.client.start = clean.asked;
    clean.server.start = clean.told;
    for (unsigned i = 0; i < check.turn_count; i++) {
        tell_turns(&s, usual((struct telling){.check = &check}), i, i + 1);
        tell_turns(&s, usual((struct telling){.check = &clean, .port_from = 50001}), i, i + 1);
    }
    assert_false(sign_is(&s, &sign));
    assert_true(check_of(&s, &found));
    assert_int_equal(found.cause, SMB_CAUSE_PATCHED);
    stage_clear(&s);
}

static void test_the_latest_answer_is_the_check_and_the_gravest_the_sign(void **state)
{
    (void)state;
    struct stage s = stage_new();
    struct sign sign;
    struct smb_check found;
    check_made(&check, false, MADE_ABC);
    TELL(&s, .check = &check);
    check_made(&check, false, (struct canonicalize_answer){0, 0x84b},
               (struct canonicalize_answer){0, 123});
    TELL(&s, .check = &check, .later_us = 3600000000); /* between the same ports */
    assert_true(sign_is(&s, &sign));
    assert_int_equal(sign.count, 1);
    assert_true(check_of(&s, &found));
    assert_int_equal(found.cause, SMB_CAUSE_PATCHED);
    stage_clear(&s);
}

/* The second connection's answers were captured before its questions. */
static void test_a_connection_between_the_same_ports_is_another(void **state)
{
    (void)state;
    struct stage s = stage_new();
    struct smb_check found;
    struct telling t = usual((struct telling){.check = &check, .later_us = 3600000000});
    check_made(&check, false, MADE_ABC);
    TELL(&s, .check = &check);
    check_made(&check, false, (struct canonicalize_answer){0, 0x84b},
               (struct canonicalize_answer){0, 123});
    tell_bytes(&s, t, true, 0, check.server.used, 0);
    tell_bytes(&s, t, false, 0, check.client.used, 0);
    assert_true(check_of(&s, &found));
    assert_int_equal(found.cause, SMB_CAUSE_PATCHED);
    stage_clear(&s);
}

static void test_parts_merge_to_the_whole(void **state)
{
    (void)state;
    static const char other[] = "10.0.0.8";
    struct stage s = stage_new();
    struct sign sign;
    check_made(&check, false, MADE_ABC);
    TELL(&s, .check = &check, .later_us = 5000000);
    void *here = slot_of(&s, target, noon), *there = slot_of(&s, other, noon);
    s.detector->merge(&s.watcher, there, here);
    s.detector->merge(&s.watcher, there, here);
    assert_true(sign_of(&s, other, noon, &sign));
    assert_int_equal(sign.count, 2);
    check_made(&check, true, (struct canonicalize_answer){0x5c45005c, 0},
               (struct canonicalize_answer){0, 123});
    TELL(&s, .check = &check, .port_from = 50002);
    s.detector->merge(&s.watcher, here, there);
    assert_true(sign_is(&s, &sign));
    assert_int_equal(sign.count, 4);
    assert_int_equal(sign.variants, A_TO_C | D_OR_E);
    stage_clear(&s);
}

static struct stage stage_of_all_answers(void)
{
    struct stage s = stage_new();
    static const struct canonicalize_answer answers[][2] = {{{0, 0x84b}, {0, 87}},
                                                            {{0x5c45005c, 0}, {0, 123}},
                                                            {{0, 0}, {0, 123}},
                                                            {{0, 0x84b}, {0, 123}},
                                                            {{0, 0x84b}, {0, 0}}};
    for (unsigned i = 0; i < COUNT_OF(answers); i++) {
        check_made(&check, false, answers[i][0], answers[i][1]);
        TELL(&s, .check = &check, .port_from = (uint16_t)(50000 + i));
    }
    return s;
}

static void test_saved_slots_are_believed_only_if_they_can_be(void **state)
{
    (void)state;
    struct stage s = stage_of_all_answers();
    check_saved(&s, target, noon);
    hostile_check(&s, target, noon);
    stage_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers_of_a_to_c_are_proof_however_they_were_asked),
        cmocka_unit_test(test_every_answer_means_what_a_scan_makes_of_it),
        cmocka_unit_test(test_who_asks_the_second_question_alone_learns_of_a_to_c_alone),
        cmocka_unit_test(test_who_stops_after_the_first_answer_of_d_has_learned_enough),
        cmocka_unit_test(test_the_same_number_for_both_calls_is_told_apart_by_order),
        cmocka_unit_test(test_what_else_a_client_asks_for_does_no_harm),
        cmocka_unit_test(test_the_context_that_is_called_is_looked_for),
        cmocka_unit_test(test_only_what_may_tell_more_is_news),
        cmocka_unit_test(test_port_139_counts_behind_its_session),
        cmocka_unit_test(test_a_reply_in_fragments_and_in_several_reads_is_put_together),
        cmocka_unit_test(test_the_order_in_which_packets_were_captured_does_not_matter),
        cmocka_unit_test(test_segments_may_split_both_streams_anywhere),
        cmocka_unit_test(test_cut_anywhere_it_says_nothing_else),
        cmocka_unit_test(test_one_direction_alone_says_nothing),
        cmocka_unit_test(test_ends_in_no_order_are_told_by_the_port),
        cmocka_unit_test(test_other_ports_say_nothing),
        cmocka_unit_test(test_dialogues_are_counted_each_once),
        cmocka_unit_test(test_dialogues_at_the_same_time_are_not_mixed),
        cmocka_unit_test(test_the_latest_answer_is_the_check_and_the_gravest_the_sign),
        cmocka_unit_test(test_a_connection_between_the_same_ports_is_another),
        cmocka_unit_test(test_parts_merge_to_the_whole),
        cmocka_unit_test(test_saved_slots_are_believed_only_if_they_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
