/* engine/dns_lookups: which question an answer belongs to, in which order look-ups come out, and
 * which names are marked. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "engine/dns_lookups.h"
#include "observe/packet.h"

enum { GIVEN_MAX = 32 };

#define CLIENT address_of_v4(0x0a000005)
#define SERVER address_of_v4(0x0a000035)

struct lookups_bench {
    struct dns_lookups *lookups;
    int64_t day_us;
    uint64_t count;
    int64_t latest_us;
    bool in_order;
    struct lookup given[GIVEN_MAX];
};

static void give(void *context, const struct lookup *k)
{
    struct lookups_bench *b = context;
    if (b->count < GIVEN_MAX)
        b->given[b->count] = *k;
    b->in_order &= b->count == 0 || k->when_us >= b->latest_us;
    b->latest_us = k->when_us;
    b->count++;
}

static int bench_setup(void **state)
{
    struct lookups_bench *b = calloc(1, sizeof *b);
    *state = b;
    if (b == NULL)
        return -1;
    b->in_order = true;
    b->day_us = day_of_date(2009, 4, 21) * US_PER_DAY;
    b->lookups = dns_lookups_new(give, b);
    return b->lookups == NULL ? -1 : 0;
}

static int bench_teardown(void **state)
{
    struct lookups_bench *b = *state;
    dns_lookups_free(b->lookups);
    free(b);
    return 0;
}

/* A message in a line. */
struct said {
    const char *name;
    uint16_t id, port;
    bool answers, cut;
    uint8_t rcode;
    uint32_t address; /* 0: none */
    int64_t at_us;
};

static void take(struct lookups_bench *b, struct said s)
{
    struct dns_message m = {
        .id = s.id, .is_response = s.answers, .rcode = s.rcode, .cut = s.cut, .name_count = 1};
    m.names[0].type = DNS_TYPE_A;
    m.names[0].length = (uint8_t)strlen(s.name);
    memcpy(m.names[0].text, s.name, strlen(s.name));
    if (s.address != 0)
        m.addresses[m.address_count++] = address_of_v4(s.address);
    struct observation seen = {.kind = OBSERVED_DNS,
                               .protocol = IP_UDP,
                               .client_known = true,
                               .by_client = !s.answers,
                               .when_us = b->day_us + s.at_us,
                               .client = {CLIENT, s.port != 0 ? s.port : 1025},
                               .server = {SERVER, 53},
                               .dns = &m};
    dns_lookups_take(b->lookups, &seen);
}

#define TAKE(b, ...) take(b, (struct said){__VA_ARGS__})

static const struct lookup *only_lookup(struct lookups_bench *b)
{
    dns_lookups_end(b->lookups);
    assert_int_equal(b->count, 1);
    return &b->given[0];
}

static void test_question_and_answer_are_one_look_up(void **state)
{
    struct lookups_bench *b = *state;
    TAKE(b, .name = "www.example.com", .id = 7, .at_us = 10);
    TAKE(b, .name = "www.example.com", .id = 7, .answers = true, .address = 0xc0000201,
         .at_us = 30);
    const struct lookup *k = only_lookup(b);
    assert_true(k->asked);
    assert_int_equal(k->when_us - b->day_us, 10);
    assert_int_equal(k->answer_us - k->when_us, 20);
    assert_int_equal(k->address_count, 1);
    assert_string_equal(k->name, "www.example.com");
    assert_int_equal(k->mark_count, 0);
}

static void test_a_question_asked_again_is_the_same_look_up(void **state)
{
    struct lookups_bench *b = *state;
    TAKE(b, .name = "a.test");
    TAKE(b, .name = "a.test", .at_us = 5 * US_PER_SECOND);
    const struct lookup *k = only_lookup(b);
    assert_int_equal(k->tries, 2);
    assert_int_equal(k->answer_us, TIME_NONE);
    assert_int_equal(dns_lookups_counts(b->lookups)->unanswered, 1);
}

