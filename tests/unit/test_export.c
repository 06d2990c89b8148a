/* engine/export: what a hunt writes of the packets behind its verdicts, within each of its bounds,
 * over samples/outbreak.pcap.gz. The program around it is tested in tests/export. */
#include "folder.h"
#include "hunting.h"

#include <jansson.h>

#include "detect/behind.h"
#include "engine/export.h"
#include "observe/packet.h"

static const char sample[] = SAMPLES "/outbreak.pcap.gz";
static const char proof_host[] = "10.9.3.33";

/* One hunt with evidence below a folder of its own. */
struct exported {
    struct folder folder;
    char path[PATH_SIZE];
    struct hunt_outcome outcome;
    struct caught *caught;
    size_t rows;
    uint64_t packets, bytes, cut;
    unsigned hosts;
};

static void read_row(struct exported *e, const char *line, char last_host[static 64])
{
    json_t *row = json_loads(line, 0, NULL);
    char name[PATH_SIZE], path[PATH_SIZE];
    struct stat file;
    assert_non_null(row);
    (void)snprintf(name, sizeof name, "out/%s", json_string_value(json_object_get(row, "file")));
    assert_int_equal(stat(path_in(&e->folder, name, path), &file), 0);
    assert_int_equal(file.st_size, json_integer_value(json_object_get(row, "bytes")));
    e->rows++;
    e->packets += (uint64_t)json_integer_value(json_object_get(row, "packets"));
    e->bytes += (uint64_t)file.st_size;
    e->cut += json_is_true(json_object_get(row, "cut_short"));
    const char *host = json_string_value(json_object_get(row, "host"));
    e->hosts += strcmp(host, last_host) != 0;
    (void)snprintf(last_host, 64, "%s", host);
    json_decref(row);
}

static void read_index(struct exported *e)
{
    char path[PATH_SIZE], line[2048], last_host[64] = "";
    FILE *index = fopen(path_in(&e->folder, "out/index.jsonl", path), "r");
    assert_non_null(index);
    while (fgets(line, sizeof line, index) != NULL)
        read_row(e, line, last_host);
    assert_int_equal(fclose(index), 0);
}

static struct exported exported(const struct export_limits *limits,
                                bool (*watch)(void *, const struct reading_progress *))
{
    struct exported e = {.folder = folder_made()};
    struct error err;
    struct export_wishes wishes = {.folder = path_in(&e.folder, "out", e.path), .limits = *limits};
    struct hunt_settings settings = settings_usual();
    settings.export = export_open(&wishes, &err);
    assert_non_null(settings.export);
    struct hunt *h = hunt_begun(&settings);
    if (watch != NULL)
        hunt_watch(h, watch, &e);
    (void)hunt_read(h, sample, true);
    e.caught = hunt_ended(h, &e.outcome);
    export_close(settings.export);
    read_index(&e);
    return e;
}

static void exported_gone(struct exported *e)
{
    free(e->caught);
    folder_remove(&e->folder);
}

/* True when one of the limits reached is said in these words. */
static bool says_limit(const struct exported *e, const char *words)
{
    return strstr(e->caught->noted, words) != NULL;
}

static void test_every_reported_host_has_a_capture_of_each_sign(void **state)
{
    (void)state;
    struct exported e = exported(&EXPORT_LIMITS_DEFAULT, NULL);
    size_t signs = 0;
    unsigned hosts = 0;
    for (size_t i = 0; i < e.caught->count; i++) {
        const struct verdict *v = &e.caught->hosts[i];
        bool reported = v->kind == VERDICT_INFECTED || v->kind == VERDICT_SUSPICIOUS;
        hosts += v->home && reported;
        signs += v->home && reported ? v->sign_count : 0;
    }
    assert_int_equal(hosts, 8);
    assert_int_equal(e.hosts, hosts);
    assert_int_equal(e.rows, signs);
    assert_false(e.outcome.write_failed);
    exported_gone(&e);
}

static void test_the_captures_of_a_host_with_proof_prove_it_again(void **state)
{
    (void)state;
    struct exported e = exported(&EXPORT_LIMITS_DEFAULT, NULL);
    struct hunt_settings settings = settings_usual();
    char path[PATH_SIZE];
    struct hunt *h = hunt_begun(&settings);
    assert_true(hunt_read(h, path_in(&e.folder, "out/10.9.3.33/p2p-answer.pcap", path), true));
    struct caught *again = hunt_ended(h, NULL);
    const struct verdict *v = verdict_on(again, proof_host);
    assert_non_null(v);
    assert_int_equal(v->kind, VERDICT_INFECTED);
    assert_true(v->proof);
    assert_non_null(strstr(v->says, "It answered P2P messages"));
    free(again);
    exported_gone(&e);
}

static void test_a_sign_has_no_more_packets_than_its_bound(void **state)
{
    (void)state;
    struct export_limits limits = EXPORT_LIMITS_DEFAULT;
    limits.packets = 10;
    struct exported e = exported(&limits, NULL);
    assert_int_equal(e.cut, e.rows);
    assert_in_range(e.packets, e.rows * limits.packets, e.rows * limits.packets * 2);
    assert_true(says_limit(&e, "the first 10 packets of a sign"));
    exported_gone(&e);
}

