/* filter/: the language, on records made by hand; the table of tests/filter is asked of archives in
 * test_filter_table. */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter/filter.h"
#include "observe/packet.h"

static struct address address_of(const char *text)
{
    struct address a = {0, 0};
    assert_true(address_parse(text, &a, NULL));
    return a;
}

static struct flow_record flow(uint8_t protocol, const char *from, uint16_t from_port,
                               const char *to, uint16_t to_port)
{
    struct flow_record r = {.protocol = protocol, .merged = 1, .counts_known = true};
    r.side[0].end = (struct endpoint){address_of(from), from_port};
    r.side[1].end = (struct endpoint){address_of(to), to_port};
    r.kind = address_is_v4(r.side[0].end.address) ? FLOW_IPV4 : FLOW_IPV6;
    return r;
}

static bool picks(const char *text, const struct flow_record *r)
{
    struct error err;
    struct filter *f = filter_compile(text, NULL, &err);
    if (f == NULL)
        fails("%s: %s", text, err.text);
    bool answer = filter_matches(f, r);
    filter_free(f);
    return answer;
}

static const char *refusal(const char *text, struct filter_spot *spot)
{
    static struct error err;
    struct filter *f = filter_compile(text, spot, &err);
    if (f != NULL)
        fails("%s: is no error", text);
    return err.text;
}

static struct flow_record smb(void)
{
    return flow(IP_TCP, "10.1.1.7", 1025, "192.0.2.5", 445);
}

static void test_nothing_asked_is_always_true(void **state)
{
    (void)state;
    struct flow_record r = smb(), man = {.kind = FLOW_MANAGEMENT};
    assert_true(picks("", &r));
    assert_true(picks("  \t ", &r));
    assert_true(picks("", &man));
}

static void test_and_and_or_bind_equally_from_left_to_right(void **state)
{
    (void)state;
    struct flow_record r = smb();
    assert_false(picks("tcp or udp and port 53", &r));
    assert_true(picks("tcp or (udp and port 53)", &r));
    assert_true(picks("udp and port 53 or tcp", &r));
}

static void test_not_binds_tightest(void **state)
{
    (void)state;
    struct flow_record r = smb();
    assert_true(picks("not udp and tcp", &r));
    assert_false(picks("not (udp or tcp)", &r));
    assert_true(picks("not not tcp", &r));
    assert_true(picks("!udp && !! tcp", &r));
}

static void test_a_type_is_carried_over_and_a_negation_is_not(void **state)
{
    (void)state;
    struct flow_record r = smb();
    assert_true(picks("port 25 or 445", &r));
    assert_false(picks("port 25 or 80", &r));
    assert_true(picks("not host 10.9.9.9 and 10.1.1.7", &r));
    assert_false(picks("udp port 25 or 445", &r));
    assert_false(picks("src port 25 or 445", &r));
}

static void test_a_comparison_is_not_carried_over(void **state)
{
    (void)state;
    struct flow_record r = smb();
    r.side[0].packets = 3;
    assert_true(picks("pkts gt 5 or 3", &r));
    r.side[0].packets = 4;
    assert_false(picks("pkts gt 5 or 3", &r));
}

static void test_not_behind_a_type_negates_the_protocol_too(void **state)
{
    (void)state;
    struct flow_record r = flow(IP_UDP, "10.1.1.7", 53, "192.0.2.5", 53);
    assert_true(picks("tcp port not 80", &r));
    assert_true(picks("tcp port not (53 or 80)", &r));
}

static void test_sides_are_one_either_or_both(void **state)
{
    (void)state;
    struct flow_record r = smb();
    assert_true(picks("dst port 445", &r));
    assert_false(picks("src port 445", &r));
    assert_true(picks("src or dst port 445", &r));
    assert_false(picks("src and dst port 445", &r));
    assert_true(picks("src and dst port gt 400", &r));
    assert_true(picks("src 10.1.1.7 and dst 192.0.2.5", &r));
}

