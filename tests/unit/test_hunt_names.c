/* engine/hunt: names of hosts, from packets to the verdict: NetBIOS, DHCP and DNS, what strangers
 * tell of home hosts, and a machine that DHCP moved. */
#include "hunting.h"

#include "base/compiler.h"
#include "base/digest.h"
#include "base/time.h"
#include "conficker/message.h"
#include "observe/packet.h"
#include "wire/build.h"
#include "wire/dhcp.h"
#include "wire/dns.h"
#include "wire/netbios.h"

#define MAC UINT64_C(0x001122334455)

static int64_t clock_at(unsigned hour, unsigned minute)
{
    int64_t us;
    assert_true(time_parse("2009-04-21T00:00:00Z", &us, NULL));
    return us + (int64_t)(hour * 60 + minute) * 60 * US_PER_SECOND;
}

static struct address host_at(const char *text)
{
    struct address a;
    assert_true(address_parse(text, &a, NULL));
    return a;
}

static void send(struct reel *r, int64_t when_us, const char *from, uint16_t port_from,
                 const char *to, uint16_t port_to, const struct writer *payload)
{
    uint8_t frame[2048];
    struct writer w = writer_over(frame, sizeof frame);
    struct wire_packet p = {.from = host_at(from),
                            .to = host_at(to),
                            .protocol = IP_UDP,
                            .port_from = port_from,
                            .port_to = port_to,
                            .ip_id = (uint16_t)(r->count + 1),
                            .payload = payload->start,
                            .payload_length = payload->used};
    assert_false(payload->failed);
    wire_build_frame(&w, &p);
    assert_false(w.failed);
    reel_add(r, when_us, frame, w.used, (uint32_t)w.used);
}

/* The host gets a sign: it sends a P2P message. */
static void speaks_p2p(struct reel *r, const char *host, int64_t when_us)
{
    uint8_t bytes[64];
    struct writer w = writer_over(bytes, sizeof bytes);
    static const uint8_t noise[3];
    struct message_plan plan = {.fields = {.key = 7, .flags = 0x8010, .unknown0 = 5},
                                .noise = noise,
                                .noise_length = sizeof noise,
                                .transport = TRANSPORT_UDP};
    message_build(&plan, &w);
    send(r, when_us, host, 2000, "192.0.2.9", 40832, &w);
}

static void says_dhcp(struct reel *r, int64_t when_us, const char *from, struct dhcp_message m)
{
    uint8_t bytes[1024];
    struct writer w = writer_over(bytes, sizeof bytes);
    dhcp_build(&w, &m);
    if (m.is_reply)
        send(r, when_us, from, DHCP_SERVER_PORT, "255.255.255.255", DHCP_CLIENT_PORT, &w);
    else
        send(r, when_us, from, DHCP_CLIENT_PORT, "255.255.255.255", DHCP_SERVER_PORT, &w);
}

static void gets_lease(struct reel *r, int64_t when_us, uint64_t mac, const char *name,
                       uint32_t address)
{
    says_dhcp(r, when_us, "0.0.0.0",
              (struct dhcp_message){.type = DHCP_REQUEST,
                                    .mac = mac,
                                    .requested = address,
                                    .name = reader_over(name, strlen(name))});
    says_dhcp(
        r, when_us + 1, "10.0.0.1",
        (struct dhcp_message){.is_reply = true, .type = DHCP_ACK, .mac = mac, .yours = address});
}

static void registers(struct reel *r, const char *from, const char *name, uint32_t address,
                      bool is_group)
{
    uint8_t bytes[256];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct netbios_message m = {.opcode = NETBIOS_REGISTER,
                                .name = netbios_name_of(name, NETBIOS_WORKSTATION, is_group),
                                .address_count = 1,
                                .addresses = {address}};
    netbios_build(&w, &m);
    send(r, clock_at(9, 0), from, NETBIOS_NAME_PORT, "10.0.0.255", NETBIOS_NAME_PORT, &w);
}

static void answers_dns(struct reel *r, const char *server, const char *name, uint32_t address)
{
    uint8_t bytes[512];
    struct writer w = writer_over(bytes, sizeof bytes);
    dns_build(&w, 1, name, DNS_TYPE_A, true, DNS_NOERROR, &address);
    send(r, clock_at(9, 30), server, 53, "10.0.0.77", 5000, &w);
}

