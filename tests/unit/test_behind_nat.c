/* engine/behind_nat, evidence/answered_ports: who stands behind an address that answers P2P
 * messages on ports of others. With a number as argument the measurement at the end makes so many
 * cases of each kind. */
#include "behind.h"
#include "hostile_slot.h"
#include "saved_slot.h"

#include <stdio.h>

static const char nat[] = "203.0.113.7", tuesday[] = "2009-04-21T12:00:00Z",
                  monday[] = "2009-04-20T12:00:00Z", next_monday[] = "2009-04-27T12:00:00Z";
static const uint32_t inner = 0xC0A80141; /* 192.168.1.65, a published sample */
static unsigned measured_cases = 16;      /* of each kind */

static void test_four_ports_name_the_published_sample(void **state)
{
    (void)state;
    static const struct behind_port told[] = {{TRANSPORT_TCP, 39014},
                                              {TRANSPORT_TCP, 59436},
                                              {TRANSPORT_UDP, 27859},
                                              {TRANSPORT_UDP, 43492}};
    struct stage s = stage_of(SIGN_P2P_ANSWER);
    for (size_t i = COUNT_OF(told); i-- > 0;)
        answers(&s, at(nat), told[i].transport, told[i].port, when(tuesday));
    struct verdict v = behind_one(&s);
    assert_int_equal(v.behind_count, 1);
    assert_true(is_named(&v, inner));
    assert_int_equal(v.behind[0].port_count, COUNT_OF(told));
    for (size_t i = 0; i < COUNT_OF(told); i++)
        assert_true(v.behind[0].ports[i].transport == told[i].transport &&
                    v.behind[0].ports[i].port == told[i].port);
    stage_clear(&s);
}

/* Whichever they are: fixed or of the week. */
static void test_any_two_ports_or_more_name_it_and_one_does_not(void **state)
{
    (void)state;
    static struct verdict verdicts[ALL_PORTS];
    struct stage s = stage_of(SIGN_P2P_ANSWER);
    size_t count;
    for (unsigned which = 1; which <= ALL_PORTS; which++)
        answers_as(&s, address_of_v4(0xCB000000 + which), ports_of_week(inner, when(tuesday)),
                   which, when(tuesday));
    free(looked_behind(&s, verdicts, &count));
    assert_int_equal(count, ALL_PORTS);
    for (unsigned which = 1; which <= ALL_PORTS; which++) {
        const struct verdict *v = &verdicts[which - 1];
        unsigned ports = (unsigned)__builtin_popcount(which);
        assert_int_equal(v->behind_count, ports >= 2);
        assert_true(ports < 2 || (is_named(v, inner) && v->behind[0].port_count == ports));
    }
    stage_clear(&s);
}

static void test_a_host_that_answers_on_its_own_port_hides_nobody(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_ANSWER);
    answers_as(&s, at(nat), ports_of_week(inner, when(tuesday)), ALL_PORTS, when(tuesday));
    answers_as(&s, at(nat), ports_of_week(address_v4(at(nat)), when(monday)), UDP_1, when(monday));
    assert_int_equal(behind_one(&s).behind_count, 0);
    stage_clear(&s);
}

static void test_ports_of_last_week_count_on_monday_alone(void **state)
{
    (void)state;
    for (unsigned is_monday = 0; is_monday < 2; is_monday++) {
        struct stage s = stage_of(SIGN_P2P_ANSWER);
        int64_t now = is_monday ? when(next_monday) : when(next_monday) + US_PER_DAY;
        answers_as(&s, at(nat), ports_of_week(inner, when(tuesday)), TCP_2 | UDP_2, now);
        struct verdict v = behind_one(&s);
        assert_int_equal(is_named(&v, inner), is_monday);
        stage_clear(&s);
    }
}

/* A port of the week in each of three weeks. */
static void test_days_and_weeks_tell_together(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_ANSWER);
    for (unsigned week = 0; week < 3; week++) {
        int64_t now = when(tuesday) + 7 * week * US_PER_DAY;
        answers_as(&s, at(nat), ports_of_week(inner, now), week == 1 ? UDP_2 : TCP_2, now);
    }
    struct verdict v = behind_one(&s);
    assert_true(v.behind_count == 1 && is_named(&v, inner));
    assert_int_equal(v.behind[0].port_count, 3);
    stage_clear(&s);
}

