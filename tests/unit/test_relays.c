/* engine/relays: the same keys sent by a client and then by another host make the other one a
 * relay, of what this detector saw of it alone. Keys are made by the detectors themselves, from
 * flows and messages. */
#include "stage.h"

#include <stdio.h>

#include "base/hash.h"
#include "conficker/message.h"
#include "conficker/ports.h"
#include "engine/relays.h"

static const char inner[] = "10.0.0.5", outer[] = "192.0.2.5";
static const char start[] = "2009-04-21T12:00:00Z";

/* `host` contacts peers [first, last) on their predicted ports, a second apart from the time on. */
static void contact(struct stage *s, const char *host, unsigned first, unsigned last,
                    int64_t from_us)
{
    for (unsigned i = first; i < last; i++) {
        uint32_t peer = (uint32_t)hash_number(i);
        int64_t at_us = from_us + i * US_PER_SECOND;
        struct p2p_ports ports = ports_predicted_for(peer, week_of(at_us), READING_NMAP);
        struct observation seen = flow_seen(at(host), address_of_v4(peer), ports.udp[0], IP_UDP,
                                            at_us);
        s->detector->observe(&s->watcher, &seen);
    }
}

static void send_message(struct stage *s, const char *host, uint64_t key, int64_t when_us)
{
    uint8_t bytes[256];
    struct writer w = writer_over(bytes, sizeof bytes);
    struct message_plan plan = {.fields = {.key = key, .flags = MESSAGE_MODE | MESSAGE_ENCODED},
                                .transport = TRANSPORT_UDP};
    message_build(&plan, &w);
    struct observation seen = flow_seen(at(host), at("198.51.100.7"), 40000, IP_UDP, when_us);
    seen.kind = OBSERVED_PAYLOAD;
    seen.by_client = true;
    seen.bytes = reader_over(bytes, w.used);
    s->detector->observe(&s->watcher, &seen);
}

/* How many days of the host pass on what the stage's detector saw; no other detector's may. */
static unsigned relayed_days(struct stage *s, const char *host)
{
    size_t count;
    unsigned found = 0, all = 0;
    struct host_day *const *days = hosts_sorted(s->hosts, &count);
    uint16_t *relayed = calloc(count, sizeof *relayed);
    assert_true(days != NULL && relayed != NULL);
    assert_true(relays_find(days, count, relayed));
    for (size_t i = 0; i < count; i++)
        for (unsigned d = 0; d < detector_count; d++) {
            bool is_it = address_equal(days[i]->host, at(host)) && d == s->watcher.detector;
            bool does = (relayed[i] & 1u << d) != 0;
            found += is_it && does;
            all += d != s->watcher.detector && does;
        }
    assert_int_equal(all, 0);
    free(relayed);
    return found;
}

/* Whether outer, repeating all of inner's flows this much later, is its relay. */
static bool is_relay_after(int64_t later_us)
{
    struct stage s = stage_of(SIGN_P2P_PORTS);
    contact(&s, inner, 0, 20, when(start));
    contact(&s, outer, 0, 20, when(start) + later_us);
    assert_int_equal(relayed_days(&s, inner), 0);
    bool is_relay = relayed_days(&s, outer) == 1;
    stage_clear(&s);
    return is_relay;
}

static void test_a_nat_that_repeats_its_client_is_a_relay(void **state)
{
    (void)state;
    assert_true(is_relay_after(1));
    assert_true(is_relay_after(100));
    assert_true(is_relay_after(60 * US_PER_SECOND));
}

static void test_after_more_than_a_minute_it_is_not(void **state)
{
    (void)state;
    assert_false(is_relay_after(60 * US_PER_SECOND + 1));
    assert_false(is_relay_after(61 * US_PER_SECOND));
    assert_false(is_relay_after(2 * 3600 * US_PER_SECOND));
}

static void test_hosts_of_no_common_key_are_no_relays(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    contact(&s, inner, 0, 20, when(start));
    contact(&s, outer, 20, 40, when(start));
    assert_int_equal(relayed_days(&s, inner) + relayed_days(&s, outer), 0);
    stage_clear(&s);
}

