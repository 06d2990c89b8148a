/* include/wormsign.h: what somebody who links the library gets. */
#include "testing.h"

#include <stdlib.h>
#include <string.h>

#include "wormsign.h"

static void test_sample_is_hunted_through_the_public_header(void **state)
{
    (void)state;
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    struct wormsign_hunt *hunt = wormsign_hunt_new(NULL, NULL, 0);
    assert_true(out != NULL && hunt != NULL);
    wormsign_hunt_read(hunt, SAMPLES "/outbreak.pcap.gz");
    assert_int_equal(wormsign_hunt_report(hunt, "fax", out, 0), -1);
    assert_int_equal(wormsign_hunt_report(hunt, "json", out, 0), 4);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "\"host\":\"10.9.4.44\",\"home\":true"));
    free(text);
    wormsign_hunt_free(hunt);
}

static void test_home_decides_who_counts(void **state)
{
    (void)state;
    char error[100];
    FILE *out = fopen("/dev/null", "w");
    struct wormsign_hunt *hunt = wormsign_hunt_new("10.9.4.0/24,fd00::/8", error, sizeof error);
    assert_true(out != NULL && hunt != NULL);
    wormsign_hunt_read(hunt, SAMPLES "/outbreak.pcap.gz");
    assert_int_equal(wormsign_hunt_report(hunt, "text", out, 0), 1);
    wormsign_hunt_free(hunt);
    (void)fclose(out);
    assert_null(wormsign_hunt_new("10.9.4.0/99", error, sizeof error));
    assert_non_null(strstr(error, "10.9.4.0/99"));
}

static void test_facts_are_the_programs_own(void **state)
{
    (void)state;
    uint16_t tcp[2], udp[2];
    assert_int_equal(wormsign_week(INT64_C(1240185600000000)), 2050);
    wormsign_ports(0xc0a80141, 2050, tcp, udp);
    assert_true(tcp[0] == 59436 && udp[0] == 43492 && tcp[1] == 39014 && udp[1] == 27859);
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_true(wormsign_domains('A', 14208, out)); /* 2008-11-25 */
    assert_false(wormsign_domains('C', 14208, out) || wormsign_domains('A', 1, out));
    assert_int_equal(fclose(out), 0);
    assert_int_equal(strncmp(text, "clviiocw.org\naqtya.com\n", 23), 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sample_is_hunted_through_the_public_header),
        cmocka_unit_test(test_home_decides_who_counts),
        cmocka_unit_test(test_facts_are_the_programs_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