static struct caught *hunted(struct reel *r, const struct hunt_settings *settings)
{
    struct hunt *h = hunt_begun(settings);
    assert_true(hunt_part(h, r, 0, r->count));
    reel_free(r);
    return hunt_ended(h, NULL);
}

static struct caught *hunted_usually(struct reel *r)
{
    struct hunt_settings settings = settings_usual();
    return hunted(r, &settings);
}

static struct reel *infected_reel(void)
{
    struct reel *r = reel_new();
    speaks_p2p(r, "10.0.0.5", clock_at(10, 0));
    return r;
}

/* The only name of 10.0.0.5; NULL: it has none. */
static void assert_named(struct caught *c, const char *name)
{
    const struct verdict *v = verdict_on(c, "10.0.0.5");
    assert_non_null(v);
    assert_int_equal(v->name_count, name != NULL ? 1 : 0);
    if (name != NULL)
        assert_string_equal(v->names[0], name);
    free(c);
}

static void test_netbios_registration_names_its_sender(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    registers(r, "10.0.0.5", "CLINIC", 0x0a000005, true);
    registers(r, "10.0.0.5", "WARD3-PC", 0x0a000005, false);
    registers(r, "10.0.0.6", "OTHER-PC", 0x0a000006, false);
    assert_named(hunted_usually(r), "WARD3-PC");
}

static void test_netbios_datagram_names_its_sender(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    uint8_t bytes[256];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct netbios_datagram d = {0x0a000005, netbios_name_of("WARD3-PC", 0, false)};
    netbios_datagram_build(&w, &d);
    send(r, clock_at(9, 0), "10.0.0.5", 138, "10.0.0.255", 138, &w);
    assert_named(hunted_usually(r), "WARD3-PC");
}

static void test_name_servers_word_goes_behind_the_hosts_own(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    uint8_t bytes[256];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct netbios_message m = {.is_response = true,
                                .name = netbios_name_of("FROM-WINS", NETBIOS_SERVER, false),
                                .address_count = 1,
                                .addresses = {0x0a000005}};
    netbios_build(&w, &m);
    send(r, clock_at(9, 0), "10.0.0.2", NETBIOS_NAME_PORT, "10.0.0.7", NETBIOS_NAME_PORT, &w);
    gets_lease(r, clock_at(8, 0), MAC, "ward3-pc", 0x0a000005);
    struct caught *c = hunted_usually(r);
    const struct verdict *v = verdict_on(c, "10.0.0.5");
    assert_int_equal(v->name_count, 2);
    assert_string_equal(v->names[0], "ward3-pc");
    assert_string_equal(v->names[1], "FROM-WINS");
    free(c);
}

static void test_later_packets_of_a_flow_tell_names_too(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    registers(r, "10.0.0.5", "CLINIC", 0x0a000005, true);
    for (unsigned i = 0; i < 40; i++)
        registers(r, "10.0.0.5", "\1\2__MSBROWSE__\2", 0x0a000005, true);
    registers(r, "10.0.0.5", "WARD3-PC", 0x0a000005, false);
    assert_named(hunted_usually(r), "WARD3-PC");
}

static void test_status_tells_names_and_mac(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    uint8_t bytes[256];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct netbios_message m = {.is_response = true,
                                .name = netbios_name_of("*", 0, false),
                                .own_count = 1,
                                .own = {netbios_name_of("WARD3-PC", 0, false)},
                                .mac = MAC};
    netbios_build(&w, &m);
    send(r, clock_at(9, 0), "10.0.0.5", 137, "10.0.0.9", 3000, &w);
    struct caught *c = hunted_usually(r);
    assert_true(verdict_on(c, "10.0.0.5")->mac == MAC);
    assert_named(c, "WARD3-PC");
}

static void test_dhcp_names_the_machine_and_its_mac(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    gets_lease(r, clock_at(8, 0), MAC, "ward3-pc", 0x0a000005);
    struct caught *c = hunted_usually(r);
    assert_true(verdict_on(c, "10.0.0.5")->mac == MAC);
    assert_named(c, "ward3-pc");
}

