/* report/text_smb and json of a host that was asked over SMB: the lines of 2009, the objects of the
 * schema, nothing that harms a terminal, and clean hosts gathered where there are many. */
#include "asked_hosts.h"

#include <jansson.h>

#include "base/compiler.h"
#include "base/writer.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"

static const char asked_at[] = "2026-11-22T05:10:11Z";

static struct smb_check windows(enum smb_cause cause)
{
    return (struct smb_check){.port = 445,
                              .stage = SMB_STAGE_SECOND,
                              .cause = cause,
                              .when_us = at(asked_at),
                              .smb1_known = true,
                              .smb1 = true,
                              .os = "Windows 5.1",
                              .lanman = "Windows 2000 LAN Manager",
                              .computer = "WARD3",
                              .workgroup = "HOSPITAL",
                              .fqdn = "ward3",
                              .has_time = true,
                              .has_offset = true,
                              .time_us = at("2009-04-21T16:44:11Z"),
                              .offset_minutes = 90};
}

static void say(char *out, size_t size, const char *words)
{
    struct text text = text_over(out, size);
    text_add(&text, "%s", words);
}

static struct verdict verdict_on(const struct smb_check *smb, const struct netbios_check *netbios)
{
    struct circumstances c = {.host = address_at("10.0.0.5"),
                              .home = true,
                              .smb = smb,
                              .netbios = netbios,
                              .hearing = HEARING_SOME};
    struct verdict v;
    verdict_of(&c, NULL, 0, &v);
    return v;
}

static char *text_of(const struct smb_check *smb, const struct netbios_check *netbios)
{
    struct verdict v = verdict_on(smb, netbios);
    return shown_as(
        "text",
        (struct shown){.verdicts = &v, .verdict_count = 1, .each_host = true, .width = 200});
}

/* The first line's object; for the caller to let go of. */
static json_t *json_of(const struct smb_check *smb, const struct netbios_check *netbios)
{
    struct verdict v = verdict_on(smb, netbios);
    char *lines = shown_as("json", (struct shown){.verdicts = &v, .verdict_count = 1});
    json_t *host = json_loads(lines, JSON_DISABLE_EOF_CHECK, NULL);
    assert_non_null(host);
    free(lines);
    return host;
}

static void test_lines_are_those_of_smb_os_discovery_in_their_order(void **state)
{
    (void)state;
    struct smb_check smb = windows(SMB_CAUSE_PATCHED);
    char *text = text_of(&smb, NULL);
    assert_true(holds(text, "10.0.0.5\n"
                            "    Conficker: Likely CLEAN\n"
                            "    OS: Windows XP (Windows 2000 LAN Manager)\n"
                            "    Computer name: ward3\n"
                            "    NetBIOS computer name: WARD3\n"
                            "    Workgroup: HOSPITAL\n"
                            "    System time: 2009-04-21T18:14:11+01:30\n"
                            "  CLEAN"));
    assert_false(holds(text, "Checking for Conficker"));
    free(text);
}

static void test_member_of_a_domain_has_its_lines(void **state)
{
    (void)state;
    struct smb_check smb = windows(SMB_CAUSE_DENIED);
    smb.workgroup[0] = '\0';
    say(smb.domain, sizeof smb.domain, "HOSPITAL");
    say(smb.dns_domain, sizeof smb.dns_domain, "hospital.example");
    say(smb.forest, sizeof smb.forest, "example");
    say(smb.fqdn, sizeof smb.fqdn, "ward3.hospital.example");
    smb.has_offset = false;
    char *text = text_of(&smb, NULL);
    assert_true(holds(text, "    Conficker: Likely CLEAN; access was denied.\n"));
    assert_true(holds(text, "    Computer name: ward3\n"
                            "    NetBIOS computer name: WARD3\n"
                            "    Domain name: hospital.example\n"
                            "    Forest name: example\n"
                            "    FQDN: ward3.hospital.example\n"
                            "    NetBIOS domain name: HOSPITAL\n"
                            "    System time: 2009-04-21T16:44:11Z\n"
                            "  UNKNOWN: access was denied"));
    assert_false(holds(text, "Workgroup"));
    free(text);
}

static void test_host_that_took_no_connection_has_no_lines(void **state)
{
    (void)state;
    struct smb_check smb = {
        .cause = SMB_CAUSE_NETWORK, .network = CAUSE_REFUSED, .network_139 = CAUSE_REFUSED};
    char *text = text_of(&smb, NULL);
    assert_false(holds(text, "Conficker:"));
    assert_true(holds(text, "  UNKNOWN: ports 445 and 139 refuse\n"));
    free(text);
}

