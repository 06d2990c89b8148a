/* evidence/host_answers: what a scan heard of a host comes back as it was, and what saving cannot
 * have written is refused. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/reader.h"
#include "base/time.h"
#include "base/writer.h"
#include "evidence/host_answers.h"

enum { CHECKS = 4, ARENA_BYTES = 1 << 20 };

#define WHEN_US INT64_C(1240000000000000)

static uint8_t bytes[HOST_ANSWERS_BYTES_MAX];

/* A scan's verdict with all that it can have. */
struct scanned {
    struct check checks[CHECKS];
    struct smb_check smb;
    struct netbios_check netbios;
    struct sign signs[2];
    struct verdict v;
};

static void fill(struct scanned *s)
{
    memset(s, 0, sizeof *s);
    for (unsigned i = 0; i < CHECKS; i++)
        s->checks[i] = (struct check){.transport = i % 2 == 0 ? TRANSPORT_TCP : TRANSPORT_UDP,
                                      .port = (uint16_t)(4000 + i),
                                      .week = (enum check_week)i,
                                      .cause = (enum check_cause)(i * 7),
                                      .wanted = i,
                                      .came = i + 1,
                                      .when_us = i == 3 ? TIME_NONE : WHEN_US + i};
    s->smb = (struct smb_check){.port = 445,
                                .stage = SMB_STAGE_SECOND,
                                .cause = SMB_CAUSE_PATCHED,
                                .status = 0x7b,
                                .when_us = WHEN_US,
                                .smb1_known = true,
                                .smb1 = true,
                                .os = "Windows 5.1",
                                .fqdn = "ward3-pc.example",
                                .has_time = true,
                                .time_us = INT64_MIN + 1,
                                .offset_minutes = -60};
    s->netbios = (struct netbios_check){.when_us = WHEN_US + 5, .computer = "WARD3", .mac = 0x1234};
    for (unsigned i = 0; i < 2; i++) {
        s->signs[i] = (struct sign){.id = i == 0 ? SIGN_P2P_ANSWER : SIGN_P2P_ODD_ANSWER,
                                    .day = day_of(WHEN_US),
                                    .weight = i == 0 ? WEIGHT_PROOF : WEIGHT_POINTS,
                                    .points = i == 0 ? 0 : 3,
                                    .has_of = true,
                                    .count = 2,
                                    .of = 4,
                                    .first_us = WHEN_US,
                                    .last_us = WHEN_US + 9,
                                    .variants = VARIANT_D | VARIANT_E,
                                    .says = "It answered."};
        sign_add_number(&s->signs[i], "port", 445.5);
        sign_add_text(&s->signs[i], FACT_ITEM, "answers", "40832/tcp 12\xff");
    }
    s->v = (struct verdict){.hearing = HEARING_SOME,
                            .name_count = 1,
                            .names = {"ward3"},
                            .check_count = CHECKS,
                            .checks = s->checks,
                            .smb = &s->smb,
                            .netbios = &s->netbios,
                            .sign_count = 2,
                            .signs = s->signs};
}

static size_t saved(const struct verdict *v)
{
    struct writer w = writer_over(bytes, sizeof bytes);
    host_answers_save(&w, v);
    assert_false(w.failed);
    return w.used;
}

static bool load(size_t size, struct arena *memory, struct host_answers *out)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    struct reader r = reader_over(copy, size);
    bool good = host_answers_load(&r, memory, out);
    free(copy);
    return good;
}

