/* engine/edges: made-up edges are joined; what the verdict and the reports then say. */
#include "reporting.h"

#include "base/hash.h"
#include "base/writer.h"
#include "engine/edges.h"

#define A "10.0.0.5"
#define B "10.0.0.9"
#define C "10.0.0.12"
#define T0 "2009-04-21T12:00:00Z"
#define T1 "2009-04-21T12:00:04Z"
#define T2 "2009-04-21T12:30:00Z"
#define T3 "2009-04-21T12:30:04Z"

struct made {
    const char *from, *to, *time, *path;
    double points;
    uint16_t port;     /* 0: 4321 */
    const char *host;  /* of an exploit's URL; NULL: from */
    bool is_weak;      /* an exploit where something else may stand */
    unsigned variants; /* of an exploit */
};

static struct edge edge_of(struct made m, enum edge_cause cause)
{
    struct edge e = {.cause = cause,
                     .from = address_at(m.from),
                     .to = address_at(m.to),
                     .when_us = at(m.time),
                     .url_host = address_at(m.host != NULL ? m.host : m.from),
                     .url_port = m.port != 0 ? m.port : 4321,
                     .url_path = hash_bytes(m.path, strlen(m.path)),
                     .points = m.points};
    struct text says = text_over(e.says, sizeof e.says);
    text_add(&says, cause == EDGE_EXPLOIT ? "it was sent the exploit" : "it served %s", m.path);
    return e;
}

static void exploited(struct edges *e, struct made m)
{
    struct edge edge = edge_of(m, EDGE_EXPLOIT);
    edge.proof = !m.is_weak;
    edge.variants = m.variants;
    assert_true(edges_add(e, &edge));
}

static void called_back(struct edges *e, struct made m)
{
    struct edge edge = edge_of(m, EDGE_CALLBACK);
    assert_true(edges_add(e, &edge));
}

static const struct sign *served_by(const struct edges *e, const char *host)
{
    for (size_t i = 0; i < e->served_count; i++)
        if (address_equal(e->served[i].host, address_at(host)))
            return &e->served[i].sign;
    return NULL;
}

static void test_the_exploits_url_makes_the_call_back_a_proof(void **state)
{
    (void)state;
    struct edges e = {0};
    exploited(&e,
              (struct made){.from = A, .to = B, .time = T0, .path = "/abc", .variants = VARIANT_B});
    called_back(&e, (struct made){.from = A, .to = B, .time = T1, .path = "/abc", .points = 3});
    assert_true(edges_join(&e));
    assert_int_equal(e.served_count, 1);
    const struct sign *sign = served_by(&e, A);
    assert_non_null(sign);
    assert_true(sign->id == SIGN_CALLBACK && sign->weight == WEIGHT_PROOF);
    assert_int_equal(sign->variants, VARIANT_B);
    assert_int_equal(sign->count, 1);
    assert_true(sign->first_us == at(T1) && sign->day == day_of(at(T1)));
    assert_non_null(strstr(
        sign->says, "1 host that it had reached on port 445 or 139 soon fetched a file from it"));
    assert_int_equal(e.infection_count, 2);
    assert_string_equal(e.infections[0].infection.cause, "exploit");
    assert_string_equal(e.infections[1].infection.cause, "callback");
    assert_int_equal(e.infections[1].infection.variants, VARIANT_B);
    edges_free(&e);
}

/* What an exploit of this URL makes of a call-back to 10.0.0.5:4321/abc at T1. */
static bool is_proof_with(struct made exploit)
{
    struct edges e = {0};
    exploited(&e, exploit);
    called_back(&e, (struct made){.from = A, .to = B, .time = T1, .path = "/abc", .points = 6});
    assert_true(edges_join(&e));
    const struct sign *sign = served_by(&e, A);
    assert_non_null(sign);
    assert_true(sign->weight == WEIGHT_PROOF || sign->points == 6);
    bool proof = sign->weight == WEIGHT_PROOF;
    bool found = false;
    for (size_t i = 0; i < e.infection_count; i++)
        found |= strcmp(e.infections[i].infection.cause, "callback") == 0;
    assert_int_equal(found, proof);
    edges_free(&e);
    return proof;
}