static void test_either_reading_of_the_second_pair_tells(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_ANSWER);
    uint32_t week = week_of(when(tuesday)), ipv4 = 0x0A000000;
    struct p2p_ports nmap, sri;
    do {
        nmap = ports_predicted_for(++ipv4, week, READING_NMAP);
        sri = ports_predicted_for(ipv4, week, READING_SRI);
    } while (nmap.tcp[1] == sri.tcp[1] || nmap.udp[1] == sri.udp[1]);
    answers_as(&s, at(nat), sri, TCP_2 | UDP_2 | UDP_1, when(tuesday));
    struct verdict v = behind_one(&s);
    assert_true(v.behind_count == 1 && is_named(&v, ipv4));
    stage_clear(&s);
}

static void test_two_hosts_behind_one_address_are_both_named(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_ANSWER);
    uint32_t other = 0x0A141E28;
    answers_as(&s, at(nat), ports_of_week(inner, when(tuesday)), ALL_PORTS, when(tuesday));
    answers_as(&s, at(nat), ports_of_week(other, when(tuesday)), TCP_1 | UDP_1 | UDP_2,
               when(tuesday));
    struct verdict v = behind_one(&s);
    assert_int_equal(v.behind_count, 2);
    assert_true(address_equal(v.behind[0].address, address_of_v4(inner)));
    assert_true(address_equal(v.behind[1].address, address_of_v4(other)));
    assert_int_equal(v.behind[1].port_count, 3);
    stage_clear(&s);
}

/* Two ports of each: which belong together is not known surely enough. */
static void test_two_hosts_that_are_told_by_two_ports_each_are_not_named(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_ANSWER);
    answers_as(&s, at(nat), ports_of_week(inner, when(tuesday)), TCP_1 | UDP_1, when(tuesday));
    answers_as(&s, at(nat), ports_of_week(0x0A141E28, when(tuesday)), TCP_2 | UDP_1, when(tuesday));
    assert_int_equal(behind_one(&s).behind_count, 0);
    stage_clear(&s);
}

/* Some 0.6 % of private addresses share their fixed pair with another one. */
static void test_of_two_addresses_with_the_same_ports_neither_is_named(void **state)
{
    (void)state;
    static uint32_t address_of[1 << 22]; /* by a hash of the pair: 0: none */
    uint32_t ipv4 = 0x0A000000, twin = 0;
    uint16_t tcp, udp, tcp_twin, udp_twin;
    for (; twin == 0; ipv4++) {
        ports_fixed_for(ipv4, &tcp, &udp);
        uint32_t *place = &address_of[hash_pair(tcp, udp) % COUNT_OF(address_of)];
        ports_fixed_for(*place, &tcp_twin, &udp_twin);
        if (*place != 0 && tcp == tcp_twin && udp == udp_twin)
            twin = *place;
        *place = ipv4;
    }
    for (unsigned more = 0; more < 2; more++) {
        struct stage s = stage_of(SIGN_P2P_ANSWER);
        answers_as(&s, at(nat), ports_of_week(twin, when(tuesday)),
                   TCP_1 | UDP_1 | (more ? UDP_2 : 0), when(tuesday));
        struct verdict v = behind_one(&s);
        assert_int_equal(v.behind_count, more);
        assert_int_equal(is_named(&v, twin), more);
        stage_clear(&s);
    }
}

static void test_ports_that_nobody_can_open_are_passed_over(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_ANSWER);
    answers_as(&s, at(nat), ports_of_week(inner, when(tuesday)), TCP_1 | UDP_1, when(tuesday));
    answers(&s, at(nat), TRANSPORT_TCP, 445, when(tuesday));
    answers(&s, at(nat), TRANSPORT_UDP, 53, when(tuesday));
    struct verdict v = behind_one(&s);
    assert_true(is_named(&v, inner));
    stage_clear(&s);
}

