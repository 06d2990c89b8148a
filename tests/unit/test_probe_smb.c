/* scan/probe_smb and scan/probe_netbios: whom they ask, what is judged of an answer, and which sign
 * comes of it. The conversation itself is tested with real and played servers by tests/scan. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/time.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"
#include "scan/probe.h"
#include "wire/netbios.h"

enum { MESSAGE_SIZE = 600, KEY = 0x1337 };

static const struct probe *probe(const char *id)
{
    const struct probe *found = probe_named(id);
    assert_non_null(found);
    return found;
}

static void test_probes_are_found_by_their_names(void **state)
{
    (void)state;
    assert_string_equal(probe("p2p")->id, "p2p");
    assert_string_equal(probe("smb")->id, "smb");
    assert_string_equal(probe("netbios")->id, "netbios");
    assert_null(probe_named("SMB"));
    assert_null(probe_named(""));
}

static void test_each_asks_on_its_port(void **state)
{
    (void)state;
    struct aim aim = {0};
    struct shot shots[PROBE_SHOTS_MAX];
    assert_int_equal(probe("smb")->aim(&aim, 0x0a000001, shots), 1);
    assert_int_equal(shots[0].port, 445);
    assert_int_equal(shots[0].transport, TRANSPORT_TCP);
    assert_int_equal(probe("netbios")->aim(&aim, 0x0a000001, shots), 1);
    assert_int_equal(shots[0].port, 137);
    assert_int_equal(shots[0].transport, TRANSPORT_UDP);
    assert_int_equal(shots[0].host, 0x0a000001);
}

/* The sign of a host whose conversation ended so; weight -1: none. */
static double weight_of(enum smb_cause cause, struct sign *sign)
{
    struct smb_check check = {
        .port = 139, .cause = cause, .stage = SMB_STAGE_SECOND, .when_us = 5 * US_PER_SECOND};
    struct asked host = {.count = 1, .answers = {{.smb = &check}}};
    struct sign signs[PROBE_SIGNS_MAX];
    if (probe("smb")->report(&host, signs) == 0)
        return -1;
    *sign = signs[0];
    assert_int_equal(sign->id, SIGN_SMB_ANSWER);
    assert_int_equal(sign->first_us, 5 * US_PER_SECOND);
    return sign->weight == WEIGHT_PROOF ? 1e9 : sign->points;
}

static void test_only_the_worms_answers_are_a_sign(void **state)
{
    (void)state;
    struct sign sign;
    for (enum smb_cause cause = 0; cause < SMB_CAUSES; cause++) {
        double wanted = cause == SMB_CAUSE_WORM_ABC || cause == SMB_CAUSE_WORM_DE ? 1e9
                        : cause == SMB_CAUSE_WORM_DE_EMPTY                        ? 6
                                                                                  : -1;
        assert_true(weight_of(cause, &sign) - wanted == 0);
    }
}

static void test_sign_says_what_was_answered_and_where(void **state)
{
    (void)state;
    struct sign sign;
    (void)weight_of(SMB_CAUSE_WORM_ABC, &sign);
    assert_string_equal(sign.says, "Asked over SMB on port 139, its NetpwPathCanonicalize answers "
                                   "as that of Conficker A, B or C.");
    assert_int_equal(sign.variants, VARIANT_A | VARIANT_B | VARIANT_C);
    (void)weight_of(SMB_CAUSE_WORM_DE_EMPTY, &sign);
    assert_int_equal(sign.variants, VARIANT_D | VARIANT_E);
}

static void test_host_that_was_not_asked_has_no_sign(void **state)
{
    (void)state;
    struct asked nobody = {0}, unanswered = {.count = 1};
    struct sign signs[PROBE_SIGNS_MAX];
    assert_int_equal(probe("smb")->report(&nobody, signs), 0);
    assert_int_equal(probe("smb")->report(&unanswered, signs), 0);
}

static void test_question_for_names_is_that_of_nbstat(void **state)
{
    (void)state;
    static const uint8_t wanted[50] = {0x13, 0x37, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x20, 'C', 'K'};
    uint8_t request[REQUEST_SIZE];
    struct writer w = writer_over(request, sizeof request);
    const struct shot shot = {.key = KEY};
    probe("netbios")->build(&shot, &w);
    assert_int_equal(w.used, sizeof wanted);
    assert_memory_equal(request, wanted, 15);
    for (size_t i = 15; i < 45; i++)
        assert_int_equal(request[i], 'A');
    assert_memory_equal(request + 45, ((uint8_t[]){0, 0, 0x21, 0, 1}), 5);
}