static void test_the_first_answer_counts(void **state)
{
    struct lookups_bench *b = *state;
    TAKE(b, .name = "a.test");
    TAKE(b, .name = "a.test", .answers = true, .rcode = DNS_NXDOMAIN);
    TAKE(b, .name = "a.test", .answers = true, .rcode = DNS_NOERROR, .address = 1);
    const struct lookup *k = only_lookup(b);
    assert_int_equal(k->rcode, DNS_NXDOMAIN);
    assert_int_equal(k->address_count, 0);
}

static void test_what_differs_in_number_port_or_name_is_another_look_up(void **state)
{
    struct lookups_bench *b = *state;
    TAKE(b, .name = "a.test", .id = 1);
    TAKE(b, .name = "a.test", .id = 2, .answers = true);
    TAKE(b, .name = "a.test", .id = 1, .port = 9, .answers = true);
    TAKE(b, .name = "b.test", .id = 1, .answers = true);
    dns_lookups_end(b->lookups);
    assert_int_equal(b->count, 4);
    assert_int_equal(dns_lookups_counts(b->lookups)->unasked, 3);
    assert_int_equal(dns_lookups_counts(b->lookups)->unanswered, 1);
}

static void test_an_answer_to_what_has_gone_out_is_one_without_a_question(void **state)
{
    struct lookups_bench *b = *state;
    TAKE(b, .name = "a.test");
    TAKE(b, .name = "b.test", .at_us = LOOKUP_ANSWER_S * US_PER_SECOND + 1);
    TAKE(b, .name = "a.test", .answers = true, .at_us = LOOKUP_ANSWER_S * US_PER_SECOND + 2);
    dns_lookups_end(b->lookups);
    assert_int_equal(b->count, 3);
    assert_false(b->given[2].asked);
}

static void test_an_answer_that_ends_a_long_record_finds_its_question(void **state)
{
    struct lookups_bench *b = *state;
    TAKE(b, .name = "a.test", .id = 1);
    TAKE(b, .name = "a.test", .id = 2);
    TAKE(b, .name = "a.test", .id = 1, .answers = true, .at_us = US_PER_DAY);
    TAKE(b, .name = "a.test", .id = 2, .answers = true, .at_us = US_PER_DAY);
    dns_lookups_end(b->lookups);
    assert_int_equal(b->count, 2);
    assert_int_equal(dns_lookups_counts(b->lookups)->unasked, 0);
}

static void test_the_end_of_an_input_parts_question_and_answer(void **state)
{
    struct lookups_bench *b = *state;
    TAKE(b, .name = "a.test");
    dns_lookups_end(b->lookups);
    TAKE(b, .name = "a.test", .answers = true);
    dns_lookups_end(b->lookups);
    assert_int_equal(b->count, 2);
}

static void test_a_cut_answer_shows_its_question(void **state)
{
    struct lookups_bench *b = *state;
    TAKE(b, .name = "a.test");
    TAKE(b, .name = "a.test", .answers = true, .cut = true);
    const struct lookup *k = only_lookup(b);
    assert_true(k->cut && k->asked && k->answer_us != TIME_NONE);
}

static void test_look_ups_come_in_the_order_of_their_questions(void **state)
{
    struct lookups_bench *b = *state;
    for (uint16_t i = 0; i < 1000; i++)
        TAKE(b, .name = "a.test", .id = i, .at_us = (i * 7919 % 1000) * 100000);
    dns_lookups_end(b->lookups);
    assert_int_equal(b->count, 1000);
    assert_true(b->in_order);
    assert_int_equal(dns_lookups_counts(b->lookups)->out_of_order, 0);
}

static void test_one_message_from_far_ahead_parts_nothing_behind_it(void **state)
{
    struct lookups_bench *b = *state;
    TAKE(b, .name = "future.test", .at_us = 1000 * US_PER_DAY);
    TAKE(b, .name = "a.test");
    TAKE(b, .name = "a.test", .answers = true, .at_us = 5);
    dns_lookups_end(b->lookups);
    assert_int_equal(b->count, 2);
    assert_int_equal(dns_lookups_counts(b->lookups)->unanswered, 1);
}