static void test_networks_of_both_versions(void **state)
{
    (void)state;
    struct flow_record r = smb(), six = flow(IP_UDP, "2001:db8::7", 1, "fe80::1", 2);
    assert_true(picks("src net 10.0.0.0/8", &r));
    assert_true(picks("net 10.1.9.9 mask 255.255.0.0", &r));
    assert_true(picks("net 0.0.0.0/0", &r));
    assert_false(picks("net ::/0", &r));
    assert_true(picks("net ::/0 and not net 0.0.0.0/0", &six));
    assert_true(picks("net 2001:db8::/32", &six));
    assert_true(picks("net 2001:db8:: mask ffff:ffff::", &six));
    assert_false(picks("net 2001:db9::/32", &six));
}

static void test_ports_are_of_tcp_and_udp_alone(void **state)
{
    (void)state;
    struct flow_record r = flow(IP_ICMP, "10.1.1.7", 0, "10.1.1.1", 0);
    assert_false(picks("port 0", &r));
    assert_false(picks("port lt 1024", &r));
    assert_true(picks("not port lt 1024", &r));
}

static void test_names_of_ports_and_protocols(void **state)
{
    (void)state;
    struct flow_record r = smb(), gre = flow(47, "10.1.1.7", 0, "10.1.1.1", 0);
    assert_true(picks("port microsoft-ds", &r));
    assert_true(picks("dst port netbios-ns or microsoft-ds", &r));
    assert_true(picks("gre", &gre));
    assert_true(picks("ip proto gre or 50", &gre));
    assert_false(picks("proto 17", &gre));
}

static void test_numbers_are_compared_to_their_last(void **state)
{
    (void)state;
    struct flow_record r = smb();
    r.side[0].bytes = UINT64_MAX;
    r.side[1].bytes = UINT64_MAX;
    assert_true(picks("bytes 18446744073709551615", &r));
    assert_false(picks("bytes gt 18446744073709551615", &r));
    assert_false(picks("bytes lt 0", &r));
    assert_true(picks("bytes gte 0", &r));
    assert_true(picks("bytes != 5 and bytes <= 0xffffffffffffffff", &r));
    assert_false(picks("bytes == 5", &r));
}

static void test_what_is_not_known_is_no_number(void **state)
{
    (void)state;
    struct flow_record r = smb();
    r.counts_known = false;
    assert_false(picks("pkts 0", &r));
    assert_false(picks("pkts gt 0", &r));
    assert_false(picks("ttl 0 or tos 0 or vid 0 or appbytes 0 or seq 0 or srcid 0", &r));
    assert_false(picks("dur 0 or rate 0 or load 0 or ploss 0 or trans 0", &r));
}

static void test_durations_are_exact_to_the_microsecond(void **state)
{
    (void)state;
    struct flow_record r = smb();
    r.times_known = true;
    r.first_us = 1000000;
    r.last_us = 1100000;
    assert_true(picks("dur 0.1", &r));
    assert_true(picks("dur eq 0.100000", &r));
    assert_false(picks("dur gt 0.1", &r));
    assert_true(picks("dur gt 0.099999", &r));
}

static void test_rates_leave_the_first_packet_out(void **state)
{
    (void)state;
    struct flow_record r = smb();
    r.times_known = true;
    r.last_us = 2000000;
    r.side[0].packets = 5;
    r.side[0].bytes = 500;
    assert_true(picks("src rate 2", &r));
    assert_true(picks("src load 1600", &r));
    assert_true(picks("dst rate 0 and dst load 0", &r));
    assert_true(picks("rate gt 1.999999 and rate lt 2.000001", &r));
}

static void test_management_is_man_and_what_is_negated(void **state)
{
    (void)state;
    struct flow_record man = {.kind = FLOW_MANAGEMENT, .cause = FLOW_START, .merged = 1};
    assert_true(picks("man", &man));
    assert_true(picks("not tcp", &man));
    assert_false(picks("not tcp and not man", &man));
    assert_false(picks("start or dur 0 or pkts lte 1", &man));
}

static void test_a_refused_connection_is_not_established(void **state)
{
    (void)state;
    struct flow_record r = smb();
    r.side[0].packets = r.side[1].packets = 1;
    r.tcp_status = FLOW_SYN | FLOW_DESTINATION_RESET;
    assert_false(picks("est", &r));
    assert_true(picks("reset and dst reset and not src reset", &r));
    r.tcp_status |= FLOW_ESTABLISHED;
    assert_true(picks("est and con", &r));
}