static void test_address_that_was_only_asked_for_brings_a_name_but_no_mac(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    says_dhcp(r, clock_at(8, 0), "0.0.0.0",
              (struct dhcp_message){.type = DHCP_REQUEST,
                                    .mac = MAC,
                                    .requested = 0x0a000005,
                                    .name = reader_over("ward3-pc", 8)});
    struct caught *c = hunted_usually(r);
    assert_true(verdict_on(c, "10.0.0.5")->mac == 0);
    assert_named(c, "ward3-pc");
}

static void test_lease_that_moved_gives_the_history(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    gets_lease(r, clock_at(7, 0), MAC, "ward3-pc", 0x0a000009);
    gets_lease(r, clock_at(8, 0), MAC, "ward3-pc", 0x0a000005);
    gets_lease(r, clock_at(8, 5), MAC + 1, "ward4-pc", 0x0a000009);
    speaks_p2p(r, "10.0.0.9", clock_at(10, 0));
    struct caught *c = hunted_usually(r);
    const struct verdict *v = verdict_on(c, "10.0.0.5"), *next = verdict_on(c, "10.0.0.9");
    assert_int_equal(v->stay_count, 2);
    assert_true(address_equal(v->stays[0].address, host_at("10.0.0.9")));
    assert_true(v->stays[1].first_us == clock_at(8, 0) + 1);
    assert_true(next->mac == MAC + 1 && next->stay_count == 1);
    assert_string_equal(next->names[0], "ward4-pc");
    assert_named(c, "ward3-pc");
}

static void test_client_that_renews_its_own_address_has_it(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    says_dhcp(r, clock_at(11, 0), "10.0.0.5",
              (struct dhcp_message){.type = DHCP_REQUEST, .mac = MAC, .client = 0x0a000005});
    says_dhcp(r, clock_at(10, 30), "10.0.0.66",
              (struct dhcp_message){.type = DHCP_REQUEST, .mac = MAC + 1, .client = 0x0a000005});
    struct caught *c = hunted_usually(r);
    assert_true(verdict_on(c, "10.0.0.5")->mac == MAC);
    free(c);
}

static void test_own_dns_server_names_home_hosts(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    answers_dns(r, "10.0.0.1", "ward3.clinic", 0x0a000005);
    answers_dns(r, "10.0.0.1", "www.example.com", 0xc0000205);
    answers_dns(r, "10.0.0.1", "_ldap._tcp.clinic", 0x0a000005);
    assert_named(hunted_usually(r), "ward3.clinic");
}

static void test_stranger_cannot_name_home_hosts(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    answers_dns(r, "192.0.2.53", "evil.example", 0x0a000005);
    assert_named(hunted_usually(r), NULL);
}

static void test_hosts_that_are_not_ours_get_no_names_by_dns(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    struct hunt_settings settings = settings_usual();
    struct prefix home;
    assert_true(prefix_parse("203.0.113.0/24", &home, NULL));
    settings.home = &home;
    settings.home_count = 1;
    answers_dns(r, "203.0.113.1", "mine.example", 0xcb007105);
    answers_dns(r, "203.0.113.1", "stranger.example", 0xc6336405);
    speaks_p2p(r, "203.0.113.5", clock_at(10, 0));
    speaks_p2p(r, "198.51.100.5", clock_at(10, 0));
    struct caught *c = hunted(r, &settings);
    assert_string_equal(verdict_on(c, "203.0.113.5")->names[0], "mine.example");
    assert_int_equal(verdict_on(c, "198.51.100.5")->name_count, 0);
    free(c);
}

static void test_reverse_zone_names_home_hosts(void **state)
{
    (void)state;
    static const char answer[] = "\0\1\x81\x80\0\1\0\1\0\0\0\0\1"
                                 "5\1"
                                 "0\1"
                                 "0\2"
                                 "10\7in-addr\4arpa\0\0\14\0\1\xc0\14\0\14\0\1\0\0\0\74\0\16"
                                 "\5ward3\6clinic\0";
    uint8_t bytes[128];
    struct reel *r = infected_reel();
    struct writer w = writer_over(bytes, sizeof bytes);
    write_bytes(&w, answer, sizeof answer - 1);
    send(r, clock_at(9, 0), "10.0.0.1", 53, "10.0.0.77", 5000, &w);
    assert_named(hunted_usually(r), "ward3.clinic");
}