static void test_a_flood_of_questions_is_told_and_none_is_lost(void **state)
{
    enum { MORE = 500 };
    struct lookups_bench *b = *state;
    for (uint32_t i = 0; i < LOOKUPS_HELD + MORE; i++)
        TAKE(b, .name = "a.test", .id = (uint16_t)i, .port = (uint16_t)(1 + (i >> 16)),
             .at_us = 100 + i);
    assert_int_equal(b->count, MORE);
    TAKE(b, .name = "late.test", .at_us = 1);
    dns_lookups_end(b->lookups);
    assert_int_equal(b->count, LOOKUPS_HELD + MORE + 1);
    assert_int_equal(dns_lookups_counts(b->lookups)->out_of_order, 1);
}

/* The first name of a list on a day. */
static void name_of(enum name_list list, int32_t day, char name[static DOMAIN_NAME_SIZE])
{
    struct domain_generator g;
    domains_begin(&g, list, day);
    (void)domains_next(&g, name);
}

static void test_names_of_the_day_and_its_neighbours_are_marked_with_which(void **state)
{
    struct lookups_bench *b = *state;
    static const int offsets[] = {0, -1, 1, 2, -2};
    int32_t day = day_of(b->day_us);
    char name[DOMAIN_NAME_SIZE];
    for (enum name_list list = NAME_LIST_A; list < NAME_LISTS; list++)
        for (uint16_t i = 0; i < COUNT_OF(offsets); i++) {
            name_of(list, day + offsets[i], name);
            TAKE(b, .name = name, .id = i, .at_us = (int64_t)list * 10 + i);
        }
    dns_lookups_end(b->lookups);
    assert_int_equal(b->count, 15);
    for (size_t i = 0; i < 15; i++) {
        const struct lookup *k = &b->given[i];
        bool is_near = i % 5 < 3;
        assert_int_equal(k->mark_count, is_near);
        if (!is_near)
            continue;
        assert_int_equal(k->marks[0].list, i / 5);
        assert_int_equal(k->marks[0].offset, offsets[i % 5]);
        assert_int_equal(k->marks[0].position, 0);
    }
    assert_int_equal(dns_lookups_counts(b->lookups)->marked, 9);
}

static void test_the_day_is_the_one_of_the_question(void **state)
{
    struct lookups_bench *b = *state;
    char name[DOMAIN_NAME_SIZE];
    name_of(NAME_LIST_A, day_of(b->day_us) + 1, name);
    TAKE(b, .name = name, .at_us = US_PER_DAY - 1);
    TAKE(b, .name = name, .answers = true, .at_us = US_PER_DAY + 1);
    assert_int_equal(only_lookup(b)->marks[0].offset, 1);
}

int main(void)
{
#define LOOKUP_TEST(test) cmocka_unit_test_setup_teardown(test, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        LOOKUP_TEST(test_question_and_answer_are_one_look_up),
        LOOKUP_TEST(test_a_question_asked_again_is_the_same_look_up),
        LOOKUP_TEST(test_the_first_answer_counts),
        LOOKUP_TEST(test_what_differs_in_number_port_or_name_is_another_look_up),
        LOOKUP_TEST(test_an_answer_to_what_has_gone_out_is_one_without_a_question),
        LOOKUP_TEST(test_an_answer_that_ends_a_long_record_finds_its_question),
        LOOKUP_TEST(test_the_end_of_an_input_parts_question_and_answer),
        LOOKUP_TEST(test_a_cut_answer_shows_its_question),
        LOOKUP_TEST(test_look_ups_come_in_the_order_of_their_questions),
        LOOKUP_TEST(test_one_message_from_far_ahead_parts_nothing_behind_it),
        LOOKUP_TEST(test_a_flood_of_questions_is_told_and_none_is_lost),
        LOOKUP_TEST(test_names_of_the_day_and_its_neighbours_are_marked_with_which),
        LOOKUP_TEST(test_the_day_is_the_one_of_the_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