static void test_another_url_victim_or_order_proves_nothing(void **state)
{
    (void)state;
    const struct made right = {.from = A, .to = B, .time = T0, .path = "/abc"};
    struct made wrong = right;
    assert_true(is_proof_with(right));
    wrong.path = "/abd";
    assert_false(is_proof_with(wrong));
    wrong = right;
    wrong.port = 4322;
    assert_false(is_proof_with(wrong));
    wrong = right;
    wrong.host = "10.0.0.77";
    assert_false(is_proof_with(wrong));
    wrong = right;
    wrong.to = C;
    assert_false(is_proof_with(wrong));
    wrong = right;
    wrong.from = C;
    wrong.host = A;
    assert_false(is_proof_with(wrong));
    wrong = right;
    wrong.time = T2;
    assert_false(is_proof_with(wrong));
}

static void test_a_call_back_alone_is_a_sign_and_no_infection(void **state)
{
    (void)state;
    struct edges e = {0};
    called_back(&e, (struct made){.from = A, .to = B, .time = T1, .path = "/abc", .points = 3});
    called_back(&e, (struct made){.from = A, .to = C, .time = T2, .path = "/abd", .points = 6});
    called_back(&e, (struct made){.from = A, .to = C, .time = T3, .path = "/abe", .points = 3});
    assert_true(edges_join(&e));
    const struct sign *sign = served_by(&e, A);
    assert_non_null(sign);
    assert_true(sign->weight == WEIGHT_POINTS && sign->points == 6);
    assert_int_equal(sign->count, 2);
    assert_non_null(strstr(sign->says, "/abd"));
    assert_int_equal(sign->fact_count, 2);
    assert_string_equal(sign->facts[0].text, "10.0.0.9: it served /abc");
    assert_true(sign->first_us == at(T1) && sign->last_us == at(T3));
    assert_int_equal(e.infection_count, 0);
    edges_free(&e);
}

static void test_exploit_bytes_elsewhere_are_no_infection(void **state)
{
    (void)state;
    struct edges e = {0};
    exploited(&e, (struct made){.from = A, .to = B, .time = T0, .path = "/abc", .is_weak = true});
    assert_true(edges_join(&e));
    assert_int_equal(e.infection_count, 0);
    assert_int_equal(e.served_count, 0);
    edges_free(&e);
}

static void test_each_pair_and_cause_has_its_first_time_alone(void **state)
{
    (void)state;
    struct edges e = {0};
    exploited(&e, (struct made){.from = A, .to = B, .time = T2, .path = "/abc"});
    exploited(&e, (struct made){.from = A, .to = B, .time = T0, .path = "/abd"});
    exploited(&e, (struct made){.from = A, .to = C, .time = T1, .path = "/abe"});
    called_back(&e, (struct made){.from = A, .to = B, .time = T3, .path = "/abc"});
    assert_true(edges_join(&e));
    assert_int_equal(e.infection_count, 3);
    static const char *const times[] = {T0, T1, T3};
    for (unsigned i = 0; i < 3; i++)
        assert_true(e.infections[i].infection.when_us == at(times[i]));
    edges_free(&e);
}

static void test_a_server_has_a_sign_a_day(void **state)
{
    (void)state;
    struct edges e = {0};
    static const char *const times[] = {"2009-04-23T01:00:00Z", "2009-04-21T23:59:00Z",
                                        "2009-04-21T22:59:00Z"};
    for (unsigned i = 0; i < COUNT_OF(times); i++)
        called_back(
            &e, (struct made){.from = A, .to = B, .time = times[i], .path = "/abc", .points = 3});
    assert_true(edges_join(&e));
    assert_int_equal(e.served_count, 2);
    assert_int_equal(e.served[0].sign.day, day_of(at(times[1])));
    assert_int_equal(e.served[1].sign.day, day_of(at(times[0])));
    edges_free(&e);
}