static void test_files_in_any_order_give_the_same_names(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    gets_lease(r, clock_at(7, 0), MAC, "ward3-pc", 0x0a000009);
    registers(r, "10.0.0.5", "WARD3-NB", 0x0a000005, false);
    answers_dns(r, "10.0.0.1", "ward3.clinic", 0x0a000005);
    gets_lease(r, clock_at(8, 0), MAC, "ward3-pc", 0x0a000005);
    for (size_t cut = 0; cut <= r->count; cut++) {
        struct hunt_settings settings = settings_usual();
        struct hunt *h = hunt_begun(&settings);
        assert_true(hunt_part(h, r, cut, r->count) && hunt_part(h, r, 0, cut));
        struct caught *c = hunt_ended(h, NULL);
        const struct verdict *v = verdict_on(c, "10.0.0.5");
        assert_int_equal(v->name_count, 3);
        assert_string_equal(v->names[0], "WARD3-NB");
        assert_string_equal(v->names[1], "ward3-pc");
        assert_string_equal(v->names[2], "ward3.clinic");
        assert_true(v->mac == MAC && v->stay_count == 2);
        free(c);
    }
    reel_free(r);
}

/* Evidence of 10.0.0.5 and its names, as a file: its bytes are the caller's. */
static char *evidence_of(const struct reel *r, size_t from, size_t to, size_t *size)
{
    struct error err;
    char *bytes;
    struct hunt_settings settings = settings_usual();
    struct hunt *h = hunt_begun(&settings);
    FILE *file = open_memstream(&bytes, size);
    assert_non_null(file);
    assert_true(hunt_keep_parts(h, file, &err));
    assert_true(hunt_part(h, r, from, to));
    assert_true(hunt_end_parts(h, &err));
    assert_int_equal(fclose(file), 0);
    free(hunt_ended(h, NULL));
    return bytes;
}

static void merge_bytes(struct hunt *h, const char *bytes, size_t size)
{
    struct error err;
    struct input *in = input_open_memory("evidence", bytes, size, &err);
    assert_non_null(in);
    hunt_merge_input(h, in);
    input_close(in);
}

/* The digest that somebody would put who made the file up. */
static void sign_again(char *bytes, size_t size)
{
    struct writer w = writer_over(bytes + size - DIGEST_BYTES, DIGEST_BYTES);
    struct digest d = digest_of(bytes, size - DIGEST_BYTES);
    write_le64(&w, d.low);
    write_le64(&w, d.high);
}

static struct reel *named_reel(void)
{
    struct reel *r = infected_reel();
    gets_lease(r, clock_at(8, 0), MAC, "ward3-pc", 0x0a000004);
    gets_lease(r, clock_at(9, 30), MAC, "ward3-pc", 0x0a000005);
    registers(r, "10.0.0.5", "WARD3-NB", 0x0a000005, false);
    answers_dns(r, "10.0.0.2", "ward3.clinic", 0x0a000005);
    return r;
}

static void assert_all_names(const struct caught *c)
{
    const struct verdict *v = verdict_on(c, "10.0.0.5");
    assert_non_null(v);
    assert_int_equal(v->name_count, 3);
    assert_string_equal(v->names[0], "WARD3-NB");
    assert_string_equal(v->names[1], "ward3-pc");
    assert_string_equal(v->names[2], "ward3.clinic");
    assert_true(v->mac == MAC && v->stay_count == 2);
}

static void test_evidence_files_bring_their_names(void **state)
{
    (void)state;
    struct reel *r = named_reel();
    for (size_t cut = 0; cut <= r->count; cut++) {
        size_t sizes[2];
        char *files[] = {evidence_of(r, 0, cut, &sizes[0]),
                         evidence_of(r, cut, r->count, &sizes[1])};
        struct hunt_settings settings = settings_usual();
        struct hunt *h = hunt_begun(&settings);
        for (size_t i = 0; i < 4; i++) /* again changes nothing */
            merge_bytes(h, files[(i + 1) % 2], sizes[(i + 1) % 2]);
        struct caught *c = hunt_ended(h, NULL);
        assert_all_names(c);
        free(c);
        free(files[0]);
        free(files[1]);
    }
    reel_free(r);
}