static void test_no_more_hosts_and_signs_than_their_bounds_are_written(void **state)
{
    (void)state;
    struct export_limits limits = EXPORT_LIMITS_DEFAULT;
    limits.hosts = 2;
    struct exported e = exported(&limits, NULL);
    assert_int_equal(e.hosts, 2);
    assert_true(says_limit(&e, "6 hosts and 0 signs have no capture"));
    exported_gone(&e);
    limits = EXPORT_LIMITS_DEFAULT;
    limits.signs = 3;
    e = exported(&limits, NULL);
    assert_int_equal(e.rows, 3);
    assert_true(says_limit(&e, "signs have no capture"));
    exported_gone(&e);
}

static void test_all_captures_together_have_no_more_bytes_than_their_bound(void **state)
{
    (void)state;
    struct export_limits limits = EXPORT_LIMITS_DEFAULT;
    limits.bytes = 50000;
    struct exported e = exported(&limits, NULL);
    assert_in_range(e.bytes, 40000, 50000);
    assert_true(e.cut > 0);
    assert_true(says_limit(&e, "50000 bytes in all"));
    exported_gone(&e);
}

/* Stops as soon as the second pass has made something. */
static bool stops_while_writing(void *context, const struct reading_progress *now)
{
    const struct exported *e = context;
    char path[PATH_SIZE];
    struct stat made;
    (void)now;
    return stat(path_in(&e->folder, "out/10.9.3.33", path), &made) == 0;
}

static void test_who_stops_the_writing_has_whole_captures_and_an_index(void **state)
{
    (void)state;
    struct exported e = exported(&EXPORT_LIMITS_DEFAULT, stops_while_writing);
    assert_true(e.rows > 0);
    assert_int_equal(e.cut, e.rows);
    assert_true(says_limit(&e, "stopped while it was written"));
    exported_gone(&e);
}

static struct packet between(uint8_t protocol, uint16_t from, uint16_t to)
{
    return (struct packet){.from = address_of_v4(0x0a000001),
                           .to = address_of_v4(0xc0000201),
                           .protocol = protocol,
                           .port_from = from,
                           .port_to = to,
                           .when_us = INT64_C(1240329600000000)};
}

static bool is_behind(enum sign_id id, uint8_t protocol, uint16_t from, uint16_t to)
{
    struct packet p = between(protocol, from, to);
    return behind_sign(id)->holds(&p);
}

static void test_a_sign_is_backed_by_what_its_detector_looks_at(void **state)
{
    (void)state;
    assert_true(is_behind(SIGN_EXPLOIT, IP_TCP, 1025, 445));
    assert_true(is_behind(SIGN_SMB_SWEEP, IP_TCP, 139, 1025));
    assert_false(is_behind(SIGN_EXPLOIT, IP_TCP, 1025, 80));
    assert_false(is_behind(SIGN_EXPLOIT, IP_UDP, 1025, 445));
    assert_true(is_behind(SIGN_RENDEZVOUS_DNS, IP_UDP, 53, 5000));
    assert_false(is_behind(SIGN_RENDEZVOUS_DNS, IP_UDP, 5353, 5000));
    assert_true(is_behind(SIGN_P2P_PORTS, IP_UDP, 1024, 2112));
    assert_false(is_behind(SIGN_P2P_PORTS, IP_UDP, 1024, 2111));
    assert_false(is_behind(SIGN_P2P_PORTS, IP_TCP, 50000, 443));
    assert_true(is_behind(SIGN_KNOWN_SITE, IP_UDP, 50000, 53));
    assert_true(is_behind(SIGN_KNOWN_SITE, IP_TCP, 50000, 80));
}

static void test_fragments_and_refusals_of_a_sweep_are_behind_it(void **state)
{
    (void)state;
    struct packet refusal = between(IP_ICMP, 0, 0);
    assert_false(behind_sign(SIGN_SMB_SWEEP)->holds(&refusal));
    refusal.quote = (struct packet_quote){.protocol = IP_TCP, .port_from = 1025, .port_to = 445};
    assert_true(behind_sign(SIGN_SMB_SWEEP)->holds(&refusal));
    assert_true(is_behind(SIGN_EXPLOIT, IP_TCP, 0, 0));
    assert_false(is_behind(SIGN_EXPLOIT, IP_UDP, 0, 0));
}

static void test_every_sign_has_its_row(void **state)
{
    (void)state;
    for (unsigned id = 0; id < SIGN_IDS; id++) {
        struct packet other = between(50, 0, 0); /* ESP: no detector looks into it */
        assert_non_null(behind_sign((enum sign_id)id)->holds);
        assert_false(behind_sign((enum sign_id)id)->holds(&other));
        assert_in_range(behind_sign((enum sign_id)id)->lead_s, 1, 60);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_reported_host_has_a_capture_of_each_sign),
        cmocka_unit_test(test_the_captures_of_a_host_with_proof_prove_it_again),
        cmocka_unit_test(test_a_sign_has_no_more_packets_than_its_bound),
        cmocka_unit_test(test_no_more_hosts_and_signs_than_their_bounds_are_written),
        cmocka_unit_test(test_all_captures_together_have_no_more_bytes_than_their_bound),
        cmocka_unit_test(test_who_stops_the_writing_has_whole_captures_and_an_index),
        cmocka_unit_test(test_a_sign_is_backed_by_what_its_detector_looks_at),
        cmocka_unit_test(test_fragments_and_refusals_of_a_sweep_are_behind_it),
        cmocka_unit_test(test_every_sign_has_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
