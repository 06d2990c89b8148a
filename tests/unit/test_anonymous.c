/* report/anonymiser and report/anonymous: the same key gives the same addresses, prefixes stay
 * prefixes, and nothing that tells the old address comes through. */
#include "asked_hosts.h"

#include "base/hash.h"
#include "evidence/netbios_check.h"
#include "evidence/smb_check.h"
#include "report/anonymous.h"

enum { PAIRS = 2000 };

/* The key of the published vectors of Crypto-PAn. */
static const uint8_t published_key[ANONYMISER_KEY_BYTES] = {
    21,  34,  23,  141, 51,  164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
    216, 152, 143, 131, 121, 121, 101, 39,  98, 87, 76, 45, 42, 132, 34,  2};

static struct anonymiser *with_secret(const char *secret)
{
    uint8_t key[ANONYMISER_KEY_BYTES];
    anonymiser_key_of(secret, strlen(secret), key);
    struct anonymiser *made = anonymiser_new(key);
    assert_non_null(made);
    return made;
}

static void test_plain_addresses_are_those_of_the_published_vectors(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"128.11.68.132", "135.242.180.132"},
                                           {"129.118.74.4", "134.136.186.123"},
                                           {"130.132.252.244", "133.68.164.234"},
                                           {"141.223.7.43", "141.167.8.160"}};
    struct anonymiser *a = anonymiser_new(published_key);
    for (size_t i = 0; i < COUNT_OF(pairs); i++)
        assert_true(
            address_equal(anonymiser_plain(a, address_at(pairs[i][0])), address_at(pairs[i][1])));
    anonymiser_free(a);
}

static unsigned shared_bits(struct address a, struct address b)
{
    uint64_t high = a.high ^ b.high, low = a.low ^ b.low;
    if (high != 0)
        return (unsigned)__builtin_clzll(high);
    return low != 0 ? 64 + (unsigned)__builtin_clzll(low) : 128;
}

/* Two addresses of one kind that share their first bits, how many the seed says. */
static void pair_of(uint64_t seed, struct address *a, struct address *b)
{
    uint64_t high = hash_number(seed), low = hash_number(seed + 1), other = hash_number(seed + 2);
    *a = seed % 2 == 0 ? address_of_v4((uint32_t)high) : (struct address){high, low};
    *b = *a;
    b->low ^= seed % 2 == 0 ? (uint32_t)other >> (seed / 2 % 32) : other >> (seed / 2 % 64);
}

static void test_prefixes_stay_prefixes(void **state)
{
    (void)state;
    struct anonymiser *key = with_secret("a secret of some length");
    for (uint64_t seed = 0; seed < 3 * PAIRS; seed += 3) {
        struct address a, b;
        pair_of(seed, &a, &b);
        assert_int_equal(shared_bits(a, b),
                         shared_bits(anonymiser_address(key, a), anonymiser_address(key, b)));
        assert_true(address_is_v4(a) == address_is_v4(anonymiser_address(key, a)));
    }
    anonymiser_free(key);
}

static void test_the_same_secret_gives_the_same_and_another_others(void **state)
{
    (void)state;
    struct anonymiser *a = with_secret("a secret of some length"),
                      *b = with_secret("a secret of some length"),
                      *c = with_secret("a secret of same length");
    unsigned same = 0;
    for (uint32_t i = 0; i < PAIRS; i++) {
        struct address from = address_of_v4(UINT32_C(0xc6336400) + i);
        assert_true(address_equal(anonymiser_address(a, from), anonymiser_address(b, from)));
        same += address_equal(anonymiser_address(a, from), anonymiser_address(c, from));
    }
    assert_true(same < PAIRS / 10);
    anonymiser_free(a), anonymiser_free(b), anonymiser_free(c);
}

static void test_networks_that_are_nobodys_stay_and_nothing_else_comes_in(void **state)
{
    (void)state;
    static const char *const stay[] = {"10.0.0.0/8",    "172.16.0.0/12", "192.168.0.0/16",
                                       "100.64.0.0/10", "127.0.0.0/8",   "169.254.0.0/16",
                                       "224.0.0.0/3",   "fc00::/7",      "fe80::/10",
                                       "ff00::/8",      "2000::/3"};
    struct anonymiser *key = with_secret("a secret of some length");
    for (size_t i = 0; i < COUNT_OF(stay); i++) {
        struct prefix p;
        assert_true(prefix_parse(stay[i], &p, NULL));
        for (uint64_t seed = 0; seed < PAIRS; seed++) {
            struct address a, b;
            pair_of(3 * seed, &a, &b);
            if (p.bits < 128 && seed % 3 == 0) /* one of the network itself */
                a = (struct address){p.base.high | (p.bits > 64 ? 0 : a.high >> p.bits),
                                     p.base.low |
                                         (p.bits > 64 ? a.low >> 32 >> (p.bits - 96) : a.low)};
            assert_true(prefix_holds(p, a) == prefix_holds(p, anonymiser_address(key, a)));
        }
    }
    anonymiser_free(key);
}