/* Whether these bytes hold; where they do not, nobody is named by them. */
static bool is_used(const char *bytes, size_t size)
{
    struct hunt_settings settings = settings_usual();
    struct hunt *h = hunt_begun(&settings);
    merge_bytes(h, bytes, size);
    struct caught *c = hunt_ended(h, NULL);
    bool used = c->damages == 0;
    assert_true(used || c->count == 0);
    for (size_t i = 0; i < c->count; i++)
        for (size_t k = 0; k < c->hosts[i].name_count; k++)
            assert_in_range(strnlen(c->hosts[i].names[k], sizeof c->hosts[i].names[k]), 1,
                            sizeof c->hosts[i].names[k] - 1);
    free(c);
    return used;
}

static void test_names_that_somebody_made_up_do_no_harm(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    struct reel *r = named_reel();
    size_t size;
    char *bytes = evidence_of(r, 0, r->count, &size);
    unsigned refused = 0;
    assert_true(is_used(bytes, size));
    for (size_t i = size / 2; i < size - DIGEST_BYTES; i++) {
        char before = bytes[i];
        for (size_t v = 0; v < COUNT_OF(values); v++) {
            bytes[i] = (char)values[v];
            sign_again(bytes, size);
            refused += !is_used(bytes, size);
        }
        bytes[i] = before;
    }
    assert_true(refused > 100);
    free(bytes);
    reel_free(r);
}

/* A file whose digest holds and that ends anywhere. */
static void test_names_that_are_cut_are_refused(void **state)
{
    (void)state;
    struct reel *r = named_reel();
    size_t size;
    char *bytes = evidence_of(r, 0, r->count, &size);
    for (size_t cut = 8; cut < size - DIGEST_BYTES; cut++) {
        char *exact = malloc(cut + DIGEST_BYTES);
        assert_non_null(exact);
        memcpy(exact, bytes, cut);
        sign_again(exact, cut + DIGEST_BYTES);
        assert_false(is_used(exact, cut + DIGEST_BYTES));
        free(exact);
    }
    free(bytes);
    reel_free(r);
}

static void test_a_file_of_before_has_no_names_and_says_so(void **state)
{
    (void)state;
    struct reel *r = infected_reel();
    size_t size;
    char *bytes = evidence_of(r, 0, r->count, &size);
    enum { SECTION = 1 + 8 + 8, END = 2 }; /* an empty list of names, and what follows */
    size_t cut = size - DIGEST_BYTES - END - SECTION;
    assert_int_equal(bytes[cut], 2);
    memmove(bytes + cut, bytes + cut + SECTION, END);
    bytes[4] = 3;
    sign_again(bytes, size - SECTION);
    struct hunt_settings settings = settings_usual();
    struct hunt *h = hunt_begun(&settings);
    merge_bytes(h, bytes, size - SECTION);
    struct caught *c = hunt_ended(h, NULL);
    assert_int_equal(c->damages, 0);
    assert_non_null(
        strstr(c->noted, "1 evidence file is of an earlier build, which kept no names"));
    assert_named(c, NULL);
    free(bytes);
    reel_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_netbios_registration_names_its_sender),
        cmocka_unit_test(test_netbios_datagram_names_its_sender),
        cmocka_unit_test(test_name_servers_word_goes_behind_the_hosts_own),
        cmocka_unit_test(test_later_packets_of_a_flow_tell_names_too),
        cmocka_unit_test(test_status_tells_names_and_mac),
        cmocka_unit_test(test_dhcp_names_the_machine_and_its_mac),
        cmocka_unit_test(test_address_that_was_only_asked_for_brings_a_name_but_no_mac),
        cmocka_unit_test(test_lease_that_moved_gives_the_history),
        cmocka_unit_test(test_client_that_renews_its_own_address_has_it),
        cmocka_unit_test(test_own_dns_server_names_home_hosts),
        cmocka_unit_test(test_stranger_cannot_name_home_hosts),
        cmocka_unit_test(test_hosts_that_are_not_ours_get_no_names_by_dns),
        cmocka_unit_test(test_reverse_zone_names_home_hosts),
        cmocka_unit_test(test_files_in_any_order_give_the_same_names),
        cmocka_unit_test(test_evidence_files_bring_their_names),
        cmocka_unit_test(test_names_that_somebody_made_up_do_no_harm),
        cmocka_unit_test(test_names_that_are_cut_are_refused),
        cmocka_unit_test(test_a_file_of_before_has_no_names_and_says_so),
    };
    return cmocka_run_group_tests_name("hunt_names", tests, NULL, NULL);
}
