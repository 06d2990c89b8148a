/* scan/engine_dialogues on a made-up clock and network, with a dialogue that asks "ping" three
 * times and wants "pong" each time. No test waits. */
#include "testing.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "evidence/netbios_check.h"
#include "made_network.h"
#include "scan/dialogue.h"
#include "scan/socket_engine.h"

#define SECOND US_PER_SECOND

enum {
    HOSTS_MAX = 300,
    FIRST_HOST = 0x0a000001,
    FIRST_PORT = 100,
    OTHER_PORT = 200,
    NAME_PORT = 137,
    ROUNDS = 3,
    WORD = 4,
    FLOOD = 65535
};

static struct made_network network;

static struct play {
    struct made_port first, other, names;
    int64_t pause_us;
    bool wants_names, never_content;
    size_t hosts, given, done_count;
    struct asked done[HOSTS_MAX];
    int64_t done_us[HOSTS_MAX];
    char computer[HOSTS_MAX][NETBIOS_CHECK_NAME];
    struct engine_counts counts;
    int64_t stop_us;
} play;

/* The dialogue. */
struct talk {
    unsigned rounds;
    uint16_t port;
    bool paused, stood;
    enum check_cause cause;
    char computer[NETBIOS_CHECK_NAME];
};

static void wish(struct dialogue_step *out, enum dialogue_wish wish)
{
    out->wish = wish;
    out->port = OTHER_PORT;
    out->pause_us = play.pause_us;
}

static void go_on(void *state, const struct dialogue_event *event, struct dialogue_step *out)
{
    struct talk *t = state;
    switch (event->kind) {
    case DIALOGUE_BEGINS:
        wish(out, DIALOGUE_CONNECT);
        out->port = t->port = FIRST_PORT;
        return;
    case DIALOGUE_CAME:
        if (event->came.left < WORD || play.never_content)
            return;
        out->taken = WORD;
        if (++t->rounds == ROUNDS)
            wish(out, DIALOGUE_DONE);
        else if (play.pause_us > 0)
            wish(out, DIALOGUE_PAUSE);
        else
            wish(out, DIALOGUE_SEND);
        return;
    case DIALOGUE_ENDED:
        t->cause = event->cause;
        t->stood = event->stood;
        if (play.wants_names && event->netbios_pending) {
            wish(out, DIALOGUE_PAUSE);
            out->pause_us = SECOND / 10;
            return;
        }
        if (event->netbios != NULL)
            memcpy(t->computer, event->netbios->computer, sizeof t->computer);
        wish(out, t->port == FIRST_PORT && !event->stood ? DIALOGUE_CONNECT : DIALOGUE_DONE);
        t->port = OTHER_PORT;
        return;
    case DIALOGUE_WAITED:
        t->paused = true;
        if (play.wants_names && event->netbios_pending) {
            wish(out, DIALOGUE_PAUSE);
            out->pause_us = SECOND / 10;
            return;
        }
        if (event->netbios != NULL)
            memcpy(t->computer, event->netbios->computer, sizeof t->computer);
        wish(out, play.wants_names ? DIALOGUE_DONE : DIALOGUE_SEND);
        return;
    }
}

static void build(const void *state, struct writer *request)
{
    (void)state;
    write_bytes(request, "ping", WORD);
}

static void finish(void *state, const struct shot *shot, struct answer *out)
{
    struct talk *t = state;
    (void)shot;
    out->cause = t->rounds == ROUNDS ? CAUSE_SPOKE : t->cause;
    out->wanted = t->rounds;
    out->came = t->stood;
    memcpy(out->system, t->computer, 8);
}

static const struct dialogue dialogue = {
    .state_size = sizeof(struct talk), .go_on = go_on, .build = build, .finish = finish};

static size_t aim_talk(const struct aim *aim, uint32_t host, struct shot *shots)
{
    (void)aim;
    shots[0] = (struct shot){.host = host, .transport = TRANSPORT_TCP};
    return 1;
}

static const struct probe_times talk_times = {.connect_us = 3 * SECOND, .answer_us = 10 * SECOND};
static const struct probe talk = {
    .id = "talk", .times = &talk_times, .dialogue = &dialogue, .aim = aim_talk};

