/* report/: what CSV, CEF, EVE, ECS, STIX, MISP and XML say of a host, each by its own rules of
 * quoting; UUIDs of version 5 and Community IDs by their published vectors. */
#include "asked_hosts.h"

#include <jansson.h>

#include "report/address_set.h"
#include "report/community_id.h"
#include "report/uuid.h"

enum { TCP = 6, UDP = 17, ICMP = 1, STIX_ID_SIZE = sizeof "sighting--" - 1 + UUID_TEXT_SIZE };

static void assert_community(const char *a, uint16_t a_port, const char *b, uint16_t b_port,
                             uint8_t protocol, const char *expected)
{
    char id[COMMUNITY_ID_SIZE];
    assert_true(community_id(address_at(a), a_port, address_at(b), b_port, protocol, id));
    assert_string_equal(id, expected);
    assert_true(community_id(address_at(b), b_port, address_at(a), a_port, protocol, id));
    assert_string_equal(id, expected);
}

static void test_community_ids_are_those_of_the_published_vectors(void **state)
{
    (void)state;
    assert_community("128.232.110.120", 34855, "66.35.250.204", 80, TCP,
                     "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    assert_community("192.168.1.52", 54585, "8.8.8.8", 53, UDP, "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
}

static void test_a_flow_that_is_not_known_whole_has_no_community_id(void **state)
{
    (void)state;
    char id[COMMUNITY_ID_SIZE];
    struct address a = address_at("192.0.2.1"), b = address_at("192.0.2.2");
    assert_false(community_id(a, 0, b, 80, TCP, id));
    assert_false(community_id(a, 80, b, 0, TCP, id));
    assert_false(community_id(a, 8, b, 8, ICMP, id));
    assert_false(community_id(a, 8, b, 8, 0, id));
    assert_false(community_id(a, 80, address_at("2001:db8::1"), 80, TCP, id));
    assert_string_equal(id, "");
}

static void test_uuids_are_those_of_rfc_9562(void **state)
{
    (void)state;
    static const struct uuid dns = {{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4,
                                     0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}};
    char text[UUID_TEXT_SIZE];
    assert_string_equal(uuid_text(uuid_of(&dns, "www.example.com"), text),
                        "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

static void test_a_digest_of_uuids_is_one_whatever_their_order(void **state)
{
    (void)state;
    struct uuid a = uuid_of(&uuid_namespace, "a"), b = uuid_of(&uuid_namespace, "b");
    struct uuid ab = {{0}}, ba = {{0}};
    uuid_mix(&ab, a), uuid_mix(&ab, b);
    uuid_mix(&ba, b), uuid_mix(&ba, a);
    assert_memory_equal(&ab, &ba, sizeof ab);
    uuid_mix(&ba, a);
    assert_memory_not_equal(&ab, &ba, sizeof ab);
}

static void test_an_address_is_new_once(void **state)
{
    (void)state;
    struct address_set set = {0};
    for (unsigned round = 0; round < 2; round++)
        for (uint32_t i = 0; i < 1000; i++)
            assert_true(address_set_is_new(&set, address_of_v4(i)) == (round == 0));
    assert_true(address_set_is_new(&set, (struct address){0, 0}));
    assert_false(address_set_is_new(&set, (struct address){0, 0}));
    address_set_free(&set);
}

static struct verdict infected(struct sign *sign)
{
    struct verdict v = verdict_made("10.0.0.5", true, VERDICT_INFECTED);
    v.variants = VARIANT_D | VARIANT_E;
    v.proof = true;
    v.signs = sign;
    v.sign_count = sign != NULL;
    return v;
}

/* Is the text in what the format says of this host? */
static void assert_told(const char *format, const struct verdict *v, const char *part)
{
    char *text = shown_as(format, (struct shown){.verdict_count = 1, .verdicts = v});
    if (!holds(text, part))
        print_error("%s", text);
    assert_true(holds(text, part));
    free(text);
}

static void name_it(struct verdict *v, const char *name)
{
    v->name_count = 1;
    memcpy(v->names[0], name, strlen(name) + 1);
}

static void test_csv_quotes_what_a_reader_would_split(void **state)
{
    (void)state;
    struct verdict v = infected(NULL);
    name_it(&v, "a\"b,c");
    v.site = "ward 3";
    assert_told("csv", &v, "10.0.0.5,\"ward 3\",yes,infected,\"D E\",");
    assert_told("csv", &v, ",\"a\"\"b,c\",");
}

static void test_csv_defuses_what_a_spreadsheet_would_compute(void **state)
{
    (void)state;
    static const char *const formulas[] = {"=1+1", "+1", "-1", "@SUM(A1)", "\xef\xbc\x9dx"};
    for (size_t i = 0; i < COUNT_OF(formulas); i++) {
        char cell[32];
        struct verdict v = infected(NULL);
        v.site = formulas[i];
        (void)snprintf(cell, sizeof cell, ",\"'%s\",", formulas[i]);
        assert_told("csv", &v, cell);
    }
}

static void test_cef_escapes_what_ends_a_value(void **state)
{
    (void)state;
    struct verdict v = infected(NULL);
    name_it(&v, "a=b\\c|d");
    assert_told("cef", &v, " shost=a\\=b\\\\\\\\c|d ");
    assert_told("cef", &v, "<130>1 2009-04-22T18:02:00.000000Z - wormsign - infected - CEF:0|");
}

static void test_alerts_are_of_infected_and_suspicious_hosts_alone(void **state)
{
    (void)state;
    static const char *const formats[] = {"cef", "eve", "stix", "misp"};
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        for (unsigned kind = 0; kind < VERDICT_KINDS; kind++) {
            struct verdict v = verdict_made("10.0.0.5", true, (enum verdict_kind)kind);
            char *text = shown_as(formats[i], (struct shown){.verdict_count = 1, .verdicts = &v});
            assert_true(holds(text, "10.0.0.5") == (kind <= VERDICT_SUSPICIOUS));
            free(text);
        }
}

static void test_eve_has_the_community_id_of_a_whole_flow_alone(void **state)
{
    (void)state;
    struct sign sign = ports_sign();
    struct verdict v = infected(&sign);
    sign.flow = (struct sign_flow){
        .protocol = TCP, .peer = address_at("66.35.250.204"), .port = 34855, .peer_port = 80};
    v.host = address_at("128.232.110.120");
    assert_told("eve", &v,
                "\"src_ip\":\"128.232.110.120\",\"src_port\":34855,\"dest_ip\":\"66.35.250.204\","
                "\"dest_port\":80,\"proto\":\"TCP\",\"community_id\":"
                "\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\",\"alert\":");
    assert_told("ecs", &v, "\"network\":{\"community_id\":[\"1:LQU9qZlK+B5F3KDmev6m5PMibrg=\"]}");
    sign.flow.port = 0;
    assert_told("eve", &v, "\"dest_port\":80,\"proto\":\"TCP\",\"alert\":");
    sign.flow.protocol = 0;
    assert_told("eve", &v, "\"src_ip\":\"128.232.110.120\",\"alert\":");
}

/* The id of the sighting in the bundle of this host. */
static void sighting_of(const struct verdict *v, char id[static STIX_ID_SIZE])
{
    char *text = shown_as("stix", (struct shown){.verdict_count = 1, .verdicts = v});
    json_t *bundle = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *object;
    size_t at;
    id[0] = '\0';
    json_array_foreach(json_object_get(bundle, "objects"), at,
                       object) if (strcmp(json_string_value(json_object_get(object, "type")),
                                          "sighting") == 0)(void)
        snprintf(id, STIX_ID_SIZE, "%s", json_string_value(json_object_get(object, "id")));
    json_decref(bundle);
    free(text);
}

static void test_stix_ids_are_of_site_address_and_variant(void **state)
{
    (void)state;
    char id[STIX_ID_SIZE], other[STIX_ID_SIZE];
    struct verdict v = infected(NULL);
    sighting_of(&v, id);
    sighting_of(&v, other);
    assert_int_equal(strlen(id), STIX_ID_SIZE - 1);
    assert_string_equal(id, other);
    v.site = "ward 3";
    sighting_of(&v, other);
    assert_string_not_equal(id, other);
    v.site = NULL;
    v.variants = VARIANT_D;
    sighting_of(&v, other);
    assert_string_not_equal(id, other);
    /* As the standard has it: of 198.51.100.3, in its own namespace. */
    v.host = address_at("198.51.100.3");
    assert_told("stix", &v, "\"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4\"");
}

static void test_stix_writes_an_address_once(void **state)
{
    (void)state;
    struct verdict v = infected(NULL);
    struct infection edges[] = {
        {.from = v.host, .to = address_at("10.0.0.9"), .cause = "exploit", .says = "x"},
        {.from = v.host, .to = address_at("10.0.0.9"), .cause = "callback", .says = "x"}};
    char *text = shown_as("stix", (struct shown){.verdict_count = 1,
                                                 .verdicts = &v,
                                                 .edge_count = COUNT_OF(edges),
                                                 .edges = edges});
    assert_int_equal(count_of(text, "\"value\":\"10.0.0.5\""), 1);
    assert_int_equal(count_of(text, "\"value\":\"10.0.0.9\""), 1);
    assert_int_equal(count_of(text, "\"related-to\""), 2);
    free(text);
}

static void test_misp_has_one_event_a_site(void **state)
{
    (void)state;
    struct verdict here = infected(NULL);
    here.site = "ward 3";
    assert_told("misp", &here, "\"info\":\"Conficker at ward 3\"");
    struct verdict both[] = {here, here};
    both[1].site = "ward 4";
    char *text = shown_as("misp", (struct shown){.verdict_count = 2, .verdicts = both});
    assert_true(holds(text, "\"info\":\"Conficker\""));
    json_t *event = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(json_object_get(event, "Event"), "Attribute")),
                     2);
    json_decref(event);
    free(text);
}

static void test_xml_calls_ports_as_nmap_does(void **state)
{
    (void)state;
    struct check checks[ASKED_PORTS];
    struct sign sign = answer_sign();
    checks_of(checks, CAUSE_VALID, CAUSE_SILENT, CAUSE_REFUSED, CAUSE_SILENT);
    struct verdict v = asked(address_at("10.0.0.5"), checks, &sign);
    assert_told("xml", &v, "portid=\"49055\"><state state=\"open\" reason=\"syn-ack\"");
    assert_told("xml", &v, "portid=\"43657\"><state state=\"filtered\" reason=\"no-response\"");
    assert_told("xml", &v, "portid=\"4348\"><state state=\"closed\" reason=\"port-unreach\"");
    assert_told("xml", &v, "portid=\"59614\"><state state=\"open|filtered\"");
    checks_of(checks, CAUSE_MUTE, CAUSE_UNREACHABLE, CAUSE_ECHO, CAUSE_NO_ROUTE);
    v = asked(address_at("10.0.0.5"), checks, NULL);
    assert_told("xml", &v, "portid=\"49055\"><state state=\"open\"");
    assert_told("xml", &v, "portid=\"43657\"><state state=\"filtered\" reason=\"host-unreach\"");
    assert_told("xml", &v, "portid=\"59614\"><state state=\"unknown\"");
}

static void test_silence_is_not_down_in_xml(void **state)
{
    (void)state;
    struct check checks[ASKED_PORTS];
    checks_of(checks, CAUSE_SILENT, CAUSE_SILENT, CAUSE_SILENT, CAUSE_SILENT);
    struct verdict v = asked(address_at("10.0.0.5"), checks, NULL);
    assert_told("xml", &v, "<status state=\"unknown\" reason=\"no-response\"");
}

static void test_an_incomplete_run_says_so(void **state)
{
    (void)state;
    static const struct totals cut = {.verb = "hunt"};
    static const struct {
        const char *format, *part;
    } said[] = {{"xml", "exit=\"error\" errormsg=\"incomplete"},
                {"eve", "\"complete\":false"},
                {"ecs", "\"complete\":false"}};
    for (size_t i = 0; i < COUNT_OF(said); i++) {
        char *text = shown_as(said[i].format, (struct shown){.totals = &cut});
        assert_true(holds(text, said[i].part));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_community_ids_are_those_of_the_published_vectors),
        cmocka_unit_test(test_a_flow_that_is_not_known_whole_has_no_community_id),
        cmocka_unit_test(test_uuids_are_those_of_rfc_9562),
        cmocka_unit_test(test_a_digest_of_uuids_is_one_whatever_their_order),
        cmocka_unit_test(test_an_address_is_new_once),
        cmocka_unit_test(test_csv_quotes_what_a_reader_would_split),
        cmocka_unit_test(test_csv_defuses_what_a_spreadsheet_would_compute),
        cmocka_unit_test(test_cef_escapes_what_ends_a_value),
        cmocka_unit_test(test_alerts_are_of_infected_and_suspicious_hosts_alone),
        cmocka_unit_test(test_eve_has_the_community_id_of_a_whole_flow_alone),
        cmocka_unit_test(test_stix_ids_are_of_site_address_and_variant),
        cmocka_unit_test(test_stix_writes_an_address_once),
        cmocka_unit_test(test_misp_has_one_event_a_site),
        cmocka_unit_test(test_xml_calls_ports_as_nmap_does),
        cmocka_unit_test(test_silence_is_not_down_in_xml),
        cmocka_unit_test(test_an_incomplete_run_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