struct stage {
    struct anonymiser *key;
    struct anonymous anonymous;
    struct report to, front;
    char *text;
    size_t size;
};

static void stage_open(struct stage *s, const char *format)
{
    *s = (struct stage){.key = with_secret("a secret of some length")};
    s->to = (struct report){.format = report_format_named(format),
                            .out = open_memstream(&s->text, &s->size),
                            .verbosity = 2,
                            .each_host = true,
                            .began_us = at("2026-11-22T05:10:11Z")};
    s->anonymous = (struct anonymous){.key = s->key, .to = &s->to};
    s->front = (struct report){.format = &anonymous_format, .state = &s->anonymous};
    assert_true(s->front.format->begin(&s->front));
}

static void stage_close(struct stage *s)
{
    assert_int_equal(fclose(s->to.out), 0);
    anonymiser_free(s->key);
}

#define TELLING "ward3-pc at 10.0.0.5 port 49055"

static struct sign telling_sign(void)
{
    struct sign sign = ports_sign();
    (void)snprintf(sign.says, sizeof sign.says, "%s", TELLING);
    sign_add_text(&sign, FACT_TEXT, "url", TELLING);
    sign_add_number(&sign, "port", 49055);
    sign_add_number(&sign, "peers", 77);
    sign.flow = (struct sign_flow){
        .protocol = 6, .peer = address_at("10.0.0.9"), .port = 49055, .peer_port = 43657};
    return sign;
}

/* A host whose every field tells who it is. */
static void tell_all(struct stage *s)
{
    struct sign sign = telling_sign();
    struct check checks[ASKED_PORTS];
    struct smb_check smb = {.port = 445, .computer = TELLING, .os = TELLING, .fqdn = TELLING};
    struct netbios_check netbios = {.computer = TELLING, .user = TELLING, .mac = 0x001122334455};
    checks_of(checks, CAUSE_VALID, CAUSE_VALID, CAUSE_REFUSED, CAUSE_REFUSED);
    struct verdict v = asked(address_at("10.0.0.5"), checks, &sign);
    v.site = TELLING;
    v.mac = 0x001122334455;
    v.smb = &smb;
    v.netbios = &netbios;
    v.name_count = v.behind_count = v.stay_count = 1;
    memcpy(v.names[0], TELLING, sizeof TELLING);
    v.behind[0] = (struct host_behind){
        .address = address_at("10.0.0.5"), .port_count = 1, .ports = {{.port = 49055}}};
    v.stays[0] = (struct host_stay){.address = address_at("10.0.0.5")};
    memcpy(v.says, TELLING, sizeof TELLING);
    memcpy(v.advice, TELLING, sizeof TELLING);
    assert_true(s->front.format->host(&s->front, &v));
    struct infection edge = {.from = v.host,
                             .to = address_at("10.0.0.9"),
                             .cause = "exploit",
                             .when_us = at("2009-04-21T16:44:11Z"),
                             .says = TELLING};
    assert_true(s->front.format->edge(&s->front, &edge));
    struct dark_visitor dark = {
        .host = v.host, .port_count = 1, .ports = {{.protocol = 6, .port = 49055}}};
    assert_true(s->front.format->dark == NULL || s->front.format->dark(&s->front, &dark, &v));
}

static void end_all(struct stage *s)
{
    static const char *const sentences[] = {TELLING};
    struct input_totals input = {
        .name = TELLING, .format = "pcap", .damage_count = 1, .damage = {{.reason = TELLING}}};
    struct totals totals = {.verb = "hunt",
                            .input_count = 1,
                            .inputs = &input,
                            .limit_count = 1,
                            .limits_hit = sentences,
                            .note_count = 1,
                            .notes = sentences};
    assert_true(s->front.format->end(&s->front, &totals));
}

