/* Innocents that look like the worm, each by name: whole hunts over what such a host sends.
 *
 * None may be infected. Who ends suspicious is said here with the reason, as the report gives it;
 * who is not named in a test's expectations must have no verdict at all. Where only a part of the
 * detectors is there, an innocent whose case needs the others is held to "at most suspicious".
 *
 * Elsewhere: a NAT gateway seen from both sides (test_hunt, test_relays), a checker of the lists of
 * many dates and a resolver, each at its detector (test_rendezvous_dns), hosts that manage two
 * hundred living ones (test_smb_sweep), what an attacked host is called (test_exploit_attacked). */
#include "scene.h"

#include "base/compiler.h"
#include "base/hash.h"
#include "made_smb.h"

static const char noon[] = "2009-04-21T12:00:00Z";
static const char midday[] = "2009-04-21";

static int32_t day_named(const char *date)
{
    int64_t us;
    char time[32];
    (void)snprintf(time, sizeof time, "%sT00:00:00Z", date);
    assert_true(time_parse(time, &us, NULL));
    return day_of(us);
}

/* No verdict, or none that accuses. */
static void assert_clear(const struct caught *c, const char *host)
{
    assert_int_equal(kind_on(c, host), VERDICT_UNKNOWN);
}

static void assert_suspicious(const struct caught *c, const char *host, const char *reason)
{
    assert_int_equal(kind_on(c, host), VERDICT_SUSPICIOUS);
    assert_non_null(strstr(verdict_on(c, host)->says, reason));
}

/* Nobody is infected, and so many are suspicious. */
static void assert_suspects(const struct caught *c, size_t suspicious)
{
    size_t found = 0;
    for (size_t i = 0; i < c->count; i++) {
        assert_int_not_equal(c->hosts[i].kind, VERDICT_INFECTED);
        found += c->hosts[i].kind == VERDICT_SUSPICIOUS;
    }
    assert_int_equal(found, suspicious);
}

static void assert_nobody_infected(const struct caught *c)
{
    for (size_t i = 0; i < c->count; i++)
        assert_int_not_equal(c->hosts[i].kind, VERDICT_INFECTED);
}

/* A client's words up to a file of that name, and behind them what the caller adds. */
static void begin_file(struct made *m, const char *file)
{
    made_begin(m);
    made_negotiate(m);
    made_connect(m, "\\\\10.0.0.7\\rules");
    made_open(m, TREE, file);
}

/* A file with the published bytes in it, as a signature or a sample has them. */
static struct reader file_with_mark(struct made *m)
{
    made_begin(m);
    write_bytes(&m->w, "MZ, or alert tcp any any -> any 445 (", 37);
    made_mark(m, 'B', "http://10.0.0.5:4321/abcdef", true);
    made_mark(m, 'A', "http://10.0.0.5:4321/abcdef", true);
    return made_reader(m);
}

static void test_a_file_server_from_which_ids_rules_are_copied_shows_nothing(void **state)
{
    (void)state;
    struct scene s = scene_at(noon);
    static struct made file, asked, served;
    struct reader bytes = file_with_mark(&file);
    begin_file(&asked, "\\worm.rules");
    made_message(&asked, 0x2e, TREE, words_of("\xff         "), reader_over("", 0));
    made_begin(&served);
    made_message(&served, 0x2e, TREE, words_of("\xff         "), bytes);
    for (unsigned i = 0; i < 5; i++) {
        char client[16];
        (void)snprintf(client, sizeof client, "10.0.1.%u", 10 + i);
        talk(&s, client, "10.0.0.7", 445, made_reader(&asked), made_reader(&served));
    }
    struct caught *c = scene_hunted(&s, NULL);
    assert_clear(c, "10.0.0.7");
    assert_suspects(c, 0);
    free(c);
}

