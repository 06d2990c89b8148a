/* source/argus_pour: what a flow record means, told as observations. */
#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/time.h"
#include "base/writer.h"
#include "observe/packet.h"
#include "source/argus_pour.h"
#include "wire/dns.h"
#include "wire/http.h"

enum { TOLD_SIZE = 2048, LIMIT = 512 };

/* What was poured, a word each: "begin 10.0.0.1>10.0.0.2:445". */
struct heard {
    struct sink sink;
    char told[TOLD_SIZE];
    bool wants_all;
    struct observation last; /* PAYLOAD */
    int64_t answered_us;
};

static struct heard *heard_of(struct sink *self)
{
    return (struct heard *)self; /* reader: no bytes, our own struct */
}

static void take(struct sink *self, const struct observation *seen)
{
    static const char *const words[OBSERVATION_KINDS] = {
        [OBSERVED_BEGIN] = "begin", [OBSERVED_PAYLOAD] = "payload", [OBSERVED_ANSWER] = "answer",
        [OBSERVED_DNS] = "dns",     [OBSERVED_HTTP] = "http",       [OBSERVED_NAME] = "name"};
    struct heard *h = heard_of(self);
    char more[256], from[ADDRESS_TEXT_SIZE], to[ADDRESS_TEXT_SIZE];
    (void)snprintf(more, sizeof more, "%s%s %s%s%s:%u", h->told[0] != '\0' ? ", " : "",
                   words[seen->kind], address_text(seen->client.address, from),
                   seen->client_known ? ">" : "-", address_text(seen->server.address, to),
                   seen->server.port);
    size_t used = strlen(h->told);
    (void)snprintf(h->told + used, sizeof h->told - used, "%s", more);
    if (seen->kind == OBSERVED_PAYLOAD)
        h->last = *seen;
    if (seen->kind == OBSERVED_ANSWER)
        h->answered_us = seen->when_us;
}

static bool wants_datagram(struct sink *self, struct reader bytes)
{
    (void)bytes;
    return heard_of(self)->wants_all;
}

static size_t wants(struct sink *self, const struct observation *head)
{
    return heard_of(self)->wants_all ? head->bytes.left + 1 : 0;
}

static bool awaits(struct sink *self, const struct observation *seen)
{
    (void)self;
    return seen->by_client;
}

struct stage {
    struct argus_pour pour;
    struct heard heard;
};

static int set_up(void **state)
{
    static struct stage stage;
    memset(&stage, 0, sizeof stage);
    stage.pour.flows = argus_flows_new(false);
    assert_non_null(stage.pour.flows);
    stage.heard.sink = (struct sink){
        .take = take, .wants_datagram = wants_datagram, .wants = wants, .awaits_answer = awaits};
    stage.heard.wants_all = true;
    *state = &stage;
    return 0;
}

static int tear_down(void **state)
{
    struct stage *s = *state;
    argus_flows_free(s->pour.flows);
    return 0;
}

static struct argus_flow flow(uint8_t protocol, uint16_t port)
{
    struct argus_flow f = {.version = 3,
                           .cause = ARGUS_START,
                           .key = ARGUS_KEY_IPV4,
                           .protocol = protocol,
                           .times_known = true,
                           .sequence_known = true,
                           .sequence = 7,
                           .first_us = 1000 * US_PER_SECOND,
                           .last_us = 1004 * US_PER_SECOND,
                           .merged = 1};
    for (unsigned i = 0; i < 2; i++) {
        f.side[i].end.address = address_of_v4(0x0a000001 + i);
        f.side[i].mask = 32;
        f.side[i].packets = i == 0;
    }
    f.side[0].end.port = 40000;
    f.side[1].end.port = port;
    f.net = protocol == IP_TCP ? ARGUS_NET_TCP : ARGUS_NET_NONE;
    return f;
}

static struct argus_flow tcp(uint32_t status)
{
    struct argus_flow f = flow(IP_TCP, 445);
    f.tcp_status = status;
    return f;
}

static void say(struct argus_flow *f, unsigned side, const void *bytes, size_t size)
{
    f->side[side].data = (struct argus_data){.bytes = reader_over(bytes, size),
                                             .limit = LIMIT,
                                             .count = (uint16_t)size,
                                             .present = true};
    f->side[side].packets += f->side[side].packets == 0;
}

/* What comes of the record, in words. */
static const char *heard(struct stage *s, const struct argus_flow *f)
{
    s->heard.told[0] = '\0';
    assert_true(argus_pour_can(f));
    argus_pour(&s->pour, f, argus_flow_hash(f), &s->heard.sink);
    return s->heard.told;
}

static void test_a_lone_syn_is_a_beginning_without_answer(void **state)
{
    struct argus_flow f = tcp(ARGUS_SAW_SYN);
    assert_string_equal(heard(*state, &f), "begin 10.0.0.1>10.0.0.2:445");
}

static void test_a_reset_by_the_server_is_a_refusal(void **state)
{
    struct argus_flow f = tcp(ARGUS_SAW_SYN | ARGUS_RESET_BY_DESTINATION);
    f.side[1].packets = 1;
    assert_string_equal(heard(*state, &f), "begin 10.0.0.1>10.0.0.2:445");
}