static void test_hosts_beyond_the_limit_are_counted(void **state)
{
    (void)state;
    static struct verdict verdicts[BEHIND_HOSTS_MAX + 3];
    struct stage s = stage_of(SIGN_P2P_ANSWER);
    size_t count;
    for (uint32_t i = 0; i < COUNT_OF(verdicts); i++)
        answers_as(&s, address_of_v4(address_v4(at(nat)) + i),
                   ports_of_week(inner + i, when(tuesday)), ALL_PORTS, when(tuesday));
    struct behind_nat *b = looked_behind(&s, verdicts, &count);
    assert_int_equal(count, COUNT_OF(verdicts));
    assert_int_equal(b->hosts_left_out, 3);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(is_named(&verdicts[i], inner + i), i < BEHIND_HOSTS_MAX);
    free(b);
    stage_clear(&s);
}

static void test_of_older_weeks_the_fixed_ports_still_tell(void **state)
{
    (void)state;
    static struct verdict verdicts[2];
    for (unsigned weeks = BEHIND_WEEKS_MAX; weeks <= BEHIND_WEEKS_MAX + 1; weeks++) {
        struct stage s = stage_of(SIGN_P2P_ANSWER);
        size_t count;
        answers_as(&s, at(nat), ports_of_week(inner, when(tuesday)), TCP_1 | UDP_1, when(tuesday));
        for (unsigned week = 1; week < weeks; week++)
            answers_as(&s, at("203.0.113.8"), ports_of_week(inner, when(tuesday)), TCP_1 | UDP_1,
                       when(tuesday) + 7 * week * US_PER_DAY);
        struct behind_nat *b = looked_behind(&s, verdicts, &count);
        assert_int_equal(b->weeks_left_out, weeks > BEHIND_WEEKS_MAX);
        assert_true(is_named(&verdicts[0], inner) && is_named(&verdicts[1], inner));
        free(b);
        stage_clear(&s);
    }
}

/* Ports of twenty hosts, more than are kept: whichever part has them, the same are. */
static void test_merging_ports_in_any_order_gives_the_whole(void **state)
{
    (void)state;
    struct stage whole = stage_of(SIGN_P2P_ANSWER);
    uint8_t bytes[1 << 12], again[1 << 12];
    for (uint32_t i = 0; i < 20; i++)
        answers_as(&whole, at(nat), ports_of_week(inner + i, when(tuesday)), ALL_PORTS,
                   when(tuesday));
    const struct answered_ports *kept = whole.detector->answered_on(slot_of(&whole, nat, tuesday));
    assert_int_equal(kept->count[TRANSPORT_TCP], ANSWERED_PORTS_MAX);
    for (uint32_t split = 0; split <= 20; split += 4)
        for (unsigned into = 0; into < 2; into++) {
            struct stage parts[2] = {stage_of(SIGN_P2P_ANSWER), stage_of(SIGN_P2P_ANSWER)};
            struct stage *to = &parts[into], *from = &parts[1 - into];
            for (uint32_t i = 0; i < 20; i++)
                answers_as(&parts[i >= split], at(nat), ports_of_week(inner + i, when(tuesday)),
                           ALL_PORTS, when(tuesday));
            for (unsigned times = 0; times < 2; times++)
                to->detector->merge(&to->watcher, slot_of(to, nat, tuesday),
                                    slot_of(from, nat, tuesday));
            struct writer a = writer_over(bytes, sizeof bytes),
                          b = writer_over(again, sizeof again);
            answered_ports_save(&a, kept);
            answered_ports_save(&b, to->detector->answered_on(slot_of(to, nat, tuesday)));
            assert_true(a.used == b.used && memcmp(bytes, again, a.used) == 0);
            stage_clear(&parts[0]);
            stage_clear(&parts[1]);
        }
    stage_clear(&whole);
}

