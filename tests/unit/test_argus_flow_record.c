/* source/argus_flow_record: what people ask of a record beyond what a hunt needs, and who is asked
 * before a record is poured. */
#include "testing.h"

#include <string.h>

#include "../fuzz/argus_walk.h"

struct seen {
    struct sink sink; /* first, so that it can be found from itself */
    unsigned shown, management, poured;
    bool answer;
    int64_t last_us;
};

static struct seen *of(struct sink *sink)
{
    return (struct seen *)(void *)sink;
}

static void take(struct sink *self, const struct observation *seen)
{
    (void)seen;
    of(self)->poured++;
}

static bool wants_datagram(struct sink *self, struct reader bytes)
{
    (void)self, (void)bytes;
    return true;
}

static size_t wants(struct sink *self, const struct observation *head)
{
    (void)self, (void)head;
    return 8192;
}

static bool awaits(struct sink *self, const struct observation *seen)
{
    (void)self, (void)seen;
    return false;
}

static bool takes_record(struct sink *self, const struct flow_record *record)
{
    of(self)->shown++;
    of(self)->management += record->kind == FLOW_MANAGEMENT;
    of(self)->last_us = record->last_us;
    return of(self)->answer;
}

static struct seen read_sample(const char *path, bool answer, bool flow_records, int64_t since_us)
{
    struct seen seen = {.sink = {.take = take,
                                 .wants_datagram = wants_datagram,
                                 .wants = wants,
                                 .awaits_answer = awaits,
                                 .takes_record = takes_record},
                        .answer = answer};
    struct source_settings settings = {
        .since_us = since_us, .until_us = INT64_MAX, .flow_records = flow_records};
    struct error err;
    struct input *in = input_open(path, &err);
    assert_non_null(in);
    void *source = source_argus.open(in, &settings, &err);
    assert_non_null(source);
    while (source_argus.next(source, &seen.sink, &err) == SOURCE_MORE)
        continue;
    source_argus.close(source);
    input_close(in);
    return seen;
}

#define DNS SAMPLES "/argus/v3/dns.full.argus"

static void test_every_record_is_shown_and_what_is_let_through_is_poured(void **state)
{
    (void)state;
    struct seen seen = read_sample(DNS, true, false, INT64_MIN);
    assert_int_equal(seen.shown, 18);
    assert_int_equal(seen.management, 2);
    assert_true(seen.poured > 16);
}

static void test_a_record_that_is_not_let_through_is_not_poured(void **state)
{
    (void)state;
    struct seen seen = read_sample(DNS, false, false, INT64_MIN);
    assert_int_equal(seen.shown, 18);
    assert_int_equal(seen.poured, 0);
}

static void test_where_records_alone_are_wanted_nothing_is_poured(void **state)
{
    (void)state;
    struct seen seen = read_sample(DNS, true, true, INT64_MIN);
    assert_int_equal(seen.shown, 18);
    assert_int_equal(seen.poured, 0);
}

static void test_records_before_the_time_asked_for_are_not_shown(void **state)
{
    (void)state;
    const int64_t since_us = INT64_C(1238630402000000);
    struct seen seen = read_sample(DNS, true, true, since_us);
    assert_int_equal(seen.shown - seen.management, 6);
    assert_true(seen.last_us >= since_us);
}

/* A record of these parts. */
static void convert(const uint8_t *parts, size_t size, struct flow_record *out)
{
    struct argus_record record = {
        .type = ARGUS_FAR, .version = 3, .cause = ARGUS_START, .body = reader_over(parts, size)};
    struct argus_flow flow;
    (void)argus_flow_read(&record, &flow);
    argus_flow_record_of(&record, &flow, out);
}

static void test_tags_attributes_and_macs_are_told_by_side(void **state)
{
    (void)state;
    static const uint8_t parts[] = {
        0x48, 0, 0x13, 3, 64,   2, 0,    1, 60, 4, 0,    2,          /* both: ttl, tos */
        0x40, 0, 1,    2, 0x20, 7, 0,    9,                          /* the source's tag alone */
        0x42, 0, 0,    5, 2,    0, 0,    0, 0,  1, 2,    0, 0, 0, 0, /* MACs */
        2,    8, 0,    0, 0,                                         /* type and saps */
        0x44, 0, 0x11, 3, 0,    4, 0xd2, 0, 0,  4, 0xd3, 0,          /* an MPLS entry each */
        0x20, 0, 0,    3, 0,    0, 0,    6, 0,  0, 0,    2           /* encapsulation */
    };
    struct flow_record r;
    convert(parts, sizeof parts, &r);
    assert_true(r.side[0].ip_known && r.side[1].ip_known);
    assert_int_equal(r.side[0].ttl, 64);
    assert_int_equal(r.side[1].tos, 4);
    assert_true(r.side[0].vlan_known && !r.side[1].vlan_known);
    assert_int_equal(r.side[0].vlan, 0x2007);
    assert_true(r.side[0].mac == UINT64_C(0x020000000002));
    assert_true(r.side[1].mac == UINT64_C(0x020000000001));
    assert_int_equal(r.side[0].mpls, 0x4d);
    assert_true(r.side[1].mpls_known);
    assert_int_equal(r.encapsulation, 6);
}

static void test_what_a_router_said_of_the_flow_is_told(void **state)
{
    (void)state;
    static const uint8_t parts[] = {0x34, 0, 1, 3, 3, 13, 0, 0, 10, 9, 0, 254};
    struct flow_record r;
    convert(parts, sizeof parts, &r);
    assert_int_equal(r.mapped, FLOW_ICMP_UNREACHABLE);
    assert_int_equal(r.mapped_code, 13);
    assert_int_equal(address_v4(r.mapped_by), 0x0a0900fe);
}

static void test_a_cut_part_tells_nothing(void **state)
{
    (void)state;
    static const uint8_t parts[] = {0x34, 0, 1, 2, 3, 13, 0, 0, 0x48, 0, 3, 1};
    struct flow_record r;
    convert(parts, sizeof parts, &r);
    assert_int_equal(r.mapped, FLOW_ICMP_NONE);
    assert_false(r.side[0].ip_known || r.side[1].ip_known || r.times_known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_record_is_shown_and_what_is_let_through_is_poured),
        cmocka_unit_test(test_a_record_that_is_not_let_through_is_not_poured),
        cmocka_unit_test(test_where_records_alone_are_wanted_nothing_is_poured),
        cmocka_unit_test(test_records_before_the_time_asked_for_are_not_shown),
        cmocka_unit_test(test_tags_attributes_and_macs_are_told_by_side),
        cmocka_unit_test(test_what_a_router_said_of_the_flow_is_told),
        cmocka_unit_test(test_a_cut_part_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
