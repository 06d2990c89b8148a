/* engine/scan_saved: what a scan that goes on must know comes back as it was, and nothing that was
 * cut or changed harms. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "engine/scan_saved.h"

#define STORED "{\"operands\":[\"10.0.0.0/23\"]}"

static struct scan_name names[] = {{0x0a000001, "ward3-pc"}, {0x0a000107, "office"}};
static struct raw_settings raw;
static struct host_table *table;
static struct real_addresses *reals;
static struct scan_settings settings;
static struct port_list ports;
static uint8_t *bytes;
static size_t size;

static int begin(void **state)
{
    struct target_set *set = target_set_new();
    struct targets_left_out left_out;
    struct target all, without;
    (void)state;
    assert_true(target_parse("10.0.0.0/23", &all, NULL));
    assert_true(target_parse("10.0.1.128/25", &without, NULL));
    target_set_add(set, &all);
    target_set_exclude(set, &without);
    assert_int_equal(target_set_close(set, &left_out), 384);
    table = host_table_new(set);
    reals = real_addresses_new();
    assert_true(real_addresses_add(reals, (struct real_address){0x0a000001, 0xc0a80001}, NULL));
    raw = (struct raw_settings){
        .plan = {.aim = {.when_us = 77, .slack = true, .week = 9, .reals = reals}},
        .hosts = table,
        .secret = 0x1122334455667788,
        .shard = 1,
        .shards = 3,
        .passes = 2,
        .rate = 1750};
    assert_true(port_list_parse("T:50000-50100,U:65535", &ports, NULL));
    settings = (struct scan_settings){.raw = &raw,
                                      .left_out = left_out,
                                      .names = names,
                                      .name_count = COUNT_OF(names),
                                      .site = "north",
                                      .settings = STORED,
                                      .gate = GATE_WINDOWS,
                                      .ports = &ports,
                                      .engine = {.probes = {probe_named("p2p"), probe_named("smb")},
                                                 .probe_count = 2,
                                                 .rate = 250}};
    target_set_free(set);
    bytes = scan_saved_write(&settings, &size, NULL);
    assert_non_null(bytes);
    return 0;
}

static int end(void **state)
{
    (void)state;
    host_table_free(table);
    real_addresses_free(reals);
    free(bytes);
    return 0;
}

static void test_what_was_saved_comes_back(void **state)
{
    struct scan_saved s;
    uint64_t number;
    (void)state;
    assert_true(scan_saved_read(reader_over(bytes, size), &s, NULL));
    assert_int_equal(s.secret, raw.secret);
    assert_int_equal(s.rate, 2000);
    assert_int_equal(s.shard, 1);
    assert_int_equal(s.shards, 3);
    assert_int_equal(s.aim.when_us, 77);
    assert_true(s.aim.slack && !s.aim.week_given && !s.aim.real_given);
    assert_int_equal(s.left_out.excluded, 128);
    uint32_t real = 0;
    assert_true(real_addresses_find(s.aim.reals, 0x0a000001, &real));
    assert_int_equal(real, 0xc0a80001);
    assert_int_equal(s.probe_count, 2);
    assert_int_equal(s.gate, GATE_WINDOWS);
    assert_int_equal(s.passes, 2);
    assert_memory_equal(s.ports, &ports, offsetof(struct port_list, black_listed));
    assert_ptr_equal(s.probes[1], probe_named("smb"));
    assert_string_equal(s.site, "north");
    assert_string_equal(s.settings, STORED);
    assert_int_equal(s.name_count, 2);
    assert_string_equal(s.names[1].name, "office");
    assert_int_equal(host_table_hash(s.hosts), host_table_hash(raw.hosts));
    assert_false(host_table_find(s.hosts, 0x0a000180, &number));
    scan_saved_clear(&s);
}

static void test_a_scan_without_named_ports_has_none(void **state)
{
    struct scan_saved s;
    (void)state;
    free(bytes);
    settings.ports = NULL;
    bytes = scan_saved_write(&settings, &size, NULL);
    assert_true(scan_saved_read(reader_over(bytes, size), &s, NULL));
    assert_null(s.ports);
    scan_saved_clear(&s);
}

/* What ends before the store's settings, whole. */
static size_t form_of_before(void)
{
    return size - strlen(STORED) - sizeof(uint32_t);
}

static void test_a_file_of_before_has_nothing_for_a_store(void **state)
{
    struct scan_saved s;
    (void)state;
    assert_true(scan_saved_read(reader_over(bytes, form_of_before()), &s, NULL));
    assert_null(s.settings);
    assert_string_equal(s.site, "north");
    scan_saved_clear(&s);
}

static void test_what_is_cut_is_not_read(void **state)
{
    struct scan_saved s;
    (void)state;
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *copy = malloc(cut > 0 ? cut : 1);
        memcpy(copy, bytes, cut);
        assert_int_equal(scan_saved_read(reader_over(copy, cut), &s, NULL),
                         cut == form_of_before());
        scan_saved_clear(&s);
        free(copy);
    }
}

static void test_what_was_changed_harms_nothing(void **state)
{
    struct scan_saved s;
    (void)state;
    for (size_t at = 0; at < size; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[at] ^= (uint8_t)(1U << bit);
            if (scan_saved_read(reader_over(bytes, size), &s, NULL))
                assert_true(s.shard < s.shards && s.probe_count > 0 &&
                            (s.ports == NULL || s.ports->count > 0));
            scan_saved_clear(&s);
            bytes[at] ^= (uint8_t)(1U << bit);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_was_saved_comes_back, begin, end),
        cmocka_unit_test_setup_teardown(test_a_scan_without_named_ports_has_none, begin, end),
        cmocka_unit_test_setup_teardown(test_a_file_of_before_has_nothing_for_a_store, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_cut_is_not_read, begin, end),
        cmocka_unit_test_setup_teardown(test_what_was_changed_harms_nothing, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
