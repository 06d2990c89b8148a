/* report: which machine a host is and who is behind it, in text and JSON; and names of hosts
 * without a harmful byte. */
#include "reporting.h"

#include <jansson.h>

#define MAC UINT64_C(0x001122334455)

static bool holds(const char *text, const char *part)
{
    return strstr(text, part) != NULL;
}

/* It had 10.0.0.9, then 10.0.0.5, of which the verdict is. */
static struct verdict moved(struct sign *sign)
{
    *sign = ports_sign();
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_INFECTED);
    v.signs = sign;
    v.sign_count = 1;
    v.mac = MAC;
    v.stay_count = 2;
    v.stays[0] = (struct host_stay){address_at("10.0.0.9"), at("2009-04-20T08:00:00Z"),
                                    at("2009-04-21T12:00:00Z")};
    v.stays[1] = (struct host_stay){address_at("10.0.0.5"), at("2009-04-21T14:02:30Z"),
                                    at("2009-04-22T12:00:00Z")};
    return v;
}

static char *shown(const char *format, const struct verdict *v)
{
    return shown_as(format, (struct shown){.verdict_count = 1, .verdicts = v, .width = 400});
}

static json_t *object_of(const struct verdict *v)
{
    char *text = shown("json", v);
    json_t *object = json_loads(text, JSON_DISABLE_EOF_CHECK, NULL); /* the first line */
    assert_non_null(object);
    free(text);
    return object;
}

static void test_text_says_until_when_it_had_the_other_address(void **state)
{
    (void)state;
    struct sign sign;
    struct verdict v = moved(&sign);
    char *text = shown("text", &v);
    assert_true(holds(text, "    This machine also had 10.0.0.9 until 2009-04-21 14:02 UTC (by "
                            "DHCP, 00:11:22:33:44:55): what showed there then was this "
                            "machine.\n"));
    free(text);
}

static void test_text_says_where_it_went_after_its_signs(void **state)
{
    (void)state;
    struct sign sign;
    struct verdict v = moved(&sign);
    v.host = address_at("10.0.0.9");
    v.last_us = v.first_us = at("2009-04-21T13:00:00Z");
    v.mac_changed = true;
    char *text = shown("text", &v);
    assert_true(holds(text, "also had 10.0.0.5 since 2009-04-21 14:02 UTC (by DHCP"));
    assert_true(holds(text, "At the first sign another machine had this address."));
    free(text);
}

static void test_text_names_the_machine_that_never_moved(void **state)
{
    (void)state;
    struct sign sign;
    struct verdict v = moved(&sign);
    v.stay_count = 0;
    v.mac_source = MAC_BY_NETBIOS;
    char *text = shown("text", &v);
    assert_true(holds(text, "    By NetBIOS this is the machine 00:11:22:33:44:55.\n"));
    v.mac = 0;
    char *without = shown("text", &v);
    assert_false(holds(without, "machine"));
    free(text);
    free(without);
}

static void test_json_has_the_machine_and_its_addresses(void **state)
{
    (void)state;
    struct sign sign;
    struct verdict v = moved(&sign);
    json_t *object = object_of(&v), *stays = json_object_get(object, "addresses");
    assert_string_equal(json_string_value(json_object_get(object, "mac")), "00:11:22:33:44:55");
    assert_null(json_object_get(object, "mac_changed"));
    assert_int_equal(json_array_size(stays), 2);
    json_t *stay = json_array_get(stays, 0);
    assert_string_equal(json_string_value(json_object_get(stay, "address")), "10.0.0.9");
    assert_string_equal(json_string_value(json_object_get(stay, "last")),
                        "2009-04-21T12:00:00.000000Z");
    json_decref(object);
    v.mac = 0;
    object = object_of(&v);
    assert_true(json_object_get(object, "mac") == NULL &&
                json_object_get(object, "addresses") == NULL);
    json_decref(object);
}

/* Two are behind it, of whom the second is told by two ports. */
static struct verdict hiding(struct sign *sign)
{
    struct verdict v = moved(sign);
    v.behind_count = 2;
    v.behind[0] = (struct host_behind){
        address_at("192.168.1.65"),
        3,
        {{TRANSPORT_TCP, 39014}, {TRANSPORT_TCP, 59436}, {TRANSPORT_UDP, 43492}}};
    v.behind[1] = (struct host_behind){
        address_at("10.20.30.40"), 2, {{TRANSPORT_TCP, 2112}, {TRANSPORT_UDP, 65535}}};
    return v;
}

static void test_text_says_who_is_behind_it_and_by_which_ports(void **state)
{
    (void)state;
    struct sign sign;
    struct verdict v = hiding(&sign);
    char *text = shown("text", &v);
    assert_true(holds(text, "    behind it: 192.168.1.65 (by the ports 39014/tcp, 59436/tcp and "
                            "43492/udp)\n"
                            "    behind it: 10.20.30.40 (by the ports 2112/tcp and 65535/udp)\n"));
    free(text);
    v.behind_count = 0;
    text = shown("text", &v);
    assert_false(holds(text, "behind"));
    free(text);
}

static void test_json_lists_who_is_behind_it(void **state)
{
    (void)state;
    struct sign sign;
    struct verdict v = hiding(&sign);
    json_t *object = object_of(&v), *behind = json_object_get(object, "behind");
    assert_int_equal(json_array_size(behind), 2);
    assert_string_equal(json_string_value(json_array_get(behind, 0)), "192.168.1.65");
    assert_string_equal(json_string_value(json_array_get(behind, 1)), "10.20.30.40");
    json_decref(object);
    v.behind_count = 0;
    object = object_of(&v);
    assert_null(json_object_get(object, "behind"));
    json_decref(object);
}

static void test_hostile_names_are_escaped_everywhere(void **state)
{
    (void)state;
    struct sign sign;
    struct verdict v = moved(&sign);
    v.name_count = 2;
    memcpy(v.names[0], HOSTILE, sizeof HOSTILE);
    memcpy(v.names[1], "pr\xc3\xa4sident", 11);
    char *text = shown("text", &v), *json = shown("json", &v);
    for (const char *c = text; *c != '\0'; c++)
        assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
    assert_true(holds(text, "pr\\xc3\\xa4sident"));
    assert_true(holds(json, "\"pr\xc3\xa4sident\""));
    assert_false(holds(json, "\x1b") || holds(json, "\xff") || holds(json, "\xe2\x80\xae"));
    free(text);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_says_until_when_it_had_the_other_address),
        cmocka_unit_test(test_text_says_where_it_went_after_its_signs),
        cmocka_unit_test(test_text_names_the_machine_that_never_moved),
        cmocka_unit_test(test_json_has_the_machine_and_its_addresses),
        cmocka_unit_test(test_text_says_who_is_behind_it_and_by_which_ports),
        cmocka_unit_test(test_json_lists_who_is_behind_it),
        cmocka_unit_test(test_hostile_names_are_escaped_everywhere),
    };
    return cmocka_run_group_tests_name("report_machine", tests, NULL, NULL);
}