static void test_nothing_that_tells_comes_through_in_any_format(void **state)
{
    (void)state;
    static const char *const telling[] = {"10.0.0.5", "10.0.0.9", "ward3", "49055",
                                          "43657",    "4348",     "59614", "00:11",
                                          "00-11",    "16:44",    "05:10", "18:02"};
    for (size_t f = 0; report_formats[f] != NULL; f++) {
        struct stage s;
        stage_open(&s, report_formats[f]->id);
        tell_all(&s);
        end_all(&s);
        stage_close(&s);
        for (size_t i = 0; i < COUNT_OF(telling); i++) {
            if (holds(s.text, telling[i]))
                print_error("%s: %s in %s", report_formats[f]->id, telling[i], s.text);
            assert_false(holds(s.text, telling[i]));
        }
        free(s.text);
    }
}

static void test_what_was_found_comes_through(void **state)
{
    (void)state;
    struct stage s;
    char address[ADDRESS_TEXT_SIZE];
    stage_open(&s, "json");
    tell_all(&s);
    (void)address_text(anonymiser_address(s.key, address_at("10.0.0.5")), address);
    end_all(&s);
    stage_close(&s);
    assert_true(holds(s.text, address));
    assert_true(holds(s.text, "\"sign\":\"p2p-ports\""));
    assert_true(holds(s.text, "\"count\":41,\"of\":43,\"first\":\"2009-04-21T00:00:00.000000Z\""));
    assert_true(holds(s.text, "\"facts\":{\"peers\":77}"));
    assert_true(holds(s.text, "\"name\":\"input 1\",\"format\":\"pcap\""));
    free(s.text);
}

static void test_hosts_come_in_the_order_of_their_new_addresses(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "csv");
    for (uint32_t i = 0; i < 256; i++) {
        struct verdict v = verdict_made("10.0.0.1", true, VERDICT_INFECTED);
        v.host = address_of_v4(UINT32_C(0x0a000000) + i);
        assert_true(s.front.format->host(&s.front, &v));
    }
    end_all(&s);
    stage_close(&s);
    struct address before = {0, 0};
    unsigned rows = 0;
    for (char *line = strchr(s.text, '\n') + 1; *line != '\0'; line = strchr(line, '\n') + 1) {
        char text[ADDRESS_TEXT_SIZE];
        (void)snprintf(text, sizeof text, "%.*s", (int)strcspn(line, ","), line);
        assert_true(address_compare(before, address_at(text)) < 0);
        before = address_at(text);
        rows++;
    }
    assert_int_equal(rows, 256);
    free(s.text);
}

static void test_a_run_that_goes_on_can_have_what_is_held_back(void **state)
{
    (void)state;
    struct stage s;
    struct verdict v = verdict_made("10.0.0.1", true, VERDICT_INFECTED);
    stage_open(&s, "csv");
    assert_true(s.front.format->host(&s.front, &v));
    assert_int_equal(fflush(s.to.out), 0);
    assert_int_equal(count_of(s.text, "\r\n"), 1);
    assert_true(anonymous_flush(&s.anonymous));
    assert_int_equal(count_of(s.text, "\r\n"), 2);
    end_all(&s);
    stage_close(&s);
    assert_int_equal(count_of(s.text, "\r\n"), 2);
    free(s.text);
}

static void test_more_hosts_than_are_held_come_in_parts(void **state)
{
    (void)state;
    struct stage s;
    stage_open(&s, "csv");
    for (uint32_t i = 0; i < ANONYMOUS_HOSTS_KEPT + 10; i++) {
        struct verdict v = verdict_made("10.0.0.1", true, VERDICT_CLEAN);
        v.host = address_of_v4(UINT32_C(0x0a000000) + i);
        assert_true(s.front.format->host(&s.front, &v));
    }
    assert_int_equal(s.anonymous.count, 10);
    end_all(&s);
    stage_close(&s);
    assert_int_equal(count_of(s.text, "\r\n"), ANONYMOUS_HOSTS_KEPT + 11);
    free(s.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_addresses_are_those_of_the_published_vectors),
        cmocka_unit_test(test_prefixes_stay_prefixes),
        cmocka_unit_test(test_the_same_secret_gives_the_same_and_another_others),
        cmocka_unit_test(test_networks_that_are_nobodys_stay_and_nothing_else_comes_in),
        cmocka_unit_test(test_nothing_that_tells_comes_through_in_any_format),
        cmocka_unit_test(test_what_was_found_comes_through),
        cmocka_unit_test(test_hosts_come_in_the_order_of_their_new_addresses),
        cmocka_unit_test(test_a_run_that_goes_on_can_have_what_is_held_back),
        cmocka_unit_test(test_more_hosts_than_are_held_come_in_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