static void test_two_infected_hosts_that_share_a_peer_are_no_relays(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    contact(&s, inner, 0, 20, when(start));
    contact(&s, outer, 19, 39, when(start) + 100);
    assert_int_equal(relayed_days(&s, inner) + relayed_days(&s, outer), 0);
    stage_clear(&s);
}

static void test_one_shared_key_is_too_few_even_if_it_is_the_only_one(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    contact(&s, inner, 0, 1, when(start));
    contact(&s, outer, 0, 1, when(start) + 100);
    assert_int_equal(relayed_days(&s, outer), 0);
    contact(&s, inner, 0, 2, when(start));
    contact(&s, outer, 0, 2, when(start) + 100);
    assert_int_equal(relayed_days(&s, outer), 1);
    stage_clear(&s);
}

static void test_half_of_the_keys_make_a_relay_and_less_does_not(void **state)
{
    (void)state;
    for (unsigned own = 10; own <= 11; own++) {
        struct stage s = stage_of(SIGN_P2P_PORTS);
        contact(&s, inner, 0, 10, when(start));
        contact(&s, outer, 0, 10 + own, when(start) + 100);
        assert_int_equal(relayed_days(&s, outer), own == 10);
        stage_clear(&s);
    }
}

static void test_a_nat_of_several_clients_is_a_relay(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    char client[16];
    for (unsigned i = 0; i < 20; i++) {
        (void)snprintf(client, sizeof client, "10.0.1.%u", i);
        contact(&s, client, i * 20, (i + 1) * 20, when(start));
        contact(&s, outer, i * 20, (i + 1) * 20, when(start) + 5000);
    }
    assert_int_equal(relayed_days(&s, outer), 1);
    assert_int_equal(relayed_days(&s, client), 0);
    stage_clear(&s);
}

static void test_a_relay_is_found_across_midnight(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    int64_t midnight = when("2009-04-22T00:00:00Z");
    contact(&s, inner, 0, 5, midnight - 6 * US_PER_SECOND);
    contact(&s, outer, 0, 5, midnight);
    assert_int_equal(relayed_days(&s, outer), 1);
    assert_int_equal(relayed_days(&s, inner), 0);
    stage_clear(&s);
}

static void test_a_host_is_not_its_own_relay(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    int64_t midnight = when("2009-04-22T00:00:00Z");
    contact(&s, inner, 0, 5, midnight - 6 * US_PER_SECOND);
    contact(&s, inner, 0, 5, midnight);
    assert_int_equal(relayed_days(&s, inner), 0);
    stage_clear(&s);
}

static void test_messages_are_followed_by_what_they_say(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_MESSAGE);
    for (uint64_t key = 1; key <= 6; key++) {
        send_message(&s, inner, key, when(start));
        send_message(&s, outer, key, when(start) + 300);
        send_message(&s, "10.0.0.6", key + 100, when(start) + 300);
    }
    assert_int_equal(relayed_days(&s, outer), 1);
    assert_int_equal(relayed_days(&s, inner) + relayed_days(&s, "10.0.0.6"), 0);
    stage_clear(&s);
}

static void test_nobody_is_no_relay(void **state)
{
    (void)state;
    struct stage s = stage_of(SIGN_P2P_PORTS);
    size_t count;
    struct host_day *const *days = hosts_sorted(s.hosts, &count);
    uint16_t none = 0;
    assert_true(relays_find(days, 0, &none));
    assert_int_equal(none, 0);
    stage_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_nat_that_repeats_its_client_is_a_relay),
        cmocka_unit_test(test_after_more_than_a_minute_it_is_not),
        cmocka_unit_test(test_hosts_of_no_common_key_are_no_relays),
        cmocka_unit_test(test_two_infected_hosts_that_share_a_peer_are_no_relays),
        cmocka_unit_test(test_one_shared_key_is_too_few_even_if_it_is_the_only_one),
        cmocka_unit_test(test_half_of_the_keys_make_a_relay_and_less_does_not),
        cmocka_unit_test(test_a_nat_of_several_clients_is_a_relay),
        cmocka_unit_test(test_a_relay_is_found_across_midnight),
        cmocka_unit_test(test_a_host_is_not_its_own_relay),
        cmocka_unit_test(test_messages_are_followed_by_what_they_say),
        cmocka_unit_test(test_nobody_is_no_relay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