static void test_the_order_of_edges_says_nothing(void **state)
{
    (void)state;
    const struct made exploits[] = {
        {.from = A, .to = B, .time = T0, .path = "/abc", .variants = VARIANT_A},
        {.from = B, .to = C, .time = T2, .path = "/xyz", .variants = VARIANT_B}};
    const struct made fetches[] = {{.from = A, .to = B, .time = T1, .path = "/abc", .points = 6},
                                   {.from = B, .to = C, .time = T3, .path = "/xyz", .points = 3}};
    struct edges first = {0};
    for (unsigned order = 0; order < 4; order++) {
        struct edges e = {0};
        for (unsigned i = 0; i < 2; i++) {
            if (order % 2 == 0)
                exploited(&e, exploits[(order / 2 + i) % 2]);
            called_back(&e, fetches[(order / 2 + i) % 2]);
            if (order % 2 != 0)
                exploited(&e, exploits[(order / 2 + i) % 2]);
        }
        assert_true(edges_join(&e));
        assert_true(e.infection_count == 4 && e.served_count == 2);
        if (order == 0)
            first = e;
        assert_memory_equal(e.served, first.served, 2 * sizeof e.served[0]);
        for (unsigned i = 0; i < 4; i++)
            assert_string_equal(e.infections[i].says, first.infections[i].says);
        if (order != 0)
            edges_free(&e);
    }
    edges_free(&first);
}

static void test_too_many_edges_are_cut_and_said(void **state)
{
    (void)state;
    struct edges e = {0};
    struct edge edge = edge_of((struct made){.from = A, .to = B, .time = T0, .path = "/abc"},
                               EDGE_EXPLOIT);
    edge.proof = true;
    for (int i = 0; i < EDGES_MAX; i++) {
        edge.when_us++;
        edge.to.low = (edge.to.low & ~UINT64_C(0xffff)) | (unsigned)i % EDGES_MAX;
        assert_true(edges_add(&e, &edge));
    }
    assert_false(e.cut);
    assert_true(edges_add(&e, &edge));
    assert_true(e.cut && e.count == EDGES_MAX);
    assert_true(edges_join(&e));
    assert_int_equal(e.infection_count, EDGES_MAX);
    edges_free(&e);
}

static void test_nothing_joins_to_nothing(void **state)
{
    (void)state;
    struct edges e = {0};
    assert_true(edges_join(&e));
    assert_true(e.served_count == 0 && e.infection_count == 0);
    assert_null(edges_into(&e, address_at(A), INT64_MAX));
    edges_free(&e);
}

/* When a host fell */

static void test_a_host_fell_by_the_call_back_before_its_first_deed(void **state)
{
    (void)state;
    struct edges e = {0};
    exploited(&e, (struct made){.from = C, .to = B, .time = T0, .path = "/q"});
    exploited(&e, (struct made){.from = A, .to = B, .time = T0, .path = "/abc"});
    called_back(&e, (struct made){.from = A, .to = B, .time = T1, .path = "/abc"});
    assert_true(edges_join(&e));
    const struct infection *by = edges_into(&e, address_at(B), at(T2));
    assert_non_null(by);
    assert_true(address_equal(by->from, address_at(A)) && by->when_us == at(T1));
    by = edges_into(&e, address_at(B), at(T0)); /* it showed signs before it fetched */
    assert_non_null(by);
    assert_string_equal(by->cause, "exploit");
    assert_null(edges_into(&e, address_at(B), at(T0) - 1));
    assert_null(edges_into(&e, address_at(A), at(T3)));
    edges_free(&e);
}

static struct verdict verdict_with(const struct origin *origin)
{
    static struct sign signs[1];
    struct verdict v;
    struct circumstances c = {.host = address_at(B), .home = true, .origin = origin};
    signs[0] = ports_sign();
    verdict_of(&c, signs, 1, &v);
    return v;
}