static void test_saved_ports_come_back_and_strangers_bytes_do_no_harm(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_ANSWER), into = stage_of(SIGN_P2P_ANSWER);
    for (uint32_t i = 0; i < 3; i++)
        answers_as(&s, at(nat), ports_of_week(inner + i, when(tuesday)), ALL_PORTS, when(tuesday));
    stage_reload(&s, &into, nat, tuesday);
    struct verdict v = behind_one(&into);
    assert_int_equal(v.behind_count, 3);
    assert_true(is_named(&v, inner) && is_named(&v, inner + 1) && is_named(&v, inner + 2));
    check_saved(&s, nat, tuesday);
    hostile_check(&s, nat, tuesday);
    stage_clear(&s);
    stage_clear(&into);
}

static bool loads(const uint8_t *bytes, size_t size)
{
    struct reader in = reader_over(bytes, size);
    struct answered_ports out = {0};
    answered_ports_load(&in, &out);
    assert_in_range(out.count[TRANSPORT_TCP], 0, ANSWERED_PORTS_MAX);
    assert_in_range(out.count[TRANSPORT_UDP], 0, ANSWERED_PORTS_MAX);
    return !in.failed;
}

static void test_ports_that_saving_cannot_have_written_are_refused(void **state)
{
    (void)state;
    static const uint8_t good[] = {0, 2, 0x40, 0x9d, 0x41, 0x9d, 0};
    static const uint8_t descending[] = {0, 2, 0x41, 0x9d, 0x40, 0x9d, 0};
    static const uint8_t twice[] = {0, 2, 0x40, 0x9d, 0x40, 0x9d, 0};
    static const uint8_t black[] = {0, 1, 0xbd, 0x01, 0};
    static const uint8_t many[3 + 2 * (ANSWERED_PORTS_MAX + 1)] = {0, ANSWERED_PORTS_MAX + 1};
    static const uint8_t no_bool[] = {2, 0, 0};
    assert_true(loads(good, sizeof good));
    for (size_t cut = 0; cut < sizeof good; cut++)
        assert_false(loads(good, cut));
    assert_false(loads(descending, sizeof descending));
    assert_false(loads(twice, sizeof twice));
    assert_false(loads(black, sizeof black));
    assert_false(loads(many, sizeof many));
    assert_false(loads(no_bool, sizeof no_bool));
}

/* What came of cases of one kind. */
struct outcomes {
    unsigned cases, all, some, none, wrong; /* who was behind: all named, ...; wrong: another was */
};

/* A number drawn for a case. */
static uint32_t drawn(uint32_t number, unsigned what)
{
    return (uint32_t)hash_pair(number, what);
}

static uint32_t private_drawn(uint32_t random)
{
    static const uint32_t nets[][2] = {
        {0x0a000000, 0xffffff}, {0xac100000, 0xfffff}, {0xc0a80000, 0xffff}};
    const uint32_t *net = nets[(random >> 24) % COUNT_OF(nets)];
    return net[0] | (random & net[1]);
}

/* A kind of case: how many are behind each address, on how many ports at least it answers as each
 * of them, and whether they have private addresses. */
static const struct kind {
    const char *what;
    unsigned behind, ports_least;
    bool is_private;
    const char *day;
    unsigned all_least, wrong_most; /* of a hundred */
} kinds[] = {
    {"one, by four ports", 1, 4, true, tuesday, 99, 0},
    {"one, by two ports or more", 1, 2, true, tuesday, 90, 0},
    {"one, by two ports or more, on a Monday", 1, 2, true, monday, 85, 0},
    {"two, by four ports each", 2, 4, true, tuesday, 99, 0},
    {"two, by two ports or more each", 2, 2, true, tuesday, 40, 0},
    {"two, by a port or more each", 2, 1, true, tuesday, 20, 1},
    {"none that is private, by two ports or more", 1, 2, false, tuesday, 0, 2},
    {"none that is private, by four ports", 1, 4, false, tuesday, 0, 1},
};

/* The kinds take turns. */
static const struct kind *kind_of(uint32_t number)
{
    return &kinds[number % COUNT_OF(kinds)];
}

static uint32_t inner_of(uint32_t number, unsigned which)
{
    uint32_t random = drawn(number, 10 + which);
    return kind_of(number)->is_private ? private_drawn(random) : 0x50000000 | random >> 8;
}