static void test_who_copies_ids_rules_to_a_file_server_is_suspicious_at_most(void **state)
{
    (void)state;
    struct scene s = scene_at(noon);
    static struct made file, sent;
    struct reader bytes = file_with_mark(&file);
    begin_file(&sent, "\\worm.rules");
    made_write(&sent, TREE, PIPE_FILE, bytes);
    talk(&s, "10.0.1.10", "10.0.0.7", 445, made_reader(&sent), words_of(""));
    struct caught *c = scene_hunted(&s, NULL);
    assert_suspicious(c, "10.0.1.10", "a copy of a file with rules or samples looks like this");
    assert_clear(c, "10.0.0.7");
    assert_suspects(c, 1);
    free(c);
}

static void manage(struct scene *s, const char *from, const char *to)
{
    struct made m;
    begin_file(&m, "\\setup.ini");
    talk(s, from, to, 445, made_reader(&m), words_of("here it is"));
}

/* The server works on its clients by SMB, and each fetches a program from it by HTTP soon after. */
static struct caught *deploy(uint16_t port, const char *path)
{
    struct scene s = scene_at(noon);
    char request[160];
    (void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 10.0.0.80:%u\r\n\r\n", path,
                   port);
    for (unsigned i = 0; i < 30; i++) {
        char client[16];
        (void)snprintf(client, sizeof client, "10.0.1.%u", 10 + i);
        manage(&s, "10.0.0.80", client);
        scene_wait(&s, 20);
        talk(&s, client, "10.0.0.80", port, words_of(request),
             words_of("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                      "Content-Length: 40\r\n\r\nMZ......................................"));
    }
    return scene_hunted(&s, NULL);
}

static void test_an_update_server_on_8530_that_serves_programs_shows_nothing(void **state)
{
    (void)state;
    struct caught *c = deploy(8530, "/Content/AB/0123456789ABCDEF0123456789ABCDEF012345AB.exe");
    assert_suspects(c, 0);
    free(c);
}

static void test_a_deployment_server_on_an_odd_port_is_suspicious_at_most(void **state)
{
    (void)state;
    struct caught *c = deploy(9090, "/agent/setup.exe");
    assert_nobody_infected(c);
    free(c);
}

/* Forty blocks of a list, six addresses in each: a survey that happens to avoid what the worm's
 * generator never draws. */
static void test_a_block_scan_by_a_list_is_suspicious_and_never_infected(void **state)
{
    (void)state;
    struct scene s = scene_at(noon);
    for (uint32_t block = 0; block < 40; block++)
        for (uint32_t i = 1; i <= 6; i++)
            try_tcp(&s, host_of("10.0.0.66"),
                    address_of_v4((20 + block) << 24 | (block * 3) << 16 | i), 445);
    struct caught *c = scene_hunted(&s, NULL);
    assert_suspicious(c, "10.0.0.66", "");
    assert_float_equal(verdict_on(c, "10.0.0.66")->weight, 5, 0.01); /* both signs, capped */
    assert_suspects(c, 1);
    free(c);
}

/* A scan of a network: 445 of everybody, where few answer, and a P2P request on each UDP port. */
static void scan_for_the_worm(struct scene *s, const char *scanner, unsigned hosts)
{
    for (uint32_t i = 1; i <= hosts; i++) {
        struct address target = address_of_v4(0x0a000200 + i);
        struct p2p_ports ports = ports_predicted_for(0x0a000200 + i, week_of(s->now_us),
                                                     READING_NMAP);
        if (i % 10 == 0)
            manage(s, scanner, i == 10 ? "10.0.2.10" : "10.0.2.20");
        else
            try_tcp(s, host_of(scanner), target, 445);
        for (unsigned pair = 0; pair < 2; pair++) {
            ask_bare(s, host_of(scanner), target, ports.udp[pair]);
            try_tcp(s, host_of(scanner), target, ports.tcp[pair]);
        }
    }
}

static void test_an_nmap_run_of_p2p_conficker_is_a_scanner(void **state)
{
    (void)state;
    struct scene s = scene_at(noon);
    scan_for_the_worm(&s, "10.0.0.99", 254);
    struct caught *c = scene_hunted(&s, NULL);
    assert_suspicious(c, "10.0.0.99", "It looks like a scanner");
    assert_true((verdict_on(c, "10.0.0.99")->marks & MARK_SCANNER) != 0);
    assert_suspects(c, 1);
    free(c);
}

static void test_a_vulnerability_scanner_that_also_asks_for_a_search_is_a_scanner(void **state)
{
    (void)state;
    struct scene s = scene_at(noon);
    scan_for_the_worm(&s, "10.0.0.99", 100);
    for (uint32_t i = 1; i <= 60; i++) {
        char target[16], request[100];
        (void)snprintf(target, sizeof target, "10.0.2.%u", i);
        (void)snprintf(request, sizeof request, "GET /search?q=1 HTTP/1.1\r\nHost: %s\r\n\r\n",
                       target);
        talk(&s, "10.0.0.99", target, 80, words_of(request),
             words_of("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"));
    }
    struct caught *c = scene_hunted(&s, NULL);
    assert_suspicious(c, "10.0.0.99", "It looks like a scanner");
    assert_suspects(c, 1);
    free(c);
}

/* Names of ordinary services as a model of them: letters of a pattern, never in a list. */
static void look_up_ordinary(struct scene *s, const char *from, const char *resolver, unsigned n)
{
    static const char *const suffixes[] = {"com", "net", "org", "cn", "at", "com.br"};
    for (unsigned i = 0; i < n; i++) {
        char name[32];
        uint64_t h = hash_number(i);
        (void)snprintf(name, sizeof name, "%c%co%c%ce%c.%s", (char)('a' + h % 26),
                       (char)('a' + h / 26 % 26), (char)('a' + h / 676 % 26),
                       (char)('a' + h / 17576 % 26), (char)('a' + h / 456976 % 26),
                       suffixes[h / 11881376 % COUNT_OF(suffixes)]);
        look_up(s, from, resolver, name);
    }
}

static void look_up_list(struct scene *s, const char *from, const char *resolver,
                         enum name_list list, const char *date, unsigned count)
{
    struct domain_generator g;
    char name[DOMAIN_NAME_SIZE];
    domains_begin(&g, list, day_named(date));
    for (unsigned i = 0; i < count; i++) {
        domains_next(&g, name);
        look_up(s, from, resolver, name);
    }
}

static void test_a_resolver_of_many_ordinary_names_shows_nothing(void **state)
{
    (void)state;
    struct scene s = scene_at(noon);
    look_up_ordinary(&s, "10.0.0.53", "192.0.2.53", 10000);
    struct caught *c = scene_hunted(&s, NULL);
    assert_suspects(c, 0);
    free(c);
}

/* A client of it has A; it resolves the names, and works on all clients by SMB. */
static void test_a_domain_controller_that_resolves_is_a_relay(void **state)
{
    (void)state;
    struct scene s = scene_at(noon);
    struct domain_generator g;
    char name[DOMAIN_NAME_SIZE], client[16];
    look_up_ordinary(&s, "10.0.0.10", "192.0.2.53", 500);
    for (unsigned i = 0; i < 120; i++) {
        (void)snprintf(client, sizeof client, "10.0.1.%u", 10 + i);
        manage(&s, "10.0.0.10", client);
    }
    domains_begin(&g, NAME_LIST_A, day_named(midday));
    for (unsigned i = 0; i < 100; i++) {
        domains_next(&g, name);
        look_up(&s, "10.0.1.5", "10.0.0.10", name);
        look_up(&s, "10.0.0.10", "192.0.2.53", name);
    }
    struct caught *c = scene_hunted(&s, NULL);
    assert_int_equal(kind_on(c, "10.0.1.5"), VERDICT_INFECTED);
    assert_suspicious(c, "10.0.0.10", "this address or a host behind it");
    assert_int_equal(verdict_on(c, "10.0.0.10")->marks, MARK_RELAY);
    assert_clear(c, "192.0.2.53");
    free(c);
}

/* Calls: it is reached on thousands of its ports, and reaches phones on ports of their choice. */
static void test_a_sip_media_server_shows_nothing(void **state)
{
    (void)state;
    struct scene s = scene_at(noon);
    struct address server = host_of("10.0.0.25");
    for (uint32_t i = 0; i < 4000; i++) {
        uint64_t h = hash_number(i + 77);
        struct address phone = address_of_v4((uint32_t)(0x0b000000 + (h & 0xffffff)));
        uint16_t ours = (uint16_t)(16384 + 2 * i), theirs = (uint16_t)(16384 + (h >> 32) % 16384);
        if (i % 2 == 0) {
            send_udp(&s, phone, theirs, server, ours, words_of("voice"));
            send_udp(&s, server, ours, phone, theirs, words_of("voice"));
        } else {
            send_udp(&s, server, ours, phone, theirs, words_of("voice"));
            send_udp(&s, phone, theirs, server, ours, words_of("voice"));
        }
    }
    struct caught *c = scene_hunted(&s, NULL);
    assert_suspects(c, 0);
    free(c);
}

static void test_a_checker_of_250_names_of_an_old_list_shows_nothing(void **state)
{
    (void)state;
    struct scene s = scene_at("2014-11-25T12:00:00Z");
    look_up_list(&s, "10.0.0.77", "10.0.0.53", NAME_LIST_B, "2014-11-10", 250);
    struct caught *c = scene_hunted(&s, NULL);
    assert_suspects(c, 0);
    free(c);
}

/* 250 of the names of a fortnight, today's among them, as a feed of indicators has them. */
static void test_a_checker_of_250_names_of_a_fortnight_is_a_scanner(void **state)
{
    (void)state;
    struct scene s = scene_at(noon);
    for (int away = -7; away <= 6; away++) {
        char date[DATE_TEXT_SIZE];
        look_up_list(&s, "10.0.0.77", "10.0.0.53", NAME_LIST_A,
                     date_text(day_named(midday) + away, date), 18);
    }
    struct caught *c = scene_hunted(&s, NULL);
    assert_suspicious(c, "10.0.0.77", "somebody checks lists here");
    assert_int_equal(verdict_on(c, "10.0.0.77")->marks, MARK_SCANNER);
    assert_suspects(c, 1);
    free(c);
}

static void test_a_p2p_client_with_10000_peers_a_day_shows_nothing(void **state)
{
    (void)state;
    struct scene s = scene_at("2009-04-21T01:00:00Z");
    for (uint32_t i = 0; i < 10000; i++) {
        uint64_t h = hash_number(i + 4711);
        static const uint16_t usual[] = {51413, 51820, 41641, 32400, 25565, 30303, 6889, 44818};
        uint16_t port = h >> 60 < 6 ? usual[h >> 40 & 7] : (uint16_t)(2112 + (h >> 32) % 63000);
        send_udp(&s, host_of("10.0.0.42"), 51413, address_of_v4((uint32_t)h | 0x08000000), port,
                 words_of("d1:ad2:id20:"));
        s.now_us += 7 * US_PER_SECOND;
    }
    struct caught *c = scene_hunted(&s, NULL);
    assert_suspects(c, 0);
    free(c);
}

/* The chance that one of 500 names of any shape does so is small, and one name never convicts. */
static void test_one_name_of_nine_letters_by_chance_is_suspicious_at_most(void **state)
{
    (void)state;
    struct scene s = scene_at(noon);
    struct domain_generator g;
    char name[DOMAIN_NAME_SIZE];
    domains_begin(&g, NAME_LIST_D, day_named(midday));
    do
        domains_next(&g, name);
    while (strchr(name, '.') - name != 9);
    look_up_ordinary(&s, "10.0.0.31", "10.0.0.53", 500);
    look_up(&s, "10.0.0.31", "10.0.0.53", name);
    struct caught *c = scene_hunted(&s, NULL);
    assert_suspicious(c, "10.0.0.31", "It looked up 1 names that Conficker D and E make");
    assert_suspects(c, 1);
    free(c);
}

/* --- who does exactly what the worm does --- */

static void be_a_checker_of_todays_list(struct scene *s)
{
    look_up_list(s, "10.0.0.77", "10.0.0.53", NAME_LIST_A, midday, 250);
}

/* Only the far side of it was captured: nobody was seen to ask it. */
static void be_a_resolver_seen_from_outside(struct scene *s)
{
    look_up_ordinary(s, "10.0.0.77", "192.0.2.53", 500);
    look_up_list(s, "10.0.0.77", "192.0.2.53", NAME_LIST_B, midday, 100);
}

/* As a sensor of flows, or a capture of headers, shows it. */
static void be_a_scan_without_payload(struct scene *s)
{
    for (uint32_t i = 1; i <= 50; i++) {
        struct p2p_ports ports = ports_predicted_for(0x0a000200 + i, week_of(s->now_us),
                                                     READING_NMAP);
        for (unsigned pair = 0; pair < 2; pair++)
            try_tcp(s, host_of("10.0.0.77"), address_of_v4(0x0a000200 + i), ports.tcp[pair]);
    }
}

/* No rule can tell these from the worm without hiding the worm (docs/truth.md): the operator knows
 * them, and says so. That they are infected without it shows that the scene is what it says. */
static void test_who_does_just_what_the_worm_does_is_spared_by_exempt_alone(void **state)
{
    (void)state;
    static void (*const act[])(struct scene *) = {
        be_a_checker_of_todays_list, be_a_resolver_seen_from_outside, be_a_scan_without_payload};
    for (unsigned i = 0; i < COUNT_OF(act); i++) {
        struct scene s = scene_at(noon), again = scene_at(noon);
        act[i](&s);
        act[i](&again);
        struct caught *told = scene_hunted(&s, "10.0.0.77"), *untold = scene_hunted(&again, NULL);
        assert_suspects(told, 0);
        assert_clear(told, "10.0.0.77");
        assert_int_equal(kind_on(untold, "10.0.0.77"), VERDICT_INFECTED);
        free(told);
        free(untold);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_server_from_which_ids_rules_are_copied_shows_nothing),
        cmocka_unit_test(test_who_copies_ids_rules_to_a_file_server_is_suspicious_at_most),
        cmocka_unit_test(test_an_update_server_on_8530_that_serves_programs_shows_nothing),
        cmocka_unit_test(test_a_deployment_server_on_an_odd_port_is_suspicious_at_most),
        cmocka_unit_test(test_a_block_scan_by_a_list_is_suspicious_and_never_infected),
        cmocka_unit_test(test_an_nmap_run_of_p2p_conficker_is_a_scanner),
        cmocka_unit_test(test_a_vulnerability_scanner_that_also_asks_for_a_search_is_a_scanner),
        cmocka_unit_test(test_a_resolver_of_many_ordinary_names_shows_nothing),
        cmocka_unit_test(test_a_domain_controller_that_resolves_is_a_relay),
        cmocka_unit_test(test_a_sip_media_server_shows_nothing),
        cmocka_unit_test(test_a_checker_of_250_names_of_an_old_list_shows_nothing),
        cmocka_unit_test(test_a_checker_of_250_names_of_a_fortnight_is_a_scanner),
        cmocka_unit_test(test_a_p2p_client_with_10000_peers_a_day_shows_nothing),
        cmocka_unit_test(test_one_name_of_nine_letters_by_chance_is_suspicious_at_most),
        cmocka_unit_test(test_who_does_just_what_the_worm_does_is_spared_by_exempt_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
