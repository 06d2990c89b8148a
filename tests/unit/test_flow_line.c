/* report/flow_line: fields chosen, widths, separators, times and JSON. */
#include "testing.h"

#include <string.h>

#include "report/flow_line.h"

static struct flow_record http(void)
{
    static const uint8_t said[] = {'G', '"', '\\', 0, '|'};
    struct flow_record r = {.kind = FLOW_IPV4,
                            .protocol = 6,
                            .cause = FLOW_START,
                            .form = 3,
                            .counts_known = true,
                            .times_known = true,
                            .merged = 1,
                            .first_us = INT64_C(1238630400000000),
                            .last_us = INT64_C(1238630401500000),
                            .tcp_status = FLOW_SYN | FLOW_SYN_ACK | FLOW_ESTABLISHED};
    r.side[0].end = (struct endpoint){address_of_v4(0x0a090303), 3001};
    r.side[1].end = (struct endpoint){address_of_v4(0x0a010107), 80};
    r.side[0].mask = r.side[1].mask = 32;
    r.side[0].packets = 5, r.side[0].bytes = 500;
    r.side[1].packets = 3, r.side[1].bytes = 300;
    r.side[0].data = reader_over(said, sizeof said);
    r.side[0].data_present = true;
    return r;
}

static struct fast_text lines;

static void chosen(struct flow_layout *l, const char *fields)
{
    struct error err;
    char unknown[20];
    flow_layout_default(l, false);
    l->numbers = true;
    assert_true(flow_layout_choose(l, fields, true, unknown, sizeof unknown, &err));
}

static void prints(struct flow_layout *l, const struct flow_record *r, const char *expected)
{
    lines.used = 0;
    flow_line(l, r, &lines);
    fast_text_char(&lines, '\0');
    assert_string_equal(lines.start, expected);
}

static void test_a_separator_leaves_no_blanks(void **state)
{
    (void)state;
    struct flow_layout l;
    struct flow_record r = http();
    chosen(&l, "stime,saddr,sport dir,daddr,dport,pkts,state,dur");
    l.separator = '|';
    prints(&l, &r, "2009-04-02T00:00:00.000000Z|10.9.3.3|3001|->|10.1.1.7|80|8|CON|1.500000\n");
    l.seconds_alone = true;
    l.decimals = 1;
    prints(&l, &r, "1238630400.0|10.9.3.3|3001|->|10.1.1.7|80|8|CON|1.5\n");
}

static void test_columns_are_padded_and_cut_with_a_mark(void **state)
{
    (void)state;
    struct flow_layout l;
    struct flow_record r = http();
    chosen(&l, "saddr:10,dport:4,bytes:2");
    prints(&l, &r, "  10.9.3.3 80   8*\n");
    lines.used = 0;
    flow_line_titles(&l, &lines);
    fast_text_char(&lines, '\0');
    assert_string_equal(lines.start, "   SrcAddr Dpo* T*\n");
}

static void test_times_before_1970_keep_their_second(void **state)
{
    (void)state;
    struct flow_layout l;
    struct flow_record r = http();
    r.first_us = -1;
    chosen(&l, "stime");
    prints(&l, &r, "1969-12-31T23:59:59.999999Z\n");
}

static void test_user_data_are_escaped_or_digits(void **state)
{
    (void)state;
    struct flow_layout l;
    struct flow_record r = http();
    chosen(&l, "suser,duser");
    l.separator = '|';
    prints(&l, &r, "s[5]=G\"\\\\\\x00\\x7c|\n");
    l.hex = true;
    prints(&l, &r, "s[12]=47225C007C|\n");
}

static void test_json_leaves_out_what_is_not_known(void **state)
{
    (void)state;
    struct flow_layout l;
    struct flow_record r = http();
    chosen(&l, "saddr,sport,sttl,loss,suser,flgs,load");
    l.json = true;
    prints(&l, &r,
           "{\"type\":\"flow\",\"schema\":1,\"saddr\":\"10.9.3.3\",\"sport\":3001,"
           "\"suser\":\"G\\\"\\\\\\\\\\\\x00|\",\"load\":3200.000000}\n");
}

static void test_merged_addresses_are_prefixes_and_none_where_nothing_is_left(void **state)
{
    (void)state;
    struct flow_layout l;
    struct flow_record r = http();
    r.merged = 2;
    r.side[0].mask = 16;
    r.side[1].mask = 0;
    r.side[1].end.port = 0;
    chosen(&l, "saddr,daddr,dport,trans");
    l.separator = '|';
    prints(&l, &r, "10.9.3.3/16|||2\n");
}

static void test_fields_are_added_and_taken_out(void **state)
{
    (void)state;
    struct flow_layout l;
    struct error err;
    char unknown[20];
    flow_layout_default(&l, false);
    size_t usual = l.column_count;
    assert_true(flow_layout_choose(&l, "+suser:20 -flgs", true, unknown, sizeof unknown, &err));
    assert_int_equal(l.column_count, usual);
    assert_string_equal(l.columns[usual - 1].field->name, "suser");
    assert_int_equal(l.columns[usual - 1].width, 20);
    assert_true(flow_layout_choose(&l, "saddr", false, unknown, sizeof unknown, &err));
    assert_int_equal(l.column_count, usual + 1);
}

static void test_an_unknown_field_is_named(void **state)
{
    (void)state;
    struct flow_layout l;
    struct error err;
    char unknown[4];
    flow_layout_default(&l, false);
    assert_false(flow_layout_choose(&l, "stime,colour:3", true, unknown, sizeof unknown, &err));
    assert_string_equal(unknown, "col");
    assert_non_null(strstr(err.text, "'colour'"));
    assert_false(flow_layout_choose(&l, "stime:70000", true, unknown, sizeof unknown, &err));
    assert_string_equal(unknown, "");
}

static void test_ranks_are_in_the_order_of_values(void **state)
{
    (void)state;
    struct flow_value small = {.kind = FLOW_VALUE_DECIMAL, .decimal = 0.5};
    struct flow_value large = {.kind = FLOW_VALUE_DECIMAL, .decimal = 1e9};
    assert_true(flow_value_rank(&small).low < flow_value_rank(&large).low);
    small = (struct flow_value){.kind = FLOW_VALUE_TIME, .us = -5};
    large = (struct flow_value){.kind = FLOW_VALUE_TIME, .us = 5};
    assert_true(flow_value_rank(&small).low < flow_value_rank(&large).low);
    small = (struct flow_value){.kind = FLOW_VALUE_TEXT, .text = "CON"};
    large = (struct flow_value){.kind = FLOW_VALUE_TEXT, .text = "FIN"};
    assert_true(flow_value_rank(&small).high < flow_value_rank(&large).high);
}

static int free_lines(void **state)
{
    (void)state;
    fast_text_free(&lines);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_separator_leaves_no_blanks),
        cmocka_unit_test(test_columns_are_padded_and_cut_with_a_mark),
        cmocka_unit_test(test_times_before_1970_keep_their_second),
        cmocka_unit_test(test_user_data_are_escaped_or_digits),
        cmocka_unit_test(test_json_leaves_out_what_is_not_known),
        cmocka_unit_test(test_merged_addresses_are_prefixes_and_none_where_nothing_is_left),
        cmocka_unit_test(test_fields_are_added_and_taken_out),
        cmocka_unit_test(test_an_unknown_field_is_named),
        cmocka_unit_test(test_ranks_are_in_the_order_of_values),
    };
    return cmocka_run_group_tests(tests, NULL, free_lines);
}