static void test_the_verdict_says_by_whom_a_host_was_infected(void **state)
{
    (void)state;
    struct origin origin = {address_at(A), at(T1), true};
    struct verdict v = verdict_with(&origin), without = verdict_with(NULL);
    assert_string_equal(v.advice, "Infected by 10.0.0.5 at 2009-04-21T12:00:04.000000Z.");
    assert_non_null(strstr(v.says, "Infected by 10.0.0.5 at 2009-04-21T12:00:04.000000Z."));
    assert_string_equal(without.advice, "");
    assert_int_equal(v.kind, without.kind);
    assert_true(v.weight == without.weight);
    origin.is_proof = false;
    v = verdict_with(&origin);
    assert_non_null(strstr(v.advice, "Attacked by 10.0.0.5 at 2009-04-21T12:00:04.000000Z"));
    assert_non_null(strstr(v.advice, "perhaps"));
}

static enum verdict_kind kind_of(const struct sign *signs, size_t count, bool exempt)
{
    struct sign copies[8];
    struct verdict v;
    struct circumstances c = {.host = address_at(A), .home = true, .exempt = exempt};
    assert_in_range(count, 1, COUNT_OF(copies));
    memcpy(copies, signs, count * sizeof *signs);
    verdict_of(&c, copies, count, &v);
    return v.kind;
}

static struct sign points_sign(enum sign_id id, double points, unsigned marks)
{
    return (struct sign){.id = id, .weight = WEIGHT_POINTS, .points = points, .marks = marks};
}

/* Whatever a server, a victim or a scanner shows of HTTP without proof. */
static void test_http_without_proof_makes_suspicious_at_most(void **state)
{
    (void)state;
    const struct sign signs[] = {points_sign(SIGN_CALLBACK, 6, 0),
                                 points_sign(SIGN_RENDEZVOUS_HTTP, 6, 0),
                                 points_sign(SIGN_CALLBACK, 1, MARK_FETCHED),
                                 points_sign(SIGN_ODD_HTTP, 1, 0),
                                 points_sign(SIGN_KNOWN_SITE, 1, 0),
                                 points_sign(SIGN_SMB_SWEEP, 3, 0)};
    assert_int_equal(kind_of(signs, COUNT_OF(signs), false), VERDICT_SUSPICIOUS);
    assert_int_equal(kind_of(&signs[1], 1, false), VERDICT_SUSPICIOUS);
    assert_int_equal(kind_of(&signs[2], 3, false), VERDICT_UNKNOWN); /* a victim's alone */
}

static void test_a_proven_server_is_infected_unless_it_is_exempt(void **state)
{
    (void)state;
    struct edges e = {0};
    exploited(&e, (struct made){.from = A, .to = B, .time = T0, .path = "/abc"});
    called_back(&e, (struct made){.from = A, .to = B, .time = T1, .path = "/abc", .points = 3});
    assert_true(edges_join(&e));
    assert_int_equal(kind_of(served_by(&e, A), 1, false), VERDICT_INFECTED);
    assert_int_equal(kind_of(served_by(&e, A), 1, true), VERDICT_UNKNOWN);
    edges_free(&e);
}

/* A -> B -> C with their times, as people and programs read them. */
static char *chain_as(const char *format)
{
    struct edges e = {0};
    struct infection infections[4];
    exploited(&e, (struct made){.from = B, .to = C, .time = T2, .path = "/xyz"});
    called_back(&e, (struct made){.from = B, .to = C, .time = T3, .path = "/xyz"});
    exploited(&e,
              (struct made){.from = A, .to = B, .time = T0, .path = "/abc", .variants = VARIANT_B});
    called_back(&e, (struct made){.from = A, .to = B, .time = T1, .path = "/abc"});
    assert_true(edges_join(&e));
    assert_int_equal(e.infection_count, 4);
    for (size_t i = 0; i < 4; i++)
        infections[i] = e.infections[i].infection;
    char *text = shown_as(format,
                          (struct shown){.edge_count = 4, .edges = infections, .width = 200});
    edges_free(&e);
    return text;
}