static void test_a_syn_ack_is_an_answer_at_its_own_time(void **state)
{
    struct stage *s = *state;
    struct argus_flow f = tcp(ARGUS_SAW_SYN | ARGUS_SAW_SYN_ACK | ARGUS_ESTABLISHED);
    f.syn_ack_us = 2000;
    assert_string_equal(heard(s, &f), "begin 10.0.0.1>10.0.0.2:445, answer 10.0.0.1>10.0.0.2:445");
    assert_int_equal(s->heard.answered_us, f.first_us + 2000);
}

static void test_only_the_answer_of_a_server_accuses_its_client(void **state)
{
    struct argus_flow f = tcp(ARGUS_SAW_SYN_ACK);
    f.net = ARGUS_NET_TCP_BEGUN;
    f.side[0].tcp_flags = TCP_SYN | TCP_ACK;
    f.turn = ARGUS_AS_RECORDED;
    assert_string_equal(heard(*state, &f),
                        "begin 10.0.0.2>10.0.0.1:40000, answer 10.0.0.2>10.0.0.1:40000");
}

static void test_the_middle_of_a_connection_has_no_client(void **state)
{
    struct stage *s = *state;
    struct argus_flow f = tcp(ARGUS_ESTABLISHED);
    f.cause = ARGUS_STATUS;
    f.side[1].end.port = 5051;
    say(&f, 0, "abc", 3);
    assert_string_equal(heard(s, &f), "payload 10.0.0.1-10.0.0.2:5051");
    assert_false(s->heard.last.start_known);
}

static void test_status_records_of_one_flow_are_one_beginning(void **state)
{
    struct stage *s = *state;
    struct argus_flow f = tcp(ARGUS_SAW_SYN | ARGUS_SAW_SYN_ACK | ARGUS_ESTABLISHED);
    (void)heard(s, &f);
    f.cause = ARGUS_STATUS;
    assert_string_equal(heard(s, &f), "");
    f.sequence++;
    assert_string_equal(heard(s, &f), "begin 10.0.0.1>10.0.0.2:445, answer 10.0.0.1>10.0.0.2:445");
}

static void test_the_first_data_of_a_flow_are_its_head_though_they_come_late(void **state)
{
    struct stage *s = *state;
    struct argus_flow f = tcp(ARGUS_SAW_SYN | ARGUS_SAW_SYN_ACK | ARGUS_ESTABLISHED);
    (void)heard(s, &f);
    f.cause = ARGUS_STATUS;
    say(&f, 0, "abc", 3);
    assert_string_equal(heard(s, &f), "payload 10.0.0.1>10.0.0.2:445");
    assert_true(s->heard.last.start_known && s->heard.last.is_stream && !s->heard.last.cut);
    say(&f, 0, "def", 3);
    assert_string_equal(heard(s, &f), "");
}

static void test_data_of_a_flow_whose_beginning_is_not_there_are_no_head(void **state)
{
    struct stage *s = *state;
    struct argus_flow f = tcp(ARGUS_SAW_SYN | ARGUS_SAW_SYN_ACK | ARGUS_ESTABLISHED);
    f.cause = ARGUS_STATUS;
    say(&f, 0, "abc", 3);
    (void)heard(s, &f);
    assert_false(s->heard.last.start_known);
}

static void test_data_up_to_the_limit_are_cut(void **state)
{
    struct stage *s = *state;
    static const char full[LIMIT];
    struct argus_flow f = tcp(ARGUS_SAW_SYN | ARGUS_SAW_SYN_ACK | ARGUS_ESTABLISHED);
    say(&f, 0, full, sizeof full);
    (void)heard(s, &f);
    assert_true(s->heard.last.cut);
    assert_int_equal(s->pour.smb_cut, 1);
}

static void test_data_out_of_order_answer_nothing(void **state)
{
    struct stage *s = *state;
    for (unsigned again = 0; again < 2; again++) {
        uint32_t status = ARGUS_SAW_SYN | ARGUS_SAW_SYN_ACK | ARGUS_ESTABLISHED;
        struct argus_flow f = tcp(status | (again ? ARGUS_RETRANSMITTED_1 : 0));
        f.sequence = again;
        say(&f, 0, "abc", 3);
        say(&f, 1, "defghijkl", 9);
        (void)heard(s, &f);
        assert_false(s->heard.last.by_client);
        assert_int_equal(s->heard.last.awaited, !again);
        assert_true(s->heard.last.other_spoke);
        assert_int_equal(s->heard.last.other_start, 0x636261);
        assert_int_equal(s->heard.last.other_start_size, 3);
    }
}

static void test_payload_that_was_not_kept_still_says_that_it_stood(void **state)
{
    struct argus_flow f = tcp(ARGUS_SAW_SYN);
    f.side[0].tcp_bytes = 100;
    assert_string_equal(heard(*state, &f),
                        "begin 10.0.0.1>10.0.0.2:445, payload 10.0.0.1>10.0.0.2:445");
}