/* A probe that learns a name. */
static size_t aim_names(const struct aim *aim, uint32_t host, struct shot *shots)
{
    (void)aim;
    shots[0] = (struct shot){.host = host, .transport = TRANSPORT_UDP, .port = NAME_PORT};
    return 1;
}

static void build_names(const struct shot *shot, struct writer *request)
{
    (void)shot;
    write_bytes(request, "who", 3);
}

static void judge_names(const struct shot *shot, struct reader came, struct answer *out)
{
    (void)shot;
    out->cause = CAUSE_SPOKE;
    out->netbios = calloc(1, sizeof *out->netbios);
    assert_non_null(out->netbios);
    size_t size = came.left < 7 ? came.left : 7;
    memcpy(out->netbios->computer, read_bytes(&came, size), size);
}

static const struct probe_times name_times = {
    .repeats = 1, .repeat_us = SECOND, .answer_us = 2 * SECOND, .last_wait_us = SECOND};
static const struct probe names = {.id = "names",
                                   .times = &name_times,
                                   .tells_netbios = true,
                                   .aim = aim_names,
                                   .build = build_names,
                                   .judge = judge_names};

static struct made_port port_of(void *context, const struct shot *shot)
{
    const struct play *p = context;
    return shot->port == NAME_PORT ? p->names : shot->port == FIRST_PORT ? p->first : p->other;
}

static bool next(void *context, uint32_t *host)
{
    struct play *p = context;
    if (p->given == p->hosts)
        return false;
    *host = FIRST_HOST + (uint32_t)p->given++;
    return true;
}

static void done(void *context, const struct asked *host)
{
    struct play *p = context;
    assert_true(p->done_count < HOSTS_MAX);
    p->done[p->done_count] = *host;
    p->done_us[p->done_count++] = network.now_us;
}

static bool watch(void *context, const struct engine_counts *now)
{
    const struct play *p = context;
    (void)now;
    return p->stop_us > 0 && network.now_us >= p->stop_us;
}

static struct engine_settings usual(void)
{
    return (struct engine_settings){
        .probes = {&talk}, .probe_count = 1, .handles_max = 1000, .seed = 7};
}

static void run_with(const struct engine_settings *settings, size_t hosts)
{
    const struct engine_face face = {&play, next, NULL, done, watch, NULL, NULL};
    play.hosts = hosts;
    assert_true(socket_engine_run(settings, &network.face, &face, &play.counts, NULL));
    assert_int_equal(network.open_count, 0);
    assert_int_equal(play.counts.done, play.done_count);
}

static void run(size_t hosts)
{
    struct engine_settings settings = usual();
    run_with(&settings, hosts);
}

static const struct answer *answer_of(size_t host)
{
    return &play.done[host].answers[play.done[host].count - 1];
}

static struct made_port answers(const char *bytes)
{
    return (struct made_port){.kind = MADE_OPEN,
                              .answer = MADE_THESE,
                              .answer_us = 1000,
                              .bytes = (const uint8_t *)bytes,
                              .size = strlen(bytes)};
}

static int begin(void **state)
{
    (void)state;
    memset(&play, 0, sizeof play);
    made_begin(&network, port_of, &play);
    return 0;
}

static void test_questions_follow_each_other_on_one_connection(void **state)
{
    (void)state;
    play.first = answers("pong");
    run(1);
    assert_int_equal(answer_of(0)->cause, CAUSE_SPOKE);
    assert_int_equal(answer_of(0)->wanted, ROUNDS);
    assert_int_equal(play.counts.sent, 1);
    assert_int_equal(play.counts.received, 1);
    assert_int_equal(play.done_us[0], ROUNDS * 1000);
}

static void test_answer_byte_by_byte_is_waited_for(void **state)
{
    (void)state;
    play.first = answers("pong");
    play.first.piece = 1;
    play.first.piece_us = 500000;
    run(1);
    assert_int_equal(answer_of(0)->wanted, ROUNDS);
}