static void assert_in_order(const char *text, const char *const *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *found = strstr(text, parts[i]);
        if (found == NULL)
            print_error("missing, or in another order: %s\n", parts[i]);
        assert_non_null(found);
        text = found;
    }
}

static void test_a_chain_is_told_in_text_and_json(void **state)
{
    (void)state;
    static const char *const words[] = {
        "10.0.0.5 attacked 10.0.0.9 at 2009-04-21 12:00:00 UTC by exploit, variant B",
        "10.0.0.5 infected 10.0.0.9 at 2009-04-21 12:00:04 UTC by callback, variant B",
        "10.0.0.9 attacked 10.0.0.12 at 2009-04-21 12:30:00 UTC by exploit",
        "10.0.0.9 infected 10.0.0.12 at 2009-04-21 12:30:04 UTC by callback"};
    static const char *const lines[] = {
        "\"from\":\"10.0.0.5\",\"to\":\"10.0.0.9\",\"time\":\"2009-04-21T12:00:00.000000Z\","
        "\"cause\":\"exploit\",\"variant\":\"B\"",
        "\"from\":\"10.0.0.5\",\"to\":\"10.0.0.9\",\"time\":\"2009-04-21T12:00:04.000000Z\","
        "\"cause\":\"callback\",\"variant\":\"B\"",
        "\"from\":\"10.0.0.9\",\"to\":\"10.0.0.12\",\"time\":\"2009-04-21T12:30:00.000000Z\"",
        "\"from\":\"10.0.0.9\",\"to\":\"10.0.0.12\",\"time\":\"2009-04-21T12:30:04.000000Z\""};
    char *text = chain_as("text"), *json = chain_as("json");
    assert_in_order(text, words, COUNT_OF(words));
    assert_in_order(json, lines, COUNT_OF(lines));
    free(text);
    free(json);
}

static void test_an_exploit_whose_port_is_not_known_proves_no_call_back(void **state)
{
    (void)state;
    struct edges e = {0};
    struct made m = {.from = A, .to = B, .time = T0, .path = "/abc"};
    struct edge exploit = edge_of(m, EDGE_EXPLOIT), callback = edge_of(m, EDGE_CALLBACK);
    exploit.url_port = callback.url_port = 0;
    assert_true(edges_add(&e, &exploit) && edges_add(&e, &callback));
    assert_true(edges_join(&e));
    assert_int_equal(served_by(&e, A)->weight, WEIGHT_POINTS);
    edges_free(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_exploits_url_makes_the_call_back_a_proof),
        cmocka_unit_test(test_another_url_victim_or_order_proves_nothing),
        cmocka_unit_test(test_a_call_back_alone_is_a_sign_and_no_infection),
        cmocka_unit_test(test_exploit_bytes_elsewhere_are_no_infection),
        cmocka_unit_test(test_each_pair_and_cause_has_its_first_time_alone),
        cmocka_unit_test(test_a_server_has_a_sign_a_day),
        cmocka_unit_test(test_the_order_of_edges_says_nothing),
        cmocka_unit_test(test_too_many_edges_are_cut_and_said),
        cmocka_unit_test(test_nothing_joins_to_nothing),
        cmocka_unit_test(test_a_host_fell_by_the_call_back_before_its_first_deed),
        cmocka_unit_test(test_the_verdict_says_by_whom_a_host_was_infected),
        cmocka_unit_test(test_http_without_proof_makes_suspicious_at_most),
        cmocka_unit_test(test_a_proven_server_is_infected_unless_it_is_exempt),
        cmocka_unit_test(test_a_chain_is_told_in_text_and_json),
        cmocka_unit_test(test_an_exploit_whose_port_is_not_known_proves_no_call_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