static void test_what_a_scan_heard_comes_back(void **state)
{
    (void)state;
    struct scanned s;
    struct host_answers a;
    struct arena memory = arena_of(ARENA_BYTES);
    fill(&s);
    assert_true(load(saved(&s.v), &memory, &a));
    assert_int_equal(a.hearing, HEARING_SOME);
    assert_string_equal(a.names[0], "ward3");
    assert_int_equal(a.check_count, CHECKS);
    for (unsigned i = 0; i < CHECKS; i++) {
        assert_int_equal(a.checks[i].transport, s.checks[i].transport);
        assert_int_equal(a.checks[i].port, s.checks[i].port);
        assert_int_equal(a.checks[i].cause, s.checks[i].cause);
        assert_int_equal(a.checks[i].week, s.checks[i].week);
        assert_true(a.checks[i].when_us == s.checks[i].when_us);
    }
    assert_int_equal(a.smb->cause, SMB_CAUSE_PATCHED);
    assert_string_equal(a.smb->fqdn, "ward3-pc.example");
    assert_true(a.smb->time_us == s.smb.time_us && a.smb->offset_minutes == -60);
    assert_string_equal(a.netbios->computer, "WARD3");
    assert_true(a.smb->when_us == WHEN_US && a.netbios->when_us == WHEN_US + 5);
    arena_free(&memory);
}

static void test_signs_come_back_with_their_facts(void **state)
{
    (void)state;
    struct scanned s;
    struct host_answers a;
    struct arena memory = arena_of(ARENA_BYTES);
    fill(&s);
    assert_true(load(saved(&s.v), &memory, &a));
    assert_int_equal(a.sign_count, 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct sign *x = &a.signs[i], *y = &s.signs[i];
        assert_int_equal(x->id, y->id);
        assert_int_equal(x->weight, y->weight);
        assert_true(x->points >= y->points && x->points <= y->points);
        assert_int_equal(x->day, y->day);
        assert_int_equal(x->variants, y->variants);
        assert_string_equal(x->says, y->says);
        assert_int_equal(x->fact_count, 2);
        assert_string_equal(x->facts[0].name, "port");
        assert_string_equal(x->facts[1].text, "40832/tcp 12\xff");
    }
    arena_free(&memory);
}

static void test_no_piece_of_it_is_taken_for_the_whole(void **state)
{
    (void)state;
    struct scanned s;
    struct host_answers a = {.hearing = HEARING_REFUSED};
    struct arena memory = arena_of(ARENA_BYTES);
    fill(&s);
    size_t size = saved(&s.v);
    for (size_t cut = 0; cut < size; cut++)
        assert_false(load(cut, &memory, &a));
    bytes[size] = 0;
    assert_false(load(size + 1, &memory, &a));
    assert_int_equal(a.hearing, HEARING_REFUSED);
    arena_free(&memory);
}

static void refuses(struct scanned *s)
{
    struct host_answers a;
    struct arena memory = arena_of(ARENA_BYTES);
    assert_false(load(saved(&s->v), &memory, &a));
    arena_free(&memory);
}

static void test_a_sign_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct scanned s;
    fill(&s);
    s.signs[1].points = 9;
    refuses(&s);
    fill(&s);
    s.signs[0].count = 5;
    refuses(&s);
    fill(&s);
    s.signs[0].day++;
    refuses(&s);
    fill(&s);
    s.signs[0].first_us = s.signs[0].last_us + 1;
    refuses(&s);
    fill(&s);
    s.signs[0].false_alarm_log10 = 1;
    refuses(&s);
    fill(&s);
    s.signs[0].says[0] = '\n';
    refuses(&s);
}

static void test_an_answer_that_cannot_be_is_refused(void **state)
{
    (void)state;
    struct scanned s;
    fill(&s);
    s.checks[0].cause = CHECK_CAUSES;
    refuses(&s);
    fill(&s);
    s.smb.cause = SMB_CAUSES;
    refuses(&s);
    fill(&s);
    s.checks[0].when_us = INT64_MAX;
    refuses(&s);
}

static void test_without_memory_nothing_comes_back(void **state)
{
    (void)state;
    struct scanned s;
    struct host_answers a;
    struct arena memory = arena_of(1);
    fill(&s);
    assert_false(load(saved(&s.v), &memory, &a));
    arena_free(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_scan_heard_comes_back),
        cmocka_unit_test(test_signs_come_back_with_their_facts),
        cmocka_unit_test(test_no_piece_of_it_is_taken_for_the_whole),
        cmocka_unit_test(test_a_sign_that_cannot_be_is_refused),
        cmocka_unit_test(test_an_answer_that_cannot_be_is_refused),
        cmocka_unit_test(test_without_memory_nothing_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