static void test_unreachable_is_the_message_and_the_flow_it_is_about(void **state)
{
    (void)state;
    struct flow_record icmp = flow(IP_ICMP, "10.1.1.1", 0, "10.1.1.7", 0), r = smb();
    icmp.icmp_type = 3;
    icmp.icmp_code = 1;
    r.mapped = FLOW_ICMP_UNREACHABLE;
    r.mapped_code = 3;
    r.mapped_by = address_of("10.1.1.1");
    assert_true(picks("unreach and unreachhost and not unreachport", &icmp));
    assert_true(picks("unreach and unreachport and not unreachhost", &r));
    assert_true(picks("inode 10.1.1.1", &r));
    assert_false(picks("redirect or timexed or echo", &r));
}

static void test_unreachable_of_ipv6_has_types_of_its_own(void **state)
{
    (void)state;
    struct flow_record r = flow(IP_ICMPV6, "fe80::1", 0, "fe80::2", 0);
    r.icmp_type = 3;
    assert_true(picks("timexed and not unreach", &r));
    r.icmp_type = 1;
    r.icmp_code = 4;
    assert_true(picks("unreachport and not unreachhost and not timexed", &r));
}

static void test_arp_has_hosts_and_is_no_ip(void **state)
{
    (void)state;
    struct flow_record r = flow(0, "10.1.1.7", 0, "10.1.1.200", 0);
    r.kind = FLOW_ARP;
    assert_true(picks("arp host 10.1.1.200 and not ip host 10.1.1.200", &r));
    assert_true(picks("ether proto arp and ether proto 0x806", &r));
    assert_false(picks("ip or rarp or proto 0", &r));
}

static void test_tags_and_hardware_addresses(void **state)
{
    (void)state;
    struct flow_record r = smb();
    r.side[0].mac_known = r.side[0].vlan_known = r.side[1].mpls_known = true;
    r.side[0].mac = UINT64_C(0x02005e100001);
    r.side[0].vlan = 0xa005;
    r.side[1].mpls = 77;
    assert_true(picks("ether src 02:00:5e:10:00:01 and ether host 02-00-5E-10-00-01", &r));
    assert_true(picks("vlan and vid 5 and vpri 5 and src vid 5 and not dst vid 5", &r));
    assert_true(picks("mpls and dst mid 77", &r));
    assert_false(picks("ether dst host 02:00:5e:10:00:01", &r));
}

static void test_a_guess_of_rtp_wants_five_packets(void **state)
{
    (void)state;
    struct flow_record r = flow(IP_UDP, "10.1.1.7", 16384, "10.1.1.1", 16386);
    r.is_rtp = true;
    r.side[1].packets = 4;
    assert_false(picks("rtp", &r));
    r.side[1].packets = 5;
    assert_true(picks("rtp", &r));
}

static unsigned needs_of(const char *text, char word[static 64])
{
    struct error err;
    struct filter *f = filter_compile(text, NULL, &err);
    assert_non_null(f);
    const char *first;
    unsigned needs = filter_needs(f, &first);
    (void)snprintf(word, 64, "%s", first != NULL ? first : "-");
    filter_free(f);
    return needs;
}

static void test_what_a_packet_cannot_answer_is_named(void **state)
{
    (void)state;
    char word[64];
    assert_int_equal(needs_of("tcp port 445 and not src net 10.0.0.0/8 or multicast", word), 0);
    assert_string_equal(word, "-");
    assert_int_equal(needs_of("tcp and bytes gt 5 and est", word),
                     FILTER_NEEDS_COUNTERS | FILTER_NEEDS_STATE);
    assert_string_equal(word, "bytes");
    assert_int_equal(needs_of("not man", word), FILTER_NEEDS_SENSOR);
    assert_int_equal(needs_of("ttl 64", word), FILTER_NEEDS_HEADERS);
}