static void test_a_request_is_found_by_its_words(void **state)
{
    static const char request[] = "GET /abc HTTP/1.0\r\n\r\n";
    struct stage *s = *state;
    struct argus_flow f = tcp(ARGUS_SAW_SYN | ARGUS_SAW_SYN_ACK | ARGUS_ESTABLISHED);
    s->heard.wants_all = false;
    say(&f, 0, request, sizeof request - 1);
    assert_non_null(strstr(heard(s, &f), "http 10.0.0.1>10.0.0.2:445"));
}

static void test_datagrams_both_ways_are_asked_and_answered(void **state)
{
    struct stage *s = *state;
    struct argus_flow f = flow(IP_UDP, 5000);
    say(&f, 0, "ask", 3);
    say(&f, 1, "told", 4);
    assert_string_equal(heard(s, &f),
                        "begin 10.0.0.1>10.0.0.2:5000, answer 10.0.0.1>10.0.0.2:5000, "
                        "payload 10.0.0.1>10.0.0.2:5000, payload 10.0.0.1>10.0.0.2:5000");
    assert_true(s->heard.last.awaited && !s->heard.last.by_client && s->heard.last.other_spoke);
}

static void test_a_lone_datagram_from_a_servers_port_is_an_answer(void **state)
{
    struct stage *s = *state;
    struct argus_flow f = flow(IP_UDP, 50000);
    f.side[0].end.port = 123;
    s->heard.wants_all = false;
    assert_string_equal(heard(s, &f), "");
}

static size_t put_question(uint8_t *bytes, size_t size, const char *name)
{
    struct writer w = writer_over(bytes, size);
    dns_build(&w, 9, name, DNS_TYPE_A, false, 0, NULL);
    assert_false(w.failed);
    return w.used;
}

static void test_each_message_of_a_dns_buffer_is_read(void **state)
{
    uint8_t bytes[256];
    struct stage *s = *state;
    size_t size = put_question(bytes, sizeof bytes, "one.example");
    size += put_question(bytes + size, sizeof bytes - size, "three.example.org");
    struct argus_flow f = flow(IP_UDP, 53);
    say(&f, 0, bytes, size);
    f.side[0].packets = 2;
    assert_string_equal(heard(s, &f), "begin 10.0.0.1>10.0.0.2:53, dns 10.0.0.1>10.0.0.2:53, "
                                      "dns 10.0.0.1>10.0.0.2:53");
    assert_int_equal(s->pour.dns_damaged, 0);
}

static void test_equal_datagrams_are_told_apart_and_others_left_alone(void **state)
{
    struct stage *s = *state;
    struct argus_flow f = flow(IP_UDP, 5000);
    say(&f, 0, "abcabc", 6);
    f.side[0].packets = 2;
    assert_string_equal(heard(s, &f),
                        "begin 10.0.0.1>10.0.0.2:5000, payload 10.0.0.1>10.0.0.2:5000, "
                        "payload 10.0.0.1>10.0.0.2:5000");
    assert_int_equal(s->heard.last.bytes.left, 3);
    say(&f, 0, "abcdefg", 7);
    assert_string_equal(heard(s, &f), "");
}

static void test_masked_merged_and_other_records_are_not_poured(void **state)
{
    (void)state;
    struct argus_flow f = flow(IP_TCP, 445);
    assert_true(argus_pour_can(&f));
    f.side[1].mask = 16;
    assert_false(argus_pour_can(&f));
    f.side[1].mask = 32;
    f.side[1].end.address = address_of_v4(0);
    assert_true(argus_pour_can(&f));
    f.merged = 2;
    assert_false(argus_pour_can(&f));
    f = flow(IP_ICMP, 0);
    assert_false(argus_pour_can(&f));
    f = flow(IP_TCP, 445);
    f.times_known = false;
    assert_false(argus_pour_can(&f));
}

#define ON_STAGE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STAGE(test_a_lone_syn_is_a_beginning_without_answer),
        ON_STAGE(test_a_reset_by_the_server_is_a_refusal),
        ON_STAGE(test_a_syn_ack_is_an_answer_at_its_own_time),
        ON_STAGE(test_only_the_answer_of_a_server_accuses_its_client),
        ON_STAGE(test_the_middle_of_a_connection_has_no_client),
        ON_STAGE(test_status_records_of_one_flow_are_one_beginning),
        ON_STAGE(test_the_first_data_of_a_flow_are_its_head_though_they_come_late),
        ON_STAGE(test_data_of_a_flow_whose_beginning_is_not_there_are_no_head),
        ON_STAGE(test_data_up_to_the_limit_are_cut),
        ON_STAGE(test_data_out_of_order_answer_nothing),
        ON_STAGE(test_payload_that_was_not_kept_still_says_that_it_stood),
        ON_STAGE(test_a_request_is_found_by_its_words),
        ON_STAGE(test_datagrams_both_ways_are_asked_and_answered),
        ON_STAGE(test_a_lone_datagram_from_a_servers_port_is_an_answer),
        ON_STAGE(test_each_message_of_a_dns_buffer_is_read),
        ON_STAGE(test_equal_datagrams_are_told_apart_and_others_left_alone),
        ON_STAGE(test_masked_merged_and_other_records_are_not_poured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