static void test_line_of_nbstat_names_what_is_known(void **state)
{
    (void)state;
    struct smb_check smb = windows(SMB_CAUSE_PATCHED);
    struct netbios_check all = {.computer = "WARD3", .user = "MEYER", .mac = 0x00163e112233};
    struct netbios_check nothing = {.group = "HOSPITAL"};
    char *text = text_of(&smb, &all);
    assert_true(holds(text, "    NetBIOS name: WARD3, NetBIOS user: MEYER, NetBIOS MAC: "
                            "00:16:3e:11:22:33\n"));
    free(text);
    text = text_of(&smb, &nothing);
    assert_true(holds(text, "    NetBIOS name: <unknown>, NetBIOS user: <unknown>, NetBIOS MAC: "
                            "<unknown>\n"));
    free(text);
}

static void test_no_control_byte_leaves(void **state)
{
    (void)state;
    struct smb_check smb = windows(SMB_CAUSE_PATCHED);
    struct netbios_check netbios = {.computer = HOSTILE, .user = HOSTILE, .group = HOSTILE};
    char *const texts[] = {smb.os, smb.lanman, smb.computer, smb.workgroup};
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        memcpy(texts[i], HOSTILE, sizeof HOSTILE);
    memcpy(smb.fqdn, HOSTILE, sizeof HOSTILE);
    char *text = text_of(&smb, &netbios);
    for (const char *c = text; *c != '\0'; c++)
        assert_true(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f));
    free(text);
    json_decref(json_of(&smb, &netbios));
}

static void test_objects_are_those_of_the_schema(void **state)
{
    (void)state;
    struct smb_check smb = windows(SMB_CAUSE_WORM_ABC);
    struct netbios_check netbios = {.computer = "WARD3", .mac = 0x00163e112233};
    json_t *host = json_of(&smb, &netbios), *object = json_object_get(host, "smb");
    assert_string_equal(json_string_value(json_object_get(object, "result")), "infected");
    assert_int_equal(json_array_size(json_object_get(object, "variants")), 3);
    assert_int_equal(json_integer_value(json_object_get(object, "port")), 445);
    assert_int_equal(json_integer_value(json_object_get(object, "utc_offset_minutes")), 90);
    assert_string_equal(json_string_value(json_object_get(object, "time")),
                        "2009-04-21T16:44:11.000000Z");
    assert_true(json_is_true(json_object_get(object, "smb1")));
    assert_null(json_object_get(object, "domain")); /* was not told */
    object = json_object_get(host, "netbios");
    assert_string_equal(json_string_value(json_object_get(object, "mac")), "00:16:3e:11:22:33");
    assert_null(json_object_get(object, "user"));
    assert_null(json_object_get(host, "checks"));
    json_decref(host);
}

static void test_many_clean_hosts_are_gathered_by_why(void **state)
{
    (void)state;
    struct smb_check patched = windows(SMB_CAUSE_PATCHED), not = windows(SMB_CAUSE_NOT_PATCHED);
    struct verdict all[3];
    for (uint32_t i = 0; i < COUNT_OF(all); i++) {
        all[i] = verdict_on(i < 2 ? &patched : &not, NULL);
        all[i].host = address_of_v4(0x0a000005 + i);
    }
    char *text = shown_as(
        "text", (struct shown){.verdicts = all, .verdict_count = COUNT_OF(all), .width = 200});
    assert_true(holds(text, "CLEAN: ASKED, AND ANSWERED AS WINDOWS DOES\n"
                            "  2 hosts: its NetpwPathCanonicalize answers as Microsoft's, with "
                            "MS08-067\n    10.0.0.5-10.0.0.6\n"
                            "  1 host: its NetpwPathCanonicalize answers as Microsoft's, without "
                            "MS08-067: it is open to the worm\n    10.0.0.7\n"));
    assert_false(holds(text, "OS:"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_those_of_smb_os_discovery_in_their_order),
        cmocka_unit_test(test_member_of_a_domain_has_its_lines),
        cmocka_unit_test(test_host_that_took_no_connection_has_no_lines),
        cmocka_unit_test(test_line_of_nbstat_names_what_is_known),
        cmocka_unit_test(test_no_control_byte_leaves),
        cmocka_unit_test(test_objects_are_those_of_the_schema),
        cmocka_unit_test(test_many_clean_hosts_are_gathered_by_why),
    };
    return cmocka_run_group_tests_name("report_smb", tests, NULL, NULL);
}