static void test_what_came_beyond_an_answer_is_kept_for_the_next(void **state)
{
    (void)state;
    play.first = answers("pongpongpong");
    run(1);
    assert_int_equal(answer_of(0)->wanted, ROUNDS);
    assert_int_equal(play.done_us[0], 1000);
}

static void test_other_port_is_tried_where_the_first_refuses(void **state)
{
    (void)state;
    play.first.kind = MADE_REFUSES;
    play.other = answers("pong");
    run(1);
    assert_int_equal(answer_of(0)->wanted, ROUNDS);
    assert_int_equal(play.done[0].shots[0].port, OTHER_PORT);
    assert_int_equal(play.counts.sent, 2);
    assert_int_equal(play.counts.received, 2); /* a refusal is an answer, as by raw */
}

static void test_silence_takes_the_probes_own_time(void **state)
{
    (void)state;
    run(1);
    assert_int_equal(answer_of(0)->cause, CAUSE_SILENT);
    assert_int_equal(play.done_us[0], 6 * SECOND);
    assert_int_equal(play.counts.received, 0);
}

static void test_step_that_is_never_answered_ends_at_its_deadline(void **state)
{
    (void)state;
    play.first = (struct made_port){.kind = MADE_OPEN};
    run(1);
    assert_int_equal(answer_of(0)->cause, CAUSE_MUTE);
    assert_true(answer_of(0)->came); /* it stood */
    assert_int_equal(play.done_us[0], 10 * SECOND);
}

static void test_bytes_that_trickle_do_not_move_the_deadline(void **state)
{
    (void)state;
    static uint8_t trickle[200];
    play.never_content = true;
    play.first = (struct made_port){.kind = MADE_OPEN,
                                    .answer = MADE_THESE,
                                    .bytes = trickle,
                                    .size = sizeof trickle,
                                    .piece = 1,
                                    .piece_us = SECOND};
    run(1);
    assert_int_equal(answer_of(0)->cause, CAUSE_MUTE);
    assert_int_equal(play.done_us[0], 10 * SECOND);
}

static void test_flood_that_is_never_taken_ends_the_conversation(void **state)
{
    (void)state;
    static uint8_t flood[2 * FLOOD];
    play.never_content = true;
    play.first = (struct made_port){.kind = MADE_OPEN,
                                    .answer = MADE_THESE,
                                    .bytes = flood,
                                    .size = sizeof flood,
                                    .piece = 10000};
    run(1);
    assert_int_equal(answer_of(0)->cause, CAUSE_RESET);
    assert_int_equal(play.done_us[0], 0);
}

static void test_end_of_the_connection_is_told(void **state)
{
    (void)state;
    play.first = answers("pong");
    play.first.end = MADE_CLOSES;
    run(1);
    assert_int_equal(answer_of(0)->cause, CAUSE_CLOSED);
    assert_int_equal(answer_of(0)->wanted, 1);
}

static void test_pause_is_kept_and_the_connection_too(void **state)
{
    (void)state;
    play.first = answers("pong");
    play.pause_us = 200000;
    run(1);
    assert_int_equal(answer_of(0)->wanted, ROUNDS);
    assert_int_equal(play.counts.sent, 1);
    assert_int_equal(play.done_us[0], 2 * 200000 + ROUNDS * 1000);
}

static void test_no_more_than_fifty_of_a_network_at_a_time(void **state)
{
    (void)state;
    play.first = answers("pong");
    run(120); /* one /24 */
    assert_int_equal(network.spoken_most, ENGINE_DIALOGUES_A_NET);
    assert_int_equal(play.done_count, 120);
    for (size_t i = 0; i < play.done_count; i++)
        assert_int_equal(answer_of(i)->wanted, ROUNDS);
}

static void test_networks_do_not_wait_for_each_other(void **state)
{
    (void)state;
    play.first = answers("pong");
    run(HOSTS_MAX); /* two /24s */
    assert_in_range(network.spoken_most, ENGINE_DIALOGUES_A_NET + 40, 2 * ENGINE_DIALOGUES_A_NET);
    assert_int_equal(play.done_count, HOSTS_MAX);
}