static void test_an_error_points_at_the_word(void **state)
{
    (void)state;
    struct filter_spot spot;
    assert_string_equal(refusal("tcp and 10.1.1.7 or udp", &spot),
                        "filter, column 9, '10.1.1.7': no word of filters; did you mean 'host "
                        "10.1.1.7'?");
    assert_int_equal(spot.at, 8);
    assert_int_equal(spot.length, 8);
    assert_string_equal(refusal("tcp and ", &spot),
                        "filter, at its end: a question is wanted here, as tcp, host A or port N");
    assert_int_equal(spot.at, 8);
    assert_int_equal(spot.length, 0);
}

static char *repeated(const char *start, const char *part, size_t count, const char *end)
{
    size_t size = strlen(start) + count * strlen(part) + strlen(end) + 1, at = strlen(start);
    char *text = malloc(size);
    assert_non_null(text);
    (void)snprintf(text, size, "%s", start);
    for (size_t i = 0; i < count; i++, at += strlen(part))
        (void)snprintf(text + at, size - at, "%s", part);
    (void)snprintf(text + at, size - at, "%s", end);
    return text;
}

static void test_limits_are_errors_that_name_them(void **state)
{
    (void)state;
    char *deep = repeated("", "(", FILTER_NESTING_MAX + 1, "tcp");
    char *many = repeated("tcp", " or tcp", FILTER_TERMS_MAX, "");
    char *long_one = repeated("", " ", FILTER_TEXT_MAX + 1, "");
    assert_non_null(strstr(refusal(deep, NULL), "more than 100 parentheses"));
    assert_non_null(strstr(refusal(many, NULL), "more than 4096 questions"));
    assert_non_null(strstr(refusal(long_one, NULL), "longer than 65536 bytes"));
    free(deep);
    free(many);
    free(long_one);
}

static void test_what_is_just_within_the_limits_is_compiled(void **state)
{
    (void)state;
    struct flow_record r = smb();
    char *many = repeated("udp", " or udp", FILTER_TERMS_MAX - 2, " or tcp");
    char *negated = repeated("", "not (", FILTER_NESTING_MAX, "tcp");
    char *closed = repeated(negated, ")", FILTER_NESTING_MAX, "");
    assert_true(picks(many, &r));
    assert_true(picks(closed, &r));
    free(many);
    free(negated);
    free(closed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_asked_is_always_true),
        cmocka_unit_test(test_and_and_or_bind_equally_from_left_to_right),
        cmocka_unit_test(test_not_binds_tightest),
        cmocka_unit_test(test_a_type_is_carried_over_and_a_negation_is_not),
        cmocka_unit_test(test_a_comparison_is_not_carried_over),
        cmocka_unit_test(test_not_behind_a_type_negates_the_protocol_too),
        cmocka_unit_test(test_sides_are_one_either_or_both),
        cmocka_unit_test(test_networks_of_both_versions),
        cmocka_unit_test(test_ports_are_of_tcp_and_udp_alone),
        cmocka_unit_test(test_names_of_ports_and_protocols),
        cmocka_unit_test(test_numbers_are_compared_to_their_last),
        cmocka_unit_test(test_what_is_not_known_is_no_number),
        cmocka_unit_test(test_durations_are_exact_to_the_microsecond),
        cmocka_unit_test(test_rates_leave_the_first_packet_out),
        cmocka_unit_test(test_management_is_man_and_what_is_negated),
        cmocka_unit_test(test_a_refused_connection_is_not_established),
        cmocka_unit_test(test_unreachable_is_the_message_and_the_flow_it_is_about),
        cmocka_unit_test(test_unreachable_of_ipv6_has_types_of_its_own),
        cmocka_unit_test(test_arp_has_hosts_and_is_no_ip),
        cmocka_unit_test(test_tags_and_hardware_addresses),
        cmocka_unit_test(test_a_guess_of_rtp_wants_five_packets),
        cmocka_unit_test(test_what_a_packet_cannot_answer_is_named),
        cmocka_unit_test(test_an_error_points_at_the_word),
        cmocka_unit_test(test_limits_are_errors_that_name_them),
        cmocka_unit_test(test_what_is_just_within_the_limits_is_compiled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