static void play(struct stage *s, uint32_t number)
{
    const struct kind *k = kind_of(number);
    for (unsigned i = 0; i < k->behind; i++) {
        unsigned which, draw = 100;
        do
            which = drawn(number, draw++ + 1000 * i) & ALL_PORTS;
        while ((unsigned)__builtin_popcount(which) < k->ports_least);
        answers_as(s, address_of_v4(0xCB000000 + number),
                   ports_of_week(inner_of(number, i), when(k->day)), which, when(k->day));
    }
}

static void judge(const struct verdict *v, struct outcomes all[static COUNT_OF(kinds)])
{
    uint32_t number = address_v4(v->host) - 0xCB000000;
    const struct kind *k = kind_of(number);
    struct outcomes *o = &all[k - kinds];
    unsigned right = 0;
    for (unsigned i = 0; i < k->behind; i++)
        right += is_named(v, inner_of(number, i));
    o->cases++;
    o->wrong += v->behind_count > right;
    o->all += right == k->behind;
    o->some += right > 0 && right < k->behind;
    o->none += v->behind_count == 0;
}

static void measure(uint32_t cases, struct outcomes all[static COUNT_OF(kinds)])
{
    static struct verdict verdicts[BEHIND_HOSTS_MAX];
    for (uint32_t first = 0; first < cases; first += BEHIND_HOSTS_MAX) {
        struct stage s = stage_of(SIGN_P2P_ANSWER);
        size_t count;
        for (uint32_t n = first; n < cases && n < first + BEHIND_HOSTS_MAX; n++)
            play(&s, n);
        free(looked_behind(&s, verdicts, &count));
        for (size_t i = 0; i < count; i++)
            judge(&verdicts[i], all);
        stage_clear(&s);
    }
}

static void test_hosts_behind_are_named_and_others_are_not(void **state)
{
    (void)state;
    struct outcomes all[COUNT_OF(kinds)] = {0};
    measure(measured_cases * (uint32_t)COUNT_OF(kinds), all);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct outcomes *o = &all[i];
        print_message("%s: %u cases, all named %u, some %u, nobody %u, a wrong one %u\n",
                      kinds[i].what, o->cases, o->all, o->some, o->none, o->wrong);
        assert_int_equal(o->cases, measured_cases);
        assert_in_range(o->all * 100, kinds[i].all_least * o->cases, 100 * o->cases);
        assert_in_range(o->wrong * 100, 0, kinds[i].wrong_most * o->cases);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_four_ports_name_the_published_sample),
        cmocka_unit_test(test_any_two_ports_or_more_name_it_and_one_does_not),
        cmocka_unit_test(test_a_host_that_answers_on_its_own_port_hides_nobody),
        cmocka_unit_test(test_ports_of_last_week_count_on_monday_alone),
        cmocka_unit_test(test_days_and_weeks_tell_together),
        cmocka_unit_test(test_either_reading_of_the_second_pair_tells),
        cmocka_unit_test(test_two_hosts_behind_one_address_are_both_named),
        cmocka_unit_test(test_two_hosts_that_are_told_by_two_ports_each_are_not_named),
        cmocka_unit_test(test_of_two_addresses_with_the_same_ports_neither_is_named),
        cmocka_unit_test(test_ports_that_nobody_can_open_are_passed_over),
        cmocka_unit_test(test_hosts_beyond_the_limit_are_counted),
        cmocka_unit_test(test_of_older_weeks_the_fixed_ports_still_tell),
        cmocka_unit_test(test_merging_ports_in_any_order_gives_the_whole),
        cmocka_unit_test(test_saved_ports_come_back_and_strangers_bytes_do_no_harm),
        cmocka_unit_test(test_ports_that_saving_cannot_have_written_are_refused),
        cmocka_unit_test(test_hosts_behind_are_named_and_others_are_not),
    };
    if (argc > 1)
        measured_cases = (unsigned)strtoul(argv[1], NULL, 10);
    return cmocka_run_group_tests_name("behind_nat", tests, NULL, NULL);
}