static void test_silent_hosts_keep_nobody_of_their_network_waiting(void **state)
{
    (void)state;
    play.first = (struct made_port){.kind = MADE_SILENT};
    run(120);
    assert_int_equal(play.done_count, 120);
    int64_t alone_us = play.done_us[0];
    for (size_t i = 0; i < play.done_count; i++)
        assert_in_range(play.done_us[i], alone_us, alone_us + SECOND);
}

static void test_few_connections_do_not_stop_those_that_are_parked(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    settings.handles_max = ENGINE_DIALOGUES_A_NET + 20;
    play.first = answers("pong");
    run_with(&settings, 120);
    assert_int_equal(network.spoken_most, ENGINE_DIALOGUES_A_NET);
    for (size_t i = 0; i < 120; i++)
        assert_int_equal(answer_of(i)->wanted, ROUNDS);
}

static void test_host_timeout_ends_a_conversation(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    settings.host_us = SECOND;
    play.first = (struct made_port){.kind = MADE_OPEN};
    run_with(&settings, 1);
    assert_int_equal(answer_of(0)->cause, CAUSE_STOPPED);
    assert_int_equal(play.done_us[0], SECOND);
    assert_int_equal(play.counts.ports_timed_out, 1);
}

static void test_stopped_engine_hands_over_conversations(void **state)
{
    (void)state;
    play.first = (struct made_port){.kind = MADE_OPEN};
    play.stop_us = SECOND;
    run(120);
    assert_int_equal(play.done_count, 120);
    for (size_t i = 0; i < play.done_count; i++)
        assert_int_equal(answer_of(i)->cause, CAUSE_STOPPED);
}

static void test_local_failure_is_told(void **state)
{
    (void)state;
    play.first = play.other = (struct made_port){.fails = NET_LOCAL, .cause = CAUSE_NO_ROUTE};
    run(3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(answer_of(i)->cause, CAUSE_NO_ROUTE);
}

static void test_names_that_another_probe_learns_are_waited_for(void **state)
{
    (void)state;
    struct engine_settings settings = usual();
    settings.probes[0] = &names;
    settings.probes[1] = &talk;
    settings.probe_count = 2;
    play.wants_names = true;
    play.first.kind = MADE_REFUSES;
    play.names = answers("WARD3  ");
    play.names.answer_us = SECOND / 2;
    run_with(&settings, 1);
    assert_int_equal(memcmp(answer_of(0)->system, "WARD3", 5), 0);
    begin(NULL);
    play.wants_names = true;
    play.first.kind = MADE_REFUSES; /* and the names stay silent */
    run_with(&settings, 1);
    assert_int_equal(answer_of(0)->system[0], 0);
    assert_in_range(play.done_us[0], 2 * SECOND, 2 * SECOND + SECOND / 10);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_questions_follow_each_other_on_one_connection),
        TEST(test_answer_byte_by_byte_is_waited_for),
        TEST(test_what_came_beyond_an_answer_is_kept_for_the_next),
        TEST(test_other_port_is_tried_where_the_first_refuses),
        TEST(test_silence_takes_the_probes_own_time),
        TEST(test_step_that_is_never_answered_ends_at_its_deadline),
        TEST(test_bytes_that_trickle_do_not_move_the_deadline),
        TEST(test_flood_that_is_never_taken_ends_the_conversation),
        TEST(test_end_of_the_connection_is_told),
        TEST(test_pause_is_kept_and_the_connection_too),
        TEST(test_no_more_than_fifty_of_a_network_at_a_time),
        TEST(test_networks_do_not_wait_for_each_other),
        TEST(test_silent_hosts_keep_nobody_of_their_network_waiting),
        TEST(test_few_connections_do_not_stop_those_that_are_parked),
        TEST(test_host_timeout_ends_a_conversation),
        TEST(test_stopped_engine_hands_over_conversations),
        TEST(test_local_failure_is_told),
        TEST(test_names_that_another_probe_learns_are_waited_for),
    };
    return cmocka_run_group_tests_name("dialogues", tests, NULL, NULL);
}