/* A host of these names. */
static size_t status(uint8_t *out, const struct netbios_name *names, unsigned count, uint64_t mac)
{
    struct netbios_message m = {
        .is_response = true, .id = KEY, .name = netbios_name_of("*", 0, false), .mac = mac};
    struct writer w = writer_over(out, MESSAGE_SIZE);
    m.own_count = count;
    memcpy(m.own, names, count * sizeof *names);
    netbios_build(&w, &m);
    assert_false(w.failed);
    return w.used;
}

static struct answer judged(const uint8_t *bytes, size_t size, uint64_t key)
{
    const struct shot shot = {.key = key};
    struct answer a = {0};
    probe("netbios")->judge(&shot, reader_over(bytes, size), &a);
    assert_int_equal(a.cause, CAUSE_SPOKE);
    return a;
}

static size_t usual(uint8_t *out)
{
    const struct netbios_name names[] = {
        netbios_name_of("WARD3", 0x00, false),    netbios_name_of("HOSPITAL", 0x00, true),
        netbios_name_of("WARD3", 0x20, false),    netbios_name_of("WARD3", 0x03, false),
        netbios_name_of("MEYER", 0x03, false),    netbios_name_of("HOSPITAL", 0x1e, true),
        netbios_name_of("OTHERUSER", 0x03, false)};
    return status(out, names, COUNT_OF(names), 0x001122334455);
}

static void test_names_are_told_apart(void **state)
{
    (void)state;
    uint8_t bytes[MESSAGE_SIZE];
    struct answer a = judged(bytes, usual(bytes), KEY);
    assert_non_null(a.netbios);
    assert_string_equal(a.netbios->computer, "WARD3");
    assert_string_equal(a.netbios->server, "WARD3");
    assert_string_equal(a.netbios->group, "HOSPITAL");
    assert_string_equal(a.netbios->user, "MEYER");
    assert_true(a.netbios->mac == 0x001122334455);
    free(a.netbios);
}

static void test_answer_to_another_question_is_not_believed(void **state)
{
    (void)state;
    uint8_t bytes[MESSAGE_SIZE];
    assert_null(judged(bytes, usual(bytes), KEY + 1).netbios);
    assert_null(judged((const uint8_t *)"junk", 4, KEY).netbios);
}

static void test_answer_that_was_cut_names_nobody_twice(void **state)
{
    (void)state;
    uint8_t bytes[MESSAGE_SIZE];
    size_t size = usual(bytes);
    for (size_t cut = 1; cut < size; cut++) {
        uint8_t *copy = malloc(cut);
        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        struct answer a = judged(copy, cut, KEY);
        if (a.netbios != NULL)
            assert_true(a.netbios->computer[0] == '\0' ||
                        strcmp(a.netbios->computer, "WARD3") == 0);
        free(a.netbios);
        free(copy);
    }
}

static void test_names_of_no_computer_are_left_empty(void **state)
{
    (void)state;
    uint8_t bytes[MESSAGE_SIZE];
    const struct netbios_name group = netbios_name_of("HOSPITAL", 0x00, true);
    struct answer a = judged(bytes, status(bytes, &group, 1, 0), KEY);
    assert_non_null(a.netbios);
    assert_string_equal(a.netbios->computer, "");
    assert_string_equal(a.netbios->user, "");
    assert_true(a.netbios->mac == 0);
    free(a.netbios);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_probes_are_found_by_their_names),
        cmocka_unit_test(test_each_asks_on_its_port),
        cmocka_unit_test(test_only_the_worms_answers_are_a_sign),
        cmocka_unit_test(test_sign_says_what_was_answered_and_where),
        cmocka_unit_test(test_host_that_was_not_asked_has_no_sign),
        cmocka_unit_test(test_question_for_names_is_that_of_nbstat),
        cmocka_unit_test(test_names_are_told_apart),
        cmocka_unit_test(test_answer_to_another_question_is_not_believed),
        cmocka_unit_test(test_answer_that_was_cut_names_nobody_twice),
        cmocka_unit_test(test_names_of_no_computer_are_left_empty),
    };
    return cmocka_run_group_tests_name("probe_smb", tests, NULL, NULL);
}
